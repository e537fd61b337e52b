//! The pages and their downloads.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use http::StatusCode;
use http::request::Parts;

use super::answer::{csv, html};
use super::entry::log_refusal;
use super::frame::{Frame, Visit};
use super::{Shown, Site};
use crate::domain::conduct::MONTHS_BACK_MAX;
use crate::domain::currency::Currency;
use crate::domain::date::months_before;
use crate::domain::quality::Month;
use crate::domain::statistics::{Snapshot, SnapshotState};
use crate::web::listing::{Listing, to_csv};
use crate::web::login::{Refusal, Viewer};
use crate::web::names::Words;
use crate::web::pages::{self, Content, Desk, Section};
use crate::web::request::Refused;
use crate::web::window::WindowError;

/// Snapshots that can be chosen from.
const SNAPSHOTS_MAX: u32 = 400;

/// A list to choose from.
struct Choice {
    name: &'static str,
    parameter: &'static str,
    options: Vec<String>,
    chosen: String,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    frame: Frame,
    lead: &'static str,
    choices: Vec<Choice>,
    notice: Option<&'static str>,
    content: Content,
}

#[derive(Template)]
#[template(path = "definitions.html")]
struct Definitions {
    frame: Frame,
    lead: &'static str,
    listed: Vec<pages::Definition>,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    frame: Frame,
    text: &'static str,
    code: Option<&'static str>,
    link: Option<String>,
}

/// A page that says one thing.
pub(super) struct Notice {
    pub status: StatusCode,
    pub title: Words,
    pub text: Words,
    /// The stable reason.
    pub code: Option<&'static str>,
    /// The secret of a link that a button spends.
    pub link: Option<String>,
}

impl Notice {
    pub const fn of(status: StatusCode, title: Words, text: Words) -> Self {
        Self {
            status,
            title,
            text,
            code: None,
            link: None,
        }
    }

    /// Ours; the cause is in the log.
    pub const fn fault() -> Self {
        let title = Words("Something failed", "发生错误");
        let text = Words(
            "The page cannot be made at the moment. The operator's log says why.",
            "暂时无法生成页面,原因见运营方日志。",
        );
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, title, text)
    }

    const fn nothing() -> Self {
        let title = Words("Nothing here", "无此页面");
        let text = Words(
            "There is no such page, or no snapshot of this date.",
            "没有该页面,或没有该日期的快照。",
        );
        Self::of(StatusCode::NOT_FOUND, title, text)
    }

    const fn malformed(text: Words) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            Words("The address cannot be read", "地址无法识别"),
            text,
        )
    }
}

/// Why there is no page.
enum Trouble {
    Refused(Refusal),
    Told(Box<Notice>),
    Window(WindowError),
}

impl From<WindowError> for Trouble {
    fn from(error: WindowError) -> Self {
        Self::Window(error)
    }
}

impl From<Refused> for Trouble {
    fn from(text: Refused) -> Self {
        Self::Told(Box::new(Notice::malformed(text)))
    }
}

impl From<Notice> for Trouble {
    fn from(notice: Notice) -> Self {
        Self::Told(Box::new(notice))
    }
}

fn rendered(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => html(status, text),
        Err(error) => {
            tracing::error!(%error, "a page of the dashboard cannot be written");
            html(StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    }
}

/// A page that says one thing.
pub(super) fn notice(visit: &Visit, viewer: Option<&Viewer>, told: Notice) -> Response {
    let page = NoticePage {
        frame: Frame::of(visit, visit.say(told.title).to_owned(), viewer),
        text: visit.say(told.text),
        code: told.code,
        link: told.link,
    };
    rendered(told.status, &page)
}

/// The page for somebody who may not look.
pub(super) fn refused(visit: &Visit, refusal: Refusal) -> Response {
    let title = Words("You are not logged in", "您尚未登录");
    let told = match refusal {
        Refusal::Stranger => Notice::of(
            StatusCode::UNAUTHORIZED,
            title,
            Words(
                "Open this page with a registered certificate of a regulator or operator, or with a login link that the \
                 operator made for you with `tallystick web link`.",
                "请使用监管机构或运营方的已登记证书打开本页,或使用运营方通过 `tallystick web link` 生成的登录链接。",
            ),
        ),
        Refusal::Forbidden(error) => Notice {
            code: Some(error.reason()),
            ..Notice::of(
                StatusCode::FORBIDDEN,
                Words("You may not look", "无权查看"),
                Words(
                    "The dashboard is for active members with the role of regulator or operator. Ask the operator.",
                    "本页面仅供有效的监管机构或运营方成员查看。请联系运营方。",
                ),
            )
        },
    };
    notice(visit, None, told)
}

/// When an answer took too long.
pub(super) fn busy(_: &Site, visit: &Visit) -> Response {
    let title = Words("Too slow", "响应超时");
    let text = Words(
        "The page took too long. Try again later.",
        "页面生成超时,请稍后再试。",
    );
    notice(
        visit,
        None,
        Notice::of(StatusCode::SERVICE_UNAVAILABLE, title, text),
    )
}

/// Who looks at what, or the page that says why not.
fn admit(site: &Site, parts: &Parts) -> (Visit, Result<Viewer, Refusal>) {
    let visit = Visit::of(site, &parts.uri, &parts.headers);
    let shown = parts.extensions.get::<Shown>().copied().unwrap_or(Shown(None));
    let viewer = site.viewer(&visit, shown);
    match &viewer {
        Ok(viewer) => tracing::info!(
            member.id = viewer.member_id().as_str(),
            page = visit.path,
            "dashboard: a member looks"
        ),
        Err(Refusal::Forbidden(error)) => log_refusal(*error, None),
        Err(Refusal::Stranger) => tracing::info!("dashboard: somebody without a login was refused"),
    }
    (visit, viewer)
}

fn answer(visit: &Visit, viewer: Option<&Viewer>, made: Result<Response, Trouble>) -> Response {
    match made {
        Ok(response) => response,
        Err(Trouble::Refused(refusal)) => refused(visit, refusal),
        Err(Trouble::Told(told)) => notice(visit, viewer, *told),
        Err(Trouble::Window(error)) => {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "the dashboard cannot read what it shows");
            notice(visit, viewer, Notice::fault())
        }
    }
}

