//! Twin of `shaders/linear/matmul.wgsl`: the matrix products of training.

use crate::kernels::cost::Work;
use crate::kernels::product::Multiply;
use crate::kernels::product::half::Operand;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Product, Shader, Tuning};
use crate::math::Real;
use crate::math::gemm::{Matrix, gemm};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::simd;
use encase::ShaderType;

/// Which operands are transposed in memory. All matrices are row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Form {
    /// `A [m, k] * B [n, k]^T`: forward, `y = x W^T`.
    Nt = 0,
    /// `A [m, k] * B [k, n]`: gradient of the input, `dx = dy W`.
    Nn = 1,
    /// `A [k, m]^T * B [k, n]`: gradient of the weight, `dW = dy^T x`.
    Tn = 2,
}

impl Form {
    /// Tells a shader, and gives it the operands.
    pub(in crate::kernels) fn with(self, shader: Shader) -> Shader {
        shader.constant("FORM", self as u32).with(wgsl!("linear/operands"))
    }

    /// Whether the rows of either operand in memory are a multiple of four long.
    pub(in crate::kernels) fn reads(self, [m, n, k]: [usize; 3]) -> [bool; 2] {
        let rows = match self {
            Form::Nt => [k, k],
            Form::Nn => [k, n],
            Form::Tn => [m, n],
        };
        rows.map(|row| row.is_multiple_of(4))
    }

    /// `op(A) [m, k]` and `op(B) [k, n]` as they lie in memory.
    pub(in crate::kernels) fn operands<'a, T: Real>(
        self,
        [a, b]: [&'a [T]; 2],
        [m, n, k]: [usize; 3],
    ) -> [Matrix<'a, T>; 2] {
        match self {
            Form::Nt => [Matrix::new(a, m, k), Matrix::new(b, n, k).t()],
            Form::Nn => [Matrix::new(a, m, k), Matrix::new(b, k, n)],
            Form::Tn => [Matrix::new(a, k, m).t(), Matrix::new(b, k, n)],
        }
    }
}

/// What happens to the product before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epilogue {
    /// Nothing.
    None,
    /// Add a bias to each column; `relu` then clips at zero.
    Bias {
        /// Clip at zero.
        relu: bool,
    },
    /// Zero where the auxiliary matrix `[m, n]`, the output of a ReLU, is zero: the backward of that ReLU.
    ReluMask,
    /// Add to what C holds.
    Accumulate,
}

/// `C = op(A) op(B)` with an epilogue.
///
/// Tensors: a, b, aux (bias `[n]` or mask `[m, n]`; where the epilogue has none, any tensor of four numbers or more), c `[m, n]`.
#[derive(Clone, Debug)]
pub struct Matmul {
    /// Which operands are transposed.
    pub form: Form,
    /// Rows of C.
    pub m: usize,
    /// Columns of C.
    pub n: usize,
    /// Length of the sums.
    pub k: usize,
    /// What happens to the product before it is stored.
    pub epilogue: Epilogue,
}

/// The uniform block of `shaders/linear/operands.wgsl`.
#[derive(ShaderType)]
pub struct Params {
    m: u32,
    n: u32,
    k: u32,
}

impl Params {
    pub(in crate::kernels) fn new(sizes: [usize; 3]) -> Self {
        let [m, n, k] = sizes.map(|size| size as u32);
        Self { m, n, k }
    }
}

