//! What the measurements share: the program as a child process, a plain HTTP client, and medians.

pub mod centre;
pub mod deeds;
pub mod load;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The folder that measurements keep their data in between runs.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/scratch").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program as `cargo build --release` leaves it.
pub fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/touchline");
    assert!(program.exists(), "build the program first: cargo build --release");
    program
}

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    /// Host and port.
    pub address: String,
    /// From the start of the process to its ready line.
    pub ready_after: Duration,
}

impl Server {
    /// Starts the program on a data folder.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same, with more arguments.
    pub fn start_with(data: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
        Self::spawn(command)
    }

    /// Starts a command that says in its first line where it can be reached.
    pub fn spawn(mut command: Command) -> Self {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready_after = started.elapsed();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let address = address.expect("an address in the ready line").to_owned();
        std::thread::spawn(move || out.lines().for_each(drop));
        Self { child, address, ready_after }
    }

    /// Resident memory in MiB: all of it, and without what is mapped of files (which the system takes back at will).
    pub fn memory_mib(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
        };
        (of("VmRSS:"), of("RssAnon:"))
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection of HTTP/1.1 that is kept open: as little client as possible, so that the server is measured.
pub struct Client {
    stream: BufReader<TcpStream>,
    header: String,
}

/// What was answered.
pub struct Answer {
    /// Status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, without transfer coding.
    pub body: Vec<u8>,
}

impl Answer {
    fn success(self) -> Vec<u8> {
        let Self { status, body, .. } = self;
        assert!((200..300).contains(&status), "{status}: {}", String::from_utf8_lossy(&body));
        body
    }

    /// A header by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A form as browsers send it.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

impl Client {
    /// Connects; `header`, a whole line, goes with every request.
    pub fn connect(address: &str, header: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::with_capacity(1 << 18, stream), header: header.to_owned() }
    }

    /// Sends a request and reads the body of its answer, which must be a success.
    pub fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
        self.exchange(method, path, content_type, body).success()
    }

    /// Sends a request and reads its answer.
    pub fn exchange(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\n{}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n",
            self.header,
            body.len()
        );
        let mut writer = self.stream.get_ref().try_clone().unwrap();
        writer.write_all(head.as_bytes()).unwrap();
        // The answer may begin before the body is through: write beside reading.
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(body).unwrap());
            self.read_answer()
        })
    }

    /// A GET.
    pub fn get(&mut self, path: &str) -> Vec<u8> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{}\r\n\r\n", self.header);
        self.stream.get_mut().write_all(head.as_bytes()).unwrap();
        self.read_answer().success()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sends a request and hands over the body of its answer, a success, as it comes.
    pub fn stream(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
        mut take: impl FnMut(&[u8]),
    ) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\n{}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n",
            self.header,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).unwrap();
        self.stream.get_mut().write_all(body).unwrap();
        let status = self.line();
        assert_eq!(status.split(' ').nth(1), Some("200"), "{status}");
        let mut chunked = false;
        loop {
            let header = self.line().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            chunked |= header == "transfer-encoding: chunked";
            assert!(!header.starts_with("gladly-limited-data"), "rows were cut");
        }
        assert!(chunked, "a long answer is expected");
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            let mut left = size;
            while left > 0 {
                let buffer = self.stream.fill_buf().unwrap();
                let some = buffer.len().min(left);
                assert!(some > 0, "the answer broke off");
                take(&buffer[..some]);
                self.stream.consume(some);
                left -= some;
            }
            self.line();
            if size == 0 {
                return;
            }
        }
    }

    fn read_answer(&mut self) -> Answer {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, headers: vec![], body: vec![] };
        loop {
            let header = self.line();
            let Some((name, value)) = header.split_once(':') else { break };
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = answer.header("content-length").map(|value| value.parse::<usize>().unwrap());
        let mut body = Vec::new();
        match length {
            None if status == 204 || status == 304 => {}
            Some(length) => {
                body.resize(length, 0);
                self.stream.read_exact(&mut body).unwrap();
            }
            None => loop {
                let size = usize::from_str_radix(&self.line(), 16).unwrap();
                let from = body.len();
                body.resize(from + size, 0);
                self.stream.read_exact(&mut body[from..]).unwrap();
                self.line();
                if size == 0 {
                    break;
                }
            },
        }
        answer.body = body;
        answer
    }
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