pub(in crate::web) async fn page(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let (visit, viewer) = admit(&site, &parts);
    let made = match &viewer {
        Ok(viewer) => make(&site, &visit, viewer).await,
        Err(refusal) => Err(Trouble::Refused(*refusal)),
    };
    answer(&visit, viewer.as_ref().ok(), made)
}

pub(in crate::web) async fn nowhere(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let (visit, viewer) = admit(&site, &parts);
    let viewer = viewer.as_ref();
    let made = viewer
        .map_err(|refusal| Trouble::Refused(*refusal))
        .and_then(|_| Err(Notice::nothing().into()));
    answer(&visit, viewer.ok(), made)
}

pub(in crate::web) async fn wrong_method(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let visit = Visit::of(&site, &parts.uri, &parts.headers);
    let title = Words("Nothing to send here", "此处不接受提交");
    let text = Words("This address can only be looked at.", "该地址仅供查看。");
    notice(
        &visit,
        None,
        Notice::of(StatusCode::METHOD_NOT_ALLOWED, title, text),
    )
}

async fn make(site: &Site, visit: &Visit, viewer: &Viewer) -> Result<Response, Trouble> {
    let section = visit.section().unwrap_or(Section::Overview);
    let language = visit.language();
    let frame = Frame::of(visit, section.name(language).to_owned(), Some(viewer));
    let lead = section.lead(language);
    if section == Section::Definitions {
        let listed = pages::definitions(language);
        return Ok(rendered(StatusCode::OK, &Definitions { frame, lead, listed }));
    }
    let (choices, content, notice) = if section.is_of_a_snapshot() {
        of_a_snapshot(site, visit, section).await?
    } else {
        of_a_month(site, visit, section).await?
    };
    let page = Page {
        frame,
        lead,
        choices,
        notice,
        content,
    };
    Ok(rendered(StatusCode::OK, &page))
}

type Made = (Vec<Choice>, Content, Option<&'static str>);

async fn of_a_snapshot(site: &Site, visit: &Visit, section: Section) -> Result<Made, Trouble> {
    let window = site.dashboard.window.as_ref();
    let (asked, asked_currency) = (visit.query.date("as_of")?, visit.query.currency()?);
    let snapshots = latest(window.snapshots(SNAPSHOTS_MAX).await?);
    let chosen = match asked {
        Some(date) => snapshots.iter().find(|snapshot| snapshot.key.as_of == date),
        None => snapshots.first(),
    };
    let Some(snapshot) = chosen.cloned() else {
        let none = Words("No statistics are published yet.", "尚未发布统计数据。");
        return match asked {
            Some(_) => Err(Notice::nothing().into()),
            None => Ok((Vec::new(), Content::default(), Some(visit.say(none)))),
        };
    };
    let currencies = window.currencies(snapshot.key).await?;
    let currency = choose(&currencies, asked_currency);
    let choices = vec![
        Choice {
            name: visit.say(Words("Date", "日期")),
            parameter: "as_of",
            options: snapshots
                .iter()
                .map(|snapshot| snapshot.key.as_of.to_string())
                .collect(),
            chosen: snapshot.key.as_of.to_string(),
        },
        Choice {
            name: visit.say(Words("Currency of amounts", "金额币种")),
            parameter: "currency",
            options: currencies.iter().map(Currency::to_string).collect(),
            chosen: currency.map_or(String::new(), |currency| currency.to_string()),
        },
    ];
    let desk = Desk {
        window,
        snapshot,
        currency,
        language: visit.language(),
    };
    let content = pages::of_a_snapshot(section, &desk).await?;
    Ok((choices, content, None))
}

/// The currency asked for, the renminbi, or whichever there is.
fn choose(there: &[Currency], asked: Option<Currency>) -> Option<Currency> {
    let wanted = asked.unwrap_or(Currency::CNY);
    there
        .iter()
        .find(|currency| **currency == wanted)
        .or(there.first())
        .copied()
}

/// The latest version of each date, newest first.
fn latest(mut snapshots: Vec<Snapshot>) -> Vec<Snapshot> {
    snapshots.retain(|snapshot| snapshot.state == SnapshotState::Published);
    snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.key));
    snapshots.dedup_by_key(|snapshot| snapshot.key.as_of);
    snapshots
}

