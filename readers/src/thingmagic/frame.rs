//! ThingMagic's frames: `FF`, the length of the data, an opcode, from the module a status of 16 bits, the data, a checksum;
//! big-endian all through. Finds them again after noise. Knows no opcode's meaning.

/// Every frame begins with it.
const START: u8 = 0xFF;
/// Data of a frame at most: `serial_reader_l3.c` of the maker's API takes nothing longer.
const MOST_DATA: u8 = 0xF8;
/// Bytes taken into the buffer at once, so that it stays small whatever comes.
const PORTION: usize = 512;

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

/// Takes frames out of a stream of bytes. Bytes that are part of none are skipped one by one and counted: whatever
/// stands before a frame, and whatever is wrong with another, a frame that came whole is found.
#[derive(Clone, Debug)]
pub struct Parser {
    speaker: Speaker,
    buffer: Vec<u8>,
    skipped: usize,
}

enum Found {
    Frame(Frame, usize),
    /// The first byte is no frame's first.
    No,
    /// It may be, more bytes are needed.
    More,
}

impl Parser {
    /// Frames of one side.
    pub fn new(speaker: Speaker) -> Parser {
        Parser { speaker, buffer: Vec::new(), skipped: 0 }
    }

    /// Takes bytes in, and hands each frame to `each`.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Frame)) {
        for portion in bytes.chunks(PORTION) {
            self.buffer.extend_from_slice(portion);
            let mut from = 0;
            loop {
                match look(self.speaker, self.buffer.get(from..).unwrap_or_default()) {
                    Found::Frame(frame, length) => {
                        from += length;
                        each(frame);
                    }
                    Found::No => {
                        from += 1;
                        self.skipped += 1;
                    }
                    Found::More => break,
                }
            }
            self.buffer.drain(..from.min(self.buffer.len()));
        }
    }

    /// The line has been quiet in the middle of what looked like a frame: it was none. What stands behind its first byte
    /// is looked at anew.
    pub fn give_up(&mut self, mut each: impl FnMut(Frame)) {
        while !self.buffer.is_empty() {
            let held = std::mem::take(&mut self.buffer);
            self.skipped += 1;
            self.feed(held.get(1..).unwrap_or_default(), &mut each);
        }
    }

    /// Whether a frame has begun and not ended.
    pub fn is_waiting(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Bytes skipped since this was last asked.
    pub fn take_skipped(&mut self) -> usize {
        std::mem::take(&mut self.skipped)
    }
}

