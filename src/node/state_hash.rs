//! The hash of a state, for comparing two of them.

use sha2::{Digest, Sha256};

use crate::engine::State;

/// SHA-256 over the canonical form of a state (postcard, field by field). Two states that were
/// reached by the same events have the same hash; the lookup indexes, which follow from the rows,
/// are not part of it.
///
/// Cost: some hundred megabytes a second.
pub fn state_hash(state: &State) -> [u8; 32] {
    struct Sink(Sha256);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sink = std::io::BufWriter::with_capacity(1 << 16, Sink(Sha256::new()));
    let sink = postcard::to_io(state, sink).expect("hashing does not fail");
    let sink = sink
        .into_inner()
        .map_err(|_| ())
        .expect("hashing does not fail");
    sink.0.finalize().into()
}
