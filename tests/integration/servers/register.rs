//! What services of one database share: the register, page tokens, the log, the keys.

use futures::future::join_all;
use tallystick::audit::proof::verify_inclusion;
use tallystick::client::Client;
use tallystick::ledger::prove_inclusion;
use tallystick::wire::pb;

use super::{Node, Site};
use crate::harness::{eventually, reason};

async fn keys_of(lender: &Client) -> Result<(), tonic::Status> {
    lender
        .tokens()
        .get_token_keys(pb::GetTokenKeysRequest {})
        .await
        .map(drop)
}

#[tokio::test]
async fn a_member_enrolled_at_one_service_is_served_by_the_other() {
    let site = Site::new().await;
    let [first, second] = site.two().await;
    for (here, there, name) in [(&first, &second, "lender-a"), (&second, &first, "lender-b")] {
        let credentials = site.enrol(here, name).await;
        let at_once = site.actor(here, credentials.clone()).client().await;
        keys_of(&at_once).await.unwrap();
        let lender = site.actor(there, credentials).client().await;
        eventually("the member is known there too", async || {
            keys_of(&lender).await.is_ok()
        })
        .await;
    }
}

#[tokio::test]
async fn a_certificate_revoked_at_one_service_is_refused_by_the_other_on_open_connections_too() {
    let site = Site::new().await;
    let [first, second] = site.two().await;
    let credentials = site.enrol(&first, "lender-a").await;
    let lender = site.actor(&second, credentials.clone()).client().await;
    eventually("the member is known there too", async || {
        keys_of(&lender).await.is_ok()
    })
    .await;
    let revocation = pb::RevokeCertificateRequest {
        member_id: "lender-a".to_owned(),
        fingerprint: credentials.registered().fingerprint.0.to_vec(),
    };
    let operator = site.operator(&first).client().await;
    operator.admin().revoke_certificate(revocation).await.unwrap();
    let here = site.actor(&first, credentials).client().await;
    let refused = keys_of(&here).await.unwrap_err();
    assert_eq!(reason(&refused), "CERTIFICATE_REVOKED");
    eventually(
        "it is refused there too",
        async || matches!(keys_of(&lender).await, Err(status) if reason(&status) == "CERTIFICATE_REVOKED"),
    )
    .await;
}

/// A page of the register, and the token of the next.
async fn members(operator: &Client, page_size: i32, page_token: &str) -> (Vec<String>, String) {
    let request = pb::ListMembersRequest {
        page_size,
        page_token: page_token.to_owned(),
    };
    let page = operator.admin().list_members(request).await.unwrap().into_inner();
    let names = page.members.into_iter().map(|member| member.member_id);
    (names.collect(), page.next_page_token)
}

#[tokio::test]
async fn pages_begun_at_one_service_go_on_at_the_other() {
    let site = Site::new().await;
    let nodes = site.two().await;
    for number in 0..5 {
        site.enrol(&nodes[number % 2], &format!("lender-{number}")).await;
    }
    // Each lists what it knows.
    for node in &nodes {
        let operator = site.operator(node).client().await;
        eventually("all are known", async || {
            members(&operator, 100, "").await.0.len() == 6
        })
        .await;
    }
    let mut seen = Vec::new();
    let mut page_token = String::new();
    for turn in 0.. {
        let operator = site.operator(&nodes[turn % 2]).client().await;
        let (page, next) = members(&operator, 2, &page_token).await;
        assert!(page.len() < 3);
        seen.extend(page);
        page_token = next;
        if page_token.is_empty() {
            break;
        }
    }
    seen.sort();
    let lenders = (0..5).map(|number| format!("lender-{number}"));
    let wanted: Vec<String> = lenders.chain(["operator".to_owned()]).collect();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn entries_made_at_one_service_are_proved_by_the_other() {
    let site = Site::new().await;
    let nodes = site.two().await;
    assert_eq!(nodes[0].running.verifier, nodes[1].running.verifier);
    for number in 0..6 {
        site.enrol(&nodes[number % 2], &format!("lender-{number}")).await;
    }
    // The operator's own enrolment is the seventh.
    eventually("all are in the tree", async || {
        nodes[1].running.log.head().await.unwrap().frontier.size() == 7
    })
    .await;
    for node in &nodes {
        let log = node.running.log.as_ref();
        let head = log.head().await.unwrap();
        let root = head.frontier.root();
        for leaf in log.leaves(0..7).await.unwrap() {
            let proof = prove_inclusion(log, leaf.index, 7).await.unwrap();
            verify_inclusion(leaf.leaf_hash, leaf.index, 7, &proof, root).unwrap();
        }
    }
}

#[tokio::test]
async fn other_keys_than_the_databases_are_refused_at_the_start() {
    let site = Site::new().await;
    let first = site.start(None).await.unwrap();
    let elsewhere = Site::new().await.start(None).await.unwrap();
    let refusals = [
        (Some(elsewhere.keys()), "copy the key files of the server"),
        (None, "backup"),
    ];
    for (keys, wanted) in refusals {
        let refused = site.start(keys.as_deref()).await.map(drop).unwrap_err();
        let told = format!("{refused:#}");
        assert!(told.contains(wanted), "{told}");
    }
    site.start(Some(&first.keys())).await.unwrap();
}

#[tokio::test]
async fn services_that_start_at_once_on_a_new_database_enrol_the_first_operator_once() {
    let first = Site::new().await.start(None).await.unwrap();
    let folder = first.keys();
    for _ in 0..3 {
        let site = Site::new().await;
        let starts = (0..4).map(|_| site.start(Some(&folder)));
        let nodes: Vec<Node> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
        for node in &nodes {
            let operator = site.operator(node).client().await;
            assert_eq!(members(&operator, 100, "").await.0, ["operator"]);
        }
    }
}

#[tokio::test]
async fn of_services_that_each_made_keys_for_a_new_database_one_serves_it() {
    for _ in 0..3 {
        let site = Site::new().await;
        let starts = join_all((0..3).map(|_| site.start(None))).await;
        let (serving, refused): (Vec<_>, Vec<_>) = starts.into_iter().partition(Result::is_ok);
        assert_eq!((serving.len(), refused.len()), (1, 2));
        for refused in refused {
            let told = format!("{:#}", refused.map(drop).unwrap_err());
            assert!(told.contains("key files") || told.contains("backup"), "{told}");
        }
    }
}
