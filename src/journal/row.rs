//! Rows and the chain they form.
//!
//! One row is one batch. Rows are numbered from 0 without gaps, events too; every row names the
//! root before it and the root after it, and has an epoch not below that of the row before it.
//! [`Chain`] checks all of this while rows are read in order, and is what seals new rows.

use super::body::{FrameError, frames};
use super::fault::JournalFault;
use super::hash::{Digest, HashKind, empty_root, leaf_hash};
use super::tree::Frontier;

/// A row without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowHead {
    /// Number of the batch; the first is 0.
    pub batch_no: u64,
    /// Position of its first event; the first event of the ledger is 0.
    pub first_seq: u64,
    /// Position of its last event.
    pub last_seq: u64,
    /// Epoch of the node that wrote it; never falls.
    pub epoch: u64,
    /// Root over all events before the batch.
    pub prev_root: Digest,
    /// Root over all events up to and with the batch.
    pub root: Digest,
}

impl RowHead {
    /// Number of events in the journal up to and with this row.
    pub fn size(&self) -> u64 {
        self.last_seq.saturating_add(1)
    }
}

/// One batch of events, the unit that is written and acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Everything but the events.
    pub head: RowHead,
    /// The leaves, one frame each; see [`frames`].
    pub body: Vec<u8>,
}

/// Checks that a row may stand after another, or at the beginning, by what the heads say.
///
/// Where the next row is missing it cannot be known from two heads whether it stands elsewhere:
/// that is a [`JournalFault::Gap`] here, and [`super::verify`] looks whether it is
/// [`JournalFault::Reordered`].
pub fn check_link(
    kind: HashKind,
    previous: Option<&RowHead>,
    next: &RowHead,
) -> Result<(), JournalFault> {
    let batch_no = next.batch_no;
    let (expected_batch, expected_seq) = previous.map_or((0, 0), |p| (p.batch_no + 1, p.size()));
    let expected_root = previous.map_or_else(|| empty_root(kind), |p| p.root);
    if next.last_seq < next.first_seq {
        return Err(JournalFault::EventCount {
            batch_no,
            first_seq: next.first_seq,
            last_seq: next.last_seq,
            found: 0,
        });
    }
    if next.size() <= expected_seq {
        return Err(JournalFault::DoubledRow {
            batch_no,
            first_seq: next.first_seq,
            last_seq: next.last_seq,
        });
    }
    if next.first_seq < expected_seq {
        return Err(JournalFault::Overlap {
            batch_no,
            first_seq: next.first_seq,
            expected_seq,
        });
    }
    if next.first_seq == expected_seq && batch_no < expected_batch {
        return Err(JournalFault::Reordered {
            seq: expected_seq,
            expected_batch,
            found_batch: batch_no,
        });
    }
    if next.first_seq != expected_seq || batch_no != expected_batch {
        return Err(JournalFault::Gap {
            expected_batch,
            expected_seq,
            batch_no,
            first_seq: next.first_seq,
        });
    }
    if next.prev_root != expected_root {
        return Err(JournalFault::BrokenChain { batch_no });
    }
    match previous {
        Some(previous) if next.epoch < previous.epoch => Err(JournalFault::EpochBack {
            batch_no,
            epoch: next.epoch,
            previous: previous.epoch,
        }),
        _ => Ok(()),
    }
}

/// The end of a journal: the last row that was checked or sealed, and the tree up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    head: Option<RowHead>,
    frontier: Frontier,
}

impl Chain {
    /// The chain before the first row.
    pub fn new(kind: HashKind) -> Chain {
        Chain {
            head: None,
            frontier: Frontier::new(kind),
        }
    }

    /// The chain after a row whose tree is known, as from a snapshot; `None` unless the tree has
    /// the row's size and root.
    pub fn resume(head: RowHead, frontier: Frontier) -> Option<Chain> {
        let fits = frontier.size() == head.size() && frontier.root() == head.root;
        fits.then_some(Chain {
            head: Some(head),
            frontier,
        })
    }

