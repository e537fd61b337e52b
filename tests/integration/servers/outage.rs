//! While the database is away, services say so, and go on by themselves once it is back.

use std::time::Duration;

use tallystick::domain::clock::{SharedClock, SharedEntropy};
use tallystick::store::postgres::{Address, migrate};
use tallystick::wire::pb;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::{Node, Site};
use crate::harness::{Cluster, ManualClock, SeededEntropy, eventually, reason};

/// What a client of ours grants a call.
const DEADLINE: Duration = Duration::from_secs(10);

async fn site(cluster: &Cluster) -> (Site, crate::harness::Database) {
    let database = cluster.empty_database().await;
    let address = Address::parse(&database.url(), None).unwrap();
    let (clock, entropy): (SharedClock, SharedEntropy) = (ManualClock::new(), SeededEntropy::another());
    migrate::migrate(&address, &clock, &entropy).await.unwrap();
    (Site::at(&database.url()), database)
}

async fn is_ready(node: &Node) -> bool {
    node.page("/readyz").await.starts_with("HTTP/1.1 200")
}

fn by_deadline<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

#[tokio::test]
async fn an_outage_of_the_database_is_told_and_ends_without_a_restart_of_the_service() {
    let cluster = Cluster::start(&[], &[]);
    let (site, _database) = site(&cluster).await;
    let nodes = site.two().await;
    let credentials = site.enrol(&nodes[0], "lender-a").await;
    let mut clients = Vec::new();
    for node in &nodes {
        let lender = site.actor(node, credentials.clone()).client().await;
        eventually("the lender is known everywhere", async || {
            charge(&lender).await.is_ok()
        })
        .await;
        assert!(is_ready(node).await);
        clients.push(lender);
    }
    for _ in 0..2 {
        cluster.crash();
        for (node, lender) in nodes.iter().zip(&clients) {
            // One that writes and one that reads, each more than once: nobody waits in line for the deadline.
            for _ in 0..3 {
                for refused in [charge(lender).await, list(lender).await] {
                    let status = refused.unwrap_err();
                    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                    assert_eq!(reason(&status), "STORE_UNAVAILABLE");
                    let details = status.get_error_details();
                    assert!(details.retry_info().unwrap().retry_delay.is_some());
                }
            }
            assert!(node.page("/readyz").await.starts_with("HTTP/1.1 503"));
            assert!(node.page("/healthz").await.starts_with("HTTP/1.1 200"));
        }
        cluster.restart();
        for (node, lender) in nodes.iter().zip(&clients) {
            eventually("the service is ready again", async || is_ready(node).await).await;
            eventually("it writes", async || charge(lender).await.is_ok()).await;
            list(lender).await.unwrap();
        }
    }
    for node in nodes {
        node.stop().await;
    }
}

async fn charge(lender: &tallystick::client::Client) -> Result<(), Status> {
    let element = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
    let request = pb::EvaluateBlindedRequest {
        key_version: 1,
        blinded_elements: vec![element.0.to_vec()],
        r#type: pb::IdentifierType::Mobile.into(),
    };
    let answer = lender.tokens().evaluate_blinded(by_deadline(request)).await;
    answer.map(drop)
}

async fn list(lender: &tallystick::client::Client) -> Result<(), Status> {
    let request = pb::ListPositionsRequest::default();
    lender
        .reporting()
        .list_positions(by_deadline(request))
        .await
        .map(drop)
}
