//! A server of the page for this machine alone: files that are in memory, by their exact names.

use super::Page;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Bytes of a request that are read, at most.
const LONGEST_REQUEST: u64 = 16 << 10;
/// How long a browser may take over a request, or over taking the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves the page until the program ends.
///
/// # Errors
/// When the listener fails.
pub fn serve(page: &Page, listener: &TcpListener) -> io::Result<()> {
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            let stream = stream?;
            // A browser that goes away concerns nobody.
            let answering = std::thread::Builder::new().spawn_scoped(scope, move || answer(page, &stream).ok());
            // Where the system has no thread for it, the browser asks again.
            drop(answering);
        }
        Ok(())
    })
}

fn answer(page: &Page, stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.take(LONGEST_REQUEST)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut host = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            host = value.trim().to_owned();
        }
    }
    let (status, name, body) = find(page, &request, &host);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n",
        kind(name),
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    if !request.starts_with("HEAD ") {
        stream.write_all(body)?;
    }
    stream.flush()
}

/// The status, name and bytes that a request is answered with.
fn find<'a>(page: &'a Page, request: &'a str, host: &str) -> (&'static str, &'a str, &'a [u8]) {
    // Another site's name that leads here is somebody who wants to read what is served to this machine.
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    if !["127.0.0.1", "localhost"].contains(&host) {
        return ("403 Forbidden", "refused.txt", b"this page is served to 127.0.0.1 and localhost only\n");
    }
    let mut words = request.split(' ');
    let (Some("GET" | "HEAD"), Some(path)) = (words.next(), words.next()) else {
        return ("405 Method Not Allowed", "refused.txt", b"only GET and HEAD are answered\n");
    };
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    match page.file(name) {
        Some(bytes) => ("200 OK", name, bytes),
        None => ("404 Not Found", "missing.txt", b"there is no such file\n"),
    }
}

/// The media type of a file.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("gz") => "application/gzip",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