    /// The last row, `None` before the first.
    pub fn head(&self) -> Option<&RowHead> {
        self.head.as_ref()
    }

    /// The tree over all events so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Position of the next event.
    pub fn next_seq(&self) -> u64 {
        self.frontier.size()
    }

    /// Makes the next row of a body. The checksums are read again, so that memory damaged since
    /// the leaves were written is not sealed into the tree.
    ///
    /// # Errors
    /// The body has a bad frame; the chain is then as before.
    ///
    /// # Panics
    /// The body is empty or the epoch is below the last row's: neither can be written, and both
    /// are faults of the caller.
    pub fn seal(&mut self, epoch: u64, body: Vec<u8>) -> Result<Row, FrameError> {
        assert!(!body.is_empty(), "a row has at least one event");
        let lowest = self.head.map_or(0, |head| head.epoch);
        assert!(epoch >= lowest, "epoch {epoch} is below {lowest}");
        let first_seq = self.frontier.size();
        let mut grown = self.frontier.clone();
        grow(&mut grown, &body)?;
        let head = RowHead {
            batch_no: self.head.map_or(0, |head| head.batch_no + 1),
            first_seq,
            last_seq: grown.size() - 1,
            epoch,
            prev_root: self
                .head
                .map_or_else(|| self.frontier.root(), |head| head.root),
            root: grown.root(),
        };
        self.head = Some(head);
        self.frontier = grown;
        Ok(Row { head, body })
    }

    /// Checks the next row against the last one and its leaves against its root.
    ///
    /// # Errors
    /// The row does not belong here or was damaged; the chain is then as before.
    pub fn check(&mut self, row: &Row) -> Result<(), JournalFault> {
        let RowHead {
            batch_no,
            first_seq,
            last_seq,
            root,
            ..
        } = row.head;
        check_link(self.frontier.kind(), self.head.as_ref(), &row.head)?;
        let mut grown = self.frontier.clone();
        grow(&mut grown, &row.body).map_err(|error| JournalFault::BadFrame {
            batch_no,
            seq: first_seq.saturating_add(error.index),
            fault: error.fault,
        })?;
        let found = grown.size() - self.frontier.size();
        if grown.size() != row.head.size() {
            return Err(JournalFault::EventCount {
                batch_no,
                first_seq,
                last_seq,
                found,
            });
        }
        if grown.root() != root {
            return Err(JournalFault::RootMismatch {
                batch_no,
                first_seq,
                last_seq,
            });
        }
        self.head = Some(row.head);
        self.frontier = grown;
        Ok(())
    }
}

