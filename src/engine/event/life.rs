//! The life of a programme: drafts, policies, the end of its year, claims that wait for it.

use super::{Funding, ReturnedTo};
use crate::domain::{
    AgreementId, CategoryId, ClaimId, ConsentId, ContractNo, Day, DraftNo, Fen, InvoiceNo, LineId,
    MemberId, PeriodId, ProgrammeCode, ProgrammeId, ProviderId, VersionNo, VoucherId,
};
use crate::engine::command::Payee;
use crate::engine::terms::{AccrualPoint, RequiredFields, SimulationOutcome, VersionTerms};

/// A draft was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftSaved {
    /// The programme.
    pub programme: ProgrammeId,
    /// Number of the draft, from 1.
    pub draft: DraftNo,
    /// The rules.
    pub terms: Box<VersionTerms>,
    /// The programme it was copied from.
    pub source: Option<ProgrammeId>,
    /// The version there.
    pub source_version: Option<VersionNo>,
}

/// A draft was simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftSimulated {
    /// The programme.
    pub programme: ProgrammeId,
    /// Which draft.
    pub draft: DraftNo,
    /// SHA-256 of the simulation's report.
    pub digest: [u8; 32],
    /// First filing day that was asked for.
    pub from: Option<Day>,
    /// Last filing day that was asked for.
    pub to: Option<Day>,
    /// The budget that was assumed.
    pub budget: Option<Fen>,
    /// What came out. Older journals hold marks without it, set by an officer's word.
    pub outcome: Option<SimulationOutcome>,
}

/// A city said what it requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityPolicySet {
    /// The city.
    pub member: MemberId,
    /// What it requires.
    pub required: RequiredFields,
}

/// The end of a programme's year began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearClosingStarted {
    /// The programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub city: MemberId,
}

/// What a programme, or a pack that was carried into it before, had not paid was carried into
/// the next year. It becomes a pack: a budget of its own beside the next year's, to which from
/// now on everything is charged that was charged to `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearCarried {
    /// From where: the programme, or a pack.
    pub from: ProgrammeId,
    /// The programme of the next year.
    pub into: ProgrammeId,
    /// The new pack.
    pub pack: ProgrammeId,
    /// Its code.
    pub code: ProgrammeCode,
    /// The budget year of `into`.
    pub budget_year: u16,
    /// Issuing city.
    pub city: MemberId,
    /// Issued and free.
    pub outstanding: Fen,
    /// Held for transfers and orders.
    pub held: Fen,
    /// Of claims that wait.
    pub claimed: Fen,
    /// Approved and not paid.
    pub approved: Fen,
}

/// A programme's year ended without a carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearClosed {
    /// The programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub city: MemberId,
}

/// A claim passed all rules while the year of its budget was ending or over: its amount is
/// claimed, and it waits for a carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimAwaitsBudget {
    /// Its id.
    pub claim: ClaimId,
    /// The voucher redeemed.
    pub voucher: VoucherId,
    /// What is charged.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Version that judged it.
    pub version: VersionNo,
    /// The provider of the service.
    pub provider: ProviderId,
    /// Who is to be paid.
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
    /// Amount claimed.
    pub amount: Fen,
    /// Consent drawn on; `None` for an imported row.
    pub consent: Option<ConsentId>,
    /// The period open when it was filed.
    pub period: PeriodId,
}

/// A claim that waited was approved by a carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingApproved {
    /// Which claim.
    pub claim: ClaimId,
    /// The voucher.
    pub voucher: VoucherId,
    /// The pack charged.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Who is paid.
    pub payee: Payee,
    /// Amount approved.
    pub amount: Fen,
    /// Who bears it.
    pub funding: Funding,
    /// The agreement that says so.
    pub agreement: Option<AgreementId>,
    /// When the other funders begin to owe.
    pub accrues_at: AccrualPoint,
    /// First of the obligation lines, if they begin to owe now.
    pub first_line: Option<LineId>,
    /// Period of the lines.
    pub period: PeriodId,
}

/// A claim that waited was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimWithdrawn {
    /// Which claim.
    pub claim: ClaimId,
    /// The voucher.
    pub voucher: VoucherId,
    /// What was charged.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Amount.
    pub amount: Fen,
    /// Where the money went.
    pub returned: ReturnedTo,
}
