//! Fixed examples of the events of the registers of parties, and of entries that came later to
//! events of other areas.

use super::examples::{code, day, fen, personal, short, text};
use crate::domain::{
    AdmissionId, ClaimId, CreditFlagId, DraftNo, EnterpriseId, MemberId, PaymentId, PeriodId,
    ProgrammeId, ProviderId, Seq,
};
use crate::engine::command::{PartyName, Payee};
use crate::engine::event::{
    AdmissionApplied, AdmissionDecided, AdmissionEnded, AdmissionObjected, AdmissionPolicySet,
    BankAccountDecided, BankAccountProposed, CreditFlagLifted, CreditFlagRaised, DraftSimulated,
    Event, Funding, PartyCorrected, PartyDissolved, PayeePaid, ProviderAdmitted, RecognitionSet,
    RelationSet, StatusSet, SuspensionSet, TeamSet,
};
use crate::engine::terms::{
    AdmissionAnswer, AdmissionDecision, AdmissionDocument, EnterpriseKind, FlagCode, FlagLevel,
    ObjectionReason, RecognitionStance, RecognitionSubject, RelationKind, SimulationOutcome,
};

const ADMISSION: AdmissionId = AdmissionId(77);
const LAB: ProviderId = ProviderId(8_765);
const FIRM: EnterpriseId = EnterpriseId(70_000);

/// Every kind, with everything it can bear.
pub(super) fn registers() -> Vec<Event> {
    let mut events = admissions();
    events.extend(standing());
    events
}

fn admissions() -> Vec<Event> {
    vec![
        Event::AdmissionApplied(Box::new(AdmissionApplied {
            admission: ADMISSION,
            provider: Some(LAB),
            code: code(),
            name: Some(text("某某检测中心")),
            city: MemberId(7),
            categories: 0b1_0110,
            from: day("2026-01-01"),
            to: day("2028-12-31"),
            answers: Box::new([AdmissionAnswer {
                question: text("CMA"),
                answer: text("有效期至2027年"),
                score: Some(95),
            }]),
            documents: Box::new([AdmissionDocument {
                title: text("CMA 2027"),
                sha256: [0x5b; 32],
            }]),
        })),
        Event::AdmissionDecided(AdmissionDecided {
            admission: ADMISSION,
            decision: AdmissionDecision::Dismissed,
            publicity_until: Some(day("2025-10-16")),
            objection: Some(2),
        }),
        Event::AdmissionObjected(Box::new(AdmissionObjected {
            admission: ADMISSION,
            objection: 2,
            reason: ObjectionReason::ConflictOfInterest,
            on_behalf_of: Some(personal()),
            document_sha256: Some([0x5c; 32]),
        })),
        Event::ProviderAdmitted(ProviderAdmitted {
            admission: ADMISSION,
            provider: LAB,
            categories: 0b1_0110,
            from: day("2026-01-01"),
            to: day("2028-12-31"),
        }),
        Event::AdmissionEnded(AdmissionEnded {
            provider: LAB,
            from: day("2027-05-01"),
            term: (day("2026-01-01"), day("2027-04-30")),
        }),
        Event::AdmissionPolicySet(AdmissionPolicySet {
            city: MemberId(7),
            publicity_days: 10,
        }),
    ]
}

