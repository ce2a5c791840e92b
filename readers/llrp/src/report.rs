//! Tag reports read straight from a frame's bytes: no allocation, no table look-up, one walk per tag.
//!
//! Everything a report can say of a sighting is a field of [`TagView`]; results of access operations and parameters of
//! vendors that are not named here stay in [`TagView::parameters`] for the full decoder.

use crate::definitions::vendors::{IMPINJ, ZEBRA};
use crate::definitions::{self, messages};
use crate::error::{DecodeError, Fault};
use crate::frame::{HEADER_BYTES, Header};

const RO_ACCESS_REPORT: u16 = 61;
const TAG_REPORT_DATA: u16 = 240;
const EPC_DATA: u16 = 241;
const CUSTOM: u16 = 1023;

/// Radians per unit of [`TagView::impinj_phase`]: 4096 units are a full turn (Impinj Octane LLRP).
pub const IMPINJ_PHASE_RAD: f64 = std::f64::consts::TAU / 4096.0;
/// dBm per unit of [`TagView::impinj_peak_rssi`].
pub const IMPINJ_RSSI_DBM: f64 = 0.01;
/// Hertz per unit of [`TagView::impinj_doppler`].
pub const IMPINJ_DOPPLER_HZ: f64 = 1.0 / 16.0;

/// One `TagReportData`, borrowed from its frame. Absent parameters are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TagView<'a> {
    /// The EPC's bytes; spare bits of the last one as received.
    pub epc: &'a [u8],
    /// How many bits of `epc` count: 96 for `EPC_96`, as stated by `EPCData`.
    pub epc_bits: u16,
    /// `ROSpecID`.
    pub rospec_id: Option<u32>,
    /// `SpecIndex`.
    pub spec_index: Option<u16>,
    /// `InventoryParameterSpecID`.
    pub inventory_parameter_spec_id: Option<u16>,
    /// `AntennaID`, from 1.
    pub antenna_id: Option<u16>,
    /// `PeakRSSI` in whole dBm.
    pub peak_rssi_dbm: Option<i8>,
    /// `ChannelIndex`: from 1, into the reader's own hop table; not a frequency.
    pub channel_index: Option<u16>,
    /// `FirstSeenTimestampUTC`, µs since 1970 by the reader's clock.
    pub first_seen_utc_us: Option<u64>,
    /// `FirstSeenTimestampUptime`, µs since the reader started.
    pub first_seen_uptime_us: Option<u64>,
    /// `LastSeenTimestampUTC`, µs since 1970 by the reader's clock.
    pub last_seen_utc_us: Option<u64>,
    /// `LastSeenTimestampUptime`, µs since the reader started.
    pub last_seen_uptime_us: Option<u64>,
    /// `TagSeenCount`.
    pub seen_count: Option<u16>,
    /// `C1G2_PC`.
    pub pc_bits: Option<u16>,
    /// `C1G2_CRC`.
    pub crc: Option<u16>,
    /// `C1G2_XPCW1`.
    pub xpc_w1: Option<u16>,
    /// `C1G2_XPCW2`.
    pub xpc_w2: Option<u16>,
    /// `AccessSpecID`.
    pub access_spec_id: Option<u32>,
    /// `ImpinjPeakRSSI`, in [`IMPINJ_RSSI_DBM`].
    pub impinj_peak_rssi: Option<i16>,
    /// `ImpinjRFPhaseAngle`, in [`IMPINJ_PHASE_RAD`].
    pub impinj_phase: Option<u16>,
    /// `ImpinjRFDopplerFrequency`, in [`IMPINJ_DOPPLER_HZ`].
    pub impinj_doppler: Option<i16>,
    /// `ImpinjSerializedTID`: the TID's bytes (FastID).
    pub tid: Option<&'a [u8]>,
    /// Zebra's `MotoTagPhase`, in the reader's own unit.
    pub zebra_phase: Option<i16>,
    /// The bytes of all parameters of this `TagReportData`.
    pub parameters: &'a [u8],
}

