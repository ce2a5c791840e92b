//! How long an inventory's parts take on the air, made from the parts that EPC Gen2 (v2.0.1 §6.3.1) gives them: PIE
//! symbols of the reader, FM0 or Miller symbols of the tag, and the turn-round times T1 to T3. Knows no tag and no slot.

use serde::Deserialize;

/// A reader's mode: how it speaks and how it lets tags answer. The values are those of an R420's own table of modes, as it
/// sends it to whoever asks for its capabilities (902–928 MHz, modes 0 to 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// FM0 at 640 kHz: the fastest, hears least and is disturbed soonest. It is the mode of the R420 logs: from one tag to
    /// the next take 0.53 ms there, and every empty slot between them 0.12 ms.
    MaxThroughput,
    /// Miller 2 at 640 kHz.
    Hybrid,
    /// Miller 4 at 274 kHz: answers lie between the channels of a dense-reader spectrum.
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
            Mode::Hybrid => Parts { miller: 2.0, blf_khz: 640.0, tari_us: 6.25, one: 1.5 },
            Mode::DenseM4 => Parts { miller: 4.0, blf_khz: 274.0, tari_us: 20.0, one: 2.0 },
            Mode::DenseM8 => Parts { miller: 8.0, blf_khz: 170.6, tari_us: 20.0, one: 2.0 },
        }
    }

    /// Whether tags' answers keep off the carriers of other readers.
    pub(crate) fn dense(self) -> bool {
        matches!(self, Mode::DenseM4 | Mode::DenseM8)
    }

    /// Weakest answer that is decoded half the time, dBm: −84 dBm is a good fixed reader's in its Miller 4 mode. In the
    /// fastest mode an R420's logs go down to −81 dBm, so the rates of the modes cost less than their noise's share alone
    /// would, and steps of 2 dB stand for it.
    pub(crate) fn sensitivity_dbm(self) -> f64 {
        match self {
            Mode::MaxThroughput => -80.0,
            Mode::Hybrid => -82.0,
            Mode::DenseM4 => -84.0,
            Mode::DenseM8 => -86.0,
        }
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

    /// By hand from the standard's tables: Tari 20 µs, 1 = 40 µs, RTcal 60 µs, BLF 274 kHz: period 3.65 µs, Miller-4
    /// symbol 14.6 µs. QueryRep 92.5 + 120; T1 60; RN16 27 symbols, 394.2; T2 36.5; ACK 92.5 + 540; T1 60; 139 symbols,
    /// 2029.2; T2 36.5. Nobody: QueryRep, T1, and 20 periods of waiting, 73.
    #[test]
    fn a_dense_readers_slots_take_what_their_parts_add_up_to() {
        let times = Times::of(Mode::DenseM4, false);
        assert!((times.garbled - 703.2).abs() < 0.2, "{times:?}");
        assert!((times.singulated - 3461.3).abs() < 0.2, "{times:?}");
        assert!((times.empty - 345.5).abs() < 0.2, "{times:?}");
    }

    /// A box of tags before an R420 (every second minute of it): most of its reads follow the one before after 0.52 to
    /// 0.55 ms, the next peaks lie 0.12 ms apart.
    #[test]
    fn in_the_logs_mode_slots_take_what_the_logs_show() {
        let times = Times::of(Mode::MaxThroughput, false);
        assert!((520.0..=560.0).contains(&times.singulated), "{times:?}");
        assert!((105.0..=130.0).contains(&times.empty), "{times:?}");
    }

    #[test]
    fn a_faster_mode_hears_less_and_a_tid_costs_time() {
        let (fast, slow) = (Mode::MaxThroughput, Mode::DenseM8);
        assert!(Times::of(fast, false).singulated < 0.3 * Times::of(slow, false).singulated);
        assert!(fast.sensitivity_dbm() > slow.sensitivity_dbm() + 3.0);
        let tid = Times::of(Mode::DenseM4, true).singulated - Times::of(Mode::DenseM4, false).singulated;
        assert!((tid - 96.0 * 4.0 / 0.274).abs() < 1.0, "96 bits of four cycles at 274 kHz, not {tid} µs");
    }
}
