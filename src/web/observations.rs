//! `POST /api/v1/observations`: what cameras, scales and other programs tell the store, as NDJSON.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recording::{LineError, Observation, Reader};
use serde::Serialize;

use super::App;
use super::input::Body;
use super::problem::Problem;

/// Refused lines told of one by one, at most; all of them are counted.
const MOST_ERRORS: usize = 100;

/// What became of the lines.
#[derive(Debug, Default, Serialize)]
pub(super) struct Taken {
    /// Committed.
    pub taken: u64,
    /// Skipped, since their type is unknown here.
    pub skipped: u64,
    /// By type.
    pub skipped_types: std::collections::BTreeMap<String, u64>,
    /// Fields skipped, by `type.field`.
    pub skipped_fields: std::collections::BTreeMap<String, u64>,
    /// Refused.
    pub refused: u64,
    /// Why, for the first of them.
    pub errors: Vec<LineError>,
}

pub(super) async fn post(State(app): State<App>, Body(body): Body) -> Result<Response, Problem> {
    let mut reader = Reader::new(&*body);
    let mut answer = Taken::default();
    let mut lines = Vec::new();
    let mut refuse = |error: LineError| {
        answer.refused += 1;
        if answer.errors.len() < MOST_ERRORS {
            answer.errors.push(error);
        }
    };
    loop {
        match reader.next() {
            Ok(None) => break,
            Ok(Some(Ok(mut line))) => match from_outside(&line.what) {
                Ok(()) => {
                    // When the store took it in is the store's to say: its time never goes back, so a date far ahead
                    // would stop it for good.
                    line.received_at = None;
                    lines.push(line);
                }
                Err(reason) => refuse(LineError { line: reader.line_number(), reason }),
            },
            Ok(Some(Err(error))) => refuse(error),
            Err(error) => return Err(Problem::wrong(format!("the body could not be read: {error}"))),
        }
    }
    let counts = reader.counts();
    answer.taken = lines.len() as u64;
    answer.skipped = counts.skipped();
    answer.skipped_types.clone_from(&counts.skipped_types);
    answer.skipped_fields.clone_from(&counts.skipped_fields);
    if !lines.is_empty() {
        app.handle.submit(lines).await?;
    }
    Ok(axum::Json(answer).into_response())
}

/// What the world may tell. What the store itself writes down (what staff did, what a terminal answered) comes by its
/// own ways, where it is known who said it.
fn from_outside(what: &Observation) -> Result<(), String> {
    let instead = match what {
        Observation::Read(_)
        | Observation::Person(_)
        | Observation::PersonEnd(_)
        | Observation::Item(_)
        | Observation::Weight(_)
        | Observation::Beam(_)
        | Observation::Tap(_)
        | Observation::Tick(_)
        | Observation::ReaderState(_)
        | Observation::Source(_)
        | Observation::Scan(_)
        | Observation::Catalogue(_)
        | Observation::Answer(_) => return Ok(()),
        Observation::Staff(_) => "send it to /api/v1/staff",
        Observation::Belief(_) | Observation::Gate(_) | Observation::Terminal(_) | Observation::Store(_) => {
            "replay a recording of it with `portico replay`"
        }
    };
    Err(format!(
        "{}: the store writes this line itself, it is not taken from outside; {instead}",
        what.type_name()
    ))
}