/// The tags of one `RO_ACCESS_REPORT` frame. A tag whose bytes are faulty is an error of its own; the next
/// one follows, as long as its length can be right.
pub fn tags(frame: &[u8]) -> Tags<'_> {
    let mut tags = Tags { frame, at: HEADER_BYTES, fault: None };
    let fault = match Header::read(frame) {
        None => Some(Fault::Short { what: "a message's header", needs: HEADER_BYTES, has: frame.len() }),
        Some(header) if header.number != RO_ACCESS_REPORT => {
            Some(Fault::OtherMessage { expected: messages::RO_ACCESS_REPORT.name, found: header.number })
        }
        Some(header) if header.length as usize != frame.len() => Some(Fault::Length {
            what: "a message",
            stated: header.length as usize,
            least: frame.len(),
            most: frame.len(),
        }),
        Some(_) => None,
    };
    if let Some(fault) = fault {
        tags.at = frame.len();
        tags.fault = Some(fault);
    }
    tags
}

/// Iterator over the tags of a report; see [`tags`].
#[derive(Debug, Clone)]
pub struct Tags<'a> {
    frame: &'a [u8],
    at: usize,
    fault: Option<Fault>,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Result<TagView<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let rest = self.frame.get(start..)?;
            if let Some(&[a, b, c, d]) = rest.first_chunk::<4>()
                && u16::from_be_bytes([a, b]) & 0x83FF == TAG_REPORT_DATA
                && let Some(inside) = rest.get(4..usize::from(u16::from_be_bytes([c, d])))
            {
                self.at = start + 4 + inside.len();
                // Filled where it is returned from: moving a view costs as much as reading a tag.
                let mut item = Some(Ok(TagView { parameters: inside, ..TagView::default() }));
                if let Some(Ok(view)) = &mut item
                    && let Err(stop) = walk(inside, view)
                {
                    return Some(Err(stop.locate(start + 4, inside)));
                }
                return item;
            }
            if let Some(end) = self.pass_over(rest) {
                return end;
            }
        }
    }
}

impl<'a> Tags<'a> {
    /// Passes over a parameter that is not a tag; `Some` at the end of the tags, clean or with the fault found there.
    #[cold]
    fn pass_over(&mut self, rest: &[u8]) -> Option<Option<Result<TagView<'a>, DecodeError>>> {
        let start = self.at;
        let fault = match rest {
            // No TV parameter belongs here. As the full decoder does, a known one is taken where it stands.
            [first @ 0x80..=0xFF, ..] => {
                let number = first & 0x7F;
                let length = definitions::tv(number).map(|definition| 1 + definition.fixed_bits() / 8);
                match length {
                    Some(length) if length <= rest.len() => {
                        self.at += length;
                        return None;
                    }
                    Some(length) => Fault::Short { what: "the parameter", needs: length, has: rest.len() },
                    None => Fault::UnknownTv(number),
                }
            }
            [_, _, c, d, ..] => {
                let length = usize::from(u16::from_be_bytes([*c, *d]));
                if (4..=rest.len()).contains(&length) {
                    self.at += length;
                    return None;
                }
                Fault::Length { what: "a parameter", stated: length, least: 4, most: rest.len() }
            }
            _ => return Some(self.ending(rest.len())),
        };
        self.at = self.frame.len();
        Some(Some(Err(DecodeError::new(start, fault).within("RO_ACCESS_REPORT"))))
    }

    /// The end of the frame: clean, or with the fault that is left to say.
    #[cold]
    fn ending(&mut self, left: usize) -> Option<Result<TagView<'a>, DecodeError>> {
        let at = self.at;
        self.at = self.frame.len();
        if let Some(fault) = self.fault.take() {
            return Some(Err(DecodeError::new(0, fault)));
        }
        let fault = Fault::Short { what: "a parameter's header", needs: 4, has: left };
        (left > 0).then(|| Err(DecodeError::new(at, fault).within("RO_ACCESS_REPORT")))
    }
}

