//! Steps that are undone: the exact mirror, once, by a second person, while nothing was used.

use super::transfers::{self, FAR_PROGRAMME, OTHERS};
use super::world::*;
use crate::domain::{
    BankRef, InstructionId, PeriodId, PrincipalId, ProgrammeId, Seq, TransferId, VoucherId,
};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Done, Rejection, posting, refusal_of};

/// Undoes what an event did.
pub(super) fn undo(w: &mut World, by: PrincipalId, seq: Seq) -> Result<Done, Rejection> {
    let command = Command::ReverseStep(ReverseStep { step: seq });
    w.send(&Submission {
        reason: Some(Reason::parse("误操作").expect("short")),
        ..Submission::new(by, command)
    })
}

/// The refusal that came of it, if one did.
pub(super) fn refused(w: &mut World, by: PrincipalId, seq: Seq) -> Option<Code> {
    undo(w, by, seq).expect("no rejection");
    refusal_of(&w.out.last().expect("an event").event)
}

pub(super) fn seq(events: &[Recorded]) -> Seq {
    events.first().expect("an event").meta.seq
}

/// What two persons do: the last event of it.
pub(super) fn by_two(w: &mut World, command: Command) -> Seq {
    let events = both(w, command);
    events.last().expect("an event").meta.seq
}

/// What two persons do: the events of the command, without the approval.
pub(super) fn both(w: &mut World, command: Command) -> Vec<Recorded> {
    let proposed = w.by(MAKER, command);
    let Event::ActionProposed(e) = &proposed[0].event else {
        panic!("{proposed:?}");
    };
    let approve = Command::DecideProposal(DecideProposal {
        proposal: e.proposal,
        approve: true,
    });
    w.by(CHECKER, approve).split_off(1)
}

/// Every account with its balance.
fn books(w: &World) -> Vec<(String, i128)> {
    let accounts = w.state.accounts().into_iter();
    let net = accounts.map(|(account, balance)| {
        let net = balance.debits.cast_signed() - balance.credits.cast_signed();
        (format!("{account:?}"), net)
    });
    net.filter(|(_, net)| *net != 0).collect()
}

pub(super) fn change(programme: ProgrammeId, amount: i64, raise: bool) -> Command {
    Command::ChangeBudget(ChangeBudget {
        programme,
        amount: fen(amount),
        raise,
        document_no: None,
    })
}

pub(super) fn revoke(voucher: VoucherId) -> Command {
    Command::RevokeVoucher(RevokeVoucher { voucher })
}

fn extend(voucher: VoucherId, use_by: &str, cash_by: &str) -> Command {
    Command::ExtendVoucher(ExtendVoucher {
        voucher,
        use_by: day(use_by),
        cash_by: day(cash_by),
    })
}

pub(super) fn propose(voucher: VoucherId, kind: TransferRequest, amount: i64) -> Command {
    Command::ProposeTransfer(ProposeTransfer {
        voucher,
        kind,
        amount: fen(amount),
        document_no: None,
        expires_on: None,
    })
}

pub(super) fn decide(transfer: u32, approve: bool) -> Command {
    let transfer = TransferId(transfer);
    Command::DecideTransfer(DecideTransfer { transfer, approve })
}

pub(super) fn half_to_far_firm() -> TransferRequest {
    TransferRequest::Succession {
        to: FAR_FIRM,
        cap_share: ratio(500_000),
    }
}

/// Half of the other firm's caps and 300.00 of its voucher went to the far firm.
fn split(w: &mut World) -> Seq {
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
    seq(&w.by(CHECKER, decide(0, true)))
}

