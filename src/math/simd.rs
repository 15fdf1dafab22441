//! Loops compiled for the vector unit that the machine has, chosen at run time.

use std::sync::LazyLock;

static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Runs `f` compiled for the best vector instructions of this machine. Mark the closure `#[inline(always)]`, else it
/// keeps the baseline's instructions.
#[inline(always)]
pub fn vectorize<R>(f: impl FnOnce() -> R) -> R {
    ARCH.dispatch(f)
}
