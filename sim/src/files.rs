//! A simulated store's day as the contract's five files, written as the day goes by. A file stands under its name only
//! when all of them are whole; what an interrupted run leaves behind is called `….partial`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::mem::take;
use std::path::{Path, PathBuf};

use recording::{Observation, write_line};
use serde::Serialize;

use crate::simulate::{Day, Happened, Simulated};
use crate::truth::Truth;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines of the recording.
    pub observations: u64,
    /// Reads among them.
    pub reads: u64,
    /// Passages in the truth.
    pub passages: u64,
    /// Tags in the truth.
    pub tags: u64,
}

/// Runs a day to its end and writes `recording.ndjson`, `truth.json`, `config.toml`, `catalogue.csv` and `items.csv`
/// into a folder, which is made where it is not there. Files of these names are replaced. The memory that it takes does
/// not grow with the day.
pub fn write(mut day: Day, folder: &Path) -> io::Result<Written> {
    let mut files = Files::new(folder, &day.truth())?;
    let mut happened = Happened::default();
    while day.step(&mut happened) {
        files.tell(&happened)?;
    }
    files.finish(&day.config_toml(), &day.catalogue_csv())
}

impl Simulated {
    /// Writes the same files as [`write`].
    pub fn write_to(&self, folder: &Path) -> io::Result<Written> {
        let mut head = self.truth.clone();
        let happened = Happened {
            lines: self.lines.clone(),
            passages: take(&mut head.passages),
            tags: take(&mut head.tags),
            people: take(&mut head.people),
            takes: take(&mut head.takes),
            items_csv: self.items_csv.clone(),
        };
        let mut files = Files::new(folder, &head)?;
        files.tell(&happened)?;
        files.finish(&self.config_toml, &self.catalogue_csv)
    }
}

/// The files of a day that is under way.
struct Files {
    folder: PathBuf,
    recording: Unfinished,
    items: Unfinished,
    truth: TruthFile,
    written: Written,
}

impl Files {
    fn new(folder: &Path, head: &Truth) -> io::Result<Files> {
        fs::create_dir_all(folder)?;
        Ok(Files {
            folder: folder.to_owned(),
            recording: Unfinished::new(folder, "recording.ndjson")?,
            items: Unfinished::new(folder, "items.csv")?,
            truth: TruthFile::new(folder, head)?,
            written: Written::default(),
        })
    }

    fn tell(&mut self, happened: &Happened) -> io::Result<()> {
        let Happened { lines, passages, tags, people, takes, items_csv } = happened;
        for line in lines {
            write_line(&mut self.recording.file, line)?;
            self.written.reads += u64::from(matches!(line.what, Observation::Read(_)));
        }
        self.written.observations += lines.len() as u64;
        self.items.file.write_all(items_csv.as_bytes())?;
        passages.iter().try_for_each(|passage| self.truth.passages.push(passage))?;
        tags.iter().try_for_each(|tag| self.truth.tags.push(tag))?;
        people.iter().try_for_each(|position| self.truth.people.push(position))?;
        takes.iter().try_for_each(|hand| self.truth.takes.push(hand))
    }

    /// Gives all of them their names, now that they are whole.
    fn finish(self, config_toml: &str, catalogue_csv: &str) -> io::Result<Written> {
        let Files { folder, recording, items, truth, mut written } = self;
        (written.passages, written.tags) = (truth.passages.entries, truth.tags.entries);
        let mut files = vec![recording, items, truth.whole()?];
        for (name, text) in [("config.toml", config_toml), ("catalogue.csv", catalogue_csv)] {
            let mut unfinished = Unfinished::new(&folder, name)?;
            unfinished.file.write_all(text.as_bytes())?;
            files.push(unfinished);
        }
        for unfinished in &mut files {
            unfinished.file.flush()?;
            unfinished.file.get_ref().sync_all()?;
        }
        files.into_iter().try_for_each(Unfinished::finish)?;
        Ok(written)
    }
}

/// A file that is not whole yet, under another name; it goes with its value, unless it is finished.
struct Unfinished {
    file: BufWriter<File>,
    partial: PathBuf,
    name: PathBuf,
}

impl Unfinished {
    fn new(folder: &Path, name: &str) -> io::Result<Unfinished> {
        let partial = folder.join(format!("{name}.partial"));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&partial)?;
        Ok(Unfinished { file: BufWriter::new(file), partial, name: folder.join(name) })
    }

    fn finish(self) -> io::Result<()> {
        fs::rename(&self.partial, &self.name)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // A finished one is not there any more; one that cannot be removed is still not under its final name.
        let _ = fs::remove_file(&self.partial);
    }
}

/// A list of the truth's, as it grows.
struct List {
    to: Unfinished,
    entries: u64,
}

impl List {
    fn push(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let between: &[u8] = if self.entries == 0 { b"\n" } else { b",\n" };
        self.to.file.write_all(between)?;
        self.entries += 1;
        Ok(serde_json::to_writer(&mut self.to.file, entry)?)
    }

    /// Appends all of this list to `file`.
    fn append_to(mut self, file: &mut BufWriter<File>) -> io::Result<()> {
        self.to.file.rewind()?;
        io::copy(self.to.file.get_mut(), file)?;
        Ok(())
    }
}

/// `truth.json`, one JSON document whose four lists grow at the same time: the first in its place, the others in
/// files of their own until they are appended.
struct TruthFile {
    passages: List,
    tags: List,
    people: List,
    takes: List,
}

impl TruthFile {
    fn new(folder: &Path, head: &Truth) -> io::Result<TruthFile> {
        let list = |name| Ok::<_, io::Error>(List { to: Unfinished::new(folder, name)?, entries: 0 });
        let mut passages = list("truth.json")?;
        // What is true of the whole stands before the lists, which are the last of its fields and still empty.
        let empty = serde_json::to_string(head)?;
        let head = empty
            .strip_suffix(r#"[],"tags":[],"people":[],"takes":[]}"#)
            .ok_or(io::ErrorKind::InvalidData)?;
        write!(passages.to.file, "{head}[")?;
        Ok(TruthFile {
            passages,
            tags: list("truth.tags")?,
            people: list("truth.people")?,
            takes: list("truth.takes")?,
        })
    }

    /// The document with all its lists.
    fn whole(self) -> io::Result<Unfinished> {
        let mut to = self.passages.to;
        to.file.write_all(b"\n],\"tags\":[")?;
        self.tags.append_to(&mut to.file)?;
        to.file.write_all(b"\n],\"people\":[")?;
        self.people.append_to(&mut to.file)?;
        to.file.write_all(b"\n],\"takes\":[")?;
        self.takes.append_to(&mut to.file)?;
        to.file.write_all(b"\n]}\n")?;
        Ok(to)
    }
}
