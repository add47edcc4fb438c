//! The journal: what happened, in order, as bytes that can be proved.

pub mod codec;