fn look(speaker: Speaker, bytes: &[u8]) -> Found {
    match bytes {
        [] | [START] => return Found::More,
        [START, length, ..] if *length <= MOST_DATA => {}
        _ => return Found::No,
    }
    let length = usize::from(bytes.get(1).copied().unwrap_or(0)) + speaker.envelope();
    let Some(whole) = bytes.get(..length) else { return Found::More };
    let Some((covered, sum)) = whole.get(1..).and_then(|rest| rest.split_last_chunk::<2>()) else {
        return Found::No;
    };
    if checksum(covered) != u16::from_be_bytes(*sum) {
        return Found::No;
    }
    let frame = match (speaker, covered) {
        (Speaker::Host, [_, op, data @ ..]) => Frame { op: *op, status: 0, data: data.to_vec() },
        (Speaker::Module, [_, op, high, low, data @ ..]) => {
            Frame { op: *op, status: u16::from_be_bytes([*high, *low]), data: data.to_vec() }
        }
        _ => return Found::No,
    };
    Found::Frame(frame, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        recording::Hex::parse(text).map(|hex| hex.bytes().to_vec()).unwrap()
    }

    fn frames(parser: &mut Parser, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        parser.feed(bytes, |frame| frames.push(frame));
        frames
    }

    /// A frame as a module sends it.
    fn said(op: u8, status: u16, data: &[u8]) -> Vec<u8> {
        let mut covered = vec![data.len() as u8, op];
        covered.extend_from_slice(&status.to_be_bytes());
        covered.extend_from_slice(data);
        let sum = checksum(&covered).to_be_bytes();
        [&[START], covered.as_slice(), &sum].concat()
    }

    /// The three frames that public sources spell out: writing a word (a comment in SparkFun's library), start and stop
    /// of continuous reading (logs of the maker's own test program).
    #[test]
    fn frames_that_others_have_sent_come_out_byte_for_byte() {
        let write = [0x03, 0xE8, 0, 0, 0, 0, 0, 3, 0, 0xEE];
        assert_eq!(command(0x24, &write), hex("FF0A2403E800000000000300EE589D"));
        let start = [0, 0, 1, 0x22, 0, 0, 5, 7, 0x22, 0x10, 0, 0x1B, 3, 0xE8, 1, 0xFF];
        assert_eq!(command(0x2F, &start), hex("FF102F00000122000005072210001B03E801FFDD2B"));
        assert_eq!(command(0x2F, &[0, 0, 2]), hex("FF032F0000025E86"));
        // `FF 00 03 1D 0C`, the version command in the documentation of an Elixir driver.
        assert_eq!(command(0x03, &[]), hex("FF00031D0C"));
    }

    /// The read that SparkFun's library explains byte for byte, and the same with one of its zeros lost, as one collection
    /// of frames has it.
    #[test]
    fn sparkfuns_read_is_whole_and_with_a_byte_less_it_is_not() {
        let (head, tail) =
            (hex("FF2822000010001B01FF0101C4110E16400000012700000500000F00803000"), hex("1545E94A561D"));
        let mut parser = Parser::new(Speaker::Module);
        assert_eq!(frames(&mut parser, &[head.as_slice(), &[0; 10], &tail].concat()).len(), 1);
        assert_eq!(frames(&mut parser, &[head.as_slice(), &[0; 9], &tail, &[0; 300]].concat()), []);
    }

    #[test]
    fn a_frame_in_pieces_is_one_frame() {
        let whole = said(0x22, 0x0400, &[]);
        let mut parser = Parser::new(Speaker::Module);
        let (head, tail) = whole.split_at(3);
        assert!(frames(&mut parser, head).is_empty() && parser.is_waiting());
        assert_eq!(frames(&mut parser, tail), [Frame { op: 0x22, status: 0x0400, data: vec![] }]);
        assert_eq!(parser.take_skipped(), 0);
    }

    #[test]
    fn a_lost_byte_costs_one_frame_and_no_other() {
        for lost in 0..12 {
            let mut bytes = said(0x22, 0, &[1, 2, 3, 4, 5]);
            bytes.remove(lost);
            for n in 0..4 {
                bytes.extend(said(0x72, 0, &[n]));
            }
            let mut parser = Parser::new(Speaker::Module);
            let mut found = frames(&mut parser, &bytes);
            parser.give_up(|frame| found.push(frame));
            let temperatures: Vec<u8> =
                found.iter().filter_map(|frame| frame.data.first().copied()).collect();
            assert_eq!(temperatures, [0, 1, 2, 3], "byte {lost} lost");
        }
    }

    #[test]
    fn a_frame_behind_a_false_start_is_found_when_the_line_falls_quiet() {
        let mut parser = Parser::new(Speaker::Module);
        let bytes = [&[0xFF, 0xF0, 0x22][..], &said(0x03, 0, &[7; 20])].concat();
        assert!(frames(&mut parser, &bytes).is_empty(), "it may still be a frame of 240 bytes");
        let mut found = Vec::new();
        parser.give_up(|frame| found.push(frame));
        assert_eq!(found.len(), 1);
        assert_eq!((parser.take_skipped(), parser.is_waiting()), (3, false));
    }

    proptest! {
        #[test]
        fn whole_frames_among_noise_are_all_found(
            parts in prop::collection::vec(
                (prop::collection::vec(0_u8..0xFF, 0..20), any::<u8>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..60)),
                1..8,
            ),
            cut in 1_usize..40,
        ) {
            let bytes: Vec<u8> = parts.iter().flat_map(|(noise, op, status, data)| [noise.clone(), said(*op, *status, data)].concat()).collect();
            let mut parser = Parser::new(Speaker::Module);
            let mut found = Vec::new();
            bytes.chunks(cut).for_each(|chunk| parser.feed(chunk, |frame| found.push(frame)));
            parser.give_up(|frame| found.push(frame));
            let sent: Vec<Frame> = parts.iter().map(|(_, op, status, data)| Frame { op: *op, status: *status, data: data.clone() }).collect();
            prop_assert_eq!(found, sent);
            prop_assert_eq!(parser.take_skipped(), parts.iter().map(|part| part.0.len()).sum::<usize>());
        }

        #[test]
        fn the_buffer_is_bounded_and_every_byte_is_in_a_frame_or_counted(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            let mut parser = Parser::new(Speaker::Module);
            let mut in_frames = 0;
            parser.feed(&bytes, |frame| in_frames += frame.data.len() + 7);
            prop_assert!(parser.buffer.len() < 256);
            parser.give_up(|frame| in_frames += frame.data.len() + 7);
            prop_assert_eq!(in_frames + parser.take_skipped(), bytes.len());
        }
    }
}
