//! Example events of moves between cities and of steps that were undone.

use super::examples::{day, fen, short, text};
use crate::domain::{
    ConsentId, EnterpriseId, InstructionId, MemberId, PeriodId, ProgrammeId, Seq, TransferId,
    VersionNo, VoucherId,
};
use crate::engine::event::{
    BudgetUndone, ConsentUndone, Event, ExtensionUndone, PaymentUndone, RelocationUndone,
    ReturnedTo, RevocationUndone, StepReversed, TransferEndorsed, TransferMoved, TransferProposed,
    TransferReleased, TransferUndone, Undone,
};
use crate::engine::terms::TransferKind;

/// Suffix of the file, and the event.
pub(super) fn examples() -> Vec<(&'static str, Event)> {
    let mut all = vec![
        ("-move", proposed()),
        ("", moved()),
        (
            "",
            Event::TransferEndorsed(TransferEndorsed {
                transfer: TransferId(88),
                member: MemberId(9),
            }),
        ),
        ("", released(true)),
        ("-withdrawn", released(false)),
    ];
    let reversed = undone().into_iter().map(|(suffix, undone)| {
        let reversed = StepReversed {
            step: Seq(123_456),
            city: MemberId(3),
            undone,
        };
        (suffix, Event::StepReversed(Box::new(reversed)))
    });
    all.extend(reversed);
    all
}

fn proposed() -> Event {
    Event::TransferProposed(Box::new(TransferProposed {
        transfer: TransferId(88),
        voucher: VoucherId(1_234_567),
        programme: ProgrammeId(117),
        issuer: MemberId(3),
        kind: TransferKind::Move,
        to: EnterpriseId(70_001),
        to_city: Some(MemberId(9)),
        cap_share: None,
        amount: fen(10_000_000),
        document_no: Some(text("迁移〔2025〕1号")),
        to_programme: Some(ProgrammeId(118)),
        expires_on: Some(day("2025-12-31")),
    }))
}

fn moved() -> Event {
    Event::TransferMoved(Box::new(TransferMoved {
        transfer: TransferId(88),
        programme: ProgrammeId(117),
        issuer: MemberId(3),
        amount: fen(10_000_000),
        to_lapsed: true,
        child: VoucherId(1_234_999),
        enterprise: EnterpriseId(70_001),
        to_programme: ProgrammeId(118),
        to_city: MemberId(9),
        version: VersionNo(2),
        use_by: day("2026-06-30"),
        cash_by: day("2026-09-28"),
    }))
}

fn released(expired: bool) -> Event {
    Event::TransferReleased(TransferReleased {
        transfer: TransferId(88),
        programme: ProgrammeId(117),
        issuer: MemberId(3),
        amount: fen(10_000_000),
        returned: ReturnedTo::Lapsed,
        expired,
    })
}

/// One of each; the first is the example of the kind.
fn undone() -> Vec<(&'static str, Undone)> {
    let revocation = RevocationUndone {
        voucher: VoucherId(1_234_567),
        programme: ProgrammeId(117),
        amount: fen(17_550_000),
        from_lapsed: true,
        issued: fen(17_000_000),
    };
    let budget = BudgetUndone {
        programme: ProgrammeId(117),
        amount: fen(500_000_000),
        raise: true,
    };
    let transfer = TransferUndone {
        transfer: TransferId(88),
        parent: VoucherId(1_234_567),
        child: VoucherId(1_234_999),
        amount: fen(10_000_000),
        issued_moved: fen(9_999_999),
        used_moved: fen(4_000_000),
    };
    let relocation = RelocationUndone {
        transfer: TransferId(88),
        enterprise: EnterpriseId(70_001),
        home: MemberId(3),
    };
    let consent = ConsentUndone {
        consent: ConsentId(700),
        voucher: VoucherId(1_234_567),
        left: fen(1),
    };
    let payment = PaymentUndone {
        instruction: InstructionId(17),
        period: PeriodId(3),
        debtor: MemberId(3),
        creditor: MemberId(7),
        amount: fen(11_550_050),
        bank_ref: short("ICBC-2025-0001"),
    };
    let extension = ExtensionUndone {
        voucher: VoucherId(1_234_567),
        use_by: day("2025-12-31"),
        cash_by: day("2026-03-31"),
    };
    vec![
        ("", Undone::Revocation(revocation)),
        ("-budget", Undone::Budget(budget)),
        ("-transfer", Undone::Transfer(transfer)),
        ("-relocation", Undone::Relocation(relocation)),
        ("-consent", Undone::Consent(consent)),
        ("-payment", Undone::Payment(payment)),
        ("-extension", Undone::Extension(extension)),
    ]
}
