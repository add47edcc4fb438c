//! Example terms and commands, apart from the events for length.

use super::examples::{day, evidence, fen, short, text, typical_claim};
use crate::domain::{CategoryId, Fen, MemberId, ProviderId, Ratio, VoucherId};
use crate::engine::command::{FileClaim, ProviderKey, VoucherKey};
use crate::engine::terms::{
    AccrualPoint, AgreementTerms, BasePolicy, EvidenceKind, EvidenceKinds, PayeeMode, PayerModel,
    RateTerms, Tier, TransferKind, TransferRule, VersionTerms,
};

fn ratio(millionths: u32) -> Ratio {
    Ratio::from_millionths(millionths).expect("example ratio")
}

pub(super) fn version_terms() -> VersionTerms {
    VersionTerms {
        effective_from: day("2025-01-01"),
        document_no: text("沪松科〔2024〕31号"),
        payee: PayeeMode::Enterprise,
        base: BasePolicy::Least,
        cap_enterprise: fen(50_000_000),
        cap_group: fen(90_000_000),
        use_months: 12,
        cash_days: 90,
        rates: Box::new([RateTerms {
            category: CategoryId(4),
            tiers: Box::new([
                Tier {
                    up_to: fen(10_000_000),
                    ratio: ratio(500_000),
                },
                Tier {
                    up_to: Fen::MAX,
                    ratio: ratio(300_000),
                },
            ]),
            cap_claim: fen(20_000_000),
        }]),
        recognised: Some(Box::new([MemberId(3), MemberId(7)])),
        evidence: EvidenceKinds::NONE
            .with(EvidenceKind::Contract)
            .with(EvidenceKind::Invoice),
        transfers: Box::new([
            TransferRule {
                kind: TransferKind::Succession,
                document_no: None,
            },
            TransferRule {
                kind: TransferKind::Open,
                document_no: Some(text("沪松科〔2024〕32号")),
            },
        ]),
        application_required: false,
        ..VersionTerms::default()
    }
}

pub(super) fn agreement_terms() -> AgreementTerms {
    AgreementTerms {
        home: MemberId(3),
        host: MemberId(7),
        category: Some(CategoryId(4)),
        from: day("2025-01-01"),
        to: day("2025-12-31"),
        model: PayerModel::PoolPays,
        pool: Some(MemberId(500)),
        shares: Box::new([
            (MemberId(3), ratio(700_000)),
            (MemberId(7), ratio(200_000)),
            (MemberId(500), ratio(100_000)),
        ]),
        accrues_at: AccrualPoint::Payment,
    }
}

/// The command of [`typical_claim`].
pub(super) fn typical_filing() -> FileClaim {
    let claim = typical_claim();
    FileClaim {
        voucher: VoucherKey::Id(VoucherId(1_234_567)),
        provider: ProviderKey::Id(ProviderId(8_765)),
        enterprise: None,
        category: claim.category,
        contract_no: short("HT-2025-000042"),
        contract_date: claim.contract_date,
        contract_amount: claim.contract_amount,
        invoice_no: claim.invoice_no,
        invoice_amount: claim.invoice_amount,
        paid_amount: claim.paid_amount,
        evidence: Box::default(),
        order: None,
    }
}

/// The same with evidence files.
pub(super) fn filing_with_evidence() -> FileClaim {
    FileClaim {
        evidence: Box::new([
            evidence(EvidenceKind::Contract),
            evidence(EvidenceKind::Invoice),
        ]),
        ..typical_filing()
    }
}
