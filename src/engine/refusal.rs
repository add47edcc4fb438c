//! Business refusals: why a well-formed, authorised command was turned down by a rule.
//!
//! A refusal is an event in the journal and changes no balance. Codes have stable numbers that
//! are never reused; `docs/ERRORS.md` lists them and a test keeps the list true.

use serde::{Deserialize, Serialize};

macro_rules! refusal_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $retry:ident;)*) => {
        /// Code of a refusal. The number is stored, the text is what the outside sees.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[repr(u16)]
        pub enum RefusalCode { $($(#[$doc])* $name = $number,)* }

        impl RefusalCode {
            /// All codes, ascending by number.
            pub const ALL: &'static [RefusalCode] = &[$(RefusalCode::$name,)*];

            /// The text of the code, for example `VOUCHER_EXPIRED`.
            pub const fn as_str(self) -> &'static str {
                match self { $(RefusalCode::$name => $text,)* }
            }

            /// The code with this number.
            pub const fn from_number(number: u16) -> Option<RefusalCode> {
                match number { $($number => Some(RefusalCode::$name),)* _ => None }
            }

            /// Whether the same command can succeed later.
            pub const fn retry(self) -> Retry {
                match self { $(RefusalCode::$name => Retry::$retry,)* }
            }
        }
    };
}

/// What a client may hope for when it sends a refused command again under a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The facts refused will not change.
    Never,
    /// After something named by the code has been mended.
    AfterChange,
    /// Later, when money or a cap is free again.
    Later,
}

