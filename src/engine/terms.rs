//! Terms of rules and agreements, and the small closed sets that commands, events and state share.

mod optional;

use serde::{Deserialize, Serialize};

use crate::domain::{CategoryId, Day, EnterpriseId, Fen, MemberId, ProviderId, Ratio, Text};

pub use optional::{
    EXCLUSIONS_MAX, Exclusion, RECOGNITIONS_MAX, ROLLING_DAYS_MAX, ROLLING_MONTHS_MAX, Recognition,
    RollingCap, RollingPeriod, SimulationOutcome,
};

/// A small closed set whose values have words that the outside uses.
pub trait Words: Copy + 'static {
    /// All words, in the order of the values.
    fn words() -> impl Iterator<Item = &'static str>;
}

macro_rules! closed_set {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $text:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)* }

        impl $name {
            /// All values, ascending by number.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stored number.
            pub const fn number(self) -> u8 { self as u8 }

            /// The value with this number.
            pub const fn from_number(number: u8) -> Option<$name> {
                match number { $($number => Some($name::$variant),)* _ => None }
            }

            /// The word the outside uses.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value with this word.
            pub fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)* _ => None }
            }
        }

        impl $crate::engine::terms::Words for $name {
            fn words() -> impl Iterator<Item = &'static str> {
                [$($text,)*].into_iter()
            }
        }
    };
}

mod orders;

pub use orders::{DisputeCode, DisputeOutcome, OrderParties, OrderSide, OrderStatus, ReleaseCause};

mod parties;

pub use parties::{
    ANSWERS_MAX, AdmissionAnswer, AdmissionDecision, AdmissionDocument, DOCUMENTS_MAX, FlagCode,
    FlagLevel, ObjectionReason, PUBLICITY_DAYS, PUBLICITY_DAYS_MAX, RecognitionStance,
    RecognitionSubject, RelationKind, TEAM_MEMBERS_MAX,
};

closed_set! {
    /// What a member is.
    MemberKind {
        /// A city that issues vouchers and hosts providers.
        City = 0, "city";
        /// Another funder: province, corridor fund, pool.
        Funder = 1, "funder";
        /// A treasury or finance bureau through whose account a period can be settled.
        Treasury = 2, "treasury";
    }
}

closed_set! {
    /// What an enterprise is.
    EnterpriseKind {
        /// Small or medium-sized enterprise.
        Sme = 0, "sme";
        /// Micro enterprise.
        Micro = 1, "micro";
        /// High-tech enterprise.
        HighTech = 2, "high_tech";
        /// Team without credit code.
        Team = 3, "team";
    }
}

closed_set! {
    /// What a principal may do; where, says its [`Scope`].
    Role {
        /// Sets up members, categories, people and tokens; imports histories.
        Administrator = 0, "administrator";
        /// Science-and-technology office of a city: issues and reviews.
        ScienceOfficer = 1, "science_officer";
        /// Finance office of a member: budgets, pays, settles.
        FinanceOfficer = 2, "finance_officer";
        /// Reviews claims of a city.
        Reviewer = 3, "reviewer";
        /// Corridor office: periods and agreements.
        Operator = 4, "operator";
        /// Joint-conference office: rules on disputes.
        Arbiter = 5, "arbiter";
        /// Reads everything.
        Auditor = 6, "auditor";
        /// Acts for an enterprise.
        Enterprise = 7, "enterprise";
        /// Acts for a provider.
        Provider = 8, "provider";
    }
}

closed_set! {
    /// What needs two persons, or can be made to; who they are, says
    /// [`ACTIONS`](super::actions::ACTIONS).
    Action {
        /// A budget is loaded, raised or cut.
        Budget = 0, "budget";
        /// A version of a programme's rules is published.
        Publish = 1, "publish";
        /// Many vouchers are issued at once.
        BulkIssue = 2, "bulk_issue";
        /// The deadlines of a voucher are moved.
        Extend = 3, "extend";
        /// A voucher is revoked.
        Revoke = 4, "revoke";
        /// A voucher is issued in place of another.
        Reissue = 5, "reissue";
        /// A voucher or part of it goes to another holder.
        Transfer = 6, "transfer";
        /// An approved claim is undone.
        Reverse = 7, "reverse";
        /// The account that a party is paid to.
        BankAccount = 8, "bank_account";
        /// A credit code is taken although its check character fails.
        CodeOverride = 9, "code_override";
        /// A role is given or taken.
        Grants = 10, "grants";
        /// A token or a password is made for somebody else.
        Credentials = 11, "credentials";
        /// A programme's year is closed or carried over.
        YearEnd = 12, "year_end";
        /// These rules themselves are changed.
        Rules = 13, "action_rules";
        /// A voucher is frozen or unfrozen: one person's, unless a member asks for more.
        Freeze = 14, "freeze";
    }
}

