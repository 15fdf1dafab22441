//! Memory that a thread keeps for what a twin needs only for a moment: a fresh allocation of megabytes costs as much as
//! using it.

use super::Real;

/// Calls `f` with `len` numbers of no particular value. Calls may be nested: each depth keeps its own memory.
pub fn with_scratch<T: Real, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let mut memory = T::scratch().with_borrow_mut(Vec::pop).unwrap_or_default();
    if memory.len() < len {
        memory.resize(len, T::ZERO);
    }
    let result = f(&mut memory[..len]);
    T::scratch().with_borrow_mut(|memories| memories.push(memory));
    result
}
