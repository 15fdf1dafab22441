//! One line per kernel.
//!
//! `wgpu-simvae shaders` writes the WGSL of their examples, and the kernel tests run each of them on every device against its twin.

use super::product::half::Half;
use super::{AnyKernel, Kernel, Shader, Tuning};
use super::{activation, augment, ceiling, conv, latent, linear, loss, norm, optim, probe, winograd};
use std::collections::BTreeMap;
use std::sync::Arc;

type Shown = Vec<Arc<dyn AnyKernel>>;

/// Every kernel in every permutation, at sizes of one, primes, and beside the edges of tiles and workgroups.
pub fn examples() -> Shown {
    let all = [
        of::<activation::Activation>(),
        of::<activation::ActivationBackward>(),
        of::<augment::blur::Blur>(),
        of::<augment::colour::Colour>(),
        of::<augment::cut::Cut>(),
        of::<augment::effects::Effects>(),
        of::<augment::labels::Labels>(),
        of::<augment::sample::Sample>(),
        of::<augment::solarise::Solarise>(),
        of::<augment::sprites::Sprites>(),
        of::<augment::views::Views>(),
        of::<ceiling::copy::Copy>(),
        of::<ceiling::fma::Fma>(),
        of::<conv::average_pool::AveragePool>(),
        of::<conv::average_pool::AveragePoolBackward>(),
        of::<conv::channel_sum::ChannelSum>(),
        of::<conv::correlate::Correlate>(),
        of::<conv::max_pool::MaxPool>(),
        of::<conv::max_pool::MaxPoolBackward>(),
        of::<conv::transposed::Transposed>(),
        of::<conv::weight_gradient::WeightGradient>(),
        of::<latent::normal::Normal>(),
        of::<latent::reparameterise::Reparameterise>(),
        of::<latent::reparameterise::ReparameteriseBackward>(),
        of::<linear::column_sum::ColumnSum>(),
        of::<linear::gradients::Gradients>(),
        of::<linear::matmul::Matmul>(),
        of::<loss::centre::Centre>(),
        of::<loss::consistency::Consistency>(),
        of::<loss::covariance::Covariance>(),
        of::<loss::cross_entropy::CrossEntropy>(),
        of::<loss::infonce::InfoNce>(),
        of::<loss::invariance::Invariance>(),
        of::<loss::kl::Kl>(),
        of::<loss::likelihood::Likelihood>(),
        of::<loss::normalise::Normalise>(),
        of::<loss::normalise::NormaliseBackward>(),
        of::<loss::record::Record>(),
        of::<loss::simvae::SimVae>(),
        of::<norm::batch_norm::BatchNorm>(),
        of::<norm::batch_norm_backward::BatchNormBackward>(),
        of::<norm::batch_norm_sums::BatchNormSums>(),
        of::<norm::moments::Moments>(),
        of::<optim::accumulate::Accumulate>(),
        of::<optim::adam::Adam>(),
        of::<optim::clock::Clock>(),
        of::<probe::agree::Agree>(),
        of::<probe::correct::Correct>(),
        of::<probe::gather::Gather>(),
        of::<probe::nearest::Nearest>(),
        of::<probe::squared_error::SquaredError>(),
        of::<probe::squares::Squares>(),
        of::<winograd::filters::Filters>(),
        of::<winograd::filters::FilterGradients>(),
        of::<winograd::join::Join>(),
        of::<winograd::products::Products>(),
        of::<winograd::split::Split>(),
        of::<Half<linear::matmul::Matmul>>(),
        of::<Half<linear::gradients::Gradients>>(),
        of::<Half<conv::correlate::Correlate>>(),
        of::<Half<conv::transposed::Transposed>>(),
        of::<Half<conv::weight_gradient::WeightGradient>>(),
        of::<optim::loss_scale::Largest>(),
        of::<optim::loss_scale::LossScale>(),
    ];
    all.into_iter().flatten().collect()
}

fn of<K: Kernel>() -> Shown {
    K::examples().into_iter().map(|kernel| Arc::new(kernel) as Arc<dyn AnyKernel>).collect()
}

/// The WGSL of every permutation, by label, for every tuning.
pub fn shaders() -> BTreeMap<String, Shader> {
    examples()
        .iter()
        .flat_map(|kernel| Tuning::ALL.map(|tuning| kernel.launch(&tuning).shader))
        .map(|shader| (shader.label(), shader))
        .collect()
}
