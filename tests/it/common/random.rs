//! How tests of random cases are run.

use proptest::test_runner::{Config, RngSeed};

/// So many cases, the same in every run: a failure is shrunk and shown, and no file remembers it.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() }
}
