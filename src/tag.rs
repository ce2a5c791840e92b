//! Tags as things to write to, at the staff desk: procedures of `readers::tag` carried out through a reader's driver, and
//! what is on a tag in the contract's words. It never decides which piece a tag is for.

mod number;

use std::time::Duration;

use readers::tag::{Encode, Encoded, Fault, Found, Inspect, Memory, Next, Quiet, Quieted, Report, Secret};
use readers::{Order, OrderError};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use number::{NumberFault, Said, Written, number};

/// What a driver may take beyond a job's own patience before it counts as lost.
const DRIVER: Duration = Duration::from_secs(15);

/// Reads what is on the one tag that answers.
///
/// # Errors
/// [`Fault`] says in words why not, and what would help.
pub async fn inspect(orders: &mpsc::Sender<Order>, mut procedure: Inspect) -> Result<Memory, Fault> {
    perform(orders, |result| {
        result.into_iter().for_each(|result| procedure.handle(result));
        procedure.poll()
    })
    .await
}

/// Makes the one tag that answers what it should be.
///
/// # Errors
/// As [`inspect`].
pub async fn encode(orders: &mpsc::Sender<Order>, procedure: &mut Encode) -> Result<Encoded, Fault> {
    perform(orders, |result| {
        result.into_iter().for_each(|result| procedure.handle(result));
        procedure.poll()
    })
    .await
}

/// Makes the one tag that answers quiet.
///
/// # Errors
/// As [`inspect`].
pub async fn quiet(orders: &mpsc::Sender<Order>, mut procedure: Quiet) -> Result<Quieted, Fault> {
    perform(orders, |result| {
        result.into_iter().for_each(|result| procedure.handle(result));
        procedure.poll()
    })
    .await
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

/// Words in hexadecimal.
pub fn hex(words: &[u16]) -> String {
    words.iter().map(|word| format!("{word:04X}")).collect()
}

/// What is on a tag, as JSON: its number by the rules of `epc`, never its passwords.
pub fn described(memory: &Memory) -> Value {
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
