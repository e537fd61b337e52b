//! Certificates as files and bytes: what the register keeps of them.

use sha2::{Digest as _, Sha256};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::domain::date::Timestamp;
use crate::domain::member::Certificate;
use crate::domain::names::Fingerprint;

/// The most bytes of a certificate, DER or PEM.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Why bytes are not a certificate that can speak for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Too long.
    #[error(
        "the certificate is longer than {CERTIFICATE_BYTES_MAX} bytes: send one certificate, without its chain"
    )]
    TooLong,
    /// Neither DER nor PEM of a certificate.
    #[error(
        "this is no X.509 certificate in DER or PEM: send the member's own certificate, not its key or request"
    )]
    Malformed,
    /// More than one in the file.
    #[error("there is more than one certificate: send the member's own alone, without its chain")]
    Several,
    /// It belongs to an authority.
    #[error("this is an authority's certificate: send the member's own")]
    Authority,
}

/// SHA-256 of a certificate's DER encoding.
pub fn fingerprint(der: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(der).into())
}

/// What the register keeps of a certificate, given as DER or as PEM with exactly one certificate.
pub fn parse_certificate(bytes: &[u8]) -> Result<Certificate, CertificateError> {
    if bytes.len() > CERTIFICATE_BYTES_MAX {
        return Err(CertificateError::TooLong);
    }
    if bytes.first() == Some(&0x30) {
        return from_der(bytes);
    }
    let mut blocks = Pem::iter_from_buffer(bytes)
        .map(|block| block.map_err(|_| CertificateError::Malformed))
        .filter(|block| block.as_ref().map_or(true, |pem| pem.label == "CERTIFICATE"));
    let first = blocks.next().ok_or(CertificateError::Malformed)??;
    match blocks.next() {
        Some(_) => Err(CertificateError::Several),
        None => from_der(&first.contents),
    }
}

fn from_der(der: &[u8]) -> Result<Certificate, CertificateError> {
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    if !rest.is_empty() {
        return Err(CertificateError::Several);
    }
    if parsed.is_ca() {
        return Err(CertificateError::Authority);
    }
    let seconds = parsed.validity().not_after.timestamp();
    Ok(Certificate {
        fingerprint: fingerprint(der),
        not_after: Timestamp::from_micros(seconds.saturating_mul(1_000_000)),
        revoked_at: None,
    })
}
