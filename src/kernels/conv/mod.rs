//! Convolutions and pooling. Three products serve Conv2d and ConvTranspose2d: each is the other's input gradient.

pub mod average_pool;
pub mod channel_sum;
pub mod correlate;
mod lower;
pub mod max_pool;
pub mod transposed;
pub mod weight_gradient;
pub(super) mod winograd;
mod work;

use super::Shader;
use encase::ShaderType;

/// The sizes of a convolution with square kernels. The image side is what Conv2d reads and ConvTranspose2d writes, the map
/// side the other one; weights are `[map channels, image channels, kernel, kernel]`, PyTorch's layout for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images.
    pub images: usize,
    /// Channels, height and width of the image side.
    pub image: [usize; 3],
    /// Channels, height and width of the map side.
    pub map: [usize; 3],
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
    /// Rows and columns of zeros around the image.
    pub padding: usize,
}

/// What a convolution does beside its product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvEpilogue {
    /// Nothing.
    None,
    /// Add a bias to each channel of the result.
    Bias,
    /// Add to what the result holds.
    Accumulate,
}

impl ConvEpilogue {
    /// Tells a shader.
    pub(super) fn tell(self, shader: Shader) -> Shader {
        shader.constant("BIAS", self == Self::Bias).constant("ACCUMULATE", self == Self::Accumulate)
    }
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    height: u32,
    width: u32,
    filters: u32,
    rows: u32,
    columns: u32,
    padding: u32,
    slice: u32,
}

/// Instructions that finding an element of an unfolded image takes, about.
const FIND: usize = 18;

impl ConvShape {
    /// Sizes for the examples of convolutions.
    fn examples() -> impl Iterator<Item = Self> {
        // Images, image and map, kernel, stride and padding; the map's sides follow from the others.
        let sizes = [
            (1, [1, 1, 1], [1, 1, 1], 1, 1, 0),
            (3, [3, 10, 9], [8, 8, 7], 3, 1, 0),
            (2, [5, 15, 15], [7, 15, 15], 3, 1, 1),
            (5, [7, 15, 15], [6, 8, 8], 3, 2, 1),
            (7, [3, 11, 8], [2, 8, 5], 4, 1, 0),
            (70, [2, 10, 6], [5, 5, 3], 7, 2, 3),
            (67, [9, 2, 2], [13, 2, 2], 3, 1, 1),
            (2, [11, 8, 7], [17, 4, 4], 1, 2, 0),
            (3, [19, 23, 29], [67, 23, 29], 1, 1, 0),
            (2, [3, 9, 10], [5, 3, 3], 2, 4, 1),
            // Images that are unfolded in several blocks (`lower.rs`), and more channels than a strip has rows.
            (9, [33, 16, 16], [5, 16, 16], 3, 1, 1),
            (5, [3, 9, 9], [65, 9, 9], 3, 1, 1),
            (33, [19, 5, 7], [17, 5, 7], 3, 1, 1),
            (17, [16, 9, 4], [23, 7, 2], 3, 1, 0),
            (16, [17, 2, 2], [18, 4, 4], 3, 1, 2),
            (35, [33, 2, 2], [16, 2, 2], 3, 1, 1),
            (19, [16, 1, 1], [16, 1, 1], 3, 1, 1),
        ];
        let example =
            |(images, image, map, kernel, stride, padding)| Self { images, image, map, kernel, stride, padding };
        sizes.into_iter().map(example)
    }

    /// Elements of the images.
    pub fn image_len(&self) -> usize {
        self.images * self.image.iter().product::<usize>()
    }

    /// Elements of the maps.
    pub fn map_len(&self) -> usize {
        self.images * self.map.iter().product::<usize>()
    }

    /// Elements of the weight.
    pub fn weight_len(&self) -> usize {
        self.map[0] * self.depth()
    }

    /// Elements of a kernel over all image channels.
    fn depth(&self) -> usize {
        self.image[0] * self.kernel * self.kernel
    }

    /// Positions of a map.
    fn positions(&self) -> usize {
        self.map[1] * self.map[2]
    }

    fn params(&self) -> Params {
        let [channels, height, width] = self.image.map(|x| x as u32);
        let [filters, rows, columns] = self.map.map(|x| x as u32);
        Params {
            images: self.images as u32,
            channels,
            height,
            width,
            filters,
            rows,
            columns,
            padding: self.padding as u32,
            slice: self.images as u32,
        }
    }

    /// A product of these sizes in words.
    fn named(&self, product: &str) -> String {
        let Self { images, image: [channels, height, width], map: [filters, rows, columns], kernel, stride, padding } =
            self;
        format!(
            "{product}, {images} of {channels}x{height}x{width} and {filters}x{rows}x{columns} by {kernel}, stride {stride}, padding {padding}"
        )
    }

    /// Tells a shader.
    fn tell(&self, shader: Shader) -> Shader {
        shader.constant("KERNEL", self.kernel as u32).constant("STRIDE", self.stride as u32).with(wgsl!("conv/shape"))
    }
}
