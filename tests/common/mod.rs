//! What several test files share.

use wgpu_simvae::gpu::{AdapterEntry, adapters};

/// The adapter to test on: a real GPU if there is one, else a software one. `None` only where
/// `WGPU_SIMVAE_SKIP_GPU_TESTS` is set; a machine without any adapter fails the test otherwise.
pub fn adapter() -> Option<AdapterEntry> {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        println!("WGPU_SIMVAE_SKIP_GPU_TESTS is set: not run on a GPU");
        return None;
    }
    let mut found = adapters();
    assert!(
        !found.is_empty(),
        "no graphics adapter: install a Vulkan driver (apt-get install mesa-vulkan-drivers), \
         or set WGPU_SIMVAE_SKIP_GPU_TESTS=1"
    );
    Some(found.swap_remove(0))
}

/// Relative error of a tensor, `norm(got - want) / norm(want)`; the norm of `got` where `want` is zero.
pub fn relative_error(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let norm = |x: f64| x.sqrt();
    let difference = norm(got.iter().zip(want).map(|(g, w)| (g - w) * (g - w)).sum());
    let size = norm(want.iter().map(|w| w * w).sum());
    if size > 0.0 { difference / size } else { difference }
}
