//! What a tag should be, and whether that makes sense.

use super::reading::Need;
use super::{Field, Number, Privilege};

/// What a tag should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Its number.
    pub number: Number,
    /// Whether a tag that holds another number may be given this one.
    pub overwrite: bool,
    /// Whether whatever stands behind the number is to be zeros.
    pub wipe: bool,
    /// User memory from its first word; left as it is when `None`.
    pub user: Option<Vec<u16>>,
    /// The kill password; left as it is when `None`.
    pub kill: Option<u32>,
    /// The access password; left as it is when `None`.
    pub access: Option<u32>,
    /// What it may be locked with now, beside `access`.
    pub known: Vec<u32>,
    /// What is to be locked; other fields are left as they are.
    pub locks: Vec<(Field, Privilege)>,
    /// Blocks of user memory to lock for ever, as in [`Operation::BlockPermalock`]; none when empty.
    pub blocks: Vec<u16>,
}

/// Why nobody should want this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WantError {
    /// Anybody could undo it.
    #[error("a lock needs an access password other than 0, or anybody can open it")]
    LockWithoutPassword,
    /// It cannot be verified.
    #[error("fields are locked or unlocked here, or locked for ever; they are not unlocked for ever")]
    UnlockedForEver,
    /// Its maker has locked it.
    #[error("the TID is its maker's and locked by him")]
    Tid,
    /// Unequal locks of one field.
    #[error("one field is named twice among the locks")]
    Twice,
}

impl Want {
    /// A number, and nothing else changed.
    pub fn number(number: Number) -> Want {
        Want {
            number,
            overwrite: false,
            wipe: false,
            user: None,
            kill: None,
            access: None,
            known: Vec::new(),
            locks: Vec::new(),
            blocks: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), WantError> {
        let locks = || self.locks.iter().filter(|(_, privilege)| *privilege != Privilege::Unlocked);
        if locks().next().is_some() && self.access.unwrap_or_default() == 0 {
            return Err(WantError::LockWithoutPassword);
        }
        if locks().any(|(_, privilege)| *privilege == Privilege::PermanentlyUnlocked) {
            return Err(WantError::UnlockedForEver);
        }
        if self.locks.iter().any(|(field, _)| *field == Field::Tid) {
            return Err(WantError::Tid);
        }
        let mut fields: Vec<Field> = self.locks.iter().map(|(field, _)| *field).collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.len() == self.locks.len() { Ok(()) } else { Err(WantError::Twice) }
    }

    /// What the tag may be locked with: the passwords, and what half a change from one to another leaves.
    pub(super) fn passwords(&self) -> Vec<u32> {
        let mut whole: Vec<u32> = self.access.into_iter().chain(self.known.iter().copied()).collect();
        if self.access.is_some() {
            whole.push(0);
        }
        let mixed = whole
            .iter()
            .flat_map(|high| whole.iter().map(move |low| (high & 0xFFFF_0000) | (low & 0x0000_FFFF)));
        let mut all: Vec<u32> = Vec::new();
        for password in whole.iter().copied().chain(mixed) {
            if password != 0 && !all.contains(&password) {
                all.push(password);
            }
        }
        all
    }

    pub(super) fn need(&self) -> Need {
        let user = self.user.as_ref().map_or(0, Vec::len);
        let locks_user = self.locks.iter().any(|(field, _)| *field == Field::User);
        Need {
            epc_words: self.number.words().len(),
            all: self.wipe,
            user_words: u16::try_from(user).unwrap_or(u16::MAX).max(u16::from(locks_user)),
            user_required: user > 0 || locks_user || !self.blocks.is_empty(),
        }
    }
}
