//! Readers' rounds against figures measured on real readers, and readers' faults as a store sees them.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::time::Duration;

use recording::{Health, Observation};
use sim::Family;
use sim::calibration::Figure;
use sim::rounds_figures::figures;

fn figure<'a>(all: &'a [Figure], name: &str) -> &'a Figure {
    all.iter().find(|figure| figure.name.contains(name)).expect("a figure of this name")
}

/// Every simulated value within a share of the real one.
fn near(figure: &Figure, share: f64) {
    for (real, simulated) in figure.real.iter().zip(&figure.simulated) {
        let real = real.expect("a real figure");
        assert!((simulated / real - 1.0).abs() <= share, "{figure}: not within {share}");
    }
}

#[test]
fn rounds_take_what_an_r420s_take() {
    let all = figures(1);
    near(figure(&all, "one tag, one antenna: reads/s"), 0.03);
    near(figure(&all, "gap ms"), 0.05);
    near(figure(&all, "15 tags, one antenna"), 0.10);
}