refusal_codes! {
    /// No voucher has this id or reference.
    VoucherUnknown = 1, "VOUCHER_UNKNOWN", Never;
    /// No provider has this id or credit code.
    ProviderUnknown = 2, "PROVIDER_UNKNOWN", AfterChange;
    /// The voucher was revoked.
    VoucherRevoked = 3, "VOUCHER_REVOKED", Never;
    /// The voucher is frozen on the filing day.
    VoucherFrozen = 4, "VOUCHER_FROZEN", AfterChange;
    /// The provider is suspended on the filing day.
    ProviderSuspended = 5, "PROVIDER_SUSPENDED", AfterChange;
    /// No consent on the filing day, or nothing left of the amount consented to.
    NotAuthorised = 6, "NOT_AUTHORISED", AfterChange;
    /// The claim names another enterprise than the voucher's holder.
    HolderMismatch = 7, "HOLDER_MISMATCH", Never;
    /// Provider and holder are one legal person.
    SelfDealing = 8, "SELF_DEALING", Never;
    /// Provider and holder had the same controller on the contract date.
    RelatedParty = 9, "RELATED_PARTY", Never;
    /// The contract was made before the voucher was issued.
    ContractBeforeIssue = 10, "CONTRACT_BEFORE_ISSUE", Never;
    /// The contract is dated after the filing day.
    ContractAfterFiling = 11, "CONTRACT_AFTER_FILING", Never;
    /// The contract was made after the voucher's `use_by`.
    VoucherExpired = 12, "VOUCHER_EXPIRED", Never;
    /// The claim was filed after the voucher's `cash_by`.
    CashDeadlinePassed = 13, "CASH_DEADLINE_PASSED", Never;
    /// The provider was not admitted on the contract date.
    ProviderNotAdmitted = 14, "PROVIDER_NOT_ADMITTED", Never;
    /// The provider does not offer the category.
    CategoryNotOffered = 15, "CATEGORY_NOT_OFFERED", AfterChange;
    /// The judging version does not recognise the provider's city.
    HostNotRecognised = 16, "HOST_NOT_RECOGNISED", Never;
    /// The judging version has no rate for the category.
    CategoryNotFunded = 17, "CATEGORY_NOT_FUNDED", Never;
    /// A kind of evidence that the judging version requires is missing.
    EvidenceMissing = 18, "EVIDENCE_MISSING", AfterChange;
    /// An approved or pending claim of any city has this invoice number.
    DuplicateInvoice = 19, "DUPLICATE_INVOICE", Never;
    /// Nothing free is left on the voucher.
    VoucherExhausted = 20, "VOUCHER_EXHAUSTED", Later;
    /// Nothing is left of the cap of the enterprise or of its controller group.
    YearCapExhausted = 21, "YEAR_CAP_EXHAUSTED", Later;
    /// The limits leave nothing to pay.
    NothingPayable = 22, "NOTHING_PAYABLE", Never;
    /// The contract was made before the voucher was transferred to the holder; its place is
    /// after `CONTRACT_BEFORE_ISSUE`.
    ContractBeforeTransfer = 23, "CONTRACT_BEFORE_TRANSFER", Never;
    /// The judging version excludes such claims; its place is after `CATEGORY_NOT_FUNDED`.
    Excluded = 24, "EXCLUDED", Never;
    /// Nothing is left of the cap of the category; its place is after `YEAR_CAP_EXHAUSTED`.
    CategoryCapExhausted = 25, "CATEGORY_CAP_EXHAUSTED", Later;
    /// Nothing is left of the cap of the contract; its place is after `CATEGORY_CAP_EXHAUSTED`.
    ContractCapExhausted = 26, "CONTRACT_CAP_EXHAUSTED", Later;
    /// Nothing is left of the cap of the rolling period; its place is after
    /// `CONTRACT_CAP_EXHAUSTED`.
    RollingCapExhausted = 27, "ROLLING_CAP_EXHAUSTED", Later;
    /// The holder is on the block list on the filing day; its place is after
    /// `PROVIDER_SUSPENDED`.
    HolderBlocked = 40, "HOLDER_BLOCKED", AfterChange;
    /// The provider is on the block list on the filing day; its place is after `HOLDER_BLOCKED`.
    ProviderBlocked = 41, "PROVIDER_BLOCKED", AfterChange;

    /// The enterprise's home is not the programme's city.
    NotHomeCity = 100, "NOT_HOME_CITY", AfterChange;
    /// The issue would pass the cap per enterprise.
    IssueCapExceeded = 101, "ISSUE_CAP_EXCEEDED", Later;
    /// The programme has less available.
    BudgetExhausted = 102, "BUDGET_EXHAUSTED", Later;
    /// The programme has no version in force on the issue date.
    NoVersionInForce = 103, "NO_VERSION_IN_FORCE", AfterChange;
    /// The cut is more than what is available: the rest is committed.
    BudgetCommitted = 104, "BUDGET_COMMITTED", Later;
    /// The programme's year is ending or over.
    YearEnded = 105, "YEAR_ENDED", Never;
    /// The city requires the number of the fair-competition review.
    ReviewNoRequired = 106, "REVIEW_NO_REQUIRED", AfterChange;
    /// The city requires a performance target.
    TargetRequired = 107, "TARGET_REQUIRED", AfterChange;
    /// The city requires a document number for every change of a budget.
    DocumentNoRequired = 108, "DOCUMENT_NO_REQUIRED", AfterChange;
    /// The city requires a simulation of the draft.
    SimulationRequired = 109, "SIMULATION_REQUIRED", AfterChange;
    /// The end of the programme's year was not begun, or is decided.
    YearNotClosing = 110, "YEAR_NOT_CLOSING", AfterChange;
    /// What is carried goes into an open programme of the city's next budget year.
    CarryTargetNotEligible = 111, "CARRY_TARGET_NOT_ELIGIBLE", AfterChange;
    /// Money is carried twice at most.
    CarriedTwice = 112, "CARRIED_TWICE", Never;
    /// The claim does not wait for a budget.
    ClaimNotWaiting = 113, "CLAIM_NOT_WAITING", Never;
    /// The claim waits for a budget.
    ClaimWaits = 114, "CLAIM_WAITS", Later;
    /// The programme has no version to copy.
    NothingToCopy = 115, "NOTHING_TO_COPY", AfterChange;
    /// The draft was saved anew since its publication was asked for.
    DraftChanged = 116, "DRAFT_CHANGED", AfterChange;

    /// The voucher has nothing free to revoke.
    NothingToRevoke = 120, "NOTHING_TO_REVOKE", Never;
    /// The voucher, provider or party is already in the state asked for.
    AlreadyInState = 121, "ALREADY_IN_STATE", Never;
    /// The step needs a reason.
    ReasonRequired = 122, "REASON_REQUIRED", AfterChange;
    /// The rules demand an approved application, and the issue names none.
    ApplicationRequired = 123, "APPLICATION_REQUIRED", AfterChange;
    /// The application is not in the state that this step needs.
    ApplicationStateMismatch = 124, "APPLICATION_STATE_MISMATCH", AfterChange;
    /// The application was made for another enterprise or under another programme.
    ApplicationMismatch = 125, "APPLICATION_MISMATCH", Never;
    /// More than was applied for or approved.
    ApplicationExceeded = 126, "APPLICATION_EXCEEDED", AfterChange;
    /// The new deadlines are earlier than the old ones or than today, or too late.
    ExtensionOutOfBounds = 127, "EXTENSION_OUT_OF_BOUNDS", AfterChange;
    /// The year of the voucher's programme is closed.
    ProgrammeClosed = 128, "PROGRAMME_CLOSED", Never;
    /// More than what came back of the voucher and was not reissued yet.
    ReissueExceeded = 129, "REISSUE_EXCEEDED", Later;

    /// The programme's rules do not allow this kind of transfer.
    TransferNotAllowed = 130, "TRANSFER_NOT_ALLOWED", Never;
    /// The amount is more than what is free on the voucher.
    TransferExceedsFree = 131, "TRANSFER_EXCEEDS_FREE", Later;
    /// The transfer was approved or refused before.
    TransferDecided = 132, "TRANSFER_DECIDED", Never;
    /// A second person must do this, not the one who did the first step.
    SecondPersonRequired = 133, "SECOND_PERSON_REQUIRED", AfterChange;
    /// The receiver is the holder itself, or has its home in another city than this kind allows.
    TransferReceiverNotEligible = 134, "TRANSFER_RECEIVER_NOT_ELIGIBLE", Never;
    /// Another relocation or move of the firm waits for its decision.
    RelocationPending = 135, "RELOCATION_PENDING", Later;
    /// The shares of used caps declared for the enterprise would add up to more than one.
    CapSharesExceeded = 136, "CAP_SHARES_EXCEEDED", AfterChange;

    /// The claim was reversed before.
    ClaimReversed = 140, "CLAIM_REVERSED", Never;
    /// The payee is paid: only a clawback can undo the claim.
    ClaimAlreadyPaid = 141, "CLAIM_ALREADY_PAID", Never;
    /// The payment was returned before.
    PaymentReturned = 142, "PAYMENT_RETURNED", Never;
    /// The step was undone before.
    StepReversed = 143, "STEP_REVERSED", Never;
    /// Steps of this kind are not undone this way.
    StepNotReversible = 144, "STEP_NOT_REVERSIBLE", Never;
    /// What came of the step was used, moved on or replaced.
    StepUsed = 145, "STEP_USED", AfterChange;

    /// Another agreement for the same cities and category is in force on one of the days.
    AgreementOverlaps = 150, "AGREEMENT_OVERLAPS", AfterChange;

    /// The period is not in the state that this step needs.
    PeriodStateMismatch = 160, "PERIOD_STATE_MISMATCH", AfterChange;
    /// The statement has a newer revision.
    RevisionOutdated = 161, "REVISION_OUTDATED", AfterChange;
    /// The member has no position in the period.
    NoPosition = 162, "NO_POSITION", Never;
    /// The hub account is no registered treasury.
    HubNotTreasury = 163, "HUB_NOT_TREASURY", AfterChange;
    /// The payment is settled, or what is left of it is less.
    InstructionExceeded = 164, "INSTRUCTION_EXCEEDED", Never;
    /// A payment with this bank reference was confirmed for the instruction before.
    PaymentRecorded = 165, "PAYMENT_RECORDED", Never;

    /// The order is not in the state that this step needs.
    OrderStateMismatch = 170, "ORDER_STATE_MISMATCH", AfterChange;
    /// The order is disputed.
    OrderDisputed = 171, "ORDER_DISPUTED", AfterChange;
    /// The hold would last beyond the last day on which a claim can be filed on one of its
    /// vouchers.
    HoldPastDeadline = 172, "HOLD_PAST_DEADLINE", AfterChange;
    /// Provider, category, voucher or contract of the claim are not those of the order.
    OrderMismatch = 173, "ORDER_MISMATCH", Never;
    /// Less is held than is to be released.
    HoldExceeded = 174, "HOLD_EXCEEDED", Never;
    /// After the delivery a holder cannot release a hold alone.
    OrderDelivered = 175, "ORDER_DELIVERED", AfterChange;
    /// The order is not disputed.
    OrderNotDisputed = 176, "ORDER_NOT_DISPUTED", AfterChange;

    /// The proposal was decided or withdrawn before.
    ProposalDecided = 180, "PROPOSAL_DECIDED", Never;
    /// The proposal was not decided in time.
    ProposalExpired = 181, "PROPOSAL_EXPIRED", Never;
    /// What was proposed can no longer be asked for: something it names has changed, or its maker
    /// may not do it any more.
    ProposalOutdated = 182, "PROPOSAL_OUTDATED", Never;
    /// This person has approved the proposal; another one must as well.
    CheckedBefore = 183, "CHECKED_BEFORE", AfterChange;
    /// The rule would let fewer than two persons act, or another office than the action's.
    ActionRuleTooLoose = 184, "ACTION_RULE_TOO_LOOSE", Never;
    /// Nobody else administers the corridor.
    LastAdministrator = 185, "LAST_ADMINISTRATOR", AfterChange;
    /// Somebody else signs in with this name.
    UserNameTaken = 186, "USER_NAME_TAKEN", AfterChange;
    /// The approval of this file was proposed before and waits.
    ProposalPending = 187, "PROPOSAL_PENDING", AfterChange;

    /// The enterprise or provider is on the block list today.
    PartyBlocked = 190, "PARTY_BLOCKED", AfterChange;
    /// The enterprise or provider is struck off.
    PartyDissolved = 191, "PARTY_DISSOLVED", Never;
    /// Another application for the admission of this provider is under way.
    AdmissionPending = 192, "ADMISSION_PENDING", AfterChange;
    /// The application is not in the state that this step needs.
    AdmissionStateMismatch = 193, "ADMISSION_STATE_MISMATCH", AfterChange;
    /// The publicity of the admission has not ended.
    PublicityRunning = 194, "PUBLICITY_RUNNING", Later;
    /// The publicity of the admission has ended.
    PublicityOver = 195, "PUBLICITY_OVER", Never;
    /// An objection to the admission is open.
    ObjectionOpen = 196, "OBJECTION_OPEN", AfterChange;
    /// The objection was decided before.
    ObjectionDecided = 197, "OBJECTION_DECIDED", Never;
    /// The term applied for has ended.
    TermPassed = 198, "TERM_PASSED", Never;
    /// The provider is not admitted on that day or later.
    NotAdmitted = 199, "NOT_ADMITTED", Never;

    /// Another entry of the same kind begins on that day or later, or is in force on it.
    EntryOverlaps = 200, "ENTRY_OVERLAPS", AfterChange;
    /// The flag was lifted before.
    FlagLifted = 201, "FLAG_LIFTED", Never;
    /// No proposal of this version of the account waits.
    AccountNotProposed = 202, "ACCOUNT_NOT_PROPOSED", AfterChange;

    /// The reference of the row names a voucher of other content.
    RowReferenceTaken = 210, "ROW_REFERENCE_TAKEN", AfterChange;
    /// No enterprise has the credit code of the row.
    RowEnterpriseUnknown = 211, "ROW_ENTERPRISE_UNKNOWN", AfterChange;
    /// The rows are not those that were approved.
    FileRowsNotApproved = 212, "FILE_ROWS_NOT_APPROVED", Never;
    /// These rows of the file were decided before.
    FileRowsDone = 213, "FILE_ROWS_DONE", Never;
    /// A file that is issued whole or not at all has rows that a rule refuses.
    FileHasFaults = 214, "FILE_HAS_FAULTS", AfterChange;

    /// The principal may act still: it is shut out before its personal data is erased.
    PrincipalActive = 220, "PRINCIPAL_ACTIVE", AfterChange;
    /// The personal data of the principal was erased: it never acts again.
    PrincipalErased = 221, "PRINCIPAL_ERASED", Never;
}

