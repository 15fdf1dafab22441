//! One file from one server, into a part that the next try goes on with.

use crate::data::size::Size;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use ureq::Agent;

/// No file of our data sets is larger: a server that sends more is stopped.
const LARGEST: u64 = 256 << 20;
/// Bytes that are read at a time, and how many such pieces wait to be written.
const PIECE: usize = 1 << 16;
const WAITING: usize = 16;

/// Why a file did not come.
pub enum Failure {
    /// The network is the cause.
    Network(String),
    /// The server answered, and not as it should.
    Server(String),
    /// The file system is the cause.
    Disk(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Disk(error)
    }
}

/// Fetches files over HTTP.
pub struct Client {
    agent: Agent,
    silence: Duration,
}

impl Client {
    /// One that gives up a server which is silent for so long, however long the whole takes.
    pub fn new(silence: Duration) -> Self {
        let agent = Agent::config_builder()
            .timeout_resolve(Some(silence))
            .timeout_connect(Some(silence))
            .timeout_recv_response(Some(silence))
            .build()
            .into();
        Self { agent, silence }
    }

    /// Appends to `part` what it lacks, or writes it from the beginning where the server knows no ranges. `progress` is
    /// told the bytes that are there and the bytes expected.
    pub fn download(&self, url: &str, part: &Path, progress: &mut dyn FnMut(u64, Option<u64>)) -> Result<(), Failure> {
        let resumed = resume(part)?;
        let have = resumed.as_ref().map_or(Ok(0), |file| file.metadata().map(|data| data.len()))?;
        let request = self.agent.get(url);
        let request = if have > 0 { request.header("Range", format!("bytes={have}-")) } else { request };
        let response = match request.call() {
            Ok(response) => response,
            // Nothing lies beyond what is here: the checksum decides.
            Err(ureq::Error::StatusCode(416)) if have > 0 => return Ok(()),
            Err(error) => return Err(failure(error)),
        };
        let (mut file, mut done) = match resumed {
            Some(file) if response.status() == 206 => (file, have),
            // Some systems keep the name of a removed file while it is open.
            other => {
                drop(other);
                (create(part)?, 0)
            }
        };
        let length = response.headers().get("content-length");
        let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let expected = length.map(|length| done.saturating_add(length));

        // The reader has a thread of its own, since only the whole of a body can be given a time. A silent one is left behind.
        let (sender, pieces) = sync_channel(WAITING);
        let mut body = response.into_body().into_reader();
        std::thread::spawn(move || {
            loop {
                let mut piece = vec![0; PIECE];
                let read = body.read(&mut piece).map(|count| {
                    piece.truncate(count);
                    piece
                });
                let last = !matches!(&read, Ok(piece) if !piece.is_empty());
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        });
        loop {
            let piece = match pieces.recv_timeout(self.silence) {
                Ok(Ok(piece)) => piece,
                Ok(Err(error)) => {
                    let text = format!("the connection broke after {}: {error}", Size(done));
                    return Err(Failure::Network(text));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let text = format!("the server was silent for {:?} after {}", self.silence, Size(done));
                    return Err(Failure::Network(text));
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if piece.is_empty() {
                break;
            }
            done += piece.len() as u64;
            if done > LARGEST {
                drop(file);
                fs::remove_file(part)?;
                return Err(Failure::Server(format!("the server sends more than {}", Size(LARGEST))));
            }
            file.write_all(&piece)?;
            progress(done, expected);
        }
        file.sync_all()?;
        match expected {
            Some(expected) if done < expected => {
                Err(Failure::Network(format!("the connection ended after {done} of {expected} bytes")))
            }
            _ => Ok(()),
        }
    }
}

fn failure(error: ureq::Error) -> Failure {
    use ureq::Error::{ConnectionFailed, HostNotFound, Io, Protocol, Rustls, Timeout, Tls};
    match error {
        ConnectionFailed | HostNotFound | Io(_) | Protocol(_) | Rustls(_) | Timeout(_) | Tls(_) => {
            Failure::Network(error.to_string())
        }
        error => Failure::Server(error.to_string()),
    }
}

/// Opens a part to go on with it; none where there is none. Only a file of this folder is one: a link is removed, and
/// nothing is written to where it leads.
fn resume(part: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(part) {
        Ok(data) if data.is_file() => {}
        Ok(data) if data.is_dir() => return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        Ok(_) => return fs::remove_file(part).map(|()| None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().append(true).open(part)?;
    match is_there(&file, part)? {
        true => Ok(Some(file)),
        false => fs::remove_file(part).map(|()| None),
    }
}

/// A new part in the place of any other.
fn create(part: &Path) -> io::Result<File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).open(part),
    }
}

/// Whether the open file has this name and no other.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (open, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()) && open.nlink() == 1)
}

#[cfg(not(unix))]
fn is_there(file: &File, path: &Path) -> io::Result<bool> {
    use same_file::Handle;
    Ok(Handle::from_file(file.try_clone()?)? == Handle::from_path(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers one request with pieces, each after a pause, and then stays silent.
    fn serve(pieces: usize, pause: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}/file", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 1024];
            let _first_bytes = stream.read(&mut request);
            let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
            for _ in 0..pieces {
                let _gone = stream.write_all(b"abc");
                std::thread::sleep(pause);
            }
            std::thread::sleep(Duration::from_secs(60));
        });
        url
    }

    #[test]
    fn silence_ends_a_download_and_slowness_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let part = folder.path().join("file.part");
        let client = Client::new(Duration::from_millis(400));
        // Four pieces in twice the time that a silence may take.
        let slow = serve(4, Duration::from_millis(200));
        client.download(&slow, &part, &mut |_, _| {}).ok().expect("it comes slowly");
        assert_eq!(fs::read(&part).expect("it is there"), b"abcabcabcabc");
        fs::remove_file(&part).expect("it is there");
        let silent = serve(1, Duration::ZERO);
        match client.download(&silent, &part, &mut |_, _| {}) {
            Err(Failure::Network(text)) => assert!(text.contains("silent"), "{text}"),
            _ => panic!("a silent server is given up"),
        }
        assert_eq!(fs::read(&part).expect("it is kept"), b"abc");
    }
}
