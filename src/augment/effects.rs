//! What changes the colours and the sharpness of views, once they are rendered.

use super::{Augmentation, Drawn, ImageSource};
use crate::kernels::augment::blur::Blur;
use crate::kernels::augment::colour::Colour;
use crate::kernels::augment::effects::{EffectSettings, Effects};
use crate::kernels::augment::solarise::Solarise;
use crate::kernels::common::effects::EFFECT_NUMBERS;
use crate::plan::{Graph, Tensor};

/// Whether anything can happen to a view.
pub(super) fn any(settings: &EffectSettings) -> bool {
    colours(settings) || settings.blur.probability > 0.0 || settings.solarise.probability > 0.0
}

fn colours(settings: &EffectSettings) -> bool {
    settings.jitter.probability > 0.0 || settings.grey > 0.0
}

/// Emits the dispatches that something can come of, which change the views in place: jitter, grey, blur, inversion, and then
/// black and white.
pub(super) fn emit(g: &mut Graph, clock: Tensor, source: &ImageSource, drawn: &Drawn, how: &Augmentation) {
    let Augmentation { plain_views: plain, effects: ref settings, .. } = *how;
    let Drawn { boxes, x } = *drawn;
    let ([channels, height, width], (rows, pixels)) = (source.shape, x.shape.as_matrix());
    let effects = g.tensor("effects", [rows, EFFECT_NUMBERS]);
    g.push("draw effects", Effects { rows, plain, settings: settings.clone() }, &[clock, boxes, effects]);
    if colours(settings) {
        g.push("jitter colours", Colour { rows, channels, plane: height * width }, &[effects, x]);
    }
    if settings.blur.probability > 0.0 {
        let across = g.tensor("blurred across", x.shape);
        let kernel = settings.blur.kernel;
        let blur = |vertical| Blur { rows, channels, height, width, kernel, vertical };
        g.push("blur across", blur(false), &[effects, x, across]);
        g.push("blur down", blur(true), &[effects, across, x]);
    }
    let (threshold, black_and_white) = (settings.solarise.threshold, source.threshold);
    if settings.solarise.probability > 0.0 || black_and_white {
        g.push("solarise", Solarise { rows, width: pixels, threshold, black_and_white }, &[effects, x]);
    }
}
