//! The columns, and where a file has them.

use std::collections::BTreeMap;

use crate::import::crosswalk::file_codes;

/// The most related repayers of one account: with the borrower they are the eight liabilities of a position.
pub const REPAYERS_MAX: usize = 7;
/// What columns that a file of rejects adds begin with; they are passed over when it is read again.
pub(super) const REJECT_PREFIX: &str = "reject_";

file_codes! {
    /// A column about the account. The comments name the bank's term where it has one.
    Column {
        /// 账户标识码: the member's name of the account.
        AccountRef = "account_ref",
        /// What the row is: empty or 1 a report, 2 a correction, 3 a deletion of what was wrong, 4 of a fraud.
        Operation = "operation",
        /// Why a correction: 1 to 200 characters, no personal data.
        CorrectionReason = "correction_reason",
        /// 账户类型: D1, R1, R2, R3, R4 or C1.
        AccountType = "account_type",
        /// 借贷业务种类细分: 11 to 99, A1, B1; empty: 99.
        BusinessType = "business_type",
        /// 报告时点说明代码: 10, 20, 31, 32, 33, 41, 42 or 49; empty: 49.
        ReportTimeCode = "report_time_code",
        /// 信息报告日期.
        ReportDate = "report_date",
        /// The member's counter of reports with one date.
        Sequence = "sequence",
        /// 币种, ISO 4217 with two decimals; empty: CNY.
        Currency = "currency",
        /// 开户日期.
        OpenDate = "open_date",
        /// 到期日期.
        DueDate = "due_date",
        /// 账户关闭日期; empty on a closed account: the report date.
        CloseDate = "close_date",
        /// 借款金额.
        LoanAmount = "loan_amount",
        /// 信用额度.
        CreditLimit = "credit_limit",
        /// 余额: everything owed.
        Balance = "balance",
        /// The part of it that is principal; empty: all of it.
        PrincipalBalance = "principal_balance",
        /// 应还款: due at each date of the frequency.
        ScheduledPayment = "scheduled_payment",
        /// 还款频率: 01 to 08, 12 to 14 or 99; empty: 99.
        RepaymentFrequency = "repayment_frequency",
        /// 下一次约定还款日.
        NextPaymentDate = "next_payment_date",
        /// 剩余还款期数; empty: 0.
        RemainingTerms = "remaining_terms",
        /// 担保方式: 1 to 7 or 9; empty: 4.
        GuaranteeType = "guarantee_type",
        /// GB/T 2260, six digits, or ISO 3166-2.
        RegionCode = "region_code",
        /// 账户状态, by account type.
        AccountStatus = "account_status",
        /// 还款状态.
        RepaymentState = "repayment_state",
        /// Calendar days since the oldest unpaid amount fell due; empty: the fewest of the repayment state.
        DaysPastDue = "days_past_due",
        /// 当前逾期总额; empty: the sum of the parts.
        OverdueTotal = "overdue_total",
        /// 逾期本金; all parts empty: the total.
        OverduePrincipal = "overdue_principal",
        /// 逾期利息.
        OverdueInterest = "overdue_interest",
        /// 罚息.
        OverduePenalty = "overdue_penalty",
        /// 费用.
        OverdueFees = "overdue_fees",
        /// 逾期起始日期.
        FirstOverdueDate = "first_overdue_date",
        /// 五级分类: 1 to 5; 9 or empty: not classified.
        FiveTierClass = "five_tier_class",
        /// 最近一次实际还款日期.
        LastPaymentDate = "last_payment_date",
        /// 最近一次实际还款金额.
        LastPaymentAmount = "last_payment_amount",
        /// The consent under which the position may be shared.
        ConsentReference = "consent_reference",
        /// The notice that was sent before adverse information.
        AdverseNoticeReference = "adverse_notice_reference",
        /// The day on which it was sent.
        AdverseNoticeDate = "adverse_notice_date",
    }
}

file_codes! {
    /// A column about a person or enterprise: as it stands of the borrower, behind `repayer_1_` to `repayer_7_` of others.
    Part {
        /// 还款责任人类型, of others only: 1 joint debtor, 2 guarantor.
        Type = "type",
        /// 证件类型: 10 resident identity card, 20 passport, USCC an enterprise's unified code.
        IdType = "id_type",
        /// The issuer of a passport, ISO 3166-1 of two letters; empty: CN.
        IdCountry = "id_country",
        /// 证件号码.
        IdNumber = "id_number",
        /// 手机号码.
        Mobile = "mobile",
    }
}

/// Columns without which no row can be read.
const REQUIRED: [Column; 5] = [
    Column::AccountRef,
    Column::AccountType,
    Column::ReportDate,
    Column::AccountStatus,
    Column::RepaymentState,
];

/// One column of a file. Slot 0 is the borrower, the others are related repayers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    Account(Column),
    Person(usize, Part),
    Reject,
}

impl Named {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with(REJECT_PREFIX) {
            return Some(Self::Reject);
        }
        if let Some(column) = Column::parse(text) {
            return Some(Self::Account(column));
        }
        let Some(rest) = text.strip_prefix("repayer_") else {
            return Part::parse(text)
                .filter(|part| *part != Part::Type)
                .map(|part| Self::Person(0, part));
        };
        let (slot, part) = rest.split_once('_')?;
        let slot = (1..=REPAYERS_MAX).find(|number| number.to_string() == slot)?;
        Part::parse(part).map(|part| Self::Person(slot, part))
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Account(column) => column.as_str().to_owned(),
            Self::Person(0, part) => part.as_str().to_owned(),
            Self::Person(slot, part) => format!("repayer_{slot}_{}", part.as_str()),
            Self::Reject => REJECT_PREFIX.to_owned(),
        }
    }

    /// Every column that is written, in order.
    pub(super) fn all() -> Vec<Self> {
        let account = Column::ALL.iter().map(|column| Self::Account(*column));
        let people = (0..=REPAYERS_MAX).flat_map(|slot| {
            Part::ALL
                .iter()
                .filter(move |part| slot > 0 || **part != Part::Type)
                .map(move |part| Self::Person(slot, *part))
        });
        account.chain(people).collect()
    }
}

/// Where a file has its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    places: BTreeMap<Named, usize>,
    width: usize,
}

impl Columns {
    /// Understands a header; the problem holds no name that is not ours.
    pub(super) fn parse<'a>(header: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        let mut width = 0;
        for name in header {
            let column = Named::parse(name.trim()).ok_or_else(|| {
                format!(
                    "names no column of this format in its column {}; docs/foreign-formats.md lists them, leave others out",
                    width + 1
                )
            })?;
            if places.insert(column, width).is_some() && column != Named::Reject {
                return Err(format!("has the column {} twice; keep one", column.name()));
            }
            width += 1;
        }
        for required in REQUIRED {
            if !places.contains_key(&Named::Account(required)) {
                return Err(format!(
                    "lacks the column {}, which every record needs; add it",
                    required.as_str()
                ));
            }
        }
        Ok(Self { places, width })
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Where a column stands.
    pub(super) fn find(&self, wanted: Named) -> Option<usize> {
        self.places.get(&wanted).copied()
    }
}
