//! A tag as something to write to: the banks of its memory, and what can be done with them (EPC UHF Gen2v2, ISO/IEC
//! 18000-63). Plain data between the store and the drivers, and the procedures that are made of jobs: [`Encode`] and [`Quiet`].
//! Nothing here speaks to a reader.

mod encode;
mod fault;
mod look;
mod memory;
mod quiet;
mod reading;
mod stage;
mod want;

use std::time::Duration;

use crate::OrderError;

pub use encode::{Encode, Encoded, MARKER};
pub use fault::Fault;
pub use look::{Look, Reach, Seen};
pub use memory::{Found, Memory, Number, NumberError, Secret};
pub use quiet::{How, Quiet, Quieted};
pub use reading::Inspect;
pub use stage::Stage;
pub use want::{Want, WantError};

/// What a procedure wants next. Each job's result is handed to it before it is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// This job done.
    Job(Job),
    /// Nothing more.
    End(Result<T, Fault>),
}

/// The results of a job. One that nobody knows the end of is like a tag that fell silent: it is looked at anew.
fn results(came: Result<Report, OrderError>) -> Result<Vec<Result<Done, TagError>>, Fault> {
    match came {
        Ok(report) => Ok(report.results),
        Err(OrderError::Unknown) => Ok(vec![Err(TagError::Silent)]),
        Err(error) => Err(error.into()),
    }
}

/// A bank of a tag's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bank {
    /// Kill password (words 0 and 1) and access password (words 2 and 3).
    Reserved = 0,
    /// CRC (word 0), PC (word 1), EPC (from word 2).
    Epc = 1,
    /// What the tag is, written by its maker.
    Tid = 2,
    /// Free for use, where the tag has one.
    User = 3,
}

/// The tags whose memory holds these bits at this place; every tag, where there are no bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where.
    pub bank: Bank,
    /// The first bit compared, counted from the start of the bank. An EPC begins at bit 32 of its bank.
    pub first_bit: u16,
    /// The bits, the first one in the most significant place.
    pub mask: Vec<u8>,
    /// How many of them count.
    pub bits: u16,
}

impl Selection {
    /// Every tag.
    pub fn any() -> Selection {
        Selection { bank: Bank::Epc, first_bit: EPC_FIRST_BIT, mask: Vec::new(), bits: 0 }
    }

    /// The tags whose EPC begins with these bytes.
    pub fn epc(epc: &[u8]) -> Selection {
        Selection { bank: Bank::Epc, first_bit: EPC_FIRST_BIT, ..Selection::bytes(epc) }
    }

    /// The tags whose TID begins with these words: one tag, where they hold its serial number.
    pub fn tid(words: &[u16]) -> Selection {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        Selection { bank: Bank::Tid, first_bit: 0, ..Selection::bytes(&bytes) }
    }

    fn bytes(bytes: &[u8]) -> Selection {
        let mask: Vec<u8> = bytes.iter().copied().take(usize::from(u16::MAX) / 8).collect();
        let bits = u16::try_from(mask.len() * 8).unwrap_or(u16::MAX);
        Selection { bank: Bank::Epc, first_bit: 0, mask, bits }
    }
}

/// Where an EPC begins in its bank: behind CRC and PC.
const EPC_FIRST_BIT: u16 = 32;

/// One tag, and what to do with it, in order. The first operation that fails ends the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The antenna to reach it with; any when `None`.
    pub antenna: Option<u16>,
    /// Which tag: where two answer to it, the reader takes one.
    pub selection: Selection,
    /// The tag's access password; 0 where it has none.
    pub access_password: u32,
    /// At most [`MOST_OPERATIONS`].
    pub operations: Vec<Operation>,
    /// How long the tag may take to be found and done with.
    pub patience: Duration,
}

/// Operations in a job at most: readers take few at once (LLRP: `MaxNumOpSpecsPerAccessSpec`, often 8).
pub const MOST_OPERATIONS: usize = 8;

