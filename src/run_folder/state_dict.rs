//! The state dict of a PyTorch model as people save it: as safetensors or with `torch.save`, within other dicts, under names that a wrapper
//! put a prefix before, of an encoder alone, in numbers of half or double precision.

use super::checkpoint::not_finite;
use super::pth;
use super::tensors::{Stored, Tensors};
use crate::console::name;
use crate::nn::ParamSpec;
use safetensors::SafeTensors;
use std::collections::{BTreeMap, HashSet};

/// What PyTorch's batch normalisation counts beside its statistics; here the number of steps.
pub const COUNTER: &str = "num_batches_tracked";
/// The buffer that every batch normalisation has.
pub const VARIANCE: &str = "running_var";

/// Bytes of a name that is looked at, and parts of what it begins with, at most.
const LONGEST: usize = 500;
const DEEPEST: usize = 16;

/// A state dict that is read.
#[derive(Default)]
pub struct StateDict<'a> {
    tensors: Tensors<'a>,
    /// The keys of the file that lead to it; empty where it is the outermost dict.
    path: String,
    /// What its names begin with, before the names that are looked for.
    prefix: String,
    /// What the names that are looked for begin with, and those of the file do not.
    lacks: String,
}

impl<'a> StateDict<'a> {
    /// Reads a file. Of its dicts, and of what names in them begin with, those are taken that leave the most wanted names. Where the names may
    /// lack what the wanted ones begin with, as those of an encoder alone do, that is `part`.
    ///
    /// # Errors
    /// When the bytes are neither a whole safetensors file nor a whole one of `torch.save`; in words.
    pub fn open(bytes: &'a [u8], wanted: &[&str], part: &str) -> Result<Self, String> {
        let dicts = match pth::read(bytes) {
            Some(dicts) => dicts?,
            None => vec![(String::new(), safetensors(bytes)?)],
        };
        let wanted: HashSet<&str> = wanted.iter().copied().collect();
        let mut best = (0, Self::default());
        for (path, tensors) in dicts {
            let (count, prefix, lacks) = names(&tensors, &wanted, part);
            if best.1.tensors.is_empty() || count > best.0 {
                best = (count, Self { tensors, path, prefix, lacks });
            }
        }
        Ok(best.1)
    }

    /// What was done to find the names, in words; empty where they stood there as they are.
    pub fn notes(&self) -> Vec<String> {
        let Self { path, prefix, lacks, .. } = self;
        let mut notes = Vec::new();
        if !path.is_empty() {
            notes.push(format!("the state dict is `{}` in the file", name(path)));
        }
        if !prefix.is_empty() {
            notes.push(format!("names begin with `{}`, which was taken off", name(prefix)));
        }
        if !lacks.is_empty() {
            notes.push(format!("names lack `{lacks}`, which was put before them"));
        }
        notes
    }

