//! The form on `/dynamic`: a name that travels in a cookie and comes back to its owner alone.

use std::fmt::Write;

use http::header::COOKIE;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Limited};

use super::wire;
use crate::body::Body;

const COOKIE_NAME: &str = "demo-name";
const LONGEST_FORM: usize = 1024;
const LONGEST_NAME: usize = 20;

/// The form, with the name of whoever asks.
pub(super) fn form(request: &HeaderMap) -> String {
    let hello = match of(request) {
        Some(name) => format!("Hello, {}.", escape(&name)),
        None => "Hello, whoever you are.".to_owned(),
    };
    format!(
        "<form method=\"post\" action=\"/api/name\"><label for=\"name\">{hello}</label>\
         <input id=\"name\" name=\"name\" placeholder=\"Your name\" maxlength=\"20\" \
         autocomplete=\"off\"><button>Remember me</button></form>"
    )
}

/// `POST /api/name`
pub(super) async fn remember(body: Body) -> Response<Body> {
    let form = Limited::new(body, LONGEST_FORM).collect().await;
    let form = form.map(|form| form.to_bytes()).unwrap_or_default();
    let value = form.split(|byte| *byte == b'&').find_map(|field| field.strip_prefix(b"name="));
    let spaced: Vec<_> = value
        .unwrap_or_default()
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let name: String = decode(&spaced).chars().take(LONGEST_NAME).collect();
    wire::redirect_with_cookie("/dynamic", &format!("{COOKIE_NAME}={}", encode(&name)))
}

fn of(request: &HeaderMap) -> Option<String> {
    let lines = request.get_all(COOKIE).into_iter();
    let mut pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let name = pairs.find_map(|pair| {
        let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
        (name.trim_ascii() == COOKIE_NAME.as_bytes()).then(|| decode(value.get(1..).unwrap_or(&[])))
    })?;
    (!name.is_empty()).then(|| name.chars().take(LONGEST_NAME).collect())
}

/// Undoes percent-encoding; what is no such code stays as it is.
fn decode(text: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.first_chunk::<2>()).flatten();
        let byte =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or(&[]) } else { after };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// `encodeURIComponent`, and a little more.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(byte.into())
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_found_among_cookies_and_shown_as_text() {
        for (cookies, expected) in [
            (&[][..], "whoever you are"),
            (&["demo-name=Ada"], "Ada"),
            (&["a=b; demo-name=Ada%20L.; c"], "Ada L."),
            (&["a=b", "demo-name=J%C3%BCrgen"], "Jürgen"),
            (&["xdemo-name=Eve"], "whoever you are"),
            (&["demo-name="], "whoever you are"),
            (&["demo-name=100%"], "100%"),
            (&["demo-name=%3Cscript%3E"], "&lt;script&gt;"),
        ] {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(COOKIE, cookie.parse().unwrap());
            }
            let form = form(&headers);
            assert!(form.contains(&format!("Hello, {expected}.")), "{cookies:?}: {form}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in "\\PC*") {
            prop_assert_eq!(decode(encode(&text).as_bytes()), text);
        }
    }
}
