//! One line per refusal that is not a claim's.

use super::world::*;
use crate::domain::{BankRef, ClaimId, InstructionId, PaymentId, PeriodId, Text, TransferId};
use crate::engine::command::*;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;

pub(super) type Line = (
    Code,
    fn(&mut World) -> (crate::domain::PrincipalId, Command),
);

fn issue(firm: crate::domain::EnterpriseId, amount: i64) -> Command {
    let enterprise = EnterpriseKey::Id(firm);
    Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise,
        amount: fen(amount),
        application: None,
    })
}

fn propose(kind: TransferRequest, amount: i64) -> Command {
    let amount = fen(amount);
    let transfer = ProposeTransfer {
        voucher: VOUCHER,
        kind,
        amount,
        document_no: Some(Text::parse("文").expect("short")),
        expires_on: None,
    };
    Command::ProposeTransfer(transfer)
}

fn succession(amount: i64) -> Command {
    propose(
        TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(0),
        },
        amount,
    )
}

fn decide() -> Command {
    Command::DecideTransfer(DecideTransfer {
        transfer: TransferId(0),
        approve: true,
    })
}

fn reverse() -> Command {
    Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) })
}

fn pay() -> Command {
    let bank_ref = BankRef::parse("B").expect("short");
    Command::PayClaim(PayClaim {
        claim: ClaimId(0),
        bank_ref,
        paid_on: day("2025-03-10"),
    })
}

fn instruct(mode: SettlementMode) -> Command {
    let document_no = Some(Text::parse("文").expect("short"));
    Command::InstructPeriod(InstructPeriod {
        period: PeriodId(0),
        mode,
        document_no,
    })
}

fn confirm(member: crate::domain::MemberId, revision: u16) -> Command {
    Command::ConfirmStatement(ConfirmStatement {
        period: PeriodId(0),
        member,
        revision,
    })
}

fn filed(w: &mut World) {
    let claim = w.claim();
    w.approve(claim);
}

const LINES: &[Line] = &[
    (Code::NotHomeCity, |_| (MAKER, issue(FAR_FIRM, 1))),
    (Code::IssueCapExceeded, |_| (MAKER, issue(FIRM, 50_001))),
    (Code::BudgetExhausted, |w| {
        w.system(cut(390_000));
        (MAKER, issue(OTHER_FIRM, 10_001))
    }),
    (Code::NoVersionInForce, |w| {
        w.system(Command::CreateProgramme(Box::new(CreateProgramme {
            code: crate::domain::ProgrammeCode::parse("310117-2026").expect("short"),
            title: Name::parse("2026").expect("short"),
            city: HOME,
            budget_year: 2026,
        })));
        let programme = crate::domain::ProgrammeId(1);
        let enterprise = EnterpriseKey::Id(FIRM);
        (
            MAKER,
            Command::IssueVoucher(IssueVoucher {
                programme,
                enterprise,
                amount: fen(1),
                application: None,
            }),
        )
    }),
    (Code::FileRowsNotApproved, |w| {
        super::files::refused(w, Code::FileRowsNotApproved)
    }),
    (Code::FileRowsDone, |w| {
        super::files::refused(w, Code::FileRowsDone)
    }),
    (Code::FileHasFaults, |w| {
        super::files::refused(w, Code::FileHasFaults)
    }),
    (Code::BudgetCommitted, |_| (MAKER, cut(400_001))),
    (Code::NothingToRevoke, |w| {
        w.by(MAKER, succession(100_000));
        (
            MAKER,
            Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }),
        )
    }),
    (Code::AlreadyInState, |_| {
        (
            MAKER,
            Command::SetFreeze(SetFreeze {
                voucher: VOUCHER,
                frozen: false,
            }),
        )
    }),
    (Code::TransferNotAllowed, |_| {
        (MAKER, propose(TransferRequest::Open { to: OTHER_FIRM }, 1))
    }),
    (Code::TransferExceedsFree, |_| (MAKER, succession(100_001))),
    (Code::TransferDecided, |w| {
        w.by(MAKER, succession(1));
        w.by(CHECKER, decide());
        (CHECKER, decide())
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, succession(1));
        (MAKER, decide())
    }),
    (Code::TransferReceiverNotEligible, |_| {
        (
            MAKER,
            propose(
                TransferRequest::Succession {
                    to: FIRM,
                    cap_share: ratio(0),
                },
                1,
            ),
        )
    }),
    (Code::ClaimReversed, |w| {
        filed(w);
        w.by(MAKER, reverse());
        (MAKER, reverse())
    }),
    (Code::ClaimAlreadyPaid, |w| {
        filed(w);
        w.by(MAKER, pay());
        (CHECKER, reverse())
    }),
    (Code::PaymentReturned, |w| {
        filed(w);
        w.by(MAKER, pay());
        let back = Command::ReturnPayment(ReturnPayment {
            payment: PaymentId(0),
        });
        w.by(MAKER, back.clone());
        (MAKER, back)
    }),
    (Code::AgreementOverlaps, |w| {
        let overlapping = w.agree(
            PayerModel::HostPays,
            AccrualPoint::Approval,
            "2025-12-31",
            "2026-12-31",
        );
        assert_eq!(
            refusal_of(&overlapping[0].event),
            Some(Code::AgreementOverlaps)
        );
        (
            MAKER,
            Command::SetProtocol(SetProtocol {
                member: HOME,
                signed: true,
            }),
        )
    }),
    (Code::PeriodStateMismatch, |_| {
        (MAKER, instruct(SettlementMode::Direct))
    }),
    (Code::RevisionOutdated, |w| {
        filed(w);
        w.advance("2025-04-01");
        (MAKER, confirm(HOME, 2))
    }),
    (Code::NoPosition, |w| {
        w.advance("2025-04-01");
        (MAKER, confirm(HOME, 1))
    }),
    (Code::HubNotTreasury, |w| {
        filed(w);
        w.advance("2025-04-10");
        (MAKER, instruct(SettlementMode::Hub(POOL)))
    }),
    (Code::InstructionExceeded, |w| {
        settling(w);
        (MAKER, settle(16_001))
    }),
    (Code::PaymentRecorded, |w| {
        settling(w);
        w.by(MAKER, settle(1));
        (MAKER, settle(1))
    }),
];

