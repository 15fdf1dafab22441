//! One line per kernel: examples of every permutation at awkward sizes.
//!
//! `wgpu-simvae shaders` writes their WGSL, and the kernel tests run each of them on every device against its twin.

use super::activation::{Activation, ActivationBackward, Function};
use super::augment::effects::{BlurSettings, EffectSettings, Effects, JitterSettings, SolariseSettings};
use super::augment::{
    blur::Blur, colour::Colour, labels::Labels, sample::Sample, solarise::Solarise, sprites::Sprites, views::Ring,
    views::Views,
};
use super::common::philox::Purpose;
use super::conv::average_pool::{AveragePool, AveragePoolBackward};
use super::conv::channel_sum::ChannelSum;
use super::conv::correlate::Correlate;
use super::conv::max_pool::{MaxPool, MaxPoolBackward, Pooling};
use super::conv::transposed::Transposed;
use super::conv::weight_gradient::WeightGradient;
use super::conv::{ConvEpilogue, ConvShape};
use super::latent::normal::Normal;
use super::latent::reparameterise::{Reparameterise, ReparameteriseBackward};
use super::linear::column_sum::ColumnSum;
use super::linear::matmul::{Epilogue, Form, Matmul};
use super::loss::centre::Centre;
use super::loss::consistency::Consistency;
use super::loss::covariance::Covariance;
use super::loss::cross_entropy::CrossEntropy;
use super::loss::infonce::InfoNce;
use super::loss::invariance::Invariance;
use super::loss::kl::Kl;
use super::loss::likelihood::{Likelihood, LikelihoodKind};
use super::loss::normalise::{Normalise, NormaliseBackward};
use super::loss::record::Record;
use super::loss::simvae::{ContentPrior, SimVae};
use super::norm::batch_norm::BatchNorm;
use super::norm::batch_norm_backward::{BatchNormBackward, ResidualGradient};
use super::norm::batch_norm_sums::BatchNormSums;
use super::norm::moments::Moments;
use super::optim::{adam::Adam, clock::Clock};
use super::planes::Planes;
use super::probe::{correct::Correct, gather::Gather, nearest::Nearest, squared_error::SquaredError, squares::Squares};
use super::{AnyKernel, Shader, Tuning};
use crate::kernels::linear::matmul::Variant;
use std::collections::BTreeMap;
use std::sync::Arc;

type Examples = Vec<Arc<dyn AnyKernel>>;

/// Every kernel in every permutation, at sizes of one, primes, and beside the edges of tiles and workgroups.
pub fn examples() -> Examples {
    let all = [
        activations(),
        augmentations(),
        effects(),
        latents(),
        products(),
        convolutions(),
        pools(),
        norms(),
        losses(),
        comparisons(),
        optimisers(),
        probes(),
    ];
    all.into_iter().flatten().collect()
}

/// The WGSL of every permutation, by label, for every tuning.
pub fn shaders() -> BTreeMap<String, Shader> {
    let tunings = [Variant::Tile, Variant::Strip].map(|matmul| Tuning { matmul });
    examples()
        .iter()
        .flat_map(|kernel| tunings.iter().map(|tuning| kernel.launch(tuning).shader))
        .map(|shader| (shader.label(), shader))
        .collect()
}

fn shared(kernel: impl AnyKernel + 'static) -> Arc<dyn AnyKernel> {
    Arc::new(kernel)
}

fn activations() -> Examples {
    let mut all = Examples::new();
    for function in [Function::Relu, Function::Sigmoid] {
        for count in [1, 63, 64, 1009] {
            all.push(shared(Activation { function, count }));
            all.push(shared(ActivationBackward { function, count }));
        }
    }
    all
}

