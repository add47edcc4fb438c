//! What can be wrong with a journal, by name.

use super::body::FrameFault;

/// The first thing found wrong with a journal. Whoever sees one stops: nothing after it can be
/// relied on, and nothing of it may be repaired in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalFault {
    /// Rows are missing: neither the events from `expected_seq` on nor their row are there.
    #[error(
        "gap: batch {expected_batch} with event {expected_seq} should follow, \
         but batch {batch_no} with event {first_seq} does"
    )]
    Gap {
        /// Number of the row that should follow.
        expected_batch: u64,
        /// First event that should follow.
        expected_seq: u64,
        /// Number of the row that follows.
        batch_no: u64,
        /// First event of the row that follows.
        first_seq: u64,
    },
    /// A row repeats part of the events before it.
    #[error("overlap: batch {batch_no} begins with event {first_seq}, not with {expected_seq}")]
    Overlap {
        /// Number of the row.
        batch_no: u64,
        /// Its first event.
        first_seq: u64,
        /// The first event that should follow.
        expected_seq: u64,
    },
    /// A row holds only events that an earlier row held.
    #[error("doubled row: batch {batch_no} repeats events {first_seq} to {last_seq}")]
    DoubledRow {
        /// Number of the second row.
        batch_no: u64,
        /// Its first event.
        first_seq: u64,
        /// Its last event.
        last_seq: u64,
    },
    /// The row that should stand here is there, but in another place.
    #[error(
        "reordered rows: event {seq} should be in batch {expected_batch} \
         and is in batch {found_batch}"
    )]
    Reordered {
        /// First event of the misplaced row.
        seq: u64,
        /// Number the row should have.
        expected_batch: u64,
        /// Number the row has.
        found_batch: u64,
    },
    /// A row does not name the root of the row before it, or the first row is no first row.
    #[error("broken chain: batch {batch_no} does not name the root before it")]
    BrokenChain {
        /// Number of the row.
        batch_no: u64,
    },
    /// A row has a lower epoch than the one before it: a node wrote that was no longer in charge.
    #[error("epoch of batch {batch_no} falls from {previous} to {epoch}")]
    EpochBack {
        /// Number of the row.
        batch_no: u64,
        /// Its epoch.
        epoch: u64,
        /// The epoch of the row before it.
        previous: u64,
    },
    /// The row says it ends before it begins, or holds more or fewer leaves than it says.
    #[error("batch {batch_no} says events {first_seq} to {last_seq} and holds {found} leaves")]
    EventCount {
        /// Number of the row.
        batch_no: u64,
        /// Its first event.
        first_seq: u64,
        /// Its last event, as the row says.
        last_seq: u64,
        /// Number of leaves in its body.
        found: u64,
    },
    /// The leaves of a row do not give its root: a leaf or the root was altered.
    #[error(
        "root mismatch: events {first_seq} to {last_seq} of batch {batch_no} \
         do not give its root"
    )]
    RootMismatch {
        /// Number of the row.
        batch_no: u64,
        /// Its first event.
        first_seq: u64,
        /// Its last event.
        last_seq: u64,
    },
    /// An event is damaged.
    #[error("bad frame: event {seq} in batch {batch_no} {fault}")]
    BadFrame {
        /// Number of the row.
        batch_no: u64,
        /// The damaged event.
        seq: u64,
        /// What is wrong with its frame.
        fault: FrameFault,
    },
    /// The journal ends before a point that an anchor outside it has seen.
    #[error("truncated: the journal had {anchor_size} events and has {journal_size}")]
    Truncated {
        /// Number of events the anchor has seen.
        anchor_size: u64,
        /// Number of events in the journal.
        journal_size: u64,
    },
    /// The journal has another past than the one an anchor outside it has seen.
    #[error("altered: the first {anchor_size} events are not those the anchor has seen")]
    Altered {
        /// Number of events the anchor has seen.
        anchor_size: u64,
    },
}
