//! The account that a party is paid to: named by one person, put in force by another.

use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::engine::command::{AccountStep, Name, PartyName, Payee, SetBankAccount};
use crate::engine::event::{BankAccountDecided, BankAccountProposed, Event};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{Role, Scope};

impl Execution<'_> {
    pub(super) fn set_bank_account(&mut self, c: &SetBankAccount) -> Decision {
        match &c.step {
            AccountStep::Propose { account, bank } => {
                self.propose_account(c.party, account, bank.as_ref())
            }
            AccountStep::Decide { version, approve } => {
                self.decide_account(c.party, *version, *approve)
            }
        }
    }

    fn propose_account(
        &mut self,
        party: Payee,
        account: &PartyName,
        bank: Option<&Name>,
    ) -> Decision {
        let (city, team) = self.city_of_party(party)?;
        let own = match party {
            Payee::Enterprise(id) => (Role::Enterprise, Scope::Enterprise(id)),
            Payee::Provider(id) => (Role::Provider, Scope::Provider(id)),
        };
        let roles = [
            own,
            (Role::ScienceOfficer, Scope::Member(city)),
            (Role::Administrator, Scope::Corridor),
        ];
        self.require_party(&roles, "the party or the office of its city")?;
        valid(
            team == matches!(account, PartyName::Personal(_)),
            "account",
            "a team's account is personal data, a firm's is not",
        )?;
        let today = *self.state.business_date;
        let dissolved = self.state.is_dissolved_on(party, today);
        refuse_if(dissolved, RefusalCode::PartyDissolved)?;
        let versions = self
            .state
            .bank_accounts
            .get(&party)
            .map_or(0, |row| row.versions);
        let version = versions.checked_add(1).ok_or(Rejection::Full("accounts"))?;
        self.emit(Event::BankAccountProposed(Box::new(BankAccountProposed {
            party,
            version,
            account: account.clone(),
            bank: bank.cloned(),
        })));
        Ok(())
    }

    fn decide_account(&mut self, party: Payee, version: u32, approved: bool) -> Decision {
        let (city, _) = self.city_of_party(party)?;
        self.require_officer(Role::FinanceOfficer, city)?;
        let row = self.state.bank_accounts.get(&party);
        let waits = row.and_then(|row| row.proposed.as_ref().map(|new| (row, new)));
        let waits = waits.filter(|(_, new)| new.version == version);
        let Some((row, _)) = waits else {
            return Err(RefusalCode::AccountNotProposed.into());
        };
        let same = row.proposed_by == Some(self.submission.principal);
        refuse_if(
            same && !self.submission.imported,
            RefusalCode::SecondPersonRequired,
        )?;
        self.emit(Event::BankAccountDecided(BankAccountDecided {
            party,
            version,
            approved,
        }));
        Ok(())
    }
}
