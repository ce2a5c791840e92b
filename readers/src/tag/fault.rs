//! Why a procedure on a tag ended without having done what was wanted.

use super::{Stage, TagError};
use crate::OrderError;

/// Why a procedure ended early, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing answered.
    #[error("no tag answers; lay one tag on the antenna")]
    NoTag,
    /// More than one answered: their TIDs.
    #[error("{} tags answer ({}); lay only one on the antenna, or say which by its EPC", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// It holds a number that nobody asked to replace.
    #[error("the tag already holds {0}; say that it may be overwritten if that is meant")]
    Foreign(String),
    /// It has less memory than is needed. Nothing was written.
    #[error(
        "the tag's {bank} memory holds fewer than the {words} words that are needed; take another kind of tag"
    )]
    TooSmall {
        /// Which.
        bank: &'static str,
        /// How many are needed.
        words: u16,
    },
    /// It has no passwords at all. Nothing was written.
    #[error("this kind of tag has no passwords, and so no locks and no kill; take another kind")]
    NoPasswords,
    /// It is locked, and none of the known passwords opens it.
    #[error(
        "the tag is locked and none of the given passwords opens it; give the one that it was locked with"
    )]
    WrongPassword,
    /// Something is locked for ever.
    #[error("the tag's {0} is locked for ever and cannot be changed; take another tag")]
    LockedForEver(&'static str),
    /// It goes on answering although it was killed, or shows what was to be hidden.
    #[error("the tag is not quiet: {0}")]
    StillSpeaks(&'static str),
    /// The tag refused, or fell silent too often. It is left as it was or recognisably half-written: the procedure can
    /// be run again.
    #[error("{step}: {error}; run it again")]
    Tag {
        /// What was being done.
        step: Stage,
        /// The last refusal.
        error: TagError,
    },
    /// What was written is not what is read back, time and again.
    #[error("{0}: what is read back is not what was written; the tag is worn out or does not take it")]
    NotKept(Stage),
    /// The reader did not carry the job out.
    #[error(transparent)]
    Order(#[from] OrderError),
}
