use proptest::prelude::*;

use super::super::{position_to_wire, read_position, read_stored_position};
use crate::domain::validation::strategies;
use crate::domain::violation::Violation;
use crate::wire::convert::samples::{TestTokens, reading, sendable};
use crate::wire::pb;

proptest! {
    #[test]
    fn positions_survive_the_wire(position in strategies::position()) {
        let position = sendable(position);
        let wire = position_to_wire(&position);
        let read = read_position(Some(&wire), &reading()).unwrap();
        prop_assert_eq!(&read.position, &position);
        prop_assert_eq!(read.findings.violations, Vec::new());
        prop_assert_eq!(read_stored_position(&wire, &TestTokens), Ok(position));
    }

    #[test]
    fn garbage_never_panics_and_never_passes_for_valid(
        position in strategies::position(), numbers: [i64; 6], counts: [u32; 5], codes: [i32; 6],
        date in [1990_i32..2040, 0_i32..14, 0_i32..33], text in ".{0,80}", fields in 0_u32..1 << 7,
    ) {
        let mut wire = position_to_wire(&sendable(position));
        let [year, month, day] = date;
        let date = Some(pb::Date { year, month, day });
        let spoils = |bit: u32| fields & (1 << bit) != 0;
        if spoils(0) {
            let [original, limit, principal, total, scheduled, paid] = numbers;
            (wire.original_amount, wire.credit_limit, wire.outstanding_principal) = (original, limit, principal);
            (wire.outstanding_total, wire.scheduled_payment, wire.last_payment_amount) = (total, scheduled, paid);
        }
        if spoils(1) {
            let [days, grace, rate, extensions, terms] = counts;
            (wire.days_past_due, wire.grace_days, wire.annual_percentage_rate_bp) = (days, grace, rate);
            (wire.extension_count, wire.remaining_terms) = (extensions, terms);
        }
        if spoils(2) {
            let [account, product, status, guarantee, class, closure] = codes;
            (wire.account_type, wire.product_type, wire.status) = (account, product, status);
            (wire.guarantee_type, wire.asset_classification, wire.closure_reason) = (guarantee, class, closure);
        }
        if spoils(3) {
            (wire.as_of, wire.opened_on, wire.matures_on) = (date, date, date);
        }
        if spoils(4) {
            (wire.closed_on, wire.next_due_on, wire.first_delinquent_on) = (date, date, date);
        }
        if spoils(5) {
            wire.consent_reference.clone_from(&text);
            wire.account_ref = text;
        }
        if spoils(6) {
            let [principal, interest, penalty, fees, _, _] = numbers;
            wire.overdue = Some(pb::OverdueAmounts { principal, interest, penalty, fees });
        }
        let violations = match read_position(Some(&wire), &reading()) {
            // What is called valid says exactly what came.
            Ok(read) if read.findings.violations.is_empty() => {
                let again = read_position(Some(&position_to_wire(&read.position)), &reading()).unwrap();
                prop_assert_eq!(again, read);
                Vec::new()
            }
            Ok(read) => read.findings.violations,
            Err(violations) => violations,
        };
        prop_assert!(violations.len() <= Violation::COUNT_MAX);
        prop_assert!(violations.iter().all(|violation| violation.field.starts_with("position.")));
    }
}
