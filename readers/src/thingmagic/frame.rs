//! ThingMagic's frames: `FF`, the length of the data, an opcode, from the module a status of 16 bits, the data, a checksum;
//! big-endian all through. Knows no opcode's meaning.

use crate::frames::Look;

/// Every frame begins with it.
const START: u8 = 0xFF;
/// Data of a frame at most: `serial_reader_l3.c` of the maker's API takes nothing longer.
const MOST_DATA: u8 = 0xF8;

/// Who sends a frame: the module's carry a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// We do.
    Host,
    /// The module does.
    Module,
}

impl Speaker {
    /// Bytes of a frame beside its data: start, length, opcode, status, checksum.
    fn envelope(self) -> usize {
        match self {
            Speaker::Host => 5,
            Speaker::Module => 7,
        }
    }
}

/// One whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is about.
    pub op: u8,
    /// How it went, 0 for well; 0 in a frame of ours.
    pub status: u16,
    /// The rest.
    pub data: Vec<u8>,
}

/// The checksum over length, opcode, status and data. It is the division by 0x1021 of CRC-16/CCITT, but bytes are fed
/// at the low end of the register and nothing is appended, so it has another value than any of the catalogue's.
pub fn checksum(bytes: &[u8]) -> u16 {
    let step = |sum: u16, nibble: u8| {
        let top = sum >> 12;
        // 0x1021 times a nibble without carries: the nibble's bits at 12, 5 and 0.
        ((sum << 4) | u16::from(nibble)) ^ (top << 12) ^ (top << 5) ^ top
    };
    bytes.iter().fold(0xFFFF, |sum, byte| step(step(sum, byte >> 4), byte & 0xF))
}

/// A frame of ours; of data beyond 248 bytes nothing is sent.
pub fn command(op: u8, data: &[u8]) -> Vec<u8> {
    let Some(length) = u8::try_from(data.len()).ok().filter(|length| *length <= MOST_DATA) else {
        return Vec::new();
    };
    let mut frame = vec![START, length, op];
    frame.extend_from_slice(data);
    let sum = checksum(frame.get(1..).unwrap_or_default());
    frame.extend_from_slice(&sum.to_be_bytes());
    frame
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// They begin with something else than FF, or their length is more than a frame has.
    #[error("no frame begins so")]
    NotAStart,
    /// More bytes are needed, or fewer.
    #[error("a frame of {wanted} bytes, but {there} are there")]
    Length {
        /// What the frame's own length says.
        wanted: usize,
        /// What is there.
        there: usize,
    },
    /// The checksum is another one.
    #[error("the checksum is wrong")]
    Checksum,
}

/// The frame that these bytes are, no more and no fewer of them.
pub fn decode(speaker: Speaker, bytes: &[u8]) -> Result<Frame, FrameError> {
    let length = length(speaker, bytes).ok_or(FrameError::NotAStart)?;
    if length != bytes.len() {
        return Err(FrameError::Length { wanted: length, there: bytes.len() });
    }
    let (covered, sum) =
        bytes.get(1..).and_then(<[u8]>::split_last_chunk::<2>).ok_or(FrameError::NotAStart)?;
    if checksum(covered) != u16::from_be_bytes(*sum) {
        return Err(FrameError::Checksum);
    }
    match (speaker, covered) {
        (Speaker::Host, [_, op, data @ ..]) => Ok(Frame { op: *op, status: 0, data: data.to_vec() }),
        (Speaker::Module, [_, op, high, low, data @ ..]) => {
            Ok(Frame { op: *op, status: u16::from_be_bytes([*high, *low]), data: data.to_vec() })
        }
        _ => Err(FrameError::NotAStart),
    }
}

/// How long the frame is that begins so.
fn length(speaker: Speaker, bytes: &[u8]) -> Option<usize> {
    match bytes {
        [START, length, ..] if *length <= MOST_DATA => Some(usize::from(*length) + speaker.envelope()),
        _ => None,
    }
}

