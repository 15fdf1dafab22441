//! What makes the rows of a comparison comparable: as many steps of as many rows, or what else they are matched by.

use super::error::CompareError;
use super::used::{computed, probes};
use super::vary::{Point, Varied, assignments, grid, label};
use crate::data::Dataset;
use crate::methods::registry::{Entry, METHODS, find};
use crate::setting::at;
use crate::settings::{Config, ConfigError, Sources, to_table};
use toml::Value;

/// What every row of a comparison gets as much of as the settings say without any method's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// Steps, and rows (images x views) a step: a method of fewer views takes more images.
    #[default]
    Steps,
    /// Rows in all: each method has the batch and the views of its own settings.
    Rows,
    /// Images a step, and steps: a method of fewer views takes fewer rows.
    Images,
    /// Epochs: each method has the batch and the views of its own settings, and so its own number of steps.
    Epochs,
}

impl Match {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Steps, Self::Rows, Self::Images, Self::Epochs];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Rows => "rows",
            Self::Images => "images",
            Self::Epochs => "epochs",
        }
    }
}

/// A row of a comparison: a method, on views or on the images as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub entry: &'static Entry,
    pub plain: bool,
}

/// What the name of a row ends with whose method sees the images as they are.
const PLAIN: &str = "-plain";

/// The name of a row.
pub(super) fn row_name(method: &str, plain: bool) -> String {
    format!("{method}{}", if plain { PLAIN } else { "" })
}

/// The names of all rows that a comparison can have: the methods, and those that compare no views once more on plain images, as
/// `vae-plain`.
pub fn row_names() -> Vec<String> {
    let rows = |entry: &Entry| {
        let plain = takes_plain(entry).then(|| row_name(entry.name, true));
        std::iter::once(row_name(entry.name, false)).chain(plain)
    };
    METHODS.iter().flat_map(rows).collect()
}

/// Whether a method trains, and compares no views.
fn takes_plain(entry: &Entry) -> bool {
    let trains = entry.defaults().ok().and_then(|table| entry.objective(table).ok());
    entry.needs.fewest_views <= 1 && trains.is_some_and(|objective| objective.trains())
}

impl Row {
    fn find(name: &str) -> Result<Self, CompareError> {
        let method = name.strip_suffix(PLAIN);
        let found = match method {
            Some(method) => find(method).filter(|entry| takes_plain(entry)),
            None => find(name),
        };
        let known = || ConfigError::Value {
            key: "methods".to_owned(),
            value: name.to_owned(),
            fix: format!("one of {}", row_names().join(", ")),
        };
        Ok(Self { entry: found.ok_or_else(known)?, plain: method.is_some() })
    }

    /// The views that it takes of those that the settings give.
    fn views(self, own: &Config) -> usize {
        let needs = self.entry.needs;
        if self.plain { 1 } else { own.views.clamp(needs.fewest_views, needs.most_views) }
    }
}

/// Settings whose rows are matched.
pub(super) struct Matching<'a> {
    sources: &'a Sources,
    by: Match,
    /// The settings without any method's own: what all rows are matched to.
    pub base: Config,
}

impl<'a> Matching<'a> {
    pub fn new(sources: &'a Sources, by: Match) -> Result<Self, CompareError> {
        let base = shared(sources)?;
        if base.augment.plain {
            return Err(CompareError::Plain);
        }
        Ok(Self { sources, by, base })
    }

    /// The points at which a row stands on these data: those of the grid, with only the settings that the row uses, each once.
    pub fn points(&self, name: &str, vary: &[Varied], data: &Dataset) -> Result<Vec<Point>, CompareError> {
        let row = Row::find(name)?;
        let mut points = Vec::new();
        for full in grid(vary) {
            let own = self.own(row, &full)?;
            let values = to_table(&own)?;
            let used = vary.iter().filter(|varied| self.uses(name, &full, varied, data)).map(|varied| &varied.key);
            let mut point: Point = used.filter_map(|key| Some((key.clone(), at(&values, key)?.clone()))).collect();
            // As many views as the method takes, which may be fewer or more.
            if let Some(views) = point.get_mut("views") {
                *views = Value::Integer(row.views(&own) as i64);
            }
            if !points.contains(&point) {
                points.push(point);
            }
        }
        Ok(points)
    }

    /// Whether what a row computes at a point of the grid follows a setting: its values there, what it is unless it is varied, and a few
    /// others.
    fn uses(&self, name: &str, point: &Point, Varied { key, values }: &Varied, data: &Dataset) -> bool {
        let at = |value: Option<&Value>| {
            let mut point = point.clone();
            match value {
                Some(value) => point.insert(key.clone(), value.clone()),
                None => point.remove(key),
            };
            let config = self.config(name, &point, 0, data.train.len()).ok()?;
            computed(&config, data)
        };
        let unless = at(None);
        values.iter().any(|value| at(Some(value)) != unless)
            || probes(key).iter().filter_map(|value| at(Some(value))).any(|found| Some(found) != unless)
    }

