//! Orders and their holds.

use super::ReturnedTo;
use crate::domain::{
    CategoryId, ContractNo, Day, EnterpriseId, Fen, MemberId, OrderId, ProgrammeId, ProviderId,
    VersionNo, VoucherId,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::terms::{
    DisputeCode, DisputeOutcome, OrderParties, OrderSide, OrderStatus, ReleaseCause,
};

/// An order was proposed; nothing is held yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderProposed {
    /// Its id.
    pub order: OrderId,
    /// The provider of the service.
    pub provider: ProviderId,
    /// Its city.
    pub host: MemberId,
    /// Category of the service.
    pub category: CategoryId,
    /// What the contract is expected to amount to.
    pub contract_amount: Fen,
    /// Last day of the hold.
    pub hold_until: Day,
    /// The lines.
    pub lines: Box<[ProposedLine]>,
    /// Who has agreed by proposing it.
    pub agreed: OrderParties,
}

/// A line of a proposed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedLine {
    /// The voucher.
    pub voucher: VoucherId,
    /// Its issuing city.
    pub issuer: MemberId,
    /// Its holder.
    pub enterprise: EnterpriseId,
    /// The amount to hold.
    pub amount: Fen,
}

/// A holder agreed to its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAgreed {
    /// Which order.
    pub order: OrderId,
    /// Who has agreed by now.
    pub agreed: OrderParties,
    /// True if that is everybody.
    pub complete: bool,
}

/// The provider confirmed an order: its amounts are held and count in every limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderConfirmed {
    /// Which order.
    pub order: OrderId,
    /// What is held, line by line.
    pub lines: Box<[HeldLine]>,
}

/// What is held on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    /// The voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Version whose limits were taken.
    pub version: VersionNo,
    /// Amount.
    pub amount: Fen,
}

/// A confirmation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRefused {
    /// Which order.
    pub order: OrderId,
    /// The first fault.
    pub result: RefusalCode,
    /// All faults of all lines.
    pub faults: Faults,
    /// The lines with faults: voucher and its faults.
    pub lines: Box<[(VoucherId, Faults)]>,
}

/// The contract of an order was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRefused {
    /// Which order.
    pub order: OrderId,
    /// The first fault.
    pub result: RefusalCode,
    /// All faults of all lines.
    pub faults: Faults,
    /// The lines with faults: voucher and its faults.
    pub lines: Box<[(VoucherId, Faults)]>,
}

/// An order came a step further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAdvanced {
    /// Which order.
    pub order: OrderId,
    /// Where it stands now.
    pub status: OrderStatus,
    /// Number of the contract, when it was made.
    pub contract_no: Option<ContractNo>,
    /// Day of the contract, when it was made.
    pub contract_date: Option<Day>,
    /// Who has accepted by now.
    pub accepted: OrderParties,
    /// The lines whose holds count to the contract from now on: a version caps what is used on
    /// one.
    pub counted: OrderParties,
}

/// Amounts left a hold without a claim, or the order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReleased {
    /// Which order.
    pub order: OrderId,
    /// Why.
    pub cause: ReleaseCause,
    /// Where the order stands now.
    pub status: OrderStatus,
    /// What was released, line by line.
    pub lines: Box<[ReleasedLine]>,
}

/// What was released on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedLine {
    /// The voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Amount.
    pub amount: Fen,
    /// Where it went.
    pub returned: ReturnedTo,
}

/// Somebody asked for what needs everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAsked {
    /// Which order.
    pub order: OrderId,
    /// The new last day of the hold; `None` to cancel the order.
    pub extend_to: Option<Day>,
    /// Who has asked for it by now.
    pub parties: OrderParties,
}

/// The last day of the hold was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderExtended {
    /// Which order.
    pub order: OrderId,
    /// The new last day.
    pub hold_until: Day,
}

/// A dispute was raised: the clock of the hold stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDisputed {
    /// Which order.
    pub order: OrderId,
    /// By which side.
    pub by: OrderSide,
    /// About what.
    pub code: DisputeCode,
    /// The day on which the hold ends if nobody rules: a claim could not be filed any more.
    pub ends_on: Day,
}

/// A dispute ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeClosed {
    /// Which order.
    pub order: OrderId,
    /// How.
    pub outcome: DisputeOutcome,
    /// The last day of the hold, later by the days that the dispute lasted.
    pub hold_until: Day,
}
