//! How a view looks: progress above, curves on the left, pictures and judges on the right, what was told below.

use super::picture::{Depth, pairs};
use super::state::{Curve, State};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, LineGauge, Paragraph};
use wgpu_simvae::page::time;
use wgpu_simvae::setting::thousands;

/// Colours of the curves, which every terminal has and its user may have chosen.
const COLOURS: [Color; 6] = [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::Blue, Color::Red];
/// Lines of what was told, at most.
const LINES: u16 = 7;
/// A curve needs so many lines, and two stand side by side where there are so many columns.
const CURVE: u16 = 7;
const WIDE: u16 = 76;
/// Columns of the judges where there are no pictures above them.
const JUDGES: u16 = 38;

pub fn draw(frame: &mut Frame<'_>, state: &State, depth: Depth) {
    let told = LINES.min(frame.area().height / 4);
    let parts = [Constraint::Length(3), Constraint::Min(0), Constraint::Length(told), Constraint::Length(1)];
    let [top, middle, bottom, last] = frame.area().layout(&Layout::vertical(parts));
    progress(frame, state, top);
    match (&state.pictured, &state.judged) {
        (None, None) => curves(frame, &state.losses, middle),
        (pictured, _) => {
            let right = if pictured.is_some() { Constraint::Percentage(50) } else { Constraint::Length(JUDGES) };
            let [left, right] = middle.layout(&Layout::horizontal([Constraint::Fill(1), right]));
            curves(frame, &state.losses, left);
            looks(frame, state, depth, right);
        }
    }
    notes(frame, &state.lines, bottom);
    frame.render_widget(Line::from("q ends the run at the next safe place, with a checkpoint").dim(), last);
}

/// What runs where, and how far it is.
fn progress(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [title, gauge, facts] = area.layout(&Layout::vertical([Constraint::Length(1); 3]));
    let device = Line::from(state.device.as_str()).dim().right_aligned();
    frame.render_widget(device, title);
    frame.render_widget(Line::from(state.title.as_str()).bold(), title);
    let share = (state.step as f64 / state.steps.max(1) as f64).clamp(0.0, 1.0);
    let label = format!("step {} of {}", thousands(state.step), thousands(state.steps));
    let bar =
        LineGauge::default().ratio(share).label(label).filled_style(Color::Cyan).unfilled_style(Style::new().dim());
    frame.render_widget(bar, gauge);
    let mut known = vec![format!("epoch {:.2}", state.epoch)];
    if state.images_per_second > 0.0 {
        known.push(format!("{} images/s", thousands(state.images_per_second.round() as u64)));
    }
    known.extend(state.left.map(|left| format!("{} left", time(left))));
    frame.render_widget(Line::from(known.join("   ")), facts);
}

/// The curves of the loss, as many as there is room for.
fn curves(frame: &mut Frame<'_>, losses: &[Curve], area: Rect) {
    let rows = usize::from((area.height / CURVE).max(1));
    let columns = if area.width >= WIDE && losses.len() > 1 { 2 } else { 1 };
    let shown = &losses[..losses.len().min(rows * columns)];
    let lines = area.layout_vec(&Layout::vertical(vec![Constraint::Fill(1); shown.len().div_ceil(columns)]));
    for (line, (place, some)) in lines.into_iter().zip(shown.chunks(columns)).enumerate() {
        let places = place.layout_vec(&Layout::horizontal(vec![Constraint::Fill(1); some.len()]));
        for (i, (place, curve)) in places.into_iter().zip(some).enumerate() {
            frame.render_widget(chart(curve, COLOURS[(line * columns + i) % COLOURS.len()]), place);
        }
    }
}

fn chart(curve: &Curve, colour: Color) -> Chart<'_> {
    let [xs, ys] = [span(curve, |point| point.0), span(curve, |point| point.1)];
    let line = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).style(colour).data(&curve.points);
    let title = format!(" {} {} ", curve.name.replace('_', " "), number(curve.newest));
    Chart::new(vec![line])
        .block(Block::bordered().border_style(Style::new().dim()).title(Line::from(title).bold()))
        .x_axis(Axis::default().bounds(xs).labels([format!("{:.1}", xs[0]), format!("epoch {:.1}", xs[1])]))
        .y_axis(Axis::default().bounds(ys).labels(ys.map(number)))
}

/// From the least to the greatest; what does not change still needs an axis of some length.
fn span(curve: &Curve, of: fn(&(f64, f64)) -> f64) -> [f64; 2] {
    let low = curve.points.iter().map(of).fold(f64::INFINITY, f64::min);
    let high = curve.points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    match low < high {
        true => [low, high],
        false if low.is_finite() => [low - 0.5, low + 0.5],
        false => [0.0, 1.0],
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0..100.0 => format!("{value:.3}"),
        100.0..10_000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The newest reconstructions, and the newest scores of judges.
fn looks(frame: &mut Frame<'_>, state: &State, depth: Depth, area: Rect) {
    let scores = state.judged.as_ref().map_or(0, |(_, scores)| scores.len() as u16 + 2);
    let [above, below] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(scores)]));
    if let Some((step, pictured)) = &state.pictured {
        let block = framed(format!(" images over their reconstructions, step {} ", thousands(*step)));
        pairs(pictured, block.inner(above), depth, frame.buffer_mut());
        frame.render_widget(block, above);
    }
    if let Some((step, scores)) = &state.judged {
        let width = scores.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = scores.iter().map(|(name, value)| Line::from(format!("{name:width$}  {value}")));
        let block = framed(format!(" judged at step {} ", thousands(*step)));
        let place = if state.pictured.is_some() { below } else { area };
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), place);
    }
}

