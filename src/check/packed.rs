//! Tensors of many kernels in few regions: a buffer each would cost a browser half a minute.

use crate::kernels::DType;
use crate::plan::{Layout, Tensor};
use std::collections::BTreeMap;

/// Where a binding may begin: WebGPU's 256 bytes.
const ALIGNMENT: usize = 64;

/// Makes room for tensors of these types and lengths, the bindings of kernels. Those of one kernel lie in different regions, as WebGPU
/// wants of what is read and what is written.
pub fn packed(layout: &mut Layout, kernels: &[Vec<(DType, usize)>]) -> Vec<Vec<Tensor>> {
    let mut lengths: BTreeMap<(usize, DType), usize> = BTreeMap::new();
    let mut begin = |position, dtype, len: usize| {
        let end = lengths.entry((position, dtype)).or_default();
        let begin = *end;
        *end += len.next_multiple_of(ALIGNMENT);
        begin
    };
    let each = |(position, &(dtype, len)): (usize, &(DType, usize))| (position, dtype, len);
    let begins: Vec<Vec<usize>> = kernels
        .iter()
        .map(|of| of.iter().enumerate().map(each).map(|(position, dtype, len)| begin(position, dtype, len)).collect())
        .collect();
    let regions: BTreeMap<_, Tensor> = lengths
        .into_iter()
        .map(|((position, dtype), len)| ((position, dtype), layout.add(&format!("{dtype:?} {position}"), dtype, [len])))
        .collect();
    let tensors = |(of, begins): (&Vec<(DType, usize)>, Vec<usize>)| {
        let tensors = of.iter().enumerate().map(each).zip(begins);
        tensors.map(|((position, dtype, len), begin)| regions[&(position, dtype)].slice(begin, [len])).collect()
    };
    kernels.iter().zip(begins).map(tensors).collect()
}
