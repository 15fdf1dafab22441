// The sizes of a convolution. The image side is what Conv2d reads and ConvTranspose2d writes, the map side the other one.
struct Params {
    images: u32,
    channels: u32, // of the image side
    height: u32,
    width: u32,
    filters: u32, // channels of the map side
    rows: u32, // height of the map side
    columns: u32, // width of the map side
    padding: u32,
    slice: u32, // images whose weight gradient one slice sums
}
@group(0) @binding(0) var<uniform> params: Params;

const TAPS: u32 = KERNEL * KERNEL;
// Beyond the edge there are zeros.
const RIGHT_ELSE: f32 = 0.0;

// What the elements of one column of the product's right operand have in common.
struct Column {
    base: u32,
    y: u32,
    x: u32,
}
