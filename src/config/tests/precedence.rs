use super::*;

/// The value of a key, and where it is from.
fn said(loaded: &Loaded, key: &str) -> String {
    let setting = loaded.settings().find(|setting| setting.key == key).unwrap();
    let place = setting.place.map_or_else(|| "default".into(), ToString::to_string);
    format!("{} {place}", setting.value)
}

#[test]
fn the_stronger_source_counts() {
    let file = file("[server]\nlisten = \"1.1.1.1:1\"\n");
    let variable = [("SELVEDGE_SERVER_LISTEN", "2.2.2.2:2")];
    let port = [("PORT", "3")];
    let both = [port[0], variable[0]];
    let flags = [flag("--listen", "server.listen", "4.4.4.4:4")];
    for (file, environment, flags, expected) in [
        (None, &[][..], &[][..], "\"0.0.0.0:8080\" default"),
        (Some(&file), &[], &[], "\"1.1.1.1:1\" selvedge.toml:2"),
        (None, &port, &[], "\"0.0.0.0:3\" PORT"),
        (Some(&file), &port, &[], "\"1.1.1.1:3\" PORT"),
        (Some(&file), &variable, &[], "\"2.2.2.2:2\" SELVEDGE_SERVER_LISTEN"),
        (Some(&file), &both, &[], "\"2.2.2.2:2\" SELVEDGE_SERVER_LISTEN"),
        (Some(&file), &both, &flags, "\"4.4.4.4:4\" --listen"),
        (None, &[], &[set("server.listen", "5")], "\"0.0.0.0:5\" --set"),
    ] {
        let loaded = judge(&sources(environment, flags), file).unwrap();
        assert_eq!(said(&loaded, "server.listen"), expected);
    }
}

#[test]
fn the_file_is_the_one_that_is_named_and_a_flag_names_louder() {
    for nothing in [Sources::default(), sources(&[("SELVEDGE_CONFIG", "")], &[])] {
        assert_eq!(load(&nothing).unwrap().config, Config::default());
    }
    let missing = sources(&[("SELVEDGE_CONFIG", "/no/such/file")], &[]);
    assert!(load(&missing).unwrap_err().to_string().contains("/no/such/file: cannot be read"));
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/config/selvedge.toml");
    let both = Sources { file: Some(reference.into()), ..missing };
    assert_eq!(load(&both).unwrap().config, Config::default());
}

#[test]
fn all_forms_of_toml_are_read() {
    let file = file(
        "\u{feff}origin = { url = 'unix:/run/next.sock', concurrency = 0x10 }\r\n\
         server.max_headers = 1_000\r\n\
         server.max_header_bytes = 16384\r\n\
         server.listen = 80\r\n\
         server.trusted_proxies = [\r\n  \"10.0.0.0/8\",\r\n  \"::1\", # the pod\r\n]\r\n\
         [cache]\r\n\
         capacity = \"\"\"1GiB\"\"\"\r\n",
    );
    let config = judge(&Sources::default(), Some(&file)).unwrap().config;
    assert_eq!(config.origin.url.to_string(), "unix:/run/next.sock");
    assert_eq!(config.origin.concurrency, 16);
    assert_eq!(config.server.max_headers, 1000);
    assert_eq!(config.server.max_header_bytes, 16_384);
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.cache.capacity, Some(1 << 30));
}

#[test]
fn what_check_prints_is_a_file_that_says_the_same() {
    let environment = [("SELVEDGE_SERVER_TRUSTED_PROXIES", "10.0.0.0/8,::1"), ("PORT", "1")];
    let flags = [set("cache.max_entry", "1000"), flag("--admin", "admin.listen", "off")];
    let loaded = judge(&sources(&environment, &flags), None).unwrap();
    let again = judge(&Sources::default(), Some(&file(&loaded.to_string()))).unwrap();
    assert_eq!(again.config, loaded.config);
    assert!(again.settings().all(|setting| setting.place.is_some()));
}

#[test]
fn check_prints_every_key_in_80_columns() {
    let printed = |key: &keys::Key| (key.variable(), (key.print)(&Config::default()));
    let variables: Vec<(String, String)> = keys::KEYS.iter().map(printed).collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (&**name, value.trim_matches(['[', ']']))).collect();
    let loaded = judge(&sources(&variables, &[]), None).unwrap();
    assert_eq!(loaded.config, Config::default());
    let printed = loaded.to_string();
    assert!(printed.lines().all(|line| line.len() <= 80), "{printed}");
    let start = "[server]\n\
                 listen = \"0.0.0.0:8080\"         # SELVEDGE_SERVER_LISTEN\n\
                 max_connections = 10000         # SELVEDGE_SERVER_MAX_CONNECTIONS\n";
    assert!(printed.starts_with(start), "{printed}");
}

#[test]
fn the_places_stand_below_each_other() {
    let printed = load(&Sources::default()).unwrap().to_string();
    let columns: std::collections::BTreeSet<usize> =
        printed.lines().filter_map(|line| line.find(" # ")).collect();
    assert_eq!(columns.len(), 1, "{printed}");
}

#[test]
fn a_default_that_would_be_too_large_beside_what_was_said_is_lowered() {
    let loaded = judge(&sources(&[], &[set("cache.capacity", "8MiB")]), None).unwrap();
    assert_eq!(loaded.config.cache.max_entry, 8 << 20);
    let both = [set("cache.capacity", "8MiB"), set("cache.max_entry", "9MiB")];
    assert!(judge(&sources(&[], &both), None).is_err());
}
