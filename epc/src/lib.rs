//! GS1 identity: what a tag's bits say a piece is.
