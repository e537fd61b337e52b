//! What columns, axes and places are called by people, in each language. Programs' names stay in downloads.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::chart::Unit;
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::member::LenderGroup;
use crate::domain::statistics::{Axis, ShownColumn, ShownKind};

/// A text in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub &'static str, pub &'static str);

impl Words {
    /// In one of them.
    pub const fn told(self, language: Language) -> &'static str {
        match language {
            Language::English => self.0,
            Language::Chinese => self.1,
        }
    }
}

/// What a column is measured in.
pub fn unit(column: &ShownColumn, currency: Option<Currency>) -> Unit {
    match (column.kind, currency, column.name) {
        (ShownKind::Count, _, _) | (ShownKind::Amount, None, _) => Unit::Count,
        (ShownKind::Amount, Some(currency), _) => Unit::Amount(currency),
        (ShownKind::Ratio, _, "mean" | "looks_per_loan") => Unit::Number,
        (ShownKind::Ratio, _, "hhi") => Unit::Index,
        (ShownKind::Ratio, _, _) => Unit::Percent,
    }
}

/// A column's name for people; the program's where there is none.
pub fn column(name: &'static str, language: Language) -> &'static str {
    find_column(name).map_or(name, |words| words.told(language))
}

pub(super) fn find_column(name: &str) -> Option<Words> {
    COLUMNS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, words)| *words)
}

