//! HTTP for emulated readers: serves a router on a listener, over TLS where the reader has a certificate.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// Serves until dropped; then every connection is cut.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
) -> io::Result<()> {
    let acceptor = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                // Small events must not wait for company.
                stream.set_nodelay(true)?;
                connections.spawn(connection(stream, acceptor.clone(), router.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router) {
    let service = TowerToHyperService::new(router);
    // A client that goes away in between is none of the reader's business.
    match acceptor {
        None => _ = http(TokioIo::new(stream), service).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = http(TokioIo::new(stream), service).await;
            }
        }
    }
}

async fn http<I>(io: I, service: TowerToHyperService<Router>) -> Result<(), hyper::Error>
where
    I: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    hyper::server::conn::http1::Builder::new().serve_connection(io, service).with_upgrades().await
}

/// The user and password of a request (RFC 7617).
pub(crate) fn basic_login(request: &Request<Body>) -> Option<(String, String)> {
    use base64::Engine as _;
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let pair = base64::engine::general_purpose::STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let (user, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
