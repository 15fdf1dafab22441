//! SimCLR (Chen et al., 2020): InfoNCE (NT-Xent) over unit projections of the views.

use super::{Batch, Comparison, Example, Facts, Forward, Golden, Method, Model, Needs, Objective};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::loss::infonce::InfoNce;
use crate::kernels::loss::normalise::{Normalise, NormaliseBackward};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::{Graph, Tensor};
use crate::setting::settings_table;

settings_table! {
    /// SimCLR: the setting of its contrast.
    pub struct SimClr("simclr") {
        /// Temperature, tau.
        pub temperature: f64 = 0.7 => Allowed::real(1e-3, 1e3),
    }
}

impl Method for SimClr {
    const NAME: &'static str = "simclr";
    const ABOUT: &'static str = "SimCLR (Chen et al., 2020): views of an image are told from those of others, InfoNCE";
    const NEEDS: Needs = Needs { fewest_views: 2, fewest_images: 2, ..Needs::ANY };
    const GOLDEN: &'static [&'static str] = &["infonce_"];

    fn golden(facts: &Facts) -> Golden<Self> {
        let method = Self { temperature: facts.tau.unwrap_or(0.7) };
        Golden { method, views: 2, terms: vec![("total", 1.0)], summed: false }
    }

    fn examples() -> Vec<Example<Self>> {
        vec![Example::with_projector("simclr", 3, &[9, 7], Self { temperature: 0.3 })]
    }
}

impl Objective for SimClr {
    fn terms(&self) -> &'static [&'static str] {
        &["infonce"]
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

impl Comparison for SimClr {
    fn compare(&self, g: &mut Graph, model: &Model, z: Tensor, views: usize) {
        let (rows, width) = z.shape.as_matrix();
        let scale = 1.0 / rows as f64;
        let unit = normalise(g, z);
        // The rows of the matrix of similarities are independent; their gradient takes their place.
        let similarity = g.tensor("similarity", [rows, rows]);
        let product = Matmul { form: Form::Nt, m: rows, n: rows, k: width, epilogue: Epilogue::None };
        g.push("similarity", product, &[unit, unit, unit, similarity]);
        let terms = g.tensor("infonce", [rows]);
        let kernel = InfoNce { rows, views, temperature: self.temperature, gradient_scale: scale };
        g.push("infonce", kernel, &[similarity, terms]);
        model.record(g, &[terms], scale);

        // s = u u^T, so du = (ds + ds^T) u.
        let dunit = g.grad_first(unit);
        let product = |form, epilogue| Matmul { form, m: rows, n: width, k: rows, epilogue };
        g.push("infonce backward", product(Form::Nn, Epilogue::None), &[similarity, unit, unit, dunit]);
        g.push("infonce backward", product(Form::Tn, Epilogue::Accumulate), &[similarity, unit, unit, dunit]);
    }
}

/// Emits rows of length one and remembers the backward.
fn normalise(g: &mut Graph, x: Tensor) -> Tensor {
    let (rows, width) = x.shape.as_matrix();
    let unit = g.tensor("unit", [rows, width]);
    g.push("normalise", Normalise { rows, width }, &[x, unit]);
    g.on_backward(move |g| {
        let Some(dunit) = g.grad(unit) else { return };
        let dx = g.grad_first(x);
        g.push("normalise backward", NormaliseBackward { rows, width }, &[x, unit, dunit, dx]);
    });
    unit
}
