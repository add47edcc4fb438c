//! The journal: rows of leaves, the hash tree over them, and the database they stand in.
//!
//! This level knows bytes only. A leaf is what the event codec writes; here it is framed, hashed,
//! chained, stored and read back.
//!
//! - [`leaf_hash`], [`Frontier`] and the proofs: the RFC 6962 tree over all leaves.
//! - [`BodyWriter`] and [`frames`]: the leaves of a batch in the body of its row.
//! - [`Chain`]: seals new rows and checks stored ones; [`JournalFault`] names what is wrong.
//! - [`Store`] writes, [`StoreReader`] reads; [`SqliteStore`] is both in a data folder,
//!   [`PostgresStore`] on a database server; [`Database`] says which.
//! - [`Lease`]: which of several nodes leads.
//! - [`write_archive`] and [`Archive`]: a whole journal in one file.
//! - [`verify`] and [`check_anchor`]: a stored journal against itself and against its [`Anchor`].
//!
//! What always holds, and the formats in `docs/FORMATS.md` rely on:
//!
//! 1. Events and batches are numbered from 0 without gaps; a row holds at least one event.
//! 2. A row goes in only behind the row it was made for (the fence), and never changes.
//! 3. An append that returned `Ok` is durable; one that returned `Failed` or `Fenced` is not there.
//! 4. Nothing personal is in a leaf: leaves hold [`salted_commitment`]s, whose openings can be
//!    erased.
//!
//! May import `domain`, and sqlx in the stores only.

mod anchor;
mod archive;
mod body;
pub mod codec;
mod fault;
#[doc(hidden)]
pub mod faulty;
mod hash;
mod lease;
mod open;
mod postgres;
mod row;
mod sign_ins;
mod sqlite;
mod store;
mod tree;
mod verify;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub(crate) mod testing;

pub use anchor::{Anchor, AnchorError, AnchorWriter, read_anchor, write_anchor};
pub use archive::{Archive, ArchiveError, ArchiveSummary, write_archive};
pub use body::{
    BodyWriter, FRAME_HEADER_BYTES, FrameError, FrameFault, Frames, LEAF_BYTES_MAX,
    LeafLengthError, frames,
};
pub use fault::JournalFault;
pub use hash::{Digest, HashKind, digest128, empty_root, leaf_hash, node_hash, salted_commitment};
pub use lease::{Candidate, Lease, LeaseRow};
pub use open::{Database, OpenError};
pub(crate) use postgres::{ANSWER, Held};
pub use postgres::{PostgresOptions, PostgresStore, PostgresUrl, PostgresUrlError};
pub use row::{Chain, Row, RowHead, check_link};
pub use sign_ins::{SignIn, SignIns};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store::{
    AppendError, DriverError, LedgerUuid, PrivateKey, PrivateRow, ReadLimit, Store, StoreError,
    StoreReader,
};
pub use tree::{
    Frontier, consistency_proof, inclusion_proof, root_of, verify_consistency, verify_inclusion,
};
pub use verify::{VerifyError, check_anchor, name_closely, verify};
