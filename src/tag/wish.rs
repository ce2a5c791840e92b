//! What somebody at the desk wants of a tag, as the command line and the API both say it, made into what the procedures
//! take. A password that is wrong is never repeated.

use std::time::Duration;

use readers::tag::{Field, HideTid, Number, NumberError, Privilege, Reach, Selection, Want};
use serde::Deserialize;

use super::number::{NumberFault, Said, number};

/// Bits of a mask of blocks in one word.
const BLOCKS: u16 = 16;

/// A field that can be locked at the desk; the TID is its maker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LockField {
    /// The number
    Epc,
    /// User memory
    User,
    /// The access password
    Access,
    /// The kill password
    Kill,
}

impl From<LockField> for Field {
    fn from(field: LockField) -> Field {
        match field {
            LockField::Epc => Field::Epc,
            LockField::User => Field::User,
            LockField::Access => Field::AccessPassword,
            LockField::Kill => Field::KillPassword,
        }
    }
}

/// How much of the TID is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Hide {
    /// Nothing.
    Nothing,
    /// What tells one tag from another.
    #[default]
    Serial,
    /// All of it.
    All,
}

impl From<Hide> for HideTid {
    fn from(hide: Hide) -> HideTid {
        match hide {
            Hide::Nothing => HideTid::Nothing,
            Hide::Serial => HideTid::Serial,
            Hide::All => HideTid::All,
        }
    }
}

/// Why a wish makes no sense, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishFault {
    /// The number.
    #[error(transparent)]
    Number(#[from] NumberFault),
    /// The number fits no tag.
    #[error(transparent)]
    Size(#[from] NumberError),
    /// The EPC of the tag that is meant.
    #[error("epc {0}: {1}")]
    Epc(String, ::epc::HexError),
    /// User memory that is no hexadecimal.
    #[error("user memory is written in hexadecimal digits, 4 for each word")]
    UserDigits,
    /// User memory of half a word.
    #[error("user memory: {0} digits are not a multiple of 4")]
    UserWords(usize),
}

/// What an encoded tag should hold.
#[derive(Clone, Copy, Default)]
pub struct EncodeWish<'a> {
    /// The filter value where the number says none; see [`number`].
    pub filter: u8,
    /// User memory from its first word, in hexadecimal.
    pub user: Option<&'a str>,
    /// The kill password.
    pub kill: Option<u32>,
    /// The access password.
    pub access: Option<u32>,
    /// The access password that it has now.
    pub old: Option<u32>,
    /// Fields to lock.
    pub lock: &'a [LockField],
    /// Fields to lock for ever.
    pub lock_for_ever: &'a [LockField],
    /// So many blocks of user memory, from the first, to lock for ever.
    pub lock_blocks: u16,
    /// It may hold another number.
    pub overwrite: bool,
}

impl EncodeWish<'_> {
    /// The tag with this number as it should be.
    ///
    /// # Errors
    /// [`WishFault`] says what would be right.
    pub fn want(&self, said: Said<'_>) -> Result<Want, WishFault> {
        let number = Number::gs1(&number(said, self.filter)?.epc)?;
        let blocks = (0..self.lock_blocks.div_ceil(BLOCKS)).map(|group| {
            let left = (self.lock_blocks - group * BLOCKS).min(BLOCKS);
            (u32::from(u16::MAX) << (BLOCKS - left)) as u16
        });
        Ok(Want {
            overwrite: self.overwrite,
            user: self.user.map(words).transpose()?,
            kill: self.kill,
            access: self.access,
            known: self.old.into_iter().collect(),
            locks: locks(self.lock, self.lock_for_ever, &[]),
            blocks: blocks.collect(),
            ..Want::number(number)
        })
    }
}

/// How the tag is reached: with which antenna, which tag, and in how many seconds it must be found.
///
/// # Errors
/// [`WishFault::Epc`] where `epc` is no hexadecimal.
pub fn reach(antenna: Option<u16>, epc: Option<&str>, patience_s: u64) -> Result<Reach, WishFault> {
    let selection = match epc {
        None => Selection::any(),
        Some(epc) => {
            let bytes = ::epc::from_hex(epc).map_err(|error| WishFault::Epc(epc.to_owned(), error))?;
            Selection::epc(&bytes)
        }
    };
    Ok(Reach { antenna, selection, patience: Duration::from_secs(patience_s) })
}

/// Fields with what becomes of them.
pub fn locks(
    locked: &[LockField],
    for_ever: &[LockField],
    unlocked: &[LockField],
) -> Vec<(Field, Privilege)> {
    let with = |fields: &[LockField], privilege| {
        let fields: Vec<_> = fields.iter().map(|field| ((*field).into(), privilege)).collect();
        fields
    };
    [
        with(locked, Privilege::Locked),
        with(for_ever, Privilege::PermanentlyLocked),
        with(unlocked, Privilege::Unlocked),
    ]
    .concat()
}

/// A password: 8 hexadecimal digits; `None` where it is something else, which may be one with a digit too many.
pub fn password(text: &str) -> Option<u32> {
    let right = text.len() == 8 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| right)
}

/// Words of user memory.
fn words(hex: &str) -> Result<Vec<u16>, WishFault> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or(WishFault::UserDigits)?;
    if digits.is_empty() || !digits.len().is_multiple_of(4) {
        return Err(WishFault::UserWords(digits.len()));
    }
    Ok(digits.chunks(4).map(|word| word.iter().fold(0, |value, digit| value << 4 | *digit as u16)).collect())
}
