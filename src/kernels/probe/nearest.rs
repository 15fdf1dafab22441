//! Twin of `shaders/probe/nearest.wgsl`: the nearest points of each query.

use crate::kernels::{Access, Args, Binding, Content, Draw, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// The largest k: the lists of 64 lanes then fill the 16 KiB of workgroup memory that every adapter has.
pub const MAX_K: usize = 32;

/// The `k` points with the smallest `|p|^2 - 2 q.p` for each query, nearest first, ties to the lower index.
///
/// Tensors: products `q.p [queries, points]`, squares `|p|^2 [points]`, nearest: indices `[queries, k]`. Needs
/// `k <= points`, `k <= MAX_K` and finite numbers.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Queries, at most 65,535.
    pub queries: usize,
    /// Points to choose from.
    pub points: usize,
    /// Points to find for each query.
    pub k: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    points: u32,
}

/// Numbers of so few digits that single precision compares their sums as double does, ties and all: an index is right or wrong.
fn short_numbers(draw: &Draw) -> Content {
    Content::Reals((0..draw.len).map(|i| (draw.four(i, 0)[0] % 2048) as f32 / 512.0 - 2.0).collect())
}

impl Kernel for Nearest {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("products", Access::Read, self.queries * self.points).drawn(short_numbers),
            Binding::real("squares", Access::Read, self.points).drawn(short_numbers),
            Binding::uint("nearest", Access::Write, self.queries * self.k),
        ]
    }

    fn params(&self) -> Params {
        Params { points: self.points as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("probe/nearest").constant("K", self.k as u32), self.queries)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (products, squares, nearest) = (args.real(0), args.real(1), args.uint_mut(2));
        let (k, two) = (self.k, T::of(2.0));
        let nearest = rows_mut(&mut nearest[..self.queries * k], k);
        side_by_side((nearest, rows(products, self.points)), 1, |_, (nearest, products)| {
            let mut best: Vec<(T, u32)> = Vec::with_capacity(k + 1);
            for (point, (&product, &square)) in products.iter().zip(squares).enumerate() {
                let key = square - two * product;
                // Points come in order, so a tie with the last of the list is lost.
                if best.len() == k && key >= best[k - 1].0 {
                    continue;
                }
                let at = best.partition_point(|(other, _)| *other <= key);
                best.insert(at, (key, point as u32));
                best.truncate(k);
            }
            nearest.iter_mut().zip(best).for_each(|(nearest, (_, point))| *nearest = point);
        });
    }

    fn examples() -> Vec<Self> {
        let sizes = [(1, 1, 1), (3, 32, 32), (5, 63, 2), (7, 64, 5), (2, 65, 20), (67, 1009, 32)];
        sizes.map(|(queries, points, k)| Self { queries, points, k }).into()
    }
}
