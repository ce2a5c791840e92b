//! `portico tag`: one tag on the staff desk's reader, read, encoded, locked, killed or made quiet.
//!
//! The reader must be free: a store that runs holds it, and does the same by `POST /api/v1/tags`. Passwords are never on the
//! command line, where everybody on the machine could read them.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use readers::Order;
use readers::tag::{Encode, How, Inspect, Quiet, Reach, Untraceable};
use recording::{Health, Line, Name, Observation};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::serve::open_config;
use super::{ConfigFile, Usage, drivers};
use crate::store::Clock;
use crate::tag::{self, Act, Did, EncodeWish, Hide, LockField, Said, Why};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Shows what is on the tag; changes nothing
    Read(Read),
    /// Writes a number to the tag, and what else it should hold, verifies it and locks it
    ///
    /// It can be interrupted anywhere: run again it goes on, and a tag that is already what it should be is left alone.
    Encode(EncodeArgs),
    /// Locks fields of a tag that has its number
    Lock(Lock),
    /// Silences the tag for ever, and checks that it is silent
    Kill(Kill),
    /// Makes a sold tag quiet without killing it
    Quiet(QuietArgs),
}

/// Which reader, which tag, how it is told.
#[derive(clap::Args)]
struct Desk {
    #[command(flatten)]
    store: ConfigFile,
    /// The reader's id in the file
    #[arg(long, value_name = "ID")]
    reader: String,
    /// Only with this antenna port
    #[arg(long, value_name = "PORT")]
    antenna: Option<u16>,
    /// Only the tag with this EPC, in hexadecimal; without it exactly one tag must answer
    #[arg(long, value_name = "HEX")]
    epc: Option<String>,
    /// Seconds in which a tag must be found
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    patience: u64,
    /// Machine-readable: a JSON object
    #[arg(long)]
    json: bool,
}

/// The access password that the tag has, or is to have.
#[derive(clap::Args)]
struct Access {
    /// The environment variable that holds the access password, 8 hexadecimal digits
    #[arg(long, value_name = "NAME")]
    access_password_env: Option<String>,
    /// The file that holds the access password
    #[arg(long, value_name = "FILE", conflicts_with = "access_password_env")]
    access_password_file: Option<PathBuf>,
}

impl Access {
    fn fetch(&self) -> Result<Option<u32>, Usage> {
        secret("access-password", self.access_password_env.as_deref(), self.access_password_file.as_ref())
    }

    fn known(&self) -> Result<Vec<u32>, Usage> {
        Ok(self.fetch()?.into_iter().collect())
    }
}

/// The kill password.
#[derive(clap::Args)]
struct KillPassword {
    /// The environment variable that holds the kill password, 8 hexadecimal digits
    #[arg(long, value_name = "NAME")]
    kill_password_env: Option<String>,
    /// The file that holds the kill password
    #[arg(long, value_name = "FILE", conflicts_with = "kill_password_env")]
    kill_password_file: Option<PathBuf>,
}

impl KillPassword {
    fn fetch(&self) -> Result<Option<u32>, Usage> {
        secret("kill-password", self.kill_password_env.as_deref(), self.kill_password_file.as_ref())
    }
}

#[derive(clap::Args)]
pub(super) struct Read {
    #[command(flatten)]
    desk: Desk,
    #[command(flatten)]
    access: Access,
    /// Words of user memory to read
    #[arg(long, value_name = "N", default_value_t = 0)]
    user_words: u16,
}