impl RefusalCode {
    /// The stored number.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The codes that can be faults of a claim, in the order of evaluation.
    pub const CLAIM_ORDER: &'static [RefusalCode] = super::rules::ORDER;
}

/// The faults of a claim: bit n stands for the code with number n (claim codes are below 64).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Faults(pub u64);

impl Faults {
    /// No fault.
    pub const NONE: Faults = Faults(0);

    /// Adds a claim code (number below 64).
    pub const fn add(&mut self, code: RefusalCode) {
        self.0 |= 1 << code.number();
    }

    /// Adds the code if the rule is broken.
    pub const fn add_if(&mut self, broken: bool, code: RefusalCode) {
        self.0 |= (broken as u64) << code.number();
    }

    /// True if no rule is broken.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if the set holds the code.
    pub const fn contains(self, code: RefusalCode) -> bool {
        code.number() < 64 && self.0 & (1 << code.number()) != 0
    }

    /// The faults in the order in which the rules are evaluated.
    pub fn in_order(self) -> impl Iterator<Item = RefusalCode> {
        let order = RefusalCode::CLAIM_ORDER.iter().copied();
        order.filter(move |code| self.contains(*code))
    }

    /// The first fault in the order of evaluation.
    pub fn first(self) -> Option<RefusalCode> {
        self.in_order().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_unique_and_ascending() {
        for pair in RefusalCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{pair:?}");
        }
        let mut texts: Vec<_> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            assert_eq!(RefusalCode::from_number(code.number()), Some(*code));
        }
    }

    #[test]
    fn faults_come_in_the_order_of_evaluation_not_of_numbers() {
        let mut faults = Faults::NONE;
        faults.add(RefusalCode::VoucherExpired);
        faults.add(RefusalCode::ContractBeforeTransfer);
        let order: Vec<_> = faults.in_order().collect();
        assert_eq!(
            order,
            [
                RefusalCode::ContractBeforeTransfer,
                RefusalCode::VoucherExpired
            ]
        );
    }
}
