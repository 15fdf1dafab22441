//! Twin of `shaders/probe/agree.wgsl`: the score of questions that are answered by yes or no.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// 1 where an answer is recognised: in the first half of a row of hits a yes whose logit is at least zero, in the second half
/// a no whose logit is below it. A logit that is no number recognises nothing.
///
/// Tensors: logits `[rows, outputs]`, answers `[rows, outputs]` with 1 for yes and 0 for no, hits `[rows, 2 outputs]`.
#[derive(Clone, Debug)]
pub struct Agree {
    /// Rows.
    pub rows: usize,
    /// Questions.
    pub outputs: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    outputs: u32,
}

impl Kernel for Agree {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.outputs;
        vec![
            Binding::real("logits", Access::Read, count),
            Binding::real("answers", Access::Read, count).within(0.0, 1.0),
            Binding::real("hits", Access::Write, 2 * count),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, outputs: self.outputs as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("probe/agree"), self.rows * self.outputs)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (logits, answers, hits) = (args.real(0), args.real(1), args.real_mut(2));
        let rows = logits.chunks_exact(self.outputs).zip(answers.chunks_exact(self.outputs));
        for (hits, (logits, answers)) in hits.chunks_exact_mut(2 * self.outputs).zip(rows).take(self.rows) {
            let (known, refused) = hits.split_at_mut(self.outputs);
            for (o, (&logit, &answer)) in logits.iter().zip(answers).enumerate() {
                let yes = answer >= T::of(0.5);
                known[o] = T::of(f64::from(u8::from(yes && logit >= T::ZERO)));
                refused[o] = T::of(f64::from(u8::from(!yes && logit < T::ZERO)));
            }
        }
    }

    fn examples() -> Vec<Self> {
        [(1, 1), (7, 3), (67, 36)].map(|(rows, outputs)| Self { rows, outputs }).into()
    }
}
