//! How a kept file is called, and how it is served.

use std::fmt::Write;

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_ENCODING, CONTENT_TYPE, ETAG, LAST_MODIFIED, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::policy::vary::normalise_accept_encoding;

/// The name of a file under `/_next/static/`: the path of its URL, decoded, since browsers encode
/// `[slug]` and Next.js opens the decoded path.
///
/// The query is left out. Next.js adds `?dpl=<deployment>` to the URLs of a build, and ignores it when
/// it is asked: the file's name says which content is meant. In the name it would part what is the
/// same, and whoever invents deployments would fill the folder. A query of any other kind is not
/// Next's, and its answer somebody else's: no name.
pub(super) fn name(path: &str, query: Option<&str>) -> Option<String> {
    let is_plain = query
        .is_none_or(|query| query.is_empty() || query.starts_with("dpl=") && !query.contains('&'));
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    is_plain.then(|| decoded.into_owned())
}

/// How a file is called, and the fields that it is served with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    /// See [`name`].
    pub(super) path: String,
    pub(super) coding: Coding,
    pub(super) fields: Vec<(String, String)>,
}

/// Fields that a file is served with again. A `headers()` rule adds those that let another origin
/// read it, or else scripts and fonts for an `assetPrefix` would not load.
static FIELDS: [HeaderName; 7] = [
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderName::from_static("timing-allow-origin"),
    X_CONTENT_TYPE_OPTIONS,
];

impl Label {
    /// Of an answer with these fields; `None` if it is not the same for everybody.
    pub(super) fn of(path: String, headers: &HeaderMap) -> Option<Self> {
        let coding = Coding::of(headers)?;
        if !varies_by_coding_alone(headers) {
            return None;
        }
        let text = |name: &HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let fields = FIELDS.iter().filter_map(|name| Some((name.to_string(), text(name)?)));
        Some(Self { path, fields: fields.collect(), coding })
    }

    /// The fields that the file is served with.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.fields {
            let field = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            if let Some((name, value)) = field.filter(|(name, _)| FIELDS.contains(name)) {
                headers.append(name, value);
            }
        }
        if let Some(coding) = self.coding.value() {
            headers.insert(CONTENT_ENCODING, coding);
        }
        // Said in any case: in another coding it would be another answer.
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers
    }
}

fn varies_by_coding_alone(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(VARY).into_iter().map(HeaderValue::as_bytes);
    let mut names = lines.flat_map(|line| line.split(|byte| *byte == b','));
    names.all(|name| {
        let name = name.trim_ascii();
        name.is_empty() || name.eq_ignore_ascii_case(b"accept-encoding")
    })
}

/// A file and its SHA-256, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) label: Label,
    pub(super) hash: String,
    pub(super) length: u64,
}

impl Entry {
    pub(super) fn new(label: Label, body: &[u8]) -> Self {
        Self { label, hash: hash(&[body]), length: body.len() as u64 }
    }

    /// The entry that was written down under this name; `None` if it is damaged.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(text).ok()?;
        // It becomes part of a path.
        let is_hash = entry.hash.len() == 64 && entry.hash.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then_some(entry)
    }

    pub(super) fn text(&self) -> Vec<u8> {
        // Texts and numbers can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What the entry of a file is called in the folder.
pub(super) fn entry_name(path: &str, coding: Coding) -> String {
    hash(&[path.as_bytes(), b"\n", coding.token().as_bytes()])
}

/// SHA-256, in hexadecimal digits.
pub(super) fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A content coding (RFC 9110 section 8.4.1). What a visitor got in one is kept in it: nothing is
/// coded or decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Coding {
    Zstd,
    Br,
    Gzip,
    Identity,
}

pub(super) const CODINGS: [Coding; 4] = [Coding::Zstd, Coding::Br, Coding::Gzip, Coding::Identity];

