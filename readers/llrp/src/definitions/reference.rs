//! The table as a page to read.
