//! The files of `web/`, which the program carries.

/// A file by its name, with slashes, and its text.
pub type Own = (&'static str, &'static str);

macro_rules! own {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("../../web/", $name)))),*] };
}

/// What replays plans, and how pages look.
pub const REPLAYER: [Own; 9] = own![
    "bind.js",
    "device.js",
    "icon.svg",
    "pace.js",
    "pipelines.js",
    "plan.js",
    "replay.js",
    "staging.js",
    "style.css",
];

/// The page that trains.
pub const TRAINS: [Own; 17] = own![
    "index.html",
    "page/board.js",
    "page/catalogue.js",
    "page/chart.js",
    "page/dataset.js",
    "page/drop.js",
    "page/gallery.js",
    "page/idx.js",
    "page/main.js",
    "page/map.js",
    "page/numbers.js",
    "page/pictures.js",
    "page/redraw.js",
    "page/samples.js",
    "page/speed.js",
    "page/trainer.js",
    "page/words.js",
];

/// The page that checks kernels.
pub const CHECKS: [Own; 3] = own!["check.html", "check.js", "page/words.js"];
