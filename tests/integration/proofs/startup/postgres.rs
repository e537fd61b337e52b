//! What can be wrong between a service and its PostgreSQL database. No message tells a password.

use std::fs;

use tallystick::store::postgres::{PostgresOptions, worries};
use tallystick::wire::pb;

use super::super::process::Site;
use super::{mode, refused};
use crate::harness::{Cluster, Database, Storage, address};

/// In every URL and file that holds a password here.
const PASSWORD: &str = "swordfish-4711";

/// A database, what is done to it, what the configuration says of it, and what must be said about that.
struct Case {
    name: &'static str,
    sql: &'static str,
    url: fn(&Database) -> String,
    said: &'static [&'static str],
}

fn itself(database: &Database) -> String {
    database.url()
}

const CASES: [Case; 8] = [
    Case {
        name: "an unknown database",
        sql: "",
        url: |database| database.cluster().url("nobody_made_it"),
        said: &["nobody_made_it", "does not exist", "tallystick database migrate"],
    },
    Case {
        name: "an unknown user",
        sql: "",
        url: |database| database.url().replace("tallystick@", "nobody@"),
        said: &["role \"nobody\" does not exist", "do database and user exist"],
    },
    Case {
        name: "no such socket",
        sql: "",
        url: |_| "postgres://tallystick@/market?host=%2Fnowhere".to_owned(),
        said: &[
            "market at /nowhere",
            "is it running",
            "database.url",
            "No such file",
        ],
    },
    Case {
        name: "no such host",
        sql: "",
        // Names below `invalid` are never anybody's.
        url: |_| "postgres://tallystick@market.invalid/market?sslmode=disable".to_owned(),
        said: &["market at market.invalid", "is it running", "database.url"],
    },
    Case {
        name: "an older schema",
        sql: "DELETE FROM schema_migration WHERE version > 1",
        url: itself,
        said: &["schema version 1", "tallystick database migrate"],
    },
    Case {
        name: "a newer schema",
        sql: "INSERT INTO schema_migration (version, name, sha256, applied_at)
            SELECT 99, 'later', sha256, applied_at FROM schema_migration WHERE version = 1",
        url: itself,
        said: &["schema version 99", "run the program version that migrated it"],
    },
    Case {
        name: "a schema that somebody altered",
        sql: "UPDATE schema_migration SET sha256 = sha256('') WHERE version = 1",
        url: itself,
        said: &["schema_migration", "restore it from a backup"],
    },
    Case {
        name: "a password in the URL",
        sql: "",
        url: |database| database.url().replace('@', &format!(":{PASSWORD}@")),
        said: &["database.url", "holds a password", "file of mode 0600"],
    },
];

fn refused_quietly(site: &Site, name: &str, said: &[&str]) {
    let told = refused(site, name, said);
    assert!(!told.contains(PASSWORD), "{name}: the password is told: {told}");
}

#[tokio::test]
async fn a_database_that_cannot_be_served_is_refused_with_what_to_do() {
    for case in CASES {
        let storage = Storage::postgres(Cluster::shared()).await;
        let Storage::Postgres(database) = &storage else {
            unreachable!("it was asked for");
        };
        let behind = database.connect().await;
        behind.batch_execute(case.sql).await.expect("it is ours");
        let lines = format!("[database]\nurl = \"{}\"\n", (case.url)(database));
        let site = Site::on(storage);
        site.configure(&lines);
        refused_quietly(&site, case.name, case.said);
        assert!(
            !site.data().join("keys").exists(),
            "{}: keys were made",
            case.name
        );
    }
}

#[tokio::test]
async fn a_database_without_a_schema_is_never_made_one_by_the_service() {
    let database = Cluster::shared().empty_database().await;
    let behind = database.connect().await;
    let site = Site::on(Storage::Postgres(database));
    refused_quietly(
        &site,
        "an empty database",
        &["schema version 0", "tallystick database migrate"],
    );
    let tables = "SELECT FROM information_schema.tables WHERE table_schema = 'public'";
    let made = behind.execute(tables, &[]).await.expect("it is ours");
    assert_eq!(made, 0, "tables were made");
    let migrated = site.tallystick(&["database", "migrate"]);
    assert!(migrated.contains("applied 0001_foundation"), "{migrated}");
    site.start().stop();
}

