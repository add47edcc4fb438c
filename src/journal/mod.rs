//! The journal.

mod body;
mod fault;
mod hash;
mod row;
mod sqlite;
mod store;
#[cfg(test)]
mod testing;
mod tree;
pub use body::*;
pub use fault::*;
pub use hash::*;
pub use row::*;
pub use sqlite::*;
pub use store::*;
pub use tree::*;
