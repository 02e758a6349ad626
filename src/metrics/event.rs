//! What is counted off the path of a hit: one place for each thing that may happen.

/// Counters of one name.
pub(super) struct Family {
    /// Without our prefix and the suffix of counters.
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) events: &'static [(Event, &'static str)],
}

macro_rules! events {
    ($($family:literal $help:literal { $($(#[$doc:meta])* $name:ident $labels:literal,)* })*) => {
        /// Something that happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event { $($($(#[$doc])* $name,)*)* }

        /// All, with the labels of each.
        pub(super) static FAMILIES: &[Family] = &[$(Family {
            name: $family,
            help: $help,
            events: &[$((Event::$name, $labels)),*],
        }),*];

        /// How many there are.
        pub(super) const EVENTS: usize = [$($(Event::$name),*),*].len();
    };
}

events! {
    "client_connections" "Connections of clients" {
        /// A client connected.
        ClientConnected "event=\"opened\"",
        /// A client's connection ended.
        ClientLeft "event=\"closed\"",
    }
    "origin_connections" "Connections to the origin" {
        /// A connection was opened.
        OriginOpened "event=\"opened\"",
        /// A connection that was idle got a request.
        OriginReused "event=\"reused\"",
        /// A connection had died while it was idle, and its request went over a new one.
        OriginDied "event=\"died\"",
        /// A connection ended.
        OriginClosed "event=\"closed\"",
    }
    "revalidations" "Background revalidations; collapsed: one ran already, or had failed a moment ago; skipped: as many ran as may just now" {
        /// One began.
        RenewalStarted "event=\"started\"",
        /// A stale hit found that one runs, or is not due yet.
        RenewalCollapsed "event=\"collapsed\"",
        /// One came to nothing; the stale copy stays.
        RenewalFailed "event=\"failed\"",
        /// Too many ran.
        RenewalSkipped "event=\"skipped\"",
    }
    "warmed" "Pages that the edge asked for itself after a deploy (warm.after_deploy)" {
        /// It is stored now.
        WarmedStored "result=\"stored\"",
        /// It was stored already.
        WarmedHit "result=\"hit\"",
        /// It may not be stored.
        WarmedNotStored "result=\"not-stored\"",
        /// It is not there, or the origin did not answer well.
        WarmedFailed "result=\"failed\"",
    }
    "vault_served" "Files that the origin had no more and the vault had" {
        /// The vault stood in for the origin.
        VaultServed "",
    }
    "spans" "Spans of traces; lost: too many waited for the collector; failed: it did not take them" {
        /// The collector has it.
        SpanSent "event=\"sent\"",
        /// Too many waited.
        SpanLost "event=\"lost\"",
        /// The collector did not take it, or was not there.
        SpanFailed "event=\"failed\"",
    }
    "child_restarts" "Starts of the wrapped server after its first" {
        /// The wrapped server is started again.
        ChildRestarted "",
    }
}

/// What has a value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Connections to the origin that wait for a request.
    OriginIdle,
    /// Bytes in the vault.
    VaultBytes,
    /// Files in the vault.
    VaultFiles,
    /// Background revalidations that run.
    RenewalsRunning,
    /// How many may run just now.
    RenewalsAllowed,
    /// How many may ever run at once.
    RenewalsMost,
}

pub(super) const GAUGES: usize = 6;

/// Every reason for which an answer is not stored, as `Cache-Status` says it.
pub(super) const UNSTORED: &[&str] = &[
    "method",
    "status",
    "partial-content",
    "no-store",
    "private",
    "no-cache",
    "set-cookie",
    "authorization",
    "request-no-store",
    "vary-any",
    "no-explicit-freshness",
    "never-fresh",
    "class-mismatch",
    "rsc-redirect",
    "empty-document",
    "missing-asset",
    "other-build",
    "failure",
    "vary-client",
    "too-large",
    "other",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Unstored;

    #[test]
    fn each_reason_is_counted_by_its_own_name() {
        let missing: Vec<_> =
            Unstored::all().map(Unstored::as_str).filter(|why| !UNSTORED.contains(why)).collect();
        assert_eq!(missing, [""; 0]);
    }
}
