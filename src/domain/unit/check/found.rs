//! What is kept of a check for statistics of the market: what it came to, in a word, and a band of what would fall due.

use super::Check;
use super::guard::{self, Told};
use crate::domain::exposure::BandSeries;
use crate::domain::names::MemberNo;
use crate::domain::reservation::{Eligibility, Ruling};
use crate::domain::rules::{self, Application, Burden, Finding, Held, Judged, Standing, Verdict};

/// One borrower, judged.
pub(super) struct Assessed {
    pub verdict: Verdict,
    pub told: Told,
    /// Whether nothing speaks against it but what other lenders hold reserved, if that does.
    pub is_free_but_for_reservations: bool,
    pub burden: Option<Burden>,
    /// Whether it is the one who would owe first.
    pub is_primary: bool,
}

/// Judges a standing; `may_be_exact`: a first question, or one that is asked again.
pub(super) fn assess(
    check: &Check,
    application: &Application,
    mut standing: Standing,
    bands: BandSeries,
    (may_be_exact, is_primary): (bool, bool),
) -> Assessed {
    let judge = |standing: &Standing| {
        let verdict = rules::evaluate(&check.pack, application, standing);
        let exact = may_be_exact || !verdict.others_owe;
        let told = guard::tell(&verdict, bands, exact);
        (verdict, told)
    };
    let (verdict, told) = judge(&standing);
    let burden = rules::burden(application, &standing);
    let is_allowed = told.reasons.is_empty();
    Assessed {
        is_free_but_for_reservations: is_allowed
            || (leave_out_reserved(&mut standing, application.lender)
                && judge(&standing).1.reasons.is_empty()),
        verdict,
        told,
        burden,
        is_primary,
    }
}

/// Leaves out what other lenders hold reserved; whether there was any.
fn leave_out_reserved(standing: &mut Standing, lender: MemberNo) -> bool {
    let before = standing.loans.len();
    standing
        .loans
        .retain(|loan| loan.held != Held::Reservation || loan.lender == lender);
    standing.loans.len() < before
}

/// What a ruling is counted as. Of several borrowers the first one's burden counts.
pub(super) fn judged(ruling: &Ruling, assessed: &[Assessed]) -> Judged {
    let finding = match ruling.eligibility {
        Eligibility::Eligible => Finding::Eligible,
        Eligibility::Refer => Finding::Refer,
        Eligibility::Ineligible if assessed.iter().all(|one| one.is_free_but_for_reservations) => {
            Finding::Reserved
        }
        Eligibility::Ineligible => ruling
            .reasons
            .first()
            .map_or(Finding::OtherReason, |reason| Finding::because(*reason)),
    };
    let primary = assessed.iter().find(|one| one.is_primary);
    Judged {
        finding,
        burden: primary.and_then(|one| one.burden),
    }
}
