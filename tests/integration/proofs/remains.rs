//! What a service leaves behind in its database, as bytes to search: what a dump shows, and what lies on the disk.
//!
//! The embedded engine's dump is its files. PostgreSQL's is every table, as text and as bytes; on the disk are its data
//! folder, with the write-ahead log, and what it logs itself. A file that cannot be read fails the test.

use std::fs;
use std::path::{Path, PathBuf};

use futures::TryStreamExt as _;
use tokio_postgres::Client;

use crate::harness::{Cluster, Database, Storage};

/// What [`on_disk`] calls it.
pub const LOG_OF_POSTGRES: &str = "the log of PostgreSQL";

/// On the chosen engine, and nobody else leaves anything there: a server of its own logs everything that it is told.
pub async fn watched() -> Storage {
    if !Storage::is_postgres_chosen() {
        return Storage::File;
    }
    let settings = [
        ("log_statement", "all"),
        ("log_parameter_max_length", "-1"),
        ("log_parameter_max_length_on_error", "-1"),
        ("log_min_error_statement", "debug5"),
    ];
    Storage::postgres(&Cluster::start(&settings, &[])).await
}

/// The bytes of a database that is at rest or in use.
pub async fn dump(storage: &Storage, data: &Path) -> Vec<u8> {
    match storage {
        Storage::File => content(data),
        Storage::Postgres(database) => tables(&database.connect().await).await,
    }
}

/// Everything that lies on the disk when nobody works any more, with what it is. Ends PostgreSQL, so that no file changes
/// while it is read.
pub async fn on_disk(storage: &Storage, data: &Path) -> Vec<(&'static str, Vec<u8>)> {
    match storage {
        Storage::File => vec![("the files of the database", content(data))],
        Storage::Postgres(database) => files_of_postgres(database).await,
    }
}

async fn files_of_postgres(database: &Database) -> Vec<(&'static str, Vec<u8>)> {
    let client = database.connect().await;
    client.batch_execute("CHECKPOINT").await.expect("we may");
    drop(client);
    let cluster = database.cluster();
    cluster.crash();
    let folder = cluster.folder();
    let log = fs::read(folder.join("log")).expect("the log of PostgreSQL can be read");
    vec![
        ("the files of PostgreSQL", content(&folder.join("data"))),
        (LOG_OF_POSTGRES, log),
    ]
}

/// Every row of every table: as text, in which bytes are hexadecimal digits, and as bytes.
async fn tables(client: &Client) -> Vec<u8> {
    let listed = client
        .query(
            "SELECT format('%I.%I', table_schema, table_name)
            FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
            ORDER BY 1",
            &[],
        )
        .await
        .expect("tables can be listed");
    let mut bytes = Vec::new();
    for row in listed {
        let table: String = row.get(0);
        for format in ["text", "binary"] {
            let copy = format!("COPY {table} TO STDOUT (FORMAT {format})");
            let rows = client.copy_out(&copy).await.expect("we may read all");
            let rows: Vec<_> = rows.try_collect().await.expect("it reads to the end");
            bytes.extend(rows.concat());
        }
    }
    bytes
}

fn content(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for path in files_below(folder) {
        let content = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        bytes.extend(content);
    }
    bytes
}

/// Every file below a folder, but for those in folders named `keys`.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() && path.ends_with("keys") {
            continue;
        }
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}
