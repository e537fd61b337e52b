//! Applications, the room held for them, and what rule packs said.

use crate::domain::currency::Currency;
use crate::domain::names::{AccountNo, ApplicationId, MemberNo, ReservationId, Sha256, SubjectId};
use crate::domain::position::ProductType;
use crate::domain::reservation::{ReleaseReason, ReservationState, Ruled};
use crate::domain::unit::rows::{ApplicationRow, ApplicationTerms, ReservationRow, RulingRow};
use crate::store::codec;
use crate::store::columns::{Columns, Row, Sink};

/// Columns of an application, in their order.
macro_rules! application_columns {
    () => {
        "subject_id, member_no, application_id, opened_at, checked_at, product_type, term_days, currency, rule_pack, \
         income_digest, tries"
    };
}
pub(in crate::store) use application_columns;

/// Columns of a reservation, in their order.
macro_rules! reservation_columns {
    () => {
        "subject_id, member_no, reservation_id, application_id, state, currency, amount, monthly_payment, product_type, \
         borrowers, created_at, expires_at, expires_at_most, extensions, ended_at, release_reason, account_no, late, tokens"
    };
}
pub(in crate::store) use reservation_columns;

/// An application as it concerns one subject.
pub(in crate::store) fn application<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<ApplicationRow, R::Error> {
    Ok(ApplicationRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        application_id: columns.parsed(ApplicationId::parse)?,
        opened_at: columns.instant()?,
        checked_at: columns.instant()?,
        terms: ApplicationTerms {
            product_type: columns.code(ProductType::from_code)?,
            term_days: columns.count()?,
            currency: columns.parsed(Currency::parse)?,
            rule_pack: columns.text()?,
            income_digest: match columns.optional_blob()? {
                Some(digest) => Some(Sha256(columns.checked(digest.try_into().ok())?)),
                None => None,
            },
        },
        tries: columns.decoded()?,
    })
}

/// The cells of an application.
pub(in crate::store) fn put_application<'a>(row: &'a ApplicationRow, sink: &mut impl Sink<'a>) {
    let terms = &row.terms;
    sink.number(row.subject_id.0)
        .number(row.member_no.0)
        .text(row.application_id.as_str())
        .instant(row.opened_at)
        .instant(row.checked_at)
        .number(terms.product_type.code())
        .number(terms.term_days)
        .text(terms.currency.as_str())
        .text(terms.rule_pack.as_str())
        .optional_bytes(terms.income_digest.as_ref().map(|digest| &digest.0[..]))
        .bytes(codec::encode(&row.tries));
}

/// A reservation as it concerns one subject.
pub(in crate::store) fn reservation<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<ReservationRow, R::Error> {
    Ok(ReservationRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        reservation_id: ReservationId(columns.bytes()?),
        application_id: columns.parsed(ApplicationId::parse)?,
        state: columns.code(ReservationState::from_code)?,
        currency: columns.parsed(Currency::parse)?,
        amount: columns.amount()?,
        monthly_payment: columns.amount()?,
        product_type: columns.code(ProductType::from_code)?,
        borrowers: columns.count()?,
        created_at: columns.instant()?,
        expires_at: columns.instant()?,
        expires_at_most: columns.instant()?,
        extensions: columns.count()?,
        ended_at: columns.optional_instant()?,
        release_reason: columns.optional_code(ReleaseReason::from_code)?,
        account_no: columns.optional_number()?.map(AccountNo),
        late: columns.flag()?,
        tokens: columns.decoded()?,
    })
}

/// The cells of a reservation.
pub(in crate::store) fn put_reservation<'a>(row: &'a ReservationRow, sink: &mut impl Sink<'a>) {
    sink.number(row.subject_id.0)
        .number(row.member_no.0)
        .bytes(&row.reservation_id.0[..])
        .text(row.application_id.as_str())
        .number(row.state.code())
        .text(row.currency.as_str())
        .number(row.amount)
        .number(row.monthly_payment)
        .number(row.product_type.code())
        .number(row.borrowers)
        .instant(row.created_at)
        .instant(row.expires_at)
        .instant(row.expires_at_most)
        .number(row.extensions)
        .optional_instant(row.ended_at)
        .optional(row.release_reason.map(ReleaseReason::code))
        .optional(row.account_no.map(|account| account.0))
        .number(row.late)
        .bytes(codec::encode(&row.tokens));
}

/// A ruling, without the member to whom it was given.
pub(in crate::store) fn ruled<R: Row>(columns: &mut Columns<'_, R>) -> Result<Ruled, R::Error> {
    columns.decoded()
}

/// The cells of a ruling.
pub(in crate::store) fn put_ruling<'a>(row: &'a RulingRow, sink: &mut impl Sink<'a>) {
    sink.number(row.member_no.0)
        .bytes(&row.ruled.answer_id.0[..])
        .instant(row.ruled.decided_at)
        .bytes(codec::encode(&row.ruled));
}
