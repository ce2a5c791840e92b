//! `portico check`: tries what a file names and says for each what works or exactly what does not.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use readers::Ability;
use recording::Name;
use serde_json::json;

use super::serve::{database_url, open_config};
use super::{ConfigFile, drivers};
use crate::config::{Gate, GateBy, Output};
use crate::db::Db;
use crate::web;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: ConfigFile,
    /// Machine-readable: a JSON object a line
    #[arg(long)]
    json: bool,
}

/// How long one thing may take to answer.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = open_config(&args.store.config)?;
    let mut out = std::io::stdout().lock();
    let mut all_well = true;
    let mut tell = |what: &str, name: &str, result: Result<String, String>| -> std::io::Result<()> {
        all_well &= result.is_ok();
        let (ok, text) = match &result {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        if args.json {
            writeln!(out, "{}", json!({ "what": what, "name": name, "ok": ok, "text": text }))
        } else {
            writeln!(out, "{}  {what} {name}: {text}", if ok { "ok    " } else { "FAILED" })
        }
    };
    let url = database_url(&config);
    let database = match Db::open(&url).await {
        Ok(db) => match db.last_stamp().await {
            Ok(last) => Ok(format!("opened, {} lines in its journal", last.map_or(0, |last| last.seq))),
            Err(error) => Err(error.to_string()),
        },
        Err(error) => Err(error.to_string()),
    };
    tell("database", &url, database)?;
    let pages = match web::check_loopback(config.listen) {
        Ok(()) => match std::net::TcpListener::bind(config.listen) {
            Ok(_) => Ok("the port is free".to_owned()),
            Err(error) => {
                Err(format!("{error}; another program has the port: stop it or choose another one"))
            }
        },
        Err(error) => Err(error.to_string()),
    };
    tell("pages", &config.listen.to_string(), pages)?;
    for absent in config.absent() {
        tell(absent.table, &absent.id, Err(absent.text))?;
    }
    let probes = config.readers.iter().map(|reader| {
        let (id, driver, told) = (reader.id.clone(), reader.driver, reader.driver());
        let probe = tokio::spawn(async move { drivers::probe(driver, told?, WITHIN).await });
        (id, probe)
    });
    // All are asked at once: a shop with ten readers of which five are off is told within seconds.
    let mut there = BTreeSet::new();
    for (id, probe) in probes.collect::<Vec<_>>() {
        let result = match probe.await {
            Ok(probed) => probed.map(|ability| in_words(&ability)),
            Err(error) => Err(error.to_string()),
        };
        if result.is_ok() {
            there.insert(id.clone());
        }
        tell("reader", &id, result)?;
    }
    for gate in &config.gates {
        tell("gate", &gate.id, of_gate(gate, &there))?;
    }
    for light in &config.lights {
        let words = format!("{}, in lane {}", of_output(&light.output, "on"), light.lane);
        tell("light", &light.id, on_reader(words, &light.output.reader, &there))?;
    }
    for terminal in config.terminals.iter().filter(|terminal| terminal.driver == "simulated") {
        tell("terminal", &terminal.id, Ok("simulated: takes no money, always there".into()))?;
    }
    for camera in &config.cameras {
        tell("camera", camera, Ok("speaks to us over the API: nothing to try from here".into()))?;
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn in_words(ability: &Ability) -> String {
    let mut said = format!("{}, firmware {}", ability.model, ability.firmware);
    if !ability.can.is_empty() {
        said += &format!("; {}", ability.can.join(", "));
    }
    if !ability.cannot.is_empty() {
        said += &format!("; not: {}", ability.cannot.join("; "));
    }
    said
}

fn of_gate(gate: &Gate, there: &BTreeSet<Name>) -> Result<String, String> {
    let GateBy::Output { output, pulse, contact, .. } = &gate.by else {
        return Ok(match gate.by {
            GateBy::None => "no barrier: nothing to open".into(),
            _ => "simulated: opens at once".into(),
        });
    };
    let mut words = format!("{} for {} ms", of_output(output, "opens"), pulse.as_millis());
    words += &match contact {
        Some((reader, port)) => format!("; it has opened when input {port} of reader {reader} says so"),
        None => {
            "; it counts as opened when the reader has confirmed that, as no input tells of it".to_owned()
        }
    };
    let other = contact.as_ref().map_or(&output.reader, |(reader, _)| reader);
    on_reader(words, &output.reader, there).and_then(|words| on_reader(words, other, there))
}

fn of_output(output: &Output, does: &str) -> String {
    let level = if output.active_high { "high" } else { "low" };
    format!("{does} with output {} of reader {} at {level}", output.port, output.reader)
}

/// What hangs on a reader works where the reader does.
fn on_reader(words: String, reader: &Name, there: &BTreeSet<Name>) -> Result<String, String> {
    if there.contains(reader) { Ok(words) } else { Err(format!("{words}: but reader {reader} is not there")) }
}
