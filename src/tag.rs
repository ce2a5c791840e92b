//! Tags as things to write to, at the staff desk: what somebody wants of the tag that lies there, carried out through a
//! reader's driver, and what came of it in the contract's words. It never decides which piece a tag is for, and never
//! says a password.

mod desk;
mod number;
mod wish;

use std::time::Duration;

use readers::tag::{
    Encode, Encoded, Fault, Field, Found, Inspect, Memory, Next, Number, NumberError, Privilege, Quiet,
    Quieted, Reach, Report, Secret, Stage, Want, WantError,
};
use readers::{Order, OrderError};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use desk::{Busy, Desk, Desks, Turn};
pub use number::{NumberFault, Said, Written, number};
pub use wish::{EncodeWish, Hide, LockField, WishFault, locks, password, reach};

/// What a driver may take beyond a job's own patience before it counts as lost.
const DRIVER: Duration = Duration::from_secs(15);

/// What is done with the one tag that answers.
#[derive(Clone, Debug)]
pub enum Act {
    /// It is read.
    Read(Box<Inspect>),
    /// It is read, and held against what it should be.
    Check(Want, Box<Inspect>),
    /// It is made what it should be.
    Encode(Box<Encode>),
    /// Fields of it are locked or unlocked; its number stays.
    Lock {
        /// How it is reached.
        reach: Reach,
        /// The access password that it has, or is to have.
        access: Option<u32>,
        /// Which fields, and how.
        locks: Vec<(Field, Privilege)>,
    },
    /// It is made quiet.
    Quiet(Box<Quiet>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// What is on it.
    Read(Memory),
    /// What is on it, and what it lacks.
    Checked(Memory, Vec<Stage>),
    /// What it was and is.
    Encoded(Encoded),
    /// That it is quiet.
    Quieted(Quieted),
}

/// Why it could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The tag or the reader.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Nobody should want that.
    #[error(transparent)]
    Want(#[from] WantError),
    /// A tag that is not encoded is not locked.
    #[error("the tag holds no number yet; encode it, and lock it with that")]
    NoNumber,
    /// It holds more than a number.
    #[error("the number on the tag: {0}")]
    Number(#[from] NumberError),
}

/// Something that was not done, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Why.
    pub why: Why,
    /// What was changed before.
    pub changed: Vec<Stage>,
}

impl From<Why> for Undone {
    fn from(why: Why) -> Undone {
        Undone { why, changed: Vec::new() }
    }
}

impl std::fmt::Display for Undone {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.why.fmt(out)?;
        if self.changed.is_empty() {
            Ok(())
        } else {
            write!(out, " (before that: {})", in_words(&self.changed))
        }
    }
}

impl Act {
    /// Its name in the API and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Act::Read(_) => "read",
            Act::Check(..) => "check",
            Act::Encode(_) => "encode",
            Act::Lock { .. } => "lock",
            Act::Quiet(_) => "quiet",
        }
    }

    /// Carries it out through a reader's driver. It can be interrupted anywhere and done again.
    ///
    /// # Errors
    /// [`Undone`] says in words why not, and what would help.
    pub async fn carry_out(self, orders: &mpsc::Sender<Order>) -> Result<Did, Undone> {
        match self {
            Act::Read(procedure) => Ok(Did::Read(inspect(orders, *procedure).await?)),
            Act::Check(want, procedure) => {
                let memory = inspect(orders, *procedure).await?;
                let missing = want.missing(&memory);
                Ok(Did::Checked(memory, missing))
            }
            Act::Encode(procedure) => encode(orders, *procedure).await,
            Act::Lock { reach, access, locks } => {
                let procedure = Inspect::new(reach.clone(), 0, access.into_iter().collect());
                let memory = inspect(orders, procedure).await?;
                let Some(Found::Number(epc)) = memory.found() else { return Err(Why::NoNumber.into()) };
                let number = Number::as_found(&epc, memory.pc.unwrap_or_default()).map_err(Why::from)?;
                // To unlock, the password must be known; it is not given to a tag that has none.
                let keeps = locks.iter().any(|(_, privilege)| *privilege != Privilege::Unlocked);
                let known = access.into_iter().collect();
                let want = Want { access: access.filter(|_| keeps), known, locks, ..Want::number(number) };
                encode(orders, Encode::new(want, reach).map_err(Why::from)?).await
            }
            Act::Quiet(mut procedure) => {
                let quieted = perform(orders, |result| {
                    result.into_iter().for_each(|result| procedure.handle(result));
                    procedure.poll()
                });
                Ok(Did::Quieted(quieted.await.map_err(Why::from)?))
            }
        }
    }
}