/// Where a walk stopped: what is left of the tag's bytes there.
struct Stop {
    left: usize,
    fault: Fault,
}

impl Stop {
    #[cold]
    fn locate(self, start: usize, inside: &[u8]) -> DecodeError {
        DecodeError::new(start + inside.len() - self.left, self.fault)
            .within("TagReportData")
            .within("RO_ACCESS_REPORT")
    }
}

macro_rules! fixed {
    ($rest:ident, $bytes:literal) => {{
        let Some((value, behind)) = $rest.split_first_chunk::<$bytes>() else {
            let fault = Fault::Short { what: "a TV parameter", needs: $bytes, has: $rest.len() };
            return Err(Stop { left: $rest.len(), fault });
        };
        $rest = behind;
        value
    }};
}

/// The parameters in the standard's order, which readers keep to; what stands otherwise is left to [`in_any_order`].
#[inline]
fn walk<'a>(inside: &'a [u8], view: &mut TagView<'a>) -> Result<(), Stop> {
    let mut rest = inside;
    // The type's byte is compared in turn rather than looked up: the next tag holds the same ones, so that each of these
    // branches goes the way it went before.
    macro_rules! take {
        ($number:literal, $bytes:literal, $field:ident: $kind:ty) => {
            if let Some(([first, value @ ..], behind)) = rest.split_first_chunk::<{ 1 + $bytes }>()
                && *first == 0x80 | $number
            {
                view.$field = Some(<$kind>::from_be_bytes(*value));
                rest = behind;
            }
        };
    }
    if let Some(([0x8D, epc @ ..], behind)) = rest.split_first_chunk::<13>() {
        view.epc = epc;
        view.epc_bits = 96;
        rest = behind;
    }
    take!(9, 4, rospec_id: u32);
    take!(14, 2, spec_index: u16);
    take!(10, 2, inventory_parameter_spec_id: u16);
    take!(1, 2, antenna_id: u16);
    take!(6, 1, peak_rssi_dbm: i8);
    take!(7, 2, channel_index: u16);
    take!(2, 8, first_seen_utc_us: u64);
    take!(3, 8, first_seen_uptime_us: u64);
    take!(4, 8, last_seen_utc_us: u64);
    take!(5, 8, last_seen_uptime_us: u64);
    take!(8, 2, seen_count: u16);
    take!(12, 2, pc_bits: u16);
    take!(11, 2, crc: u16);
    take!(16, 4, access_spec_id: u32);
    while rest.first().is_some_and(|first| first & 0x80 == 0) {
        rest = long(rest, view)?;
    }
    if rest.is_empty() { Ok(()) } else { in_any_order(rest, view) }
}

fn in_any_order<'a>(mut rest: &'a [u8], view: &mut TagView<'a>) -> Result<(), Stop> {
    while let Some((&first, behind)) = rest.split_first() {
        if first & 0x80 == 0 {
            rest = long(rest, view)?;
            continue;
        }
        let start = rest;
        rest = behind;
        match first & 0x7F {
            13 => {
                view.epc = fixed!(rest, 12);
                view.epc_bits = 96;
            }
            1 => view.antenna_id = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            2 => view.first_seen_utc_us = Some(u64::from_be_bytes(*fixed!(rest, 8))),
            3 => view.first_seen_uptime_us = Some(u64::from_be_bytes(*fixed!(rest, 8))),
            4 => view.last_seen_utc_us = Some(u64::from_be_bytes(*fixed!(rest, 8))),
            5 => view.last_seen_uptime_us = Some(u64::from_be_bytes(*fixed!(rest, 8))),
            6 => view.peak_rssi_dbm = Some(i8::from_be_bytes(*fixed!(rest, 1))),
            7 => view.channel_index = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            8 => view.seen_count = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            9 => view.rospec_id = Some(u32::from_be_bytes(*fixed!(rest, 4))),
            10 => view.inventory_parameter_spec_id = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            11 => view.crc = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            12 => view.pc_bits = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            14 => view.spec_index = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            15 | 17 => _ = fixed!(rest, 2),
            16 => view.access_spec_id = Some(u32::from_be_bytes(*fixed!(rest, 4))),
            18 => _ = fixed!(rest, 4),
            19 => view.xpc_w1 = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            20 => view.xpc_w2 = Some(u16::from_be_bytes(*fixed!(rest, 2))),
            number => return Err(Stop { left: start.len(), fault: Fault::UnknownTv(number) }),
        }
    }
    Ok(())
}

