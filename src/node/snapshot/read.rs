//! Reads the rows of a snapshot frame by frame: memory is what a start waits for most, and so no
//! more is asked for than the state takes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crossbeam_channel::{Receiver, unbounded};
use postcard::de_flavors::Flavor;
use sha2::{Digest as _, Sha256};

use super::{MAGIC, SnapshotError, unreadable};
use crate::engine::{State, StatePart};

/// Most bytes of a frame that are believed.
const FRAME_BYTES_MAX: usize = 16 << 20;

/// Threads that read parts.
const READERS: usize = 2;

pub(super) const SHORT: SnapshotError = SnapshotError::Unusable("it ends early");

/// The frames of a file, which are large enough to be read one by one.
pub(super) struct Frames(File);

impl Frames {
    pub(super) fn open(path: &Path) -> Result<Frames, SnapshotError> {
        let mut file = File::open(path)?;
        let mut magic = [0; 8];
        file.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(SnapshotError::Unusable("it is no snapshot of this version"));
        }
        Ok(Frames(file))
    }

    /// The same file from a place on.
    fn at(path: &Path, place: u64) -> Result<Frames, SnapshotError> {
        let mut frames = Frames::open(path)?;
        frames.0.seek(SeekFrom::Start(place))?;
        Ok(frames)
    }

    /// Length and checksum of the next frame.
    fn next(&mut self) -> Result<(usize, u32), SnapshotError> {
        let mut eight = [0; 8];
        self.0.read_exact(&mut eight)?;
        let [length, checksum] = [0, 4].map(|at| {
            let four = [eight[at], eight[at + 1], eight[at + 2], eight[at + 3]];
            u32::from_le_bytes(four)
        });
        if length as usize > FRAME_BYTES_MAX {
            return Err(SnapshotError::Unusable("a length in it is impossible"));
        }
        Ok((length as usize, checksum))
    }

    /// The next frame.
    pub(super) fn frame(&mut self) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = Vec::new();
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the next frame in place of the one before; false if it is an empty one.
    fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, SnapshotError> {
        let (length, checksum) = self.next()?;
        frame.clear();
        (&self.0).take(length as u64).read_to_end(frame)?;
        if frame.len() < length {
            return Err(SHORT);
        }
        if crc32c::crc32c(frame) != checksum {
            return Err(SnapshotError::Unusable("a checksum in it does not hold"));
        }
        Ok(length > 0)
    }

    /// Passes over all frames up to an empty one; answers their bytes.
    fn pass(&mut self) -> Result<u64, SnapshotError> {
        let mut bytes = 0;
        loop {
            let (length, _) = self.next()?;
            if length == 0 {
                return Ok(bytes);
            }
            bytes += length as u64;
            self.0
                .seek_relative(i64::try_from(length).unwrap_or(i64::MAX))?;
        }
    }

    /// The name of the next part.
    fn name(&mut self, part: StatePart) -> Result<(), SnapshotError> {
        if self.frame()? != part.as_str().as_bytes() {
            return Err(SnapshotError::Unusable("a part is missing"));
        }
        Ok(())
    }
}

/// A part: where its rows begin, and how many bytes they are.
struct Place {
    part: StatePart,
    begin: u64,
    bytes: u64,
}

/// Where the parts are, the largest first, and the hash that their rows have.
fn places(file: &mut Frames) -> Result<(Vec<Place>, Vec<u8>), SnapshotError> {
    let mut places = Vec::new();
    for part in StatePart::ALL {
        file.name(*part)?;
        let begin = file.0.stream_position()?;
        let bytes = file.pass()?;
        places.push(Place {
            part: *part,
            begin,
            bytes,
        });
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.bytes));
    Ok((places, file.frame()?))
}

