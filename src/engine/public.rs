//! Readable identifiers of the entities of a state.

use super::state::State;
use super::terms::Scope;
use crate::domain::{
    AdmissionId, AgreementId, ApplicationId, ClaimId, CreditFlagId, EnterpriseId, IdKind,
    InlineText, InstructionId, LedgerTag, LineId, MemberId, OrderId, PaymentId, PrincipalId,
    ProposalId, ProviderId, PublicId, TransferId, VoucherId,
};

/// An identifier as text.
pub type IdText = InlineText<32>;

impl State {
    fn id(
        &self,
        kind: IdKind,
        city: Option<MemberId>,
        year: i16,
        serial: u32,
        tag: LedgerTag,
    ) -> IdText {
        let city = city
            .and_then(|id| self.members.get(id.index()))
            .map_or(0, |r| r.code.get());
        let year = u8::try_from(year.rem_euclid(100)).unwrap_or(0);
        PublicId {
            kind,
            city,
            year,
            serial: u64::from(serial),
        }
        .format(tag)
    }

    /// Identifier of an enterprise: city and year of its registration.
    pub fn enterprise_id(&self, id: EnterpriseId, tag: LedgerTag) -> Option<IdText> {
        let row = self.enterprises.get(id.index())?;
        Some(self.id(
            IdKind::Enterprise,
            Some(row.registered_city),
            row.year,
            id.0,
            tag,
        ))
    }

    /// Identifier of a provider: its city and the year of its registration.
    pub fn provider_id(&self, id: ProviderId, tag: LedgerTag) -> Option<IdText> {
        let row = self.providers.get(id.index())?;
        Some(self.id(IdKind::Provider, Some(row.city), row.year, id.0, tag))
    }

    /// Identifier of a principal: the year of its registration.
    pub fn principal_id(&self, id: PrincipalId, tag: LedgerTag) -> Option<IdText> {
        let row = self.principals.get(id.index())?;
        Some(self.id(IdKind::Principal, None, row.year, id.0, tag))
    }

    /// Identifier of an agreement: its home city and the year in which it begins.
    pub fn agreement_id(&self, id: AgreementId, tag: LedgerTag) -> Option<IdText> {
        let row = self.agreements.get(id.index())?;
        let year = row.terms.from.year();
        Some(self.id(IdKind::Agreement, Some(row.terms.home), year, id.0, tag))
    }

    /// Identifier of a voucher: its issuing city and year of issue.
    pub fn voucher_id(&self, id: VoucherId, tag: LedgerTag) -> Option<IdText> {
        let row = self.vouchers.get(id.index())?;
        let (programme, _) = self.voucher_owner(row);
        let city = self.programmes[programme.index()].city;
        Some(self.id(IdKind::Voucher, Some(city), row.issued_on.year(), id.0, tag))
    }

    /// Identifier of a claim: the issuing city and year of issue of its voucher.
    pub fn claim_id(&self, id: ClaimId, tag: LedgerTag) -> Option<IdText> {
        let row = self.claims.get(id.index())?;
        let voucher = self.vouchers.get(row.voucher.index())?;
        let (programme, _) = self.voucher_owner(voucher);
        let city = self.programmes[programme.index()].city;
        Some(self.id(
            IdKind::Claim,
            Some(city),
            voucher.issued_on.year(),
            id.0,
            tag,
        ))
    }

    /// Identifier of an application: the city that it is made to and the year.
    pub fn application_id(&self, id: ApplicationId, tag: LedgerTag) -> Option<IdText> {
        let row = self.applications.get(id.index())?;
        let city = self.programmes[row.programme.index()].city;
        Some(self.id(IdKind::Application, Some(city), row.year, id.0, tag))
    }

    /// Identifier of a transfer: the issuing city and the year of the proposal.
    pub fn transfer_id(&self, id: TransferId, tag: LedgerTag) -> Option<IdText> {
        let row = self.transfers.get(id.index())?;
        let (programme, _) = self.voucher_owner(self.vouchers.get(row.voucher.index())?);
        let city = self.programmes[programme.index()].city;
        Some(self.id(IdKind::Transfer, Some(city), row.year, id.0, tag))
    }

    /// Identifier of an order: the city of its provider and the year of the proposal.
    pub fn order_id(&self, id: OrderId, tag: LedgerTag) -> Option<IdText> {
        let row = self.orders.get(id.index())?;
        Some(self.id(IdKind::Order, Some(row.host), row.year, id.0, tag))
    }

    /// Identifier of an obligation line: its debtor and the year of its period.
    pub fn line_id(&self, id: LineId, tag: LedgerTag) -> Option<IdText> {
        let row = self.lines.get(id.index())?;
        let year = self
            .periods
            .get(row.period.index())?
            .month
            .first_day()
            .year();
        Some(self.id(IdKind::Line, Some(row.debtor), year, id.0, tag))
    }

    /// Identifier of a settlement payment: its debtor and year.
    pub fn instruction_id(&self, id: InstructionId, tag: LedgerTag) -> Option<IdText> {
        let row = self.instructions.get(id.index())?;
        Some(self.id(IdKind::Instruction, Some(row.debtor), row.year, id.0, tag))
    }

    /// Identifier of a proposal: its member, if one has the say, and the year.
    pub fn proposal_id(&self, id: ProposalId, tag: LedgerTag) -> Option<IdText> {
        let row = self.proposals.get(id.index())?;
        let member = match row.office {
            Scope::Member(member) => Some(member),
            _ => None,
        };
        let year = row.proposed_on.year();
        Some(self.id(IdKind::Proposal, member, year, id.0, tag))
    }

    /// Identifier of an application for admission: its city and the year of the application.
    pub fn admission_id(&self, id: AdmissionId, tag: LedgerTag) -> Option<IdText> {
        let row = self.admissions.get(id.index())?;
        Some(self.id(IdKind::Admission, Some(row.city), row.year, id.0, tag))
    }

    /// Identifier of a credit flag: the city that raised it and the year.
    pub fn credit_flag_id(&self, id: CreditFlagId, tag: LedgerTag) -> Option<IdText> {
        let row = self.flags.get(id.index())?;
        Some(self.id(IdKind::CreditFlag, Some(row.city), row.year, id.0, tag))
    }

    /// Identifier of a payment to a payee: the payer and the year.
    pub fn payment_id(&self, id: PaymentId, tag: LedgerTag) -> Option<IdText> {
        let row = self.payments.get(id.index())?;
        let payer = self.claims.get(row.claim.index())?.payer;
        Some(self.id(IdKind::Payment, Some(payer), row.year, id.0, tag))
    }
}
