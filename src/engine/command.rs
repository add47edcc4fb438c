//! What can be asked of the engine. A command is well formed by its types; whether a rule allows
//! it is for `execute` to say.

use crate::domain::{
    AgreementId, BankRef, CategoryCode, CategoryId, ClaimId, ContractNo, CreditCode, Day,
    DivisionCode, EnterpriseId, Fen, InstructionId, InvoiceNo, MemberId, PaymentId, PeriodId,
    PersonalText, PrincipalId, ProgrammeCode, ProgrammeId, ProviderId, Ratio, Text, TransferId,
    VoucherId,
};

pub use super::terms::{
    AccrualPoint, AgreementTerms, BasePolicy, EnterpriseKind, Evidence, EvidenceKind,
    EvidenceKinds, MemberKind, PayeeMode, PayerModel, RateTerms, Role, Scope, SettlementMode, Tier,
    TransferKind, TransferRule, VersionTerms,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Registers a member: a city, another funder, or a treasury that serves as hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterMember {
    /// Division code, unique among members.
    pub code: DivisionCode,
    /// City, funder or treasury.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
    /// Province, in English.
    pub province: Name,
    /// Whether the member signed the clearing protocol (multilateral netting).
    pub signed_protocol: bool,
}

/// Changes whether a member takes part in multilateral netting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetProtocol {
    /// The member.
    pub member: MemberId,
    /// True if it signed the clearing protocol.
    pub signed: bool,
}

/// Registers a service category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterCategory {
    /// Code, unique.
    pub code: CategoryCode,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
}

/// Registers a person, office or machine that can act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterPrincipal {
    /// Display name; a natural person's is personal data, so it is always committed to only.
    pub name: PersonalText,
}

/// Gives or takes a role within a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetGrant {
    /// Who.
    pub principal: PrincipalId,
    /// Role.
    pub role: Role,
    /// Where the role holds.
    pub scope: Scope,
    /// True to give, false to take.
    pub granted: bool,
}

/// Issues an access token to a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueToken {
    /// Whose token.
    pub principal: PrincipalId,
    /// SHA-256 of the token; the token itself is never stored.
    pub token_hash: [u8; 32],
    /// What the token is for.
    pub label: Name,
    /// Last business day on which it is valid; `None` for no end.
    pub expires_on: Option<Day>,
}

/// Makes a token invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeToken {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
}

/// Registers an enterprise or team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterEnterprise {
    /// Credit code; `None` for a team that is no legal person.
    pub code: Option<CreditCode>,
    /// Accept a code whose check character fails; named officers only.
    pub accept_failed_check: bool,
    /// Name.
    pub name: PartyName,
    /// Home city.
    pub city: MemberId,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
}

/// Puts an enterprise or provider into a controller group from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetControllerGroup {
    /// Whom.
    pub party: Payee,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
    /// First day; not before the last change.
    pub from: Day,
}

/// Registers a provider with its admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterProvider {
    /// Credit code, unique among providers.
    pub code: CreditCode,
    /// Accept a code whose check character fails; named officers only.
    pub accept_failed_check: bool,
    /// Name.
    pub name: Name,
    /// Host city.
    pub city: MemberId,
    /// Categories offered.
    pub categories: Box<[CategoryId]>,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
    /// First day of admission.
    pub admitted_from: Day,
    /// Last day of admission, inclusive.
    pub admitted_to: Day,
    /// Account that payments go to, as the bank writes it.
    pub bank_account: Option<Name>,
}

/// Suspends a provider or lifts the suspension, from today on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSuspension {
    /// The provider.
    pub provider: ProviderId,
    /// True to suspend.
    pub suspended: bool,
}

/// Creates a programme: one city, one budget year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProgramme {
    /// Code, unique.
    pub code: ProgrammeCode,
    /// Title.
    pub title: Name,
    /// Issuing city.
    pub city: MemberId,
    /// Budget year.
    pub budget_year: u16,
}

/// Loads, raises or cuts the budget of a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeBudget {
    /// The programme.
    pub programme: ProgrammeId,
    /// By how much.
    pub amount: Fen,
    /// True to raise, false to cut.
    pub raise: bool,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
}

/// Publishes the next version of a programme's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishVersion {
    /// The programme.
    pub programme: ProgrammeId,
    /// The rules.
    pub terms: Box<VersionTerms>,
}

/// Registers a cost-sharing agreement between two cities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterAgreement {
    /// The agreement.
    pub terms: Box<AgreementTerms>,
    /// Document that states it.
    pub document_no: Option<DocumentNo>,
}

/// Issues a voucher to an enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueVoucher {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// To whom.
    pub enterprise: EnterpriseKey,
    /// Amount set aside, more than zero.
    pub amount: Fen,
}

/// The holder consents to redemption at a provider (payee is the provider), or a provider
/// confirms a service it was paid for (payee is the enterprise). A newer consent for the same
/// voucher and provider replaces the older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveConsent {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Who gives it.
    pub giver: ConsentGiver,
    /// Up to which amount in all.
    pub up_to: Fen,
    /// Last day of filing.
    pub until: Day,
}

/// Who gives a consent, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentGiver {
    /// The holder, for one provider or for any.
    Holder(Option<ProviderId>),
    /// A provider, for itself.
    Provider(ProviderId),
}

/// Freezes or unfreezes a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFreeze {
    /// Which voucher.
    pub voucher: VoucherId,
    /// True to freeze.
    pub frozen: bool,
}

