//! A line to a service that can be held in the middle of what is sent, cut, and led to another service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The line. Whatever is sent passes until [`Line::hold_after`] is asked for.
pub struct Line {
    address: SocketAddr,
    plan: Arc<Plan>,
}

struct Plan {
    /// Where new connections lead.
    service: watch::Sender<SocketAddr>,
    /// Bytes that passed to the service.
    passed: AtomicUsize,
    /// Bytes that may still pass to the service.
    budget: watch::Sender<usize>,
    /// Grows with each cut.
    cuts: watch::Sender<u64>,
}

impl Line {
    pub async fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Plan {
            service: watch::Sender::new(service),
            passed: AtomicUsize::new(0),
            budget: watch::Sender::new(usize::MAX),
            cuts: watch::Sender::new(0),
        });
        tokio::spawn(pass_all(listener, Arc::clone(&plan)));
        Self { address, plan }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections to this service.
    pub fn lead_to(&self, service: SocketAddr) {
        self.plan.service.send_replace(service);
    }

    /// Bytes that ever passed to a service.
    pub fn passed(&self) -> usize {
        self.plan.passed.load(Ordering::Relaxed)
    }

    /// So many more bytes reach the service, then nothing until it is cut or released.
    pub fn hold_after(&self, bytes: usize) {
        self.plan.budget.send_replace(bytes);
    }

    /// Waits until nothing passes any more.
    pub async fn held(&self) {
        let mut budget = self.plan.budget.subscribe();
        budget.wait_for(|left| *left == 0).await.unwrap();
    }

    /// Lets everything pass again.
    pub fn release(&self) {
        self.plan.budget.send_replace(usize::MAX);
    }

    /// Ends every connection; new ones pass.
    pub fn cut(&self) {
        self.plan.cuts.send_modify(|cuts| *cuts += 1);
        self.release();
    }
}

async fn pass_all(listener: TcpListener, plan: Arc<Plan>) {
    while let Ok((client, _)) = listener.accept().await {
        let (plan, mut cuts) = (Arc::clone(&plan), plan.cuts.subscribe());
        tokio::spawn(async move {
            let service = *plan.service.borrow();
            let Ok(server) = TcpStream::connect(service).await else {
                return;
            };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            // Dropping all ends is the cut.
            tokio::select! {
                () = pass(from_client, to_server, Some(&plan)) => {}
                () = pass(from_server, to_client, None) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, plan: Option<&Plan>) {
    let mut buffer = vec![0; 1 << 14];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let allowed = match plan {
                None => rest.len(),
                Some(plan) => {
                    let allowed = take(&plan.budget, rest.len()).await;
                    plan.passed.fetch_add(allowed, Ordering::Relaxed);
                    allowed
                }
            };
            let (now, later) = rest.split_at(allowed);
            if to.write_all(now).await.is_err() {
                return;
            }
            rest = later;
        }
    }
}

/// Waits until bytes may pass, and takes as many as may of those wanted.
async fn take(budget: &watch::Sender<usize>, wanted: usize) -> usize {
    loop {
        budget.subscribe().wait_for(|left| *left > 0).await.unwrap();
        let mut taken = 0;
        budget.send_modify(|left| {
            taken = wanted.min(*left);
            *left -= taken;
        });
        if taken > 0 {
            return taken;
        }
    }
}
