//! Canonical CBOR (RFC 8949 §4.2.1): the subset that leaves use, written and read strictly.
//!
//! Every item has one spelling: definite lengths, shortest heads, ascending keys. The reader
//! checks this as it goes, so what it accepts would be written with the same bytes again.

use super::Fault;

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;

/// How a personal text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Personal {
    /// As its commitment: in leaves.
    Commitment,
    /// As its value: in fingerprints, where a fresh salt must not matter.
    Value,
}

/// Appends items to a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    personal: Personal,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, personal: Personal) -> Writer<'a> {
        Writer { out, personal }
    }

    pub(super) fn personal(&self) -> Personal {
        self.personal
    }

    #[inline(always)]
    fn head(&mut self, major: u8, number: u64) {
        match number {
            0..=23 => self.out.push(major << 5 | number.to_be_bytes()[7]),
            _ => self.long_head(major << 5, number),
        }
    }

    /// A head whose number follows in 1, 2, 4 or 8 bytes. All 8 are appended and the surplus is
    /// cut off: one copy of a fixed size is faster than one of four sizes.
    #[inline]
    fn long_head(&mut self, major: u8, number: u64) {
        let (info, len) = match number {
            0..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        let [a, b, c, d, e, f, g, h] = (number << (64 - 8 * len)).to_be_bytes();
        let end = self.out.len() + 1 + len;
        let head = [major | info, a, b, c, d, e, f, g, h];
        self.out.extend_from_slice(&head);
        self.out.truncate(end);
    }

    #[inline]
    pub(super) fn uint(&mut self, number: u64) {
        self.head(UINT, number);
    }

    /// The number −1 − `number`.
    #[inline]
    pub(super) fn negative(&mut self, number: u64) {
        self.head(NEGATIVE, number);
    }

    #[inline]
    pub(super) fn int(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.head(UINT, number),
            Err(_) => self.head(NEGATIVE, (!number).cast_unsigned()),
        }
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    pub(super) fn array(&mut self, len: usize) {
        self.head(ARRAY, len as u64);
    }

    #[inline]
    pub(super) fn map(&mut self, len: usize) {
        self.head(MAP, len as u64);
    }

    #[inline]
    pub(super) fn bool(&mut self, value: bool) {
        self.out.push(if value { TRUE } else { FALSE });
    }
}

/// Reads items from a leaf.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn any_head(&mut self) -> Result<(u8, u64), Fault> {
        let (first, rest) = self.rest.split_first().ok_or(Fault::Truncated)?;
        let (major, info) = (first >> 5, first & 31);
        if info < 24 {
            self.rest = rest;
            return Ok((major, u64::from(info)));
        }
        let (number, least, rest) = match info {
            24 => {
                let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
                (u64::from(u8::from_be_bytes(*bytes)), 24, rest)
            }
            25 => {
                let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
                (u64::from(u16::from_be_bytes(*bytes)), 0x100, rest)
            }
            26 => {
                let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
                (u64::from(u32::from_be_bytes(*bytes)), 0x1_0000, rest)
            }
            27 => {
                let (bytes, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
                (u64::from_be_bytes(*bytes), 0x1_0000_0000, rest)
            }
            _ => return Err(Fault::NotCanonical),
        };
        if number < least {
            return Err(Fault::NotCanonical);
        }
        self.rest = rest;
        Ok((major, number))
    }

    #[inline]
    fn head(&mut self, major: u8) -> Result<u64, Fault> {
        match self.any_head()? {
            (found, number) if found == major => Ok(number),
            _ => Err(Fault::WrongType),
        }
    }

    #[inline]
    pub(super) fn uint(&mut self) -> Result<u64, Fault> {
        self.head(UINT)
    }

    /// `(false, n)` for the number n, `(true, n)` for −1 − n.
    #[inline]
    pub(super) fn signed(&mut self) -> Result<(bool, u64), Fault> {
        match self.any_head()? {
            (UINT, number) => Ok((false, number)),
            (NEGATIVE, number) => Ok((true, number)),
            _ => Err(Fault::WrongType),
        }
    }

    #[inline]
    pub(super) fn int(&mut self) -> Result<i64, Fault> {
        let (negative, number) = self.signed()?;
        let number = i64::try_from(number).map_err(|_| Fault::Value("integer"))?;
        Ok(if negative { !number } else { number })
    }

    #[inline]
    fn take(&mut self, len: u64) -> Result<&'a [u8], Fault> {
        let len = usize::try_from(len).map_err(|_| Fault::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let len = self.head(BYTES)?;
        self.take(len)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let len = self.head(TEXT)?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Fault::Value("UTF-8 text"))
    }

    /// Whether the next item is a text; nothing is consumed.
    pub(super) fn is_text(&self) -> bool {
        self.rest.first().is_some_and(|first| first >> 5 == TEXT)
    }

    /// Length of an array whose items take at least one byte each.
    #[inline]
    pub(super) fn array(&mut self) -> Result<usize, Fault> {
        let len = self.head(ARRAY)?;
        match usize::try_from(len) {
            Ok(len) if len <= self.rest.len() => Ok(len),
            _ => Err(Fault::Truncated),
        }
    }

    #[inline]
    pub(super) fn bool(&mut self) -> Result<bool, Fault> {
        let (first, rest) = self.rest.split_first().ok_or(Fault::Truncated)?;
        let value = match *first {
            FALSE => false,
            TRUE => true,
            _ => return Err(Fault::WrongType),
        };
        self.rest = rest;
        Ok(value)
    }

    #[inline]
    pub(super) fn map(&mut self) -> Result<MapReader, Fault> {
        let left = self.head(MAP)?;
        Ok(MapReader { left })
    }
}

/// Asks a map for its known keys in ascending order; whatever is never asked for is an error.
pub(super) struct MapReader {
    left: u64,
}

impl MapReader {
    /// True if the next key is `key`: then its value comes next.
    #[inline]
    pub(super) fn take(&mut self, reader: &mut Reader<'_>, key: u8) -> bool {
        if self.left == 0 {
            return false;
        }
        let rest = match (key, reader.rest) {
            (0..=23, [first, rest @ ..]) if *first == key => rest,
            (24.., [24, second, rest @ ..]) if *second == key => rest,
            _ => return false,
        };
        reader.rest = rest;
        self.left -= 1;
        true
    }

    /// Ends the map: an entry that is left has a key that is unknown, repeated or out of order.
    #[inline]
    pub(super) fn end(&self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        if self.left == 0 {
            return Ok(());
        }
        Err(reader.uint().map_or_else(|fault| fault, Fault::Key))
    }
}
