//! Example events of the life of programmes.

use super::examples::{day, fen, short, text, three_funders, typical_claim};
use super::examples_terms::version_terms;
use crate::domain::{
    AgreementId, CategoryId, ClaimId, ConsentId, DraftNo, EnterpriseId, LineId, MemberId, PeriodId,
    ProgrammeId, ProviderId, VersionNo, VoucherId,
};
use crate::engine::command::Payee;
use crate::engine::event::{
    CityPolicySet, ClaimAwaitsBudget, ClaimReversed, ClaimWithdrawn, DraftSaved, DraftSimulated,
    Event, LinesUndone, ReturnedTo, VersionPublished, WaitingApproved, YearCarried, YearClosed,
    YearClosingStarted,
};
use crate::engine::terms::{
    AccrualPoint, EnterpriseKind, EvidenceKind, EvidenceKinds, Exclusion, Recognition,
    RequiredField, RequiredFields, RollingCap, RollingPeriod, VersionTerms,
};

/// Rules that say everything that can be said.
fn all_terms() -> VersionTerms {
    VersionTerms {
        category_caps: Box::new([(CategoryId(4), fen(30_000_000))]),
        cap_contract: Some(fen(10_000_000)),
        rolling: Some(RollingCap {
            cap: fen(40_000_000),
            period: RollingPeriod::Months(18),
        }),
        category_evidence: Box::new([(
            CategoryId(4),
            EvidenceKinds::NONE.with(EvidenceKind::ServiceResult),
        )]),
        exclusions: Box::new([Exclusion {
            enterprise_kind: Some(EnterpriseKind::Team),
            category: Some(CategoryId(5)),
            provider: Some(ProviderId(8_765)),
            host: Some(MemberId(7)),
        }]),
        recognitions: Box::new([Recognition {
            host: MemberId(8),
            from: day("2025-03-01"),
            to: day("2026-02-28"),
            categories: 0b1_0000,
        }]),
        review_no: Some(text("沪公竞审〔2024〕9号")),
        performance_target: Some(text("服务企业二百家，带动研发投入一千万元")),
        ..version_terms()
    }
}

/// A version as it was first written.
pub(super) fn published() -> Event {
    Event::VersionPublished(VersionPublished {
        programme: ProgrammeId(117),
        version: VersionNo(2),
        terms: Box::new(version_terms()),
        draft: None,
    })
}

/// Events with every entry that was added to them since they were first written.
pub(super) fn optional() -> Vec<Event> {
    vec![
        Event::VersionPublished(VersionPublished {
            programme: ProgrammeId(117),
            version: VersionNo(3),
            terms: Box::new(all_terms()),
            draft: Some(DraftNo(5)),
        }),
        Event::DraftSaved(Box::new(DraftSaved {
            programme: ProgrammeId(117),
            draft: DraftNo(6),
            terms: Box::new(all_terms()),
            source: None,
            source_version: None,
        })),
        Event::ClaimReversed(Box::new(ClaimReversed {
            claim: ClaimId(5_432_100),
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            payee: Payee::Provider(ProviderId(8_765)),
            amount: fen(12_450_000),
            funding: three_funders(),
            returned: ReturnedTo::Voucher,
            lines: LinesUndone::None,
            period: PeriodId(22),
            charged: Some(ProgrammeId(118)),
        })),
    ]
}

/// The life of a programme, every option present.
pub(super) fn life() -> Vec<Event> {
    let (programme, city) = (ProgrammeId(117), MemberId(3));
    vec![
        Event::DraftSaved(Box::new(DraftSaved {
            programme,
            draft: DraftNo(5),
            terms: Box::new(version_terms()),
            source: Some(ProgrammeId(12)),
            source_version: Some(VersionNo(2)),
        })),
        Event::DraftSimulated(DraftSimulated {
            programme,
            draft: DraftNo(5),
            digest: [0x5a; 32],
            from: None,
            to: None,
            budget: None,
            outcome: None,
        }),
        Event::CityPolicySet(CityPolicySet {
            member: city,
            required: RequiredFields::default()
                .with(RequiredField::ReviewNo)
                .with(RequiredField::Simulation),
        }),
        Event::YearClosingStarted(YearClosingStarted { programme, city }),
        Event::YearCarried(Box::new(YearCarried {
            from: programme,
            into: ProgrammeId(118),
            pack: ProgrammeId(119),
            code: short("C119-2026"),
            budget_year: 2026,
            city,
            outstanding: fen(7_000_000),
            held: fen(600_000),
            claimed: fen(50_000),
            approved: fen(4_000),
        })),
        Event::YearClosed(YearClosed { programme, city }),
    ]
}

/// Claims that wait, every option present.
pub(super) fn waiting() -> Vec<Event> {
    let (programme, city) = (ProgrammeId(117), MemberId(3));
    let claim = typical_claim();
    vec![
        Event::ClaimAwaitsBudget(Box::new(ClaimAwaitsBudget {
            claim: claim.claim,
            voucher: claim.voucher,
            programme,
            issuer: city,
            version: VersionNo(2),
            provider: claim.provider,
            payee: Payee::Enterprise(EnterpriseId(77)),
            category: claim.category,
            contract_no: claim.contract_no,
            contract_date: claim.contract_date,
            contract_amount: fen(25_000_000),
            invoice_no: claim.invoice_no,
            invoice_amount: fen(24_900_000),
            paid_amount: fen(12_450_000),
            amount: fen(12_450_000),
            consent: Some(ConsentId(99)),
            period: PeriodId(22),
        })),
        Event::WaitingApproved(Box::new(WaitingApproved {
            claim: claim.claim,
            voucher: claim.voucher,
            programme: ProgrammeId(119),
            issuer: city,
            payee: Payee::Enterprise(EnterpriseId(77)),
            amount: fen(12_450_000),
            funding: three_funders(),
            agreement: Some(AgreementId(4)),
            accrues_at: AccrualPoint::Payment,
            first_line: Some(LineId(5_432_100)),
            period: PeriodId(23),
        })),
        Event::ClaimWithdrawn(ClaimWithdrawn {
            claim: claim.claim,
            voucher: claim.voucher,
            programme,
            issuer: city,
            amount: fen(12_450_000),
            returned: ReturnedTo::Lapsed,
        }),
    ]
}
