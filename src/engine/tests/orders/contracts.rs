//! What an order holds counts to its contract as soon as that has a number, and no claim is filed
//! before: a claim within a hold is not refused for the cap of its contract either.

use super::*;
use crate::domain::TransferId;
use crate::engine::refusal::Faults;

/// Programmes cap what is used on one contract at 500.00.
fn capped() -> World {
    let mut w = world();
    w.publish(VersionTerms {
        cap_contract: Some(fen(50_000)),
        ..World::terms()
    });
    w
}

/// What a refused contract names: vouchers and their faults.
fn faulty(said: &[Recorded]) -> Vec<(VoucherId, Vec<Code>)> {
    let [
        Recorded {
            event: Event::ContractRefused(refused),
            ..
        },
    ] = said
    else {
        panic!("{said:?}");
    };
    let line = |(id, faults): &(VoucherId, Faults)| (*id, faults.in_order().collect());
    refused.lines.iter().map(line).collect()
}

fn order_of(w: &mut World, lines: &[(VoucherId, i64)]) {
    let mut order = proposal(lines);
    order.contract_amount = fen(900_000);
    w.by(FIRMS_MAN, Command::ProposeOrder(order));
}

fn contracted_at(amount: i64) -> World {
    let mut w = capped();
    order_of(&mut w, &[(VOUCHER, amount)]);
    w.done(LABS_MAN, confirm());
    w.done(LABS_MAN, contract("2025-03-10"));
    w
}

/// What a firm uses on the contract of these tests.
fn on_contract(w: &World, firm: EnterpriseId) -> i64 {
    let all = w.state.used_on_contracts(PROGRAMME, firm);
    all.map(|(contract, used)| {
        let number = contract.number();
        assert_eq!((contract.provider(), number.as_str()), (LAB, "ht-1"));
        used.get()
    })
    .sum()
}

