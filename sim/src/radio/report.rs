//! What a reader reports of an answer: level, phase and Doppler with the noise, steps, slips and outliers that R420 logs
//! show. Knows neither antenna nor tag.

use std::f64::consts::{PI, TAU};

use super::Signal;
use crate::chance::Chance;

/// Now and then a read is reported some 4 dB off on a channel that has not changed (the receiver's gain steps): share of
/// reads at −60 dBm, how it grows with each dB below, and its most; with one antenna and with several.
const SLIPS: (f64, f64) = (0.03, 0.06);
const SLIPS_PER_DB: f64 = 0.05;
const MOST_SLIPS: f64 = 0.08;
/// Noise of the level at −60 dBm without these slips, dB; with them it is the 0.74 dB that is measured.
const LEVEL_NOISE_DB: f64 = 0.55;
/// Noise of the phase at −60 dBm, radians: 0.123 in the first measurements, 0.08 in later logs.
const PHASE_NOISE_RAD: f64 = 0.1;
/// A reader that turns among antennas settles anew, each time, which of its phase's two halves it takes: share of reads
/// on the other one, at any level. With one antenna it happens to weak reads alone.
const TURNED_OVER: f64 = 0.05;
/// A reader that turns among antennas now and then reports a phase that tells nothing, share of reads; more of its outliers
/// (14 % of steps beyond 0.6 rad, next to none with one antenna) are late labels of channels (`gen2::turns`).
const STALE: f64 = 0.06;
/// Noise of the Doppler shift at −60 dBm, Hz, with one antenna and with several, whose visits are short: 22 and 62 in the
/// first measurements, 33 and 69 in the logs; how it falls with the level, per dB; its least and its most.
const DOPPLER_NOISE_HZ: (f64, f64) = (27.0, 60.0);
const DOPPLER_PER_DB: f64 = 0.052;
const DOPPLER_RANGE_HZ: (f64, f64) = (6.0, 100.0);
/// Share of shifts with three times that noise: the tails are heavier than a normal law's.
const WILD_DOPPLER: f64 = 0.04;
/// The shift's bias, Hz, and what it grows by with the noise.
const DOPPLER_BIAS_HZ: f64 = 8.0;
const DOPPLER_SKEW: f64 = 0.12;
/// Faint answers are told in another way, as if the reader had given up measuring them: next to no shift and no slips. From
/// what level down, with one antenna and with several; how sharply; the most of them; the shift that is left.
const FAINT_DBM: (f64, f64) = (-71.3, -69.4);
const FAINT_SCALE_DB: f64 = 0.8;
const MOST_FAINT: f64 = 0.92;
const FAINT_DOPPLER_HZ: f64 = 2.8;

/// What a reader reports of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) rssi_dbm: f64,
    pub(crate) phase: f64,
    pub(crate) doppler_hz: f64,
}

/// Noise, flips, outliers and steps of a reader as measured on R420 logs. `speed_m_per_s` is towards the antenna.
pub(crate) fn report(signal: &Signal, speed_m_per_s: f64, chance: &mut Chance) -> Report {
    let either = |of: (f64, f64)| if signal.alone { of.0 } else { of.1 };
    let faint = 1.0 / (1.0 + libm::exp((signal.rssi_dbm - either(FAINT_DBM)) / FAINT_SCALE_DB));
    let faint = chance.happens(MOST_FAINT * faint);
    let over = (signal.rssi_dbm + 60.0).clamp(-25.0, 40.0);
    let mut noisy = signal.rssi_dbm + chance.normal(0.0, LEVEL_NOISE_DB * libm::exp10(-0.013 * over));
    if !faint && chance.happens((either(SLIPS) * libm::exp10(-SLIPS_PER_DB * over)).min(MOST_SLIPS)) {
        let off = chance.normal(4.0, 0.9);
        noisy += if chance.happens(0.5) { off } else { -off };
    }
    let rssi_dbm = (noisy * 2.0).round() / 2.0;
    let flip = match rssi_dbm {
        r if r >= -58.0 => 0.0,
        r if r >= -62.0 => 0.001,
        r if r >= -66.0 => 0.02,
        // 13 % of neighbouring reads are half a turn apart.
        _ => 0.07,
    };
    let mut phase =
        signal.phase + chance.normal(0.0, (PHASE_NOISE_RAD * libm::exp10(-0.033 * over)).max(0.012));
    if chance.happens(if signal.alone { flip } else { TURNED_OVER.max(flip) }) {
        phase += PI;
    }
    if !signal.alone && chance.happens(STALE) {
        phase += chance.between(-PI, PI);
    }
    // 12 bits.
    let steps = (phase / TAU * 4096.0).round().rem_euclid(4096.0);
    let doppler = if faint {
        chance.normal(0.0, FAINT_DOPPLER_HZ)
    } else {
        let usual_hz = either(DOPPLER_NOISE_HZ) * libm::exp10(-DOPPLER_PER_DB * over);
        let noise_hz = usual_hz.clamp(DOPPLER_RANGE_HZ.0, DOPPLER_RANGE_HZ.1);
        let wild = if chance.happens(WILD_DOPPLER) { 3.0 } else { 1.0 };
        // 1 m/s is 6 Hz.
        DOPPLER_BIAS_HZ + DOPPLER_SKEW * noise_hz + 6.0 * speed_m_per_s + chance.normal(0.0, wild * noise_hz)
    };
    Report { rssi_dbm, phase: steps * TAU / 4096.0, doppler_hz: (doppler * 16.0).round() / 16.0 }
}
