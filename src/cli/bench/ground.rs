//! What is measured stands on it: a folder with certificates, keys, 200 enrolled lenders and a loaded market.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use super::counting::{self, Counted};
use super::engine::Engine;
use super::indicators;
use super::population::{LENDERS_COUNT, Population, lender, positions_of};
use crate::cli::authority::{Authority, Validity};
use crate::cli::certs;
use crate::domain::clock::{Clock as _, Entropy as _, SystemClock};
use crate::domain::date::days_before;
use crate::domain::member::{Certificate, LenderGroup, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::position::{EventType, ReportOrder};
use crate::domain::token::{KeyVersion, Pseudonym};
use crate::domain::unit::{Action, Administration, NewMember, Outcome, Report, Write};
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::{self, Halves, KeyCommands, LedgerKeys, TokenKeys};
use crate::members::parse_certificate;
use crate::store::Store;

/// The key version of the bench's tokens.
pub(super) const KEY_VERSION: KeyVersion = KeyVersion(1);
/// Lenders with a certificate: each has a connection of its own at most.
pub(super) const CALLERS: usize = 64;
/// The authority's certificate in its folder.
pub(super) const CA_FILE: &str = "ca.pem";
/// The folder of rule packs in its folder.
pub(super) const RULES_FOLDER: &str = "rule_packs";
/// The rule pack of all lenders, and its text.
const RULES: &str = "bench-wide";
const RULES_TEXT: &str = include_str!("wide.toml");
/// Days that certificates are valid.
const CERTIFICATE_DAYS: u32 = 30;
/// Subjects whose tokens are made at once.
const SUBJECTS_AT_ONCE: u64 = 500;
/// Reports on their way to the store at once: two full groups.
const REPORTS_IN_FLIGHT: usize = 1_024;

/// A loaded market with everything around it.
pub(super) struct Ground {
    pub folder: PathBuf,
    pub engine: Engine,
    pub population: Population,
    pub tokens: Arc<TokenKeys>,
    pub ledger: Arc<LedgerKeys>,
    /// By number in the market; the first [`CALLERS`] have certificates.
    pub lenders: Vec<(MemberId, MemberNo)>,
    pub loading_seconds: f64,
    pub bytes_per_position: f64,
    pub counted: Counted,
}

impl Ground {
    /// Makes everything in an empty folder, and the database and its copy where the engine has them.
    pub async fn make(folder: &Path, engine: Engine, population: Population) -> anyhow::Result<Self> {
        let callers = issue_all(&folder.join("certs"))?;
        let rules = folder.join(RULES_FOLDER);
        std::fs::create_dir_all(&rules)?;
        std::fs::write(rules.join("wide.toml"), RULES_TEXT)?;
        let data = folder.join("data");
        std::fs::create_dir_all(&data)?;
        let opened = keys::open(&data, Halves::Both, &KeyCommands::default(), true, &SystemEntropy)?;
        let store = engine.open().await?;
        let mut ground = Self {
            folder: folder.to_owned(),
            engine,
            population,
            tokens: Arc::new(opened.token.context("the token keys are missing")?),
            ledger: Arc::new(opened.ledger.context("the ledger keys are missing")?),
            lenders: enrol(store.as_ref(), callers).await?,
            loading_seconds: 0.0,
            bytes_per_position: 0.0,
            counted: Counted::default(),
        };
        let begun = std::time::Instant::now();
        let loaded = ground.load(store.as_ref()).await?;
        ground.loading_seconds = begun.elapsed().as_secs_f64();
        ground.counted = counting::count(store.as_ref(), population.today).await?;
        indicators::publish(store.as_ref(), population.today).await?;
        drop(store);
        ground.bytes_per_position = ratio(ground.engine.copy().await?, loaded);
        Ok(ground)
    }

    /// Certificate, key and authority of a caller.
    pub fn certificate(&self, caller: usize) -> [PathBuf; 3] {
        let certs = self.folder.join("certs");
        let name = lender_name(caller);
        [
            certs.join(format!("{name}.pem")),
            certs.join(format!("{name}.key")),
            certs.join(CA_FILE),
        ]
    }

    /// The pseudonyms of a subject's identifiers: those of any member's tokens.
    pub fn pseudonyms(&self, subject: u64) -> anyhow::Result<Vec<Pseudonym>> {
        pseudonyms(
            &self.tokens,
            &self.ledger,
            &self.lenders[0].0,
            self.population,
            subject,
        )
    }

    /// Loads the market through the store: everybody's first loan, then the second loans, and so on, as time brings them.
    async fn load(&self, store: &dyn Store) -> anyhow::Result<u64> {
        let subjects = self.population.subjects();
        let known = self.all_pseudonyms(subjects).await?;
        let bar = bar(self.population.positions, "positions loaded")?;
        let deepest = (0..subjects).map(positions_of).max().unwrap_or(0);
        let order = ReportOrder {
            as_of: days_before(self.population.today, 1),
            sequence: 1,
        };
        let places = (0..deepest).flat_map(|place| (0..subjects).map(move |subject| (subject, place)));
        let writes = places
            .filter(|(subject, place)| *place < positions_of(*subject))
            .map(|(subject, place)| {
                let tokens = usize::try_from(subject).ok().and_then(|index| known.get(index));
                let tokens = tokens.cloned().unwrap_or_default();
                let position = self.population.position(subject, place, tokens, order);
                let position = position.context("an account of the market has no valid name")?;
                Ok(self.write(lender(subject, place), position))
            });
        let loaded = futures::stream::iter(writes)
            .map_ok(|write| async {
                store.apply(write).await?;
                bar.inc(1);
                Ok(1)
            })
            .try_buffer_unordered(REPORTS_IN_FLIGHT)
            .try_fold(0_u64, async |sum, one: u64| Ok::<_, anyhow::Error>(sum + one))
            .await?;
        bar.finish_and_clear();
        Ok(loaded)
    }

    fn write(&self, lender: u64, position: crate::domain::position::Position<Pseudonym>) -> Write {
        let lender = usize::try_from(lender).unwrap_or(0);
        let (member_id, member_no) = &self.lenders[lender];
        Write {
            member_no: *member_no,
            member_id: member_id.clone(),
            certificate: Fingerprint([0; 32]),
            request: None,
            salt: salt(),
            action: Action::Report(Box::new(Report {
                position: position.into(),
                event: Some(EventType::PeriodClose),
                violations: Vec::new(),
                warnings: Vec::new(),
                token_digests: None,
            })),
        }
    }

    async fn all_pseudonyms(&self, subjects: u64) -> anyhow::Result<Vec<Vec<Pseudonym>>> {
        let bar = bar(subjects, "subjects named")?;
        let step = usize::try_from(SUBJECTS_AT_ONCE)?;
        let chunks = (0..subjects).step_by(step).map(|first| {
            let last = (first + SUBJECTS_AT_ONCE).min(subjects);
            let (tokens, ledger) = (Arc::clone(&self.tokens), Arc::clone(&self.ledger));
            let (member, population) = (self.lenders[0].0.clone(), self.population);
            tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<Vec<Pseudonym>>> {
                (first..last)
                    .map(|subject| pseudonyms(&tokens, &ledger, &member, population, subject))
                    .collect()
            })
        });
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut named = futures::stream::iter(chunks).buffered(workers);
        let mut all = Vec::with_capacity(usize::try_from(subjects)?);
        while let Some(chunk) = named.next().await {
            all.extend(chunk.context("naming subjects failed")??);
            bar.set_position(u64::try_from(all.len())?);
        }
        bar.finish_and_clear();
        Ok(all)
    }
}

