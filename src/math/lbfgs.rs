//! Smooth functions minimised by L-BFGS (Nocedal and Wright, 2006, algorithm 7.5) with a strong-Wolfe line search.
//!
//! Own code because `argmin` 0.11 asks for value and gradient apart, which would double the passes over the data, loses the
//! point that was reached where its line search gives up, and brings a generator of random numbers into the library.

use super::dot;
use std::collections::VecDeque;

/// Steps that the curvature is learnt from.
const MEMORY: usize = 10;
/// Of the decrease that the slope promises, the least to be content with.
const DECREASE: f64 = 1e-4;
/// Of the slope along a direction, the most that may be left.
const SLOPE_LEFT: f64 = 0.9;
/// Points of a line search, at most: enough to halve a step until rounding ends it.
const TRIALS: u32 = 60;

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The Euclidean norm of the gradient that is small enough.
    pub gradient_norm: f64,
    /// Steps at most.
    pub iterations: u32,
}

/// Where the search ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The function there.
    pub value: f64,
    /// The Euclidean norm of its gradient there. The search has converged where it is within the limit.
    pub gradient_norm: f64,
    /// Steps taken.
    pub iterations: u32,
}

/// Minimises a function from a start. `function` writes its gradient and returns its value; where it is not finite, the
/// search keeps away. It ends early where rounding hides any further descent.
pub fn minimise(start: Vec<f64>, limits: Limits, mut function: impl FnMut(&[f64], &mut [f64]) -> f64) -> Minimum {
    let mut at = Point::new(start, &mut function);
    let mut steps: VecDeque<Step> = VecDeque::new();
    let mut iterations = 0;
    while at.gradient_norm() > limits.gradient_norm && iterations < limits.iterations {
        let direction = direction(&at.gradient, &steps);
        // Nothing is known of the scale before the first step.
        let first = if steps.is_empty() { 1.0 / at.gradient_norm().max(1.0) } else { 1.0 };
        let Some(next) = search(&at, &direction, first, &mut function) else {
            if steps.is_empty() {
                break;
            }
            // The curvature misleads: begin again with the steepest descent.
            steps.clear();
            continue;
        };
        steps.extend(Step::between(&at, &next));
        if steps.len() > MEMORY {
            steps.pop_front();
        }
        at = next;
        iterations += 1;
    }
    Minimum { gradient_norm: at.gradient_norm(), x: at.x, value: at.value, iterations }
}

