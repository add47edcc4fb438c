//! Checking a stored journal against itself and against what was known of it outside.
//!
//! From inside it can be seen that every row follows from the one before it. That the end is
//! missing, or that all of it was written anew, can be seen only against an anchor.

use super::anchor::Anchor;
use super::fault::JournalFault;
use super::hash::{HashKind, empty_root};
use super::row::Chain;
use super::store::{ReadLimit, StoreError, StoreReader};

/// Why a journal did not pass.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The journal is damaged.
    #[error("the journal is damaged")]
    Fault(#[source] JournalFault),
    /// The journal could not be read.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
}

/// Checks all rows after the end of `chain` and returns the chain up to the newest; begin with
/// [`Chain::new`] for the whole journal.
///
/// Costs about as much as hashing all leaves twice on one core; run it on a task of its own.
///
/// # Errors
/// The first fault, named as closely as the whole journal allows.
pub async fn verify(reader: &dyn StoreReader, mut chain: Chain) -> Result<Chain, VerifyError> {
    loop {
        let next = chain.head().map_or(0, |head| head.batch_no + 1);
        let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
        if rows.is_empty() {
            return Ok(chain);
        }
        for row in &rows {
            if let Err(fault) = chain.check(row) {
                return Err(VerifyError::Fault(name_closely(reader, fault).await?));
            }
        }
    }
}

/// Tells a row that is missing from one that stands elsewhere.
pub async fn name_closely(
    reader: &dyn StoreReader,
    fault: JournalFault,
) -> Result<JournalFault, StoreError> {
    let JournalFault::Gap {
        expected_batch,
        expected_seq,
        ..
    } = fault
    else {
        return Ok(fault);
    };
    Ok(match reader.head_of_seq(expected_seq).await? {
        Some(found) if found.first_seq == expected_seq => JournalFault::Reordered {
            seq: expected_seq,
            expected_batch,
            found_batch: found.batch_no,
        },
        _ => fault,
    })
}

/// Checks that the journal still has the past that an anchor has seen: a row that ends where the
/// anchor was taken, with its root. It does not check the rows themselves; [`verify`] does.
///
/// # Errors
/// [`JournalFault::Truncated`] or [`JournalFault::Altered`].
pub async fn check_anchor(
    reader: &dyn StoreReader,
    kind: HashKind,
    anchor: &Anchor,
) -> Result<(), VerifyError> {
    let anchor_size = anchor.size;
    let altered = Err(VerifyError::Fault(JournalFault::Altered { anchor_size }));
    let Some(last_seq) = anchor_size.checked_sub(1) else {
        return if anchor.root == empty_root(kind) {
            Ok(())
        } else {
            altered
        };
    };
    let journal_size = reader.head().await?.map_or(0, |head| head.size());
    if journal_size < anchor_size {
        return Err(VerifyError::Fault(JournalFault::Truncated {
            anchor_size,
            journal_size,
        }));
    }
    match reader.head_of_seq(last_seq).await? {
        Some(head) if head.last_seq == last_seq && head.root == anchor.root => Ok(()),
        _ => altered,
    }
}
