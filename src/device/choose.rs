//! Which device a run uses, and why.

use super::{DeviceError, Executor};
use crate::console::detail;
use crate::device::cpu::{self, CpuExecutor};
use crate::device::gpu::{AdapterEntry, GpuExecutor, GpuOptions, Guarded, adapters, largest_buffer, tuning};
use crate::kernels::Tuning;
use crate::kernels::cost::Machine;
use crate::plan::{Layout, Plan};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// Which device is wanted, as `--device` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceRequest {
    /// A real GPU, else the CPU.
    #[default]
    Auto,
    /// The first adapter, a software one too.
    Gpu,
    /// The native CPU executor.
    Cpu,
    /// The adapter with this number in `wgpu-simvae devices`.
    Index(usize),
    /// The first adapter whose name contains this, letter case ignored.
    Name(String),
}

impl FromStr for DeviceRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "" => Err("a device is `auto`, `gpu`, `cpu`, a number or part of an adapter's name".to_owned()),
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            _ => Ok(text.parse().map_or_else(|_| Self::Name(text), Self::Index)),
        }
    }
}

/// A chosen device, not yet opened, and the kernels that suit it.
#[derive(Clone, Debug)]
pub struct Device {
    adapter: Option<Arc<AdapterEntry>>,
    tuning: OnceLock<Tuning>,
    /// Whether its kernels are given, whatever suits it.
    given: bool,
    /// Whether nothing is timed on it.
    untimed: bool,
    /// Names of the devices that compute each step with it.
    beside: Vec<String>,
    /// What was chosen and why, on one line.
    pub reason: String,
}

impl Device {
    /// The native CPU executor.
    pub fn cpu() -> Self {
        Self::with(None, "native CPU kernels".to_owned())
    }

    fn gpu(adapter: AdapterEntry, why: &str) -> Self {
        let reason = format!("{}: {why}", adapter.describe());
        Self::with(Some(Arc::new(adapter)), reason)
    }

    fn with(adapter: Option<Arc<AdapterEntry>>, reason: String) -> Self {
        Self { adapter, tuning: OnceLock::new(), given: false, untimed: false, beside: Vec::new(), reason }
    }

    /// The same device with these kernels, whatever suits it: those that a resumed run began with.
    pub fn tuned(&self, tuning: Tuning) -> Self {
        Self { tuning: OnceLock::from(tuning), given: true, ..self.clone() }
    }

    /// The same device where nothing is timed: its matrix products are as the cost model suggests.
    pub fn untimed(&self) -> Self {
        let tuning = self.adapter.as_deref().map(tuning::guess).unwrap_or_default();
        Self { tuning: OnceLock::from(tuning), untimed: true, ..self.clone() }
    }

    /// The same device with the loops that a plan's products are computed by, those that it was given or those that suit it; nothing is timed.
    ///
    /// # Errors
    /// When the adapter fails during the trial of its loops.
    pub fn suited_to(&self, plan: &Plan) -> Result<Self, DeviceError> {
        let Some(adapter) = self.adapter.as_deref().filter(|_| !self.given) else { return Ok(self.clone()) };
        let tuning = Tuning { cooperative: tuning::cooperates(adapter, plan), ..self.tuning()? };
        Ok(Self { tuning: OnceLock::from(tuning), ..self.clone() })
    }

    /// [`Device::suited_to`], and with a tile for each matrix product: those that it was given, or else those that a short trial finds, or an
    /// earlier one has found. `note` is told of a trial.
    ///
    /// # Errors
    /// When the adapter fails during the trial of its loops.
    pub fn tuned_to(&self, plan: &Plan, note: &mut dyn FnMut(&str)) -> Result<Self, DeviceError> {
        let Some(adapter) = self.adapter.as_deref() else { return Ok(self.clone()) };
        let mut tuning = self.suited_to(plan)?.tuning()?;
        if !self.given && !self.untimed {
            tuning.tiles = tuning::timed(adapter, &tuning, plan, tuning::BUDGET, tuning::file().as_deref(), note);
        }
        let tuning = tuning::complete(tuning, plan);
        for (product, tile) in &tuning.tiles {
            detail(format_args!("kernels: {product} in tiles {tile:?}"));
        }
        Ok(self.tuned(tuning))
    }

    /// The name that a checkpoint keeps, to tell whether a resumed run is on the device that it began on.
    pub fn name(&self) -> String {
        let own = self.adapter.as_deref().map_or_else(|| "CPU".to_owned(), AdapterEntry::describe);
        std::iter::once(&own).chain(&self.beside).map(String::as_str).collect::<Vec<_>>().join(" beside ")
    }

    /// The same device as the first of several that compute each step together; the others by their names.
    pub fn beside(&self, others: Vec<String>) -> Self {
        Self { beside: others, ..self.clone() }
    }

    /// A name for tables: the adapter's without its driver, or `CPU f32`.
    pub fn short_name(&self) -> String {
        self.adapter.as_deref().map_or_else(|| "CPU f32".to_owned(), |adapter| adapter.info.name.clone())
    }

    /// What is known of the adapter; none where this is the CPU.
    pub fn adapter(&self) -> Option<&wgpu::AdapterInfo> {
        self.adapter.as_deref().map(|adapter| &adapter.info)
    }

    /// The kernels that suit this device, from the cache or by a short timed trial; asked for once.
    ///
    /// # Errors
    /// When the adapter fails during the trial.
    pub fn tuning(&self) -> Result<Tuning, DeviceError> {
        match (self.tuning.get(), self.adapter.as_deref()) {
            (Some(tuning), _) => Ok(tuning.clone()),
            (None, None) => Ok(Tuning::default()),
            (None, Some(adapter)) => tuning::cached(adapter).map(|tuning| self.tuning.get_or_init(|| tuning).clone()),
        }
    }

