//! A member's nights, cut and killed at random: what is on file in the end is what undisturbed nights leave, and every planted
//! mistake was found.
//!
//! Larger nights, for measurements:
//! `TALLYSTICK_TEST_NIGHT_RECORDS=1000000 cargo test --release --test integration -- night --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use tallystick::wire::pb;

use super::upload::command::{Done, Program, Running};
use super::upload::line::Line;
use crate::proofs::process::{Service, Site};
use crate::proofs::toil::seeded;
use crate::proofs::world::{enrol, request_id};
use crate::servers::{copy, make};

/// Records of a file, unless the variable says otherwise.
const RECORDS: u64 = 3_000;
const RECORDS_VARIABLE: &str = "TALLYSTICK_TEST_NIGHT_RECORDS";
/// How often the second night is disturbed.
const DISTURBANCES: u32 = 20;
/// The program's exit code when its first connection fails: whoever runs it begins again.
const UNREACHABLE: i32 = 3;
/// The member.
const MEMBER: &str = "harbour-bank";

/// A market with one member, its program, and a line between them.
struct Place {
    site: Site,
    service: Option<Service>,
    line: Line,
    program: Program,
}

/// The generator's files of a month.
struct Month {
    as_of: String,
    file: PathBuf,
    totals: serde_json::Value,
    truth: Vec<BTreeMap<String, String>>,
}

/// All that a member can see of its book and its batches.
#[derive(Debug, PartialEq)]
struct State {
    book: String,
    batches: Vec<serde_json::Value>,
    results: Vec<String>,
    missing: Vec<String>,
    reconciliations: Vec<serde_json::Value>,
    rejects: Vec<String>,
}

impl Place {
    /// With the keys of another place, so that the same people have the same tokens.
    async fn new(keys: Option<&Path>) -> Self {
        let site = Site::prepare().await;
        site.whisper();
        if let Some(keys) = keys {
            make(&site.data());
            copy(keys, &site.data().join("keys"));
        }
        let service = site.start();
        let operator = site.connect(&service, &site.operator, "operator").await;
        let credentials = site.authority.issue(MEMBER, 2048);
        let (group, role) = (pb::LenderGroup::Bank, pb::Role::Lender);
        enrol(&operator.client, MEMBER, group, role, &credentials).await;
        let grant = pb::GrantEvaluationsRequest {
            member_id: MEMBER.to_owned(),
            evaluations: 5_000_000,
            expires_at: Some(prost_types::Timestamp {
                seconds: 4_102_444_800,
                nanos: 0,
            }),
            reason: "first load".to_owned(),
            request_id: request_id(),
        };
        operator.client.admin().grant_evaluations(grant).await.unwrap();
        let line = Line::to(service.address()).await;
        let ca = fs::read_to_string(site.folder.path().join("ca.pem")).unwrap();
        let program = Program::with(&credentials.certificate, &credentials.key, &ca, line.address());
        Self {
            site,
            service: Some(service),
            line,
            program,
        }
    }

    fn begin(&self, month: &Month) -> Running {
        let own = self.own(month);
        if !Path::new(&own).exists() {
            fs::copy(&month.file, &own).unwrap();
        }
        let (name, cache) = (batch_id(month), self.program.cache_flags());
        let flags: Vec<&str> = ["--type", "full", "--as-of", &month.as_of, "--batch-id", &name]
            .into_iter()
            .chain(cache.iter().map(String::as_str))
            .collect();
        self.program.begin(&own, &flags)
    }

    /// The member's copy of a file.
    fn own(&self, month: &Month) -> String {
        let name = month.file.file_name().unwrap().to_str().unwrap();
        self.program.path(name)
    }

    /// Uploads while things happen, each after so many bytes at most.
    async fn disturbed(&mut self, month: &Month, random: &mut ChaCha8Rng, bytes_max: usize) -> Done {
        let mut running = self.begin(month);
        for number in 0..DISTURBANCES {
            self.line.hold_after(random.random_range(1..=bytes_max));
            let held = self.line.held();
            let mut held = std::pin::pin!(held);
            let mut looks = tokio::time::interval(Duration::from_millis(5));
            while held.as_mut().now_or_never().is_none() {
                if running.has_ended() {
                    let done = running.end().await;
                    assert_eq!(done.code, UNREACHABLE, "{number} of {DISTURBANCES}: {done:?}");
                    running = self.begin(month);
                }
                looks.tick().await;
            }
            match number % 3 {
                0 => self.line.cut(),
                1 => {
                    running.kill().await;
                    self.line.cut();
                    running = self.begin(month);
                }
                _ => {
                    self.service.take().unwrap().kill();
                    let service = self.site.start();
                    self.line.lead_to(service.address());
                    self.service = Some(service);
                    self.line.cut();
                }
            }
        }
        self.line.release();
        let mut done = running.end().await;
        while done.code == UNREACHABLE {
            done = self.begin(month).end().await;
        }
        done
    }

    async fn state(&self, months: &[Month]) -> State {
        let book = self.program.path("book.csv");
        let exported = self
            .program
            .run_plain(&["export", "--out", &book, "--format", "csv"])
            .await;
        assert_eq!(exported.code, 0, "{exported:?}");
        let mut state = State {
            book: fs::read_to_string(book).unwrap(),
            batches: Vec::new(),
            results: Vec::new(),
            missing: Vec::new(),
            reconciliations: Vec::new(),
            rejects: Vec::new(),
        };
        for month in months {
            let name = batch_id(month);
            let mut batch = self.asked(&["batch", "show", &name]).await.json();
            for time in ["startedAt", "finishedAt"] {
                batch[time].take();
            }
            state.batches.push(batch);
            state
                .results
                .push(self.asked(&["batch", "results", &name]).await.output);
            state
                .missing
                .push(self.asked(&["batch", "missing", &name]).await.output);
            let reconciled = self.asked(&["reconcile", "--as-of", &month.as_of]).await;
            state.reconciliations.push(reconciled.json());
            state.rejects.push(self.rejects(month));
        }
        state
    }

