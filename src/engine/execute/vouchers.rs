//! Issue, consent, freeze and revocation.

use super::parties::positive;
use super::{Decision, Execution, Planned, Rejection, Stop, refuse_if, valid};
use crate::domain::{
    ApplicationId, ConsentId, Day, EnterpriseId, Fen, MemberId, ProgrammeId, ProviderId, VersionNo,
    VoucherId,
};
use crate::engine::books::AccountKind;
use crate::engine::command::{
    ConsentGiver, GiveConsent, IssueVoucher, Payee, RevokeVoucher, SetFreeze,
};
use crate::engine::event::{
    ConsentGiven, Event, FreezeSet, ReturnedTo, VoucherIssued, VoucherRefused, VoucherRevoked,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{ProgrammeStatus, State, VoucherRow, usage_key};
use crate::engine::terms::{PayeeMode, Role, Scope, VersionTerms};

/// A voucher with what its rules depend on.
pub(super) struct Owned {
    pub(super) row: VoucherRow,
    /// The programme or pack that the voucher is charged to.
    pub(super) programme: ProgrammeId,
    pub(super) issuer: MemberId,
    pub(super) holder: EnterpriseId,
}

/// A voucher that is about to be issued.
pub(super) struct Offer {
    programme: ProgrammeId,
    issuer: MemberId,
    enterprise: EnterpriseId,
    amount: Fen,
    version: VersionNo,
    use_by: Day,
    cash_by: Day,
    /// True if the rules want an approved application.
    pub(super) application_required: bool,
    /// The first rule that the issue breaks.
    pub(super) fault: Option<RefusalCode>,
}

impl Execution<'_> {
    pub(super) fn voucher(&self, id: VoucherId) -> Result<Owned, Rejection> {
        let row = self
            .state
            .vouchers
            .get(id.index())
            .ok_or(Rejection::NotFound("voucher"))?;
        let (programme, holder) = self.state.voucher_owner(row);
        let programme = self.state.charged(programme);
        let issuer = self.city_of(programme)?;
        Ok(Owned {
            row: row.clone(),
            programme,
            issuer,
            holder,
        })
    }

    pub(super) fn issue_voucher(&mut self, c: &IssueVoucher) -> Decision {
        let issuer = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, issuer)?;
        positive(c.amount)?;
        let enterprise = self.enterprise(c.enterprise)?;
        let offer = self.offer(c.programme, enterprise, c.amount)?;
        self.check_application(c, enterprise, offer.application_required)?;
        if let Some(code) = offer.fault {
            self.emit(Event::VoucherRefused(VoucherRefused {
                programme: c.programme,
                enterprise,
                amount: c.amount,
                code,
            }));
            return Ok(());
        }
        self.emit_issue(offer, c.application, None)
    }

    /// What a voucher gets that is issued today, and what stands in the way of it.
    pub(super) fn offer(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
        amount: Fen,
    ) -> Result<Offer, Stop> {
        let today = *self.state.business_date;
        let row = &self.state.programmes[programme.index()];
        let (version, terms) = row
            .version_in_force(today)
            .ok_or(Stop::Refuse(RefusalCode::NoVersionInForce))?;
        let use_by = today.plus_months(terms.use_months);
        Ok(Offer {
            programme,
            issuer: row.city,
            enterprise,
            amount,
            version,
            use_by,
            cash_by: use_by.plus_days(u32::from(terms.cash_days)),
            application_required: terms.application_required,
            fault: self.state.issue_fault(programme, enterprise, amount, terms),
        })
    }

    /// Issues what was offered.
    pub(super) fn emit_issue(
        &mut self,
        offer: Offer,
        application: Option<ApplicationId>,
        replaces: Option<VoucherId>,
    ) -> Decision {
        let voucher =
            VoucherId::from_index(self.state.vouchers.len()).ok_or(Rejection::Full("vouchers"))?;
        self.emit(Event::VoucherIssued(VoucherIssued {
            voucher,
            programme: offer.programme,
            version: offer.version,
            issuer: offer.issuer,
            enterprise: offer.enterprise,
            amount: offer.amount,
            use_by: offer.use_by,
            cash_by: offer.cash_by,
            application,
            replaces,
        }));
        Ok(())
    }

    /// Version and deadlines of what is issued today.
    pub(super) fn issue_terms(
        &self,
        programme: ProgrammeId,
    ) -> Result<(VersionNo, Day, Day), Stop> {
        let today = *self.state.business_date;
        let in_force = self.state.programmes[programme.index()].version_in_force(today);
        let (version, terms) = in_force.ok_or(Stop::Refuse(RefusalCode::NoVersionInForce))?;
        let use_by = today.plus_months(terms.use_months);
        Ok((
            version,
            use_by,
            use_by.plus_days(u32::from(terms.cash_days)),
        ))
    }

    pub(super) fn give_consent(&mut self, c: &GiveConsent) -> Decision {
        let voucher = self.voucher(c.voucher)?;
        let (by_provider, provider) = match c.giver {
            ConsentGiver::Holder(provider) => {
                let holder = (Role::Enterprise, Scope::Enterprise(voucher.holder));
                self.require_party(&[holder], "the holder of the voucher")?;
                (false, provider)
            }
            ConsentGiver::Provider(provider) => {
                let itself = (Role::Provider, Scope::Provider(provider));
                self.require_party(&[itself], "the provider itself")?;
                (true, Some(provider))
            }
        };
        if provider.is_some_and(|id| self.state.providers.get(id.index()).is_none()) {
            return Err(Rejection::NotFound("provider").into());
        }
        valid(
            c.until >= *self.state.business_date,
            "until",
            "lies before today",
        )?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        let stranger = provider.filter(|id| by_provider && !self.may_confirm(c.voucher, *id));
        refuse_if(stranger.is_some(), RefusalCode::NotAuthorised)?;
        let consent =
            ConsentId::from_index(self.state.consents.len()).ok_or(Rejection::Full("consents"))?;
        self.emit(Event::ConsentGiven(ConsentGiven {
            consent,
            voucher: c.voucher,
            by_provider,
            provider,
            up_to: c.up_to,
            until: c.until,
        }));
        Ok(())
    }

    /// True if a provider's word on a voucher can be of use: the holder has consented to the
    /// provider, or claims under one of the programme's versions go by the provider's word.
    fn may_confirm(&self, voucher: VoucherId, provider: ProviderId) -> bool {
        let row = &self.state.vouchers[voucher.index()];
        let (programme, _) = self.state.voucher_owner(row);
        let versions = &self.state.programmes[programme.index()].versions;
        let mut consents = self.state.consents_of(voucher);
        versions
            .iter()
            .any(|terms| terms.payee == PayeeMode::Enterprise)
            || consents
                .any(|(_, row)| !row.by_provider && row.provider.is_none_or(|own| own == provider))
    }

    pub(super) fn set_freeze(&mut self, c: &SetFreeze) -> Decision {
        let voucher = self.voucher(c.voucher)?;
        let offices = [
            (Role::ScienceOfficer, Scope::Member(voucher.issuer)),
            (Role::FinanceOfficer, Scope::Member(voucher.issuer)),
        ];
        self.require_party(&offices, "an office of the issuing city")?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.frozen == c.frozen, RefusalCode::AlreadyInState)?;
        self.emit(Event::FreezeSet(FreezeSet {
            voucher: c.voucher,
            frozen: c.frozen,
        }));
        Ok(())
    }

    pub(super) fn revoke_voucher(&mut self, c: &RevokeVoucher) -> Decision {
        let voucher = self.voucher(c.voucher)?;
        self.require_officer(Role::ScienceOfficer, voucher.issuer)?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.free.is_zero(), RefusalCode::NothingToRevoke)?;
        self.emit(Event::VoucherRevoked(VoucherRevoked {
            voucher: c.voucher,
            programme: voucher.programme,
            issuer: voucher.issuer,
            amount: voucher.row.free,
            to_lapsed: self.state.is_closed(voucher.programme),
        }));
        Ok(())
    }
}