fn standing() -> Vec<Event> {
    vec![
        Event::RecognitionSet(RecognitionSet {
            city: MemberId(3),
            subject: RecognitionSubject::Provider(LAB),
            stance: RecognitionStance::Refuses,
            categories: Some(0b10),
            from: day("2025-11-01"),
            to: Some(day("2026-10-31")),
        }),
        Event::StatusSet(Box::new(StatusSet {
            enterprise: FIRM,
            kind: EnterpriseKind::HighTech,
            from: day("2024-12-04"),
            to: day("2027-12-03"),
            certificate_no: text("GR202431000001"),
            city: MemberId(3),
        })),
        Event::RelationSet(RelationSet {
            party: Payee::Provider(LAB),
            other: Payee::Enterprise(FIRM),
            kind: RelationKind::SharedStaff,
            from: day("2025-01-01"),
            to: Some(day("2025-12-31")),
        }),
        Event::CreditFlagRaised(Box::new(CreditFlagRaised {
            flag: CreditFlagId(12),
            party: Payee::Enterprise(FIRM),
            code: FlagCode::Collusion,
            level: FlagLevel::Block,
            from: day("2025-10-09"),
            until: Some(day("2027-10-08")),
            city: MemberId(3),
            document_no: Some(text("沪松科罚〔2025〕1号")),
            document_sha256: Some([0x5d; 32]),
        })),
        Event::CreditFlagLifted(CreditFlagLifted {
            flag: CreditFlagId(12),
            party: Payee::Enterprise(FIRM),
        }),
        Event::BankAccountProposed(Box::new(BankAccountProposed {
            party: Payee::Provider(LAB),
            version: 2,
            account: PartyName::Public(text("6222 0000 0000 1111")),
            bank: Some(text("工商银行松江支行")),
        })),
        Event::BankAccountDecided(BankAccountDecided {
            party: Payee::Provider(LAB),
            version: 2,
            approved: true,
        }),
        Event::TeamSet(Box::new(TeamSet {
            enterprise: FIRM,
            leader: personal(),
            members: Box::new([personal(), personal()]),
        })),
        Event::PartyCorrected(Box::new(PartyCorrected {
            party: Payee::Enterprise(FIRM),
            name: PartyName::Public(text("杭州新名科技有限公司")),
            address: Some(PartyName::Public(text("文一西路1号"))),
            from: day("2025-10-01"),
        })),
        Event::PartyDissolved(PartyDissolved {
            party: Payee::Enterprise(FIRM),
            from: day("2025-10-01"),
            successor: Some(EnterpriseId(70_001)),
        }),
    ]
}

/// Entries that were added to events of the first format.
pub(super) fn grown() -> Vec<Event> {
    vec![
        Event::SuspensionSet(SuspensionSet {
            provider: LAB,
            suspended: true,
            until: Some(day("2025-12-31")),
        }),
        Event::DraftSimulated(DraftSimulated {
            programme: ProgrammeId(117),
            draft: DraftNo(5),
            digest: [0x5a; 32],
            from: Some(day("2025-01-01")),
            to: Some(day("2025-12-31")),
            budget: Some(fen(90_000_000)),
            outcome: Some(SimulationOutcome {
                saved: Seq(9_000_000),
                claims: 12_345,
                changed: 678,
                before: Some(fen(80_000_000)),
                after: Some(fen(60_000_000)),
            }),
        }),
        Event::PayeePaid(Box::new(PayeePaid {
            payment: PaymentId(600_000),
            claim: ClaimId(9_876_543),
            programme: ProgrammeId(117),
            payee: Payee::Provider(LAB),
            amount: fen(12_450_000),
            funding: Funding::alone(MemberId(3)),
            first_line: None,
            period: PeriodId(22),
            bank_ref: short("ICBC-20251009-000778"),
            paid_on: day("2025-10-08"),
            account_version: Some(2),
        })),
        super::examples_orders::counted(),
    ]
}

/// Events with nothing that can be left out.
pub(super) fn minimal() -> Vec<Event> {
    vec![
        Event::AdmissionApplied(Box::new(AdmissionApplied {
            admission: AdmissionId(0),
            provider: None,
            code: code(),
            name: None,
            city: MemberId(0),
            categories: 1,
            from: day("2026-01-01"),
            to: day("2026-01-01"),
            answers: Box::default(),
            documents: Box::default(),
        })),
        Event::AdmissionDecided(AdmissionDecided {
            admission: AdmissionId(0),
            decision: AdmissionDecision::Passed,
            publicity_until: None,
            objection: None,
        }),
        Event::RecognitionSet(RecognitionSet {
            city: MemberId(0),
            subject: RecognitionSubject::StatusOf(MemberId(1)),
            stance: RecognitionStance::Recognises,
            categories: None,
            from: day("2026-01-01"),
            to: None,
        }),
        Event::CreditFlagRaised(Box::new(CreditFlagRaised {
            flag: CreditFlagId(0),
            party: Payee::Provider(ProviderId(0)),
            code: FlagCode::FalseClaim,
            level: FlagLevel::Warning,
            from: day("2026-01-01"),
            until: None,
            city: MemberId(0),
            document_no: None,
            document_sha256: None,
        })),
        Event::BankAccountProposed(Box::new(BankAccountProposed {
            party: Payee::Enterprise(EnterpriseId(0)),
            version: 1,
            account: PartyName::Personal(personal()),
            bank: None,
        })),
        Event::PartyDissolved(PartyDissolved {
            party: Payee::Provider(ProviderId(0)),
            from: day("2026-01-01"),
            successor: None,
        }),
    ]
}
