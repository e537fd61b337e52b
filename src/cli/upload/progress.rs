//! How an upload is told while it runs: a bar for people at a terminal, a line now and then for logs.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::source::Seen;
use crate::client::{Event, Observer};

/// Between two lines of a log.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Tells how far something came.
pub(super) struct Telling {
    bar: Option<ProgressBar>,
    seen: Arc<Seen>,
    /// About how many records the file has, if that is known.
    records: Option<u64>,
    durable: u64,
    told: Instant,
}

impl Telling {
    pub(super) fn new(records: Option<u64>, seen: Arc<Seen>) -> anyhow::Result<Self> {
        let bar = std::io::stderr().is_terminal().then(|| match records {
            Some(records) => bar(
                records,
                "Uploading {bar:40} {human_pos}/{human_len} records, {per_sec}, {eta} left, {msg}",
            ),
            None => bar(0, "Uploading {spinner} {human_pos} records, {per_sec}, {msg}"),
        });
        Ok(Self {
            bar: bar.transpose()?,
            seen,
            records,
            durable: 0,
            told: Instant::now(),
        })
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    fn progress(&mut self, received: u64, rejected: u64) {
        self.durable = received;
        let unreadable = self.seen.unreadable();
        let Some(bar) = &self.bar else {
            if self.told.elapsed() >= LINE_INTERVAL {
                self.told = Instant::now();
                eprintln!("{received} records received, {rejected} rejected, {unreadable} unreadable");
            }
            return;
        };
        if let Some(records) = self.records {
            bar.set_length(records.saturating_sub(unreadable).max(received));
        }
        bar.set_position(received);
        bar.set_message(format!("{rejected} rejected, {unreadable} unreadable"));
    }
}

impl Observer for Telling {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            // Rejects are counted by the service; the reject file has them.
            Event::Attempt { resume_from: 0 } | Event::Result(_) => {}
            Event::Attempt { resume_from } => {
                self.say(&format!(
                    "the service has {resume_from} records: going on behind them"
                ));
                if let Some(bar) = &self.bar {
                    bar.set_position(*resume_from);
                    // The rate is that of this stream.
                    bar.reset_eta();
                }
            }
            Event::Progress(progress) => self.progress(progress.records_received, progress.records_rejected),
            Event::Broken { error, pause } => self.say(&format!(
                "interrupted after {} records: {error}; trying again in {:.1} s",
                self.durable,
                pause.as_secs_f64()
            )),
        }
    }
}

/// A bar for the first look at a file, by its bytes; hidden without a terminal.
pub(super) fn reading(bytes: u64) -> anyhow::Result<ProgressBar> {
    bar(
        bytes,
        "Reading   {bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
    )
}

fn bar(length: u64, template: &str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(template)?);
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}
