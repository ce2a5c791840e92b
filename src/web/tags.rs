//! `POST /api/v1/tags`: the tag that lies before one of the store's readers is read, encoded, locked, killed or made quiet,
//! while the store goes on reading with it. A password that comes in is never said again, neither in an answer nor in a log.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use readers::OrderError;
use readers::tag::{Encode, Fault, How, Inspect, Quiet, Reach, Untraceable, WantError};
use recording::Name;
use serde::{Deserialize, Deserializer};

use super::App;
use super::act::bounded;
use super::input::Json;
use super::problem::Problem;
use crate::tag::{self, Act, EncodeWish, Hide, LockField, Said, Undone, Why, WishFault};

/// Seconds in which a tag must be found.
const PATIENCE_S: std::ops::RangeInclusive<u64> = 1..=60;
/// Most blocks of user memory that can be named at once.
const MOST_BLOCKS: u16 = 128;
/// Words of EPC that Gen2 has room for.
const MOST_VISIBLE_WORDS: u8 = 31;

/// What a member of staff does with a tag.
#[derive(Deserialize)]
pub(super) struct TagJob {
    by: Name,
    reader: Name,
    antenna: Option<u16>,
    epc: Option<Name>,
    #[serde(default = "patience_s")]
    patience_s: u64,
    #[serde(flatten)]
    action: Action,
}

