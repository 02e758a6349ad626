//! SIGTERM: what runs is finished, nothing new begins.

use std::net::TcpStream;

use super::support::*;

#[test]
fn a_running_request_is_finished_and_the_exit_is_clean() {
    // One worker has a scheduler of its own.
    for (signal, workers) in [("TERM", "auto"), ("INT", "2"), ("TERM", "1")] {
        let origin = Origin::new();
        let edge = &format!("http://{}", origin.address);
        let workers = format!("server.workers={workers}");
        let mut edge = Edge::run(edge, &["server.drain_linger=100ms", &workers]);
        let mut client = edge.connect();
        client.get("/a");
        let mut connection = origin.accept();
        connection.head();
        edge.signal(signal);
        edge.wait_for_log("drain");
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let (head, body) = client.response();
        assert_eq!((field(&head, "connection"), body.as_str()), (Some("close"), "ok"));
        assert_eq!(edge.exit_code(), Some(0), "SIG{signal}");
        assert!(TcpStream::connect(edge.address).is_err());
    }
}

#[test]
fn an_idle_connection_may_still_bring_a_request_while_draining() {
    let origin = Origin::new();
    let mut edge = Edge::run(
        &format!("http://{}", origin.address),
        &["server.drain_linger=10s", "server.drain_timeout=20s"],
    );
    let mut client = edge.connect();
    client.get("/1");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.response();
    edge.signal("TERM");
    edge.wait_for_log("drain");
    client.get("/2");
    connection.head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(field(&client.response().0, "connection"), Some("close"));
    assert_eq!(edge.exit_code(), Some(0));
}

#[test]
fn whoever_could_not_know_yet_is_still_accepted() {
    const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut edge = Edge::run(
        &format!("http://{}", Origin::new().always(PAGE)),
        &["server.drain_linger=10s", "server.drain_timeout=20s"],
    );
    // Holds the end off.
    let mut idle = edge.connect();
    edge.signal("TERM");
    edge.wait_for_log("drain");
    let mut client = edge.connect();
    client.get("/");
    assert_eq!(field(&client.response().0, "connection"), Some("close"));
    idle.get("/");
    assert_eq!(field(&idle.response().0, "connection"), Some("close"));
}

#[test]
fn what_does_not_end_is_cut_at_the_deadline() {
    let origin = Origin::new();
    let mut edge = Edge::run(
        &format!("http://{}", origin.address),
        &["server.drain_timeout=300ms", "server.drain_linger=100ms"],
    );
    let mut client = edge.connect();
    client.get("/forever");
    let mut connection = origin.accept();
    connection.head();
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));
    assert_eq!(client.rest(), "");
}

/// Eight clients that ask again as soon as they have an answer, before, while and after it comes.
#[test]
fn no_request_fails_when_sigterm_comes_under_load() {
    const PAGE: &str =
        "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Length: 4\r\n\r\npage";
    let mut edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &[]);
    let (answers, answered) = std::sync::mpsc::channel();
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let (mut client, answers) = (edge.connect(), answers.clone());
            std::thread::spawn(move || {
                for round in 0.. {
                    // Some from the store, some from the origin.
                    client.get(&format!("/{}", round % (number + 1)));
                    let (head, body) = client.response();
                    assert!(head.starts_with("http/1.1 200 ") && body == "page", "{head}");
                    let _ = answers.send(());
                    if field(&head, "connection") == Some("close") {
                        assert_eq!(client.rest(), "");
                        return;
                    }
                }
            })
        })
        .collect();
    answered.iter().take(200).for_each(drop);
    edge.signal("TERM");
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(edge.exit_code(), Some(0));
}
