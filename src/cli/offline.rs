//! `tallystick offline`: codes to lend by while the service cannot be reached.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::batch::Pages;
use super::connect::Connect;
use super::consent::ConsentArgs;
use super::exit::{Ending, Exit};
use super::identifiers::Identifiers;
use super::output::{Output, from_json, table, to_json};
use super::report::primary;
use crate::audit::{VerifierKey, verify_offline_code};
use crate::client::ClientError;
use crate::domain::clock::{Clock as _, SystemClock};
use crate::domain::date::Timestamp;
use crate::domain::unit::offline::BACKFILL_PURPOSE;
use crate::wire::convert::consent::consent_to_wire;
use crate::wire::convert::date::{timestamp_from_wire, timestamp_to_wire};
use crate::wire::convert::request::request_id_to_wire;
use crate::wire::pb;

/// Begins the line of a file of codes that has the key.
const KEY_LINE: &str = "# verifier ";

/// Lend while the service cannot be reached: get codes ahead, check them offline, report the loans afterwards.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick offline issue --count 200 --file codes.txt\n  \
    tallystick offline verify --file codes.txt\n  \
    tallystick offline verify --verifier 'market.example+1a2b3c4d+Ab…' TSO1.lender-a.…\n  \
    tallystick offline backfill --code TSO1.lender-a.… --used-at 2026-11-26T10:15:00+08:00 --position loan.json \
    --consent C-17 --consent-text consent.txt --consent-from 2026-11-26 --identifiers - <<< NATIONAL_ID:CN:11010519491231002X\n  \
    tallystick offline list --over-limit")]
pub struct Offline {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Have codes issued; keep them like money.
    Issue(Issue),
    /// Check codes without the service; the exit code is 1 when one is not valid now.
    Verify(Verify),
    /// Report a loan that was made under a code, and learn which limits it broke.
    Backfill(Box<Backfill>),
    /// List loans made under codes: your own, or everybody's for operator and regulator.
    List(List),
}

#[derive(Debug, Args)]
struct Issue {
    #[command(flatten)]
    connect: Connect,
    /// How many, at most 1,000.
    #[arg(long, default_value_t = 100)]
    count: u32,
    /// New file for them, readable by you alone; printed unless given.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// UUID of the request: repeat it to get the same codes again. A new one unless told.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Debug, Args)]
struct Verify {
    /// Codes.
    #[arg(value_name = "CODE", required_unless_present = "file")]
    codes: Vec<String>,
    /// File of codes as `issue` writes it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Public key of the service's log; without it, the one in the file is taken.
    #[arg(long, value_name = "KEY", required_unless_present = "file")]
    verifier: Option<String>,
}

#[derive(Debug, Args)]
struct Backfill {
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    identifiers: Identifiers,
    #[command(flatten)]
    consent: ConsentArgs,
    /// The code that the loan was made under.
    #[arg(long)]
    code: String,
    /// When the loan was granted, such as 2026-11-26T10:15:00+08:00.
    #[arg(long, value_name = "INSTANT")]
    used_at: DateTime<Utc>,
    /// File with the position as JSON; without liabilities in it, the identifiers are the primary borrower's.
    #[arg(long, value_name = "FILE")]
    position: PathBuf,
    /// Rule pack to judge it by; your first in the loan's currency unless told.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    rule_pack: String,
    /// Gross monthly income in minor units, where the rule pack asks for it.
    #[arg(
        long,
        value_name = "MINOR_UNITS",
        default_value_t = 0,
        hide_default_value = true
    )]
    monthly_income: i64,
    /// UUID of the request: repeat it to repeat the request safely. A new one unless told.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    connect: Connect,
    /// Whose; for operator and regulator, everybody's unless told.
    #[arg(long, value_name = "MEMBER", default_value = "", hide_default_value = true)]
    member: String,
    /// Only loans that broke a limit.
    #[arg(long)]
    over_limit: bool,
    /// Only loans that were back-filled more than 24 hours after they were granted.
    #[arg(long)]
    late: bool,
    /// At most so many loans, the newest; all unless told.
    #[arg(long)]
    limit: Option<u64>,
    /// Form of the answer; JSON is a line for each loan.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Offline {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Issue(issue) => issue.run().await,
            What::Verify(verify) => verify.run(SystemClock.now()),
            What::Backfill(backfill) => backfill.run().await,
            What::List(list) => list.run().await,
        }
    }
}

