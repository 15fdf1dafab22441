//! Where a run computes: on one device, on several of this machine, or in several processes.

use crate::Failure;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::Recipe;
use wgpu_simvae::console::{Volume, set_volume};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::group::Member;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::train::{Progress, Report, RunOptions, run_in_group, run_on};

/// The devices of a run, and the group of processes that this one belongs to, if there is one.
pub struct Spread {
    devices: Vec<Device>,
    group: Option<Member>,
}

impl Spread {
    /// The devices that are wanted. In a process of a group that is one of them: the next one for each process of a machine.
    pub fn choose(wanted: &[DeviceRequest], untimed: bool) -> Result<Self, Failure> {
        let place = place();
        let wanted = match place {
            Some(on_machine) => &wanted[on_machine % wanted.len()..][..1],
            None => wanted,
        };
        let devices = wanted.iter().map(choose).collect::<Result<Vec<_>, _>>()?;
        let devices: Vec<Device> =
            devices.into_iter().map(|device| if untimed { device.untimed() } else { device }).collect();
        let group = place.map(|_| join(&devices[0].name())).transpose()?;
        if group.as_ref().is_some_and(|group| group.rank() > 0) {
            // The first process tells what happens.
            set_volume(Volume::Quiet);
        }
        Ok(Self { devices, group })
    }

    /// The first device.
    pub fn device(&self) -> &Device {
        &self.devices[0]
    }

    /// Trains. A process that follows has no report.
    pub fn run(
        &self,
        recipe: &Recipe,
        data: &Dataset,
        options: &RunOptions,
        progress: &mut dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Option<Report>, Failure> {
        Ok(match &self.group {
            Some(group) => run_in_group(recipe, data, (self.device(), group), options, progress, stop)?,
            None => Some(run_on(recipe, data, &self.devices, options, progress, stop)?),
        })
    }
}

/// The number of this process among those of its machine that `mpirun`, `mpiexec` or `srun` has started together; none where it was started
/// alone.
pub fn place() -> Option<usize> {
    let number = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok()?.parse::<usize>().ok());
    let processes = number(&["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])?;
    let on_machine = number(&["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"]).unwrap_or(0);
    (processes > 1).then_some(on_machine)
}

/// Joins the processes that were started together, with the name of this one's device.
#[cfg(feature = "mpi")]
pub fn join(device: &str) -> Result<Member, Failure> {
    Ok(wgpu_simvae::device::group::Ranks::join(device)?)
}

/// Refuses, as there is no way to the other processes.
#[cfg(not(feature = "mpi"))]
pub fn join(_device: &str) -> Result<Member, Failure> {
    let fix =
        "processes of this program were started together, and it was built without MPI: cargo install --features mpi";
    Err(crate::usage(anyhow::anyhow!(fix)))
}
