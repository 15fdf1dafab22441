//! Representations as files: safetensors with everything, and CSV.

use super::session::Embedding;
use crate::data::Images;
use crate::files::FileError;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use safetensors::{SafeTensors, serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Keys of the metadata.
const FILES: &str = "files";
const FOLDER: &str = "folder";
const WEIGHTS: &str = "weights";

/// Representations that cannot be read, or do not stand beside those of a run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds no representations.
    #[error(
        "{path}: these are no representations ({problem}). Name a file that `wgpu-simvae embed` wrote, NAME.safetensors"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// They are of another size.
    #[error(
        "{path}: representations of {found} numbers, and the run's have {latent}: they are another run's. Embed the pictures with this one"
    )]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Numbers of a representation.
        found: usize,
        /// Those of the run.
        latent: usize,
    },
    /// They are of other weights.
    #[error(
        "{path}: another run, or another checkpoint of it, made these representations. Embed the pictures with this one, or name it with --checkpoint"
    )]
    OtherWeights {
        /// The file.
        path: PathBuf,
    },
}

impl EmbeddingsError {
    /// Whether the wrong file was named.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::OtherSize { .. } | Self::OtherWeights { .. })
    }
}

/// Representations that were read from a file.
#[derive(Clone, Debug)]
pub struct Embeddings {
    /// `[rows, latent]`, row-major.
    pub mu: Vec<f32>,
    /// Columns of `mu`.
    pub latent: usize,
    /// The images' files, behind the folder of their data set; empty where they were no files.
    pub files: Vec<String>,
    /// Checksum of the weights that they are of; none where an older version wrote them.
    pub weights: Option<String>,
}

impl Embeddings {
    /// Reads what [`to_safetensors`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        let bytes = std::fs::read(path).map_err(FileError::reading(path))?;
        Self::parse(&bytes).map_err(|problem| EmbeddingsError::Damaged { path: path.to_owned(), problem })
    }

    /// [`Embeddings::read`] of a file's content.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let mu = file.tensor("mu").map_err(|error| error.to_string())?;
        let (&[rows, latent], Dtype::F32) = (mu.shape(), mu.dtype()) else {
            return Err(format!("`mu` is {:?} of {:?}, and no matrix of F32", mu.dtype(), mu.shape()));
        };
        if rows == 0 || latent == 0 {
            return Err(format!("`mu` is {rows} x {latent}"));
        }
        let metadata = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?.1;
        let of = |key: &str| metadata.metadata().as_ref().and_then(|all| all.get(key));
        let folder = of(FOLDER).map(Path::new);
        let named =
            |line: &str| folder.map_or_else(|| line.to_owned(), |folder| folder.join(line).display().to_string());
        let files: Vec<String> = of(FILES).map(|list| list.lines().map(named).collect()).unwrap_or_default();
        if !files.is_empty() && files.len() != rows {
            return Err(format!("{} files for {rows} rows", files.len()));
        }
        Ok(Self { mu: bytemuck::pod_collect_to_vec(mu.data()), latent, files, weights: of(WEIGHTS).cloned() })
    }

    /// Checks that they stand beside the representations of weights of this checksum, which have `latent` numbers.
    ///
    /// # Errors
    /// When they are of another size or of other weights. `path` is where they were read.
    pub fn check(&self, path: &Path, latent: usize, weights: &str) -> Result<(), EmbeddingsError> {
        if self.latent != latent {
            return Err(EmbeddingsError::OtherSize { path: path.to_owned(), found: self.latent, latent });
        }
        match &self.weights {
            Some(own) if own != weights => Err(EmbeddingsError::OtherWeights { path: path.to_owned() }),
            _ => Ok(()),
        }
    }
}

/// What is known of representations beside their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The images.
    pub images: &'a Images,
    /// Whether they have classes and factors, as those of a data set, and pictures of anywhere have not.
    pub labelled: bool,
    /// Folder that the images' files are relative to; none where they are not.
    pub folder: Option<&'a Path>,
    /// Checksum of the weights.
    pub weights: &'a str,
}

