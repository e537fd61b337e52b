//! Which cores server and load run on, and how much of them they use.
//!
//! Reads Linux's `/proc`; elsewhere nothing can be measured.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Linux counts the time of processes in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;
/// The most cores that are looked at.
const CORES_MAX: usize = 1_024;

/// The cores of the two sides: apart if there are two, else shared.
#[derive(Clone)]
pub(super) struct Cores {
    pub server: CpuSet,
    pub load: CpuSet,
    /// How many the server has.
    pub server_count: u32,
    /// How many there are.
    pub count: u32,
}

impl Cores {
    /// Splits the cores this process may use: the first half for the server, the second for the load.
    pub fn split() -> anyhow::Result<Self> {
        let all = sched_getaffinity(None).context("the cores of this process cannot be read")?;
        let numbers: Vec<usize> = (0..CORES_MAX).filter(|core| all.is_set(*core)).collect();
        let count = all.count();
        let (server, load) = match numbers.split_at(numbers.len() / 2) {
            ([], _) => (all, all),
            (server, load) => (set_of(server), set_of(load)),
        };
        Ok(Self {
            server_count: server.count(),
            server,
            load,
            count,
        })
    }

    /// How many cores the load has.
    pub fn load_count(&self) -> usize {
        usize::try_from(self.load.count()).unwrap_or(1).max(1)
    }
}

fn set_of(cores: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    set
}

/// Keeps this thread, and whatever it starts, on some cores.
pub(super) fn pin(cores: &CpuSet) -> anyhow::Result<()> {
    sched_setaffinity(None, cores).context("this thread cannot be kept on its cores")
}

/// CPU time that a process has used so far, user and system; to a hundredth of a second.
pub(super) fn cpu_of_process(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(Path::new(&path)).with_context(|| format!("cannot read {path}"))?;
    // The name in parentheses may hold anything; fields are counted behind it.
    let ticks: u64 = text
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// CPU time that processes of PostgreSQL have used so far, each of one thread; `None` if there are none or they are not seen.
pub(super) fn cpu_of_backends(pids: &[u32]) -> Option<Duration> {
    let used = |pid: &u32| {
        // In another namespace of processes the number is somebody else's.
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
        (name.trim_end() == "postgres").then_some(())?;
        of_schedstat(&text)
    };
    let used: Option<Vec<Duration>> = pids.iter().map(used).collect();
    used.filter(|used| !used.is_empty())
        .map(|used| used.into_iter().sum())
}

/// CPU time of the calling thread.
pub(super) fn cpu_of_thread() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("cannot read /proc/thread-self/schedstat")?;
    of_schedstat(&text).context("/proc/thread-self/schedstat is of another form")
}

fn of_schedstat(text: &str) -> Option<Duration> {
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The processor's name, for the report.
pub(super) fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':')).map_or_else(
        || "an unknown processor".to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}
