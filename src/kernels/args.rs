//! The tensors that a twin receives, in the order of its kernel's bindings.

/// One tensor as a twin sees it.
#[derive(Debug)]
pub enum Arg<'a, T> {
    /// Read-only reals.
    Real(&'a [T]),
    /// Writable reals.
    RealMut(&'a mut [T]),
    /// Read-only words.
    Uint(&'a [u32]),
    /// Writable words.
    UintMut(&'a mut [u32]),
}

/// A dispatch's tensors. Each can be taken once; taking one as what it is not is a bug of the kernel, and panics.
#[derive(Debug)]
pub struct Args<'a, T> {
    slots: Vec<Option<Arg<'a, T>>>,
}

impl<'a, T> Args<'a, T> {
    /// Wraps the tensors of one dispatch.
    pub fn new(args: Vec<Arg<'a, T>>) -> Self {
        Self { slots: args.into_iter().map(Some).collect() }
    }

    fn take(&mut self, index: usize) -> Arg<'a, T> {
        match self.slots.get_mut(index).and_then(Option::take) {
            Some(arg) => arg,
            None => panic!("binding {index} is absent or was taken before"),
        }
    }

    /// Puts a tensor in the place of one that was taken.
    pub(super) fn put(&mut self, index: usize, arg: Arg<'a, T>) {
        self.slots[index] = Some(arg);
    }

    /// Binding `index` as read-only reals.
    pub fn real(&mut self, index: usize) -> &'a [T] {
        match self.take(index) {
            Arg::Real(x) => x,
            _ => panic!("binding {index} is not read-only reals"),
        }
    }

    /// Binding `index` as writable reals.
    pub fn real_mut(&mut self, index: usize) -> &'a mut [T] {
        match self.take(index) {
            Arg::RealMut(x) => x,
            _ => panic!("binding {index} is not writable reals"),
        }
    }

    /// Binding `index` as read-only words.
    pub fn uint(&mut self, index: usize) -> &'a [u32] {
        match self.take(index) {
            Arg::Uint(x) => x,
            _ => panic!("binding {index} is not read-only words"),
        }
    }

    /// Binding `index` as writable words.
    pub fn uint_mut(&mut self, index: usize) -> &'a mut [u32] {
        match self.take(index) {
            Arg::UintMut(x) => x,
            _ => panic!("binding {index} is not writable words"),
        }
    }
}
