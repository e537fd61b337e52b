//! Violations outward. Inward they stay as the contract has them: a newer service may know more codes.

use crate::domain::violation::Violation;
use crate::wire::pb;

/// A violation as the contract writes it.
pub fn violation_to_wire(violation: &Violation) -> pb::RuleViolation {
    pb::RuleViolation {
        code: violation.code.as_str().to_owned(),
        field: violation.field.clone(),
        description: violation.description.clone(),
    }
}

/// Violations or warnings as the contract writes them.
pub fn violations_to_wire(violations: &[Violation]) -> Vec<pb::RuleViolation> {
    violations.iter().map(violation_to_wire).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::violation::Code;

    #[test]
    fn a_violation_keeps_its_parts() {
        let violation = Violation::new(Code::DpdJump, "position.days_past_due", "grows too fast");
        let wire = violations_to_wire(&[violation]);
        assert_eq!(
            wire,
            [pb::RuleViolation {
                code: "DPD_JUMP".into(),
                field: "position.days_past_due".into(),
                description: "grows too fast".into(),
            }]
        );
    }
}
