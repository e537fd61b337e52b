//! What each indicator means, told to those who read it: title and exact definition, in each language.
//!
//! A definition names the columns of the indicator's tables, so that nobody has to guess what is divided by what.

use super::indicator::Indicator;
use crate::domain::language::Language;

/// A text in each language.
struct Text {
    english: &'static str,
    chinese: &'static str,
}

impl Text {
    const fn of(english: &'static str, chinese: &'static str) -> Self {
        Self { english, chinese }
    }

    const fn told(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

impl Indicator {
    /// Its title.
    pub const fn title(self, language: Language) -> &'static str {
        let text = match self {
            Self::MultiLenderHistogram => {
                Text::of("Subjects by number of lenders", "按贷款机构数分布的借款人")
            }
            Self::MultiLenderRate => Text::of("Multi-lender rates", "多头借贷率"),
            Self::LendersPerSubject => Text::of("Lenders per subject", "人均贷款机构数"),
            Self::ExposureDistribution => Text::of("Subjects by what they owe", "按负债总额分布的借款人"),
            Self::ExposurePerSubject => Text::of("Exposure per subject", "人均负债"),
            Self::NewStacking => Text::of("New stacking within 30 days", "30天内新增多头借贷"),
            Self::SameDayStacking => Text::of("Same-day stacking", "同日多头借贷"),
            Self::BlockedStacking => {
                Text::of("Blocked stacking: what checks came to", "拦截的多头借贷:检查结果")
            }
            Self::UncheckedLoans => Text::of("Loans made without a check", "未经检查发放的贷款"),
            Self::DstiDistribution => Text::of("Debt service to income of checks", "检查时的偿债收入比分布"),
            Self::Delinquency => Text::of("Delinquency", "逾期"),
            Self::DelinquencyByLenders => Text::of("Delinquency by number of lenders", "按贷款机构数的逾期"),
            Self::RollRate => Text::of("Roll rates", "滚动率"),
            Self::Vintage => Text::of("Vintages", "账龄分析"),
            Self::Flow => Text::of("Flow of balances", "余额变动"),
            Self::Restructuring => Text::of("Extended and restructured loans", "展期与重组贷款"),
            Self::Concentration => Text::of("Concentration of lenders", "贷款机构集中度"),
            Self::DataQuality => Text::of("Data quality", "数据质量"),
            Self::Conduct => Text::of("Conduct", "机构行为"),
        };
        text.told(language)
    }

    /// Its exact definition, units included.
    pub const fn definition(self, language: Language) -> &'static str {
        let text = match self {
            Self::MultiLenderHistogram
            | Self::MultiLenderRate
            | Self::LendersPerSubject
            | Self::ExposureDistribution
            | Self::ExposurePerSubject => self.of_subjects(),
            Self::NewStacking | Self::SameDayStacking | Self::UncheckedLoans => self.of_openings(),
            Self::BlockedStacking | Self::DstiDistribution => self.of_checks(),
            Self::DataQuality | Self::Conduct => self.of_members(),
            _ => self.of_positions(),
        };
        text.told(language)
    }

