//! What the system knows of this process, from `/proc`; elsewhere than on Linux, nothing.

use std::fs::{read_dir, read_to_string};

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Bytes of memory in use.
    pub(super) resident: u64,
    /// Bytes of address space.
    pub(super) size: u64,
    /// Seconds of processor time, ours and the system's for us.
    pub(super) cpu_seconds: f64,
    /// Since the epoch.
    pub(super) start_seconds: f64,
    pub(super) threads: u64,
    pub(super) open_files: u64,
    pub(super) max_files: u64,
}

impl Process {
    /// `None` where there is no `/proc`.
    pub(super) fn read() -> Option<Self> {
        let stat = Stat::parse(&read_to_string("/proc/self/stat").ok()?)?;
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let booted = read_to_string("/proc/stat").ok().and_then(|text| boot_time(&text));
        let limits = read_to_string("/proc/self/limits").unwrap_or_default();
        Some(Self {
            resident: stat.resident_pages * rustix::param::page_size() as u64,
            size: stat.size,
            cpu_seconds: stat.cpu_ticks as f64 / ticks,
            start_seconds: booted.unwrap_or_default() + stat.start_ticks as f64 / ticks,
            threads: stat.threads,
            // The one that we read by is among them.
            open_files: read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64 - 1),
            max_files: max_files(&limits).unwrap_or_default(),
        })
    }
}

/// What stands in `/proc/self/stat`, proc_pid_stat(5).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
    size: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // A name may have spaces and brackets in it; the last bracket is its end. The state behind it
        // is field 3.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            size: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn max_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_whatever_name() {
        let text = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 100 50 13 14 15 16 9 18 777 4096 12 20 21";
        let expected =
            Stat { cpu_ticks: 150, threads: 9, start_ticks: 777, size: 4096, resident_pages: 12 };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("nothing"), None);
        assert_eq!(boot_time("cpu 1\nbtime 42\n"), Some(42.0));
        assert_eq!(max_files("Max open files   1024   4096   files\n"), Some(1024));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_uses_some_of_everything() {
        let process = Process::read().unwrap();
        assert!(process.resident > 1 << 20 && process.size >= process.resident, "{process:?}");
        assert!(process.threads > 0 && process.open_files > 2, "{process:?}");
        assert!(process.max_files >= process.open_files && process.start_seconds > 1e9);
    }
}
