//! Facts. An event carries everything needed to apply and to post it; a changed meaning is a new
//! event, and the arms of old ones are never edited.

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

use super::command::{CommandKind, ExternalRef, Reason};
use super::refusal::RefusalCode;
use crate::domain::{Day, PrincipalId, RecordedAt, Seq, Text};

pub use applications::{
    ApplicationApproved, ApplicationDeclined, ApplicationFiled, ApplicationResubmitted,
    ApplicationReturned, ApplicationReviewBegun, ApplicationWithdrawn, VoucherExtended,
};
pub use claims::{
    ClaimApproved, ClaimRefused, ClaimReversed, EvidenceRecorded, Funding, LinesUndone, PayeePaid,
    PaymentReturned,
};
pub use files::{FileRowRefused, FileRowsIssued, VoucherFileApproved};
pub use life::{
    CityPolicySet, ClaimAwaitsBudget, ClaimWithdrawn, DraftSaved, DraftSimulated, WaitingApproved,
    YearCarried, YearClosed, YearClosingStarted,
};
pub use orders::{
    ContractRefused, DisputeClosed, HeldLine, OrderAdvanced, OrderAgreed, OrderAsked,
    OrderConfirmed, OrderDisputed, OrderExtended, OrderProposed, OrderRefused, OrderReleased,
    ProposedLine, ReleasedLine,
};
pub use parties::{
    CalendarSet, CategoryRegistered, ControllerGroupSet, EnterpriseRegistered, GrantSet,
    MemberRegistered, PrincipalRegistered, ProtocolSet, ProviderRegistered, SuspensionSet,
    TokenIssued, TokenRevoked,
};
pub use people::{
    AccessSet, ActionProposed, ActionRuleSet, PasswordSet, PrincipalErased, PrincipalNamed,
    ProposalApproved, ProposalDeclined, ProposalFailed, ProposalWithdrawn,
};
pub use periods::{
    ArrearsCarried, CellAgreed, CloseRequested, InstructionIssued, InstructionPaid, PeriodAgreed,
    PeriodClosed, PeriodInstructed, PeriodSettled, PositionFixed, StatementConfirmed,
};
pub use programmes::{AgreementRegistered, BudgetChanged, ProgrammeCreated, VersionPublished};
pub use register::{
    AdmissionApplied, AdmissionDecided, AdmissionEnded, AdmissionObjected, AdmissionPolicySet,
    BankAccountDecided, BankAccountProposed, CreditFlagLifted, CreditFlagRaised, PartyCorrected,
    PartyDissolved, ProviderAdmitted, RecognitionSet, RelationSet, StatusSet, TeamSet,
};
pub use transfers::{
    BudgetUndone, ConsentUndone, ExtensionUndone, PaymentUndone, RelocationUndone,
    RevocationUndone, StepReversed, TransferEndorsed, TransferMoved, TransferReleased,
    TransferUndone, Undone,
};
pub use vouchers::{
    ConsentGiven, FreezeSet, ReturnedTo, TransferApproved, TransferDeclined, TransferProposed,
    VoucherIssued, VoucherLapsed, VoucherRefused, VoucherRevoked,
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
    /// See [`ActionProposed`].
    ActionProposed(Box<ActionProposed>) = 5;
    /// See [`ProposalApproved`].
    ProposalApproved(ProposalApproved) = 6;
    /// See [`ProposalDeclined`].
    ProposalDeclined(ProposalDeclined) = 7;
    /// See [`ProposalWithdrawn`].
    ProposalWithdrawn(ProposalWithdrawn) = 8;
    /// See [`ProposalFailed`].
    ProposalFailed(ProposalFailed) = 9;
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
    /// See [`ActionRuleSet`].
    ActionRuleSet(ActionRuleSet) = 24;
    /// See [`AccessSet`].
    AccessSet(AccessSet) = 25;
    /// See [`PasswordSet`].
    PasswordSet(Box<PasswordSet>) = 28;
    /// See [`EnterpriseRegistered`].
    EnterpriseRegistered(Box<EnterpriseRegistered>) = 30;
    /// See [`ProviderRegistered`].
    ProviderRegistered(Box<ProviderRegistered>) = 31;
    /// See [`ControllerGroupSet`].
    ControllerGroupSet(ControllerGroupSet) = 32;
    /// See [`SuspensionSet`].
    SuspensionSet(SuspensionSet) = 33;
    /// See [`AdmissionApplied`].
    AdmissionApplied(Box<AdmissionApplied>) = 34;
    /// See [`AdmissionDecided`].
    AdmissionDecided(AdmissionDecided) = 35;
    /// See [`AdmissionObjected`].
    AdmissionObjected(Box<AdmissionObjected>) = 36;
    /// See [`ProviderAdmitted`].
    ProviderAdmitted(ProviderAdmitted) = 37;
    /// See [`AdmissionEnded`].
    AdmissionEnded(AdmissionEnded) = 38;
    /// See [`AdmissionPolicySet`].
    AdmissionPolicySet(AdmissionPolicySet) = 39;
    /// See [`ProgrammeCreated`].
    ProgrammeCreated(Box<ProgrammeCreated>) = 40;
    /// See [`BudgetChanged`].
    BudgetChanged(BudgetChanged) = 41;
    /// See [`VersionPublished`].
    VersionPublished(VersionPublished) = 42;
    /// See [`AgreementRegistered`].
    AgreementRegistered(AgreementRegistered) = 43;
    /// See [`DraftSaved`].
    DraftSaved(Box<DraftSaved>) = 44;
    /// See [`DraftSimulated`].
    DraftSimulated(DraftSimulated) = 45;
    /// See [`CityPolicySet`].
    CityPolicySet(CityPolicySet) = 46;
    /// See [`YearClosingStarted`].
    YearClosingStarted(YearClosingStarted) = 47;
    /// See [`YearCarried`].
    YearCarried(Box<YearCarried>) = 48;
    /// See [`YearClosed`].
    YearClosed(YearClosed) = 49;
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
    /// See [`VoucherExtended`].
    VoucherExtended(VoucherExtended) = 56;
    /// See [`ApplicationFiled`].
    ApplicationFiled(Box<ApplicationFiled>) = 57;
    /// See [`ApplicationResubmitted`].
    ApplicationResubmitted(Box<ApplicationResubmitted>) = 58;
    /// See [`ApplicationReviewBegun`].
    ApplicationReviewBegun(ApplicationReviewBegun) = 59;
    /// See [`TransferProposed`].
    TransferProposed(Box<TransferProposed>) = 60;
    /// See [`TransferApproved`].
    TransferApproved(TransferApproved) = 61;
    /// See [`TransferDeclined`].
    TransferDeclined(TransferDeclined) = 62;
    /// See [`TransferMoved`].
    TransferMoved(Box<TransferMoved>) = 63;
    /// See [`TransferEndorsed`].
    TransferEndorsed(TransferEndorsed) = 64;
    /// See [`TransferReleased`].
    TransferReleased(TransferReleased) = 65;
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
    /// See [`OrderProposed`].
    OrderProposed(OrderProposed) = 100;
    /// See [`OrderAgreed`].
    OrderAgreed(OrderAgreed) = 101;
    /// See [`OrderConfirmed`].
    OrderConfirmed(OrderConfirmed) = 102;
    /// See [`OrderRefused`].
    OrderRefused(OrderRefused) = 103;
    /// See [`OrderAdvanced`].
    OrderAdvanced(OrderAdvanced) = 104;
    /// See [`OrderReleased`].
    OrderReleased(OrderReleased) = 105;
    /// See [`OrderAsked`].
    OrderAsked(OrderAsked) = 106;
    /// See [`OrderExtended`].
    OrderExtended(OrderExtended) = 107;
    /// See [`OrderDisputed`].
    OrderDisputed(OrderDisputed) = 108;
    /// See [`DisputeClosed`].
    DisputeClosed(DisputeClosed) = 109;
    /// See [`RecognitionSet`].
    RecognitionSet(RecognitionSet) = 130;
    /// See [`StatusSet`].
    StatusSet(Box<StatusSet>) = 131;
    /// See [`RelationSet`].
    RelationSet(RelationSet) = 132;
    /// See [`CreditFlagRaised`].
    CreditFlagRaised(Box<CreditFlagRaised>) = 133;
    /// See [`CreditFlagLifted`].
    CreditFlagLifted(CreditFlagLifted) = 134;
    /// See [`BankAccountProposed`].
    BankAccountProposed(Box<BankAccountProposed>) = 135;
    /// See [`BankAccountDecided`].
    BankAccountDecided(BankAccountDecided) = 136;
    /// See [`TeamSet`].
    TeamSet(Box<TeamSet>) = 137;
    /// See [`PartyCorrected`].
    PartyCorrected(Box<PartyCorrected>) = 138;
    /// See [`PartyDissolved`].
    PartyDissolved(PartyDissolved) = 139;
    /// See [`ApplicationReturned`].
    ApplicationReturned(ApplicationReturned) = 110;
    /// See [`ApplicationApproved`].
    ApplicationApproved(ApplicationApproved) = 111;
    /// See [`ApplicationDeclined`].
    ApplicationDeclined(ApplicationDeclined) = 112;
    /// See [`ApplicationWithdrawn`].
    ApplicationWithdrawn(ApplicationWithdrawn) = 113;
    /// See [`StepReversed`].
    StepReversed(Box<StepReversed>) = 115;
    /// See [`ClaimAwaitsBudget`].
    ClaimAwaitsBudget(Box<ClaimAwaitsBudget>) = 120;
    /// See [`WaitingApproved`].
    WaitingApproved(Box<WaitingApproved>) = 121;
    /// See [`ClaimWithdrawn`].
    ClaimWithdrawn(ClaimWithdrawn) = 122;
    /// See [`VoucherFileApproved`].
    VoucherFileApproved(Box<VoucherFileApproved>) = 140;
    /// See [`FileRowsIssued`].
    FileRowsIssued(Box<FileRowsIssued>) = 141;
    /// See [`FileRowRefused`].
    FileRowRefused(Box<FileRowRefused>) = 142;
    /// See [`PrincipalNamed`].
    PrincipalNamed(Box<PrincipalNamed>) = 153;
    /// See [`PrincipalErased`].
    PrincipalErased(Box<PrincipalErased>) = 154;
    /// See [`ContractRefused`].
    ContractRefused(ContractRefused) = 155;
}
