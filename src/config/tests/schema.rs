//! The schema lets pass what is right, and nothing that an editor should mark.

use fancy_regex::Regex;
use serde_json::Value;

use super::*;

/// What of JSON Schema is used here.
fn allows(schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(word, said)| match word.as_str() {
        "type" => match said.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            other => panic!("a type {other}"),
        },
        "anyOf" => said.as_array().unwrap().iter().any(|one| allows(one, value)),
        "allOf" => said.as_array().unwrap().iter().all(|one| allows(one, value)),
        "not" => !allows(said, value),
        "const" => value == said,
        "enum" => said.as_array().unwrap().contains(value),
        "minimum" => value.as_f64().is_none_or(|value| value >= said.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|value| value <= said.as_f64().unwrap()),
        "minLength" => {
            value.as_str().is_none_or(|text| text.len() as u64 >= said.as_u64().unwrap())
        }
        "pattern" => value
            .as_str()
            .is_none_or(|text| Regex::new(said.as_str().unwrap()).unwrap().is_match(text).unwrap()),
        "items" => value.as_array().is_none_or(|all| all.iter().all(|one| allows(said, one))),
        "properties" => value.as_object().is_none_or(|all| {
            all.iter().all(|(name, value)| said.get(name).is_none_or(|one| allows(one, value)))
        }),
        "additionalProperties" => {
            let known = schema["properties"].as_object().unwrap();
            value.as_object().is_none_or(|all| all.keys().all(|name| known.contains_key(name)))
        }
        "description" | "default" | "title" | "$schema" => true,
        other => panic!("{other} is not understood here"),
    })
}

fn allowed(file: &str) -> bool {
    let file: Value = toml::from_str(file).unwrap();
    allows(&serde_json::from_str(&schema()).unwrap(), &file)
}

#[test]
fn with_all_its_lines_in_force_the_reference_is_allowed() {
    let uncommented = super::reference::in_force();
    assert!(uncommented.contains("\nlisten = "));
    assert!(allowed(&uncommented));
    assert!(allowed(include_str!("../../../config/rfc9111.toml")));
}

#[test]
fn what_is_right_is_allowed_and_what_is_not_is_marked() {
    for (line, expected) in [
        ("server.listen = 8080", true),
        ("server.listen = \":8080\"", true),
        ("server.listen = \"[::]:8080\"", true),
        ("server.listen = \"localhost:8080\"", false),
        ("server.deadline = \"1h30m\"", true),
        ("server.deadline = \"500ms\"", true),
        ("server.deadline = 30", false),
        ("server.deadline = \"30\"", false),
        ("server.deadline = \"0s\"", false),
        ("server.drain_linger = \"0s\"", true),
        ("server.max_headers = 0", false),
        ("server.max_header_bytes = 100", false),
        ("server.trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]", true),
        ("server.trusted_proxies = [\"lan\"]", false),
        ("origin.url = \"unix:/run/next.sock\"", true),
        ("origin.url = \"127.0.0.1:3000\"", false),
        ("cache.capacity = \"auto\"", true),
        ("cache.capacity = \"512 MiB\"", true),
        ("cache.capacity = \"512Mi\"", false),
        ("cache.capacity = 1048576", true),
        ("cache.client_cache_control = \"edges\"", false),
        ("next.base_path = \"/docs\"", true),
        ("next.base_path = \"docs\"", false),
        ("vault.dir = \"vault\"", false),
        ("admin.token = \"short\"", false),
        ("log.sample = 0.5", true),
        ("log.sample = 2", false),
        ("log.acces = \"json\"", false),
        ("logs.access = \"json\"", false),
    ] {
        assert_eq!(allowed(line), expected, "{line}");
        let is_right = judge(&Sources::default(), Some(&file(line))).is_ok();
        assert!(is_right == expected, "the edge itself, of {line}");
    }
}

#[test]
fn editors_are_told_what_stands_in_the_reference() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    for key in keys::KEYS {
        let said = &schema["properties"][key.section]["properties"][key.name];
        assert!(said["description"].as_str().unwrap().len() > 10, "{}: {said}", key.path);
        assert!(said.get("default").is_some(), "{}: {said}", key.path);
    }
    let told = &schema["properties"]["origin"]["properties"]["idle_timeout"];
    assert!(told["description"].as_str().unwrap().contains("Node.js closes its side"), "{told}");
    assert_eq!(told["default"], "4s");
}

#[test]
fn the_schema_beside_the_reference_is_this_one() {
    let beside = include_str!("../../../config/selvedge.schema.json");
    assert!(beside == schema(), "selvedge check --schema > config/selvedge.schema.json");
    assert!(super::reference::REFERENCE.starts_with("#:schema ./selvedge.schema.json\n"));
}
