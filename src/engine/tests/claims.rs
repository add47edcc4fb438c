//! One line per limit of a claim's amount; the rules have theirs beside them in `rules/`.

use super::world::*;
use crate::domain::VoucherId;
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Rejection, State, StatePart};

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

#[test]
fn a_lab_confirms_only_where_its_word_is_asked_for() {
    let confirm = |voucher| {
        Command::GiveConsent(GiveConsent {
            voucher,
            giver: ConsentGiver::Provider(LAB),
            up_to: fen(1),
            until: day("2025-12-31"),
        })
    };
    let mut world = World::new();
    // The holder has said nothing of this one.
    let issued = world.system(Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(OTHER_FIRM),
        amount: fen(1_000),
        application: None,
    }));
    let Event::VoucherIssued(e) = &issued[0].event else {
        panic!("{issued:?}");
    };
    let voucher = e.voucher;
    let said = |world: &mut World| {
        let events = world.system(confirm(voucher));
        crate::engine::refusal_of(&events[0].event)
    };
    assert_eq!(said(&mut world), Some(Code::NotAuthorised));
    assert!(!world.state.serves(LAB, voucher));
    world.consent(voucher, ConsentGiver::Holder(Some(OWN_LAB)), 1_000);
    assert_eq!(said(&mut world), Some(Code::NotAuthorised));
    world.consent(voucher, ConsentGiver::Holder(Some(LAB)), 1_000);
    assert_eq!(said(&mut world), None);
    assert!(world.state.serves(LAB, voucher));
    // Where firms are paid, a claim goes by it; that it serves the voucher it does not say.
    let mut world = World::new();
    world.publish(VersionTerms {
        payee: PayeeMode::Enterprise,
        base: BasePolicy::Contract,
        ..World::terms()
    });
    let events = world.system(confirm(VOUCHER));
    assert_eq!(crate::engine::refusal_of(&events[0].event), None);
    assert!(!world.state.serves(LAB, VOUCHER));
}

#[test]
fn a_lab_s_own_word_lets_it_neither_file_nor_read() {
    let reimbursing = || {
        let mut world = World::new();
        world.publish(VersionTerms {
            payee: PayeeMode::Enterprise,
            base: BasePolicy::Contract,
            ..World::terms()
        });
        for (who, role, scope) in [
            (MAKER, Role::Provider, Scope::Provider(LAB)),
            (CHECKER, Role::Enterprise, Scope::Enterprise(OTHER_FIRM)),
        ] {
            world.grant(who, role, scope);
        }
        world.issue(OTHER_FIRM, 60_000);
        undo_consents(&mut world, VoucherId(1));
        world
    };
    let voucher = VoucherId(1);
    let file = |world: &mut World, by| {
        let mut claim = world.claim();
        claim.voucher = VoucherKey::Id(voucher);
        world.send(&Submission::new(by, Command::FileClaim(claim)))
    };
    // Its word alone: whether the claim would be approved or not, it is not the lab's to file.
    let mut world = reimbursing();
    let stopped = file(&mut world, MAKER);
    assert!(
        matches!(stopped, Err(Rejection::Forbidden(_))),
        "{stopped:?}"
    );
    world.consent(voucher, ConsentGiver::Provider(LAB), 90_000);
    let stopped = file(&mut world, MAKER);
    assert!(
        matches!(stopped, Err(Rejection::Forbidden(_))),
        "{stopped:?}"
    );
    assert!(!world.state.serves(LAB, voucher));
    // A consent that has run out is none, one to another lab neither; one of today is.
    let until = |world: &mut World, provider, until: &str| {
        world.system(Command::GiveConsent(GiveConsent {
            voucher,
            giver: ConsentGiver::Holder(provider),
            up_to: fen(1),
            until: day(until),
        }))
    };
    until(&mut world, Some(LAB), "2025-03-10");
    until(&mut world, Some(OWN_LAB), "2025-12-31");
    world.advance("2025-03-11");
    let stopped = file(&mut world, MAKER);
    assert!(
        matches!(stopped, Err(Rejection::Forbidden(_))),
        "{stopped:?}"
    );
    until(&mut world, Some(LAB), "2025-03-11");
    assert!(file(&mut world, MAKER).is_ok());
    assert_eq!(world.state.claim_count(), 1);
    // The firm files on the lab's word, as ever.
    let mut world = reimbursing();
    world.consent(voucher, ConsentGiver::Provider(LAB), 90_000);
    assert!(file(&mut world, CHECKER).is_ok());
    assert_eq!(world.state.claim_count(), 1);
    assert!(world.state.serves(LAB, voucher), "its holder has said so");
}