/// `mu`, `logvar` (of generative models), `labels` and the style `factors` where they are known; the names of classes and factors, separated
/// by commas, the images' files, one a line, their folder, and the checksum of the weights are metadata.
///
/// # Errors
/// When there are more or fewer images than representations.
pub fn to_safetensors(embedding: &Embedding, origin: &Origin<'_>) -> Result<Vec<u8>, SafeTensorError> {
    let &Origin { images, labelled, folder, weights } = origin;
    let (rows, latent, factors) = (embedding.len(), embedding.latent, images.factor_names.len());
    let mut all = vec![("mu", Dtype::F32, vec![rows, latent], bytemuck::cast_slice(&embedding.mu))];
    if !embedding.logvar.is_empty() {
        all.push(("logvar", Dtype::F32, vec![rows, latent], bytemuck::cast_slice(&embedding.logvar)));
    }
    let mut metadata = HashMap::from([(WEIGHTS.to_owned(), weights.to_owned())]);
    if labelled {
        all.push(("labels", Dtype::U8, vec![rows], &images.labels));
        metadata.insert("classes".to_owned(), images.classes.join(","));
        metadata.insert("factors".to_owned(), images.factor_names.join(","));
    }
    if labelled && factors > 0 {
        all.push(("factors", Dtype::F32, vec![rows, factors], bytemuck::cast_slice(&images.factors)));
    }
    if !images.files.is_empty() {
        metadata.insert(FILES.to_owned(), images.files.join("\n"));
        metadata.extend(folder.map(|folder| (FOLDER.to_owned(), folder.display().to_string())));
    }
    let views = all.into_iter().map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(dtype, shape, bytes)?)));
    serialize(views.collect::<Result<Vec<_>, SafeTensorError>>()?, Some(metadata))
}

/// A row for each image with its file and its class, as far as they are known, and the numbers `mu_0`, `mu_1`, ..., `logvar_0`, ..., which
/// read back as they are.
pub fn to_csv(embedding: &Embedding, origin: &Origin<'_>) -> String {
    let &Origin { images, labelled, .. } = origin;
    let with_files = !images.files.is_empty();
    let known = [(with_files, "file"), (labelled, "class")].into_iter().filter(|(known, _)| *known);
    let mut columns: Vec<String> = known.map(|(_, name)| name.to_owned()).collect();
    for (name, numbers) in [("mu", &embedding.mu), ("logvar", &embedding.logvar)] {
        columns.extend((0..embedding.latent).filter(|_| !numbers.is_empty()).map(|i| format!("{name}_{i}")));
    }
    let mut text = columns.join(",") + "\n";
    for row in 0..embedding.len() {
        let mut fields = Vec::with_capacity(columns.len());
        if with_files {
            fields.push(csv_field(&images.files[row]).into_owned());
        }
        if labelled {
            fields.push(csv_field(&images.classes[usize::from(images.labels[row])]).into_owned());
        }
        for numbers in [&embedding.mu, &embedding.logvar] {
            let own = numbers.chunks_exact(embedding.latent).nth(row).unwrap_or_default();
            fields.extend(own.iter().map(ToString::to_string));
        }
        text += &fields.join(",");
        text.push('\n');
    }
    text
}

/// A text as a field of a CSV file: in quotes where it holds what parts fields.
pub fn csv_field(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\n', '\r']) {
        true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    #[test]
    fn what_is_written_reads_back_and_is_held_against_the_run() {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let images = Images::new(shape, vec![0; 2], vec![0, 0], vec!["a, b".to_owned()]).expect("images");
        let images = images.with_files(vec!["x,1.png".to_owned(), "say \"y\".png".to_owned()]).expect("two files");
        let embedding = Embedding { mu: vec![0.1, -2.0, 3.5e-9, 4.0], logvar: Vec::new(), latent: 2 };
        let origin = Origin { images: &images, labelled: false, folder: Some(Path::new("in")), weights: "w" };
        let bytes = to_safetensors(&embedding, &origin).expect("it is stored");
        let read = Embeddings::parse(&bytes).expect("it is whole");
        assert_eq!((read.latent, &read.mu, &read.files[0][..]), (2, &embedding.mu, "in/x,1.png"));
        let path = Path::new("file");
        assert!(read.check(path, 2, "w").is_ok());
        assert!(matches!(read.check(path, 2, "v"), Err(EmbeddingsError::OtherWeights { .. })));
        assert!(matches!(read.check(path, 3, "w"), Err(EmbeddingsError::OtherSize { .. })));
        assert!(Embeddings::parse(&bytes[..20]).is_err() && Embeddings::parse(b"").is_err());
        let csv = to_csv(&embedding, &Origin { labelled: true, ..origin });
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            lines,
            ["file,class,mu_0,mu_1", "\"x,1.png\",\"a, b\",0.1,-2", "\"say \"\"y\"\".png\",\"a, b\",0.0000000035,4"]
        );
    }
}
