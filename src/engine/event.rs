//! Facts. An event carries everything needed to apply and to post it; a changed meaning is a new
//! event, and the arms of old ones are never edited.

use serde::{Deserialize, Serialize};

use super::command::{
    Calendar, CommandKind, DocumentNo, Evidence, ExternalRef, Name, PartyName, Payee, Reason,
};
use super::refusal::{Faults, RefusalCode};
use super::terms::{
    AccrualPoint, AgreementTerms, EnterpriseKind, MemberKind, Role, Scope, SettlementMode,
    TransferKind, VersionTerms,
};
use crate::domain::{
    AgreementId, BankRef, CategoryCode, CategoryId, ClaimId, ConsentId, ContractNo, CreditCode,
    Day, DivisionCode, EnterpriseId, Fen, InlineText, InstructionId, InvoiceNo, LineId, MemberId,
    Month, PaymentId, PeriodId, PersonalText, PrincipalId, ProgrammeCode, ProgrammeId, ProviderId,
    Ratio, RecordedAt, Seq, Text, TransferId, VersionNo, VoucherId,
};

/// What stands on every event: where, when, who, and how it is recognised when sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMeta {
    /// Position in the journal.
    pub seq: Seq,
    /// When the journal took it.
    pub recorded_at: RecordedAt,
    /// The day on which rules judge it.
    pub business_date: Day,
    /// Who acted; [`SYSTEM`] for timers and the node.
    pub principal: PrincipalId,
    /// The person who approved, where two persons acted.
    pub second: Option<PrincipalId>,
    /// Idempotency key, on the first event of a command that had one.
    pub key: Option<u128>,
    /// Fingerprint of the command, on the first event of a command with a key or a reference.
    pub fingerprint: Option<u128>,
    /// Fingerprint of the whole, on the first event of an atomic bulk that had a key.
    pub bulk_fingerprint: Option<u128>,
    /// The sender's reference, on the first event of a command that had one.
    pub external_ref: Option<Box<ExternalRef>>,
    /// Why, in the sender's words.
    pub reason: Option<Reason>,
    /// Position among the events of one command.
    pub index: u32,
}

/// The principal of timers and of the node itself.
pub const SYSTEM: PrincipalId = PrincipalId(0);

/// An event with its envelope: one leaf of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The envelope.
    pub meta: EventMeta,
    /// The fact.
    pub event: Event,
}

/// The ledger begins; always event 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCreated {
    /// Version of the journal's format.
    pub format: u16,
    /// Identity of the ledger.
    pub ledger: [u8; 16],
    /// Origin line of checkpoints, for example `quantong.example/g60`.
    pub origin: Text<64>,
    /// Hash of the tree: 0 SHA-256, 1 SM3.
    pub hash: u8,
    /// Time zone of business dates.
    pub time_zone: Text<32>,
    /// Currency, ISO 4217.
    pub currency: Text<3>,
    /// Places of the currency.
    pub scale: u8,
}

/// A node took the ledger over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochStarted {
    /// Number of the epoch, ascending.
    pub epoch: u64,
    /// Name of the node.
    pub node: Text<64>,
    /// Version of the software.
    pub version: Text<32>,
}

/// The business date moved; all timers up to it have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateAdvanced {
    /// The new business date.
    pub to: Day,
}

/// A command was refused by a rule; claims and issues have events of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRefused {
    /// What was asked.
    pub command: CommandKind,
    /// Why it was refused.
    pub code: RefusalCode,
}

/// A member was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRegistered {
    /// Its id.
    pub member: MemberId,
    /// Its division code.
    pub code: DivisionCode,
    /// City, funder or treasury.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
    /// Province.
    pub province: Name,
    /// Whether it signed the clearing protocol.
    pub signed_protocol: bool,
}

/// A member signed or left the clearing protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolSet {
    /// The member.
    pub member: MemberId,
    /// True if signed.
    pub signed: bool,
}

