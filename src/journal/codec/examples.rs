//! One fixed example of every kind of event, every option present, and a few with none. The
//! golden files hold their leaves: change nothing here, add.

use super::examples_applications::{self, applications};
use super::examples_orders::{captured_claim, orders, refused_on_order};
use super::examples_terms::agreement_terms;
use super::reference;
use crate::domain::{
    AgreementId, CategoryId, ClaimId, ConsentId, Day, DivisionCode, EnterpriseId, Fen, InvoiceNo,
    LineId, MemberId, PaymentId, PeriodId, PersonalText, PrincipalId, ProgrammeId, ProviderId,
    Ratio, RecordedAt, Seq, TransferId, VersionNo, VoucherId,
};
use crate::domain::{CreditCode, InlineText, Text};
use crate::engine::command::{Calendar, CommandKind, ExternalRef, PartyName, Payee, RefSource};
use crate::engine::event::{
    AgreementRegistered, BudgetChanged, CalendarSet, CategoryRegistered, ClaimApproved,
    ClaimRefused, ClaimReversed, CommandRefused, ConsentGiven, ControllerGroupSet, DateAdvanced,
    EnterpriseRegistered, EpochStarted, Event, EventMeta, EvidenceRecorded, FreezeSet, Funding,
    GrantSet, LedgerCreated, LinesUndone, MemberRegistered, PayeePaid, PaymentReturned,
    PeriodInstructed, PrincipalRegistered, ProgrammeCreated, ProtocolSet, ProviderRegistered,
    Recorded, ReturnedTo, SYSTEM, SuspensionSet, TokenIssued, TokenRevoked, TransferApproved,
    TransferDeclined, TransferProposed, VoucherIssued, VoucherLapsed, VoucherRefused,
    VoucherRevoked,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::terms::{
    AccrualPoint, EnterpriseKind, Evidence, EvidenceKind, MemberKind, Role, Scope, SettlementMode,
    TransferKind,
};

pub(super) fn text<const N: usize>(text: &str) -> Text<N> {
    Text::parse(text).expect("example text")
}

pub(super) fn short<const N: usize>(text: &str) -> InlineText<N> {
    InlineText::parse(text).expect("example text")
}

pub(super) fn fen(fen: i64) -> Fen {
    Fen::try_new(fen).expect("example amount")
}

pub(super) fn day(text: &str) -> Day {
    Day::parse(text).expect("example day")
}

pub(super) fn code() -> CreditCode {
    CreditCode::parse("91330100799655058B").expect("example code")
}

pub(super) fn personal() -> PersonalText {
    PersonalText {
        commitment: [0xc5; 32],
        opening: None,
    }
}

/// An envelope with nothing that can be left out.
pub(super) fn minimal_meta() -> EventMeta {
    EventMeta {
        seq: Seq(0),
        recorded_at: RecordedAt(0),
        business_date: day("1970-01-01"),
        principal: SYSTEM,
        second: None,
        key: None,
        fingerprint: None,
        bulk_fingerprint: None,
        external_ref: None,
        reason: None,
        index: 0,
    }
}

/// An envelope with everything the event can bear.
fn full_meta(event: &Event) -> EventMeta {
    let text = short("HT-2025-0042/7");
    let source = RefSource::Principal(PrincipalId(4_242));
    let reference = reference::family_of_event(event).map(|family| ExternalRef {
        key: reference::key(family, source, text.as_str()),
        source,
        text,
    });
    EventMeta {
        seq: Seq(12_345_678),
        recorded_at: RecordedAt(1_760_000_000_123_456),
        business_date: day("2025-10-09"),
        principal: PrincipalId(4_242),
        second: Some(PrincipalId(4_243)),
        key: Some(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
        fingerprint: Some(0xf1f2_f3f4_f5f6_f7f8_f9fa_fbfc_fdfe_ff00),
        bulk_fingerprint: Some(0x2021_2223_2425_2627_2829_2a2b_2c2d_2e2f),
        external_ref: reference.map(Box::new),
        reason: Some(super::examples::text("更正 correction of record 7")),
        index: 3,
    }
}

/// Envelope of a claim as the load test files them.
pub(super) fn claim_meta() -> EventMeta {
    EventMeta {
        second: None,
        bulk_fingerprint: None,
        external_ref: None,
        reason: None,
        index: 0,
        ..full_meta(&Event::ClaimApproved(typical_claim()))
    }
}

/// A cross-city claim with one other funder and a fully digital invoice.
pub(super) fn typical_claim() -> ClaimApproved {
    ClaimApproved {
        claim: ClaimId(9_876_543),
        voucher: VoucherId(1_234_567),
        programme: ProgrammeId(117),
        issuer: MemberId(3),
        version: VersionNo(2),
        provider: ProviderId(8_765),
        payee: Payee::Provider(ProviderId(8_765)),
        category: CategoryId(4),
        contract_no: short("HT-2025-000042"),
        contract_date: day("2025-09-01"),
        contract_amount: fen(25_000_000),
        invoice_no: InvoiceNo::parse("25332000000969013425").expect("example invoice"),
        invoice_amount: fen(24_900_000),
        paid_amount: fen(12_450_000),
        amount: fen(12_450_000),
        funding: Funding {
            payer: MemberId(3),
            other: Some((MemberId(7), fen(3_735_000))),
            more: Box::default(),
        },
        agreement: Some(AgreementId(37)),
        accrues_at: AccrualPoint::Approval,
        first_line: Some(LineId(5_432_109)),
        period: PeriodId(21),
        consent: Some(ConsentId(1_357_911)),
        order: None,
    }
}

/// File stem of the golden file, and the event with its envelope.
pub(super) fn examples() -> Vec<(String, Recorded)> {
    let full = [ledger(), parties(), programmes(), vouchers(), transfers()]
        .into_iter()
        .chain([
            claims(),
            super::examples_periods::periods(),
            super::examples_periods::instructions(),
            applications(),
            super::examples_files::files(),
            orders(),
            super::examples_register::registers(),
        ])
        .chain([
            super::examples_programmes::life(),
            super::examples_programmes::waiting(),
        ])
        .flatten()
        .map(|event| ("", full_meta(&event), event));
    let minimal = minimal()
        .into_iter()
        .chain(super::examples_orders::minimal())
        .chain(super::examples_register::minimal())
        .map(|event| ("-minimal", minimal_meta(), event));
    let optional = super::examples_programmes::optional()
        .into_iter()
        .map(|event| ("-optional", full_meta(&event), event));
    let typical = [(
        "-typical",
        claim_meta(),
        Event::ClaimApproved(typical_claim()),
    )];
    let proposed = super::examples_people::proposals().map(|(suffix, event)| {
        let meta = full_meta(&event);
        (suffix, meta, event)
    });
    let captured = Event::ClaimApproved(captured_claim());
    // Entries that were added to events after their first golden leaves.
    let grown = super::examples_register::grown()
        .into_iter()
        .map(|event| ("-grown", full_meta(&event), event));
    let further = examples_applications::further()
        .into_iter()
        .map(|(suffix, event)| (suffix, full_meta(&event), event));
    let refused = Event::ClaimRefused(Box::new(refused_on_order()));
    let apart = super::examples_transfers::examples()
        .into_iter()
        .map(|(suffix, event)| (suffix, full_meta(&event), event));
    full.chain(minimal)
        .chain(optional)
        .chain(typical)
        .chain(proposed)
        .chain([("-captured", claim_meta(), captured)])
        .chain(grown)
        .chain(further)
        .chain([("-captured", claim_meta(), refused)])
        .chain(apart)
        .map(|(suffix, meta, event)| {
            let stem = format!("{:02}-{}{suffix}-v1", event.kind(), event.name());
            (stem, Recorded { meta, event })
        })
        .collect()
}

fn ledger() -> Vec<Event> {
    vec![
        Event::LedgerCreated(Box::new(LedgerCreated {
            format: 1,
            ledger: [7; 16],
            origin: text("quantong.example/g60"),
            hash: 1,
            time_zone: text("Asia/Shanghai"),
            currency: text("CNY"),
            scale: 2,
        })),
        Event::EpochStarted(Box::new(EpochStarted {
            epoch: 12,
            node: text("node-a"),
            version: text("0.1.0"),
        })),
        Event::DateAdvanced(DateAdvanced {
            to: day("2025-10-10"),
        }),
        Event::CommandRefused(CommandRefused {
            command: CommandKind::ChangeBudget,
            code: RefusalCode::BudgetCommitted,
        }),
        Event::MemberRegistered(Box::new(MemberRegistered {
            member: MemberId(3),
            code: DivisionCode::try_new(310_117).expect("example code"),
            kind: MemberKind::City,
            name_zh: text("松江区"),
            name_en: text("Songjiang"),
            province: text("Shanghai"),
            signed_protocol: true,
        })),
        Event::ProtocolSet(ProtocolSet {
            member: MemberId(3),
            signed: true,
        }),
        Event::CategoryRegistered(Box::new(CategoryRegistered {
            category: CategoryId(4),
            code: short("testing"),
            name_zh: text("检验检测"),
            name_en: text("Testing"),
        })),
        Event::CalendarSet(CalendarSet {
            calendar: Calendar {
                confirm_days: 5,
                pay_days: 30,
            },
        }),
        Event::PrincipalRegistered(Box::new(PrincipalRegistered {
            principal: PrincipalId(4_242),
            name: personal(),
        })),
        Event::GrantSet(GrantSet {
            principal: PrincipalId(4_242),
            role: Role::FinanceOfficer,
            scope: Scope::Member(MemberId(3)),
            granted: true,
        }),
        Event::TokenIssued(Box::new(TokenIssued {
            principal: PrincipalId(4_242),
            token_hash: [0xab; 32],
            label: text("desk"),
            expires_on: Some(day("2026-12-31")),
        })),
        Event::TokenRevoked(TokenRevoked {
            token_hash: [0xab; 32],
        }),
    ]
}

fn parties() -> Vec<Event> {
    vec![
        Event::EnterpriseRegistered(Box::new(EnterpriseRegistered {
            enterprise: EnterpriseId(70_000),
            code: Some(code()),
            name: PartyName::Public(text("杭州某某科技有限公司")),
            city: MemberId(3),
            kind: EnterpriseKind::HighTech,
            group: Some(text("G-17")),
        })),
        Event::ProviderRegistered(Box::new(ProviderRegistered {
            provider: ProviderId(8_765),
            code: code(),
            name: text("某某检测中心"),
            city: MemberId(7),
            categories: 0b1_0110,
            group: Some(text("G-18")),
            admitted_from: day("2024-01-01"),
            admitted_to: day("2027-12-31"),
            bank_account: Some(text("6222 0000 0000 0000")),
        })),
        Event::ControllerGroupSet(ControllerGroupSet {
            party: Payee::Enterprise(EnterpriseId(70_000)),
            group: Some(text("G-19")),
            from: day("2025-05-01"),
        }),
        Event::SuspensionSet(SuspensionSet {
            provider: ProviderId(8_765),
            suspended: true,
            until: None,
        }),
    ]
}

fn programmes() -> Vec<Event> {
    vec![
        Event::ProgrammeCreated(Box::new(ProgrammeCreated {
            programme: ProgrammeId(117),
            code: short("310117-2025"),
            title: text("松江区科技创新券 2025"),
            city: MemberId(3),
            budget_year: 2025,
        })),
        Event::BudgetChanged(BudgetChanged {
            programme: ProgrammeId(117),
            city: MemberId(3),
            amount: fen(5_000_000_000),
            raise: true,
            document_no: Some(text("沪松科〔2025〕7号")),
        }),
        super::examples_programmes::published(),
        Event::AgreementRegistered(AgreementRegistered {
            agreement: AgreementId(37),
            terms: Box::new(agreement_terms()),
            document_no: Some(text("G60办〔2025〕3号")),
        }),
    ]
}

fn vouchers() -> Vec<Event> {
    vec![
        Event::VoucherIssued(VoucherIssued {
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            version: VersionNo(2),
            issuer: MemberId(3),
            enterprise: EnterpriseId(70_000),
            amount: fen(30_000_000),
            use_by: day("2026-06-30"),
            cash_by: day("2026-09-30"),
            application: None,
            replaces: None,
        }),
        Event::VoucherRefused(VoucherRefused {
            programme: ProgrammeId(117),
            enterprise: EnterpriseId(70_000),
            amount: fen(30_000_000),
            code: RefusalCode::BudgetExhausted,
        }),
        Event::ConsentGiven(ConsentGiven {
            consent: ConsentId(1_357_911),
            voucher: VoucherId(1_234_567),
            by_provider: true,
            provider: Some(ProviderId(8_765)),
            up_to: fen(20_000_000),
            until: day("2026-09-30"),
        }),
        Event::FreezeSet(FreezeSet {
            voucher: VoucherId(1_234_567),
            frozen: true,
        }),
        Event::VoucherRevoked(VoucherRevoked {
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            amount: fen(17_550_000),
            to_lapsed: true,
        }),
        Event::VoucherLapsed(VoucherLapsed {
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            amount: fen(17_550_000),
            to_lapsed: true,
        }),
    ]
}

fn transfers() -> Vec<Event> {
    vec![
        Event::TransferProposed(Box::new(TransferProposed {
            transfer: TransferId(88),
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            kind: TransferKind::Succession,
            to: EnterpriseId(70_001),
            to_city: Some(MemberId(9)),
            cap_share: Some(Ratio::from_millionths(333_333).expect("example ratio")),
            amount: fen(10_000_000),
            document_no: Some(text("工商变更〔2025〕1号")),
            to_programme: None,
            expires_on: None,
        })),
        Event::TransferApproved(TransferApproved {
            transfer: TransferId(88),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            child: Some(VoucherId(1_234_999)),
            amount: fen(10_000_000),
            issued_moved: fen(9_999_999),
            used_moved: fen(4_000_000),
        }),
        Event::TransferDeclined(TransferDeclined {
            transfer: TransferId(88),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            amount: fen(10_000_000),
            returned: ReturnedTo::Available,
        }),
    ]
}

pub(super) fn three_funders() -> Funding {
    Funding {
        payer: MemberId(3),
        other: Some((MemberId(7), fen(3_735_000))),
        more: Box::new([(MemberId(500), fen(1)), (MemberId(501), Fen::MAX)]),
    }
}

fn claims() -> Vec<Event> {
    let claim = ClaimId(9_876_543);
    let payee = Payee::Enterprise(EnterpriseId(70_000));
    let mut faults = Faults::NONE;
    faults.add(RefusalCode::VoucherUnknown);
    faults.add(RefusalCode::ProviderUnknown);
    vec![
        Event::ClaimApproved(ClaimApproved {
            payee,
            funding: three_funders(),
            accrues_at: AccrualPoint::Payment,
            ..typical_claim()
        }),
        Event::EvidenceRecorded(EvidenceRecorded {
            claim,
            files: Box::new([
                evidence(EvidenceKind::Contract),
                evidence(EvidenceKind::Other),
            ]),
        }),
        Event::ClaimRefused(Box::new(ClaimRefused {
            result: RefusalCode::VoucherUnknown,
            faults,
            voucher: Some(VoucherId(1_234_567)),
            provider: Some(ProviderId(8_765)),
            voucher_given: Some(short("VO-310117-25-00000A7-X")),
            provider_given: Some(short("9144030071526726XG")),
            category: CategoryId(4),
            contract_no: short("合同-2025-7"),
            contract_date: day("2025-09-01"),
            contract_amount: fen(25_000_000),
            invoice_no: InvoiceNo::parse("0332A").expect("example invoice"),
            invoice_amount: fen(24_900_000),
            paid_amount: fen(0),
            order: None,
        })),
    ]
    .into_iter()
    .chain(paid_and_undone(claim, payee))
    .collect()
}

fn paid_and_undone(claim: ClaimId, payee: Payee) -> [Event; 3] {
    [
        Event::ClaimReversed(Box::new(ClaimReversed {
            claim,
            voucher: VoucherId(1_234_567),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            payee,
            amount: fen(12_450_000),
            funding: three_funders(),
            returned: ReturnedTo::Lapsed,
            lines: LinesUndone::Opposed(LineId(5_432_200)),
            period: PeriodId(22),
            charged: None,
        })),
        Event::PayeePaid(Box::new(PayeePaid {
            payment: PaymentId(600_000),
            claim,
            programme: ProgrammeId(117),
            payee,
            amount: fen(12_450_000),
            funding: three_funders(),
            first_line: Some(LineId(5_432_300)),
            period: PeriodId(22),
            bank_ref: short("ICBC-20251009-000777"),
            paid_on: day("2025-10-08"),
            account_version: None,
        })),
        Event::PaymentReturned(PaymentReturned {
            payment: PaymentId(600_000),
            claim,
            payer: MemberId(3),
            payee,
            amount: fen(12_450_000),
        }),
    ]
}

pub(super) fn evidence(kind: EvidenceKind) -> Evidence {
    Evidence {
        kind,
        sha256: [0x5a; 32],
        size_bytes: 123_456,
        media_type: text("application/pdf"),
    }
}

/// Events with nothing that can be left out.
fn minimal() -> Vec<Event> {
    let claim = ClaimApproved {
        invoice_no: InvoiceNo::parse("0").expect("example invoice"),
        invoice_amount: fen(25_000_000),
        funding: Funding::alone(MemberId(3)),
        agreement: None,
        first_line: None,
        consent: None,
        ..typical_claim()
    };
    vec![
        Event::ClaimApproved(claim),
        Event::EnterpriseRegistered(Box::new(EnterpriseRegistered {
            enterprise: EnterpriseId(0),
            code: None,
            name: PartyName::Personal(personal()),
            city: MemberId(0),
            kind: EnterpriseKind::Team,
            group: None,
        })),
        Event::GrantSet(GrantSet {
            principal: PrincipalId(1),
            role: Role::Administrator,
            scope: Scope::Corridor,
            granted: false,
        }),
        Event::PeriodInstructed(Box::new(PeriodInstructed {
            period: PeriodId(0),
            mode: SettlementMode::Direct,
            document_no: None,
            instructions: 0,
            total: Fen::ZERO,
            pay_by: Day::MIN,
        })),
    ]
}
