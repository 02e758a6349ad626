//! The edge's binary between a client and an origin that speak raw bytes.
//!
//! Nothing sleeps: whoever waits, waits for bytes, with a time limit that only a failure reaches.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// The edge, running.
pub struct Edge {
    child: Child,
    pub address: SocketAddr,
    log: mpsc::Receiver<String>,
    /// Every line that was looked at.
    pub said: Vec<String>,
}

/// Waits until something holds that comes about by itself, soon.
#[allow(clippy::disallowed_methods, reason = "the edge is another process, with the real time")]
pub fn poll(what: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Edge {
    /// In front of `origin`.
    pub fn before(origin: &Origin) -> Self {
        Self::run(&format!("http://{}", origin.address), &[])
    }

    pub fn run(origin: &str, settings: &[&str]) -> Self {
        let mut command = selvedge();
        command.args(["--origin", origin]);
        settings.iter().for_each(|setting| {
            command.args(["--set", setting]);
        });
        Self::start(command, &[])
    }

    /// Around a server of its own.
    pub fn wrapping(program: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = selvedge();
        command.envs(env.iter().copied()).args(["--set", "child.restart_backoff=100ms"]);
        Self::start(command, &[&["--", program], args].concat())
    }

    /// With its admin side at an address of its own.
    pub fn with_admin(origin: &Origin, settings: &[&str]) -> (Self, SocketAddr) {
        Self::with_admin_before(origin.address, settings)
    }

    pub fn with_admin_before(origin: SocketAddr, settings: &[&str]) -> (Self, SocketAddr) {
        let admin = free_address();
        let mut command = selvedge();
        command.args(["--origin", &format!("http://{origin}")]);
        settings.iter().for_each(|setting| {
            command.args(["--set", setting]);
        });
        (Self::start_with(command, &admin.to_string(), &[]), admin)
    }

    /// As `command` says, which may end with a command to wrap.
    pub fn start(command: Command, last: &[&str]) -> Self {
        Self::start_with(command, "off", last)
    }

    fn start_with(mut command: Command, admin: &str, last: &[&str]) -> Self {
        let address = free_address();
        command.args(["--admin", admin, "--listen", &address.to_string()]).args(last);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (lines, log) = mpsc::channel();
        forward(child.stdout.take().unwrap(), lines.clone());
        forward(child.stderr.take().unwrap(), lines);
        let mut edge = Self { child, address, log, said: Vec::new() };
        edge.wait_for_log("listening on");
        edge
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The next line of output with `text` in it.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no line with {text:?} in {:?}", self.said));
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn exit_code(&mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        self.said.extend(self.log.try_iter());
        code
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    });
}

pub fn selvedge() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    // Nothing of a test stays behind in the folders of whoever runs it.
    command.stdin(Stdio::null()).env("NO_COLOR", "1").env("SELVEDGE_VAULT_ENABLED", "false");
    command
}

/// Runs the binary to its end: exit code, standard output, standard error.
pub fn run(args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        selvedge().args(args).envs(env.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A client's connection.
pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, read: Vec::new() }
    }

    pub fn send(&mut self, bytes: &str) {
        self.send_bytes(bytes.as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: example.org\r\n\r\n"));
    }

    /// The next response's head, in lower case, up to and with its empty line.
    pub fn head(&mut self) -> String {
        let head = self.until(b"\r\n\r\n");
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    }

    /// The next bytes up to and with `end`.
    pub fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|part| part == end) {
                return self.read.drain(..at + end.len()).collect();
            }
            let read = self.more();
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.read));
        }
    }

    pub fn bytes(&mut self, count: usize) -> String {
        while self.read.len() < count {
            assert!(self.more() > 0, "closed after {:?}", String::from_utf8_lossy(&self.read));
        }
        String::from_utf8(self.read.drain(..count).collect()).unwrap()
    }

    /// A whole response with `Content-Length`: head and body.
    pub fn response(&mut self) -> (String, String) {
        let head = self.head();
        let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let body = self.bytes(length);
        (head, body)
    }

    /// Everything up to the end of the connection; a reset counts as one.
    pub fn rest(&mut self) -> String {
        while self.more() > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    fn more(&mut self) -> usize {
        let mut buffer = [0; 16 * 1024];
        let read = match self.stream.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error}; so far {:?}", String::from_utf8_lossy(&self.read)),
        };
        self.read.extend_from_slice(&buffer[..read]);
        read
    }
}

/// The value of a field in a head in lower case.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// An origin whose connections the test answers by hand.
pub struct Origin {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Origin {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// The next connection of the edge.
    pub fn accept(&self) -> Client {
        Client::over(self.listener.accept().unwrap().0)
    }

    /// Answers every request with the same bytes, for as long as the test runs.
    pub fn always(self, response: &'static str) -> SocketAddr {
        self.by(move |_| response)
    }

    /// Answers each request by its head, for as long as the test runs.
    pub fn by(self, answer: impl Fn(&str) -> &'static str + Clone + Send + 'static) -> SocketAddr {
        let address = self.address;
        std::thread::spawn(move || {
            for stream in self.listener.incoming().map_while(Result::ok) {
                let answer = answer.clone();
                std::thread::spawn(move || {
                    let mut connection = Client::over(stream);
                    loop {
                        while !connection.read.windows(4).any(|part| part == b"\r\n\r\n") {
                            let mut buffer = [0; 4096];
                            match connection.stream.read(&mut buffer) {
                                Ok(0) | Err(_) => return,
                                Ok(read) => connection.read.extend_from_slice(&buffer[..read]),
                            }
                        }
                        let head = std::mem::take(&mut connection.read);
                        let response = answer(&String::from_utf8_lossy(&head));
                        if connection.stream.write_all(response.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }
}
