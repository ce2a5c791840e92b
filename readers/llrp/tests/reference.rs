//! The committed reference page says what the table says.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::path::Path;

use llrp::definitions;

#[test]
fn the_reference_page_is_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("DEFINITIONS.md");
    let page = definitions::reference();
    if std::env::var_os("LLRP_RENEW").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let first = page.lines().zip(committed.lines()).find(|(ours, theirs)| ours != theirs);
    assert!(
        committed == page,
        "DEFINITIONS.md is not the table's; LLRP_RENEW=1 renews it. First difference: {first:?}"
    );
}

#[test]
fn the_reference_page_reads_like_the_standard() {
    let page = definitions::reference();
    for line in [
        "- **KEEPALIVE**, 62",
        "- **AntennaID**, 1 (TV)\\",
        "- **LoopSpec**, 355, 1.1\\",
        "- **ExtendOnTime**, 381, 2.0, *unverified*\\",
        "  `ROSpecID: u32`, `Priority: u8`, `CurrentState: u8` ROSpecState\\",
        "  holds ROBoundarySpec, (SpecParameter)+, ROReportSpec?",
        "- **SpecParameter**: AISpec, RFSurveySpec, LoopSpec, Custom",
        "- **ROSpecState**: 0 Disabled, 1 Inactive, 2 Active",
        "- **ImpinjPeakRSSI**, parameter 57\\",
        "- **MOTO_PURGE_TAGS**, message 3\\",
    ] {
        assert!(page.lines().any(|found| found == line), "no line {line:?}");
    }
}
