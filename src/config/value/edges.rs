//! Other edges: a list of `"http://10.0.0.2:9180"`.

use serde_json::{Value as Json, json};

use super::{BadValue, Kind, Text, Wrong, list};
use crate::config::OriginAddress;
use crate::config::given::Given;

/// Addresses of admin sides, in the file as an array of strings, elsewhere with commas between them.
pub(in crate::config) enum Edges {}

impl Kind for Edges {
    type Value = Vec<OriginAddress>;

    fn read(given: &Given) -> Result<Vec<OriginAddress>, Vec<BadValue>> {
        list::read(given, |text| match OriginAddress::parse(text) {
            Ok(address @ OriginAddress::Tcp { .. }) => Ok(address),
            Ok(OriginAddress::Unix(_)) | Err(_) => Err(Wrong::Not {
                text: text.into(),
                what: "the admin address of an edge",
                expected: "http://host:port, such as \"http://10.0.0.2:9180\"",
            }),
        })
    }

    fn print(value: &Vec<OriginAddress>) -> String {
        list::print(value)
    }

    fn schema() -> Json {
        json!({"type": "array", "items": {"type": "string", "pattern": "^http://"}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::place::Place;

    #[test]
    fn edges_are_told_over_the_network() {
        let read = |text: &str| Edges::read(&Given::text(text, Place::variable("X", text)));
        let edges = read("http://10.0.0.2:9180, http://edge-b:9180/").unwrap();
        assert_eq!(Edges::print(&edges), "[\"http://10.0.0.2:9180\", \"http://edge-b:9180\"]");
        assert_eq!(read("unix:/run/edge.sock, 10.0.0.2:9180").unwrap_err().len(), 2);
        assert_eq!(read("").unwrap().len(), 0);
    }
}
