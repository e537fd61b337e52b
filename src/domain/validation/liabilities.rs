//! Rules about who is liable: exactly one PRIMARY, first; a guarantor where the guarantee asks for one, and another person
//! than the borrower; persons and enterprises apart.

use super::Findings;
use super::message::Exam;
use crate::domain::position::{GuaranteeType, Liability, LiabilityRole};
use crate::domain::token::{IdentifierType, Presented, Token};
use crate::domain::violation::Code;

pub(super) fn check<T: Token>(exam: &mut Exam, liabilities: &[Liability<T>]) {
    roles(exam, liabilities);
    for (index, liability) in liabilities.iter().enumerate() {
        let path = format!("position.liabilities[{index}].tokens");
        check_kinds(&liability.tokens, &path, &mut exam.findings);
    }
    guarantee(exam, liabilities);
    check_guarantors(liabilities, "position.", &mut exam.findings);
}

fn roles<T>(exam: &mut Exam, liabilities: &[Liability<T>]) {
    check_roles(liabilities, "position.", &mut exam.findings);
}

/// Exactly one PRIMARY, and it comes first. `prefix` stands before the field that holds the liabilities.
pub fn check_roles<T>(liabilities: &[Liability<T>], prefix: &str, findings: &mut Findings) {
    let primaries = liabilities
        .iter()
        .filter(|liability| liability.role == LiabilityRole::Primary)
        .count();
    if primaries != 1 {
        let text = format!("{primaries} liabilities are PRIMARY; exactly one is, and it comes first");
        findings.violate(Code::LiabilityRoles, format!("{prefix}liabilities"), text);
    } else if liabilities.first().map(|liability| liability.role) != Some(LiabilityRole::Primary) {
        findings.violate(
            Code::LiabilityRoles,
            format!("{prefix}liabilities[0].role"),
            "the first liability is not PRIMARY; put the primary borrower first",
        );
    }
}

/// V16.
fn guarantee<T>(exam: &mut Exam, liabilities: &[Liability<T>]) {
    let asks = matches!(
        exam.facts.guarantee_type,
        GuaranteeType::Guarantee | GuaranteeType::Combined
    );
    let has = liabilities
        .iter()
        .any(|liability| liability.role == LiabilityRole::Guarantor);
    if exam.reads("guarantee_type") && asks && !has {
        exam.violate(
            Code::GuarantorMissing,
            "liabilities",
            "guarantee_type says that someone guarantees but no liability is GUARANTOR; add the guarantor",
        );
    }
}

/// V17: no guarantor shares a token with a borrower (PRIMARY or JOINT). `prefix` stands before the field that holds the
/// liabilities. Tokens of two key versions never compare equal: call it again on pseudonyms.
pub fn check_guarantors<T: Token>(liabilities: &[Liability<T>], prefix: &str, findings: &mut Findings) {
    let is_borrower = |role| matches!(role, LiabilityRole::Primary | LiabilityRole::Joint);
    for (index, guarantor) in liabilities.iter().enumerate() {
        if guarantor.role != LiabilityRole::Guarantor {
            continue;
        }
        let shared = liabilities
            .iter()
            .filter(|liability| is_borrower(liability.role))
            .any(|borrower| share_a_token(guarantor, borrower));
        if shared {
            findings.violate(
                Code::GuarantorIsBorrower,
                format!("{prefix}liabilities[{index}].tokens"),
                "a token of the guarantor is also a borrower's; name another person or leave the guarantor out",
            );
        }
    }
}

fn share_a_token<T: Token>(one: &Liability<T>, other: &Liability<T>) -> bool {
    one.tokens.iter().any(|presented| {
        other
            .token_of(presented.token.identifier_type())
            .is_some_and(|theirs| theirs.token == presented.token)
    })
}

/// An enterprise code never stands beside a personal identifier. `path` is the tokens' own.
pub fn check_kinds<T: Token>(tokens: &[Presented<T>], path: &str, findings: &mut Findings) {
    let has = |wanted| {
        tokens
            .iter()
            .any(|presented| presented.token.identifier_type() == wanted)
    };
    if has(IdentifierType::EnterpriseCode)
        && (has(IdentifierType::NationalId) || has(IdentifierType::Passport))
    {
        findings.violate(
            Code::IdentityKindMixed,
            path,
            "an enterprise code and a personal identifier name one subject; send the owner as a liability of its own",
        );
    }
}
