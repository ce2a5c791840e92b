//! Frames of the UHFReader family: `length address command body check`, the length without itself, the check over all
//! before it (reflected CRC-16, polynomial 0x8408, preset 0xFFFF), its low byte first. There is no byte that marks a
//! start. In an answer the body begins with a status.

use crate::frames::Look;

/// The address that every reader hears.
pub const ANY: u8 = 0xFF;
/// Bytes of body in a command at most: the length is one byte.
pub const MOST_BODY: usize = 251;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The reader's; [`ANY`] in a command to whoever hears it.
    pub address: u8,
    /// The command, or the one that this answers; 0 where the reader did not understand it.
    pub command: u8,
    /// Parameters; status and data in an answer.
    pub body: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Too few bytes.
    #[error("{0} bytes are too few for a frame, which takes at least 5")]
    Short(usize),
    /// More or fewer bytes than the length says.
    #[error("byte 0 says {said} bytes follow; {there} do")]
    Length {
        /// What byte 0 says.
        said: usize,
        /// What follows.
        there: usize,
    },
    /// A wrong check.
    #[error("the check is {there:04X}, and {right:04X} would be right")]
    Check {
        /// What stands there.
        there: u16,
        /// What would be right.
        right: u16,
    },
}

impl Frame {
    /// The bytes of one frame, no more and no fewer.
    pub fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
        let (said, there) = (usize::from(*bytes.first().unwrap_or(&0)), bytes.len().saturating_sub(1));
        let Some((content, check)) = bytes.split_last_chunk::<2>().filter(|(content, _)| content.len() >= 3)
        else {
            return Err(FrameError::Short(bytes.len()));
        };
        if said != there {
            return Err(FrameError::Length { said, there });
        }
        let (there, right) = (u16::from_le_bytes(*check), check_of(content));
        match content {
            _ if there != right => Err(FrameError::Check { there, right }),
            [_, address, command, body @ ..] => {
                Ok(Frame { address: *address, command: *command, body: body.to_vec() })
            }
            _ => Err(FrameError::Short(bytes.len())),
        }
    }

    /// Its bytes. A body beyond [`MOST_BODY`] is cut off.
    pub fn encode(&self) -> Vec<u8> {
        let body = self.body.get(..MOST_BODY).unwrap_or(&self.body);
        let mut bytes = vec![body.len() as u8 + 4, self.address, self.command];
        bytes.extend(body);
        bytes.extend(check_of(&bytes).to_le_bytes());
        bytes
    }
}

/// What each byte does to the check: every byte of noise may begin a frame, so much is checked.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut check = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            check = if check & 1 == 0 { check >> 1 } else { check >> 1 ^ 0x8408 };
            bit += 1;
        }
        table[byte] = check;
        byte += 1;
    }
    table
};

fn check_of(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |check, byte| {
        let [low, _] = (check ^ u16::from(*byte)).to_le_bytes();
        check >> 8 ^ TABLE.get(usize::from(low)).copied().unwrap_or(0)
    })
}

/// What stands at the beginning of `bytes`.
pub(crate) fn look(bytes: &[u8]) -> Look {
    let Some(length) = bytes.first().map(|said| usize::from(*said) + 1) else { return Look::Part };
    if length < 5 {
        return Look::Not;
    }
    if bytes.get(2).is_some_and(|command| !is_ours(*command)) {
        return Look::Not;
    }
    let Some(frame) = bytes.get(..length) else { return Look::Part };
    match frame.split_last_chunk::<2>() {
        Some((content, check)) if check_of(content) == u16::from_le_bytes(*check) => Look::Whole(length),
        _ => Look::Not,
    }
}

/// Whether we ask such things, or hear them unasked. Without a byte that marks a start, every 65,536th byte of noise
/// begins a frame whose check is right by chance; this makes it every 500,000th.
fn is_ours(command: u8) -> bool {
    matches!(
        command,
        0x00..=0x07
            | 0x0C
            | 0x0D
            | 0x15
            | 0x16
            | 0x21
            | 0x22
            | 0x25
            | 0x2F
            | 0x33
            | 0x35
            | 0x36
            | 0x3F
            | 0x40
            | 0x46
            | 0x47
            | 0x4C
            | 0x66
            | 0x76
            | 0x77
            | 0x92
            | 0xEE
    )
}
