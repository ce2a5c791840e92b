//! Frames of M100, QM100 and R200 modules: `start type command length data sum end`, the length in two bytes, the most
//! significant first, the sum over everything between the marks modulo 256. One frame at a time; finding them in a
//! stream is `frames`' business.

use crate::frames::Look;

/// The bytes around a frame. Modules of one chip with different firmware use different ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marks {
    /// `BB … 7E`: M100, QM100, YRM100, JRD-100.
    #[default]
    Bb7e,
    /// `AA … DD`: R200.
    AaDd,
}

impl Marks {
    /// The first byte and the last.
    pub fn bytes(self) -> (u8, u8) {
        match self {
            Marks::Bb7e => (0xBB, 0x7E),
            Marks::AaDd => (0xAA, 0xDD),
        }
    }

    fn starting(byte: u8) -> Option<Marks> {
        match byte {
            0xBB => Some(Marks::Bb7e),
            0xAA => Some(Marks::AaDd),
            _ => None,
        }
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the host.
    Command = 0,
    /// The module's answer to a command.
    Answer = 1,
    /// What the module tells unasked: a tag.
    Notice = 2,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The bytes around it.
    pub marks: Marks,
    /// What it is.
    pub kind: Kind,
    /// The command, or the one that this answers; 0xFF in an answer that tells of a failure.
    pub command: u8,
    /// At most [`MOST_DATA`] bytes.
    pub data: Vec<u8>,
}

/// Data in a frame at most: a read of the longest memory with the longest EPC stays well below.
pub const MOST_DATA: usize = 512;
/// What is around the data: marks, type, command, length and sum.
const AROUND: usize = 7;

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Too few bytes.
    #[error("{0} bytes are too few for a frame, which takes at least 7")]
    Short(usize),
    /// A wrong start.
    #[error("byte 0 is {0:02X}, not BB or AA")]
    Start(u8),
    /// A type that there is not.
    #[error("byte 1 is type {0:02X}; there are 00, 01 and 02")]
    Kind(u8),
    /// More or fewer bytes than the length says.
    #[error("bytes 3 and 4 say {said} bytes of data, so {} in all; there are {there}", said + 7)]
    Length {
        /// What bytes 3 and 4 say.
        said: usize,
        /// Bytes in all.
        there: usize,
    },
    /// More data than any module sends.
    #[error("bytes 3 and 4 say {0} bytes of data; {MOST_DATA} are the most")]
    Long(usize),
    /// A wrong sum.
    #[error("the sum is {there:02X}, and the bytes add up to {right:02X}")]
    Sum {
        /// What stands there.
        there: u8,
        /// What would be right.
        right: u8,
    },
    /// A wrong end.
    #[error("the last byte is {there:02X}, not {right:02X}")]
    End {
        /// What stands there.
        there: u8,
        /// What would be right.
        right: u8,
    },
}

impl Frame {
    /// A command with the given marks.
    pub fn command(marks: Marks, command: u8, data: Vec<u8>) -> Frame {
        Frame { marks, kind: Kind::Command, command, data }
    }

    /// The bytes of one frame, no more and no fewer.
    pub fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
        let [start, kind, command, high, low, rest @ ..] = bytes else {
            return Err(FrameError::Short(bytes.len()));
        };
        let marks = Marks::starting(*start).ok_or(FrameError::Start(*start))?;
        let kind = match kind {
            0 => Kind::Command,
            1 => Kind::Answer,
            2 => Kind::Notice,
            other => return Err(FrameError::Kind(*other)),
        };
        let said = usize::from(u16::from_be_bytes([*high, *low]));
        if said > MOST_DATA {
            return Err(FrameError::Long(said));
        }
        let Some((data, [sum, end])) = rest.split_at_checked(said).filter(|(_, tail)| tail.len() == 2) else {
            return Err(FrameError::Length { said, there: bytes.len() });
        };
        let right = sum_of(bytes.get(1..bytes.len() - 2).unwrap_or_default());
        if *sum != right {
            return Err(FrameError::Sum { there: *sum, right });
        }
        let (_, right) = marks.bytes();
        if *end != right {
            return Err(FrameError::End { there: *end, right });
        }
        Ok(Frame { marks, kind, command: *command, data: data.to_vec() })
    }

    /// Its bytes. Data beyond [`MOST_DATA`] is cut off.
    pub fn encode(&self) -> Vec<u8> {
        let data = self.data.get(..MOST_DATA).unwrap_or(&self.data);
        let (start, end) = self.marks.bytes();
        let mut bytes = Vec::with_capacity(data.len() + AROUND);
        bytes.extend([start, self.kind as u8, self.command]);
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        bytes.push(sum_of(bytes.get(1..).unwrap_or_default()));
        bytes.push(end);
        bytes
    }
}

fn sum_of(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// What stands at the beginning of `bytes`.
pub(crate) fn look(bytes: &[u8]) -> Look {
    let Some(marks) = bytes.first().and_then(|start| Marks::starting(*start)) else { return Look::Not };
    if bytes.get(1).is_some_and(|kind| *kind > 2) {
        return Look::Not;
    }
    let &[_, _, _, high, low, ..] = bytes else { return Look::Part };
    let said = usize::from(u16::from_be_bytes([high, low]));
    if said > MOST_DATA {
        return Look::Not;
    }
    let length = said + AROUND;
    let Some(frame) = bytes.get(..length) else { return Look::Part };
    let ends = frame.last() == Some(&marks.bytes().1);
    let sum = frame.get(1..length - 2).map(sum_of);
    if ends && sum == frame.get(length - 2).copied() { Look::Whole(length) } else { Look::Not }
}
