//! Twin of `shaders/loss/covariance.wgsl`: VICReg's variance and covariance.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, rows_mut, side_by_side};
use encase::ShaderType;

/// VICReg's hinge on the standard deviation and its penalty on covariances (Bardes, Ponce and LeCun, 2022, equations 1 to
/// 4), the hinge averaged and the penalty summed over the views.
///
/// Tensors: products `[columns, columns]`, `Zc^T Zc` of the centred `[images, columns]`, replaced by W with `dZ = Zc W`;
/// variance `[columns]` and covariance `[columns]`, whose sums are the weighted terms. A column is
/// `view * width + dimension`.
#[derive(Clone, Debug)]
pub struct Covariance {
    /// Images, at least 2.
    pub images: usize,
    /// Views of each image.
    pub views: usize,
    /// Dimensions.
    pub width: usize,
    /// Weight of the variance term.
    pub variance_weight: f64,
    /// Weight of the covariance term.
    pub covariance_weight: f64,
    /// Added to a variance before its root.
    pub epsilon: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    views: u32,
    width: u32,
    variance_weight: f32,
    covariance_weight: f32,
    epsilon: f32,
}

impl Covariance {
    fn columns(&self) -> usize {
        self.views * self.width
    }
}

impl Kernel for Covariance {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let columns = self.columns();
        vec![
            // Variances lie on its diagonal.
            Binding::real("products", Access::Update, columns * columns).within(0.0, 1.0),
            Binding::real("variance", Access::Write, columns),
            Binding::real("covariance", Access::Write, columns),
        ]
    }

    fn params(&self) -> Params {
        Params {
            images: self.images as u32,
            views: self.views as u32,
            width: self.width as u32,
            variance_weight: self.variance_weight as f32,
            covariance_weight: self.covariance_weight as f32,
            epsilon: self.epsilon as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::per_row(shader!("loss/covariance").reducing(64), self.columns())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (products, variance, covariance) = (args.real_mut(0), args.real_mut(1), args.real_mut(2));
        let (columns, width) = (self.columns(), self.width);
        let share = T::of(1.0 / (self.images - 1) as f64);
        let covariance_scale = T::of(self.covariance_weight / width as f64);
        let variance_scale = T::of(self.variance_weight / columns as f64);
        let [four, epsilon] = [4.0, self.epsilon].map(T::of);
        let products = rows_mut(&mut products[..columns * columns], columns);
        let all = (each_mut(variance), each_mut(covariance), products);
        side_by_side(all, 8, |i, (variance, covariance, row)| {
            let first = i / width * width;
            let mut sum = T::ZERO;
            for (j, c) in row.iter_mut().enumerate() {
                let value = *c * share;
                if i == j {
                    let deviation = (value + epsilon).sqrt();
                    *variance = (T::ONE - deviation).max(T::ZERO) * variance_scale;
                    *c = if deviation < T::ONE { -share / deviation * variance_scale } else { T::ZERO };
                } else if (first..first + width).contains(&j) {
                    sum += value * value;
                    *c = four * value * share * covariance_scale; // C_ij stands for C_ji as well
                } else {
                    *c = T::ZERO;
                }
            }
            *covariance = sum * covariance_scale;
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(images, views, width)| Self {
            images,
            views,
            width,
            variance_weight: 25.0,
            covariance_weight: 1.5,
            epsilon: 1e-4,
        };
        [(2, 2, 1), (5, 3, 7), (13, 2, 67)].map(example).into()
    }
}