/// One TLV parameter of a tag: returns what stands behind it.
#[inline]
fn long<'a>(rest: &'a [u8], view: &mut TagView<'a>) -> Result<&'a [u8], Stop> {
    let stop = |fault| Stop { left: rest.len(), fault };
    let Some((&[a, b, c, d], _)) = rest.split_first_chunk::<4>() else {
        let fault = Fault::Short { what: "a parameter's header", needs: 4, has: rest.len() };
        return Err(stop(fault));
    };
    let length = usize::from(u16::from_be_bytes([c, d]));
    let (Some(inside), Some(behind)) = (rest.get(4..length), rest.get(length..)) else {
        let fault = Fault::Length { what: "a parameter", stated: length, least: 4, most: rest.len() };
        return Err(stop(fault));
    };
    match u16::from_be_bytes([a, b]) & 0x3FF {
        EPC_DATA => {
            let bits = inside.split_first_chunk::<2>().map(|(bits, epc)| (u16::from_be_bytes(*bits), epc));
            match bits {
                Some((bits, epc)) if epc.len() == usize::from(bits).div_ceil(8) => {
                    view.epc = epc;
                    view.epc_bits = bits;
                }
                _ => {
                    let needs = bits.map_or(2, |(bits, _)| 2 + usize::from(bits).div_ceil(8));
                    return Err(stop(Fault::Length {
                        what: "EPCData",
                        stated: length,
                        least: 4 + needs,
                        most: 4 + needs,
                    }));
                }
            }
        }
        CUSTOM => {
            if let Some((head, value)) = inside.split_first_chunk::<8>() {
                custom(u64::from_be_bytes(*head), value, view);
            }
        }
        _ => {}
    }
    Ok(behind)
}

const fn custom_id(vendor: u32, subtype: u32) -> u64 {
    ((vendor as u64) << 32) | subtype as u64
}

const SERIALIZED_TID: u64 = custom_id(IMPINJ, 55);
const PHASE_ANGLE: u64 = custom_id(IMPINJ, 56);
const PEAK_RSSI: u64 = custom_id(IMPINJ, 57);
const DOPPLER: u64 = custom_id(IMPINJ, 68);
const MOTO_TAG_PHASE: u64 = custom_id(ZEBRA, 709);

/// A vendor's parameter. One that is too short for what it claims to be is passed over, as every unknown one.
#[inline]
fn custom<'a>(id: u64, value: &'a [u8], view: &mut TagView<'a>) {
    let word = value.first_chunk::<2>().copied();
    match id {
        PHASE_ANGLE => view.impinj_phase = word.map(u16::from_be_bytes),
        PEAK_RSSI => view.impinj_peak_rssi = word.map(i16::from_be_bytes),
        DOPPLER => view.impinj_doppler = word.map(i16::from_be_bytes),
        MOTO_TAG_PHASE => view.zebra_phase = word.map(i16::from_be_bytes),
        SERIALIZED_TID => {
            let bytes = word.map(|words| usize::from(u16::from_be_bytes(words)) * 2);
            view.tid = bytes.and_then(|bytes| value.get(2..2 + bytes));
        }
        _ => {}
    }
}
