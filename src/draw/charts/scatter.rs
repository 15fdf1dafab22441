//! Points in a plane as SVG, coloured by class.

use super::theme::themed;
use plotters::prelude::*;

/// A point and its class.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// From left to right.
    pub x: f64,
    /// From bottom to top.
    pub y: f64,
    /// Index of the class.
    pub class: usize,
}

const SIDE: u32 = 380;
const LEGEND: u32 = 110;
/// Classes that the legend names; more colours than this cannot be told apart.
const NAMED: usize = 20;

/// Draws the points with a legend of the first classes.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn svg(points: &[Point], classes: &[String]) -> Result<String, String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (SIDE + LEGEND, SIDE)).into_drawing_area();
        let drawn = (|| -> Result<(), Box<dyn std::error::Error>> {
            root.fill(&WHITE)?;
            let place = scale(points);
            for point in points {
                root.draw(&Circle::new(place(point), 2, colour(point.class).mix(0.6).filled()))?;
            }
            for (i, name) in classes.iter().take(NAMED).enumerate() {
                let y = 18 + 18 * i as i32;
                root.draw(&Circle::new((SIDE as i32 + 10, y), 5, colour(i).filled()))?;
                let style = ("sans-serif", 13).into_font().color(&BLACK);
                root.draw(&Text::new(name.clone(), (SIDE as i32 + 20, y - 6), style))?;
            }
            root.present()?;
            Ok(())
        })();
        drawn.map_err(|error| error.to_string())?;
    }
    Ok(themed(text))
}

/// Where a point lies on the page: both axes have one scale, so that distances are true.
fn scale(points: &[Point]) -> impl Fn(&Point) -> (i32, i32) {
    let range = |pick: fn(&Point) -> f64| {
        let low = points.iter().map(pick).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
        if low <= high { (0.5 * (low + high), high - low) } else { (0.0, 0.0) }
    };
    let ((x, width), (y, height)) = (range(|p| p.x), range(|p| p.y));
    let extent = width.max(height).max(f64::MIN_POSITIVE);
    let half = f64::from(SIDE) / 2.0;
    let unit = (f64::from(SIDE) - 16.0) / extent;
    move |p: &Point| ((half + (p.x - x) * unit).round() as i32, (half - (p.y - y) * unit).round() as i32)
}

fn colour(class: usize) -> RGBColor {
    let (r, g, b) = Palette99::COLORS[class % Palette99::COLORS.len()];
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_and_class_is_drawn_inside_the_page() {
        let points: Vec<Point> = (0..50)
            .map(|i: i32| Point { x: f64::from(i) * 100.0 - 7.0, y: f64::from(i * i), class: i as usize % 3 })
            .collect();
        let classes = ["ring", "square", "<plus>"].map(str::to_owned);
        let text = svg(&points, &classes).expect("a picture");
        assert_eq!(text.matches("<circle").count(), 53);
        assert!(text.contains("ring") && text.contains("&lt;plus&gt;"), "names are escaped");
        let place = scale(&points);
        assert!(points.iter().map(place).all(|(x, y)| (0..SIDE as i32).contains(&x) && (0..SIDE as i32).contains(&y)));
    }

    #[test]
    fn nothing_and_a_single_point_can_be_drawn() {
        assert!(svg(&[], &[]).is_ok());
        assert!(svg(&[Point { x: 3.0, y: 4.0, class: 250 }], &[]).is_ok());
    }
}