/// What can be done with a tag. Addresses and lengths are in words of 16 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read words.
    Read {
        /// From here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// How many, at least 1.
        words: u16,
    },
    /// Write words, one by one.
    Write {
        /// To here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// At least 1.
        words: Vec<u16>,
    },
    /// Change who may read or write fields of the memory.
    Lock(Vec<(Field, Privilege)>),
    /// Silence the tag for ever. A tag whose kill password is 0 cannot be killed.
    Kill {
        /// Its kill password.
        password: u32,
    },
    /// Erase words at once, where the tag can.
    BlockErase {
        /// From here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// How many.
        words: u16,
    },
    /// Lock blocks of user memory for ever.
    BlockPermalock {
        /// The first group of 16 blocks.
        first_group: u16,
        /// A bit for each block from there, the first one in the most significant place.
        blocks: Vec<u16>,
    },
    /// Ask which blocks of user memory are locked for ever; the words read are as in `BlockPermalock`.
    BlockPermalockState {
        /// The first group of 16 blocks.
        first_group: u16,
        /// How many groups, at least 1.
        groups: u16,
    },
    /// Hide parts of the tag from readers that do not know its access password (Gen2v2 `Untraceable`).
    Untraceable(Untraceable),
    /// Switch the tag's theft alarm bit (NXP `ChangeEAS`).
    Eas {
        /// On: a gate's alarm hears it.
        on: bool,
    },
}

/// What of a tag is hidden (Gen2v2 §6.3.2.12.3.17).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untraceable {
    /// Words of the EPC that stay visible (its new length); all when `None`.
    pub visible_epc_words: Option<u8>,
    /// Hide the TID beyond what names the maker and model, or all of it.
    pub hide_tid: HideTid,
    /// Hide user memory.
    pub hide_user: bool,
    /// Answer only near the antenna.
    pub reduced_range: bool,
}

/// How much of a TID is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HideTid {
    /// Nothing.
    #[default]
    Nothing,
    /// The serial number: what follows the first two words.
    Serial,
    /// All of it.
    All,
}

/// A field that has a lock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Words 0 and 1 of the reserved bank.
    KillPassword,
    /// Words 2 and 3 of the reserved bank.
    AccessPassword,
    /// The EPC bank.
    Epc,
    /// The TID bank.
    Tid,
    /// The user bank.
    User,
}

/// Who may write a field (and, of a password, read it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// Anybody.
    Unlocked,
    /// Who knows the access password.
    Locked,
    /// Anybody, for ever.
    PermanentlyUnlocked,
    /// Nobody, for ever.
    PermanentlyLocked,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The EPC with which the tag answered, where the reader tells it.
    pub epc: Vec<u8>,
    /// One for each operation, in order, up to and with the first that failed.
    pub results: Vec<Result<Done, TagError>>,
}

/// What an operation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The words read.
    Words(Vec<u16>),
    /// It is done.
    Done,
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// No such tag answered in time. Nothing was done.
    #[error("no such tag answered")]
    NoTag,
    /// It answered to nothing any more in between: it may or may not have been done.
    #[error("the tag fell silent in between: it may or may not have been done")]
    Silent,
    /// It has no such memory.
    #[error("the tag has no memory there")]
    NoSuchMemory,
    /// The memory is locked.
    #[error("that part of the tag is locked")]
    Locked,
    /// The access or kill password is wrong, or is 0 where one is needed.
    #[error("wrong password")]
    WrongPassword,
    /// It hears too little power to write.
    #[error("too little power reaches the tag to write it; bring it nearer")]
    LowPower,
    /// The tag does not know the command.
    #[error("the tag cannot do that")]
    NotSupported,
    /// The tag said no, and not why (Gen2 error code 0Fh): some chips say so of locked memory, or of too little power.
    #[error(
        "the tag refused without saying why; that part of it may be locked, or it hears too little power"
    )]
    Unexplained,
    /// Anything else, in the reader's words.
    #[error("{0}")]
    Other(String),
}
