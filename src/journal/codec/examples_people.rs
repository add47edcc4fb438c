//! Examples of proposals: one for every command that can wait.

use std::collections::BTreeSet;

use super::cbor::{Personal, Reader, Writer};
use super::commands;
use super::examples::{day, fen, short, text};
use super::examples_terms::version_terms;
use super::field::Field;
use crate::domain::hex;
use crate::domain::{
    CategoryId, ClaimId, CreditCode, EnterpriseId, MemberId, PersonalText, PrincipalId,
    ProgrammeId, ProposalId, Seq, TransferId, VoucherId,
};
use crate::engine::command::{
    AccountStep, Applicant, ApplyForAdmission, ApproveVoucherFile, ChangeBudget, DecideTransfer,
    DecideYearEnd, ErasePrincipal, ExtendVoucher, IssueToken, PartyName, Payee, ProposedCommand,
    PublishDraft, PublishVersion, RegisterEnterprise, RegisterProvider, ReissueVoucher,
    ReverseClaim, ReverseStep, RevokeVoucher, SetAccess, SetActionRule, SetBankAccount,
    SetCityPolicy, SetFreeze, SetGrant, StartYearClosing,
};
use crate::engine::event::{
    AccessSet, ActionProposed, ActionRuleSet, Event, PasswordSet, PrincipalErased, PrincipalNamed,
    ProposalApproved, ProposalDeclined, ProposalFailed, ProposalWithdrawn,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{
    Action, AdmissionAnswer, AdmissionDocument, EnterpriseKind, FileMode, RequiredField,
    RequiredFields, Role, Scope,
};

const PROPOSAL: ProposalId = ProposalId(77);

fn code() -> CreditCode {
    CreditCode::parse("91330100799655058X").expect("example code")
}

fn programmes() -> Vec<(&'static str, Action, ProposedCommand)> {
    vec![
        (
            "",
            Action::Budget,
            ProposedCommand::ChangeBudget(ChangeBudget {
                programme: ProgrammeId(117),
                amount: fen(100_000_000),
                raise: true,
                document_no: Some(text("沪松财〔2025〕8号")),
            }),
        ),
        (
            "-publish",
            Action::Publish,
            ProposedCommand::PublishVersion(PublishVersion {
                programme: ProgrammeId(117),
                terms: Box::new(version_terms()),
            }),
        ),
        (
            "-draft",
            Action::Publish,
            ProposedCommand::PublishDraft(PublishDraft {
                programme: ProgrammeId(117),
                draft: crate::domain::DraftNo(5),
                saved: crate::domain::Seq(1_234_567),
            }),
        ),
        (
            "-revoke",
            Action::Revoke,
            ProposedCommand::RevokeVoucher(RevokeVoucher {
                voucher: VoucherId(1_234_567),
            }),
        ),
        (
            "-extend",
            Action::Extend,
            ProposedCommand::ExtendVoucher(ExtendVoucher {
                voucher: VoucherId(1_234_567),
                use_by: day("2026-12-31"),
                cash_by: day("2027-03-31"),
            }),
        ),
        (
            "-reissue",
            Action::Reissue,
            ProposedCommand::ReissueVoucher(ReissueVoucher {
                voucher: VoucherId(1_234_567),
                amount: fen(17_550_000),
            }),
        ),
    ]
}

/// The end of a year, and the second steps of actions that have one.
fn second_steps() -> Vec<(&'static str, Action, ProposedCommand)> {
    let programme = ProgrammeId(117);
    let account = SetBankAccount {
        party: Payee::Enterprise(EnterpriseId(4_321)),
        step: AccountStep::Decide {
            version: 2,
            approve: true,
        },
    };
    let transfer = DecideTransfer {
        transfer: TransferId(7_654),
        approve: true,
    };
    vec![
        (
            "-closing",
            Action::YearEnd,
            ProposedCommand::StartYearClosing(StartYearClosing { programme }),
        ),
        (
            "-year-end",
            Action::YearEnd,
            ProposedCommand::DecideYearEnd(DecideYearEnd {
                programme,
                into: Some(ProgrammeId(118)),
            }),
        ),
        (
            "-transfer",
            Action::Transfer,
            ProposedCommand::DecideTransfer(transfer),
        ),
        (
            "-claim",
            Action::Reverse,
            ProposedCommand::ReverseClaim(ReverseClaim {
                claim: ClaimId(1_234_567),
            }),
        ),
        (
            "-step",
            Action::Reverse,
            ProposedCommand::ReverseStep(ReverseStep {
                step: Seq(1_234_567),
            }),
        ),
        (
            "-account",
            Action::BankAccount,
            ProposedCommand::SetBankAccount(Box::new(account)),
        ),
        (
            "-file",
            Action::BulkIssue,
            ProposedCommand::ApproveVoucherFile(Box::new(ApproveVoucherFile {
                programme,
                sha256: [0xf1; 32],
                mode: FileMode::Chunks,
                rows: 1_001,
                total: fen(3_003_000_000),
                chunks: Box::from([
                    0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
                    0xf1f2_f3f4_f5f6_f7f8_f9fa_fbfc_fdfe_ff00,
                ]),
            })),
        ),
    ]
}

fn people() -> Vec<(&'static str, Action, ProposedCommand)> {
    vec![
        (
            "-grant",
            Action::Grants,
            ProposedCommand::SetGrant(SetGrant {
                principal: PrincipalId(4_242),
                role: Role::ScienceOfficer,
                scope: Scope::Member(MemberId(3)),
                granted: true,
            }),
        ),
        (
            "-token",
            Action::Credentials,
            ProposedCommand::IssueToken(Box::new(IssueToken {
                principal: PrincipalId(4_242),
                token_hash: [0xab; 32],
                label: text("desk"),
                expires_on: Some(day("2026-12-31")),
            })),
        ),
        (
            "-access",
            Action::Credentials,
            ProposedCommand::SetAccess(SetAccess {
                principal: PrincipalId(4_242),
                enabled: true,
            }),
        ),
        (
            "-rule",
            Action::Rules,
            ProposedCommand::SetActionRule(SetActionRule {
                member: MemberId(3),
                action: Action::Revoke,
                persons: 3,
                checker: Role::FinanceOfficer,
            }),
        ),
        (
            "-enterprise",
            Action::CodeOverride,
            ProposedCommand::RegisterEnterprise(Box::new(RegisterEnterprise {
                code: Some(code()),
                accept_failed_check: true,
                name: PartyName::Public(text("示例科技有限公司")),
                city: MemberId(3),
                kind: EnterpriseKind::Sme,
                group: Some(text("G-7")),
            })),
        ),
        (
            "-provider",
            Action::CodeOverride,
            ProposedCommand::RegisterProvider(Box::new(RegisterProvider {
                code: code(),
                accept_failed_check: true,
                name: text("示例检测研究院"),
                city: MemberId(3),
                categories: Box::new([CategoryId(0), CategoryId(4)]),
                group: Some(text("G-7")),
                admitted_from: Some(day("2025-01-01")),
                admitted_to: Some(day("2027-12-31")),
                bank_account: Some(text("310066661018800012345")),
            })),
        ),
    ]
}

/// What a member may have wait, what a city requires, and what is left of who has gone.
fn later() -> Vec<(&'static str, Action, ProposedCommand)> {
    vec![
        (
            "-erasure",
            Action::Credentials,
            ProposedCommand::ErasePrincipal(ErasePrincipal {
                principal: PrincipalId(4_242),
            }),
        ),
        (
            "-policy",
            Action::Rules,
            ProposedCommand::SetCityPolicy(SetCityPolicy {
                member: MemberId(3),
                required: RequiredFields::default().with(RequiredField::Simulation),
            }),
        ),
        (
            "-freeze",
            Action::Freeze,
            ProposedCommand::SetFreeze(SetFreeze {
                voucher: VoucherId(1_234_567),
                frozen: true,
            }),
        ),
    ]
}

fn newcomers() -> Vec<(&'static str, Action, ProposedCommand)> {
    vec![(
        "-admission",
        Action::CodeOverride,
        ProposedCommand::ApplyForAdmission(Box::new(ApplyForAdmission {
            applicant: Applicant::New {
                code: code(),
                accept_failed_check: true,
                name: text("示例检测研究院"),
                city: MemberId(3),
            },
            categories: Box::new([CategoryId(0), CategoryId(4)]),
            from: day("2025-01-01"),
            to: day("2027-12-31"),
            answers: Box::new([AdmissionAnswer {
                question: text("CMA"),
                answer: text("有"),
                score: Some(90),
            }]),
            documents: Box::new([AdmissionDocument {
                title: text("CMA 2027"),
                sha256: [0xd0; 32],
            }]),
        })),
    )]
}

/// Every event of a proposal, with a suffix of its golden file.
pub(super) fn proposals() -> impl Iterator<Item = (&'static str, Event)> {
    let proposed = programmes().into_iter().chain(people()).chain(newcomers());
    let proposed = proposed.chain(second_steps()).chain(later());
    let proposed = proposed.map(|(suffix, action, command)| {
        let event = ActionProposed {
            proposal: PROPOSAL,
            action,
            office: Scope::Member(MemberId(3)),
            checker: Role::FinanceOfficer,
            approvals: 2,
            command,
        };
        (suffix, Event::ActionProposed(Box::new(event)))
    });
    let proposal = PROPOSAL;
    let decided = [
        Event::ProposalApproved(ProposalApproved { proposal, left: 1 }),
        Event::ProposalDeclined(ProposalDeclined { proposal }),
        Event::ProposalWithdrawn(ProposalWithdrawn { proposal }),
        Event::ProposalFailed(ProposalFailed {
            proposal,
            code: RefusalCode::BudgetCommitted,
        }),
        Event::PasswordSet(Box::new(PasswordSet {
            principal: PrincipalId(4_242),
            user_name: short("songjiang-finance-1"),
            verifier: PersonalText {
                commitment: [0xc6; 32],
                opening: None,
            },
        })),
        Event::PrincipalNamed(Box::new(PrincipalNamed {
            principal: PrincipalId(4_242),
            name: PersonalText {
                commitment: [0xc7; 32],
                opening: None,
            },
            contact: Some(PersonalText {
                commitment: [0xc8; 32],
                opening: None,
            }),
        })),
        Event::PrincipalErased(Box::new(PrincipalErased {
            principal: PrincipalId(4_242),
            texts: Box::new([Seq(17), Seq(9_000_000)]),
        })),
        Event::AccessSet(AccessSet {
            principal: PrincipalId(4_242),
            enabled: true,
        }),
        Event::ActionRuleSet(ActionRuleSet {
            member: MemberId(3),
            action: Action::Publish,
            persons: 3,
            checker: Role::FinanceOfficer,
        }),
    ];
    proposed.chain(decided.map(|event| ("", event)))
}

#[test]
fn a_command_that_waits_stands_in_its_leaf_as_in_its_fingerprint() {
    let mut kinds = BTreeSet::new();
    for (suffix, event) in proposals() {
        let Event::ActionProposed(proposed) = event else {
            continue;
        };
        let (mut leaf, mut canonical) = (Vec::new(), Vec::new());
        let command = &proposed.command;
        command.write(&mut Writer::new(&mut leaf, Personal::Commitment));
        let sent = command.to_command();
        commands::write(&sent, &mut Writer::new(&mut canonical, Personal::Value));
        assert_eq!(hex(&leaf), hex(&canonical), "{suffix}");
        let mut reader = Reader::new(&leaf);
        let read = ProposedCommand::read(&mut reader);
        assert_eq!(read.as_ref(), Ok(command), "{suffix}");
        kinds.insert(command.kind());
    }
    let all: BTreeSet<_> = ProposedCommand::KINDS.iter().copied().collect();
    assert_eq!(kinds, all, "every command that can wait has an example");
}
