//! Gates: which lanes each bars, and what opens it, as the store's own file says. A lane whose gate is `none`, or that
//! names none, is open. Nothing moves here.

use super::file;
use super::{LanePlan, ReaderPlan};

/// A barrier across the street side of its lanes.
#[derive(Clone, Debug)]
pub(crate) struct GatePlan {
    pub(crate) id: String,
    /// The lanes that it bars, by index.
    pub(crate) lanes: Vec<usize>,
    pub(crate) by: GateBy,
}

/// What opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GateBy {
    /// The store itself, in thought: it says when it is open.
    Store,
    /// An output contact of a reader.
    Output {
        output: Contact,
        /// The input contact that tells whether it stands open, where there is one.
        tells: Option<Contact>,
    },
}

/// A contact of a reader, and the level of it that means open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The reader, by index.
    pub(crate) reader: usize,
    /// Counted from 1.
    pub(crate) port: u16,
    pub(crate) open_high: bool,
}

/// The gates of a shop's file. What the store would refuse of it, it refuses itself.
pub(super) fn gates(file: &file::File, lanes: &[LanePlan], readers: &[ReaderPlan]) -> Vec<GatePlan> {
    let mut gates: Vec<GatePlan> = Vec::new();
    for (number, lane) in file.lanes.iter().enumerate().take(lanes.len()) {
        let Some(id) = &lane.gate else { continue };
        if let Some(gate) = gates.iter_mut().find(|gate| gate.id == *id) {
            gate.lanes.push(number);
            continue;
        }
        let said = file.gates.iter().find(|gate| gate.id == *id);
        let by = match said.and_then(|gate| gate.driver.as_deref()) {
            Some("none") => continue,
            Some("llrp-gpo" | "gpo") => said.and_then(|gate| by_output(gate, &file.readers, readers)),
            _ => None,
        };
        gates.push(GatePlan { id: id.clone(), lanes: vec![number], by: by.unwrap_or(GateBy::Store) });
    }
    gates
}

fn by_output(gate: &file::Gate, said: &[file::Reader], readers: &[ReaderPlan]) -> Option<GateBy> {
    let named = |id: &str| readers.iter().position(|reader| reader.id == id);
    let high = |level: &Option<String>| level.as_deref() != Some("low");
    let output =
        Contact { reader: named(gate.reader.as_deref()?)?, port: gate.port?, open_high: high(&gate.open) };
    let tells = said.iter().find_map(|reader| {
        let input = reader.inputs.iter().find(|input| input.gate.as_ref() == Some(&gate.id))?;
        Some(Contact { reader: named(&reader.id)?, port: input.port, open_high: high(&input.open) })
    });
    Some(GateBy::Output { output, tells })
}
