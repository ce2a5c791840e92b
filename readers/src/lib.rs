//! Reader drivers: from a shop's readers to observations.
