//! What all pages have in common: their frame, their look, the script that draws, and the mark by which they are known as ours.

use crate::files::{FileError, write_atomically_from};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Stands in the head of every page.
const MARK: &str = "<meta name=\"generator\" content=\"wgpu-simvae\">";
/// Bytes of a file in which the mark is looked for.
const HEAD: u64 = 1024;
/// What stands around the numbers that the script draws.
const DATA: (&str, &str) = ("<script type=\"application/json\" id=\"data\">", "</script>");

/// A whole page. One that goes on is loaded anew by its script; where scripts are off, every few seconds.
pub fn frame(title: &str, goes_on: bool, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                (PreEscaped(MARK))
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if goes_on { noscript { meta http-equiv="refresh" content="5"; } }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) script { (PreEscaped(SCRIPT)) } }
        }
    };
    page.into_string()
}

/// What the script draws, as a part of a page.
pub fn data(value: &impl Serialize) -> Markup {
    // Within its strings, no text may end the element that it stands in.
    let json = serde_json::to_string(value).map(|text| text.replace('<', "\\u003c")).unwrap_or_default();
    PreEscaped(format!("{}{json}{}", DATA.0, DATA.1))
}

/// What the script draws on one of our pages; none where it says nothing of this kind.
pub fn data_of<T: DeserializeOwned>(page: &str) -> Option<T> {
    let (_, rest) = page.split_once(DATA.0)?;
    serde_json::from_str(rest.split_once(DATA.1)?.0).ok()
}

/// Whether a file is a page of ours; none where there is no file.
pub fn is_ours(path: &Path) -> Option<bool> {
    let mut head = Vec::new();
    let read = fs::metadata(path).and_then(|there| match there.is_file() {
        true => File::open(path)?.take(HEAD).read_to_end(&mut head).map(|_| true),
        // Whoever opens a pipe waits.
        false => Ok(false),
    });
    match read {
        Ok(file) => Some(file && String::from_utf8_lossy(&head).contains(MARK)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(_) => Some(false),
    }
}

/// A text in which names stand between backquotes.
pub fn prose(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A link to the page of all runs beside a folder, if there is one of ours.
pub fn upwards(folder: &Path) -> Markup {
    let all = super::file(&folder.join(".."));
    html! { nav { @if is_ours(&all) == Some(true) { a href="../index.html" { "All runs" } } } }
}

/// Writes a page, unless something else has its name: whether it was written. Its draft lies in `drafts`.
///
/// # Errors
/// When it cannot be written.
pub fn write_ours(path: &Path, page: &str, drafts: &Path) -> Result<bool, FileError> {
    let free = is_ours(path).unwrap_or(true);
    if free {
        write_atomically_from(drafts, path, page.as_bytes())?;
    }
    Ok(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_read_back_and_never_markup() {
        let words = vec!["</script><script>alert(1)</script>".to_owned(), "<!--".to_owned()];
        let page = frame("<title>", true, &data(&words));
        assert!(!page.contains("alert(1)</") && page.contains("&lt;title&gt;"), "{page}");
        assert_eq!(data_of::<Vec<String>>(&page), Some(words));
        assert_eq!(data_of::<Vec<String>>("no page"), None);
    }

    #[test]
    fn only_our_own_pages_are_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("index.html");
        let write = |page: &str| write_ours(&path, page, folder.path()).expect("it can be written");
        let [first, second] = ["first", "second"].map(|title| frame(title, false, &html! {}));
        assert!(write(&first) && write(&second));
        assert_eq!(std::fs::read_to_string(&path).expect("a page"), second);
        for others in ["", "<html>theirs</html>"] {
            std::fs::write(&path, others).expect("a file");
            assert!(!write(&first));
            assert_eq!(std::fs::read_to_string(&path).expect("a page"), others);
        }
        std::fs::remove_file(&path).and_then(|()| std::fs::create_dir(&path)).expect("a folder in the way");
        assert!(!write(&first));
    }
}
