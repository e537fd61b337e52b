//! Renders the sample configuration from the defaults and the bounds, so that it cannot lie about either.

use super::Config;
use super::bounds::{BOUNDS, Bound};
use crate::telemetry::LogFormat;

const HEAD: &str = "\
# Configuration of `tallystick serve`. Every key is shown with its default; leave out what you do not change.
# Unknown keys are refused. Relative paths are relative to this file. A variable overrides the file, with two underscores
# between section and key: TALLYSTICK_LIMITS__CONNECTIONS_MAX=64. A flag overrides both.
";

/// The whole sample.
pub(super) fn render() -> String {
    let config = Config::default();
    let mut page = Page(HEAD.to_owned());
    page.text(
        "Address of the gRPC service.",
        "listen",
        &config.listen.to_string(),
    );
    page.text(
        "Folder of the database and the key files; made on first start, for its owner alone.",
        "data_dir",
        &config.data_dir.to_string_lossy(),
    );
    page.value(
        "Serve without TLS, for development: only on a loopback address, and every caller names the member it plays in\n# \
         the metadata `x-tallystick-member`.",
        "insecure_loopback",
        "false",
    );
    page.value(
        "Certificate files of the first operators, used only while the register knows no operator. With two approvals\n# \
         name two certificates of two people: [\"operator-a.pem\", \"operator-b.pem\"].",
        "bootstrap_operators",
        "[]",
    );
    database(&mut page, &config);
    tls(&mut page, &config);
    market(&mut page, &config);
    statistics(&mut page, &config);
    page.section(
        "limits",
        "Limits of the edge. What is above one is answered RESOURCE_EXHAUSTED, or not accepted at all.",
    );
    page.numbers("limits.", &config);
    page.section("http", "Metrics, liveness and readiness over plain HTTP.");
    page.text(
        "Loopback address of /metrics, /healthz and /readyz.",
        "listen",
        &config.http.listen.to_string(),
    );
    web(&mut page, &config);
    page.section("log", "Logs, on standard error.");
    page.text(
        "What to log, in the syntax of RUST_LOG: \"info\", \"info,tallystick=debug\".",
        "filter",
        &config.log.filter,
    );
    let format = match config.log.format {
        LogFormat::Human => "human",
        LogFormat::Json => "json",
    };
    page.text("\"human\" or \"json\".", "format", format);
    page.section("keys", "Secret keys.");
    page.value(
        "Commands that print a key in hex, for a KMS or HSM, by the key's name (master-v1, tweak, seal, checkpoint);\n# \
         other keys have files in data_dir/keys, made on first start: { seal = [\"kms\", \"print\", \"seal\"] }.",
        "commands",
        "{}",
    );
    page.section("ledger", "The audit log.");
    page.text(
        "Name of the log in its checkpoints: a host and path of yours, without a scheme. Never change it later.",
        "origin",
        &config.ledger.origin,
    );
    page.numbers("ledger.", &config);
    page.0
}

fn web(page: &mut Page, config: &Config) {
    page.section(
        "web",
        "The dashboard of regulator and operator. With certificates it is served over TLS, and a browser may show a member's.",
    );
    page.text(
        "Address of the dashboard; empty: there is none. With insecure_loopback a loopback address only.",
        "listen",
        &config.web.listen,
    );
    page.text(
        "Where browsers find it, for the links of `tallystick web link`; empty: made of `listen`.",
        "url",
        &config.web.url,
    );
    page.numbers("web.", config);
}

fn database(page: &mut Page, config: &Config) {
    page.section(
        "database",
        "Where the market's data is. `tallystick database status` tells what of the schema it has.",
    );
    page.text(
        "A PostgreSQL database without its password; empty: the embedded database in data_dir. Several servers may share one:\n# \
         \"postgres://tallystick@db.example/market?sslmode=verify-full&sslrootcert=/etc/tallystick/db-ca.pem\",\n# \
         \"postgres:///market?host=/run/postgresql&user=tallystick\".",
        "url",
        &config.database.url,
    );
    page.text(
        "File with the password of that user, mode 0600; empty: none.",
        "password_file",
        &config.database.password_file.to_string_lossy(),
    );
    page.numbers("database.", config);
}

fn tls(page: &mut Page, config: &Config) {
    page.section(
        "tls",
        "Certificates. `tallystick certs init certs` makes a set for development.",
    );
    let tls = &config.tls;
    page.text(
        "Certificate chain of the service, PEM, leaf first.",
        "certificate",
        &tls.certificate.to_string_lossy(),
    );
    page.text(
        "Its private key, PEM; mode 0600.",
        "key",
        &tls.key.to_string_lossy(),
    );
    page.text(
        "Authorities that sign members' certificates, PEM. The register decides who a certificate speaks for.",
        "client_ca",
        &tls.client_ca.to_string_lossy(),
    );
    page.numbers("tls.", config);
}

fn market(page: &mut Page, config: &Config) {
    page.section(
        "market",
        "Rules of the market. All servers of one database need the same.",
    );
    page.text(
        "Time zone of business days, an IANA name.",
        "zone",
        &config.market.zone,
    );
    page.numbers("market.", config);
    page.value(
        "Lowest band edge in whole units by currency; 1000 for those not named: { JPY = 20000 }.",
        "lowest_band_edges",
        "{}",
    );
    page.text(
        "Folder of rule packs beside those that are shipped, read again when it changes; empty: none. `tallystick rules` tells \
         what they say.",
        "rule_packs",
        &config.market.rule_packs.to_string_lossy(),
    );
}

fn statistics(page: &mut Page, config: &Config) {
    page.section("statistics", "Snapshots of the market for the regulator.");
    page.text(
        "Of which dates one is made without being asked for, from five in the morning on: \"never\", \"month-end\" or\n# \
         \"daily\".",
        "schedule",
        config.statistics.schedule.as_str(),
    );
    page.numbers("statistics.", config);
}

struct Page(String);

impl Page {
    fn section(&mut self, name: &str, about: &str) {
        self.0.push_str(&format!("\n# {about}\n[{name}]\n"));
    }

    fn value(&mut self, about: &str, key: &str, value: &str) {
        if !self.0.ends_with("]\n") {
            self.0.push('\n');
        }
        self.0.push_str(&format!("# {about}\n{key} = {value}\n"));
    }

    fn text(&mut self, about: &str, key: &str, value: &str) {
        self.value(about, key, &format!("\"{value}\""));
    }

    fn numbers(&mut self, section: &str, config: &Config) {
        for bound in &BOUNDS {
            if let Some(key) = bound.key.strip_prefix(section) {
                self.number(key, bound, config);
            }
        }
    }

    fn number(&mut self, key: &str, bound: &Bound, config: &Config) {
        let about = format!("{} {} to {}.", bound.about, bound.min, bound.max);
        self.value(&about, key, &(bound.read)(config).to_string());
    }
}