#[rustfmt::skip]
const COLUMNS: [(&str, Words); 88] = [
    ("subjects", Words("Subjects", "借款人数")),
    ("of_subjects", Words("Of all subjects", "全部借款人数")),
    ("share", Words("Share", "占比")),
    ("subjects_2_plus", Words("Subjects with 2 or more lenders", "两家及以上机构的借款人数")),
    ("subjects_3_plus", Words("Subjects with 3 or more lenders", "三家及以上机构的借款人数")),
    ("subjects_5_plus", Words("Subjects with 5 or more lenders", "五家及以上机构的借款人数")),
    ("rate_2_plus", Words("2 or more lenders", "两家及以上")),
    ("rate_3_plus", Words("3 or more lenders", "三家及以上")),
    ("rate_5_plus", Words("5 or more lenders", "五家及以上")),
    ("lenders", Words("Lenders", "贷款机构数")),
    ("mean", Words("Mean", "平均值")),
    ("median", Words("Median", "中位数")),
    ("p90", Words("90th percentile", "第九十百分位")),
    ("median_band", Words("Band of the median", "中位数所在区间")),
    ("p90_band", Words("Band of the 90th percentile", "第九十百分位所在区间")),
    ("subjects_opened", Words("Subjects who opened accounts", "开立账户的借款人数")),
    ("openings", Words("Accounts opened", "开立账户数")),
    ("openings_same_day", Words("Opened on the same day", "同日开立账户数")),
    ("rate_same_day", Words("Same-day share", "同日开立占比")),
    ("checks", Words("Checks", "检查次数")),
    ("of_checks", Words("Of all checks", "全部检查次数")),
    ("openings_without_check", Words("Opened without a check", "未经检查开立账户数")),
    ("rate_without_check", Words("Share opened without a check", "未经检查开立占比")),
    ("loans_offline", Words("Loans of outages", "中断期间贷款笔数")),
    ("loans_over_limit", Words("Loans of outages over a limit", "中断期间超限贷款笔数")),
    ("rate_over_limit", Words("Over a limit, of loans of outages", "中断期间贷款超限占比")),
    ("positions", Words("Positions", "账户数")),
    ("of_positions", Words("Of all positions", "全部账户数")),
    ("positions_dpd_1_plus", Words("Positions 1+ days past due", "逾期1天及以上账户数")),
    ("positions_dpd_31_plus", Words("Positions 31+ days past due", "逾期31天及以上账户数")),
    ("positions_dpd_61_plus", Words("Positions 61+ days past due", "逾期61天及以上账户数")),
    ("positions_dpd_91_plus", Words("Positions 91+ days past due", "逾期91天及以上账户数")),
    ("positions_formal_overdue", Words("Positions formally overdue", "正式逾期账户数")),
    ("rate_dpd_1_plus", Words("1+ days past due", "逾期1天及以上")),
    ("rate_dpd_31_plus", Words("31+ days past due", "逾期31天及以上")),
    ("rate_dpd_61_plus", Words("61+ days past due", "逾期61天及以上")),
    ("rate_dpd_91_plus", Words("91+ days past due", "逾期91天及以上")),
    ("rate_formal_overdue", Words("Formally overdue", "正式逾期")),
    ("subjects_dpd_31_plus", Words("Subjects 31+ days past due", "逾期31天及以上借款人数")),
    ("positions_ever_31", Words("Positions ever 31+ days past due", "曾逾期31天及以上账户数")),
    ("positions_ever_91", Words("Positions ever 91+ days past due", "曾逾期91天及以上账户数")),
    ("rate_ever_31", Words("Ever 31+ days past due", "曾逾期31天及以上")),
    ("rate_ever_91", Words("Ever 91+ days past due", "曾逾期91天及以上")),
    ("positions_restructured", Words("Restructured positions", "展期或重组账户数")),
    ("rate_restructured", Words("Restructured", "展期或重组")),
    ("balance", Words("Balance", "余额")),
    ("of_balance", Words("Of all balances", "全部余额")),
    ("subjects_share", Words("Share of subjects", "借款人占比")),
    ("exposure", Words("Owed in all", "全部所欠")),
    ("exposure_share", Words("Share of what is owed", "所欠占比")),
    ("of_exposure", Words("Of all that is owed", "全部所欠合计")),
    ("balance_dpd_1_plus", Words("Balance 1+ days past due", "逾期1天及以上余额")),
    ("balance_dpd_31_plus", Words("Balance 31+ days past due", "逾期31天及以上余额")),
    ("balance_dpd_61_plus", Words("Balance 61+ days past due", "逾期61天及以上余额")),
    ("balance_dpd_91_plus", Words("Balance 91+ days past due", "逾期91天及以上余额")),
    ("balance_formal_overdue", Words("Balance formally overdue", "正式逾期余额")),
    ("granted", Words("Granted", "发放金额")),
    ("balance_ever_31", Words("Owed when first 31+ days past due", "首次逾期31天及以上时所欠")),
    ("balance_ever_91", Words("Owed when first 91+ days past due", "首次逾期91天及以上时所欠")),
    ("opening", Words("Opening", "期初")),
    ("originations", Words("+ Originations", "+ 新发放")),
    ("arrivals", Words("+ Arrivals", "+ 转入")),
    ("increases", Words("+ Increases", "+ 增加")),
    ("repayments", Words("− Repayments", "− 还款")),
    ("write_offs", Words("− Write-offs", "− 核销")),
    ("transfers", Words("− Transfers", "− 转出")),
    ("withdrawals", Words("− Withdrawals", "− 撤销")),
    ("closing", Words("= Closing", "= 期末")),
    ("balance_restructured", Words("Restructured balance", "展期或重组余额")),
    ("hhi", Words("Herfindahl's index", "赫芬达尔指数")),
    ("cr3_share", Words("Largest 3 lenders", "最大三家机构")),
    ("cr5_share", Words("Largest 5 lenders", "最大五家机构")),
    ("score", Words("Score", "总分")),
    ("timeliness", Words("Timeliness", "及时性")),
    ("accept_rate", Words("Accept rate", "接收率")),
    ("completeness", Words("Completeness", "完整性")),
    ("consistency", Words("Consistency", "一致性")),
    ("reject_ageing", Words("Reject ageing", "拒收处理时效")),
    ("looks", Words("Looks", "查询人次")),
    ("hard_queries", Words("Hard queries", "硬查询")),
    ("rate_unfollowed", Words("Without follow-up", "无后续占比")),
    ("rate_in_turn", Words("Checks in turn", "轮流核查占比")),
    ("looks_per_loan", Words("Hard looks for each loan", "每笔贷款的硬查询")),
    ("rate_lapsed", Words("Reservations that ran out", "预占到期失效占比")),
    ("rate_late", Words("Reservations confirmed late", "预占逾期确认占比")),
    ("rate_strangers", Words("Looks that found nobody", "未命中查询占比")),
    ("evaluations", Words("Tokens evaluated", "计算的令牌数")),
    ("rank", Words("Rank", "位次")),
];