#[test]
fn a_hold_counts_to_its_contract_until_it_is_drawn_or_released() {
    let mut w = capped();
    order_of(&mut w, &[(VOUCHER, 40_000)]);
    w.done(LABS_MAN, confirm());
    assert_eq!(on_contract(&w, FIRM), 0, "it has no number yet");
    w.done(LABS_MAN, contract("2025-03-10"));
    assert_eq!(on_contract(&w, FIRM), 40_000);
    // A claim without the order finds what the hold leaves of the contract.
    let free = w.claim();
    assert_eq!(w.approve(free).amount, fen(10_000));
    let mut next = w.claim();
    next.invoice_no = w.claim().invoice_no;
    assert_eq!(refusal_of(&w.file(next)), Some(Code::ContractCapExhausted));
    // What is drawn stays counted, and a reversal takes it off once.
    assert_eq!(amounts(&w.capture(20_000, false)), [10_000]);
    assert_eq!(on_contract(&w, FIRM), 50_000);
    let claim = ClaimId(1);
    w.done(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
    assert_eq!(on_contract(&w, FIRM), 40_000);
    w.done(LABS_MAN, release(OrderSide::Provider, &[(VOUCHER, 12_000)]));
    assert_eq!(on_contract(&w, FIRM), 28_000);
    w.done(FIRMS_MAN, cancel(OrderSide::Holder));
    assert_eq!(on_contract(&w, FIRM), 10_000);
}

/// The hold and a claim without it are on one contract, and those with another lab are not.
#[test]
fn a_hold_counts_to_the_contract_with_its_laboratory_however_the_number_is_written() {
    let signed = |number: &str| {
        step(OrderStep::Contract {
            contract_no: ContractNo::parse(number).expect("short"),
            contract_date: day("2025-03-10"),
        })
    };
    for (lab, number, fits) in [
        (LAB, "HT-1", false),
        (LAB, "ht-1", false),
        (LAB, "ＨＴ－１", false),
        (LAB, "HT-2", true),
        (RELATED_LAB, "HT-1", true),
    ] {
        let mut w = capped();
        let mut order = proposal(&[(OTHER_VOUCHER, 40_000)]);
        order.contract_amount = fen(900_000);
        w.by(OTHERS_MAN, Command::ProposeOrder(order));
        w.done(LABS_MAN, confirm());
        w.grant(LABS_MAN, Role::Provider, Scope::Provider(lab));
        let mut claim = w.claim();
        claim.voucher = VoucherKey::Id(OTHER_VOUCHER);
        claim.provider = ProviderKey::Id(lab);
        claim.invoice_amount = fen(20_002);
        assert_eq!(w.approve(claim).amount, fen(10_001));
        let events = w.by(LABS_MAN, signed(number));
        let refused = (!fits).then_some(Code::ContractCapExhausted);
        assert_eq!(refusal_of(&events[0].event), refused, "{lab:?} {number}");
        if let Event::OrderAdvanced(e) = &events[0].event {
            let as_written = e.contract_no.map(|number| number.to_string());
            assert_eq!(as_written.as_deref(), Some(number));
        }
    }
}

#[test]
fn a_hold_that_expires_leaves_its_contract() {
    let mut w = contracted_at(40_000);
    w.advance("2025-06-01");
    assert_eq!(w.status(), OrderStatus::Expired);
    assert_eq!(on_contract(&w, FIRM), 0);
}

#[test]
fn a_contract_that_has_no_room_for_the_hold_is_not_noted() {
    let mut w = capped();
    let first = w.claim();
    let used = w.approve(first).amount.get();
    order_of(&mut w, &[(VOUCHER, 50_000 - used + 1)]);
    w.done(LABS_MAN, confirm());
    let before = w.money(VOUCHER);
    for by in [LABS_MAN, FIRMS_MAN] {
        let said = w.by(by, contract("2025-03-10"));
        assert_eq!(refusal_of(&said[0].event), Some(Code::ContractCapExhausted));
        assert_eq!(faulty(&said), [(VOUCHER, vec![Code::ContractCapExhausted])]);
    }
    assert_eq!(
        (w.status(), w.money(VOUCHER)),
        (OrderStatus::Confirmed, before)
    );
    // One fen less has room, and so has another contract.
    let mut other = w.clone();
    other.done(
        LABS_MAN,
        step(OrderStep::Contract {
            contract_no: ContractNo::parse("HT-2").expect("short"),
            contract_date: day("2025-03-10"),
        }),
    );
    w.done(LABS_MAN, release(OrderSide::Provider, &[(VOUCHER, 1)]));
    w.done(LABS_MAN, contract("2025-03-10"));
    assert_eq!(on_contract(&w, FIRM), 50_000);
}

#[test]
fn lines_of_one_firm_share_the_cap_of_their_contract_before_it_has_a_number() {
    for (amount, fault) in [(20_001, Some(Code::ContractCapExhausted)), (20_000, None)] {
        let mut w = capped();
        w.issue(FIRM, 20_001);
        order_of(&mut w, &[(VOUCHER, 30_000), (VoucherId(2), amount)]);
        let events = w.by(LABS_MAN, confirm());
        assert_eq!(refusal_of(&events[0].event), fault, "{amount}");
    }
}

#[test]
fn no_claim_is_filed_on_an_order_before_its_contract() {
    let mut w = confirmed(40_000);
    let before = w.money(VOUCHER);
    for by in [LABS_MAN, FIRMS_MAN] {
        let claim = w.on_order(20_000, false);
        let said = w.by(by, Command::FileClaim(claim));
        assert_eq!(refusal_of(&said[0].event), Some(Code::OrderStateMismatch));
    }
    assert_eq!(w.money(VOUCHER), before);
    w.done(FIRMS_MAN, contract("2025-03-10"));
    assert_eq!(amounts(&w.capture(20_000, false)), [10_000]);
}

#[test]
fn a_line_that_holds_nothing_does_not_stand_in_the_way_of_the_contract() {
    let mut w = world();
    order_of(&mut w, &[(VOUCHER, 40_000), (OTHER_VOUCHER, 20_000)]);
    w.done(OTHERS_MAN, agree());
    w.done(LABS_MAN, confirm());
    let frozen = SetFreeze {
        voucher: OTHER_VOUCHER,
        frozen: true,
    };
    w.system(Command::SetFreeze(frozen));
    let said = w.by(LABS_MAN, contract("2025-03-10"));
    assert_eq!(refusal_of(&said[0].event), Some(Code::VoucherFrozen));
    let theirs = release(OrderSide::Provider, &[(OTHER_VOUCHER, 20_000)]);
    w.done(LABS_MAN, theirs);
    w.done(LABS_MAN, contract("2025-03-10"));
    assert_eq!(amounts(&w.capture(90_000, false)).len(), 1);
}

#[test]
fn a_contract_is_capped_by_the_version_of_its_own_day() {
    let mut w = confirmed(40_000);
    w.advance("2025-03-11");
    w.publish(VersionTerms {
        effective_from: day("2025-03-11"),
        cap_contract: Some(fen(39_999)),
        ..World::terms()
    });
    let said = w.by(LABS_MAN, contract("2025-03-11"));
    assert_eq!(refusal_of(&said[0].event), Some(Code::ContractCapExhausted));
    w.done(LABS_MAN, contract("2025-03-10"));
    assert_eq!(on_contract(&w, FIRM), 0, "no version caps this one");
    assert_eq!(amounts(&w.capture(80_000, false)), [40_000]);
}

#[test]
fn a_succession_takes_its_share_of_every_contract_along_and_brings_it_back() {
    let mut w = contracted_at(40_000);
    let first = w.on_order(20_000, false);
    assert_eq!(
        amounts(&w.by(LABS_MAN, Command::FileClaim(first))),
        [10_000]
    );
    let succession = Command::ProposeTransfer(ProposeTransfer {
        voucher: VOUCHER,
        kind: TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(250_000),
        },
        amount: fen(60_000),
        document_no: None,
        expires_on: None,
    });
    w.by(MAKER, succession);
    let events = w.done(
        CHECKER,
        Command::DecideTransfer(DecideTransfer {
            transfer: TransferId(0),
            approve: true,
        }),
    );
    assert_eq!(
        (on_contract(&w, FIRM), on_contract(&w, OTHER_FIRM)),
        (30_000, 10_000)
    );
    // The successor goes on with the contract and has what is left of its cap.
    let child = VoucherId(2);
    w.consent(child, ConsentGiver::Holder(None), 90_000);
    let mut undone = w.clone();
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(child);
    claim.invoice_amount = fen(1_000_000);
    assert_eq!(w.approve(claim).amount, fen(40_000));
    // What the first firm draws and gives back moves nothing of the other's.
    assert_eq!(amounts(&w.capture(60_000, false)), [30_000]);
    assert_eq!(on_contract(&w, FIRM), 30_000);
    for claim in [ClaimId(0), ClaimId(2)] {
        w.done(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
    }
    assert_eq!(
        (on_contract(&w, FIRM), on_contract(&w, OTHER_FIRM)),
        (0, 50_000)
    );
    let step = events[0].meta.seq;
    undone.done(MAKER, Command::ReverseStep(ReverseStep { step }));
    assert_eq!(
        (on_contract(&undone, FIRM), on_contract(&undone, OTHER_FIRM)),
        (40_000, 0)
    );
}
