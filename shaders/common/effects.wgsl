// What is drawn for each view beside its crop: eight numbers. The first four stand where their operation's number says.
const EFFECT_NUMBERS: u32 = 8u;
const BRIGHTNESS: u32 = 0u; // factor; 1 changes nothing
const CONTRAST: u32 = 1u;
const SATURATION: u32 = 2u;
const HUE: u32 = 3u;        // turn of the colour circle, -0.5 to 0.5
const ORDER: u32 = 4u;      // the four operations in two bits each, the first in the lowest
const GREY: u32 = 5u;       // 1 takes the colours away
const SIGMA: u32 = 6u;      // of the blur, in pixels; 0 leaves the view sharp
const SOLARISE: u32 = 7u;   // 1 inverts the bright pixels
