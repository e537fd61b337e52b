//! One connection, with TLS or without, and who is at its other end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use metrics::gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::metric;
use crate::domain::names::Fingerprint;
use crate::members::fingerprint;

/// Who is at the other end: worked out once for all calls of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The certificate that the handshake verified; `None` without TLS.
    pub certificate: Option<Fingerprint>,
    /// Its address.
    pub address: SocketAddr,
}

#[derive(Debug)]
enum Io {
    Tls(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

/// An open connection. Gives its place back when it is dropped.
#[derive(Debug)]
pub struct Connection {
    io: Io,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// One whose handshake is done.
    pub fn secure(io: TlsStream<TcpStream>, address: SocketAddr, place: OwnedSemaphorePermit) -> Self {
        let leaf = io.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = leaf.map(|leaf| fingerprint(leaf));
        Self::new(Io::Tls(Box::new(io)), Peer { certificate, address }, place)
    }

    /// One without TLS.
    pub fn plain(io: TcpStream, address: SocketAddr, place: OwnedSemaphorePermit) -> Self {
        Self::new(
            Io::Plain(io),
            Peer {
                certificate: None,
                address,
            },
            place,
        )
    }

    fn new(io: Io, peer: Peer, place: OwnedSemaphorePermit) -> Self {
        gauge!(metric::CONNECTIONS).increment(1.0);
        Self {
            io,
            peer,
            _place: place,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        gauge!(metric::CONNECTIONS).decrement(1.0);
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Tls(stream) => stream.is_write_vectored(),
            Io::Plain(stream) => stream.is_write_vectored(),
        }
    }
}
