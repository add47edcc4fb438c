//! The rows of orders.

use super::State;
use crate::domain::{
    CategoryId, ConsentId, ContractNo, Day, EnterpriseId, Fen, GroupId, MemberId, OrderId,
    PrincipalId, ProviderId, Seq, VoucherId,
};
use crate::engine::terms::{DisputeCode, OrderParties, OrderSide, OrderStatus};
use serde::{Deserialize, Serialize};

/// What allows a claim to be drawn on a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authority {
    /// Nothing: an imported row counts as consented.
    Imported,
    /// A consent.
    Consent(ConsentId),
    /// The hold of an order.
    Order(OrderId),
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The provider.
    pub provider: ProviderId,
    /// The provider's city at the time of the proposal.
    pub host: MemberId,
    /// Category of the service.
    pub category: CategoryId,
    /// What the contract is expected to amount to.
    pub contract_amount: Fen,
    /// Where it stands.
    pub status: OrderStatus,
    /// Last day of the hold.
    pub hold_until: Day,
    /// The day on which it ends by itself: the one after `hold_until`, later in a dispute.
    pub ends_on: Day,
    /// The lines.
    pub lines: Box<[OrderLineRow]>,
    /// Holders that have agreed.
    pub agreed: OrderParties,
    /// Holders that have accepted.
    pub accepted: OrderParties,
    /// Number and day of the contract.
    pub contract: Option<(ContractNo, Day)>,
    /// What was asked for and by whom: the new last day, or `None` to cancel.
    pub asked: Option<(Option<Day>, OrderParties)>,
    /// The dispute.
    pub dispute: Option<DisputeRow>,
    /// Who proposed it.
    pub proposed_by: PrincipalId,
    /// Year of the proposal.
    pub year: i16,
    /// Event of the proposal.
    pub details: Seq,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineRow {
    /// The voucher.
    pub voucher: VoucherId,
    /// Its holder.
    pub holder: EnterpriseId,
    /// The amount to hold.
    pub amount: Fen,
    /// What is held now.
    pub left: Fen,
    /// Controller group that the hold is counted for.
    pub group: Option<GroupId>,
    /// True if the hold counts to the order's contract.
    pub counted: bool,
}

/// A dispute about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeRow {
    /// The side that raised it.
    pub by: OrderSide,
    /// About what.
    pub code: DisputeCode,
    /// Since when.
    pub since: Day,
}

impl OrderRow {
    /// The place of the line on a voucher.
    pub fn place_of(&self, voucher: VoucherId) -> Option<usize> {
        self.lines.iter().position(|line| line.voucher == voucher)
    }

    /// Everybody: the provider and the holder of every line.
    pub fn everybody(&self) -> OrderParties {
        OrderParties::lines(self.lines.len()).and(OrderParties::PROVIDER)
    }
}

impl State {
    /// True if an order for a provider has a line on a voucher.
    pub(in crate::engine) fn is_ordered_for(
        &self,
        provider: ProviderId,
        voucher: VoucherId,
    ) -> bool {
        let index = &self.served.0;
        let ordered = index.find(index.hash(&(provider, voucher)), |position| {
            let row = &self.orders[position as usize];
            row.provider == provider && row.place_of(voucher).is_some()
        });
        ordered.is_some()
    }

    /// Makes an order known by its provider and vouchers. One order for each pair is enough.
    pub(in crate::engine) fn note_served(&mut self, order: OrderId) {
        let row = &self.orders[order.index()];
        let provider = row.provider;
        let vouchers: Vec<VoucherId> = row.lines.iter().map(|line| line.voucher).collect();
        for voucher in vouchers {
            if !self.is_ordered_for(provider, voucher) {
                let hash = self.served.0.hash(&(provider, voucher));
                self.served.0.insert(hash, order.0);
            }
        }
    }
}