/// A period with one settlement payment, of 160.00.
fn settling(w: &mut World) {
    filed(w);
    w.advance("2025-04-10");
    w.by(MAKER, instruct(SettlementMode::Direct));
}

fn settle(amount: i64) -> Command {
    Command::ConfirmInstruction(ConfirmInstruction {
        instruction: InstructionId(0),
        amount: fen(amount),
        bank_ref: BankRef::parse("B").expect("short"),
        paid_on: day("2025-04-10"),
    })
}

fn cut(amount: i64) -> Command {
    let amount = fen(amount);
    let change = ChangeBudget {
        programme: PROGRAMME,
        amount,
        raise: false,
        document_no: None,
    };
    Command::ChangeBudget(change)
}

#[test]
fn every_other_refusal_has_a_line() {
    let mut seen = Vec::new();
    let own = LINES.iter().chain(super::people::LINES);
    let own = own
        .chain(super::programmes::LINES)
        .chain(super::table::LINES);
    for (code, prepare) in own.chain(super::parties::LINES) {
        let mut world = World::new();
        let (principal, command) = prepare(&mut world);
        let events = world.by(principal, command);
        let found = refusal_of(&events[0].event);
        // The overlap is asserted where it happens; its line ends with another refusal.
        let expected = if *code == Code::AgreementOverlaps {
            Code::AlreadyInState
        } else {
            *code
        };
        assert_eq!(found, Some(expected));
        assert_eq!(events.len(), 1, "{code:?}: a refusal is the only event");
        seen.push(*code);
    }
    seen.extend(super::transfers::refused());
    seen.extend(super::steps::all_refused());
    // These stand at rows of a file: files.rs has their lines.
    seen.extend(super::files::ROW_CODES);
    seen.extend(super::orders::codes());
    seen.extend(super::vouchers::LINES.iter().map(|(code, _)| *code));
    // `steps_that_take_or_turn_down_are_refused_without_a_reason`.
    seen.push(Code::ReasonRequired);
    for code in Code::ALL.iter().filter(|code| code.number() >= 100) {
        assert!(seen.contains(code), "{code:?} has no line");
    }
}