/// An axis' name for people.
pub const fn axis(axis: Axis, language: Language) -> &'static str {
    let words = match axis {
        Axis::Region => Words("Province of the borrower", "借款人所在省份"),
        Axis::LenderGroup => Words("Group of the lender", "机构类型"),
        Axis::ProductType => Words("Product", "产品"),
        Axis::AmountBand => Words(
            "Amount granted, multiples of the lowest band edge",
            "发放金额,最低档的倍数",
        ),
        Axis::RateBand => Words("Yearly rate, %", "年利率,%"),
        Axis::Lenders | Axis::FewLenders => Words("Number of lenders", "贷款机构数"),
        Axis::ExposureBand => Words(
            "Owed in all, multiples of the lowest band edge",
            "全部所欠,最低档的倍数",
        ),
        Axis::BucketBefore => Words("Bucket at the snapshot before", "上一快照逾期档"),
        Axis::Fate => Words("Bucket or fate now", "现逾期档或去向"),
        Axis::OriginationMonth => Words("Month of opening", "开立月份"),
        Axis::MonthsOnBook => Words("Months on book", "账龄(月)"),
        Axis::Finding => Words("What the check came to", "检查结果"),
        Axis::Burden => Words("Due in a month, % of the income", "每月应还款占收入的百分比"),
        Axis::Member => Words("Lender", "机构"),
    };
    words.told(language)
}

/// A place's name for people, of a table of a date.
pub fn place(axis: Axis, place: usize, as_of: NaiveDate, language: Language) -> Cow<'static, str> {
    let label = axis.label(place, as_of);
    let words = match axis {
        Axis::Region => REGIONS.get(place).copied(),
        Axis::LenderGroup => LenderGroup::ALL.get(place).map(|group| group_words(*group)),
        Axis::ProductType => find(&PRODUCTS, &label),
        Axis::RateBand | Axis::Fate | Axis::Finding => find(&OTHERS, &label),
        Axis::AmountBand | Axis::ExposureBand => return Cow::Owned(band(&label)),
        Axis::Lenders
        | Axis::FewLenders
        | Axis::BucketBefore
        | Axis::OriginationMonth
        | Axis::MonthsOnBook
        | Axis::Burden
        | Axis::Member => None,
    };
    words.map_or(label, |words| Cow::Borrowed(words.told(language)))
}

/// A group of lenders.
pub const fn group(group: LenderGroup, language: Language) -> &'static str {
    group_words(group).told(language)
}

const fn group_words(group: LenderGroup) -> Words {
    match group {
        LenderGroup::Bank => Words("Banks", "银行"),
        LenderGroup::ConsumerFinance => Words("Consumer finance", "消费金融公司"),
        LenderGroup::OnlineMicroloan => Words("Online microlenders", "网络小额贷款公司"),
        LenderGroup::Microloan => Words("Microlenders", "小额贷款公司"),
        LenderGroup::AutoLeasing => Words("Auto and leasing", "汽车金融与租赁"),
        LenderGroup::Other => Words("Others", "其他"),
    }
}

/// `x5` is up to five times the lowest edge, `x1000+` more than a thousand times.
fn band(label: &str) -> String {
    match label.strip_prefix('x') {
        None => label.to_owned(),
        Some(times) => match times.strip_suffix('+') {
            Some(times) => format!("> {times}×"),
            None => format!("≤ {times}×"),
        },
    }
}

fn find(known: &[(&str, Words)], label: &str) -> Option<Words> {
    known
        .iter()
        .find(|(name, _)| *name == label)
        .map(|(_, words)| *words)
}

#[rustfmt::skip]
const PRODUCTS: [(&str, Words); 14] = [
    ("HOUSING", Words("Housing", "住房贷款")),
    ("AUTO", Words("Car", "汽车贷款")),
    ("STUDENT", Words("Student", "助学贷款")),
    ("PERSONAL_BUSINESS", Words("Personal business", "个人经营性贷款")),
    ("FARMER", Words("Farmer", "农户贷款")),
    ("CREDIT_CARD", Words("Credit card", "信用卡")),
    ("CASH_INSTALMENT", Words("Cash instalment", "现金分期")),
    ("CONSUMPTION_INSTALMENT", Words("Consumption instalment", "消费分期")),
    ("BUY_NOW_PAY_LATER", Words("Buy now, pay later", "先买后付")),
    ("PAYDAY", Words("Payday", "发薪日贷款")),
    ("DEBT_CONSOLIDATION", Words("Debt consolidation", "债务整合")),
    ("MICRO_ENTERPRISE", Words("Micro enterprise", "小微企业贷款")),
    ("LEASING", Words("Leasing", "融资租赁")),
    ("OTHER", Words("Other", "其他")),
];

