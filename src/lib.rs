//! The store's program: the thin shell around the pure engine. It carries bytes and performs outputs.

pub mod db;
pub mod store;
pub mod web;
