//! Several servers on one database, each with a clock of its own. Lenders are enrolled and may ask about anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use tallystick::domain::exposure::Answer;
use tallystick::domain::inquiry::Purpose;
use tallystick::domain::names::{Fingerprint, MemberId, MemberNo, RequestId, Sha256};
use tallystick::domain::token::Pseudonym;
use tallystick::domain::unit::rows::LookKind;
use tallystick::domain::unit::{Accepted, Action, Administration, NewMember, Outcome, RequestKey, Write};
use tallystick::store::postgres::{PostgresOptions, PostgresStore};
use tallystick::store::{ApplyError, Store as _};

use super::{address, migrated};
use crate::harness::{Database, SeededEntropy};
use crate::store::engine::ManualClock;
use crate::store::market::{OPERATOR, administer, answer_of, look, newcomer, one_operator};

/// Evaluations that each lender may have a day, and a tenth of which it had.
const EVALUATIONS: u32 = 10_000;

/// What two servers do by default: a thread each.
pub const ONE_WRITER: usize = 1;
/// Servers that write on several connections, which meet others of their own as those of other servers.
pub const THREE_WRITERS: usize = 3;

/// The servers.
pub struct Servers {
    pub database: Database,
    pub stores: Vec<PostgresStore>,
    /// Three lenders.
    pub lenders: [MemberNo; 3],
}

/// Opens a server on a database.
pub async fn open(url: &str, clock: Arc<ManualClock>, options: PostgresOptions) -> PostgresStore {
    let rules = Arc::new(one_operator());
    PostgresStore::open(&address(url), clock, SeededEntropy::another(), rules, options)
        .await
        .expect("the database opens")
}

/// A write of a member, with a salt that no other has.
pub fn write(member_no: MemberNo, action: Action) -> Write {
    Write {
        member_no,
        member_id: MemberId::parse(&format!("member-{}", member_no.0)).expect("a member id"),
        certificate: Fingerprint([1; 32]),
        request: None,
        salt: salt(),
        action,
    }
}

fn salt() -> [u8; 32] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut salt = [0; 32];
    salt[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    salt
}

/// The same request as another server takes it in: it has a salt of its own.
pub fn requested(member_no: MemberNo, id: u64, body: u8, action: Action) -> Write {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&id.to_be_bytes());
    Write {
        request: Some(RequestKey {
            id: RequestId(name),
            body: Sha256([body; 32]),
        }),
        ..write(member_no, action)
    }
}

/// A query for a new loan.
pub fn query(tokens: &[Pseudonym]) -> Action {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let answer = NEXT.fetch_add(1, Ordering::SeqCst);
    look(LookKind::Query, tokens, Purpose::NewCredit, answer)
}

impl Servers {
    /// Servers whose clocks are off by these seconds.
    pub async fn start(off: &[i64], writers: usize) -> Self {
        let options = PostgresOptions {
            writers,
            ..PostgresOptions::default()
        };
        Self::with(off, options).await
    }

    pub async fn with(off: &[i64], options: PostgresOptions) -> Self {
        let database = migrated().await;
        let mut stores = Vec::new();
        for seconds in off {
            let clock = ManualClock::at_start();
            clock.advance(*seconds);
            stores.push(open(&database.url(), clock, options).await);
        }
        let mut servers = Self {
            database,
            stores,
            lenders: [MemberNo(0); 3],
        };
        for (place, name) in ["lender-a", "lender-b", "lender-c"].into_iter().enumerate() {
            let lender = servers.enrol(name, EVALUATIONS).await;
            servers
                .accept(0, lender, Action::ChargeEvaluations { count: 1_000 })
                .await;
            servers.lenders[place] = lender;
        }
        servers
    }

    pub async fn enrol(&self, name: &str, evaluations_per_day: u32) -> MemberNo {
        let newcomer = NewMember {
            evaluations_per_day,
            ..newcomer(name)
        };
        let enrolment = administer(Administration::CreateMember(newcomer));
        match self.accept(0, OPERATOR, enrolment).await {
            Outcome::Member(member) => member.member_no,
            other => panic!("enrolled as {other:?}"),
        }
    }

    /// What an action did that a server must accept.
    pub async fn accept(&self, server: usize, member_no: MemberNo, action: Action) -> Outcome {
        match self.stores[server].apply(write(member_no, action)).await {
            Ok(accepted) => accepted.outcome,
            Err(error) => panic!("server {server}: {error:?}"),
        }
    }

    pub async fn query(&self, server: usize, member_no: MemberNo, tokens: &[Pseudonym]) -> Answer {
        answer_of(self.accept(server, member_no, query(tokens)).await)
    }

    /// Active accounts of others that a query shows.
    pub async fn accounts_seen(&self, server: usize, member_no: MemberNo, tokens: &[Pseudonym]) -> u32 {
        let answer = self.query(server, member_no, tokens).await;
        answer.figures.others.map_or(0, |others| others.active_accounts)
    }

    /// Each write at its server, all at once.
    pub async fn at_once(&self, writes: Vec<(usize, Write)>) -> Vec<Result<Accepted, ApplyError>> {
        join_all(
            writes
                .into_iter()
                .map(|(server, write)| self.stores[server].apply(write)),
        )
        .await
    }

    /// A number that the database tells.
    pub async fn count(&self, sql: &str) -> i64 {
        self.database
            .connect()
            .await
            .query_one(sql, &[])
            .await
            .expect("it can be counted")
            .get(0)
    }
}
