//! Orders: a line per refusal and per fault of a confirmation, the days on which things end, and
//! where the money is at every step.

mod carried;
mod contracts;
mod pooled;
mod refusals;

pub(super) use refusals::codes;

use super::world::*;
use crate::domain::{
    ClaimId, ContractNo, EnterpriseId, Fen, OrderId, PersonalText, PrincipalId, ProgrammeCode,
    ProgrammeId, VoucherId,
};
use crate::engine::books::AccountKind;
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Rejection, refusal_of};

/// People who act for one party each.
const FIRMS_MAN: PrincipalId = PrincipalId(4);
const OTHERS_MAN: PrincipalId = PrincipalId(5);
const LABS_MAN: PrincipalId = PrincipalId(6);
const ARBITER: PrincipalId = PrincipalId(7);
const ORDER: OrderId = OrderId(0);
/// A voucher of 600.00 of the other firm.
const OTHER_VOUCHER: VoucherId = VoucherId(1);

fn world() -> World {
    let mut w = World::new();
    for _ in 0..4 {
        let name = PersonalText {
            commitment: [0; 32],
            opening: None,
        };
        w.system(Command::RegisterPrincipal(Box::new(RegisterPrincipal {
            name,
        })));
    }
    for (person, firm) in [(FIRMS_MAN, FIRM), (OTHERS_MAN, OTHER_FIRM)] {
        w.grant(person, Role::Enterprise, Scope::Enterprise(firm));
    }
    w.grant(LABS_MAN, Role::Provider, Scope::Provider(LAB));
    w.grant(ARBITER, Role::Arbiter, Scope::Corridor);
    w.issue(OTHER_FIRM, 60_000);
    w
}

fn proposal(lines: &[(VoucherId, i64)]) -> ProposeOrder {
    let lines = lines
        .iter()
        .map(|(voucher, amount)| (*voucher, fen(*amount)));
    ProposeOrder {
        provider: LAB,
        category: TESTING,
        contract_amount: fen(100_000),
        hold_until: day("2025-05-31"),
        lines: lines.collect(),
    }
}

fn agree() -> Command {
    Command::AgreeOrder(AgreeOrder { order: ORDER })
}

fn confirm() -> Command {
    Command::ConfirmOrder(ConfirmOrder { order: ORDER })
}

fn step(step: OrderStep) -> Command {
    Command::AdvanceOrder(AdvanceOrder { order: ORDER, step })
}

fn contract(on: &str) -> Command {
    step(OrderStep::Contract {
        contract_no: ContractNo::parse("HT-1").expect("short"),
        contract_date: day(on),
    })
}

fn cancel(by: OrderSide) -> Command {
    Command::CancelOrder(CancelOrder { order: ORDER, by })
}

fn release(by: OrderSide, parts: &[(VoucherId, i64)]) -> Command {
    let parts = parts
        .iter()
        .map(|(voucher, amount)| (*voucher, fen(*amount)));
    Command::ReleaseOrder(ReleaseOrder {
        order: ORDER,
        by,
        parts: parts.collect(),
    })
}

fn extend(by: OrderSide, until: &str) -> Command {
    let until = day(until);
    Command::ExtendOrder(ExtendOrder {
        order: ORDER,
        by,
        until,
    })
}

fn dispute(act: DisputeAct) -> Command {
    Command::DisputeOrder(DisputeOrder { order: ORDER, act })
}

const RAISE: DisputeAct = DisputeAct::Raise {
    by: OrderSide::Holder,
    code: DisputeCode::Quality,
};

/// An order on the first voucher that its holder has proposed.
fn proposed(amount: i64) -> World {
    let mut w = world();
    w.by(
        FIRMS_MAN,
        Command::ProposeOrder(proposal(&[(VOUCHER, amount)])),
    );
    w
}

/// The same, confirmed.
fn confirmed(amount: i64) -> World {
    let mut w = proposed(amount);
    w.done(LABS_MAN, confirm());
    w
}

fn contracted(amount: i64) -> World {
    let mut w = confirmed(amount);
    w.done(LABS_MAN, contract("2025-03-10"));
    w
}

