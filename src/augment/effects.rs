//! What changes the colours and the sharpness of views, once they are rendered.

use super::{Augmentation, Drawn, ImageSource};
use crate::kernels::augment::blur::Blur;
use crate::kernels::augment::colour::Colour;
use crate::kernels::augment::effects::{EffectSettings, Effects};
use crate::kernels::augment::solarise::Solarise;
use crate::kernels::common::effects::EFFECT_NUMBERS;
use crate::plan::{Graph, Tensor};

/// Whether anything can happen to a view.
pub(super) fn any(how: &Augmentation) -> bool {
    colours(how) || how.blur.probability > 0.0 || how.solarise.probability > 0.0
}

fn colours(how: &Augmentation) -> bool {
    how.jitter.probability > 0.0 || how.grey > 0.0
}

/// Emits the dispatches that something can come of, which change the views in place: jitter, grey, blur, inversion, and then
/// black and white.
pub(super) fn emit(
    g: &mut Graph,
    clock: Tensor,
    source: &ImageSource,
    drawn: &Drawn,
    (how, plain): (&Augmentation, usize),
) {
    let Drawn { boxes, x } = *drawn;
    let ([channels, height, width], (rows, pixels)) = (source.shape, x.shape.as_matrix());
    let settings = EffectSettings {
        jitter: how.jitter.clone(),
        grey: how.grey,
        blur: how.blur.clone(),
        solarise: how.solarise.clone(),
    };
    let effects = g.tensor("effects", [rows, EFFECT_NUMBERS]);
    g.push("draw effects", Effects { rows, plain, settings }, &[clock, boxes, effects]);
    if colours(how) {
        g.push("jitter colours", Colour { rows, channels, plane: height * width }, &[effects, x]);
    }
    if how.blur.probability > 0.0 {
        let across = g.tensor("blurred across", x.shape);
        let kernel = how.blur.kernel;
        let blur = |vertical| Blur { rows, channels, height, width, kernel, vertical };
        g.push("blur across", blur(false), &[effects, x, across]);
        g.push("blur down", blur(true), &[effects, across, x]);
    }
    let (threshold, black_and_white) = (how.solarise.threshold, source.threshold);
    if how.solarise.probability > 0.0 || black_and_white {
        g.push("solarise", Solarise { rows, width: pixels, threshold, black_and_white }, &[effects, x]);
    }
}