/// A category was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryRegistered {
    /// Its id.
    pub category: CategoryId,
    /// Its code.
    pub code: CategoryCode,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
}

/// The settlement calendar changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarSet {
    /// The calendar for periods closed from now on.
    pub calendar: Calendar,
}

/// A principal was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalRegistered {
    /// Its id.
    pub principal: PrincipalId,
    /// Its display name.
    pub name: PersonalText,
}

/// A role was given or taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSet {
    /// Whose.
    pub principal: PrincipalId,
    /// Role.
    pub role: Role,
    /// Where it holds.
    pub scope: Scope,
    /// True if given.
    pub granted: bool,
}

/// A token was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssued {
    /// Whose.
    pub principal: PrincipalId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// What it is for.
    pub label: Name,
    /// Last business day on which it is valid.
    pub expires_on: Option<Day>,
}

/// A token was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRevoked {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
}

/// An enterprise was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnterpriseRegistered {
    /// Its id.
    pub enterprise: EnterpriseId,
    /// Its credit code.
    pub code: Option<CreditCode>,
    /// Its name.
    pub name: PartyName,
    /// Home city.
    pub city: MemberId,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Code of its controller group.
    pub group: Option<Name>,
}

/// A provider was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRegistered {
    /// Its id.
    pub provider: ProviderId,
    /// Its credit code.
    pub code: CreditCode,
    /// Its name.
    pub name: Name,
    /// Host city.
    pub city: MemberId,
    /// Categories offered: bit n for category n.
    pub categories: u64,
    /// Code of its controller group.
    pub group: Option<Name>,
    /// First day of admission.
    pub admitted_from: Day,
    /// Last day of admission.
    pub admitted_to: Day,
    /// Account that payments go to.
    pub bank_account: Option<Name>,
}

/// A party joined, changed or left a controller group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerGroupSet {
    /// Whom.
    pub party: Payee,
    /// Code of the group.
    pub group: Option<Name>,
    /// First day.
    pub from: Day,
}

/// A provider was suspended or the suspension lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspensionSet {
    /// The provider.
    pub provider: ProviderId,
    /// True if suspended.
    pub suspended: bool,
}

/// A programme was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeCreated {
    /// Its id.
    pub programme: ProgrammeId,
    /// Its code.
    pub code: ProgrammeCode,
    /// Title.
    pub title: Name,
    /// Issuing city.
    pub city: MemberId,
    /// Budget year.
    pub budget_year: u16,
}

/// A budget was raised or cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetChanged {
    /// The programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub city: MemberId,
    /// By how much.
    pub amount: Fen,
    /// True if raised.
    pub raise: bool,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
}

/// A version of a programme's rules was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPublished {
    /// The programme.
    pub programme: ProgrammeId,
    /// Number of the version, from 1.
    pub version: VersionNo,
    /// The rules.
    pub terms: Box<VersionTerms>,
}

/// A cost-sharing agreement was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRegistered {
    /// Its id.
    pub agreement: AgreementId,
    /// The agreement.
    pub terms: Box<AgreementTerms>,
    /// Document that states it.
    pub document_no: Option<DocumentNo>,
}

/// A voucher was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherIssued {
    /// Its id.
    pub voucher: VoucherId,
    /// Under which programme.
    pub programme: ProgrammeId,
    /// Version whose issue terms it has.
    pub version: VersionNo,
    /// Issuing city.
    pub issuer: MemberId,
    /// Holder.
    pub enterprise: EnterpriseId,
    /// Amount.
    pub amount: Fen,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
}

/// An issue was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRefused {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// To whom.
    pub enterprise: EnterpriseId,
    /// Amount asked for.
    pub amount: Fen,
    /// Why.
    pub code: RefusalCode,
}

