//! Eight applications at once, and one loan: wherever the borrower asks, the record is clean, yet only one may lend.

use anyhow::Context as _;
use chrono::NaiveDate;
use futures::future::try_join_all;
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use super::cast::{Cast, NEWCOMERS, Player};
use super::reporting::{identifiers_of, position};
use super::story::consent;
use super::time::BentClock;
use crate::cli::answer::words;
use crate::cli::market::{Loan, LoanKind, Person};
use crate::cli::output::amount;
use crate::domain::currency::Currency;
use crate::domain::inquiry::Purpose;
use crate::domain::names::ApplicationId;
use crate::domain::position::Position;
use crate::domain::reservation::CheckRequest;
use crate::identity::token::SubjectToken;
use crate::wire::convert::check::check_to_wire;
use crate::wire::convert::position::position_to_wire;
use crate::wire::convert::request::request_id_to_wire;
use crate::wire::pb;

/// What is applied for everywhere, minor units of yuan.
const AMOUNT: i64 = 500_000;

/// What a lender needs for an application.
struct Application {
    request: pb::CheckAndReserveRequest,
    /// The loan that it would become.
    loan: Position<SubjectToken>,
}

/// Tells it, now.
pub(super) async fn tell(cast: &mut Cast, clock: &BentClock) -> anyhow::Result<()> {
    println!("─── Eight applications at once, one loan ───\n");
    for lender in NEWCOMERS {
        cast.join(lender).await?;
    }
    let today = clock.today();
    let mut applications = Vec::new();
    for player in &mut cast.players {
        applications.push(apply(player, today).await?);
    }
    println!(
        "{} a borrower without any loan applies at {} lenders at once; their rules: one lender at a time\n",
        today.format("%d %b"),
        applications.len()
    );
    let checks = cast
        .players
        .iter()
        .zip(&applications)
        .map(|(player, application)| {
            let mut exposure = player.client.exposure();
            let request = application.request.clone();
            async move { exposure.check_and_reserve(request).await }
        });
    let answers = try_join_all(checks).await?;
    let mut lending = Vec::new();
    for ((player, application), answer) in cast.players.iter().zip(applications).zip(answers) {
        let answer = answer.into_inner();
        println!("        {:<24}{}", player.lender.display_name, told(&answer)?);
        if let Some(reservation) = answer.reservation {
            lending.push((player, application.loan, reservation));
        }
    }
    anyhow::ensure!(
        lending.len() == 1,
        "{} lenders may lend where the rules allow one",
        lending.len()
    );
    for (player, loan, reservation) in lending {
        confirm(player, &loan, reservation).await?;
    }
    Ok(())
}

/// The borrower of this scene, whom nobody knows.
fn applicant() -> Person {
    Person {
        number: 0,
        mobile: "+8613700137000".to_owned(),
        national_id: "310101198506150016".to_owned(),
        region_code: "CN-SH",
    }
}

/// Everything that can be prepared before all ask at the same time.
async fn apply(player: &mut Player, today: NaiveDate) -> anyhow::Result<Application> {
    let identifiers = identifiers_of(&applicant(), today)?;
    let tokens = player.client.tokenise(&identifiers).await?;
    // The same terms everywhere; only account names differ.
    let seed = player.lender.member_id.bytes().map(u64::from).sum();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let loan = Loan::opened(&mut random, LoanKind::CashInstalment, today, AMOUNT, today);
    let position = position(&loan, applicant().region_code, &tokens, today)?;
    let facts = &position.facts;
    let check = CheckRequest {
        liabilities: position.liabilities.clone(),
        purpose: Purpose::NewCredit,
        consent: consent(today),
        application_id: ApplicationId::parse("DEMO-1").context("a valid name")?,
        rule_pack: None,
        product_type: facts.product_type,
        currency: Currency::CNY,
        amount: AMOUNT,
        term_days: LoanKind::CashInstalment.terms().days,
        monthly_payment: facts.scheduled_payment,
        monthly_income: None,
    };
    Ok(Application {
        request: check_to_wire(&check, player.client.request_id()),
        loan: position,
    })
}

/// What a lender is told, in a line.
fn told(answer: &pb::CheckAndReserveResponse) -> anyhow::Result<String> {
    let decision = answer.decision.as_ref().context("a check is decided")?;
    let outcome = words(decision.eligibility().as_str_name(), "ELIGIBILITY_");
    let Some(reservation) = &answer.reservation else {
        let reasons: Vec<&str> = decision
            .reasons
            .iter()
            .map(|reason| reason.description.as_str())
            .collect();
        return Ok(format!("{outcome}: {}", reasons.join(" ")));
    };
    let made = reservation.created_at.map_or(0, |at| at.seconds);
    let ends = reservation.expires_at.map_or(made, |at| at.seconds);
    let minutes = (ends - made) / 60;
    Ok(format!(
        "{outcome}: {} CNY are held for it, {minutes} minutes",
        amount(reservation.amount, 2)
    ))
}

/// Pays out what was reserved and says so.
async fn confirm(
    player: &Player,
    loan: &Position<SubjectToken>,
    reservation: pb::Reservation,
) -> anyhow::Result<()> {
    let request = pb::ConfirmReservationRequest {
        reservation_id: reservation.reservation_id,
        position: Some(position_to_wire(loan)),
        request_id: request_id_to_wire(player.client.request_id()),
    };
    let mut exposure = player.client.exposure();
    let confirmed = exposure.confirm_reservation(request).await?.into_inner();
    anyhow::ensure!(!confirmed.late, "half an hour was enough");
    println!(
        "\n        {} pays out and confirms with its report: what was held is a loan now, and the others stay refused\n",
        player.lender.display_name
    );
    Ok(())
}
