//! The event stream's lines, out of the pieces in which the network brings them. Never holds more than one line, nor more
//! of it than a bound.

use super::event;
use crate::Reader;
use crate::station::Told;

/// A line of the event stream at most. The longest that a reader sends is some 2 KiB.
const MOST_LINE: usize = 64 * 1024;

/// Lines out of pieces.
#[derive(Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    /// The line that has begun is too long, and is skipped to its end.
    skipping: bool,
}

impl Lines {
    /// What whole lines tell, now that these bytes came too.
    pub(super) fn take(&mut self, bytes: &[u8], reader: &Reader) -> Vec<Told> {
        let mut told = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let ends = pieces.peek().is_some();
            if !self.skipping && self.begun.len() + piece.len() > MOST_LINE {
                self.skipping = true;
                self.begun = Vec::new();
                told.push(Told::Malformed(format!("a line longer than {MOST_LINE} bytes")));
            }
            if !self.skipping {
                self.begun.extend_from_slice(piece);
            }
            if ends {
                if !std::mem::take(&mut self.skipping) {
                    told.extend(event::told(&self.begun, reader));
                }
                self.begun.clear();
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = br#"{"tagInventoryEvent":{"epcHex":"30AA","antennaPort":1}}"#;

    fn reader() -> Reader {
        Reader::dialled("exit-a", "192.0.2.10", Vec::new())
    }

    #[test]
    fn lines_come_whole_wherever_the_network_cut_them() {
        let two = [LINE, b"\r\n\r\n", LINE, b"\r\n"].concat();
        for cut in 0..two.len() {
            let mut lines = Lines::default();
            let (first, rest) = two.split_at(cut);
            let told = [lines.take(first, &reader()), lines.take(rest, &reader())].concat();
            assert!(matches!(&*told, [Told::Read { .. }, Told::Read { .. }]), "cut at {cut}: {told:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_skipped_to_its_end_in_bounded_memory() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for _ in 0..100 {
            told.extend(lines.take(&[b'x'; 4096], &reader()));
            assert!(lines.begun.capacity() <= 2 * MOST_LINE);
        }
        told.extend(lines.take(b"x\n", &reader()));
        told.extend(lines.take(LINE, &reader()));
        told.extend(lines.take(b"\n", &reader()));
        assert!(matches!(&*told, [Told::Malformed(_), Told::Read { .. }]), "{told:?}");
    }
}
