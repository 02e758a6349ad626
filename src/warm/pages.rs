//! What a build has rendered ahead, as URLs write it.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::next::manifest::Prerender;

/// The paths of all prerendered pages, in their order.
pub fn prerendered(known: &Prerender, base_path: &str) -> Vec<String> {
    let own = known.paths().filter(|path| !path.starts_with(OF_THE_FRAMEWORK));
    let behind = |path: &str| match path {
        // Behind a `basePath`, Next.js redirects from the one with a slash.
        "/" if !base_path.is_empty() => base_path.to_owned(),
        path => format!("{base_path}{path}"),
    };
    let mut paths: Vec<String> = own.map(|path| encoded(&behind(path))).collect();
    paths.sort_unstable();
    paths
}

/// `/_not-found`, `/_global-error`
const OF_THE_FRAMEWORK: &str = "/_";

/// What no URL may have as it stands; `%` is left alone, as most of it is encoded already.
pub fn encoded(text: &str) -> String {
    const UNUSUAL: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');
    utf8_percent_encode(text, UNUSUAL).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::next::manifest::{Found, Manifest};

    #[test]
    fn what_cannot_stand_in_a_url_is_encoded_once() {
        assert_eq!(encoded("/ü b/%20?c=d&e"), "/%C3%BC%20b/%20?c=d&e");
    }

    #[test]
    fn prerendered_pages_stand_behind_the_base_path_and_those_of_the_framework_are_left_out() {
        let text = r#"{"routes": {"/b c": {}, "/": {}, "/_not-found": {}, "/a": {}}}"#;
        let (manifest, _) = Manifest::read(|file| match file {
            Prerender::FILE => Found::Text(text.into()),
            _ => Found::Nothing,
        });
        let known = manifest.prerender.unwrap();
        assert_eq!(prerendered(&known, ""), ["/", "/a", "/b%20c"]);
        assert_eq!(prerendered(&known, "/docs"), ["/docs", "/docs/a", "/docs/b%20c"]);
    }
}
