//! `portico llrp`: frames to JSON and back.

use std::io::{BufRead, BufWriter, Read, Write};
use std::process::ExitCode;

use ::llrp::{json, stream};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// LLRP frames on standard input, back to back; a JSON message a line comes out
    ///
    /// A frame that cannot be read comes out as {"ok":false,"offset":…,"reason":"…"}, with --hex with its line's number, and
    /// the next one is read.
    Decode {
        /// The input is a frame in hexadecimal a line
        #[arg(long)]
        hex: bool,
    },
    /// JSON messages on standard input, one a line; LLRP frames come out
    Encode {
        /// A frame in hexadecimal a line comes out
        #[arg(long)]
        hex: bool,
    },
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Decode { hex } => decode(hex),
        Command::Encode { hex } => encode(hex),
    }
}

fn decode(hex: bool) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut input = std::io::stdin().lock();
    let mut say = |said: serde_json::Value| -> anyhow::Result<()> {
        serde_json::to_writer(&mut out, &said)?;
        out.write_all(b"\n")?;
        Ok(())
    };
    let line = |result: Result<::llrp::Message, stream::StreamError>| match result {
        Ok(message) => json::to_json(&message),
        Err(error) => error.to_json(),
    };
    if hex {
        for (at, text) in input.split(b'\n').enumerate() {
            let text = text?;
            let text = String::from_utf8_lossy(&text);
            let numbered = |mut said: serde_json::Value| {
                if said.get("ok").is_some() {
                    said["line"] = (at + 1).into();
                }
                said
            };
            if !text.trim().is_empty() {
                match stream::decode_hex_line(text.trim_end()) {
                    Ok(results) => results.map(line).map(numbered).try_for_each(&mut say)?,
                    Err(error) => say(numbered(error.to_json()))?,
                }
            }
        }
    } else {
        let mut decoder = stream::Decoder::default();
        let mut portion = vec![0; 1 << 16];
        loop {
            let taken = input.read(&mut portion)?;
            decoder.push(portion.get(..taken).unwrap_or_default());
            if taken == 0 {
                decoder.end();
            }
            while let Some(result) = decoder.next() {
                say(line(result))?;
            }
            if taken == 0 {
                break;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn encode(hex: bool) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut all_well = true;
    for (at, text) in std::io::stdin().lock().split(b'\n').enumerate() {
        let text = text?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let frame = serde_json::from_slice(&text)
            .map_err(|error| not_json(&error))
            .and_then(|value| json::from_json(&value).map_err(|error| error.to_string()))
            .and_then(|message| message.encode().map_err(|error| error.to_string()));
        match frame {
            Ok(frame) if hex => writeln!(out, "{}", ::epc::Hex(&frame))?,
            Ok(frame) => out.write_all(&frame)?,
            Err(reason) => {
                all_well = false;
                writeln!(std::io::stderr(), "line {}: {reason}", at + 1)?;
            }
        }
    }
    out.flush()?;
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What of a line is not JSON, and where in it.
fn not_json(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    format!("column {}: {what}, expected a message as `portico llrp decode` says it", error.column())
}
