//! What a session asks of its reader.

use std::time::Duration;

use crate::frame::MAX_FRAME_BYTES;

/// How the ROSpec begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// No start trigger; the session sends `START_ROSPEC`, also after an end that it did not ask for.
    Explicit,
    /// The reader starts it when it is enabled.
    Immediate,
}

/// One antenna to inventory on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Antenna {
    /// Port, from 1.
    pub id: u16,
    /// Transmit power in 1/100 dBm; the nearest of the reader's table is taken. The reader's own when `None`.
    pub power_cdbm: Option<i32>,
}

/// How tags are inventoried on an antenna.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inventory {
    /// Gen2 session, 0 to 3.
    pub session: u8,
    /// Gen2 session where `impinj_search_mode` is given and cannot be had; as `session` when `None`.
    pub plain_session: Option<u8>,
    /// Tags expected in the field; readers choose their first Q by it.
    pub tag_population: u16,
    /// `ModeIdentifier` of the reader's RF mode table; the reader's own choice when `None`.
    pub mode_index: Option<u16>,
    /// Impinj's inventory search mode (`ImpinjInventorySearchType`), where the reader is Impinj's.
    pub impinj_search_mode: Option<u16>,
}

/// What a session asks of its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of the one ROSpec that the session keeps.
    pub rospec_id: u32,
    /// Antennas to use; all, at the reader's own power, when empty.
    pub antennas: Vec<Antenna>,
    /// Gen2 session, 0 to 3.
    pub session: u8,
    /// As in [`Inventory`].
    pub plain_session: Option<u8>,
    /// As in [`Inventory`].
    pub tag_population: u16,
    /// As in [`Inventory`].
    pub mode_index: Option<u16>,
    /// As in [`Inventory`].
    pub impinj_search_mode: Option<u16>,
    /// Antennas that are inventoried otherwise than the fields above say. A reader that cannot have it so inventories
    /// all alike.
    pub exceptions: Vec<(u16, Inventory)>,
    /// Ask Impinj readers for phase, fine RSSI and Doppler.
    pub impinj_reports: bool,
    /// Ask Impinj readers for the TID with every report (FastID).
    pub impinj_serialized_tid: bool,
    /// Ask Zebra readers for phase.
    pub zebra_reports: bool,
    /// A report is sent after this many tags (1: at once).
    pub report_every_tags: u16,
    /// How the ROSpec begins.
    pub start: Start,
    /// Keep-alive period; 0 turns them off.
    pub keepalive_ms: u32,
    /// A reader that reports nothing for so long is asked whether the inventory still runs, again and again; never when
    /// zero.
    pub inspect_every: Duration,
    /// Have the reader hold reports after a reconnection until they are asked for.
    pub hold_reports: bool,
    /// GPI ports to enable.
    pub gpi_ports: Vec<u16>,
    /// Ask for LLRP 1.1 first and fall back to 1.0.1.
    pub negotiate_version: bool,
    /// How long an answer may take, the reader's first word included.
    pub response_timeout: Duration,
    /// The longest message taken.
    pub max_frame_bytes: usize,
    /// Events kept for `poll_event`; beyond that the oldest report is dropped and counted.
    pub max_events: usize,
}

impl Settings {
    /// How an antenna is inventoried; with `exceptions` left out when they cannot be had.
    pub(super) fn inventory(&self, antenna: u16, exceptions: bool) -> Inventory {
        let exception = self.exceptions.iter().find(|(port, _)| exceptions && *port == antenna);
        exception.map_or(
            Inventory {
                session: self.session,
                plain_session: self.plain_session,
                tag_population: self.tag_population,
                mode_index: self.mode_index,
                impinj_search_mode: self.impinj_search_mode,
            },
            |(_, inventory)| *inventory,
        )
    }
}

impl Default for Settings {
    /// An exit's inventory: session 1, every read reported at once, keep-alives every 5 s.
    fn default() -> Self {
        Settings {
            rospec_id: 1,
            antennas: Vec::new(),
            session: 1,
            plain_session: None,
            tag_population: 32,
            mode_index: None,
            impinj_search_mode: None,
            exceptions: Vec::new(),
            impinj_reports: true,
            impinj_serialized_tid: false,
            zebra_reports: true,
            report_every_tags: 1,
            start: Start::Explicit,
            keepalive_ms: 5_000,
            inspect_every: Duration::from_secs(30),
            hold_reports: false,
            gpi_ports: Vec::new(),
            negotiate_version: false,
            response_timeout: Duration::from_secs(10),
            max_frame_bytes: MAX_FRAME_BYTES,
            max_events: 4096,
        }
    }
}