    const fn of_subjects(self) -> Text {
        match self {
            Self::MultiLenderHistogram => Text::of(
                "Subjects with at least one active own-debt position, by the number of distinct lenders of these (lenders): \
                 subjects of of_subjects; and what they owe as primary borrowers in the currency, in minor units: balance of \
                 of_balance. Region, lender group and product are those of the subject's active position opened last.",
                "至少有一笔本人负债未结清账户的借款人,按这些账户的不同贷款机构数(lenders)分组:人数 subjects 占 of_subjects;\
                 其作为主借款人以该币种所欠余额(最小货币单位)balance 占 of_balance。地区、机构组和产品取该借款人最近开立的未结清账户。",
            ),
            Self::MultiLenderRate => Text::of(
                "Subjects with active own-debt positions of at least two (subjects_2_plus), three (subjects_3_plus) or five \
                 (subjects_5_plus) distinct lenders, of those with at least one (subjects).",
                "在至少两家(subjects_2_plus)、三家(subjects_3_plus)、五家(subjects_5_plus)不同机构有本人负债未结清账户的借款人,\
                 占至少在一家有此类账户的借款人(subjects)。",
            ),
            Self::LendersPerSubject => Text::of(
                "Distinct lenders of a subject's active own-debt positions, over subjects with at least one (subjects): the \
                 mean is lenders of subjects; median and p90 are the least numbers that half and nine tenths of the subjects \
                 do not exceed, exact.",
                "有未结清本人负债账户的借款人(subjects)的不同贷款机构数:平均值为 lenders 除以 subjects;median 和 p90 \
                 为不被半数和九成借款人超过的最小数,精确值。",
            ),
            Self::ExposureDistribution => Text::of(
                "Subjects with active own debt in the currency by the band of what they owe in all, in whatever role \
                 (exposure_band: x1 is up to the operator's lowest edge of the currency): subjects of of_subjects, and \
                 exposure of of_exposure in minor units. A loan of several borrowers counts in full with each of them.",
                "以该币种有未结清本人负债的借款人,按其全部所欠金额的区间(exposure_band:x1 为不超过运营方对该币种设定的最低档)分组:\
                 人数 subjects 占 of_subjects,金额 exposure(最小货币单位)占 of_exposure。多人共同借款对每人均按全额计。",
            ),
            _ => Text::of(
                "What subjects with active own debt in the currency owe in all: the mean is exposure (minor units) of \
                 subjects; median_band and p90_band are the places, from 0, of the bands of exposure_distribution in which \
                 the median and the ninetieth percentile lie: they are known by band only.",
                "以该币种有未结清本人负债的借款人的全部所欠:平均值为 exposure(最小货币单位)除以 subjects;median_band 和 p90_band \
                 为中位数和第九十百分位所在的 exposure_distribution 区间序号(从 0 起),只精确到区间。",
            ),
        }
    }

    const fn of_openings(self) -> Text {
        match self {
            Self::NewStacking => Text::of(
                "Subjects who in any span of 30 civil days that ends in the month, up to the snapshot's date, opened accounts \
                 at two or more (subjects_2_plus) or three or more (subjects_3_plus) distinct lenders, of those who opened \
                 at least one in such a span (subjects_opened). A loan that several lenders fund is one account.",
                "在当月(截至快照日)结束的任一连续30个自然日内,在两家及以上(subjects_2_plus)或三家及以上(subjects_3_plus)\
                 不同机构开立账户的借款人,占在此类期间内至少开立一笔的借款人(subjects_opened)。联合放款计为一笔。",
            ),
            Self::UncheckedLoans => Text::of(
                "Accounts opened in the month, up to the snapshot's date (openings), for which no reservation was used \
                 (openings_without_check): nobody checked them, or an outage did not let them. Beside them loans of outages that \
                 were back-filled in these days (loans_offline), and those of them that broke a limit (loans_over_limit). A loan \
                 that several lenders fund is one account. Reservations are on file for 400 days after their end.",
                "当月(截至快照日)开立的账户(openings)中,未使用预留额度的(openings_without_check):无人检查,或因系统中断未能检查。\
                 并列同期补报的中断期间贷款(loans_offline)及其中超出限制的(loans_over_limit)。联合放款计为一笔。预留记录在结束后保存 400 天。",
            ),
            _ => Text::of(
                "Accounts opened in the month, up to the snapshot's date, on the same civil day on which the same subject \
                 opened one at another lender (openings_same_day), of all opened (openings). Only days of openings are on \
                 file: openings within 24 hours that fall on two days are not counted.",
                "当月(截至快照日)开立的账户(openings)中,同一借款人同一自然日在另一家机构也开立账户的(openings_same_day)。\
                 开立只记录日期,因此跨日但相隔不足24小时的不计入。",
            ),
        }
    }

    const fn of_checks(self) -> Text {
        match self {
            Self::BlockedStacking => Text::of(
                "Checks of the month, up to the snapshot's date, by what they came to (finding): checks of of_checks. ELIGIBLE was \
                 allowed, REFER left to a person because it was not sure who applied. All others were refused and are counted \
                 once: as RESERVED when only what other lenders held reserved stood in the way, else under the first reason in the \
                 order of the rule pack. OTHER_REASON is debt without a break, an instalment plan, a freeze or a self-exclusion. \
                 Every check counts, repeated ones too, with its first borrower and the group of the lender that asked.",
                "当月(截至快照日)的检查按结果(finding)分组:checks 占 of_checks。ELIGIBLE 为允许,REFER 为申请人身份不确定而转人工。\
                 其余均为拒绝,各计一次:仅因其他机构的预留额度而被拒计为 RESERVED,否则按规则包顺序的第一个原因。OTHER_REASON 为连续负债、\
                 分期还款计划、冻结或自我排除。重复检查也计入;按第一借款人和发起检查的机构类型统计。",
            ),
            _ => Text::of(
                "Checks of the month, up to the snapshot's date, at which an income was stated, by what would fall due in a month \
                 (obligation_ratio: per cent of the gross monthly income, from 0 to below 30, from 30 to below 50, from 50 to 80, \
                 above 80): checks of of_checks. Due are the payments of all own debt of the first borrower in the currency of the \
                 rule pack, what lenders hold reserved, and the loan applied for. Incomes are as stated by lenders; checks that were \
                 left to a person are not judged and not counted.",
                "当月(截至快照日)申报了收入的检查,按每月应还款占收入的比例(obligation_ratio:占月总收入的百分比,0 至不足 30、30 至不足 50、\
                 50 至 80、80 以上)分组:checks 占 of_checks。应还款包括第一借款人以规则包币种计的全部本人负债、各机构预留的额度及本次申请。\
                 收入以机构申报为准;转人工的检查未作判断,不计入。",
            ),
        }
    }

