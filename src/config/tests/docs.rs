//! What README.md and `docs/` name is there: keys, variables, pages and their headings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Each page with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.chain([root.join("README.md")]);
    pages.map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

/// The words that could be names of keys or files: `server.listen`, `config/selvedge.toml`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && !"._/-".contains(c));
    parts.map(|word| word.trim_end_matches('.'))
}

/// What follows the last dot of a file's name.
const ENDINGS: [&str; 3] = ["js", "ts", "toml"];

#[test]
fn every_key_that_the_docs_name_exists() {
    let mut count = 0;
    for (page, text) in pages() {
        for word in words(&text) {
            let Some((section, name)) = word.split_once('.') else { continue };
            let is_file = name.rsplit('.').next().is_some_and(|ending| ENDINGS.contains(&ending));
            if !keys::SECTIONS.contains(&section) || is_file || word.contains('/') {
                continue;
            }
            assert!(keys::find(word).is_some(), "{}: there is no key {word}", page.display());
            count += 1;
        }
    }
    assert!(count > 50, "only {count} keys were found: are they still written like this?");
}

#[test]
fn every_variable_that_the_docs_name_exists() {
    let mut known: BTreeSet<String> = keys::KEYS.iter().map(keys::Key::variable).collect();
    known.extend(["SELVEDGE_CONFIG", "SELVEDGE_URL", "SELVEDGE_TOKEN"].map(String::from));
    for (page, text) in pages() {
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            // `SELVEDGE_<SECTION>_<KEY>` is how they are made, and `SELVEDGE_` how they begin.
            let Some(name) = word.strip_prefix("SELVEDGE_").filter(|name| !name.is_empty()) else {
                continue;
            };
            let is_known = known.contains(&format!("SELVEDGE_{name}"));
            assert!(is_known, "{}: there is no variable {word}", page.display());
        }
    }
}

/// `[text](target)`, of the targets that are files of ours.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    targets.filter(|target| !target.contains("://"))
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.with_file_name(file),
            };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if !anchor.is_empty() {
                let found = anchors(&fs::read_to_string(&target).unwrap()).contains(anchor);
                assert!(found, "{}: {link} has no such heading", page.display());
            }
        }
    }
}

#[test]
fn the_readme_leads_to_every_page() {
    let pages = pages();
    let (_, readme) = pages.iter().find(|(page, _)| page.ends_with("README.md")).unwrap();
    let linked: BTreeSet<&str> = links(readme).collect();
    for (page, _) in pages.iter().filter(|(page, _)| !page.ends_with("README.md")) {
        let name = format!("docs/{}", page.file_name().unwrap().to_string_lossy());
        assert!(linked.contains(name.as_str()), "README.md does not link {name}");
    }
}
