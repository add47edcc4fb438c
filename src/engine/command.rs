//! What can be asked of the engine. A command is well formed by its types; whether a rule allows
//! it is for `execute` to say.

mod applications;
mod claims;
mod files;
mod life;
mod orders;
mod parties;
mod people;
mod periods;
mod programmes;
mod register;
mod transfers;
mod vouchers;

use crate::domain::{
    AdmissionId, AgreementId, ApplicationId, CategoryId, ClaimId, CreditCode, CreditFlagId,
    EnterpriseId, InstructionId, MemberId, OrderId, PaymentId, PeriodId, PersonalText, PrincipalId,
    ProgrammeId, ProposalId, ProviderId, Text, TransferId, VoucherId,
};

pub use applications::{
    ApplyForVoucher, ExtendVoucher, Purpose, ReissueVoucher, ResubmitApplication,
    ReviewApplication, ReviewStep, VoucherRequest, WithdrawApplication,
};
pub use claims::{FileClaim, PayClaim, ReturnPayment, ReverseClaim};
pub use files::{ApproveVoucherFile, FileRow, IssueFileRows};
pub use life::{
    CopyPack, DecideYearEnd, MarkSimulated, PublishDraft, SaveDraft, SetCityPolicy,
    StartYearClosing, WithdrawClaim,
};
pub use orders::{
    AdvanceOrder, AgreeOrder, CancelOrder, Capture, ConfirmOrder, DisputeAct, DisputeOrder,
    ExtendOrder, ORDER_LINES_MAX, OrderStep, ProposeOrder, ReleaseOrder,
};
pub use parties::{
    IssueToken, RegisterCategory, RegisterEnterprise, RegisterMember, RegisterPrincipal,
    RegisterProvider, RevokeToken, SetControllerGroup, SetGrant, SetProtocol, SetSuspension,
};
pub use people::{
    DecideProposal, ErasePrincipal, NamePrincipal, ProposedCommand, SESSION_LABEL, SetAccess,
    SetActionRule, SetPassword, UserName, WithdrawProposal,
};
pub use periods::{
    AdvanceDate, Calendar, ClosePeriod, ConfirmInstruction, ConfirmStatement, InstructPeriod,
};
pub use programmes::{ChangeBudget, CreateProgramme, PublishVersion, RegisterAgreement};
pub use register::{
    AccountStep, AdmissionStep, Applicant, ApplyForAdmission, ChangeRegister, LiftCreditFlag,
    RaiseCreditFlag, SetBankAccount, StepAdmission,
};
pub use transfers::{ReverseStep, WithdrawTransfer};
pub use vouchers::{
    ConsentGiver, DecideTransfer, GiveConsent, IssueVoucher, ProposeTransfer, RevokeVoucher,
    SetFreeze, TransferRequest,
};

pub use super::terms::{
    AccrualPoint, Action, AgreementTerms, BasePolicy, DeclineCode, DisputeCode, DisputeOutcome,
    EnterpriseKind, Evidence, EvidenceKind, EvidenceKinds, Exclusion, FileMode, MemberKind,
    OrderParties, OrderSide, OrderStatus, PayeeMode, PayerModel, RateTerms, Recognition,
    ReleaseCause, Role, RollingCap, RollingPeriod, Scope, SettlementMode, Tier, TransferKind,
    TransferRule, VersionTerms,
};
pub use super::terms::{
    AdmissionAnswer, AdmissionDecision, AdmissionDocument, FlagCode, FlagLevel, ObjectionReason,
    RecognitionStance, RecognitionSubject, RelationKind,
};

/// A name or title, at most 200 bytes.
pub type Name = Text<200>;
/// A reason or note for an action, at most 400 bytes.
pub type Reason = Text<400>;
/// Number of an official document, at most 120 bytes.
pub type DocumentNo = Text<120>;

/// A reference that the sender chose for a business object, unique for ever per kind of object
/// and source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRef {
    /// SHA-256/128 over kind, source and text; what the engine looks up.
    pub key: u128,
    /// Within which source the text is unique.
    pub source: RefSource,
    /// The reference as the sender wrote it, at most 40 bytes.
    pub text: crate::domain::InlineText<40>,
}

/// Whose references these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefSource {
    /// The history that was imported into the ledger.
    Import,
    /// One principal.
    Principal(PrincipalId),
}

/// Names a voucher by id or by the reference it was imported under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoucherKey {
    /// By id; an id that no voucher has is an unknown voucher.
    Id(VoucherId),
    /// By external reference.
    Ref(Box<ExternalRef>),
}

/// Names a provider by id or by credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKey {
    /// By id; an id that no provider has is an unknown provider.
    Id(ProviderId),
    /// By unified social credit code.
    Code(CreditCode),
}

/// Names an enterprise by id or by credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterpriseKey {
    /// By id.
    Id(EnterpriseId),
    /// By unified social credit code.
    Code(CreditCode),
}

/// The name of an enterprise: a firm's is public, a team's is personal data.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PartyName {
    /// Name of a legal person.
    Public(Name),
    /// Name of a team of natural persons.
    Personal(PersonalText),
}

