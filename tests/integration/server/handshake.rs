//! Who gets through the TLS gate, and what a reload changes.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tallystick::server::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::harness::{Credentials, TestCa, TestServer, eventually, instant, metrics};

struct Hello<'a> {
    server_ca: &'a str,
    client: Option<&'a Credentials>,
    version: &'static SupportedProtocolVersion,
}

impl<'a> Hello<'a> {
    fn of(server: &'a TestServer, client: Option<&'a Credentials>) -> Self {
        Self {
            server_ca: server.ca.certificate(),
            client,
            version: &TLS13,
        }
    }

    /// Shakes hands and waits for the server's first bytes: in TLS 1.3 a client learns only then that it was refused.
    async fn greeted(&self, server: &TestServer) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.server_ca.as_bytes()).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.client {
            None => builder.with_no_client_auth(),
            Some(credentials) => {
                let chain = vec![CertificateDer::from_pem_slice(credentials.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tcp = TcpStream::connect(server.address())
            .await
            .map_err(|error| error.to_string())?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector
            .connect(name, tcp)
            .await
            .map_err(|error| error.to_string())?;
        let mut first = [0; 9];
        match stream.read(&mut first).await {
            Ok(0) => Err("closed".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[tokio::test]
async fn gate_lets_in_certificates_of_the_authority_and_nobody_else() {
    let server = TestServer::start().await;
    let known = server.ca.client("known");
    let foreign = TestCa::new().client("known");
    let expired = server
        .ca
        .client_between("expired", instant(2020, 1, 1), instant(2021, 1, 1));
    let future = server
        .ca
        .client_between("future", instant(2098, 1, 1), instant(2099, 1, 1));
    let service = server.ca.server();
    assert_eq!(Hello::of(&server, Some(&known)).greeted(&server).await, Ok(()));
    let refused: [(&str, Option<&Credentials>); 5] = [
        ("no certificate", None),
        ("another authority's", Some(&foreign)),
        ("expired", Some(&expired)),
        ("not valid yet", Some(&future)),
        ("a service's, not a client's", Some(&service)),
    ];
    for (what, client) in refused {
        assert!(
            Hello::of(&server, client).greeted(&server).await.is_err(),
            "{what}"
        );
    }
}

#[tokio::test]
async fn older_tls_is_refused() {
    let server = TestServer::start().await;
    let known = server.ca.client("known");
    let hello = Hello {
        version: &TLS12,
        ..Hello::of(&server, Some(&known))
    };
    let error = hello.greeted(&server).await.unwrap_err();
    assert!(error.contains("ProtocolVersion"), "{error}");
}

#[tokio::test]
async fn plain_text_is_refused() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    // A TLS alert (type 21) at most, never an HTTP/2 frame.
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}

#[tokio::test]
async fn silent_client_is_cut_off_and_keeps_nobody_waiting() {
    let server = TestServer::start_limited(Limits {
        handshake_ms_max: 100,
        ..Limits::default()
    })
    .await;
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let known = server.ca.client("known");
    assert_eq!(Hello::of(&server, Some(&known)).greeted(&server).await, Ok(()));
    let mut bytes = [0; 1];
    let end = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut bytes))
        .await
        .unwrap();
    assert!(matches!(end, Ok(0) | Err(_)));
    assert!(metrics().contains("tallystick_handshake_failed_total{reason=\"slow\"}"));
}

#[tokio::test]
async fn reload_changes_whom_new_connections_trust_and_keeps_open_ones() {
    let server = TestServer::start().await;
    let operator = server.operator();
    let open = operator.client().await;
    open.admin()
        .list_members(tallystick::wire::pb::ListMembersRequest::default())
        .await
        .unwrap();
    let next = TestCa::new();
    next.write_server_files(server.folder());
    let (newcomer, former) = (next.client("newcomer"), server.ca.client("former"));
    server.reload();
    eventually("the new authority is trusted", || async {
        let hello = Hello {
            server_ca: next.certificate(),
            client: Some(&newcomer),
            version: &TLS13,
        };
        hello.greeted(&server).await.is_ok()
    })
    .await;
    let hello = Hello {
        server_ca: next.certificate(),
        client: Some(&former),
        version: &TLS13,
    };
    assert!(
        hello.greeted(&server).await.is_err(),
        "the former authority is trusted no more"
    );
    open.admin()
        .list_members(tallystick::wire::pb::ListMembersRequest::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn changed_files_are_noticed_without_a_signal() {
    let server =
        TestServer::start_with(|setup| setup.options.tls_reload_interval = Duration::from_millis(20)).await;
    let next = TestCa::new();
    let newcomer = next.client("newcomer");
    next.write_server_files(server.folder());
    eventually("the new authority is trusted", || async {
        let hello = Hello {
            server_ca: next.certificate(),
            client: Some(&newcomer),
            version: &TLS13,
        };
        hello.greeted(&server).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn spoiled_files_keep_the_former_ones_in_use() {
    let server =
        TestServer::start_with(|setup| setup.options.tls_reload_interval = Duration::from_millis(20)).await;
    std::fs::write(server.folder().join("server.pem"), "spoiled").unwrap();
    eventually("the refusal is told", || async {
        metrics().contains("tallystick_certificate_reload_total{outcome=\"refused\"}")
    })
    .await;
    let known = server.ca.client("known");
    assert_eq!(Hello::of(&server, Some(&known)).greeted(&server).await, Ok(()));
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_and_places_come_back() {
    let server = TestServer::start_limited(Limits {
        connections_max: 2,
        ..Limits::default()
    })
    .await;
    let held = [
        TcpStream::connect(server.address()).await.unwrap(),
        TcpStream::connect(server.address()).await.unwrap(),
    ];
    let known = server.ca.client("known");
    eventually("a third is closed", || async {
        Hello::of(&server, Some(&known)).greeted(&server).await.is_err()
    })
    .await;
    drop(held);
    eventually("a place is free", || async {
        Hello::of(&server, Some(&known)).greeted(&server).await.is_ok()
    })
    .await;
}
