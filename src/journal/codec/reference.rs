//! External references: what a sender calls an object, unique for ever per family and source.
//!
//! A leaf holds text and source only. The key follows from them and from the family of the
//! event, so the family must come out the same from a command and from its first event.

use sha2::{Digest, Sha256};

use super::fingerprint::first_half;
use crate::domain::InlineText;
use crate::engine::command::{CommandKind, ExternalRef, RefSource};
use crate::engine::event::Event;
use crate::engine::terms::ReleaseCause;

const TAG: &[u8] = b"quantong/ref/1";

/// The command takes no external reference: it makes no object of its own, but moves the
/// business date, a period as a whole, or an application that has a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} takes no external reference", .0.as_str())]
pub struct NoReference(pub CommandKind);

/// The reference `text` of `source` for the object that a command of this kind makes.
pub fn external_ref(
    kind: CommandKind,
    source: RefSource,
    text: InlineText<40>,
) -> Result<ExternalRef, NoReference> {
    let family = family_of_command(kind).ok_or(NoReference(kind))?;
    Ok(ExternalRef {
        key: key(family, source, text.as_str()),
        source,
        text,
    })
}

/// `SHA-256/128(tag ‖ family, 2 bytes ‖ source ‖ text)`; the source is one byte 0 for the
/// import, or a byte 1 and the principal in 4 bytes. Numbers are big-endian.
pub(super) fn key(family: CommandKind, source: RefSource, text: &str) -> u128 {
    let mut hash = Sha256::new_with_prefix(TAG);
    hash.update(family.number().to_be_bytes());
    match source {
        RefSource::Import => hash.update([0]),
        RefSource::Principal(principal) => {
            hash.update([1]);
            hash.update(principal.0.to_be_bytes());
        }
    }
    hash.update(text);
    first_half(hash)
}

/// The family of the objects that a command makes, named by one command for all that make such
/// objects. Never changed: old leaves would get other keys.
fn family_of_command(kind: CommandKind) -> Option<CommandKind> {
    match kind {
        CommandKind::RequestClose
        | CommandKind::ClosePeriod
        | CommandKind::ConfirmStatement
        | CommandKind::StepAdmission
        | CommandKind::InstructPeriod
        | CommandKind::StartYearClosing
        | CommandKind::DecideYearEnd
        | CommandKind::AdvanceDate
        | CommandKind::ApproveVoucherFile
        | CommandKind::IssueFileRows => None,
        kind => Some(kind),
    }
}