#[derive(clap::Args)]
pub(super) struct EncodeArgs {
    #[command(flatten)]
    desk: Desk,
    /// The number: urn:epc:tag:sgtin-96:…, urn:epc:id:sgtin:… or a hexadecimal EPC
    #[arg(required_unless_present = "gtin", conflicts_with_all = ["gtin", "serial"])]
    number: Option<String>,
    /// The product, with --serial and --prefix-digits
    #[arg(long, requires_all = ["serial", "prefix_digits"])]
    gtin: Option<String>,
    /// The piece's serial, up to 20 characters
    #[arg(long, requires = "gtin")]
    serial: Option<String>,
    /// How many digits of the GTIN are the GS1 company prefix: 6 to 12
    #[arg(long, value_name = "N", requires = "gtin")]
    prefix_digits: Option<u8>,
    /// The filter value; 1 is a piece at the point of sale
    #[arg(long, default_value_t = 1)]
    filter: u8,
    /// User memory from its first word, in hexadecimal
    #[arg(long, value_name = "HEX")]
    user: Option<String>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    kill: KillPassword,
    /// The environment variable that holds the access password that the tag has now, where it is to get another one
    #[arg(long, value_name = "NAME")]
    old_password_env: Option<String>,
    /// The file that holds it
    #[arg(long, value_name = "FILE", conflicts_with = "old_password_env")]
    old_password_file: Option<PathBuf>,
    /// Fields to lock with the access password
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    lock: Vec<LockField>,
    /// Fields to lock for ever: this cannot be undone
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    lock_for_ever: Vec<LockField>,
    /// The first so many blocks of user memory are locked for ever: this cannot be undone
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=128))]
    lock_blocks: u16,
    /// The tag may hold another number
    #[arg(long)]
    overwrite: bool,
    /// Changes nothing; says what the tag lacks, and fails where that is anything (locks of memory cannot be read)
    #[arg(long)]
    check: bool,
}

#[derive(clap::Args)]
pub(super) struct Lock {
    #[command(flatten)]
    desk: Desk,
    #[command(flatten)]
    access: Access,
    /// Fields to lock with the access password
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    lock: Vec<LockField>,
    /// Fields to lock for ever: this cannot be undone
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    lock_for_ever: Vec<LockField>,
    /// Fields to unlock
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    unlock: Vec<LockField>,
}

#[derive(clap::Args)]
pub(super) struct Kill {
    #[command(flatten)]
    desk: Desk,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    kill: KillPassword,
}

#[derive(clap::Args)]
pub(super) struct QuietArgs {
    #[command(flatten)]
    desk: Desk,
    #[command(flatten)]
    access: Access,
    /// How
    #[arg(long, value_enum)]
    by: By,
    /// With `untraceable`: how much of the TID is hidden
    #[arg(long, value_enum, default_value_t = Hide::Serial)]
    hide_tid: Hide,
    /// With `untraceable`: words of the EPC that stay visible; all by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=31))]
    visible_words: Option<u8>,
    /// With `untraceable`: user memory stays visible
    #[arg(long)]
    show_user: bool,
    /// With `untraceable`: the tag answers only near an antenna
    #[arg(long)]
    near_only: bool,
    /// With `overwrite`: words of user memory to overwrite
    #[arg(long, value_name = "N", default_value_t = 0)]
    user_words: u16,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum By {
    /// Hides what the access password's owner alone may see
    Untraceable,
    /// Overwrites number and user memory with zeros
    Overwrite,
    /// Switches the theft alarm bit off
    Eas,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Read(args) => {
            let read = Inspect::new(args.desk.reach()?, args.user_words, args.access.known()?);
            args.desk.does(Act::Read(read.into())).await
        }
        Command::Encode(args) => encode(args).await,
        Command::Lock(args) => {
            let locks = tag::locks(&args.lock, &args.lock_for_ever, &args.unlock);
            if locks.is_empty() {
                return Err(usage(
                    "say what: --lock, --lock-for-ever or --unlock with epc, user, access, kill",
                ));
            }
            let (reach, access) = (args.desk.reach()?, args.access.fetch()?);
            args.desk.does(Act::Lock { reach, access, locks }).await
        }
        Command::Kill(args) => {
            let Some(password) = args.kill.fetch()? else {
                return Err(usage("killing needs --kill-password-env or --kill-password-file"));
            };
            if password == 0 {
                return Err(usage("a kill password of 0 kills no tag; give another one"));
            }
            quiet(&args.desk, How::Kill { password }, args.access.known()?).await
        }
        Command::Quiet(args) => {
            let how = match args.by {
                By::Untraceable => How::Untraceable(Untraceable {
                    visible_epc_words: args.visible_words,
                    hide_tid: args.hide_tid.into(),
                    hide_user: !args.show_user,
                    reduced_range: args.near_only,
                }),
                By::Overwrite => How::Overwrite { user_words: args.user_words },
                By::Eas => How::EasOff,
            };
            let known = args.access.known()?;
            if matches!(how, How::Untraceable(_)) && known.is_empty() {
                return Err(usage("untraceable needs --access-password-env or --access-password-file"));
            }
            quiet(&args.desk, how, known).await
        }
    }
}

