//! What can go wrong with the database, in words that say where and what would help.

use std::io;
use std::path::PathBuf;

/// Why something could not be done with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The url names no database that this program can open.
    #[error("[database] url `{url}`: {why}")]
    Url {
        /// As it was given, without a password.
        url: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// A folder or a lock file could not be made.
    #[error("{}: {source}; the folder of [database] url must exist or be creatable, and be writable", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else writes to it.
    #[error(
        "{}: another portico has this database open for writing; stop that one first, or give this one \
         another [database] url", path.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// There is nothing to read.
    #[error("{}: there is no such database; `portico run` or `portico import` makes it", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// SQLite cannot open the file.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The file is not sound. Nothing is sold on it.
    #[error(
        "{}: damaged: {what}; nothing is sold on a damaged database: keep this file as it is and restore the \
         last good copy", path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The tables are of another version of this program.
    #[error("{}: {what}", path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// What is wrong and what would help.
        what: String,
    },
    /// A batch contradicts what is already committed; nothing of it was taken.
    #[error("nothing was committed: {0}")]
    Refused(String),
    /// What stands in the database cannot be as it is.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database failed at a statement.
    #[error("database, while trying to {doing}: {source}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
}

/// The first thing found that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{table} {place}: {what}")]
pub struct Fault {
    /// The table.
    pub table: &'static str,
    /// The row: its key, or `seq N` in the journal.
    pub place: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Fault {
    pub(super) fn new(table: &'static str, place: impl ToString, what: impl Into<String>) -> Fault {
        Fault { table, place: place.to_string(), what: what.into() }
    }
}

/// Names what was being done when a statement failed.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, DbError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, DbError> {
        self.map_err(|source| DbError::Sql { doing, source })
    }
}
