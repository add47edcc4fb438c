//! Where what was issued counts.
//!
//! What is issued to a firm counts at it, whoever the voucher goes to later, until a succession
//! takes a share of it along. Such a succession closes a *lot*: all that was issued to the firm
//! since the one before. Of a lot it is known how much counts at whom; what was issued since
//! the last succession is in no lot and counts at the firm alone. So what was issued to a firm
//! and not revoked unused is, to the fen, the sum of what counts of it.

use serde::{Deserialize, Serialize};

use super::State;
use crate::domain::{Fen, Seq, UsageId, VoucherId};

/// What counts of a lot at one usage row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedRow {
    /// The row that the lot was issued to.
    pub origin: UsageId,
    /// How much.
    pub amount: Fen,
    /// The last event that found less here than it was to take.
    pub short: Option<Seq>,
}

/// Where the amount of a voucher counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Origin {
    /// The usage rows of those who had it, from its holder back to the one it was issued to.
    pub(in crate::engine) chain: Vec<UsageId>,
    /// The lot that it was issued in, if a succession has closed it.
    pub(in crate::engine) lot: Option<Seq>,
}

impl Origin {
    /// The row of the enterprise that it was issued to.
    pub(in crate::engine) fn issued_to(&self) -> UsageId {
        *self.chain.last().expect("a voucher has a holder")
    }
}

impl State {
    /// Where the amount of a voucher counts. What a move took along was issued anew: the parent
    /// stands under another programme.
    pub(in crate::engine) fn origin_of(&self, voucher: VoucherId) -> Origin {
        let mut row = &self.vouchers[voucher.index()];
        let (programme, _) = self.voucher_owner(row);
        let mut chain = vec![row.usage];
        while let Some(parent) = row.parent {
            let above = &self.vouchers[parent.index()];
            if self.voucher_owner(above).0 != programme {
                break;
            }
            row = above;
            chain.push(row.usage);
        }
        let later = (row.usage, row.details)..=(row.usage, Seq(u64::MAX));
        let lot = self.lots.range(later).next().map(|((_, at), _)| *at);
        Origin { chain, lot }
    }

    /// What counts of a lot at a usage row, if it ever did.
    pub(in crate::engine) fn counted(&self, at: UsageId, lot: Seq) -> Option<&CountedRow> {
        self.counted.get(&(at, lot))
    }

    /// What counts at a usage row of closed lots, in the order in which they were closed.
    pub(in crate::engine) fn counted_at(
        &self,
        at: UsageId,
    ) -> impl Iterator<Item = (Seq, &CountedRow)> {
        let own = self.counted.range((at, Seq(0))..=(at, Seq(u64::MAX)));
        own.map(|((_, lot), row)| (*lot, row))
    }

    /// What was issued to a usage row's enterprise since the last succession from it.
    pub(in crate::engine) fn issued_since(&self, at: UsageId) -> Fen {
        let issued = self.usage.at(at.index()).issued;
        self.counted_at(at).fold(issued, |left, (_, row)| {
            left.checked_sub(row.amount)
                .expect("what counts of lots is issued")
        })
    }
}