impl Issue {
    async fn run(self) -> anyhow::Result<()> {
        // Before anything is issued: nobody loses codes to a file that cannot be written.
        let mut file = self.file.as_deref().map(private).transpose()?;
        let text = match (self.issued().await, self.output) {
            (Err(error), _) => {
                // An empty file would only be in the way of another try; one that stays is told by that.
                if let Some(path) = &self.file {
                    let _ = std::fs::remove_file(path);
                }
                return Err(error);
            }
            (Ok(issued), Output::Json) => to_json(&issued, "IssueOfflineCodesResponse")? + "\n",
            (Ok(issued), Output::Table) => listed(&issued),
        };
        match &mut file {
            Some(file) => {
                file.write_all(text.as_bytes())
                    .context("cannot write the file of codes")?;
                println!("{} codes written", self.count);
            }
            None => print!("{text}"),
        }
        Ok(())
    }

    async fn issued(&self) -> anyhow::Result<pb::IssueOfflineCodesResponse> {
        let client = self.connect.client().await?;
        let named = self.request_id.clone();
        let request_id = named.unwrap_or_else(|| request_id_to_wire(client.request_id()));
        let again =
            format!("if codes were issued, --request-id {request_id} with the same --count gives them again");
        let request = pb::IssueOfflineCodesRequest {
            count: self.count,
            request_id,
        };
        let issued = client.exposure().issue_offline_codes(request).await;
        Ok(issued.map_err(ClientError::from).context(again)?.into_inner())
    }
}

/// A new file that its owner alone may read.
fn private(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)
        .with_context(|| format!("cannot make {}: codes go to a new file", path.display()))
}

/// Codes as a file has them: the key, then a line each.
fn listed(issued: &pb::IssueOfflineCodesResponse) -> String {
    let codes = issued.codes.iter().map(|code| code.code.as_str());
    let key = format!("{KEY_LINE}{}", issued.verifier_key);
    [key.as_str()]
        .into_iter()
        .chain(codes)
        .fold(String::new(), |text, line| text + line + "\n")
}

impl Verify {
    fn run(self, now: Timestamp) -> anyhow::Result<()> {
        let (mut key, mut codes) = (self.verifier, self.codes);
        if let Some(path) = &self.file {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            for line in lines {
                match line.strip_prefix(KEY_LINE) {
                    Some(found) => key = key.or_else(|| Some(found.to_owned())),
                    None if line.starts_with('#') => {}
                    None => codes.push(line.to_owned()),
                }
            }
        }
        let key = key.context("the file names no key: give it with --verifier")?;
        let key = VerifierKey::parse(&key).context("it is no public key of a log")?;
        anyhow::ensure!(!codes.is_empty(), "the file has no codes");
        let mut invalid = 0_u64;
        for text in &codes {
            match judge(text, &key, now) {
                Ok(said) => println!("{said}"),
                Err(reason) => {
                    invalid += 1;
                    println!("not valid: {reason}");
                }
            }
        }
        match invalid {
            0 => Ok(()),
            invalid => Err(Ending {
                exit: Exit::Failed,
                message: format!(
                    "{invalid} of {} codes are not valid: lend under none of them",
                    codes.len()
                ),
            }
            .into()),
        }
    }
}

