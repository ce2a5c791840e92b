//! How long an inventory's parts take on the air, made from the parts that EPC Gen2 (v2.0.1 §6.3.1) gives them: PIE
//! symbols of the reader, FM0 or Miller symbols of the tag, and the turn-round times T1 to T3. Knows no tag and no slot.

use serde::Deserialize;

/// A reader's mode: how it speaks and how it lets tags answer. The values are those which makers publish for their
/// modes of these names or, where they keep them to themselves, ones that the standard allows and their rates suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// FM0 at 640 kHz: the fastest, hears least and is disturbed soonest.
    MaxThroughput,
    /// Miller 2 at 320 kHz.
    Hybrid,
    /// Miller 4 at 320 kHz: answers lie between the channels of a dense-reader spectrum.
    #[default]
    DenseM4,
    /// Miller 8 at 171 kHz: the slowest, hears farthest.
    DenseM8,
}

/// A mode's parts, microseconds and kilohertz.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Parts {
    /// Tag's symbols: 1 for FM0, else Miller's number of subcarrier cycles.
    miller: f64,
    /// Backscatter link frequency.
    blf_khz: f64,
    tari_us: f64,
    /// Length of a reader's 1 against its 0.
    one: f64,
}

impl Mode {
    fn parts(self) -> Parts {
        match self {
            Mode::MaxThroughput => Parts { miller: 1.0, blf_khz: 640.0, tari_us: 6.25, one: 1.5 },
            Mode::Hybrid => Parts { miller: 2.0, blf_khz: 320.0, tari_us: 12.5, one: 1.5 },
            Mode::DenseM4 => Parts { miller: 4.0, blf_khz: 320.0, tari_us: 12.5, one: 1.5 },
            Mode::DenseM8 => Parts { miller: 8.0, blf_khz: 171.0, tari_us: 25.0, one: 2.0 },
        }
    }

    /// Whether tags' answers keep off the carriers of other readers.
    pub(crate) fn dense(self) -> bool {
        matches!(self, Mode::DenseM4 | Mode::DenseM8)
    }

    /// Weakest answer that is decoded half the time, dBm: −84 dBm is a good fixed reader's in its Miller 4 mode, and
    /// the noise grows with the tag's bit rate.
    pub(crate) fn sensitivity_dbm(self) -> f64 {
        let rate = |mode: Mode| mode.parts().blf_khz / mode.parts().miller;
        -84.0 + 10.0 * libm::log10(rate(self) / rate(Mode::DenseM4))
    }
}

/// What each kind of slot takes, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    /// Query, with the preamble that opens a frame (in place of a slot's QueryRep).
    pub(crate) query: f64,
    /// Nobody answers.
    pub(crate) empty: f64,
    /// An RN16 that nobody can read.
    pub(crate) garbled: f64,
    /// RN16, ACK, and PC, EPC and CRC.
    pub(crate) singulated: f64,
    /// Select with a mask of no bits; every bit of a mask takes `reader_bit` more.
    pub(crate) select: f64,
    pub(crate) reader_bit: f64,
}

/// Bits of QueryRep, Query, ACK, Select without its mask (§6.3.2.12).
const QUERY_REP_BITS: f64 = 4.0;
const QUERY_BITS: f64 = 22.0;
const ACK_BITS: f64 = 18.0;
const SELECT_BITS: f64 = 45.0;
/// PC, EPC of six words, CRC-16.
const EPC_REPLY_BITS: f64 = 16.0 + 96.0 + 16.0;
/// The TID that a FastID tag sends behind its EPC.
const TID_BITS: f64 = 96.0;
const RN16_BITS: f64 = 16.0;

impl Times {
    pub(crate) fn of(mode: Mode, fast_id: bool) -> Times {
        let Parts { miller, blf_khz, tari_us, one } = mode.parts();
        let period = 1000.0 / blf_khz;
        let right = tari_us * (1.0 + one);
        let bit = right / 2.0;
        // Delimiter, data-0, RTcal; a preamble has TRcal as well, with the divide ratio 64/3.
        let frame_sync = 12.5 + tari_us + right;
        let tr = 64.0 / 3.0 * period;
        let command = |bits: f64| frame_sync + bits * bit;
        // Pilotless preamble (6 symbols of FM0; 4 and 6 of Miller), the bits, and the dummy bit that ends signalling.
        let symbol = period * miller;
        let preamble = if miller > 1.0 { 10.0 } else { 6.0 };
        let reply = |bits: f64| (preamble + bits + 1.0) * symbol;
        // T1: the greater of RTcal and ten periods; T2: 3 to 20 periods; T3: how long a reader waits past T1 for nothing.
        let t1 = right.max(10.0 * period);
        let t2 = 10.0 * period;
        let t3 = 20.0 * period;
        let rn16 = command(QUERY_REP_BITS) + t1 + reply(RN16_BITS) + t2;
        let answer = EPC_REPLY_BITS + if fast_id { TID_BITS } else { 0.0 };
        Times {
            query: command(QUERY_BITS) + tr,
            empty: command(QUERY_REP_BITS) + t1 + t3,
            garbled: rn16,
            singulated: rn16 + command(ACK_BITS) + t1 + reply(answer) + t2,
            select: command(SELECT_BITS) + 1.5 * right.max(20.0 * period),
            reader_bit: bit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the standard's tables: Tari 12.5 µs, 1 = 18.75 µs, RTcal 31.25 µs, BLF 320 kHz: period 3.125 µs,
    /// Miller-4 symbol 12.5 µs. QueryRep 56.25 + 62.5; T1 31.25; RN16 27 symbols, 337.5; T2 31.25; ACK 56.25 + 281.25;
    /// T1 31.25; 139 symbols, 1737.5; T2 31.25. Nobody: QueryRep, T1, and 20 periods of waiting, 62.5.
    #[test]
    fn a_dense_readers_slots_take_what_their_parts_add_up_to() {
        let times = Times::of(Mode::DenseM4, false);
        assert!((times.garbled - 518.75).abs() < 0.1, "{times:?}");
        assert!((times.singulated - 2656.25).abs() < 0.1, "{times:?}");
        assert!((times.empty - 212.5).abs() < 0.1, "{times:?}");
    }

    #[test]
    fn a_faster_mode_hears_less_and_a_tid_costs_time() {
        let (fast, slow) = (Mode::MaxThroughput, Mode::DenseM8);
        assert!(Times::of(fast, false).singulated < 0.3 * Times::of(slow, false).singulated);
        assert!(fast.sensitivity_dbm() > slow.sensitivity_dbm() + 10.0);
        let tid = Times::of(Mode::DenseM4, true).singulated - Times::of(Mode::DenseM4, false).singulated;
        assert!((tid - 96.0 * 4.0 / 0.32).abs() < 1.0, "96 bits of four cycles at 320 kHz, not {tid} µs");
    }
}
