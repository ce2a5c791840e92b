//! What the module tells of a tag: metadata in the order of their flags, then the tag's own words (layout: `tmr_tag_data.h`
//! and `serial_reader_l3.c` of the maker's API; SparkFun's annotated frame). Never looks at a clock.

use crate::serial::Sighting;

/// Gen2, among the protocols that such modules speak.
const GEN2: u8 = 5;
/// PC bit that says that an XPC word follows, and the XPC's that says that a second one does (Gen2v2 §6.3.2.1.2.2).
const XPC: u16 = 0x0200;
const XPC2: u16 = 0x8000;
/// Bytes of the longest EPC.
const MOST_EPC: usize = 62;
/// In the length of embedded data: no data, but a status of 16 bits.
const FAILED: u16 = 0x8000;

/// Bytes read one after the other; `None` when they run out.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self, bytes: usize) -> Option<u32> {
        Some(self.take(bytes)?.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn word(&mut self) -> Option<u16> {
        self.number(2).map(|number| number as u16)
    }
}

/// One tag with the metadata that `flags` name. `None` when it is cut short, or is no Gen2 tag with an EPC.
pub(super) fn record(flags: u16, bytes: &mut Bytes<'_>) -> Option<Sighting> {
    let has = |flag: u16| flags & flag != 0;
    let mut seen = Sighting { count: 1, ..Sighting::default() };
    if has(0x0001) {
        seen.count = u32::from(bytes.byte()?).max(1);
    }
    if has(0x0002) {
        seen.rssi_dbm = Some(f32::from(bytes.byte()? as i8));
    }
    if has(0x0004) {
        // Transmit port in the upper half, receive port in the lower; port 16 wraps to 0.
        let port = u16::from(bytes.byte()? >> 4);
        seen.antenna = if port == 0 { 16 } else { port };
    }
    if has(0x0008) {
        seen.frequency_khz = Some(bytes.number(3)?);
    }
    if has(0x0010) {
        bytes.number(4)?;
    }
    if has(0x0020) {
        // Whole degrees in 0..180: the module cannot tell a phase from its opposite.
        seen.phase_rad = Some(f32::from(bytes.word()? % 180).to_radians());
    }
    let protocol = if has(0x0040) { bytes.byte()? } else { GEN2 };
    if has(0x0080) {
        match bytes.word()? {
            bits if bits & FAILED != 0 => _ = bytes.word()?,
            bits => _ = bytes.take(usize::from(bits).div_ceil(8))?,
        }
    }
    if has(0x0100) {
        bytes.byte()?;
    }
    if protocol == GEN2 {
        for flag in [0x0200, 0x0400, 0x0800] {
            if has(flag) {
                bytes.byte()?;
            }
        }
    }
    if has(0x1000) {
        bytes.word()?;
    }
    let bits = bytes.word()?;
    let mut tag = Bytes(bytes.take(usize::from(bits).div_ceil(8))?);
    if protocol != GEN2 {
        return None;
    }
    let pc = tag.word()?;
    if pc & XPC != 0 && tag.word()? & XPC2 != 0 {
        tag.word()?;
    }
    let (epc, _crc) = tag.0.split_last_chunk::<2>()?;
    seen.pc = Some(pc);
    seen.epc = epc.to_vec();
    // Gen2 tells the length of an EPC in five bits of words.
    (1..=MOST_EPC).contains(&seen.epc.len()).then_some(seen)
}

/// What a message of the stream is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Streamed {
    /// A tag.
    Tag(Sighting),
    /// How warm the module is.
    Temperature(i8),
    /// A round has ended, or something that says nothing of interest.
    Other,
}

/// A message of continuous reading (opcode 0x22, status 0). `None` when it makes no sense.
pub(super) fn streamed(data: &[u8]) -> Option<Streamed> {
    let mut bytes = Bytes(data);
    if data.is_empty() {
        return Some(Streamed::Other);
    }
    let mut option = bytes.byte()?;
    if option & 0x80 != 0 {
        // Options of newer firmware (0x81, 0x84, 0x88) go before the one that is meant.
        option = bytes.byte()?;
    }
    let _search_flags = bytes.word()?;
    if option & 0x10 == 0 || bytes.0.len() == 4 {
        // Without metadata, or a bare count at the end of a search.
        return Some(Streamed::Other);
    }
    let flags = bytes.word()?;
    match bytes.byte()? {
        1 => record(flags, &mut bytes).map(Streamed::Tag),
        2 => Some(statistics(bytes).map_or(Streamed::Other, Streamed::Temperature)),
        _ => Some(Streamed::Other),
    }
}

/// The temperature among statistics: each is a flag in groups of seven bits, a length, and that many bytes.
fn statistics(mut bytes: Bytes<'_>) -> Option<i8> {
    const TEMPERATURE: u32 = 1 << 8;
    loop {
        let mut flag = 0_u32;
        loop {
            let byte = bytes.byte()?;
            flag = (flag << 7) | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let length = bytes.byte()?;
        let value = bytes.take(usize::from(length))?;
        if flag == TEMPERATURE {
            return value.first().map(|byte| *byte as i8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        recording::Hex::parse(text).map(|hex| hex.bytes().to_vec()).unwrap()
    }

    /// The read that SparkFun's library explains byte for byte.
    #[test]
    fn sparkfuns_annotated_read_says_what_its_annotation_says() {
        let data = hex("10001B01FF0101C4110E16400000012700000500000F00803000000000000000000000001545E94A");
        let Some(Streamed::Tag(seen)) = streamed(&data) else { panic!("a tag") };
        assert_eq!(recording::Hex::from_bytes(&seen.epc).unwrap().to_string(), "000000000000000000001545");
        assert_eq!((seen.antenna, seen.count, seen.pc), (1, 1, Some(0x3000)));
        assert_eq!(seen.rssi_dbm, Some(-60.0), "C4 is -60 as a signed byte");
        assert_eq!((seen.frequency_khz, seen.phase_rad), (Some(923_200), Some(0.0)));
    }

    #[test]
    fn words_before_the_epc_are_not_taken_for_it() {
        let mut bytes =
            Bytes(&[0, 0x90, 0x32, 0x00, 0x01, 0x02, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xAA, 0xBB]);
        let seen = record(0, &mut bytes).unwrap();
        assert_eq!(seen.epc, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "PC with XPC bit, one XPC word");
        assert_eq!(seen.pc, Some(0x3200));
    }

    #[test]
    fn a_record_that_is_cut_short_is_none() {
        let data = hex("10001B01FF0101C4110E16400000012700000500000F008030000000000000000000000015");
        (0..data.len())
            .for_each(|length| assert!(!matches!(streamed(&data[..length]), Some(Streamed::Tag(_)))));
    }

    #[test]
    fn the_temperature_is_found_among_statistics() {
        // Frequency (flag 4), then temperature (flag 0x100 in two groups of seven bits): 43 °C.
        let data = hex("10011B01FF0204030E16408200012B");
        assert_eq!(streamed(&data), Some(Streamed::Temperature(43)));
    }
}
