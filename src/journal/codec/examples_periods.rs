//! Examples of the events of periods and settlement payments.

use super::examples::{day, fen, short, text};
use crate::domain::{InstructionId, LineId, MemberId, PeriodId};
use crate::engine::event::{
    ArrearsCarried, CellAgreed, CloseRequested, Event, InstructionIssued, InstructionPaid,
    PeriodAgreed, PeriodClosed, PeriodInstructed, PeriodSettled, PositionFixed, StatementConfirmed,
};
use crate::engine::terms::SettlementMode;

pub(super) fn periods() -> Vec<Event> {
    let period = PeriodId(21);
    vec![
        Event::CloseRequested(CloseRequested { period }),
        Event::PositionFixed(PositionFixed {
            period,
            member: MemberId(3),
            receivable: fen(123_456_789_012),
            payable: fen(23_456_789_012),
        }),
        Event::PeriodClosed(PeriodClosed {
            period,
            month: day("2025-09-30").month(),
            next: PeriodId(22),
            gross: fen(987_654_321_098),
            parties: 9,
            cells: 120,
            deemed_on: day("2025-10-08"),
        }),
        Event::StatementConfirmed(StatementConfirmed {
            period,
            member: MemberId(3),
            revision: 1,
        }),
        Event::CellAgreed(CellAgreed {
            period,
            debtor: MemberId(7),
            creditor: MemberId(3),
            amount: fen(3_735_000),
        }),
        Event::PeriodAgreed(PeriodAgreed {
            period,
            revision: 1,
            deemed: true,
        }),
    ]
}

pub(super) fn instructions() -> Vec<Event> {
    let period = PeriodId(21);
    let instruction = InstructionId(350);
    let (debtor, creditor) = (MemberId(7), MemberId(3));
    vec![
        Event::InstructionIssued(InstructionIssued {
            instruction,
            period,
            order: 1,
            debtor,
            creditor,
            amount: fen(100_000_000_000),
        }),
        Event::PeriodInstructed(Box::new(PeriodInstructed {
            period,
            mode: SettlementMode::Hub(MemberId(40)),
            document_no: Some(text("G60办〔2025〕9号")),
            instructions: 8,
            total: fen(400_000_000_000),
            pay_by: day("2025-11-08"),
        })),
        Event::InstructionPaid(Box::new(InstructionPaid {
            instruction,
            period,
            debtor,
            creditor,
            amount: fen(60_000_000_000),
            bank_ref: short("TIPS-20251101-1"),
            paid_on: day("2025-11-01"),
        })),
        Event::ArrearsCarried(ArrearsCarried {
            instruction,
            period,
            line: LineId(5_432_400),
            debtor,
            creditor,
            amount: fen(40_000_000_000),
            into: PeriodId(22),
        }),
        Event::PeriodSettled(PeriodSettled {
            period,
            carried: fen(40_000_000_000),
        }),
    ]
}
