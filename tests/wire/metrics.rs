//! `/metrics`: what happened is counted, in a form that Prometheus reads; and the dashboard asks for
//! nothing that is not told.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nVary: rsc\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage";
const PRIVATE: &str = "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 2\r\n\r\nme";

fn scrape(admin: SocketAddr, accept: &str) -> (String, String) {
    let mut client = Client::connect(admin);
    client.send(&format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{accept}\r\n"));
    client.response()
}

/// Samples by name and labels. Each must belong to the family that was announced before it.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut families = BTreeMap::new();
    let mut family = "";
    for line in page.lines() {
        if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').unwrap();
            assert_eq!(families.insert(name, kind), None, "{name} is announced twice");
            family = name;
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let own = name.split('{').next().unwrap();
            let part = own.strip_prefix(family).unwrap_or_else(|| panic!("{name} in {family}"));
            let is_right = match families[family] {
                "histogram" => matches!(part, "_bucket" | "_sum" | "_count"),
                _ => part.is_empty(),
            };
            assert!(is_right, "{name} in {family}");
            assert_eq!(samples.insert(name.to_owned(), value.parse().unwrap()), None, "{name}");
        }
    }
    samples
}

/// What the origin says to the requests below.
fn answer(head: &str) -> &'static str {
    match head.split("\r\n").next().unwrap() {
        "GET /a HTTP/1.1" if !head.contains("rsc: 1") => PAGE,
        "GET /b HTTP/1.1" => "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        _ => PRIVATE,
    }
}

/// An edge that has been asked for this and that, who asked, and its admin side.
fn used() -> (Edge, Client, SocketAddr) {
    let (mut edge, admin) = Edge::with_admin_before(Origin::new().by(answer), &[]);
    edge.wait_for_log("answers");
    let mut client = edge.connect();
    for request in [
        "GET /a HTTP/1.1\r\n",
        "GET /a HTTP/1.1\r\n",
        "GET /a HTTP/1.1\r\n",
        "GET /a HTTP/1.1\r\nrsc: 1\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 0\r\n",
        "GET /b HTTP/1.1\r\n",
        // What is before this has been counted when this is answered.
        "GET /c HTTP/1.1\r\nrsc: 1\r\nnext-router-prefetch: odd\r\n",
    ] {
        client.send(&format!("{request}Host: a\r\n\r\n"));
        client.response();
        if request.starts_with("GET /a ") {
            // Stored just after its last byte, and who comes between is counted otherwise.
            poll("it is stored", || scrape(admin, "").1.contains("\nselvedge_store_entries 1\n"));
        }
    }
    (edge, client, admin)
}

#[test]
fn what_was_upgraded_counts_as_open_on_both_sides_until_it_ends() {
    let origin = Origin::new();
    let (mut edge, admin) = Edge::with_admin(&origin, &["next.build_check=0s"]);
    let mut probe = origin.accept();
    probe.head();
    probe.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    edge.wait_for_log("answers");
    let open = || {
        let page = scrape(admin, "").1;
        let samples = samples(&page);
        let count = |side| samples.get(&format!("selvedge_{side}_open_connections")).copied();
        (count("client").unwrap(), count("origin").unwrap())
    };
    let mut client = edge.connect();
    client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n");
    let mut connection = origin.accept();
    connection.head();
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nhi",
    );
    client.head();
    // Both sides have switched.
    assert_eq!(client.bytes(2), "hi");
    poll("the probe's connection has gone", || open() == (1.0, 1.0));
    drop(connection);
    assert_eq!(client.rest(), "");
    drop(client);
    poll("the tunnel has ended", || open() == (0.0, 0.0));
}

