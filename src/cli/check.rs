//! `portico check`: tries what a file names and says for each what works or exactly what does not.

use std::collections::BTreeMap;
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
            let text = text.replace('\n', "\n        ");
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
    let mut there = There::new();
    for (id, probe) in probes.collect::<Vec<_>>() {
        let result = match probe.await {
            Ok(Ok(found)) => {
                there.insert(id.clone(), found.outputs);
                Ok(in_words(&found.ability))
            }
            Ok(Err(error)) => Err(error),
            Err(error) => Err(error.to_string()),
        };
        tell("reader", &id, result)?;
    }
    for gate in &config.gates {
        tell("gate", &gate.id, of_gate(gate, &there))?;
    }
    for light in &config.lights {
        let words = format!("{}, in lane {}", of_output(&light.output, "on"), light.lane);
        tell("light", &light.id, at_output(words, &light.output, &there))?;
    }
    for terminal in config.terminals.iter().filter(|terminal| terminal.driver == "simulated") {
        tell("terminal", &terminal.id, Ok("simulated: takes no money, always there".into()))?;
    }
    for camera in &config.cameras {
        tell("camera", camera, Ok("speaks to us over the API: nothing to try from here".into()))?;
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What it can on one line, what it cannot on one each.
fn in_words(ability: &Ability) -> String {
    let mut said = ability.model.clone();
    if !ability.firmware.is_empty() {
        said += &format!(", firmware {}", ability.firmware);
    }
    for can in &ability.can {
        said += &format!(", {can}");
    }
    for cannot in &ability.cannot {
        said += &format!("\nbut {cannot}");
    }
    said
}

fn of_gate(gate: &Gate, there: &There) -> Result<String, String> {
    let (output, pulse, contact) = match &gate.by {
        GateBy::None => return Ok("no barrier: nothing to open".into()),
        GateBy::Simulated => return Ok("simulated: opens at once".into()),
        GateBy::Output { output, pulse, contact, .. } => (output, pulse, contact),
    };
    let mut words = format!("{} for {} ms", of_output(output, "opens"), pulse.as_millis());
    words += &match contact {
        Some((reader, port)) => format!("; it has opened when input {port} of reader {reader} says so"),
        None => {
            "; it counts as opened when the reader has confirmed that, as no input tells of it".to_owned()
        }
    };
    let words = at_output(words, output, there)?;
    match contact {
        Some((reader, _)) => on_reader(words, reader, there),
        None => Ok(words),
    }
}

fn of_output(output: &Output, does: &str) -> String {
    let level = if output.active_high { "high" } else { "low" };
    format!("{does} with output {} of reader {} at {level}", output.port, output.reader)
}

/// The readers that are there, and how many outputs they say that they have.
type There = BTreeMap<Name, Option<u16>>;

fn at_output(words: String, output: &Output, there: &There) -> Result<String, String> {
    let words = on_reader(words, &output.reader, there)?;
    match there.get(&output.reader) {
        Some(Some(has)) if output.port > *has => {
            Err(format!("{words}: but the reader has {has} outputs; correct `port` in the configuration"))
        }
        _ => Ok(words),
    }
}

/// What hangs on a reader works where the reader does.
fn on_reader(words: String, reader: &Name, there: &There) -> Result<String, String> {
    if there.contains_key(reader) {
        Ok(words)
    } else {
        Err(format!("{words}: but reader {reader} cannot be used"))
    }
}
