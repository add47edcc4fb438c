//! Closed sets, lines and choices of orders.

use super::Fault;
use super::cbor::{Reader, Writer};
use super::commands::Canonical;
use super::field::Field;
use super::table::{left_out, present, spelled_out, table};
use super::terms::{closed_sets, sets, tables_of_terms};
use crate::engine::command::{Capture, DisputeAct, OrderStep};
use crate::engine::event::{HeldLine, ProposedLine, ReleasedLine};
use crate::engine::terms::{
    DisputeCode, DisputeOutcome, OrderParties, OrderSide, OrderStatus, ReleaseCause,
};

closed_sets! {
    OrderStatus: u8;
    OrderSide: u8;
    DisputeCode: u8;
    DisputeOutcome: u8;
    ReleaseCause: u8;
}

sets! { OrderParties }

tables_of_terms! {
    ProposedLine { 0: voucher, 1: issuer, 2: enterprise, 3: amount, }
    HeldLine { 0: voucher, 1: programme, 2: issuer, 3: version, 4: amount, }
    ReleasedLine { 0: voucher, 1: programme, 2: issuer, 3: amount, 4: returned, }
}

impl Canonical for OrderStep {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            OrderStep::Contract {
                contract_no,
                contract_date,
            } => {
                writer.array(3);
                writer.uint(0);
                contract_no.write(writer);
                contract_date.write(writer);
            }
            OrderStep::Deliver => writer.uint(1),
            OrderStep::Accept => writer.uint(2),
        }
    }
}

impl Canonical for DisputeAct {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            DisputeAct::Raise { by, code } => {
                writer.array(3);
                writer.uint(0);
                by.write(writer);
                code.write(writer);
            }
            DisputeAct::Withdraw => writer.uint(1),
            DisputeAct::Rule { uphold } => {
                writer.array(2);
                writer.uint(2);
                uphold.write(writer);
            }
        }
    }
}

impl Canonical for Option<Capture> {
    fn put(&self, writer: &mut Writer<'_>) {
        if let Some(Capture { order, last }) = self {
            (*order, *last).write(writer);
        }
    }

    fn is_left_out(&self) -> bool {
        self.is_none()
    }
}
