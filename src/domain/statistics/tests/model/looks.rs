//! What checks came to, and loans that nobody checked, from the definitions.

use super::super::super::{Axis, Indicator, JudgedLook, Published};
use super::super::market::Market;
use super::subjects::same_day;
use super::{Rows, snake};
use crate::domain::member::LenderGroup;
use crate::domain::rules::{Burden, Finding};

/// A table that looks add to, without its shares.
pub fn rows(market: &Market, table: Published) -> Rows {
    let mut rows = Rows::new();
    let mut add = |keys: Vec<String>, values: &[i128]| {
        let row = rows.entry(keys).or_insert_with(|| vec![0; values.len()]);
        row.iter_mut()
            .zip(values)
            .for_each(|(cell, value)| *cell += value);
    };
    for look in market.looks.iter().flatten() {
        let is_made = matches!(
            look.judged.finding,
            Finding::MadeWithinLimits | Finding::MadeOverLimit
        );
        let group = group(table, look.lender_group);
        match (table.indicator, is_made, burden(look)) {
            (Indicator::BlockedStacking, false, _) => {
                let finding = snake(&format!("{:?}", look.judged.finding));
                add([group, vec![finding]].concat(), &[1]);
            }
            (Indicator::DstiDistribution, false, Some(burden)) => {
                add([group, vec![burden.to_owned()]].concat(), &[1]);
            }
            (Indicator::UncheckedLoans, true, _) => {
                let is_over = look.judged.finding == Finding::MadeOverLimit;
                add(group, &[0, 0, 1, is_over.into()]);
            }
            _ => {}
        }
    }
    if table.indicator == Indicator::UncheckedLoans {
        for (loan, ..) in market.subjects.iter().flat_map(|loans| same_day(market, loans)) {
            let group = group(table, loan.lender_group);
            add(group, &[1, (!loan.was_checked).into(), 0, 0]);
        }
    }
    rows
}

fn group(table: Published, group: LenderGroup) -> Vec<String> {
    let is_cut = table.cuts == [Axis::LenderGroup];
    is_cut.then(|| snake(&format!("{group:?}"))).into_iter().collect()
}

fn burden(look: &JudgedLook) -> Option<&'static str> {
    look.judged.burden.map(|burden| match burden {
        Burden::Below30 => "0-30",
        Burden::Below50 => "30-50",
        Burden::UpTo80 => "50-80",
        Burden::Above80 => "80+",
    })
}