fn delivered(amount: i64) -> World {
    let mut w = contracted(amount);
    w.done(LABS_MAN, step(OrderStep::Deliver));
    w
}

impl World {
    /// A command that no rule refuses.
    fn done(&mut self, by: PrincipalId, command: Command) -> Vec<Recorded> {
        let events = self.by(by, command);
        assert_eq!(refusal_of(&events[0].event), None, "{:?}", events[0].event);
        events
    }

    fn status(&self) -> OrderStatus {
        self.state.order(ORDER).expect("an order").status
    }

    /// Free, held, approved and returned of a voucher, in fen.
    fn money(&self, voucher: VoucherId) -> [i64; 4] {
        let row = self.state.voucher(voucher).expect("a voucher");
        [row.free, row.held, row.approved, row.returned].map(Fen::get)
    }

    fn used(&self, firm: EnterpriseId) -> i64 {
        self.state.usage_of(PROGRAMME, firm).used.get()
    }

    /// A claim on the order with an invoice of this amount.
    fn on_order(&mut self, invoice: i64, last: bool) -> FileClaim {
        let mut claim = self.claim();
        claim.contract_amount = fen(invoice);
        claim.invoice_amount = fen(invoice);
        claim.order = Some(Capture { order: ORDER, last });
        claim
    }

    fn capture(&mut self, invoice: i64, last: bool) -> Vec<Recorded> {
        let claim = self.on_order(invoice, last);
        self.by(LABS_MAN, Command::FileClaim(claim))
    }
}

fn amounts(events: &[Recorded]) -> Vec<i64> {
    let amount = |recorded: &Recorded| match &recorded.event {
        Event::ClaimApproved(e) => Some(e.amount.get()),
        _ => None,
    };
    events.iter().filter_map(amount).collect()
}

#[test]
fn an_order_holds_its_amount_from_confirmation_to_claim() {
    let mut w = proposed(40_000);
    assert_eq!(w.status(), OrderStatus::Agreed);
    assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0]);
    w.done(LABS_MAN, confirm());
    assert_eq!(w.money(VOUCHER), [60_000, 40_000, 0, 0]);
    assert_eq!(w.used(FIRM), 40_000);
    w.done(FIRMS_MAN, contract("2025-03-10"));
    w.done(LABS_MAN, step(OrderStep::Deliver));
    w.done(FIRMS_MAN, step(OrderStep::Accept));
    assert_eq!(w.status(), OrderStatus::Accepted);
    let events = w.capture(80_000, false);
    assert_eq!(amounts(&events), [40_000]);
    assert_eq!(w.status(), OrderStatus::Closed);
    assert_eq!(w.money(VOUCHER), [60_000, 0, 40_000, 0]);
    assert_eq!(w.used(FIRM), 40_000);
    let held = w.state.budget(PROGRAMME, AccountKind::Held);
    assert_eq!(held, Fen::ZERO);
}

#[test]
fn a_claim_within_a_hold_is_never_refused_for_a_limit() {
    let mut w = contracted(40_000);
    // Everything that limits a claim without an order is gone.
    w.publish(VersionTerms {
        cap_enterprise: Fen::ZERO,
        cap_group: Fen::ZERO,
        category_caps: Box::new([(TESTING, Fen::ZERO)]),
        cap_contract: Some(Fen::ZERO),
        rolling: Some(RollingCap {
            cap: Fen::ZERO,
            period: RollingPeriod::Days(30),
        }),
        rates: Box::new([RateTerms {
            cap_claim: Fen::ZERO,
            ..World::terms().rates[0].clone()
        }]),
        ..World::terms()
    });
    w.consent(VOUCHER, ConsentGiver::Holder(None), 0);
    let free = w.claim();
    assert!(refusal_of(&w.file(free)).is_some());
    assert_eq!(amounts(&w.capture(80_000, false)), [40_000]);
}

