//! The accept loop: hyper's own, since `axum::serve` sets no limit on how long a header may take. It bounds how many
//! connections there are and how long a client may dawdle, and ends gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::stream::stopped;
use super::{App, openapi, routes};
use crate::store::Handle;

/// How long a client may take over a request's header.
const HEADER_WITHIN: Duration = Duration::from_secs(10);
/// Connections at once: a store has a few kiosks, a few staff screens and a handful of programs.
const MOST_CONNECTIONS: usize = 512;
/// How long answers under way may take once the program stops.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// An address that others than this machine could reach.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "will not listen on {0}: log-in comes with a later version, so until then only this machine itself may connect; \
     use 127.0.0.1:{port} or [::1]:{port}",
    port = .0.port()
)]
pub struct NotLoopback(pub SocketAddr);

/// Whether an address may be listened on: loopback only.
///
/// # Errors
/// Any other address, with what would be right.
pub fn check_loopback(address: SocketAddr) -> Result<(), NotLoopback> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(NotLoopback(address)) }
}

/// Serves pages and API until `shutdown` says `true` (or whoever would say so is gone), then lets answers under way
/// finish.
///
/// # Errors
/// A listener past loopback (see [`check_loopback`]) or one whose address cannot be told.
pub async fn serve(
    handle: Handle,
    listener: TcpListener,
    mut shutdown: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    check_loopback(listener.local_addr()?)?;
    let app =
        App { handle, stopping: shutdown.clone(), document: openapi::document().into(), day: Arc::default() };
    let router = routes::router(app);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_WITHIN);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let permit = tokio::select! {
            permit = room.clone().acquire_owned() => permit?,
            () = stopped(&mut shutdown) => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Mostly no file descriptor left: others will be given back soon.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stopped(&mut shutdown) => break,
        };
        if check_loopback(peer).is_err() {
            continue;
        }
        // Pages and events are small and should not wait for more.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_ANSWERS_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::info!("some answers were not finished in time");
    }
    Ok(())
}