/// Takes back what the holder of a voucher has consented to.
fn undo_consents(world: &mut World, voucher: VoucherId) {
    let all: Vec<_> = (world.state.consents_of(voucher))
        .filter(|(_, row)| !row.by_provider)
        .map(|(_, row)| row.details)
        .collect();
    for step in all {
        world.system(Command::ReverseStep(ReverseStep { step }));
    }
}

#[test]
fn an_order_s_provider_serves_each_of_its_vouchers_and_no_other_does() {
    let mut world = World::new();
    world.issue(OTHER_FIRM, 60_000);
    let second = VoucherId(1);
    let order = |provider, lines: &[VoucherId]| {
        Command::ProposeOrder(ProposeOrder {
            provider,
            category: TESTING,
            contract_amount: fen(100_000),
            hold_until: day("2025-05-31"),
            lines: lines.iter().map(|id| (*id, fen(10_000))).collect(),
        })
    };
    assert!(!world.state.serves(OWN_LAB, VOUCHER));
    world.by(FILER, order(OWN_LAB, &[VOUCHER, second]));
    world.by(FILER, order(THIRD_LAB, &[second]));
    world.by(FILER, order(THIRD_LAB, &[second]));
    let told = |state: &State, lab| [VOUCHER, second].map(|id| state.serves(lab, id));
    // So it is of a state that was stored and read.
    let mut read = State::empty();
    for part in StatePart::ALL {
        let output = postcard::ser_flavors::StdVec::new();
        let mut serializer = postcard::Serializer { output };
        let written = world.state.write_part(*part, &mut serializer);
        written.expect("a part");
        let stored = postcard::ser_flavors::Flavor::finalize(serializer.output);
        let stored = stored.expect("bytes");
        let mut deserializer = postcard::Deserializer::from_bytes(&stored);
        read.read_part(*part, &mut deserializer).expect("a part");
    }
    assert_eq!(told(&read, OWN_LAB), [false, false]);
    read.complete();
    for state in [&world.state, &read] {
        assert_eq!(told(state, OWN_LAB), [true, true]);
        assert_eq!(told(state, THIRD_LAB), [false, true]);
        assert_eq!(told(state, RELATED_LAB), [false, false]);
    }
}

#[test]
fn consents_that_were_replaced_are_walked_no_more() {
    let mut world = World::new();
    let chain = |world: &World| {
        let mut next = world.state.voucher(VOUCHER).and_then(|row| row.consent);
        let mut found = Vec::new();
        while let Some(id) = next {
            let row = world.state.consent(id).expect("a consent");
            found.push(row.provider);
            next = row.older;
        }
        found
    };
    for _ in 0..3 {
        for provider in [Some(LAB), None, Some(OWN_LAB)] {
            world.consent(VOUCHER, ConsentGiver::Holder(provider), 90_000);
        }
    }
    assert_eq!(chain(&world), [Some(OWN_LAB), None, Some(LAB)]);
    world.consent(VOUCHER, ConsentGiver::Holder(None), 90_000);
    assert_eq!(chain(&world), [None, Some(OWN_LAB), Some(LAB)]);
    world.consent(VOUCHER, ConsentGiver::Holder(Some(LAB)), 90_000);
    assert_eq!(chain(&world), [Some(LAB), None, Some(OWN_LAB)]);
}
