//! What values may not be together. What one value may not be, its kind says (`value`).

use std::net::{IpAddr, SocketAddr};

use super::draft::Draft;
use super::mistake::Problem;
use super::{Collector, Config, OriginAddress, keys};

/// Checks what has been read, as far as it is sure that it is what was meant. `origin_counts` says
/// whether `origin.url` is used at all.
pub(super) fn check(draft: &mut Draft, origin_counts: bool) {
    // Something unread may be one of the values: then the rule may not be broken at all.
    let is_value = |problem: &Problem| matches!(problem, Problem::Value { .. });
    if !draft.mistakes.iter().all(|mistake| is_value(&mistake.problem)) {
        return;
    }
    for order in &ORDERS {
        if (order.is_broken)(&draft.config) {
            settle(draft, order);
        }
    }
    let Config { server, origin, admin, child, traces, .. } = &draft.config;
    let has_no_traces = matches!(traces.endpoint, Collector::At(_)) && !cfg!(feature = "otlp");
    let same_address = admin.listen.is_some_and(|admin| collide(admin, server.listen));
    let is_open_to_purge = admin.purge_method && admin.token.is_none();
    // On this machine nobody needs a token who says that he is no browser.
    let tells_in_vain =
        child.bridge && admin.token.is_none() && child.tell.iter().any(is_elsewhere);
    let origin_is_edge = origin_counts && leads_to(&origin.url, server.listen);
    if same_address {
        let keys = ["admin.listen", "server.listen"];
        report(draft, keys, |values| Problem::SameAddress { values });
    }
    if is_open_to_purge {
        let keys = ["admin.purge_method", "admin.token"];
        report(draft, keys, |values| Problem::PurgeWithoutToken { values });
    }
    if tells_in_vain {
        let keys = ["child.tell", "admin.token"];
        report(draft, keys, |values| Problem::TellWithoutToken { values });
    }
    if has_no_traces {
        report(draft, ["traces.endpoint"; 2], |_| Problem::WithoutTraces);
    }
    if origin_is_edge {
        let keys = ["server.listen", "origin.url"];
        report(draft, keys, |values| Problem::OriginIsEdge { values });
    }
}

fn is_elsewhere(edge: &OriginAddress) -> bool {
    match edge {
        OriginAddress::Tcp { host, .. } => {
            let address = host.parse::<IpAddr>();
            host != "localhost" && !address.is_ok_and(|address| address.is_loopback())
        }
        OriginAddress::Unix(_) => false,
    }
}

/// Lowers what exceeds its limit.
pub(super) fn keep_order(config: &mut Config) {
    for order in &ORDERS {
        if (order.is_broken)(config) {
            (order.lower)(config);
        }
    }
}

/// Two values of which one may not exceed the other.
struct Order {
    small: &'static str,
    large: &'static str,
    is_broken: fn(&Config) -> bool,
    /// Makes the small one as large as the large one.
    lower: fn(&mut Config),
}

static ORDERS: [Order; 4] = [
    Order {
        small: "server.drain_linger",
        large: "server.drain_timeout",
        is_broken: |config| config.server.drain_linger > config.server.drain_timeout,
        lower: |config| config.server.drain_linger = config.server.drain_timeout,
    },
    Order {
        small: "cache.max_entry",
        large: "cache.capacity",
        // A capacity of zero keeps nothing: that is what was meant.
        is_broken: |Config { cache, .. }| {
            cache.capacity.is_some_and(|all| all > 0 && cache.max_entry > all)
        },
        lower: |Config { cache, .. }| {
            cache.max_entry = cache.capacity.unwrap_or(cache.max_entry);
        },
    },
    Order {
        small: "cache.revalidate_backoff",
        large: "cache.revalidate_backoff_max",
        is_broken: |Config { cache, .. }| cache.revalidate_backoff > cache.revalidate_backoff_max,
        lower: |Config { cache, .. }| cache.revalidate_backoff = cache.revalidate_backoff_max,
    },
    Order {
        small: "child.restart_backoff",
        large: "child.restart_backoff_max",
        is_broken: |Config { child, .. }| child.restart_backoff > child.restart_backoff_max,
        lower: |Config { child, .. }| child.restart_backoff = child.restart_backoff_max,
    },
];

/// A default follows what was said about the other value; two that were given are a mistake.
fn settle(draft: &mut Draft, order: &Order) {
    let &Order { small, large, lower, .. } = order;
    if draft.places.contains_key(small) {
        report(draft, [small, large], |values| Problem::Exceeds { small, large, values });
    } else {
        lower(&mut draft.config);
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

/// Whether the origin is the edge itself. With a name one cannot know, except with one.
fn leads_to(origin: &OriginAddress, listen: SocketAddr) -> bool {
    let OriginAddress::Tcp { host, port } = origin else { return false };
    let host = if host == "localhost" { "127.0.0.1" } else { host };
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
            (origin("localhost", 3000), true),
            (origin("localhost", 3001), false),
            (origin("next", 3000), false),
            (OriginAddress::Unix("/3000".into()), false),
        ] {
            assert_eq!(leads_to(&origin, listen), expected, "{origin}");
        }
        let specific = "10.0.0.1:3000".parse().unwrap();
        assert!(leads_to(&origin("10.0.0.1", 3000), specific));
        assert!(!leads_to(&origin("127.0.0.1", 3000), specific));
    }
}