async fn encode(args: EncodeArgs) -> anyhow::Result<ExitCode> {
    let said = match (&args.number, &args.gtin, &args.serial, args.prefix_digits) {
        (Some(text), ..) => Said::Text(text),
        (None, Some(gtin), Some(serial), Some(prefix_digits)) => Said::Piece { gtin, serial, prefix_digits },
        _ => return Err(usage("give a number, or --gtin with --serial and --prefix-digits")),
    };
    let wish = EncodeWish {
        filter: args.filter,
        user: args.user.as_deref(),
        kill: args.kill.fetch()?,
        access: args.access.fetch()?,
        old: secret("old-password", args.old_password_env.as_deref(), args.old_password_file.as_ref())?,
        lock: &args.lock,
        lock_for_ever: &args.lock_for_ever,
        lock_blocks: args.lock_blocks,
        overwrite: args.overwrite,
    };
    let want = wish.want(said).map_err(|fault| usage(&fault.to_string()))?;
    let reach = args.desk.reach()?;
    let act = match args.check {
        true => {
            let read = Inspect::wanting(&want, reach);
            Act::Check(want, read.into())
        }
        false => Act::Encode(Encode::new(want, reach).map_err(|error| usage(&error.to_string()))?.into()),
    };
    args.desk.does(act).await
}

async fn quiet(desk: &Desk, how: How, known: Vec<u32>) -> anyhow::Result<ExitCode> {
    let quiet = Quiet::new(how, desk.reach()?, known).map_err(|error| usage(&error.to_string()))?;
    desk.does(Act::Quiet(quiet.into())).await
}

/// A reader that is ours for a while.
struct Held {
    orders: mpsc::Sender<Order>,
    stop: watch::Sender<bool>,
    driver: JoinHandle<()>,
    rest: JoinHandle<()>,
}

impl Held {
    async fn release(self) {
        self.stop.send_replace(true);
        drop(self.orders);
        drop(self.driver.await);
        drop(self.rest.await);
    }
}

/// How long a reader may take to be there.
const CONNECT: Duration = Duration::from_secs(15);

impl Desk {
    fn reach(&self) -> Result<Reach, Usage> {
        tag::reach(self.antenna, self.epc.as_deref(), self.patience)
            .map_err(|fault| Usage(format!("--{fault}")))
    }

    /// Does it with the one tag that answers, and says what came of it.
    async fn does(&self, act: Act) -> anyhow::Result<ExitCode> {
        let held = self.hold().await?;
        let came = act.carry_out(&held.orders).await;
        held.release().await;
        match came {
            Ok(did) => {
                let whole = !matches!(&did, Did::Checked(_, missing) if !missing.is_empty());
                self.say(whole, did.said(), &shown(&did))
            }
            Err(undone) if matches!(undone.why, Why::Want(_)) => Err(usage(&undone.to_string())),
            Err(undone) if self.json => {
                let changed = tag::stages(&undone.changed);
                self.say(false, json!({ "reason": undone.why.to_string(), "changed": changed }), &[])
            }
            Err(undone) => anyhow::bail!("{undone}"),
        }
    }

    /// Connects to the reader.
    async fn hold(&self) -> anyhow::Result<Held> {
        let config = open_config(&self.store.config)?;
        let found = config.readers.iter().find(|reader| *reader.id == *self.reader);
        let Some(reader) = found else {
            let ids: Vec<&str> = config.readers.iter().map(|reader| &*reader.id).collect();
            let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
            return Err(usage(&format!(
                "--reader {}: the file names no such reader; its readers: {ids}",
                self.reader
            )));
        };
        if let Some(absent) = config.absent().into_iter().find(|absent| *absent.id == *self.reader) {
            return Err(usage(&absent.to_string()));
        }
        let told = reader.driver().map_err(Usage)?;
        if let Some(antenna) = self.antenna
            && !told.antennas.is_empty()
            && !told.antennas.iter().any(|known| known.port == antenna)
        {
            let ports: Vec<String> = told.antennas.iter().map(|known| known.port.to_string()).collect();
            let ports = ports.join(", ");
            return Err(usage(&format!("--antenna {antenna}: reader {} has {ports}", self.reader)));
        }
        let clock = Clock::start(None, 1.0);
        let (orders, taken) = mpsc::channel(1);
        let (stop, stopping) = watch::channel(false);
        let (reads, mut batches) = mpsc::channel(64);
        let now: readers::Now = Arc::new(move || clock.now());
        let driver = tokio::spawn(drivers::run(reader.driver, told, now, reads, taken, stopping));
        let end = Instant::now() + CONNECT;
        let mut why = None;
        loop {
            match timeout_at(end, batches.recv()).await {
                Ok(Some(lines)) => match state(lines) {
                    Some((Health::Down, reason)) => why = reason.or(why),
                    Some(_) => break,
                    None => {}
                },
                Ok(None) | Err(_) => {
                    stop.send_replace(true);
                    let reader = &self.reader;
                    let silent = "it says nothing; a store that runs holds its readers: ask it by POST /api/v1/tags, or use another one";
                    anyhow::bail!("reader {reader}: {}", why.as_deref().unwrap_or(silent));
                }
            }
        }
        // Its reads are of no interest here, and must not pile up.
        let rest = tokio::spawn(async move { while batches.recv().await.is_some() {} });
        Ok(Held { orders, stop, driver, rest })
    }

