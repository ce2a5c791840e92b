//! The pure core: from observations to who takes what, and what is paid.