    /// The settings of a row at a point of a comparison on so many training images.
    pub fn config(&self, name: &str, point: &Point, seed: u32, images: usize) -> Result<Config, CompareError> {
        let row = Row::find(name)?;
        let refused = |problem| CompareError::Match { row: label(name, point), by: self.by.name(), problem };
        self.base.check_steps(images)?;
        let matched = self.matched(row, point, images)?.map_err(refused)?;
        let own = [format!("method={}", row.entry.name), format!("seed={seed}")];
        let config =
            Config::merge(&self.sources.clone().with(own.into_iter().chain(assignments(point)).chain(matched)));
        let config = config.map_err(|error| refused(error.to_string()))?;
        if config.batch > images {
            return Err(refused(format!("a step takes {} images, and there are {images}", config.batch)));
        }
        config.check_steps(images).map_err(|error| refused(error.to_string()))?;
        Ok(config)
    }

    /// A method's own settings at a point, before they are matched.
    fn own(&self, row: Row, point: &Point) -> Result<Config, ConfigError> {
        let method = format!("method={}", row.entry.name);
        Config::lay(&self.sources.clone().with(std::iter::once(method).chain(assignments(point))))
    }

    /// The settings that match a row, or why it cannot be matched.
    fn matched(&self, row: Row, point: &Point, images: usize) -> Result<Result<Vec<String>, String>, CompareError> {
        let base = &self.base;
        let own = self.own(row, point)?;
        let views = row.views(&own);
        let (rows, steps, warmup) = (base.batch * base.views, base.total_steps(images), base.warmup_steps(images));
        let all = rows as u64 * steps;
        let own_rows = (own.batch * views) as u64;
        let counted = |batch: usize, steps: u64, warmup: u64| {
            vec![format!("batch={batch}"), format!("steps={steps}"), format!("optim.warmup_steps={warmup}")]
        };
        let mut matched = match self.by {
            Match::Steps if !rows.is_multiple_of(views) => {
                return Ok(Err(format!(
                    "its {views} views do not divide the {rows} rows of a step ({} images x {} views). Choose another \
                     batch or views, or --match images",
                    base.batch, base.views
                )));
            }
            Match::Steps => counted(rows / views, steps, warmup),
            Match::Images => counted(base.batch, steps, warmup),
            Match::Rows if !all.is_multiple_of(own_rows) => {
                return Ok(Err(format!(
                    "steps of {} images x {views} views do not divide {all} rows ({steps} steps of {rows}). Choose other \
                     --steps, or --match steps",
                    own.batch
                )));
            }
            Match::Rows => counted(own.batch, all / own_rows, (rows as u64 * warmup).div_ceil(own_rows)),
            Match::Epochs if base.steps > 0 => {
                return Ok(Err(format!(
                    "the settings count {} steps. Leave out --steps, or --match epochs",
                    base.steps
                )));
            }
            Match::Epochs => vec![format!("batch={}", own.batch), format!("epochs={}", base.epochs)],
        };
        // No steps of warm-up would count the method's own epochs of it.
        matched.push(format!("optim.warmup_epochs={}", base.optim.warmup_epochs));
        matched.extend([format!("views={views}"), format!("augment.plain={}", row.plain)]);
        Ok(Ok(matched))
    }
}

