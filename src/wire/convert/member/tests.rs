use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::domain::date::Timestamp;
use crate::domain::names::MemberNo;

fn new_member() -> NewMember {
    NewMember {
        member_id: MemberId::parse("alpha-bank").unwrap(),
        display_name: "Alpha Bank".into(),
        lender_group: LenderGroup::Bank,
        roles: vec![Role::Lender],
        certificates: vec![Certificate {
            fingerprint: Fingerprint([1; 32]),
            not_after: Timestamp::from_micros(1_000_000),
            revoked_at: None,
        }],
        rule_packs: vec!["cn-online".into()],
        evaluations_per_day: 100_000,
    }
}

fn codes<T>(read: Result<T, Vec<Violation>>) -> Vec<(Code, String)> {
    let violations = read.err().unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

fn expected(list: &[(Code, &str)]) -> Vec<(Code, String)> {
    list.iter()
        .map(|(code, field)| (*code, (*field).to_owned()))
        .collect()
}

type Case = (&'static str, fn(&mut pb::Member), &'static [(Code, &'static str)]);

const CASES: &[Case] = &[
    ("valid", |_| {}, &[]),
    (
        "no name",
        |m| m.member_id.clear(),
        &[(Code::FieldRequired, "member.member_id")],
    ),
    (
        "bad name",
        |m| m.member_id = "AB".into(),
        &[(Code::Format, "member.member_id")],
    ),
    (
        "no display name",
        |m| m.display_name = " ".into(),
        &[(Code::FieldRequired, "member.display_name")],
    ),
    ("name of 100", |m| m.display_name = "名".repeat(100), &[]),
    (
        "name of 101",
        |m| m.display_name = "名".repeat(101),
        &[(Code::Format, "member.display_name")],
    ),
    (
        "control",
        |m| m.display_name = "a\tb".into(),
        &[(Code::Format, "member.display_name")],
    ),
    (
        "no group",
        |m| m.lender_group = 0,
        &[(Code::FieldRequired, "member.lender_group")],
    ),
    (
        "unknown group",
        |m| m.lender_group = 7,
        &[(Code::EnumUnknown, "member.lender_group")],
    ),
    (
        "no roles",
        |m| m.roles.clear(),
        &[(Code::FieldRequired, "member.roles")],
    ),
    (
        "unknown role",
        |m| m.roles = vec![1, 5],
        &[(Code::EnumUnknown, "member.roles[1]")],
    ),
    ("16 roles", |m| m.roles = vec![1; 16], &[]),
    (
        "17 roles",
        |m| m.roles = vec![1; 17],
        &[(Code::Format, "member.roles")],
    ),
    (
        "short fingerprint",
        |m| m.certificates[0].fingerprint = vec![1; 31],
        &[(Code::Format, "member.certificates[0].fingerprint")],
    ),
    (
        "no end",
        |m| m.certificates[0].not_after = None,
        &[(Code::FieldRequired, "member.certificates[0].not_after")],
    ),
    (
        "revoked",
        |m| m.certificates[0].revoked_at = m.certificates[0].not_after,
        &[(Code::Format, "member.certificates[0].revoked_at")],
    ),
    (
        "twice",
        |m| m.certificates.push(m.certificates[0].clone()),
        &[(Code::Format, "member.certificates[1].fingerprint")],
    ),
    ("no certificates", |m| m.certificates.clear(), &[]),
    (
        "empty pack",
        |m| m.rule_packs.push(String::new()),
        &[(Code::Format, "member.rule_packs[1]")],
    ),
    (
        "pack twice",
        |m| m.rule_packs.push("cn-online".into()),
        &[(Code::Format, "member.rule_packs[1]")],
    ),
    (
        "17 packs",
        |m| m.rule_packs = (0..17).map(|number| format!("p{number}")).collect(),
        &[(Code::Format, "member.rule_packs")],
    ),
];

#[test]
fn each_part_of_a_new_member_has_its_violation() {
    for (name, change, wanted) in CASES {
        let mut wire = new_member_to_wire(&new_member(), RequestId([1; 16]));
        change(wire.member.as_mut().unwrap());
        assert_eq!(codes(read_new_member(&wire)), expected(wanted), "{name}");
    }
    let nothing = pb::CreateMemberRequest::default();
    let wanted = [
        (Code::FieldRequired, "member"),
        (Code::FieldRequired, "request_id"),
    ];
    assert_eq!(codes(read_new_member(&nothing)), expected(&wanted));
}

#[test]
fn what_the_service_sets_itself_is_ignored() {
    let mut wire = new_member_to_wire(&new_member(), RequestId([1; 16]));
    let member = wire.member.as_mut().unwrap();
    member.state = 99;
    member.created_at = Some(prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    });
    assert_eq!(read_new_member(&wire).map(|read| read.0), Ok(new_member()));
}

fn update(paths: &[&str], member: pb::Member) -> pb::UpdateMemberRequest {
    pb::UpdateMemberRequest {
        member: Some(member),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    }
}

#[test]
fn an_update_changes_what_its_mask_names() {
    let named = || pb::Member {
        member_id: "alpha-bank".into(),
        ..pb::Member::default()
    };
    let read = read_member_update(&update(&["evaluations_per_day"], named())).unwrap();
    assert_eq!(read.evaluations_per_day, Some(0));
    assert_eq!((read.display_name, read.state, read.roles), (None, None, None));
    let read = read_member_update(&update(&["rule_packs"], named())).unwrap();
    assert_eq!(read.rule_packs, Some(vec![]));
    let everything = [
        "display_name",
        "lender_group",
        "roles",
        "state",
        "certificates",
        "member_id",
    ];
    let wanted = [
        (Code::FieldRequired, "member.display_name"),
        (Code::FieldRequired, "member.lender_group"),
        (Code::FieldRequired, "member.roles"),
        (Code::FieldRequired, "member.state"),
        (Code::Format, "update_mask.paths[4]"),
        (Code::Format, "update_mask.paths[5]"),
    ];
    assert_eq!(
        codes(read_member_update(&update(&everything, named()))),
        expected(&wanted)
    );
    let required = |field: &'static str| expected(&[(Code::FieldRequired, field)]);
    assert_eq!(
        codes(read_member_update(&update(&[], named()))),
        required("update_mask")
    );
    let mut no_mask = update(&[], named());
    no_mask.update_mask = None;
    assert_eq!(codes(read_member_update(&no_mask)), required("update_mask"));
    assert_eq!(
        codes(read_member_update(&pb::UpdateMemberRequest::default())),
        required("member")
    );
    let many = update(&["roles"; 17], named());
    assert_eq!(
        codes(read_member_update(&many)),
        expected(&[(Code::Format, "update_mask")])
    );
}

#[test]
fn an_operator_sets_every_state_but_proposed() {
    for state in MemberState::ALL {
        let member = pb::Member {
            member_id: "alpha-bank".into(),
            state: state.to_number(),
            ..pb::Member::default()
        };
        let read = read_member_update(&update(&["state"], member));
        if *state == MemberState::Proposed {
            assert_eq!(codes(read), expected(&[(Code::Format, "member.state")]));
        } else {
            assert_eq!(read.unwrap().state, Some(*state));
        }
    }
}

#[test]
fn certificates_are_added_and_revoked_by_name() {
    let mut added = pb::AddCertificateRequest {
        member_id: "alpha-bank".into(),
        certificate: vec![1; CERTIFICATE_BYTES_MAX],
    };
    assert_eq!(
        read_added_certificate(&added).unwrap().1.len(),
        CERTIFICATE_BYTES_MAX
    );
    added.certificate.push(1);
    assert_eq!(
        codes(read_added_certificate(&added)),
        expected(&[(Code::Format, "certificate")])
    );
    let nothing = pb::AddCertificateRequest::default();
    let wanted = [
        (Code::FieldRequired, "member_id"),
        (Code::FieldRequired, "certificate"),
    ];
    assert_eq!(codes(read_added_certificate(&nothing)), expected(&wanted));
    let mut revoked = pb::RevokeCertificateRequest {
        member_id: "alpha-bank".into(),
        fingerprint: vec![3; 32],
    };
    assert_eq!(read_revocation(&revoked).unwrap().1, Fingerprint([3; 32]));
    revoked.fingerprint.pop();
    assert_eq!(
        codes(read_revocation(&revoked)),
        expected(&[(Code::Format, "fingerprint")])
    );
    assert_eq!(read_member("alpha-bank").unwrap().as_str(), "alpha-bank");
    assert_eq!(
        codes(read_member("")),
        expected(&[(Code::FieldRequired, "member_id")])
    );
}

#[test]
fn a_member_keeps_every_part_but_its_number() {
    let new = new_member();
    let member = Member {
        member_no: MemberNo(9),
        member_id: new.member_id.clone(),
        display_name: new.display_name.clone(),
        lender_group: new.lender_group,
        roles: vec![Role::Lender, Role::Operator],
        state: MemberState::Suspended,
        certificates: vec![Certificate {
            revoked_at: Some(Timestamp::from_micros(2_000_000)),
            ..new.certificates[0].clone()
        }],
        created_at: Timestamp::from_micros(3_000_000),
        rule_packs: new.rule_packs.clone(),
        evaluations_per_day: 7,
    };
    let instant = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let wire_certificate = pb::Certificate {
        fingerprint: vec![1; 32],
        not_after: instant(1),
        revoked_at: instant(2),
    };
    let wire = pb::Member {
        member_id: "alpha-bank".into(),
        display_name: "Alpha Bank".into(),
        lender_group: pb::LenderGroup::Bank.into(),
        roles: vec![1, 3],
        state: pb::MemberState::Suspended.into(),
        certificates: vec![wire_certificate],
        created_at: instant(3),
        rule_packs: vec!["cn-online".into()],
        evaluations_per_day: 7,
    };
    assert_eq!(member_to_wire(&member), wire);
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    subsequence(Role::ALL, 1..=4)
}

prop_compose! {
    fn members()(
        member_id in "[a-z0-9-]{3,32}",
        display_name in "[A-Za-z行][A-Za-z 行]{0,98}",
        lender_group in select(LenderGroup::ALL),
        roles in roles(),
        fingerprints in proptest::collection::btree_set(any::<[u8; 32]>(), 0..3),
        rule_packs in proptest::collection::btree_set("[a-z0-9._-]{1,64}", 0..4),
        evaluations_per_day: u32,
    ) -> NewMember {
        NewMember {
            member_id: MemberId::parse(&member_id).unwrap(),
            display_name,
            lender_group,
            roles,
            certificates: fingerprints
                .into_iter()
                .map(|fingerprint| Certificate {
                    fingerprint: Fingerprint(fingerprint),
                    not_after: Timestamp::from_micros(i64::from(evaluations_per_day)),
                    revoked_at: None,
                })
                .collect(),
            rule_packs: rule_packs.into_iter().collect(),
            evaluations_per_day,
        }
    }
}

proptest! {
    #[test]
    fn new_members_survive_the_wire(member in members(), id in any::<[u8; 16]>()) {
        let (read, request) = read_new_member(&new_member_to_wire(&member, RequestId(id))).unwrap();
        prop_assert_eq!((read, request.id), (member, RequestId(id)));
    }

    #[test]
    fn updates_survive_the_wire(
        member in members(),
        state in option::of(select(&[MemberState::Active, MemberState::Suspended, MemberState::Left][..])),
        keeps in [any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()],
    ) {
        let update = MemberUpdate {
            member_id: member.member_id,
            display_name: keeps[0].then_some(member.display_name),
            lender_group: keeps[1].then_some(member.lender_group),
            roles: keeps[2].then_some(member.roles),
            state,
            rule_packs: keeps[3].then_some(member.rule_packs),
            evaluations_per_day: Some(member.evaluations_per_day),
        };
        prop_assert_eq!(read_member_update(&member_update_to_wire(&update)), Ok(update));
    }
}
