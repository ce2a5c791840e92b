//! `portico check`: tries what a file names and says for each what works or exactly what does not.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::ConfigFile;
use super::serve::{database_url, open_config};
use crate::config::Reader;
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
    let here = |reader: &&Reader| reader.driver == "llrp";
    let probes = config.readers.iter().filter(here).map(|reader| {
        let (id, driver) = (reader.id.clone(), reader.driver());
        let probe = tokio::spawn(async move { readers::llrp::probe(&driver, WITHIN).await });
        (id, probe)
    });
    // All are asked at once: a shop with ten readers of which five are off is told within seconds.
    for (id, probe) in probes.collect::<Vec<_>>() {
        let result = match probe.await {
            Ok(Ok(probed)) => Ok(in_words(&probed)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        tell("reader", &id, result)?;
    }
    for gate in &config.gates {
        match gate.driver.as_str() {
            "none" => tell("gate", &gate.id, Ok("no barrier: nothing to open".into()))?,
            "simulated" => tell("gate", &gate.id, Ok("simulated: opens at once".into()))?,
            _ => {}
        }
    }
    for terminal in config.terminals.iter().filter(|terminal| terminal.driver == "simulated") {
        tell("terminal", &terminal.id, Ok("simulated: takes no money, always there".into()))?;
    }
    for camera in &config.cameras {
        tell("camera", camera, Ok("speaks to us over the API: nothing to try from here".into()))?;
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn in_words(probe: &readers::llrp::Probe) -> String {
    let mut said = format!("{}, firmware {}, {} antenna ports", probe.model, probe.firmware, probe.antennas);
    if let Some(connected) = &probe.connected {
        let ports: Vec<String> = connected.iter().map(u16::to_string).collect();
        said += &format!(" (connected: {})", ports.join(", "));
    }
    if let (Some(first), Some(last)) = (probe.channels_khz.iter().min(), probe.channels_khz.iter().max()) {
        said += &format!(", {} channels {first} to {last} kHz", probe.channels_khz.len());
    }
    if let Some((least, most)) = probe.power_dbm {
        said += &format!(", {least} to {most} dBm");
    }
    match probe.extensions {
        Some(vendor) => said += &format!(", {vendor} extensions (phase, fine RSSI, Doppler)"),
        None => said += ", no extensions: no phase",
    }
    if !probe.refused.is_empty() {
        said += &format!("; refused: {}", probe.refused.join("; "));
    }
    said
}
