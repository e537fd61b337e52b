//! What members make of a customer and a loan before they report it.

use chrono::NaiveDate;

use crate::cli::market::{Loan, Person};
use crate::domain::names::AccountRef;
use crate::domain::position::{Liability, LiabilityRole, Position, ReportOrder};
use crate::domain::token::Presented;
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::identity::token::SubjectToken;

/// A person's identifiers, normalised: resident number, then mobile.
pub(super) fn identifiers_of(person: &Person, today: NaiveDate) -> anyhow::Result<[NormalisedIdentifier; 2]> {
    let rules = Rules::on(today);
    let normal = |identifier: Identifier| -> anyhow::Result<NormalisedIdentifier> {
        Ok(identifier.normalise(&rules)?.identifier)
    };
    Ok([
        normal(Identifier::national_id(
            Country::CHINA,
            person.national_id.clone(),
        ))?,
        normal(Identifier::mobile(person.mobile.clone()))?,
    ])
}

/// A loan as its lender reports it, under its own tokens of the borrower.
pub(super) fn position(
    loan: &Loan,
    region_code: &str,
    tokens: &[SubjectToken],
    today: NaiveDate,
) -> anyhow::Result<Position<SubjectToken>> {
    let tokens = tokens.iter().map(|token| Presented {
        token: token.clone(),
        verified_on: Some(today),
    });
    let mut facts = loan.facts.clone();
    region_code.clone_into(&mut facts.region_code);
    Ok(Position {
        account_ref: AccountRef::parse(&loan.account_ref)
            .ok_or_else(|| anyhow::anyhow!("{} is no account reference", loan.account_ref))?,
        liabilities: vec![Liability {
            role: LiabilityRole::Primary,
            tokens: tokens.collect(),
        }],
        facts,
        order: ReportOrder {
            as_of: today,
            sequence: 1,
        },
    })
}