/// A consent was given or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentGiven {
    /// Its id.
    pub consent: ConsentId,
    /// Which voucher.
    pub voucher: VoucherId,
    /// True if a provider gave it, false if the holder did.
    pub by_provider: bool,
    /// For which provider; `None` for any.
    pub provider: Option<ProviderId>,
    /// Up to which amount.
    pub up_to: Fen,
    /// Last day of filing.
    pub until: Day,
}

/// A voucher was frozen or unfrozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeSet {
    /// Which voucher.
    pub voucher: VoucherId,
    /// True if frozen.
    pub frozen: bool,
}

/// A voucher was revoked; what was free went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRevoked {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// What went back.
    pub amount: Fen,
    /// True if it went to the account `lapsed` (after the year-end close), else to `available`.
    pub to_lapsed: bool,
}

/// What was free on a voucher lapsed after its `cash_by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherLapsed {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// What went back.
    pub amount: Fen,
    /// True if it went to the account `lapsed`, else to `available`.
    pub to_lapsed: bool,
}

/// A transfer was proposed and its amount held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferProposed {
    /// Its id.
    pub transfer: TransferId,
    /// From which voucher.
    pub voucher: VoucherId,
    /// The voucher's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Kind.
    pub kind: TransferKind,
    /// Receiver; the holder itself in a relocation.
    pub to: EnterpriseId,
    /// New home city, in a relocation.
    pub to_city: Option<MemberId>,
    /// Share of used caps that goes along, in a succession.
    pub cap_share: Option<Ratio>,
    /// Amount held; zero in a relocation.
    pub amount: Fen,
    /// Document that the transfer rests on.
    pub document_no: Option<DocumentNo>,
}

/// A transfer was approved: the held amount became a child voucher, or the firm moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferApproved {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// The child; `None` in a relocation.
    pub child: Option<VoucherId>,
    /// Amount that left the hold.
    pub amount: Fen,
    /// What of the predecessor's issued amount is counted for the successor from now on.
    pub issued_moved: Fen,
    /// What of the predecessor's used amount is counted for the successor from now on.
    pub used_moved: Fen,
}

/// A transfer was refused: the hold was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDeclined {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Amount released.
    pub amount: Fen,
    /// Where it went: the voucher, or (after `cash_by` or a revocation) the programme.
    pub returned: ReturnedTo,
}

/// Where money goes that becomes free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ReturnedTo {
    /// To the voucher.
    Voucher = 0,
    /// To what the programme has available: the voucher's `cash_by` has passed.
    Available = 1,
    /// To the account `lapsed`: besides, the programme's year is closed.
    Lapsed = 2,
}

/// Who bears an amount: the payer pays all of it, the others owe the payer their parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding {
    /// Who pays the payee.
    pub payer: MemberId,
    /// The first other funder with a part above zero.
    pub other: Option<(MemberId, Fen)>,
    /// Further funders with a part above zero, in the agreement's order.
    pub more: Box<[(MemberId, Fen)]>,
}

impl Funding {
    /// One member pays and bears all.
    pub fn alone(payer: MemberId) -> Funding {
        Funding {
            payer,
            other: None,
            more: Box::default(),
        }
    }

    /// The other funders with their parts.
    pub fn others(&self) -> impl Iterator<Item = (MemberId, Fen)> {
        self.other.into_iter().chain(self.more.iter().copied())
    }

    /// Number of other funders.
    pub fn other_count(&self) -> u8 {
        let count = usize::from(self.other.is_some()) + self.more.len();
        u8::try_from(count).expect("a claim has at most eight funders")
    }

    /// The payer's own part of `amount`.
    pub fn payer_part(&self, amount: Fen) -> Fen {
        self.others()
            .fold(amount, |left, (_, part)| left.saturating_sub(part))
    }

    /// The part that `member` bears of `amount`.
    pub fn part_of(&self, member: MemberId, amount: Fen) -> Fen {
        if member == self.payer {
            return self.payer_part(amount);
        }
        let part = self.others().find(|(funder, _)| *funder == member);
        part.map_or(Fen::ZERO, |(_, part)| part)
    }
}

