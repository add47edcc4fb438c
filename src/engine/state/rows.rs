//! The rows of the tables.

mod people;

pub use people::{ActionRule, PasswordRow, ProposalRow, ProposalStatus};

use super::Authority;
mod register;

mod steps;

pub use steps::{CapShares, Step, StepRow, TransferRow, TransferStatus};

use super::{ClaimLink, ProgrammeStatus, YearEnds};
use crate::domain::{
    AgreementId, CategoryCode, CategoryId, ClaimId, ConsentId, Day, DivisionCode, Fen, GroupId,
    InstructionId, LineId, MemberId, Month, PeriodId, PrincipalId, ProgrammeCode, ProgrammeId,
    ProviderId, Seq, UsageId, VersionNo, VoucherId,
};
use crate::engine::command::Subject;
use crate::engine::tables::Hash128;
use crate::engine::terms::{
    AgreementTerms, EnterpriseKind, MemberKind, Role, Scope, SettlementMode, VersionTerms,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use register::{
    AccountRow, AccountVersion, AdmissionRow, AdmissionStatus, CreditFlagRow, DissolvedRow, Marks,
    ObjectionRow, RecognitionRow, RelationRow, StatusRow, TermRow,
};

/// Identity and format of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// UUID.
    pub uuid: [u8; 16],
    /// Version of the journal's format.
    pub format: u16,
    /// Hash of the tree: 0 SHA-256, 1 SM3.
    pub hash: u8,
    /// Day of genesis.
    pub created_on: Day,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Division code.
    pub code: DivisionCode,
    /// City, funder or treasury.
    pub kind: MemberKind,
    /// Whether it signed the clearing protocol.
    pub signed_protocol: bool,
    /// Event with the names.
    pub details: Seq,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryRow {
    /// Code.
    pub code: CategoryCode,
    /// Event with the names.
    pub details: Seq,
}

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalRow {
    /// The first grant it was given and still has; looked at before the table of all grants.
    pub first_grant: Option<(Role, Scope)>,
    /// True if it may not act.
    pub disabled: bool,
    /// True if its personal data was erased: it never acts again.
    pub erased: bool,
    /// Year of registration.
    pub year: i16,
    /// Event with the name.
    pub details: Seq,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Whose.
    pub principal: PrincipalId,
    /// Last business day on which it is valid.
    pub expires_on: Option<Day>,
    /// True if revoked.
    pub revoked: bool,
    /// True if a sign-in gave it.
    pub session: bool,
}

/// An enterprise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterpriseRow {
    /// Credit code as a number, zero for a team.
    pub code: Hash128,
    /// Home city.
    pub city: MemberId,
    /// City of registration, part of the readable id.
    pub registered_city: MemberId,
    /// Year of registration.
    pub year: i16,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Controller group from `group_from` on.
    pub group: Option<GroupId>,
    /// First day of `group`.
    pub group_from: Day,
    /// Which side tables hold something of it.
    pub marks: Marks,
    /// Event with the name.
    pub details: Seq,
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// Credit code as a number.
    pub code: Hash128,
    /// Categories offered: bit n for category n.
    pub categories: u64,
    /// Host city.
    pub city: MemberId,
    /// Year of registration.
    pub year: i16,
    /// True while suspended.
    pub suspended: bool,
    /// Controller group from `group_from` on.
    pub group: Option<GroupId>,
    /// First day of `group`.
    pub group_from: Day,
    /// First day of the newest term of admission.
    pub admitted_from: Day,
    /// Last day of the newest term of admission; before the first one if there is none.
    pub admitted_to: Day,
    /// Which side tables hold something of it.
    pub marks: Marks,
    /// Event with the name.
    pub details: Seq,
}

impl ProviderRow {
    /// First and last day of the newest term of admission, if there is one.
    pub fn term(&self) -> Option<(Day, Day)> {
        let admitted = self.admitted_from <= self.admitted_to;
        admitted.then_some((self.admitted_from, self.admitted_to))
    }
}