    async fn asked(&self, question: &[&str]) -> Done {
        let done = self.program.run(question).await;
        assert_eq!(done.code, 0, "{done:?}");
        done
    }

    fn rejects(&self, month: &Month) -> String {
        let own = self.own(month);
        let path = format!(
            "{}.rejects-{}.csv",
            own.strip_suffix(".csv").unwrap(),
            batch_id(month)
        );
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn batch_id(month: &Month) -> String {
    format!("night-{}", month.as_of)
}

/// Two months of a member's book, with mistakes of every kind.
fn generated(folder: &Path, records: u64) -> Vec<Month> {
    let subjects = (records * 4).to_string();
    let made = Command::new(env!("CARGO_BIN_EXE_tallystick"))
        .args(["generate", "--seed", "7", "--members", "1", "--months", "2"])
        .args(["--errors", if records > 100_000 { "2" } else { "50" }])
        .args([
            "--subjects",
            &subjects,
            "--records",
            &records.to_string(),
            "--out",
        ])
        .arg(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ends = |path: &Path, end: &str| path.to_str().unwrap().ends_with(end);
    let mut totals: Vec<PathBuf> = files.filter(|path| ends(path, "_totals.json")).collect();
    totals.sort();
    let month = |path: &PathBuf| {
        let totals: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let file = folder.join(totals["file"].as_str().unwrap());
        let truth = file.to_str().unwrap().replace(".csv", "_truth.csv");
        let mut truth = csv::Reader::from_path(truth).unwrap();
        Month {
            as_of: totals["as_of"].as_str().unwrap().to_owned(),
            file,
            truth: truth.deserialize().map(Result::unwrap).collect(),
            totals,
        }
    };
    totals.iter().map(month).collect()
}

/// By the line of the file: what is wrong with it.
type Mistakes = BTreeMap<u64, BTreeSet<String>>;

fn codes(cell: &str) -> BTreeSet<String> {
    let parts = cell.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
    parts.filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn planted(month: &Month) -> Mistakes {
    let wrong = month
        .truth
        .iter()
        .filter(|row| ["rejected", "unreadable"].contains(&row["fate"].as_str()));
    // The first line holds the names.
    wrong
        .map(|row| (row["row"].parse::<u64>().unwrap() + 1, codes(&row["codes"])))
        .collect()
}

fn found(rejects: &str) -> Mistakes {
    let mut found = Mistakes::new();
    let mut reader = csv::Reader::from_reader(rejects.as_bytes());
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let line = row["reject_line"].parse().unwrap();
        found.entry(line).or_default().extend(codes(&row["reject_code"]));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_cuts_and_kills_ends_as_if_nothing_had_happened() {
    let records = std::env::var(RECORDS_VARIABLE).map_or(RECORDS, |said| said.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let months = generated(folder.path(), records);
    assert_eq!(months.len(), 2);

    let calm = Place::new(None).await;
    let mut bytes = 0;
    for month in &months {
        let (start, before) = (Instant::now(), calm.line.passed());
        let done = calm.begin(month).end().await;
        assert_eq!(done.code, 5, "{done:?}");
        bytes = calm.line.passed() - before;
        println!("{}: {bytes} bytes in {:?}", month.as_of, start.elapsed());
        let (batch, totals) = (&done.summary()["batch"], &month.totals);
        let counted = |name: &str| {
            batch[name]
                .as_str()
                .map_or(0, |count| count.parse::<u64>().unwrap())
        };
        assert_eq!(
            [
                "recordsReceived",
                "recordsAccepted",
                "recordsRejected",
                "recordsSuperseded"
            ]
            .map(counted),
            ["sendable", "accepted", "rejected", "superseded"].map(|name| totals[name].as_u64().unwrap()),
        );
        assert_eq!(found(&calm.rejects(month)), planted(month), "{}", month.as_of);
    }
    let expected = calm.state(&months).await;

    let mut random = seeded();
    let mut wild = Place::new(Some(&calm.site.data().join("keys"))).await;
    let first = wild.begin(&months[0]).end().await;
    assert_eq!(first.code, 5, "{first:?}");
    let most = bytes / usize::try_from(DISTURBANCES).unwrap();
    let start = Instant::now();
    let second = wild.disturbed(&months[1], &mut random, most).await;
    println!("disturbed {DISTURBANCES} times: {:?}", start.elapsed());
    assert_eq!(second.code, 5, "{second:?}");
    let state = wild.state(&months).await;
    assert!(
        state == expected,
        "the states differ: {}",
        difference(&state, &expected)
    );
}

/// The first line in which two states differ.
fn difference(state: &State, expected: &State) -> String {
    let (state, expected) = (format!("{state:#?}"), format!("{expected:#?}"));
    let mut lines = state.lines().zip(expected.lines());
    let found = lines.find(|(one, other)| one != other);
    found.map_or_else(
        || "in length".to_owned(),
        |(one, other)| format!("{one}\nis to be\n{other}"),
    )
}
