//! A step as a trace that Perfetto (<https://ui.perfetto.dev>) and Chrome open.

use super::report::{Measured, Report};
use serde_json::{Value, json};

/// The trace-event format: a complete event for each dispatch, in microseconds. Nothing where nothing was measured.
pub fn trace(report: &Report) -> Option<Value> {
    let Measured { device, timeline, .. } = report.measured.as_ref()?;
    let name = json!({"ph": "M", "name": "process_name", "pid": 0, "args": {"name": device.name}});
    let events = report.dispatches.iter().zip(timeline).map(|(dispatch, [begin, end])| {
        json!({
            "ph": "X",
            "pid": 0,
            "tid": 0,
            "ts": begin * 1e6,
            "dur": (end - begin) * 1e6,
            "name": dispatch.label,
            "cat": dispatch.kernel,
            "args": {
                "shader": dispatch.shader,
                "workgroups": dispatch.workgroups,
                "multiply_adds": dispatch.work.multiply_adds,
                "padded_multiply_adds": dispatch.work.padded_multiply_adds,
                "bytes": dispatch.work.bytes,
            },
        })
    });
    Some(json!({"displayTimeUnit": "ns", "traceEvents": std::iter::once(name).chain(events).collect::<Vec<_>>()}))
}