/// A programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeRow {
    /// Code.
    pub code: ProgrammeCode,
    /// Issuing city.
    pub city: MemberId,
    /// Budget year.
    pub budget_year: u16,
    /// Where it stands.
    pub status: ProgrammeStatus,
    /// Running total of what lapsed, wherever it went.
    pub lapsed_total: i128,
    /// Versions, by number.
    pub versions: Vec<Arc<VersionTerms>>,
    /// Event with the title.
    pub details: Seq,
    /// What the end of years has made of it.
    pub year_ends: YearEnds,
}

impl ProgrammeRow {
    /// A version by number.
    pub fn version(&self, number: VersionNo) -> Option<&Arc<VersionTerms>> {
        self.versions.get(usize::from(number.0).checked_sub(1)?)
    }

    /// The version in force on a day, the latest if there are several: it has the terms of what
    /// is issued that day. `None` if none has taken effect.
    pub fn version_in_force(&self, day: Day) -> Option<(VersionNo, &Arc<VersionTerms>)> {
        self.numbered(self.latest_on(day)?)
    }

    /// The version that judges a contract of this day: the one in force, or the first one if none
    /// is; `None` if nothing was published.
    pub fn judging_version(&self, day: Day) -> Option<(VersionNo, &Arc<VersionTerms>)> {
        self.numbered(self.latest_on(day).unwrap_or(0))
    }

    fn latest_on(&self, day: Day) -> Option<usize> {
        let mut latest: Option<usize> = None;
        for (i, version) in self.versions.iter().enumerate() {
            let later =
                latest.is_none_or(|j| version.effective_from >= self.versions[j].effective_from);
            if version.effective_from <= day && later {
                latest = Some(i);
            }
        }
        latest
    }

    fn numbered(&self, index: usize) -> Option<(VersionNo, &Arc<VersionTerms>)> {
        let number = VersionNo::from_index(index + 1)?;
        self.versions.get(index).map(|version| (number, version))
    }
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRow {
    /// The agreement.
    pub terms: Arc<AgreementTerms>,
    /// Its event.
    pub details: Seq,
}

/// A voucher. Holder and programme stand in its usage row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherRow {
    /// Amount issued or received.
    pub amount: Fen,
    /// Free to redeem.
    pub free: Fen,
    /// Held for transfers and orders.
    pub held: Fen,
    /// Approved claims, net of reversals.
    pub approved: Fen,
    /// Lapsed or revoked.
    pub returned: Fen,
    /// Event with the details.
    pub details: Seq,
    /// Row of the holder's usage under the programme.
    pub usage: UsageId,
    /// Newest consent.
    pub consent: Option<ConsentId>,
    /// Day of issue.
    pub issued_on: Day,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
    /// First contract date after a transfer; the day of issue otherwise.
    pub contracts_from: Day,
    /// Parent voucher, for a child of a transfer.
    pub parent: Option<VoucherId>,
    /// Version whose issue terms it has.
    pub version: VersionNo,
    /// True if revoked.
    pub revoked: bool,
    /// True while frozen.
    pub frozen: bool,
}

/// A consent. The consents of a voucher that none replaced are chained from the newest to the
/// oldest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// What is left of the amount consented to.
    pub left: Fen,
    /// Which voucher.
    pub voucher: VoucherId,
    /// For which provider; `None` for any.
    pub provider: Option<ProviderId>,
    /// Last day of filing.
    pub until: Day,
    /// The next older consent of the voucher.
    pub older: Option<ConsentId>,
    /// True if a provider gave it.
    pub by_provider: bool,
    /// True if a newer consent took its place, or it was withdrawn.
    pub replaced: bool,
    /// Its event.
    pub details: Seq,
}

/// Where an approved claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum ClaimStatus {
    /// The payee waits.
    Approved,
    /// The payee is paid.
    Paid,
    /// Undone.
    Reversed,
    /// Passed all rules and waits for a budget.
    Waiting,
    /// Waited and was withdrawn.
    Withdrawn,
}

