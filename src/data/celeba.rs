//! CelebA: aligned faces, 40 attributes of each, and the official partition.

use super::decode::{Frame, Kept};
use super::listing::{Listing, Part};
use super::registry::{Entry, Get, Origin};
use super::scan::shown;
use super::{DataError, FileOptions, UNCLASSED, regular};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(super) const ENTRY: Entry = Entry {
    name: "celeba",
    about: "faces with 40 attributes, 64x64 colour: img_align_celeba and two lists",
    origin: Origin::Files {
        get: Get::ByHand(GET),
        read: |folder, request| list(folder, frame(request.options)?)?.load(request),
    },
};

const IMAGES: &str = "img_align_celeba";
const ATTRIBUTES: &str = "list_attr_celeba.txt";
const PARTITION: &str = "list_eval_partition.txt";
/// Width and height of an aligned face's photograph, in pixels.
const PHOTOGRAPH: [usize; 2] = [178, 218];
/// What is kept of it where pictures are kept no larger than they are seen: its central square of so many pixels a side.
const CROP: u32 = 148;

/// The class of a face is the colour of its hair: the attributes that say so, which are no style, and the classes' names. A
/// face with none of them is `other`; one with several has no class.
const HAIR: [&str; 4] = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"];
const CLASSES: [&str; 6] = ["black", "blond", "brown", "gray", "other", UNCLASSED];

/// Numbers of the partition; 1 is for validation and not used.
const TRAIN: &str = "0";
const VALIDATION: &str = "1";
const TEST: &str = "2";

/// Nobody but its makers may hand it out.
const GET: &str = "Unpack img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt of the CelebA page into one folder and \
                   name it with --data-dir DIR";
/// The lists of all 202,599 faces take 27 MB.
const LARGEST_LIST: u64 = 256 << 20;
/// Editors put it in front of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Of a photograph of its own size (`data.store`), all is kept, at so many pixels in width; else its centre.
pub(super) fn frame(options: &FileOptions) -> Result<Frame, DataError> {
    let [width, height] = PHOTOGRAPH;
    match options.store {
        0 => Ok(Frame::square(CROP, options.size)),
        store if store > width => {
            let problem =
                format!("photographs of CelebA are of {width} x {height} pixels: keep at most {width} in width");
            Err(DataError::Store { store, problem })
        }
        store => {
            let height = (store * height + width / 2) / width;
            Ok(Frame { part: Kept::Whole, height: height as u32, width: store as u32 })
        }
    }
}

/// Reads the two lists.
///
/// # Errors
/// When a list is missing, or a line is not as it should be.
fn list(root: &Path, frame: Frame) -> Result<Listing, DataError> {
    let read = |name: &str| {
        let path = root.join(name);
        let missing = |source: std::io::Error| DataError::Unusable {
            path: path.clone(),
            problem: source.to_string(),
            fix: GET.to_owned(),
        };
        let text = regular::read(&path, LARGEST_LIST).map_err(missing)?;
        let text = String::from_utf8(text).map_err(|_| DataError::Unusable {
            path: path.clone(),
            problem: "it is no text in UTF-8".to_owned(),
            fix: "Save it as UTF-8".to_owned(),
        })?;
        Ok::<_, DataError>((text, path))
    };
    let (attributes, attributes_path) = read(ATTRIBUTES)?;
    let (partition, partition_path) = read(PARTITION)?;
    join(root, frame, (&attributes, attributes_path), (&partition, partition_path))
}

