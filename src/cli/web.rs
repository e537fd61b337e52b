//! `tallystick web`: login links of the dashboard, and a preview of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate};
use clap::{Args, Subcommand};

use super::place::Place;
use super::serve::asked_to_stop;
use super::service::{self, Running, Setup, Shown};
use super::today;
use crate::audit::Origin;
use crate::config::{Config, Overrides};
use crate::domain::clock::{Clock as _, SystemClock};
use crate::domain::date::days_before;
use crate::domain::names::MemberId;
use crate::domain::statistics::Schedule;
use crate::domain::unit::working_set::MarketRules;
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::KeyCommands;
use crate::members::BOOTSTRAP_MEMBER;
use crate::server::{Limits, Options, WebOptions};
use crate::web::{InventedMarket, LINK_MINUTES_MAX, Links};

/// Connections of a preview, or of a demonstration.
pub(super) const CONNECTIONS_MAX: u32 = 64;

/// The dashboard of regulator and operator.
#[derive(Debug, Args)]
pub struct Web {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Link(Link),
    Preview(Preview),
}

/// Make a one-time link for somebody whose browser holds no certificate. Run it on the server's machine, as the service's own
/// user: a link is good for the server of that data folder alone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick web link --config tallystick.toml --member regulator\n  \
    tallystick web link --data-dir /var/lib/tallystick --member regulator --minutes 5")]
struct Link {
    /// The service's configuration file; without one the defaults hold.
    #[arg(long, env = "TALLYSTICK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database and the key files.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The service runs with --insecure-loopback.
    #[arg(long)]
    insecure_loopback: bool,
    /// The member that looks: a regulator or operator. The service judges it when the link is used.
    #[arg(long, value_name = "ID")]
    member: String,
    /// Minutes that the link is good for.
    #[arg(long, default_value_t = LINK_MINUTES_MAX, value_parser = clap::value_parser!(u32).range(1..=i64::from(LINK_MINUTES_MAX)))]
    minutes: u32,
}

/// Look at the dashboard with an invented market, on a loopback port of this machine: nothing in it is real, nothing is kept.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallystick web preview")]
struct Preview {
    /// Port of the dashboard; 0 takes a free one.
    #[arg(long, default_value_t = 50_053)]
    port: u16,
    /// Links to print.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    links: u32,
}

impl Web {
    /// Runs the command.
    ///
    /// # Errors
    /// The data folder cannot be used, or the port is taken.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Link(link) => link.run(),
            Command::Preview(preview) => preview.run().await,
        }
    }
}

impl Link {
    fn run(self) -> anyhow::Result<()> {
        let overrides = Overrides {
            data_dir: self.data_dir,
            insecure_loopback: self.insecure_loopback,
            ..Overrides::default()
        };
        let config = Config::load(self.config.as_deref(), &overrides)?;
        let member_id = member(&self.member)?;
        anyhow::ensure!(
            config.data_dir.is_dir(),
            "there is no data folder {}: name the service's configuration with `--config`, or its folder with `--data-dir`",
            config.data_dir.display()
        );
        let owner = std::fs::metadata(&config.data_dir).map(|folder| folder.uid());
        anyhow::ensure!(
            owner.is_ok_and(|owner| owner == rustix::process::geteuid().as_raw()),
            "the data folder {} belongs to another user: run as the service's own user, for example with `sudo -u`",
            config.data_dir.display()
        );
        let base = config.web.base(!config.insecure_loopback)?;
        println!("{}", link(&config.data_dir, &base, &member_id, self.minutes)?);
        eprintln!(
            "Good once, for {} minutes, for whoever opens it: hand it over on a way that nobody else reads.",
            self.minutes
        );
        Ok(())
    }
}

pub(super) fn member(text: &str) -> anyhow::Result<MemberId> {
    MemberId::parse(text)
        .with_context(|| format!("{text} is no name of a member: `tallystick member list` shows them"))
}

/// A new link's address.
pub(super) fn link(data: &Path, base: &str, member_id: &MemberId, minutes: u32) -> anyhow::Result<String> {
    let secret = Links::of(data).make(member_id, minutes, SystemClock.now(), &SystemEntropy)?;
    Ok(format!("{base}/login?link={}", *secret))
}

impl Preview {
    async fn run(self) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new().prefix("tallystick-preview-").tempdir()?;
        let data = folder.path().join("data");
        let asked = asked_to_stop()?;
        let running = self.serve(&data).await?;
        let address = running.web_address.context("the preview has a dashboard")?;
        println!("An invented market, nobody in it is real. Open this, it works once:\n");
        for _ in 0..self.links {
            let base = format!("http://{address}");
            println!(
                "  {}",
                link(&data, &base, &member(BOOTSTRAP_MEMBER)?, LINK_MINUTES_MAX)?
            );
        }
        println!("\nIt goes on until you press Ctrl-C.");
        running.ended_by(asked).await
    }

    async fn serve(&self, data: &Path) -> anyhow::Result<Running> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let market = Arc::new(InventedMarket::until(last_of_month(today())));
        let setup = Setup {
            place: Place::in_folder(data),
            data: data.to_owned(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            rules: MarketRules::default(),
            rule_packs: None,
            options: Options {
                listen: loopback(0),
                http_listen: loopback(0),
                web: Some(WebOptions {
                    listen: loopback(self.port),
                    connections_max: CONNECTIONS_MAX,
                    is_plain: false,
                }),
                tls: None,
                limits: Limits::default(),
                tls_reload_interval: Duration::from_hours(1),
                registry_interval: Duration::from_secs(1),
            },
            origin: Origin::parse("preview.tallystick.local").context("the preview's log has a name")?,
            schedule: Schedule::Never,
            protection: crate::statistics::protect::Budget::default(),
            checkpoint_interval: Duration::from_secs(1),
            key_commands: KeyCommands::default(),
            first_operators: Vec::new(),
            metrics: Arc::new(String::new),
            shown: Shown {
                window: Some(market.clone()),
                supervision: Some(market),
            },
        };
        service::start(setup, futures::stream::pending()).await
    }
}

/// The last day of the month before.
fn last_of_month(today: NaiveDate) -> NaiveDate {
    days_before(today, today.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invented_market_ends_with_a_month() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(last_of_month(date("2026-11-26")), date("2026-10-31"));
        assert_eq!(last_of_month(date("2026-03-01")), date("2026-02-28"));
    }
}