async fn inspect(orders: &mpsc::Sender<Order>, mut procedure: Inspect) -> Result<Memory, Why> {
    let memory = perform(orders, |result| {
        result.into_iter().for_each(|result| procedure.handle(result));
        procedure.poll()
    });
    Ok(memory.await?)
}

async fn encode(orders: &mpsc::Sender<Order>, mut procedure: Encode) -> Result<Did, Undone> {
    let encoded = perform(orders, |result| {
        result.into_iter().for_each(|result| procedure.handle(result));
        procedure.poll()
    })
    .await;
    encoded
        .map(Did::Encoded)
        .map_err(|fault| Undone { why: fault.into(), changed: procedure.changed().to_vec() })
}

/// Job after job, as the procedure wants them; it is handed what came of the last one.
async fn perform<T>(
    orders: &mpsc::Sender<Order>,
    mut next: impl FnMut(Option<Result<Report, OrderError>>) -> Next<T>,
) -> Result<T, Fault> {
    let mut last = None;
    loop {
        let job = match next(last) {
            Next::End(end) => return end,
            Next::Job(job) => job,
        };
        let patience = job.patience.saturating_add(DRIVER);
        let (done, answer) = oneshot::channel();
        last = Some(match orders.send(Order::Tag { job, done }).await {
            Err(_) => Err(OrderError::NotConnected),
            Ok(()) => match timeout(patience, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(OrderError::Unknown),
            },
        });
    }
}

impl Did {
    /// The tag's TID, in hexadecimal.
    pub fn tid(&self) -> String {
        hex(match self {
            Did::Read(memory) | Did::Checked(memory, _) => &memory.tid,
            Did::Encoded(encoded) => &encoded.memory.tid,
            Did::Quieted(quieted) => &quieted.tid,
        })
    }

    /// As JSON: what is on the tag, what was changed, what it lacks.
    pub fn said(&self) -> Value {
        let (mut said, more) = match self {
            Did::Read(memory) => (described(memory), vec![]),
            Did::Checked(memory, missing) => (described(memory), vec![("missing", stages(missing))]),
            Did::Encoded(encoded) => {
                let before = json!(encoded.before.to_string());
                (described(&encoded.memory), vec![("before", before), ("changed", stages(&encoded.changed))])
            }
            Did::Quieted(quieted) => {
                let verified = json!(quieted.verified);
                let more = vec![("changed", stages(&quieted.changed)), ("verified", verified)];
                (json!({ "tid": self.tid() }), more)
            }
        };
        if let Some(fields) = said.as_object_mut() {
            fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
        }
        said
    }
}

/// What was done to a tag, as JSON.
pub fn stages(stages: &[Stage]) -> Value {
    stages.iter().map(Stage::to_string).collect()
}

/// What was done to a tag, for people.
pub fn in_words(stages: &[Stage]) -> String {
    stages.iter().map(Stage::to_string).collect::<Vec<_>>().join(", ")
}

fn hex(words: &[u16]) -> String {
    words.iter().map(|word| format!("{word:04X}")).collect()
}

/// What is on a tag, as JSON: its number by the rules of `epc`, never its passwords.
fn described(memory: &Memory) -> Value {
    let (state, epc) = match memory.found() {
        Some(Found::Number(bytes)) => ("number", Some(bytes)),
        Some(Found::HalfWritten) => ("half_written", None),
        Some(Found::Blank) => ("blank", None),
        None => ("unknown", None),
    };
    let mut said = json!({
        "tid": hex(&memory.tid),
        "state": state,
        "passwords": match memory.access {
            Secret::None => "none",
            Secret::Open(0) => "not set",
            Secret::Open(_) => "open",
            Secret::Locked(_) | Secret::Hidden => "locked",
            Secret::Unknown => "unknown",
        },
    });
    let mut add = |key: &str, value: Value| {
        if let Some(fields) = said.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
    };
    if let Some(pc) = memory.pc {
        add("pc", json!(format!("{pc:04X}")));
    }
    if let Some(user) = memory.user.as_ref().filter(|user| !user.is_empty()) {
        add("user", json!(hex(user)));
    }
    if let (Some(epc), Some(pc)) = (epc, memory.pc) {
        add("epc", json!(::epc::Hex(&epc).to_string()));
        match ::epc::billable(Some(::epc::Pc(pc)), &epc) {
            Ok(billable) => {
                let piece = billable.decoded.piece;
                add("scheme", json!(billable.decoded.scheme.name()));
                add("gtin", json!(piece.gtin.to_string()));
                add("serial", json!(piece.serial.to_string()));
                add("uri", json!(billable.decoded.uri()));
            }
            Err(refusal) => add("reason", json!(refusal.to_string())),
        }
    }
    said
}
