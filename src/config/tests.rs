use std::collections::BTreeMap;
use std::io::Write;

use figment::providers::Format as _;

use super::bounds::BOUNDS;
use super::*;
use crate::domain::currency::Currency;

fn from_toml(text: &str) -> Result<Config, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a writable file");
    Config::load(Some(file.path()), &Overrides::default())
}

#[test]
fn sample_is_the_file_in_docs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tallystick.toml");
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        Config::sample(),
        file,
        "write it anew: cargo run -- serve --print-sample > docs/tallystick.toml"
    );
}

#[test]
fn sample_says_the_defaults_and_every_key() {
    let parsed: Config = Figment::from(Toml::string(&Config::sample()))
        .extract()
        .expect("the sample parses");
    assert_eq!(parsed, Config::default());
    let sample = Config::sample();
    let table = figment::value::Value::serialize(Config::default()).expect("the defaults serialise");
    let mut keys = Vec::new();
    leaves(&table, "", &mut keys);
    assert!(keys.len() > 20);
    for key in keys {
        let name = key.rsplit('.').next().unwrap_or_default();
        assert!(sample.contains(&format!("\n{name} = ")), "the sample lacks {key}");
    }
}

fn leaves(value: &figment::value::Value, prefix: &str, found: &mut Vec<String>) {
    match value.as_dict() {
        Some(dict) if !dict.is_empty() => {
            for (key, inner) in dict {
                leaves(inner, &format!("{prefix}{key}."), found);
            }
        }
        Some(_) | None => found.push(prefix.trim_end_matches('.').to_owned()),
    }
}

#[test]
fn every_number_is_refused_outside_its_bounds_and_taken_at_them() {
    for bound in &BOUNDS {
        let (section, key) = bound.key.split_once('.').expect("a section and a key");
        let with = |value: u64| from_toml(&format!("[{section}]\n{key} = {value}\n"));
        let too_much = bound.max + 1;
        let refused = with(too_much).expect_err(bound.key).to_string();
        assert!(
            refused.contains(bound.key) && refused.contains(&bound.max.to_string()),
            "{refused}"
        );
        for fine in [bound.min, bound.max] {
            let config = with(fine).expect(bound.key);
            assert_eq!((bound.read)(&config), fine, "{}", bound.key);
        }
        if let Some(too_little) = bound.min.checked_sub(1) {
            with(too_little).expect_err(bound.key);
        }
    }
}

#[test]
fn unknown_keys_are_refused_by_name() {
    for text in [
        "lissten = \"127.0.0.1:1\"",
        "[limits]\nconections_max = 3",
        "[markets]\nzone = \"UTC\"",
    ] {
        let refused = from_toml(text).expect_err(text).to_string();
        assert!(refused.contains("unknown field"), "{refused}");
    }
}

#[test]
fn contradictions_are_refused_with_the_way_out() {
    let cases = [
        (
            "listen = \"0.0.0.0:7443\"\ninsecure_loopback = true",
            "listen",
            "certs init",
        ),
        ("[http]\nlisten = \"0.0.0.0:9\"", "http.listen", "loopback"),
        (
            "[market]\nzone = \"Mars/Olympus\"",
            "market.zone",
            "Asia/Shanghai",
        ),
        (
            "[market]\nlowest_band_edges = { jpy = 5 }",
            "market.lowest_band_edges.jpy",
            "ISO 4217",
        ),
        (
            "[market]\nlowest_band_edges = { JPY = 0 }",
            "market.lowest_band_edges.JPY",
            "1 to",
        ),
        (
            "[keys.commands]\nsael = [\"kms\"]",
            "keys.commands.sael",
            "master-v1",
        ),
        ("[ledger]\norigin = \"a log\"", "ledger.origin", "without spaces"),
        ("[web]\nlisten = \"here\"", "web.listen", "127.0.0.1:50053"),
        ("[web]\nurl = \"javascript:alert(1)\"", "web.url", "https://"),
        (
            "insecure_loopback = true\n[web]\nlisten = \"0.0.0.0:9\"",
            "web.listen",
            "loopback",
        ),
    ];
    for (text, key, fix) in cases {
        let refused = from_toml(text).expect_err(text).to_string();
        assert!(refused.contains(key) && refused.contains(fix), "{refused}");
    }
}

#[test]
fn loopback_without_tls_is_taken_on_both_families() {
    for address in ["127.0.0.1:7443", "[::1]:7443"] {
        let text = format!("listen = \"{address}\"\ninsecure_loopback = true");
        assert!(from_toml(&text).expect(address).insecure_loopback);
    }
}

#[test]
fn paths_of_a_file_are_relative_to_it_and_flags_win() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("tallystick.toml");
    std::fs::write(
        &file,
        "data_dir = \"d\"\nbootstrap_operators = [\"a.pem\"]\n[tls]\nkey = \"k\"\n",
    )
    .expect("written");
    let flags = Overrides {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 9))),
        http_listen: Some(SocketAddr::from(([127, 0, 0, 1], 10))),
        insecure_loopback: true,
        ..Overrides::default()
    };
    let config = Config::load(Some(&file), &flags).expect("a sound file");
    assert_eq!(config.data_dir, folder.path().join("d"));
    assert_eq!(config.tls.key, folder.path().join("k"));
    assert_eq!(config.bootstrap_operators, [folder.path().join("a.pem")]);
    assert_eq!((config.listen.port(), config.http.listen.port()), (9, 10));
    assert!(config.insecure_loopback);
    let elsewhere = Overrides {
        data_dir: Some(PathBuf::from("elsewhere")),
        ..Overrides::default()
    };
    let config = Config::load(Some(&file), &elsewhere).expect("a sound file");
    assert_eq!(config.data_dir, PathBuf::from("elsewhere"));
}

#[test]
fn missing_file_says_which_and_what_to_do() {
    let refused = Config::load(Some(Path::new("/nowhere/at/all.toml")), &Overrides::default())
        .expect_err("no such file");
    assert!(refused.to_string().contains("/nowhere/at/all.toml"));
    assert!(refused.to_string().contains("--print-sample"));
}

#[test]
fn debug_hides_the_key_command() {
    let mut config = Config::default();
    let command = vec!["kms".to_owned(), "--pin=planted-secret".to_owned()];
    config.keys.commands = BTreeMap::from([("seal".to_owned(), command)]);
    assert!(!format!("{config:?}").contains("planted-secret"));
}

#[test]
fn market_rules_are_those_of_the_file() {
    let config = from_toml("[market]\nzone = \"UTC\"\napprovals = 1\nlowest_band_edges = { JPY = 20000 }")
        .expect("sound");
    let rules = config.market.rules().expect("checked");
    assert_eq!(rules.approvals, 1);
    assert_eq!(
        rules
            .lowest_edges
            .get(&Currency::parse("JPY").expect("a currency")),
        Some(&20_000)
    );
}
