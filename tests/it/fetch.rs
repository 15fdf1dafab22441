//! Downloads, against a small HTTP server on the loopback address.

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use wgpu_simvae::data::fetch::{FetchError, fetch};
use wgpu_simvae::data::{RemoteFile, Source, source};

/// MD5 of `content()`.
const MD5: &str = "b6d81b360a5672d80c27430f39153e2c";

fn content() -> Vec<u8> {
    vec![0; 1 << 20]
}

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Manner {
    /// Serves ranges.
    Good,
    /// Ignores ranges.
    NoRanges,
    /// Cuts the first connection after a part.
    CutsOnce,
    /// Serves other bytes.
    Wrong,
    /// Knows no file.
    NotFound,
}

struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    ranges: Arc<Mutex<Vec<String>>>,
}

fn serve(manner: Manner) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (requests, ranges) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (count, seen) = (requests.clone(), ranges.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let number = count.fetch_add(1, Ordering::SeqCst);
            answer(stream, manner, number, &seen);
        }
    });
    Server { url, requests, ranges }
}

/// A client that hangs up early is no failure of the server.
fn answer(mut stream: TcpStream, manner: Manner, number: usize, ranges: &Mutex<Vec<String>>) {
    let mut from = 0;
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    while let Some(Ok(line)) = lines.next() {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            ranges.lock().expect("no panic holds it").push(range.to_owned());
            from = range.trim_end_matches('-').parse().expect("a range with a beginning");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = content();
    let (status, keep) = match manner {
        Manner::NotFound => ("404 Not Found", 0..0),
        Manner::NoRanges => ("200 OK", 0..body.len()),
        Manner::Wrong => {
            body[7] = 1;
            ("200 OK", 0..body.len())
        }
        Manner::Good | Manner::CutsOnce if from > 0 => ("206 Partial Content", from..body.len()),
        Manner::Good | Manner::CutsOnce => ("200 OK", 0..body.len()),
    };
    let mut sent = &body[keep];
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", sent.len());
    if matches!(manner, Manner::CutsOnce) && number == 0 {
        sent = &sent[..sent.len() / 3];
    }
    let _client_may_be_gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent));
}

fn from(servers: &[&Server]) -> Source {
    Source {
        mirrors: servers.iter().map(|server| server.url.clone()).collect(),
        files: vec![RemoteFile { name: "zeros.gz".to_owned(), md5: MD5.to_owned(), sha256: None }],
    }
}

fn get(source: &Source, folder: &Path) -> Result<(), FetchError> {
    fetch(source, folder, &mut |_, _, _| {})
}

fn assert_whole(folder: &Path) {
    assert_eq!(std::fs::read(folder.join("zeros.gz")).expect("the file is there"), content());
    assert!(!folder.join("zeros.gz.part").exists());
}

#[test]
fn downloads_once() {
    let (server, folder) = (serve(Manner::Good), tempfile::tempdir().expect("a folder"));
    let inner = folder.path().join("new");
    let mut last = (0, None);
    fetch(&from(&[&server]), &inner, &mut |_, done, expected| last = (done, expected)).expect("it downloads");
    assert_eq!(last, (1 << 20, Some(1 << 20)));
    assert_whole(&inner);
    get(&from(&[&server]), &inner).expect("it is there");
    assert_eq!(server.requests.load(Ordering::SeqCst), 1, "a file that is right is not fetched again");
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let (server, folder) = (serve(Manner::CutsOnce), tempfile::tempdir().expect("a folder"));
    let error = get(&from(&[&server]), folder.path()).expect_err("the connection is cut").to_string();
    assert!(error.contains(&server.url) && error.contains("zeros.gz"), "{error}");
    let have = folder.path().join("zeros.gz.part").metadata().expect("the part is kept").len();
    assert!(have > 0);
    get(&from(&[&server]), folder.path()).expect("it goes on");
    assert_whole(folder.path());
    assert_eq!(*server.ranges.lock().expect("no panic holds it"), [format!("{have}-")]);
}

#[test]
fn servers_without_ranges_and_damaged_parts_are_fetched_anew() {
    for manner in [Manner::NoRanges, Manner::Good] {
        let (server, folder) = (serve(manner), tempfile::tempdir().expect("a folder"));
        std::fs::write(folder.path().join("zeros.gz.part"), b"damaged").expect("a part");
        get(&from(&[&server]), folder.path()).expect("it downloads");
        assert_whole(folder.path());
    }
}

