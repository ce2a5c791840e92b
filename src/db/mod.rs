//! The journal and its projections.

/// The store's database: cheap to clone.
#[derive(Clone)]
pub struct Db {}