    /// Copies the named tensors into a flat layout, and tells what is wrong with each that cannot be taken.
    pub fn flatten(&self, specs: &[ParamSpec], len: usize, problems: &mut Vec<String>) -> Vec<f32> {
        let mut flat = vec![0.0; len];
        for spec in specs {
            match self.tensor(spec) {
                Ok(numbers) => flat[spec.param.offset..][..numbers.len()].copy_from_slice(&numbers),
                Err(problem) => problems.push(problem),
            }
        }
        flat
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn tensor(&self, spec: &ParamSpec) -> Result<Vec<f32>, String> {
        let wanted = spec.param.shape;
        let theirs = spec.name.strip_prefix(self.lacks.as_str());
        let found = theirs.and_then(|name| self.tensors.get(&format!("{}{name}", self.prefix)));
        let Some(found) = found else { return Err(format!("missing: `{}` {wanted:?}", spec.name)) };
        let there = match found {
            Ok(found) => format!("{:?} {:?}", found.dtype, found.shape),
            Err(what) => what.clone(),
        };
        let fits = found.as_ref().ok().filter(|found| found.shape == wanted.dims());
        let numbers = fits.and_then(Stored::numbers);
        let numbers = numbers.ok_or_else(|| format!("`{}` is {there} there and F32 {wanted:?} here", spec.name))?;
        if let Some(problem) = not_finite(&numbers) {
            return Err(format!("`{}`: {problem}", spec.name));
        }
        if spec.name.ends_with(VARIANCE) && numbers.iter().any(|&x| x < 0.0) {
            return Err(format!("`{}`: a variance is negative", spec.name));
        }
        Ok(numbers)
    }

    /// Whether its names lack what the wanted ones begin with.
    pub fn is_part(&self) -> bool {
        !self.lacks.is_empty()
    }

    /// The names in the dict that nobody wants, without their prefix.
    pub fn unknown(&self, wanted: &[&str]) -> Vec<String> {
        let wanted: HashSet<&str> = wanted.iter().filter_map(|name| name.strip_prefix(self.lacks.as_str())).collect();
        let known = |found: &str| {
            let name = found.strip_prefix(self.prefix.as_str());
            found.ends_with(COUNTER) || name.is_some_and(|name| wanted.contains(name))
        };
        let names = self.tensors.keys().filter(|found| !known(found));
        names
            .map(|found| format!("unknown: `{}`", name(found.strip_prefix(self.prefix.as_str()).unwrap_or(found))))
            .collect()
    }
}

/// The tensors of a safetensors file.
fn safetensors(bytes: &[u8]) -> Result<Tensors<'_>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        format!("it is not a whole safetensors file ({error}), nor one of torch.save: save the state dict with either")
    })?;
    let tensors = file.iter().map(|(name, tensor)| {
        // The view is gone at the end of the line, the bytes are the file's.
        (name.to_owned(), Ok(Stored::dense(tensor.dtype(), tensor.data(), tensor.shape().to_vec())))
    });
    Ok(tensors.collect())
}

/// How many wanted names there are, behind which prefix, and whether they lack `part`: each name votes for what stands before a wanted one.
/// The shortest prefix wins among equals.
fn names(tensors: &Tensors<'_>, wanted: &HashSet<&str>, part: &str) -> (usize, String, String) {
    let mut votes: BTreeMap<(usize, &str, &str), usize> = BTreeMap::new();
    let parts = ["", part];
    let parts = if part.is_empty() { &parts[..1] } else { &parts };
    for found in tensors.keys().filter(|found| found.len() <= LONGEST) {
        for at in std::iter::once(0).chain(found.match_indices('.').map(|(at, _)| at + 1)).take(DEEPEST) {
            let (prefix, name) = found.split_at(at);
            for lacks in parts.iter().filter(|lacks| wanted.contains(format!("{lacks}{name}").as_str())) {
                *votes.entry((prefix.len(), prefix, lacks)).or_default() += 1;
            }
        }
    }
    let mut best = (0, String::new(), String::new());
    for ((_, prefix, lacks), count) in votes {
        if count > best.0 {
            best = (count, prefix.to_owned(), lacks.to_owned());
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::safetensors::{Dtype, serialize, tensor::TensorView};
    use std::collections::HashMap;

    #[test]
    fn a_safetensors_file_is_one_whatever_the_length_of_its_header_is() {
        let bytes = 1.5_f32.to_le_bytes();
        let of_length = |length: usize| {
            let view = TensorView::new(Dtype::F32, vec![1], &bytes).expect("a tensor");
            let about = HashMap::from([("about".to_owned(), "x".repeat(length))]);
            serialize([("a", view)], Some(about)).expect("a file")
        };
        // The first byte of a length may be that of a pickle.
        let file = (0..300).map(of_length).find(|file| file[0] == 0x80).expect("every length is there");
        let dict = StateDict::open(&file, &["a"], "").expect("it is whole");
        assert!(dict.unknown(&["a"]).is_empty() && dict.notes().is_empty());
    }
}
