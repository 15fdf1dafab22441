//! Twin of `shaders/loss/likelihood.wgsl`: the reconstruction term.

use super::variance::Variance;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{each_mut, rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// How pixels are distributed given the decoder's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LikelihoodKind {
    /// Normal around sigmoid(logits); the paper.
    Gaussian,
    /// Bernoulli with these logits, its cross-entropy divided by the variance as the authors' code does on MNIST.
    Bernoulli,
}

impl LikelihoodKind {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["gaussian", "bernoulli"]
    }
}

/// `-log p(x | z)` of each row without constants, and its gradient.
///
/// Tensors: logits `[rows, width]`, targets `[rows, width]`, terms `[rows]`, dlogits `[rows, width]`; of a learned variance, which a Gaussian
/// alone has, also its logarithm `[1]`, and the terms' derivatives with respect to it, `[rows]`.
#[derive(Clone, Debug)]
pub struct Likelihood {
    /// The distribution.
    pub kind: LikelihoodKind,
    /// Rows.
    pub rows: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Observation variance s_x^2.
    pub variance: Variance,
    /// The loss's derivative with respect to one row's term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    width: u32,
    inverse_variance: f32,
    gradient_scale: f32,
}

/// Sums are split into this many lanes, added in a fixed order.
const LANES: usize = 16;

impl Kernel for Likelihood {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.width;
        let mut all = vec![
            Binding::real("logits", Access::Read, count),
            Binding::real("targets", Access::Read, count).within(0.0, 1.0),
            Binding::real("terms", Access::Write, self.rows),
            Binding::real("dlogits", Access::Write, count),
        ];
        all.extend(self.variance.bindings(self.rows));
        all
    }

    fn params(&self) -> Params {
        Params {
            rows: self.rows as u32,
            width: self.width as u32,
            inverse_variance: self.variance.inverse() as f32,
            gradient_scale: self.gradient_scale as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("loss/likelihood")
            .with(common::math::WGSL)
            .reducing(64)
            .constant("BERNOULLI", self.kind == LikelihoodKind::Bernoulli);
        let shader = self.variance.of_shader(shader, wgsl!("loss/likelihood_variance"));
        Launch::per_row(shader, self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (logits, targets) = (args.real(0), args.real(1));
        let (terms, dlogits) = (args.real_mut(2), args.real_mut(3));
        let width = self.width;
        let bernoulli = self.kind == LikelihoodKind::Bernoulli;
        let logvar = if self.variance == Variance::Learned { args.real(4)[0] } else { T::ZERO };
        let precision = self.variance.precision(logvar);
        let scale = match self.variance {
            Variance::Fixed(variance) => T::of(self.gradient_scale / variance),
            Variance::Learned => T::of(self.gradient_scale) * precision,
        };
        let outputs = (each_mut(&mut terms[..self.rows]), rows_mut(dlogits, width));
        let inputs = (rows(logits, width), rows(targets, width));
        side_by_side((outputs, inputs), 1, |_, ((term, dlogits), (logits, targets))| {
            simd::vectorize(
                #[inline(always)]
                || {
                    let mut lanes = [T::ZERO; LANES];
                    let chunks = dlogits.chunks_mut(LANES).zip(logits.chunks(LANES)).zip(targets.chunks(LANES));
                    for ((dlogits, logits), targets) in chunks {
                        let rows = lanes.iter_mut().zip(dlogits).zip(logits.iter().zip(targets));
                        if bernoulli {
                            for ((lane, d), (&logit, &x)) in rows {
                                *lane += logit.softplus() - x * logit;
                                *d = (logit.sigmoid() - x) * scale; // (s - x) / variance
                            }
                        } else {
                            for ((lane, d), (&logit, &x)) in rows {
                                let mean = logit.sigmoid();
                                let error = mean - x;
                                *lane += T::of(0.5) * error * error;
                                *d = error * mean * (T::ONE - mean) * scale; // times ds/dlogit = s (1 - s)
                            }
                        }
                    }
                    *term = precision * lanes.iter().copied().sum::<T>();
                },
            );
        });
        if self.variance == Variance::Learned {
            let half = T::of(0.5 * width as f64);
            for (term, slope) in terms.iter_mut().zip(args.real_mut(5)).take(self.rows) {
                *slope = (half - *term) * T::of(self.gradient_scale);
                *term += half * logvar;
            }
        }
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, width)| {
            let fixed = Self {
                kind: LikelihoodKind::Gaussian,
                rows,
                width,
                variance: Variance::Fixed(0.02),
                gradient_scale: 1.0 / rows as f64,
            };
            let bernoulli = Self { kind: LikelihoodKind::Bernoulli, ..fixed.clone() };
            let learned = Self { variance: Variance::Learned, ..fixed.clone() };
            [fixed, bernoulli, learned]
        };
        [(1, 1), (3, 49), (17, 130)].into_iter().flat_map(example).collect()
    }
}
