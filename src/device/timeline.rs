//! When the dispatches of a plan ran.

use super::{DeviceError, Executor};
use crate::plan::PlanId;
use std::time::Instant;

/// Whose clock tells when a dispatch ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopwatch {
    /// The device's own, around each dispatch.
    Timestamps,
    /// The host's, around each dispatch and the wait for it: on a GPU this adds what a submission costs.
    Host,
}

/// When each dispatch of a plan ran, once.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Whose clock told.
    pub stopwatch: Stopwatch,
    /// Begin and end of each dispatch, in seconds from the first begin. None begins before the one before has ended.
    pub spans: Vec<[f64; 2]>,
}

impl Timeline {
    /// From what a device's clock said in seconds. Begins may be early: a dispatch waits for the one before it.
    pub(super) fn from_timestamps(stamps: &[[f64; 2]]) -> Self {
        let first = stamps.first().map_or(0.0, |[begin, _]| *begin);
        let mut last: f64 = 0.0;
        let spans = stamps.iter().map(|[begin, end]| {
            let begin = (begin - first).max(last);
            last = (end - first).max(begin);
            [begin, last]
        });
        Self { stopwatch: Stopwatch::Timestamps, spans: spans.collect() }
    }

    /// Seconds of each dispatch.
    pub fn seconds(&self) -> impl Iterator<Item = f64> {
        self.spans.iter().map(|[begin, end]| end - begin)
    }
}

/// Runs a plan dispatch by dispatch, each waited for, by the host's clock.
pub(super) fn by_the_host<E: Executor + ?Sized>(
    executor: &mut E,
    id: PlanId,
    wait: fn(&mut E) -> Result<(), DeviceError>,
) -> Result<Timeline, DeviceError> {
    let count = executor.plan(id)?.dispatches.len();
    wait(executor)?;
    let start = Instant::now();
    let mut spans = Vec::with_capacity(count);
    for index in 0..count {
        let begin = start.elapsed().as_secs_f64();
        executor.run_part(id, index..index + 1)?;
        wait(executor)?;
        spans.push([begin, start.elapsed().as_secs_f64()]);
    }
    Ok(Timeline { stopwatch: Stopwatch::Host, spans })
}

#[test]
fn dispatches_follow_each_other() {
    let timeline = Timeline::from_timestamps(&[[5.0, 6.0], [5.5, 8.0], [9.0, 9.0], [8.0, 8.5]]);
    assert_eq!(timeline.spans, [[0.0, 1.0], [1.0, 3.0], [4.0, 4.0], [4.0, 4.0]]);
    assert_eq!(timeline.seconds().collect::<Vec<_>>(), [1.0, 2.0, 0.0, 0.0]);
}
