//! Rows on their way into a table, column by column.

use super::changes::Value;
use super::schema::Type;

/// The texts of a column, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// Where each one ends; [`NO_TEXT`] for one that is missing.
    ends: Vec<u32>,
}

/// Stands for a text that is missing: no block of rows holds so many bytes.
const NO_TEXT: u32 = u32::MAX;

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        self.all.push_str(text.unwrap_or_default());
        let end = text.and_then(|_| u32::try_from(self.all.len()).ok());
        self.ends.push(end.unwrap_or(NO_TEXT));
    }

    /// All texts in order.
    pub(super) fn iter(&self) -> TextsIter<'_> {
        TextsIter {
            all: &self.all,
            ends: self.ends.iter(),
            from: 0,
        }
    }

    /// The text of all of them; `None` if they differ.
    fn shared(&self) -> Option<Option<&str>> {
        let mut texts = self.iter();
        let first = texts.next()?;
        texts.all(|text| text == first).then_some(first)
    }
}

/// See [`Texts::iter`].
pub(super) struct TextsIter<'a> {
    all: &'a str,
    ends: std::slice::Iter<'a, u32>,
    from: usize,
}

impl<'a> Iterator for TextsIter<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Option<&'a str>> {
        let end = *self.ends.next()?;
        if end == NO_TEXT {
            return Some(None);
        }
        let text = self.all.get(self.from..end as usize);
        self.from = end as usize;
        Some(text)
    }
}

/// Stands for a number that is missing.
pub(super) const NO_NUMBER: i64 = i64::MIN;

/// The values of one column.
#[derive(Debug)]
pub(super) enum Column {
    Numbers(Vec<i64>),
    Texts(Texts),
}

/// The value that all rows of a column have.
#[derive(PartialEq, Eq)]
enum Shared<'a> {
    Number(i64),
    Text(Option<&'a str>),
}

impl Column {
    /// `None` if rows differ.
    fn shared(&self) -> Option<Shared<'_>> {
        match self {
            Column::Numbers(numbers) => {
                let first = *numbers.first()?;
                let all = numbers.iter().all(|number| *number == first);
                all.then_some(Shared::Number(first))
            }
            Column::Texts(texts) => texts.shared().map(Shared::Text),
        }
    }
}

/// Most rows of a block.
pub(super) const BLOCK: usize = 4_096;

/// Rows of one kind, column by column, in blocks: what grew as a whole would be moved with every
/// growth, each time into memory that the system has to hand out first.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) columns: Vec<Column>,
    pub(super) len: usize,
}

/// Rows of one kind.
#[derive(Debug)]
pub(super) struct Rows {
    types: Box<[Type]>,
    pub(super) blocks: Vec<Block>,
}

impl Rows {
    pub(super) fn new(types: impl Iterator<Item = Type>) -> Rows {
        Rows {
            types: types.collect(),
            blocks: Vec::new(),
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len).sum()
    }

    /// The columns that have one value in all rows, each as a bit.
    pub(super) fn shared(&self) -> u64 {
        let Some(first) = self.blocks.first() else {
            return 0;
        };
        let is_shared = |place: &usize| {
            let value = first.columns.get(*place).and_then(Column::shared);
            let same = |block: &Block| block.columns.get(*place).and_then(Column::shared) == value;
            value.is_some() && self.blocks.iter().all(same)
        };
        let places = (0..self.types.len().min(64)).filter(is_shared);
        places.fold(0, |shared, place| shared | 1 << place)
    }

    pub(super) fn push(&mut self, values: &[Value<'_>]) {
        debug_assert_eq!(values.len(), self.types.len());
        if self.blocks.last().is_none_or(|block| block.len == BLOCK) {
            let full = self.blocks.last().is_some();
            self.blocks.push(Block::new(&self.types, full));
        }
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        for (column, value) in block.columns.iter_mut().zip(values) {
            match (column, value) {
                (Column::Numbers(numbers), Value::Number(number)) => numbers.push(*number),
                (Column::Numbers(numbers), _) => numbers.push(NO_NUMBER),
                (Column::Texts(texts), Value::Text(text)) => texts.push(Some(text)),
                (Column::Texts(texts), _) => texts.push(None),
            }
        }
        block.len += 1;
    }
}

impl Block {
    /// An empty block; after a full one it is made for as many rows.
    fn new(types: &[Type], large: bool) -> Block {
        let rows = if large { BLOCK } else { 0 };
        let column = |kind: &Type| match kind {
            Type::Number => Column::Numbers(Vec::with_capacity(rows)),
            Type::Text => Column::Texts(Texts {
                all: String::with_capacity(rows * 16),
                ends: Vec::with_capacity(rows),
            }),
        };
        Block {
            columns: types.iter().map(column).collect(),
            len: 0,
        }
    }
}
