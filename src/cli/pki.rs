//! A certificate authority for development, demonstration and tests. For production any authority works.
//!
//! Keys are written with owner-only permissions, and nothing that exists is overwritten.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use zeroize::Zeroizing;

use crate::domain::date::Timestamp;

/// Certificate of the authority in its folder.
pub const CA_CERTIFICATE: &str = "ca.pem";
/// Key of the authority in its folder.
pub const CA_KEY: &str = "ca.key";

/// What a certificate is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// A service at these DNS names or addresses.
    Server(Vec<String>),
    /// A member.
    Client,
}

/// A certificate and its key.
pub struct Issued {
    /// PEM.
    pub certificate: String,
    /// PEM.
    pub key: Zeroizing<String>,
    /// DER of the certificate.
    pub der: Vec<u8>,
}

crate::redacted_debug!(Issued, Authority);

/// An authority that can issue.
pub struct Authority {
    certificate: String,
    key: Zeroizing<String>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority, valid for `days` from now.
    pub fn create(name: &str, days: u32, now: Timestamp) -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, days, now)?;
        let key = KeyPair::generate()?;
        let pem = Zeroizing::new(key.serialize_pem());
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self {
            certificate,
            key: pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority of a folder.
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).with_context(|| {
                format!(
                    "cannot read {}: make an authority with `tallystick certs init {}`",
                    path.display(),
                    folder.display()
                )
            })
        };
        let certificate = read(CA_CERTIFICATE)?;
        let key = Zeroizing::new(read(CA_KEY)?);
        let pair = KeyPair::from_pem(&key).with_context(|| format!("{CA_KEY} holds no private key"))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, pair)
            .with_context(|| format!("{CA_CERTIFICATE} holds no authority's certificate"))?;
        Ok(Self {
            certificate,
            key,
            issuer,
        })
    }

    /// Writes the authority to a folder.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        write_new(&folder.join(CA_KEY), self.key.as_bytes(), 0o600)?;
        write_new(&folder.join(CA_CERTIFICATE), self.certificate.as_bytes(), 0o644)
    }

    /// PEM of the authority's certificate.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Issues a certificate, valid for `days` from now.
    pub fn issue(&self, name: &str, purpose: &Purpose, days: u32, now: Timestamp) -> anyhow::Result<Issued> {
        let (names, usage) = match purpose {
            Purpose::Server(names) => (names.clone(), ExtendedKeyUsagePurpose::ServerAuth),
            Purpose::Client => (Vec::new(), ExtendedKeyUsagePurpose::ClientAuth),
        };
        let mut params = CertificateParams::new(names).context("a name of the service is not valid")?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, days, now)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate: certificate.pem(),
            key: Zeroizing::new(key.serialize_pem()),
            der: certificate.der().to_vec(),
        })
    }
}

impl Issued {
    /// Writes `NAME.pem` and `NAME.key` to a folder; tells both paths.
    pub fn save(&self, folder: &Path, name: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
        let (certificate, key) = (
            folder.join(format!("{name}.pem")),
            folder.join(format!("{name}.key")),
        );
        write_new(&key, self.key.as_bytes(), 0o600)?;
        write_new(&certificate, self.certificate.as_bytes(), 0o644)?;
        Ok((certificate, key))
    }
}

/// Clocks differ: a certificate is valid from an hour ago.
fn set_validity(params: &mut CertificateParams, days: u32, now: Timestamp) -> anyhow::Result<()> {
    let now = time::OffsetDateTime::from_unix_timestamp(now.micros() / 1_000_000)?;
    params.not_before = now - time::Duration::hours(1);
    params.not_after = now + time::Duration::days(i64::from(days));
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| {
            format!(
                "cannot write {}: it may exist already, and nothing is overwritten",
                path.display()
            )
        })?;
    file.write_all(bytes)
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    #[test]
    fn keys_are_for_the_owner_alone_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::create("test", 10, NOW).expect("an authority");
        authority.save(folder.path()).expect("it is saved");
        let mode = std::fs::metadata(folder.path().join(CA_KEY))
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(authority.save(folder.path()).is_err(), "overwritten");
    }

    #[test]
    fn a_loaded_authority_issues_what_the_saved_one_signs() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Authority::create("test", 10, NOW)
            .and_then(|made| made.save(folder.path()))
            .expect("it is saved");
        let loaded = Authority::load(folder.path()).expect("it is loaded");
        let issued = loaded
            .issue("swift-cash", &Purpose::Client, 5, NOW)
            .expect("a certificate");
        let (_, ca) = x509_parser::pem::parse_x509_pem(loaded.certificate().as_bytes()).expect("PEM");
        let ca = ca.parse_x509().expect("a certificate");
        let (_, leaf) = x509_parser::parse_x509_certificate(&issued.der).expect("a certificate");
        assert_eq!(leaf.issuer(), ca.subject());
        let key = leaf
            .extended_key_usage()
            .expect("readable")
            .expect("present")
            .value;
        assert!(key.client_auth && !key.server_auth);
    }
}