impl Kernel for Matmul {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let aux = match self.epilogue {
            Epilogue::Bias { .. } => self.n,
            Epilogue::ReluMask => self.m * self.n,
            // Bound all the same, and no shorter than one element of what the shader declares.
            Epilogue::None | Epilogue::Accumulate => {
                if self.by_fours() {
                    4
                } else {
                    0
                }
            }
        };
        let c = if self.epilogue == Epilogue::Accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("a", Access::Read, self.m * self.k),
            Binding::real("b", Access::Read, self.n * self.k),
            Binding::real("aux", Access::Read, aux),
            Binding::real("c", c, self.m * self.n),
        ]
    }

    fn params(&self) -> Params {
        Params::new([self.m, self.n, self.k])
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        self.sizes().launch(self.operands(), tuning)
    }

    fn work(&self, tuning: &Tuning) -> Work {
        self.sizes().work(self.bindings(), tuning, (self.m * self.n * self.k) as u64)
    }

    fn product(&self) -> Option<Product> {
        Some(self.sizes())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (a, b, aux, c) = (args.real(0), args.real(1), args.real(2), args.real_mut(3));
        let (m, n, k) = (self.m, self.n, self.k);
        let [a, b] = self.form.operands([&a[..m * k], &b[..n * k]], [m, n, k]);
        let c = &mut c[..m * n];
        gemm(a, b, c, self.epilogue == Epilogue::Accumulate);
        match self.epilogue {
            Epilogue::None | Epilogue::Accumulate => {}
            Epilogue::Bias { relu } => {
                let floor = if relu { T::ZERO } else { T::LOWEST };
                rows(c, n, |c, _| {
                    for (c, &bias) in c.iter_mut().zip(aux) {
                        *c = (*c + bias).max(floor);
                    }
                });
            }
            Epilogue::ReluMask => rows(c, n, |c, first| {
                for (c, &y) in c.iter_mut().zip(&aux[first..]) {
                    *c = if y > T::ZERO { *c } else { T::ZERO };
                }
            }),
        }
    }

    fn examples() -> Vec<Self> {
        let sizes = [
            (1, 1, 1),
            (5, 7, 3),
            (64, 64, 16),
            (65, 130, 33),
            (128, 20, 50),
            (3, 200, 61),
            (67, 10, 129),
            (8, 36, 20),
            // More than one of the largest tiles.
            (300, 290, 19),
        ];
        let epilogues = [
            Epilogue::None,
            Epilogue::Bias { relu: false },
            Epilogue::Bias { relu: true },
            Epilogue::ReluMask,
            Epilogue::Accumulate,
        ];
        let mut all = Vec::new();
        for (m, n, k) in sizes {
            for form in [Form::Nt, Form::Nn, Form::Tn] {
                all.extend(epilogues.map(|epilogue| Self { form, m, n, k, epilogue }));
            }
        }
        all
    }
}

impl Multiply for Matmul {
    const OPERANDS: [usize; 2] = [0, 1];
    const GRADIENTS: &'static [Option<Operand>] = &[None, Some(Operand::Left)];

    fn operands(&self) -> Shader {
        self.form
            .with(shader!("linear/matmul"))
            .constant("BIAS", matches!(self.epilogue, Epilogue::Bias { .. }))
            .constant("RELU", self.epilogue == Epilogue::Bias { relu: true })
            .constant("MASK", self.epilogue == Epilogue::ReluMask)
            .constant("ACCUMULATE", self.epilogue == Epilogue::Accumulate)
    }

    fn sizes(&self) -> Product {
        // A multiplication and an addition of the address, the edge, the load and its turn into zero beyond it.
        let Self { form, m, n, k, .. } = self;
        let sizes = [*m, *n, *k];
        Product::whole(format!("linear {form:?} {m}x{n}x{k}").to_lowercase(), sizes, 6)
            .by_fours(self.by_fours())
            .reading(form.reads(sizes))
    }
}

impl Matmul {
    fn by_fours(&self) -> bool {
        self.n.is_multiple_of(4) && self.m * self.k >= 4
    }
}

/// Runs `f` on every row of a matrix with the index of the row's first element, in parallel and vectorised.
fn rows<T: Real>(matrix: &mut [T], width: usize, f: impl Fn(&mut [T], usize) + Sync) {
    side_by_side(rows_mut(matrix, width), 16, |row, slice| {
        simd::vectorize(
            #[inline(always)]
            || f(slice, row * width),
        );
    });
}
