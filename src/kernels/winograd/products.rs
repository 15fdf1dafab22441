//! Twin of `shaders/winograd/products.wgsl`: a matrix product for each place of the tiles.

use super::Side;
use crate::kernels::cost::Work;
use crate::kernels::linear::matmul::{Form, Params};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Product, Tuning};
use crate::math::Real;
use crate::math::gemm::product;
use crate::math::pieces::{rows, rows_mut, side_by_side};

/// `C = op(A) op(B)` at every place of a tile. Tensors: a, b, c `[place, m, n]`.
#[derive(Clone, Debug)]
pub struct Products {
    /// Results of a tile.
    pub side: Side,
    /// Which operands are transposed.
    pub form: Form,
    /// Rows of C.
    pub m: usize,
    /// Columns of C.
    pub n: usize,
    /// Length of the sums.
    pub k: usize,
}

impl Kernel for Products {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let places = self.side.places();
        vec![
            Binding::real("a", Access::Read, places * self.m * self.k),
            Binding::real("b", Access::Read, places * self.n * self.k),
            Binding::real("c", Access::Write, places * self.m * self.n),
        ]
    }

    fn params(&self) -> Params {
        Params::new([self.m, self.n, self.k])
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        self.sizes().launch(self.form.with(shader!("winograd/products")), tuning)
    }

    fn work(&self, tuning: &Tuning) -> Work {
        let multiply_adds = (self.side.places() * self.m * self.n * self.k) as u64;
        self.sizes().work(self.bindings(), tuning, multiply_adds)
    }

    fn product(&self) -> Option<Product> {
        Some(self.sizes())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (a, b, c) = (args.real(0), args.real(1), args.real_mut(2));
        let Self { side, form, m, n, k } = *self;
        let c = rows_mut(&mut c[..side.places() * m * n], m * n);
        side_by_side((c, rows(a, m * k), rows(b, n * k)), 1, |_, (c, a, b)| {
            let [a, b] = form.operands([a, b], [m, n, k]);
            product(a, b, c, false);
        });
    }

    fn examples() -> Vec<Self> {
        let sizes = [(1, 1, 1), (5, 7, 3), (64, 64, 16), (65, 130, 33), (3, 67, 61)];
        let sides = sizes.into_iter().flat_map(|size| [Side::Two, Side::Four].map(|side| (size, side)));
        let forms = [Form::Nt, Form::Nn, Form::Tn];
        sides.flat_map(|((m, n, k), side)| forms.map(|form| Self { side, form, m, n, k })).collect()
    }
}

impl Products {
    fn sizes(&self) -> Product {
        let Self { side, form, m, n, k } = self;
        let places = side.places();
        let name = format!("{places} places {form:?} {m}x{n}x{k}").to_lowercase();
        // As a linear layer's.
        Product::sliced(name, [*m, *n], vec![*k; places], 6)
            .by_fours(n.is_multiple_of(4))
            .reading(form.reads([*m, *n, *k]))
    }
}
