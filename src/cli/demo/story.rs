//! The story: a borrower goes from platform to platform within a week; what each lender sees when it is asked.

use std::path::Path;

use anyhow::Context as _;
use chrono::NaiveDate;
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use super::cast::{Cast, Player};
use super::reporting::{identifiers_of, position};
use super::time::BentClock;
use crate::audit::VerifierKey;
use crate::cli::answer::{self, band_text, count, words};
use crate::cli::market::{Loan, LoanKind, Person};
use crate::cli::service::Running;
use crate::domain::currency::Currency;
use crate::domain::date::{days_after, days_before};
use crate::domain::inquiry::{Consent, Inquiry, Purpose};
use crate::domain::names::Sha256;
use crate::domain::position::EventType;
use crate::domain::token::{IdentifierType, Presented};
use crate::identity::token::SubjectToken;
use crate::ledger;
use crate::wire::pb;

/// The applicant's mobile number.
pub(super) const APPLICANT_MOBILE: &str = "+8613800138000";
/// The applicant's identity number: the example of GB 11643.
pub(super) const APPLICANT_NATIONAL_ID: &str = "11010519491231002X";
/// A number that changed hands.
const RECYCLED_MOBILE: &str = "+8613912345678";
/// Its new owner.
const NEW_OWNER_NATIONAL_ID: &str = "440305199001010018";

const HARBOUR: usize = 0;
const LOTUS: usize = 1;
const SWIFT: usize = 2;
const RIVER: usize = 3;
const ORIENT: usize = 4;
const PEAK: usize = 5;

/// Contractual grace of the first loan, days.
const GRACE_DAYS: u32 = 3;

struct Scene<'a> {
    cast: &'a mut Cast,
    clock: &'a BentClock,
    random: ChaCha8Rng,
    /// What was lent in the story: by whom, what, last sequence.
    lent: Vec<(usize, Loan, u64)>,
}

/// Tells the story; the clock arrives at the present.
pub(super) async fn tell(cast: &mut Cast, clock: &BentClock) -> anyhow::Result<()> {
    let mut scene = Scene {
        cast,
        clock,
        random: ChaCha8Rng::seed_from_u64(42),
        lent: Vec::new(),
    };
    scene.recycled_number_is_lent_on().await?;
    scene.first_loan().await?;
    scene.the_week().await?;
    scene.the_last_day().await?;
    scene.recycled_number().await
}

