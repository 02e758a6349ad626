//! `selvedge -- COMMAND`: started, watched, restarted, ended.

use std::net::TcpListener;

use super::support::*;

pub const IS_SERVER: &str = "WRAPPED_TEST_SERVER";

/// Not a test: the server that the others wrap, when they start this binary once more.
#[test]
fn the_server_that_is_wrapped() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let address =
        format!("{}:{}", std::env::var("HOSTNAME").unwrap(), std::env::var("PORT").unwrap());
    let listener = TcpListener::bind(address).unwrap();
    println!("listening");
    for stream in listener.incoming() {
        let mut connection = Client::over(stream.unwrap());
        let head = connection.head();
        let path = head.split(' ').nth(1).unwrap();
        if let Some(code) = path.strip_prefix("/exit/") {
            std::process::exit(code.parse().unwrap());
        }
        let body = std::process::id().to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len(),
        );
        connection.send(&answer);
    }
}

/// The command that it is, once `IS_SERVER` is set.
pub fn server() -> [String; 4] {
    let own = std::env::current_exe().unwrap();
    [own.to_str().unwrap(), "--exact", "wrapped::the_server_that_is_wrapped", "--nocapture"]
        .map(Into::into)
}

fn wrapped() -> Edge {
    let server = server();
    let [program, args @ ..] = server.each_ref().map(String::as_str);
    Edge::wrapping(program, &args, &[(IS_SERVER, "1")])
}

fn get(edge: &Edge, path: &str) -> (String, String) {
    let mut client = edge.connect();
    client.get(path);
    client.response()
}

#[test]
fn a_server_that_crashes_is_started_again_and_stored_pages_go_on_meanwhile() {
    let mut edge = wrapped();
    let (_, first) = get(&edge, "/page");
    assert!(get(&edge, "/exit/3").0.starts_with("http/1.1 502 "));
    let (head, page) = get(&edge, "/page");
    assert!(field(&head, "cache-status").unwrap().contains("hit"), "{head}");
    assert_eq!(page, first);
    edge.wait_for_log("it is started again");
    edge.wait_for_log("the wrapped server answers");
    let (head, second) = get(&edge, "/another");
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_ne!(second, first, "another process answers");
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));
}

#[test]
fn a_server_that_ends_well_ends_the_edge() {
    let mut edge = wrapped();
    let mut client = edge.connect();
    client.get("/exit/0");
    assert_eq!(edge.exit_code(), Some(0));
}

#[test]
fn the_servers_output_is_passed_on_with_a_prefix_and_it_ends_with_the_edge() {
    let mut edge = wrapped();
    let (_, pid) = get(&edge, "/page");
    edge.signal("INT");
    assert_eq!(edge.exit_code(), Some(0));
    assert!(edge.said.iter().any(|line| line == "app | listening"), "{:?}", edge.said);
    let process = format!("/proc/{pid}");
    assert!(!std::path::Path::new(&process).exists(), "the server has ended");
}

/// Of `npx next start` the shell between ends at once, and the server while it answers.
#[test]
fn a_server_behind_a_shell_may_finish_what_it_answers() {
    let own = std::env::current_exe().unwrap();
    let server = format!(
        "{} --exact wrapped::the_server_that_is_wrapped --nocapture",
        own.to_str().unwrap()
    );
    let inner =
        "trap 'sleep 1.5; echo finished; kill $!; exit 0' TERM; $SERVER & while :; do wait; done";
    let outer = "sh -c \"$INNER\" & wait";
    let mut edge = Edge::wrapping(
        "sh",
        &["-c", outer],
        &[(IS_SERVER, "1"), ("SERVER", &server), ("INNER", inner)],
    );
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));
    assert!(edge.said.iter().any(|line| line == "app | finished"), "{:?}", edge.said);
}

#[test]
fn a_server_that_never_answers_is_given_up_with_the_reason() {
    let listen = free_address().to_string();
    let args = [
        "--admin",
        "off",
        "--listen",
        &listen,
        "--set",
        "child.start_timeout=300ms",
        "--",
        "sleep",
        "60",
    ];
    let (code, _, errors) = run(&args, &[]);
    assert_eq!(code, 69);
    for part in ["`sleep`", "child.start_timeout", "PORT"] {
        assert!(errors.contains(part), "{part} is not in {errors}");
    }
}