    fn say(&self, ok: bool, mut said: Value, lines: &[String]) -> anyhow::Result<ExitCode> {
        let mut out = std::io::stdout().lock();
        if self.json {
            if let Some(fields) = said.as_object_mut() {
                fields.insert("ok".into(), json!(ok));
            }
            writeln!(out, "{said}")?;
        } else {
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

/// What the last line of a batch that tells of the reader says.
fn state(lines: Vec<Line>) -> Option<(Health, Option<Name>)> {
    lines.into_iter().rev().find_map(|line| match line.what {
        Observation::ReaderState(said) => Some((said.state, said.reason)),
        _ => None,
    })
}

/// What came of it, in lines for people.
fn shown(did: &Did) -> Vec<String> {
    let said = did.said();
    let text = |key: &str| said.get(key).and_then(Value::as_str);
    let mut lines = vec![format!("tag       {}", did.tid())];
    if let Did::Quieted(quieted) = did {
        let verified = match quieted.verified {
            true => "seen to be quiet",
            false => "by the tag's own word; it cannot be seen from here",
        };
        lines.push(format!("done      {}; {verified}", tag::in_words(&quieted.changed)));
        return lines;
    }
    if let Some(before) = text("before") {
        lines.insert(0, format!("before    {before}"));
    }
    let state = match (text("state"), text("epc")) {
        (_, Some(epc)) => epc,
        (Some("half_written"), _) => "being written when it was interrupted; encode it again",
        _ => "none yet",
    };
    lines.push(format!("number    {state}"));
    if let Some(uri) = text("uri") {
        let (gtin, serial) = (text("gtin").unwrap_or_default(), text("serial").unwrap_or_default());
        lines.push(format!("piece     {gtin} {serial}  {uri}"));
    }
    if let Some(reason) = text("reason") {
        lines.push(format!("piece     none: {reason}"));
    }
    if let Some(user) = text("user") {
        lines.push(format!("user      {user}"));
    }
    lines.push(format!("passwords {}", text("passwords").unwrap_or_default()));
    match did {
        Did::Checked(_, missing) if missing.is_empty() => lines.push("missing   nothing".to_owned()),
        Did::Checked(_, missing) => lines.push(format!("missing   {}", tag::in_words(missing))),
        Did::Encoded(encoded) if encoded.changed.is_empty() => {
            lines.push("done      nothing: it was what it should be".to_owned());
        }
        Did::Encoded(encoded) => lines.push(format!("done      {}", tag::in_words(&encoded.changed))),
        Did::Read(_) | Did::Quieted(_) => {}
    }
    lines
}

fn usage(words: &str) -> anyhow::Error {
    Usage(words.to_owned()).into()
}

/// A password from where the command line says it is.
fn secret(what: &str, env: Option<&str>, file: Option<&PathBuf>) -> Result<Option<u32>, Usage> {
    let (place, text) = match (env, file) {
        (Some(name), _) => {
            let place = format!("--{what}-env {name}");
            let text =
                std::env::var(name).map_err(|_| Usage(format!("{place}: there is no such variable")))?;
            (place, text)
        }
        (None, Some(path)) => {
            let place = format!("--{what}-file {}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| Usage(format!("{place}: {error}")))?;
            (place, text)
        }
        (None, None) => return Ok(None),
    };
    // The text itself is never said: it may be a password with one digit too many.
    let password = tag::password(text.trim());
    password.map(Some).ok_or_else(|| Usage(format!("{place}: a password is 8 hexadecimal digits")))
}