impl Coding {
    /// Of a response; `None` if it is one that we do not know, or several.
    fn of(response: &HeaderMap) -> Option<Self> {
        let mut lines = response.get_all(CONTENT_ENCODING).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Some(Self::Identity),
            (Some(line), None) => CODINGS
                .into_iter()
                .find(|coding| line.as_bytes().eq_ignore_ascii_case(coding.token().as_bytes())),
            (Some(_), Some(_)) => None,
        }
    }

    /// Those that a client takes, the best first. Everybody takes the last.
    pub(super) fn accepted(request: &HeaderMap) -> SmallVec<[Self; 4]> {
        let accepted = normalise_accept_encoding(request);
        let accepted = accepted.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_accepted = |coding: &Self| {
            *coding == Self::Identity || accepted.split(", ").any(|token| token == coding.token())
        };
        CODINGS.into_iter().filter(is_accepted).collect()
    }

    fn token(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Br => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    fn value(self) -> Option<HeaderValue> {
        (self != Self::Identity).then(|| HeaderValue::from_static(self.token()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_however_it_is_asked_for() {
        let page = "/_next/static/chunks/app/[slug]/page-1.js";
        for (path, query, expected) in [
            ("/_next/static/chunks/app/%5Bslug%5D/page-1.js", None, Some(page)),
            ("/_next/static/chunks/app/[slug]/page-1.js", Some("dpl=abc"), Some(page)),
            ("/_next/static/chunks/app/[slug]/page-1.js", Some(""), Some(page)),
            ("/_next/static/chunks/app/[slug]/page-1.js", Some("dpl=abc&x=1"), None),
            ("/_next/static/chunks/app/[slug]/page-1.js", Some("v=1"), None),
            ("/_next/static/%ff.js", None, None),
        ] {
            assert_eq!(name(path, query).as_deref(), expected, "{path}?{query:?}");
        }
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_label_remembers_what_a_browser_needs_and_nothing_of_the_moment() {
        let label = Label::of(
            "/a".into(),
            &headers(&[
                ("content-type", "text/css; charset=UTF-8"),
                ("content-encoding", "GZIP"),
                ("vary", "Accept-Encoding"),
                ("access-control-allow-origin", "*"),
                ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
                ("x-powered-by", "Next.js"),
                ("cache-control", "max-age=77"),
            ]),
        );
        let expected = headers(&[
            ("content-type", "text/css; charset=UTF-8"),
            ("access-control-allow-origin", "*"),
            ("content-encoding", "gzip"),
            ("vary", "accept-encoding"),
        ]);
        assert_eq!(label.unwrap().headers(), expected);
    }

    #[test]
    fn what_is_not_the_same_for_everybody_has_no_label() {
        for fields in [
            &[("vary", "Accept-Encoding, Origin")][..],
            &[("vary", "Accept-Encoding"), ("vary", "*")],
            &[("content-encoding", "compress")],
            &[("content-encoding", "gzip, br")],
            &[("content-encoding", "gzip"), ("content-encoding", "br")],
        ] {
            assert_eq!(Label::of("/a".into(), &headers(fields)), None, "{fields:?}");
        }
    }

    #[test]
    fn a_client_gets_a_coding_that_it_takes() {
        use Coding::*;
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", &[Zstd, Br, Gzip, Identity][..]),
            ("gzip", &[Gzip, Identity]),
            ("br;q=0, gzip;q=0.5", &[Gzip, Identity]),
            ("deflate", &[Identity]),
        ] {
            let accepted = Coding::accepted(&headers(&[("accept-encoding", accept)]));
            assert_eq!(accepted.as_slice(), expected, "{accept}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()).as_slice(), [Identity]);
    }

    #[test]
    fn what_is_written_down_is_read_back_and_damage_is_seen() {
        let fields = vec![("content-type".into(), "text/css".into())];
        let label = Label { path: "/é\"".into(), coding: Coding::Br, fields };
        let entry = Entry::new(label, b"body");
        let text = entry.text();
        assert_eq!(Entry::read(&text), Some(entry));
        for end in 0..text.len() {
            assert_eq!(Entry::read(&text[..end]), None);
        }
        let elsewhere = String::from_utf8(text).unwrap().replace("\"hash\":\"", "\"hash\":\"../");
        assert_eq!(Entry::read(elsewhere.as_bytes()), None);
    }

    #[test]
    fn the_hash_is_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(&[]), empty);
        assert_eq!(hash(&[b"a", b"b"]), hash(&[b"ab"]));
    }
}
