//! The recording on disk: what the store took in, as NDJSON, one file a day (UTC). It is a copy of the journal's lines:
//! whatever a crash kept from it is written from the journal at the next start.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use recording::{Line, Parsed, Time, parse_line, write_line};

/// Writes recordings into a directory.
pub struct Recorder {
    directory: PathBuf,
    day: String,
    file: Option<BufWriter<File>>,
}

impl Recorder {
    /// Opens the directory, making it where it is missing. Also tells when the last whole line in it was received:
    /// what the journal has after that is to be written again.
    pub fn open(directory: &Path) -> io::Result<(Recorder, Option<Time>)> {
        std::fs::create_dir_all(directory)?;
        let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ext| ext == "ndjson"))
            .collect();
        files.sort();
        let mut last = None;
        for path in files.iter().rev() {
            last = drop_torn_line(path)?;
            if last.is_some() {
                break;
            }
        }
        Ok((Recorder { directory: directory.to_owned(), day: String::new(), file: None }, last))
    }

    /// Writes lines that were committed.
    pub fn write(&mut self, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            let known_at = line.known_at().to_string();
            let day = known_at.get(..10).unwrap_or_default();
            if self.file.is_none() || day != self.day {
                self.flush()?;
                let path = self.directory.join(format!("{day}.ndjson"));
                let file = OpenOptions::new().create(true).append(true).open(path)?;
                self.file = Some(BufWriter::new(file));
                day.clone_into(&mut self.day);
            }
            if let Some(file) = &mut self.file {
                write_line(file, line)?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Cuts what stands after the last line end and reads the time of the line before it.
fn drop_torn_line(path: &Path) -> io::Result<Option<Time>> {
    const CHUNK: u64 = 1 << 21;
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(CHUNK);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < tail.len() {
        file.set_len(start + whole as u64)?;
    }
    let text = String::from_utf8_lossy(tail.get(..whole).unwrap_or_default());
    Ok(text.lines().rev().find_map(|line| match parse_line(0, line) {
        Ok(Parsed::Taken(line, _)) => Some(line.known_at()),
        _ => None,
    }))
}

#[cfg(test)]
mod tests {
    use recording::Tick;

    use super::*;

    fn tick(us: i64) -> Line {
        Line::new(Time::from_micros(us), Tick {}.into())
    }

    #[test]
    fn a_torn_line_is_cut_and_the_last_whole_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (mut recorder, last) = Recorder::open(folder.path()).unwrap();
        assert_eq!(last, None);
        recorder.write(&[tick(1_000_000), tick(2_000_000)]).unwrap();
        let path = folder.path().join("1970-01-01.ndjson");
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"type\":\"ti").unwrap();
        let (mut recorder, last) = Recorder::open(folder.path()).unwrap();
        assert_eq!(last, Some(Time::from_micros(2_000_000)));
        recorder.write(&[tick(3_000_000)]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    #[test]
    fn each_day_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (mut recorder, _) = Recorder::open(folder.path()).unwrap();
        recorder.write(&[tick(86_399_000_000), tick(86_400_000_000)]).unwrap();
        assert!(folder.path().join("1970-01-01.ndjson").exists());
        assert!(folder.path().join("1970-01-02.ndjson").exists());
    }
}