/// Reads the parts behind the header on threads, each into a state of its own; a further one hashes
/// the rows meanwhile, all in the order of the file.
pub(super) fn read(path: &Path, mut file: Frames) -> Result<State, SnapshotError> {
    let begin = file.0.stream_position()?;
    let (places, wanted) = places(&mut file)?;
    let (parts, unread) = unbounded();
    for place in places {
        parts.send(place).map_err(|_| SnapshotError::Thread)?;
    }
    drop(parts);
    std::thread::scope(|scope| {
        let reader = || scope.spawn(|| read_parts(path, &unread));
        let readers: Vec<_> = std::iter::repeat_with(reader).take(READERS).collect();
        let hasher = scope.spawn(move || hash(Frames::at(path, begin)?));
        let mut state = State::empty();
        for reader in readers {
            let (mut half, parts) = reader.join().map_err(|_| SnapshotError::Thread)??;
            for part in parts {
                state.adopt(part, &mut half);
            }
        }
        state.complete();
        let hash = hasher.join().map_err(|_| SnapshotError::Thread)??;
        if wanted != hash {
            return Err(SnapshotError::Unusable("its parts do not have its hash"));
        }
        Ok(state)
    })
}

/// The hash of all rows.
fn hash(mut file: Frames) -> Result<[u8; 32], SnapshotError> {
    let mut hash = Sha256::new();
    let mut frame = Vec::new();
    for part in StatePart::ALL {
        file.name(*part)?;
        while file.read(&mut frame)? {
            hash.update(&frame);
        }
    }
    Ok(hash.finalize().into())
}

fn read_parts(
    path: &Path,
    parts: &Receiver<Place>,
) -> Result<(State, Vec<StatePart>), SnapshotError> {
    let mut state = State::empty();
    let mut read = Vec::new();
    for place in parts {
        let rows = Rows::new(Frames::at(path, place.begin)?);
        let mut deserializer = postcard::Deserializer::from_flavor(rows);
        let decoded = state.read_part(place.part, &mut deserializer);
        let rows = deserializer.finalize().map_err(unreadable)?;
        rows.end(decoded)?;
        read.push(place.part);
    }
    Ok((state, read))
}

/// The rows of a part as bytes to decode.
struct Rows {
    frames: Frames,
    frame: Vec<u8>,
    /// How much of the frame was taken.
    taken: usize,
    /// Bytes asked for together that lie in several frames.
    joined: Vec<u8>,
    /// The empty frame was read.
    ended: bool,
    /// Why the file cannot be read, which the decoder has no words for.
    fault: Option<SnapshotError>,
}

impl Rows {
    fn new(frames: Frames) -> Rows {
        Rows {
            frames,
            frame: Vec::new(),
            taken: 0,
            joined: Vec::new(),
            ended: false,
            fault: None,
        }
    }

    /// Goes on to the next frame.
    fn advance(&mut self) -> postcard::Result<()> {
        let none = Err(postcard::Error::DeserializeUnexpectedEnd);
        if self.ended || self.fault.is_some() {
            return none;
        }
        self.taken = 0;
        match self.frames.read(&mut self.frame) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.ended = true;
                none
            }
            Err(fault) => {
                self.frame.clear();
                self.fault = Some(fault);
                none
            }
        }
    }

    /// What is wrong with the rows, now that they were decoded.
    fn end(mut self, decoded: postcard::Result<()>) -> Result<(), SnapshotError> {
        if decoded.is_ok() && (self.taken < self.frame.len() || self.advance().is_ok()) {
            return Err(SnapshotError::Unusable("a part has a rest"));
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => decoded.map_err(unreadable),
        }
    }
}

