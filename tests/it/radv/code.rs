//! Machine code of AMD's cards as text: its loops, and what they are made of.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The innermost of the loops with the most multiply-adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// Multiply-adds of 32-bit numbers, one each where an instruction does two.
    pub multiply_adds: usize,
    /// Reads of workgroup memory.
    pub reads: usize,
    /// All instructions, branches left aside.
    pub instructions: usize,
}

impl Loop {
    /// Of a shader without a loop none.
    pub fn hottest(assembly: &str) -> Option<Self> {
        let (mut code, mut blocks) = (Vec::new(), HashMap::new());
        let mut loops = Vec::new();
        for line in assembly.lines() {
            let line = line.split(';').next().unwrap_or_default().trim();
            if let Some(block) = line.strip_suffix(':') {
                blocks.insert(block, code.len());
            } else if let Some(name) = line.split_whitespace().next() {
                code.push(name);
                // A branch to a block that has come already ends a loop.
                let target = line.split_whitespace().last().and_then(|target| blocks.get(target));
                if let Some(&begin) = target.filter(|_| name.contains("branch")) {
                    loops.push(Self::of(&code[begin..]));
                }
            }
        }
        loops.into_iter().max_by_key(|found| (found.multiply_adds, std::cmp::Reverse(found.instructions)))
    }

    fn of(code: &[&str]) -> Self {
        let count = |is: fn(&str) -> bool| code.iter().filter(|name| is(name)).count();
        Self {
            multiply_adds: count(is_multiply_add),
            reads: count(|name| name.starts_with("ds_read") || name.starts_with("ds_load")),
            instructions: count(|name| !name.contains("branch")),
        }
    }

    /// The share of the multiply-adds, 0 to 1.
    pub fn share(&self) -> f64 {
        self.multiply_adds as f64 / self.instructions as f64
    }
}

/// Fused on the cards that have it at full speed, else in two roundings.
fn is_multiply_add(name: &str) -> bool {
    let kinds = ["v_fma_f32", "v_fmac_f32", "v_mac_f32", "v_mad_f32", "v_pk_fma_f32", "v_dual_fmac_f32"];
    kinds.iter().any(|kind| name.starts_with(kind))
}

#[test]
fn the_innermost_of_the_hottest_loops_is_found() {
    let text = "
BB0:
\tv_fma_f32 v0, v1, v2, v3 ; d7650002 000100c1
BB1:
\tds_read_b128 v[0:3], v4
BB2:
\tv_fmac_f32_e32 v0, v1, v2
\tv_mac_f32_e32 v0, v1, v2
\ts_cbranch_scc1 BB2 ; bf8503b9
BB3:
\tv_add_nc_u32_e32 v0, v1, v2
\ts_branch BB1
BB4:
\ts_cbranch_scc0 BB9
\ts_endpgm";
    assert_eq!(Loop::hottest(text), Some(Loop { multiply_adds: 2, reads: 0, instructions: 2 }));
    assert_eq!(Loop::hottest("BB0:\n\ts_endpgm"), None);
}
