//! What a collector of OpenTelemetry is told: `cargo test --features otlp --test wire traces`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

use super::support::*;

const PAGE: &str =
    "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Length: 4\r\n\r\npage";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What arrives of spans, each with the name of who tells it.
struct Collector {
    address: SocketAddr,
    told: Receiver<Told>,
}

#[derive(Debug)]
struct Told {
    service: String,
    trace: String,
    id: String,
    parent: Option<String>,
    name: String,
    kind: u64,
    has_failed: bool,
    times: [u64; 2],
    attributes: BTreeMap<String, String>,
}

impl Collector {
    fn begin() -> Self {
        let (origin, (sender, told)) = (Origin::new(), mpsc::channel());
        let address = origin.address;
        std::thread::spawn(move || {
            loop {
                let mut connection = origin.accept();
                let sender = sender.clone();
                std::thread::spawn(move || {
                    loop {
                        let head = connection.head();
                        assert!(head.starts_with("post /v1/traces "), "{head}");
                        assert_eq!(field(&head, "content-type"), Some("application/json"));
                        let length = field(&head, "content-length").unwrap().parse().unwrap();
                        for told in read(&connection.bytes(length)) {
                            let _ = sender.send(told);
                        }
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
                    }
                });
            }
        });
        Self { address, told }
    }

    fn setting(&self) -> String {
        format!("traces.endpoint=http://{}", self.address)
    }

