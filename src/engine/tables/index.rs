//! A lookup index from keys to 32-bit positions; the keys themselves stand in the rows.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shard::Shard;
use super::{Scoped, UndoLog};

/// Shards of one index. A shard grows on its own, so that with ten million keys the largest
/// pause is the rehash of some forty thousand entries of eight bytes.
const SHARDS: usize = 256;

/// A 128-bit key in two words: rows hold it without the 16-byte alignment of `u128`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash128(pub u64, pub u64);

/// Written as its 16 bytes, most significant first: all of them matter, and so a number of varying
/// length would be longer and slower to read.
impl Serialize for Hash128 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&u128::from(*self).to_be_bytes())
    }
}

impl<'de> Deserialize<'de> for Hash128 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash128, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Hash128;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("16 bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Hash128, E> {
                let wrong = |_| E::invalid_length(bytes.len(), &self);
                let bytes = <[u8; 16]>::try_from(bytes).map_err(wrong)?;
                Ok(u128::from_be_bytes(bytes).into())
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

impl From<u128> for Hash128 {
    fn from(key: u128) -> Hash128 {
        Hash128((key >> 64) as u64, key as u64)
    }
}

impl From<Hash128> for u128 {
    fn from(key: Hash128) -> u128 {
        (u128::from(key.0) << 64) | u128::from(key.1)
    }
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Inserted(u64, u32),
    Removed(u64, u32),
}

/// Positions by key. Never iterated: its order depends on a random seed.
#[derive(Clone, Debug)]
pub struct Index {
    hasher: RandomState,
    shards: Vec<Shard>,
    undo: UndoLog<Undo>,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            hasher: RandomState::default(),
            shards: vec![Shard::default(); SHARDS],
            undo: UndoLog::default(),
        }
    }
}

impl Index {
    /// The hash of a key under this index, to be computed once per lookup and insertion.
    pub fn hash(&self, key: &impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The top byte chooses the shard, the low half stands in it.
    fn shard(hash: u64) -> usize {
        (hash >> 56) as usize
    }

    /// The position whose row has the key, as `is_row_of_key` tells.
    pub fn find(&self, hash: u64, is_row_of_key: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[Index::shard(hash)].find(hash, is_row_of_key)
    }

    /// Asks for the memory where a key would stand.
    pub fn prefetch(&self, hash: u64) {
        self.shards[Index::shard(hash)].prefetch(hash);
    }

    /// Takes the positions that a lookup most likely ends at; their index entries are to be near.
    pub fn likely(&self, hash: u64, take: impl FnMut(u32)) {
        self.shards[Index::shard(hash)].likely(hash, take);
    }

    /// Enters a position, once. Rows with the same key are found one at a time, in any order.
    pub fn insert(&mut self, hash: u64, position: u32) {
        self.undo.record(|| Undo::Inserted(hash, position));
        self.shards[Index::shard(hash)].insert(hash, position);
    }

    /// Removes the entry of a position, if there is one.
    pub fn remove(&mut self, hash: u64, position: u32) {
        if self.shards[Index::shard(hash)].remove(hash, position) {
            self.undo.record(|| Undo::Removed(hash, position));
        }
    }

    /// Heap bytes held by the shards.
    pub fn heap_bytes(&self) -> usize {
        self.shards.iter().map(Shard::heap_bytes).sum()
    }
}

impl Scoped for Index {
    fn open(&mut self) {
        self.undo.open();
    }

    fn commit(&mut self) {
        self.undo.commit();
    }

    fn rollback(&mut self) {
        for undo in self.undo.take() {
            match undo {
                Undo::Inserted(hash, position) => {
                    self.shards[Index::shard(hash)].remove(hash, position);
                }
                Undo::Removed(hash, position) => {
                    self.shards[Index::shard(hash)].insert(hash, position);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolled_back_scope_restores_insertions_and_removals() {
        let keys: Vec<Hash128> = (0..10_000_u128).map(Hash128::from).collect();
        let mut index = Index::default();
        let find = |index: &Index, key: usize| {
            index.find(index.hash(&keys[key]), |position| {
                keys[position as usize] == keys[key]
            })
        };
        for (position, key) in keys.iter().enumerate().take(5_000) {
            index.insert(index.hash(key), position as u32);
        }
        index.open();
        for (position, key) in keys.iter().enumerate().skip(5_000) {
            index.insert(index.hash(key), position as u32);
        }
        index.remove(index.hash(&keys[3]), 3);
        assert_eq!((find(&index, 3), find(&index, 9_999)), (None, Some(9_999)));
        index.rollback();
        assert_eq!((find(&index, 3), find(&index, 9_999)), (Some(3), None));
        assert!((0..5_000).all(|key| find(&index, key) == Some(key as u32)));
    }
}