#[test]
fn every_reversible_step_leaves_the_books_as_they_were() {
    let steps: [fn(&mut World) -> Command; 3] = [
        |_| change(PROGRAMME, 5_000, true),
        |_| change(PROGRAMME, 5_000, false),
        |_| revoke(OTHERS),
    ];
    for step in steps {
        let mut w = transfers::world();
        let command = step(&mut w);
        let before = (books(&w), w.state.voucher(OTHERS).cloned());
        let usage = w.state.usage_of(PROGRAMME, OTHER_FIRM);
        let done = by_two(&mut w, command);
        let mut posted = Vec::new();
        posting(&w.out.last().expect("an event").event, &mut |pair| {
            posted.push((pair.debit, pair.credit, pair.amount));
        });
        assert_ne!(books(&w), before.0);
        assert_eq!(refused(&mut w, CHECKER, done), None);
        assert_eq!((books(&w), w.state.voucher(OTHERS).cloned()), before);
        assert_eq!(w.state.usage_of(PROGRAMME, OTHER_FIRM), usage);
        let mut mirror = Vec::new();
        posting(&w.out.last().expect("an event").event, &mut |pair| {
            mirror.push((pair.credit, pair.debit, pair.amount));
        });
        assert_eq!(mirror, posted, "the mirror of what was posted");
        assert_eq!(refused(&mut w, CHECKER, done), Some(Code::StepReversed));
        let last = w.out[w.out.len() - 2].meta.seq;
        let row = w.state.step(done).expect("a step");
        assert_eq!(row.reversed, Some(last), "the step names what undid it");
    }
}

#[test]
fn a_transfer_is_undone_with_its_usage_while_the_child_is_untouched() {
    let mut w = transfers::world();
    let before = (books(&w), w.state.voucher(OTHERS).cloned());
    let usage = w.state.usage_of(PROGRAMME, OTHER_FIRM);
    let done = split(&mut w);
    assert_eq!(w.state.usage_of(PROGRAMME, FAR_FIRM).issued, fen(30_000));
    assert_eq!(
        refused(&mut w, CHECKER, done),
        Some(Code::SecondPersonRequired)
    );
    assert_eq!(refused(&mut w, MAKER, done), None);
    assert_eq!((books(&w), w.state.voucher(OTHERS).cloned()), before);
    assert_eq!(w.state.usage_of(PROGRAMME, OTHER_FIRM), usage);
    assert_eq!(w.state.usage_of(PROGRAMME, FAR_FIRM).issued, fen(0));
    let child = w.state.voucher(VoucherId(3)).expect("it stays");
    assert_eq!((child.free, child.returned), (fen(0), fen(30_000)));
    assert!(child.revoked, "and takes no claim");
    // Its share can be declared again.
    let whole = TransferRequest::Succession {
        to: FAR_FIRM,
        cap_share: ratio(1_000_000),
    };
    let again = w.by(MAKER, propose(OTHERS, whole, 30_000));
    assert_eq!(refusal_of(&again[0].event), None);
}

#[test]
fn a_relocation_is_undone_while_the_firm_is_where_it_went() {
    let mut w = transfers::world();
    // It holds a voucher of the city where it will go.
    let given = VoucherId(w.state.voucher_count() as u32);
    w.system(Command::IssueVoucher(IssueVoucher {
        programme: FAR_PROGRAMME,
        enterprise: EnterpriseKey::Id(FAR_FIRM),
        amount: fen(10),
        application: None,
    }));
    let to_it = TransferRequest::Succession {
        to: OTHER_FIRM,
        cap_share: ratio(0),
    };
    w.by(MAKER, propose(given, to_it, 10));
    w.by(CHECKER, decide(0, true));
    let there = VoucherId(given.0 + 1);
    let stays = TransferRequest::Relocation { to_city: HOST };
    w.by(MAKER, propose(OTHERS, stays, 0));
    let done = seq(&w.by(CHECKER, decide(1, true)));
    assert_eq!(refused(&mut w, MAKER, done), None);
    let home = |w: &World| w.state.enterprise(OTHER_FIRM).map(|row| row.city);
    assert_eq!(home(&w), Some(HOME));
    w.by(MAKER, propose(OTHERS, stays, 0));
    let done = seq(&w.by(CHECKER, decide(2, true)));
    let on = TransferRequest::Relocation { to_city: THIRD };
    w.by(MAKER, propose(there, on, 0));
    assert_eq!(refused(&mut w, MAKER, done), Some(Code::StepUsed));
    w.by(CHECKER, decide(3, true));
    assert_eq!(refused(&mut w, MAKER, done), Some(Code::StepUsed));
    assert_eq!(home(&w), Some(THIRD));
}

