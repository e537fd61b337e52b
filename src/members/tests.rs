//! Drives the room over a register that lives in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream;

use super::*;
use crate::domain::clock::{Clock, Entropy};
use crate::domain::date::Timestamp;
use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::unit::{Accepted, Action, Administration, Outcome, Receipt, Write};
use crate::identity::keys::{LedgerKeys, TokenKeys};
use crate::store::{ApplyError, StoreError};
use crate::subjects::TokenMapper;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

struct CountingEntropy(Mutex<u8>);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        for byte in bytes {
            *byte = *next;
            *next = next.wrapping_add(1);
        }
    }
}

/// A register in memory that enrols whatever it is told to and can be made to fail.
#[derive(Default)]
struct Memory {
    members: Mutex<Vec<Member>>,
    generation: Mutex<i64>,
    failing: Mutex<bool>,
    readings: Mutex<u32>,
}

impl Memory {
    fn put(&self, member: Member) {
        let mut members = self.members.lock().unwrap();
        members.retain(|known| known.member_id != member.member_id);
        members.push(member);
        *self.generation.lock().unwrap() += 1;
    }
}

#[async_trait]
impl MemberRegister for Memory {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        *self.readings.lock().unwrap() += 1;
        Ok(self.members.lock().unwrap().clone())
    }

    async fn generation(&self) -> Result<i64, StoreError> {
        if *self.failing.lock().unwrap() {
            return Err(StoreError::Unavailable);
        }
        Ok(*self.generation.lock().unwrap())
    }

    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError> {
        let receipt = Receipt {
            salt: write.salt,
            leaf: [0; 32],
        };
        let outcome = match write.action {
            Action::ChargeEvaluations { count } => Outcome::Charged {
                over_ceiling: count > 10,
            },
            Action::Administer(administration) => match *administration {
                Administration::CreateMember(new) => {
                    let certificates = new.certificates;
                    let member = Member {
                        certificates,
                        roles: new.roles,
                        ..member(new.member_id.as_str(), &[])
                    };
                    self.put(member.clone());
                    Outcome::Member(Box::new(member))
                }
                _ => Outcome::Approved { done: true },
            },
            _ => Outcome::Deleted,
        };
        Ok(Accepted { outcome, receipt })
    }
}

fn member(name: &str, certificates: &[Certificate]) -> Member {
    Member {
        member_no: MemberNo(i64::try_from(name.len()).unwrap()),
        member_id: MemberId::parse(name).unwrap(),
        display_name: name.to_owned(),
        lender_group: LenderGroup::Bank,
        roles: vec![Role::Lender],
        state: MemberState::Active,
        certificates: certificates.to_vec(),
        created_at: NOW,
        rule_packs: Vec::new(),
        evaluations_per_day: 1,
    }
}

fn certificate(byte: u8) -> Certificate {
    Certificate {
        fingerprint: Fingerprint([byte; 32]),
        not_after: NOW,
        revoked_at: None,
    }
}

async fn registry_of(members: Vec<Member>) -> (Arc<Memory>, Arc<Registry>) {
    let memory = Arc::new(Memory::default());
    for member in members {
        memory.put(member);
    }
    let registry = Registry::load(memory.clone(), Arc::new(StillClock))
        .await
        .unwrap();
    (memory, registry)
}

fn room(registry: &Arc<Registry>) -> Members {
    let entropy = Arc::new(CountingEntropy(Mutex::new(1)));
    let keys = LedgerKeys::ephemeral(&TokenKeys::ephemeral(&*entropy), &*entropy);
    Members::new(
        registry.clone(),
        Arc::new(TokenMapper::new(Arc::new(keys))),
        entropy,
    )
}

