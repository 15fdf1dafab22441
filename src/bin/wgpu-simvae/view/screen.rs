//! The screen of a view: who owns the terminal, the thread that draws on it and hears keys, and how it is given back.

use super::draw::draw;
use super::picture::Depth;
use super::state::State;
use super::{Shared, lock};
use crate::signals::ask;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two pictures, at least; and how long a key waits, at most.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back, if it is ours: lines, echo, the cursor, and what stood there before.
pub fn restore() {
    if OURS.swap(false, Ordering::SeqCst) {
        let _it_is_gone = execute!(stdout(), LeaveAlternateScreen, Show);
        let _it_is_gone = disable_raw_mode();
    }
}

/// Has a panic give the terminal back before it says anything.
pub fn restore_on_panic() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        restore();
        tell(info);
    }));
}

/// A screen that is ours.
pub struct Screen {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Screen {
    /// Takes the terminal, and begins to draw what is known.
    pub fn open(shared: Shared, stop: Arc<AtomicBool>) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        OURS.store(true, Ordering::SeqCst);
        let opened = enable_raw_mode()
            .and_then(|()| execute!(stdout(), EnterAlternateScreen, Hide))
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())))
            .and_then(|terminal| {
                let over = over.clone();
                let watch = move || watch(terminal, &shared, &over, &stop);
                thread::Builder::new().name("view".to_owned()).spawn(watch)
            });
        match opened {
            Ok(thread) => Ok(Self { over, thread }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Ends the drawing and gives the terminal back.
    pub fn close(self) {
        self.over.store(true, Ordering::SeqCst);
        let _it_has_told_its_panic = self.thread.join();
        restore();
    }
}

/// Draws what is new and hears keys, until the screen is no longer ours.
fn watch(mut terminal: Terminal<CrosstermBackend<Stdout>>, shared: &Shared, over: &AtomicBool, stop: &AtomicBool) {
    let depth = Depth::of_this_terminal();
    let mut shown = State::default();
    let (mut resized, mut last) = (false, false);
    // Some terminals begin with what stood there.
    let _the_terminal_is_gone = terminal.clear();
    while !last && OURS.load(Ordering::SeqCst) {
        // What came before the end is drawn, too.
        last = over.load(Ordering::SeqCst);
        let news = lock(shared).news();
        if news.is_some() || resized {
            shown = news.unwrap_or(shown);
            let _the_terminal_is_gone = terminal.draw(|frame| draw(frame, &shown, depth));
        }
        resized = false;
        match event::poll(PAUSE).and_then(|heard| if heard { event::read().map(Some) } else { Ok(None) }) {
            Ok(Some(Event::Resize(..))) => resized = true,
            Ok(Some(event)) if ends(&event) => ask(stop),
            Ok(_) => {}
            // Nobody types there: the run goes on all the same.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Whether a key asks for the end. A terminal that is ours makes no signals of keys.
fn ends(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press
        && matches!((key.code, control), (KeyCode::Char('q'), false) | (KeyCode::Char('c'), true))
}
