//! `tallystick member`: the operator's side of the register.

mod conduct;
mod subjects;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use self::conduct::Conduct;
use self::subjects::{Merge, Split};
use super::answer::words;
use super::connect::Connect;
use super::output::{Output, table, to_json};
use crate::client::{Client, ClientError};
use crate::domain::date::BusinessZone;
use crate::members::parse_certificate;
use crate::wire::convert::date::timestamp_to_wire;
use crate::wire::convert::member::certificate_to_wire;
use crate::wire::convert::request::request_id_to_wire;
use crate::wire::{FieldMask, Timestamp, pb};

/// Most rows of one page.
const PAGE_ROWS: i32 = 1_000;

/// Enrol members, their certificates and quotas; merge and split subjects.
#[derive(Debug, Args)]
#[command(
    after_help = "What two operators must agree on (create, grant, merge, split) prints the request id to give to the \
    second operator, who runs the same command with --request-id.\n\nExamples:\n  \
    tallystick member create swift-cash --name 'Swift Cash' --group online-microloan --role lender\n  \
    tallystick member add-certificate swift-cash swift-cash.pem\n  \
    tallystick member list --output json"
)]
pub struct Member {
    #[command(flatten)]
    connect: Connect,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t, global = true)]
    output: Output,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Register a member.
    Create(Create),
    /// Show one member.
    Show {
        /// Which.
        member_id: String,
    },
    /// Show all members.
    List,
    /// Change a member's name, group, roles or quota. With two operators, one can only take roles away and lower the quota.
    Update(Update),
    /// Suspend a member: refused from its next call on.
    Suspend {
        /// Which.
        member_id: String,
    },
    /// Let a suspended member call again.
    Resume {
        /// Which.
        member_id: String,
    },
    /// A member leaves for good; its positions stay.
    Leave {
        /// Which.
        member_id: String,
    },
    /// Let a certificate speak for a member.
    AddCertificate {
        /// For which member.
        member_id: String,
        /// PEM or DER file.
        certificate: PathBuf,
    },
    /// Silence a certificate for good.
    RevokeCertificate {
        /// Of which member.
        member_id: String,
        /// SHA-256 of the certificate in hexadecimal, as `show` prints it.
        fingerprint: String,
    },
    /// Grant a burst of token evaluations.
    Grant(Grant),
    /// Make two identifiers of one subject one: the first file's or flags' identifier stays.
    Merge(Merge),
    /// Give an identifier a subject of its own.
    Split(Split),
    /// Show how members behaved in a month, for operator and regulator.
    Conduct(Conduct),
}