/// The family of the command whose first event this is.
pub(super) fn family_of_event(event: &Event) -> Option<CommandKind> {
    Some(match event {
        Event::CommandRefused(refused) => return family_of_command(refused.command),
        Event::ActionProposed(e) => return family_of_command(e.command.kind()),
        Event::ProposalApproved(_) | Event::ProposalDeclined(_) | Event::ProposalFailed(_) => {
            CommandKind::DecideProposal
        }
        Event::ProposalWithdrawn(_) => CommandKind::WithdrawProposal,
        Event::ActionRuleSet(_) => CommandKind::SetActionRule,
        Event::AccessSet(_) => CommandKind::SetAccess,
        Event::PasswordSet(_) => CommandKind::SetPassword,
        Event::PrincipalNamed(_) => CommandKind::NamePrincipal,
        Event::PrincipalErased(_) => CommandKind::ErasePrincipal,
        Event::MemberRegistered(_) => CommandKind::RegisterMember,
        Event::ProtocolSet(_) => CommandKind::SetProtocol,
        Event::CategoryRegistered(_) => CommandKind::RegisterCategory,
        Event::CalendarSet(_) => CommandKind::SetCalendar,
        Event::PrincipalRegistered(_) => CommandKind::RegisterPrincipal,
        Event::GrantSet(_) => CommandKind::SetGrant,
        Event::TokenIssued(_) => CommandKind::IssueToken,
        Event::TokenRevoked(_) => CommandKind::RevokeToken,
        Event::EnterpriseRegistered(_) => CommandKind::RegisterEnterprise,
        Event::ProviderRegistered(_) => CommandKind::RegisterProvider,
        Event::ControllerGroupSet(_) => CommandKind::SetControllerGroup,
        Event::SuspensionSet(_) => CommandKind::SetSuspension,
        Event::AdmissionApplied(_) => CommandKind::ApplyForAdmission,
        Event::AdmissionEnded(_)
        | Event::AdmissionPolicySet(_)
        | Event::RecognitionSet(_)
        | Event::StatusSet(_)
        | Event::RelationSet(_)
        | Event::TeamSet(_)
        | Event::PartyCorrected(_)
        | Event::PartyDissolved(_) => CommandKind::ChangeRegister,
        Event::CreditFlagRaised(_) => CommandKind::RaiseCreditFlag,
        Event::CreditFlagLifted(_) => CommandKind::LiftCreditFlag,
        Event::BankAccountProposed(_) | Event::BankAccountDecided(_) => CommandKind::SetBankAccount,
        Event::ProgrammeCreated(_) => CommandKind::CreateProgramme,
        Event::BudgetChanged(_) => CommandKind::ChangeBudget,
        Event::VersionPublished(version) => match version.draft {
            None => CommandKind::PublishVersion,
            Some(_) => CommandKind::PublishDraft,
        },
        Event::AgreementRegistered(_) => CommandKind::RegisterAgreement,
        Event::VoucherIssued(e) if e.replaces.is_some() => CommandKind::ReissueVoucher,
        Event::DraftSaved(draft) => match draft.source {
            None => CommandKind::SaveDraft,
            Some(_) => CommandKind::CopyPack,
        },
        Event::DraftSimulated(_) => CommandKind::MarkSimulated,
        Event::CityPolicySet(_) => CommandKind::SetCityPolicy,
        Event::ClaimWithdrawn(_) => CommandKind::WithdrawClaim,
        Event::VoucherIssued(_) | Event::VoucherRefused(_) => CommandKind::IssueVoucher,
        Event::ConsentGiven(_) => CommandKind::GiveConsent,
        Event::FreezeSet(_) => CommandKind::SetFreeze,
        Event::VoucherRevoked(_) => CommandKind::RevokeVoucher,
        Event::VoucherExtended(_) => CommandKind::ExtendVoucher,
        Event::ApplicationFiled(_) => CommandKind::ApplyForVoucher,
        Event::ApplicationResubmitted(_) => CommandKind::ResubmitApplication,
        Event::ApplicationReviewBegun(_)
        | Event::ApplicationReturned(_)
        | Event::ApplicationApproved(_)
        | Event::ApplicationDeclined(_) => CommandKind::ReviewApplication,
        Event::ApplicationWithdrawn(_) => CommandKind::WithdrawApplication,
        Event::TransferProposed(_) => CommandKind::ProposeTransfer,
        Event::TransferApproved(_)
        | Event::TransferDeclined(_)
        | Event::TransferMoved(_)
        | Event::TransferEndorsed(_) => CommandKind::DecideTransfer,
        Event::TransferReleased(released) if !released.expired => CommandKind::WithdrawTransfer,
        Event::StepReversed(_) => CommandKind::ReverseStep,
        Event::ClaimApproved(_) | Event::ClaimRefused(_) | Event::ClaimAwaitsBudget(_) => {
            CommandKind::FileClaim
        }
        Event::ClaimReversed(_) => CommandKind::ReverseClaim,
        Event::PayeePaid(_) => CommandKind::PayClaim,
        Event::PaymentReturned(_) => CommandKind::ReturnPayment,
        Event::InstructionPaid(_) => CommandKind::ConfirmInstruction,
        Event::OrderProposed(_) => CommandKind::ProposeOrder,
        Event::OrderAgreed(_) => CommandKind::AgreeOrder,
        Event::OrderConfirmed(_) | Event::OrderRefused(_) => CommandKind::ConfirmOrder,
        Event::ContractRefused(_) => CommandKind::AdvanceOrder,
        Event::OrderAdvanced(_) => CommandKind::AdvanceOrder,
        Event::OrderReleased(e) => match e.cause {
            ReleaseCause::Released => CommandKind::ReleaseOrder,
            ReleaseCause::Cancelled => CommandKind::CancelOrder,
            ReleaseCause::Expired | ReleaseCause::Captured | ReleaseCause::Upheld => return None,
        },
        Event::OrderAsked(e) if e.extend_to.is_none() => CommandKind::CancelOrder,
        Event::OrderAsked(_) | Event::OrderExtended(_) => CommandKind::ExtendOrder,
        Event::OrderDisputed(_) | Event::DisputeClosed(_) => CommandKind::DisputeOrder,
        Event::LedgerCreated(_)
        | Event::EpochStarted(_)
        | Event::DateAdvanced(_)
        | Event::VoucherLapsed(_)
        | Event::TransferReleased(_)
        | Event::EvidenceRecorded(_)
        | Event::CloseRequested(_)
        | Event::PositionFixed(_)
        | Event::PeriodClosed(_)
        | Event::StatementConfirmed(_)
        | Event::CellAgreed(_)
        | Event::PeriodAgreed(_)
        | Event::InstructionIssued(_)
        | Event::PeriodInstructed(_)
        | Event::ArrearsCarried(_)
        | Event::PeriodSettled(_)
        | Event::YearClosingStarted(_)
        | Event::YearCarried(_)
        | Event::YearClosed(_)
        | Event::WaitingApproved(_)
        | Event::VoucherFileApproved(_)
        | Event::FileRowsIssued(_)
        | Event::FileRowRefused(_)
        | Event::AdmissionDecided(_)
        | Event::AdmissionObjected(_)
        | Event::ProviderAdmitted(_) => return None,
    })
}