/// The listing that the texts of the two lists make.
pub(super) fn join(
    root: &Path,
    frame: Frame,
    attributes: (&str, PathBuf),
    partition: (&str, PathBuf),
) -> Result<Listing, DataError> {
    let ((attributes, attributes_path), (partition, partition_path)) = (attributes, partition);
    let faces = Faces::parse(attributes.trim_start_matches(BYTE_ORDER_MARK), &attributes_path)?;
    let partition = partition.trim_start_matches(BYTE_ORDER_MARK);

    let (mut train, mut test) = (Part::default(), Part::default());
    for (number, line) in partition.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |problem: String| damaged(&partition_path, number, problem);
        let fields: Vec<&str> = line.split_whitespace().collect();
        let &[file, part] = &fields[..] else {
            return Err(wrong(format!("`{line}` is not a file and the number of its part")));
        };
        let part = match part {
            TRAIN => &mut train,
            TEST => &mut test,
            VALIDATION => continue,
            other => return Err(wrong(format!("{file} is in part `{other}`, expected 0, 1 or 2"))),
        };
        let Some(values) = faces.of.get(file) else {
            return Err(wrong(format!("{file} has no line in {ATTRIBUTES}")));
        };
        if file.contains(['/', '\\']) || file.contains(char::is_control) {
            return Err(wrong(format!("`{}` is not the name of a file", shown(file.as_ref()))));
        }
        part.files.push(format!("{IMAGES}/{file}"));
        part.labels.push(faces.class(values));
        part.factors.extend(faces.style(values).map(|&yes| f32::from(u8::from(yes))));
    }
    if train.files.is_empty() || test.files.is_empty() {
        let problem = format!("it has {} training and {} test images", train.files.len(), test.files.len());
        return Err(DataError::Unusable { path: partition_path, problem, fix: GET.to_owned() });
    }
    let classes = CLASSES.map(str::to_owned).to_vec();
    let factor_names = faces.style(&faces.names).map(|&name| name.to_owned()).collect();
    Ok(Listing {
        root: root.to_owned(),
        frame,
        train,
        test,
        classes,
        factor_names,
        notes: Vec::new(),
        skipped: Vec::new(),
        passed_over: Vec::new(),
    })
}

fn damaged(path: &Path, number: usize, problem: String) -> DataError {
    let fix = format!("Take the list from the CelebA page again. {GET}");
    DataError::Unusable { path: path.to_owned(), problem: format!("line {}: {problem}", number + 1), fix }
}

/// The attributes of all faces.
struct Faces<'a> {
    names: Vec<&'a str>,
    /// Where the hair's colours are among them.
    hair: [usize; 4],
    of: HashMap<&'a str, Vec<bool>>,
}

impl<'a> Faces<'a> {
    /// A line with the number of faces, one with the attributes' names, then a line of 1 and -1 for each face.
    fn parse(text: &'a str, path: &Path) -> Result<Self, DataError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let first = lines.next().map_or("", |(_, line)| line.trim());
        let Ok(count) = first.parse::<usize>() else {
            return Err(damaged(path, 0, format!("`{first}` is not the number of faces")));
        };
        let names: Vec<&str> = lines.next().map_or("", |(_, line)| line).split_whitespace().collect();
        let place = |colour: &str| {
            let at = names.iter().position(|&name| name == colour);
            at.ok_or_else(|| damaged(path, 1, format!("there is no attribute `{colour}`")))
        };
        let hair = [place(HAIR[0])?, place(HAIR[1])?, place(HAIR[2])?, place(HAIR[3])?];
        let mut of = HashMap::new();
        for (number, line) in lines {
            let mut fields = line.split_whitespace();
            let file = fields.next().unwrap_or_default();
            let values: Vec<bool> = fields
                .map(|field| match field {
                    "1" => Ok(true),
                    "-1" => Ok(false),
                    other => Err(damaged(path, number, format!("`{other}` of {file} is neither 1 nor -1"))),
                })
                .collect::<Result<_, _>>()?;
            if values.len() != names.len() {
                let problem = format!("{file} has {} attributes, expected {}", values.len(), names.len());
                return Err(damaged(path, number, problem));
            }
            of.insert(file, values);
        }
        match of.len() {
            found if found == count => Ok(Self { names, hair, of }),
            found => Err(damaged(path, 0, format!("it promises {count} faces, {found} follow"))),
        }
    }

    fn class(&self, values: &[bool]) -> u8 {
        let mut colours = (0..HAIR.len()).filter(|&colour| values[self.hair[colour]]);
        match (colours.next(), colours.next()) {
            (Some(only), None) => only as u8,
            (None, _) => HAIR.len() as u8,
            (Some(_), Some(_)) => HAIR.len() as u8 + 1,
        }
    }

    /// What of a list with an entry for each attribute is of those that are style.
    fn style<'b, T>(&self, of_each: &'b [T]) -> impl Iterator<Item = &'b T> {
        let hair = self.hair;
        of_each.iter().enumerate().filter(move |(place, _)| !hair.contains(place)).map(|(_, entry)| entry)
    }
}
