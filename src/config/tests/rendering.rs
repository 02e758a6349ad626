//! What mistakes look like, letter by letter.

use super::*;
use proptest::prelude::*;

/// What is told about a file, the environment and flags together.
fn told(text: &str, environment: &[(&str, &str)], flags: &[Flag]) -> String {
    match judge(&sources(environment, flags), Some(&file(text))) {
        Ok(loaded) => panic!("nothing is wrong with\n{loaded}"),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn traces_that_this_binary_does_not_have_are_a_mistake_that_says_how_to_have_them() {
    let expected = r#"error: 1 mistake in the configuration

selvedge.toml:1:19: traces.endpoint is set, and this selvedge was built without
    traces
    traces.endpoint = "http://127.0.0.1:4318"
                      ^^^^^^^^^^^^^^^^^^^^^^^
    build it with them (cargo install --path . --features otlp), or leave it out
"#;
    assert_eq!(told("traces.endpoint = \"http://127.0.0.1:4318\"", &[], &[]), expected);
    for other in ["auto", "off"] {
        let text = format!("traces.endpoint = \"{other}\"");
        assert!(judge(&sources(&[], &[]), Some(&file(&text))).is_ok());
    }
}

#[test]
fn all_mistakes_of_all_sources_are_told_at_once() {
    let text = "
[cache]
max_entri = \"1MiB\"
stale_if_error = 30

[sever]
deadline = \"soon\"

[origin]
url = \"https://app:3000/docs\"
";
    let environment =
        [("SELVEDGE_SERVER_DEADLINE", "soon"), ("SELVEDGE_LISTEN", "80"), ("PORT", "http")];
    let flags = [
        flag("--listen", "server.listen", "localhost:80"),
        set("server.listen", "80"),
        set("cache.colour", "red"),
    ];
    let expected = r#"error: 11 mistakes in the configuration

selvedge.toml:3:1: there is no key "max_entri" in [cache]
    max_entri = "1MiB"
    ^^^^^^^^^
    did you mean "max_entry"?

selvedge.toml:4:18: cache.stale_if_error: 30 has no unit
    stale_if_error = 30
                     ^^
    write "30s" if seconds are meant

selvedge.toml:6:2: there is no section [sever]
    [sever]
     ^^^^^
    did you mean [server]?

selvedge.toml:7:12: server.deadline: "soon" is not a duration
    deadline = "soon"
               ^^^^^^
    write a number with ms, s, m, h or d, such as "30s" or "1h30m"

selvedge.toml:10:7: origin.url: the origin is asked in plain HTTP, as Next.js
    speaks it; https is not offered
    url = "https://app:3000/docs"
          ^^^^^^^^^^^^^^^^^^^^^^^
    write "http://app:3000"

PORT: "http" is not a port
    PORT=http
         ^^^^
    write a number up to 65535, or do without it

SELVEDGE_SERVER_DEADLINE: "soon" is not a duration
    SELVEDGE_SERVER_DEADLINE=soon
                             ^^^^
    write a number with ms, s, m, h or d, such as "30s" or "1h30m"

SELVEDGE_LISTEN: there is no such variable
    SELVEDGE_LISTEN
    ^^^^^^^^^^^^^^^
    did you mean SELVEDGE_SERVER_LISTEN or SELVEDGE_ADMIN_LISTEN?

--listen: "localhost" is a name, and an address is wanted
    --listen localhost:80
             ^^^^^^^^^^^^
    write "127.0.0.1:80"

--set: server.listen is given twice, by --listen and by --set
    --set server.listen=80
          ^^^^^^^^^^^^^
    leave one of them out

--set: there is no key "cache.colour"
    --set cache.colour=red
          ^^^^^^^^^^^^
    `selvedge check` without it lists every key
"#;
    assert_eq!(told(text, &environment, &flags), expected);
}

#[test]
fn values_that_do_not_go_together_are_told_with_both_places() {
    let text = "[cache]\nmax_entry = \"1GiB\"\n[server]\ndrain_linger = \"1m\"\n";
    let environment = [("SELVEDGE_CACHE_CAPACITY", "512MiB")];
    let expected = r#"error: 2 mistakes in the configuration

selvedge.toml:4:16: server.drain_linger is larger than server.drain_timeout
    drain_linger = "1m"
                   ^^^^
    lower server.drain_linger = "1m" (selvedge.toml:4), or raise
    server.drain_timeout = "30s" (default)

selvedge.toml:2:13: cache.max_entry is larger than cache.capacity
    max_entry = "1GiB"
                ^^^^^^
    lower cache.max_entry = "1GiB" (selvedge.toml:2), or raise cache.capacity =
    "512MiB" (SELVEDGE_CACHE_CAPACITY)
"#;
    assert_eq!(told(text, &environment, &[]), expected);
}

#[test]
fn an_edge_in_front_of_itself_is_refused_unless_it_wraps() {
    let expected = r#"error: 1 mistake in the configuration

PORT: the origin's address is the edge's own
    PORT=3000
         ^^^^
    change the port of server.listen = "0.0.0.0:3000" (PORT) or of origin.url =
    "http://127.0.0.1:3000" (default); a wrapped server (selvedge -- COMMAND)
    gets one of its own
"#;
    let environment = [("PORT", "3000")];
    assert_eq!(told("", &environment, &[]), expected);
    let wrapping = Sources { origin_unused: true, ..sources(&environment, &[]) };
    assert_eq!(load(&wrapping).unwrap().config.server.listen.port(), 3000);
}

#[test]
fn admin_needs_an_address_of_its_own() {
    let expected = r#"error: 1 mistake in the configuration

--admin: admin.listen and server.listen are the same address
    --admin 127.0.0.1:8080
            ^^^^^^^^^^^^^^
    change the port of admin.listen = "127.0.0.1:8080" (--admin) or of
    server.listen = "0.0.0.0:8080" (default)
"#;
    let flags = [flag("--admin", "admin.listen", "127.0.0.1:8080")];
    assert_eq!(told("", &[], &flags), expected);
}

#[test]
fn no_rule_is_judged_where_a_value_is_unclear() {
    for (text, count) in [
        ("[cache]\nmax_entry = \"1GiB\"\ncapacity = \"1MiB\"\n", 1),
        ("[cache]\nmax_entry = \"1GiB\"\ncapacity = \"lots\"\n", 1),
        ("[cache]\nrevalidate_backoff = \"2m\"\nrevalidate_backoff_mx = \"5m\"\n", 1),
        ("[child]\nrestart_backoff = \"1h\"\n[cache]\ncapacity = \"lots\"\n", 2),
        ("[cache]\nmax_entry = \"1GiB\"\ncapacity = \"1MiB\"\n[log", 1),
    ] {
        let told = told(text, &[], &[]);
        assert!(told.starts_with(&format!("error: {count} mistake")), "{told}");
    }
    let off = file("[cache]\ncapacity = 0\n");
    assert_eq!(judge(&Sources::default(), Some(&off)).unwrap().config.cache.capacity, Some(0));
}

#[test]
fn what_is_not_toml_is_told_beside_the_mistakes_elsewhere() {
    let text = "[cache]\nstale_if_error = 30s # half a minute\n";
    let expected = r#"error: 2 mistakes in the configuration

selvedge.toml:2:18: 30s is text, and text stands in quotes
    stale_if_error = 30s # half a minute
                     ^^^
    write "30s"

SELVEDGE_LOG_ACCESS: "yes" is not known here
    SELVEDGE_LOG_ACCESS=yes
                        ^^^
    write "auto", "pretty", "json" or "off"
"#;
    assert_eq!(told(text, &[("SELVEDGE_LOG_ACCESS", "yes")], &[]), expected);
    for (text, expected) in [
        ("a = 0.0.0.0:80", "1:5: 0.0.0.0:80 is text"),
        ("\r\na =\"x", "2:6: this is not TOML: invalid basic string"),
        ("a =", "1:4: this is not TOML"),
        ("listen: 80", "1:9: this is not TOML: key with no value"),
        ("[cache", "1:7: this is not TOML: unclosed table"),
        ("[log]\nlevel = \"a\"\nlevel = \"b\"", "3:1: this is not TOML: duplicate key"),
        ("{\"cache\": 1}", "1:1: this is not TOML"),
        ("a = [1\nb = 2", ":1: this is not TOML"),
    ] {
        let told = told(text, &[], &[]);
        assert!(told.contains(expected), "{told}");
        assert!(told.contains('^'), "{told}");
    }
}

#[test]
fn a_file_of_the_wrong_shape_is_told_so() {
    let text = "listen = 80
admin = \"off\"
[[log]]
[cache.capacity]
bytes = 1
[server]
max_headers = [1]
trusted_proxies = [[\"::1\"], \"10.0.0.1/8\",
    \"lan\"]
";
    let expected = r#"error: 8 mistakes in the configuration

selvedge.toml:1:1: there is no key "listen" outside of the sections
    listen = 80
    ^^^^^^
    did you mean "listen" in [server] or "listen" in [admin]?

selvedge.toml:2:1: "admin" is a section, and this is a value
    admin = "off"
    ^^^^^
    write [admin], and its keys below

selvedge.toml:3:3: "log" is a section, and this is a value
    [[log]]
      ^^^
    write [log], and its keys below

selvedge.toml:4:1: cache.capacity: this is a section, and a value is wanted
    [cache.capacity]
    ^^^^^^^^^^^^^^^^
    write key = value, without a section of its own

selvedge.toml:7:15: server.max_headers: this is a list, and one value is wanted
    max_headers = [1]
                  ^^^
    write one value, without brackets

selvedge.toml:8:20: server.trusted_proxies: this is a list, and one value is
    wanted
    trusted_proxies = [["::1"], "10.0.0.1/8",
                       ^^^^^^^
    write one value, without brackets

selvedge.toml:8:29: server.trusted_proxies: 10.0.0.1/8 is neither a network nor
    a host
    trusted_proxies = [["::1"], "10.0.0.1/8",
                                ^^^^^^^^^^^^
    write "10.0.0.0/8" for the network or "10.0.0.1" for the host

selvedge.toml:9:5: server.trusted_proxies: "lan" is not a network
        "lan"]
        ^^^^^
    write an address and its length, such as "10.0.0.0/8", or an address
"#;
    assert_eq!(told(text, &[], &[]), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_the_reason() {
    let told = |content| {
        let file = NamedFile { path: "selvedge.toml".into(), content };
        judge(&Sources::default(), Some(&file)).unwrap_err().to_string()
    };
    let expected = "error: 1 mistake in the configuration

selvedge.toml: cannot be read: Is a directory
    it is named by a flag or by SELVEDGE_CONFIG; none is needed
";
    assert_eq!(told(Err(std::io::Error::other("Is a directory"))), expected);
    assert!(told(Ok(vec![b'#'; (1 << 20) + 1])).contains("larger than 1048576 bytes"));
    let latin_1 = told(Ok(b"[log]\n# caf\xe9\n".to_vec()));
    assert!(latin_1.contains("selvedge.toml:2:6: this is not UTF-8"), "{latin_1}");
}

proptest! {
    #[test]
    fn no_file_is_too_strange_to_read(
        text in "(\\[|\\]|server|cache|listen|capacity|=|\"|'|\\{|\\}|[0-9]{1,3}|\n|\r|,|\\.| |é|.){0,20}",
        port in ".{0,6}",
        key in "[a-z._]{0,8}",
    ) {
        let sources = sources(&[("PORT", &port), ("SELVEDGE_ORIGIN_URL", &port)], &[set(&key, &port)]);
        if let Err(mistakes) = judge(&sources, Some(&file(&text))) {
            prop_assert!(mistakes.to_string().starts_with("error: "));
        }
    }
}
