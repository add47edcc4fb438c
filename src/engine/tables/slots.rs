//! Positions by dense number: an index for keys that count up from zero.

use super::Scoped;

/// Numbers of one page: 4 KiB of positions.
const PAGE: usize = 1024;

/// Where the row of a number stands, in lists that are told apart by a small number of their
/// own. A lookup is three reads and no hash; a page is made when its first number is set.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    lists: Vec<Vec<Box<[u32]>>>,
    /// Set while a scope is open, to be cleared by a rollback.
    set: Vec<(u32, u32)>,
    marks: Vec<usize>,
}

impl Slots {
    /// The position of a number of a list.
    pub fn get(&self, list: usize, number: u32) -> Option<u32> {
        let number = number as usize;
        let page = self.lists.get(list)?.get(number / PAGE)?;
        // A page that nothing was set in is empty.
        page.get(number % PAGE)?.checked_sub(1)
    }

    /// Sets the position of a number that has none.
    pub fn set(&mut self, list: u32, number: u32, position: u32) {
        self.put(list, number, position.wrapping_add(1));
        if !self.marks.is_empty() {
            self.set.push((list, number));
        }
    }

    fn put(&mut self, list: u32, number: u32, value: u32) {
        let (list, number) = (list as usize, number as usize);
        if self.lists.len() <= list {
            self.lists.resize_with(list + 1, Vec::new);
        }
        let pages = &mut self.lists[list];
        if pages.len() <= number / PAGE {
            pages.resize_with(number / PAGE + 1, Box::default);
        }
        let page = &mut pages[number / PAGE];
        if page.is_empty() {
            *page = vec![0; PAGE].into_boxed_slice();
        }
        page[number % PAGE] = value;
    }

    /// Heap bytes held by lists and pages.
    pub fn heap_bytes(&self) -> usize {
        let pages = || self.lists.iter().flatten();
        self.lists.capacity() * size_of::<Vec<Box<[u32]>>>()
            + pages().count() * size_of::<Box<[u32]>>()
            + pages()
                .map(|page| page.len() * size_of::<u32>())
                .sum::<usize>()
    }
}

impl Scoped for Slots {
    fn open(&mut self) {
        self.marks.push(self.set.len());
    }

    fn commit(&mut self) {
        self.marks.pop().expect("commit closes an open scope");
        if self.marks.is_empty() {
            self.set.clear();
        }
    }

    fn rollback(&mut self) {
        let mark = self.marks.pop().expect("rollback closes an open scope");
        for (list, number) in self.set.split_off(mark) {
            self.put(list, number, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_position_that_was_set_until_that_is_rolled_back() {
        let mut slots = Slots::default();
        slots.set(3, 70_000, 5);
        slots.open();
        slots.set(3, 0, 0);
        slots.open();
        slots.set(9, 1, 6);
        slots.commit();
        assert_eq!((slots.get(3, 0), slots.get(9, 1)), (Some(0), Some(6)));
        slots.rollback();
        assert_eq!((slots.get(3, 0), slots.get(9, 1)), (None, None));
        assert_eq!(
            (slots.get(3, 70_000), slots.get(3, 70_001)),
            (Some(5), None)
        );
        assert_eq!(slots.get(400, 0), None);
    }
}