fn grow(frontier: &mut Frontier, body: &[u8]) -> Result<(), FrameError> {
    let kind = frontier.kind();
    for leaf in frames(body) {
        frontier.push(leaf_hash(kind, leaf?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::body::{BodyWriter, FrameFault};
    use super::super::testing::rows;
    use super::*;

    const KIND: HashKind = HashKind::Sha256;

    fn check(rows: &[Row]) -> Result<Chain, JournalFault> {
        let mut chain = Chain::new(KIND);
        for row in rows {
            chain.check(row)?;
        }
        Ok(chain)
    }

    #[test]
    fn sealed_rows_pass_the_check_and_give_the_same_chain() {
        for kind in [HashKind::Sha256, HashKind::Sm3] {
            let mut sealed = Chain::new(kind);
            let rows = rows(&mut sealed, 5);
            let mut checked = Chain::new(kind);
            for row in &rows {
                checked.check(row).expect("sealed rows");
            }
            assert_eq!(checked, sealed);
            assert_eq!(checked.head(), rows.last().map(|row| &row.head));
        }
    }

    #[test]
    fn a_chain_goes_on_from_a_row_and_its_tree_only() {
        let mut chain = Chain::new(KIND);
        let first = rows(&mut chain, 2);
        let head = first[1].head;
        let mut resumed = Chain::resume(head, chain.frontier().clone()).expect("they fit");
        assert_eq!(rows(&mut resumed, 1), rows(&mut chain.clone(), 1));
        assert_eq!(Chain::resume(first[0].head, chain.frontier().clone()), None);
        assert_eq!(Chain::resume(head, Frontier::new(KIND)), None);
    }

    #[test]
    fn a_missing_row_is_a_gap() {
        let mut rows = rows(&mut Chain::new(KIND), 4);
        rows.remove(2);
        let gap = JournalFault::Gap {
            expected_batch: 2,
            expected_seq: 3,
            batch_no: 3,
            first_seq: 6,
        };
        assert_eq!(check(&rows), Err(gap));
        rows.remove(0);
        assert!(matches!(check(&rows), Err(JournalFault::Gap { .. })));
    }

    #[test]
    fn a_row_that_comes_twice_is_doubled() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        rows.insert(2, rows[1].clone());
        rows[2].head.batch_no = 2;
        let fault = JournalFault::DoubledRow {
            batch_no: 2,
            first_seq: 1,
            last_seq: 2,
        };
        assert_eq!(check(&rows), Err(fault));
    }

    #[test]
    fn a_row_that_repeats_a_part_overlaps() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        rows[2].head.first_seq -= 1;
        let fault = JournalFault::Overlap {
            batch_no: 2,
            first_seq: 2,
            expected_seq: 3,
        };
        assert_eq!(check(&rows), Err(fault));
    }

    #[test]
    fn a_row_with_a_number_from_before_is_reordered() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        rows[2].head.batch_no = 1;
        assert!(matches!(check(&rows), Err(JournalFault::Reordered { .. })));
    }

    #[test]
    fn a_row_on_another_root_breaks_the_chain() {
        let mut first = rows(&mut Chain::new(KIND), 3);
        first[1].head.prev_root[0] ^= 1;
        assert_eq!(
            check(&first),
            Err(JournalFault::BrokenChain { batch_no: 1 })
        );
        let mut other = rows(&mut Chain::new(HashKind::Sm3), 1);
        other[0].head.epoch = 1;
        assert_eq!(
            check(&other),
            Err(JournalFault::BrokenChain { batch_no: 0 })
        );
    }

    #[test]
    fn an_epoch_never_falls() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        rows[1].head.epoch = 9;
        assert!(matches!(
            check(&rows),
            Err(JournalFault::EpochBack { batch_no: 2, .. })
        ));
    }

    #[test]
    fn a_damaged_leaf_is_named_by_its_event() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        let end = rows[2].body.len() - 1;
        rows[2].body[end] ^= 1;
        let fault = JournalFault::BadFrame {
            batch_no: 2,
            seq: 5,
            fault: FrameFault::Checksum,
        };
        assert_eq!(check(&rows), Err(fault));
    }

    #[test]
    fn a_forged_leaf_with_a_right_checksum_does_not_give_the_root() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        let mut forged = BodyWriter::default();
        for (i, leaf) in frames(&rows[1].body.clone()).enumerate() {
            let leaf = leaf.expect("a good frame");
            forged
                .push(if i == 0 { b"forged" } else { leaf })
                .expect("short");
        }
        rows[1].body = forged.take(Vec::new());
        let fault = JournalFault::RootMismatch {
            batch_no: 1,
            first_seq: 1,
            last_seq: 2,
        };
        assert_eq!(check(&rows), Err(fault));
    }

    #[test]
    fn a_row_with_another_number_of_leaves_than_it_says_is_found() {
        let mut rows = rows(&mut Chain::new(KIND), 3);
        rows[2].head.last_seq += 1;
        let fault = JournalFault::EventCount {
            batch_no: 2,
            first_seq: 3,
            last_seq: 6,
            found: 3,
        };
        assert_eq!(check(&rows), Err(fault));
        rows[2].head.last_seq = 0;
        assert!(matches!(check(&rows), Err(JournalFault::EventCount { .. })));
    }

    #[test]
    fn a_damaged_body_is_not_sealed() {
        let mut chain = Chain::new(KIND);
        let mut body = rows(&mut chain.clone(), 1)[0].body.clone();
        body[9] ^= 1;
        let before = chain.clone();
        assert!(chain.seal(0, body).is_err());
        assert_eq!(chain, before);
    }
}