impl Scene<'_> {
    fn applicant() -> Person {
        Person {
            number: 0,
            mobile: APPLICANT_MOBILE.to_owned(),
            national_id: APPLICANT_NATIONAL_ID.to_owned(),
            region_code: "CN-BJ",
        }
    }

    fn player(&mut self, lender: usize) -> &mut Player {
        &mut self.cast.players[lender]
    }

    /// Long ago somebody borrowed with nothing but a mobile number, and gave the number up.
    async fn recycled_number_is_lent_on(&mut self) -> anyhow::Result<()> {
        let today = self.clock.today();
        let seen = days_before(today, 210);
        let owner = Person {
            mobile: RECYCLED_MOBILE.to_owned(),
            ..Self::applicant()
        };
        let loan = Loan::opened(
            &mut self.random,
            LoanKind::CashInstalment,
            days_before(today, 300),
            500_000,
            seen,
        );
        let player = self.player(PEAK);
        let [_, mobile] = identifiers_of(&owner, today)?;
        let tokens = player.client.tokenise(&[mobile]).await?;
        let mut reported = position(&loan, "CN-SH", &tokens, seen)?;
        reported.liabilities[0].tokens[0].verified_on = Some(days_before(today, 300));
        player.client.report(&reported, EventType::PeriodClose).await?;
        Ok(())
    }

    /// A month before, an ordinary loan at Lotus.
    async fn first_loan(&mut self) -> anyhow::Result<()> {
        println!("\n─── A borrower, seen by six lenders that do not know of each other ───\n");
        let today = self.clock.today();
        let answer = self.ask(LOTUS, &Self::applicant()).await?;
        self.say(LOTUS, &answer);
        let mut loan = Loan::opened(
            &mut self.random,
            LoanKind::ConsumptionInstalment,
            today,
            2_000_000,
            today,
        );
        loan.facts.grace_days = GRACE_DAYS;
        loan.facts.next_due_on = Some(days_after(today, 33));
        self.lend(LOTUS, loan).await?;
        println!("        lends 20,000 CNY; the first instalment falls due in 33 days\n");
        Ok(())
    }

    /// The instalment is missed, and others are asked to pay it.
    async fn the_week(&mut self) -> anyhow::Result<()> {
        self.clock.pass_days(34);
        self.fall_behind(1, EventType::PastDue).await?;
        println!(
            "{} the first instalment at Lotus is missed: 1 day past due, in its grace of {GRACE_DAYS} days",
            self.day()
        );
        for (lender, kind, amount) in [
            (SWIFT, LoanKind::CashInstalment, 500_000),
            (RIVER, LoanKind::PersonalBusiness, 3_000_000),
            (PEAK, LoanKind::Payday, 200_000),
        ] {
            self.ask_and_lend(lender, kind, amount).await?;
            self.clock.pass_days(1);
        }
        self.fall_behind(4, EventType::FormalOverdue).await?;
        println!(
            "{} grace is over: formally overdue at Lotus, the borrower was notified before\n",
            self.day()
        );
        self.ask_and_lend(ORIENT, LoanKind::Auto, 8_000_000).await?;
        self.clock.pass_days(2);
        self.nightly().await?;
        self.clock.pass_minutes(22 * 60);
        Ok(())
    }

    /// Three ask within hours; the one that looks sees the stack.
    async fn the_last_day(&mut self) -> anyhow::Result<()> {
        for lender in [SWIFT, RIVER, PEAK] {
            let answer = self.ask(lender, &Self::applicant()).await?;
            self.say(lender, &answer);
            self.clock.pass_minutes(25);
        }
        self.clock.arrive();
        let answer = self.ask(HARBOUR, &Self::applicant()).await?;
        self.say(HARBOUR, &answer);
        println!("        the stack shows: it declines. What its credit officer reads:\n");
        println!("{}", answer::render(&answer));
        Ok(())
    }

    /// The number's new owner is not taken for the old one.
    async fn recycled_number(&mut self) -> anyhow::Result<()> {
        println!("─── A recycled mobile number ───\n");
        let owner = Person {
            mobile: RECYCLED_MOBILE.to_owned(),
            national_id: NEW_OWNER_NATIONAL_ID.to_owned(),
            ..Self::applicant()
        };
        let answer = self.ask(HARBOUR, &owner).await?;
        self.say(HARBOUR, &answer);
        println!(
            "        the number carries somebody's old loan at Peak: it is not held against its new owner, but the bank \
             is warned\n"
        );
        Ok(())
    }

    async fn ask_and_lend(&mut self, lender: usize, kind: LoanKind, amount: i64) -> anyhow::Result<()> {
        let answer = self.ask(lender, &Self::applicant()).await?;
        self.say(lender, &answer);
        let today = self.clock.today();
        let loan = Loan::opened(&mut self.random, kind, today, amount, today);
        self.lend(lender, loan).await?;
        println!(
            "        lends {} CNY all the same\n",
            crate::cli::output::amount(amount, 2)
        );
        Ok(())
    }

    /// The first instalment at Lotus stays unpaid for `days`.
    async fn fall_behind(&mut self, days: u32, event: EventType) -> anyhow::Result<()> {
        let today = self.clock.today();
        if let Some((_, loan, _)) = self.lent.iter_mut().find(|(lender, ..)| *lender == LOTUS) {
            loan.past_due(days, today);
            // The next instalment; the missed one stays in the days past due.
            loan.facts.next_due_on = Some(days_after(today, 30 - days));
        }
        self.report(LOTUS, event).await
    }

    /// Opens a loan and reports it.
    async fn lend(&mut self, lender: usize, loan: Loan) -> anyhow::Result<()> {
        self.lent.push((lender, loan, 0));
        self.report(lender, EventType::Opened).await
    }

    /// Reports a lender's loan as of today.
    async fn report(&mut self, lender: usize, event: EventType) -> anyhow::Result<()> {
        let today = self.clock.today();
        let tokens = self.tokens(lender, &Self::applicant()).await?;
        let lent = self.lent.iter_mut().find(|(candidate, ..)| *candidate == lender);
        let (_, loan, sequence) = lent.context("the lender has lent nothing")?;
        *sequence += 1;
        let mut reported = position(loan, "CN-BJ", &tokens, today)?;
        reported.order.sequence = *sequence;
        self.player(lender).client.report(&reported, event).await?;
        Ok(())
    }

    /// Every lender reports its book of the day.
    async fn nightly(&mut self) -> anyhow::Result<()> {
        self.fall_behind(6, EventType::PeriodClose).await?;
        for lender in [SWIFT, RIVER, ORIENT, PEAK] {
            self.report(lender, EventType::PeriodClose).await?;
        }
        Ok(())
    }

    async fn tokens(&mut self, lender: usize, person: &Person) -> anyhow::Result<Vec<SubjectToken>> {
        let identifiers = identifiers_of(person, self.clock.today())?;
        Ok(self.player(lender).client.tokenise(&identifiers).await?)
    }

    async fn ask(&mut self, lender: usize, person: &Person) -> anyhow::Result<pb::ExposureAnswer> {
        let today = self.clock.today();
        let mut tokens: Vec<_> = self
            .tokens(lender, person)
            .await?
            .into_iter()
            .map(|token| Presented {
                token,
                verified_on: Some(today),
            })
            .collect();
        tokens.sort_by_key(|shown| match shown.token.identifier_type() {
            IdentifierType::Mobile => 1,
            IdentifierType::NationalId | IdentifierType::Passport | IdentifierType::EnterpriseCode => 0,
        });
        let inquiry = Inquiry {
            tokens,
            purpose: Purpose::NewCredit,
            consent: consent(today),
            currency: Currency::CNY,
        };
        Ok(self.player(lender).client.query(&inquiry).await?)
    }

    fn day(&self) -> String {
        self.clock.today().format("%d %b").to_string()
    }

    /// What a lender sees, in a line and its signals.
    fn say(&mut self, lender: usize, answer: &pb::ExposureAnswer) {
        let (day, name) = (self.day(), self.player(lender).lender.display_name);
        let seen = answer
            .others
            .as_ref()
            .map_or_else(|| "no figures".to_owned(), |others| summary(answer, others));
        println!("{day} {name} asks and sees: {seen}");
        let signals: Vec<String> = answer
            .signals
            .iter()
            .map(|signal| words(signal.r#type().as_str_name(), "STACKING_SIGNAL_TYPE_"))
            .collect();
        if !signals.is_empty() {
            println!("        ! {}", signals.join(", "));
        }
    }
}

/// What an applicant agreed to.
pub(super) fn consent(today: NaiveDate) -> Consent {
    Consent {
        reference: "DEMO-CONSENT-1".to_owned(),
        purposes: vec![Purpose::NewCredit],
        granted_on: today,
        expires_on: days_after(today, 30),
        text_sha256: Sha256([7; 32]),
    }
}

fn summary(answer: &pb::ExposureAnswer, others: &pb::OthersExposure) -> String {
    if others.active_lenders == 0 {
        let level = words(answer.match_level().as_str_name(), "MATCH_LEVEL_");
        return format!("no loan elsewhere (match: {level})");
    }
    let late = match (others.past_due_accounts, others.formal_overdue_accounts) {
        (0, _) => "nothing past due".to_owned(),
        (late, 0) => format!("{} past due, in grace", count(late)),
        (late, formal) => format!("{} past due, {} formally overdue", count(late), count(formal)),
    };
    let week = others
        .velocity
        .iter()
        .find(|row| row.window == Some(pb::window_count::Window::Days(7)));
    let (opened, asked) = week.map_or((0, 0), |row| (row.new_accounts, row.inquiring_lenders));
    format!(
        "{} other lender{}, {}, {late}; in 7 days {} opened, {} asked",
        count(others.active_lenders),
        if others.active_lenders == 1 { "" } else { "s" },
        band_text(others.outstanding.as_ref(), 2, &answer.currency),
        count(opened),
        count(asked)
    )
}

/// Everything that happened is in a log that cannot be rewritten.
pub(super) async fn check_the_log(data: &Path, running: &Running) -> anyhow::Result<()> {
    let key = VerifierKey::parse(&running.verifier)?;
    let report = ledger::verify(running.log.as_ref(), &key, &[], |_, _| {}).await?;
    anyhow::ensure!(report.is_sound(), "the audit log differs from what was signed");
    println!(
        "Audit log: {} leaves under {} signed checkpoints, verified. Database and keys: {}",
        report.leaves,
        report.checkpoints,
        data.display()
    );
    Ok(())
}
