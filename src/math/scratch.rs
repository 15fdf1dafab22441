//! Memory that a thread keeps for what a twin needs only for a moment: a fresh allocation of megabytes costs as much as
//! using it.

use super::Real;

/// Calls `f` with `len` numbers of no particular value.
pub fn with_scratch<T: Real, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let mut memory = T::scratch(Vec::new());
    if memory.len() < len {
        memory.resize(len, T::ZERO);
    }
    let result = f(&mut memory[..len]);
    T::scratch(memory);
    result
}
