//! One loan's schedule, and how its borrower keeps it: a few numbers from which every day of its life can be computed.
//!
//! Invariant: a loan is over before the lender's next loan to the same subject begins (`chain`), and days past due grow by
//! a day a day until something is paid.

use chrono::NaiveDate;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

use super::months::{calendar_months, days_between, months_after};
use crate::cli::market::{LoanKind, Terms};
use crate::domain::date::{days_after, days_before};

/// Instalments of a card: it is replaced after that.
const CARD_MONTHS: u32 = 36;
/// The most days that a borrower pays late who pays in the end.
pub(super) const LATE_DAYS_MAX: u32 = 19;
/// The longest time for which a borrower falls behind and catches up again.
const SPELL_DAYS: std::ops::Range<u32> = 10..76;
/// Instalments that a spell reaches over at most.
const SPELL_INSTALMENTS: u32 = 4;
/// Days behind the last due date on which a loan that is not paid is written off.
const WRITE_OFF_DAYS: u32 = 15;
/// Instalments by which an extension lengthens a loan.
pub(super) const EXTENSION_INSTALMENTS: u32 = 2;
/// Loans of fewer instalments are neither extended nor lost on the way.
const LONG_INSTALMENTS: u32 = 6;

/// How a borrower pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conduct {
    /// Each instalment when it falls due.
    Punctual,
    /// Each instalment so many days late.
    Late { days: u32 },
    /// Nothing from one instalment on until so many days later, then everything.
    Spell { from: u32, days: u32 },
    /// Nothing any more from one instalment on.
    Default { from: u32 },
}

/// A loan.
#[derive(Debug, Clone)]
pub(super) struct Loan {
    pub terms: Terms,
    pub opened_on: NaiveDate,
    pub instalments: u32,
    /// Lent, or the limit of a card; minor units.
    pub amount: i64,
    pub grace_days: u32,
    pub conduct: Conduct,
    /// The instalment with which it was extended.
    pub extended_at: Option<u32>,
    /// Days before the end on which it was paid off.
    pub early_days: u32,
}

impl Loan {
    /// Draws the loan of a kind that is opened on a day, of a borrower with so many lenders.
    pub fn draw(random: &mut ChaCha8Rng, kind: LoanKind, opened_on: NaiveDate, lenders: u32) -> Self {
        let terms = kind.terms();
        let instalments = instalments(&terms);
        let amount = random.random_range(terms.amount.clone()) * 10_000;
        let grace_days = [0, 3, 5, 10, 15][random.random_range(0..5)];
        // As everywhere in the market: those who borrow from many pay worst.
        let conduct = if random.random_range(0..100) < 3 + 4 * lenders {
            bad_conduct(random, instalments)
        } else {
            Conduct::Punctual
        };
        let long = instalments >= LONG_INSTALMENTS && !terms.account_type.is_revolving();
        let (extends, early) = (random.random_range(0..100) < 3, random.random_range(0..100) < 10);
        let extended_at = random.random_range(2..instalments.max(7) - 3);
        let early_days = random.random_range(1..7);
        let punctual = conduct == Conduct::Punctual;
        Self {
            terms,
            opened_on,
            instalments,
            amount,
            grace_days,
            conduct,
            extended_at: (punctual && long && extends).then_some(extended_at),
            early_days: if punctual && early { early_days } else { 0 },
        }
    }

    /// When an instalment falls due, counted from 1.
    pub fn due(&self, instalment: u32) -> NaiveDate {
        if self.is_single() {
            days_after(self.opened_on, self.terms.days)
        } else {
            months_after(self.opened_on, instalment)
        }
    }

    /// Whether it is paid back in one.
    pub fn is_single(&self) -> bool {
        self.terms.months == 0 && !self.terms.account_type.is_revolving()
    }

    /// Instalments that fell due up to and with a day.
    pub fn dues_until(&self, day: NaiveDate) -> u32 {
        if self.is_single() {
            return u32::from(self.due(1) <= day);
        }
        let months = calendar_months(self.opened_on, day);
        let reached = if months > 0 && self.due(months) > day {
            months - 1
        } else {
            months
        };
        reached.min(self.instalments)
    }

    /// Instalments paid up to and with a day, while it was not closed.
    pub fn paid_until(&self, day: NaiveDate) -> u32 {
        let dues = self.dues_until(day);
        match self.conduct {
            Conduct::Punctual => dues,
            Conduct::Late { days } => self.dues_until(days_before(day, days)),
            Conduct::Spell { from, days } => {
                let behind = dues >= from && day < days_after(self.due(from), days);
                if behind { from - 1 } else { dues }
            }
            Conduct::Default { from } => dues.min(from - 1),
        }
    }

    /// The latest payment up to and with a day, and of how many instalments it was.
    pub fn last_payment(&self, day: NaiveDate) -> Option<(NaiveDate, u32)> {
        let paid = self.paid_until(day);
        if paid == 0 {
            return None;
        }
        let due = self.due(paid);
        Some(match self.conduct {
            Conduct::Punctual | Conduct::Default { .. } => (due, 1),
            Conduct::Late { days } => (days_after(due, days), 1),
            Conduct::Spell { from, days } => {
                let cured_on = days_after(self.due(from), days);
                if paid >= from && due <= cured_on {
                    (cured_on, paid + 1 - from)
                } else {
                    (due, 1)
                }
            }
        })
    }

    /// Calendar days since the oldest unpaid instalment fell due.
    pub fn days_past_due(&self, day: NaiveDate) -> u32 {
        let oldest = self.paid_until(day) + 1;
        if oldest > self.instalments {
            return 0;
        }
        days_between(self.due(oldest), day)
    }