#[test]
fn what_clients_ask_for_is_counted_by_class_and_by_how_it_was_answered() {
    let (_edge, _client, admin) = used();
    let (head, page) = scrape(admin, "");
    assert_eq!(field(&head, "content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&page);
    let requests = |class, cache, reason, status| {
        let labels = format!(
            "selvedge_requests_total{{class=\"{class}\",cache=\"{cache}\",reason=\"{reason}\",status=\"{status}\"}}"
        );
        samples.get(&labels).copied()
    };
    for (class, cache, reason, status, count) in [
        ("document", "hit", "", "2xx", 2.0),
        ("document", "miss", "uri-miss", "2xx", 1.0),
        ("rsc", "miss", "uri-miss", "2xx", 1.0),
        ("other", "bypass", "method", "2xx", 1.0),
        ("other", "error", "http_protocol_error", "5xx", 1.0),
    ] {
        assert_eq!(requests(class, cache, reason, status), Some(count), "{class} {cache}\n{page}");
    }
    for (name, least) in [
        ("selvedge_request_duration_seconds_count{cache=\"hit\"}", 2.0),
        ("selvedge_first_byte_seconds_count{cache=\"miss\"}", 2.0),
        ("selvedge_origin_duration_seconds_count", 4.0),
        ("selvedge_origin_errors_total{kind=\"http_protocol_error\"}", 1.0),
        ("selvedge_unstored_total{reason=\"private\"}", 1.0),
        ("selvedge_invalidations_total", 1.0),
        ("selvedge_origin_connections_total{event=\"opened\"}", 2.0),
        ("selvedge_origin_connections_total{event=\"reused\"}", 1.0),
        ("selvedge_client_open_connections", 1.0),
        ("selvedge_received_bytes_total", 200.0),
        ("selvedge_sent_bytes_total", 500.0),
        ("selvedge_store_capacity_bytes", 1.0),
        ("selvedge_revalidations_allowed", 8.0),
        ("selvedge_revalidations_max", 64.0),
        ("selvedge_runtime_workers", 1.0),
        ("selvedge_runtime_tasks", 1.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 3.0),
        ("process_start_time_seconds", 1e9),
    ] {
        let value = samples.get(name).copied().unwrap_or_default();
        assert!(value >= least, "{name} is {value}\n{page}");
    }
    assert_eq!(samples.get("selvedge_first_byte_seconds_count{cache=\"hit\"}"), None);
}

#[test]
fn whoever_prefers_open_metrics_gets_it() {
    let (_edge, _client, admin) = used();
    let (head, page) = scrape(admin, "Accept: application/openmetrics-text;version=1.0.0\r\n");
    let kind = field(&head, "content-type").unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(page.contains("# TYPE selvedge_requests counter\nselvedge_requests_total{"), "{page}");
    assert!(page.ends_with("\n# EOF\n"), "{page}");
}

/// A panel that asks for what is not told stays empty, and nobody knows why.
#[test]
fn the_dashboard_asks_only_for_what_is_told() {
    let dashboard = std::fs::read_to_string("config/grafana.json").unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let mut asked = Vec::new();
    queries(&dashboard, &mut asked);
    assert!(asked.len() > 20, "{asked:?}");
    let (_edge, _client, admin) = used();
    let (_, page) = scrape(admin, "");
    let told: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for query in asked {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names =
            words.filter(|word| word.starts_with("selvedge_") || word.starts_with("process_"));
        let mut count = 0;
        for name in names {
            let parts = ["_bucket", "_sum", "_count"];
            let family = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            assert!(told.contains(&name) || told.contains(&family), "{name} in {query}");
            count += 1;
        }
        assert!(count > 0, "{query} asks for nothing of ours");
    }
}

fn queries(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(query) if name == "expr" => found.push(query.to_owned()),
                    _ => queries(value, found),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

#[test]
fn where_the_time_went_is_told_only_if_that_is_wanted() {
    let origin = format!("http://{}", Origin::new().always(PAGE));
    for (settings, is_told) in [(&["server.server_timing=true"][..], true), (&[], false)] {
        let edge = Edge::run(&origin, settings);
        let mut client = edge.connect();
        for (how, asks_origin) in [("miss", true), ("hit", false)] {
            client.get("/a");
            let (head, _) = client.response();
            let timing = field(&head, "server-timing");
            assert_eq!(timing.is_some(), is_told, "{head}");
            let Some(timing) = timing else { continue };
            assert!(timing.starts_with("edge;dur="), "{timing}");
            assert!(timing.contains(&format!(", cache;desc={how}")), "{timing}");
            assert_eq!(timing.contains(", origin;dur="), asks_origin, "{timing}");
        }
    }
}
