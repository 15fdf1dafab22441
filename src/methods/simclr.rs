//! SimCLR (Chen et al., 2020): InfoNCE (NT-Xent) over unit projections of the views.

use super::{Batch, Forward, Model, Objective};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::loss::infonce::InfoNce;
use crate::kernels::loss::normalise::{Normalise, NormaliseBackward};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::{Graph, Tensor};
use serde::{Deserialize, Serialize};

/// Settings of the contrast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Temperature, tau.
    pub temperature: f64,
}

/// SimCLR.
#[derive(Clone, Debug)]
pub struct SimClr {
    /// The contrast.
    pub settings: Settings,
    /// Widths of the projector's layers; none compares the representations themselves.
    pub projector: Vec<usize>,
}

impl Objective for SimClr {
    fn terms(&self) -> &'static [&'static str] {
        &["infonce"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::with_head(params, sizes, "proj", &self.projector)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, width) = forward.z.shape.as_matrix();
        let scale = 1.0 / rows as f64;
        let unit = normalise(g, forward.z);
        // The rows of the matrix of similarities are independent; their gradient takes their place.
        let similarity = g.tensor("similarity", [rows, rows]);
        let product = Matmul { form: Form::Nt, m: rows, n: rows, k: width, epilogue: Epilogue::None };
        g.push("similarity", product, &[unit, unit, unit, similarity]);
        let terms = g.tensor("infonce", [rows]);
        let kernel =
            InfoNce { rows, views: batch.views, temperature: self.settings.temperature, gradient_scale: scale };
        g.push("infonce", kernel, &[similarity, terms]);
        model.record(g, 0, terms, scale);

        // s = u u^T, so du = (ds + ds^T) u.
        let dunit = g.grad_first(unit);
        let product = |form, epilogue| Matmul { form, m: rows, n: width, k: rows, epilogue };
        g.push("infonce backward", product(Form::Nn, Epilogue::None), &[similarity, unit, unit, dunit]);
        g.push("infonce backward", product(Form::Tn, Epilogue::Accumulate), &[similarity, unit, unit, dunit]);
        forward
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
