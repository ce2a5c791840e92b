//! What a reader reports of an answer: level, phase and Doppler with the noise, steps, slips and outliers that R420 logs
//! show. Knows neither antenna nor tag.

use std::f64::consts::{PI, TAU};

use super::Signal;
use crate::chance::Chance;

/// A reader that turns among antennas reports some visits as of a channel that it had already left: the phase then tells
/// nothing. Share of reads; 14 % of steps beyond 0.6 rad in logs of four antennas, next to none in logs of one.
const STALE: f64 = 0.135;
/// Below this level now and then a read is reported some 4 dB off on a channel that has not changed (the receiver's gain
/// steps): share of reads with one antenna and with several.
const SLIPS_BELOW_DBM: f64 = -55.0;
const SLIPS: (f64, f64) = (0.03, 0.06);
/// Noise of the level at −60 dBm without these slips, dB; with them it is the 0.74 dB that is measured.
const LEVEL_NOISE_DB: f64 = 0.55;
/// Noise of the phase at −60 dBm, radians: 0.123 in the first measurements, 0.08 in later logs.
const PHASE_NOISE_RAD: f64 = 0.085;
/// Doppler's noise where a reader turns among antennas, against one that stays: its visits are short. Its bias in Hz, with
/// one antenna and with several.
const SHORT_VISIT: f64 = 2.6;
const DOPPLER_BIAS_HZ: (f64, f64) = (8.0, 14.0);
const MOST_DOPPLER_HZ: f64 = 105.0;
/// Below this level most reads are reported with next to no shift, as if the reader had given up measuring it.
const NO_DOPPLER_BELOW_DBM: f64 = -71.0;
const NO_DOPPLER: f64 = 0.65;
const NO_DOPPLER_HZ: f64 = 3.0;

/// What a reader reports of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) rssi_dbm: f64,
    pub(crate) phase: f64,
    pub(crate) doppler_hz: f64,
}

/// Noise, flips, outliers and steps of a reader as measured on R420 logs. `speed_m_per_s` is towards the antenna.
pub(crate) fn report(signal: &Signal, speed_m_per_s: f64, chance: &mut Chance) -> Report {
    let over = (signal.rssi_dbm + 60.0).clamp(-25.0, 40.0);
    let mut noisy = signal.rssi_dbm + chance.normal(0.0, LEVEL_NOISE_DB * libm::exp10(-0.013 * over));
    let slips = if signal.alone { SLIPS.0 } else { SLIPS.1 };
    if signal.rssi_dbm < SLIPS_BELOW_DBM && chance.happens(slips) {
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
    if chance.happens(flip) {
        phase += PI;
    }
    if !signal.alone && chance.happens(STALE) {
        phase += chance.between(-PI, PI);
    }
    // 12 bits.
    let steps = (phase / TAU * 4096.0).round().rem_euclid(4096.0);
    let (visit, bias_hz) =
        if signal.alone { (1.0, DOPPLER_BIAS_HZ.0) } else { (SHORT_VISIT, DOPPLER_BIAS_HZ.1) };
    let doppler = if rssi_dbm < NO_DOPPLER_BELOW_DBM && chance.happens(NO_DOPPLER) {
        chance.normal(0.0, NO_DOPPLER_HZ)
    } else {
        // 1 m/s is 6 Hz.
        let noise_hz = (visit * 22.0 * libm::exp10(-0.037 * over)).min(MOST_DOPPLER_HZ);
        bias_hz + 6.0 * speed_m_per_s + chance.normal(0.0, noise_hz)
    };
    Report { rssi_dbm, phase: steps * TAU / 4096.0, doppler_hz: (doppler * 16.0).round() / 16.0 }
}
