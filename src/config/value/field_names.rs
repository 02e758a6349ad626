//! Names of header fields: a list of `"CDN-Cache-Control"`.

use http::HeaderName;
use serde_json::{Value as Json, json};

use super::{BadValue, Kind, Wrong, list};
use crate::config::given::Given;

/// Names of header fields, in the file as an array of strings, elsewhere with commas between them.
pub(in crate::config) enum FieldNames {}

impl Kind for FieldNames {
    type Value = Vec<HeaderName>;

    fn read(given: &Given) -> Result<Vec<HeaderName>, Vec<BadValue>> {
        list::read(given, |text| {
            HeaderName::from_bytes(text.as_bytes()).map_err(|_| Wrong::Not {
                text: text.into(),
                what: "the name of a header field",
                expected: "a name such as \"CDN-Cache-Control\"",
            })
        })
    }

    fn print(value: &Vec<HeaderName>) -> String {
        list::print(value)
    }

    fn schema() -> Json {
        let name = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$";
        json!({"type": "array", "items": {"type": "string", "pattern": name}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::place::Place;

    #[test]
    fn names_are_read_in_order() {
        let read = |text: &str| FieldNames::read(&Given::text(text, Place::variable("X", text)));
        let names = read("Acme-Cache-Control, CDN-Cache-Control").unwrap();
        let printed = "[\"acme-cache-control\", \"cdn-cache-control\"]";
        assert_eq!(FieldNames::print(&names), printed);
        assert_eq!(read("a b,c,").unwrap_err().len(), 2);
        assert_eq!(read("").unwrap().len(), 0);
    }
}
