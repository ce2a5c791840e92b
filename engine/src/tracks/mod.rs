//! What each tag, and each person, did over a while.

pub(crate) mod people;
pub(crate) mod tags;