#[derive(Debug, Args)]
struct Create {
    /// Lower case, 3 to 32 of a-z, 0-9 and -.
    member_id: String,
    /// For people.
    #[arg(long)]
    name: String,
    /// bank, consumer-finance, online-microloan, microloan, auto-leasing or other.
    #[arg(long, default_value = "other")]
    group: String,
    /// lender, regulator, operator or collector; may be repeated.
    #[arg(long = "role", default_value = "lender")]
    roles: Vec<String>,
    /// Token evaluations a day.
    #[arg(long, default_value_t = 100_000)]
    evaluations_per_day: u32,
    /// Certificate that speaks for it from the start, PEM or DER; may be repeated. An operator's come only so.
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// Rule pack; may be repeated, the first is the default.
    #[arg(long = "rule-pack", value_name = "NAME")]
    rule_packs: Vec<String>,
    /// Of the proposal to repeat.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

#[derive(Debug, Args)]
struct Update {
    /// Which member.
    member_id: String,
    /// For people.
    #[arg(long)]
    name: Option<String>,
    /// bank, consumer-finance, online-microloan, microloan, auto-leasing or other.
    #[arg(long)]
    group: Option<String>,
    /// All roles that it keeps; may be repeated.
    #[arg(long = "role")]
    roles: Vec<String>,
    /// Token evaluations a day.
    #[arg(long)]
    evaluations_per_day: Option<u32>,
}

#[derive(Debug, Args)]
struct Grant {
    /// To which member.
    member_id: String,
    /// How many.
    evaluations: u64,
    /// Last day on which they can be used.
    #[arg(long, value_name = "DATE")]
    until: NaiveDate,
    /// Why; no personal data.
    #[arg(long)]
    reason: String,
    /// Of the proposal to repeat.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

impl Member {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut client = self.connect.client().await?;
        let output = self.output;
        match self.what {
            What::Create(create) => create.run(&client, output).await,
            What::Show { member_id } => show(&client, member_id, output).await,
            What::List => list(&client, output).await,
            What::Update(update) => update.run(&client, output).await,
            What::Suspend { member_id } => {
                set_state(&client, member_id, pb::MemberState::Suspended, output).await
            }
            What::Resume { member_id } => {
                set_state(&client, member_id, pb::MemberState::Active, output).await
            }
            What::Leave { member_id } => set_state(&client, member_id, pb::MemberState::Left, output).await,
            What::AddCertificate {
                member_id,
                certificate,
            } => add(&client, member_id, &certificate).await,
            What::RevokeCertificate {
                member_id,
                fingerprint,
            } => revoke(&client, member_id, &fingerprint).await,
            What::Grant(grant) => grant.run(&client).await,
            What::Merge(merge) => merge.run(&mut client).await,
            What::Split(split) => split.run(&mut client).await,
            What::Conduct(conduct) => conduct.run(&client, output).await,
        }
    }
}

impl Create {
    async fn run(self, client: &Client, output: Output) -> anyhow::Result<()> {
        let request_id = request_id(client, self.request_id);
        let member = pb::Member {
            member_id: self.member_id,
            display_name: self.name,
            lender_group: group_of(&self.group)?.into(),
            roles: roles_of(&self.roles)?,
            evaluations_per_day: self.evaluations_per_day,
            certificates: self
                .certificates
                .iter()
                .map(|path| certificate(path))
                .collect::<anyhow::Result<_>>()?,
            rule_packs: self.rule_packs,
            ..pb::Member::default()
        };
        let request = pb::CreateMemberRequest {
            member: Some(member),
            request_id: request_id.clone(),
        };
        let answer = client
            .admin()
            .create_member(request)
            .await
            .map_err(ClientError::from)?
            .into_inner();
        let member = answer.member.unwrap_or_default();
        if member.state() == pb::MemberState::Proposed {
            eprintln!("proposed: a second operator repeats this command with --request-id {request_id}");
        }
        print_members(&[member], output)
    }
}

impl Update {
    async fn run(self, client: &Client, output: Output) -> anyhow::Result<()> {
        let mut member = pb::Member {
            member_id: self.member_id,
            ..pb::Member::default()
        };
        let mut paths = Vec::new();
        if let Some(name) = self.name {
            member.display_name = name;
            paths.push("display_name".to_owned());
        }
        if let Some(group) = self.group {
            member.lender_group = group_of(&group)?.into();
            paths.push("lender_group".to_owned());
        }
        if !self.roles.is_empty() {
            member.roles = roles_of(&self.roles)?;
            paths.push("roles".to_owned());
        }
        if let Some(evaluations) = self.evaluations_per_day {
            member.evaluations_per_day = evaluations;
            paths.push("evaluations_per_day".to_owned());
        }
        change(client, member, paths, output).await
    }
}

fn group_of(text: &str) -> anyhow::Result<pb::LenderGroup> {
    let name = format!("LENDER_GROUP_{}", text.replace('-', "_").to_uppercase());
    pb::LenderGroup::from_str_name(&name).with_context(|| format!("{text} is no group"))
}

fn roles_of(texts: &[String]) -> anyhow::Result<Vec<i32>> {
    let role = |text: &String| {
        pb::Role::from_str_name(&format!("ROLE_{}", text.to_uppercase()))
            .map(i32::from)
            .with_context(|| format!("{text} is no role"))
    };
    texts.iter().map(role).collect()
}

async fn change(
    client: &Client,
    member: pb::Member,
    paths: Vec<String>,
    output: Output,
) -> anyhow::Result<()> {
    let request = pb::UpdateMemberRequest {
        member: Some(member),
        update_mask: Some(FieldMask { paths }),
    };
    let answer = client
        .admin()
        .update_member(request)
        .await
        .map_err(ClientError::from)?
        .into_inner();
    print_members(&[answer.member.unwrap_or_default()], output)
}

impl Grant {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let request_id = request_id(client, self.request_id);
        let end = crate::domain::date::days_after(self.until, 1);
        let request = pb::GrantEvaluationsRequest {
            member_id: self.member_id,
            evaluations: self.evaluations,
            expires_at: Some(timestamp_to_wire(BusinessZone::default().start_of(end))),
            reason: self.reason,
            request_id: request_id.clone(),
        };
        let answer = client
            .admin()
            .grant_evaluations(request)
            .await
            .map_err(ClientError::from)?;
        say_done(answer.into_inner().done, &request_id);
        Ok(())
    }
}