#[test]
fn the_next_mirror_helps_out() {
    let (missing, wrong, good) = (serve(Manner::NotFound), serve(Manner::Wrong), serve(Manner::Good));
    let folder = tempfile::tempdir().expect("a folder");
    get(&from(&[&missing, &wrong, &good]), folder.path()).expect("the third mirror has it");
    assert_whole(folder.path());
    let nowhere = tempfile::tempdir().expect("a folder");
    let error = get(&from(&[&missing, &wrong]), nowhere.path()).expect_err("neither has it").to_string();
    assert!(error.contains("404") && error.contains("checksum"), "{error}");
    assert!(!nowhere.path().join("zeros.gz").exists());
}

#[test]
fn archives_are_unpacked_beside_themselves() {
    // The server's content under the name of an archive: zeros are no gzip.
    let (server, folder) = (serve(Manner::Good), tempfile::tempdir().expect("a folder"));
    let mut broken = from(&[&server]);
    broken.files[0].name = "zeros.tar.gz".to_owned();
    let error = get(&broken, folder.path()).expect_err("it cannot be unpacked").to_string();
    assert!(error.contains("zeros.tar.gz"), "{error}");

    // An archive that is there already is only unpacked; what an older one left goes.
    let archive = folder.path().join("good.tar.gz");
    let encoder = GzEncoder::new(std::fs::File::create(&archive).expect("a file"), Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    header.set_mode(0o644);
    builder.append_data(&mut header, "inner/file", &b"abc"[..]).expect("it packs");
    builder.into_inner().and_then(GzEncoder::finish).expect("it packs");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).and_then(|()| std::fs::write(inner.join("old"), b"")).expect("a folder");
    let md5 = Md5::digest(std::fs::read(&archive).expect("a file")).iter().map(|b| format!("{b:02x}")).collect();
    let good =
        Source { mirrors: Vec::new(), files: vec![RemoteFile { name: "good.tar.gz".to_owned(), md5, sha256: None }] };
    get(&good, folder.path()).expect("it is there");
    assert_eq!(std::fs::read(inner.join("file")).expect("it is unpacked"), b"abc");
    assert!(!inner.join("old").exists());
}

/// An archive of what `fill` puts into it, as a source that needs no server.
fn archive(folder: &Path, fill: impl FnOnce(&mut tar::Builder<GzEncoder<std::fs::File>>)) -> Source {
    let path = folder.join("some.tar.gz");
    let mut builder =
        tar::Builder::new(GzEncoder::new(std::fs::File::create(&path).expect("a file"), Compression::fast()));
    fill(&mut builder);
    builder.into_inner().and_then(GzEncoder::finish).expect("it packs");
    let md5 = Md5::digest(std::fs::read(&path).expect("a file")).iter().map(|b| format!("{b:02x}")).collect();
    Source { mirrors: Vec::new(), files: vec![RemoteFile { name: "some.tar.gz".to_owned(), md5, sha256: None }] }
}

fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o777);
    header.set_path("inner").expect("a short name");
    header.set_cksum();
    header
}

#[test]
fn archives_that_promise_too_much_are_refused() {
    use tar::EntryType;
    let folder = tempfile::tempdir().expect("a folder");
    // Of each only the header is there: it is refused before it is believed.
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader, EntryType::XGlobalHeader] {
        let source = archive(folder.path(), |builder| {
            builder.append(&header(kind, 2 << 30), std::io::empty()).expect("it packs");
        });
        let error = get(&source, folder.path()).expect_err("a name of two gibibytes").to_string();
        assert!(error.contains("some.tar.gz") && error.contains("2147483648 bytes"), "{error}");
    }
    let source = archive(folder.path(), |builder| {
        builder.append(&header(EntryType::Regular, 3 << 30), std::io::empty()).expect("it packs");
    });
    assert!(
        get(&source, folder.path()).expect_err("a file of three gibibytes").to_string().contains("2147483648 bytes")
    );
    let source = archive(folder.path(), |builder| {
        let deep = "a/".repeat(200) + "file";
        builder.append_data(&mut header(EntryType::Regular, 0), deep, std::io::empty()).expect("it packs");
    });
    assert!(get(&source, folder.path()).expect_err("too deep").to_string().contains("201 folders"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["some.tar.gz"], "nothing is left behind");
}

