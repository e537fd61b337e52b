use std::os::unix::fs::OpenOptionsExt as _;

use futures::stream;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// A sound set.
    fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.make();
        files
    }

    fn make(&self) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&leaf_key, &issuer)
            .unwrap();
        self.put("ca.pem", 0o644, &authority.pem());
        self.put("server.pem", 0o644, &leaf.pem());
        self.put("server.key", 0o600, &leaf_key.serialize_pem());
    }

    fn put(&self, name: &str, mode: u32, text: &str) {
        use std::io::Write as _;
        let path = self.folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn get(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn paths(&self) -> TlsFiles {
        let path = |name| self.folder.path().join(name);
        TlsFiles {
            certificate: path("server.pem"),
            key: path("server.key"),
            client_ca: path("ca.pem"),
        }
    }
}

#[test]
fn sound_files_give_tls_1_3_with_h2_and_no_resumption() {
    let tls = Tls::load(Files::new().paths()).unwrap();
    let config = tls.current(Whose::Members);
    assert_eq!(config.alpn_protocols, [b"h2".to_vec()]);
    assert_eq!(config.send_tls13_tickets, 0);
    assert!(!config.session_storage.can_cache());
}

#[test]
fn each_unsound_file_is_named_with_what_mends_it() {
    type Spoil = fn(&Files);
    let cases: [(&str, Spoil, &str, &str); 9] = [
        (
            "no key",
            |files| std::fs::remove_file(files.paths().key).unwrap(),
            "server.key",
            "certs init",
        ),
        (
            "no ca",
            |files| std::fs::remove_file(files.paths().client_ca).unwrap(),
            "ca.pem",
            "certs init",
        ),
        (
            "open key",
            |files| files.put("server.key", 0o640, &files.get("server.key")),
            "server.key",
            "chmod 600",
        ),
        (
            "empty leaf",
            |files| files.put("server.pem", 0o644, ""),
            "server.pem",
            "certs issue",
        ),
        (
            "no PEM",
            |files| files.put("ca.pem", 0o644, "hello"),
            "ca.pem",
            "PEM",
        ),
        (
            "key is a leaf",
            |files| files.put("server.key", 0o600, &files.get("server.pem")),
            "server.key",
            "certs issue",
        ),
        (
            "leaf is a key",
            |files| files.put("server.pem", 0o644, &files.get("server.key")),
            "server.pem",
            "certs issue",
        ),
        (
            "another's key",
            |files| {
                files.put("server.key", 0o600, &KeyPair::generate().unwrap().serialize_pem());
            },
            "server.key",
            "certs issue",
        ),
        (
            "too long",
            |files| {
                let length = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
                files.put("ca.pem", 0o644, &"x".repeat(length));
            },
            "ca.pem",
            "longer than",
        ),
    ];
    for (name, spoil, file, fix) in cases {
        let files = Files::new();
        let secret = files.get("server.key");
        spoil(&files);
        let error = Tls::load(files.paths()).expect_err(name).to_string();
        assert!(error.contains(file) && error.contains(fix), "{name}: {error}");
        assert!(!error.contains(secret.lines().nth(1).unwrap()), "{name}: {error}");
    }
}

#[test]
fn unsound_files_never_replace_sound_ones_and_are_told_once() {
    let files = Files::new();
    let tls = Tls::load(files.paths()).unwrap();
    let first = tls.current(Whose::Members);
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged);
    files.put("server.pem", 0o644, "spoiled");
    assert!(tls.reload().is_err());
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged, "told once");
    std::fs::remove_file(files.paths().key).unwrap();
    assert!(tls.reload().is_err());
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged, "told once");
    assert!(Arc::ptr_eq(&first, &tls.current(Whose::Members)));
    files.make();
    assert_eq!(tls.reload().unwrap(), Reload::Changed);
    assert!(!Arc::ptr_eq(&first, &tls.current(Whose::Members)));
}

#[tokio::test]
async fn each_tick_is_a_look() {
    let files = Files::new();
    let tls = Tls::load(files.paths()).unwrap();
    let first = tls.current(Whose::Members);
    files.make();
    tls.clone().follow(stream::iter([()])).await;
    assert!(!Arc::ptr_eq(&first, &tls.current(Whose::Members)));
}