/// An enterprise or a provider.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Payee {
    /// A provider.
    Provider(ProviderId),
    /// An enterprise.
    Enterprise(EnterpriseId),
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($payload:ty) = $code:literal;)*) => {
        /// A command with its payload.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command { $($(#[$doc])* $name($payload),)* }

        /// The kind of a command, with a stable number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[repr(u16)]
        pub enum CommandKind { $($(#[$doc])* $name = $code,)* }

        impl Command {
            /// The kind of this command.
            pub const fn kind(&self) -> CommandKind {
                match self { $(Command::$name(_) => CommandKind::$name,)* }
            }
        }

        impl CommandKind {
            /// All kinds, ascending by number.
            pub const ALL: &'static [CommandKind] = &[$(CommandKind::$name,)*];

            /// The name of the command.
            pub const fn as_str(self) -> &'static str {
                match self { $(CommandKind::$name => stringify!($name),)* }
            }

            /// The stable number.
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The kind with this number.
            pub const fn from_number(number: u16) -> Option<CommandKind> {
                match number { $($code => Some(CommandKind::$name),)* _ => None }
            }
        }
    };
}

commands! {
    /// See [`RegisterMember`].
    RegisterMember(Box<RegisterMember>) = 1;
    /// See [`SetProtocol`].
    SetProtocol(SetProtocol) = 2;
    /// See [`RegisterCategory`].
    RegisterCategory(Box<RegisterCategory>) = 3;
    /// See [`Calendar`].
    SetCalendar(Calendar) = 4;
    /// See [`RegisterPrincipal`].
    RegisterPrincipal(Box<RegisterPrincipal>) = 10;
    /// See [`SetGrant`].
    SetGrant(SetGrant) = 11;
    /// See [`IssueToken`].
    IssueToken(Box<IssueToken>) = 12;
    /// See [`RevokeToken`].
    RevokeToken(RevokeToken) = 13;
    /// See [`DecideProposal`].
    DecideProposal(DecideProposal) = 14;
    /// See [`WithdrawProposal`].
    WithdrawProposal(WithdrawProposal) = 15;
    /// See [`SetActionRule`].
    SetActionRule(SetActionRule) = 16;
    /// See [`SetAccess`].
    SetAccess(SetAccess) = 17;
    /// See [`RegisterEnterprise`].
    RegisterEnterprise(Box<RegisterEnterprise>) = 20;
    /// See [`RegisterProvider`].
    RegisterProvider(Box<RegisterProvider>) = 21;
    /// See [`SetControllerGroup`].
    SetControllerGroup(SetControllerGroup) = 22;
    /// See [`SetSuspension`].
    SetSuspension(SetSuspension) = 23;
    /// See [`ApplyForAdmission`].
    ApplyForAdmission(Box<ApplyForAdmission>) = 24;
    /// See [`StepAdmission`].
    StepAdmission(Box<StepAdmission>) = 25;
    /// See [`ChangeRegister`].
    ChangeRegister(Box<ChangeRegister>) = 26;
    /// See [`RaiseCreditFlag`].
    RaiseCreditFlag(Box<RaiseCreditFlag>) = 27;
    /// See [`LiftCreditFlag`].
    LiftCreditFlag(LiftCreditFlag) = 28;
    /// See [`SetBankAccount`].
    SetBankAccount(Box<SetBankAccount>) = 29;
    /// See [`CreateProgramme`].
    CreateProgramme(Box<CreateProgramme>) = 30;
    /// See [`ChangeBudget`].
    ChangeBudget(ChangeBudget) = 31;
    /// See [`PublishVersion`].
    PublishVersion(PublishVersion) = 32;
    /// See [`RegisterAgreement`].
    RegisterAgreement(RegisterAgreement) = 33;
    /// See [`SaveDraft`].
    SaveDraft(SaveDraft) = 34;
    /// See [`PublishDraft`].
    PublishDraft(PublishDraft) = 35;
    /// See [`CopyPack`].
    CopyPack(CopyPack) = 36;
    /// See [`SetCityPolicy`].
    SetCityPolicy(SetCityPolicy) = 37;
    /// See [`StartYearClosing`].
    StartYearClosing(StartYearClosing) = 38;
    /// See [`DecideYearEnd`].
    DecideYearEnd(DecideYearEnd) = 39;
    /// See [`IssueVoucher`].
    IssueVoucher(IssueVoucher) = 40;
    /// See [`GiveConsent`].
    GiveConsent(GiveConsent) = 41;
    /// See [`SetFreeze`].
    SetFreeze(SetFreeze) = 42;
    /// See [`RevokeVoucher`].
    RevokeVoucher(RevokeVoucher) = 43;
    /// See [`ApplyForVoucher`].
    ApplyForVoucher(Box<ApplyForVoucher>) = 44;
    /// See [`ResubmitApplication`].
    ResubmitApplication(Box<ResubmitApplication>) = 45;
    /// See [`ReviewApplication`].
    ReviewApplication(ReviewApplication) = 46;
    /// See [`WithdrawApplication`].
    WithdrawApplication(WithdrawApplication) = 47;
    /// See [`ExtendVoucher`].
    ExtendVoucher(ExtendVoucher) = 48;
    /// See [`ReissueVoucher`].
    ReissueVoucher(ReissueVoucher) = 49;
    /// See [`ProposeTransfer`].
    ProposeTransfer(ProposeTransfer) = 50;
    /// See [`DecideTransfer`].
    DecideTransfer(DecideTransfer) = 51;
    /// See [`WithdrawTransfer`].
    WithdrawTransfer(WithdrawTransfer) = 52;
    /// See [`ReverseStep`].
    ReverseStep(ReverseStep) = 53;
    /// See [`FileClaim`].
    FileClaim(FileClaim) = 60;
    /// See [`ReverseClaim`].
    ReverseClaim(ReverseClaim) = 61;
    /// See [`PayClaim`].
    PayClaim(PayClaim) = 62;
    /// See [`ReturnPayment`].
    ReturnPayment(ReturnPayment) = 63;
    /// See [`WithdrawClaim`].
    WithdrawClaim(WithdrawClaim) = 65;
    /// See [`MarkSimulated`].
    MarkSimulated(MarkSimulated) = 66;
    /// Requests the early close of the open period.
    RequestClose(ClosePeriod) = 70;
    /// See [`ClosePeriod`].
    ClosePeriod(ClosePeriod) = 71;
    /// See [`ConfirmStatement`].
    ConfirmStatement(ConfirmStatement) = 72;
    /// See [`InstructPeriod`].
    InstructPeriod(InstructPeriod) = 73;
    /// See [`ConfirmInstruction`].
    ConfirmInstruction(ConfirmInstruction) = 74;
    /// See [`AdvanceDate`].
    AdvanceDate(AdvanceDate) = 80;
    /// See [`SetPassword`].
    SetPassword(Box<SetPassword>) = 81;
    /// See [`ProposeOrder`].
    ProposeOrder(ProposeOrder) = 90;
    /// See [`AgreeOrder`].
    AgreeOrder(AgreeOrder) = 91;
    /// See [`ConfirmOrder`].
    ConfirmOrder(ConfirmOrder) = 92;
    /// See [`AdvanceOrder`].
    AdvanceOrder(AdvanceOrder) = 93;
    /// See [`CancelOrder`].
    CancelOrder(CancelOrder) = 94;
    /// See [`ReleaseOrder`].
    ReleaseOrder(ReleaseOrder) = 95;
    /// See [`ExtendOrder`].
    ExtendOrder(ExtendOrder) = 96;
    /// See [`DisputeOrder`].
    DisputeOrder(DisputeOrder) = 97;
    /// See [`ApproveVoucherFile`].
    ApproveVoucherFile(Box<ApproveVoucherFile>) = 98;
    /// See [`IssueFileRows`].
    IssueFileRows(Box<IssueFileRows>) = 99;
    /// See [`NamePrincipal`].
    NamePrincipal(Box<NamePrincipal>) = 110;
    /// See [`ErasePrincipal`].
    ErasePrincipal(ErasePrincipal) = 111;
}

/// A command with who sends it and how it is recognised when it is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Who acts.
    pub principal: PrincipalId,
    /// SHA-256/128 of principal and idempotency key, if the sender gave a key.
    pub key: Option<u128>,
    /// SHA-256/128 over the canonical form of the command.
    pub fingerprint: u128,
    /// The sender's reference for the object that the command makes.
    pub external_ref: Option<Box<ExternalRef>>,
    /// Why, in the sender's words.
    pub reason: Option<Reason>,
    /// True for rows of a history that is imported: administrators only; consent counts as given
    /// and roles of the parties are not asked for.
    pub imported: bool,
    /// What is asked.
    pub command: Command,
}

