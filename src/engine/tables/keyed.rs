//! Rows that are found by a 64-bit key and made when they are first asked for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Index, Scoped, Table};

/// Rows by 64-bit key, kept in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Keyed<V: Clone> {
    rows: Table<(u64, V)>,
    index: Index,
}

impl<V: Clone + Default> Keyed<V> {
    /// The position of the row with this key.
    pub fn position(&self, key: u64) -> Option<usize> {
        let found = self.index.find(self.index.hash(&key), |position| {
            self.rows
                .get(position as usize)
                .is_some_and(|row| row.0 == key)
        });
        found.map(|position| position as usize)
    }

    /// The row with this key.
    pub fn get(&self, key: u64) -> Option<&V> {
        self.position(key).map(|position| &self.rows[position].1)
    }

    /// The row at a position.
    pub fn at(&self, position: usize) -> &V {
        &self.rows[position].1
    }

    /// Asks for the memory of the row at a position.
    pub fn prefetch_at(&self, position: usize) {
        self.rows.prefetch(position);
    }

    /// Asks for the memory where a key would stand.
    pub fn prefetch(&self, key: u64) {
        self.index.prefetch(self.index.hash(&key));
    }

    /// Asks for the memory of the row with a key, whose index entry is to be near.
    pub fn prefetch_row(&self, key: u64) {
        let hash = self.index.hash(&key);
        self.index
            .likely(hash, |position| self.rows.prefetch(position as usize));
    }

    /// The key of the row at a position.
    pub fn key_at(&self, position: usize) -> u64 {
        self.rows[position].0
    }

    /// The position of the row with this key, made with its default if it is not there.
    pub fn position_or_insert(&mut self, key: u64) -> usize {
        if let Some(position) = self.position(key) {
            return position;
        }
        let position = self.rows.push((key, V::default()));
        let narrow = u32::try_from(position).expect("a table holds fewer than 2^32 rows");
        self.index.insert(self.index.hash(&key), narrow);
        position
    }

    /// Changes the row with this key, made with its default if it is not there.
    pub fn update(&mut self, key: u64, change: impl FnOnce(&mut V)) {
        let position = self.position_or_insert(key);
        self.update_at(position, change);
    }

    /// Changes the row at a position.
    pub fn update_at(&mut self, position: usize, change: impl FnOnce(&mut V)) {
        self.rows.update(position, |row| change(&mut row.1));
    }

    /// All rows with their keys, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.rows.iter().map(|(key, row)| (*key, row))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Heap bytes held by rows and index.
    pub fn heap_bytes(&self) -> usize {
        self.rows.heap_bytes() + self.index.heap_bytes()
    }
}

impl<V: Clone> Scoped for Keyed<V> {
    fn open(&mut self) {
        self.rows.open();
        self.index.open();
    }

    fn commit(&mut self) {
        self.rows.commit();
        self.index.commit();
    }

    fn rollback(&mut self) {
        self.rows.rollback();
        self.index.rollback();
    }
}

impl<V: Clone + Serialize> Serialize for Keyed<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, V: Clone + Deserialize<'de>> Deserialize<'de> for Keyed<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keyed<V>, D::Error> {
        let rows: Table<(u64, V)> = Table::deserialize(deserializer)?;
        let mut index = Index::default();
        for (position, (key, _)) in (0_u32..).zip(rows.iter()) {
            index.insert(index.hash(key), position);
        }
        Ok(Keyed { rows, index })
    }
}
