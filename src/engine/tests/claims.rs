//! One line per limit of a claim's amount; the rules have theirs beside them in `rules/`.

use super::world::*;
use crate::domain::VoucherId;
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;

#[test]
fn a_contract_older_than_an_open_transfer_is_refused_and_than_a_succession_is_not() {
    for (kind, refused) in [
        (TransferKind::Open, true),
        (TransferKind::Succession, false),
    ] {
        let mut world = World::new();
        let document_no = Some(crate::domain::Text::parse("文〔2025〕2号").expect("short"));
        let transfers = Box::new([
            TransferRule {
                kind: TransferKind::Succession,
                document_no: None,
            },
            TransferRule {
                kind: TransferKind::Open,
                document_no,
            },
        ]);
        world.publish(crate::engine::terms::VersionTerms {
            transfers,
            ..World::terms()
        });
        world.issue(FIRM, 20_000);
        world.advance("2025-03-20");
        let request = match kind {
            TransferKind::Open => TransferRequest::Open { to: OTHER_FIRM },
            _ => TransferRequest::Succession {
                to: OTHER_FIRM,
                cap_share: ratio(0),
            },
        };
        world.by(
            MAKER,
            Command::ProposeTransfer(ProposeTransfer {
                voucher: VoucherId(1),
                kind: request,
                amount: fen(10_000),
                document_no: Some(crate::domain::Text::parse("文").expect("short")),
                expires_on: None,
            }),
        );
        let decide = DecideTransfer {
            transfer: crate::domain::TransferId(0),
            approve: true,
        };
        world.by(CHECKER, Command::DecideTransfer(decide));
        world.consent(VoucherId(2), ConsentGiver::Holder(None), 1_000_000);
        let mut claim = world.claim();
        claim.voucher = VoucherKey::Id(VoucherId(2));
        claim.contract_date = day("2025-03-19");
        match (world.file(claim), refused) {
            (Event::ClaimRefused(e), true) => {
                assert_eq!(e.result, Code::ContractBeforeTransfer);
            }
            (Event::ClaimApproved(e), false) => assert_eq!(e.amount, fen(10_000)),
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[test]
fn each_limit_can_be_the_least() {
    type Change = fn(&mut World, &mut FileClaim);
    let amount = |change: Change| {
        let mut world = World::new();
        let mut claim = world.claim();
        change(&mut world, &mut claim);
        world.approve(claim).amount.get()
    };
    let lines: [(i64, Change); 9] = [
        (40_000, |_, _| {}),
        (40_000, |_, c| c.invoice_amount = fen(80_001)),
        (55_000, |_, c| c.invoice_amount = fen(120_000)),
        (60_000, |_, c| c.invoice_amount = fen(1_000_000)),
        (30_000, |_, c| c.paid_amount = fen(50_000)),
        (25_000, |w, _| {
            w.consent(VOUCHER, ConsentGiver::Holder(Some(LAB)), 25_000)
        }),
        (1_000, |w, _| {
            let terms = World::terms();
            w.publish(crate::engine::terms::VersionTerms {
                cap_enterprise: fen(1_000),
                ..terms
            });
        }),
        (2_000, |w, _| {
            let terms = World::terms();
            w.publish(crate::engine::terms::VersionTerms {
                cap_group: fen(2_000),
                ..terms
            });
        }),
        (40_000, |w, c| {
            let mut first = w.claim();
            first.invoice_amount = fen(1_000_000);
            w.approve(first);
            c.invoice_amount = fen(1_000_000);
        }),
    ];
    for (n, (expected, change)) in lines.into_iter().enumerate() {
        assert_eq!(amount(change), expected, "line {n}");
    }
}

#[test]
fn the_last_day_of_each_deadline_is_still_in_time() {
    let mut world = World::new();
    world.advance("2025-09-10");
    let mut claim = world.claim();
    claim.contract_date = day("2025-09-10");
    claim.invoice_amount = fen(2_000);
    world.approve(claim);
    world.advance("2025-10-10");
    let mut claim = world.claim();
    claim.contract_date = day("2025-09-10");
    world.approve(claim);
}
