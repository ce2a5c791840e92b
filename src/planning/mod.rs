//! Plan before buying: what a layout of antennas covers, drawn as a picture, and what it brings in.

mod contours;
pub mod drawing;
pub mod returns;
