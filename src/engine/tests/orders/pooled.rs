//! Orders on vouchers of several holders and issuers.

use super::*;

/// An order of both firms with a contract: 400.00 and 200.00.
fn pooled() -> World {
    let mut w = world();
    let mut both = proposal(&[(VOUCHER, 40_000), (OTHER_VOUCHER, 20_000)]);
    both.contract_amount = fen(120_000);
    w.by(FIRMS_MAN, Command::ProposeOrder(both));
    w.done(OTHERS_MAN, agree());
    w.done(LABS_MAN, confirm());
    w.done(LABS_MAN, contract("2025-03-10"));
    w
}

#[test]
fn an_order_of_several_holders_waits_for_each_of_them() {
    let mut w = world();
    let both = proposal(&[(VOUCHER, 30_000), (OTHER_VOUCHER, 20_000)]);
    w.by(FIRMS_MAN, Command::ProposeOrder(both));
    assert_eq!(w.status(), OrderStatus::Proposed);
    let said = w.by(LABS_MAN, confirm());
    assert_eq!(refusal_of(&said[0].event), Some(Code::OrderStateMismatch));
    w.done(OTHERS_MAN, agree());
    assert_eq!(w.status(), OrderStatus::Agreed);
    w.done(LABS_MAN, confirm());
    w.done(LABS_MAN, contract("2025-03-10"));
    w.done(LABS_MAN, step(OrderStep::Deliver));
    w.done(FIRMS_MAN, step(OrderStep::Accept));
    assert_eq!(w.status(), OrderStatus::Delivered);
    w.done(OTHERS_MAN, step(OrderStep::Accept));
    assert_eq!(w.status(), OrderStatus::Accepted);
}

#[test]
fn limits_are_taken_to_the_fen_and_lines_share_them() {
    // The group of the first firm may use 1,400.00 in all, the firm 1,500.00.
    let mut w = world();
    w.issue(FIRM, 50_000);
    let second = VoucherId(2);
    let mut order = proposal(&[(VOUCHER, 100_000), (second, 40_000)]);
    order.contract_amount = fen(100_000_000);
    w.publish(VersionTerms {
        rates: Box::new([RateTerms {
            cap_claim: fen(100_000),
            ..World::terms().rates[0].clone()
        }]),
        ..World::terms()
    });
    let mut over = order.clone();
    over.lines[1].1 = fen(40_001);
    w.by(FIRMS_MAN, Command::ProposeOrder(over));
    let events = w.by(LABS_MAN, confirm());
    let Event::OrderRefused(refused) = &events[0].event else {
        panic!("{:?}", events[0].event);
    };
    assert_eq!(refused.lines[0].0, second);
    assert_eq!(refused.result, Code::YearCapExhausted);
    assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0], "all lines or none");
    w.by(FIRMS_MAN, Command::ProposeOrder(order));
    let order = OrderId(1);
    w.done(LABS_MAN, Command::ConfirmOrder(ConfirmOrder { order }));
    assert_eq!(w.used(FIRM), 140_000);
    // Held, the group's cap is used up for everybody else.
    let claim = FileClaim {
        voucher: VoucherKey::Id(second),
        ..w.claim()
    };
    let said = w.file(claim);
    assert_eq!(refusal_of(&said), Some(Code::YearCapExhausted));
}

#[test]
fn one_invoice_on_a_pooled_order_makes_a_claim_per_line() {
    let mut w = pooled();
    let claim = w.on_order(90_001, false);
    let invoice = claim.invoice_no;
    let events = w.by(LABS_MAN, Command::FileClaim(claim.clone()));
    // Two parts of the bill, 600.01 and 300.00, each at a half.
    assert_eq!(amounts(&events), [30_000, 15_000]);
    let bills: Vec<i64> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::ClaimApproved(e) => Some(e.invoice_amount.get()),
            _ => None,
        })
        .collect();
    assert_eq!(bills, [60_001, 30_000]);
    assert_eq!(w.money(VOUCHER), [60_000, 10_000, 30_000, 0]);
    assert_eq!(w.money(OTHER_VOUCHER), [40_000, 5_000, 15_000, 0]);
    // The number serves both claims and is free once both are reversed.
    let again = w.by(LABS_MAN, Command::FileClaim(claim.clone()));
    assert_eq!(refusal_of(&again[0].event), Some(Code::DuplicateInvoice));
    let reverse = |claim| Command::ReverseClaim(ReverseClaim { claim });
    w.done(MAKER, reverse(ClaimId(0)));
    assert!(w.state.claim_by_invoice(invoice).is_some());
    let again = w.by(LABS_MAN, Command::FileClaim(claim.clone()));
    assert_eq!(refusal_of(&again[0].event), Some(Code::DuplicateInvoice));
    w.done(MAKER, reverse(ClaimId(1)));
    assert_eq!(w.state.claim_by_invoice(invoice), None);
    // What came back is free on the vouchers; the hold is what it was.
    assert_eq!(w.money(VOUCHER), [90_000, 10_000, 0, 0]);
    assert_eq!(
        amounts(&w.by(LABS_MAN, Command::FileClaim(claim))),
        [10_000, 5_000]
    );
}

#[test]
fn a_pooled_claim_is_judged_line_by_line_and_done_whole_or_not_at_all() {
    let mut w = pooled();
    let frozen = SetFreeze {
        voucher: OTHER_VOUCHER,
        frozen: true,
    };
    w.system(Command::SetFreeze(frozen));
    let events = w.capture(90_000, false);
    let Event::ClaimRefused(refused) = &events[0].event else {
        panic!("{:?}", events[0].event);
    };
    assert_eq!(refused.voucher, Some(OTHER_VOUCHER));
    assert_eq!(refused.result, Code::VoucherFrozen);
    assert_eq!(w.money(VOUCHER), [60_000, 40_000, 0, 0]);
    // Without the frozen line the claim goes on; its share of the bill is the firm's own.
    w.done(
        LABS_MAN,
        release(OrderSide::Provider, &[(OTHER_VOUCHER, 20_000)]),
    );
    assert_eq!(amounts(&w.capture(90_000, false)), [30_000]);
    assert_eq!(w.money(OTHER_VOUCHER), [60_000, 0, 0, 0]);
}

