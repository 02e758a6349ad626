//! The file: TOML in which every value keeps its place.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

use super::draft::Draft;
use super::given::{Content, Given};
use super::keys::{self, Key, SECTIONS};
use super::mistake::Problem;
use super::place::Place;
use super::suggest;

/// Far more than every key with a page of comments each.
const MOST_BYTES: u64 = 1 << 20;

/// A file that was named, and what was found there.
#[derive(Debug)]
pub(super) struct NamedFile {
    pub(super) path: PathBuf,
    pub(super) content: io::Result<Vec<u8>>,
}

impl NamedFile {
    /// Reads the file into memory, a little more than it may have at most.
    pub(super) fn open(path: PathBuf) -> Self {
        let content = File::open(&path).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        Self { path, content }
    }
}

/// Reads the values of the file.
pub(super) fn read(draft: &mut Draft, file: &NamedFile) {
    let path = &file.path;
    match &file.content {
        Err(error) => {
            let problem = Problem::Unreadable { reason: error.to_string() };
            draft.mistake(Place::file(path), problem);
        }
        Ok(bytes) if bytes.len() as u64 > MOST_BYTES => {
            draft.mistake(Place::file(path), Problem::TooLarge { most: MOST_BYTES });
        }
        Ok(bytes) => parse(draft, path, &String::from_utf8_lossy(bytes)),
    }
}

fn parse(draft: &mut Draft, path: &Path, text: &str) {
    // Some editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(start) = text.find(char::REPLACEMENT_CHARACTER) {
        let place = Place::in_file(path, text, start..start + 1);
        return draft.mistake(place, Problem::NotUtf8);
    }
    match DeTable::parse(text) {
        Ok(root) => FileReader { draft, path, text }.root(root.get_ref()),
        Err(error) => {
            let (span, problem) = syntax(text, &error);
            draft.mistake(Place::in_file(path, text, span), problem);
        }
    }
}

/// The commonest mistake, a time, a size or an address without quotes, has an explanation of its
/// own: the parser's depends on how the text happens to begin.
fn syntax(text: &str, error: &toml::de::Error) -> (Range<usize>, Problem) {
    let span = error.span().unwrap_or_default();
    match unquoted(text, span.start) {
        Some(span) => {
            let text = text[span.clone()].to_string();
            (span, Problem::Unquoted { text })
        }
        None => (span, Problem::Syntax { reason: error.message().into() }),
    }
}

/// The value on the line of `position`, if it begins without a quote or a bracket.
fn unquoted(text: &str, position: usize) -> Option<Range<usize>> {
    let line_start = text.get(..position)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next()?;
    let (before, after) = line.split_once('=')?;
    let value = after.split('#').next()?.trim();
    if value.is_empty() || value.starts_with(['"', '\'', '[', '{']) || value.contains(" = ") {
        return None;
    }
    let start = line_start + before.len() + 1 + after.find(value)?;
    (position >= start).then_some(start..start + value.len())
}

struct FileReader<'a> {
    draft: &'a mut Draft,
    path: &'a Path,
    text: &'a str,
}

impl FileReader<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            let is_section = SECTIONS.contains(&&**name.get_ref());
            match value.get_ref() {
                DeValue::Table(table) if is_section => self.section(name.get_ref(), table),
                DeValue::Table(table) => self.unknown_section(name, table),
                _ if is_section => {
                    let problem = Problem::IsSection { name: name.get_ref().to_string() };
                    self.mistake(name.span(), problem);
                }
                _ => self.mistake(name.span(), suggest::key_without_section(name.get_ref())),
            }
        }
        // The parser sorts by name.
        self.draft.mistakes.sort_by_key(|mistake| mistake.place.position());
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let is_named = |key: &&Key| key.name == *name.get_ref();
            match keys::in_section(section).find(is_named) {
                Some(key) => self.draft.set(key, &self.given(value)),
                None => self.mistake(name.span(), suggest::key_in_section(section, name.get_ref())),
            }
        }
    }

    /// If it is clear which section was meant, the mistakes in it are told at once.
    fn unknown_section(&mut self, name: &Spanned<DeString<'_>>, table: &DeTable<'_>) {
        self.mistake(name.span(), suggest::section(name.get_ref()));
        if let Some(meant) = suggest::nearest(name.get_ref(), SECTIONS.iter().copied()) {
            self.section(meant, table);
        }
    }

    fn given(&self, value: &Spanned<DeValue<'_>>) -> Given {
        let content = match value.get_ref() {
            DeValue::String(text) => Content::Text(text.to_string()),
            DeValue::Integer(number) => Content::Text(decimal(number)),
            DeValue::Float(number) => Content::Text(number.to_string()),
            DeValue::Boolean(flag) => Content::Text(flag.to_string()),
            DeValue::Datetime(time) => Content::Text(time.to_string()),
            DeValue::Array(members) => {
                Content::List(members.iter().map(|member| self.given(member)).collect())
            }
            DeValue::Table(_) => Content::Section,
        };
        Given { content, place: self.place(value.span()) }
    }

    fn mistake(&mut self, span: Range<usize>, problem: Problem) {
        self.draft.mistake(self.place(span), problem);
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::in_file(self.path, self.text, span)
    }
}

/// TOML has `0xff` and the like too.
fn decimal(number: &DeInteger<'_>) -> String {
    match u64::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) => value.to_string(),
        Err(_) => number.to_string(),
    }
}