fn certificate(path: &Path) -> anyhow::Result<pb::Certificate> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let certificate = parse_certificate(&bytes)
        .with_context(|| format!("{} cannot be used as a certificate", path.display()))?;
    Ok(certificate_to_wire(&certificate))
}

pub(super) fn request_id(client: &Client, given: Option<String>) -> String {
    given.unwrap_or_else(|| request_id_to_wire(client.request_id()))
}

fn say_done(done: bool, request_id: &str) {
    if done {
        println!("done");
    } else {
        println!("proposed: a second operator repeats this command with --request-id {request_id}");
    }
}

async fn show(client: &Client, member_id: String, output: Output) -> anyhow::Result<()> {
    let request = pb::GetMemberRequest { member_id };
    let answer = client
        .admin()
        .get_member(request)
        .await
        .map_err(ClientError::from)?
        .into_inner();
    let member = answer.member.unwrap_or_default();
    print_members(std::slice::from_ref(&member), output)?;
    if output == Output::Table && !member.certificates.is_empty() {
        let mut certificates = table(&["certificate (SHA-256)", "valid until", "revoked"]);
        for certificate in &member.certificates {
            let date = |at: &Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
            certificates.add_row([
                hex(&certificate.fingerprint),
                date(&certificate.not_after),
                date(&certificate.revoked_at),
            ]);
        }
        println!("{certificates}");
    }
    Ok(())
}

async fn list(client: &Client, output: Output) -> anyhow::Result<()> {
    let mut members = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListMembersRequest {
            page_size: PAGE_ROWS,
            page_token,
        };
        let page = client
            .admin()
            .list_members(request)
            .await
            .map_err(ClientError::from)?
            .into_inner();
        members.extend(page.members);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return print_members(&members, output);
        }
    }
}

async fn set_state(
    client: &Client,
    member_id: String,
    state: pb::MemberState,
    output: Output,
) -> anyhow::Result<()> {
    let member = pb::Member {
        member_id,
        state: state.into(),
        ..pb::Member::default()
    };
    change(client, member, vec!["state".to_owned()], output).await
}

async fn add(client: &Client, member_id: String, path: &Path) -> anyhow::Result<()> {
    let certificate = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let request = pb::AddCertificateRequest {
        member_id,
        certificate,
    };
    let answer = client
        .admin()
        .add_certificate(request)
        .await
        .map_err(ClientError::from)?
        .into_inner();
    println!(
        "added {}",
        hex(&answer.certificate.unwrap_or_default().fingerprint)
    );
    Ok(())
}

async fn revoke(client: &Client, member_id: String, fingerprint: &str) -> anyhow::Result<()> {
    let fingerprint = unhex(fingerprint).context("a fingerprint has 64 hexadecimal digits")?;
    let request = pb::RevokeCertificateRequest {
        member_id,
        fingerprint,
    };
    client
        .admin()
        .revoke_certificate(request)
        .await
        .map_err(ClientError::from)?;
    println!("revoked");
    Ok(())
}

fn print_members(members: &[pb::Member], output: Output) -> anyhow::Result<()> {
    if output == Output::Json {
        for member in members {
            println!("{}", to_json(member, "Member")?);
        }
        return Ok(());
    }
    let mut shown = table(&[
        "member",
        "name",
        "group",
        "roles",
        "state",
        "certificates",
        "evaluations a day",
    ]);
    for member in members {
        let roles: Vec<String> = member
            .roles()
            .map(|role| words(role.as_str_name(), "ROLE_"))
            .collect();
        let live = member
            .certificates
            .iter()
            .filter(|certificate| certificate.revoked_at.is_none())
            .count();
        shown.add_row([
            member.member_id.clone(),
            member.display_name.clone(),
            words(member.lender_group().as_str_name(), "LENDER_GROUP_"),
            roles.join(", "),
            words(member.state().as_str_name(), "MEMBER_STATE_"),
            live.to_string(),
            member.evaluations_per_day.to_string(),
        ]);
    }
    println!("{shown}");
    Ok(())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.replace(':', "");
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_they_are_shown() {
        let bytes: Vec<u8> = (0..32).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        for wrong in ["", "zz", &"0".repeat(63), &"é".repeat(32)] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
