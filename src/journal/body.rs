//! The body of a row: the leaves of one batch, one frame each.
//!
//! A frame is `length: u32 LE ‖ crc32c(leaf): u32 LE ‖ leaf`. The root alone would name a damaged
//! batch; the CRC names the event. It guards against accidents only: the root is what nobody can
//! forge.

/// Longest leaf in bytes. The C2SP tile format counts entries in 16 bits; 60,000 leaves room for
/// its own framing.
pub const LEAF_BYTES_MAX: usize = 60_000;
/// Bytes of a frame before its leaf.
pub const FRAME_HEADER_BYTES: usize = 8;

/// A leaf that cannot be framed: empty, or longer than [`LEAF_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a leaf of {length} bytes, where 1 to {LEAF_BYTES_MAX} are allowed")]
pub struct LeafLengthError {
    /// Bytes of the refused leaf.
    pub length: usize,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// The body ends within the frame.
    #[error("is cut off")]
    Cut,
    /// The length is 0 or beyond [`LEAF_BYTES_MAX`].
    #[error("has an impossible length")]
    Length,
    /// The checksum does not belong to the leaf.
    #[error("has a wrong checksum")]
    Checksum,
}

/// The first bad frame of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame {index} {fault}")]
pub struct FrameError {
    /// Position of the frame in the body, from 0; the event is `first_seq + index`.
    pub index: u64,
    /// What is wrong with it.
    pub fault: FrameFault,
}

/// Collects the leaves of one batch. Keeps its memory from batch to batch when cleared.
#[derive(Debug, Default)]
pub struct BodyWriter {
    bytes: Vec<u8>,
    count: u64,
}

impl BodyWriter {
    /// A writer with room for this many bytes.
    pub fn with_capacity(bytes: usize) -> BodyWriter {
        BodyWriter {
            bytes: Vec::with_capacity(bytes),
            count: 0,
        }
    }

    /// Appends the leaf that `write` adds to the buffer; returns its bytes. `write` must only
    /// append. A leaf of a forbidden length is taken back.
    pub fn push_with(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<&[u8], LeafLengthError> {
        let frame = self.bytes.len();
        self.bytes.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        let start = self.bytes.len();
        write(&mut self.bytes);
        let length = self.bytes.len() - start;
        if length == 0 || length > LEAF_BYTES_MAX {
            self.bytes.truncate(frame);
            return Err(LeafLengthError { length });
        }
        let crc = crc32c::crc32c(&self.bytes[start..]);
        let written = u32::try_from(length).expect("at most LEAF_BYTES_MAX");
        self.bytes[frame..frame + 4].copy_from_slice(&written.to_le_bytes());
        self.bytes[frame + 4..start].copy_from_slice(&crc.to_le_bytes());
        self.count += 1;
        Ok(&self.bytes[start..])
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: &[u8]) -> Result<(), LeafLengthError> {
        self.push_with(|bytes| bytes.extend_from_slice(leaf))
            .map(|_| ())
    }

    /// The frames so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of leaves so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Cuts the body back to an earlier length and number of leaves, both as they were given by
    /// [`BodyWriter::as_bytes`] and [`BodyWriter::count`].
    pub fn truncate(&mut self, bytes: usize, count: u64) {
        self.bytes.truncate(bytes);
        self.count = count;
    }

    /// Empties the writer and keeps its memory.
    pub fn clear(&mut self) {
        self.truncate(0, 0);
    }

    /// Takes the body out and leaves an empty writer with the memory of `reuse`, usually the body
    /// of a row that is no longer needed.
    pub fn take(&mut self, mut reuse: Vec<u8>) -> Vec<u8> {
        reuse.clear();
        self.count = 0;
        std::mem::replace(&mut self.bytes, reuse)
    }
}

/// Iterates over the leaves of a body and ends after the first bad frame.
pub fn frames(body: &[u8]) -> Frames<'_> {
    Frames {
        rest: body,
        index: 0,
    }
}

/// See [`frames`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    index: u64,
}

