//! Every raw figure of the regulator's room beside that of an independent model, on both engines.
//!
//! `tallystick generate` writes the files of a market. `tests/naive`, in Python, reckons every table of every month-end from
//! them. The same files go the way of all files: six members upload them with the real program to a real service, month by
//! month; the worker counts each month-end behind them, and what it hands to the disclosure control must be the model's text,
//! byte by byte. `TALLYSTICK_NAIVE_SUBJECTS` and `TALLYSTICK_NAIVE_MONTHS` make the market larger; `TALLYSTICK_NAIVE_FILES` is a
//! folder in which its files stay, for another run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::{Datelike as _, Months, NaiveDate};
use futures::future::join_all;
use tallystick::cli::market::{LENDERS, Lender};
use tallystick::cli::service;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::date::days_after;
use tallystick::domain::statistics::{Schedule, ShownStatistics};
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::statistics::worker::{Pass, Protect, Worker};
use tallystick::store::audit_log::LeaseHolder;
use tallystick::wire::convert::code::code_to_wire;
use tallystick::wire::pb;
use tempfile::TempDir;

use crate::batches::upload::command::Program;
use crate::harness::{Cluster, ManualClock, Storage, instant};
use crate::proofs::authority::{Authority, Credentials};
use crate::proofs::world::{Actor, enrol, setup};

/// Of the market that every run of the tests looks at.
const SUBJECTS: &str = "400";
const MONTHS: &str = "4";
/// The last month-end: it is over, and there is a February before it.
const LAST: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 31).expect("a date");
/// Indicators that the model does not know: nobody is checked in a market of files.
const UNKNOWN_TO_THE_MODEL: [&str; 3] = ["blocked_stacking", "unchecked_loans", "dsti_distribution"];