    const fn of_positions(self) -> Text {
        match self {
            Self::Delinquency => Text::of(
                "Active positions (positions; balance in minor units) whose contractual days past due are at least 1, 31, 61 \
                 and 91 (positions_dpd_1_plus, balance_dpd_1_plus and so on), and beside them those past due by more than their \
                 grace days (positions_formal_overdue, balance_formal_overdue). Days are as last reported.",
                "未结清账户(positions;余额 balance,最小货币单位)中,合同逾期天数至少为 1、31、61、91 天的(positions_dpd_1_plus、balance_dpd_1_plus 等),\
                 以及并列的超过宽限期的正式逾期(positions_formal_overdue、balance_formal_overdue)。天数以最近报送为准。",
            ),
            Self::DelinquencyByLenders => Text::of(
                "Subjects by the number of distinct lenders of their active own debt (lenders): those with any such position \
                 31 days past due or more (subjects_dpd_31_plus) of subjects, and what is owed on such positions \
                 (balance_dpd_31_plus) of balance, in minor units.",
                "按未结清本人负债的不同机构数(lenders)分组的借款人:任一此类账户逾期 31 天及以上者(subjects_dpd_31_plus)占 subjects,\
                 此类账户所欠(balance_dpd_31_plus,最小货币单位)占 balance。",
            ),
            Self::RollRate => Text::of(
                "Positions active at the snapshot before, by their bucket of days past due then (bucket_before), and what \
                 became of them (fate: the bucket now, or written off, closed, transferred or withdrawn): positions of \
                 of_positions, and their balance then of of_balance, in minor units. The fates of a bucket add up to all of it.",
                "上一快照时未结清的账户,按当时逾期档(bucket_before)及其去向(fate:现逾期档,或核销、结清、转出、撤销)分组:\
                 笔数 positions 占 of_positions,当时余额 balance(最小货币单位)占 of_balance。每档各去向之和等于该档全部。",
            ),
            Self::Vintage => Text::of(
                "Positions by the calendar month of their opening, at the end of each of the 24 calendar months that follow \
                 (months_on_book): what was owed when a position first was 31 (balance_ever_31) and 91 days past due or more \
                 (balance_ever_91), of what was granted (granted), in minor units; and how many positions. The last month on \
                 book reaches to the snapshot's date.",
                "按开立月份分组的账户,在其后 24 个自然月每月末(months_on_book):首次逾期 31 天及以上(balance_ever_31)和 91 天及以上\
                 (balance_ever_91)时所欠,占发放金额(granted),最小货币单位;并列笔数。最后一个月截至快照日。",
            ),
            Self::Flow => Text::of(
                "Balances of active positions from the snapshot before to this one, in minor units: opening + originations + \
                 arrivals + increases - repayments - write_offs - transfers - withdrawals = closing. Arrivals are older \
                 positions that were not on the books then, withdrawals those reported in error, deleted or hidden since. \
                 Recoveries after a write-off are not reported and not shown.",
                "自上一快照至本快照未结清账户余额的变动,最小货币单位:opening + originations + arrivals + increases - repayments - \
                 write_offs - transfers - withdrawals = closing。arrivals 为当时不在册的旧账户,withdrawals 为其后报错、删除或隐藏的账户。\
                 核销后收回未报送,不列示。",
            ),
            Self::Restructuring => Text::of(
                "Active positions that were ever extended or restructured (positions_restructured, balance_restructured) of \
                 all active ones (positions, balance), balances in minor units.",
                "曾展期或重组的未结清账户(positions_restructured、balance_restructured)占全部未结清账户(positions、balance),\
                 余额为最小货币单位。",
            ),
            _ => Text::of(
                "How much of the balance of active positions its largest lenders hold, of so many that have any (lenders): Herfindahl's index is 10,000 times \
                 hhi_numerator of hhi_denominator (the sum of squares of the lenders' balances, of the square of the sum); cr3 \
                 and cr5 are the balances of the largest three and five lenders, of balance, in minor units. By member: the largest \
                 five by rank (rank), as far as their sum is told among at least 10 lenders, and their group's balance.",
                "未结清账户余额集中于最大机构的程度:有余额的机构数 lenders;赫芬达尔指数为 10,000 × hhi_numerator ÷ hhi_denominator(各机构余额平方和除以总额平方);\
                 cr3、cr5 为最大三家、五家机构余额,占 balance,最小货币单位。按机构:列示最大五家的位次(rank);\
                 仅当其合计在至少10家机构中公布、且所属机构组的余额公布时列示。",
            ),
        }
    }

