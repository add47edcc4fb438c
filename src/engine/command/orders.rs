//! Orders: amounts of one or several vouchers, held for one service of one provider.

use crate::domain::{CategoryId, ContractNo, Day, Fen, OrderId, ProviderId, VoucherId};
use crate::engine::terms::{DisputeCode, OrderSide};

/// Most lines of one order, each on a voucher of its own.
pub const ORDER_LINES_MAX: usize = 10;

/// A holder proposes an order to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposeOrder {
    /// The provider of the service.
    pub provider: ProviderId,
    /// Category of the service.
    pub category: CategoryId,
    /// What the contract is expected to amount to.
    pub contract_amount: Fen,
    /// Last day of the hold; at the latest the first `cash_by` of its vouchers.
    pub hold_until: Day,
    /// One to [`ORDER_LINES_MAX`] vouchers, each once, with the amount to hold on it.
    pub lines: Box<[(VoucherId, Fen)]>,
}

/// Another holder agrees to the lines on its vouchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreeOrder {
    /// Which order.
    pub order: OrderId,
}

/// The provider confirms: limits are taken and the amounts held, all lines or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmOrder {
    /// Which order.
    pub order: OrderId,
}

/// An order comes a step further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceOrder {
    /// Which order.
    pub order: OrderId,
    /// Which step.
    pub step: OrderStep,
}

/// A step after the confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStep {
    /// Either side records the contract.
    Contract {
        /// Number of the contract.
        contract_no: ContractNo,
        /// Day of the contract.
        contract_date: Day,
    },
    /// The provider has delivered.
    Deliver,
    /// A holder accepts what was delivered.
    Accept,
}

/// Gives an order up: before the confirmation anybody concerned, before delivery either side,
/// after it both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which order.
    pub order: OrderId,
    /// On which side the sender acts.
    pub by: OrderSide,
}

/// Releases what is held: the provider at any time, a holder on its own vouchers before delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOrder {
    /// Which order.
    pub order: OrderId,
    /// On which side the sender acts.
    pub by: OrderSide,
    /// How much on which voucher; nothing for all that the sender may release.
    pub parts: Box<[(VoucherId, Fen)]>,
}

/// Moves the last day of the hold; done when every holder and the provider have asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendOrder {
    /// Which order.
    pub order: OrderId,
    /// On which side the sender acts.
    pub by: OrderSide,
    /// The new last day.
    pub until: Day,
}

/// Raises or ends a dispute about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeOrder {
    /// Which order.
    pub order: OrderId,
    /// What is done.
    pub act: DisputeAct,
}

/// What is done about a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeAct {
    /// A side raises one.
    Raise {
        /// Which side.
        by: OrderSide,
        /// About what.
        code: DisputeCode,
    },
    /// The side that raised it withdraws it.
    Withdraw,
    /// An office rules on it.
    Rule {
        /// True to release the hold, false to let the order go on.
        uphold: bool,
    },
}

/// A claim draws on the hold of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Which order.
    pub order: OrderId,
    /// True for the last claim: what it leaves is released.
    pub last: bool,
}
