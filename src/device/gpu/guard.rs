//! The graphics stack panics where it should return an error: when a device is lost while it is waited for, and when what is left of it is
//! dropped. Here that becomes an error.

use crate::device::{DeviceError, Executor, Ticket, Timeline, Values};
use crate::plan::{Layout, Plan, PlanId, Tensor};
use crate::quiet::quietly;
use std::mem::ManuallyDrop;
use std::ops::Range;

/// An executor whose panics are errors. After the first it is not used any more.
pub struct Guarded<E: Executor> {
    inner: ManuallyDrop<E>,
    device: String,
    failed: Option<String>,
}

impl<E: Executor> Guarded<E> {
    /// Opens an executor of this name.
    ///
    /// # Errors
    /// When that fails, or panics.
    pub fn open(device: &str, open: impl FnOnce() -> Result<E, DeviceError>) -> Result<Self, DeviceError> {
        let inner = quietly(open).map_err(|message| failed(device, &message))??;
        Ok(Self { inner: ManuallyDrop::new(inner), device: device.to_owned(), failed: None })
    }

    pub(super) fn guard<T>(&mut self, call: impl FnOnce(&mut E) -> Result<T, DeviceError>) -> Result<T, DeviceError> {
        if let Some(message) = &self.failed {
            return Err(failed(&self.device, message));
        }
        let inner: &mut E = &mut self.inner;
        quietly(|| call(inner)).unwrap_or_else(|message| {
            let error = failed(&self.device, &message);
            self.failed = Some(message);
            Err(error)
        })
    }
}

fn failed(device: &str, message: &str) -> DeviceError {
    DeviceError::Failed { device: device.to_owned(), message: format!("the graphics stack gave up: {message}") }
}

impl<E: Executor> Drop for Guarded<E> {
    fn drop(&mut self) {
        // What has failed would fail again: it is left to the end of the process.
        if self.failed.is_none() {
            let inner = &mut self.inner;
            // SAFETY: dropped once, here, and not used afterwards.
            let _gone = quietly(|| unsafe { ManuallyDrop::drop(inner) });
        }
    }
}

impl<E: Executor> Executor for Guarded<E> {
    fn device(&self) -> &str {
        &self.device
    }

    fn layout(&self) -> &Layout {
        self.inner.layout()
    }

    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
        self.guard(|inner| inner.load(plan))
    }

    fn allocated_bytes(&self) -> Option<u64> {
        self.inner.allocated_bytes()
    }

    fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.inner.plan(id)
    }

    fn unload(&mut self, id: PlanId) {
        let _told_by_the_next_call = self.guard(|inner| {
            inner.unload(id);
            Ok(())
        });
    }

    fn run(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError> {
        self.guard(|inner| inner.run(id, times))
    }

    fn run_part(&mut self, id: PlanId, dispatches: Range<usize>) -> Result<(), DeviceError> {
        self.guard(|inner| inner.run_part(id, dispatches))
    }

    fn timeline(&mut self, id: PlanId) -> Result<Timeline, DeviceError> {
        self.guard(|inner| inner.timeline(id))
    }

    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        self.guard(|inner| inner.write(tensor, values))
    }

    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        self.guard(|inner| inner.read(tensor))
    }

    fn request(&mut self, tensor: Tensor) -> Result<Ticket, DeviceError> {
        self.guard(|inner| inner.request(tensor))
    }

    fn arrived(&mut self, ticket: Ticket, wait: bool) -> Result<Option<Values>, DeviceError> {
        self.guard(|inner| inner.arrived(ticket, wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::DType;

    /// A device that is lost as soon as it is waited for, and panics once more when it is dropped.
    #[derive(Default)]
    struct Lost(Layout);

    impl Drop for Lost {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    impl Executor for Lost {
        fn device(&self) -> &str {
            "lost"
        }
        fn layout(&self) -> &Layout {
            &self.0
        }
        fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
            Ok(plan.id)
        }
        fn plan(&self, _id: PlanId) -> Result<&Plan, DeviceError> {
            Err(failed("lost", "no plan"))
        }
        fn unload(&mut self, _id: PlanId) {}
        fn run(&mut self, _id: PlanId, _times: u32) -> Result<(), DeviceError> {
            Ok(())
        }
        fn run_part(&mut self, _id: PlanId, _dispatches: Range<usize>) -> Result<(), DeviceError> {
            Ok(())
        }
        fn write(&mut self, _tensor: Tensor, _values: &Values) -> Result<(), DeviceError> {
            Ok(())
        }
        fn read(&mut self, _tensor: Tensor) -> Result<Values, DeviceError> {
            panic!("the parent device is lost")
        }
        fn request(&mut self, _tensor: Tensor) -> Result<Ticket, DeviceError> {
            Ok(Ticket::unique())
        }
        fn arrived(&mut self, _ticket: Ticket, _wait: bool) -> Result<Option<Values>, DeviceError> {
            Ok(None)
        }
    }

    #[test]
    fn a_panic_is_an_error_that_stays() {
        let mut layout = Layout::default();
        let tensor = layout.add("numbers", DType::Real, [1]);
        let mut device = Guarded::open("card", || Ok(Lost(layout))).expect("it opens");
        device.write(tensor, &Values::F32(vec![0.0])).expect("it works at first");
        for _ in 0..2 {
            let error = device.read(tensor).expect_err("it is lost").to_string();
            assert!(error.contains("card") && error.contains("the parent device is lost"), "{error}");
        }
        device.write(tensor, &Values::F32(vec![0.0])).expect_err("it stays lost");
        drop(device);
        drop(Guarded::open("card", || Ok(Lost::default())).expect("it opens"));
        let refused = Guarded::<Lost>::open("card", || panic!("no instance")).map(|_| ()).expect_err("it panics");
        assert!(refused.to_string().contains("no instance"));
    }
}