#[tokio::test]
async fn certificate_speaks_only_while_register_and_time_let_it() {
    let past = Timestamp::from_micros(NOW.micros() - 1);
    let state = |name, byte, state| Member {
        state,
        ..member(name, &[certificate(byte)])
    };
    let (_, registry) = registry_of(vec![
        state("active", 1, MemberState::Active),
        state("suspended", 2, MemberState::Suspended),
        state("left-us", 3, MemberState::Left),
        state("proposed", 4, MemberState::Proposed),
        member(
            "revoked",
            &[
                Certificate {
                    revoked_at: Some(past),
                    ..certificate(5)
                },
                certificate(6),
            ],
        ),
        member(
            "expired",
            &[Certificate {
                not_after: past,
                ..certificate(7)
            }],
        ),
    ])
    .await;
    let cases = [
        (1, Ok("active")),
        (2, Err(AuthError::MemberSuspended)),
        (3, Err(AuthError::MemberLeft)),
        (4, Err(AuthError::MemberProposed)),
        (5, Err(AuthError::CertificateRevoked)),
        (6, Ok("revoked")),
        (7, Err(AuthError::CertificateExpired)),
        (8, Err(AuthError::CertificateUnknown)),
    ];
    for (byte, expected) in cases {
        let judged = registry.authenticate(Fingerprint([byte; 32]));
        assert_eq!(
            judged.as_ref().map(|caller| caller.member_id().as_str()),
            expected.as_ref().map(|name| *name)
        );
        if let Ok(caller) = judged {
            assert_eq!(caller.certificate(), Fingerprint([byte; 32]));
        }
    }
}

#[tokio::test]
async fn word_is_taken_of_active_members_alone() {
    let suspended = Member {
        state: MemberState::Suspended,
        ..member("bbb", &[])
    };
    let (_, registry) = registry_of(vec![member("aaa", &[]), suspended]).await;
    let word = |name| {
        registry
            .take_word(&MemberId::parse(name).unwrap())
            .map(|caller| caller.member_no())
    };
    assert_eq!(word("aaa"), Ok(MemberNo(3)));
    assert_eq!(word("bbb"), Err(AuthError::MemberSuspended));
    assert_eq!(word("ccc"), Err(AuthError::CertificateUnknown));
}

#[tokio::test]
async fn registry_follows_the_generation_and_survives_a_failing_store() {
    let (memory, registry) = registry_of(vec![]).await;
    let readings = *memory.readings.lock().unwrap();
    registry.clone().follow(stream::iter([(), ()])).await;
    assert_eq!(
        *memory.readings.lock().unwrap(),
        readings,
        "nothing changed, nothing is read"
    );
    memory.put(member("newcomer", &[certificate(9)]));
    registry.clone().follow(stream::iter([()])).await;
    assert!(registry.authenticate(Fingerprint([9; 32])).is_ok());
    *memory.failing.lock().unwrap() = true;
    memory.put(Member {
        state: MemberState::Suspended,
        ..member("newcomer", &[certificate(9)])
    });
    registry.clone().follow(stream::iter([(), ()])).await;
    assert!(
        registry.authenticate(Fingerprint([9; 32])).is_ok(),
        "the last one read stays in force"
    );
    *memory.failing.lock().unwrap() = false;
    registry.clone().follow(stream::iter([()])).await;
    assert_eq!(
        registry.authenticate(Fingerprint([9; 32])),
        Err(AuthError::MemberSuspended)
    );
}

#[tokio::test]
async fn first_operators_are_enrolled_once_and_seen_at_once() {
    let (_, registry) = registry_of(vec![member("lender", &[certificate(1)])]).await;
    let room = room(&registry);
    assert!(
        room.bootstrap(vec![certificate(2), certificate(3)])
            .await
            .unwrap()
    );
    for byte in [2, 3] {
        let caller = registry.authenticate(Fingerprint([byte; 32])).unwrap();
        assert!(caller.has_role(Role::Operator));
        assert_eq!(caller.member_id().as_str(), BOOTSTRAP_MEMBER);
    }
    assert!(!room.bootstrap(vec![certificate(4)]).await.unwrap());
    assert!(registry.authenticate(Fingerprint([4; 32])).is_err());
}

#[tokio::test]
async fn suspended_first_operators_are_not_enrolled_again_and_do_not_keep_the_service_from_starting() {
    let suspended = Member {
        roles: vec![Role::Operator],
        state: MemberState::Suspended,
        ..member(BOOTSTRAP_MEMBER, &[certificate(2)])
    };
    let (_, registry) = registry_of(vec![suspended]).await;
    assert!(!room(&registry).bootstrap(vec![certificate(2)]).await.unwrap());
    assert!(registry.authenticate(Fingerprint([2; 32])).is_err());
}

