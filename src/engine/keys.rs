//! Idempotency keys: which command was answered by which events.
//!
//! A key lives for seven days of `recorded_at`; the table is bounded. Rows stand in the order in
//! which they came, so that old ones leave at the front; each new key lets two old ones go, which
//! keeps the table from growing past the live ones without ever stalling.

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tables::{Hash128, Index, Scoped, each_row};
use crate::domain::{RecordedAt, Seq};

/// How long a key is remembered: seven days in seconds.
pub const KEY_LIFE_S: i64 = 7 * 24 * 3600;

/// Most keys at one time: 2²⁵ rows of 48 bytes and their index are about 2 GiB. At 50 new keys a
/// second seven days bring 30 million.
pub const KEYS_MAX: usize = 1 << 25;

/// Rows of one segment.
const SEGMENT_ROWS: usize = 4096;

/// One remembered key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// SHA-256/128 of principal and key.
    pub key: Hash128,
    /// Fingerprint of the command.
    pub fingerprint: Hash128,
    /// First event of the answer.
    pub seq: Seq,
    /// Number of events of the answer.
    pub events: u32,
    /// `recorded_at` in seconds.
    pub recorded_s: u32,
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Pushed,
    Expired(KeyRow),
    Extended,
}

/// The remembered keys.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    segments: VecDeque<Vec<KeyRow>>,
    /// Rows of the first segment that have expired.
    skipped: usize,
    /// Number of rows ever expired, modulo 2³²: the position of the first live row.
    first: u32,
    len: usize,
    index: Index,
    undo: Vec<Undo>,
    marks: Vec<usize>,
}

impl Keys {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    fn offset(&self, position: u32) -> (usize, usize) {
        let place = self.skipped + position.wrapping_sub(self.first) as usize;
        (place / SEGMENT_ROWS, place % SEGMENT_ROWS)
    }

    fn row(&self, position: u32) -> Option<&KeyRow> {
        let (segment, place) = self.offset(position);
        self.segments.get(segment)?.get(place)
    }

    /// The live row of a key at an instant.
    pub fn find(&self, key: u128, now: RecordedAt) -> Option<KeyRow> {
        let key = Hash128::from(key);
        let hash = self.index.hash(&key);
        let position = self.index.find(hash, |position| {
            self.row(position).is_some_and(|r| r.key == key)
        })?;
        let row = *self.row(position)?;
        is_live(&row, seconds(now)).then_some(row)
    }

    /// Asks for the memory where a key would stand.
    pub fn prefetch(&self, key: u128) {
        self.index.prefetch(self.index.hash(&Hash128::from(key)));
    }

    /// Remembers a key. An expired row of the same key is forgotten first.
    pub fn push(&mut self, key: u128, fingerprint: u128, seq: Seq, now: RecordedAt) {
        let recorded_s = seconds(now);
        for _ in 0..2 {
            if self.front().is_some_and(|row| !is_live(&row, recorded_s)) {
                self.expire_front();
            }
        }
        let key = Hash128::from(key);
        let hash = self.index.hash(&key);
        let old = self.index.find(hash, |position| {
            self.row(position).is_some_and(|r| r.key == key)
        });
        if let Some(position) = old {
            self.index.remove(hash, position);
        }
        let position = self.first.wrapping_add(self.len as u32);
        self.put_back(KeyRow {
            key,
            fingerprint: fingerprint.into(),
            seq,
            events: 1,
            recorded_s,
        });
        self.index.insert(hash, position);
        self.record(Undo::Pushed);
    }

    /// Counts one more event to the newest key's answer.
    pub fn extend_last(&mut self) {
        if self.last_mut().map(|row| row.events += 1).is_some() {
            self.record(Undo::Extended);
        }
    }

