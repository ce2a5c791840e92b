//! Kiosk, staff pages, a shopper's own receipt, and the API, over HTTP. Everything said here was committed before;
//! everything heard here goes to the store's one writer as lines, but for jobs on tags, which go to a reader's driver and
//! change nothing that the store knows. It never decides anything and keeps no state of its own. Log-in comes with a later
//! version: until then nothing here listens, or answers, past loopback.

mod act;
mod assets;
mod guard;
mod health;
mod home;
mod input;
mod kiosk;
mod list;
mod observations;
mod openapi;
mod problem;
mod receipt;
mod routes;
mod serve;
mod staff;
mod stream;
mod tags;
pub(crate) mod words;

use std::sync::Arc;

use tokio::sync::watch;

use crate::store::Handle;

pub use serve::{NotLoopback, check_loopback, serve};

/// What every handler gets.
#[derive(Clone)]
pub(crate) struct App {
    handle: Handle,
    /// True once the program stops: streams that would never end do.
    stopping: watch::Receiver<bool>,
    /// The API's description, made once from the table of routes.
    document: Arc<str>,
    /// What was sold today, as the staff page counts it on.
    day: Arc<tokio::sync::Mutex<staff::Day>>,
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