#[tokio::test]
async fn other_keys_than_the_database_was_served_with_are_refused() {
    let site = Site::on(Storage::postgres(Cluster::shared()).await);
    let other = Site::on(Storage::postgres(Cluster::shared()).await);
    for site in [&site, &other] {
        site.start().stop();
    }
    let (keys, spare) = (site.data().join("keys"), site.folder.path().join("spare"));
    fs::rename(&keys, &spare).expect("they were there");
    fs::rename(other.data().join("keys"), &keys).expect("they were there");
    refused_quietly(
        &site,
        "other keys",
        &["the key", "copy the key files", "of the backup"],
    );
    fs::remove_dir_all(&keys).expect("they were there");
    fs::rename(&spare, &keys).expect("they were there");
    site.start().stop();
    fs::remove_dir_all(&keys).expect("they were there");
    refused_quietly(&site, "no keys", &["keys", "backup"]);
    assert!(
        !site.data().join("keys/token/master-v1.key").exists(),
        "new keys were made"
    );
}

/// Where one user needs a password and comes by TCP; the tests' own user does neither.
async fn guarded() -> Storage {
    let access = "local all all trust\nhost all guest 127.0.0.1/32 scram-sha-256\n";
    let storage = Storage::postgres(&Cluster::start_tcp(&[], &[("pg_hba.conf", access)])).await;
    let Storage::Postgres(database) = &storage else {
        unreachable!("it was asked for");
    };
    let guest = format!("CREATE ROLE guest SUPERUSER LOGIN PASSWORD '{PASSWORD}'");
    let behind = database.connect().await;
    behind.batch_execute(&guest).await.expect("it is ours");
    storage
}

#[tokio::test]
async fn a_password_comes_from_a_file_that_is_its_owners_alone_and_is_never_told() {
    let storage = guarded().await;
    let url = match &storage {
        Storage::Postgres(database) => {
            let url = database.cluster().tcp_url(database.name());
            url.replace("tallystick@", "guest@")
        }
        Storage::File => unreachable!("it was asked for"),
    };
    let site = Site::on(storage);
    let file = site.folder.path().join("password");
    let with_file = format!("[database]\nurl = \"{url}\"\npassword_file = \"password\"\n");

    site.configure(&format!("[database]\nurl = \"{url}\"\n"));
    refused_quietly(&site, "no password", &["password", "database.password_file"]);
    site.configure(&with_file);
    refused_quietly(&site, "no file", &["database.password_file", "mode 0600"]);
    fs::write(&file, format!("{PASSWORD}\n")).expect("it can be written");
    mode(&file, 0o640);
    refused_quietly(&site, "others may read it", &["others may read", "chmod 600"]);
    mode(&file, 0o600);
    fs::write(&file, format!("{PASSWORD}-of-yesterday\n")).expect("it can be written");
    refused_quietly(&site, "another password", &["password authentication failed"]);
    fs::write(&file, format!("{PASSWORD}\n")).expect("it can be written");
    let log = site.start().stop();
    assert!(log.contains("DEBUG") && !log.contains(PASSWORD), "{log}");
}

#[tokio::test]
async fn a_server_that_logs_what_statements_are_about_is_worried_about() {
    let Storage::Postgres(database) = Storage::postgres(Cluster::shared()).await else {
        unreachable!("it was asked for");
    };
    let behind = database.connect().await;
    let worries = async |name: &str| {
        let worries = worries(&address(&database.url()), &PostgresOptions::default()).await;
        let worries = worries.expect("it can be reached");
        worries.iter().filter(|worry| worry.starts_with(name)).count()
    };
    for (name, setting) in [
        ("log_statement", "all"),
        ("log_min_duration_statement", "250"),
        ("log_parameter_max_length_on_error", "-1"),
    ] {
        assert_eq!(worries(name).await, 0, "{name}");
        let set = format!("ALTER DATABASE {} SET {name} = '{setting}'", database.name());
        behind.batch_execute(&set).await.expect("it is ours");
        assert_eq!(worries(name).await, 1, "{name}");
    }
    let quiet = format!(
        "ALTER DATABASE {} SET log_parameter_max_length = 0",
        database.name()
    );
    behind.batch_execute(&quiet).await.expect("it is ours");
    assert_eq!(worries("log_statement").await, 0, "statements alone tell nothing");
}

#[tokio::test]
async fn two_services_with_the_same_keys_serve_one_database() {
    let site = Site::on(Storage::postgres(Cluster::shared()).await);
    let services = [site.start(), site.start()];
    for service in &services {
        let operator = site.connect(service, &site.operator, "operator").await;
        let listed = operator
            .client
            .admin()
            .list_members(pb::ListMembersRequest::default())
            .await;
        assert_eq!(listed.expect("it serves").into_inner().members.len(), 1);
    }
    for service in services {
        service.stop();
    }
}
