//! Containers of the state. Each keeps its own undo log while a scope is open, so that a scope
//! costs one branch per change outside of it and a rollback inside of it is exact.
//!
//! Tables grow by segments and lookup indexes by shards: no insertion ever moves the whole.

mod index;
mod keyed;
mod ordered;
mod shard;
mod slot;
mod slots;
mod table;

pub use index::{Hash128, Index};
pub use keyed::Keyed;
pub use ordered::Ordered;
pub use slot::Slot;
pub use slots::Slots;
pub use table::{Table, each_row};

/// A container that can undo what happened since a scope was opened. Scopes nest.
pub trait Scoped {
    /// Opens a scope.
    fn open(&mut self);
    /// Closes the innermost scope and keeps its changes.
    fn commit(&mut self);
    /// Closes the innermost scope and undoes its changes.
    fn rollback(&mut self);
}

/// Undo records of one container with the marks of its open scopes.
#[derive(Clone, Debug)]
struct UndoLog<U> {
    records: Vec<U>,
    marks: Vec<usize>,
}

impl<U> Default for UndoLog<U> {
    fn default() -> Self {
        UndoLog {
            records: Vec::new(),
            marks: Vec::new(),
        }
    }
}

impl<U> UndoLog<U> {
    fn is_recording(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Keeps a record if a scope is open.
    fn record(&mut self, undo: impl FnOnce() -> U) {
        if self.is_recording() {
            self.records.push(undo());
        }
    }

    fn open(&mut self) {
        self.marks.push(self.records.len());
    }

    fn commit(&mut self) {
        self.marks.pop().expect("commit closes an open scope");
        if self.marks.is_empty() {
            self.records.clear();
        }
    }

    /// The records of the innermost scope, newest first; the scope is closed.
    fn take(&mut self) -> impl Iterator<Item = U> + use<U> {
        let mark = self.marks.pop().expect("rollback closes an open scope");
        self.records.split_off(mark).into_iter().rev()
    }
}
