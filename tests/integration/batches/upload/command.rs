//! The real program, run as a member runs it.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tallystick::import::table::{CellWriter, guess};
use tempfile::TempDir;

use super::file::Table;
use crate::harness::{Actor, TestServer};

/// The program of one member, with a folder of its own.
pub struct Program {
    folder: TempDir,
    url: String,
}

/// What a run came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

/// A run under way.
pub struct Running(Child);

impl Program {
    pub fn of(server: &TestServer, member: &Actor) -> Self {
        Self::at(server, member, server.address())
    }

    /// By another address than the service's own.
    pub fn at(server: &TestServer, member: &Actor, address: SocketAddr) -> Self {
        let shown = &member.credentials;
        Self::with(&shown.certificate, &shown.key, server.ca.certificate(), address)
    }

    /// With these certificates.
    pub fn with(certificate: &str, key: &str, authority: &str, address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("member.pem", certificate);
        write("member.key", key);
        write("ca.pem", authority);
        Self {
            folder,
            url: format!("https://{address}"),
        }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn write(&self, name: &str, table: &Table) -> String {
        std::fs::write(self.folder.path().join(name), table.text()).unwrap();
        self.path(name)
    }

    /// Writes a table in the format and compression that the name tells.
    pub fn pack(&self, name: &str, table: &Table) -> String {
        let path = self.path(name);
        let (format, compression) = guess(Path::new(&path)).unwrap();
        let output = Box::new(std::fs::File::create(&path).unwrap());
        let mut writer = CellWriter::new(output, format, compression, table.names().to_vec()).unwrap();
        for row in table.rows() {
            writer.write(row).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    /// A cache whose key is made when it is first used.
    pub fn cache_flags(&self) -> [String; 4] {
        let key = Path::new("secret").join("cache.key").display().to_string();
        [
            "--cache".to_owned(),
            self.path("tokens"),
            "--cache-key".to_owned(),
            self.path(&key),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(arguments, &[])
    }

    /// The flags of the connection stand between the two.
    fn command_of(&self, first: &[&str], then: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"TALLYSTICK_") {
                command.env_remove(name);
            }
        }
        command
            .args(first)
            .args(["--server", &self.url, "--server-name", "localhost"])
            .args([
                "--cert",
                &self.path("member.pem"),
                "--key",
                &self.path("member.key"),
            ])
            .args(["--ca", &self.path("ca.pem")])
            .args(then)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end; it answers in JSON.
    pub async fn run(&self, arguments: &[&str]) -> Done {
        self.run_plain(&[arguments, &["--output", "json"]].concat()).await
    }

    /// Runs a command that has no choice of its answer's form.
    pub async fn run_plain(&self, arguments: &[&str]) -> Done {
        Running(self.command(arguments).spawn().unwrap()).end().await
    }

    /// Runs a command of a group that has the connection's flags.
    pub async fn run_in(&self, group: &str, arguments: &[&str]) -> Done {
        Running(self.command_of(&[group], arguments).spawn().unwrap())
            .end()
            .await
    }

    /// Uploads a file to the end of the command.
    pub async fn upload(&self, file: &str, flags: &[&str]) -> Done {
        self.begin(file, flags).end().await
    }

    /// Begins to upload a file.
    pub fn begin(&self, file: &str, flags: &[&str]) -> Running {
        let arguments = [&["upload", file, "--output", "json"], flags].concat();
        Running(self.command(&arguments).spawn().unwrap())
    }
}

impl Running {
    /// Whether it came to its end by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    pub async fn end(self) -> Done {
        let ended = tokio::task::spawn_blocking(|| self.0.wait_with_output().unwrap());
        let output = ended.await.unwrap();
        Done {
            code: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Kills it with SIGKILL.
    pub async fn kill(mut self) {
        self.0.kill().unwrap();
        let waited = tokio::task::spawn_blocking(move || self.0.wait().unwrap());
        assert!(!waited.await.unwrap().success());
    }
}

impl Done {
    /// What it printed for programs.
    pub fn summary(&self) -> serde_json::Value {
        self.json()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The batch's counts, without its times.
    pub fn counts(&self) -> serde_json::Value {
        let mut batch = self.summary()["batch"].take();
        for name in ["startedAt", "finishedAt"] {
            batch[name].take();
        }
        batch
    }
}

/// Who may do what with a file.
pub fn mode(path: &str) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
