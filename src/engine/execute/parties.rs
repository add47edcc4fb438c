//! Enterprises and providers.

use super::{Decision, Execution, Rejection, Stop, invalid, refuse_if, valid};
use crate::domain::{CategoryId, CreditCode, Day, EnterpriseId, MemberId, ProviderId};
use crate::engine::command::{
    EnterpriseKey, PartyName, Payee, RegisterEnterprise, RegisterProvider, SetControllerGroup,
    SetSuspension,
};
use crate::engine::event::{
    BankAccountProposed, ControllerGroupSet, EnterpriseRegistered, Event, ProviderRegistered,
    SYSTEM, SuspensionSet,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{EnterpriseKind, MemberKind, Role, Scope};

impl Execution<'_> {
    /// The member, which must be a city.
    pub(super) fn check_city(&self, member: MemberId, field: &'static str) -> Decision {
        let row = self
            .state
            .members
            .get(member.index())
            .ok_or(Rejection::NotFound("city"))?;
        valid(
            row.kind == MemberKind::City,
            field,
            "this member is no city",
        )
    }

    /// Stops unless the sender registers parties of this city.
    pub(super) fn require_registrar(&self, city: MemberId) -> Decision {
        let roles = [
            (Role::ScienceOfficer, Scope::Member(city)),
            (Role::Administrator, Scope::Corridor),
        ];
        self.require_party(&roles, "the science-and-technology office of the city")
    }

    pub(super) fn check_code(code: CreditCode, accept_failed_check: bool) -> Decision {
        let valid_check = code.has_valid_check() || accept_failed_check;
        valid(
            valid_check,
            "code",
            "the check character of the credit code does not match",
        )
    }

    pub(super) fn register_enterprise(&mut self, c: &RegisterEnterprise) -> Decision {
        self.require_registrar(c.city)?;
        self.check_city(c.city, "city")?;
        let team = c.kind == EnterpriseKind::Team;
        let personal = matches!(c.name, PartyName::Personal(_));
        valid(
            team == personal,
            "name",
            "a team's name is personal data, a firm's is not",
        )?;
        match c.code {
            None => valid(team, "code", "only a team has no credit code")?,
            Some(code) => {
                valid(!team, "code", "a team has no credit code")?;
                Self::check_code(code, c.accept_failed_check)?;
                if self.state.enterprise_by_code(code).is_some() {
                    return Err(Rejection::Exists("an enterprise with this code").into());
                }
            }
        }
        let enterprise = EnterpriseId::from_index(self.state.enterprises.len())
            .ok_or(Rejection::Full("enterprises"))?;
        self.emit(Event::EnterpriseRegistered(Box::new(
            EnterpriseRegistered {
                enterprise,
                code: c.code,
                name: c.name.clone(),
                city: c.city,
                kind: c.kind,
                group: c.group.clone(),
            },
        )));
        Ok(())
    }

    pub(super) fn register_provider(&mut self, c: &RegisterProvider) -> Decision {
        self.require_registrar(c.city)?;
        self.check_city(c.city, "city")?;
        Self::check_code(c.code, c.accept_failed_check)?;
        let (admitted_from, admitted_to) = self.term_of(c)?;
        if self.state.provider_by_code(c.code).is_some() {
            return Err(Rejection::Exists("a provider with this code").into());
        }
        let categories = self.category_set(&c.categories)?;
        let provider = ProviderId::from_index(self.state.providers.len())
            .ok_or(Rejection::Full("providers"))?;
        // What is imported is a fact; else an account is a proposal until another person decides.
        let alone = self.submission.imported || self.submission.principal == SYSTEM;
        let (in_force, proposed) = match &c.bank_account {
            account if alone => (account.clone(), None),
            account => (None, account.clone()),
        };
        self.emit(Event::ProviderRegistered(Box::new(ProviderRegistered {
            provider,
            code: c.code,
            name: c.name.clone(),
            city: c.city,
            categories,
            group: c.group.clone(),
            admitted_from,
            admitted_to,
            bank_account: in_force,
        })));
        if let Some(account) = proposed {
            self.emit(Event::BankAccountProposed(Box::new(BankAccountProposed {
                party: Payee::Provider(provider),
                version: 1,
                account: PartyName::Public(account),
                bank: None,
            })));
        }
        Ok(())
    }

    /// The term of a provider that is registered. One office alone admits nobody: without an
    /// administrator it is registered with a term that ends before it begins, and applies.
    fn term_of(&self, c: &RegisterProvider) -> Result<(Day, Day), Stop> {
        let today = *self.state.business_date;
        let (from, to) = match (c.admitted_from, c.admitted_to) {
            (None, None) => return Ok((today, today.previous())),
            (Some(from), Some(to)) => (from, to),
            (None, Some(_)) => {
                return Err(invalid("admitted_from", "is needed with the other day"));
            }
            (Some(_), None) => return Err(invalid("admitted_to", "is needed with the other day")),
        };
        self.require_party(
            &[(Role::Administrator, Scope::Corridor)],
            "an administrator for a term (leave it out and apply for admission)",
        )?;
        valid(
            from <= to,
            "admitted_to",
            "the admission ends before it begins",
        )?;
        Ok((from, to))
    }

    /// Bit n for category n.
    pub(super) fn category_set(&self, ids: &[CategoryId]) -> Result<u64, Rejection> {
        let mut categories = 0;
        for category in ids {
            if self.state.categories.get(category.index()).is_none() {
                return Err(Rejection::NotFound("category"));
            }
            categories |= 1_u64 << category.0;
        }
        Ok(categories)
    }

    pub(super) fn set_controller_group(&mut self, c: &SetControllerGroup) -> Decision {
        let (city, from) = match c.party {
            Payee::Enterprise(id) => {
                let row = self.state.enterprises.get(id.index());
                row.map(|row| (row.city, row.group_from))
                    .ok_or(Rejection::NotFound("enterprise"))?
            }
            Payee::Provider(id) => {
                let row = self.state.providers.get(id.index());
                row.map(|row| (row.city, row.group_from))
                    .ok_or(Rejection::NotFound("provider"))?
            }
        };
        self.require_registrar(city)?;
        valid(
            c.from > from,
            "from",
            "the last change of the group is not older",
        )?;
        self.emit(Event::ControllerGroupSet(ControllerGroupSet {
            party: c.party,
            group: c.group.clone(),
            from: c.from,
        }));
        Ok(())
    }

    pub(super) fn set_suspension(&mut self, c: &SetSuspension) -> Decision {
        let row = self.state.providers.get(c.provider.index());
        let row = row.ok_or(Rejection::NotFound("provider"))?;
        self.require_officer(Role::ScienceOfficer, row.city)?;
        let today = *self.state.business_date;
        valid(
            c.until.is_none_or(|until| c.suspended && today <= until),
            "until",
            "is for a suspension, and does not lie before today",
        )?;
        let suspended = self.state.is_suspended_on(c.provider, today);
        let until = self.state.suspended_until(c.provider);
        let same = suspended == c.suspended && (!suspended || until == c.until);
        refuse_if(same, RefusalCode::AlreadyInState)?;
        self.emit(Event::SuspensionSet(SuspensionSet {
            provider: c.provider,
            suspended: c.suspended,
            until: c.until,
        }));
        Ok(())
    }

    /// The enterprise that a key names.
    pub(super) fn enterprise(&self, key: EnterpriseKey) -> Result<EnterpriseId, Stop> {
        let found = match key {
            EnterpriseKey::Id(id) => self
                .state
                .enterprises
                .get(id.index())
                .is_some()
                .then_some(id),
            EnterpriseKey::Code(code) => self.state.enterprise_by_code(code),
        };
        found.ok_or(Stop::Reject(Rejection::NotFound("enterprise")))
    }
}

/// An amount that must be more than nothing.
pub(super) fn positive(amount: crate::domain::Fen) -> Decision {
    if amount.is_zero() {
        Err(invalid("amount", "must be more than zero"))
    } else {
        Ok(())
    }
}