/// What the variable says, or the default.
fn chosen(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

/// The month-ends, the first one first.
fn month_ends(months: u32) -> Vec<NaiveDate> {
    let next_first = days_after(LAST, 1);
    let ends = (0..months).rev();
    ends.map(|earlier| next_first - Months::new(earlier) - chrono::Days::new(1))
        .collect()
}

/// Runs a command that must succeed.
async fn run(mut command: Command) {
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = ended.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The members' files and, in `texts`, what the model makes of them.
struct Files {
    folder: PathBuf,
    texts: TempDir,
}

impl Files {
    async fn generate(subjects: &str, months: &str) -> Self {
        let texts = TempDir::new().unwrap();
        let kept = std::env::var_os("TALLYSTICK_NAIVE_FILES").map(PathBuf::from);
        let files = Self {
            folder: kept.unwrap_or_else(|| texts.path().join("files")),
            texts,
        };
        if files.folder.exists() {
            return files;
        }
        let mut generate = Command::new(env!("CARGO_BIN_EXE_tallystick"));
        generate
            .args([
                "generate",
                "--seed",
                "7",
                "--members",
                "6",
                "--subjects",
                subjects,
            ])
            .args(["--months", months, "--as-of", &LAST.to_string(), "--out"])
            .arg(&files.folder);
        run(generate).await;
        files
    }

    /// Has the model reckon everything.
    async fn reckon(&self) {
        let mut model = Command::new("python3");
        model
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/naive/reckon.py"))
            .arg(&self.folder)
            .arg(self.texts.path())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        run(model).await;
    }

    fn reckoned(&self, as_of: NaiveDate) -> String {
        std::fs::read_to_string(self.texts.path().join(format!("{as_of}.txt"))).unwrap()
    }

    fn file(&self, lender: &Lender, as_of: NaiveDate) -> String {
        let name = format!("{}_{as_of}.csv", lender.member_id);
        self.folder.join(name).display().to_string()
    }

    /// Records of a file, by its own totals.
    fn records(&self, lender: &Lender, as_of: NaiveDate) -> String {
        let name = format!("{}_{as_of}_totals.json", lender.member_id);
        let totals = std::fs::read_to_string(self.folder.join(name)).unwrap();
        let totals: serde_json::Value = serde_json::from_str(&totals).unwrap();
        totals["records"].to_string()
    }
}

/// A market on one engine: its service runs while files are uploaded.
struct Market<'f> {
    files: &'f Files,
    storage: Storage,
    folder: TempDir,
    clock: Arc<ManualClock>,
    authority: Authority,
    operator: Credentials,
    members: Vec<(Lender, Credentials)>,
}

impl<'f> Market<'f> {
    fn new(files: &'f Files, storage: Storage) -> Self {
        let authority = Authority::new();
        let members = LENDERS.map(|lender| (lender, authority.issue(lender.member_id, 2048)));
        Self {
            files,
            storage,
            folder: TempDir::new().unwrap(),
            clock: ManualClock::new(),
            operator: authority.issue("operator", 2048),
            authority,
            members: members.into(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The raw figures of each month-end, counted when the members had uploaded its files.
    async fn counted(self, engine: &str, month_ends: &[NaiveDate]) -> Vec<String> {
        let mut counted = Vec::new();
        for (number, as_of) in month_ends.iter().enumerate() {
            let after = days_after(*as_of, 1);
            self.clock.set(instant(after.year(), after.month(), after.day()));
            let began = Instant::now();
            self.upload(*as_of, number == 0).await;
            let uploaded = began.elapsed();
            let began = Instant::now();
            counted.push(self.count(*as_of).await);
            let took = began.elapsed();
            println!("{engine} {as_of}: uploaded in {uploaded:.1?}, counted in {took:.1?}");
        }
        counted
    }

    /// All members at a time: numbers of accounts need be in the order of files within each member alone.
    async fn upload(&self, as_of: NaiveDate, is_first: bool) {
        let tls = self.authority.equip(self.folder.path());
        let setup = setup(
            &self.data(),
            &self.storage,
            tls,
            self.clock.clone(),
            &self.operator,
        );
        let running = service::start(setup, futures::stream::pending()).await.unwrap();
        let port = running.address.port();
        if is_first {
            let operator = Actor::connect(port, &self.authority, &self.operator, "operator").await;
            for (lender, credentials) in &self.members {
                let group = pb::LenderGroup::try_from(code_to_wire(Some(lender.group))).unwrap();
                let role = pb::Role::Lender;
                enrol(&operator.client, lender.member_id, group, role, credentials).await;
            }
        }
        let uploads = self.members.iter().map(async |(lender, credentials)| {
            let Credentials { certificate, key, .. } = credentials;
            let program = Program::with(certificate, key, &self.authority.pem(), running.address);
            let tokens = self.folder.path().join(lender.member_id);
            let place = |name: &str| tokens.join(name).display().to_string();
            std::fs::create_dir_all(&tokens).unwrap();
            let flags = [
                "--cache",
                &place("tokens"),
                "--cache-key",
                &place("secret/cache.key"),
            ];
            let day = as_of.to_string();
            let what = [&["--type", "full", "--as-of", &day][..], &flags].concat();
            let done = program.upload(&self.files.file(lender, as_of), &what).await;
            assert_eq!(done.code, 0, "{done:?}");
            let accepted = done.counts()["recordsAccepted"].as_str().unwrap().to_owned();
            assert_eq!(accepted, self.files.records(lender, as_of), "{done:?}");
        });
        join_all(uploads).await;
        running.stop();
        running.ended().await.unwrap();
    }

    /// What the worker hands to the disclosure control. The service is down: its own worker would be as quick.
    async fn count(&self, as_of: NaiveDate) -> String {
        let store = self.storage.open(&self.data(), self.clock.clone()).await;
        let raw = Arc::new(Mutex::new(None));
        let seen = raw.clone();
        let protect: Protect = Arc::new(move |statistics, _| {
            *seen.lock().unwrap() = Some(statistics.encode());
            ShownStatistics {
                as_of: statistics.as_of,
                subjects: 0,
                positions: 0,
                lenders: 0,
                tables: Vec::new(),
            }
        });
        let rules = Arc::new(MarketRules::default());
        let holder = LeaseHolder([7; 16]);
        let clock = self.clock.clone();
        let worker = Worker::new(store.clone(), clock, rules, Schedule::Never, holder, protect);
        assert!(store.schedule_snapshot(as_of, self.clock.now()).await.unwrap());
        let pass = worker.pass().await.unwrap();
        assert!(
            matches!(pass, Pass::Published(key) if key.as_of == as_of),
            "{pass:?}"
        );
        raw.lock().unwrap().take().unwrap()
    }
}

/// A line that names a table: an indicator, then a currency or none. Lines of rows begin with a tab; the head has neither.
fn is_name(line: &str) -> bool {
    let mut parts = line.split('\t');
    let has_indicator = parts.next().is_some_and(|indicator| !indicator.is_empty());
    let has_currency = parts.next().is_some_and(|part| part == "-" || is_currency(part));
    has_indicator && has_currency && parts.next().is_some()
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The lines of the tables that the model knows, the head included.
fn known<'t>(counted: &'t str, reckoned: &str) -> Vec<&'t str> {
    let names: BTreeSet<&str> = reckoned.lines().filter(|line| is_name(line)).collect();
    let mut is_known = true;
    counted
        .lines()
        .filter(|line| {
            if is_name(line) {
                is_known = names.contains(line);
                let indicator = line.split('\t').next().unwrap();
                let is_expected = UNKNOWN_TO_THE_MODEL.contains(&indicator);
                assert!(is_known || is_expected, "the model does not know {line}");
            }
            is_known
        })
        .collect()
}

/// Holds one text against the other; tells how many tables and rows were compared.
fn compare(place: &str, counted: &str, reckoned: &str) -> [usize; 2] {
    let counted = known(counted, reckoned);
    let mut table = "the head";
    let mut compared = [0, 0];
    for (ours, models) in counted.iter().zip(reckoned.lines()) {
        assert_eq!(*ours, models, "{place}, in {table}: ours and the model's");
        table = if is_name(ours) { ours } else { table };
        compared[usize::from(ours.starts_with('\t'))] += 1;
    }
    assert_eq!(counted.len(), reckoned.lines().count(), "{place}");
    // The head has three lines.
    [compared[0] - 3, compared[1]]
}

/// Indicators with their currency that stand in some texts, and those of them with a last column that is not always 0: what
/// is zeros everywhere would prove nothing.
fn told(texts: &[String]) -> [BTreeSet<[&str; 2]>; 2] {
    let mut told = [BTreeSet::new(), BTreeSet::new()];
    let mut table = ["", ""];
    for line in texts.iter().flat_map(|text| text.lines()) {
        let mut parts = line.split('\t');
        if is_name(line) {
            table = [parts.next().unwrap(), parts.next().unwrap()];
            told[0].insert(table);
        } else if parts.next_back() != Some("0") {
            told[1].insert(table);
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_what_a_naive_model_reckons_from_the_same_files() {
    let subjects = chosen("TALLYSTICK_NAIVE_SUBJECTS", SUBJECTS);
    let months = chosen("TALLYSTICK_NAIVE_MONTHS", MONTHS);
    let month_ends = month_ends(months.parse().unwrap());
    let files = Files::generate(&subjects, &months).await;
    println!("{subjects} subjects, {months} months: the files are there");
    let embedded = Market::new(&files, Storage::File);
    let postgres = Market::new(&files, Storage::postgres(Cluster::shared()).await);
    let ((), on_sqlite, on_postgres) = tokio::join!(
        files.reckon(),
        embedded.counted("SQLite", &month_ends),
        postgres.counted("PostgreSQL", &month_ends)
    );
    let mut compared = [0, 0];
    for (number, as_of) in month_ends.iter().enumerate() {
        let reckoned = files.reckoned(*as_of);
        for (engine, counted) in [("SQLite", &on_sqlite), ("PostgreSQL", &on_postgres)] {
            let of_month = compare(&format!("{engine} {as_of}"), &counted[number], &reckoned);
            compared = [compared[0] + of_month[0], compared[1] + of_month[1]];
        }
    }
    println!("equal: {} tables, {} rows", compared[0], compared[1]);
    let texts: Vec<String> = month_ends.iter().map(|as_of| files.reckoned(*as_of)).collect();
    let [all, told] = told(&texts);
    let silent = all
        .difference(&told)
        .filter(|[_, currency]| ["-", "CNY"].contains(currency));
    assert_eq!(silent.count(), 0, "{told:?}");
}