/// An approved claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// Amount.
    pub amount: Fen,
    /// Number of the invoice, as a number.
    pub invoice_no: Hash128,
    /// Event with the details.
    pub details: Seq,
    /// Voucher redeemed.
    pub voucher: VoucherId,
    /// Provider.
    pub provider: ProviderId,
    /// First obligation line.
    pub first_line: Option<LineId>,
    /// What allows it.
    pub authority: Authority,
    /// Agreement on the funding.
    pub agreement: Option<AgreementId>,
    /// Controller group that the caps were counted for.
    pub group: Option<GroupId>,
    /// Who filed it.
    pub filed_by: PrincipalId,
    /// Who pays the payee.
    pub payer: MemberId,
    /// Number of obligation lines.
    pub lines: u8,
    /// The claim before it under the same programme and holder.
    pub older: ClaimLink,
    /// Category.
    pub category: CategoryId,
    /// Where it stands.
    pub status: ClaimStatus,
    /// True if the enterprise is paid, false if the provider is.
    pub pays_enterprise: bool,
}

/// A payment to a payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// Which claim.
    pub claim: ClaimId,
    /// True if the bank returned it.
    pub returned: bool,
    /// Year.
    pub year: i16,
    /// Its event.
    pub details: Seq,
}

/// Where an obligation line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LineOrigin {
    /// An approved claim.
    Claim(ClaimId),
    /// The reversal of a claim whose line, named here, had left its open period.
    Opposes(LineId),
    /// A settlement payment that was not made in full.
    Arrears(InstructionId),
}

/// An obligation: in exactly one period, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// Amount.
    pub amount: Fen,
    /// Where it comes from.
    pub origin: LineOrigin,
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// Programme; `None` for arrears.
    pub programme: Option<ProgrammeId>,
    /// Period.
    pub period: PeriodId,
    /// True if voided while its period was open.
    pub voided: bool,
}

/// Where a period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PeriodStatus {
    /// Takes lines.
    Open,
    /// Positions are fixed; statements wait for agreement.
    Closed,
    /// All parties agreed.
    Agreed,
    /// Payments are on their way.
    Settling,
    /// Everything is paid.
    Settled,
    /// Something was carried into a later period.
    SettledWithCarry,
}

/// A period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRow {
    /// Its month.
    pub month: Month,
    /// Where it stands.
    pub status: PeriodStatus,
    /// Revision of the statements.
    pub revision: u16,
    /// Day of the close.
    pub closed_on: Option<Day>,
    /// Day from which silence counts as agreement.
    pub deemed_on: Option<Day>,
    /// How it is settled.
    pub mode: Option<SettlementMode>,
    /// Last day to pay.
    pub pay_by: Option<Day>,
    /// First of its payments.
    pub first_instruction: Option<InstructionId>,
    /// Number of its payments.
    pub instructions: u16,
    /// What was carried.
    pub carried: Fen,
    /// Who asked for an early close.
    pub close_requested_by: Option<PrincipalId>,
}

/// A settlement payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstructionRow {
    /// Which period.
    pub period: PeriodId,
    /// Order within the period, from 1.
    pub order: u16,
    /// Who pays.
    pub debtor: MemberId,
    /// Who is paid.
    pub creditor: MemberId,
    /// Amount.
    pub amount: Fen,
    /// What was paid of it.
    pub paid: Fen,
    /// What was carried of it.
    pub carried: Fen,
    /// Year.
    pub year: i16,
}

/// Sum of the lines of one period, debtor, creditor and programme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Sum.
    pub amount: Fen,
    /// Number of lines.
    pub lines: u32,
}

/// A reference that a sender gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefRow {
    /// Hash of kind, source and text.
    pub key: Hash128,
    /// Fingerprint of the command.
    pub fingerprint: Hash128,
    /// First event of the command.
    pub seq: Seq,
    /// What the command made; `Subject::None` if it was refused.
    pub subject: Subject,
}

/// Most members: the set of recognised cities and the matrix are sized for them.
pub const MEMBERS_MAX: usize = 256;
/// Most categories: a provider's offer is a set of 64 bits.
pub const CATEGORIES_MAX: usize = 64;
/// Key part that stands for "no programme" in a cell's key.
pub const NO_PROGRAMME: u16 = u16::MAX;