fn augmentations() -> Examples {
    let mut all = Examples::new();
    for (images, rows, views, height, width) in
        [(6, 1, 1, 2, 3), (7, 14, 2, 5, 9), (11, 33, 3, 28, 28), (9, 6, 6, 32, 17)]
    {
        for crop in [false, true] {
            all.push(shared(Sample {
                images,
                rows,
                views,
                plain: u32::from(crop && views == 3),
                height,
                width,
                shuffle: crop,
                crop,
                area: [0.4, 1.0],
                aspect: [0.75, 4.0 / 3.0],
                horizontal_flip: 0.5,
                vertical_flip: 0.5,
            }));
        }
        for (channels, threshold) in [(1, false), (1, true), (3, false)] {
            let [images, rows, views, height, width] = [images, rows, views, height, width].map(|x| x as usize);
            let stride = Ring::stride(rows / views * channels * height * width);
            for ring in [None, Some(Ring { steps: 2, stride })] {
                all.push(shared(Views { images, rows, channels, height, width, threshold, views, ring }));
            }
        }
    }
    for (images, rows) in [(6, 1), (11, 67)] {
        all.push(shared(Labels { images, rows }));
    }
    for (channels, size) in [(1, 28), (3, 32), (1, 4)] {
        all.push(shared(Sprites { images: 13, channels, size, classes: 5, segments: 7, stream: 1, seed: 1 << 40 }));
    }
    all
}

fn effects() -> Examples {
    let settings = EffectSettings {
        jitter: JitterSettings { probability: 0.8, brightness: 0.8, contrast: 1.5, saturation: 0.8, hue: 0.2 },
        grey: 0.2,
        blur: BlurSettings { probability: 0.5, kernel: 3, sigma: [0.1, 2.0] },
        solarise: SolariseSettings { probability: 0.3, threshold: 0.5 },
    };
    let mut all = Examples::new();
    for (rows, plain) in [(1, 0), (67, 1), (1009, 0)] {
        all.push(shared(Effects { rows, plain, settings: settings.clone() }));
    }
    for (rows, height, width) in [(1, 1, 1), (3, 2, 5), (7, 9, 8), (29, 28, 17)] {
        for channels in [1, 3] {
            all.push(shared(Colour { rows, channels, plane: height * width }));
            for (kernel, vertical) in [(1, false), (3, false), (3, true), (23, false), (23, true)] {
                all.push(shared(Blur { rows, channels, height, width, kernel, vertical }));
            }
        }
        for black_and_white in [false, true] {
            all.push(shared(Solarise { rows, width: height * width, threshold: 0.6, black_and_white }));
        }
    }
    all
}

fn latents() -> Examples {
    let mut all = Examples::new();
    for count in [1, 3, 4, 5, 1013] {
        all.push(shared(Normal { count, purpose: Purpose::Noise }));
    }
    for (rows, latent) in [(1, 1), (7, 3), (31, 10), (2, 64)] {
        all.push(shared(Reparameterise { rows, latent }));
        for accumulate in [false, true] {
            all.push(shared(ReparameteriseBackward { rows, latent, accumulate }));
        }
    }
    all
}

fn products() -> Examples {
    let sizes = [
        (1, 1, 1),
        (5, 7, 3),
        (64, 64, 16),
        (65, 130, 33),
        (128, 20, 50),
        (3, 200, 61),
        (67, 10, 129),
        (8, 36, 20),
        (600, 1000, 5),
        (1300, 1450, 19),
    ];
    let epilogues = [
        Epilogue::None,
        Epilogue::Bias { relu: false },
        Epilogue::Bias { relu: true },
        Epilogue::ReluMask,
        Epilogue::Accumulate,
    ];
    let mut all = Examples::new();
    for (m, n, k) in sizes {
        for form in [Form::Nt, Form::Nn, Form::Tn] {
            all.extend(epilogues.map(|epilogue| shared(Matmul { form, m, n, k, epilogue })));
        }
        all.push(shared(ColumnSum { rows: m, columns: n }));
    }
    // Large enough for the larger tiles.
    for (m, n, k) in [(600, 1000, 5), (1300, 1450, 19)] {
        for form in [Form::Nt, Form::Nn, Form::Tn] {
            all.push(shared(Matmul { form, m, n, k, epilogue: Epilogue::Bias { relu: true } }));
        }
    }
    all
}

