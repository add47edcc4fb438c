//! A small ordered map.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scoped, UndoLog};

/// A map that is iterated in key order.
#[derive(Clone, Debug)]
pub struct Ordered<K, V> {
    map: BTreeMap<K, V>,
    undo: UndoLog<(K, Option<V>)>,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Ordered {
            map: BTreeMap::new(),
            undo: UndoLog::default(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Ordered<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.map.get(key)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        if self.undo.is_recording() {
            let old = self.map.insert(key.clone(), value);
            self.undo.record(|| (key, old));
        } else {
            self.map.insert(key, value);
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &K) {
        if let Some(old) = self.map.remove(key) {
            self.undo.record(|| (key.clone(), Some(old)));
        }
    }

    /// The entries whose keys lie in a range, in key order.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.range(range)
    }

    /// All entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.map.first_key_value()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.map.len()
    }
}

impl<K: Ord + Clone, V: Clone> Scoped for Ordered<K, V> {
    fn open(&mut self) {
        self.undo.open();
    }

    fn commit(&mut self) {
        self.undo.commit();
    }

    fn rollback(&mut self) {
        for (key, old) in self.undo.take() {
            match old {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }
}

impl<K: Serialize, V: Serialize> Serialize for Ordered<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Ordered<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ordered<K, V>, D::Error> {
        Ok(Ordered {
            map: BTreeMap::deserialize(deserializer)?,
            undo: UndoLog::default(),
        })
    }
}
