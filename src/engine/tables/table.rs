//! A dense table: rows are appended and changed in place, never removed.

use std::marker::PhantomData;

use prefetch_index::prefetch_index;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scoped, UndoLog};

/// Rows of one segment. Appending allocates one segment at most, whatever the table's size.
const SEGMENT_ROWS: usize = 4096;

/// A dense table of rows, addressed by position.
#[derive(Clone, Debug)]
pub struct Table<T> {
    segments: Vec<Vec<T>>,
    len: usize,
    undo: UndoLog<(usize, Option<T>)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table {
            segments: Vec::new(),
            len: 0,
            undo: UndoLog::default(),
        }
    }
}

impl<T: Clone> Table<T> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The row at a position.
    pub fn get(&self, position: usize) -> Option<&T> {
        self.segments
            .get(position / SEGMENT_ROWS)?
            .get(position % SEGMENT_ROWS)
    }

    /// Asks for the memory of the row at a position, if there is one; a row of up to 64 bytes
    /// lies on two lines of the cache at most, a longer one is wanted by its ends.
    pub fn prefetch(&self, position: usize) {
        if let Some(segment) = self.segments.get(position / SEGMENT_ROWS) {
            prefetch_index(segment, position % SEGMENT_ROWS);
            prefetch_index(segment, position % SEGMENT_ROWS + 1);
        }
    }

    /// Appends a row and answers its position.
    #[inline(always)] // A row is written where it stays, not copied there.
    pub fn push(&mut self, row: T) -> usize {
        let position = self.len;
        if position.is_multiple_of(SEGMENT_ROWS) {
            self.segments.push(Vec::with_capacity(SEGMENT_ROWS));
        }
        self.segments
            .last_mut()
            .expect("a segment was just made sure of")
            .push(row);
        self.len += 1;
        self.undo.record(|| (position, None));
        position
    }

    /// Changes the row at a position, which must exist.
    pub fn update<R>(&mut self, position: usize, change: impl FnOnce(&mut T) -> R) -> R {
        let row = self
            .segments
            .get_mut(position / SEGMENT_ROWS)
            .and_then(|segment| segment.get_mut(position % SEGMENT_ROWS))
            .expect("only rows that were looked up before are changed");
        self.undo.record(|| (position, Some(row.clone())));
        change(row)
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments.iter().flatten()
    }

    /// Heap bytes held by the segments.
    pub fn heap_bytes(&self) -> usize {
        self.segments.len() * SEGMENT_ROWS * size_of::<T>()
    }
}

impl<T: Clone> std::ops::Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, position: usize) -> &T {
        self.get(position)
            .expect("an id is only ever made from a row's position")
    }
}

impl<T: Clone> Scoped for Table<T> {
    fn open(&mut self) {
        self.undo.open();
    }

    fn commit(&mut self) {
        self.undo.commit();
    }

    fn rollback(&mut self) {
        for (position, row) in self.undo.take() {
            let segment = &mut self.segments[position / SEGMENT_ROWS];
            match row {
                Some(row) => segment[position % SEGMENT_ROWS] = row,
                None => {
                    segment.pop();
                    if segment.is_empty() {
                        self.segments.pop();
                    }
                    self.len -= 1;
                }
            }
        }
    }
}

impl<T: Clone + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut rows = serializer.serialize_seq(Some(self.len))?;
        for row in self.iter() {
            rows.serialize_element(row)?;
        }
        rows.end()
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Table<T>, D::Error> {
        let mut table = Table::default();
        each_row(deserializer, |row| {
            table.push(row);
        })?;
        Ok(table)
    }
}

/// Takes the rows of a table one by one, as they are read.
///
/// # Errors
/// Those of the deserializer.
pub fn each_row<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    take: impl FnMut(T),
) -> Result<(), D::Error> {
    struct Rows<T, F>(F, PhantomData<T>);
    impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Rows<T, F> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the rows of a table")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
            while let Some(row) = rows.next_element()? {
                (self.0)(row);
            }
            Ok(())
        }
    }
    deserializer.deserialize_seq(Rows(take, PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolled_back_scope_leaves_no_trace_across_a_segment_boundary() {
        let mut table = Table::default();
        for i in 0..SEGMENT_ROWS {
            table.push(i);
        }
        table.open();
        table.update(7, |row| *row = 99);
        table.push(1);
        table.open();
        table.push(2);
        table.update(SEGMENT_ROWS, |row| *row = 5);
        table.rollback();
        assert_eq!((table.len(), table[SEGMENT_ROWS]), (SEGMENT_ROWS + 1, 1));
        table.rollback();
        assert_eq!((table.len(), table[7]), (SEGMENT_ROWS, 7));
        assert_eq!(table.push(3), SEGMENT_ROWS);
    }

    #[test]
    fn a_committed_inner_scope_is_undone_with_the_outer_one() {
        let mut table = Table::default();
        table.open();
        table.open();
        table.push('a');
        table.commit();
        table.rollback();
        assert_eq!(table.len(), 0);
    }
}
