//! Scores over the values of a setting as SVG, one small chart for each score: every seed a dot, a line through the means.

use super::theme::themed;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use std::ops::Range;

/// A score of all series.
#[derive(Clone, Debug)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// For each series in its order: which value of the setting, and the score of a seed there.
    pub series: Vec<Vec<(usize, f64)>>,
}

const CHART: (u32, u32) = (360, 250);
const COLUMNS: usize = 3;
/// Height of a line of the legend.
const LINE: u32 = 20;
/// A setting whose greatest value is so many times its least has a logarithmic axis.
const DECADE: f64 = 10.0;

/// Draws scores over a setting's values, which are numbers or words; `names` are those of the series, in the scores' order.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn svg(setting: &str, values: &[String], names: &[String], scores: &[Score]) -> Result<String, String> {
    let rows = scores.len().div_ceil(COLUMNS).max(1);
    let legend = LINE * names.len() as u32;
    let mut text = String::new();
    {
        let size = (CHART.0 * COLUMNS as u32, CHART.1 * rows as u32 + legend);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let drawn = (|| -> Result<(), Box<dyn std::error::Error>> {
            root.fill(&WHITE)?;
            let (top, body) = root.split_vertically(legend);
            for (i, name) in names.iter().enumerate() {
                let y = (LINE * i as u32 + LINE / 2) as i32;
                top.draw(&Circle::new((20, y), 5, colour(i).filled()))?;
                top.draw(&Text::new(name.clone(), (32, y - 6), ("sans-serif", 13).into_font().color(&BLACK)))?;
            }
            for (area, score) in body.split_evenly((rows, COLUMNS)).iter().zip(scores) {
                chart(area, setting, values, score)?;
            }
            root.present()?;
            Ok(())
        })();
        drawn.map_err(|error| error.to_string())?;
    }
    Ok(themed(text))
}

/// The axis of a setting, with a tick at each of its values.
struct Axis<'a> {
    values: &'a [String],
    places: Vec<f64>,
    range: Range<f64>,
}

impl Ranged for Axis<'_> {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (left, right): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        left + (part * f64::from(right - left)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.places.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis<'_> {
    fn format(place: &f64) -> String {
        place.to_string()
    }

    fn format_ext(&self, place: &f64) -> String {
        let found = self.places.iter().position(|other| other == place).and_then(|at| self.values.get(at));
        found.cloned().unwrap_or_default()
    }
}

fn chart(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    setting: &str,
    values: &[String],
    score: &Score,
) -> Result<(), Box<dyn std::error::Error>> {
    let places = places(values);
    let heights = || score.series.iter().flatten().map(|&(_, y)| y);
    let axis = Axis { values, range: range(places.iter().copied(), 0.08), places: places.clone() };
    let y = range(heights(), 0.06);
    let mut chart = ChartBuilder::on(area)
        .caption(&score.name, ("sans-serif", 15))
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(56)
        .build_cartesian_2d(axis, y.clone())?;
    let digits = if y.end - y.start < 0.1 {
        4
    } else if y.end.abs() >= 100.0 {
        0
    } else {
        2
    };
    chart
        .configure_mesh()
        .x_desc(setting)
        .max_light_lines(1)
        .y_label_formatter(&|value| format!("{value:.digits$}"))
        .draw()?;
    for (i, points) in score.series.iter().enumerate() {
        let placed = |&(at, y): &(usize, f64)| Some((*places.get(at)?, y));
        chart
            .draw_series(points.iter().filter_map(placed).map(|at| Circle::new(at, 2, colour(i).mix(0.5).filled())))?;
        let means: Vec<(f64, f64)> = means(points).iter().filter_map(placed).collect();
        chart.draw_series(LineSeries::new(in_order(means.clone()), colour(i).stroke_width(2)))?;
        chart.draw_series(means.into_iter().map(|at| Circle::new(at, 4, colour(i).filled())))?;
    }
    Ok(())
}

/// Where values stand on the axis: numbers where they are, or their logarithms where they span a decade; words side by side.
fn places(values: &[String]) -> Vec<f64> {
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    let Some(numbers) = numbers else { return (0..values.len()).map(|at| at as f64).collect() };
    let (low, high) = extremes(numbers.iter().copied());
    if low > 0.0 && high / low >= DECADE { numbers.into_iter().map(f64::log10).collect() } else { numbers }
}

fn extremes(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

/// A range around numbers with a margin of this part of it; one number still needs an axis of some length.
fn range(numbers: impl Iterator<Item = f64>, margin: f64) -> Range<f64> {
    match extremes(numbers) {
        (low, high) if low < high => low - margin * (high - low)..high + margin * (high - low),
        (low, high) if low == high => low - 0.5..high + 0.5,
        _ => 0.0..1.0,
    }
}

/// The mean of the scores at each value.
fn means(points: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let mut sums: Vec<(usize, f64, f64)> = Vec::new();
    for &(at, y) in points {
        match sums.iter_mut().find(|(other, ..)| *other == at) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + y, *count + 1.0),
            None => sums.push((at, y, 1.0)),
        }
    }
    sums.into_iter().map(|(at, sum, count)| (at, sum / count)).collect()
}

/// Points from left to right.
fn in_order(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn colour(series: usize) -> RGBColor {
    let (r, g, b) = Palette99::COLORS[series % Palette99::COLORS.len()];
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn every_seed_and_every_mean_is_drawn() {
        let series = vec![vec![(0, 1.0), (0, 3.0), (1, 2.0), (1, 4.0)], vec![(1, 5.0)], Vec::new()];
        let scores = [Score { name: "k-NN <%>".to_owned(), series }];
        let text = svg("views", &words(&["2", "4"]), &words(&["simvae", "vae", "random"]), &scores).expect("a picture");
        // A dot for each seed, one for each mean, one for each name.
        assert_eq!(text.matches("<circle").count(), 5 + 3 + 3);
        for part in ["simvae", "random", "k-NN &lt;%&gt;", "views"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.lines().any(|line| line.trim() == "4"), "values stand at the axis: {text}");
        assert!(svg("views", &[], &[], &[]).is_ok());
    }

    #[test]
    fn values_stand_where_they_are() {
        assert_eq!(places(&words(&["2", "4", "10"])), [2.0, 4.0, 10.0]);
        assert_eq!(places(&words(&["0.01", "1", "0.1"])), [-2.0, 0.0, -1.0]);
        assert_eq!(places(&words(&["0", "1", "100"])), [0.0, 1.0, 100.0]);
        assert_eq!(places(&words(&["uniform", "gaussian"])), [0.0, 1.0]);
        assert_eq!(means(&[(1, 2.0), (0, 1.0), (1, 4.0)]), [(1, 3.0), (0, 1.0)]);
    }
}
