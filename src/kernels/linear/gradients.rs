//! Twin of `shaders/linear/gradients.wgsl`: the gradients of a linear layer's weight and bias.

use super::column_sum::column_sums;
use crate::kernels::cost::Work;
use crate::kernels::product::Multiply;
use crate::kernels::product::half::Operand;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Product, Shader, Tuning};
use crate::math::Real;
use crate::math::gemm::{Matrix, gemm};
use encase::ShaderType;

/// `dW = dy^T x` and `db = sum over rows of dy`.
///
/// Tensors: dy `[rows, outputs]`, x `[rows, inputs]`, the gradients of weight `[outputs, inputs]` and bias `[outputs]`.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// Rows of a step.
    pub rows: usize,
    /// What the layer reads of each.
    pub inputs: usize,
    /// What it writes of each.
    pub outputs: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    inputs: u32,
    outputs: u32,
}

impl Kernel for Gradients {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("dy", Access::Read, self.rows * self.outputs),
            Binding::real("x", Access::Read, self.rows * self.inputs),
            Binding::real("weight", Access::Write, self.outputs * self.inputs),
            Binding::real("bias", Access::Write, self.outputs),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, inputs: self.inputs as u32, outputs: self.outputs as u32 }
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        self.sizes().launch(self.operands(), tuning)
    }

    fn work(&self, tuning: &Tuning) -> Work {
        self.sizes().work(self.bindings(), tuning, (self.rows * self.inputs * self.outputs) as u64)
    }

    fn product(&self) -> Option<Product> {
        Some(self.sizes())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, x, weight, bias) = (args.real(0), args.real(1), args.real_mut(2), args.real_mut(3));
        let Self { rows, inputs, outputs } = *self;
        let (left, right) = (Matrix::new(&dy[..rows * outputs], rows, outputs), &x[..rows * inputs]);
        gemm(left.t(), Matrix::new(right, rows, inputs), &mut weight[..outputs * inputs], false);
        column_sums(&dy[..rows * outputs], &mut bias[..outputs]);
    }

    fn examples() -> Vec<Self> {
        let sizes = [
            (1, 1, 1),
            (3, 7, 5),
            (16, 64, 64),
            (33, 130, 65),
            (50, 20, 128),
            (61, 200, 3),
            (129, 10, 67),
            (20, 36, 8),
            // More than one of the largest tiles.
            (19, 290, 300),
        ];
        sizes.map(|(rows, inputs, outputs)| Self { rows, inputs, outputs }).into()
    }
}

impl Multiply for Gradients {
    const OPERANDS: [usize; 2] = [0, 1];
    const GRADIENTS: &'static [Option<Operand>] = &[Some(Operand::Left)];

    fn operands(&self) -> Shader {
        shader!("linear/gradients")
    }

    /// The bias is one more column of the weight.
    fn sizes(&self) -> Product {
        let Self { rows, inputs, outputs } = self;
        // As a product without the bias, and the choice of the ones.
        Product::whole(format!("linear gradients {outputs}x{inputs}x{rows}"), [*outputs, inputs + 1, *rows], 9)
            .by_fours(inputs.is_multiple_of(4))
            .reading([outputs, inputs].map(|row| row.is_multiple_of(4)))
    }
}
