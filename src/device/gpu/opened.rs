//! Adapters that are open. One that an executor is done with serves the next, with all that it has compiled: a check opens hundreds of
//! executors one after another, and a run one more for each probe.

use super::AdapterEntry;
use super::pipelines::Pipelines;
use crate::device::DeviceError;
use crate::quiet::quietly;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wgpu::{Device, DeviceLostReason, PollType, Queue};

/// An open adapter: one executor's at a time, so that no error and no waiting of one is another's.
pub struct Opened {
    pub device: Device,
    pub queue: Queue,
    pipelines: Mutex<Pipelines>,
    cooperative: bool,
    checked: bool,
    error: Arc<Mutex<Option<String>>>,
}

impl Opened {
    fn new(adapter: &AdapterEntry, cooperative: bool, checked: bool) -> Result<Self, DeviceError> {
        let (device, queue) = adapter.open(cooperative)?;
        let error = Arc::new(Mutex::new(None));
        let (uncaptured, lost) = (error.clone(), error.clone());
        device.on_uncaptured_error(Arc::new(move |problem: wgpu::Error| keep_first(&uncaptured, problem.to_string())));
        device.set_device_lost_callback(move |reason, message| {
            if reason != DeviceLostReason::Destroyed {
                keep_first(&lost, format!("the device was lost: {message}"));
            }
        });
        let pipelines = Mutex::new(Pipelines::new(&device, adapter, checked));
        Ok(Self { device, queue, pipelines, cooperative, checked, error })
    }

    /// What went wrong on it first.
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was compiled for it.
    pub fn pipelines(&self) -> MutexGuard<'_, Pipelines> {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what its last executor left behind, whose memory is free then. False where it is of no use any more.
    fn settle(&self) -> bool {
        self.device.poll(PollType::wait_indefinitely()).is_ok() && self.error().is_none()
    }
}

fn keep_first(slot: &Mutex<Option<String>>, message: String) {
    slot.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
}

/// The opened ones of an adapter, in use and idle.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Arc<Opened>>>);

impl Pool {
    /// One that no executor has, opened if there is none.
    pub fn take(&self, adapter: &AdapterEntry, cooperative: bool, checked: bool) -> Result<Arc<Opened>, DeviceError> {
        while let Some(idle) = self.idle(cooperative, checked) {
            if quietly(|| idle.settle()) == Ok(true) {
                return Ok(idle);
            }
            self.all().retain(|one| !Arc::ptr_eq(one, &idle));
            discard(idle);
        }
        let opened = Arc::new(Opened::new(adapter, cooperative, checked)?);
        self.all().push(opened.clone());
        Ok(opened)
    }

    fn idle(&self, cooperative: bool, checked: bool) -> Option<Arc<Opened>> {
        let suits = |one: &&Arc<Opened>| (one.cooperative, one.checked) == (cooperative, checked);
        self.all().iter().filter(suits).find(|one| Arc::strong_count(one) == 1).cloned()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Opened>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The graphics stack may panic when it drops what was lost.
fn discard<T>(opened: T) {
    let _gone = quietly(|| drop(opened));
}

impl Drop for Pool {
    fn drop(&mut self) {
        discard(mem::take(&mut *self.all()));
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} open", self.all().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::gpu::adapters;

    #[test]
    fn one_is_used_again_unless_it_failed_or_is_in_use() {
        if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
            return;
        }
        let adapter = adapters().into_iter().next().expect("a graphics adapter");
        let pool = Pool::default();
        let take = |checked| pool.take(&adapter, false, checked).expect("it opens");
        let first = take(false);
        let other = take(false);
        assert!(!Arc::ptr_eq(&first, &other), "it is in use");
        let known = Arc::as_ptr(&first);
        drop(first);
        assert_ne!(Arc::as_ptr(&take(true)), known, "its shaders are not checked");
        let first = take(false);
        assert_eq!(Arc::as_ptr(&first), known);
        keep_first(&first.error, "it was lost".to_owned());
        drop(first);
        let next = take(false);
        assert_eq!(next.error(), None);
        assert_eq!(pool.all().len(), 3, "what failed is gone, the checked one and two in use are there");
    }
}
