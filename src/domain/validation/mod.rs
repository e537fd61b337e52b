//! temp
use super::position::{Facts, ReportOrder};
use super::violation::Violation;
/// temp
pub struct Findings {
    /// a
    pub violations: Vec<Violation>,
    /// b
    pub warnings: Vec<Violation>,
}
/// temp
pub fn check_change(_: &Facts, _: ReportOrder, _: &Facts, _: ReportOrder) -> Findings {
    Findings {
        violations: vec![],
        warnings: vec![],
    }
}
/// temp
pub fn check_corrected(_: &Facts, _: ReportOrder, _: &Facts, _: ReportOrder) -> Findings {
    Findings {
        violations: vec![],
        warnings: vec![],
    }
}