#[test]
fn a_consent_is_withdrawn_by_its_giver_alone() {
    let mut w = transfers::world();
    let consent = Command::GiveConsent(GiveConsent {
        voucher: VOUCHER,
        giver: ConsentGiver::Holder(Some(LAB)),
        up_to: fen(50_000),
        until: day("2025-12-31"),
    });
    let given = seq(&w.by(FILER, consent.clone()));
    let other = undo(&mut w, MAKER, given);
    assert!(matches!(other, Err(Rejection::Forbidden(_))));
    let claim = w.claim();
    w.approve(claim);
    assert_eq!(refused(&mut w, FILER, given), None);
    assert_eq!(refused(&mut w, FILER, given), Some(Code::StepReversed));
    let Event::StepReversed(e) = &w.out[w.out.len() - 2].event else {
        panic!("a reversal");
    };
    assert!(
        matches!(&e.undone, crate::engine::event::Undone::Consent(u) if u.left == fen(10_000)),
        "{e:?}"
    );
    // One that a newer one replaced has nothing left to withdraw.
    let given = seq(&w.by(FILER, consent.clone()));
    w.by(FILER, consent);
    assert_eq!(refused(&mut w, FILER, given), Some(Code::StepUsed));
}

#[test]
fn an_extension_is_undone_while_nothing_needs_the_later_deadlines() {
    let mut w = transfers::world();
    let before = w.state.voucher(OTHERS).cloned();
    let first = by_two(&mut w, extend(OTHERS, "2025-12-31", "2026-01-31"));
    let between = w.state.voucher(OTHERS).cloned();
    let second = by_two(&mut w, extend(OTHERS, "2026-01-31", "2026-02-28"));
    // What would have been possible without it does not stand in its way.
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
    w.by(CHECKER, decide(0, false));
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(OTHERS);
    w.approve(claim);
    let reverse = ReverseClaim {
        claim: crate::domain::ClaimId(0),
    };
    w.by(MAKER, Command::ReverseClaim(reverse));
    let own = refused(&mut w, MAKER, second);
    assert_eq!(own, Some(Code::SecondPersonRequired));
    let books_before = books(&w);
    assert_eq!(refused(&mut w, CHECKER, second), None);
    assert_eq!(w.state.voucher(OTHERS).cloned(), between);
    assert_eq!(refused(&mut w, CHECKER, first), None);
    assert_eq!(w.state.voucher(OTHERS).cloned(), before);
    assert_eq!(books(&w), books_before, "it posts nothing");
    assert_eq!(refused(&mut w, CHECKER, first), Some(Code::StepReversed));
    // It lapses on its old day.
    let lapsed = |events: Vec<Recorded>| {
        let mut events = events.into_iter();
        events.any(|r| matches!(r.event, Event::VoucherLapsed(e) if e.voucher == OTHERS))
    };
    assert!(!lapsed(w.advance("2025-10-10")));
    assert!(lapsed(w.advance("2025-10-11")));
}

/// A period with one settlement payment of 160.00, 60.00 of which is confirmed.
fn partly_paid(w: &mut World) -> Seq {
    let claim = w.claim();
    w.approve(claim);
    w.advance("2025-04-10");
    w.by(
        MAKER,
        Command::InstructPeriod(InstructPeriod {
            period: PeriodId(0),
            mode: SettlementMode::Direct,
            document_no: None,
        }),
    );
    seq(&w.by(MAKER, pay(6_000)))
}

fn pay(amount: i64) -> Command {
    Command::ConfirmInstruction(ConfirmInstruction {
        instruction: InstructionId(0),
        amount: fen(amount),
        bank_ref: BankRef::parse("B").expect("short"),
        paid_on: day("2025-04-10"),
    })
}

#[test]
fn a_settlement_payment_is_undone_while_its_period_settles() {
    let mut w = World::new();
    let paid = partly_paid(&mut w);
    let after = books(&w);
    assert_eq!(refused(&mut w, CHECKER, paid), None);
    assert_ne!(books(&w), after);
    let open = w.state.instruction(InstructionId(0)).map(|row| row.open());
    assert_eq!(open, Some(fen(16_000)));
    // The same reference can be given again.
    let paid = seq(&w.by(MAKER, pay(6_000)));
    assert_eq!(books(&w), after);
    w.advance("2025-04-21");
    assert_eq!(
        refused(&mut w, CHECKER, paid),
        Some(Code::PeriodStateMismatch)
    );
}