/// The settings without any method's own.
///
/// # Errors
/// As [`Config::merge`].
pub fn shared(sources: &Sources) -> Result<Config, ConfigError> {
    // The untrained encoder takes any batch, and no preset has settings of its own for it.
    Config::merge(&sources.clone().with(["method=random"]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{ImageShape, Images};

    const IMAGES: usize = 10_000;

    /// Black images of so many channels.
    pub fn pictures(channels: usize) -> Dataset {
        let shape = ImageShape { channels, height: 16, width: 16 };
        let of = |count: usize| {
            let classes = vec!["one".to_owned(), "two".to_owned()];
            Images::new(shape, vec![0; count * shape.bytes()], vec![0; count], classes).expect("images")
        };
        Dataset::new("black", of(IMAGES), of(2)).expect("a data set")
    }

    /// Images, views and steps of a row under the preset `quick`, which gives SimVAE 1,563 steps of 32 images x 4 views.
    fn matched(name: &str, by: Match, set: &[&str]) -> Result<(usize, usize, u64), CompareError> {
        let set = set.iter().map(|&set| set.to_owned()).collect();
        let config =
            Matching::new(&Sources { set, ..Sources::default() }, by)?.config(name, &Point::new(), 3, IMAGES)?;
        assert_eq!((row_name(&config.method, config.augment.plain).as_str(), config.seed), (name, 3));
        Ok((config.batch, config.views, config.total_steps(IMAGES)))
    }

    #[test]
    fn every_row_takes_as_many_steps_of_as_many_rows() {
        for name in row_names() {
            for (set, rows, steps) in [
                (&[][..], 128, 1563),
                (&["epochs=3"], 128, 938),
                (&["steps=77"], 128, 77),
                (&["views=10", "batch=12"], 120, 4167),
                (&["views=1", "batch=6"], 6, 8334),
            ] {
                let (batch, views, found) = matched(&name, Match::Steps, set).expect("it can be matched");
                assert_eq!((batch * views, found), (rows, steps), "{name}, {set:?}: {batch} x {views}");
            }
            let config = Matching::new(&Sources::default(), Match::Steps)
                .and_then(|all| all.config(&name, &Point::new(), 0, IMAGES));
            assert_eq!(config.expect("it can be matched").warmup_steps(IMAGES), 313, "{name}");
        }
    }

    #[test]
    fn rows_are_matched_by_what_is_asked_for() {
        let of = |name, by| matched(name, by, &[]).expect("it can be matched");
        let rows = [
            ("simvae", Match::Steps, (32, 4, 1563)),
            ("vae", Match::Steps, (32, 4, 1563)),
            ("vae-plain", Match::Steps, (128, 1, 1563)),
            ("cr-vae", Match::Steps, (64, 2, 1563)),
            ("cr-vae", Match::Images, (32, 2, 1563)),
            ("vae-plain", Match::Images, (32, 1, 1563)),
            ("cr-vae", Match::Rows, (64, 2, 1563)),
            ("vae-plain", Match::Rows, (32, 1, 4 * 1563)),
            ("simvae", Match::Epochs, (32, 4, 1563)),
            ("cr-vae", Match::Epochs, (64, 2, 782)),
        ];
        for (name, by, want) in rows {
            assert_eq!(of(name, by), want, "{name}, {by:?}");
        }
    }

    #[test]
    fn a_row_stands_at_the_points_that_it_uses_and_is_matched_at_each() {
        let vary = ["views=2,4,8", "simvae.variance_z=0.1,1"].map(|text| text.parse().expect("a setting"));
        let sources = Sources::default();
        let matching = Matching::new(&sources, Match::Steps).expect("settings");
        let data = pictures(1);
        let labels = |name: &str| -> Vec<String> {
            let points = matching.points(name, &vary, &data).expect("points");
            for point in &points {
                let config = matching.config(name, point, 0, IMAGES).expect("it can be matched");
                assert_eq!((config.batch * config.views, config.total_steps(IMAGES)), (128, 1563), "{name}, {point}");
            }
            points.iter().map(|point| label(name, point)).collect()
        };
        let with = |name: &str, rest: &[&str]| rest.iter().map(|rest| format!("{name}{rest}")).collect::<Vec<_>>();
        assert_eq!(labels("vae"), with("vae", &[" views=2", " views=4", " views=8"]));
        let six = ["0.1 views=2", "1.0 views=2", "0.1 views=4", "1.0 views=4", "0.1 views=8", "1.0 views=8"];
        assert_eq!(labels("simvae"), with("simvae simvae.variance_z=", &six));
        for name in ["vae-plain", "cr-vae", "random"] {
            assert_eq!(labels(name), [name]);
        }
        let own = ["views=1,2".parse().expect("a setting")];
        let points = matching.points("simvae", &own, &data).expect("points");
        assert_eq!(points.iter().map(|point| label("simvae", point)).collect::<Vec<_>>(), ["simvae views=2"]);
        // A factor that only a sampled divergence has is one row of an exact one.
        let vary =
            ["vae.divergence=exact,sampled", "vae.entropy_scale=1,2"].map(|text| text.parse().expect("a setting"));
        let points = matching.points("vae", &vary, &data).expect("points");
        let labels: Vec<String> = points.iter().map(|point| label("vae", point)).collect();
        let sampled = ["1.0", "2.0"].map(|scale| format!("vae vae.divergence=sampled vae.entropy_scale={scale}"));
        assert_eq!(labels, [&["vae vae.divergence=exact".to_owned()], &sampled[..]].concat());

        let rows = Matching::new(&sources, Match::Rows).expect("settings");
        let batches = ["batch=16,32".parse().expect("a setting")];
        for point in rows.points("vae", &batches, &data).expect("points") {
            let config = rows.config("vae", &point, 0, IMAGES).expect("it can be matched");
            assert_eq!((config.batch * config.views) as u64 * config.total_steps(IMAGES), 128 * 1563);
        }
    }

    #[test]
    fn what_cannot_be_matched_is_refused_by_name() {
        let refused = |name, by, set: &[&str], words: &[&str]| {
            let error = matched(name, by, set).expect_err("refused");
            assert!(error.is_usage());
            let text = error.to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        };
        refused("cr-vae", Match::Steps, &["views=3", "batch=3"], &["cr-vae", "steps", "2 views", "9 rows"]);
        refused("simclr", Match::Steps, &["views=2", "batch=1"], &["simclr", "at least 2"]);
        refused("vae-plain", Match::Steps, &["views=4", "batch=4000"], &["vae-plain", "16000", "10000"]);
        refused("cr-vae", Match::Rows, &["views=3", "batch=3", "steps=1"], &["cr-vae", "rows", "9 rows"]);
        refused("vae", Match::Epochs, &["steps=9"], &["vae", "epochs", "9 steps"]);
        refused("simvae-plain", Match::Steps, &[], &["simvae-plain", "vae-plain"]);
        refused("vae", Match::Steps, &["augment.plain=true"], &["vae-plain"]);
        refused("vae", Match::Steps, &["bach=3"], &["bach"]);
    }
}