#[test]
fn claims_draw_on_a_hold_one_by_one_and_the_last_releases_the_rest() {
    let mut w = contracted(50_000);
    assert_eq!(amounts(&w.capture(40_000, false)), [20_000]);
    assert_eq!(w.money(VOUCHER), [50_000, 30_000, 20_000, 0]);
    assert_eq!(w.status(), OrderStatus::Contracted);
    let events = w.capture(20_000, true);
    assert_eq!(amounts(&events), [10_000]);
    assert!(matches!(events[1].event, Event::OrderReleased(_)));
    assert_eq!(w.money(VOUCHER), [70_000, 0, 30_000, 0]);
    assert_eq!((w.status(), w.used(FIRM)), (OrderStatus::Closed, 30_000));
    // Nothing is left of the hold.
    let said = w.capture(20_000, false);
    assert_eq!(refusal_of(&said[0].event), Some(Code::VoucherExhausted));
}

#[test]
fn a_claim_beyond_the_hold_gets_what_is_held() {
    let mut w = contracted(30_000);
    assert_eq!(amounts(&w.capture(100_000, false)), [30_000]);
    assert_eq!(w.money(VOUCHER), [70_000, 0, 30_000, 0]);
}

#[test]
fn a_hold_ends_at_the_start_of_the_day_after_its_last() {
    let mut w = contracted(40_000);
    w.advance("2025-05-31");
    assert_eq!(w.status(), OrderStatus::Contracted);
    assert_eq!(amounts(&w.capture(20_000, false)), [10_000]);
    let events = w.advance("2025-06-01");
    let expired = events
        .iter()
        .find(|recorded| matches!(recorded.event, Event::OrderReleased(_)));
    let expired = expired.expect("the hold ends");
    assert_eq!(expired.meta.business_date, day("2025-06-01"));
    assert_eq!(w.status(), OrderStatus::Expired);
    assert_eq!(w.money(VOUCHER), [90_000, 0, 10_000, 0]);
    assert_eq!(w.used(FIRM), 10_000);
}

#[test]
fn a_hold_that_ends_with_its_voucher_lapses() {
    // Issued on 10 March: use by 10 September, cash by 10 October.
    let mut w = world();
    let mut order = proposal(&[(VOUCHER, 40_000)]);
    order.hold_until = day("2025-10-11");
    let said = w.by(FIRMS_MAN, Command::ProposeOrder(order.clone()));
    assert_eq!(refusal_of(&said[0].event), Some(Code::HoldPastDeadline));
    order.hold_until = day("2025-10-10");
    w.by(FIRMS_MAN, Command::ProposeOrder(order));
    w.done(LABS_MAN, confirm());
    w.done(LABS_MAN, contract("2025-03-10"));
    w.advance("2025-10-10");
    assert_eq!(amounts(&w.capture(20_000, false)), [10_000]);
    w.advance("2025-10-11");
    assert_eq!(w.status(), OrderStatus::Expired);
    assert_eq!(w.money(VOUCHER), [0, 0, 10_000, 90_000]);
}

#[test]
fn an_order_can_be_confirmed_until_the_last_day_of_use() {
    let late = |on: &str| {
        let mut w = world();
        let mut order = proposal(&[(VOUCHER, 40_000)]);
        order.hold_until = day("2025-10-10");
        w.by(FIRMS_MAN, Command::ProposeOrder(order));
        w.advance(on);
        let events = w.by(LABS_MAN, confirm());
        refusal_of(&events[0].event)
    };
    assert_eq!(late("2025-09-10"), None);
    assert_eq!(late("2025-09-11"), Some(Code::VoucherExpired));
}

#[test]
fn what_nobody_confirms_ends_by_itself() {
    let mut w = proposed(40_000);
    w.advance("2025-06-01");
    assert_eq!(w.status(), OrderStatus::Expired);
    assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0]);
}

#[test]
fn a_hold_is_extended_when_both_sides_ask_for_the_same_day() {
    let mut w = confirmed(40_000);
    w.done(LABS_MAN, extend(OrderSide::Provider, "2025-07-31"));
    w.done(FIRMS_MAN, extend(OrderSide::Holder, "2025-06-30"));
    let until = |w: &World| w.state.order(ORDER).expect("an order").hold_until;
    assert_eq!(until(&w), day("2025-05-31"));
    w.done(LABS_MAN, extend(OrderSide::Provider, "2025-06-30"));
    assert_eq!(until(&w), day("2025-06-30"));
    w.advance("2025-06-30");
    assert_eq!(w.status(), OrderStatus::Confirmed);
    w.advance("2025-07-01");
    assert_eq!(w.status(), OrderStatus::Expired);
}

