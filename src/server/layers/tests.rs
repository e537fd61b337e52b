use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::*;
use crate::domain::member::Role;
use crate::members::PERMISSIONS;
use crate::wire::pb;

/// Every rpc that is served: its path, and whether it streams.
fn rpcs() -> BTreeMap<String, bool> {
    let sets = [
        pb::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut found = BTreeMap::new();
    for file in sets
        .into_iter()
        .flat_map(|set| FileDescriptorSet::decode(set).unwrap().file)
    {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                found.insert(path, method.client_streaming() || method.server_streaming());
            }
        }
    }
    found
}

#[test]
fn every_rpc_of_the_contract_has_its_line_in_the_matrix_and_no_other_has() {
    let rpcs = rpcs();
    let lines: BTreeMap<String, bool> = PERMISSIONS
        .iter()
        .map(|permission| {
            (
                permission.path().to_owned(),
                permission.shape() == Shape::Streaming,
            )
        })
        .collect();
    assert!(rpcs.len() > 35);
    assert_eq!(lines, rpcs);
}

#[test]
fn matrix_is_what_the_operator_was_promised() {
    let promised = |path: &str| -> &[Role] {
        let (service, rpc) = path.trim_start_matches('/').split_once('/').unwrap();
        match (service.rsplit('.').next().unwrap(), rpc) {
            ("TokenService", _) => &[Role::Lender, Role::Operator],
            ("ReportingService", "GetDataQuality") => &[Role::Lender, Role::Regulator, Role::Operator],
            ("ReportingService" | "ExposureService", _) => &[Role::Lender],
            ("AdminService", _) | ("StatisticsService", "CreateSnapshot") => &[Role::Operator],
            ("StatisticsService", _) => &[Role::Regulator, Role::Operator],
            ("Health" | "ServerReflection", _) => {
                &[Role::Lender, Role::Regulator, Role::Operator, Role::Collector]
            }
            (service, rpc) => panic!("{service}/{rpc} was promised to nobody"),
        }
    };
    for permission in &PERMISSIONS {
        assert_eq!(
            permission.roles(),
            promised(permission.path()),
            "{}",
            permission.path()
        );
    }
}
