//! A line per refusal of an order and per fault of a confirmation.

use super::*;

type Fault = (&'static [Code], fn(&mut World, &mut ProposeOrder));

/// What a confirmation is refused for: the proposal is changed before it is made, the world too.
const FAULTS: &[Fault] = &[
    (&[Code::VoucherRevoked], |w, _| {
        w.system(Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }));
    }),
    (&[Code::VoucherFrozen], |w, _| {
        let frozen = SetFreeze {
            voucher: VOUCHER,
            frozen: true,
        };
        w.system(Command::SetFreeze(frozen));
    }),
    (&[Code::ProviderSuspended], |w, _| {
        let suspended = SetSuspension {
            provider: LAB,
            suspended: true,
            until: None,
        };
        w.system(Command::SetSuspension(suspended));
    }),
    (&[Code::SelfDealing], |_, o| o.provider = OWN_LAB),
    (&[Code::RelatedParty], |_, o| o.provider = RELATED_LAB),
    (&[Code::VoucherExpired], |w, o| {
        w.advance("2025-09-11");
        o.hold_until = day("2025-10-10");
    }),
    (
        &[Code::VoucherExpired, Code::ProviderNotAdmitted],
        |w, o| {
            let mut terms = World::terms();
            terms.cash_days = 365;
            w.publish(terms);
            w.issue(FIRM, 40_000);
            w.advance("2026-01-01");
            o.lines = Box::new([(VoucherId(2), fen(40_000))]);
            o.hold_until = day("2026-02-01");
        },
    ),
    (
        &[Code::CategoryNotOffered, Code::CategoryNotFunded],
        |_, o| {
            o.category = COMPUTE;
        },
    ),
    (&[Code::HostNotRecognised], |_, o| o.provider = THIRD_LAB),
    (&[Code::CategoryNotFunded], |_, o| o.category = DESIGN),
    (&[Code::VoucherExhausted], |w, o| {
        let mut spent = w.claim();
        spent.invoice_amount = fen(1_000_000);
        w.approve(spent);
        o.lines = Box::new([(VOUCHER, fen(40_001))]);
    }),
    (&[Code::YearCapExhausted], |w, _| {
        let cap_enterprise = fen(39_999);
        w.publish(VersionTerms {
            cap_enterprise,
            ..World::terms()
        });
    }),
    (&[Code::YearCapExhausted], |w, _| {
        let cap_group = fen(39_999);
        w.publish(VersionTerms {
            cap_group,
            ..World::terms()
        });
    }),
    // Half of 800.00 is 400.00.
    (&[Code::NothingPayable], |_, o| {
        o.contract_amount = fen(79_998)
    }),
    (&[Code::NothingPayable], |_, o| {
        o.contract_amount = fen(900_000);
        o.lines = Box::new([(VOUCHER, fen(60_001))]);
    }),
];

type LaterFault = (Code, fn(&mut World));

/// The same, where the world changes once the order is proposed.
const LATER_FAULTS: &[LaterFault] = &[
    (Code::HolderBlocked, |w| {
        w.flag(Payee::Enterprise(FIRM), FlagLevel::Block);
    }),
    (Code::ProviderBlocked, |w| {
        w.flag(Payee::Provider(LAB), FlagLevel::Block);
    }),
    (Code::Excluded, |w| {
        let host = Exclusion {
            enterprise_kind: None,
            category: None,
            provider: None,
            host: Some(HOST),
        };
        w.publish(VersionTerms {
            exclusions: Box::new([host]),
            ..World::terms()
        });
    }),
    (Code::CategoryCapExhausted, |w| {
        w.publish(VersionTerms {
            category_caps: Box::new([(TESTING, fen(39_999))]),
            ..World::terms()
        });
    }),
    (Code::ContractCapExhausted, |w| {
        w.publish(VersionTerms {
            cap_contract: Some(fen(39_999)),
            ..World::terms()
        });
    }),
    (Code::RollingCapExhausted, |w| {
        w.publish(VersionTerms {
            rolling: Some(RollingCap {
                cap: fen(39_999),
                period: RollingPeriod::Days(30),
            }),
            ..World::terms()
        });
    }),
];

/// What a confirmation is never refused for: an order names a voucher and a provider that there
/// are, is the holder's word itself, would be for a contract of this day, is over once no claim
/// could be filed any more; and its claim brings the papers.
const NOT_OF_A_CONFIRMATION: &[Code] = &[
    Code::VoucherUnknown,
    Code::ProviderUnknown,
    Code::NotAuthorised,
    Code::HolderMismatch,
    Code::ContractBeforeIssue,
    Code::ContractBeforeTransfer,
    Code::ContractAfterFiling,
    Code::CashDeadlinePassed,
    Code::EvidenceMissing,
    Code::DuplicateInvoice,
];

