//! How much memory there is to share.

use std::path::Path;

/// Bytes for stored responses: a quarter of what the machine, or the control group that we run in,
/// gives. The rest is Next.js's, whose heap is what runs out first in a shared container.
pub fn default_capacity() -> u64 {
    memory_limit().map_or(FALLBACK, |limit| limit / 4)
}

/// Where nothing can be read.
const FALLBACK: u64 = 256 << 20;

/// The least of the machine's memory and the limits of all control groups above us, in bytes.
fn memory_limit() -> Option<u64> {
    let machine = read("/proc/meminfo").and_then(|text| machine_memory(&text));
    machine.into_iter().chain(group_limits()).min()
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// `MemTotal`, in bytes.
fn machine_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The limits of our control group and all above it; inside a container the group may be mounted as
/// the root, so that is looked at too.
fn group_limits() -> Vec<u64> {
    let own = read("/proc/self/cgroup").unwrap_or_default();
    let mut limits = Vec::new();
    for line in own.lines() {
        // hierarchy:controllers:path
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        let groups = path.ancestors().map(|group| Path::new(root).join(group).join(file));
        limits.extend(groups.filter_map(read).filter_map(|text| group_limit(&text)));
    }
    limits
}

/// `max` is no limit, and what version 1 writes for none is more than any machine has.
fn group_limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_writes_is_read() {
        let meminfo = "MemTotal:       24689764 kB\nMemFree:        1 kB\n";
        assert_eq!(machine_memory(meminfo), Some(24_689_764 * 1024));
        assert_eq!(machine_memory("MemFree: 1 kB"), None);
        assert_eq!(group_limit("536870912\n"), Some(512 << 20));
        assert_eq!(group_limit("max\n"), None);
    }

    #[test]
    fn there_is_always_a_capacity() {
        assert!(default_capacity() > 1 << 20);
    }
}