#[test]
fn a_pooled_claim_falls_on_each_issuer_under_its_own_rules() {
    let mut w = world();
    let theirs = ProgrammeId(1);
    w.system(Command::CreateProgramme(Box::new(CreateProgramme {
        code: ProgrammeCode::parse("330100-2025").expect("short"),
        title: Name::parse("2025").expect("short"),
        city: HOST,
        budget_year: 2025,
    })));
    w.system(Command::ChangeBudget(ChangeBudget {
        programme: theirs,
        amount: fen(100_000),
        raise: true,
        document_no: None,
    }));
    let reimbursing = VersionTerms {
        payee: PayeeMode::Enterprise,
        base: BasePolicy::Paid,
        ..World::terms()
    };
    w.system(Command::PublishVersion(PublishVersion {
        programme: theirs,
        terms: Box::new(reimbursing),
    }));
    w.system(Command::IssueVoucher(IssueVoucher {
        programme: theirs,
        enterprise: EnterpriseKey::Id(FAR_FIRM),
        amount: fen(30_000),
        application: None,
    }));
    let far = VoucherId(2);
    w.grant(OTHERS_MAN, Role::Enterprise, Scope::Enterprise(FAR_FIRM));
    let mut order = proposal(&[(VOUCHER, 30_000), (far, 10_000)]);
    order.contract_amount = fen(80_000);
    w.by(FIRMS_MAN, Command::ProposeOrder(order));
    w.done(OTHERS_MAN, agree());
    w.done(LABS_MAN, confirm());
    w.done(LABS_MAN, contract("2025-03-10"));
    let mut claim = w.on_order(80_000, false);
    claim.paid_amount = fen(40_000);
    let events = w.by(LABS_MAN, Command::FileClaim(claim));
    // 600.00 billed and 300.00 paid: the lab gets 300.00. 100.00 paid: the firm gets 50.00.
    assert_eq!(amounts(&events), [30_000, 5_000]);
    let payees: Vec<Payee> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::ClaimApproved(e) => Some(e.payee),
            _ => None,
        })
        .collect();
    assert_eq!(payees, [Payee::Provider(LAB), Payee::Enterprise(FAR_FIRM)]);
    let lines: Vec<_> = w.state.lines().map(|(_, line)| line.programme).collect();
    assert_eq!(
        lines,
        [Some(PROGRAMME)],
        "the other city owes itself nothing"
    );
}

#[test]
fn a_holder_releases_its_own_lines_and_the_provider_any() {
    let mut w = pooled();
    w.done(OTHERS_MAN, release(OrderSide::Holder, &[]));
    assert_eq!(w.money(OTHER_VOUCHER), [60_000, 0, 0, 0]);
    let theirs = release(OrderSide::Holder, &[(VOUCHER, 1)]);
    let submission = Submission::new(OTHERS_MAN, theirs);
    let stopped = w.send(&submission);
    assert_eq!(stopped, Err(Rejection::NotFound("line of the sender")));
    w.done(LABS_MAN, release(OrderSide::Provider, &[(VOUCHER, 15_000)]));
    assert_eq!(w.money(VOUCHER), [75_000, 25_000, 0, 0]);
    assert_eq!(w.status(), OrderStatus::Contracted);
    w.done(LABS_MAN, release(OrderSide::Provider, &[]));
    assert_eq!(w.status(), OrderStatus::Closed);
}

#[test]
fn what_stands_against_other_holders_they_hear_themselves() {
    let mut w = world();
    w.flag(Payee::Enterprise(OTHER_FIRM), FlagLevel::Block);
    let both = proposal(&[(VOUCHER, 30_000), (OTHER_VOUCHER, 20_000)]);
    let proposed = w.by(FIRMS_MAN, Command::ProposeOrder(both));
    assert_eq!(refusal_of(&proposed[0].event), None);
    let said = w.by(OTHERS_MAN, agree());
    assert_eq!(refusal_of(&said[0].event), Some(Code::PartyBlocked));
    // Nor does who proposes learn of another voucher's days, and nothing is confirmed beyond them.
    let mut w = world();
    let mut late = proposal(&[(OTHER_VOUCHER, 20_000)]);
    late.hold_until = day("2025-10-11");
    let said = w.by(OTHERS_MAN, Command::ProposeOrder(late.clone()));
    assert_eq!(refusal_of(&said[0].event), Some(Code::HoldPastDeadline));
    let submission = Submission {
        reason: Reason::parse("服务周期延长").ok(),
        ..Submission::new(
            crate::engine::event::SYSTEM,
            Command::ExtendVoucher(ExtendVoucher {
                voucher: VOUCHER,
                use_by: day("2025-12-31"),
                cash_by: day("2025-12-31"),
            }),
        )
    };
    w.send(&submission).expect("no rejection");
    late.lines = Box::new([(VOUCHER, fen(30_000)), (OTHER_VOUCHER, fen(20_000))]);
    let proposed = w.by(FIRMS_MAN, Command::ProposeOrder(late));
    assert_eq!(refusal_of(&proposed[0].event), None);
    let said = w.by(OTHERS_MAN, agree());
    assert_eq!(refusal_of(&said[0].event), Some(Code::HoldPastDeadline));
}
