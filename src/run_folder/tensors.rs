//! Tensors as files of other programs hold them: in the bytes of the file, and not yet read.

use half::{bf16, f16};
use safetensors::Dtype;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A tensor in the bytes of a file.
#[derive(Clone, Debug)]
pub struct Stored<'a> {
    /// What its numbers are.
    pub dtype: Dtype,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// From its first number on.
    bytes: &'a [u8],
    /// How many numbers each dimension's neighbours are apart; none where they lie one behind the other, row by row.
    strides: Option<Vec<usize>>,
}

/// A tensor, or what else stands under its name, in words.
pub type Found<'a> = Result<Stored<'a>, String>;

/// What a file holds under names.
pub type Tensors<'a> = BTreeMap<String, Found<'a>>;

impl<'a> Stored<'a> {
    /// A tensor whose numbers lie one behind the other.
    pub fn dense(dtype: Dtype, bytes: &'a [u8], shape: Vec<usize>) -> Self {
        Self { dtype, shape, bytes, strides: None }
    }

    /// A tensor of some of the numbers in `bytes`, from the number `offset` on.
    ///
    /// # Errors
    /// When it reaches beyond them.
    pub fn view(dtype: Dtype, bytes: &'a [u8], offset: usize, shape: Vec<usize>, strides: &[usize]) -> Found<'a> {
        let beyond = || "a tensor that reaches beyond its storage".to_owned();
        if shape.contains(&0) {
            return Ok(Self::dense(dtype, &[], shape));
        }
        let steps = shape.iter().zip(strides).map(|(&dim, &stride)| (dim - 1).checked_mul(stride));
        let last = steps.into_iter().try_fold(offset, |last, step| last.checked_add(step?)).ok_or_else(beyond)?;
        let size = dtype.bitsize() / 8;
        let end = last.checked_add(1).and_then(|count| count.checked_mul(size)).ok_or_else(beyond)?;
        let bytes = bytes.get(offset * size..end).ok_or_else(beyond)?;
        let mut row = 1;
        let in_rows = shape.iter().zip(strides).rev().all(|(&dim, &stride)| {
            let fits = dim == 1 || stride == row;
            // Behind one that does not fit the product may be of any size.
            row = if fits { row * dim } else { row };
            fits
        });
        Ok(Self { dtype, shape, bytes, strides: (!in_rows).then(|| strides.to_vec()) })
    }

    /// The numbers in single precision, which has every number of half precision; none of other kinds. Of double precision the nearest are
    /// taken.
    pub fn numbers(&self) -> Option<Vec<f32>> {
        let bytes = self.in_rows();
        let words = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        match self.dtype {
            Dtype::F32 => Some(bytemuck::pod_collect_to_vec(&bytes)),
            Dtype::F16 => Some(words().map(|bits| f16::from_bits(bits).to_f32()).collect()),
            Dtype::BF16 => Some(words().map(|bits| bf16::from_bits(bits).to_f32()).collect()),
            Dtype::F64 => Some(bytemuck::pod_collect_to_vec::<u8, f64>(&bytes).into_iter().map(|x| x as f32).collect()),
            _ => None,
        }
    }

    /// The bytes of the numbers, one behind the other.
    fn in_rows(&self) -> Cow<'a, [u8]> {
        let Some(strides) = &self.strides else { return Cow::Borrowed(self.bytes) };
        let size = self.dtype.bitsize() / 8;
        let count: usize = self.shape.iter().product();
        let numbers = (0..count).flat_map(|index| {
            let (mut rest, mut at) = (index, 0);
            for (dim, stride) in self.shape.iter().zip(strides).rev() {
                at += (rest % dim) * stride;
                rest /= dim;
            }
            &self.bytes[at * size..][..size]
        });
        Cow::Owned(numbers.copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(count: u8) -> Vec<u8> {
        (0..count).flat_map(|x| f32::from(x).to_le_bytes()).collect()
    }

    #[test]
    fn a_view_takes_the_numbers_that_torch_takes() {
        let bytes = floats(12);
        let numbers = |offset, shape: &[usize], strides: &[usize]| {
            Stored::view(Dtype::F32, &bytes, offset, shape.to_vec(), strides)
                .map(|view| view.numbers().expect("floats"))
        };
        // torch.arange(12.).view(3, 4).t(), of it [1:, ::2], and a number that is expanded.
        assert_eq!(numbers(0, &[4, 3], &[1, 4]).expect("a view")[..5], [0.0, 4.0, 8.0, 1.0, 5.0]);
        assert_eq!(numbers(1, &[3, 2], &[1, 8]).expect("a view"), [1.0, 9.0, 2.0, 10.0, 3.0, 11.0]);
        assert_eq!(numbers(7, &[2, 2], &[0, 0]).expect("a view"), [7.0; 4]);
        assert_eq!(numbers(4, &[2, 1, 4], &[4, 9, 1]).expect("a view"), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert_eq!(numbers(9, &[0, 5], &[5, 1]).expect("nothing"), [0.0f32; 0]);
        // Four numbers that are expanded to more than can be counted: they are within their storage.
        assert!(Stored::view(Dtype::F32, &bytes, 0, vec![1 << 62, 4], &[0, 1]).is_ok());
        for (offset, shape, strides) in [
            (0, &[13][..], &[1][..]),
            (12, &[1], &[1]),
            (0, &[2, 2], &[11, 1]),
            (usize::MAX, &[2], &[1]),
            (0, &[usize::MAX, usize::MAX], &[usize::MAX, 1]),
        ] {
            assert!(numbers(offset, shape, strides).is_err(), "{offset} {shape:?} {strides:?}");
        }
    }
}