/// Where a role holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// The whole corridor.
    Corridor,
    /// One member.
    Member(MemberId),
    /// One enterprise.
    Enterprise(EnterpriseId),
    /// One provider.
    Provider(ProviderId),
}

closed_set! {
    /// Who is paid by the city.
    PayeeMode {
        /// The firm pays its own share, the provider is paid the rest.
        Provider = 0, "provider";
        /// The firm has paid in full and is reimbursed.
        Enterprise = 1, "enterprise";
    }
}

closed_set! {
    /// What the ratio applies to.
    BasePolicy {
        /// Amount of the contract.
        Contract = 0, "contract";
        /// Amount of the invoice.
        Invoice = 1, "invoice";
        /// What the firm paid.
        Paid = 2, "paid";
        /// The least of the three.
        Least = 3, "least";
    }
}

impl PayeeMode {
    /// True if rules may pair this payee with the base: what the firm paid says nothing of what a
    /// provider is owed.
    pub const fn takes(self, base: BasePolicy) -> bool {
        match self {
            PayeeMode::Provider => matches!(base, BasePolicy::Contract | BasePolicy::Invoice),
            PayeeMode::Enterprise => true,
        }
    }
}

closed_set! {
    /// Who pays the payee in full.
    PayerModel {
        /// The issuing city.
        HomePays = 0, "home_pays";
        /// The provider's city.
        HostPays = 1, "host_pays";
        /// A pool that is a member of its own.
        PoolPays = 2, "pool_pays";
    }
}

closed_set! {
    /// When the other funders begin to owe the payer.
    AccrualPoint {
        /// When the claim is approved.
        Approval = 0, "approval";
        /// When the payee is paid.
        Payment = 1, "payment";
    }
}

closed_set! {
    /// How vouchers are issued from a file.
    FileMode {
        /// All of them, or none.
        Atomic = 0, "atomic";
        /// Chunk by chunk, each row on its own.
        Chunks = 1, "chunks";
    }
}

closed_set! {
    /// Kinds of transfer a programme may allow.
    TransferKind {
        /// Merger, split or renaming.
        Succession = 0, "succession";
        /// The firm moves to another member city.
        Relocation = 1, "relocation";
        /// To any enterprise of the issuing city.
        Open = 2, "open";
        /// A team becomes a firm.
        Incorporation = 3, "incorporation";
        /// To an enterprise of the same controller group.
        Affiliate = 4, "affiliate";
        /// The firm moves to another member city and takes the money along: revoked here, issued
        /// there.
        Move = 5, "move";
    }
}

impl TransferKind {
    /// True if both the rules and the proposal must name a document of their own.
    pub const fn needs_document(self) -> bool {
        matches!(self, TransferKind::Open | TransferKind::Affiliate)
    }

    /// True if the receiver takes a declared share of the used caps, and contracts dated before
    /// the transfer stay valid: it is the same business under another name.
    pub const fn continues(self) -> bool {
        matches!(self, TransferKind::Succession | TransferKind::Incorporation)
    }

    /// True if the firm gets another home city.
    pub const fn relocates(self) -> bool {
        matches!(self, TransferKind::Relocation | TransferKind::Move)
    }
}

closed_set! {
    /// Kinds of evidence a programme may require.
    EvidenceKind {
        /// The contract.
        Contract = 0, "contract";
        /// The invoice.
        Invoice = 1, "invoice";
        /// Proof of the firm's own payment.
        PaymentProof = 2, "payment_proof";
        /// Result or report of the service.
        ServiceResult = 3, "service_result";
        /// Registration of the technology contract.
        ContractRegistration = 4, "contract_registration";
        /// Anything else.
        Other = 5, "other";
        /// The applicant's business licence.
        BusinessLicence = 6, "business_licence";
        /// An offer of a provider.
        Quotation = 7, "quotation";
        /// What the applicant declares about itself.
        Declaration = 8, "declaration";
    }
}

