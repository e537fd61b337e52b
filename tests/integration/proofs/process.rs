//! The service as an operator runs it: the real program in a process of its own, which can be killed at any moment.
//!
//! Runs on the system's clock. Its log is a file, at debug level, so that tests can search it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tallystick::domain::clock::SystemClock;
use tallystick::store::Store;
use tempfile::TempDir;

use super::authority::{Authority, Credentials};
use super::world::Actor;
use crate::harness::Storage;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tallystick");

/// A machine on which the service can be started again and again.
pub struct Site {
    /// Its folder.
    pub folder: TempDir,
    /// Who signs its certificates.
    pub authority: Authority,
    /// What its first operator shows.
    pub operator: Credentials,
    /// Its database.
    pub storage: Storage,
}

/// Where a service listens, what it is told of its certificates, and that it says everything; the database is added.
const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
data_dir = "data"
bootstrap_operators = ["operator.pem"]
[tls]
certificate = "server.pem"
key = "server.key"
client_ca = "ca.pem"
[market]
approvals = 1
[http]
listen = "127.0.0.1:0"
[web]
listen = "127.0.0.1:0"
[log]
filter = "debug"
format = "json"
"#;

impl Site {
    /// Prepares certificates and the configuration, on the chosen engine.
    pub async fn prepare() -> Self {
        Self::on(Storage::new().await)
    }

    /// The same on this database.
    pub fn on(storage: Storage) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let authority = Authority::new();
        authority.equip(folder.path());
        let operator = authority.issue("operator", 2048);
        let certificate = folder.path().join("operator.pem");
        fs::write(certificate, &operator.certificate).expect("the folder can be written");
        let site = Self {
            folder,
            authority,
            operator,
            storage,
        };
        site.configure(&site.storage.configuration());
        site
    }

    /// Writes the configuration with these lines about the database.
    pub fn configure(&self, database: &str) {
        let file = self.folder.path().join("tallystick.toml");
        fs::write(file, format!("{CONFIGURATION}{database}")).expect("the folder can be written");
    }

    /// Says less: for tests in which much happens.
    pub fn whisper(&self) {
        let file = self.folder.path().join("tallystick.toml");
        let said = fs::read_to_string(&file).expect("it was written");
        let less = said.replace("filter = \"debug\"", "filter = \"info\"");
        fs::write(file, less).expect("the folder can be written");
    }

    /// Has applications judged by the rule pack of this text.
    pub fn judge_by(&self, pack: &str) {
        let folder = self.folder.path().join("packs");
        fs::create_dir(&folder).expect("the folder can be written");
        fs::write(folder.join("pack.toml"), pack).expect("the folder can be written");
        let file = self.folder.path().join("tallystick.toml");
        let said = fs::read_to_string(&file).expect("it was written");
        let more = said.replace("approvals = 1", "approvals = 1\nrule_packs = \"packs\"");
        fs::write(file, more).expect("the folder can be written");
    }

    /// Folder of the keys, and of the database if that is embedded.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Opens the database without a service.
    pub async fn store(&self) -> Arc<dyn Store> {
        self.storage.open(&self.data(), Arc::new(SystemClock)).await
    }

    /// Starts the service and waits until it serves.
    pub fn start(&self) -> Service {
        self.started()
            .unwrap_or_else(|said| panic!("the service does not start: {said}"))
    }

    /// Starts the service; what it said if it ended instead of serving.
    pub fn started(&self) -> Result<Service, String> {
        self.run("exec \"$0\" serve --config \"$1\"")
    }

    /// Starts the service so that a file that may not grow is an error of a write and not the end of the process.
    pub fn start_where_files_may_be_refused(&self) -> Service {
        self.run("trap '' XFSZ; exec \"$0\" serve --config \"$1\"")
            .unwrap_or_else(|said| panic!("the service does not start: {said}"))
    }

    fn run(&self, script: &str) -> Result<Service, String> {
        let mut child = program("sh")
            .args(["-c", script, PROGRAM])
            .arg(self.folder.path().join("tallystick.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut said = BufReader::new(child.stderr.take().expect("its log is a pipe"));
        let mut log = String::new();
        loop {
            let start = log.len();
            let read = said.read_line(&mut log).expect("its log is text");
            if read == 0 {
                let ended = child.wait().expect("it ended");
                return Err(format!("{log}\n{ended}"));
            }
            if let Some((grpc, http)) = addresses(&log[start..]) {
                let rest = std::thread::spawn(move || {
                    let mut rest = Vec::new();
                    // What a killed process did not finish saying does not matter.
                    let _ = said.read_to_end(&mut rest);
                    String::from_utf8_lossy(&rest).into_owned()
                });
                return Ok(Service {
                    child,
                    port: grpc.port(),
                    http,
                    log,
                    rest: Some(rest),
                });
            }
        }
    }

    /// Runs another command of the program with this site's configuration. What it prints; it must succeed.
    pub fn tallystick(&self, command: &[&str]) -> String {
        let output = program(PROGRAM)
            .args(command)
            .arg("--config")
            .arg(self.folder.path().join("tallystick.toml"))
            .output()
            .expect("the program can be started");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it prints text")
    }

    /// Connects to a service of this site.
    pub async fn connect(&self, service: &Service, credentials: &Credentials, name: &str) -> Actor {
        Actor::connect(service.port, &self.authority, credentials, name).await
    }
}

/// What tests are told by variables is no key of a configuration: a program does not see them.
fn program(name: &str) -> Command {
    let mut program = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"TALLYSTICK_") {
            program.env_remove(name);
        }
    }
    program
}

/// The addresses of the line that says that the service serves.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    if said.get("message")? != "serving" {
        return None;
    }
    let address = |name: &str| said.get(name)?.as_str()?.parse().ok();
    Some((address("address")?, address("http")?))
}

/// The service at work in its process; killed when dropped.
pub struct Service {
    /// Where it takes calls.
    pub port: u16,
    /// Where its metrics are.
    pub http: SocketAddr,
    child: Child,
    log: String,
    rest: Option<std::thread::JoinHandle<String>>,
}

impl Service {
    /// Where it takes calls.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// From now on its files may not grow beyond so many bytes; `None` lets them grow again.
    pub fn limit_files(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).expect("it is our own child");
    }

    /// Kills it with SIGKILL and gives its log.
    pub fn kill(mut self) -> String {
        self.end()
    }

    /// Asks it to end with SIGTERM, waits, and gives its log.
    pub fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "it ends in peace: {ended}");
        self.end()
    }

    /// A page of its HTTP port.
    pub fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.http).expect("the port is open");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .expect("a request is short");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("pages are text");
        page
    }

    fn end(&mut self) -> String {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let rest = self
            .rest
            .take()
            .map(|rest| rest.join().expect("reading cannot fail"));
        self.log.push_str(&rest.unwrap_or_default());
        std::mem::take(&mut self.log)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}
