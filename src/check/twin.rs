//! A kernel on a device against its twin.

use super::relative_error;
use crate::device::{Device, DeviceError, Executor, Values, reference};
use crate::kernels::{Access, AnyKernel, Binding, Content, DType};
use crate::plan::{Graph, Layout, PlanId, Tensor};

/// Runs a kernel once on a device, and its twin in double precision, on inputs that its bindings' domains allow: the largest
/// relative error of what it writes. A shader of one's own is right where this is about 1e-6, or what its arithmetic explains.
///
/// # Errors
/// When the device fails, or the kernel's bindings are not those of its shader.
pub fn twin_error(kernel: impl AnyKernel + 'static, device: &Device) -> Result<f64, DeviceError> {
    let bindings = kernel.bindings();
    let mut graph = Graph::new("kernel and twin");
    let tensors: Vec<Tensor> = bindings
        .iter()
        .map(|binding| match binding.dtype {
            DType::Real => graph.input(binding.name, [binding.len]),
            DType::Uint => graph.input_uints(binding.name, [binding.len]),
        })
        .collect();
    graph.push("kernel", kernel, &tensors);
    let (plan, layout) = (graph.finish()?, Layout::default());
    let run = |mut executor: Box<dyn Executor>| -> Result<Vec<Values>, DeviceError> {
        let id = executor.load(plan.clone())?;
        outputs(executor.as_mut(), id, &bindings, &tensors)
    };
    let (got, want) = (run(device.open(&layout)?)?, run(reference(&layout)?)?);
    let errors = got.iter().zip(&want).map(|(got, want)| relative_error(&got.to_f64(), &want.to_f64()));
    Ok(errors.fold(0.0, f64::max))
}

/// Writes what the kernel reads, runs it, and reads what it wrote.
fn outputs(
    executor: &mut dyn Executor,
    plan: PlanId,
    bindings: &[Binding],
    tensors: &[Tensor],
) -> Result<Vec<Values>, DeviceError> {
    let bound = || bindings.iter().zip(tensors).enumerate();
    for (position, (binding, &tensor)) in bound().filter(|(_, (binding, _))| binding.access != Access::Write) {
        let values = match binding.example([1, position as u32]) {
            Content::Reals(x) => Values::F32(x),
            Content::Words(x) => Values::U32(x),
        };
        executor.write(tensor, &values)?;
    }
    executor.run(plan, 1)?;
    let written = bound().filter(|(_, (binding, _))| binding.access != Access::Read);
    written.map(|(_, (_, &tensor))| executor.read(tensor)).collect()
}
