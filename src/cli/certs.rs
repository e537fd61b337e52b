//! `tallystick certs`: a development authority and its certificates.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use super::authority::{Authority, Pair, VALIDITY_DAYS_MAX, Validity, is_host};
use super::output::{Output, table};
use crate::domain::clock::{Clock as _, SystemClock};
use crate::members::fingerprint;

/// The most bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Make and show certificates for development. For production any CA does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick certs init certs\n  \
    tallystick certs issue certs operator-a\n  \
    tallystick certs issue certs lender-a --days 90\n  \
    tallystick certs show certs/lender-a.pem")]
pub struct Certs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an authority and a certificate of the service: ca.pem, ca.key, server.pem, server.key.
    Init {
        /// Folder to make them in.
        folder: PathBuf,
        /// Host name or address of the service; repeat it for several.
        #[arg(long = "host", value_name = "HOST", default_values = ["localhost", "127.0.0.1", "::1"])]
        hosts: Vec<String>,
        /// Days that they are valid.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=i64::from(VALIDITY_DAYS_MAX)))]
        days: u32,
    },
    /// Make a certificate of a member: NAME.pem and NAME.key.
    Issue {
        /// Folder of the authority.
        folder: PathBuf,
        /// Name of the certificate and of its files: letters, digits, hyphens, dots, underscores.
        name: String,
        /// Make one for a service instead, under this host name or address; repeat it for several.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        /// Days that it is valid.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=i64::from(VALIDITY_DAYS_MAX)))]
        days: u32,
    },
    /// Show what a file of certificates says, fingerprints first: the register knows members by them.
    Show {
        /// File, PEM.
        file: PathBuf,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
}

impl Certs {
    /// Does what was asked.
    ///
    /// # Errors
    /// When a file exists already, cannot be written or read, or is not what it should be.
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Init { folder, hosts, days } => init(&folder, &hosts, days),
            What::Issue {
                folder,
                name,
                hosts,
                days,
            } => issue(&folder, &name, &hosts, days),
            What::Show { file, output } => show(&file, output),
        }
    }
}

fn init(folder: &Path, hosts: &[String], days: u32) -> anyhow::Result<()> {
    check_hosts(hosts)?;
    for name in ["ca", "server"] {
        refuse_to_overwrite(folder, name)?;
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let validity = Validity::days(SystemClock.now(), days)?;
    let authority = Authority::create("Tallystick development authority", validity)?;
    let server = authority.issue_server(hosts, validity)?;
    write(folder, "ca", authority.certificate(), authority.key())?;
    write_pair(folder, "server", &server)?;
    println!(
        "Made an authority for development and a certificate of the service for {}.",
        hosts.join(", ")
    );
    println!("Next: tallystick certs issue {} operator-a", folder.display());
    Ok(())
}

fn issue(folder: &Path, name: &str, hosts: &[String], days: u32) -> anyhow::Result<()> {
    check_hosts(hosts)?;
    let fits = (1..=64).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    ensure!(
        fits,
        "a name has 1 to 64 letters, digits, hyphens, dots and underscores and does not begin with a dot"
    );
    refuse_to_overwrite(folder, name)?;
    let certificate = read(&folder.join("ca.pem"), folder)?;
    let key = read(&folder.join("ca.key"), folder)?;
    let authority = Authority::read(certificate.to_string(), key)?;
    let validity = Validity::days(SystemClock.now(), days)?;
    let pair = if hosts.is_empty() {
        authority.issue_client(name, validity)?
    } else {
        authority.issue_server(hosts, validity)?
    };
    write_pair(folder, name, &pair)?;
    let pem = first_pem(pair.certificate.as_bytes()).context("the certificate just made cannot be read")?;
    println!("Made {0}/{1}.pem and {0}/{1}.key.", folder.display(), name);
    println!("Fingerprint: {}", fingerprint(&pem.contents));
    if hosts.is_empty() {
        println!("It speaks for nobody until an operator registers it: tallystick member --help");
    }
    Ok(())
}

fn check_hosts(hosts: &[String]) -> anyhow::Result<()> {
    match hosts.iter().find(|host| !is_host(host)) {
        Some(_) => bail!("--host takes a host name or an IP address, such as lender.example or 10.0.0.7"),
        None => Ok(()),
    }
}

fn refuse_to_overwrite(folder: &Path, name: &str) -> anyhow::Result<()> {
    for end in ["pem", "key"] {
        let path = folder.join(format!("{name}.{end}"));
        ensure!(
            !path.exists(),
            "{} exists and is not overwritten: choose another name or folder",
            path.display()
        );
    }
    Ok(())
}

/// Writes `NAME.pem` and `NAME.key`, the key for its owner alone.
pub(super) fn write_pair(folder: &Path, name: &str, pair: &Pair) -> anyhow::Result<()> {
    write(folder, name, &pair.certificate, &pair.key)
}

/// The key first: a certificate without its key would keep a second try from writing both.
pub(super) fn write(folder: &Path, name: &str, certificate: &str, key: &str) -> anyhow::Result<()> {
    create(&folder.join(format!("{name}.key")), 0o600, key)?;
    create(&folder.join(format!("{name}.pem")), 0o644, certificate)
}

fn create(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.with_context(|| format!("{} cannot be written", path.display()))
}

fn read(path: &Path, folder: &Path) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        .with_context(|| {
            let folder = folder.display();
            format!(
                "{} cannot be read: make an authority with `tallystick certs init {folder}`",
                path.display()
            )
        })?;
    Ok(text)
}

