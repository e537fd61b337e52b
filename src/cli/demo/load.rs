//! Loads the synthetic market the way members do: each tokenises its own customers and reports its own loans.

use std::time::Duration;

use chrono::NaiveDate;
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use super::cast::{Cast, Player};
use crate::cli::market::{LENDERS, Loan, Market, Person};
use crate::domain::names::AccountRef;
use crate::domain::position::{EventType, Liability, LiabilityRole, Position, ReportOrder};
use crate::domain::token::Presented;
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::identity::token::SubjectToken;

/// Reports of one lender on their way at once.
const IN_FLIGHT: usize = 64;
/// Customers tokenised at once.
const CUSTOMERS_AT_ONCE: usize = 500;

/// Loads `subjects` borrowers; every lender works at the same time.
pub(super) async fn load(cast: &mut Cast, seed: u64, subjects: u64, today: NaiveDate) -> anyhow::Result<()> {
    let mut books: Vec<Vec<(Person, Loan)>> = LENDERS.iter().map(|_| Vec::new()).collect();
    for borrower in Market::new(seed, subjects, today) {
        for (lender, loan) in borrower.loans {
            books[lender].push((borrower.person.clone(), loan));
        }
    }
    let positions: usize = books.iter().map(Vec::len).sum();
    let bar = progress(positions)?;
    let begun = std::time::Instant::now();
    let work = cast
        .players
        .iter_mut()
        .zip(books)
        .map(|(player, book)| load_book(player, book, today, &bar));
    futures::future::try_join_all(work).await?;
    bar.finish_and_clear();
    println!(
        "{positions} loans of {subjects} borrowers tokenised and reported over mutual TLS in {:.1} s.",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn progress(positions: usize) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(u64::try_from(positions)?);
    bar.set_style(ProgressStyle::with_template(
        "Loading {bar:40} {pos}/{len} loans, {per_sec}, {eta} left",
    )?);
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

async fn load_book(
    player: &mut Player,
    book: Vec<(Person, Loan)>,
    today: NaiveDate,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    for customers in book.chunks(CUSTOMERS_AT_ONCE) {
        let mut identifiers = Vec::with_capacity(2 * customers.len());
        for (person, _) in customers {
            identifiers.extend(identifiers_of(person, today)?);
        }
        let tokens = player.client.tokenise(&identifiers).await?;
        let client = &player.client;
        futures::stream::iter(customers.iter().zip(tokens.chunks(2)))
            .map(|((person, loan), tokens)| async move {
                let position = position(loan, person.region_code, tokens, today)?;
                client.report(&position, EventType::PeriodClose).await?;
                bar.inc(1);
                anyhow::Ok(())
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
    }
    Ok(())
}

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
