//! Example orders, apart from the other events for length.

use super::examples::{day, fen, short, typical_claim};
use crate::domain::{
    CategoryId, EnterpriseId, MemberId, OrderId, ProgrammeId, ProviderId, VersionNo, VoucherId,
};
use crate::engine::event::{
    ClaimApproved, ClaimRefused, ContractRefused, DisputeClosed, Event, HeldLine, OrderAdvanced,
    OrderAgreed, OrderAsked, OrderConfirmed, OrderDisputed, OrderExtended, OrderProposed,
    OrderRefused, OrderReleased, ProposedLine, ReleasedLine, ReturnedTo,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::terms::{
    DisputeCode, DisputeOutcome, OrderParties, OrderSide, OrderStatus, ReleaseCause,
};

const ORDER: OrderId = OrderId(70_001);
const VOUCHERS: [VoucherId; 2] = [VoucherId(1_234_567), VoucherId(1_234_568)];

pub(super) fn orders() -> Vec<Event> {
    let order = ORDER;
    let mut events = made();
    events.extend([
        Event::OrderAsked(OrderAsked {
            order,
            extend_to: Some(day("2025-12-31")),
            parties: OrderParties::PROVIDER,
        }),
        Event::OrderExtended(OrderExtended {
            order,
            hold_until: day("2025-12-31"),
        }),
        Event::OrderDisputed(OrderDisputed {
            order,
            by: OrderSide::Holder,
            code: DisputeCode::Quality,
            ends_on: day("2026-01-31"),
        }),
        Event::DisputeClosed(DisputeClosed {
            order,
            outcome: DisputeOutcome::Rejected,
            hold_until: day("2026-01-10"),
        }),
        Event::OrderReleased(OrderReleased {
            order,
            cause: ReleaseCause::Captured,
            status: OrderStatus::Closed,
            lines: Box::new([ReleasedLine {
                voucher: VOUCHERS[1],
                programme: ProgrammeId(12),
                issuer: MemberId(3),
                amount: fen(1_000_000),
                returned: ReturnedTo::Available,
            }]),
        }),
    ]);
    events
}

fn made() -> Vec<Event> {
    let (order, issuer, amount) = (ORDER, MemberId(3), fen(5_000_000));
    let proposed = |voucher| ProposedLine {
        voucher,
        issuer,
        enterprise: EnterpriseId(345_678),
        amount,
    };
    let held = |voucher| HeldLine {
        voucher,
        programme: ProgrammeId(12),
        issuer,
        version: VersionNo(2),
        amount,
    };
    let mut faults = Faults::NONE;
    faults.add(RefusalCode::VoucherFrozen);
    vec![
        Event::OrderProposed(OrderProposed {
            order,
            provider: ProviderId(4_567),
            host: MemberId(7),
            category: CategoryId(9),
            contract_amount: fen(25_000_000),
            hold_until: day("2025-11-30"),
            lines: VOUCHERS.into_iter().map(proposed).collect(),
            agreed: OrderParties::line(0),
        }),
        Event::OrderAgreed(OrderAgreed {
            order,
            agreed: OrderParties::lines(2),
            complete: true,
        }),
        Event::OrderConfirmed(OrderConfirmed {
            order,
            lines: VOUCHERS.into_iter().map(held).collect(),
        }),
        Event::OrderRefused(OrderRefused {
            order,
            result: RefusalCode::VoucherFrozen,
            faults,
            lines: Box::new([(VOUCHERS[1], faults)]),
        }),
        Event::ContractRefused(ContractRefused {
            order,
            result: RefusalCode::VoucherFrozen,
            faults,
            lines: Box::new([(VOUCHERS[1], faults)]),
        }),
        Event::OrderAdvanced(OrderAdvanced {
            order,
            status: OrderStatus::Contracted,
            contract_no: Some(short("HT-2025-0042")),
            contract_date: Some(day("2025-10-08")),
            accepted: OrderParties::lines(2),
            counted: OrderParties::NONE,
        }),
    ]
}

/// A contract that holds count to.
pub(super) fn counted() -> Event {
    Event::OrderAdvanced(OrderAdvanced {
        order: ORDER,
        status: OrderStatus::Contracted,
        contract_no: Some(short("HT-2025-0042")),
        contract_date: Some(day("2025-10-08")),
        accepted: OrderParties::NONE,
        counted: OrderParties::line(1),
    })
}

/// A claim that was refused on an order.
pub(super) fn refused_on_order() -> ClaimRefused {
    let claim = typical_claim();
    let mut faults = Faults::NONE;
    faults.add(RefusalCode::VoucherExhausted);
    ClaimRefused {
        result: RefusalCode::VoucherExhausted,
        faults,
        voucher: Some(claim.voucher),
        provider: Some(claim.provider),
        voucher_given: None,
        provider_given: None,
        category: claim.category,
        contract_no: claim.contract_no,
        contract_date: claim.contract_date,
        contract_amount: claim.contract_amount,
        invoice_no: claim.invoice_no,
        invoice_amount: claim.invoice_amount,
        paid_amount: claim.paid_amount,
        order: Some(ORDER),
    }
}

/// A claim on an order.
pub(super) fn captured_claim() -> ClaimApproved {
    ClaimApproved {
        consent: None,
        order: Some(ORDER),
        ..typical_claim()
    }
}

/// The same kinds with nothing that can be left out.
pub(super) fn minimal() -> Vec<Event> {
    let order = OrderId(0);
    vec![
        Event::OrderAdvanced(OrderAdvanced {
            order,
            status: OrderStatus::Delivered,
            contract_no: None,
            contract_date: None,
            accepted: OrderParties::NONE,
            counted: OrderParties::NONE,
        }),
        Event::OrderAsked(OrderAsked {
            order,
            extend_to: None,
            parties: OrderParties::NONE,
        }),
        // The family of a reference follows from the cause.
        Event::OrderReleased(OrderReleased {
            order,
            cause: ReleaseCause::Released,
            status: OrderStatus::Confirmed,
            lines: Box::default(),
        }),
    ]
}
