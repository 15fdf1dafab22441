//! Kernels in the user's own browser: a page that this machine serves to itself runs them on its WebGPU, and sends back what they left.

use super::kernels::{KernelCases, SHADER_TOLERANCE};
use super::table::{Outcome, Row};
use crate::device::{DeviceError, reference};
use crate::kernels::AnyKernel;
use crate::recording::{File, MEMORY, Memory, PLAN, Recorder, Recording};
use crate::web::{CHECKS, REPLAYER, Site, serve};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

/// Where the page says how far it is.
const PROGRESS: &str = "progress";
/// Where the page says how it ended.
const END: &str = "end";
/// Bytes of how far it is, at most.
const SHORT: u64 = 64 << 10;
/// Bytes of how it ended, at most: a browser may say much about each shader that it refuses.
const LONG: u64 = 4 << 20;
/// Bytes by which the page's header of the memory may be longer than ours.
const HEADER: u64 = 1 << 20;
/// Letters of an adapter's name that are shown.
const NAME: usize = 60;

/// How far the page is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Shader files that have run.
    pub done: usize,
    /// Of so many.
    pub of: usize,
    /// What it does now.
    pub now: String,
}

/// How the page ended.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum End {
    /// It ran what it could.
    Ran {
        adapter: String,
        /// The loop that computed products.
        #[serde(rename = "loop")]
        variant: String,
        /// Why a shader file was refused.
        refused: BTreeMap<String, String>,
    },
    /// It could not begin, or lost its device.
    Failed { error: String },
}

/// A check that waits for a browser.
pub struct BrowserCheck {
    cases: KernelCases,
    visit: Arc<Visit>,
}

/// What is served, and what came back.
struct Visit {
    /// What only those know who were told the address.
    token: String,
    files: BTreeMap<&'static str, Vec<u8>>,
    recording: Recording,
    memory: File,
    room: u64,
    heard: Box<dyn Fn(&Progress) + Send + Sync>,
    came: Mutex<Came>,
}

#[derive(Default)]
struct Came {
    memory: Option<Memory>,
    end: Option<End>,
}

fn failed(problem: impl ToString) -> DeviceError {
    DeviceError::Failed { device: "the browser".to_owned(), message: problem.to_string() }
}

impl BrowserCheck {
    /// Makes the page. `heard` is told how far it is.
    ///
    /// # Errors
    /// When a kernel cannot be recorded, or this machine has no random numbers.
    pub fn new(
        kernels: Vec<Arc<dyn AnyKernel>>,
        heard: impl Fn(&Progress) + Send + Sync + 'static,
    ) -> Result<Self, DeviceError> {
        let cases = KernelCases::new(kernels, 0);
        let mut memory = Memory::new(&cases.layout);
        cases.fill(&mut |tensor, values| memory.write(tensor, values))?;
        let mut recorder = Recorder::new(&cases.layout);
        for (name, kernels) in cases.families() {
            recorder.plan(&name, &cases.plan(kernels)?, &[])?;
        }
        let file = memory.file();
        recorder.file(file.clone());
        let recording = recorder.finish();
        let plan = recording.json().map_err(failed)?;
        let bytes = memory.bytes(&file, &recording).map_err(failed)?;
        let room = bytes.len() as u64 + HEADER;
        let own = REPLAYER.into_iter().chain(CHECKS).map(|(name, text)| (name, text.as_bytes().to_vec()));
        let files = own.chain([(PLAN, plan), (MEMORY, bytes)]).collect();
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(failed)?;
        let token = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let visit =
            Visit { token, files, recording, memory: file, room, heard: Box::new(heard), came: Mutex::default() };
        Ok(Self { cases, visit: Arc::new(visit) })
    }

    /// Where the page lies below the server's address.
    pub fn path(&self) -> String {
        format!("{}/", self.visit.token)
    }

    /// Serves the page until a browser has run it, and compares what came back with the twins: a row for each shader file.
    ///
    /// # Errors
    /// What kept the browser from it.
    pub fn wait(self, listener: &TcpListener) -> Result<Vec<Row>, DeviceError> {
        let Self { cases, visit } = self;
        serve(&visit, listener);
        let Came { memory, end } = std::mem::take(&mut *visit.came());
        let (adapter, variant, refused) = match end {
            Some(End::Ran { adapter, variant, refused }) => (adapter, variant, refused),
            Some(End::Failed { error }) => return Err(failed(error)),
            None => return Err(failed("it sent nothing")),
        };
        let mut memory = memory.ok_or_else(|| failed("it sent no memory"))?;
        let got = cases.left(&mut |tensor| memory.read(tensor))?;
        let want = cases.run(reference(&cases.layout)?.as_mut())?;
        let target = format!("{}, {variant}", adapter.chars().take(NAME).collect::<String>());
        let mut rows = cases.compare(&target, SHADER_TOLERANCE, &got, &want);
        for row in &mut rows {
            if let (Some(why), Outcome::Compared { tensor, worst, .. }) = (refused.get(&row.case), &mut row.outcome) {
                (*tensor, *worst) = (f64::INFINITY, why.clone());
            }
        }
        Ok(rows)
    }
}

impl Visit {
    fn came(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What a name means to those who know the token.
    fn inside<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.token.as_str())?.strip_prefix('/')
    }
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("this is not what the page sends: {error}"))
}

impl Site for Visit {
    fn file(&self, name: &str) -> Option<&[u8]> {
        let name = match self.inside(name)? {
            "" => "check.html",
            name => name,
        };
        self.files.get(name).map(Vec::as_slice)
    }

    fn room(&self, name: &str) -> Option<u64> {
        match self.inside(name)? {
            MEMORY => Some(self.room),
            PROGRESS => Some(SHORT),
            END => Some(LONG),
            _ => None,
        }
    }

    fn take(&self, name: &str, body: Vec<u8>) -> Result<(), String> {
        match self.inside(name) {
            Some(MEMORY) => {
                let memory = Memory::taken(&self.memory, &self.recording, &body);
                self.came().memory = Some(memory.map_err(|error| error.to_string())?);
            }
            Some(PROGRESS) => (self.heard)(&parsed(&body)?),
            _ => {
                let end: End = parsed(&body)?;
                let mut came = self.came();
                if came.memory.is_none() && matches!(end, End::Ran { .. }) {
                    return Err("what the kernels left is to be sent first".to_owned());
                }
                came.end.get_or_insert(end);
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.came().end.is_some()
    }
}