/// A claim was filed and approved in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimApproved {
    /// Its id.
    pub claim: ClaimId,
    /// The voucher redeemed.
    pub voucher: VoucherId,
    /// The voucher's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Version that judged it.
    pub version: VersionNo,
    /// The provider of the service.
    pub provider: ProviderId,
    /// Who is paid.
    pub payee: Payee,
    /// Category.
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
    /// Amount approved.
    pub amount: Fen,
    /// Who bears it.
    pub funding: Funding,
    /// The agreement that says so; `None` if the home city pays and bears all.
    pub agreement: Option<AgreementId>,
    /// When the other funders begin to owe.
    pub accrues_at: AccrualPoint,
    /// First of the obligation lines, one per other funder, if they begin to owe now.
    pub first_line: Option<LineId>,
    /// Period of the lines.
    pub period: PeriodId,
    /// Consent drawn on; `None` for an imported row.
    pub consent: Option<ConsentId>,
}

/// Evidence that came with a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRecorded {
    /// Which claim.
    pub claim: ClaimId,
    /// The files.
    pub files: Box<[Evidence]>,
}

/// A claim was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRefused {
    /// The first fault.
    pub result: RefusalCode,
    /// All faults.
    pub faults: Faults,
    /// The voucher, if there is one.
    pub voucher: Option<VoucherId>,
    /// The provider, if there is one.
    pub provider: Option<ProviderId>,
    /// The voucher as the sender named it, if there is none.
    pub voucher_given: Option<InlineText<40>>,
    /// The provider as the sender named it, if there is none.
    pub provider_given: Option<InlineText<40>>,
    /// Category.
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
}

/// An approved claim was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimReversed {
    /// Which claim.
    pub claim: ClaimId,
    /// The voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Who was to be paid.
    pub payee: Payee,
    /// Amount undone.
    pub amount: Fen,
    /// Who bore it.
    pub funding: Funding,
    /// Where the money went.
    pub returned: ReturnedTo,
    /// What happened to the obligation lines.
    pub lines: LinesUndone,
    /// Period that was open.
    pub period: PeriodId,
}

/// What a reversal did to the obligation lines of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinesUndone {
    /// There were none.
    None,
    /// Their period was open: voided.
    Voided,
    /// Their period was closed: opposite lines, from this one on, stand in the open period.
    Opposed(LineId),
}

/// The payee of a claim was paid in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayeePaid {
    /// The payment.
    pub payment: PaymentId,
    /// Which claim.
    pub claim: ClaimId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Who was paid.
    pub payee: Payee,
    /// Amount.
    pub amount: Fen,
    /// Who bears it.
    pub funding: Funding,
    /// First of the obligation lines, if the other funders begin to owe now.
    pub first_line: Option<LineId>,
    /// Period that was open.
    pub period: PeriodId,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment.
    pub paid_on: Day,
}

/// The bank returned a payment: the payee is unpaid again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReturned {
    /// Which payment.
    pub payment: PaymentId,
    /// Which claim.
    pub claim: ClaimId,
    /// Who paid.
    pub payer: MemberId,
    /// Who was to be paid.
    pub payee: Payee,
    /// Amount.
    pub amount: Fen,
}

/// An operator asked for the early close of the open period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRequested {
    /// Which period.
    pub period: PeriodId,
}

/// What one party is owed and owes in a closed period; stands before [`PeriodClosed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionFixed {
    /// Which period.
    pub period: PeriodId,
    /// Which party.
    pub member: MemberId,
    /// What others owe it.
    pub receivable: Fen,
    /// What it owes others.
    pub payable: Fen,
}

