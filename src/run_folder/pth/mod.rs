//! The files of `torch.save`: a zip archive with a pickle, which says what there is, and the bytes of each storage. Nothing is executed,
//! and nothing copied: tensors are parts of the file's bytes.

mod pickle;

use super::tensors::{Found, Stored, Tensors};
use crate::console::name;
use pickle::{Id, Pickle, Value};
use rawzip::{CompressionMethod, ZipArchive};
use safetensors::Dtype;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;

/// What a zip archive begins with.
const ZIP: &[u8] = b"PK\x03\x04";
/// What files of PyTorch before 1.6 begin with: a pickle of their magic number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// What is read at most, so that few bytes cannot stand for much work: bytes of a pickle, bytes of a name, tensors.
const LONGEST: usize = 8 << 20;
const LONGEST_NAME: usize = 500;
const MOST_TENSORS: usize = 100_000;
/// Dicts within dicts that are looked into.
const NESTED: usize = 3;
/// Dimensions of a tensor, at most.
const DEEPEST: usize = 8;

/// Dicts of tensors, each with the keys that lead to it.
pub type Dicts<'a> = Vec<(String, Tensors<'a>)>;

/// Reads a file of `torch.save`: every dict in it that has tensors, the outermost first. None where the file is none of these.
///
/// # Errors
/// When it cannot be read, in words.
pub fn read(bytes: &[u8]) -> Option<Result<Dicts<'_>, String>> {
    // A safetensors file: the length of its header, whose bytes may be those that others begin with, then the header.
    if bytes.get(8) == Some(&b'{') {
        return None;
    }
    if bytes.starts_with(LEGACY) {
        let problem = "it has the format of PyTorch before 1.6, which is not read: load it with torch.load and save it with torch.save, \
                       or with safetensors.torch.save_file";
        return Some(Err(problem.to_owned()));
    }
    if bytes.starts_with(b"\x80") {
        return Some(Err(
            "it is a pickle of Python and no file of torch.save: save the state dict with torch.save".to_owned()
        ));
    }
    bytes.starts_with(ZIP).then(|| Archive::open(bytes)?.dicts())
}

/// The parts of a file, each as it stands in the file.
struct Archive<'a> {
    parts: HashMap<String, &'a [u8]>,
}

impl<'a> Archive<'a> {
    /// Finds the parts, and checks their checksums.
    fn open(file: &'a [u8]) -> Result<Self, String> {
        let damaged = |error: rawzip::Error| format!("its zip archive is damaged: {error}");
        let archive = ZipArchive::from_slice(file).map_err(damaged)?;
        let (mut parts, mut left) = (HashMap::new(), file.len());
        for record in archive.entries() {
            let record = record.map_err(damaged)?;
            let path = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
            if record.compression_method() != CompressionMethod::STORE {
                return Err(format!("`{path}` in it is compressed: torch.save compresses nothing"));
            }
            let entry = archive.get_entry(record.wayfinder()).map_err(damaged)?;
            // Where parts lay over each other, little could stand for much.
            left = left.checked_sub(entry.data().len()).ok_or("the parts of its zip archive lie over each other")?;
            io::copy(&mut entry.verifying_reader(entry.data()), &mut io::sink())
                .map_err(|error| format!("`{path}` in it is damaged, or was saved without its checksum: {error}"))?;
            let (start, end) = entry.compressed_data_range();
            let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
            let bytes = range.and_then(|(start, end)| file.get(start..end)).ok_or("its zip archive is damaged")?;
            // All parts lie in one folder.
            let name = path.split_once('/').map_or(path.as_str(), |(_, name)| name);
            parts.insert(name.to_owned(), bytes);
        }
        Ok(Self { parts })
    }

    fn part(&self, part: &str) -> Result<&'a [u8], String> {
        self.parts.get(part).copied().ok_or_else(|| format!("`{}` is missing in it", name(part)))
    }

    fn dicts(&self) -> Result<Dicts<'a>, String> {
        if self.parts.contains_key("constants.pkl") {
            return Err("it is a program of TorchScript: save the state dict of its module, torch.save(module.state_dict(), FILE)".to_owned());
        }
        if self.parts.get("byteorder").is_some_and(|&order| order != b"little") {
            return Err("its numbers are big-endian: save it on another machine".to_owned());
        }
        let pickle = self.part("data.pkl")?;
        if pickle.len() > LONGEST {
            return Err(format!("its pickle has {} bytes, and {LONGEST} are read at most", pickle.len()));
        }
        Reader { pickle: Pickle::read(pickle)?, part: &|name| self.part(name), storages: HashMap::new() }.dicts()
    }
}

/// A pickle whose tensors are looked for.
struct Reader<'a, 'r> {
    pickle: Pickle<'a>,
    part: &'r dyn Fn(&str) -> Result<&'a [u8], String>,
    /// The storages that were read.
    storages: HashMap<&'a str, Result<&'a [u8], String>>,
}

