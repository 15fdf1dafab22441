//! The device's own clock around each dispatch.

use std::sync::mpsc::{Receiver, channel};
use wgpu::{
    Buffer, BufferAsyncError, BufferDescriptor, BufferUsages, CommandEncoder, ComputePassTimestampWrites, Device,
    MapMode, QUERY_SET_MAX_QUERIES, QuerySet, QuerySetDescriptor, QueryType,
};

/// Dispatches whose timestamps one set holds.
pub const AT_A_TIME: usize = QUERY_SET_MAX_QUERIES as usize / 2;

/// Two timestamps for each of some dispatches.
pub struct Timestamps {
    queries: QuerySet,
    count: u32,
    resolved: Buffer,
    staging: Buffer,
}

impl Timestamps {
    pub fn new(device: &Device, dispatches: u32) -> Self {
        let count = 2 * dispatches;
        let queries =
            device.create_query_set(&QuerySetDescriptor { label: Some("timestamps"), ty: QueryType::Timestamp, count });
        let buffer = |usage| {
            let size = u64::from(count) * wgpu::QUERY_SIZE as u64;
            device.create_buffer(&BufferDescriptor {
                label: Some("timestamps"),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let resolved = buffer(BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC);
        let staging = buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        Self { queries, count, resolved, staging }
    }

    /// For the pass of this dispatch.
    pub fn around(&self, dispatch: u32) -> ComputePassTimestampWrites<'_> {
        ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(2 * dispatch),
            end_of_pass_write_index: Some(2 * dispatch + 1),
        }
    }

    /// Behind the last pass.
    pub fn resolve(&self, encoder: &mut CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..self.count, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, self.staging.size());
    }

    /// Asks for the timestamps once the passes are submitted; they can be read when those are done.
    pub fn ask(&self) -> Asked<'_> {
        let (tell, told) = channel();
        self.staging.slice(..).map_async(MapMode::Read, move |outcome| {
            let _nobody_waits = tell.send(outcome);
        });
        Asked { staging: &self.staging, told }
    }
}

/// Timestamps on their way.
pub struct Asked<'a> {
    staging: &'a Buffer,
    told: Receiver<Result<(), BufferAsyncError>>,
}

impl Asked<'_> {
    /// Begin and end of each dispatch in ticks.
    pub fn ticks(self) -> Result<Vec<[u64; 2]>, String> {
        match self.told.try_recv() {
            Ok(Ok(())) => {}
            outcome => return Err(format!("the timestamps have not come: {outcome:?}")),
        }
        let bytes = self.staging.slice(..).get_mapped_range().map_err(|error| error.to_string())?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
        Ok(ticks.as_chunks::<2>().0.to_vec())
    }
}

/// Seconds from the first of all ticks, each of `period` nanoseconds.
pub fn seconds(ticks: &[[u64; 2]], period: f32) -> Vec<[f64; 2]> {
    // Only differences matter, and those are exact in double precision.
    let first = ticks.as_flattened().iter().copied().min().unwrap_or_default();
    ticks.iter().map(|pair| pair.map(|tick| (tick - first) as f64 * f64::from(period) * 1e-9)).collect()
}
