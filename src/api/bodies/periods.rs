//! Periods and settlement payments.

use super::{Body, body, document};
use crate::api::context::{Cx, day, parse, yuan};
use crate::api::problem::Problem;
use crate::domain::{BankRef, IdKind, InstructionId};
use crate::engine::command::{
    AdvanceDate, ClosePeriod, Command, ConfirmInstruction, ConfirmStatement, InstructPeriod,
    SettlementMode,
};
use serde::Deserialize;
use utoipa::ToSchema;

body! {
    /// Asks for the early close of the open period.
    RequestCloseBody {} (self, cx) {
        let period = cx.period("month", cx.param("month"))?;
        Ok(Command::RequestClose(ClosePeriod { period }))
    }
}

body! {
    /// Closes the open period early; a second operator does it.
    ClosePeriodBody {} (self, cx) {
        let period = cx.period("month", cx.param("month"))?;
        Ok(Command::ClosePeriod(ClosePeriod { period }))
    }
}

body! {
    /// A member agrees to its statement.
    ConfirmStatementBody { member: String, revision: u16, } (self, cx) {
        Ok(Command::ConfirmStatement(ConfirmStatement {
            period: cx.period("month", cx.param("month"))?,
            member: cx.member("member", &self.member)?,
            revision: self.revision,
        }))
    }
}

body! {
    /// Turns agreed positions into payments.
    InstructPeriodBody {
        /// `direct`, `bilateral` or `hub`.
        mode: String,
        /// Division code of the treasury, in mode `hub`.
        hub: Option<String>,
        document_no: Option<String>,
    } (self, cx) {
        let mode = match (self.mode.as_str(), self.hub) {
            ("direct", None) => SettlementMode::Direct,
            ("bilateral", None) => SettlementMode::Bilateral,
            ("hub", Some(hub)) => SettlementMode::Hub(cx.member("hub", &hub)?),
            _ => {
                let problem = "is direct, bilateral, or hub with a hub named";
                return Err(Problem::field("mode", problem));
            }
        };
        Ok(Command::InstructPeriod(InstructPeriod {
            period: cx.period("month", cx.param("month"))?,
            mode,
            document_no: document(self.document_no)?,
        }))
    }
}

body! {
    /// A settlement payment was made, whole or in part.
    ConfirmInstructionBody { amount: String, bank_ref: String, paid_on: String, } (self, cx) {
        let canonical = |state: &crate::engine::State, id, tag| {
            state.instruction_id(InstructionId(id), tag)
        };
        let id = cx.id("id", cx.param("id"), IdKind::Instruction, canonical)?;
        Ok(Command::ConfirmInstruction(ConfirmInstruction {
            instruction: InstructionId(id),
            amount: yuan("amount", &self.amount)?,
            bank_ref: parse("bank_ref", &self.bank_ref, BankRef::parse)?,
            paid_on: day("paid_on", &self.paid_on)?,
        }))
    }
}

body! {
    /// Moves the business date forward.
    AdvanceDateBody { to: String, } (self, _cx) {
        Ok(Command::AdvanceDate(AdvanceDate { to: day("to", &self.to)? }))
    }
}
