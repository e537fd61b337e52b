//! Snapshots, what is published of them, and the narrow rows that they are counted from.

use super::super::columns::{Columns, Row, Sink, whole};
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, MemberId, MemberNo, SubjectId};
use crate::domain::position::{AccountStatus, AccountType, ClosureReason, LiabilityRole, ProductType};
use crate::domain::rules::{Burden, Finding, Judged};
use crate::domain::statistics::{
    Loan, Past, Published, Region, ShownRow, ShownTable, Snapshot, SnapshotHead, SnapshotKey, SnapshotState,
    Standing,
};
use crate::store::codec;
use crate::store::market::{InForce, LoanRow, LookRow};
use crate::store::statistics_book::Unfinished;

/// Columns of a snapshot, in their order.
macro_rules! snapshot_columns {
    () => {
        "as_of, version, state, created_at, subjects, positions, lenders, digest"
    };
}
pub(in crate::store) use snapshot_columns;

/// Columns of a position that say whose it is, in their order.
/// After them whether it became the loan of a reservation: asked of accounts opened since a day, a bound parameter.
macro_rules! market_columns {
    ($since:literal) => {
        concat!(
            "subject_id, member_no, account_no, role, deleted, suppressed, CASE WHEN opened_on >= ",
            $since,
            " THEN (
                SELECT count(*)
                FROM reservation r
                WHERE r.subject_id = position.subject_id AND r.member_no = position.member_no
                    AND r.account_no = position.account_no
            ) ELSE 0 END, "
        )
    };
}
pub(in crate::store) use market_columns;

/// Columns of a look at which rules were asked, in their order.
macro_rules! judged_columns {
    () => {
        "subject_id, member_no, finding, burden"
    };
}
pub(in crate::store) use judged_columns;

/// Columns of a version that statistics need, in their order.
macro_rules! market_version_columns {
    () => {
        "coalesce(first_as_of, as_of), account_type, product_type, region_code, currency, opened_on, original_amount, \
         credit_limit, outstanding_total, annual_percentage_rate_bp, status, closure_reason, days_past_due, \
         grace_days, extension_count, restructure_count, funding_group_ref"
    };
}
pub(in crate::store) use market_version_columns;

/// A snapshot's date and version.
pub(in crate::store) fn key<R: Row>(columns: &mut Columns<'_, R>) -> Result<SnapshotKey, R::Error> {
    Ok(SnapshotKey {
        as_of: columns.date()?,
        version: columns.count()?,
    })
}

/// A snapshot.
pub(in crate::store) fn snapshot<R: Row>(columns: &mut Columns<'_, R>) -> Result<Snapshot, R::Error> {
    let key = key(columns)?;
    let state = columns.code(SnapshotState::from_code)?;
    let created_at = columns.instant()?;
    let head = match columns.optional_number()? {
        Some(subjects) => Some(SnapshotHead {
            subjects: columns.checked(u64::try_from(subjects).ok())?,
            positions: columns.count()?,
            lenders: columns.count()?,
            digest: columns.bytes()?,
        }),
        None => None,
    };
    Ok(Snapshot {
        key,
        state,
        created_at,
        head,
    })
}

/// A snapshot that was not begun: date, version, state, when it was asked for.
pub(in crate::store) fn put_snapshot<'a>(snapshot: &Snapshot, sink: &mut impl Sink<'a>) {
    sink.date(snapshot.key.as_of)
        .number(snapshot.key.version)
        .number(snapshot.state.code())
        .instant(snapshot.created_at);
}

/// A snapshot that is not finished: date, version, when it was asked for, tries, who works on it until when.
pub(in crate::store) fn unfinished<R: Row>(columns: &mut Columns<'_, R>) -> Result<Unfinished, R::Error> {
    let key = key(columns)?;
    let created_at = columns.instant()?;
    let tries = columns.count()?;
    let holder = match columns.optional_blob()? {
        Some(holder) => Some(columns.checked(holder.try_into().ok())?),
        None => None,
    };
    Ok(Unfinished {
        key,
        created_at,
        tries,
        holder,
        until: Timestamp::from_micros(columns.number()?),
    })
}

/// The names of a table: indicator, cuts, currency.
pub(in crate::store) fn table_name(published: Published, currency: Option<Currency>) -> [String; 3] {
    let cuts: Vec<&str> = published.cuts.iter().map(|cut| cut.name()).collect();
    [
        published.indicator.name().to_owned(),
        cuts.join(","),
        currency.map_or_else(String::new, |currency| currency.as_str().to_owned()),
    ]
}

