use super::*;
use crate::domain::position::{GuaranteeType, LiabilityRole};
use crate::domain::token::IdentifierType;
use crate::domain::validation::samples::{liability, token};

#[test]
fn roles_name_one_primary_first() {
    use Code::LiabilityRoles;
    use LiabilityRole::{Joint, Owner, Primary};
    check_violations(
        &position(),
        &[
            (
                "none",
                |p| p.liabilities = vec![],
                &[(LiabilityRoles, "liabilities")],
            ),
            (
                "no primary",
                |p| p.liabilities = vec![liability(Joint, 1)],
                &[(LiabilityRoles, "liabilities")],
            ),
            (
                "two",
                |p| p.liabilities = vec![liability(Primary, 1), liability(Primary, 2)],
                &[(LiabilityRoles, "liabilities")],
            ),
            (
                "second",
                |p| p.liabilities = vec![liability(Joint, 1), liability(Primary, 2)],
                &[(LiabilityRoles, "liabilities[0].role")],
            ),
            (
                "with others",
                |p| p.liabilities = vec![liability(Primary, 1), liability(Joint, 2), liability(Owner, 3)],
                &[],
            ),
        ],
    );
}

#[test]
fn a_guarantee_has_a_guarantor_who_is_not_the_borrower() {
    use Code::{GuarantorIsBorrower, GuarantorMissing};
    use LiabilityRole::{Guarantor, Joint, Owner};
    check_violations(
        &position(),
        &[
            (
                "missing",
                |p| p.facts.guarantee_type = GuaranteeType::Guarantee,
                &[(GuarantorMissing, "liabilities")],
            ),
            (
                "missing too",
                |p| p.facts.guarantee_type = GuaranteeType::Combined,
                &[(GuarantorMissing, "liabilities")],
            ),
            (
                "not asked for",
                |p| p.facts.guarantee_type = GuaranteeType::Mortgage,
                &[],
            ),
            (
                "there",
                |p| {
                    p.facts.guarantee_type = GuaranteeType::Guarantee;
                    p.liabilities.push(liability(Guarantor, 2));
                },
                &[],
            ),
            (
                "the borrower",
                |p| p.liabilities.push(liability(Guarantor, 1)),
                &[(GuarantorIsBorrower, "liabilities[1].tokens")],
            ),
            (
                "the joint borrower",
                |p| {
                    p.liabilities
                        .extend([liability(Joint, 2), liability(Guarantor, 2)]);
                },
                &[(GuarantorIsBorrower, "liabilities[2].tokens")],
            ),
            (
                "the owner may",
                |p| {
                    p.liabilities
                        .extend([liability(Owner, 2), liability(Guarantor, 2)]);
                },
                &[],
            ),
            (
                "by mobile alone",
                |p| {
                    p.liabilities[0].tokens.push(token(IdentifierType::Mobile, 9));
                    p.liabilities.push(liability(Guarantor, 2));
                    p.liabilities[1].tokens.push(token(IdentifierType::Mobile, 9));
                },
                &[(GuarantorIsBorrower, "liabilities[1].tokens")],
            ),
        ],
    );
}

#[test]
fn persons_and_enterprises_are_apart() {
    use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
    for (types, mixed) in [
        (vec![NationalId, EnterpriseCode], true),
        (vec![Passport, EnterpriseCode], true),
        (vec![EnterpriseCode, Mobile], false),
        (vec![NationalId, Passport, Mobile], false),
    ] {
        let mut loan = position();
        loan.liabilities[0].tokens = types.iter().map(|kind| token(*kind, 1)).collect();
        let wanted: &[_] = if mixed {
            &[(Code::IdentityKindMixed, "liabilities[0].tokens")]
        } else {
            &[]
        };
        assert_eq!(
            found(&check_message(&loan, today()).violations),
            expected(wanted),
            "{types:?}"
        );
    }
}
