//! Light and dark: a chart follows the reader's choice, alone and as a picture in a page.

/// The colours of a dark page (`page/page.css`) in the place of what the drawing library writes: paper, words, axes, and the rules behind
/// curves. Where readers want no dark page, a chart is as it was drawn.
const DARK: &str = "<style>@media (prefers-color-scheme: dark) {\
    rect[fill='#FFFFFF'] { fill: #1a2029 } text { fill: #e6eaf0 } \
    [stroke='#000000'] { stroke: #98a3b3 } [stroke='#F0F0F0'] { stroke: #2d3642 }\
    }</style>";

/// A chart that is dark where its reader wants dark pages.
pub(super) fn themed(svg: String) -> String {
    match svg.split_once('>') {
        Some((head, rest)) => format!("{head}>\n{DARK}{rest}"),
        None => svg,
    }
}

#[cfg(test)]
mod tests {
    use crate::draw::charts::{plane, varied};

    /// The colours that stand in an attribute of some of the elements.
    fn colours<'a>(svg: &'a str, attribute: &str) -> Vec<&'a str> {
        let values = svg.split(attribute).skip(1).filter_map(|rest| rest.get(..7));
        values.filter(|value| value.starts_with('#')).collect()
    }

    #[test]
    fn what_is_black_and_white_has_a_dark_colour() {
        let score = varied::Score { name: "k-NN".to_owned(), series: vec![vec![(0, 1.0), (1, 2.0)]] };
        let [two, name] = [["1", "2"].map(str::to_owned), ["simvae", ""].map(str::to_owned)];
        let varied = varied::svg("views", &two, &name[..1], &[score]).expect("a chart");
        let plane = plane(&[0.0, 1.0, 2.0, 3.0], 2, &[0, 1], &two).expect("a chart").expect("built with charts");
        for svg in [varied, plane] {
            let (style, drawn) = svg.split_once("</style>").expect("a style");
            assert!(style.contains("<svg") && style.contains("prefers-color-scheme: dark"), "{style}");
            let grey = |colour: &&str| colour[1..3] == colour[3..5] && colour[3..5] == colour[5..7];
            for (attribute, known) in [("stroke=\"", &["#000000", "#F0F0F0"][..]), ("fill=\"", &["#FFFFFF", "#000000"])]
            {
                let strange: Vec<&str> = colours(drawn, attribute).into_iter().filter(grey).collect();
                assert!(strange.iter().all(|colour| known.contains(colour)), "{attribute}: {strange:?}");
            }
        }
    }
}