async fn of_a_month(site: &Site, visit: &Visit, section: Section) -> Result<Made, Trouble> {
    let (months, month) = month(site, visit)?;
    let supervision = site.dashboard.supervision.as_ref();
    let language = visit.language();
    let content = if section == Section::Quality {
        pages::quality(&supervision.quality(month).await?, month, language)
    } else {
        let found = supervision.conduct(month).await?;
        pages::conduct(&found, &supervision.thresholds(), month, language)
    };
    let choice = Choice {
        name: visit.say(Words("Month", "月份")),
        parameter: "month",
        options: months
            .iter()
            .map(|month| month.format("%Y-%m").to_string())
            .collect(),
        chosen: month.first().format("%Y-%m").to_string(),
    };
    Ok((vec![choice], content, None))
}

/// Months that can be asked about, newest first, and the one that is.
fn month(site: &Site, visit: &Visit) -> Result<(Vec<NaiveDate>, Month), Trouble> {
    let today = site.dashboard.zone.date_of(site.dashboard.clock.now());
    let of = |date: NaiveDate| {
        use chrono::Datelike as _;
        Month::of(date.year(), date.month())
    };
    let months: Vec<NaiveDate> = (0..=MONTHS_BACK_MAX)
        .filter_map(|back| of(months_before(today, back)))
        .map(Month::first)
        .collect();
    let asked = visit
        .query
        .month()?
        .or_else(|| of(today))
        .ok_or_else(Notice::nothing)?;
    match months.contains(&asked.first()) {
        true => Ok((months, asked)),
        false => Err(Notice::nothing().into()),
    }
}

pub(in crate::web) async fn table_file(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let (visit, viewer) = admit(&site, &parts);
    let made = match &viewer {
        Ok(_) => table(&site, &visit).await,
        Err(refusal) => Err(Trouble::Refused(*refusal)),
    };
    answer(&visit, viewer.as_ref().ok(), made)
}

async fn table(site: &Site, visit: &Visit) -> Result<Response, Trouble> {
    let (published, currency, dates) = visit.query.table()?;
    let window = site.dashboard.window.as_ref();
    let listing = Listing::read(window, published, currency, dates).await?;
    let name = format!("{}-{}.csv", published.indicator.name(), dates.1);
    Ok(csv(&name, to_csv(&listing.file())))
}

pub(in crate::web) async fn quality_file(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    of_lenders(&site, &parts, Section::Quality).await
}

pub(in crate::web) async fn conduct_file(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    of_lenders(&site, &parts, Section::Conduct).await
}

async fn of_lenders(site: &Site, parts: &Parts, section: Section) -> Response {
    let (visit, viewer) = admit(site, parts);
    let made = match &viewer {
        Ok(_) => lenders_file(site, &visit, section).await,
        Err(refusal) => Err(Trouble::Refused(*refusal)),
    };
    answer(&visit, viewer.as_ref().ok(), made)
}

async fn lenders_file(site: &Site, visit: &Visit, section: Section) -> Result<Response, Trouble> {
    let (_, month) = month(site, visit)?;
    let supervision = site.dashboard.supervision.as_ref();
    let (name, lines) = if section == Section::Quality {
        let found = supervision.quality(month).await?;
        ("quality", pages::quality_file(&found, month))
    } else {
        let found = supervision.conduct(month).await?;
        let thresholds = supervision.thresholds();
        ("conduct", pages::conduct_file(&found, &thresholds, month))
    };
    let name = format!("{name}-{}.csv", month.first().format("%Y-%m"));
    Ok(csv(&name, to_csv(&lines)))
}
