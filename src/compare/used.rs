//! Which settings a row of a comparison uses: where it does not use one, its values make no rows of their own.

use super::matched::Row;
use crate::methods::Objective;
use crate::methods::registry::METHODS;
use crate::nn::{MlpBackbone, ModelConfig, Params, Sizes};
use crate::settings::Config;

/// Whether a setting can change what a row with these settings computes.
pub(super) fn uses(row: Row, config: &Config, key: &str) -> bool {
    let Ok(objective) = config.objective() else { return true };
    let (table, _) = key.rsplit_once('.').unwrap_or_default();
    match table {
        "model" => builds(config, key),
        _ if !objective.trains() => false,
        "likelihood" => networks(&*objective, &[]).0,
        "projector" => networks(&*objective, &[1]) != networks(&*objective, &[]),
        "" if key == "views" => !row.plain && row.entry.needs.fewest_views < row.entry.needs.most_views,
        _ if table.starts_with("augment") => !row.plain,
        _ if METHODS.iter().any(|entry| entry.table == table) => table == row.entry.table,
        _ => true,
    }
}

/// Whether the networks of a kind follow a setting of them.
fn builds(config: &Config, key: &str) -> bool {
    let differs = |change: fn(&mut ModelConfig)| {
        let mut other = config.clone();
        change(&mut other.model);
        match (config.backbone(), other.backbone()) {
            (Ok(one), Ok(other)) => format!("{one:?}") != format!("{other:?}"),
            _ => true,
        }
    };
    match key {
        "model.hidden" => differs(|model| model.hidden.push(1)),
        "model.width" => differs(|model| model.width += 2),
        _ => true,
    }
}

/// Whether an objective has a decoder, and the size of its networks with a projector of these widths.
fn networks(objective: &dyn Objective, projector: &[usize]) -> (bool, usize) {
    let backbone = MlpBackbone { hidden: vec![1] };
    let mut params = Params::default();
    let sizes = Sizes { image: [1, 1, 1], backbone: &backbone, latent: 1, classes: 2, projector };
    let networks = objective.networks(&mut params, &sizes);
    (networks.generative, params.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::registry::find;

    #[test]
    fn methods_use_their_own_settings_and_those_of_what_they_are_made_of() {
        let used = |name: &str, plain: bool, kind: &str, keys: &[&str]| -> Vec<bool> {
            let mut config = Config { method: name.to_owned(), ..Config::default() };
            config.model.kind = kind.to_owned();
            let row = Row { entry: find(name).expect("a method"), plain };
            keys.iter().map(|key| uses(row, &config, key)).collect()
        };
        let keys = ["views", "augment.grey", "likelihood.variance", "projector.widths", "vae.divergence", "optim.lr"];
        assert_eq!(used("vae", false, "mlp", &keys), [true, true, true, false, true, true]);
        assert_eq!(used("vae", true, "mlp", &keys), [false, false, true, false, true, true]);
        assert_eq!(used("cr-vae", false, "mlp", &keys), [false, true, true, false, false, true]);
        assert_eq!(used("simclr", false, "mlp", &keys), [true, true, false, true, false, true]);
        assert_eq!(used("supervised", false, "mlp", &keys), [true, true, false, false, false, true]);
        assert_eq!(used("random", false, "mlp", &keys), [false; 6]);
        let sizes = ["model.kind", "model.latent", "model.hidden", "model.width"];
        assert_eq!(used("random", false, "mlp", &sizes), [true, true, true, false]);
        assert_eq!(used("vae", false, "official-conv", &sizes), [true, true, false, true]);
    }
}