fn first_pem(bytes: &[u8]) -> Option<Pem> {
    Pem::iter_from_buffer(bytes).next()?.ok()
}

fn show(file: &Path, output: Output) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let certificates: Vec<Pem> = Pem::iter_from_buffer(&bytes)
        .filter_map(Result::ok)
        .filter(|pem| pem.label == "CERTIFICATE")
        .collect();
    ensure!(
        !certificates.is_empty(),
        "{} holds no certificate in PEM",
        file.display()
    );
    let described = certificates
        .iter()
        .map(describe)
        .collect::<anyhow::Result<Vec<_>>>()?;
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&described)?),
        Output::Table => {
            for certificate in &described {
                println!("{}", as_table(certificate));
            }
        }
    }
    Ok(())
}

#[derive(serde::Serialize)]
struct Described {
    fingerprint: String,
    subject: String,
    issuer: String,
    not_before: String,
    not_after: String,
    authority: bool,
}

fn describe(pem: &Pem) -> anyhow::Result<Described> {
    let parsed = pem
        .parse_x509()
        .context("a certificate of the file cannot be read")?;
    let validity = parsed.validity();
    Ok(Described {
        fingerprint: fingerprint(&pem.contents).to_string(),
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_before: validity.not_before.to_string(),
        not_after: validity.not_after.to_string(),
        authority: parsed.is_ca(),
    })
}

fn as_table(certificate: &Described) -> comfy_table::Table {
    let mut table = table(&[]);
    for (name, value) in [
        ("fingerprint", certificate.fingerprint.as_str()),
        ("subject", &certificate.subject),
        ("issuer", &certificate.issuer),
        ("valid from", &certificate.not_before),
        ("valid to", &certificate.not_after),
        (
            "kind",
            if certificate.authority {
                "authority"
            } else {
                "service or member"
            },
        ),
    ] {
        table.add_row([name, value]);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::members::parse_certificate;

    fn hosts() -> Vec<String> {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    }

    #[test]
    fn keys_are_for_their_owner_alone_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("certs");
        init(&folder, &hosts(), 30).unwrap();
        issue(&folder, "lender-a", &[], 30).unwrap();
        let mode = |name: &str| std::fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["ca.key", "server.key", "lender-a.key"].map(mode), [0o600; 3]);
        assert_eq!(
            std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let before = std::fs::read(folder.join("ca.key")).unwrap();
        assert!(
            init(&folder, &hosts(), 30)
                .unwrap_err()
                .to_string()
                .contains("not overwritten")
        );
        assert!(
            issue(&folder, "lender-a", &[], 30)
                .unwrap_err()
                .to_string()
                .contains("not overwritten")
        );
        assert_eq!(std::fs::read(folder.join("ca.key")).unwrap(), before);
    }

    #[test]
    fn issued_certificate_is_one_that_the_register_takes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("certs");
        init(&folder, &hosts(), 30).unwrap();
        issue(&folder, "lender-a", &[], 7).unwrap();
        let bytes = std::fs::read(folder.join("lender-a.pem")).unwrap();
        let certificate = parse_certificate(&bytes).unwrap();
        let described = describe(&first_pem(&bytes).unwrap()).unwrap();
        assert_eq!(described.fingerprint, certificate.fingerprint.to_string());
        assert!(described.subject.contains("lender-a"));
        let days = (certificate.not_after.micros() - SystemClock.now().micros()) / 86_400_000_000;
        assert!((6..=7).contains(&days), "{days}");
        assert!(show(&folder.join("lender-a.pem"), Output::Json).is_ok());
        assert!(show(&folder.join("lender-a.key"), Output::Table).is_err());
    }

    #[test]
    fn names_that_leave_the_folder_or_no_host_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "../evil", "a/b", ".hidden", "ä", &"a".repeat(65)] {
            assert!(issue(folder.path(), name, &[], 1).is_err(), "{name}");
        }
        for host in ["", "a b", "exa_mple", "-..-", "höst"] {
            assert!(init(folder.path(), &[host.to_owned()], 1).is_err(), "{host}");
        }
    }

    #[test]
    fn issuing_without_an_authority_says_how_to_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = issue(folder.path(), "lender-a", &[], 1).unwrap_err().to_string();
        assert!(error.contains("tallystick certs init"), "{error}");
    }
}