/// Takes back what is free on a voucher, and closes it to redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeVoucher {
    /// Which voucher.
    pub voucher: VoucherId,
}

/// Proposes a transfer; the amount is held until a second person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposeTransfer {
    /// From which voucher.
    pub voucher: VoucherId,
    /// Kind, receiver and what comes with the kind.
    pub kind: TransferRequest,
    /// Amount, more than zero; zero for a relocation, which moves no money.
    pub amount: Fen,
    /// Document that the transfer rests on.
    pub document_no: Option<DocumentNo>,
}

/// What is transferred to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferRequest {
    /// Merger, split or renaming: the successor also takes this share of the used caps.
    Succession {
        /// The successor.
        to: EnterpriseId,
        /// Share of what the predecessor has had and used under the programme.
        cap_share: Ratio,
    },
    /// To any enterprise of the issuing city.
    Open {
        /// The receiver.
        to: EnterpriseId,
    },
    /// The firm moves to another member city; issuer, voucher and liability stay.
    Relocation {
        /// The new home city.
        to_city: MemberId,
    },
}

/// Approves or refuses a proposed transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideTransfer {
    /// Which transfer.
    pub transfer: TransferId,
    /// True to approve.
    pub approve: bool,
}

/// Files a claim on an instant programme: judged and approved or refused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileClaim {
    /// The voucher redeemed.
    pub voucher: VoucherKey,
    /// The provider of the service.
    pub provider: ProviderKey,
    /// The enterprise served, as the filer sees it; checked against the holder when given.
    pub enterprise: Option<EnterpriseKey>,
    /// Category of the service.
    pub category: CategoryId,
    /// Number of the contract.
    pub contract_no: ContractNo,
    /// Day of the contract.
    pub contract_date: Day,
    /// Amount of the contract.
    pub contract_amount: Fen,
    /// Number of the invoice.
    pub invoice_no: InvoiceNo,
    /// Amount of the invoice.
    pub invoice_amount: Fen,
    /// What the firm paid itself.
    pub paid_amount: Fen,
    /// Evidence files, by hash.
    pub evidence: Box<[Evidence]>,
}

/// Undoes an approved claim whose payee is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseClaim {
    /// Which claim.
    pub claim: ClaimId,
}

/// Records that the payer paid the payee of a claim in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayClaim {
    /// Which claim.
    pub claim: ClaimId,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment, not after today.
    pub paid_on: Day,
}

/// Records that the bank returned a payment to a payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPayment {
    /// Which payment.
    pub payment: PaymentId,
}

/// Closes the open period ahead of its calendar: one operator requests, a second one closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosePeriod {
    /// Which period.
    pub period: PeriodId,
}

/// A member agrees to its statement of a closed period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmStatement {
    /// Which period.
    pub period: PeriodId,
    /// Who agrees.
    pub member: MemberId,
    /// Which revision of the statement.
    pub revision: u16,
}

/// Turns the agreed positions of a period into payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructPeriod {
    /// Which period.
    pub period: PeriodId,
    /// How.
    pub mode: SettlementMode,
    /// Document that names the hub.
    pub document_no: Option<DocumentNo>,
}

/// Records a settlement payment, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmInstruction {
    /// Which payment.
    pub instruction: InstructionId,
    /// How much of it was paid.
    pub amount: Fen,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment, not after today.
    pub paid_on: Day,
}

/// Sets the days of the settlement calendar, for periods closed from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Calendar {
    /// Days after the close until silence counts as agreement; 0 agrees at the close.
    pub confirm_days: u8,
    /// Days after the instruction until what is unpaid is carried.
    pub pay_days: u8,
}

/// Moves the business date forward; every timer of every day passed runs, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceDate {
    /// The new business date.
    pub to: Day,
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
    /// See [`RegisterEnterprise`].
    RegisterEnterprise(Box<RegisterEnterprise>) = 20;
    /// See [`RegisterProvider`].
    RegisterProvider(Box<RegisterProvider>) = 21;
    /// See [`SetControllerGroup`].
    SetControllerGroup(SetControllerGroup) = 22;
    /// See [`SetSuspension`].
    SetSuspension(SetSuspension) = 23;
    /// See [`CreateProgramme`].
    CreateProgramme(Box<CreateProgramme>) = 30;
    /// See [`ChangeBudget`].
    ChangeBudget(ChangeBudget) = 31;
    /// See [`PublishVersion`].
    PublishVersion(PublishVersion) = 32;
    /// See [`RegisterAgreement`].
    RegisterAgreement(RegisterAgreement) = 33;
    /// See [`IssueVoucher`].
    IssueVoucher(IssueVoucher) = 40;
    /// See [`GiveConsent`].
    GiveConsent(GiveConsent) = 41;
    /// See [`SetFreeze`].
    SetFreeze(SetFreeze) = 42;
    /// See [`RevokeVoucher`].
    RevokeVoucher(RevokeVoucher) = 43;
    /// See [`ProposeTransfer`].
    ProposeTransfer(ProposeTransfer) = 50;
    /// See [`DecideTransfer`].
    DecideTransfer(DecideTransfer) = 51;
    /// See [`FileClaim`].
    FileClaim(FileClaim) = 60;
    /// See [`ReverseClaim`].
    ReverseClaim(ReverseClaim) = 61;
    /// See [`PayClaim`].
    PayClaim(PayClaim) = 62;
    /// See [`ReturnPayment`].
    ReturnPayment(ReturnPayment) = 63;
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
}