impl<'a> Reader<'a, '_> {
    fn dicts(mut self) -> Result<Dicts<'a>, String> {
        let (mut found, mut seen, mut count) = (Vec::new(), HashSet::new(), 0);
        let mut next = VecDeque::from([(Vec::new(), self.pickle.root)]);
        while let Some((path, id)) = next.pop_front() {
            let Value::Dict(items) = self.pickle.value(id) else { continue };
            // A dict may be in itself, or in many others.
            if !seen.insert(id) {
                continue;
            }
            let mut tensors = BTreeMap::new();
            for (key, value) in items.clone() {
                let Some(key) = self.text(key) else { continue };
                match self.pickle.value(value) {
                    Value::Dict(_) if path.len() < NESTED => next.push_back(([&path[..], &[key]].concat(), value)),
                    Value::Call(..) => drop(tensors.insert(key.to_owned(), self.tensor(value))),
                    _ => {}
                }
            }
            count += tensors.len();
            if count > MOST_TENSORS {
                return Err(format!("it has more than {MOST_TENSORS} tensors"));
            }
            if tensors.values().any(Result::is_ok) {
                found.push((path.join("."), tensors));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        Err(match self.pickle.class(self.pickle.root) {
            Some((module, class)) => format!(
                "it holds an object of the class {}, and no state dict: save it with torch.save(model.state_dict(), FILE)",
                called(module, class)
            ),
            None => "there is no dict of tensors in it: save the state dict, torch.save(model.state_dict(), FILE)"
                .to_owned(),
        })
    }

    /// The tensor that a call would make; what else it is, in words.
    fn tensor(&mut self, id: Id) -> Found<'a> {
        // A parameter is a tensor that is trained.
        let id = match (self.pickle.class(id), self.pickle.arguments(id)) {
            (Some(("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state")), &[tensor, ..]) => tensor,
            _ => id,
        };
        match (self.pickle.class(id), self.pickle.arguments(id)) {
            (Some(("torch._utils", "_rebuild_tensor_v2")), &[storage, offset, shape, strides, ..]) => {
                self.view(storage, offset, shape, strides)
            }
            (Some((module, class)), _) => Err(format!("an object of {}", called(module, class))),
            (None, _) => Err("no tensor".to_owned()),
        }
    }

    /// A text that is short enough for a name.
    fn text(&self, id: Id) -> Option<&'a str> {
        if let Value::Text(text) = *self.pickle.value(id) {
            Some(text).filter(|text| text.len() <= LONGEST_NAME)
        } else {
            None
        }
    }

    /// A part of a storage: its first element, its shape, and how far elements are apart in each dimension.
    fn view(&mut self, storage: Id, offset: Id, shape: Id, strides: Id) -> Found<'a> {
        let storage = match *self.pickle.value(storage) {
            Value::Outside(id) => self.pickle.list(id),
            _ => &[],
        };
        let &[_, class, key, ..] = storage else { return Err("a tensor without a storage".to_owned()) };
        let (&Value::Class(module, class), Some(key)) = (self.pickle.value(class), self.text(key)) else {
            return Err("a tensor of an unknown storage".to_owned());
        };
        let dtype = dtype(class).ok_or_else(|| format!("a tensor of {}", called(module, class)))?;
        let whole = |id: &Id| match *self.pickle.value(*id) {
            Value::Whole(number) => usize::try_from(number).ok(),
            _ => None,
        };
        let sizes = |id| {
            let list = self.pickle.list(id);
            if list.len() > DEEPEST { None } else { list.iter().map(whole).collect::<Option<Vec<usize>>>() }
        };
        let strides = sizes(strides);
        let shape = sizes(shape).filter(|shape| Some(shape.len()) == strides.as_ref().map(Vec::len));
        let (Some(offset), Some(shape), Some(strides)) = (whole(&offset), shape, strides) else {
            return Err(format!("a tensor without a shape of at most {DEEPEST} dimensions"));
        };
        let part = self.part;
        let bytes = self.storages.entry(key).or_insert_with(|| part(&format!("data/{key}"))).clone()?;
        Stored::view(dtype, bytes, offset, shape, &strides)
    }
}

/// The name of a class, as far as it fits a line.
fn called(module: &str, class: &str) -> String {
    name(&module.chars().chain(['.']).chain(class.chars()).take(100).collect::<String>())
}

/// The type of the numbers in a storage of this class.
fn dtype(class: &str) -> Option<Dtype> {
    Some(match class {
        "FloatStorage" => Dtype::F32,
        "DoubleStorage" => Dtype::F64,
        "HalfStorage" => Dtype::F16,
        "BFloat16Storage" => Dtype::BF16,
        "LongStorage" => Dtype::I64,
        "IntStorage" => Dtype::I32,
        "ShortStorage" => Dtype::I16,
        "CharStorage" => Dtype::I8,
        "ByteStorage" => Dtype::U8,
        "BoolStorage" => Dtype::BOOL,
        _ => return None,
    })
}

/// A pickle alone, beside a storage of sixteen numbers: what the checksums of an archive keep the fuzzer from.
#[cfg(any(fuzzing, test))]
pub fn unpacked(pickle: &[u8]) -> Result<Dicts<'_>, String> {
    let part = |_: &str| Ok(&[63u8; 64][..]);
    Reader { pickle: Pickle::read(pickle)?, part: &part, storages: HashMap::new() }.dicts()
}
