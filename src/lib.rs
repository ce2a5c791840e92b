//! The store's program: the thin shell around the pure engine. It carries bytes and performs outputs.

pub mod catalogue;
pub mod cli;
pub mod config;
pub mod db;
pub mod pay;
pub mod planning;
pub mod store;
pub mod tag;
pub mod web;