struct Point {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    fn new(x: Vec<f64>, function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> Self {
        let mut gradient = vec![0.0; x.len()];
        let value = function(&x, &mut gradient);
        Self { x, value, gradient }
    }

    fn gradient_norm(&self) -> f64 {
        dot(&self.gradient, &self.gradient).sqrt()
    }
}

/// A step, how the gradient changed along it, and their inner product.
struct Step {
    x: Vec<f64>,
    gradient: Vec<f64>,
    product: f64,
}

impl Step {
    /// None where rounding has left no curvature to learn from.
    fn between(from: &Point, to: &Point) -> Option<Self> {
        let difference = |a: &[f64], b: &[f64]| b.iter().zip(a).map(|(b, a)| b - a).collect::<Vec<f64>>();
        let (x, gradient) = (difference(&from.x, &to.x), difference(&from.gradient, &to.gradient));
        let product = dot(&x, &gradient);
        (product > f64::EPSILON * dot(&gradient, &gradient)).then_some(Self { x, gradient, product })
    }
}

/// Minus the gradient times the inverse Hessian that the steps suggest.
fn direction(gradient: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = dot(&step.x, &direction) / step.product;
        add(&mut direction, -share, &step.gradient);
        shares.push(share);
    }
    if let Some(last) = steps.back() {
        let scale = last.product / dot(&last.gradient, &last.gradient);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (step, share) in steps.iter().zip(shares.into_iter().rev()) {
        let found = dot(&step.gradient, &direction) / step.product;
        add(&mut direction, share - found, &step.x);
    }
    direction
}

/// A point along a descent direction that meets the strong Wolfe conditions, by doubling and halving: between a point that
/// still descends steeply and one that is too far, there is always one. None where rounding hides it.
fn search(
    from: &Point,
    direction: &[f64],
    first: f64,
    function: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<Point> {
    let slope = dot(&from.gradient, direction);
    let (mut near, mut far, mut length) = (0.0, f64::INFINITY, first);
    for _ in 0..if slope < 0.0 { TRIALS } else { 0 } {
        let x = from.x.iter().zip(direction).map(|(x, d)| x + length * d).collect();
        let point = Point::new(x, function);
        let left = dot(&point.gradient, direction);
        // Beside the minimum the decrease is less than the value's own rounding.
        let enough = from.value + DECREASE * length * slope + f64::EPSILON * from.value.abs();
        match point.value <= enough {
            true if left.abs() <= -SLOPE_LEFT * slope => return Some(point),
            true if left < 0.0 => near = length,
            _ => far = length,
        }
        length = if far.is_finite() { 0.5 * (near + far) } else { 2.0 * length };
    }
    None
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { gradient_norm: 1e-8, iterations: 1000 };

    /// Rosenbrock's valley, chained, about its minimum at (1, ..., 1).
    fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut value = 0.0;
        for i in 1..x.len() {
            let (rise, off) = (x[i] - x[i - 1] * x[i - 1], 1.0 - x[i - 1]);
            value += 100.0 * rise * rise + off * off;
            gradient[i] += 200.0 * rise;
            gradient[i - 1] -= 400.0 * rise * x[i - 1] + 2.0 * off;
        }
        value
    }

    #[test]
    fn the_bottom_of_a_curved_valley_is_found() {
        for start in [vec![-1.2, 1.0], vec![-1.2, 1.0, -1.2, 1.0, -1.2, 1.0, 3.0], vec![0.0; 50]] {
            let found = minimise(start, LIMITS, rosenbrock);
            assert!(found.gradient_norm <= 1e-8 && found.value < 1e-16, "{found:?}");
            assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{found:?}");
        }
        let start = minimise(vec![-1.2, 1.0], Limits { iterations: 3, ..LIMITS }, rosenbrock);
        assert!(start.iterations == 3 && start.gradient_norm > 1e-8);
    }

    #[test]
    fn a_badly_scaled_bowl_takes_few_steps() {
        let bowl = |x: &[f64], gradient: &mut [f64]| {
            let scale = |i: usize| 10f64.powi(i as i32 % 5);
            gradient.iter_mut().zip(x).enumerate().for_each(|(i, (g, x))| *g = scale(i) * (x - 2.0));
            x.iter().enumerate().map(|(i, x)| 0.5 * scale(i) * (x - 2.0) * (x - 2.0)).sum()
        };
        let found = minimise(vec![0.0; 20], LIMITS, bowl);
        assert!(found.gradient_norm <= 1e-8 && found.iterations < 60, "{found:?}");
    }

    #[test]
    fn the_search_keeps_away_from_where_there_is_no_function_and_ends_where_there_is_no_minimum() {
        // x - ln x, with its minimum at 1; nothing below zero.
        let log = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0 - 1.0 / x[0];
            x[0] - x[0].ln()
        };
        let found = minimise(vec![30.0], LIMITS, log);
        assert!((found.x[0] - 1.0).abs() < 1e-8, "{found:?}");
        let line = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0;
            x[0]
        };
        assert_eq!(minimise(vec![0.0], LIMITS, line).iterations, 0);
        let nowhere = minimise(vec![0.0], LIMITS, |_, gradient| {
            gradient[0] = f64::NAN;
            f64::NAN
        });
        assert!(nowhere.gradient_norm.is_nan() && nowhere.iterations == 0);
    }
}
