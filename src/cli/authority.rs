//! A development authority: makes itself, service and member certificates. For production any CA does.
//!
//! Pure but for key generation: the time is an argument, files are the caller's.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::domain::date::Timestamp;

/// The longest validity, in days.
pub const VALIDITY_DAYS_MAX: u32 = 3_650;
/// Certificates begin this much before now, so that clocks may differ.
const BACKDATED: Duration = Duration::minutes(5);

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Too long, or not at all.
    #[error("a certificate is valid for 1 to {VALIDITY_DAYS_MAX} days, not {0}")]
    Validity(u32),
    /// What should be the authority's certificate or key is not.
    #[error(
        "the authority's certificate and key cannot be read: point to the folder that `tallystick certs init` made"
    )]
    Unreadable,
    /// A name that cannot be in a certificate.
    #[error("a certificate cannot be made for these names: use host names and addresses of plain ASCII")]
    Names(#[source] rcgen::Error),
    /// The library failed.
    #[error("the certificate cannot be made")]
    Library(#[source] rcgen::Error),
}

/// A certificate and its key, both PEM.
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: Zeroizing<String>,
}

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    from: OffsetDateTime,
    to: OffsetDateTime,
}

impl Validity {
    /// From now on, for some days.
    pub fn days(now: Timestamp, days: u32) -> Result<Self, AuthorityError> {
        if !(1..=VALIDITY_DAYS_MAX).contains(&days) {
            return Err(AuthorityError::Validity(days));
        }
        let from = instant(now) - BACKDATED;
        Ok(Self {
            from,
            to: instant(now) + Duration::days(days.into()),
        })
    }

    /// From one instant to another, whatever they are.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from: instant(from),
            to: instant(to),
        }
    }
}

fn instant(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.micros().div_euclid(1_000_000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The authority.
pub struct Authority {
    certificate: String,
    key: Zeroizing<String>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes one.
    pub fn create(name: &str, validity: Validity) -> Result<Self, AuthorityError> {
        let mut params = params(name, &[], validity)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(AuthorityError::Library)?;
        let certificate = params.self_signed(&key).map_err(AuthorityError::Library)?.pem();
        Ok(Self {
            certificate,
            key: Zeroizing::new(key.serialize_pem()),
            issuer: Issuer::new(params, key),
        })
    }

    /// Reads one that was made before.
    pub fn read(certificate: String, key: Zeroizing<String>) -> Result<Self, AuthorityError> {
        let pair = KeyPair::from_pem(&key).map_err(|_| AuthorityError::Unreadable)?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, pair).map_err(|_| AuthorityError::Unreadable)?;
        Ok(Self {
            certificate,
            key,
            issuer,
        })
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its key, PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A certificate for a member.
    pub fn issue_client(&self, name: &str, validity: Validity) -> Result<Pair, AuthorityError> {
        self.issue(params(name, &[], validity)?, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A certificate for a service under these host names and addresses.
    pub fn issue_server(&self, hosts: &[String], validity: Validity) -> Result<Pair, AuthorityError> {
        let name = hosts.first().map_or("tallystick", String::as_str);
        self.issue(
            params(name, hosts, validity)?,
            ExtendedKeyUsagePurpose::ServerAuth,
        )
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Pair, AuthorityError> {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(AuthorityError::Library)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(AuthorityError::Library)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: Zeroizing::new(key.serialize_pem()),
        })
    }
}

fn params(name: &str, hosts: &[String], validity: Validity) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(hosts.to_vec()).map_err(AuthorityError::Names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = validity.from;
    params.not_after = validity.to;
    Ok(params)
}

/// Whether a host is one that a certificate can name.
pub fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}
