//! One shard of an index: an open-addressed table of 64-bit entries.
//!
//! Probing is linear, so that a lookup and the insertion after it nearly always touch one line of
//! the cache, the one that looking ahead has fetched; a table with its tags and its entries apart
//! touches two. There is no marker for removed entries: those behind one move up.

use prefetch_index::prefetch_index;

/// Slots that most searches end within.
const PROBES: usize = 4;

/// Slots of the smallest table.
const SLOTS_MIN: usize = 8;

/// A shard: tags with positions. A tag is half of a key's hash with its lowest bit set, so that
/// no entry is zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    /// Tag in the low half, position in the high half; zero is a free slot. As many as a power
    /// of two, or none.
    slots: Vec<u64>,
    len: usize,
}

fn tag_of(hash: u64) -> u32 {
    hash as u32 | 1
}

fn tag(entry: u64) -> u32 {
    entry as u32
}

fn position(entry: u64) -> u32 {
    (entry >> 32) as u32
}

impl Shard {
    /// Where a tag belongs if every slot is free.
    fn home(&self, tag: u32) -> usize {
        (tag >> 1) as usize & (self.slots.len() - 1)
    }

    fn next(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// The slot of the entry that has the hash and of whose position `is_sought` holds.
    fn slot_of(&self, hash: u64, is_sought: impl Fn(u32) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let wanted = tag_of(hash);
        let mut slot = self.home(wanted);
        loop {
            match self.slots[slot] {
                0 => return None,
                entry if tag(entry) == wanted && is_sought(position(entry)) => return Some(slot),
                _ => slot = self.next(slot),
            }
        }
    }

    /// The position that has the hash and of which `is_sought` holds.
    pub(super) fn find(&self, hash: u64, is_sought: impl Fn(u32) -> bool) -> Option<u32> {
        let slot = self.slot_of(hash, is_sought)?;
        Some(position(self.slots[slot]))
    }

    /// Asks for the memory where a search for the hash begins, and goes on if it is long.
    pub(super) fn prefetch(&self, hash: u64) {
        if !self.slots.is_empty() {
            let home = self.home(tag_of(hash));
            prefetch_index(&self.slots, home);
            prefetch_index(&self.slots, home + PROBES);
        }
    }

    /// Takes the positions that a search for the hash most likely ends at, which are read from the
    /// slots that [`Shard::prefetch`] asks for.
    pub(super) fn likely(&self, hash: u64, mut take: impl FnMut(u32)) {
        if self.slots.is_empty() {
            return;
        }
        let wanted = tag_of(hash);
        let mut slot = self.home(wanted);
        for _ in 0..PROBES {
            let entry = self.slots[slot];
            if tag(entry) == wanted {
                take(position(entry));
            }
            slot = self.next(slot);
        }
    }

    /// Enters a position.
    pub(super) fn insert(&mut self, hash: u64, position: u32) {
        // At three quarters a search that fails looks at eight slots, one line, on average.
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.put(u64::from(position) << 32 | u64::from(tag_of(hash)));
        self.len += 1;
    }

    fn put(&mut self, entry: u64) {
        let mut slot = self.home(tag(entry));
        while self.slots[slot] != 0 {
            slot = self.next(slot);
        }
        self.slots[slot] = entry;
    }

    #[cold]
    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            self.put(entry);
        }
    }

    /// Removes the entry with the hash and the position; false if there is none.
    pub(super) fn remove(&mut self, hash: u64, position: u32) -> bool {
        let Some(mut free) = self.slot_of(hash, |other| other == position) else {
            return false;
        };
        let mut slot = self.next(free);
        while self.slots[slot] != 0 {
            // An entry may move up if its home does not lie behind the free slot.
            let home = self.home(tag(self.slots[slot]));
            let mask = self.slots.len() - 1;
            if (slot.wrapping_sub(home) & mask) >= (slot.wrapping_sub(free) & mask) {
                self.slots[free] = self.slots[slot];
                free = slot;
            }
            slot = self.next(slot);
        }
        self.slots[free] = 0;
        self.len -= 1;
        true
    }

    /// Heap bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Hashes are few and lie close to each other, also across the end of the table, so that
        /// runs of entries form, wrap around and are taken apart again.
        #[test]
        fn a_shard_finds_what_a_list_holds(
            steps in prop::collection::vec((any::<bool>(), 0_u64..24, 0_u32..6), 1..200),
        ) {
            let mut shard = Shard::default();
            let mut list: Vec<(u64, u32)> = Vec::new();
            for (enter, n, position) in steps {
                let hash = (n.wrapping_sub(12)) << 1;
                let there = list.iter().position(|entry| *entry == (hash, position));
                match (enter, there) {
                    (true, None) => {
                        shard.insert(hash, position);
                        list.push((hash, position));
                    }
                    (false, found) => {
                        prop_assert_eq!(shard.remove(hash, position), found.is_some());
                        if let Some(i) = found {
                            list.swap_remove(i);
                        }
                    }
                    (true, Some(_)) => {}
                }
                for (hash, position) in &list {
                    prop_assert_eq!(shard.find(*hash, |p| p == *position), Some(*position));
                }
                prop_assert_eq!(shard.len, list.len());
                let held = shard.slots.iter().filter(|entry| **entry != 0).count();
                prop_assert_eq!(held, list.len());
            }
        }
    }
}
