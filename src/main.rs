use std::path::Path;
use wgpu_simvae::check::*;
use wgpu_simvae::device::*;
fn main() {
    let cpu = choose(&DeviceRequest::Cpu).unwrap();
    let gpu = choose(&DeviceRequest::Gpu).unwrap();
    let t = gpu.tune().unwrap();
    println!("{t:?}");
    let targets = [
        Target::Reference,
        Target::Device(cpu, Default::default()),
        Target::Device(
            gpu,
            wgpu_simvae::kernels::Tuning { matmul: wgpu_simvae::kernels::linear::matmul::Variant::Strip },
        ),
    ];
    let mut rows = central_differences().unwrap();
    for t in &targets[1..] {
        rows.extend(lockstep(t).unwrap());
    }
    rows.extend(golden(Path::new("/work/shared/golden"), &targets).unwrap());
    println!("{}", Table { rows });
}
