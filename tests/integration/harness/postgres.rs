//! Throw-away PostgreSQL servers: each has everything in a folder of its own, and ends with the test process.
//!
//! ```ignore
//! let database = Cluster::shared().database_from_template(async |url| migrate(url).await).await;
//! let store = open(&database.url()).await;
//! ```
//! On a machine without PostgreSQL these tests fail; they are never skipped.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// Tests end processes, never the machine: nothing need reach the disk.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("max_wal_size", "256MB"),
];

const DEFAULT_PORT: u16 = 5432;

/// Carries out requests, a line each, and answers with exit codes. However the test process ends, the kernel then
/// closes the guard's input: it stops the server and removes the folder. That is in memory where there is room, since
/// a database is hundreds of files; its path is short, since that of a socket has at most 107 bytes.
const GUARD: &str = r#"
trap '' PIPE
free=$(df --output=avail --block-size=1M /dev/shm 2>/dev/null | tail -n 1)
[ "${free:-0}" -ge 1024 ] && place=/dev/shm || place=/tmp
folder=$(mktemp -d "$place/tallystick-XXXXXX") && cd "$folder" || exit
exec 2>/dev/null
echo "$folder"
control() { "$0/pg_ctl" --silent --wait --pgdata="$folder/data" "$@"; }
create() { "$0/initdb" --no-sync --auth=trust --username=tallystick --encoding=UTF8 --locale=C --pgdata=data; }
start() { control --log=log start || { tail -n 20 log; false; }; }
crash() { control --mode=immediate stop; }
while read -r request; do
    "$request" >output 2>&1 </dev/null
    echo $?
done
crash >output
cd / && rm -rf "$folder"
"#;

/// A server. Clones are of the same one, which stops with the last of them.
#[derive(Clone)]
pub struct Cluster(Arc<Server>);

struct Server {
    guard: Mutex<Guard>,
    folder: String,
    port: u16,
    template: OnceCell<()>,
    discarded: Mutex<Vec<String>>,
}

impl Cluster {
    /// The one that the tests of this process share, started when the first asks for it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[], &[]))
    }

    /// Another, with these settings, and these files in its data folder: `("ssl", "on")`, `("server.key", "…")`.
    pub fn start(settings: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        Self::start_at(DEFAULT_PORT, settings, files)
    }

    /// The same, also listening at a port of 127.0.0.1.
    pub fn start_tcp(settings: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let settings = [&[("listen_addresses", "127.0.0.1")], settings].concat();
        Self::start_at(unused_port(), &settings, files)
    }

    fn start_at(port: u16, settings: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let mut guard = Guard::new();
        let folder = guard.folder.clone();
        guard.carry_out("create");
        let place = [("unix_socket_directories", &*folder), ("port", &port.to_string())];
        configure(Path::new(&folder), &[SETTINGS, &place, settings].concat(), files);
        guard.carry_out("start");
        Self(Arc::new(Server {
            guard: Mutex::new(guard),
            folder,
            port,
            template: OnceCell::new(),
            discarded: Mutex::default(),
        }))
    }

    /// Stops it at once, as a crash would: it recovers when it is started again.
    pub fn crash(&self) {
        self.0.guard.lock().unwrap().carry_out("crash");
    }

    /// Starts it again on the same data; it accepts connections by the time this returns.
    pub fn restart(&self) {
        self.0.guard.lock().unwrap().carry_out("start");
    }

    /// Everything of it: its data in `data`, what it logs in `log`.
    pub fn folder(&self) -> &Path {
        Path::new(&self.0.folder)
    }

    /// Of a database, by its Unix socket.
    pub fn url(&self, database: &str) -> String {
        let Server { folder, port, .. } = &*self.0;
        let host = folder.replace('/', "%2F");
        match *port {
            DEFAULT_PORT => format!("postgres://tallystick@/{database}?host={host}"),
            port => format!("postgres://tallystick@/{database}?host={host}&port={port}"),
        }
    }

    /// Of a database, by TCP. The host is a name, as certificates want it.
    pub fn tcp_url(&self, database: &str) -> String {
        assert_ne!(self.0.port, DEFAULT_PORT, "`start_tcp` was not what started it");
        format!("postgres://tallystick@localhost:{}/{database}", self.0.port)
    }

    /// A connection, for a test that looks behind the store's back.
    pub async fn connect(&self, database: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A new database with nothing in it.
    pub async fn empty_database(&self) -> Database {
        self.create("template1").await
    }

    /// A new database as `prepare` made one, given its URL, when the first test asked for it.
    pub async fn database_from_template(&self, prepare: impl AsyncFnOnce(&str)) -> Database {
        let template = &self.0.template;
        template.get_or_init(|| self.make_template(prepare)).await;
        self.create("template_of_tests").await
    }

    async fn make_template(&self, prepare: impl AsyncFnOnce(&str)) {
        let server = self.connect("postgres").await;
        // A test that failed at this has left its own.
        run(&server, "DROP DATABASE IF EXISTS template_of_tests WITH (FORCE)").await;
        run(&server, "CREATE DATABASE template_of_tests").await;
        prepare(&self.url("template_of_tests")).await;
        // No copy is made of a database that somebody is connected to.
        let close = "ALTER DATABASE template_of_tests ALLOW_CONNECTIONS false";
        run(&server, close).await;
        let connected = "pg_stat_activity WHERE datname = 'template_of_tests'";
        let end = format!("SELECT pg_terminate_backend(pid, 10000) FROM {connected}");
        run(&server, &end).await;
    }

    async fn create(&self, template: &str) -> Database {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let server = self.connect("postgres").await;
        let discarded = std::mem::take(&mut *self.0.discarded.lock().unwrap());
        for name in discarded {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            // One that stays costs disk and nothing else.
            let _ = server.batch_execute(&drop).await;
        }
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst));
        // The other strategy writes every page to the log, which takes twice as long.
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        run(&server, &create).await;
        Database {
            cluster: self.clone(),
            name,
        }
    }
}

