//! Who leads a ledger whose database several nodes share.
//!
//! The lease is one row with a counter, the beat. A leader moves the beat on several times within
//! a term; whoever has watched it stand still for a whole term may put itself in the row. Nobody's
//! clock is compared with anybody else's: the leader counts from before it sends a beat, a watcher
//! from after it has read one, and a change is made only to the beat that was read. Writes do not
//! depend on this: the fence of the journal lets in one writer whatever the lease says.

use async_trait::async_trait;

use super::store::StoreError;

/// A node that leads or would.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The node; the same after a restart on the same data folder.
    pub node: [u8; 16],
    /// Where other nodes reach it, like `http://10.0.0.5:8080`; empty if it serves nobody.
    pub address: String,
    /// What marks a request as passed on by another node of the same database.
    pub secret: String,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// The lease as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Grows with every change.
    pub beat: u64,
    /// False if the leader has let go.
    pub held: bool,
    /// Who leads, or has led last.
    pub leader: Candidate,
}

/// The lease of a database.
#[async_trait]
pub trait Lease: Send + Sync {
    /// The lease as it stands; `None` if nobody has ever led.
    async fn look(&self) -> Result<Option<LeaseRow>, StoreError>;

    /// Writes the lease if its beat still is the one that was read, `None` for no row at all: moves
    /// the beat on by one and answers true. After an error it is unknown whether it was written.
    async fn write(
        &self,
        read: Option<u64>,
        leader: &Candidate,
        held: bool,
    ) -> Result<bool, StoreError>;
}
