//! A certificate authority of its own for each test.

use std::path::Path;

use tallystick::cli::authority::{Authority, Validity};
use tallystick::domain::date::Timestamp;
use tallystick::domain::member::Certificate;
use tallystick::members::parse_certificate;

/// Noon UTC of a civil date.
pub fn instant(year: i32, month: u32, day: u32) -> Timestamp {
    let noon = chrono::NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap();
    Timestamp::from_micros(noon.and_utc().timestamp_micros())
}

/// A certificate and its key, PEM.
#[derive(Clone)]
pub struct Credentials {
    pub certificate: String,
    pub key: String,
}

impl Credentials {
    /// What the register keeps of it.
    pub fn registered(&self) -> Certificate {
        parse_certificate(self.certificate.as_bytes()).unwrap()
    }
}

/// The authority.
pub struct TestCa(Authority);

impl TestCa {
    pub fn new() -> Self {
        Self(Authority::create("Test authority", Self::long()).unwrap())
    }

    fn long() -> Validity {
        Validity::between(instant(2020, 1, 1), instant(2100, 1, 1))
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> &str {
        self.0.certificate()
    }

    /// A member's, valid from 2020 to 2100.
    pub fn client(&self, name: &str) -> Credentials {
        self.client_between(name, instant(2020, 1, 1), instant(2100, 1, 1))
    }

    pub fn client_between(&self, name: &str, from: Timestamp, to: Timestamp) -> Credentials {
        let pair = self.0.issue_client(name, Validity::between(from, to)).unwrap();
        Credentials {
            certificate: pair.certificate,
            key: pair.key.to_string(),
        }
    }

    /// The service's, for `localhost`.
    pub fn server(&self) -> Credentials {
        let pair = self
            .0
            .issue_server(&["localhost".to_owned()], Self::long())
            .unwrap();
        Credentials {
            certificate: pair.certificate,
            key: pair.key.to_string(),
        }
    }

    /// Writes the three files of a service: `server.pem`, `server.key`, `ca.pem`.
    pub fn write_server_files(&self, folder: &Path) {
        let server = self.server();
        write_secret(&folder.join("server.key"), &server.key);
        std::fs::write(folder.join("server.pem"), &server.certificate).unwrap();
        std::fs::write(folder.join("ca.pem"), self.certificate()).unwrap();
    }
}

fn write_secret(path: &Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = std::fs::remove_file(path);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
