//! P1 on the contract itself: every field of an answer is of a kind that cannot name a lender, a date or an amount.

use tallystick::wire::pb;

/// Everything that an answer can tell, by what kind of thing it is. A new field fails the test until somebody says here
/// what makes it tellable.
const TOLD: [(&str, &[&str]); 9] = [
    (
        "of the look itself",
        &[
            "ExposureAnswer.answer_id",
            "ExposureAnswer.answered_at",
            "ExposureAnswer.audit_leaf",
            "ExposureAnswer.audit_salt",
            "ExposureAnswer.currency",
            "ExposureAnswer.figures_as_of",
            "QueryExposureResponse.answer",
            "Timestamp.nanos",
            "Timestamp.seconds",
            "WindowCount.days",
            "WindowCount.hours",
        ],
    ),
    (
        "of the question and the network",
        &[
            "ExposureAnswer.coverage_percent",
            "ExposureAnswer.match_level",
            "ExposureAnswer.state",
        ],
    ),
    (
        "the caller's own part",
        &[
            "ExposureAnswer.own",
            "OwnExposure.active_accounts",
            "OwnExposure.hard_inquiries_360_days",
            "OwnExposure.last_report_on",
            "OwnExposure.outstanding",
        ],
    ),
    (
        "figures of others, made of the fields below",
        &[
            "ExposureAnswer.others",
            "ExposureAnswer.signals",
            "OthersExposure.active_lenders_by_group",
            "OthersExposure.velocity",
        ],
    ),
    (
        "counts, cut off at ten",
        &[
            "LenderGroupCount.lenders",
            "OthersExposure.active_accounts",
            "OthersExposure.active_lenders",
            "OthersExposure.bad_debt_accounts",
            "OthersExposure.disputed_items",
            "OthersExposure.formal_overdue_accounts",
            "OthersExposure.guaranteed_accounts",
            "OthersExposure.legal_action_accounts",
            "OthersExposure.other_currency_accounts",
            "OthersExposure.past_due_accounts",
            "OthersExposure.reserving_lenders",
            "OthersExposure.restructured_accounts",
            "OthersExposure.unconfirmed_accounts",
            "WindowCount.hard_inquiries",
            "WindowCount.inquiring_lenders",
            "WindowCount.new_accounts",
            "WindowCount.new_lenders",
        ],
    ),
    (
        "bands",
        &[
            "AmountBand.open_ended",
            "AmountBand.up_to",
            "OthersExposure.credit_limit",
            "OthersExposure.guaranteed_amount",
            "OthersExposure.monthly_obligation",
            "OthersExposure.outstanding",
            "OthersExposure.outstanding_unsecured",
            "OthersExposure.overdue_amount",
            "OthersExposure.reserved_amount",
            "WindowCount.new_amount",
        ],
    ),
    (
        "buckets of 30 days, months, yes or no",
        &[
            "OthersExposure.disputed_items_matter",
            "OthersExposure.months_since_past_due",
            "OthersExposure.oldest_open_month",
            "OthersExposure.worst_bucket_24_months",
            "OthersExposure.worst_bucket_now",
        ],
    ),
    (
        "days only in last_report_on, the caller's own",
        &["Date.day", "Date.month", "Date.year"],
    ),
    (
        "closed lists: groups of five or more, kinds of signals with one sentence each",
        &[
            "LenderGroupCount.group",
            "StackingSignal.description",
            "StackingSignal.type",
        ],
    ),
];

/// Every field below the response of a query, in order.
fn told() -> Vec<String> {
    let pool = prost_reflect::DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the contract is valid");
    let root = pool
        .get_message_by_name("tallystick.v1.QueryExposureResponse")
        .expect("the contract has it");
    let (mut waiting, mut seen, mut fields) = (vec![root], Vec::new(), Vec::new());
    while let Some(message) = waiting.pop() {
        if seen.contains(&message) {
            continue;
        }
        for field in message.fields() {
            if let prost_reflect::Kind::Message(inner) = field.kind() {
                waiting.push(inner);
            }
            fields.push(format!("{}.{}", message.name(), field.name()));
        }
        seen.push(message);
    }
    fields.sort();
    fields
}

#[test]
fn p1_every_field_of_an_answer_is_a_count_a_band_a_bucket_or_the_callers_own() {
    let mut allowed: Vec<&str> = TOLD.iter().flat_map(|(_, fields)| *fields).copied().collect();
    allowed.sort_unstable();
    assert_eq!(told(), allowed);
}
