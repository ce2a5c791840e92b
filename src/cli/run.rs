//! `portico run`: the store against what a file names.

use std::io::Write;
use std::process::ExitCode;

use super::ConfigFile;
use super::serve::{listen, open_config, start};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: ConfigFile,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = open_config(&args.store.config)?;
    let listener = listen(config.listen, "[web] listen").await?;
    let address = listener.local_addr()?;
    let serving = start(&config, listener, None).await?;
    writeln!(std::io::stdout(), "{} sells; staff view http://{address}/staff", config.name)?;
    serving.until_stopped().await?;
    Ok(ExitCode::SUCCESS)
}
