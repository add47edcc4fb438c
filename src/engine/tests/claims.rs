//! One line per rule of a claim, and one per limit of its amount.

use super::world::*;
use crate::domain::ProviderId;
use crate::domain::{Fen, VoucherId};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;

type Case = (&'static [Code], fn(&mut World, &mut FileClaim));

const CASES: &[Case] = &[
    (&[Code::VoucherUnknown], |_, c| {
        c.voucher = VoucherKey::Id(VoucherId(99))
    }),
    (&[Code::ProviderUnknown], |w, c| {
        c.provider = ProviderKey::Id(ProviderId(99));
        let _still_the_holders_claim = w;
    }),
    (&[Code::VoucherRevoked], |w, _| {
        w.system(Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }));
    }),
    (&[Code::VoucherFrozen], |w, _| {
        w.system(Command::SetFreeze(SetFreeze {
            voucher: VOUCHER,
            frozen: true,
        }));
    }),
    (&[Code::ProviderSuspended], |w, _| {
        w.system(Command::SetSuspension(SetSuspension {
            provider: LAB,
            suspended: true,
        }));
    }),
    (&[Code::NotAuthorised], |w, _| {
        w.consent(VOUCHER, ConsentGiver::Holder(None), 0)
    }),
    (&[Code::HolderMismatch], |_, c| {
        c.enterprise = Some(EnterpriseKey::Id(OTHER_FIRM))
    }),
    (&[Code::SelfDealing], |_, c| {
        c.provider = ProviderKey::Id(OWN_LAB)
    }),
    (&[Code::RelatedParty], |_, c| {
        c.provider = ProviderKey::Id(RELATED_LAB)
    }),
    (&[Code::ContractBeforeIssue], |_, c| {
        c.contract_date = day("2025-03-09")
    }),
    (&[Code::ContractAfterFiling], |_, c| {
        c.contract_date = day("2025-03-11")
    }),
    (&[Code::VoucherExpired], |w, c| {
        w.advance("2025-09-11");
        c.contract_date = day("2025-09-11");
    }),
    (&[Code::CashDeadlinePassed], |w, _| {
        w.advance("2025-10-11");
    }),
    (
        &[
            Code::VoucherExpired,
            Code::CashDeadlinePassed,
            Code::ProviderNotAdmitted,
        ],
        |w, c| {
            w.advance("2026-01-01");
            c.contract_date = day("2026-01-01");
        },
    ),
    (
        &[Code::CategoryNotOffered, Code::CategoryNotFunded],
        |_, c| c.category = COMPUTE,
    ),
    (&[Code::HostNotRecognised], |_, c| {
        c.provider = ProviderKey::Id(THIRD_LAB)
    }),
    (&[Code::CategoryNotFunded], |_, c| c.category = DESIGN),
    (&[Code::EvidenceMissing], |w, _| {
        let evidence = EvidenceKinds::NONE.with(EvidenceKind::Contract);
        w.publish(crate::engine::terms::VersionTerms {
            evidence,
            ..World::terms()
        });
    }),
    (&[Code::DuplicateInvoice], |w, c| {
        let mut first = w.claim();
        first.invoice_no = c.invoice_no;
        first.invoice_amount = fen(2_000);
        w.approve(first);
    }),
    (&[Code::VoucherExhausted], |w, _| {
        for _ in 0..2 {
            let mut all = w.claim();
            all.invoice_amount = fen(1_000_000);
            w.approve(all);
        }
    }),
    (&[Code::YearCapExhausted], |w, _| {
        let terms = World::terms();
        w.publish(crate::engine::terms::VersionTerms {
            cap_enterprise: Fen::ZERO,
            ..terms
        });
    }),
    (&[Code::YearCapExhausted], |w, _| {
        let terms = World::terms();
        w.publish(crate::engine::terms::VersionTerms {
            cap_group: Fen::ZERO,
            ..terms
        });
    }),
    (&[Code::NothingPayable], |_, c| {
        c.paid_amount = c.invoice_amount
    }),
    (&[Code::NothingPayable], |_, c| c.invoice_amount = Fen::ZERO),
];

#[test]
fn every_rule_of_a_claim_has_a_line_that_breaks_it_alone() {
    let mut broken = Vec::new();
    for (n, (expected, change)) in CASES.iter().enumerate() {
        let mut world = World::new();
        let mut claim = world.claim();
        change(&mut world, &mut claim);
        let Event::ClaimRefused(refused) = world.file(claim) else {
            panic!("line {n}: {expected:?} was approved");
        };
        let mut faults: Vec<Code> = expected.to_vec();
        faults.sort_by_key(|code| Code::CLAIM_ORDER.iter().position(|c| c == code));
        let found: Vec<Code> = refused.faults.in_order().collect();
        assert_eq!((refused.result, &found), (faults[0], &faults), "line {n}");
        broken.extend(found);
    }
    broken.push(Code::ContractBeforeTransfer);
    for code in Code::CLAIM_ORDER {
        assert!(broken.contains(&code), "{code:?} has no line");
    }
}

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
                document_no: None,
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
