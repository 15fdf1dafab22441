//! Loss curves as SVG, one small chart per term: terms differ too much in size to share an axis.

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

/// Draws the curves as one SVG document. A curve without two finite points stays empty.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn svg(title: &str, curves: &[Curve]) -> Result<String, String> {
    let rows = curves.len().div_ceil(COLUMNS).max(1);
    let mut text = String::new();
    {
        let size = (CHART.0 * COLUMNS as u32, CHART.1 * rows as u32 + 40);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root, title, rows, curves).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(root: &Area<'_>, title: &str, rows: usize, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    root.fill(&WHITE)?;
    let body = root.titled(title, ("sans-serif", 20))?;
    for (area, curve) in body.split_evenly((rows, COLUMNS)).iter().zip(curves) {
        chart(area, curve)?;
    }
    root.present()?;
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
