//! Where this process is, as far as locks reach.

use std::fs::{self, File};
use std::sync::OnceLock;

/// Where the locks on a file are seen: in the same file system of a kernel that has not ended since.
pub(super) fn place(file: &File) -> String {
    static KERNEL: OnceLock<String> = OnceLock::new();
    let kernel = KERNEL.get_or_init(|| {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
        boot.map_or_else(|_| host().to_owned(), |boot| boot.trim().to_owned())
    });
    format!("{kernel} {}", device(file).unwrap_or_default())
}

/// The number of a file's file system within its kernel.
#[cfg(unix)]
fn device(file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|about| about.dev())
}

/// Elsewhere only the names of file systems are known, and a lock is seen on all of a machine.
#[cfg(not(unix))]
fn device(_file: &File) -> Option<u64> {
    None
}

/// The name of this machine.
pub(super) fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        #[cfg(unix)]
        let name = {
            let mut name = [0u8; 256];
            // SAFETY: `name` is valid for writes of one byte less than it has, and so ends in zero whatever is written.
            let read = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } == 0;
            let end = name.iter().position(|&byte| byte == 0).unwrap_or(0);
            if read { String::from_utf8_lossy(&name[..end]).into_owned() } else { String::new() }
        };
        #[cfg(not(unix))]
        let name = std::env::var("COMPUTERNAME").unwrap_or_default();
        if name.is_empty() { "this machine".to_owned() } else { name }
    })
}