impl Flavor<'static> for Rows {
    type Remainder = Rows;
    type Source = ();

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        loop {
            if let Some(byte) = self.frame.get(self.taken) {
                self.taken += 1;
                return Ok(*byte);
            }
            self.advance()?;
        }
    }

    /// Nothing of the state borrows from what it is read from.
    fn try_take_n(&mut self, _: usize) -> postcard::Result<&'static [u8]> {
        Err(postcard::Error::WontImplement)
    }

    #[inline]
    fn try_take_n_temp<'a>(&'a mut self, count: usize) -> postcard::Result<&'a [u8]>
    where
        'static: 'a,
    {
        if count <= self.frame.len() - self.taken {
            let from = self.taken;
            self.taken += count;
            return Ok(&self.frame[from..self.taken]);
        }
        self.joined.clear();
        while self.joined.len() < count {
            if self.taken == self.frame.len() {
                self.advance()?;
            }
            let missing = count - self.joined.len();
            let end = self.frame.len().min(self.taken.saturating_add(missing));
            self.joined.extend_from_slice(&self.frame[self.taken..end]);
            self.taken = end;
        }
        Ok(&self.joined)
    }

    fn finalize(self) -> postcard::Result<Rows> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;

    use super::super::write_frame;
    use super::*;

    type Row = (u64, String, Option<i32>, [u8; 3]);

    fn rows() -> Vec<Row> {
        let row = |n: u64| {
            let text = "券".repeat(n as usize % 23);
            (
                n << (n % 50),
                text,
                n.is_multiple_of(3).then_some(-5),
                [n as u8; 3],
            )
        };
        (0..200).map(row).collect()
    }

    /// A file with these bytes in frames of a length, and whatever comes after them.
    fn file(bytes: &[u8], length: usize, behind: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let mut out = MAGIC.to_vec();
        for frame in bytes.chunks(length) {
            write_frame(&mut out, frame).expect("written");
        }
        out.extend_from_slice(behind);
        std::io::Write::write_all(&mut file, &out).expect("written");
        file
    }

    fn decoded(file: &tempfile::NamedTempFile) -> Result<Vec<Row>, SnapshotError> {
        let rows = Rows::new(Frames::open(file.path())?);
        let mut deserializer = postcard::Deserializer::from_flavor(rows);
        let (decoded, told) = match Vec::<Row>::deserialize(&mut deserializer) {
            Ok(rows) => (Some(rows), Ok(())),
            Err(error) => (None, Err(error)),
        };
        deserializer.finalize().map_err(unreadable)?.end(told)?;
        Ok(decoded.expect("no error"))
    }

    #[test]
    fn rows_are_read_wherever_they_are_cut() {
        let bytes = postcard::to_stdvec(&rows()).expect("encoded");
        let end = [0; 8];
        for length in [1, 2, 3, 7, 100, bytes.len() - 1, bytes.len()] {
            let read = decoded(&file(&bytes, length, &end)).expect("rows");
            assert_eq!(read, rows(), "frames of {length}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_file_is_told_and_not_what_the_decoder_made_of_it() {
        let bytes = postcard::to_stdvec(&rows()).expect("encoded");
        let (short, end) = (&bytes[..bytes.len() - 1], [0; 8]);
        let longer = [&bytes[..], &[0]].concat();
        let told = |bytes: &[u8], length, behind: &[u8]| {
            let read = decoded(&file(bytes, length, behind));
            read.expect_err("a fault").to_string()
        };
        assert_eq!(told(&longer, 7, &end), "a part has a rest");
        assert_eq!(told(&longer, bytes.len(), &end), "a part has a rest");
        assert_eq!(told(short, 7, &end), "a part of it cannot be decoded");
        let bent = [1, 0, 0, 0, 9, 9, 9, 9, 0];
        let checksum = "a checksum in it does not hold";
        assert_eq!(told(short, 7, &bent), checksum);
        let file_ends = "the file cannot be read or written";
        assert_eq!(told(short, 7, &[]), file_ends);
        assert_eq!(told(&bytes, 7, &[]), file_ends);
        assert_eq!(
            told(short, 7, &[9, 0, 0, 0, 0, 0, 0, 0, 1]),
            "it ends early"
        );
        assert_eq!(told(short, 7, &[0xff; 8]), "a length in it is impossible");
    }
}
