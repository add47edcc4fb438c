//! A single value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scoped, UndoLog};

/// A single value that a rollback restores.
#[derive(Clone, Debug)]
pub struct Slot<T> {
    value: T,
    undo: UndoLog<T>,
}

impl<T> Slot<T> {
    /// A slot with its first value.
    pub fn new(value: T) -> Slot<T> {
        Slot {
            value,
            undo: UndoLog::default(),
        }
    }

    /// Sets the value.
    pub fn set(&mut self, value: T) {
        let old = std::mem::replace(&mut self.value, value);
        self.undo.record(|| old);
    }
}

impl<T> std::ops::Deref for Slot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Scoped for Slot<T> {
    fn open(&mut self) {
        self.undo.open();
    }

    fn commit(&mut self) {
        self.undo.commit();
    }

    fn rollback(&mut self) {
        for old in self.undo.take() {
            self.value = old;
        }
    }
}

impl<T: Serialize> Serialize for Slot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Slot<T>, D::Error> {
        Ok(Slot::new(T::deserialize(deserializer)?))
    }
}
