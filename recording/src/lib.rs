//! Observations and outcomes as types; NDJSON in and out.