#[test]
fn every_rule_of_a_claim_is_one_of_a_confirmation_or_says_why_not() {
    let broken = FAULTS.iter().flat_map(|(codes, _)| *codes);
    let broken = broken.chain(LATER_FAULTS.iter().map(|(code, _)| code));
    let broken: Vec<Code> = broken.copied().collect();
    for code in crate::engine::rules::ORDER {
        let (tested, never) = (broken.contains(code), NOT_OF_A_CONFIRMATION.contains(code));
        assert!(tested != never, "{code:?}: tested {tested}, never {never}");
    }
}

#[test]
fn every_fault_of_a_confirmation_has_a_line_that_breaks_it() {
    let nothing: fn(&mut World) = |_| {};
    let first = FAULTS.iter().map(|(faults, change)| {
        let faults: &[Code] = faults;
        (faults, Some(change), nothing)
    });
    let later = LATER_FAULTS
        .iter()
        .map(|(fault, change)| (std::slice::from_ref(fault), None, *change));
    for (n, (faults, change, afterwards)) in first.chain(later).enumerate() {
        let mut w = world();
        let mut order = proposal(&[(VOUCHER, 40_000)]);
        if let Some(change) = change {
            change(&mut w, &mut order);
        }
        let lab = order.provider;
        w.by(FIRMS_MAN, Command::ProposeOrder(order.clone()));
        afterwards(&mut w);
        let before = w.money(VOUCHER);
        w.grant(LABS_MAN, Role::Provider, Scope::Provider(lab));
        let events = w.by(LABS_MAN, confirm());
        let Event::OrderRefused(refused) = &events[0].event else {
            panic!("line {n}: {:?}", events[0].event);
        };
        assert_eq!(
            refused.faults.in_order().collect::<Vec<_>>(),
            faults,
            "line {n}"
        );
        assert_eq!(refused.lines.len(), 1, "line {n}");
        assert_eq!(w.money(VOUCHER), before, "line {n}");
    }
}

type Line = (Code, fn() -> World, PrincipalId, fn() -> Command);

/// A line per refusal that is not a claim's.
const REFUSALS: &[Line] = &[
    (Code::HoldPastDeadline, world, FIRMS_MAN, || {
        let mut order = proposal(&[(VOUCHER, 1)]);
        order.hold_until = day("2025-10-11");
        Command::ProposeOrder(order)
    }),
    (Code::AlreadyInState, || proposed(1), FIRMS_MAN, agree),
    (Code::OrderStateMismatch, || confirmed(1), FIRMS_MAN, agree),
    (Code::OrderStateMismatch, || confirmed(1), LABS_MAN, confirm),
    (
        Code::OrderStateMismatch,
        || proposed(1),
        LABS_MAN,
        || contract("2025-03-10"),
    ),
    (
        Code::ContractBeforeIssue,
        || confirmed(1),
        LABS_MAN,
        || contract("2025-03-09"),
    ),
    (
        Code::ContractAfterFiling,
        || confirmed(1),
        LABS_MAN,
        || contract("2025-03-11"),
    ),
    (
        Code::OrderStateMismatch,
        || confirmed(1),
        LABS_MAN,
        || step(OrderStep::Deliver),
    ),
    (
        Code::OrderStateMismatch,
        || confirmed(1),
        FIRMS_MAN,
        || step(OrderStep::Accept),
    ),
    (Code::OrderDisputed, disputed, FIRMS_MAN, || {
        step(OrderStep::Accept)
    }),
    (Code::OrderDisputed, disputed, LABS_MAN, || {
        extend(OrderSide::Provider, "2025-07-01")
    }),
    (Code::AlreadyInState, disputed, FIRMS_MAN, || dispute(RAISE)),
    (
        Code::OrderNotDisputed,
        || confirmed(1),
        FIRMS_MAN,
        || dispute(DisputeAct::Withdraw),
    ),
    (
        Code::OrderNotDisputed,
        || confirmed(1),
        MAKER,
        || dispute(DisputeAct::Rule { uphold: true }),
    ),
    (
        Code::OrderStateMismatch,
        || proposed(1),
        FIRMS_MAN,
        || dispute(RAISE),
    ),
    (Code::OrderStateMismatch, cancelled, FIRMS_MAN, || {
        cancel(OrderSide::Holder)
    }),
    (
        Code::OrderStateMismatch,
        || proposed(1),
        LABS_MAN,
        || release(OrderSide::Provider, &[]),
    ),
    (
        Code::OrderDelivered,
        || delivered(1),
        FIRMS_MAN,
        || release(OrderSide::Holder, &[]),
    ),
    (
        Code::HoldExceeded,
        || confirmed(1),
        LABS_MAN,
        || release(OrderSide::Provider, &[(VOUCHER, 2)]),
    ),
    (
        Code::OrderStateMismatch,
        || proposed(1),
        LABS_MAN,
        || extend(OrderSide::Provider, "2025-07-01"),
    ),
    (
        Code::HoldPastDeadline,
        || confirmed(1),
        LABS_MAN,
        || extend(OrderSide::Provider, "2025-10-11"),
    ),
    (Code::AlreadyInState, asked, LABS_MAN, || {
        extend(OrderSide::Provider, "2025-07-01")
    }),
];

