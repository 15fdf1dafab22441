//! The loss of a step and its gradient, from all of its images at once or part by part.

use super::{Batch, Comparison, Forward, Model, Objective};
use crate::augment::{Augmentation, Drawn, ImageSource, Part, ViewCount};
use crate::kernels::DType;
use crate::kernels::common::philox::Purpose;
use crate::kernels::latent::normal::Normal;
use crate::kernels::optim::accumulate::Accumulate;
use crate::nn::ParamMemory;
use crate::plan::{Exchange, Graph, Layout, Share, Tensor};

/// What a step minimises, and of which images.
#[derive(Clone, Copy, Debug)]
pub struct StepLoss<'a> {
    /// The loss.
    pub objective: &'a dyn Objective,
    /// The networks.
    pub model: &'a Model,
    /// The images.
    pub source: &'a ImageSource,
    /// Their labels, `[images]` words.
    pub known: Tensor,
    /// Views of each image.
    pub count: ViewCount,
    /// How they are made.
    pub how: &'a Augmentation,
}

/// How a step is cut, and the memory for it.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Images of a step.
    images: usize,
    /// In how many parts it is computed. Where others share it, each computes its share of every part.
    count: usize,
    /// The gradients of the parts before, like [`ParamMemory::gradients`], where there are some.
    sums: Option<Tensor>,
    /// What the head makes of all rows, where the loss compares them.
    rows: Option<Tensor>,
}

impl Parts {
    /// Lays out the memory for the images of a step, each of so many views, in `count` parts that `members` executors share; none where
    /// that is the whole step at once.
    pub fn new(
        layout: &mut Layout,
        (objective, model): (&dyn Objective, &Model),
        (source, views): (&ImageSource, usize),
        (images, count, members): (usize, usize, usize),
    ) -> Option<Self> {
        if count < 2 && members < 2 {
            return None;
        }
        let sums = (count > 1).then(|| layout.add("gradients of parts", DType::Real, model.memory.gradients.shape));
        let rows = objective.comparison().map(|_| {
            let mut g = Graph::new("one row");
            let [channels, height, width] = source.shape;
            let x = g.tensor("x", [1, channels, height, width]);
            let (_, width) = model.project(&mut g, x).z.shape.as_matrix();
            layout.add("projections of a step", DType::Real, [images * views, width])
        });
        Some(Self { images, count, sums, rows })
    }

    /// The images of each part, and those of them that a member computes.
    fn each(&self, share: &Share) -> impl Iterator<Item = (Part, Part)> {
        Part::from(self.images).split(self.count).map(|part| (part, part.of(share)))
    }
}

