//! What a tag should be, and whether that makes sense.

use super::memory::OWN_BITS;
use super::reading::Need;
use super::{Field, MARKER, Memory, Number, Privilege, Secret, Stage};

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

    /// What a tag lacks to be this, in the order in which it would be done; empty when it is whole. Whether memory is locked
    /// cannot be read: only locks of passwords are told here.
    pub fn missing(&self, memory: &Memory) -> Vec<Stage> {
        let right = memory.epc.as_deref().is_some_and(|epc| epc.starts_with(&self.words(memory)));
        let pc = memory.pc.unwrap_or_default() & !OWN_BITS;
        let user = self.user.as_deref().is_some_and(|user| memory.user.as_deref() != Some(user));
        let kill = self.kill.is_some_and(|wanted| memory.kill.value().is_some_and(|found| found != wanted));
        // An access password that nobody can read is known by whether the tag takes it.
        let access = self.access.is_some_and(|wanted| memory.opened_by.is_some_and(|found| found != wanted));
        let lock = self.locks.iter().any(|(field, privilege)| match field {
            Field::AccessPassword => !is_locked(memory.access, *privilege),
            Field::KillPassword => !is_locked(memory.kill, *privilege),
            Field::Epc | Field::Tid | Field::User => false,
        });
        let all = [
            (Stage::Marker, !right && pc != MARKER),
            (Stage::Number, !right),
            (Stage::User, user),
            (Stage::KillPassword, kill),
            (Stage::AccessPassword, access),
            (Stage::Pc, !right || pc != self.number.pc(false)),
            (Stage::Lock, lock),
        ];
        all.into_iter().filter(|(_, missing)| *missing).map(|(stage, _)| stage).collect()
    }

    /// The words that should stand behind the PC word.
    pub(super) fn words(&self, memory: &Memory) -> Vec<u16> {
        let mut words = self.number.words().to_vec();
        if self.wipe {
            let all = memory.epc.as_ref().map_or(0, Vec::len);
            words.resize(all.max(words.len()), 0);
        }
        words
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

/// Whether a password is locked as wanted.
pub(super) fn is_locked(found: Secret, privilege: Privilege) -> bool {
    match privilege {
        Privilege::Unlocked => matches!(found, Secret::Open(_)),
        Privilege::PermanentlyLocked => found == Secret::Hidden,
        _ => matches!(found, Secret::Locked(_) | Secret::Hidden),
    }
}