/// The codes that have a line here.
pub(in crate::engine::tests) fn codes() -> impl Iterator<Item = Code> {
    let lines = REFUSALS.iter().map(|(code, ..)| *code);
    lines.chain(CLAIM_LINES.iter().map(|(code, _)| *code))
}

fn disputed() -> World {
    let mut w = delivered(1);
    w.done(FIRMS_MAN, dispute(RAISE));
    w
}

fn cancelled() -> World {
    let mut w = proposed(1);
    w.done(LABS_MAN, cancel(OrderSide::Provider));
    w
}

fn asked() -> World {
    let mut w = confirmed(1);
    w.done(LABS_MAN, extend(OrderSide::Provider, "2025-07-01"));
    w
}

#[test]
fn every_refusal_of_an_order_has_a_line() {
    for (n, (code, world, by, command)) in REFUSALS.iter().enumerate() {
        let mut w = world();
        let before = w.money(VOUCHER);
        let events = w.by(*by, command());
        assert_eq!(refusal_of(&events[0].event), Some(*code), "line {n}");
        assert_eq!(w.money(VOUCHER), before, "line {n}");
    }
}

type Change = fn(&mut FileClaim);

/// What a claim on an order of 400.00 is refused for.
const CLAIM_LINES: &[(Code, Change)] = &[
    (Code::OrderMismatch, |c| {
        c.provider = ProviderKey::Id(OWN_LAB)
    }),
    (Code::OrderMismatch, |c| c.category = DESIGN),
    (Code::OrderMismatch, |c| {
        c.voucher = VoucherKey::Id(OTHER_VOUCHER)
    }),
    (Code::OrderMismatch, |c| {
        c.contract_no = ContractNo::parse("HT-2").expect("short");
    }),
    (Code::HolderMismatch, |c| {
        c.enterprise = Some(EnterpriseKey::Id(OTHER_FIRM));
    }),
    (Code::NothingPayable, |c| c.paid_amount = c.invoice_amount),
];

#[test]
fn a_claim_must_be_that_of_its_order() {
    for (n, (code, change)) in CLAIM_LINES.iter().enumerate() {
        let mut w = delivered(40_000);
        let mut claim = w.on_order(80_000, false);
        change(&mut claim);
        let events = w.by(LABS_MAN, Command::FileClaim(claim));
        assert_eq!(refusal_of(&events[0].event), Some(*code), "line {n}");
    }
    let mut w = proposed(40_000);
    let said = w.capture(80_000, false);
    assert_eq!(refusal_of(&said[0].event), Some(Code::OrderStateMismatch));
}

#[test]
fn only_the_parties_of_an_order_act_on_it() {
    let mut w = confirmed(40_000);
    let claim = w.on_order(80_000, false);
    for command in [
        agree(),
        confirm(),
        contract("2025-03-10"),
        cancel(OrderSide::Holder),
        cancel(OrderSide::Provider),
        release(OrderSide::Holder, &[]),
        extend(OrderSide::Provider, "2025-07-01"),
        dispute(RAISE),
        dispute(DisputeAct::Rule { uphold: true }),
        Command::FileClaim(claim),
        Command::ProposeOrder(proposal(&[(VOUCHER, 1)])),
    ] {
        let words = format!("{command:?}");
        let stopped = w.send(&Submission::new(OTHERS_MAN, command));
        assert!(matches!(stopped, Err(Rejection::Forbidden(_))), "{words}");
    }
}

#[test]
fn a_proposal_is_well_formed() {
    let mut w = world();
    let mut many = vec![(VOUCHER, 1); 11];
    let refused = |w: &mut World, order: ProposeOrder| {
        let stopped = w.send(&Submission::new(FIRMS_MAN, Command::ProposeOrder(order)));
        matches!(stopped, Err(Rejection::Invalid { .. }))
    };
    assert!(refused(&mut w, proposal(&many)));
    many.truncate(2);
    assert!(refused(&mut w, proposal(&many)));
    assert!(refused(&mut w, proposal(&[])));
    assert!(refused(&mut w, proposal(&[(VOUCHER, 0)])));
    let mut past = proposal(&[(VOUCHER, 1)]);
    past.hold_until = day("2025-03-09");
    assert!(refused(&mut w, past));
}
