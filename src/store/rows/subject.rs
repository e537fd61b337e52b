//! What hangs off subjects and accounts: tokens, links, accounts, history, looks, frozen answers, requests.

use chrono::NaiveDate;

use crate::domain::batch::BatchNo;
use crate::domain::date::Timestamp;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{
    AccountNo, AccountRef, AnswerId, MemberNo, RequestId, Sha256, SubjectId, TokenId,
};
use crate::domain::rules::Burden;
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym, TokenRow};
use crate::domain::unit::rows::{AccountRow, FrozenRow, HistoryRow, InquiryRow, LinkRow, LookKind};
use crate::domain::unit::working_set::RequestName;
use crate::domain::unit::{Accepted, Rpc};
use crate::store::codec;
use crate::store::columns::{Columns, Row, Sink};

/// The stored number of an identifier's type: the contract's.
pub(in crate::store) const fn identifier_code(identifier_type: IdentifierType) -> i32 {
    match identifier_type {
        IdentifierType::Mobile => 1,
        IdentifierType::NationalId => 2,
        IdentifierType::Passport => 3,
        IdentifierType::EnterpriseCode => 4,
    }
}

/// Inverse of [`identifier_code`].
pub(in crate::store) fn identifier_type(code: i32) -> Option<IdentifierType> {
    IdentifierType::ALL
        .into_iter()
        .find(|candidate| identifier_code(*candidate) == code)
}

/// The stored number of a look's kind.
const fn look_code(kind: LookKind) -> i32 {
    match kind {
        LookKind::Query => 1,
        LookKind::Review => 2,
        LookKind::Check => 3,
        LookKind::Backfill => 4,
    }
}

pub(super) fn look_kind(code: i32) -> Option<LookKind> {
    [
        LookKind::Query,
        LookKind::Review,
        LookKind::Check,
        LookKind::Backfill,
    ]
    .into_iter()
    .find(|kind| look_code(*kind) == code)
}

/// What a token means: number, type, subject.
pub(in crate::store) fn token<R: Row>(columns: &mut Columns<'_, R>) -> Result<TokenRow, R::Error> {
    Ok(TokenRow {
        token_id: TokenId(columns.number()?),
        identifier_type: columns.code(identifier_type)?,
        subject_id: SubjectId(columns.number()?),
    })
}

/// A pseudonym as sealed: type, key version, sealed bytes.
pub(in crate::store) fn pseudonym<R: Row>(columns: &mut Columns<'_, R>) -> Result<Pseudonym, R::Error> {
    Ok(Pseudonym {
        identifier_type: columns.code(identifier_type)?,
        key_version: KeyVersion(columns.count()?),
        sealed: columns.bytes()?,
    })
}

/// The cells of a token: number, sealed bytes, key version, type, subject.
pub(in crate::store) fn put_token<'a>(pseudonym: &'a Pseudonym, row: TokenRow, sink: &mut impl Sink<'a>) {
    sink.number(row.token_id.0)
        .bytes(&pseudonym.sealed[..])
        .number(pseudonym.key_version.0)
        .number(identifier_code(row.identifier_type))
        .number(row.subject_id.0);
}

/// An account.
pub(in crate::store) fn account<R: Row>(columns: &mut Columns<'_, R>) -> Result<AccountRow, R::Error> {
    Ok(AccountRow {
        member_no: MemberNo(columns.number()?),
        account_ref: columns.parsed(AccountRef::parse)?,
        account_no: AccountNo(columns.number()?),
        holder: SubjectId(columns.number()?),
        versions_made: columns.count()?,
        is_open: columns.flag()?,
        carried_by: BatchNo(columns.number()?),
        token_digests: columns.optional_blob()?.map(<[u8]>::to_vec),
    })
}

/// The cells of an account.
pub(in crate::store) fn put_account<'a>(account: &'a AccountRow, sink: &mut impl Sink<'a>) {
    sink.number(account.member_no.0)
        .text(account.account_ref.as_str())
        .number(account.account_no.0)
        .number(account.holder.0)
        .count(account.versions_made)
        .number(account.is_open)
        .number(account.carried_by.0)
        .optional_bytes(account.token_digests.as_deref());
}

/// A link: mobile-only subject, strong subject, member, date of the latest sighting.
pub(in crate::store) fn link<R: Row>(columns: &mut Columns<'_, R>) -> Result<LinkRow, R::Error> {
    Ok(LinkRow {
        mobile_subject: SubjectId(columns.number()?),
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        last_seen: columns.date()?,
    })
}

/// The cells of a link.
pub(in crate::store) fn put_link<'a>(link: &LinkRow, sink: &mut impl Sink<'a>) {
    sink.number(link.mobile_subject.0)
        .number(link.subject_id.0)
        .number(link.member_no.0)
        .date(link.last_seen);
}

