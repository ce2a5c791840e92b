//! A terminal that takes no money: its answers are what the tap before said they would be. Like a real one it keeps
//! its own memory apart from the store's, so a store that crashed can ask what became of an attempt.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use recording::{Name, TapOutcome, Terminal, TerminalSays};
use serde::{Deserialize, Serialize};

/// The terminal's memory could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("simulated terminal's memory {path}: {source}")]
pub struct SimulatedError {
    path: PathBuf,
    source: std::io::Error,
}

/// What the terminal remembers of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Remembered {
    attempt: Name,
    amount_minor: i64,
    says: TerminalSays,
}

/// One simulated terminal.
#[derive(Debug)]
pub struct Simulated {
    id: Name,
    next: TapOutcome,
    attempts: BTreeMap<Name, Remembered>,
    memory: Option<(PathBuf, File)>,
}

impl Simulated {
    /// A terminal that forgets when the program ends: for replay and for stores in memory.
    pub fn forgetful(id: Name) -> Simulated {
        Simulated { id, next: TapOutcome::Approve, attempts: BTreeMap::new(), memory: None }
    }

    /// A terminal that keeps its memory in a file, a line an attempt. A line torn by a crash was never acknowledged
    /// and is dropped.
    pub fn with_memory(id: Name, path: &Path) -> Result<Simulated, SimulatedError> {
        let wrong = |source| SimulatedError { path: path.to_owned(), source };
        let mut attempts = BTreeMap::new();
        if let Ok(file) = File::open(path) {
            for line in BufReader::new(file).lines() {
                if let Ok(remembered) = serde_json::from_str::<Remembered>(&line.map_err(wrong)?) {
                    attempts.insert(remembered.attempt.clone(), remembered);
                }
            }
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(wrong)?;
        // Ends a torn line, so that the next one stands by itself.
        file.write_all(b"\n").map_err(wrong)?;
        Ok(Simulated { id, next: TapOutcome::Approve, attempts, memory: Some((path.to_owned(), file)) })
    }

    /// A card was held to the terminal: the next attempt ends so.
    pub fn tapped(&mut self, outcome: TapOutcome) {
        self.next = outcome;
    }

    /// Takes the money of an attempt; `None`: no answer comes. Asked again for the same attempt it tells what it did.
    pub fn ask(&mut self, attempt: &Name, amount_minor: i64) -> Result<Option<Terminal>, SimulatedError> {
        if let Some(known) = self.attempts.get(attempt) {
            return Ok(Some(self.message(known)));
        }
        let says = match self.next {
            TapOutcome::Approve => TerminalSays::Approved,
            TapOutcome::Decline => TerminalSays::Declined,
            TapOutcome::Timeout => return Ok(None),
        };
        let remembered = Remembered { attempt: attempt.clone(), amount_minor, says };
        self.remember(remembered.clone())?;
        Ok(Some(self.message(&remembered)))
    }

    /// What became of an attempt.
    pub fn query(&self, attempt: &Name) -> Terminal {
        match self.attempts.get(attempt) {
            Some(known) => self.message(known),
            None => Terminal {
                terminal: self.id.clone(),
                attempt: attempt.clone(),
                says: TerminalSays::NotFound,
                amount_minor: None,
                reference: None,
            },
        }
    }

    /// Takes an attempt back.
    pub fn void(&mut self, attempt: &Name) -> Result<Terminal, SimulatedError> {
        if let Some(known) = self.attempts.get(attempt).cloned() {
            self.remember(Remembered { says: TerminalSays::Voided, ..known })?;
        }
        Ok(self.query(attempt))
    }

    fn message(&self, known: &Remembered) -> Terminal {
        Terminal {
            terminal: self.id.clone(),
            attempt: known.attempt.clone(),
            says: known.says,
            amount_minor: (known.says == TerminalSays::Approved).then_some(known.amount_minor),
            reference: Some(format!("SIM-{}", known.attempt).into()),
        }
    }

    fn remember(&mut self, remembered: Remembered) -> Result<(), SimulatedError> {
        if let Some((path, file)) = &mut self.memory {
            let wrong = |source| SimulatedError { path: path.clone(), source };
            let mut line = serde_json::to_vec(&remembered).map_err(|e| wrong(e.into()))?;
            line.push(b'\n');
            file.write_all(&line).map_err(wrong)?;
            file.sync_data().map_err(wrong)?;
        }
        self.attempts.insert(remembered.attempt.clone(), remembered);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_is_charged_once_and_its_end_outlives_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("term-1.ndjson");
        let attempt: Name = "a-1".into();
        let mut terminal = Simulated::with_memory("term-1".into(), &path).unwrap();
        let first = terminal.ask(&attempt, 4990).unwrap().unwrap();
        assert_eq!((first.says, first.amount_minor), (TerminalSays::Approved, Some(4990)));
        terminal.tapped(TapOutcome::Decline);
        assert_eq!(terminal.ask(&attempt, 4990).unwrap().unwrap().says, TerminalSays::Approved);
        drop(terminal);
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"attempt\":\"a-2")
            .unwrap();
        let again = Simulated::with_memory("term-1".into(), &path).unwrap();
        assert_eq!(again.query(&attempt).says, TerminalSays::Approved);
        assert_eq!(again.query(&"a-2".into()).says, TerminalSays::NotFound);
    }

    #[test]
    fn a_silent_terminal_has_taken_nothing() {
        let mut terminal = Simulated::forgetful("term-1".into());
        terminal.tapped(TapOutcome::Timeout);
        assert_eq!(terminal.ask(&"a-1".into(), 100).unwrap(), None);
        assert_eq!(terminal.query(&"a-1".into()).says, TerminalSays::NotFound);
    }
}