    /// Instalments that are past due on a day.
    pub fn instalments_past_due(&self, day: NaiveDate) -> u32 {
        let before = self.dues_until(days_before(day, 1));
        before.saturating_sub(self.paid_until(day))
    }

    /// The day on which it is over.
    pub fn closed_on(&self) -> NaiveDate {
        let last = self.due(self.instalments);
        match self.conduct {
            Conduct::Punctual => days_before(last, self.early_days),
            Conduct::Late { days } => days_after(last, days),
            Conduct::Spell { .. } => last,
            Conduct::Default { .. } => days_after(last, WRITE_OFF_DAYS),
        }
    }

    /// When it was extended, if it ever is.
    pub fn extended_on(&self) -> Option<NaiveDate> {
        self.extended_at.map(|instalment| self.due(instalment))
    }

    /// Principal paid back with so many instalments, of a loan that is not a card.
    pub fn principal_of(&self, paid: u32) -> i64 {
        let part = |amount: i64, of: u32, all: u32| amount * i64::from(of) / i64::from(all.max(1));
        match self.extended_at {
            None => part(self.amount, paid, self.instalments),
            Some(at) => {
                let agreed = self.instalments - EXTENSION_INSTALMENTS;
                let before = part(self.amount, paid.min(at), agreed);
                before
                    + part(
                        self.amount - part(self.amount, at, agreed),
                        paid.saturating_sub(at),
                        self.instalments - at,
                    )
            }
        }
    }
}

/// Instalments of loans on some terms.
pub(super) fn instalments(terms: &Terms) -> u32 {
    match terms.months {
        0 if terms.account_type.is_revolving() => CARD_MONTHS,
        0 => 1,
        months => months,
    }
}

fn bad_conduct(random: &mut ChaCha8Rng, instalments: u32) -> Conduct {
    let late = Conduct::Late {
        days: random.random_range(1..=LATE_DAYS_MAX),
    };
    if instalments < LONG_INSTALMENTS {
        return late;
    }
    let spell = Conduct::Spell {
        from: random.random_range(1..=instalments - SPELL_INSTALMENTS),
        days: random.random_range(SPELL_DAYS),
    };
    let default = Conduct::Default {
        from: random.random_range(2..instalments - 1),
    };
    match random.random_range(0..100) {
        0..45 => late,
        45..80 => spell,
        _ => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::validation::samples::date;

    fn loan(conduct: Conduct) -> Loan {
        let terms = LoanKind::CashInstalment.terms();
        Loan {
            instalments: instalments(&terms),
            terms,
            opened_on: date("2026-01-31"),
            amount: 1_200_000,
            grace_days: 3,
            conduct,
            extended_at: None,
            early_days: 0,
        }
    }

    #[test]
    fn instalments_fall_due_monthly_and_at_the_end_of_short_months() {
        let loan = loan(Conduct::Punctual);
        assert_eq!(loan.due(1), date("2026-02-28"));
        for (day, dues) in [
            ("2026-01-31", 0),
            ("2026-02-27", 0),
            ("2026-02-28", 1),
            ("2026-03-30", 1),
            ("2026-03-31", 2),
            ("2030-01-01", 12),
        ] {
            assert_eq!(loan.dues_until(date(day)), dues, "{day}");
        }
        assert_eq!(loan.days_past_due(date("2026-05-31")), 0);
        assert_eq!(loan.closed_on(), date("2027-01-31"));
    }

    #[test]
    fn who_pays_late_is_past_due_in_between() {
        let loan = loan(Conduct::Late { days: 10 });
        assert_eq!(loan.days_past_due(date("2026-03-05")), 5);
        assert_eq!(loan.instalments_past_due(date("2026-03-05")), 1);
        assert_eq!(loan.days_past_due(date("2026-03-10")), 0);
        assert_eq!(
            loan.last_payment(date("2026-03-31")),
            Some((date("2026-03-10"), 1))
        );
        assert_eq!(loan.closed_on(), date("2027-02-10"));
    }

    #[test]
    fn a_spell_ends_with_one_payment_of_everything() {
        let loan = loan(Conduct::Spell { from: 2, days: 40 });
        assert_eq!(loan.days_past_due(date("2026-04-30")), 30);
        assert_eq!(loan.instalments_past_due(date("2026-05-01")), 2);
        assert_eq!(loan.days_past_due(date("2026-05-10")), 0);
        assert_eq!(
            loan.last_payment(date("2026-05-12")),
            Some((date("2026-05-10"), 2))
        );
        assert_eq!(
            loan.last_payment(date("2026-06-01")),
            Some((date("2026-05-31"), 1))
        );
    }

    #[test]
    fn a_default_grows_by_a_day_a_day_until_it_is_written_off() {
        let loan = loan(Conduct::Default { from: 3 });
        assert_eq!(loan.days_past_due(date("2026-05-31")), 31);
        assert_eq!(loan.days_past_due(date("2026-06-01")), 32);
        assert_eq!(loan.closed_on(), date("2027-02-15"));
        assert_eq!(loan.instalments_past_due(loan.closed_on()), 10);
    }

    #[test]
    fn instalments_pay_back_exactly_what_was_lent() {
        let mut extended = loan(Conduct::Punctual);
        extended.amount = 1_000_001;
        assert_eq!(extended.principal_of(12), 1_000_001);
        extended.extended_at = Some(5);
        assert_eq!(extended.principal_of(0), 0);
        assert_eq!(extended.principal_of(5), 500_000);
        assert_eq!(extended.principal_of(12), 1_000_001);
        assert!((0..12).all(|paid| extended.principal_of(paid) < extended.principal_of(paid + 1)));
    }
}