impl StepLoss<'_> {
    /// Emits views, forward pass and loss of a step's images, or of a part of them; [`Graph::backward`] then yields the gradients.
    pub fn emit(&self, g: &mut Graph, part: impl Into<Part>) -> Forward {
        let part = part.into();
        let drawn = self.draw(g, part);
        let (views, latent) = (self.count.views, self.model.networks.latent);
        let noise = |g: &mut Graph| {
            let noise = g.tensor("noise", [part.images * views, latent]);
            let first = part.first * views * latent;
            let kernel = Normal { first, count: noise.len(), purpose: Purpose::Noise };
            g.push("noise", kernel, &[self.model.clock, noise]);
            noise
        };
        let labels = |g: &mut Graph| drawn.labels(g, self.known);
        let batch = Batch { x: drawn.x, views, share: part.share(), noise: &noise, labels: &labels };
        self.objective.emit(g, self.model, &batch)
    }

    /// Emits the gradient of a step of `images` images into the parameters' gradients, at once or in parts. A part needs no more memory
    /// than a step of its size, and the networks' statistics are its own, whoever shares it; the sum is that of the whole step.
    pub fn gradient(&self, g: &mut Graph, images: usize, parts: Option<&Parts>) {
        let Some(parts) = parts else {
            self.emit(g, images);
            return g.backward();
        };
        match self.objective.comparison().zip(parts.rows) {
            None => self.mean_in_parts(g, parts),
            Some((comparison, rows)) => self.comparison_in_parts(g, parts, (comparison, rows)),
        }
        if g.share().size > 1 {
            g.meet(self.model.memory.gradients, Exchange::Sum);
        }
    }

    /// Each part's loss is a summand.
    fn mean_in_parts(&self, g: &mut Graph, parts: &Parts) {
        let adding = self.model.adding();
        let adding = StepLoss { model: &adding, ..*self };
        for (index, (whole, part)) in parts.each(&g.share().clone()).enumerate() {
            g.begin_images(whole.images);
            let loss = if index == 0 { self } else { &adding };
            loss.emit(g, part);
            g.backward();
            self.add_gradient(g, parts, index);
        }
        if g.share().size > 1 {
            let losses = self.model.log.losses;
            g.meet(losses, Exchange::Row { clock: self.model.clock, rows: losses.shape.as_matrix().0 });
        }
    }

    /// The loss needs all rows, and a row's gradient only its own pass (Gao et al., 2021, "Scaling deep contrastive learning batch size
    /// under memory limited setup"): the parts are passed once for their rows, and once more with the gradient that the loss gives them. One
    /// part alone is passed once.
    fn comparison_in_parts(&self, g: &mut Graph, parts: &Parts, (comparison, all): (&dyn Comparison, Tensor)) {
        let width = self.count.views * all.shape.as_matrix().1;
        let stretch = move |part: Part| (part.first * width, part.images * width);
        let once = parts.count == 1;
        let rehearsing = self.model.rehearsing();
        let model = if once { self.model } else { &rehearsing };
        let share = &g.share().clone();
        for (whole, part) in parts.each(share) {
            g.begin_images(whole.images);
            let x = self.draw(g, part).x;
            let z = model.project(g, x).z;
            let (to, count) = stretch(whole);
            if share.size > 1 {
                let lengths = g.rows_of_all(z.len());
                g.meet(z, Exchange::Gather { all: all.slice(to, [count]), lengths });
            } else {
                g.push("gather projections", Accumulate { count, from: 0, to, add: false }, &[z, all]);
            }
            if once {
                g.on_backward(move |g| take_gradient(g, all, stretch(part), z));
            }
        }
        comparison.compare(g, self.model, all, self.count.views);
        g.backward();
        if once {
            return;
        }
        for (index, (whole, part)) in parts.each(share).enumerate() {
            g.begin_images(whole.images);
            let x = self.draw(g, part).x;
            let z = self.model.project(g, x).z;
            take_gradient(g, all, stretch(part), z);
            g.backward();
            self.add_gradient(g, parts, index);
        }
    }

    fn draw(&self, g: &mut Graph, part: Part) -> Drawn {
        self.source.augmented(g, self.model.clock, part, self.count, self.how)
    }

    /// Adds the gradient of a part to those before, of the last part the other way round.
    fn add_gradient(&self, g: &mut Graph, parts: &Parts, index: usize) {
        let (ParamMemory { gradients, .. }, Some(sums)) = (self.model.memory, parts.sums) else { return };
        let kernel = Accumulate { count: gradients.len(), from: 0, to: 0, add: index > 0 };
        let (from, to) = if index + 1 < parts.count { (gradients, sums) } else { (sums, gradients) };
        g.push("add gradients", kernel, &[from, to]);
    }
}

/// Makes a stretch of the gradient of all rows the gradient of those that it is of.
fn take_gradient(g: &mut Graph, all: Tensor, (from, count): (usize, usize), z: Tensor) {
    let Some(dall) = g.grad(all) else { return };
    let dz = g.tensor("d projections", z.shape);
    g.push("take d projections", Accumulate { count, from, to: 0, add: false }, &[dall, dz]);
    g.set_grad(z, dz);
}
