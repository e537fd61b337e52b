//! The operator's side over the wire: members, certificates, pages, the second operator.

use tallystick::domain::member::Role;
use tallystick::domain::names::RequestId;
use tallystick::wire::convert::request::request_id_to_wire;
use tallystick::wire::pb;
use tonic::Code;

use crate::harness::{TestServer, metrics, reason};

fn new_member(name: &str, id: u8) -> pb::CreateMemberRequest {
    pb::CreateMemberRequest {
        member: Some(pb::Member {
            member_id: name.to_owned(),
            display_name: "A lender".to_owned(),
            lender_group: pb::LenderGroup::Bank.into(),
            roles: vec![pb::Role::Lender.into()],
            evaluations_per_day: 10,
            ..pb::Member::default()
        }),
        request_id: request_id_to_wire(RequestId([id; 16])),
    }
}

#[tokio::test]
async fn member_takes_part_when_a_second_operator_repeats_its_enrolment() {
    let server = TestServer::start_with(|setup| setup.rules.approvals = 2).await;
    let (first, second) = (
        server.operator().client().await,
        server.second_operator().client().await,
    );
    let state = |response: pb::CreateMemberResponse| response.member.unwrap().state();
    let request = new_member("lender-a", 1);
    let proposed = first
        .admin()
        .create_member(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(state(proposed), pb::MemberState::Proposed);
    let again = first
        .admin()
        .create_member(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        state(again),
        pb::MemberState::Proposed,
        "one operator twice is one operator"
    );
    let approved = second.admin().create_member(request).await.unwrap().into_inner();
    assert_eq!(state(approved), pb::MemberState::Active);
}

#[tokio::test]
async fn members_are_listed_newest_first_and_pages_belong_to_their_caller() {
    let server = TestServer::start().await;
    for name in ["lender-a", "lender-b", "lender-c"] {
        server.enrol(name, &[Role::Lender]).await;
    }
    let other = server.enrol("operator-x", &[Role::Operator]).await.client().await;
    let operator = server.operator().client().await;
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListMembersRequest {
            page_size: 2,
            page_token: page_token.clone(),
        };
        let page = operator
            .admin()
            .list_members(request.clone())
            .await
            .unwrap()
            .into_inner();
        if !page_token.is_empty() {
            let status = other.admin().list_members(request).await.unwrap_err();
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::InvalidArgument, "PAGE_TOKEN")
            );
        }
        names.extend(page.members.into_iter().map(|member| member.member_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        names,
        ["operator-x", "lender-c", "lender-b", "lender-a", "operator"]
    );
    let status = operator
        .admin()
        .list_members(pb::ListMembersRequest {
            page_size: 1_001,
            ..Default::default()
        })
        .await;
    assert_eq!(reason(&status.unwrap_err()), "PAGE_SIZE");
}

#[tokio::test]
async fn unknown_members_and_bad_certificates_get_their_precise_refusal() {
    let server = TestServer::start().await;
    let operator = server.operator().client().await;
    let get = |name: &str| pb::GetMemberRequest {
        member_id: name.to_owned(),
    };
    let status = operator.admin().get_member(get("nobody")).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "MEMBER_UNKNOWN")
    );
    assert!(metrics().contains("tallystick_rule_refused_total{reason=\"MEMBER_UNKNOWN\"}"));
    let status = operator.admin().get_member(get("No!")).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "FORMAT")
    );
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let add = |certificate: &str| pb::AddCertificateRequest {
        member_id: "lender-a".to_owned(),
        certificate: certificate.as_bytes().to_vec(),
    };
    let cases = [
        (
            lender.credentials.certificate.as_str(),
            Code::AlreadyExists,
            "CERTIFICATE_TAKEN",
        ),
        (server.ca.certificate(), Code::InvalidArgument, "FORMAT"),
        (lender.credentials.key.as_str(), Code::InvalidArgument, "FORMAT"),
        ("hello", Code::InvalidArgument, "FORMAT"),
    ];
    for (certificate, code, expected) in cases {
        let status = operator
            .admin()
            .add_certificate(add(certificate))
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (code, expected),
            "{certificate:.30}"
        );
    }
}

#[tokio::test]
async fn request_id_used_again_for_another_member_is_refused_and_the_same_request_answers_the_same() {
    let server = TestServer::start().await;
    let operator = server.operator().client().await;
    let first = operator
        .admin()
        .create_member(new_member("lender-a", 1))
        .await
        .unwrap()
        .into_inner();
    let again = operator
        .admin()
        .create_member(new_member("lender-a", 1))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again);
    let status = operator
        .admin()
        .create_member(new_member("lender-b", 1))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
}
