//! Title and exact definition of each indicator.

use crate::domain::language::Language;
use crate::domain::statistics::Indicator;
use crate::web::names::{self, Words};

/// A definition as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The indicator's name on the wire, and its place on the page.
    pub name: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    /// What it is cut by in the published tables.
    pub cuts: Vec<String>,
}

/// All of them, in the order of the tables.
pub fn definitions(language: Language) -> Vec<Definition> {
    let named = |indicator: Indicator| Definition {
        name: indicator.name(),
        title: indicator.title(language),
        text: indicator.definition(language),
        cuts: indicator
            .cuts()
            .iter()
            .filter(|cuts| !cuts.is_empty())
            .map(|cuts| {
                let names: Vec<&str> = cuts.iter().map(|axis| names::axis(*axis, language)).collect();
                names.join(" × ")
            })
            .collect(),
    };
    let supervised = [&QUALITY, &CONDUCT]
        .into_iter()
        .map(|(name, title, text)| Definition {
            name,
            title: title.told(language),
            text: text.told(language),
            cuts: Vec::new(),
        });
    Indicator::ALL.into_iter().map(named).chain(supervised).collect()
}

/// Name and place of a definition for those who link to it.
pub fn link_to((name, title, _): &Supervised, language: Language) -> (String, String) {
    (title.told(language).to_owned(), format!("/definitions#{name}"))
}

/// What is told of members: its place on the page, its title, its definition.
pub type Supervised = (&'static str, Words, Words);

pub const QUALITY: Supervised = (
    "data_quality",
    Words("Data quality", "数据质量"),
    Words(
        "A lender's month, each part from 0 to 100 and rounded down. Timeliness (weight 25): positions received by the second \
         day after their date and batches judged by six o'clock of the day after. Accept rate (25): records accepted of those \
         sent in batches. Completeness (15): optional fields filled in where they apply. Consistency (15): positions that \
         contradict neither themselves nor what was on file. Reject ageing (10): how fast rejected records were mended, full \
         within a day, nothing after ten. The score is their mean by weight; parts of which the month shows nothing carry none.",
        "机构当月得分,各部分为 0 至 100,向下取整。及时性(权重 25):在数据日后第二天前收到的账户,以及次日六点前完成判定的批次。\
         接收率(25):批次中被接收的记录占比。完整性(15):适用的可选字段填写比例。一致性(15):既不自相矛盾也不与在档数据矛盾的账户占比。\
         拒收处理时效(10):被拒记录的修正速度,一天内满分,十天后零分。总分为加权平均;当月无数据的部分不计权重。",
    ),
);

pub const CONDUCT: Supervised = (
    "conduct",
    Words("Conduct", "机构行为"),
    Words(
        "What a lender did in a month. A hard query is judged 30 days later: nothing came of it if the lender neither checked \
         the person nor opened an account with it by then. Hard looks for each loan: hard queries and checks, divided by loans \
         opened. Reservations count once, by what became of them. Checks in turn: checks within 24 hours of giving up room with \
         the same person. Looks that found nobody: nobody had reported the person. An alert is raised when a figure passes the \
         operator's threshold on a sample that is large enough: it is a reason to ask.",
        "机构当月的行为。硬查询在30天后评判:若届时该机构既未核查该人也未为其开户,则为无后续。每笔贷款的硬查询:硬查询与核查之和除以开立贷款数。\
         预占按最终结果各计一次。轮流核查:释放同一人的预占后24小时内再次核查。未命中查询:无任何机构报送过该人。\
         当数值在足够大的样本上超过运营方阈值时产生预警:预警表示值得询问。",
    ),
);
