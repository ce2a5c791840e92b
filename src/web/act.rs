//! What people do: a card at a simulated terminal, an answer at a kiosk, an action of staff. Each becomes one line; what
//! follows from it the engine decides, and the answer here says only that the line is safe.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use recording::{Answer, Line, Name, Observation, ShopperSays, Staff, StaffAction, Tap, TapOutcome};
use serde::Deserialize;

use super::App;
use super::input::Json;
use super::problem::Problem;

/// Longest name or note taken, characters.
const LONGEST_TEXT: usize = 200;

/// A card at a simulated terminal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    /// A token for the card; never a card number.
    card: Option<Name>,
    /// What the terminal will answer; `approve` when left out.
    outcome: Option<TapOutcome>,
}

/// What a shopper says at the kiosk of a lane.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// What.
    pub says: ShopperSays,
    /// The line it is about.
    pub gtin: Option<Name>,
    /// The line it is about.
    pub serial: Option<Name>,
}

impl App {
    async fn tell(&self, what: Observation) -> Result<(), Problem> {
        Ok(self.handle.submit(vec![Line::new(self.handle.now(), what)]).await?)
    }

    pub(super) fn knows_lane(&self, lane: &str) -> Result<(), Problem> {
        self.handle.plan().lane(lane).map(|_| ()).ok_or_else(|| Problem::unknown("lane", lane))
    }

    /// Takes down what a shopper said.
    pub(super) async fn answer(&self, lane: &str, said: Said) -> Result<(), Problem> {
        self.knows_lane(lane)?;
        let Said { says, gtin, serial } = said;
        // A form sends what it has nothing for as empty.
        let (gtin, serial) = (filled(gtin), filled(serial));
        if matches!(says, ShopperSays::Mine | ShopperSays::NotMine) && gtin.is_none() {
            return Err(Problem::wrong(
                "`mine` and `not_mine` need the `gtin` (and `serial`) of the line they are about",
            ));
        }
        bounded("gtin", gtin.as_ref())?;
        bounded("serial", serial.as_ref())?;
        self.tell(Answer { lane: lane.into(), says, gtin, serial }.into()).await
    }

    /// Takes down what a member of staff did.
    pub(super) async fn staff_did(&self, did: Staff) -> Result<(), Problem> {
        let did = Staff {
            by: did.by.trim().into(),
            lane: filled(did.lane),
            passage: filled(did.passage),
            receipt: filled(did.receipt),
            gtin: filled(did.gtin),
            serial: filled(did.serial),
            zone: filled(did.zone),
            note: filled(did.note),
            ..did
        };
        for (name, text) in [
            ("lane", &did.lane),
            ("passage", &did.passage),
            ("receipt", &did.receipt),
            ("gtin", &did.gtin),
            ("serial", &did.serial),
            ("zone", &did.zone),
            ("note", &did.note),
        ] {
            bounded(name, text.as_ref())?;
        }
        bounded("by", Some(&did.by))?;
        if did.by.is_empty() {
            return Err(Problem::wrong("`by` is empty: the name of who does it is needed"));
        }
        if let Some(lane) = &did.lane {
            self.knows_lane(lane)?;
        }
        if let Some(zone) = &did.zone
            && !self.handle.plan().zones.iter().any(|known| known.id == *zone)
            && self.handle.plan().lane(zone).is_none()
        {
            return Err(Problem::unknown("zone", zone));
        }
        let lacks = match did.action {
            StaffAction::OpenGate if did.lane.is_none() => {
                Some("`open_gate` needs the `lane` whose gate it is")
            }
            StaffAction::Resolve if did.passage.is_none() && did.lane.is_none() => {
                Some("`resolve` needs the `passage` (or the `lane`) that was looked at")
            }
            StaffAction::Refund if did.receipt.is_none() => Some("`refund` needs the `receipt`'s id"),
            StaffAction::MoveItem
                if did.gtin.is_none()
                    || did.serial.is_none()
                    || (did.zone.is_none() && did.state.is_none()) =>
            {
                Some("`move_item` needs `gtin` and `serial`, and a `zone` or a `state`")
            }
            _ => None,
        };
        if let Some(lacks) = lacks {
            return Err(Problem::wrong(lacks));
        }
        self.tell(did.into()).await
    }
}

fn filled(text: Option<Name>) -> Option<Name> {
    text.filter(|text| !text.is_empty())
}

pub(super) fn bounded(name: &str, text: Option<&Name>) -> Result<(), Problem> {
    match text {
        Some(text) if text.chars().count() > LONGEST_TEXT || text.chars().any(char::is_control) => {
            Err(Problem::wrong(format!(
                "`{name}`: at most {LONGEST_TEXT} characters, none of them a control character"
            )))
        }
        _ => Ok(()),
    }
}

/// The line that was asked for is safe.
fn done() -> Response {
    (StatusCode::OK, axum::Json(serde_json::json!({"taken": 1}))).into_response()
}

pub(super) async fn tap(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(card): Json<Card>,
) -> Result<Response, Problem> {
    let known = app.handle.plan().terminals.iter().find(|terminal| *terminal.id == *id);
    let terminal = known.ok_or_else(|| Problem::unknown("terminal", &id))?;
    bounded("card", card.card.as_ref())?;
    let outcome = Some(card.outcome.unwrap_or(TapOutcome::Approve));
    app.tell(Tap { terminal: terminal.id.clone(), card: card.card, outcome }.into()).await?;
    Ok(done())
}

pub(super) async fn answer(
    State(app): State<App>,
    Path(lane): Path<String>,
    Json(said): Json<Said>,
) -> Result<Response, Problem> {
    app.answer(&lane, said).await?;
    Ok(done())
}

pub(super) async fn staff(State(app): State<App>, Json(did): Json<Staff>) -> Result<Response, Problem> {
    app.staff_did(did).await?;
    Ok(done())
}
