//! Plants secrets wherever a caller can put one, and searches everything that the service says and writes for them.

use tallystick::domain::member::Role;
use tallystick::wire::pb;
use tonic::{Request, Status};

use crate::harness::{TestServer, logged, metrics};

/// A number that looks like a person's, and as bytes of a token.
const NUMBER: &str = "11010519491231002X";
const TOKEN: &[u8; 32] = b"planted-token-planted-token-plan";

fn told(status: &Status) -> String {
    let details = String::from_utf8_lossy(status.details()).into_owned();
    format!("{status:?} {} {details}", status.message())
}

fn token() -> pb::SubjectToken {
    pb::SubjectToken {
        r#type: pb::IdentifierType::NationalId.into(),
        key_version: 1,
        value: TOKEN.to_vec(),
        ..pb::SubjectToken::default()
    }
}

#[tokio::test]
async fn planted_secret_is_in_no_error_log_or_metric() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await.client().await;
    let operator = server.operator().client().await;
    let mut statuses = Vec::new();
    let mut query = Request::new(pb::QueryExposureRequest {
        tokens: vec![token()],
        request_id: NUMBER.to_owned(),
        currency: NUMBER.to_owned(),
        ..pb::QueryExposureRequest::default()
    });
    query.metadata_mut().insert("x-planted", NUMBER.parse().unwrap());
    query
        .metadata_mut()
        .insert("x-request-id", NUMBER.parse().unwrap());
    statuses.push(lender.exposure().query_exposure(query).await.unwrap_err());
    let position = pb::Position {
        account_ref: NUMBER.to_owned(),
        ..pb::Position::default()
    };
    let report = pb::ReportPositionRequest {
        position: Some(position),
        ..pb::ReportPositionRequest::default()
    };
    statuses.push(lender.reporting().report_position(report).await.unwrap_err());
    let get = pb::GetPositionRequest {
        account_ref: NUMBER.to_owned(),
    };
    statuses.push(lender.reporting().get_position(get).await.unwrap_err());
    let merge = pb::MergeSubjectsRequest {
        keep: Some(token()),
        merge: Some(token()),
        reason: format!("same person {NUMBER}"),
        request_id: NUMBER.to_owned(),
    };
    statuses.push(operator.admin().merge_subjects(merge).await.unwrap_err());
    let member = pb::GetMemberRequest {
        member_id: NUMBER.to_owned(),
    };
    statuses.push(operator.admin().get_member(member).await.unwrap_err());
    let blinded = pb::EvaluateBlindedRequest {
        key_version: 1,
        blinded_elements: vec![TOKEN.to_vec()],
        r#type: pb::IdentifierType::Mobile.into(),
    };
    statuses.push(lender.tokens().evaluate_blinded(blinded).await.unwrap_err());
    let searched = [statuses.iter().map(told).collect::<String>(), logged(), metrics()];
    for text in &searched {
        assert!(!text.is_empty());
        assert!(
            !text.contains(NUMBER) && !text.contains("planted-token"),
            "{text}"
        );
    }
    assert!(
        searched[1].contains("call answered"),
        "the log was heard at its finest"
    );
}
