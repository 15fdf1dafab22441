//! Code of others that panics where it should return an error: decoders over damaged files, a graphics stack whose device is gone.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in such code.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Has panics in such code say nothing, from now on and in all of the process: the panic hook is a program's, and no library
/// changes it unasked.
pub fn hush() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                tell(info);
            }
        }));
    });
}

/// Runs such code; a panic is an error with its message, and nothing is printed after [`hush`]. What the code changes is not to be
/// used after a panic.
///
/// # Errors
/// The message of a panic.
pub(crate) fn quietly<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    QUIET.set(before);
    result.map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}