#[test]
fn a_dispute_stops_the_clock_of_the_hold() {
    let mut w = delivered(40_000);
    w.advance("2025-05-20");
    w.done(FIRMS_MAN, dispute(RAISE));
    w.advance("2025-06-19");
    assert_eq!(w.status(), OrderStatus::Delivered);
    let said = w.capture(80_000, false);
    assert_eq!(refusal_of(&said[0].event), Some(Code::OrderDisputed));
    w.done(MAKER, dispute(DisputeAct::Rule { uphold: false }));
    let row = w.state.order(ORDER).expect("an order");
    assert_eq!(row.hold_until, day("2025-06-30"), "thirty days later");
    assert_eq!(amounts(&w.capture(80_000, false)), [40_000]);
}

#[test]
fn a_dispute_that_nobody_rules_on_ends_with_the_voucher() {
    let mut w = delivered(40_000);
    w.done(FIRMS_MAN, dispute(RAISE));
    w.advance("2025-10-10");
    assert_eq!(w.status(), OrderStatus::Delivered);
    w.advance("2025-10-11");
    assert_eq!(w.status(), OrderStatus::Expired);
    assert_eq!(w.money(VOUCHER), [0, 0, 0, 100_000]);
}

#[test]
fn a_dispute_that_is_upheld_releases_the_hold() {
    let mut w = delivered(40_000);
    w.done(FIRMS_MAN, dispute(RAISE));
    w.done(ARBITER, dispute(DisputeAct::Rule { uphold: true }));
    assert_eq!(w.status(), OrderStatus::Closed);
    assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0]);
}

#[test]
fn before_delivery_either_side_cancels_and_after_it_both() {
    for (by, side) in [
        (FIRMS_MAN, OrderSide::Holder),
        (LABS_MAN, OrderSide::Provider),
    ] {
        let mut w = confirmed(40_000);
        w.done(by, cancel(side));
        assert_eq!(w.status(), OrderStatus::Cancelled);
        assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0]);
        assert_eq!(w.used(FIRM), 0);
    }
    let mut w = delivered(40_000);
    w.done(FIRMS_MAN, cancel(OrderSide::Holder));
    assert_eq!(w.status(), OrderStatus::Delivered);
    w.done(LABS_MAN, cancel(OrderSide::Provider));
    assert_eq!(w.status(), OrderStatus::Cancelled);
}

#[test]
fn revocation_and_transfer_take_what_is_free_and_leave_the_hold() {
    let mut w = contracted(40_000);
    let all = Command::ProposeTransfer(ProposeTransfer {
        voucher: VOUCHER,
        kind: TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(0),
        },
        amount: fen(60_001),
        document_no: None,
        expires_on: None,
    });
    let said = w.by(MAKER, all);
    assert_eq!(refusal_of(&said[0].event), Some(Code::TransferExceedsFree));
    w.system(Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }));
    assert_eq!(w.money(VOUCHER), [0, 40_000, 0, 60_000]);
    let said = w.capture(80_000, false);
    assert_eq!(refusal_of(&said[0].event), Some(Code::VoucherRevoked));
    // What is released of a revoked voucher is revoked with it.
    w.done(LABS_MAN, release(OrderSide::Provider, &[]));
    assert_eq!(w.money(VOUCHER), [0, 0, 0, 100_000]);
}

#[test]
fn a_holder_that_moves_takes_its_order_along() {
    let mut w = contracted(40_000);
    w.by(
        MAKER,
        Command::ProposeTransfer(ProposeTransfer {
            voucher: VOUCHER,
            kind: TransferRequest::Relocation { to_city: HOST },
            amount: Fen::ZERO,
            document_no: None,
            expires_on: None,
        }),
    );
    w.done(
        CHECKER,
        Command::DecideTransfer(DecideTransfer {
            transfer: crate::domain::TransferId(0),
            approve: true,
        }),
    );
    assert_eq!(amounts(&w.capture(80_000, false)), [40_000]);
}
