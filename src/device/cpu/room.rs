//! How much memory the CPU executor may take: what the system can still give, within the limits on this process.

use crate::device::DeviceError;
use std::fs::read_to_string;
use std::path::Path;

/// Refuses what the machine has no memory for: the system would kill the process rather than refuse. `elements` are taken at once.
pub(super) fn check<T>(what: &str, device: &str, elements: impl IntoIterator<Item = u64>) -> Result<(), DeviceError> {
    let needed = elements.into_iter().fold(0, u64::saturating_add).saturating_mul(size_of::<T>() as u64);
    match available() {
        Some(available) if needed > available => {
            Err(DeviceError::TooLarge { what: what.to_owned(), device: device.to_owned(), needed, available })
        }
        _ => Ok(()),
    }
}

/// What the system refused after all.
pub(super) fn refused<T>(what: &str, device: &str, elements: u64) -> DeviceError {
    let (needed, available) = (elements.saturating_mul(size_of::<T>() as u64), available().unwrap_or(0));
    DeviceError::TooLarge { what: what.to_owned(), device: device.to_owned(), needed, available }
}

/// Refuses parts in single precision, taken together, that the machine has no memory for.
///
/// # Errors
/// When they need more memory than the machine has available.
pub fn check_f32(what: &str, elements: impl IntoIterator<Item = u64>) -> Result<(), DeviceError> {
    check::<f32>(what, "CPU", elements)
}

/// The most bytes that one buffer should take: half of what the system can still give.
pub fn room() -> u64 {
    available().map_or(u64::MAX, |bytes| bytes / 2)
}

/// Bytes that the system can still give this process, where it tells (Linux).
fn available() -> Option<u64> {
    let limits = [system(), group(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup")), address_space()];
    limits.into_iter().flatten().min()
}

/// A line of a file of names and kibibytes, in bytes.
fn kibibytes(file: &str, name: &str) -> Option<u64> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib.saturating_mul(1024))
}

fn system() -> Option<u64> {
    kibibytes("/proc/meminfo", "MemAvailable:")
}

/// What the control groups of this process leave it, as containers have them; the narrowest of the group and those above it. What the
/// system keeps of files that were read counts as theirs, and goes when memory is needed.
fn group(of: &Path, root: &Path) -> Option<u64> {
    let text = read_to_string(of).ok()?;
    let number = |path: &Path| read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let mut least = None;
    for line in text.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        // The second version has one tree and no controllers in this list, the first a tree for memory.
        let (tree, limit, usage, cache) = match controllers {
            "" => (root.to_owned(), "memory.max", "memory.current", "inactive_file "),
            "memory" => (root.join("memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
            _ => continue,
        };
        for below in Path::new(path.trim_start_matches('/')).ancestors() {
            let folder = tree.join(below);
            if let (Some(limit), Some(used)) = (number(&folder.join(limit)), number(&folder.join(usage))) {
                let stat = read_to_string(folder.join("memory.stat")).unwrap_or_default();
                let cached = stat.lines().find_map(|line| line.strip_prefix(cache)?.trim().parse::<u64>().ok());
                let left = limit.saturating_sub(used.saturating_sub(cached.unwrap_or(0)));
                least = Some(least.map_or(left, |least: u64| least.min(left)));
            }
        }
    }
    least
}

/// What `ulimit -v` leaves.
#[cfg(unix)]
fn address_space() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call only writes `limit`.
    let told = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) } == 0;
    let used = kibibytes("/proc/self/status", "VmSize:")?;
    (told && limit.rlim_cur != libc::RLIM_INFINITY).then(|| limit.rlim_cur.saturating_sub(used))
}

#[cfg(not(unix))]
fn address_space() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_control_group_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let put = |file: &str, text: &str| {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let of = root.path().join("cgroup");
        put("cgroup", "0::/outer/inner\n");
        assert_eq!(group(&of, root.path()), None);
        put("outer/inner/memory.max", "max\n");
        put("outer/inner/memory.current", "5\n");
        put("outer/memory.max", "1000\n");
        put("outer/memory.current", "400\n");
        assert_eq!(group(&of, root.path()), Some(600));
        put("outer/inner/memory.max", "100\n");
        assert_eq!(group(&of, root.path()), Some(95));
        put("outer/inner/memory.current", "90\n");
        put("outer/inner/memory.stat", "anon 10\nfile 80\ninactive_file 60\nactive_file 20\n");
        assert_eq!(group(&of, root.path()), Some(70), "files that were read make room");
        put("cgroup", "3:cpu:/x\n7:memory:/box\n");
        put("memory/box/memory.limit_in_bytes", "50\n");
        put("memory/box/memory.usage_in_bytes", "60\n");
        assert_eq!(group(&of, root.path()), Some(0));
        put("memory/box/memory.stat", "inactive_file 1\ntotal_inactive_file 30\n");
        assert_eq!(group(&of, root.path()), Some(20));
    }
}
