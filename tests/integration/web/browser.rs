//! A browser as far as these tests need one: it keeps cookies and may hold a certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::harness::{Credentials, TestServer};

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The values of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// The one value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers(name);
        assert_eq!(found.len(), 1, "{name} in {}", self.head);
        found[0]
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// The browser.
pub struct Browser {
    address: SocketAddr,
    /// The authority that it trusts; `None`: no TLS.
    authority: Option<String>,
    certificate: Option<Credentials>,
    pub cookies: Vec<(String, String)>,
    pub extra: String,
}

impl Browser {
    /// One without a certificate.
    pub fn of(server: &TestServer) -> Self {
        Self {
            address: server.web_address(),
            authority: Some(server.ca.certificate().to_owned()),
            certificate: None,
            cookies: Vec::new(),
            extra: String::new(),
        }
    }

    /// The same of a service without TLS.
    pub fn plain(server: &TestServer) -> Self {
        Self {
            authority: None,
            ..Self::of(server)
        }
    }

    /// The same at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            authority: None,
            certificate: None,
            cookies: Vec::new(),
            extra: String::new(),
        }
    }

    /// One that holds a certificate.
    pub fn with(server: &TestServer, credentials: &Credentials) -> Self {
        Self {
            certificate: Some(credentials.clone()),
            ..Self::of(server)
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send("POST", path, form).await
    }

    /// Presses the button of a login link.
    pub async fn log_in(&mut self, secret: &str) -> Answer {
        self.post("/login", &format!("link={secret}")).await
    }

    async fn send(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        if method == "POST" {
            let length = form.len();
            let kind = "Content-Type: application/x-www-form-urlencoded";
            request.push_str(&format!("{kind}\r\nContent-Length: {length}\r\n"));
        }
        request.push_str(&format!("{}\r\n{form}", self.extra));
        let answer = Answer::parse(&self.exchange(request.as_bytes()).await.unwrap());
        for cookie in answer.headers("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// Sends bytes and reads until the other end closes.
    pub async fn exchange(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let tcp = TcpStream::connect(self.address).await?;
        let Some(authority) = &self.authority else {
            return talk(tcp, request).await;
        };
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some(credentials) => {
                let chain = vec![CertificateDer::from_pem_slice(credentials.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        talk(stream, request).await
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        // A server that closes without a goodbye of TLS has answered all the same.
        Err(error) if bytes.is_empty() => Err(error),
        Ok(_) | Err(_) => Ok(bytes),
    }
}
