//! `selvedge purge`: what is stored of these pages or tags is obsolete from now on.

use std::time::Duration;

use http::{StatusCode, Uri};
use serde::Deserialize;

use crate::admin::invalidate::Invalidation;
use crate::ask::{Line, Unanswered, to_admin};
use crate::config::OriginAddress;
use crate::exit;

/// Why nothing was purged.
#[derive(Debug, thiserror::Error)]
pub enum Unpurged {
    /// Nobody answers at the admin side.
    #[error("{0}; is the edge running, and is admin.listen {at}?", at = .0.at)]
    NoAnswer(#[from] Unanswered),
    /// The edge wants a token.
    #[error("the edge at {at} wants its token, and was sent none; {REMEDY}")]
    NoToken {
        /// Which.
        at: OriginAddress,
    },
    /// The edge wants another token.
    #[error("the token is wrong: the edge at {at} has another admin.token; {REMEDY}")]
    WrongToken {
        /// Which.
        at: OriginAddress,
    },
    /// The edge lets only its own machine in.
    #[error("the edge at {at} refuses: {text}")]
    Refused {
        /// Which.
        at: OriginAddress,
        /// What it said.
        text: String,
    },
    /// It answers something else than how many.
    #[error("{at} does not answer as the admin side of an edge does ({status}: {text})")]
    Odd {
        /// Who.
        at: OriginAddress,
        /// The status.
        status: StatusCode,
        /// The beginning of what it said.
        text: String,
    },
}

const REMEDY: &str =
    "say it as SELVEDGE_ADMIN_TOKEN=..., or name the edge's own file with --config";

impl Unpurged {
    /// What the process exits with.
    pub fn exit(&self) -> u8 {
        match self {
            Self::NoAnswer(_) => exit::UNAVAILABLE,
            Self::NoToken { .. }
            | Self::WrongToken { .. }
            | Self::Refused { .. }
            | Self::Odd { .. } => exit::FAILED,
        }
    }
}

/// To walk through every tag of a large store takes a while.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Done {
    invalidated: u64,
}

/// Tells the edge whose admin side is at `admin`; gives how many stored responses that concerned,
/// which holds for the next request already.
///
/// # Errors
/// [`Unpurged`]
pub async fn purge(
    admin: OriginAddress,
    token: Option<&str>,
    what: &Invalidation,
) -> Result<u64, Unpurged> {
    let answer = Line::new(admin.clone(), PATIENCE)
        .ask(to_admin("/invalidate", token, what), LONGEST)
        .await?;
    let done = serde_json::from_slice::<Done>(answer.body());
    match (answer.status(), done) {
        (StatusCode::OK, Ok(Done { invalidated })) => Ok(invalidated),
        (StatusCode::UNAUTHORIZED, _) if token.is_none() => Err(Unpurged::NoToken { at: admin }),
        (StatusCode::UNAUTHORIZED, _) => Err(Unpurged::WrongToken { at: admin }),
        (StatusCode::FORBIDDEN, _) => {
            Err(Unpurged::Refused { at: admin, text: beginning(answer.body()) })
        }
        (status, _) => {
            let text = beginning(answer.body());
            Err(Unpurged::Odd { at: admin, status, text })
        }
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body).trim().chars().take(200).collect()
}

/// What is told when it is done.
pub fn told(count: u64, soft: bool) -> String {
    match (count, soft) {
        (0, _) => "nothing of that is stored, or it is obsolete already\n".into(),
        (1, false) => "1 stored response; holds for the next request\n".into(),
        (_, false) => format!("{count} stored responses; holds for the next request\n"),
        (1, true) => "1 stored response; served once more while it is renewed\n".into(),
        (_, true) => format!("{count} stored responses; served once more while they are renewed\n"),
    }
}

/// The path of a URL's page, as [`Invalidation::paths`] has it; the query does not count.
///
/// # Errors
/// It is no URL with a path: the text says what is wanted.
pub fn page_of(url: &str) -> Result<String, String> {
    let parsed: Uri = url.parse().map_err(|error| format!("{error}"))?;
    match parsed.scheme_str() {
        Some("http" | "https") => Ok(parsed.path().to_owned()),
        _ => Err("no URL (or use --path)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_page() {
        for (url, page) in [
            ("https://shop.example/blog?page=2#top", Some("/blog")),
            ("http://127.0.0.1:8080", Some("/")),
            ("/blog", None),
            ("shop.example/blog", None),
            ("ftp://a/b", None),
        ] {
            assert_eq!(page_of(url).ok().as_deref(), page, "{url}");
        }
    }

    #[test]
    fn what_is_told_says_when_it_holds() {
        assert_eq!(told(12, false), "12 stored responses; holds for the next request\n");
        assert!(told(1, true).contains("once more"));
        assert!(told(0, false).contains("nothing"));
    }
}
