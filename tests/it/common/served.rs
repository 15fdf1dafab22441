//! A command that serves a page to this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A server, which ends with the test.
pub struct Served {
    server: Child,
    output: BufReader<ChildStdout>,
    /// The page's address.
    pub address: String,
}

impl Served {
    /// Starts the command, and waits for the address that it prints.
    pub fn start(arguments: &[&str]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_wgpu-simvae")).args(arguments))
    }

    /// The same of any command.
    pub fn run(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().expect("the command starts");
        let mut output = BufReader::new(server.stdout.take().expect("its output"));
        let mut address = String::new();
        while !address.starts_with("http://127.0.0.1:") {
            address.clear();
            assert!(output.read_line(&mut address).expect("text") > 0, "it does not say where it serves");
        }
        Self { server, output, address: address.trim_end().to_owned() }
    }

    /// The host and port of the address, and the path behind it.
    pub fn parts(&self) -> (&str, &str) {
        let rest = self.address.trim_start_matches("http://");
        rest.split_at(rest.find('/').expect("a path"))
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.parts().0).expect("it listens")
    }

    /// The answer to a request, as it is.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.replace("HOST", self.parts().0).as_bytes()).expect("it listens");
        stream.shutdown(std::net::Shutdown::Write).expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Waits until it ends by itself: how it ended, and what it said behind the address.
    pub fn end(mut self) -> Output {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.output.read_to_end(&mut stdout).expect("its output");
        self.server.stderr.take().expect("its errors").read_to_end(&mut stderr).expect("its errors");
        Output { status: self.server.wait().expect("it ends"), stdout, stderr }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone_either_way = (self.server.kill(), self.server.wait());
    }
}