    /// The live and expired rows in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = &KeyRow> {
        self.segments.iter().flatten().skip(self.skipped)
    }

    /// Heap bytes held by rows and index.
    pub fn heap_bytes(&self) -> usize {
        self.segments.len() * SEGMENT_ROWS * size_of::<KeyRow>() + self.index.heap_bytes()
    }

    fn record(&mut self, undo: Undo) {
        if !self.marks.is_empty() {
            self.undo.push(undo);
        }
    }

    fn front(&self) -> Option<KeyRow> {
        if self.len == 0 {
            None
        } else {
            self.segments.front()?.get(self.skipped).copied()
        }
    }

    fn last_mut(&mut self) -> Option<&mut KeyRow> {
        if self.len == 0 {
            None
        } else {
            self.segments.back_mut()?.last_mut()
        }
    }

    fn put_back(&mut self, row: KeyRow) {
        if self
            .segments
            .back()
            .is_none_or(|segment| segment.len() == SEGMENT_ROWS)
        {
            self.segments.push_back(Vec::with_capacity(SEGMENT_ROWS));
        }
        self.segments
            .back_mut()
            .expect("a segment was just made sure of")
            .push(row);
        self.len += 1;
    }

    fn expire_front(&mut self) {
        let Some(row) = self.front() else { return };
        let hash = self.index.hash(&row.key);
        // The entry may belong to a newer row of the same key: removal is by position.
        self.index.remove(hash, self.first);
        self.first = self.first.wrapping_add(1);
        self.skipped += 1;
        self.len -= 1;
        if self.skipped == SEGMENT_ROWS {
            self.segments.pop_front();
            self.skipped = 0;
        }
        self.record(Undo::Expired(row));
    }

    fn undo_one(&mut self, undo: Undo) {
        match undo {
            Undo::Pushed => {
                let segment = self.segments.back_mut().expect("the row that was pushed");
                segment.pop();
                if segment.is_empty() {
                    self.segments.pop_back();
                }
                self.len -= 1;
            }
            Undo::Extended => {
                self.last_mut().expect("the row that was extended").events -= 1;
            }
            Undo::Expired(row) => {
                if self.skipped == 0 {
                    // Only the place of this row is ever read again before it is filled.
                    self.segments.push_front(vec![row; SEGMENT_ROWS]);
                    self.skipped = SEGMENT_ROWS;
                }
                self.skipped -= 1;
                self.segments.front_mut().expect("just made sure of")[self.skipped] = row;
                self.first = self.first.wrapping_sub(1);
                self.len += 1;
            }
        }
    }
}

fn seconds(at: RecordedAt) -> u32 {
    u32::try_from(at.0.div_euclid(1_000_000)).unwrap_or(0)
}

fn is_live(row: &KeyRow, now_s: u32) -> bool {
    i64::from(now_s) - i64::from(row.recorded_s) <= KEY_LIFE_S
}

impl Scoped for Keys {
    fn open(&mut self) {
        self.marks.push(self.undo.len());
        self.index.open();
    }

    fn commit(&mut self) {
        self.marks.pop().expect("commit closes an open scope");
        if self.marks.is_empty() {
            self.undo.clear();
        }
        self.index.commit();
    }

    fn rollback(&mut self) {
        let mark = self.marks.pop().expect("rollback closes an open scope");
        while self.undo.len() > mark {
            let undo = self.undo.pop().expect("longer than the mark");
            self.undo_one(undo);
        }
        self.index.rollback();
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut rows = serializer.serialize_seq(Some(self.len))?;
        for row in self.iter() {
            rows.serialize_element(row)?;
        }
        rows.end()
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
        let mut keys = Keys::default();
        each_row(deserializer, |row: KeyRow| {
            let hash = keys.index.hash(&row.key);
            // Of two rows of one key the newer one is found.
            let old = keys.index.find(hash, |position| {
                keys.row(position).is_some_and(|other| other.key == row.key)
            });
            if let Some(position) = old {
                keys.index.remove(hash, position);
            }
            let position = keys.len as u32;
            keys.put_back(row);
            keys.index.insert(hash, position);
        })?;
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 24 * 3600 * 1_000_000;

    fn at(day: i64) -> RecordedAt {
        RecordedAt(day * DAY_US)
    }

    #[test]
    fn a_key_is_remembered_for_seven_days_and_not_longer() {
        let mut keys = Keys::default();
        keys.push(1, 10, Seq(5), at(0));
        keys.extend_last();
        assert_eq!(
            keys.find(1, at(7)).map(|row| (row.seq, row.events)),
            Some((Seq(5), 2))
        );
        assert_eq!(keys.find(1, RecordedAt(7 * DAY_US + 1_000_000)), None);
        keys.push(1, 11, Seq(9), at(8));
        assert_eq!(keys.find(1, at(8)).map(|row| row.seq), Some(Seq(9)));
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn expired_keys_leave_at_the_front_and_a_rollback_brings_them_back() {
        let mut keys = Keys::default();
        let rows = SEGMENT_ROWS as u128 + 10;
        for key in 0..rows {
            keys.push(key, 0, Seq(key as u64), at(0));
        }
        let before: Vec<KeyRow> = keys.iter().copied().collect();
        keys.open();
        for key in rows..2 * rows {
            keys.push(key, 0, Seq(key as u64), at(9));
        }
        assert_eq!(keys.len(), rows as usize);
        keys.rollback();
        assert_eq!(keys.iter().copied().collect::<Vec<_>>(), before);
        for key in 0..rows {
            assert_eq!(
                keys.find(key, at(1)).map(|row| row.seq),
                Some(Seq(key as u64))
            );
        }
    }
}