#[test]
fn drafts_of_killed_processes_are_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let draft = folder.path().join(".unpacking-dead");
    std::fs::create_dir(&draft).and_then(|()| std::fs::write(draft.join("file"), b"")).expect("a folder");
    let source = archive(folder.path(), |builder| {
        builder.append_data(&mut header(tar::EntryType::Regular, 3), "inner/file", &b"abc"[..]).expect("it packs");
    });
    get(&source, folder.path()).expect("it is unpacked");
    assert!(!draft.exists() || !cfg!(unix));
    assert_eq!(std::fs::read(folder.path().join("inner/file")).expect("it is unpacked"), b"abc");
}

#[test]
fn two_downloads_into_a_folder_take_turns() {
    let (server, folder) = (serve(Manner::Good), tempfile::tempdir().expect("a folder"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| get(&from(&[&server]), folder.path()).expect("it is there in the end"));
        }
    });
    assert_whole(folder.path());
    if cfg!(unix) {
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "the others find it there");
    }
}

#[test]
fn advice_fits_the_cause() {
    let (missing, folder) = (serve(Manner::NotFound), tempfile::tempdir().expect("a folder"));
    let error = get(&from(&[&missing]), folder.path()).expect_err("404").to_string();
    assert!(!error.contains("network") && error.contains("--mirror"), "{error}");
    let gone = Source { mirrors: vec!["http://127.0.0.1:1/".to_owned()], ..from(&[]) };
    let error = get(&gone, folder.path()).expect_err("nobody listens").to_string();
    assert!(error.contains("Check the network"), "{error}");
    // The disk's fault is not the network's, and another mirror does not mend it.
    let good = serve(Manner::Good);
    std::fs::create_dir(folder.path().join("zeros.gz.part")).expect("a folder");
    let error = get(&from(&[&good, &good]), folder.path()).expect_err("a folder in the way").to_string();
    assert!(!error.contains("network") && error.contains("zeros.gz.part"), "{error}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_to_where_a_link_leads() {
    let (server, folder, outside) =
        (serve(Manner::Good), tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (victim, part) = (outside.path().join("victim"), folder.path().join("zeros.gz.part"));
    type Lay = fn(&Path, &Path) -> std::io::Result<()>;
    let ways: [Lay; 2] =
        [|victim, part| std::os::unix::fs::symlink(victim, part), |victim, part| std::fs::hard_link(victim, part)];
    for lay in ways {
        std::fs::write(&victim, b"precious").expect("a file");
        lay(&victim, &part).expect("a link");
        get(&from(&[&server]), folder.path()).expect("it downloads");
        assert_eq!(std::fs::read(&victim).expect("it is there"), b"precious");
        assert_whole(folder.path());
        assert!(folder.path().join("zeros.gz").symlink_metadata().expect("it is there").is_file());
        std::fs::remove_file(folder.path().join("zeros.gz")).expect("it is there");
    }
}

#[cfg(unix)]
#[test]
fn files_of_archives_obey_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let source = archive(folder.path(), |builder| {
        builder.append_data(&mut header(tar::EntryType::Regular, 3), "inner/file", &b"abc"[..]).expect("it packs");
    });
    get(&source, folder.path()).expect("it is unpacked");
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    let made = folder.path().join("made");
    std::fs::create_dir(&made).expect("a folder");
    assert_eq!(mode(&folder.path().join("inner/file")), mode(&made), "all that a new folder gets, and no more");
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, b"").expect("a file");
    let error = get(&from(&[]), &file.join("inside")).expect_err("a file is no folder").to_string();
    assert!(error.contains("inside"), "{error}");
}

#[test]
fn public_data_sets_are_listed() {
    assert_eq!(source("mnist").expect("listed").files.len(), 4);
    assert!(source("fashion-mnist").expect("listed").mirrors.len() >= 2);
    assert_eq!(source("cifar10").expect("listed").files.len(), 1);
    assert!(source("sprites").expect_err("not listed").to_string().contains("fashion-mnist"));
}
