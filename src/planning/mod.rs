//! Plan before buying: what a layout of antennas covers, drawn as a picture.

mod contours;
pub mod drawing;