fn convolutions() -> Examples {
    // Images, image and map, kernel, stride and padding; the map's sides follow from the others.
    let sizes = [
        (1, [1, 1, 1], [1, 1, 1], 1, 1, 0),
        (3, [3, 10, 9], [8, 8, 7], 3, 1, 0),
        (2, [5, 15, 15], [7, 15, 15], 3, 1, 1),
        (5, [7, 15, 15], [6, 8, 8], 3, 2, 1),
        (7, [3, 11, 8], [2, 8, 5], 4, 1, 0),
        (70, [2, 10, 6], [5, 5, 3], 7, 2, 3),
        (67, [9, 2, 2], [13, 2, 2], 3, 1, 1),
        (2, [11, 8, 7], [17, 4, 4], 1, 2, 0),
        (3, [19, 23, 29], [67, 23, 29], 1, 1, 0),
        (2, [3, 9, 10], [5, 3, 3], 2, 4, 1),
        (50, [3, 16, 16], [65, 16, 16], 3, 1, 1),
        (33, [19, 5, 7], [17, 5, 7], 3, 1, 1),
        (17, [16, 9, 4], [23, 7, 2], 3, 1, 0),
        (16, [17, 2, 2], [18, 4, 4], 3, 1, 2),
        (35, [33, 2, 2], [16, 2, 2], 3, 1, 1),
        (19, [16, 1, 1], [16, 1, 1], 3, 1, 1),
    ];
    let mut all = Examples::new();
    for (images, image, map, kernel, stride, padding) in sizes {
        let shape = ConvShape { images, image, map, kernel, stride, padding };
        for epilogue in [ConvEpilogue::None, ConvEpilogue::Bias, ConvEpilogue::Accumulate] {
            all.push(shared(Correlate { shape, epilogue }));
            all.push(shared(Transposed { shape, epilogue }));
        }
        all.push(shared(WeightGradient { shape }));
        all.push(shared(ChannelSum { planes: Planes { images, channels: map[0], area: map[1] * map[2] } }));
    }
    all
}

fn pools() -> Examples {
    let mut all = Examples::new();
    for (planes, input, output, kernel, stride, padding) in [
        (1, [1, 1], [2, 2], 2, 1, 1),
        (6, [9, 8], [5, 4], 3, 2, 1),
        (7, [30, 29], [15, 15], 3, 2, 1),
        (3, [7, 5], [3, 2], 2, 2, 0),
        (2, [6, 7], [6, 7], 3, 1, 1),
    ] {
        let pooling = Pooling { planes, input, output, kernel, stride, padding };
        all.push(shared(MaxPool { pooling }));
        all.push(shared(MaxPoolBackward { pooling }));
        all.push(shared(AveragePool { planes, area: input[0] * input[1] }));
        all.push(shared(AveragePoolBackward { planes, area: input[0] * input[1] }));
    }
    all
}

fn norms() -> Examples {
    let mut all = Examples::new();
    for (images, channels, area) in [(3, 1, 1), (2, 3, 7), (5, 7, 64), (67, 13, 4), (19, 5, 131)] {
        let planes = Planes { images, channels, area };
        for training in [false, true] {
            all.push(shared(Moments { planes, momentum: 0.1, epsilon: 1e-5, training }));
        }
        for relu in [false, true] {
            for residual in [false, true] {
                all.push(shared(BatchNorm { planes, residual, relu }));
            }
            all.push(shared(BatchNormSums { planes, relu }));
            for residual in [ResidualGradient::None, ResidualGradient::Write, ResidualGradient::Add] {
                all.push(shared(BatchNormBackward { planes, relu, residual }));
            }
        }
    }
    all
}