    /// Whether it computes products in half precision by cooperative matrices.
    pub fn is_cooperative(&self) -> bool {
        self.adapter.as_deref().is_some_and(|adapter| adapter.cooperative)
    }

    /// What plans for this device are recorded for.
    pub fn machine(&self) -> Machine {
        match self.adapter.as_deref() {
            None => Machine::Twins,
            Some(adapter) if adapter.is_software() => Machine::Software,
            Some(_) => Machine::Gpu,
        }
    }

    /// The most bytes that one buffer on this device can hold and a shader can count.
    pub fn room(&self) -> u64 {
        let room = self.adapter.as_deref().map_or_else(cpu::room, |adapter| largest_buffer(&adapter.limits));
        room.min(u32::MAX.into())
    }

    /// Refuses, before anything is allocated, what this device has no memory for: the regions of a layout, and the slots of a plan beside
    /// them. The host holds `copies` numbers at a time meanwhile, as when a checkpoint is written.
    ///
    /// # Errors
    /// When a part is too large, with both sizes.
    pub fn check_room(&self, layout: &Layout, plan: Option<&Plan>, copies: u64) -> Result<(), DeviceError> {
        let arena = plan.map(|plan| (plan.name.as_str(), &plan.arena));
        let slots = arena.iter().flat_map(|(name, arena)| arena.slots.iter().map(|slot| (*name, slot.len as u64)));
        let regions = layout.regions().iter().map(|region| (region.name.as_str(), region.len as u64));
        let most = self.adapter.as_deref().map_or(u64::MAX, |adapter| largest_buffer(&adapter.limits));
        // Kernels count elements in words.
        let available = most.min(u64::from(u32::MAX) * 4);
        for (name, len) in regions.chain(slots) {
            let needed = len.saturating_mul(4);
            if needed > available {
                return Err(DeviceError::TooLarge {
                    what: format!("buffer `{name}`"),
                    device: self.name(),
                    needed,
                    available,
                });
            }
        }
        match &self.adapter {
            Some(_) => cpu::check_f32("a checkpoint of the model", [copies]),
            None => {
                let arena = arena.map_or(0, |(_, arena)| arena.elements());
                cpu::check_f32("the model with its data, step and checkpoint", [layout.elements(), arena, copies])
            }
        }
    }

    /// Opens the device and allocates `layout`.
    ///
    /// # Errors
    /// When the adapter cannot be opened, a region does not fit it, or it fails during the trial of its kernels.
    pub fn open(&self, layout: &Layout) -> Result<Box<dyn Executor>, DeviceError> {
        Ok(match &self.adapter {
            Some(adapter) => {
                let options = GpuOptions { tuning: self.tuning()?, ..GpuOptions::default() };
                Box::new(Guarded::open(&adapter.describe(), || GpuExecutor::new(adapter, layout, options))?)
            }
            None => Box::new(CpuExecutor::<f32>::new(layout)?),
        })
    }
}

/// The executor that gradient checks trust: the twins in double precision.
///
/// # Errors
/// When the machine lacks the memory.
pub fn reference(layout: &Layout) -> Result<Box<dyn Executor>, DeviceError> {
    Ok(Box::new(CpuExecutor::<f64>::new(layout)?))
}

/// Chooses a device.
///
/// # Errors
/// When the wanted adapter is not there; the message lists those that are.
pub fn choose(request: &DeviceRequest) -> Result<Device, DeviceError> {
    if *request == DeviceRequest::Cpu {
        return Ok(Device::with(None, "native CPU kernels: asked for".to_owned()));
    }
    let mut found = adapters();
    let names: Vec<String> = found.iter().enumerate().map(|(i, a)| format!("{i}: {}", a.describe())).collect();
    detail(format_args!("adapters: {}", if names.is_empty() { "none".to_owned() } else { names.join("; ") }));
    let hint = || {
        if names.is_empty() {
            "No graphics adapter was found. Install a Vulkan driver (Debian and Ubuntu: `apt-get install \
             mesa-vulkan-drivers` for a software one), or use `--device cpu`"
                .to_owned()
        } else {
            format!("There are {}; `cpu` always works", names.join("; "))
        }
    };
    let unknown = |wanted: String| DeviceError::UnknownName { wanted, hint: hint() };
    match request {
        DeviceRequest::Auto | DeviceRequest::Cpu => Ok(match found.iter().position(|adapter| !adapter.is_software()) {
            Some(index) => Device::gpu(found.swap_remove(index), "the first real GPU"),
            None if found.is_empty() => {
                Device::with(None, "native CPU kernels: no graphics driver was found".to_owned())
            }
            None => Device::with(
                None,
                "native CPU kernels: faster than the software adapter, the only one found".to_owned(),
            ),
        }),
        DeviceRequest::Gpu if found.is_empty() => {
            Err(DeviceError::NoAdapter { wanted: "--device gpu".to_owned(), hint: hint() })
        }
        DeviceRequest::Gpu => Ok(Device::gpu(found.swap_remove(0), "the first adapter")),
        DeviceRequest::Index(index) if *index < found.len() => {
            Ok(Device::gpu(found.swap_remove(*index), "asked for by number"))
        }
        DeviceRequest::Index(index) => Err(unknown(format!("--device {index}"))),
        DeviceRequest::Name(name) => {
            match found.iter().position(|adapter| adapter.describe().to_lowercase().contains(name)) {
                Some(index) => Ok(Device::gpu(found.swap_remove(index), "asked for by name")),
                None => Err(unknown(format!("--device {name}"))),
            }
        }
    }
}