fn pseudonyms(
    tokens: &TokenKeys,
    ledger: &LedgerKeys,
    member: &MemberId,
    population: Population,
    subject: u64,
) -> anyhow::Result<Vec<Pseudonym>> {
    let identifiers = population.identifiers(subject)?;
    let tokens = tokens.tokens(member, KEY_VERSION, &identifiers)?;
    let keys: Vec<_> = tokens
        .iter()
        .map(|token| ledger.member_keys(member, KEY_VERSION, token.identifier_type()))
        .collect();
    Ok(ledger.pseudonyms(keys.iter().zip(&tokens)))
}

fn lender_name(number: usize) -> String {
    format!("lender-{number:03}")
}

fn salt() -> [u8; 32] {
    let mut salt = [0; 32];
    SystemEntropy.fill(&mut salt);
    salt
}

/// A ratio of two counts: exact up to 2^32, which both are far below.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    let float = |count: u64| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    // In thousands, so that bytes fit.
    float(part / 1_000) / float(whole.max(1)) * 1_000.0
}

fn bar(length: u64, what: &str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(&format!(
        "{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left"
    ))?);
    Ok(bar)
}

/// An authority, a certificate of the server and one for each caller; tells those of the callers.
fn issue_all(folder: &Path) -> anyhow::Result<Vec<Certificate>> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let validity = Validity::days(SystemClock.now(), CERTIFICATE_DAYS)?;
    let authority = Authority::create("Tallystick bench authority", validity)?;
    certs::write(folder, "ca", authority.certificate(), authority.key())?;
    let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    certs::write_pair(folder, "server", &authority.issue_server(&hosts, validity)?)?;
    (0..CALLERS)
        .map(|number| {
            let name = lender_name(number);
            let pair = authority.issue_client(&name, validity)?;
            certs::write_pair(folder, &name, &pair)?;
            Ok(parse_certificate(pair.certificate.as_bytes())?)
        })
        .collect()
}

async fn enrol(store: &dyn Store, callers: Vec<Certificate>) -> anyhow::Result<Vec<(MemberId, MemberNo)>> {
    let mut callers = callers.into_iter();
    let mut lenders = Vec::new();
    for number in 0..usize::try_from(LENDERS_COUNT)? {
        let name = lender_name(number);
        let member_id = MemberId::parse(&name).context("a lender's name is not valid")?;
        let new = NewMember {
            member_id: member_id.clone(),
            display_name: name,
            lender_group: LenderGroup::Bank,
            // Each reads statistics, too, so that nobody is needed for that alone.
            roles: vec![Role::Lender, Role::Regulator],
            certificates: callers.next().into_iter().collect(),
            rule_packs: vec![RULES.to_owned()],
            evaluations_per_day: 100_000,
        };
        let write = Write {
            member_no: MemberNo(0),
            member_id: member_id.clone(),
            certificate: Fingerprint([0; 32]),
            // Without a request there is no proposal: no second operator is needed.
            request: None,
            salt: salt(),
            action: Action::Administer(Box::new(Administration::CreateMember(new))),
        };
        match store.apply(write).await?.outcome {
            Outcome::Member(member) => lenders.push((member_id, member.member_no)),
            Outcome::Recorded { .. }
            | Outcome::Deleted
            | Outcome::Answered(_)
            | Outcome::Charged { .. }
            | Outcome::Certificate(_)
            | Outcome::Approved { .. }
            | Outcome::Batch(_)
            | Outcome::Ruled { .. }
            | Outcome::Reserved(_)
            | Outcome::Confirmed { .. }
            | Outcome::CodesIssued { .. }
            | Outcome::Backfilled { .. }
            | Outcome::Snapshot(_) => anyhow::bail!("a lender was not enrolled"),
        }
    }
    Ok(lenders)
}