impl State {
    /// The first rule that an issue breaks.
    fn issue_fault(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
        amount: Fen,
        terms: &VersionTerms,
    ) -> Option<RefusalCode> {
        self.issue_fault_after(programme, enterprise, amount, terms, &Planned::default())
    }

    /// The first rule that an issue breaks after others which are not in the books yet.
    pub(super) fn issue_fault_after(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
        amount: Fen,
        terms: &VersionTerms,
        planned: &Planned,
    ) -> Option<RefusalCode> {
        let row = &self.programmes[programme.index()];
        if row.status != ProgrammeStatus::Open {
            return Some(RefusalCode::YearEnded);
        }
        if self.enterprises[enterprise.index()].city != row.city {
            return Some(RefusalCode::NotHomeCity);
        }
        self.issue_limit_fault(programme, enterprise, amount, terms, planned)
    }

    /// The first rule but those of the year and the home city that an issue breaks.
    pub(super) fn issue_limit_fault(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
        amount: Fen,
        terms: &VersionTerms,
        planned: &Planned,
    ) -> Option<RefusalCode> {
        if let Some(code) = self.standing_fault(Payee::Enterprise(enterprise)) {
            return Some(code);
        }
        let (own, all) = planned.of(enterprise);
        let row = &self.programmes[programme.index()];
        let usage = self.usage.get(usage_key(programme, enterprise));
        let issued = usage.map_or(Fen::ZERO, |usage| usage.issued);
        let after = issued
            .checked_add(own)
            .and_then(|issued| issued.checked_add(amount));
        if after.is_none_or(|after| after > terms.cap_enterprise) {
            return Some(RefusalCode::IssueCapExceeded);
        }
        let available = self
            .books
            .budget(row.city, AccountKind::Available, programme);
        let spent = all.checked_add(amount);
        let exhausted = spent.is_none_or(|spent| spent > available);
        exhausted.then_some(RefusalCode::BudgetExhausted)
    }

    /// Where money goes that becomes free again on a voucher today.
    pub(in crate::engine) fn return_of(
        &self,
        voucher: &VoucherRow,
        programme: ProgrammeId,
    ) -> ReturnedTo {
        self.return_on(*self.business_date, voucher, programme)
    }

    /// Where money goes that becomes free again on a voucher on a day: past the voucher once it is
    /// revoked or its last day of filing is over.
    pub(super) fn return_on(
        &self,
        day: Day,
        voucher: &VoucherRow,
        programme: ProgrammeId,
    ) -> ReturnedTo {
        if day <= voucher.cash_by && !voucher.revoked {
            ReturnedTo::Voucher
        } else if self.is_closed(programme) {
            ReturnedTo::Lapsed
        } else {
            ReturnedTo::Available
        }
    }
}