/// What a code says, if it is valid at an instant.
fn judge(text: &str, key: &VerifierKey, now: Timestamp) -> Result<String, String> {
    let code = verify_offline_code(text, key).map_err(|error| error.to_string())?;
    let until = DateTime::from_timestamp_micros(code.expires_at.micros()).map_or_else(String::new, |until| {
        until.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    });
    match now < code.expires_at {
        true => Ok(format!(
            "valid until {until}, of {}, number {} of series {}",
            code.member_id, code.place, code.series_id
        )),
        false => Err(format!("it expired at {until}")),
    }
}

impl Backfill {
    async fn run(self) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(&self.position)
            .with_context(|| format!("cannot read {}", self.position.display()))?;
        let mut position: pb::Position = from_json(&text, "Position")?;
        let used_at = Timestamp::from_micros(self.used_at.timestamp_micros());
        // Where the service's days begin is not known here: nobody makes up on which the borrower agreed.
        let consent = self.consent.read(BACKFILL_PURPOSE, None)?;
        let mut client = self.connect.client().await?;
        if position.liabilities.is_empty() {
            position
                .liabilities
                .push(primary(&self.identifiers, &mut client).await?);
        }
        let request = pb::BackfillOfflineCodeRequest {
            code: self.code,
            used_at: Some(timestamp_to_wire(used_at)),
            consent: Some(consent_to_wire(&consent)),
            position: Some(position),
            request_id: self
                .request_id
                .unwrap_or_else(|| request_id_to_wire(client.request_id())),
            rule_pack: self.rule_pack,
            monthly_income: self.monthly_income,
        };
        let filled = client.exposure().backfill_offline_code(request).await;
        let filled = filled.map_err(ClientError::from)?.into_inner();
        match self.output {
            Output::Json => println!("{}", to_json(&filled, "BackfillOfflineCodeResponse")?),
            Output::Table => print!("{}", told(&filled)),
        }
        Ok(())
    }
}

fn told(filled: &pb::BackfillOfflineCodeResponse) -> String {
    let late = match filled.late {
        true => ", more than 24 hours after the loan",
        false => "",
    };
    let mut lines = vec![format!("on file as version {}{late}", filled.version)];
    lines.extend(
        filled
            .over_limit
            .iter()
            .map(|reason| format!("  over limit {}: {}", reason.code, reason.description)),
    );
    let warnings = filled.warnings.iter();
    lines.extend(warnings.map(|w| format!("  warning {} at {}: {}", w.code, w.field, w.description)));
    lines.join("\n") + "\n"
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.connect.client().await?;
        let mut pages = Pages::up_to(self.limit);
        while let Some((page_size, page_token)) = pages.next() {
            let request = pb::ListOfflineUsesRequest {
                member_id: self.member.clone(),
                over_limit_only: self.over_limit,
                late_only: self.late,
                page_size,
                page_token,
            };
            let page = client.exposure().list_offline_uses(request).await;
            let page = page.map_err(ClientError::from)?.into_inner();
            let uses = pages.take(page.uses, page.next_page_token);
            match self.output {
                Output::Json => super::batch::print_lines(&uses, "OfflineUse")?,
                Output::Table => println!("{}", rows_of(&uses)),
            }
        }
        Ok(())
    }
}

fn rows_of(uses: &[pb::OfflineUse]) -> comfy_table::Table {
    let mut rows = table(&[
        "member",
        "account",
        "granted",
        "back-filled",
        "late",
        "over limit",
        "rule pack",
    ]);
    let instant = |at: Option<Timestamp>| {
        at.and_then(|at| DateTime::from_timestamp_micros(at.micros()))
            .map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
    };
    for row in uses {
        rows.add_row([
            row.member_id.clone(),
            row.account_ref.clone(),
            instant(timestamp_from_wire(row.used_at)),
            instant(timestamp_from_wire(row.backfilled_at)),
            if row.late { "late" } else { "" }.to_owned(),
            row.over_limit.join(", "),
            row.rule_pack.clone(),
        ]);
    }
    rows
}
