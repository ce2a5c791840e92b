//! `portico epc`: what a tag's bits say.

use std::io::{BufRead, BufWriter, Write};
use std::process::ExitCode;

use serde_json::json;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Hexadecimal EPCs on standard input, one a line; a JSON object a line comes out
    ///
    /// A tag that is no GS1 item comes out with "ok":false and the reason.
    Decode,
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Decode = command;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        let input = String::from_utf8_lossy(&line);
        let input = input.trim();
        if input.is_empty() {
            continue;
        }
        let said = match ::epc::facts(input) {
            Ok(facts) => json!({
                "input": input, "ok": true, "scheme": facts.scheme, "gtin": facts.gtin,
                "serial": facts.serial, "uri": facts.uri, "digital_link": facts.digital_link,
            }),
            Err(reason) => json!({ "input": input, "ok": false, "reason": reason.to_string() }),
        };
        serde_json::to_writer(&mut out, &said)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
