//! The way to a database on another machine: who answers is made sure of, and who asks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tallystick::cli::place::Place;
use tallystick::domain::clock::{SharedClock, SharedEntropy};
use tempfile::TempDir;

use crate::harness::{Cluster, Database, SeededEntropy, TestCa};
use crate::store::engine::ManualClock;

/// A password that is in no message.
const PASSWORD: &str = "correct-horse-battery";

/// By TCP nobody gets in without TLS; by the Unix socket the tests do.
const WHO_MAY: &str = "
local all all trust
hostssl all tallystick all trust
hostssl all certified all cert
hostssl all known_by_password all scram-sha-256
";

/// A server with a certificate of its own, and the files of those who connect to it.
struct Secured {
    cluster: Cluster,
    database: Database,
    ca: TestCa,
    folder: TempDir,
}

impl Secured {
    async fn start() -> Self {
        let ca = TestCa::new();
        let server = ca.server();
        let cluster = Cluster::start_tcp(
            &[("ssl", "on"), ("ssl_ca_file", "ca.pem")],
            &[
                ("server.crt", &server.certificate),
                ("server.key", &server.key),
                ("ca.pem", ca.certificate()),
                ("pg_hba.conf", WHO_MAY),
            ],
        );
        let database = cluster.empty_database().await;
        let people = format!(
            "CREATE ROLE certified LOGIN SUPERUSER; CREATE ROLE known_by_password LOGIN SUPERUSER PASSWORD '{PASSWORD}'"
        );
        database.connect().await.batch_execute(&people).await.unwrap();
        let place = Place::named(&database.url(), None).unwrap();
        let (clock, entropy) = surroundings();
        place.migrate(&clock, &entropy).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), ca.certificate()).unwrap();
        Self {
            cluster,
            database,
            ca,
            folder,
        }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A URL of a user who verifies the server by this authority.
    fn url(&self, user: &str, root: &Path) -> String {
        let url = self.cluster.tcp_url(self.database.name());
        let url = url.replace("tallystick@", &format!("{user}@"));
        format!("{url}?sslmode=verify-full&sslrootcert={}", root.display())
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

fn surroundings() -> (SharedClock, SharedEntropy) {
    (ManualClock::at_start(), SeededEntropy::another())
}

/// What a service is told that opens this place; nothing when it opens and works.
async fn refusal(url: &str, password_file: Option<&Path>) -> Option<String> {
    let place = match Place::named(url, password_file) {
        Ok(place) => place,
        Err(refused) => return Some(format!("{refused:#} {refused:?}")),
    };
    let (clock, entropy) = surroundings();
    match place.open(clock, entropy, std::sync::Arc::default()).await {
        Ok(store) => {
            store.check().await.unwrap();
            store.holdings().await.unwrap();
            None
        }
        Err(refused) => Some(format!("{refused:#} {refused:?} {place:?}")),
    }
}

#[tokio::test]
async fn a_server_is_trusted_for_its_authority_and_its_name() {
    let secured = Secured::start().await;
    let verified = secured.url("tallystick", &secured.root());
    assert_eq!(refusal(&verified, None).await, None);
    let place = Place::named(&verified, None).unwrap();
    let (clock, entropy) = surroundings();
    let _store = place
        .open(clock, entropy, std::sync::Arc::default())
        .await
        .unwrap();
    let database = secured.database.connect().await;
    let ways = "SELECT count(*) FILTER (WHERE s.ssl AND s.version = 'TLSv1.3'), count(*)
        FROM pg_stat_activity a JOIN pg_stat_ssl s ON s.pid = a.pid WHERE a.application_name = 'tallystick'";
    let row = database.query_one(ways, &[]).await.unwrap();
    let (secret, all): (i64, i64) = (row.get(0), row.get(1));
    assert!(
        secret == all && all > 0,
        "{secret} of {all} connections are secret"
    );

    let elsewhere = secured.file("another.pem", TestCa::new().certificate());
    let other_authority = secured.url("tallystick", &elsewhere);
    // The certificate is for `localhost`, not for what that means.
    let other_name = verified.replace("@localhost:", "@127.0.0.1:");
    let plain = format!(
        "{}?sslmode=disable",
        secured.cluster.tcp_url(secured.database.name())
    );
    for (url, wanted) in [
        (other_authority, "certificate"),
        (other_name, "certificate"),
        (plain, "pg_hba.conf"),
    ] {
        let told = refusal(&url, None).await.expect("nobody is let in");
        assert!(told.contains(wanted), "{url}: {told}");
    }
}

#[tokio::test]
async fn whoever_asks_is_known_by_a_certificate() {
    let secured = Secured::start().await;
    let bare = secured.url("certified", &secured.root());
    let with = |name: &str, ca: &TestCa| {
        let credentials = ca.client(name);
        let certificate = secured.file(&format!("{name}.pem"), &credentials.certificate);
        let key = secured.file(&format!("{name}.key"), &credentials.key);
        format!(
            "{bare}&sslcert={}&sslkey={}",
            certificate.display(),
            key.display()
        )
    };
    assert_eq!(refusal(&with("certified", &secured.ca), None).await, None);
    for (url, wanted) in [
        (bare.clone(), "certificate"),
        (
            with("somebody-else", &secured.ca),
            "certificate authentication failed",
        ),
        (with("certified", &TestCa::new()), "UnknownCA"),
    ] {
        let told = refusal(&url, None).await.expect("nobody is let in");
        assert!(told.contains(wanted), "{url}: {told}");
    }
}

#[tokio::test]
async fn a_password_comes_from_a_file_and_is_shown_nowhere() {
    let secured = Secured::start().await;
    let url = secured.url("known_by_password", &secured.root());
    let right = secured.file("right", &format!("{PASSWORD}\n"));
    assert_eq!(refusal(&url, Some(&right)).await, None);
    let wrong = secured.file("wrong", "hunter2-and-more\n");
    let readable = secured.file("readable", PASSWORD);
    fs::set_permissions(&readable, fs::Permissions::from_mode(0o644)).unwrap();
    let cases = [
        (Some(&wrong), "password authentication failed"),
        (None, "password"),
        (Some(&readable), "chmod 600"),
    ];
    for (file, wanted) in cases {
        let told = refusal(&url, file.map(PathBuf::as_path))
            .await
            .expect("nobody is let in");
        assert!(told.contains(wanted), "{told}");
        for secret in [PASSWORD, "hunter2-and-more"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}