/// A period was closed and the next one opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodClosed {
    /// Which period.
    pub period: PeriodId,
    /// Its month.
    pub month: Month,
    /// The period open from now on.
    pub next: PeriodId,
    /// Sum of its lines.
    pub gross: Fen,
    /// Number of parties with a position.
    pub parties: u16,
    /// Number of cells (debtor, creditor, programme) of the gross matrix.
    pub cells: u32,
    /// Day from which silence counts as agreement.
    pub deemed_on: Day,
}

/// A member agreed to its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementConfirmed {
    /// Which period.
    pub period: PeriodId,
    /// Who.
    pub member: MemberId,
    /// Which revision.
    pub revision: u16,
}

/// One gross cell of an agreed period went from the bilateral accounts to the clearing account;
/// stands before [`PeriodAgreed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellAgreed {
    /// Which period.
    pub period: PeriodId,
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
}

/// All parties of a period agreed, by word or by silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodAgreed {
    /// Which period.
    pub period: PeriodId,
    /// Revision agreed.
    pub revision: u16,
    /// True if at least one party agreed by silence.
    pub deemed: bool,
}

/// A settlement payment to be made; stands before [`PeriodInstructed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructionIssued {
    /// Its id.
    pub instruction: InstructionId,
    /// Which period.
    pub period: PeriodId,
    /// Its order within the period, from 1.
    pub order: u16,
    /// Who pays.
    pub debtor: MemberId,
    /// Who is paid.
    pub creditor: MemberId,
    /// Amount.
    pub amount: Fen,
}

/// The payments of a period were determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodInstructed {
    /// Which period.
    pub period: PeriodId,
    /// How.
    pub mode: SettlementMode,
    /// Document that names the hub.
    pub document_no: Option<DocumentNo>,
    /// Number of payments.
    pub instructions: u16,
    /// Their sum.
    pub total: Fen,
    /// Last day to pay.
    pub pay_by: Day,
}

/// A settlement payment was made, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructionPaid {
    /// Which payment.
    pub instruction: InstructionId,
    /// Which period.
    pub period: PeriodId,
    /// Who paid.
    pub debtor: MemberId,
    /// Who was paid.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment.
    pub paid_on: Day,
}

/// What a party had not paid by the pay-by day became a line in the open period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrearsCarried {
    /// The payment that was not made in full.
    pub instruction: InstructionId,
    /// The period it was for.
    pub period: PeriodId,
    /// The new line.
    pub line: LineId,
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
    /// The period that the line stands in.
    pub into: PeriodId,
}

/// Everything of a period is paid or carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodSettled {
    /// Which period.
    pub period: PeriodId,
    /// What was carried; zero if everything was paid.
    pub carried: Fen,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($payload:ty) = $kind:literal;)*) => {
        /// A fact. The number of a kind is stored in every leaf and never reused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $name($payload),)* }

        impl Event {
            /// The stored number of the kind.
            pub const fn kind(&self) -> u16 {
                match self { $(Event::$name(_) => $kind,)* }
            }

            /// The name of the kind.
            pub const fn name(&self) -> &'static str {
                match self { $(Event::$name(_) => stringify!($name),)* }
            }

            /// All kinds with their names, ascending by number.
            pub const KINDS: &'static [(u16, &'static str)] = &[$(($kind, stringify!($name)),)*];
        }
    };
}

