//! Which objective a golden case is about, and which of its losses the log's terms are.

use super::case::Facts;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::supervised::Supervised;
use crate::methods::{LikelihoodSettings, Objective, cr_vae, simclr, simvae, vae, vicreg};
use std::sync::Arc;

/// An objective and the names of the golden losses of its terms.
pub(super) struct Method {
    pub objective: Arc<dyn Objective>,
    pub views: usize,
    /// Golden loss and weight of each term.
    pub terms: Vec<(&'static str, f64)>,
    /// Whether the golden terms are sums, over the images of CR-VAE and the rows of the others; else they are means.
    pub summed: bool,
}

/// Makes a case's method from its settings.
type Builder = fn(&Facts) -> Method;

/// The methods by the beginning of their cases' names.
const METHODS: [(&str, Builder); 8] = [
    ("simvae_", simvae),
    ("adam_trajectory_", simvae),
    ("vae_", vae),
    ("beta_vae_", vae),
    ("cr_vae_", cr_vae),
    ("infonce_", infonce),
    ("vicreg_", vicreg),
    ("cross_entropy_", cross_entropy),
];

/// How to make the method of a case; none where it is not built.
pub(super) fn builder(name: &str) -> Option<Builder> {
    METHODS.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, builder)| *builder)
}

fn likelihood(facts: &Facts) -> LikelihoodSettings {
    let kind = facts.recon.unwrap_or(LikelihoodKind::Gaussian);
    LikelihoodSettings { kind, variance: facts.var_x.unwrap_or(0.02) }
}

fn simvae(facts: &Facts) -> Method {
    let settings = simvae::Settings {
        variance_z: facts.var_z_y.unwrap_or(0.15),
        prior: facts.p_y.unwrap_or(ContentPrior::Uniform),
        entropy_scale: 1.0,
    };
    Method {
        objective: Arc::new(simvae::SimVae { likelihood: likelihood(facts), settings }),
        views: facts.views.unwrap_or(1),
        terms: vec![("rec_sum", 1.0), ("prior_sum", 1.0), ("entropy_sum", 1.0)],
        summed: true,
    }
}

fn vae(facts: &Facts) -> Method {
    let beta = facts.beta.unwrap_or(1.0);
    Method {
        objective: Arc::new(vae::Vae { likelihood: likelihood(facts), settings: vae::Settings { beta } }),
        views: 1,
        terms: vec![("rec_sum", 1.0), ("kl_sum", beta)],
        summed: true,
    }
}

fn cr_vae(facts: &Facts) -> Method {
    let (beta, lambda) = (facts.beta.unwrap_or(1.0), facts.lambda.unwrap_or(0.1));
    let settings = cr_vae::Settings { beta, lambda };
    Method {
        objective: Arc::new(cr_vae::CrVae { likelihood: likelihood(facts), settings }),
        views: 2,
        terms: vec![("rec_sum", 1.0), ("kl_sum", beta), ("consistency_sum", lambda)],
        summed: true,
    }
}

fn infonce(facts: &Facts) -> Method {
    let settings = simclr::Settings { temperature: facts.tau.unwrap_or(0.7) };
    let objective = Arc::new(simclr::SimClr { settings, projector: vec![] });
    Method { objective, views: 2, terms: vec![("total", 1.0)], summed: false }
}

fn vicreg(_: &Facts) -> Method {
    let settings = vicreg::Settings { invariance: 25.0, variance: 25.0, covariance: 1.0 };
    let objective = Arc::new(vicreg::VicReg { settings, projector: vec![] });
    Method { objective, views: 2, terms: vec![("inv", 25.0), ("var", 25.0), ("cov", 1.0)], summed: false }
}

fn cross_entropy(_: &Facts) -> Method {
    let objective = Arc::new(Supervised { classifier: false });
    Method { objective, views: 1, terms: vec![("total", 1.0)], summed: false }
}
