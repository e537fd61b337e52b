//! The role matrix, asked of a running service: every rpc by every role.

use tallystick::domain::member::Role;
use tallystick::members::PERMISSIONS;
use tonic::Code;

use crate::harness::{TestServer, knock, reason};

#[tokio::test]
async fn each_role_gets_exactly_what_the_matrix_gives_it() {
    let server = TestServer::start().await;
    let roles = [
        ("lender-a", Role::Lender),
        ("regulator-a", Role::Regulator),
        ("operator-x", Role::Operator),
        ("collector-a", Role::Collector),
    ];
    for (name, role) in roles {
        let channel = server.enrol(name, &[role]).await.channel();
        for permission in &PERMISSIONS {
            let answer = knock(channel.clone(), permission.path()).await;
            let refused = answer
                .as_ref()
                .is_err_and(|status| reason(status) == "ROLE_MISSING");
            assert_eq!(
                refused,
                !permission.roles().contains(&role),
                "{role:?} {}",
                permission.path()
            );
            if let Err(status) = answer
                && refused
            {
                assert_eq!(status.code(), Code::PermissionDenied);
            }
        }
    }
}

#[tokio::test]
async fn member_of_two_roles_has_the_rights_of_both() {
    let server = TestServer::start().await;
    let channel = server
        .enrol("bank-a", &[Role::Lender, Role::Regulator])
        .await
        .channel();
    let cases = [
        ("/tallystick.v1.TokenService/GetTokenKeys", ""),
        ("/tallystick.v1.StatisticsService/ListSnapshots", ""),
        ("/tallystick.v1.AdminService/ListMembers", "ROLE_MISSING"),
    ];
    for (path, expected) in cases {
        let answer = knock(channel.clone(), path).await;
        assert_eq!(
            answer.map_or_else(|status| reason(&status), |_| String::new()),
            expected,
            "{path}"
        );
    }
}
