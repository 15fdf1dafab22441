//! A server for this machine alone: files that are in memory, by their exact names, and what a page sends back.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Take, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a request before its body that are read, at most.
const LONGEST_REQUEST: u64 = 16 << 10;
/// How long a browser may take over a request, or over taking the answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Rest after a connection that the system could not take.
const REST: Duration = Duration::from_millis(50);

/// What a server has.
pub trait Site: Send + Sync {
    /// A file by its name.
    fn file(&self, name: &str) -> Option<&[u8]>;

    /// Bytes that may be sent to a name, at most; none where nothing may.
    fn room(&self, _name: &str) -> Option<u64> {
        None
    }

    /// Takes what was sent to a name that has room for it. The error tells the sender why it is refused.
    fn take(&self, _name: &str, _body: Vec<u8>) -> Result<(), String> {
        Err("nothing is taken here".to_owned())
    }

    /// Whether all has come that was waited for.
    fn is_done(&self) -> bool {
        false
    }
}

/// Serves a site until it is done.
pub fn serve<S: Site + 'static>(site: &Arc<S>, listener: &TcpListener) {
    let address = listener.local_addr().ok();
    loop {
        let accepted = listener.accept();
        if site.is_done() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Too many are open, or this one is gone already: the next may be taken.
            std::thread::sleep(REST);
            continue;
        };
        let site = site.clone();
        // No thread is waited for: a browser keeps connections on which it asks nothing. One that goes away concerns nobody, and where the
        // system has no thread for it, it asks again.
        let answering = std::thread::Builder::new().spawn(move || {
            let _gone = answer(site.as_ref(), &stream);
            if site.is_done() {
                // Whoever accepts looks up.
                let _woken = address.map(TcpStream::connect);
            }
        });
        drop(answering);
    }
}

/// A request without its body.
#[derive(Debug, Default, PartialEq)]
struct Request {
    method: String,
    name: String,
    host: String,
    /// Bytes of the body, where that is said.
    length: Option<u64>,
}

impl Request {
    fn read(lines: impl Iterator<Item = io::Result<String>>) -> io::Result<Self> {
        let mut request = Self::default();
        let mut lines = lines.take_while(|line| !matches!(line, Ok(line) if line.is_empty()));
        let first = lines.next().transpose()?.unwrap_or_default();
        let mut words = first.split(' ');
        request.method = words.next().unwrap_or_default().to_owned();
        let path = words.next().unwrap_or_default().split('?').next().unwrap_or_default();
        request.name = path.trim_start_matches('/').to_owned();
        for line in lines {
            let line = line?;
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "host" => request.host = value.trim().to_owned(),
                "content-length" => request.length = value.trim().parse().ok(),
                _ => {}
            }
        }
        Ok(request)
    }

    /// Another site's name that leads here is somebody who wants to read what is served to this machine.
    fn is_for_this_machine(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host.as_str(), |(host, _)| host);
        ["127.0.0.1", "localhost"].contains(&host)
    }
}

/// What a request is answered with.
struct Answer<'a> {
    status: &'static str,
    kind: &'static str,
    body: Cow<'a, [u8]>,
}

fn sentence(status: &'static str, body: impl Into<String>) -> Answer<'static> {
    Answer { status, kind: "text/plain; charset=utf-8", body: Cow::Owned((body.into() + "\n").into_bytes()) }
}

fn answer(site: &dyn Site, stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let request = Request::read(reader.by_ref().lines())?;
    let Answer { status, kind, body } = found(site, &request, &mut reader)?;
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

fn found<'a>(
    site: &'a dyn Site,
    request: &Request,
    reader: &mut BufReader<Take<&TcpStream>>,
) -> io::Result<Answer<'a>> {
    if !request.is_for_this_machine() {
        return Ok(sentence("403 Forbidden", "this page is served to 127.0.0.1 and localhost only"));
    }
    let name = match request.name.as_str() {
        "" => "index.html",
        name => name,
    };
    match (request.method.as_str(), site.room(name)) {
        ("GET" | "HEAD", _) => Ok(match site.file(name) {
            Some(body) => Answer { status: "200 OK", kind: kind(name), body: Cow::Borrowed(body) },
            None => sentence("404 Not Found", "there is no such file"),
        }),
        ("POST", Some(room)) => taken(site, name, request.length, room, reader),
        _ => Ok(sentence("405 Method Not Allowed", "only GET and HEAD are answered")),
    }
}

fn taken(
    site: &dyn Site,
    name: &str,
    length: Option<u64>,
    room: u64,
    reader: &mut BufReader<Take<&TcpStream>>,
) -> io::Result<Answer<'static>> {
    let Some(length) = length else {
        return Ok(sentence("411 Length Required", "say how long it is"));
    };
    if length > room {
        return Ok(sentence("413 Content Too Large", format!("{length} bytes, and there is room for {room}")));
    }
    let mut body = Vec::new();
    reader.get_mut().set_limit(length);
    reader.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(sentence("400 Bad Request", format!("{} bytes came of {length}", body.len())));
    }
    Ok(match site.take(name, body) {
        Ok(()) => sentence("200 OK", "taken"),
        Err(problem) => sentence("400 Bad Request", problem),
    })
}

/// The media type of a file; what ends with a slash is a folder's page.
fn kind(name: &str) -> &'static str {
    match name.rsplit(['.', '/']).next() {
        Some("html" | "") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("gz") => "application/gzip",
        _ => "application/octet-stream",
    }
}