async fn run(server: &Client, statement: &str) {
    server.batch_execute(statement).await.unwrap();
}

/// A database of one test. Only the server can remove it, which `drop` cannot wait for: that is done when the next one
/// is made.
pub struct Database {
    cluster: Cluster,
    name: String,
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is on.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    pub async fn connect(&self) -> Client {
        self.cluster.connect(&self.name).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut discarded) = self.cluster.0.discarded.lock() {
            discarded.push(std::mem::take(&mut self.name));
        }
    }
}

/// The shell that runs [`GUARD`].
struct Guard {
    shell: Child,
    folder: String,
}

impl Guard {
    fn new() -> Self {
        let shell = shell()
            .args(["-c", GUARD])
            .arg(binaries())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C that ends the tests leaves it to clean up.
            .process_group(0)
            .spawn();
        let mut guard = Self {
            shell: shell.unwrap(),
            folder: String::new(),
        };
        guard.folder = guard.answer();
        guard
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        let answers = self.shell.stdout.as_mut().unwrap();
        BufReader::new(answers).read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "the guard of PostgreSQL has ended");
        answer.trim_end().to_owned()
    }

    fn carry_out(&mut self, request: &str) {
        writeln!(self.shell.stdin.as_mut().unwrap(), "{request}").unwrap();
        if self.answer() != "0" {
            let output = fs::read_to_string(format!("{}/output", self.folder)).unwrap();
            panic!("PostgreSQL: {request}: {output}");
        }
    }
}

impl Drop for Guard {
    /// Waiting closes its input.
    fn drop(&mut self) {
        let _ = self.shell.wait();
    }
}

/// PostgreSQL refuses to run as root: then the shell is that of somebody else.
fn shell() -> Command {
    if id(&["-u"]).unwrap() != "0" {
        return Command::new("sh");
    }
    let user = ["postgres", "nobody"]
        .into_iter()
        .find(|user| id(&["-u", user]).is_some());
    let user = user.expect("a user who is not root");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", &id(&["-g", user]).unwrap()])
        .args(["--clear-groups", "sh"]);
    command
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim_end().to_owned())
}

/// Those that the environment names, or on the path, or the newest where Debian puts them.
fn binaries() -> PathBuf {
    if let Some(folder) = std::env::var_os("TALLYSTICK_POSTGRES_BIN") {
        return folder.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").is_file())
        .or_else(newest_of_debian)
        .expect("there is no PostgreSQL here: run scripts/test, or apt-get install postgresql")
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .map(|version| version.unwrap())
        .filter(|version| version.path().join("bin/initdb").is_file())
        .max_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().ok())
        .map(|version| version.path().join("bin"))
}

fn configure(folder: &Path, settings: &[(&str, &str)], files: &[(&str, &str)]) {
    let data = folder.join("data");
    let owner = fs::metadata(folder).unwrap();
    let mut configuration = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .unwrap();
    for (name, value) in settings {
        writeln!(configuration, "{name} = '{}'", value.replace('\'', "''")).unwrap();
    }
    for (name, content) in files {
        let path = data.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// Below those that the kernel hands out, so that nobody gets it while the server is down.
fn unused_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 200).unwrap() * 100;
    loop {
        let port = first + TRIED.fetch_add(1, Ordering::SeqCst);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
