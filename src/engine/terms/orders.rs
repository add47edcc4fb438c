//! The small closed sets of orders.

use serde::{Deserialize, Serialize};

closed_set! {
    /// Where an order stands.
    OrderStatus {
        /// Waits until every holder has agreed to its lines.
        Proposed = 0, "proposed";
        /// Waits for the provider.
        Agreed = 1, "agreed";
        /// Limits are taken and the amounts held.
        Confirmed = 2, "confirmed";
        /// The contract is made.
        Contracted = 3, "contracted";
        /// The provider has delivered.
        Delivered = 4, "delivered";
        /// Every holder has accepted.
        Accepted = 5, "accepted";
        /// All of its hold was drawn or released.
        Closed = 6, "closed";
        /// Given up.
        Cancelled = 7, "cancelled";
        /// The last day of its hold has passed.
        Expired = 8, "expired";
    }
}

impl OrderStatus {
    /// True while the order waits for somebody before anything is held.
    pub const fn is_waiting(self) -> bool {
        matches!(self, OrderStatus::Proposed | OrderStatus::Agreed)
    }

    /// True while the order holds amounts.
    pub const fn is_holding(self) -> bool {
        matches!(
            self,
            OrderStatus::Confirmed
                | OrderStatus::Contracted
                | OrderStatus::Delivered
                | OrderStatus::Accepted
        )
    }

    /// True once the provider has delivered, while the order holds amounts.
    pub const fn is_delivered(self) -> bool {
        matches!(self, OrderStatus::Delivered | OrderStatus::Accepted)
    }
}

closed_set! {
    /// On which side of an order somebody acts.
    OrderSide {
        /// The provider.
        Provider = 0, "provider";
        /// Holders of its vouchers.
        Holder = 1, "holder";
    }
}

closed_set! {
    /// What is disputed.
    DisputeCode {
        /// Nothing was delivered.
        NotDelivered = 0, "not_delivered";
        /// The service is not what was agreed.
        Quality = 1, "quality";
        /// The amount is not what was agreed.
        Amount = 2, "amount";
        /// The service came late.
        Late = 3, "late";
        /// The contract is not what was agreed.
        Contract = 4, "contract";
        /// Anything else.
        Other = 5, "other";
    }
}

closed_set! {
    /// How a dispute ended.
    DisputeOutcome {
        /// The side that raised it has withdrawn it.
        Withdrawn = 0, "withdrawn";
        /// It was rejected: the order goes on.
        Rejected = 1, "rejected";
        /// It was upheld: the hold is released.
        Upheld = 2, "upheld";
    }
}

closed_set! {
    /// Why a hold is released, or an order ends.
    ReleaseCause {
        /// A side has released it.
        Released = 0, "released";
        /// The order was cancelled.
        Cancelled = 1, "cancelled";
        /// The last day of the hold has passed.
        Expired = 2, "expired";
        /// All of it was drawn, or the last claim left the rest.
        Captured = 3, "captured";
        /// A dispute was upheld.
        Upheld = 4, "upheld";
    }
}

/// Parties of an order: bit n for the holder of line n, the highest bit for the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderParties(pub u16);

impl OrderParties {
    /// Nobody.
    pub const NONE: OrderParties = OrderParties(0);
    /// The provider.
    pub const PROVIDER: OrderParties = OrderParties(1 << 15);

    /// The holder of a line.
    pub const fn line(place: usize) -> OrderParties {
        OrderParties(1 << place)
    }

    /// The holders of so many lines.
    pub const fn lines(count: usize) -> OrderParties {
        OrderParties((1 << count) - 1)
    }

    /// The parties of both.
    #[must_use]
    pub const fn and(self, other: OrderParties) -> OrderParties {
        OrderParties(self.0 | other.0)
    }

    /// True if every party of `other` is here.
    pub const fn covers(self, other: OrderParties) -> bool {
        self.0 & other.0 == other.0
    }
}