closed_set! {
    /// Why an application for a voucher is declined.
    DeclineCode {
        /// The applicant is not whom the programme is for.
        NotEligible = 0, "not_eligible";
        /// The programme does not fund what the voucher is to be used for.
        PurposeNotFunded = 1, "purpose_not_funded";
        /// The documents do not show what they must.
        DocumentsInsufficient = 2, "documents_insufficient";
        /// Something stated is not true.
        StatementUntrue = 3, "statement_untrue";
        /// The same is applied for, or funded, elsewhere.
        FundedElsewhere = 4, "funded_elsewhere";
        /// The programme has no money left for it.
        BudgetExhausted = 5, "budget_exhausted";
        /// Anything else.
        Other = 6, "other";
    }
}

closed_set! {
    /// What a city can require of its programmes.
    RequiredField {
        /// A document number on every change of a budget.
        BudgetDocument = 0, "budget_document_no";
        /// The number of the fair-competition review in every version.
        ReviewNo = 1, "review_no";
        /// A performance target in every version.
        PerformanceTarget = 2, "performance_target";
        /// A draft that was simulated before every publication.
        Simulation = 3, "simulation";
    }
}

/// A set of what a city requires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequiredFields(pub u16);

impl RequiredFields {
    /// The set with one requirement more.
    pub const fn with(self, field: RequiredField) -> RequiredFields {
        RequiredFields(self.0 | (1 << field.number()))
    }

    /// True if the set holds it.
    pub const fn contains(self, field: RequiredField) -> bool {
        self.0 & (1 << field.number()) != 0
    }
}

/// A set of kinds of evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EvidenceKinds(pub u16);

impl EvidenceKinds {
    /// The empty set.
    pub const NONE: EvidenceKinds = EvidenceKinds(0);

    /// The kinds of these files.
    pub fn of(evidence: &[Evidence]) -> EvidenceKinds {
        EvidenceKinds(
            evidence
                .iter()
                .fold(0, |set, item| set | (1 << item.kind.number())),
        )
    }

    /// The set with one kind more.
    pub const fn with(self, kind: EvidenceKind) -> EvidenceKinds {
        EvidenceKinds(self.0 | (1 << kind.number()))
    }

    /// True if the set holds the kind.
    pub const fn contains(self, kind: EvidenceKind) -> bool {
        self.0 & (1 << kind.number()) != 0
    }

    /// True if every kind of `required` is in the set.
    pub const fn covers(self, required: EvidenceKinds) -> bool {
        self.0 & required.0 == required.0
    }
}

/// An evidence file: the ledger keeps its hash, the file itself stands in an object store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What the file shows.
    pub kind: EvidenceKind,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Size in bytes.
    pub size_bytes: u64,
    /// Media type, for example `application/pdf`.
    pub media_type: Text<80>,
}

/// Applies `ratio` to the part of the base above the tier before and up to `up_to`, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tier {
    /// Upper bound; [`Fen::MAX`] in the last tier.
    pub up_to: Fen,
    /// Ratio of this slice.
    pub ratio: Ratio,
}

/// First and last budget year of a programme.
pub const BUDGET_YEARS: std::ops::RangeInclusive<u16> = 2000..=2999;

/// All budgets of a ledger together: 2.5 trillion yuan. Every total of the engine (a position, a
/// gross matrix, a balance) is a sum of parts of budgets, at most a few times over, and so stays
/// below [`Fen::MAX`].
pub const BUDGETS_TOTAL_MAX_FEN: i64 = 250_000_000_000_000;

/// Most versions of one programme: one a week for a year, and as many again.
pub const VERSIONS_MAX: usize = 100;

/// Most months of use: ten years.
pub const USE_MONTHS_MAX: u16 = 120;

/// Most days to cash: ten years.
pub const CASH_DAYS_MAX: u16 = 3_660;

/// Most tiers of one rate.
pub const TIERS_MAX: usize = 8;

