//! What the operator types, and what he is told.

use std::io::Write;
use std::net::TcpListener;

use super::support::{free_address, run};

#[test]
fn a_wrong_configuration_shows_every_mistake_with_its_place_and_its_remedy() {
    let path = std::env::temp_dir().join(format!("selvedge-wrong-{}.toml", std::process::id()));
    let text =
        "[cache]\nmax_entri = \"1MiB\"\nstale_if_error = 30\n\n[origin]\nurl = \"https://x\"\n";
    std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    let file = path.to_str().unwrap();
    for args in [&["--config", file][..], &["check", file]] {
        let (code, _, errors) = run(args, &[("SELVEDGE_SERVER_DEADLINE", "soon")]);
        assert_eq!(code, 64, "{errors}");
        for part in [
            "max_entri",
            "max_entry",
            "stale_if_error = 30",
            "\"30s\"",
            "https",
            "SELVEDGE_SERVER_DEADLINE",
            ":2:",
            ":3:",
            ":6:",
            "^",
        ] {
            assert!(errors.contains(part), "{part} is not in\n{errors}");
        }
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_reference_configuration_is_right() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/config/selvedge.toml");
    let (code, _, errors) = run(&["check", reference], &[]);
    assert_eq!(code, 0, "{errors}");
}

#[test]
fn help_teaches_and_usage_errors_exit_64() {
    let (code, help, _) = run(&["--help"], &[]);
    assert_eq!(code, 0);
    for part in
        ["selvedge -- node server.js", "--listen", "--origin", "demo", "check", "health", "64"]
    {
        assert!(help.contains(part), "{part} is not in\n{help}");
    }
    assert_eq!(run(&["--version"], &[]).0, 0);
    assert_eq!(run(&["--nonsense"], &[]).0, 64);
    let (code, _, errors) = run(&["--origin", "http://a", "--", "true"], &[]);
    assert_eq!(code, 64, "{errors}");
}

#[test]
fn a_taken_port_is_told_with_its_address_and_exits_69() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, errors) = run(&["--admin", "off", "--listen", &address], &[]);
    assert_eq!(code, 69);
    assert!(errors.contains(&address), "{errors}");
}

#[test]
fn a_wrapped_command_that_ends_at_once_gives_its_exit_code() {
    let listen = free_address().to_string();
    let args = |script| ["--admin", "off", "--listen", &listen, "--", "sh", "-c", script];
    let (code, _, errors) = run(&args("echo no config >&2; exit 7"), &[]);
    assert_eq!(code, 7, "{errors}");
    assert!(errors.contains("no config"), "what it said is passed on: {errors}");
    assert!(errors.contains("`sh` ended (exit status: 7) before it answered"), "{errors}");
    let (code, _, errors) = run(&args("true"), &[]);
    assert_eq!(code, 69, "to end well without an answer is no success: {errors}");
    let (code, _, errors) =
        run(&["--admin", "off", "--listen", &listen, "--", "no-such-program"], &[]);
    assert_eq!(code, 69, "{errors}");
    assert!(errors.contains("no-such-program"), "{errors}");
}

#[test]
fn health_says_no_where_nobody_listens() {
    let (code, _, errors) = run(&["health", "--admin", &free_address().to_string()], &[]);
    assert_eq!(code, 1, "{errors}");
}
