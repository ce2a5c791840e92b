//! The things that procedures do to a tag, by name: for pages, errors and the record of what was changed.

/// What a procedure does to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Finding out which tag it is.
    Look,
    /// Reading what it is.
    Read,
    /// Marking it as half-written.
    Marker,
    /// Writing its number behind the marker.
    Number,
    /// Writing user memory.
    User,
    /// Writing the kill password.
    KillPassword,
    /// Writing the access password.
    AccessPassword,
    /// Making it what it should be.
    Pc,
    /// Finding out whether something is locked.
    Probe,
    /// Locking.
    Lock,
    /// Locking blocks of user memory for ever.
    Blocks,
    /// Killing it.
    Kill,
    /// Hiding parts of it.
    Untraceable,
    /// Switching its theft alarm.
    Eas,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Stage::Look => "looking for the tag",
            Stage::Read => "reading the tag",
            Stage::Marker => "marking the tag as being written",
            Stage::Number => "writing its number",
            Stage::User => "writing its user memory",
            Stage::KillPassword => "writing its kill password",
            Stage::AccessPassword => "writing its access password",
            Stage::Pc => "making the number valid",
            Stage::Probe => "checking its locks",
            Stage::Lock => "locking it",
            Stage::Blocks => "locking blocks of user memory",
            Stage::Kill => "killing it",
            Stage::Untraceable => "hiding its memory",
            Stage::Eas => "switching its theft alarm",
        })
    }
}
