//! What values may not be together. What one value may not be, its kind says (`value`).

use std::net::{IpAddr, SocketAddr};

use super::draft::Draft;
use super::mistake::Problem;
use super::{Config, OriginAddress, keys};

/// Checks what has been read, as far as it is sure that it is what was meant. `origin_counts` says
/// whether `origin.url` is used at all.
pub(super) fn check(draft: &mut Draft, origin_counts: bool) {
    // Something unread may be one of the values: then the rule may not be broken at all.
    let is_value = |problem: &Problem| matches!(problem, Problem::Value { .. });
    if !draft.mistakes.iter().all(|mistake| is_value(&mistake.problem)) {
        return;
    }
    let Config { server, origin, cache, child, admin, .. } = &draft.config;
    let wrong_orders = [
        ("server.drain_linger", "server.drain_timeout", server.drain_linger > server.drain_timeout),
        // A capacity of zero keeps nothing: that is what was meant.
        (
            "cache.max_entry",
            "cache.capacity",
            cache.capacity.is_some_and(|all| all > 0 && cache.max_entry > all),
        ),
        (
            "cache.revalidate_backoff",
            "cache.revalidate_backoff_max",
            cache.revalidate_backoff > cache.revalidate_backoff_max,
        ),
        (
            "child.restart_backoff",
            "child.restart_backoff_max",
            child.restart_backoff > child.restart_backoff_max,
        ),
    ];
    let same_address = admin.listen.is_some_and(|admin| collide(admin, server.listen));
    let origin_is_edge = origin_counts && leads_to(&origin.url, server.listen);

    for (small, large, is_broken) in wrong_orders {
        if is_broken {
            report(draft, [small, large], |values| Problem::Exceeds { small, large, values });
        }
    }
    if same_address {
        let keys = ["admin.listen", "server.listen"];
        report(draft, keys, |values| Problem::SameAddress { values });
    }
    if origin_is_edge {
        let keys = ["server.listen", "origin.url"];
        report(draft, keys, |values| Problem::OriginIsEdge { values });
    }
}

/// Reports what is wrong with two values, at the first of them that was given. (Defaults alone
/// break no rule.)
fn report(
    draft: &mut Draft,
    keys: [&'static str; 2],
    problem: impl FnOnce([String; 2]) -> Problem,
) {
    let is_wrong_itself = draft.mistakes.iter().any(
        |mistake| matches!(mistake.problem, Problem::Value { key, .. } if keys.contains(&key)),
    );
    let place = keys.iter().find_map(|key| draft.places.get(key)).cloned();
    if let (Some(place), false) = (place, is_wrong_itself) {
        let values = keys.map(|key| described(draft, key));
        draft.mistake(place, problem(values));
    }
}

/// `cache.max_entry = "1GiB" (selvedge.toml:3)`
fn described(draft: &Draft, path: &'static str) -> String {
    let value = keys::find(path).map_or_else(String::new, |key| (key.print)(&draft.config));
    let place = draft.places.get(path).map_or_else(|| "default".into(), ToString::to_string);
    format!("{path} = {value} ({place})")
}

/// Whether not both can be listened on.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    // Linux takes `[::]` for IPv4 too.
    let holds = |all: IpAddr, one: IpAddr| {
        all.is_unspecified() && (all.is_ipv6() || all.is_ipv4() == one.is_ipv4())
    };
    let same_ip = a.ip() == b.ip() || holds(a.ip(), b.ip()) || holds(b.ip(), a.ip());
    a.port() == b.port() && a.port() != 0 && same_ip
}

/// Whether the origin is the edge itself. With a name one cannot know.
fn leads_to(origin: &OriginAddress, listen: SocketAddr) -> bool {
    let OriginAddress::Tcp { host, port } = origin else { return false };
    let Ok(ip) = host.parse::<IpAddr>() else { return false };
    let is_here = ip.is_loopback() || ip.is_unspecified() || ip == listen.ip();
    is_here && collide(SocketAddr::new(ip, *port), listen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_collide_when_the_system_would_say_so() {
        for (a, b, expected) in [
            ("0.0.0.0:80", "0.0.0.0:80", true),
            ("0.0.0.0:80", "0.0.0.0:81", false),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("[::]:80", "127.0.0.1:80", true),
            ("[::]:80", "[::1]:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("127.0.0.1:80", "10.0.0.1:80", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            let (one, other) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(collide(one, other), expected, "{a} {b}");
            assert_eq!(collide(other, one), expected, "{b} {a}");
        }
    }

    #[test]
    fn an_origin_on_this_very_port_is_the_edge() {
        let origin = |host: &str, port| OriginAddress::Tcp { host: host.into(), port };
        let listen = "0.0.0.0:3000".parse().unwrap();
        for (origin, expected) in [
            (origin("127.0.0.1", 3000), true),
            (origin("0.0.0.0", 3000), true),
            (origin("127.0.0.1", 3001), false),
            (origin("10.0.0.1", 3000), false),
            (origin("::1", 3000), false),
            (origin("localhost", 3000), false),
            (OriginAddress::Unix("/3000".into()), false),
        ] {
            assert_eq!(leads_to(&origin, listen), expected, "{origin}");
        }
        let specific = "10.0.0.1:3000".parse().unwrap();
        assert!(leads_to(&origin("10.0.0.1", 3000), specific));
        assert!(!leads_to(&origin("127.0.0.1", 3000), specific));
    }
}
