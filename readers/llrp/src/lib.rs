//! LLRP: codec, client session and server side as state machines without I/O.
