//! Where the contract has what a file's columns say: the paths of violations.

use crate::import::table::columns::{Column, Field, Part};

/// Where the contract has what a column says. What names somebody stands among the liability's tokens.
pub(in crate::import::table) fn path_of(column: Column) -> String {
    match column {
        Column::Field(field) | Column::Minor(field) => field_path(field).to_owned(),
        Column::Liability(index, Part::Role) => format!("position.liabilities[{index}].role"),
        Column::Liability(index, _) => format!("position.liabilities[{index}].tokens"),
    }
}

/// The contract's path of a field.
pub(super) fn field_path(field: Field) -> &'static str {
    macro_rules! paths {
        ($($variant:ident $path:literal),+ $(,)?) => { match field { $(Field::$variant => $path),+ } };
    }
    paths!(
        AccountRef "position.account_ref",
        AccountType "position.account_type",
        ProductType "position.product_type",
        LoanPurpose "position.loan_purpose",
        GuaranteeType "position.guarantee_type",
        FundingRole "position.funding_role",
        RegionCode "position.region_code",
        Currency "position.currency",
        OpenedOn "position.opened_on",
        MaturesOn "position.matures_on",
        ClosedOn "position.closed_on",
        OriginalAmount "position.original_amount",
        CreditLimit "position.credit_limit",
        OutstandingPrincipal "position.outstanding_principal",
        OutstandingTotal "position.outstanding_total",
        ScheduledPayment "position.scheduled_payment",
        RepaymentFrequency "position.repayment_frequency",
        NextDueOn "position.next_due_on",
        RemainingTerms "position.remaining_terms",
        AnnualPercentageRateBp "position.annual_percentage_rate_bp",
        Status "position.status",
        ClosureReason "position.closure_reason",
        DaysPastDue "position.days_past_due",
        GraceDays "position.grace_days",
        OverduePrincipal "position.overdue.principal",
        OverdueInterest "position.overdue.interest",
        OverduePenalty "position.overdue.penalty",
        OverdueFees "position.overdue.fees",
        FirstDelinquentOn "position.first_delinquent_on",
        AssetClassification "position.asset_classification",
        CollectionStage "position.collection_stage",
        ExtensionCount "position.extension_count",
        RestructureCount "position.restructure_count",
        HardshipCode "position.hardship_code",
        LastPaymentOn "position.last_payment_on",
        LastPaymentAmount "position.last_payment_amount",
        FundingGroupRef "position.funding_group_ref",
        ConsentReference "position.consent_reference",
        AdverseNoticeReference "position.adverse_notice_reference",
        AdverseNoticeSentOn "position.adverse_notice_sent_on",
        ReservationId "position.reservation_id",
        AsOf "position.as_of",
        Sequence "position.sequence",
        Event "event",
        CorrectionReason "correction_reason",
        DeleteReason "deletion_reason",
    )
}
