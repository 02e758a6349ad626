//! The page that a visitor sees where there is no answer: ours, the operator's, or the application's.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use http::StatusCode;

use crate::build::Application;
use crate::client::RequestId;
use crate::config;

/// Which page visitors see.
#[derive(Clone, Debug)]
pub enum ErrorPage {
    /// Ours.
    Own,
    /// That which the application was built with; ours where it has none.
    Application(Application),
    /// The operator's.
    File(Arc<Template>),
}

/// What a page may tell.
#[derive(Debug)]
pub struct Told<'a> {
    /// `{{status}}`
    pub status: StatusCode,
    /// `{{reason}}`: the words for the status.
    pub reason: &'static str,
    /// `{{message}}`: what a visitor can make of it.
    pub message: &'static str,
    /// `{{request_id}}`: has no character that would mean something in HTML.
    pub request_id: &'a RequestId,
}

/// Why the operator's page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It cannot be read.
    #[error("cannot read the error page {path}: {error} (errors.page)")]
    Unreadable {
        /// Its place.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is larger than an error page may be.
    #[error("the error page {path} has more than {LARGEST} bytes (errors.page)")]
    TooLarge {
        /// Its place.
        path: PathBuf,
    },
    /// It wants to be told what is not known.
    #[error(
        "{path}:{line}: {{{{{name}}}}} is not known; there are {{{{status}}}}, {{{{reason}}}}, \
         {{{{message}}}} and {{{{request_id}}}} (errors.page)"
    )]
    Unknown {
        /// Its place.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What it wants to be told.
        name: String,
    },
}

/// A page is kept in memory, and sent for each of many failures.
const LARGEST: u64 = 1 << 20;

static OWN: LazyLock<Template> = LazyLock::new(|| Template::of(include_str!("error_page.html")));

impl ErrorPage {
    /// The page that the configuration names.
    ///
    /// # Errors
    /// [`PageError`], of a file.
    pub fn of(page: &config::ErrorPage, application: &Application) -> Result<Self, PageError> {
        Ok(match page {
            config::ErrorPage::Own => Self::Own,
            config::ErrorPage::App => Self::Application(application.clone()),
            config::ErrorPage::File(path) => Self::File(Template::load(path)?.into()),
        })
    }

    /// Whether visitors would see another page than `other`.
    pub fn differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own, Self::Own) | (Self::Application(_), Self::Application(_)) => false,
            (Self::File(one), Self::File(other)) => one != other,
            _ => true,
        }
    }

    /// The page that tells this.
    pub fn html(&self, told: &Told<'_>) -> String {
        match self {
            Self::Own => OWN.fill(told),
            Self::File(template) => template.fill(told),
            Self::Application(application) => {
                let build = application.manifest();
                let page = build.as_ref().and_then(|build| build.error_page.as_deref());
                page.map_or_else(|| OWN.fill(told), str::to_owned)
            }
        }
    }
}

/// A page with places for what is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Status,
    Reason,
    Message,
    RequestId,
}

impl Template {
    /// The template in a file.
    ///
    /// # Errors
    /// [`PageError`]
    pub fn load(path: &Path) -> Result<Self, PageError> {
        let unreadable = |error| PageError::Unreadable { path: path.into(), error };
        let mut text = String::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LARGEST {
            return Err(PageError::TooLarge { path: path.into() });
        }
        match unknown(&text) {
            None => Ok(Self::of(&text)),
            Some((line, name)) => {
                Err(PageError::Unknown { path: path.into(), line, name: name.into() })
            }
        }
    }

    /// Braces around anything that is not known are text.
    fn of(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            let piece = piece(name).unwrap_or_else(|| Piece::Text(format!("{{{{{name}}}}}")));
            pieces.extend([Piece::Text(before.into()), piece]);
            rest = after;
        }
        pieces.push(Piece::Text(rest.into()));
        Self(pieces)
    }

    fn fill(&self, told: &Told<'_>) -> String {
        let mut page = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => page.push_str(text),
                Piece::Status => page.push_str(told.status.as_str()),
                Piece::Reason => page.push_str(told.reason),
                Piece::Message => page.push_str(told.message),
                Piece::RequestId => page.push_str(&told.request_id.to_string()),
            }
        }
        page
    }
}

/// What stands before the next `{{name}}`, the name, and what stands behind.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

fn piece(name: &str) -> Option<Piece> {
    match name.trim() {
        "status" => Some(Piece::Status),
        "reason" => Some(Piece::Reason),
        "message" => Some(Piece::Message),
        "request_id" => Some(Piece::RequestId),
        _ => None,
    }
}

/// The first word in braces that is not known, with its line. What is no word is a script's or a
/// style's.
fn unknown(text: &str) -> Option<(usize, &str)> {
    let is_word =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        let word = name.trim();
        if !word.is_empty() && is_word(word) && piece(word).is_none() {
            let read = text.len() - rest.len() + before.len();
            return Some((text[..read].matches('\n').count() + 1, word));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::next::manifest::{Found, Manifest};

    fn told(page: &ErrorPage) -> String {
        page.html(&Told {
            status: StatusCode::BAD_GATEWAY,
            reason: "Bad Gateway",
            message: "It is away.",
            request_id: &RequestId::Made(0xab),
        })
    }

    fn filled(template: &str) -> String {
        told(&ErrorPage::File(Arc::new(Template::of(template))))
    }

    #[test]
    fn each_place_is_filled_and_all_else_stays() {
        let id = format!("{}ab", "0".repeat(30));
        for (template, expected) in [
            ("no place", "no place".to_owned()),
            ("{{status}} {{ reason }}: {{message}}", "502 Bad Gateway: It is away.".to_owned()),
            ("<i>{{request_id}}</i>{{request_id}}", format!("<i>{id}</i>{id}")),
            ("{{other}} a{{status}}{{", "{{other}} a502{{".to_owned()),
            ("{ a: {{} }", "{ a: {{} }".to_owned()),
        ] {
            assert_eq!(filled(template), expected, "{template}");
        }
    }

    #[test]
    fn our_own_page_has_no_place_that_stays_empty() {
        let page = told(&ErrorPage::Own);
        assert_eq!(unknown(include_str!("error_page.html")), None);
        assert!(page.contains("<h1>502 Bad Gateway</h1>\n<p>It is away.</p>"), "{page}");
        assert!(!page.contains("{{"), "{page}");
    }

    #[test]
    fn what_cannot_be_told_is_found_with_its_line() {
        assert_eq!(unknown("{{status}}\n\n<p>{{ sttaus }}"), Some((3, "sttaus")));
        assert_eq!(unknown("{{status}} {{a: b}} {{}}"), None);
        let error = Template::load(Path::new("/nonexistent/page.html")).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/page.html") && error.ends_with("(errors.page)"));
        let error = PageError::Unknown { path: "/a.html".into(), line: 3, name: "x".into() };
        assert!(
            error.to_string().starts_with("/a.html:3: {{x}} is not known; there are {{status}},")
        );
    }

    #[test]
    fn the_applications_page_is_shown_once_it_has_one() {
        let application = Application::default();
        let page = ErrorPage::Application(application.clone());
        assert!(told(&page).contains("502 Bad Gateway"));
        let (manifest, _) = Manifest::read(|name| match name {
            "server/pages/500.html" => Found::Text("<h1>Ours {{status}}</h1>".into()),
            _ => Found::Nothing,
        });
        application.set_manifest(manifest);
        assert_eq!(told(&page), "<h1>Ours {{status}}</h1>");
    }
}
