//! Credit flags and the block list that all cities share.

use super::{Decision, Execution, Rejection, Stop, refuse_if, valid};
use crate::domain::{CreditFlagId, MemberId};
use crate::engine::command::{LiftCreditFlag, Payee, RaiseCreditFlag};
use crate::engine::event::{CreditFlagLifted, CreditFlagRaised, Event};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{EnterpriseKind, Role, Scope};

impl Execution<'_> {
    /// City of a party, and whether it is a team of natural persons.
    pub(super) fn city_of_party(&self, party: Payee) -> Result<(MemberId, bool), Stop> {
        match party {
            Payee::Enterprise(id) => {
                let row = self.state.enterprises.get(id.index());
                let row = row.ok_or(Rejection::NotFound("enterprise"))?;
                Ok((row.city, row.kind == EnterpriseKind::Team))
            }
            Payee::Provider(id) => {
                let row = self.state.providers.get(id.index());
                Ok((row.ok_or(Rejection::NotFound("provider"))?.city, false))
            }
        }
    }

    /// Refuses what is new to a party that is struck off or on the block list today.
    pub(super) fn refuse_standing(&self, party: Payee) -> Decision {
        match self.state.standing_fault(party) {
            Some(code) => Err(code.into()),
            None => Ok(()),
        }
    }

    pub(super) fn raise_credit_flag(&mut self, c: &RaiseCreditFlag) -> Decision {
        self.check_city(c.city, "city")?;
        let roles = [
            (Role::ScienceOfficer, Scope::Member(c.city)),
            (Role::FinanceOfficer, Scope::Member(c.city)),
        ];
        self.require_party(&roles, "an office of the city that raises the flag")?;
        self.city_of_party(c.party)?;
        valid(
            c.until.is_none_or(|until| c.from <= until),
            "until",
            "the flag ends before it begins",
        )?;
        let flag =
            CreditFlagId::from_index(self.state.flags.len()).ok_or(Rejection::Full("flags"))?;
        self.emit(Event::CreditFlagRaised(Box::new(CreditFlagRaised {
            flag,
            party: c.party,
            code: c.code,
            level: c.level,
            from: c.from,
            until: c.until,
            city: c.city,
            document_no: c.document_no.clone(),
            document_sha256: c.document_sha256,
        })));
        Ok(())
    }

    pub(super) fn lift_credit_flag(&mut self, c: &LiftCreditFlag) -> Decision {
        let row = self.state.flags.get(c.flag.index());
        let row = row.ok_or(Rejection::NotFound("flag"))?;
        let roles = [
            (Role::ScienceOfficer, Scope::Member(row.city)),
            (Role::FinanceOfficer, Scope::Member(row.city)),
            (Role::Arbiter, Scope::Corridor),
        ];
        self.require_party(
            &roles,
            "an office of the city that raised the flag, or the arbiter",
        )?;
        refuse_if(row.lifted_on.is_some(), RefusalCode::FlagLifted)?;
        let party = row.party;
        self.emit(Event::CreditFlagLifted(CreditFlagLifted {
            flag: c.flag,
            party,
        }));
        Ok(())
    }
}
