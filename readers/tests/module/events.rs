//! Any bytes as what a vendor's reader tells over its interface: they become reads or words, and every read is one that a
//! recording can hold. The fuzz targets run this too.

use readers::{Antenna, Reader};
use recording::{Line, Parsed, Read, Time};

fn reader() -> Reader {
    let antennas = vec![Antenna { port: 1, ..Antenna::default() }];
    Reader::dialled("exit-a", "192.0.2.10", antennas)
}

/// Bytes of an Impinj reader's event stream.
pub fn impinj(bytes: &[u8]) {
    hold(readers::impinj::reads(bytes, &reader()), bytes.len());
}

/// A payload of a Zebra reader's tag data.
pub fn zebra(bytes: &[u8]) {
    hold(readers::zebra::reads(bytes, &reader()), bytes.len());
}

fn hold(reads: Vec<Result<Read, String>>, length: usize) {
    assert!(reads.len() <= length + 1, "{} reads of {length} bytes", reads.len());
    for read in reads {
        match read {
            Ok(read) => comes_back(read),
            Err(words) => assert!(words.len() < 2_000 && !words.contains('\n'), "{words}"),
        }
    }
}

/// A read can be written to a recording and read back.
fn comes_back(read: Read) {
    assert!(read.antenna > 0 && read.count > 0, "{read:?}");
    let line = Line::new(Time::from_micros(0), read.into());
    let mut text = Vec::new();
    recording::write_line(&mut text, &line).expect("a line can be written");
    let text = std::str::from_utf8(&text).expect("text");
    assert_eq!(recording::parse_line(1, text.trim()), Ok(Parsed::Taken(Box::new(line), vec![])));
}
