//! Orders.

use super::{Body, body};
use crate::api::context::{Cx, day, parse, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{ContractNo, Fen, IdKind, OrderId, VoucherId};
use crate::engine::command::{
    AdvanceOrder, AgreeOrder, CancelOrder, Command, ConfirmOrder, DisputeAct, DisputeCode,
    DisputeOrder, DisputeOutcome, ExtendOrder, OrderSide, OrderStep, ProposeOrder, ReleaseOrder,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The order that a text names.
pub(in crate::api) fn order_of(cx: &Cx<'_>, field: &str, text: &str) -> Result<OrderId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.order_id(OrderId(id), tag);
    cx.id(field, text, IdKind::Order, canonical).map(OrderId)
}

/// The order of the path.
fn order(cx: &Cx<'_>) -> Result<OrderId, Problem> {
    order_of(cx, "id", cx.param("id"))
}

fn side(text: &str) -> Result<OrderSide, Problem> {
    word("by", text, OrderSide::parse)
}

/// An amount on a voucher.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct OrderLineBody {
    /// Identifier of the voucher.
    voucher: String,
    /// Yuan.
    amount: String,
}

fn lines(cx: &Cx<'_>, lines: Vec<OrderLineBody>) -> Result<Box<[(VoucherId, Fen)]>, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.voucher_id(VoucherId(id), tag);
    let line = |(n, line): (usize, OrderLineBody)| {
        let field = |name| format!("lines[{n}].{name}");
        let voucher = cx.id(&field("voucher"), &line.voucher, IdKind::Voucher, canonical)?;
        Ok((VoucherId(voucher), yuan(&field("amount"), &line.amount)?))
    };
    lines.into_iter().enumerate().map(line).collect()
}

body! {
    /// An order of a holder, alone or pooled with others, to a provider.
    ProposeOrderBody {
        /// Identifier or credit code of the provider.
        provider: String,
        category: String,
        /// What the contract is expected to amount to, in yuan.
        contract_amount: String,
        /// Last day of the hold.
        hold_until: String,
        /// One to ten vouchers with the amounts to hold.
        lines: Vec<OrderLineBody>,
    } (self, cx) {
        Ok(Command::ProposeOrder(ProposeOrder {
            provider: cx.provider("provider", &self.provider)?,
            category: cx.category("category", &self.category)?,
            contract_amount: yuan("contract_amount", &self.contract_amount)?,
            hold_until: day("hold_until", &self.hold_until)?,
            lines: lines(cx, self.lines)?,
        }))
    }
}

body! {
    /// A holder agrees to the lines on its vouchers.
    AgreeOrderBody {} (self, cx) {
        Ok(Command::AgreeOrder(AgreeOrder { order: order(cx)? }))
    }
}

body! {
    /// The provider confirms: limits are taken, amounts held.
    ConfirmOrderBody {} (self, cx) {
        Ok(Command::ConfirmOrder(ConfirmOrder { order: order(cx)? }))
    }
}

body! {
    /// The contract is made.
    ContractOrderBody { contract_no: String, contract_date: String, } (self, cx) {
        let step = OrderStep::Contract {
            contract_no: parse("contract_no", &self.contract_no, ContractNo::parse)?,
            contract_date: day("contract_date", &self.contract_date)?,
        };
        Ok(Command::AdvanceOrder(AdvanceOrder { order: order(cx)?, step }))
    }
}

body! {
    /// The provider has delivered.
    DeliverOrderBody {} (self, cx) {
        Ok(Command::AdvanceOrder(AdvanceOrder { order: order(cx)?, step: OrderStep::Deliver }))
    }
}

body! {
    /// A holder accepts what was delivered.
    AcceptOrderBody {} (self, cx) {
        Ok(Command::AdvanceOrder(AdvanceOrder { order: order(cx)?, step: OrderStep::Accept }))
    }
}

body! {
    /// Gives an order up.
    CancelOrderBody {
        /// `provider` or `holder`.
        by: String,
    } (self, cx) {
        Ok(Command::CancelOrder(CancelOrder { order: order(cx)?, by: side(&self.by)? }))
    }
}

body! {
    /// Releases what is held.
    ReleaseOrderBody {
        /// `provider` or `holder`.
        by: String,
        /// How much on which voucher; none for all that the sender may release.
        #[serde(default)]
        lines: Vec<OrderLineBody>,
    } (self, cx) {
        Ok(Command::ReleaseOrder(ReleaseOrder {
            order: order(cx)?,
            by: side(&self.by)?,
            parts: lines(cx, self.lines)?,
        }))
    }
}

body! {
    /// Asks for a later last day of the hold, or agrees to it.
    ExtendOrderBody {
        /// `provider` or `holder`.
        by: String,
        until: String,
    } (self, cx) {
        Ok(Command::ExtendOrder(ExtendOrder {
            order: order(cx)?,
            by: side(&self.by)?,
            until: day("until", &self.until)?,
        }))
    }
}

body! {
    /// Raises a dispute; say more in `reason`.
    DisputeOrderBody {
        /// `provider` or `holder`.
        by: String,
        /// `not_delivered`, `quality`, `amount`, `late`, `contract` or `other`.
        code: String,
    } (self, cx) {
        let act = DisputeAct::Raise {
            by: side(&self.by)?,
            code: word("code", &self.code, DisputeCode::parse)?,
        };
        Ok(Command::DisputeOrder(DisputeOrder { order: order(cx)?, act }))
    }
}

body! {
    /// Ends a dispute.
    ResolveOrderBody {
        /// `withdrawn` by the side that raised it; `rejected` or `upheld` by an office.
        outcome: String,
    } (self, cx) {
        let act = match word("outcome", &self.outcome, DisputeOutcome::parse)? {
            DisputeOutcome::Withdrawn => DisputeAct::Withdraw,
            DisputeOutcome::Rejected => DisputeAct::Rule { uphold: false },
            DisputeOutcome::Upheld => DisputeAct::Rule { uphold: true },
        };
        Ok(Command::DisputeOrder(DisputeOrder { order: order(cx)?, act }))
    }
}