    /// The next span that is told.
    fn next(&self) -> Told {
        self.told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// The next so many, by name and kind.
    fn spans(&self, count: usize) -> BTreeMap<(String, u64), Told> {
        let told = (0..count).map(|_| self.next());
        let spans: BTreeMap<_, _> =
            told.map(|told| ((told.name.clone(), told.kind), told)).collect();
        assert_eq!(spans.len(), count, "{spans:?}");
        spans
    }
}

fn read(body: &str) -> Vec<Told> {
    let body: Value = serde_json::from_str(body).unwrap();
    let resource = &body["resourceSpans"][0];
    let service = attributes(&resource["resource"]).remove("service.name").unwrap();
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = |span: &Value| Told {
        service: service.clone(),
        trace: text(&span["traceId"]),
        id: text(&span["spanId"]),
        parent: span.get("parentSpanId").map(text),
        name: text(&span["name"]),
        kind: span["kind"].as_u64().unwrap(),
        has_failed: span["status"]["code"] == 2,
        times: ["startTimeUnixNano", "endTimeUnixNano"].map(|at| text(&span[at]).parse().unwrap()),
        attributes: attributes(span),
    };
    spans.iter().map(told).collect()
}

fn attributes(of: &Value) -> BTreeMap<String, String> {
    let all = of["attributes"].as_array().unwrap().iter();
    all.map(|attribute| {
        let value = attribute["value"].as_object().unwrap().values().next().unwrap();
        (attribute["key"].as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned())
    })
    .collect()
}

fn get(client: &mut Client, path: &str, fields: &str) {
    client.send(&format!("GET {path} HTTP/1.1\r\nHost: shop.example:81\r\n{fields}\r\n"));
}

/// What a request brings that is a part of a trace.
fn parent(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\ntracestate: a=1\r\n")
}

const SERVER: u64 = 2;
const CLIENT: u64 = 3;
const INTERNAL: u64 = 1;

fn key(name: &str, kind: u64) -> (String, u64) {
    (name.to_owned(), kind)
}

#[test]
fn a_request_is_told_with_its_parts_and_the_origin_goes_on_with_its_trace() {
    let (origin, collector) = (Origin::new(), Collector::begin());
    let settings = [collector.setting(), "traces.service_name=shop-edge".into()];
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let edge = Edge::run(&format!("http://{}", origin.address), &settings);
    assert!(edge.said.iter().any(|line| line.contains("/v1/traces as shop-edge")));
    let mut client = edge.connect();
    get(&mut client, "/a?b=c", &parent("01"));
    let mut upstream = origin.accept();
    let head = upstream.head();
    assert_eq!(field(&head, "tracestate"), Some("a=1"));
    upstream.send(PAGE);
    client.response();
    let spans = collector.spans(4);
    let server = &spans[&key("GET", SERVER)];
    let lookup = &spans[&key("cache lookup", INTERNAL)];
    let fetch = &spans[&key("cache fetch", INTERNAL)];
    let asked = &spans[&key("GET", CLIENT)];
    for span in spans.values() {
        assert_eq!((span.trace.as_str(), span.service.as_str()), (TRACE, "shop-edge"));
        assert!(span.times[0] >= server.times[0] && span.times[1] >= span.times[0], "{spans:?}");
    }
    assert_eq!(server.parent.as_deref(), Some(PARENT));
    assert_eq!(
        (&lookup.parent, &fetch.parent),
        (&Some(server.id.clone()), &Some(server.id.clone()))
    );
    assert_eq!(asked.parent.as_ref(), Some(&fetch.id));
    let told = format!("00-{TRACE}-{}-01", asked.id);
    assert_eq!(field(&head, "traceparent"), Some(told.as_str()));
    for (span, name, expected) in [
        (server, "http.request.method", "GET"),
        (server, "url.path", "/a"),
        (server, "url.query", "b=c"),
        (server, "url.scheme", "http"),
        (server, "server.address", "shop.example"),
        (server, "server.port", "81"),
        (server, "client.address", "127.0.0.1"),
        (server, "network.protocol.version", "1.1"),
        (server, "http.response.status_code", "200"),
        (server, "http.response.body.size", "4"),
        (server, "selvedge.cache.result", "miss"),
        (server, "selvedge.cache.reason", "uri-miss"),
        (lookup, "selvedge.cache.next", "fetch"),
        (fetch, "selvedge.cache.stored", "true"),
        (asked, "http.response.status_code", "200"),
        (asked, "url.full", &format!("http://{}/a?b=c", origin.address)),
    ] {
        assert_eq!(
            span.attributes.get(name).map(String::as_str),
            Some(expected),
            "{name} {span:?}"
        );
    }

    // A trace that begins here, and never reaches the origin.
    get(&mut client, "/a?b=c", "");
    client.response();
    let spans = collector.spans(2);
    let server = &spans[&key("GET", SERVER)];
    assert_eq!((&server.parent, server.has_failed), (&None, false));
    assert_ne!(server.trace, TRACE);
    assert_eq!(server.attributes["selvedge.cache.result"], "hit");
}

#[test]
fn whoever_brings_a_trace_decides_and_else_a_share_is_told() {
    let (origin, collector) = (Origin::new(), Collector::begin());
    let settings = [collector.setting(), "traces.sample=0.0".into(), "log.client_ip=off".into()];
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let edge = Edge::run(&format!("http://{}", origin.address), &settings);
    let mut client = edge.connect();
    let mut upstream = None;
    let mut asked = |client: &mut Client, path: &str, fields: &str| {
        get(client, path, fields);
        let upstream = upstream.get_or_insert_with(|| origin.accept());
        let head = upstream.head();
        upstream.send(PAGE);
        client.response();
        field(&head, "traceparent").unwrap().to_owned()
    };
    let untold = format!("00-{TRACE}-{PARENT}-00");
    assert_eq!(asked(&mut client, "/untold", &parent("00")), untold);
    let new = asked(&mut client, "/new", "");
    assert!(new.ends_with("-00") && !new.contains(TRACE), "{new}");
    assert_ne!(asked(&mut client, "/told", &parent("01")), untold);
    let spans = collector.spans(4);
    assert_eq!(spans[&key("GET", SERVER)].attributes["url.path"], "/told");
    assert!(!spans[&key("GET", SERVER)].attributes.contains_key("client.address"));
}

#[test]
fn the_variables_of_opentelemetry_name_the_collector_and_a_failure_is_told_as_one() {
    let collector = Collector::begin();
    let mut command = selvedge();
    command.args(["--origin", &format!("http://{}", free_address())]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}/", collector.address));
    command.env("OTEL_SERVICE_NAME", "shop");
    let edge = Edge::start(command, &[]);
    let mut client = edge.connect();
    get(&mut client, "/a", "");
    client.response();
    let spans = collector.spans(4);
    for span in [&spans[&key("GET", SERVER)], &spans[&key("GET", CLIENT)]] {
        assert_eq!((span.service.as_str(), span.has_failed), ("shop", true));
        assert_eq!(span.attributes["error.type"], "connection_refused");
    }
}

#[test]
fn a_renewal_behind_a_stale_answer_is_a_part_of_the_trace_that_began_it() {
    let (origin, collector) = (Origin::new(), Collector::begin());
    let stale = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=0, stale-while-revalidate=100\r\n\
                 Content-Length: 4\r\n\r\npage";
    let setting = collector.setting();
    let edge = Edge::run(&format!("http://{}", origin.by(move |_| stale)), &[&setting]);
    let mut client = edge.connect();
    get(&mut client, "/a", "");
    client.response();
    collector.spans(4);
    get(&mut client, "/a", &parent("01"));
    client.response();
    let spans = collector.spans(4);
    let renewal = &spans[&key("cache renewal", INTERNAL)];
    let server = &spans[&key("GET", SERVER)];
    assert_eq!(server.attributes["selvedge.cache.result"], "stale");
    assert_eq!(renewal.parent.as_ref(), Some(&server.id));
    assert_eq!(spans[&key("GET", CLIENT)].parent.as_ref(), Some(&renewal.id));
}

#[test]
fn a_collector_that_hangs_holds_up_neither_requests_nor_the_end() {
    let (origin, hanging) = (Origin::new(), Origin::new());
    let settings =
        [format!("traces.endpoint=http://{}", hanging.address), "traces.max_queue=1".into()];
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let (mut edge, admin) = Edge::with_admin(&origin, &settings);
    origin.always(PAGE);
    let mut client = edge.connect();
    for _ in 0..50 {
        get(&mut client, "/a", "");
        assert_eq!(client.response().1, "page");
    }
    let mut scraper = Client::connect(admin);
    scraper.get("/metrics");
    let (_, page) = scraper.response();
    let lost =
        page.lines().find_map(|line| line.strip_prefix("selvedge_spans_total{event=\"lost\"} "));
    assert!(lost.unwrap().parse::<u64>().unwrap() > 0, "{page}");
    edge.wait_for_log("spans are lost");
    drop(client);
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));
    drop(hanging);
}
