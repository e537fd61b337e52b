//! Certificate authorities for tests: one signs the service and its members, another is a stranger's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use tallystick::client::ClientIdentity;
use tallystick::server::TlsFiles;

/// A certificate with its key.
pub struct Credentials {
    /// PEM.
    pub certificate: String,
    /// PEM.
    pub key: String,
    /// The certificate as its fingerprint is taken.
    pub der: Vec<u8>,
}

/// An authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority for tests");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2049, 1, 1);
        let key = KeyPair::generate().expect("keys can be made");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("an authority signs itself"),
        }
    }

    /// PEM of its own certificate.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate that is valid until the end of `last_year`.
    pub fn issue(&self, name: &str, last_year: i32) -> Credentials {
        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("both are valid names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("an authority signs what it is given");
        Credentials {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
        }
    }

    /// What a client of this authority's service shows and trusts.
    pub fn identity(&self, credentials: &Credentials) -> ClientIdentity {
        ClientIdentity {
            certificate: credentials.certificate.clone().into_bytes(),
            key: credentials.key.clone().into_bytes().into(),
            server_ca: self.pem().into_bytes(),
        }
    }

    /// Writes the service's three files.
    pub fn equip(&self, folder: &Path) -> TlsFiles {
        let server = self.issue("service", 2048);
        let files = TlsFiles {
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            client_ca: folder.join("ca.pem"),
        };
        fs::write(&files.certificate, server.certificate).expect("the folder can be written");
        write_secret(&files.key, &server.key);
        fs::write(&files.client_ca, self.pem()).expect("the folder can be written");
        files
    }
}

/// Writes a file that only its owner reads.
pub fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).expect("the folder can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the owner may change the mode");
}