fn patience_s() -> u64 {
    2
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Action {
    Read(ToRead),
    Encode(ToEncode),
    Lock(ToLock),
    Kill(ToKill),
    Quiet(ToQuiet),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToRead {
    #[serde(default)]
    user_words: u16,
    access_password: Option<Password>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToEncode {
    number: Option<Name>,
    gtin: Option<Name>,
    serial: Option<Name>,
    prefix_digits: Option<u8>,
    #[serde(default = "point_of_sale")]
    filter: u8,
    user: Option<String>,
    access_password: Option<Password>,
    old_password: Option<Password>,
    kill_password: Option<Password>,
    #[serde(default)]
    lock: Vec<LockField>,
    #[serde(default)]
    lock_for_ever: Vec<LockField>,
    #[serde(default)]
    lock_blocks: u16,
    #[serde(default)]
    overwrite: bool,
    #[serde(default)]
    check: bool,
}

/// A piece at the point of sale (TDS section 10.2).
fn point_of_sale() -> u8 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToLock {
    access_password: Option<Password>,
    #[serde(default)]
    lock: Vec<LockField>,
    #[serde(default)]
    lock_for_ever: Vec<LockField>,
    #[serde(default)]
    unlock: Vec<LockField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToKill {
    kill_password: Password,
    access_password: Option<Password>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToQuiet {
    how: Quietly,
    access_password: Option<Password>,
    #[serde(default)]
    hide_tid: Hide,
    visible_words: Option<u8>,
    #[serde(default)]
    show_user: bool,
    #[serde(default)]
    near_only: bool,
    #[serde(default)]
    user_words: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Quietly {
    Untraceable,
    Overwrite,
    Eas,
}

/// A password of a tag: 8 hexadecimal digits.
struct Password(u32);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Password, D::Error> {
        // Whatever it is, an error does not repeat it.
        let came = serde_json::Value::deserialize(from)?;
        came.as_str().and_then(tag::password).map(Password).ok_or_else(|| {
            serde::de::Error::custom(
                "a password is a text of 8 hexadecimal digits, without anything before it",
            )
        })
    }
}

fn known(password: &Option<Password>) -> Option<u32> {
    password.as_ref().map(|password| password.0)
}

impl From<WishFault> for Problem {
    fn from(fault: WishFault) -> Problem {
        Problem::wrong(fault.to_string())
    }
}

impl From<WantError> for Problem {
    fn from(error: WantError) -> Problem {
        Problem::wrong(error.to_string())
    }
}

impl Action {
    fn act(&self, reach: Reach) -> Result<Act, Problem> {
        match self {
            Action::Read(read) => {
                let passwords = known(&read.access_password).into_iter().collect();
                Ok(Act::Read(Inspect::new(reach, read.user_words, passwords).into()))
            }
            Action::Encode(encode) => encode.act(reach),
            Action::Lock(lock) => {
                let locks = tag::locks(&lock.lock, &lock.lock_for_ever, &lock.unlock);
                if locks.is_empty() {
                    return Err(Problem::wrong(
                        "say what: `lock`, `lock_for_ever` or `unlock` with epc, user, access, kill",
                    ));
                }
                Ok(Act::Lock { reach, access: known(&lock.access_password), locks })
            }
            Action::Kill(kill) => {
                let Password(password) = kill.kill_password;
                if password == 0 {
                    return Err(Problem::wrong("a kill password of 0 kills no tag; give another one"));
                }
                quiet(How::Kill { password }, reach, known(&kill.access_password))
            }
            Action::Quiet(to) => {
                let access = known(&to.access_password);
                let how = match to.how {
                    Quietly::Untraceable => {
                        if access.is_none() {
                            return Err(Problem::wrong("untraceable needs the tag's `access_password`"));
                        }
                        if to.visible_words.is_some_and(|words| words > MOST_VISIBLE_WORDS) {
                            return Err(Problem::wrong(format!(
                                "`visible_words`: 0 to {MOST_VISIBLE_WORDS}"
                            )));
                        }
                        How::Untraceable(Untraceable {
                            visible_epc_words: to.visible_words,
                            hide_tid: to.hide_tid.into(),
                            hide_user: !to.show_user,
                            reduced_range: to.near_only,
                        })
                    }
                    Quietly::Overwrite => How::Overwrite { user_words: to.user_words },
                    Quietly::Eas => How::EasOff,
                };
                quiet(how, reach, access)
            }
        }
    }
}

fn quiet(how: How, reach: Reach, access: Option<u32>) -> Result<Act, Problem> {
    Ok(Act::Quiet(Quiet::new(how, reach, access.into_iter().collect())?.into()))
}

impl ToEncode {
    fn act(&self, reach: Reach) -> Result<Act, Problem> {
        bounded("number", self.number.as_ref())?;
        bounded("gtin", self.gtin.as_ref())?;
        bounded("serial", self.serial.as_ref())?;
        if self.lock_blocks > MOST_BLOCKS {
            return Err(Problem::wrong(format!("`lock_blocks`: 0 to {MOST_BLOCKS}")));
        }
        let said = match (&self.number, &self.gtin, &self.serial, self.prefix_digits) {
            (Some(text), None, None, None) => Said::Text(text),
            (None, Some(gtin), Some(serial), Some(prefix_digits)) => {
                Said::Piece { gtin, serial, prefix_digits }
            }
            _ => {
                return Err(Problem::wrong(
                    "encode needs a `number`, or else `gtin` with `serial` and `prefix_digits`",
                ));
            }
        };
        let wish = EncodeWish {
            filter: self.filter,
            user: self.user.as_deref(),
            kill: known(&self.kill_password),
            access: known(&self.access_password),
            old: known(&self.old_password),
            lock: &self.lock,
            lock_for_ever: &self.lock_for_ever,
            lock_blocks: self.lock_blocks,
            overwrite: self.overwrite,
        };
        let want = wish.want(said)?;
        // Checked, too, it must be something that could be done.
        let encode = Encode::new(want.clone(), reach.clone())?;
        Ok(match self.check {
            true => {
                let read = Inspect::wanting(&want, reach);
                Act::Check(want, read.into())
            }
            false => Act::Encode(encode.into()),
        })
    }
}

pub(super) async fn post(State(app): State<App>, Json(job): Json<TagJob>) -> Result<Response, Problem> {
    let TagJob { by, reader, antenna, epc, patience_s, action } = job;
    bounded("by", Some(&by))?;
    bounded("epc", epc.as_ref())?;
    let by = by.trim().to_owned();
    if by.is_empty() {
        return Err(Problem::wrong("`by` is empty: the name of who does it is needed"));
    }
    let desk = app.handle.desks().get(&reader).ok_or_else(|| Problem::unknown("reader", &reader))?;
    if let Some(port) = antenna
        && !desk.ports.is_empty()
        && !desk.ports.contains(&port)
    {
        let ports: Vec<String> = desk.ports.iter().map(u16::to_string).collect();
        return Err(Problem::wrong(format!("`antenna` {port}: reader {reader} has {}", ports.join(", "))));
    }
    if !PATIENCE_S.contains(&patience_s) {
        let (least, most) = (PATIENCE_S.start(), PATIENCE_S.end());
        return Err(Problem::wrong(format!("`patience_s`: {least} to {most}")));
    }
    let act = action.act(tag::reach(antenna, epc.as_deref(), patience_s)?)?;
    let turn = desk.take().map_err(|busy| {
        Problem::new(StatusCode::CONFLICT, format!("reader {reader}: {busy}; ask again when that is done"))
    })?;
    // It goes on to its end although nobody should listen any more: no tag is left half-written for that.
    let name = reader.clone();
    let carried = tokio::spawn(async move {
        let what = act.name();
        let came = act.carry_out(&turn.orders).await;
        match &came {
            Ok(did) => tracing::info!(%by, reader = %name, what, tid = did.tid(), "a tag at the desk"),
            Err(undone) => tracing::info!(%by, reader = %name, what, %undone, "a tag at the desk: not done"),
        }
        came
    });
    match carried.await {
        Ok(Ok(did)) => Ok(axum::Json(did.said()).into_response()),
        Ok(Err(undone)) => Err(app.problem(&reader, &undone)),
        Err(error) => {
            tracing::error!(%error, "a job on a tag ended in the middle");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the job ended in the middle; do it again"))
        }
    }
}

impl App {
    fn problem(&self, reader: &Name, undone: &Undone) -> Problem {
        let status = match &undone.why {
            Why::Fault(Fault::Order(OrderError::NotConnected)) => {
                let live = self.handle.live();
                let reason = live.readers.get(reader).and_then(|reader| reader.reason.clone());
                let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                let detail = format!("reader {reader}: {undone}{reason}");
                return Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
            }
            Why::Fault(Fault::Order(OrderError::CannotDo(_))) => StatusCode::UNPROCESSABLE_ENTITY,
            Why::Fault(Fault::Order(OrderError::Refused(_))) => StatusCode::BAD_GATEWAY,
            Why::Fault(Fault::Order(OrderError::Unknown)) => StatusCode::GATEWAY_TIMEOUT,
            Why::Want(_) => StatusCode::BAD_REQUEST,
            Why::Fault(_) | Why::NoNumber | Why::Number(_) => StatusCode::CONFLICT,
        };
        Problem::new(status, format!("reader {reader}: {undone}"))
    }
}
