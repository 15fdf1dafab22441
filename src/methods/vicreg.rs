//! VICReg (Bardes, Ponce and LeCun, 2022): invariance of the views, variance and decorrelation of the dimensions.

use super::{Batch, Comparison, Example, Facts, Forward, Golden, Method, Model, Needs, Objective};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::loss::centre::Centre;
use crate::kernels::loss::covariance::Covariance;
use crate::kernels::loss::invariance::Invariance;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::{Graph, Tensor};
use crate::setting::settings_table;

/// Added to a variance before its root, as in the authors' code.
const EPSILON: f64 = 1e-4;

settings_table! {
    /// VICReg: the weights of its terms; the logged terms are weighted.
    pub struct VicReg("vicreg") {
        /// Weight of the invariance.
        pub invariance: f64 = 25.0 => Allowed::weight(),
        /// Weight of the variance.
        pub variance: f64 = 25.0 => Allowed::weight(),
        /// Weight of the covariance.
        pub covariance: f64 = 1.0 => Allowed::weight(),
    }
}

impl Method for VicReg {
    const NAME: &'static str = "vicreg";
    const ABOUT: &'static str = "VICReg (Bardes, Ponce and LeCun, 2022): invariance, variance and covariance";
    const NEEDS: Needs = Needs { fewest_views: 2, fewest_images: 2, ..Needs::ANY };
    const GOLDEN: &'static [&'static str] = &["vicreg_"];

    fn golden(_: &Facts) -> Golden<Self> {
        let terms = vec![("inv", 25.0), ("var", 25.0), ("cov", 1.0)];
        Golden { method: Self::default(), views: 2, terms, summed: false }
    }

    fn examples() -> Vec<Example<Self>> {
        let method = Self { invariance: 25.0, variance: 20.0, covariance: 1.5 };
        vec![Example::with_projector("vicreg", 3, &[5], method)]
    }
}

impl Objective for VicReg {
    fn terms(&self) -> &'static [&'static str] {
        &["invariance", "variance", "covariance"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::with_head(params, sizes, "proj", sizes.projector)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        self.compare(g, model, forward.z, batch.views);
        forward
    }

    fn comparison(&self) -> Option<&dyn Comparison> {
        Some(self)
    }
}

impl Comparison for VicReg {
    fn compare(&self, g: &mut Graph, model: &Model, z: Tensor, views: usize) {
        let (rows, width) = z.shape.as_matrix();
        let (images, columns) = (rows / views, views * width);
        let dz = g.grad_first(z);
        let invariance = g.tensor("invariance", [images, width]);
        let kernel = Invariance { images, views, width, weight: self.invariance };
        g.push("invariance", kernel, &[z, invariance, dz]);

        // The views of an image are adjacent, so all of them together are one row `[view * width + dimension]`.
        let centred = g.tensor("centred", [images, columns]);
        g.push("centre", Centre { rows: images, columns }, &[z, centred]);
        let products = g.tensor("products", [columns, columns]);
        let product = Matmul { form: Form::Tn, m: columns, n: columns, k: images, epilogue: Epilogue::None };
        g.push("products", product, &[centred, centred, centred, products]);
        let variance = g.tensor("variance", [columns]);
        let covariance = g.tensor("covariance", [columns]);
        let kernel = Covariance {
            images,
            views,
            width,
            variance_weight: self.variance,
            covariance_weight: self.covariance,
            epsilon: EPSILON,
        };
        g.push("covariance", kernel, &[products, variance, covariance]);
        model.record(g, &[invariance, variance, covariance], 1.0);
        // The gradient's columns have mean zero like those of `centred`, so centring has no backward of its own.
        let product = Matmul { form: Form::Nn, m: images, n: columns, k: columns, epilogue: Epilogue::Accumulate };
        g.push("covariance backward", product, &[centred, products, centred, dz]);
    }
}
