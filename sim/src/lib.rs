//! The simulated store: shoppers, racks, radio by slots, emulated readers.
