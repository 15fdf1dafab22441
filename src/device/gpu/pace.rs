//! How the steps of a plan are cut into submissions: by the time that they take, which is measured as they run.

use super::timestamps::AT_A_TIME;
use crate::device::DeviceError;
use crate::kernels::cost::{CARDS, Card, Work};
use crate::kernels::{Launch, Tuning};
use crate::plan::Plan;
use std::ops::Range;
use std::time::Duration;

/// What a submission is to take: so long that its start hardly counts, and far less than the two seconds after which Windows takes the
/// card away (drivers on Linux wait for ten).
pub const AIM: Duration = Duration::from_millis(30);
/// Dispatches of a submission, at most: the host needs some microseconds to record each.
const MOST_DISPATCHES: usize = AT_A_TIME;
/// How often longer than the slowest card of the cost model a device is taken to need, before anything was measured.
const CAUTION: f64 = 10.0;
/// How much longer submissions become at once: in a short one its start weighs more than it will.
const GROWTH: f64 = 4.0;
/// Submissions, at most, from one measurement to the next.
const EVERY: u32 = 64;
/// Seconds of the slowest card that a single dispatch may take, which cannot be cut.
const LONGEST: f64 = 0.5;

/// The time that a plan's dispatches take on a device.
pub struct Pace {
    /// Seconds that a submission is to take.
    aim: f64,
    /// Seconds of each dispatch by the cost model, and of all.
    modelled: Vec<f64>,
    step: f64,
    /// How often longer they take on this device.
    factor: f64,
    /// Submissions before the next that is measured. The first is not: drivers put off some of their work until then.
    unmeasured: u32,
}

impl Pace {
    /// Of a plan that has not run yet.
    ///
    /// # Errors
    /// When the cost model says that a dispatch takes half a second on the slowest of its cards.
    pub fn new(
        plan: &Plan,
        launches: &[Launch],
        tuning: &Tuning,
        device: &str,
        aim: Duration,
    ) -> Result<Self, DeviceError> {
        let mut modelled = Vec::with_capacity(plan.dispatches.len());
        for (dispatch, launch) in plan.dispatches.iter().zip(launches) {
            let (card, seconds) = slowest(&dispatch.kernel.work(tuning), launch.workgroups);
            if seconds > LONGEST {
                let (what, device) = (dispatch.label.clone(), device.to_owned());
                return Err(DeviceError::TooLong { what, device, card: card.name, seconds });
            }
            modelled.push(seconds);
        }
        Ok(Self::of(modelled, aim))
    }

    fn of(modelled: Vec<f64>, aim: Duration) -> Self {
        // A plan of nothing takes a moment as well.
        let step = modelled.iter().sum::<f64>().max(1e-6);
        Self { aim: aim.as_secs_f64(), modelled, step, factor: CAUTION, unmeasured: 1 }
    }

    /// Whole steps of a submission, at least one, which [`Pace::parts`] may cut.
    pub fn steps(&self) -> u32 {
        let most = (MOST_DISPATCHES / self.modelled.len().max(1)).max(1) as f64;
        (self.aim / (self.factor * self.step)).clamp(1.0, most) as u32
    }

    /// Cuts a stretch of the dispatches, run once, into stretches for a submission each.
    pub fn parts(&self, dispatches: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let (mut first, mut seconds) = (dispatches.start, 0.0);
        for (at, modelled) in dispatches.clone().zip(&self.modelled[dispatches.clone()]) {
            let more = self.factor * modelled;
            if at > first && (seconds + more > self.aim || at - first == MOST_DISPATCHES) {
                parts.push(first..at);
                (first, seconds) = (at, 0.0);
            }
            seconds += more;
        }
        if first < dispatches.end {
            parts.push(first..dispatches.end);
        }
        parts
    }

    /// Whether to measure the submission of so many steps that is next: now and then, and only where they are as many as may be.
    pub fn is_due(&mut self, steps: u32) -> bool {
        let due = self.unmeasured == 0 && steps == self.steps();
        self.unmeasured = self.unmeasured.saturating_sub(1);
        due
    }

    /// So many steps took so long, from their recording to their end, and nothing else ran.
    pub fn took(&mut self, steps: u32, time: Duration) {
        let measured = time.as_secs_f64() / (f64::from(steps) * self.step);
        let least = self.factor / GROWTH;
        self.factor = measured.max(least);
        self.unmeasured = if measured < least { 0 } else { EVERY };
    }
}

/// The card that needs the most time, and the seconds.
fn slowest(work: &Work, workgroups: [u32; 3]) -> (Card, f64) {
    let times = CARDS.map(|card| (card, card.seconds(work, workgroups)));
    times.into_iter().fold((CARDS[0], 0.0), |most, time| if time.1 > most.1 { time } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::DType;
    use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
    use crate::plan::{Graph, Layout};

    /// Runs submissions on a device that needs so many seconds for a step; says how many steps they come to have.
    fn settled(pace: &mut Pace, step: f64) -> u32 {
        for _ in 0..1_000 {
            let steps = pace.steps();
            if pace.is_due(steps) {
                pace.took(steps, Duration::from_secs_f64(1e-4 + f64::from(steps) * step));
            }
        }
        pace.steps()
    }

    #[test]
    fn submissions_come_to_take_what_they_are_to_take() {
        let pace = || Pace::of(vec![9e-5; 10], AIM);
        assert_eq!(pace().steps(), 3, "a cautious beginning");
        assert_eq!(settled(&mut pace(), 1e-3), 29);
        assert_eq!(settled(&mut pace(), 1e-6), (MOST_DISPATCHES / 10) as u32);
        let mut slow = pace();
        assert_eq!(settled(&mut slow, 0.09), 1);
        assert_eq!(slow.parts(0..10), [0..3, 3..6, 6..9, 9..10]);
        assert_eq!(slow.parts(4..8), [4..7, 7..8]);
        assert_eq!(settled(&mut slow, 1e-3), 29, "a device that was busy for a while");
    }

    #[test]
    fn what_cannot_be_cut_is_submitted_alone() {
        let pace = Pace::of(vec![1.0, 1e-9, 1e-9, 1.0], AIM);
        assert_eq!((pace.steps(), pace.parts(0..4)), (1, vec![0..1, 1..3, 3..4]));
        assert_eq!(Pace::of(vec![1e-9; 3], Duration::ZERO).parts(0..3), [0..1, 1..2, 2..3]);
        let mut nothing = Pace::of(Vec::new(), AIM);
        assert!(nothing.parts(0..0).is_empty() && settled(&mut nothing, 0.0) > 0);
    }

    #[test]
    fn a_dispatch_of_half_a_second_is_refused() {
        let product = |side: usize| {
            let mut layout = Layout::default();
            let [a, b, c] = ["a", "b", "c"].map(|name| layout.add(name, DType::Real, [side, side]));
            let mut graph = Graph::new("product");
            let kernel = Matmul { form: Form::Nt, m: side, n: side, k: side, epilogue: Epilogue::None };
            graph.push("the large one", kernel, &[a, b, a, c]);
            let (plan, tuning) = (graph.finish().expect("a plan"), Tuning::default());
            let launches: Vec<Launch> = plan.dispatches.iter().map(|d| d.kernel.launch(&tuning)).collect();
            Pace::new(&plan, &launches, &tuning, "card", AIM).map(|pace| pace.steps())
        };
        assert!(product(8_192).is_ok());
        let error = product(32_768).expect_err("35 million million multiply-adds").to_string();
        assert!(error.contains("the large one") && error.contains("RTX 2080 Ti"), "{error}");
    }
}