/// What a past version tells: subject, account, version, member, date, days past due, next due date.
pub(in crate::store) fn history<R: Row>(columns: &mut Columns<'_, R>) -> Result<HistoryRow, R::Error> {
    Ok(HistoryRow {
        subject_id: SubjectId(columns.number()?),
        account_no: AccountNo(columns.number()?),
        version: columns.count()?,
        member_no: MemberNo(columns.number()?),
        as_of: columns.date()?,
        days_past_due: columns.count()?,
        next_due_on: columns.optional_date()?,
    })
}

/// The cells of what a past version tells.
pub(in crate::store) fn put_history<'a>(row: &HistoryRow, sink: &mut impl Sink<'a>) {
    sink.number(row.subject_id.0)
        .number(row.account_no.0)
        .count(row.version)
        .number(row.member_no.0)
        .date(row.as_of)
        .number(row.days_past_due)
        .optional_date(row.next_due_on);
}

/// A look without its consent, which no answer needs.
pub(in crate::store) fn inquiry<R: Row>(columns: &mut Columns<'_, R>) -> Result<InquiryRow, R::Error> {
    Ok(InquiryRow {
        subject_id: SubjectId(columns.number()?),
        inquired_at: columns.instant()?,
        answer_id: AnswerId(columns.bytes()?),
        member_no: MemberNo(columns.number()?),
        kind: columns.code(look_kind)?,
        purpose: columns.code(Purpose::from_code)?,
        with_strong: columns.flag()?,
        counted: columns.flag()?,
        judged: None,
        consent: None,
    })
}

/// The cells of a look and of the consent behind it.
pub(in crate::store) fn put_inquiry<'a>(row: &'a InquiryRow, consent: &'a Consent, sink: &mut impl Sink<'a>) {
    let purposes: Vec<String> = consent
        .purposes
        .iter()
        .map(|purpose| purpose.code().to_string())
        .collect();
    sink.number(row.subject_id.0)
        .instant(row.inquired_at)
        .bytes(&row.answer_id.0[..])
        .number(row.member_no.0)
        .number(look_code(row.kind))
        .number(row.purpose.code())
        .number(row.with_strong)
        .number(row.counted)
        .text(&consent.reference)
        .text(purposes.join(","))
        .date(consent.granted_on)
        .date(consent.expires_on)
        .bytes(&consent.text_sha256.0[..])
        .optional(row.judged.map(|judged| judged.finding.code()))
        .optional(row.judged.and_then(|judged| judged.burden).map(Burden::code));
}

/// Frozen figures: subject, day, member, purpose, strength, figures.
pub(in crate::store) fn frozen<R: Row>(columns: &mut Columns<'_, R>) -> Result<FrozenRow, R::Error> {
    Ok(FrozenRow {
        subject_id: SubjectId(columns.number()?),
        day: columns.date()?,
        member_no: MemberNo(columns.number()?),
        hard: columns.flag()?,
        with_strong: columns.flag()?,
        figures: columns.decoded()?,
    })
}

/// The cells of frozen figures.
pub(in crate::store) fn put_frozen<'a>(row: &FrozenRow, sink: &mut impl Sink<'a>) {
    sink.number(row.subject_id.0)
        .date(row.day)
        .number(row.member_no.0)
        .number(row.hard)
        .number(row.with_strong)
        .bytes(codec::encode(&row.figures));
}

/// A request that took effect: its name, what it asked, when, what it got.
pub(in crate::store) fn request<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<(RequestName, (Sha256, Accepted)), R::Error> {
    let member_no = MemberNo(columns.number()?);
    let rpc = columns.parsed(rpc)?;
    let name = (member_no, rpc, RequestId(columns.bytes()?));
    Ok((name, (Sha256(columns.bytes()?), columns.decoded()?)))
}

/// The rpc of a stored name.
pub(in crate::store) fn rpc(name: &str) -> Option<Rpc> {
    Rpc::ALL.into_iter().find(|rpc| rpc.as_str() == name)
}

/// The cells of a request: member, rpc, id, hash, instant, answer.
pub(in crate::store) fn put_request<'a>(
    name: &'a RequestName,
    body: &'a Sha256,
    at: Timestamp,
    accepted: &Accepted,
    sink: &mut impl Sink<'a>,
) {
    sink.number(name.0.0)
        .text(name.1.as_str())
        .bytes(&name.2.0[..])
        .bytes(&body.0[..])
        .instant(at)
        .bytes(codec::encode(accepted));
}

/// The civil day of a counter and what it counts.
pub(in crate::store) fn counter<R: Row>(columns: &mut Columns<'_, R>) -> Result<(NaiveDate, u64), R::Error> {
    Ok((columns.date()?, columns.count()?))
}
