//! What is done with each row.

use std::net::SocketAddr;

use super::client::{self, Answer};
use super::table::{Advisory, Ask, Rule};

/// The answer of the origin itself is the one that nobody should get.
pub async fn without_the_rule(row: &Advisory, origin: SocketAddr, inside: &str) {
    let answer = ask(origin, row.attack, inside).await;
    assert!((row.harm)(&answer), "{}: this version is not vulnerable: {answer:?}", row.id);
    assert_eq!(would_be_kept(&answer), row.would_be_kept, "{}: {:?}", row.id, answer.headers);
}

/// Neither the attacker nor who comes after him gets it.
pub async fn with_the_rule(row: &Advisory, edge: SocketAddr, knows_the_build: bool, inside: &str) {
    if row.rule == Rule::GuardWithBuild && !knows_the_build {
        return;
    }
    for _ in 0..2 {
        let answer = ask(edge, row.attack, inside).await;
        let got_it = (row.harm)(&answer);
        assert_eq!(got_it, row.rule == Rule::Cache, "{}, attack: {answer:?}", row.id);
        for _ in 0..2 {
            let answer = ask(edge, row.visit, inside).await;
            assert!(!(row.harm)(&answer), "{}, visit: {answer:?}", row.id);
        }
    }
}

pub async fn ask(server: SocketAddr, ask: Ask, inside: &str) -> Answer {
    let fields: Vec<_> =
        ask.fields.iter().map(|(name, value)| (*name, value.replace("{inside}", inside))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let target = ask.target.replace("{port}", &server.port().to_string());
    client::get_with(server, &target, &fields).await
}

/// Read as plainly as many a cache does.
fn would_be_kept(answer: &Answer) -> bool {
    let directives = answer.header("cache-control");
    directives.contains("s-maxage=") && !directives.contains("no-store")
}
