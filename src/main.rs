//! `portico`: the store's program. Reads the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    portico::cli::main()
}