/// What a category is funded with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateTerms {
    /// The category.
    pub category: CategoryId,
    /// One to [`TIERS_MAX`] tiers with ascending bounds, the last one unbounded.
    pub tiers: Box<[Tier]>,
    /// Cap of one claim.
    pub cap_claim: Fen,
}

/// Allows a kind of transfer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransferRule {
    /// Which kind.
    pub kind: TransferKind,
    /// The document that allows it; `open` and `affiliate` must have one.
    pub document_no: Option<Text<120>>,
}

/// One version of a programme's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionTerms {
    /// First contract or issue date it applies to.
    pub effective_from: Day,
    /// Document that orders it.
    pub document_no: Text<120>,
    /// Who is paid.
    pub payee: PayeeMode,
    /// What ratios apply to.
    pub base: BasePolicy,
    /// Cap per enterprise and budget year.
    pub cap_enterprise: Fen,
    /// Cap per controller group and budget year.
    pub cap_group: Fen,
    /// Months from issue to `use_by`.
    pub use_months: u16,
    /// Days from `use_by` to `cash_by`.
    pub cash_days: u16,
    /// Rates, ascending by category.
    pub rates: Box<[RateTerms]>,
    /// Host cities recognised, ascending; `None` for all members.
    pub recognised: Option<Box<[MemberId]>>,
    /// Evidence that a claim must bring.
    pub evidence: EvidenceKinds,
    /// Transfers allowed, ascending by kind.
    pub transfers: Box<[TransferRule]>,
    /// Whether a voucher is issued on an approved application only.
    pub application_required: bool,
    /// Caps per enterprise, category and budget year, ascending by category.
    pub category_caps: Box<[(CategoryId, Fen)]>,
    /// Cap of all claims of a holder on one contract: with one provider, of one number however it
    /// is written.
    pub cap_contract: Option<Fen>,
    /// Cap of what an enterprise is approved in a rolling period.
    pub rolling: Option<RollingCap>,
    /// Evidence that claims of a category must bring beside `evidence`, ascending by category.
    pub category_evidence: Box<[(CategoryId, EvidenceKinds)]>,
    /// What is not funded.
    pub exclusions: Box<[Exclusion]>,
    /// Host cities recognised for some days and categories. Where some are given and `recognised`
    /// is not, no other city is recognised.
    pub recognitions: Box<[Recognition]>,
    /// Number of the fair-competition review.
    pub review_no: Option<Text<120>>,
    /// What the programme is to achieve.
    pub performance_target: Option<Text<400>>,
}

/// The rules of a programme that funds nothing; others are written as what they say beside it.
impl Default for VersionTerms {
    fn default() -> VersionTerms {
        VersionTerms {
            effective_from: Day::MIN,
            document_no: Text::parse("-").expect("a short text"),
            payee: PayeeMode::Provider,
            base: BasePolicy::Invoice,
            cap_enterprise: Fen::ZERO,
            cap_group: Fen::ZERO,
            use_months: 0,
            cash_days: 0,
            rates: Box::default(),
            recognised: None,
            evidence: EvidenceKinds::NONE,
            transfers: Box::default(),
            category_caps: Box::default(),
            cap_contract: None,
            rolling: None,
            category_evidence: Box::default(),
            exclusions: Box::default(),
            recognitions: Box::default(),
            review_no: None,
            performance_target: None,
            application_required: false,
        }
    }
}

/// A cost-sharing agreement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgreementTerms {
    /// The issuing city.
    pub home: MemberId,
    /// The provider's city, another one.
    pub host: MemberId,
    /// For one category, or for all.
    pub category: Option<CategoryId>,
    /// First contract date.
    pub from: Day,
    /// Last contract date, inclusive.
    pub to: Day,
    /// Who pays the payee.
    pub model: PayerModel,
    /// The pool, exactly when the model is `pool_pays`.
    pub pool: Option<MemberId>,
    /// Funders and shares in the order home, host, others; every member once, sum exactly one.
    pub shares: Box<[(MemberId, Ratio)]>,
    /// When the other funders begin to owe.
    pub accrues_at: AccrualPoint,
}

/// How the positions of a period become payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SettlementMode {
    /// Multilateral net, largest debtor to largest creditor.
    Direct,
    /// Multilateral net through the account of a treasury.
    Hub(MemberId),
    /// The net of each pair.
    Bilateral,
}