fn framed(title: String) -> Block<'static> {
    Block::bordered().border_style(Style::new().dim()).title(title)
}

/// The newest lines of what was told.
fn notes(frame: &mut Frame<'_>, lines: &[String], area: Rect) {
    let shown = lines.len().min(usize::from(area.height));
    let newest = lines[lines.len() - shown..].iter().map(|line| Line::from(line.as_str()));
    frame.render_widget(Paragraph::new(newest.collect::<Vec<_>>()), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::buffer::Buffer;
    use wgpu_simvae::train::Pictured;

    fn state() -> State {
        let mut state = State::new("simvae on sprites, seed 3".to_owned(), "cpu, 2 threads".to_owned());
        state.begin(0, 12_000, &[]);
        for (step, total) in [(1_000, 240.0), (2_000, 180.5)] {
            state.advance(step, step as f64 / 1000.0, 4321.4, &[("total", total), ("kl_content", 7.25)]);
        }
        state.left = Some(75.0);
        state.judged(2_000, &[("knn", 0.875), ("held_out_loss", 190.0)]);
        let stack = |value: f32| vec![value; 9 * 16 * 16];
        let shape = [1, 16, 16];
        let (images, reconstructions) = (stack(0.2), stack(0.6));
        state.pictured(2_000, &Pictured { images, reconstructions, shape, png: Vec::new() });
        state.told("judged every 1 epochs on 40 held-out images".to_owned());
        state
    }

    fn drawn(state: &State, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, state, Depth::True)).expect("it draws");
        terminal.backend().buffer().clone()
    }

    fn text(buffer: &Buffer) -> String {
        let lines = buffer.content().chunks(usize::from(buffer.area.width));
        lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
    }

    #[test]
    fn all_that_is_known_is_on_the_screen() {
        let buffer = drawn(&state(), 140, 40);
        let text = text(&buffer);
        for part in [
            "simvae on sprites, seed 3",
            "cpu, 2 threads",
            "step 2,000 of 12,000",
            "epoch 2.00   4,321 images/s   1 min 15 s left",
            " total 180.5 ",
            " kl content 7.250 ",
            " images over their reconstructions, step 2,000 ",
            " judged at step 2,000 ",
            "knn            87.5 %",
            "held out loss  190.000",
            "judged every 1 epochs on 40 held-out images",
            "q ends the run",
        ] {
            assert!(text.contains(part), "`{part}` is missing from:\n{text}");
        }
        let of = |fg: u8| {
            let grey = Color::Rgb(fg, fg, fg);
            buffer.content().iter().filter(|cell| cell.symbol() == "▀" && cell.fg == grey && cell.bg == grey).count()
        };
        // A picture of 16 x 16 pixels takes 8 lines of cells.
        assert!(of(51) >= 4 * 16 * 8 && of(51) == of(153), "{} and {}:\n{text}", of(51), of(153));
        let curve =
            |colour| buffer.content().iter().any(|cell| cell.fg == colour && "⠁⡇⣀⠤⠒⠉⠑⢄⠢".contains(cell.symbol()));
        assert!(curve(Color::Cyan) && curve(Color::Yellow), "{text}");
    }

    #[test]
    fn what_is_not_known_takes_no_room_and_no_screen_is_too_small() {
        let mut state = state();
        for size in [(1, 1), (10, 3), (20, 10), (40, 12), (80, 24), (300, 100)] {
            drawn(&state, size.0, size.1);
        }
        (state.pictured, state.judged, state.left) = (None, None, None);
        let text = text(&drawn(&state, 100, 30));
        assert!(!text.contains("reconstructions") && !text.contains("at step") && !text.contains(" left"), "{text}");
        drawn(&State::new(String::new(), String::new()), 80, 24);
    }

    #[test]
    fn curves_that_say_little_have_an_axis() {
        let mut curve = Curve::new("total");
        assert_eq!(span(&curve, |point| point.1), [0.0, 1.0]);
        curve.add(0.0, 3.0);
        assert_eq!(span(&curve, |point| point.1), [2.5, 3.5]);
        curve.add(1.0, 5.0);
        assert_eq!(span(&curve, |point| point.1), [3.0, 5.0]);
        assert_eq!([0.5, 123.4567, -12_345.6].map(number), ["0.500", "123.5", "-12346"]);
    }
}
