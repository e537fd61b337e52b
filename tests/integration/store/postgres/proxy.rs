//! A way to a database that breaks at a COMMIT: before the server hears of it, or before the client hears that it was done.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What a client sends to commit, and what a server answers: a simple query, and the tag of a completed command.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// Where a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of the COMMIT.
    Before,
    /// The COMMIT is on its way, and both ends find the connection gone.
    With,
    /// The server answered, and the client never hears of it.
    After,
}

impl Cut {
    pub const ALL: [Self; 3] = [Self::Before, Self::With, Self::After];
}

/// The way. Connections pass until [`Proxy::cut_next`] is asked for.
pub struct Proxy {
    url: String,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    next: Mutex<Option<Cut>>,
    cuts: AtomicUsize,
}

impl Proxy {
    /// To the database of a URL that names a Unix socket.
    pub async fn to(url: &str) -> Self {
        let (start, host) = url.split_once("?host=").expect("by Unix socket");
        let socket = format!("{}/.s.PGSQL.5432", host.replace("%2F", "/"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let database = start.rsplit('/').next().unwrap();
        let plan = Arc::new(Plan::default());
        tokio::spawn(pass_all(listener, socket, plan.clone()));
        Self {
            url: format!("postgres://tallystick@127.0.0.1:{port}/{database}"),
            plan,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next COMMIT of any connection breaks it.
    pub fn cut_next(&self, cut: Cut) {
        *self.plan.next.lock().unwrap() = Some(cut);
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> usize {
        self.plan.cuts.load(Ordering::SeqCst)
    }
}

async fn pass_all(listener: TcpListener, socket: String, plan: Arc<Plan>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&socket).await;
        if let Ok(server) = server {
            tokio::spawn(pass(client, server, plan.clone()));
        }
    }
}

/// Passes on what either side says until one of them ends, or the plan says so. Dropping both ends is the cut.
async fn pass(mut client: TcpStream, mut server: UnixStream, plan: Arc<Plan>) {
    let (mut asked, mut told) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut silent = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let said = &asked[..length];
                let cut = if has(said, COMMIT) { plan.next.lock().unwrap().take() } else { None };
                if cut == Some(Cut::Before) {
                    break;
                }
                if server.write_all(said).await.is_err() {
                    return;
                }
                if cut == Some(Cut::With) {
                    break;
                }
                silent |= cut == Some(Cut::After);
            }
            read = server.read(&mut told) => {
                let Ok(length @ 1..) = read else { return };
                let said = &told[..length];
                if silent && has(said, COMMITTED) {
                    break;
                }
                if client.write_all(said).await.is_err() {
                    return;
                }
            }
        }
    }
    plan.cuts.fetch_add(1, Ordering::SeqCst);
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
