//! Offline codes, and the loans that were made under them.

use crate::domain::names::{AccountRef, MemberNo, SeriesId};
use crate::domain::unit::rows::{OfflineSeriesRow, OfflineUseRow, UnexpiredCodes};
use crate::store::codec;
use crate::store::columns::{Columns, Row, Sink};

/// Columns of a series, in their order.
macro_rules! offline_series_columns {
    () => {
        "member_no, series_id, codes, issued_at, expires_at"
    };
}
pub(in crate::store) use offline_series_columns;

/// Columns of a use, in their order.
macro_rules! offline_use_columns {
    () => {
        "member_no, series_id, place, used_at, backfilled_at, account_ref, late, over_limit, over_told, broken"
    };
}
pub(in crate::store) use offline_use_columns;

/// A series.
pub(in crate::store) fn series<R: Row>(columns: &mut Columns<'_, R>) -> Result<OfflineSeriesRow, R::Error> {
    Ok(OfflineSeriesRow {
        member_no: MemberNo(columns.number()?),
        series_id: SeriesId(columns.bytes()?),
        codes: columns.count()?,
        issued_at: columns.instant()?,
        expires_at: columns.instant()?,
    })
}

/// The cells of a series.
pub(in crate::store) fn put_series<'a>(row: &'a OfflineSeriesRow, sink: &mut impl Sink<'a>) {
    sink.number(row.member_no.0)
        .bytes(&row.series_id.0[..])
        .number(row.codes)
        .instant(row.issued_at)
        .instant(row.expires_at);
}

/// A use. Whether it broke a limit is told by what it broke: the columns are for lists.
pub(in crate::store) fn used<R: Row>(columns: &mut Columns<'_, R>) -> Result<OfflineUseRow, R::Error> {
    let (member_no, series_id, place) = (
        MemberNo(columns.number()?),
        SeriesId(columns.bytes()?),
        columns.count()?,
    );
    let (used_at, backfilled_at) = (columns.instant()?, columns.instant()?);
    let (account_ref, late) = (columns.parsed(AccountRef::parse)?, columns.flag()?);
    columns.flag()?;
    columns.flag()?;
    Ok(OfflineUseRow {
        member_no,
        series_id,
        place,
        used_at,
        backfilled_at,
        account_ref,
        late,
        over_limit: columns.decoded()?,
    })
}

/// The cells of a use.
pub(in crate::store) fn put_used<'a>(row: &'a OfflineUseRow, sink: &mut impl Sink<'a>) {
    sink.number(row.member_no.0)
        .bytes(&row.series_id.0[..])
        .number(row.place)
        .instant(row.used_at)
        .instant(row.backfilled_at)
        .text(row.account_ref.as_str())
        .number(row.late)
        .number(!row.over_limit.exact.is_empty())
        .number(!row.over_limit.told.is_empty())
        .bytes(codec::encode(&row.over_limit));
}

/// How many codes of a member have not expired, and when the first do.
pub(in crate::store) fn unexpired<R: Row>(columns: &mut Columns<'_, R>) -> Result<UnexpiredCodes, R::Error> {
    Ok(UnexpiredCodes {
        codes: columns.count()?,
        next_expiry: columns.optional_instant()?,
    })
}
