//! Opening: from a url to a sound, migrated database that nobody else writes to, or a message that says why not.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqlSafeStr as _, SqlitePool};

use super::error::Doing as _;
use super::{Db, DbError, sql};

/// Readers at once: pages and the API ask little and shortly.
const READERS: u32 = 4;
/// How long to wait for SQLite's own short locks (a checkpoint) before giving up.
const BUSY: Duration = Duration::from_secs(10);

/// The migrations, oldest first; a released one never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "journal and projections",
    include_str!("../../migrations/sqlite/0001_journal_and_projections.sql"),
)];

/// Where a url points.
enum Place {
    Memory,
    File(PathBuf),
}

fn place(url: &str) -> Result<Place, DbError> {
    let wrong = |why: &str| {
        // What stands before an @ may be a password.
        let shown = match url.rsplit_once('@') {
            Some((_, host)) => format!("…@{host}"),
            None => url.to_owned(),
        };
        Err(DbError::Url { url: shown, why: why.to_owned() })
    };
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return wrong("this version keeps its database in SQLite; write `sqlite://data/portico.db`");
    }
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return wrong("write `sqlite://` and the path of the file, such as `sqlite://data/portico.db`");
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        ":memory:" => Ok(Place::Memory),
        "" => wrong("the path of the file is missing, such as in `sqlite://data/portico.db`"),
        path if path.contains('?') => wrong("options after `?` are not taken: portico sets them itself"),
        path if path.ends_with('/') || Path::new(path).is_dir() => {
            wrong("that is a folder; name the file in it, such as `…/portico.db`")
        }
        path => Ok(Place::File(PathBuf::from(path))),
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(version, name, statements)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            AssertSqlSafe(statements).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

fn latest_version() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, _, _)| *version)
}

/// What every connection has: a commit is on the disk before it is acknowledged.
fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

/// Connections that stay: a database in memory lives and dies with its only one.
fn lasting(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

impl Db {
    /// Opens a database to write and read it, making it and its folder where they are not there.
    ///
    /// `sqlite://path/portico.db` (relative to where the program runs; `sqlite:///path` from the root) or
    /// `sqlite::memory:`. Refuses a file that another program writes to, that is damaged, or that a newer version
    /// of this program has changed.
    pub async fn open(url: &str) -> Result<Db, DbError> {
        let path = match place(url)? {
            Place::Memory => return open_memory().await,
            Place::File(path) => path,
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)
                .map_err(|source| DbError::Folder { path: folder.to_owned(), source })?;
        }
        let lock = lock(&path)?;
        let file = options().filename(&path);
        let writer = lasting(1)
            .connect_with(file.clone().create_if_missing(true))
            .await
            .map_err(|e| opening(&path, e))?;
        check_pages(&path, &writer).await?;
        migrator().run(&writer).await.map_err(|e| migrating(&path, e))?;
        let readers = lasting(READERS)
            .connect_with(file.pragma("query_only", "ON"))
            .await
            .map_err(|e| opening(&path, e))?;
        Ok(Db { writer: Some(writer), readers, lock: Some(lock) })
    }

    /// Opens a database only to read it, also while another program writes to it: for `ledger verify` and exports.
    /// It must be there.
    pub async fn open_to_read(url: &str) -> Result<Db, DbError> {
        let path = match place(url)? {
            Place::Memory => {
                return Err(DbError::Url {
                    url: url.to_owned(),
                    why: "a database in memory is gone with its program; name a file".to_owned(),
                });
            }
            Place::File(path) => path,
        };
        let file = options().filename(&path).create_if_missing(false).pragma("query_only", "ON");
        if !path.exists() {
            return Err(DbError::Missing { path });
        }
        let readers = lasting(READERS).connect_with(file).await.map_err(|e| opening(&path, e))?;
        check_pages(&path, &readers).await?;
        let version: Result<Option<i64>, sqlx::Error> =
            sqlx::query_scalar(sql::MIGRATED).fetch_one(&readers).await;
        match version {
            Ok(Some(version)) if version == latest_version() => {}
            Ok(Some(version)) if version > latest_version() => return Err(newer(&path)),
            Ok(_) => {
                let what =
                    "its tables are of an older version; start the store on it once, which renews them";
                return Err(DbError::Version { path, what: what.to_owned() });
            }
            Err(_) => {
                let what = "this is no database of portico's: it has none of its tables";
                return Err(DbError::Version { path, what: what.to_owned() });
            }
        }
        Ok(Db { writer: None, readers, lock: None })
    }

    /// Ends every connection. What was committed is safe without it too; only, with it the database is one whole file
    /// that can be copied, without a log beside it, and others may write to it.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        if let Some(lock) = &self.lock
            && let Err(error) = lock.unlock()
        {
            tracing::warn!(%error, "the database's lock goes only with the program");
        }
    }
}

async fn open_memory() -> Result<Db, DbError> {
    let memory = options().in_memory(true).filename(":memory:").journal_mode(SqliteJournalMode::Memory);
    let only = lasting(1).connect_with(memory).await.doing("open a database in memory")?;
    migrator().run(&only).await.map_err(|e| migrating(Path::new(":memory:"), e))?;
    Ok(Db { writer: Some(only.clone()), readers: only, lock: None })
}

/// One writer: the lock goes with the file handle, so a killed program leaves none behind.
fn lock(database: &Path) -> Result<File, DbError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| DbError::Folder { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DbError::InUse { path: database.to_owned() }),
        Err(TryLockError::Error(source)) => Err(DbError::Folder { path, source }),
    }
}

/// SQLite's result codes for a file that is no database or has broken pages (https://sqlite.org/rescode.html).
fn is_damage(error: &sqlx::Error) -> bool {
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    // The low byte is the kind, the rest says more exactly what.
    matches!(code.map(|code| code & 0xFF), Some(CORRUPT | NOT_A_DATABASE))
}

fn opening(path: &Path, source: sqlx::Error) -> DbError {
    if is_damage(&source) {
        return DbError::Damaged { path: path.to_owned(), what: source.to_string() };
    }
    DbError::Open { path: path.to_owned(), source }
}

fn newer(path: &Path) -> DbError {
    let what = "a newer version of portico has changed its tables; use that version, or another file";
    DbError::Version { path: path.to_owned(), what: what.to_owned() }
}

fn migrating(path: &Path, error: MigrateError) -> DbError {
    let what = match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => return newer(path),
        MigrateError::VersionMismatch(version) => {
            format!(
                "migration {version} was made with other statements than this version has; use the version that made this file"
            )
        }
        other => format!("its tables could not be made or renewed: {other}"),
    };
    DbError::Version { path: path.to_owned(), what }
}

async fn check_pages(path: &Path, pool: &SqlitePool) -> Result<(), DbError> {
    let found: String =
        sqlx::query_scalar(sql::QUICK_CHECK).fetch_one(pool).await.map_err(|e| opening(path, e))?;
    if found == "ok" { Ok(()) } else { Err(DbError::Damaged { path: path.to_owned(), what: found }) }
}