#[tokio::test]
async fn charging_tells_whether_the_ceiling_is_passed() {
    let (_, registry) = registry_of(vec![member("lender", &[certificate(1)])]).await;
    let caller = registry.authenticate(Fingerprint([1; 32])).unwrap();
    assert!(!room(&registry).charge_evaluations(&caller, 10).await.unwrap());
    assert!(room(&registry).charge_evaluations(&caller, 11).await.unwrap());
}

#[tokio::test]
async fn members_are_listed_newest_first_in_pages() {
    let (_, registry) = registry_of(vec![
        member("aaa", &[]),
        member("bbbb", &[]),
        member("ccccc", &[]),
    ])
    .await;
    let room = room(&registry);
    let numbers = |before, limit| -> Vec<i64> {
        room.list(before, limit)
            .iter()
            .map(|member| member.member_no.0)
            .collect()
    };
    assert_eq!(numbers(None, 2), [5, 4]);
    assert_eq!(numbers(Some(MemberNo(4)), 2), [3]);
    assert_eq!(numbers(Some(MemberNo(3)), 2), [0_i64; 0]);
    assert!(room.find(&MemberId::parse("bbbb").unwrap()).is_some());
    assert!(room.find(&MemberId::parse("dddd").unwrap()).is_none());
}

#[test]
fn matrix_is_in_order_and_finds_each_of_its_lines() {
    assert!(PERMISSIONS.is_sorted_by(|a, b| a.path() < b.path()));
    for permission in &PERMISSIONS {
        assert_eq!(
            Permission::of(permission.path()).map(Permission::path),
            Some(permission.path())
        );
    }
    assert!(Permission::of("/tallystick.v1.AdminService/Nothing").is_none());
    assert!(Permission::of("").is_none());
}

#[test]
fn reasons_are_distinct_and_texts_say_what_to_do() {
    let mut reasons: Vec<_> = AuthError::ALL.iter().map(|error| error.reason()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), AuthError::ALL.len());
    for error in AuthError::ALL {
        assert!(error.to_string().contains(':'), "{error}");
    }
}

mod certificates {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::super::certificate::CERTIFICATE_BYTES_MAX;
    use super::*;

    fn made(authority: bool) -> rcgen::Certificate {
        let mut params = CertificateParams::new(vec!["member.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2030, 1, 2);
        params.is_ca = if authority {
            IsCa::Ca(BasicConstraints::Unconstrained)
        } else {
            IsCa::NoCa
        };
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn der_and_pem_are_the_same_certificate() {
        let made = made(false);
        let from_der = parse_certificate(made.der()).unwrap();
        assert_eq!(parse_certificate(made.pem().as_bytes()), Ok(from_der.clone()));
        assert_eq!(from_der.fingerprint, fingerprint(made.der()));
        assert_eq!(from_der.not_after, Timestamp::from_micros(1_893_542_400_000_000));
        assert_eq!(from_der.revoked_at, None);
    }

    #[test]
    fn anything_else_is_refused_for_what_it_is() {
        let (one, other) = (made(false).pem(), made(false).pem());
        let key = KeyPair::generate().unwrap().serialize_pem();
        let mut trailing = made(false).der().to_vec();
        trailing.push(0);
        let cases: [(&str, Vec<u8>, CertificateError); 8] = [
            ("nothing", Vec::new(), CertificateError::Malformed),
            ("noise", b"no certificate".to_vec(), CertificateError::Malformed),
            (
                "half",
                made(false).der()[..100].to_vec(),
                CertificateError::Malformed,
            ),
            ("a key", key.into_bytes(), CertificateError::Malformed),
            (
                "two",
                format!("{one}{other}").into_bytes(),
                CertificateError::Several,
            ),
            ("more bytes", trailing, CertificateError::Several),
            (
                "an authority",
                made(true).der().to_vec(),
                CertificateError::Authority,
            ),
            (
                "too long",
                vec![0x30; CERTIFICATE_BYTES_MAX + 1],
                CertificateError::TooLong,
            ),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(parse_certificate(&bytes), Err(expected), "{name}");
        }
    }
}
