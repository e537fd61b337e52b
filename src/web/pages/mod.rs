//! What the pages show: panels of a chart, the table under it, its definition and its download.

mod alone;
mod concentration;
mod conduct;
mod definitions;
mod delinquency;
mod desk;
mod overview;
mod quality;
mod sketch;
mod stacking;
mod vintages;

pub use self::alone::chart_alone;
pub use self::conduct::{conduct, conduct_file};
pub use self::definitions::{Definition, definitions};
pub use self::desk::Desk;
pub use self::quality::{quality, quality_file};
use super::names::Words;
use super::window::WindowError;
use crate::domain::language::Language;

/// Where one can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Stacking,
    Delinquency,
    Vintages,
    Concentration,
    Quality,
    Conduct,
    Definitions,
}

impl Section {
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Stacking,
        Self::Delinquency,
        Self::Vintages,
        Self::Concentration,
        Self::Quality,
        Self::Conduct,
        Self::Definitions,
    ];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Stacking => "/stacking",
            Self::Delinquency => "/delinquency",
            Self::Vintages => "/vintages",
            Self::Concentration => "/concentration",
            Self::Quality => "/quality",
            Self::Conduct => "/conduct",
            Self::Definitions => "/definitions",
        }
    }

    pub const fn name(self, language: Language) -> &'static str {
        let words = match self {
            Self::Overview => Words("Market", "市场总览"),
            Self::Stacking => Words("Stacking", "多头借贷"),
            Self::Delinquency => Words("Delinquency", "逾期"),
            Self::Vintages => Words("Vintages", "账龄分析"),
            Self::Concentration => Words("Concentration", "集中度"),
            Self::Quality => Words("Data quality", "数据质量"),
            Self::Conduct => Words("Conduct", "机构行为"),
            Self::Definitions => Words("Definitions", "指标定义"),
        };
        words.told(language)
    }

    /// What the page answers.
    pub const fn lead(self, language: Language) -> &'static str {
        let words = match self {
            Self::Overview => Words(
                "The market on one date, and how it came there.",
                "某一日期的市场状况及其变化过程。",
            ),
            Self::Stacking => Words(
                "How many lenders borrowers have at the same time, and what becomes of those who have many.",
                "借款人同时拥有多少家贷款机构,以及多头借贷者的还款表现。",
            ),
            Self::Delinquency => Words(
                "What is past due, where, and where it goes from one snapshot to the next.",
                "哪些账户逾期、分布何处,以及从一个快照到下一个快照的去向。",
            ),
            Self::Vintages => Words(
                "How loans opened in the same month go bad as they grow older.",
                "同月开立的贷款随账龄增长的逾期情况。",
            ),
            Self::Concentration => Words(
                "How much of the market its largest lenders hold.",
                "市场余额集中于最大机构的程度。",
            ),
            Self::Quality => Words(
                "How well each lender reported in a month: the market is known as well as it is reported.",
                "各机构当月的报送质量:报送质量决定市场统计质量。",
            ),
            Self::Conduct => Words(
                "How lenders used what they may look at. An alert is a reason to ask, not a finding.",
                "各机构如何使用查询权限。预警仅表示值得询问,并非结论。",
            ),
            Self::Definitions => Words("What each indicator counts, exactly.", "各指标的准确口径。"),
        };
        words.told(language)
    }

    /// Whether it shows a snapshot.
    pub const fn is_of_a_snapshot(self) -> bool {
        match self {
            Self::Overview | Self::Stacking | Self::Delinquency | Self::Vintages | Self::Concentration => {
                true
            }
            Self::Quality | Self::Conduct | Self::Definitions => false,
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub is_head: bool,
    pub is_hidden: bool,
    pub is_number: bool,
}

impl Cell {
    pub const fn head(text: String) -> Self {
        Self {
            text,
            is_head: true,
            is_hidden: false,
            is_number: false,
        }
    }

    pub const fn value(text: String) -> Self {
        Self {
            text,
            is_head: false,
            is_hidden: false,
            is_number: true,
        }
    }

    pub const fn text(text: String) -> Self {
        Self {
            text,
            is_head: false,
            is_hidden: false,
            is_number: false,
        }
    }

    pub fn hidden() -> Self {
        Self {
            text: "c".to_owned(),
            is_head: false,
            is_hidden: true,
            is_number: true,
        }
    }
}

/// A table for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    pub caption: String,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Whether anything in it is hidden.
    pub fn has_hidden(&self) -> bool {
        self.rows.iter().flatten().any(|cell| cell.is_hidden)
    }
}

/// A chart with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// Its name on the page.
    pub id: String,
    pub title: String,
    /// How to read it.
    pub lead: String,
    /// The chart; empty: there is nothing to draw.
    pub svg: String,
    /// Name and place of its definition.
    pub definition: Option<(String, String)>,
    /// Where it is downloaded.
    pub download: Option<String>,
    /// What was drawn.
    pub grid: Option<Grid>,
}

/// A figure of the page's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// What a page shows below its title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    pub facts: Vec<Fact>,
    pub panels: Vec<Panel>,
}

/// A page of a snapshot.
pub async fn of_a_snapshot(section: Section, desk: &Desk<'_>) -> Result<Content, WindowError> {
    match section {
        Section::Overview => overview::overview(desk).await,
        Section::Stacking => stacking::stacking(desk).await,
        Section::Delinquency => delinquency::delinquency(desk).await,
        Section::Vintages => vintages::vintages(desk).await,
        Section::Concentration => concentration::concentration(desk).await,
        Section::Quality | Section::Conduct | Section::Definitions => Ok(Content::default()),
    }
}