#[rustfmt::skip]
const OTHERS: [(&str, Words); 15] = [
    ("NOT_STATED", Words("not stated", "未报送")),
    ("WRITTEN_OFF", Words("Written off", "核销")),
    ("CLOSED", Words("Closed", "结清")),
    ("TRANSFERRED", Words("Transferred", "转出")),
    ("WITHDRAWN", Words("Withdrawn", "撤销")),
    ("ELIGIBLE", Words("Allowed", "允许")),
    ("REFER", Words("Left to a person", "转人工")),
    ("LENDER_COUNT", Words("Too many lenders", "机构数超限")),
    ("ACCOUNT_COUNT", Words("Too many loans", "贷款笔数超限")),
    ("COOLING_OFF", Words("Waiting period", "等待期未满")),
    ("AMOUNT_CAP", Words("Amount too large", "金额超限")),
    ("OBLIGATION_RATIO", Words("Payments too large for the income", "偿债占比超限")),
    ("DELINQUENCY", Words("Past due", "逾期")),
    ("RESERVED", Words("Reserved by other lenders", "其他机构已预留")),
    ("OTHER_REASON", Words("Other reasons", "其他原因")),
];

/// In the order of the places.
#[rustfmt::skip]
const REGIONS: [Words; 35] = [
    Words("Beijing", "北京"), Words("Tianjin", "天津"), Words("Hebei", "河北"), Words("Shanxi", "山西"),
    Words("Inner Mongolia", "内蒙古"), Words("Liaoning", "辽宁"), Words("Jilin", "吉林"), Words("Heilongjiang", "黑龙江"),
    Words("Shanghai", "上海"), Words("Jiangsu", "江苏"), Words("Zhejiang", "浙江"), Words("Anhui", "安徽"),
    Words("Fujian", "福建"), Words("Jiangxi", "江西"), Words("Shandong", "山东"), Words("Henan", "河南"),
    Words("Hubei", "湖北"), Words("Hunan", "湖南"), Words("Guangdong", "广东"), Words("Guangxi", "广西"),
    Words("Hainan", "海南"), Words("Chongqing", "重庆"), Words("Sichuan", "四川"), Words("Guizhou", "贵州"),
    Words("Yunnan", "云南"), Words("Tibet", "西藏"), Words("Shaanxi", "陕西"), Words("Gansu", "甘肃"),
    Words("Qinghai", "青海"), Words("Ningxia", "宁夏"), Words("Xinjiang", "新疆"), Words("Taiwan", "台湾"),
    Words("Hong Kong", "香港"), Words("Macao", "澳门"), Words("Elsewhere", "其他地区"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statistics::Published;

    #[test]
    fn every_column_that_is_shown_has_a_name_in_each_language() {
        for published in Published::every() {
            for has_currency in [false, true] {
                for shown in published.shown_columns(has_currency) {
                    assert!(find_column(shown.name).is_some(), "{}", shown.name);
                    let (english, chinese) = (
                        column(shown.name, Language::English),
                        column(shown.name, Language::Chinese),
                    );
                    assert_ne!(english, chinese, "{}", shown.name);
                }
            }
        }
    }

    #[test]
    fn every_place_has_a_name_and_no_two_the_same() {
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for published in Published::all() {
            for cut in published.axes() {
                for language in [Language::English, Language::Chinese] {
                    let mut names: Vec<_> = (0..cut.places())
                        .map(|at| place(cut, at, as_of, language))
                        .collect();
                    assert!(
                        names.iter().all(|name| !name.is_empty() && !name.contains('_')),
                        "{names:?}"
                    );
                    names.sort_unstable();
                    names.dedup();
                    assert_eq!(names.len(), cut.places(), "{cut:?}");
                }
            }
        }
    }

    #[test]
    fn regions_are_in_the_order_of_their_places() {
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let named = |code: &str| {
            let at = (0..REGIONS.len())
                .find(|at| Axis::Region.label(*at, as_of) == code)
                .unwrap();
            place(Axis::Region, at, as_of, Language::English)
        };
        for (code, name) in [
            ("11", "Beijing"),
            ("44", "Guangdong"),
            ("54", "Tibet"),
            ("82", "Macao"),
            ("OTHER", "Elsewhere"),
        ] {
            assert_eq!(named(code), name);
        }
    }
}
