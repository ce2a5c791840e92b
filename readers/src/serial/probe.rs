//! Tries one serial module once, for `portico check`: opens the line, has it read for a moment, and leaves it in peace.
//! Never tries twice at the same rate.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until};
use tokio_serial::SerialStream;

use super::drive::silent;
use super::line::{self, LineError};
use super::{Event, Module, Reason};
use crate::{Ability, Reader};

/// What a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(1_200);
/// Troubles that show right after the start are waited for this long.
const LOOK: Duration = Duration::from_millis(500);

/// Why a module cannot be used, and what would help.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The device cannot be opened.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Nothing answers at any of the rates.
    #[error("{0}")]
    NoAnswer(String),
    /// It answers at another rate than the configured one.
    #[error("it answers at {right} baud, not at {wrong}: set `baud = {right}`, or leave `baud` out")]
    OtherRate {
        /// Where it answers.
        right: u32,
        /// What the configuration says.
        wrong: u32,
    },
    /// It was there, and could not be used.
    #[error("{0}: {1}")]
    Failed(String, String),
}

/// What the module of a reader can and cannot do, found out by having it read for a moment. Takes at most `within` for
/// each rate that is tried.
pub async fn probe<M: Module>(reader: &Reader, within: Duration) -> Result<Ability, ProbeError> {
    let (device, configured) = line::device(reader)?;
    let mut rates: Vec<u32> = configured.into_iter().collect();
    rates.extend(M::BAUDS.iter().filter(|baud| Some(**baud) != configured));
    for baud in &rates {
        let line = line::open(device, *baud)?;
        match once::<M>(reader, line, within).await {
            Ok(_) if configured.is_some_and(|wrong| wrong != *baud) => {
                return Err(ProbeError::OtherRate { right: *baud, wrong: configured.unwrap_or_default() });
            }
            Ok(ability) => return Ok(ability),
            Err(Reason::NoAnswer) => {}
            Err(reason) => return Err(ProbeError::Failed(reader.place(), reason.to_string())),
        }
    }
    Err(ProbeError::NoAnswer(silent(M::NAME, reader, &rates, false)))
}

async fn once<M: Module>(
    reader: &Reader,
    mut line: SerialStream,
    within: Duration,
) -> Result<Ability, Reason> {
    let began = Instant::now();
    let mut module = M::new(reader, Duration::ZERO);
    let mut found: Option<Ability> = None;
    let mut end = began + within;
    let mut leaving = false;
    let mut portion = [0; 1024];
    loop {
        while let Some(event) = module.poll_event() {
            match event {
                Event::Up(ability) => {
                    found = Some(ability);
                    end = (Instant::now() + LOOK).min(end);
                }
                Event::Trouble(trouble) => {
                    if let Some(ability) = &mut found {
                        ability.cannot.push(trouble.words);
                    }
                }
                Event::Down(reason) => return found.ok_or(reason),
                _ => {}
            }
        }
        while let Some(bytes) = module.poll_output() {
            line::write(&mut line, &bytes).await.map_err(Reason::Silent)?;
        }
        let due = module.poll_timeout().map_or(end, |due| (began + due).min(end));
        tokio::select! {
            taken = line.read(&mut portion) => match taken {
                Ok(count @ 1..) => {
                    module.handle_input(began.elapsed(), portion.get(..count).unwrap_or_default());
                }
                Ok(_) => return Err(Reason::Silent("the device hung up".to_owned())),
                Err(error) => return Err(Reason::Silent(line::gone(&error))),
            },
            () = sleep_until(due) => {
                module.handle_timeout(began.elapsed());
                if Instant::now() >= end {
                    if leaving {
                        return found.ok_or(Reason::NoAnswer);
                    }
                    leaving = true;
                    end = Instant::now() + GOODBYE;
                    module.close(began.elapsed());
                }
            }
        }
    }
}