    /// What members did, for those who supervise them.
    const fn of_members(self) -> Text {
        match self {
            Self::DataQuality => Text::of(
                "A lender's month, each part from 0 to 100 and rounded down. timeliness (weight 25): positions received by the \
                 second day after their date and batches judged by six o'clock of the day after. accept_rate (25): records \
                 accepted of those sent in batches. completeness (15): optional fields filled in where they apply. consistency \
                 (15): positions that contradict neither themselves nor what was on file. reject_ageing (10): how fast rejected \
                 records were mended, full within a day, nothing after ten. score is their mean by weight; parts of which the \
                 month shows nothing carry none. A snapshot tells the month before that of its date, all of whose deadlines are over.",
                "机构当月得分,各部分为 0 至 100,向下取整。timeliness(及时性,权重 25):在数据日后第二天前收到的账户,以及次日六点前完成判定的批次。\
                 accept_rate(接收率,25):批次中被接收的记录占比。completeness(完整性,15):适用的可选字段填写比例。\
                 consistency(一致性,15):既不自相矛盾也不与在档数据矛盾的账户占比。reject_ageing(拒收处理时效,10):被拒记录的修正速度,\
                 一天内满分,十天后零分。score 为加权平均;当月无数据的部分不计权重。快照列示其日期之前一个月,该月各期限均已届满。",
            ),
            _ => Text::of(
                "What a lender did in a month. looks: everybody it looked at, each time; of these hard_queries have a hard purpose. \
                 A hard query is judged 30 days later: rate_unfollowed is the share of unfollowed_queries, those of which nothing \
                 came because the lender neither checked the person nor opened an account with it by then, of judged_queries. \
                 rate_in_turn: checks within 24 hours of giving up room with the same person (checks_in_turn), of all checks. \
                 looks_per_loan: hard queries and checks (hard_looks), divided by loans_opened. Reservations count once, by what \
                 became of them: rate_lapsed is the share of reservations_lapsed, which ran out, and rate_late that of \
                 reservations_late, which became a loan after that, of reservations_ended. rate_strangers: looks that found \
                 nobody because nobody had reported the person (strangers), of looks. evaluations: tokens evaluated. An alert is \
                 raised when a figure passes the operator's threshold on a sample that is large enough: it is a reason to ask. A \
                 snapshot tells the month two before that of its date, of which nearly everything can be judged; reservations \
                 of more than a year ago are gone.",
                "机构当月的行为。looks:查询过的人次,其中 hard_queries 为硬查询。硬查询在30天后评判:若届时该机构既未核查该人也未为其开户,则为无后续,\
                 rate_unfollowed 为 unfollowed_queries 占 judged_queries 的比例。rate_in_turn:释放同一人的预占后24小时内再次核查(checks_in_turn)占 checks 的比例。\
                 looks_per_loan:每笔贷款的硬查询,即硬查询与核查之和(hard_looks)除以开立贷款数(loans_opened)。预占按最终结果各计一次:\
                 rate_lapsed 为到期失效(reservations_lapsed)、rate_late 为失效后成为贷款(reservations_late)占 reservations_ended 的比例。\
                 rate_strangers:未命中查询(strangers,无任何机构报送过该人)占 looks 的比例。evaluations:计算的令牌数。\
                 当数值在足够大的样本上超过运营方阈值时产生预警:预警表示值得询问。快照列示其日期之前第二个月,该月几乎全部行为已可评判;\
                 一年以前的预占已不存在。",
            ),
        }
    }
}
