//! Members and what answers need of them.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::cells::Arrays;
use super::failure::Outcome;
use super::statement::{Session, Statement};
use crate::domain::member::Member;
use crate::domain::names::MemberNo;
use crate::domain::unit::working_set::Network;
use crate::store::columns::Columns;
use crate::store::rows;
use crate::store::rows::register::Activity;

const ALL_MEMBERS: Statement = Statement {
    sql: "-- all_members
        SELECT member_no, member_id, display_name, lender_group, roles, state, created_at, rule_packs, evaluations_per_day
        FROM member
        ORDER BY member_no",
    parameters: 0,
};
const ALL_CERTIFICATES: Statement = Statement {
    sql: "-- all_certificates
        SELECT member_no, fingerprint, not_after, revoked_at
        FROM certificate
        ORDER BY member_no, place",
    parameters: 0,
};
const LATEST_REPORTS: Statement = Statement {
    sql: "-- latest_reports
        SELECT member_no, latest_as_of, batch_as_of, batch_on
        FROM member_activity
        ORDER BY member_no",
    parameters: 0,
};
const GENERATION: Statement = Statement {
    sql: "-- generation
        SELECT generation
        FROM registry_generation
        WHERE singleton = 1",
    parameters: 0,
};
const PUT_MEMBER: Statement = Statement {
    sql: "-- put_member
        INSERT INTO member (member_no, member_id, display_name, lender_group, roles, state, created_at, rule_packs,
            evaluations_per_day)
        SELECT k.member_no, k.member_id, k.display_name, k.lender_group, k.roles, k.state, k.created_at, k.rule_packs,
            k.evaluations_per_day
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
            $8::text[], $9::bigint[]) AS k (member_no, member_id, display_name, lender_group, roles, state, created_at,
            rule_packs, evaluations_per_day)
        ON CONFLICT (member_no) DO UPDATE SET
            display_name = excluded.display_name,
            lender_group = excluded.lender_group,
            roles = excluded.roles,
            state = excluded.state,
            created_at = excluded.created_at,
            rule_packs = excluded.rule_packs,
            evaluations_per_day = excluded.evaluations_per_day",
    parameters: 9,
};
const PUT_CERTIFICATES: Statement = Statement {
    sql: "-- put_certificates
        INSERT INTO certificate (fingerprint, member_no, place, not_after, revoked_at)
        SELECT k.fingerprint, k.member_no, k.place, k.not_after, k.revoked_at
        FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS k (fingerprint, member_no, place, not_after, revoked_at)
        ON CONFLICT (fingerprint) DO UPDATE SET
            revoked_at = excluded.revoked_at",
    parameters: 5,
};
const RAISE_GENERATION: Statement = Statement {
    sql: "-- raise_generation
        UPDATE registry_generation
        SET generation = generation + 1
        WHERE singleton = 1",
    parameters: 0,
};

/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[
    ALL_MEMBERS,
    ALL_CERTIFICATES,
    LATEST_REPORTS,
    GENERATION,
    PUT_MEMBER,
    PUT_CERTIFICATES,
    RAISE_GENERATION,
];

/// All members as answers need them, kept while the register does not change.
#[derive(Debug, Default)]
pub(super) struct Known {
    generation: Option<i64>,
    network: Network,
    generation_lent: Option<i64>,
}

/// What a group saw of the register.
pub(super) struct Seen {
    generation: i64,
    latest: Option<BTreeMap<MemberNo, Activity>>,
}

impl Known {
    /// Looks whether the register changed, and at what members reported last if `looks` need it.
    pub async fn look(&self, session: &Session, looks: bool) -> Outcome<Seen> {
        let generation = generation(session);
        let latest = async {
            match looks {
                true => latest_reports(session).await.map(Some),
                false => Ok(None),
            }
        };
        let (generation, latest) = futures::join!(generation, latest);
        Ok(Seen {
            generation: generation?,
            latest: latest?,
        })
    }

    /// The network as it was seen; read anew if the register changed.
    pub async fn network(&mut self, session: &Session, seen: Seen) -> Outcome<Network> {
        let mut latest = seen.latest;
        if self.generation != Some(seen.generation) {
            let members = all(session).await?;
            if latest.is_none() {
                latest = Some(latest_reports(session).await?);
            }
            self.network.members = members
                .iter()
                .map(|member| {
                    (
                        member.member_no,
                        rows::register::standing(member, Activity::default()),
                    )
                })
                .collect();
            self.generation = Some(seen.generation);
        }
        if let Some(latest) = latest {
            for (member_no, standing) in &mut self.network.members {
                let activity = latest.get(member_no).copied().unwrap_or_default();
                standing.latest_as_of = activity.latest_as_of;
                standing.latest_batch = activity.latest_batch;
            }
        }
        // Lent to the group: `keep` gives it back, and until then nothing is known.
        self.generation_lent = self.generation.take();
        Ok(std::mem::take(&mut self.network))
    }

    /// Takes back what a group made of it and committed.
    pub fn keep(&mut self, network: Network) {
        self.network = network;
        self.generation = self.generation_lent.take();
    }

    /// Forgets everything: what was decided on it may never have been committed.
    pub fn forget(&mut self) {
        self.generation = None;
        self.generation_lent = None;
    }
}

async fn latest_reports(session: &Session) -> Outcome<BTreeMap<MemberNo, Activity>> {
    let latest = LATEST_REPORTS
        .all(session, &[], |row| {
            rows::register::activity(&mut Columns::new(row, "member_activity"))
        })
        .await?;
    Ok(latest.into_iter().collect())
}

/// Grows with each change of members and certificates.
pub(super) async fn generation(session: &Session) -> Outcome<i64> {
    GENERATION
        .get(session, &[], |row| {
            Columns::new(row, "registry_generation").number()
        })
        .await
}

/// Every member with its certificates.
pub(super) async fn all(session: &Session) -> Outcome<Vec<Member>> {
    let (members, certificates) = futures::join!(
        ALL_MEMBERS.all(session, &[], |row: &Row| rows::register::member(
            &mut Columns::new(row, "member")
        )),
        ALL_CERTIFICATES.all(session, &[], |row: &Row| {
            rows::register::certificate(&mut Columns::new(row, "certificate"))
        }),
    );
    Ok(rows::register::with_certificates(members?, certificates?))
}

/// Writes a member and its certificates; other servers will notice.
pub(super) async fn put(session: &Session, member: &Member) -> Outcome<()> {
    let row = Arrays::of([member], rows::register::put_member);
    PUT_MEMBER.run_exactly(session, 1, &row.bound()).await?;
    if !member.certificates.is_empty() {
        let places = (0_i64..).zip(&member.certificates);
        let certificates = Arrays::of(places, |(place, certificate), sink| {
            rows::register::put_certificate(member.member_no, place, certificate, sink);
        });
        PUT_CERTIFICATES
            .run_exactly(session, certificates.rows(), &certificates.bound())
            .await?;
    }
    RAISE_GENERATION.run_exactly(session, 1, &[]).await
}