/// What each line does before a step is to be undone: who, and which.
type Line = (Code, fn(&mut World) -> (PrincipalId, Seq));

const LINES: &[Line] = &[
    (Code::StepReversed, |w| {
        let done = by_two(w, revoke(OTHERS));
        undo(w, CHECKER, done).expect("no rejection");
        (CHECKER, done)
    }),
    (Code::StepNotReversible, |w| {
        let issued = w
            .out
            .iter()
            .find(|r| matches!(r.event, Event::VoucherIssued(_)));
        (CHECKER, issued.expect("a voucher was issued").meta.seq)
    }),
    (Code::SecondPersonRequired, |w| {
        (MAKER, by_two(w, revoke(OTHERS)))
    }),
    // A move is undone by another move.
    (Code::StepNotReversible, |w| {
        let kind = TransferRequest::Move {
            to_city: HOST,
            programme: FAR_PROGRAMME,
        };
        w.by(FILER, propose(OTHERS, kind, 1));
        w.by(MAKER, decide(0, true));
        (MAKER, seq(&w.by(CHECKER, decide(0, true))))
    }),
    // What was revoked was issued to somebody else.
    (Code::StepUsed, |w| {
        let done = by_two(w, revoke(OTHERS));
        by_two(w, change(PROGRAMME, 290_000, false));
        (CHECKER, done)
    }),
    // The room under the cap was used.
    (Code::StepUsed, |w| {
        let done = by_two(w, revoke(OTHERS));
        w.issue(OTHER_FIRM, 190_000);
        (CHECKER, done)
    }),
    (Code::CashDeadlinePassed, |w| {
        let done = by_two(w, revoke(OTHERS));
        w.advance("2025-10-11");
        (CHECKER, done)
    }),
    // A raise was spent.
    (Code::StepUsed, |w| {
        let done = by_two(w, change(PROGRAMME, 5_000, true));
        by_two(w, change(PROGRAMME, 285_000, false));
        (CHECKER, done)
    }),
    // The child was used, frozen, moved on.
    (Code::StepUsed, |w| {
        let done = split(w);
        by_two(w, revoke(VoucherId(3)));
        (MAKER, done)
    }),
    (Code::StepUsed, |w| {
        let done = split(w);
        w.by(
            MAKER,
            Command::SetFreeze(SetFreeze {
                voucher: VoucherId(3),
                frozen: true,
            }),
        );
        (MAKER, done)
    }),
    (Code::StepUsed, |w| {
        let done = split(w);
        let on = TransferRequest::Succession {
            to: FIRM,
            cap_share: ratio(0),
        };
        w.by(MAKER, propose(VoucherId(3), on, 1));
        (MAKER, done)
    }),
    // The new home has issued to the firm that relocated.
    (Code::StepUsed, |w| {
        let stays = TransferRequest::Relocation { to_city: HOST };
        w.by(MAKER, propose(OTHERS, stays, 0));
        let done = seq(&w.by(CHECKER, decide(0, true)));
        w.system(Command::IssueVoucher(IssueVoucher {
            programme: FAR_PROGRAMME,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            amount: fen(1),
            application: None,
        }));
        (MAKER, done)
    }),
    // More was given back since than the transfer had left: of a claim, and of what was issued.
    (Code::StepUsed, |w| {
        let mut claim = w.claim();
        claim.voucher = VoucherKey::Id(OTHERS);
        (claim.contract_amount, claim.invoice_amount) = (fen(20_000), fen(20_000));
        w.approve(claim);
        let done = split(w);
        let claim = crate::domain::ClaimId(0);
        w.by(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
        (MAKER, done)
    }),
    (Code::StepUsed, |w| {
        w.issue(OTHER_FIRM, 20_000);
        let whole = TransferRequest::Succession {
            to: FAR_FIRM,
            cap_share: ratio(1_000_000),
        };
        w.by(MAKER, propose(OTHERS, whole, 30_000));
        let done = seq(&w.by(CHECKER, decide(0, true)));
        by_two(w, revoke(VoucherId(3)));
        (MAKER, done)
    }),
    (Code::VoucherRevoked, |w| {
        let done = split(w);
        by_two(w, revoke(OTHERS));
        (MAKER, done)
    }),
    (Code::VoucherFrozen, |w| {
        let done = split(w);
        w.by(
            MAKER,
            Command::SetFreeze(SetFreeze {
                voucher: OTHERS,
                frozen: true,
            }),
        );
        (MAKER, done)
    }),
    // Another extension stands on it.
    (Code::StepUsed, |w| {
        let done = by_two(w, extend(OTHERS, "2025-12-31", "2026-01-31"));
        by_two(w, extend(OTHERS, "2026-01-31", "2026-02-28"));
        (CHECKER, done)
    }),
    // A claim after the old last day of use.
    (Code::StepUsed, |w| {
        let done = by_two(w, extend(VOUCHER, "2025-12-31", "2026-01-31"));
        w.advance("2025-09-11");
        let mut claim = w.claim();
        claim.contract_date = day("2025-09-11");
        w.approve(claim);
        (CHECKER, done)
    }),
    // An order holds beyond the old last day of filing.
    (Code::StepUsed, |w| {
        let done = by_two(w, extend(VOUCHER, "2025-12-31", "2026-01-31"));
        let order = ProposeOrder {
            provider: LAB,
            category: TESTING,
            contract_amount: fen(10_000),
            hold_until: day("2025-10-11"),
            lines: Box::new([(VOUCHER, fen(1_000))]),
        };
        w.by(FILER, Command::ProposeOrder(order));
        let order = crate::domain::OrderId(0);
        let confirmed = w.by(FILER, Command::ConfirmOrder(ConfirmOrder { order }));
        assert_eq!(confirmed[0].event.name(), "OrderConfirmed");
        (CHECKER, done)
    }),
    // Another voucher has the new deadlines, or is about to.
    (Code::StepUsed, |w| {
        let done = by_two(w, extend(OTHERS, "2025-12-31", "2026-01-31"));
        split(w);
        (CHECKER, done)
    }),
    (Code::StepUsed, |w| {
        let done = by_two(w, extend(OTHERS, "2025-12-31", "2026-01-31"));
        w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
        (CHECKER, done)
    }),
    // The voucher would have lapsed.
    (Code::CashDeadlinePassed, |w| {
        let done = by_two(w, extend(OTHERS, "2025-12-31", "2026-01-31"));
        w.advance("2025-10-11");
        (CHECKER, done)
    }),
    (Code::PeriodStateMismatch, |w| {
        let paid = partly_paid(w);
        w.advance("2025-04-21");
        (CHECKER, paid)
    }),
];

/// The codes that these lines show.
pub(super) fn all_refused() -> Vec<Code> {
    let mut seen = Vec::new();
    for (i, (code, prepare)) in LINES.iter().enumerate() {
        let mut w = transfers::world();
        let (by, step) = prepare(&mut w);
        let mark = w.out.len();
        assert_eq!(refused(&mut w, by, step), Some(*code), "line {i}");
        assert_eq!(
            w.out.len(),
            mark + 1,
            "line {i}: a refusal is the only event"
        );
        seen.push(*code);
    }
    seen
}

#[test]
fn each_refusal_to_undo_has_a_line() {
    assert_eq!(all_refused().len(), LINES.len());
}

#[test]
fn undoing_needs_a_reason_an_office_and_an_event() {
    let mut w = transfers::world();
    let done = by_two(&mut w, revoke(OTHERS));
    let bare = Command::ReverseStep(ReverseStep { step: done });
    w.send(&Submission::new(CHECKER, bare))
        .expect("no rejection");
    let said = refusal_of(&w.out.last().expect("an event").event);
    assert_eq!(said, Some(Code::ReasonRequired));
    let said = undo(&mut w, FILER, done);
    assert!(matches!(said, Err(Rejection::Forbidden(_))));
    let said = undo(&mut w, CHECKER, Seq(1_000_000));
    assert_eq!(said, Err(Rejection::NotFound("event")));
}
