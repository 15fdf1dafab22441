//! Loss curves as SVG, one small chart per term: terms differ too much in size to share an axis.

use super::theme::themed;
use plotters::coord::Shift;
use plotters::prelude::*;

/// A named curve of (epoch, value) points.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Name of the term.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
}

const CHART: (u32, u32) = (460, 300);
const COLUMNS: usize = 2;
/// Height of a title.
const TITLE: u32 = 40;

/// Draws parts below each other as one SVG document, each a title and its curves; a part without curves is left out. A curve without
/// two finite points stays empty.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn svg(parts: &[(&str, Vec<Curve>)]) -> Result<String, String> {
    let shown = || parts.iter().filter(|(_, curves)| !curves.is_empty());
    let height: u32 = shown().map(|(_, curves)| height(curves)).sum();
    let mut text = String::new();
    {
        let size = (CHART.0 * COLUMNS as u32, height.max(TITLE));
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let drawn = (|| -> Result<(), Box<dyn std::error::Error>> {
            root.fill(&WHITE)?;
            let mut rest = root.clone();
            for (title, curves) in shown() {
                let (part, below) = rest.split_vertically(self::height(curves));
                draw(&part, title, curves)?;
                rest = below;
            }
            root.present()?;
            Ok(())
        })();
        drawn.map_err(|error| error.to_string())?;
    }
    Ok(themed(text))
}

fn height(curves: &[Curve]) -> u32 {
    TITLE + CHART.1 * curves.len().div_ceil(COLUMNS) as u32
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(part: &Area<'_>, title: &str, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let body = part.titled(title, ("sans-serif", 20))?;
    for (area, curve) in body.split_evenly((curves.len().div_ceil(COLUMNS), COLUMNS)).iter().zip(curves) {
        chart(area, curve)?;
    }
    Ok(())
}

fn chart(area: &Area<'_>, curve: &Curve) -> Result<(), Box<dyn std::error::Error>> {
    let points: Vec<(f64, f64)> =
        curve.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let range = |pick: fn(&(f64, f64)) -> f64| {
        let low = points.iter().map(pick).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
        // A flat or empty curve still needs an axis of some length.
        if low < high {
            low..high
        } else if low.is_finite() {
            low - 0.5..low + 0.5
        } else {
            0.0..1.0
        }
    };
    let (x, y) = (range(|point| point.0), range(|point| point.1));
    let margin = 0.05 * (y.end - y.start);
    let mut chart = ChartBuilder::on(area)
        .caption(&curve.name, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y.start - margin..y.end + margin)?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .light_line_style(RGBColor(240, 240, 240))
        .y_label_formatter(&|value| if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") })
        .draw()?;
    chart.draw_series(LineSeries::new(points, RGBColor(31, 119, 180).stroke_width(2)))?;
    Ok(())
}
