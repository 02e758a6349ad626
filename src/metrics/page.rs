//! All families of metrics, in the order in which they are told.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Handle;

use super::Metrics;
use super::event::{Event, FAMILIES, Gauge, UNSTORED};
use super::form::{Form, Kind, Page};
use super::histogram::{self, Sum};
use super::process::Process;
use super::shard::Sums;
use super::story::{Group, Outcome};
use crate::store::MemoryStore;

impl Metrics {
    /// The page for `/metrics`.
    pub fn page(&self, form: Form, store: &MemoryStore) -> String {
        let mut page = Page::new(form);
        page.family("selvedge_build_info", Kind::Gauge, "Always 1; the version is a label");
        page.sample(&format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
        let sums = Sums::of(&self.0.shards);
        requests(&mut page, &sums);
        self.origin(&mut page);
        stored(&mut page, store);
        self.unstored_answers(&mut page);
        for family in FAMILIES {
            page.family(&named(family.name), Kind::Counter, family.help);
            for (event, labels) in family.events {
                page.sample(labels, self.happened(*event));
            }
        }
        self.gauges(&mut page);
        runtime(&mut page);
        if let Some(process) = Process::read() {
            told_of_process(&mut page, &process);
        }
        page.end()
    }

    fn origin(&self, page: &mut Page) {
        let help = "From a request to the origin to the head of its answer, background ones too";
        page.family("selvedge_origin_duration_seconds", Kind::Histogram, help);
        let mut sum = Sum::default();
        self.0.origin.add_to(&mut sum);
        histogram(page, "", &sum);
        let help = "Requests that the origin did not answer, by the words of RFC 9209";
        page.family("selvedge_origin_errors", Kind::Counter, help);
        for (outcome, count) in Outcome::ALL.iter().zip(&self.0.origin_errors) {
            if outcome.group() == Group::Error {
                page.sample(&format!("kind=\"{}\"", outcome.reason()), count.load(Relaxed));
            }
        }
    }

    fn unstored_answers(&self, page: &mut Page) {
        let help = "Answers that were looked for in the store and may not be stored";
        page.family("selvedge_unstored", Kind::Counter, help);
        for (why, count) in UNSTORED.iter().zip(&self.0.unstored) {
            page.sample(&format!("reason=\"{why}\""), count.load(Relaxed));
        }
    }

    fn gauges(&self, page: &mut Page) {
        let open = |opened, closed| {
            let closed = self.happened(closed);
            self.happened(opened).saturating_sub(closed)
        };
        let clients = open(Event::ClientConnected, Event::ClientLeft);
        let origin = open(Event::OriginOpened, Event::OriginClosed);
        for (name, help, value) in [
            ("client_open_connections", "Connections of clients that are open", clients),
            ("origin_open_connections", "Connections to the origin that are open", origin),
            (
                "origin_idle_connections",
                "Connections to the origin that wait for a request",
                self.value(Gauge::OriginIdle),
            ),
            (
                "revalidations_running",
                "Background revalidations that run",
                self.value(Gauge::RenewalsRunning),
            ),
            (
                "revalidations_allowed",
                "Background revalidations that may run just now; more with each that ends well, half \
                 with each that fails",
                self.value(Gauge::RenewalsAllowed),
            ),
            (
                "revalidations_max",
                "Background revalidations that may ever run at once (cache.max_revalidations)",
                self.value(Gauge::RenewalsMost),
            ),
            ("vault_bytes", "Bytes of files in the vault", self.value(Gauge::VaultBytes)),
            ("vault_files", "Files in the vault", self.value(Gauge::VaultFiles)),
        ] {
            gauge(page, &named(name), help, value);
        }
    }
}

fn named(name: &str) -> String {
    format!("selvedge_{name}")
}

fn requests(page: &mut Page, sums: &Sums) {
    let help = "Requests of clients, by what was asked for and how the cache answered";
    page.family("selvedge_requests", Kind::Counter, help);
    for (story, family, count) in sums.requests() {
        let (class, cache) = (story.class.label(), story.outcome.group().label());
        let reason = story.outcome.reason();
        let labels = format!(
            "class=\"{class}\",cache=\"{cache}\",reason=\"{reason}\",status=\"{family}xx\""
        );
        page.sample(&labels, count);
    }
    let help = "From a request's head to the last byte of its answer";
    durations(page, "selvedge_request_duration_seconds", help, &sums.total);
    let help =
        "From a request's head to its answer's; what is answered from memory at once is left out";
    durations(page, "selvedge_first_byte_seconds", help, &sums.first_byte);
    for (name, help, bytes) in [
        ("selvedge_received_bytes", "Bytes that clients sent, heads included", sums.received),
        ("selvedge_sent_bytes", "Bytes that clients were sent, heads included", sums.sent),
    ] {
        page.family(name, Kind::Counter, help);
        page.sample("", bytes);
    }
}

fn durations(page: &mut Page, name: &str, help: &str, sums: &[Sum]) {
    page.family(name, Kind::Histogram, help);
    for (group, sum) in Group::ALL.iter().zip(sums) {
        if sum.count() > 0 {
            histogram(page, &format!("cache=\"{}\"", group.label()), sum);
        }
    }
}

/// Buckets count what is in those before them too.
fn histogram(page: &mut Page, labels: &str, sum: &Sum) {
    let before = if labels.is_empty() { String::new() } else { format!("{labels},") };
    let mut so_far = 0;
    let mut with_bound = String::new();
    for (bucket, count) in sum.buckets.iter().enumerate() {
        so_far += count;
        with_bound.clear();
        // Writing to a string does not fail.
        let _ = match bucket < histogram::BOUNDS {
            true => write!(with_bound, "{before}le=\"{}\"", histogram::bound(bucket)),
            false => write!(with_bound, "{before}le=\"+Inf\""),
        };
        page.sample_of("_bucket", &with_bound, so_far);
    }
    page.sample_of("_sum", labels, sum.micros as f64 / 1e6);
    page.sample_of("_count", labels, so_far);
}

fn stored(page: &mut Page, store: &MemoryStore) {
    gauge(page, "selvedge_store_entries", "Keys that are stored", store.len());
    gauge(page, "selvedge_store_bytes", "Bytes of memory of stored responses", store.weight());
    gauge(page, "selvedge_store_capacity_bytes", "Bytes that they may take", store.capacity());
    let counts = store.counts();
    for (name, help, count) in [
        ("selvedge_evictions", "Keys that had to make room for others", &counts.evicted),
        (
            "selvedge_invalidations",
            "Tags, paths and keys that were invalidated",
            &counts.invalidations,
        ),
        (
            "selvedge_invalidated_responses",
            "Stored responses that an invalidated tag or path had",
            &counts.invalidated,
        ),
    ] {
        counter(page, name, help, count);
    }
}

fn runtime(page: &mut Page) {
    let Ok(handle) = Handle::try_current() else { return };
    let metrics = handle.metrics();
    let workers = metrics.num_workers();
    gauge(page, "selvedge_runtime_workers", "Threads that serve", workers);
    let alive = metrics.num_alive_tasks();
    gauge(page, "selvedge_runtime_tasks", "Tasks: connections, fetches, revalidations", alive);
    let depth = metrics.global_queue_depth();
    gauge(page, "selvedge_runtime_queue_depth", "Tasks that wait for a thread", depth);
    let busy: f64 =
        (0..workers).map(|worker| metrics.worker_total_busy_duration(worker).as_secs_f64()).sum();
    page.family("selvedge_runtime_busy_seconds", Kind::Counter, "Time that threads were busy");
    page.sample("", busy);
}

/// By the names that all of Prometheus' own clients have for it.
fn told_of_process(page: &mut Page, process: &Process) {
    page.family("process_cpu_seconds", Kind::Counter, "Processor time, user and system");
    page.sample("", process.cpu_seconds);
    gauge(page, "process_resident_memory_bytes", "Memory in use", process.resident);
    gauge(page, "process_virtual_memory_bytes", "Address space", process.size);
    gauge(page, "process_open_fds", "Open file descriptors", process.open_files);
    gauge(page, "process_max_fds", "Most that may be open", process.max_files);
    gauge(page, "process_threads", "Threads", process.threads);
    let help = "When the process was started, since the epoch";
    gauge(page, "process_start_time_seconds", help, process.start_seconds);
}

fn gauge(page: &mut Page, name: &str, help: &str, value: impl std::fmt::Display) {
    page.family(name, Kind::Gauge, help);
    page.sample("", value);
}

fn counter(page: &mut Page, name: &str, help: &str, count: &AtomicU64) {
    page.family(name, Kind::Counter, help);
    page.sample("", count.load(Relaxed));
}
