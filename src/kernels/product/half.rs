//! Products in half precision: their operands are rounded to it, and the sums are in single precision (Micikevicius et al., 2018, "Mixed
//! precision training"). A gradient is scaled before, so that small ones do not vanish.

use super::{Multiply, Product};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Arg, Args, Binding, Content, Draw, Kernel, Launch, Shader, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::scratch::with_scratch;

/// One of the two that a product multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Its rows are those of the result.
    Left,
    /// Its columns are.
    Right,
}

/// A product whose operands are rounded to half precision.
///
/// Tensors: those of the product; behind them, where an operand is a gradient, the loss scale and one over it, `[2]`.
#[derive(Clone, Debug)]
pub struct Half<K> {
    /// The product.
    pub product: K,
    /// Which of its operands is a gradient, and scaled before it is rounded: a result is a gradient, too.
    pub gradient: Option<Operand>,
}

/// The largest number in half precision; scaled gradients beyond it become it.
const LARGEST: f64 = 65504.0;
/// Elements that a task rounds.
const CHUNK: usize = 1 << 14;

impl<K: Multiply> Kernel for Half<K> {
    type Params = K::Params;

    fn bindings(&self) -> Vec<Binding> {
        let mut bindings = self.product.bindings();
        for operand in K::OPERANDS {
            bindings[operand] = bindings[operand].drawn(exact);
        }
        bindings.extend(self.gradient.map(|_| Binding::real("scale", Access::Read, 2).drawn(scale)));
        bindings
    }

    fn params(&self) -> Self::Params {
        self.product.params()
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        let operands = self.product.operands().with(wgsl!("product/half"));
        self.sizes().launch(self.told(operands), tuning)
    }

    fn work(&self, tuning: &Tuning) -> Work {
        let multiply_adds = self.product.work(tuning).multiply_adds;
        self.sizes().work(self.bindings(), tuning, multiply_adds)
    }

    fn product(&self) -> Option<Product> {
        Some(self.sizes())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let lens = self.product.bindings();
        let [left, right] = K::OPERANDS;
        let [a, b] = [left, right].map(|at| &args.real(at)[..lens[at].len]);
        let (scale, back) = match self.gradient {
            Some(_) => {
                let scale = args.real(lens.len());
                (scale[0], scale[1])
            }
            None => (T::ONE, T::ONE),
        };
        with_scratch(a.len() + b.len(), move |scratch| {
            let mut args: Args<'_, T> = args;
            let (halves_a, halves_b) = scratch.split_at_mut(a.len());
            let scaled = |operand| (self.gradient == Some(operand)).then_some([scale, back]);
            round(a, scaled(Operand::Left), halves_a);
            round(b, scaled(Operand::Right), halves_b);
            args.put(left, Arg::Real(halves_a));
            args.put(right, Arg::Real(halves_b));
            self.product.twin(args);
        });
    }

    fn examples() -> Vec<Self> {
        // Every fourth one, which comes by every form and every end; the loops are tried by the examples in single precision.
        let products = K::examples().into_iter().step_by(4);
        products.zip(K::GRADIENTS.iter().cycle()).map(|(product, &gradient)| Self { product, gradient }).collect()
    }
}

impl<K: Multiply> Half<K> {
    fn sizes(&self) -> Product {
        self.product.sizes().halved()
    }

    /// Tells a shader of the loss scale.
    fn told(&self, shader: Shader) -> Shader {
        match self.gradient {
            None => shader.with(wgsl!("product/unscaled")),
            Some(operand) => shader
                .constant("GRADIENT_IS_LEFT", operand == Operand::Left)
                .shared("SCALE", self.product.bindings().len() as u32 + 1)
                .with(wgsl!("product/scaled")),
        }
    }
}

/// Rounds numbers as they are under a scale, a power of two whose inverse is given, too. What is scaled stays finite.
fn round<T: Real>(numbers: &[T], scaled: Option<[T; 2]>, halves: &mut [T]) {
    let largest = T::of(LARGEST);
    let one = |x: T| match scaled {
        None => x.half(),
        Some([scale, back]) => (x * scale).max(-largest).min(largest).half() * back,
    };
    side_by_side((rows(numbers, CHUNK), rows_mut(halves, CHUNK)), 1, |_, (numbers, halves)| {
        halves.iter_mut().zip(numbers).for_each(|(half, &x)| *half = one(x));
    });
}

/// Numbers that half precision holds, however a device rounds.
fn exact(draw: &Draw) -> Content {
    Content::Reals((0..draw.len).map(|i| f32::from(draw.four(i, 0)[0] as i16 >> 6) / 256.0).collect())
}

fn scale(_: &Draw) -> Content {
    Content::Reals(vec![32.0, 1.0 / 32.0])
}
