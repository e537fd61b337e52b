//! What an answer is made of: positions and looks that count, and loans funded together (semantics 1.6, 1.7, 2).

use tallystick::domain::position::{AccountStatus, Facts};

use super::resolution::{One, qualifies};
use super::{Account, Look, MemberName, Model, Person, calendar};

/// Days for which looks made by a number alone count for the person it is linked to.
const NUMBER_LOOK_DAYS: i64 = 360;

/// A position that counts.
#[derive(Debug, Clone, Copy)]
pub struct Loan<'a> {
    /// Who reported it.
    pub member: MemberName,
    /// Everything said about it.
    pub account: &'a Account,
    /// Own debt, or contingent.
    pub own_debt: bool,
}

impl<'a> Loan<'a> {
    /// What is said now.
    pub fn facts(&self) -> &'a Facts {
        &self.account.current().facts
    }

    /// Whether it is active.
    pub fn is_active(&self) -> bool {
        use AccountStatus::{BadDebt, LegalAction, Open, PendingDisbursement};
        [PendingDisbursement, Open, BadDebt, LegalAction].contains(&self.facts().status)
    }
}

/// Everything an answer is made of.
pub struct Rows<'a> {
    /// Positions of everybody.
    pub loans: Vec<Loan<'a>>,
    /// Hard looks of everybody.
    pub looks: Vec<&'a Look>,
    /// Whether a position of the number joined.
    pub joined: bool,
    /// Whether one was left out that another member than the caller reported.
    pub left_out: bool,
}

impl<'a> Rows<'a> {
    /// Collects what concerns a person, and its number as far as it joins.
    pub fn of(model: &'a Model, person: Person, one: &One, caller: MemberName, now: i64) -> Self {
        let today = calendar::day_of(now);
        let mut rows = Self {
            loans: Vec::new(),
            looks: Vec::new(),
            joined: false,
            left_out: false,
        };
        for ((member, _), account) in model.accounts.iter().filter(|(_, account)| !account.deleted) {
            let concerns = account.concerns(&model.kin);
            let mut own_debt = concerns.get(&person).copied();
            if let Some((number, proof)) = one.number
                && let Some(own) = concerns.get(&number).copied()
            {
                let current = account.current();
                if qualifies(current.pair().0, current.facts.opened_on, proof, today) {
                    rows.joined = true;
                    own_debt = Some(own_debt.unwrap_or(false) || own);
                } else {
                    rows.left_out |= *member != caller;
                }
            }
            rows.loans.extend(own_debt.map(|own_debt| Loan {
                member: *member,
                account,
                own_debt,
            }));
        }
        rows.looks = model
            .looks
            .iter()
            .filter(|look| look.counted && look.hard)
            .collect();
        let number = one.number.filter(|_| one.only_link).map(|(number, _)| number);
        let since = now - NUMBER_LOOK_DAYS * calendar::DAY;
        rows.looks.retain(|look| {
            let at_whom = model.kin.of(&look.at_whom);
            at_whom == Some(person) || (at_whom == number && number.is_some() && look.at >= since)
        });
        rows
    }

    /// Own debt or guarantees of everybody but the caller, loans funded together as one.
    pub fn of_others(&self, caller: MemberName, own_debt: bool) -> Vec<Vec<Loan<'a>>> {
        let mut groups: Vec<Vec<Loan>> = Vec::new();
        for loan in &self.loans {
            if loan.member == caller || loan.own_debt != own_debt {
                continue;
            }
            let name = |loan: &Loan| {
                let facts = loan.facts();
                let reference = facts.funding_group_ref.clone()?;
                Some((reference, facts.currency, facts.opened_on))
            };
            let partners = groups
                .iter_mut()
                .find(|group| name(loan).is_some() && name(&group[0]) == name(loan));
            match partners {
                Some(group) => group.push(*loan),
                None => groups.push(vec![*loan]),
            }
        }
        groups
    }
}