fn losses() -> Examples {
    let mut all = Examples::new();
    for kind in [LikelihoodKind::Gaussian, LikelihoodKind::Bernoulli] {
        for (rows, width) in [(1, 1), (3, 49), (17, 130)] {
            all.push(shared(Likelihood { kind, rows, width, variance: 0.02, gradient_scale: 1.0 / rows as f64 }));
        }
    }
    for (rows, classes) in [(1, 3), (7, 10), (67, 131)] {
        all.push(shared(CrossEntropy { rows, classes, gradient_scale: 1.0 / rows as f64 }));
    }
    for (rows, latent) in [(1, 1), (7, 3), (31, 10)] {
        all.push(shared(Kl { rows, latent, beta: 4.0, gradient_scale: 1.0 / rows as f64 }));
        all.push(shared(Consistency { pairs: rows, latent, lambda: 0.1, gradient_scale: 1.0 / rows as f64 }));
    }
    for prior in [ContentPrior::Uniform, ContentPrior::Gaussian] {
        for (images, views, latent) in [(1, 2, 1), (5, 3, 7), (13, 10, 10)] {
            let gradient_scale = 1.0 / (images * views) as f64;
            all.push(shared(SimVae {
                images,
                views,
                latent,
                variance: 0.15,
                prior,
                entropy_scale: 1.5,
                gradient_scale,
            }));
        }
    }
    for (count, column) in [(1, 1), (63, 2), (1009, 3)] {
        all.push(shared(Record { count, scale: 0.25, capacity: 5, columns: 4, column }));
    }
    all
}

fn comparisons() -> Examples {
    let mut all = Examples::new();
    for (rows, width) in [(1, 1), (7, 3), (65, 131)] {
        all.push(shared(Normalise { rows, width }));
        all.push(shared(NormaliseBackward { rows, width }));
        all.push(shared(Centre { rows, columns: width }));
    }
    for (rows, views) in [(2, 2), (10, 2), (21, 3), (134, 2)] {
        all.push(shared(InfoNce { rows, views, temperature: 0.7, gradient_scale: 1.0 / rows as f64 }));
    }
    for (images, views, width) in [(2, 2, 1), (5, 3, 7), (13, 2, 67)] {
        all.push(shared(Invariance { images, views, width, weight: 25.0 }));
        all.push(shared(Covariance {
            images,
            views,
            width,
            variance_weight: 25.0,
            covariance_weight: 1.5,
            epsilon: 1e-4,
        }));
    }
    all
}

fn optimisers() -> Examples {
    let mut all = Examples::new();
    for count in [1, 64, 1021] {
        all.push(shared(Adam { count, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }));
    }
    for (warmup_steps, total_steps) in [(0, 0), (10_000, 0), (3, 10_000)] {
        all.push(shared(Clock {
            images: 1000,
            batch: 999,
            warmup_steps,
            total_steps,
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
        }));
    }
    all
}

fn probes() -> Examples {
    let mut all = Examples::new();
    for (rows, width) in [(1, 1), (7, 3), (65, 10), (130, 67)] {
        all.push(shared(Squares { rows, width }));
    }
    for (queries, points, k) in [(1, 1, 1), (3, 32, 32), (5, 63, 2), (7, 64, 5), (2, 65, 20), (67, 1009, 32)] {
        all.push(shared(Nearest { queries, points, k }));
    }
    for (images, rows, width) in [(6, 1, 1), (7, 5, 10), (11, 67, 33)] {
        all.push(shared(Gather { images, rows, width }));
    }
    for count in [1, 63, 1009] {
        all.push(shared(SquaredError { count, gradient_scale: 0.25 }));
    }
    for (rows, classes) in [(1, 3), (7, 10), (67, 131)] {
        all.push(shared(Correct { rows, classes }));
    }
    all
}