/// What stands at the beginning of bytes from a module.
pub(super) fn look(bytes: &[u8]) -> Look {
    if matches!(bytes, [] | [START]) {
        return Look::Part;
    }
    let Some(length) = length(Speaker::Module, bytes) else { return Look::Not };
    match bytes.get(..length) {
        None => Look::Part,
        Some(whole) if decode(Speaker::Module, whole).is_ok() => Look::Whole(length),
        Some(_) => Look::Not,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::frames::Frames;

    const QUIET: Duration = Duration::from_secs(1);

    fn hex(text: &str) -> Vec<u8> {
        recording::Hex::parse(text).map(|hex| hex.bytes().to_vec()).unwrap()
    }

    /// The frames in these bytes, after which the line falls quiet; how many bytes were skipped.
    fn found(bytes: &[u8], cut: usize) -> (Vec<Frame>, usize) {
        let (mut frames, mut found) = (Frames::new(look), Vec::new());
        let mut now = Duration::ZERO;
        for chunk in bytes.chunks(cut) {
            now += Duration::from_millis(1);
            frames.push(now, chunk);
            found.extend(std::iter::from_fn(|| frames.next(now)));
        }
        found.extend(std::iter::from_fn(|| frames.next(now + QUIET)));
        let found = found.iter().map(|bytes| decode(Speaker::Module, bytes).unwrap()).collect();
        (found, frames.take_skipped())
    }

    /// A frame as a module sends it.
    fn said(op: u8, status: u16, data: &[u8]) -> Vec<u8> {
        let mut covered = vec![data.len() as u8, op];
        covered.extend_from_slice(&status.to_be_bytes());
        covered.extend_from_slice(data);
        let sum = checksum(&covered).to_be_bytes();
        [&[START], covered.as_slice(), &sum].concat()
    }

    /// The frames that public sources spell out: writing a word (a comment in SparkFun's library), start and stop of
    /// continuous reading (logs of the maker's own test program), the version (an Elixir driver's documentation).
    #[test]
    fn frames_that_others_have_sent_come_out_byte_for_byte() {
        let write = [0x03, 0xE8, 0, 0, 0, 0, 0, 3, 0, 0xEE];
        let start = [0, 0, 1, 0x22, 0, 0, 5, 7, 0x22, 0x10, 0, 0x1B, 3, 0xE8, 1, 0xFF];
        let all: [(u8, &[u8], &str); 4] = [
            (0x24, &write, "FF0A2403E800000000000300EE589D"),
            (0x2F, &start, "FF102F00000122000005072210001B03E801FFDD2B"),
            (0x2F, &[0, 0, 2], "FF032F0000025E86"),
            (0x03, &[], "FF00031D0C"),
        ];
        for (op, data, text) in all {
            assert_eq!(command(op, data), hex(text));
            assert_eq!(decode(Speaker::Host, &hex(text)), Ok(Frame { op, status: 0, data: data.to_vec() }));
        }
    }

    /// The read that SparkFun's library explains byte for byte, and the same with one of its zeros lost, as one collection
    /// of frames has it.
    #[test]
    fn sparkfuns_read_is_whole_and_with_a_byte_less_it_is_not() {
        let head = hex("FF2822000010001B01FF0101C4110E16400000012700000500000F00803000");
        let tail = hex("1545E94A561D");
        assert!(decode(Speaker::Module, &[head.as_slice(), &[0; 10], &tail].concat()).is_ok());
        let lost = [head.as_slice(), &[0; 9], &tail].concat();
        assert_eq!(decode(Speaker::Module, &lost), Err(FrameError::Length { wanted: 47, there: 46 }));
        assert_eq!(decode(Speaker::Module, &[lost.as_slice(), &[0]].concat()), Err(FrameError::Checksum));
    }

    #[test]
    fn a_lost_byte_costs_one_frame_and_no_other() {
        for lost in 0..12 {
            let mut bytes = said(0x22, 0, &[1, 2, 3, 4, 5]);
            bytes.remove(lost);
            (0..4).for_each(|n| bytes.extend(said(0x72, 0, &[n])));
            let (found, _) = found(&bytes, 7);
            let temperatures: Vec<u8> =
                found.iter().filter_map(|frame| frame.data.first().copied()).collect();
            assert_eq!(temperatures, [0, 1, 2, 3], "byte {lost} lost");
        }
    }

    #[test]
    fn a_frame_behind_a_false_start_is_found_when_the_line_falls_quiet() {
        let bytes = [&[0xFF, 0xF0, 0x22][..], &said(0x03, 0, &[7; 20])].concat();
        assert_eq!(found(&bytes, 100), (vec![Frame { op: 0x03, status: 0, data: vec![7; 20] }], 3));
    }

    proptest! {
        #[test]
        fn whole_frames_among_noise_are_all_found(
            parts in prop::collection::vec(
                (
                    prop::collection::vec(0_u8..0xFF, 0..20),
                    any::<u8>(),
                    any::<u16>(),
                    prop::collection::vec(any::<u8>(), 0..60),
                ),
                1..8,
            ),
            cut in 1_usize..40,
        ) {
            let bytes: Vec<u8> = parts
                .iter()
                .flat_map(|(noise, op, status, data)| [noise.clone(), said(*op, *status, data)].concat())
                .collect();
            let sent = parts.iter().map(|(_, op, status, data)| Frame { op: *op, status: *status, data: data.clone() });
            let (found, skipped) = found(&bytes, cut);
            prop_assert_eq!(found, sent.collect::<Vec<_>>());
            prop_assert_eq!(skipped, parts.iter().map(|part| part.0.len()).sum::<usize>());
        }

        #[test]
        fn every_byte_is_in_a_frame_or_counted(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let (found, skipped) = found(&bytes, 100);
            prop_assert_eq!(found.iter().map(|frame| frame.data.len() + 7).sum::<usize>() + skipped, bytes.len());
        }
    }
}