impl Submission {
    /// A command by `principal` without key, reference or reason.
    pub fn new(principal: PrincipalId, command: Command) -> Submission {
        Submission {
            principal,
            key: None,
            fingerprint: 0,
            external_ref: None,
            reason: None,
            imported: false,
            command,
        }
    }
}

/// What a command refers to, for answers and lookups by external reference.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Subject {
    /// Nothing that can be read by id.
    None,
    /// A member.
    Member(MemberId),
    /// A category.
    Category(CategoryId),
    /// A principal.
    Principal(PrincipalId),
    /// An enterprise.
    Enterprise(EnterpriseId),
    /// A provider.
    Provider(ProviderId),
    /// A programme.
    Programme(ProgrammeId),
    /// An agreement.
    Agreement(AgreementId),
    /// A voucher.
    Voucher(VoucherId),
    /// A transfer.
    Transfer(TransferId),
    /// A claim.
    Claim(ClaimId),
    /// A period.
    Period(PeriodId),
    /// A settlement instruction.
    Instruction(InstructionId),
    /// A payment.
    Payment(PaymentId),
    /// A proposal.
    Proposal(ProposalId),
    /// An order.
    Order(OrderId),
    /// An application for admission.
    Admission(AdmissionId),
    /// A credit flag.
    CreditFlag(CreditFlagId),
    /// An application.
    Application(ApplicationId),
}
