//! One client of the load: what it sends, what it is told, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use tallystick::client::{Client, Refusal};
use tallystick::domain::date::{days_after, days_before};
use tallystick::domain::inquiry::{Consent, Inquiry, Purpose};
use tallystick::domain::names::{AccountRef, RequestId, Sha256};
use tallystick::domain::position::{DeletionReason, EventType, Liability, Position, ReportOrder};
use tallystick::domain::token::Presented;
use tallystick::identity::token::SubjectToken;
use tallystick::wire::convert::administration::{Merge, Split, merge_to_wire, split_to_wire};
use tallystick::wire::convert::inquiry::{query_to_wire, review_to_wire};
use tallystick::wire::convert::report::{correction_to_wire, deletion_to_wire, report_to_wire};
use tallystick::wire::pb;
use tonic::{Code, Status};

use super::village::Deed;
use crate::model::{Identity, MemberName, Question, Shown, Statement};
use crate::servers::only;
use crate::store::market::today;

/// Tokens of all identities.
pub type Tokens = BTreeMap<Identity, SubjectToken>;

/// What a member was told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The version that holds the content.
    Recorded(u64),
    Deleted,
    /// The whole message.
    Answered(Box<pb::ExposureAnswer>),
    /// A merge or split was done.
    Done,
    /// With these codes.
    Refused(BTreeSet<String>),
}

impl Told {
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// A deed with what came of it.
#[derive(Debug, Clone)]
pub struct Record {
    pub village: usize,
    pub member: MemberName,
    pub deed: Deed,
    /// `None` for reviews, which have none.
    pub request: Option<RequestId>,
    /// Places in the order in which anything of the load was sent or answered.
    pub begun: u64,
    pub ended: u64,
    pub told: Told,
}

/// The next place in the order of all that is sent and answered.
pub fn tick() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

/// Does a deed at a service; fails when it was neither done nor refused.
pub async fn send(client: &Client, tokens: &Tokens, deed: &Deed, id: RequestId) -> Result<Told, String> {
    let told = match deed {
        Deed::Report(said) => {
            let request = report_to_wire(&position(said, tokens), EventType::PeriodClose, id);
            let answer = client.reporting().report_position(request).await;
            answer.map(|done| Told::Recorded(done.into_inner().version))
        }
        Deed::Correct(said, version) => {
            let request = correction_to_wire(&position(said, tokens), *version, "typing error", id);
            let answer = client.reporting().correct_position(request).await;
            answer.map(|done| Told::Recorded(done.into_inner().version))
        }
        Deed::Delete(account) => {
            let account = AccountRef::parse(account).unwrap();
            let request = deletion_to_wire(&account, DeletionReason::ReportedInError, id);
            let answer = client.reporting().delete_position(request).await;
            answer.map(|_| Told::Deleted)
        }
        Deed::Look {
            question,
            review: false,
        } => {
            let request = query_to_wire(&inquiry(question, tokens), id);
            let answer = client.exposure().query_exposure(request).await;
            answer.map(|done| Told::Answered(Box::new(done.into_inner().answer.unwrap())))
        }
        Deed::Look {
            question,
            review: true,
        } => review(client, &inquiry(question, tokens)).await,
        Deed::Merge { keep, merge } => {
            let merge = Merge {
                keep: bare(keep, tokens),
                merge: bare(merge, tokens),
                reason: "one person".to_owned(),
            };
            let answer = client.admin().merge_subjects(merge_to_wire(&merge, id)).await;
            answer.map(|_| Told::Done)
        }
        Deed::Split(identity) => {
            let split = Split {
                token: bare(identity, tokens),
                reason: "two people".to_owned(),
            };
            let answer = client.admin().split_subject(split_to_wire(&split, id)).await;
            answer.map(|_| Told::Done)
        }
    };
    told.or_else(|status| refused(status).map(Told::Refused))
}

async fn review(client: &Client, inquiry: &Inquiry<SubjectToken>) -> Result<Told, Status> {
    use pb::review_portfolio_response::Result as Reviewed;
    let request = tokio_stream::once(review_to_wire(inquiry));
    let answers = client.exposure().review_portfolio(request).await?.into_inner();
    Ok(match only(answers).await?.result.unwrap() {
        Reviewed::Answer(answer) => Told::Answered(Box::new(answer)),
        Reviewed::Refusal(refusal) => Told::Refused(BTreeSet::from([refusal.code])),
    })
}

/// The codes of a refusal; an outage, a lost race or a fault of ours is none.
fn refused(status: Status) -> Result<BTreeSet<String>, String> {
    let ours = [
        Code::Unavailable,
        Code::Internal,
        Code::Aborted,
        Code::Unknown,
        Code::DeadlineExceeded,
    ];
    let refusal = Refusal::from(status);
    if ours.contains(&refusal.code) || refusal.reason.is_empty() {
        return Err(format!("{refusal:?}"));
    }
    let codes: BTreeSet<String> = refusal.violations.into_iter().map(|(_, code, _)| code).collect();
    Ok(if codes.is_empty() {
        BTreeSet::from([refusal.reason])
    } else {
        codes
    })
}

fn presented(shown: &Shown, tokens: &Tokens) -> Presented<SubjectToken> {
    Presented {
        token: tokens[&shown.identity].clone(),
        verified_on: shown.verified_on,
    }
}

fn bare(identity: &Identity, tokens: &Tokens) -> Presented<SubjectToken> {
    Presented {
        token: tokens[identity].clone(),
        verified_on: None,
    }
}

fn position(said: &Statement, tokens: &Tokens) -> Position<SubjectToken> {
    let liabilities = said.liable.iter().map(|liable| Liability {
        role: liable.role,
        tokens: liable
            .shown
            .iter()
            .map(|shown| presented(shown, tokens))
            .collect(),
    });
    Position {
        account_ref: AccountRef::parse(&said.account).unwrap(),
        liabilities: liabilities.collect(),
        facts: said.facts.clone(),
        order: ReportOrder {
            as_of: said.pair.0,
            sequence: said.pair.1,
        },
    }
}

/// For which a look is taken: the same purpose always means the same kind.
pub fn purpose(question: &Question) -> Purpose {
    if question.hard {
        Purpose::NewCredit
    } else {
        Purpose::AccountReview
    }
}

/// A consent that covers every look of the load.
pub fn consent() -> Consent {
    Consent {
        reference: "consent-7".to_owned(),
        purposes: vec![Purpose::NewCredit, Purpose::AccountReview],
        granted_on: days_before(today(), 1),
        expires_on: days_after(today(), 30),
        text_sha256: Sha256([7; 32]),
    }
}

fn inquiry(question: &Question, tokens: &Tokens) -> Inquiry<SubjectToken> {
    Inquiry {
        tokens: question
            .shown
            .iter()
            .map(|shown| presented(shown, tokens))
            .collect(),
        purpose: purpose(question),
        consent: consent(),
        currency: question.currency,
    }
}
