//! Example applications, extensions and reissues.

use super::examples::{day, evidence, fen, personal, text};
use super::examples_terms::version_terms;
use crate::domain::{ApplicationId, EnterpriseId, MemberId, ProgrammeId, VersionNo, VoucherId};
use crate::engine::command::Purpose;
use crate::engine::event::{
    ApplicationApproved, ApplicationDeclined, ApplicationFiled, ApplicationResubmitted,
    ApplicationReturned, ApplicationReviewBegun, ApplicationWithdrawn, Event, VersionPublished,
    VoucherExtended, VoucherIssued,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{DeclineCode, EvidenceKind, VersionTerms};

pub(super) fn applications() -> Vec<Event> {
    let application = ApplicationId(4_711);
    vec![
        Event::VoucherExtended(VoucherExtended {
            voucher: VoucherId(1_234_567),
            use_by: day("2026-12-31"),
            cash_by: day("2027-03-31"),
        }),
        Event::ApplicationFiled(Box::new(ApplicationFiled {
            application,
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            enterprise: EnterpriseId(70_000),
            amount: fen(30_000_000),
            purpose: Some(Purpose::Public(text("芯片可靠性检测"))),
            documents: Box::new([
                evidence(EvidenceKind::BusinessLicence),
                evidence(EvidenceKind::Quotation),
            ]),
            issue_fault: Some(RefusalCode::BudgetExhausted),
        })),
        Event::ApplicationResubmitted(Box::new(ApplicationResubmitted {
            application,
            amount: fen(20_000_000),
            purpose: Some(Purpose::Personal(personal())),
            documents: Box::new([evidence(EvidenceKind::Declaration)]),
            issue_fault: Some(RefusalCode::IssueCapExceeded),
        })),
        Event::ApplicationReviewBegun(ApplicationReviewBegun { application }),
        Event::ApplicationReturned(ApplicationReturned { application }),
        Event::ApplicationApproved(ApplicationApproved {
            application,
            amount: fen(15_000_000),
        }),
        Event::ApplicationDeclined(ApplicationDeclined {
            application,
            code: DeclineCode::FundedElsewhere,
        }),
        Event::ApplicationWithdrawn(ApplicationWithdrawn { application }),
    ]
}

/// Examples of what events can hold besides, with the suffix of their golden files.
pub(super) fn further() -> Vec<(&'static str, Event)> {
    let bare = Event::ApplicationFiled(Box::new(ApplicationFiled {
        application: ApplicationId(0),
        programme: ProgrammeId(0),
        issuer: MemberId(0),
        enterprise: EnterpriseId(0),
        amount: fen(1),
        purpose: None,
        documents: Box::default(),
        issue_fault: None,
    }));
    let demanding = Event::VersionPublished(VersionPublished {
        programme: ProgrammeId(117),
        version: VersionNo(3),
        terms: Box::new(VersionTerms {
            application_required: true,
            ..version_terms()
        }),
        draft: None,
    });
    let application = Some(ApplicationId(4_711));
    let replaces = Some(VoucherId(1_234_000));
    vec![
        ("-bare", bare),
        ("-on-application", demanding),
        ("-on-application", issued(application, None)),
        ("-reissued", issued(None, replaces)),
    ]
}

fn issued(application: Option<ApplicationId>, replaces: Option<VoucherId>) -> Event {
    Event::VoucherIssued(VoucherIssued {
        voucher: VoucherId(1_234_567),
        programme: ProgrammeId(117),
        version: VersionNo(2),
        issuer: MemberId(3),
        enterprise: EnterpriseId(70_000),
        amount: fen(30_000_000),
        use_by: day("2026-06-30"),
        cash_by: day("2026-09-30"),
        application,
        replaces,
    })
}