/// A table's rows and the members that they name, as they are stored.
pub(in crate::store) fn table_content(table: &ShownTable) -> Vec<u8> {
    codec::encode(&(&table.rows, &table.members))
}

/// A table: its names, then its content.
pub(in crate::store) fn table<R: Row>(columns: &mut Columns<'_, R>) -> Result<ShownTable, R::Error> {
    let indicator = columns.text()?;
    let cuts = columns.text()?;
    let cuts: Vec<&str> = cuts.split(',').filter(|cut| !cut.is_empty()).collect();
    let published = columns.checked(Published::named(&indicator, &cuts))?;
    let currency = columns.text()?;
    let currency = match currency.as_str() {
        "" => None,
        code => Some(columns.checked(Currency::parse(code))?),
    };
    let (rows, members): (Vec<ShownRow>, Vec<MemberId>) = columns.decoded()?;
    let table = ShownTable {
        published,
        currency,
        members,
        rows,
    };
    let (axes, width) = (published.axes().count(), table.columns().len());
    let names_members = published.names_members();
    let fits = |row: &ShownRow| {
        let is_named = row.places.iter().all(|place| *place < table.members.len());
        row.places.len() == axes && row.values.len() == width && (is_named || !names_members)
    };
    let fits = table.rows.iter().all(fits);
    columns.checked(fits.then_some(table))
}

/// A position, whose version is in force or not: whether it is deleted or hidden, then its version.
pub(in crate::store) fn loan<R: Row>(columns: &mut Columns<'_, R>) -> Result<LoanRow, R::Error> {
    let subject_id = SubjectId(columns.number()?);
    let member_no = MemberNo(columns.number()?);
    let account_no = AccountNo(columns.number()?);
    let role = columns.code(LiabilityRole::from_code)?;
    let is_deleted = columns.optional_number()?.is_some();
    let is_hidden = columns.flag()?;
    Ok(LoanRow {
        subject_id,
        role,
        counts: !is_deleted && !is_hidden,
        was_checked: columns.number()? > 0,
        version: in_force(columns, member_no, account_no)?,
    })
}

/// A look at which rules were asked.
pub(in crate::store) fn judged_look<R: Row>(columns: &mut Columns<'_, R>) -> Result<LookRow, R::Error> {
    Ok(LookRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        judged: Judged {
            finding: columns.code(Finding::from_code)?,
            burden: columns.optional_code(Burden::from_code)?,
        },
    })
}

/// A version of an account.
pub(in crate::store) fn in_force<R: Row>(
    columns: &mut Columns<'_, R>,
    member_no: MemberNo,
    account_no: AccountNo,
) -> Result<InForce, R::Error> {
    let begins_on = columns.date()?;
    let is_revolving = columns.code(AccountType::from_code)?.is_revolving();
    let product_type = columns.code(ProductType::from_code)?;
    let region = columns.parsed(|code| Some(Region::of(code)))?;
    let currency = columns.parsed(Currency::parse)?;
    let opened_on = columns.date()?;
    let (lent, limit) = (columns.amount()?, columns.amount()?);
    let outstanding_total = columns.amount()?;
    let annual_percentage_rate_bp = columns.count()?;
    let standing = Standing {
        status: columns.code(AccountStatus::from_code)?,
        closure_reason: columns.optional_code(ClosureReason::from_code)?,
        outstanding_total,
        days_past_due: columns.count()?,
    };
    let grace_days = columns.count()?;
    let (extended, restructured): (u64, u64) = (columns.count()?, columns.count()?);
    let loan = Loan {
        member_no,
        // Known from the register when it is counted.
        lender_group: LenderGroup::ALL[0],
        account_no,
        is_primary: false,
        region,
        product_type,
        currency,
        opened_on,
        is_revolving,
        granted: if is_revolving { limit } else { lent },
        annual_percentage_rate_bp,
        grace_days,
        is_restructured: extended > 0 || restructured > 0,
        was_checked: false,
        funding_group_ref: None,
        now: Some(standing),
        past: Past::default(),
    };
    Ok(InForce {
        begins_on,
        loan,
        funding_group_ref: columns.optional_text()?,
    })
}

/// The head of a snapshot that is published: subjects, positions, lenders, digest.
pub(in crate::store) fn put_head<'a>(head: &'a SnapshotHead, sink: &mut impl Sink<'a>) {
    sink.number(whole(head.subjects))
        .number(whole(head.positions))
        .number(head.lenders)
        .bytes(&head.digest[..]);
}