events! {
    /// See [`LedgerCreated`].
    LedgerCreated(Box<LedgerCreated>) = 1;
    /// See [`EpochStarted`].
    EpochStarted(Box<EpochStarted>) = 2;
    /// See [`DateAdvanced`].
    DateAdvanced(DateAdvanced) = 3;
    /// See [`CommandRefused`].
    CommandRefused(CommandRefused) = 4;
    /// See [`MemberRegistered`].
    MemberRegistered(Box<MemberRegistered>) = 10;
    /// See [`ProtocolSet`].
    ProtocolSet(ProtocolSet) = 11;
    /// See [`CategoryRegistered`].
    CategoryRegistered(Box<CategoryRegistered>) = 12;
    /// See [`CalendarSet`].
    CalendarSet(CalendarSet) = 13;
    /// See [`PrincipalRegistered`].
    PrincipalRegistered(Box<PrincipalRegistered>) = 20;
    /// See [`GrantSet`].
    GrantSet(GrantSet) = 21;
    /// See [`TokenIssued`].
    TokenIssued(Box<TokenIssued>) = 22;
    /// See [`TokenRevoked`].
    TokenRevoked(TokenRevoked) = 23;
    /// See [`EnterpriseRegistered`].
    EnterpriseRegistered(Box<EnterpriseRegistered>) = 30;
    /// See [`ProviderRegistered`].
    ProviderRegistered(Box<ProviderRegistered>) = 31;
    /// See [`ControllerGroupSet`].
    ControllerGroupSet(ControllerGroupSet) = 32;
    /// See [`SuspensionSet`].
    SuspensionSet(SuspensionSet) = 33;
    /// See [`ProgrammeCreated`].
    ProgrammeCreated(Box<ProgrammeCreated>) = 40;
    /// See [`BudgetChanged`].
    BudgetChanged(BudgetChanged) = 41;
    /// See [`VersionPublished`].
    VersionPublished(VersionPublished) = 42;
    /// See [`AgreementRegistered`].
    AgreementRegistered(AgreementRegistered) = 43;
    /// See [`VoucherIssued`].
    VoucherIssued(VoucherIssued) = 50;
    /// See [`VoucherRefused`].
    VoucherRefused(VoucherRefused) = 51;
    /// See [`ConsentGiven`].
    ConsentGiven(ConsentGiven) = 52;
    /// See [`FreezeSet`].
    FreezeSet(FreezeSet) = 53;
    /// See [`VoucherRevoked`].
    VoucherRevoked(VoucherRevoked) = 54;
    /// See [`VoucherLapsed`].
    VoucherLapsed(VoucherLapsed) = 55;
    /// See [`TransferProposed`].
    TransferProposed(Box<TransferProposed>) = 60;
    /// See [`TransferApproved`].
    TransferApproved(TransferApproved) = 61;
    /// See [`TransferDeclined`].
    TransferDeclined(TransferDeclined) = 62;
    /// See [`ClaimApproved`].
    ClaimApproved(ClaimApproved) = 70;
    /// See [`EvidenceRecorded`].
    EvidenceRecorded(EvidenceRecorded) = 71;
    /// See [`ClaimRefused`].
    ClaimRefused(Box<ClaimRefused>) = 72;
    /// See [`ClaimReversed`].
    ClaimReversed(Box<ClaimReversed>) = 73;
    /// See [`PayeePaid`].
    PayeePaid(Box<PayeePaid>) = 74;
    /// See [`PaymentReturned`].
    PaymentReturned(PaymentReturned) = 75;
    /// See [`CloseRequested`].
    CloseRequested(CloseRequested) = 80;
    /// See [`PositionFixed`].
    PositionFixed(PositionFixed) = 81;
    /// See [`PeriodClosed`].
    PeriodClosed(PeriodClosed) = 82;
    /// See [`StatementConfirmed`].
    StatementConfirmed(StatementConfirmed) = 83;
    /// See [`CellAgreed`].
    CellAgreed(CellAgreed) = 84;
    /// See [`PeriodAgreed`].
    PeriodAgreed(PeriodAgreed) = 85;
    /// See [`InstructionIssued`].
    InstructionIssued(InstructionIssued) = 86;
    /// See [`PeriodInstructed`].
    PeriodInstructed(Box<PeriodInstructed>) = 87;
    /// See [`InstructionPaid`].
    InstructionPaid(Box<InstructionPaid>) = 88;
    /// See [`ArrearsCarried`].
    ArrearsCarried(ArrearsCarried) = 89;
    /// See [`PeriodSettled`].
    PeriodSettled(PeriodSettled) = 90;
}