impl<'a> Frames<'a> {
    fn read(&self) -> Result<(&'a [u8], &'a [u8]), FrameFault> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or(FrameFault::Cut)?;
        let (crc, rest) = rest.split_first_chunk::<4>().ok_or(FrameFault::Cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        if length == 0 || length > LEAF_BYTES_MAX {
            return Err(FrameFault::Length);
        }
        let (leaf, rest) = rest.split_at_checked(length).ok_or(FrameFault::Cut)?;
        if crc32c::crc32c(leaf) != u32::from_le_bytes(*crc) {
            return Err(FrameFault::Checksum);
        }
        Ok((leaf, rest))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let index = self.index;
        self.index += 1;
        match self.read() {
            Ok((leaf, rest)) => {
                self.rest = rest;
                Some(Ok(leaf))
            }
            Err(fault) => {
                self.rest = &[];
                Some(Err(FrameError { index, fault }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(leaves: &[&[u8]]) -> Vec<u8> {
        let mut writer = BodyWriter::default();
        for leaf in leaves {
            writer.push(leaf).expect("a leaf of allowed length");
        }
        assert_eq!(writer.count(), leaves.len() as u64);
        writer.take(Vec::new())
    }

    fn read(body: &[u8]) -> Result<Vec<&[u8]>, FrameError> {
        frames(body).collect()
    }

    #[test]
    fn leaves_come_back_as_written() {
        let long = vec![7; LEAF_BYTES_MAX];
        let leaves: [&[u8]; 3] = [b"one", &long, b"three"];
        assert_eq!(read(&body(&leaves)), Ok(leaves.to_vec()));
        assert_eq!(read(&[]), Ok(Vec::new()));
    }

    #[test]
    fn a_frame_is_length_then_crc32c_then_leaf() {
        // The check value of CRC-32C for the nine digits is 0xe3069283.
        let expected = [
            &[9, 0, 0, 0, 0x83, 0x92, 0x06, 0xe3],
            b"123456789".as_slice(),
        ]
        .concat();
        assert_eq!(body(&[b"123456789"]), expected);
    }

    #[test]
    fn a_leaf_of_forbidden_length_is_refused_and_leaves_no_trace() {
        let mut writer = BodyWriter::with_capacity(64);
        writer.push(b"one").expect("a short leaf");
        let before = writer.as_bytes().to_vec();
        assert_eq!(writer.push(b""), Err(LeafLengthError { length: 0 }));
        let length = LEAF_BYTES_MAX + 1;
        assert_eq!(
            writer.push(&vec![0; length]),
            Err(LeafLengthError { length })
        );
        assert_eq!((writer.as_bytes(), writer.count()), (before.as_slice(), 1));
    }

    #[test]
    fn any_changed_bit_is_found_and_its_frame_named() {
        let whole = body(&[b"one", b"two", b"three"]);
        let ends = [11_usize, 22, 35];
        for bit in 0..whole.len() * 8 {
            let mut bad = whole.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let error = read(&bad).expect_err("a changed bit");
            let index = ends.iter().position(|end| bit / 8 < *end).expect("within") as u64;
            assert_eq!(error.index, index, "bit {bit}");
        }
    }

    #[test]
    fn a_body_cut_within_a_frame_is_found() {
        let whole = body(&[b"one", b"two"]);
        for length in 12..whole.len() {
            let error = read(&whole[..length]).expect_err("cut");
            let fault = FrameFault::Cut;
            assert_eq!(error, FrameError { index: 1, fault });
        }
    }

    #[test]
    fn leaves_after_a_mark_can_be_cut_off_again() {
        let mut writer = BodyWriter::default();
        writer.push(b"kept").expect("a short leaf");
        let (bytes, count) = (writer.as_bytes().len(), writer.count());
        writer.push(b"cut off").expect("a short leaf");
        writer.truncate(bytes, count);
        assert_eq!(writer.as_bytes(), body(&[b"kept"]));
        assert_eq!(writer.count(), 1);
    }
}
