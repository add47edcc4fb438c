//! What the registers of parties say on a day: admission, recognition, status, relations, blocks,
//! `docs/adr/0015`. Rules 5, 9, 14 to 16, 40 and 41 of a claim ask here, and so does the issue of
//! vouchers. A party of which no side table holds anything costs one branch.

use super::command::Payee;
use super::refusal::RefusalCode;
use super::state::{CreditFlagRow, Marks, ProviderRow, State};
use super::terms::{EnterpriseKind, RecognitionStance, RecognitionSubject};
use crate::domain::{CategoryId, CreditFlagId, Day, EnterpriseId, MemberId, ProviderId};

impl State {
    fn marks(&self, party: Payee) -> Marks {
        match party {
            Payee::Enterprise(id) => self.enterprises.get(id.index()).map(|row| row.marks),
            Payee::Provider(id) => self.providers.get(id.index()).map(|row| row.marks),
        }
        .unwrap_or_default()
    }

    /// The categories for which a provider is admitted on a day; `None` if it is not admitted.
    pub fn admitted_on(&self, provider: ProviderId, day: Day) -> Option<u64> {
        let row = self.providers.get(provider.index())?;
        if (row.admitted_from..=row.admitted_to).contains(&day) {
            return Some(row.categories);
        }
        if !row.marks.has(Marks::TERMS) {
            return None;
        }
        let (_, term) = self
            .admission_terms
            .range((provider, Day::MIN)..=(provider, day))
            .next_back()?;
        (day <= term.to).then_some(term.categories)
    }

    /// The terms for which a provider was or is admitted: first day, last day, categories.
    pub fn terms_of(&self, provider: ProviderId) -> Vec<(Day, Day, u64)> {
        let terms = self
            .admission_terms
            .range((provider, Day::MIN)..=(provider, Day::MAX))
            .map(|((_, from), term)| (*from, term.to, term.categories));
        let terms: Vec<_> = terms.collect();
        if !terms.is_empty() {
            return terms;
        }
        let row = self.providers.get(provider.index());
        let own = row.and_then(|row| row.term().map(|(from, to)| (from, to, row.categories)));
        own.into_iter().collect()
    }

    /// True if a provider is suspended on a day.
    pub fn is_suspended_on(&self, provider: ProviderId, day: Day) -> bool {
        self.providers
            .get(provider.index())
            .is_some_and(|row| row.suspended && !self.suspension_is_over(provider, row, day))
    }

    fn suspension_is_over(&self, provider: ProviderId, row: &ProviderRow, day: Day) -> bool {
        row.marks.has(Marks::SUSPENSION_ENDS)
            && self
                .suspensions
                .get(&provider)
                .is_some_and(|last| day > *last)
    }

    /// Last day of a provider's suspension, if it has one.
    pub fn suspended_until(&self, provider: ProviderId) -> Option<Day> {
        self.suspensions.get(&provider).copied()
    }

    /// The credit flags on a legal person, in either of its roles.
    pub fn flags_on(&self, party: Payee) -> impl Iterator<Item = (CreditFlagId, &CreditFlagRow)> {
        self.flags_of
            .range((party, CreditFlagId(0))..=(party, CreditFlagId(u32::MAX)))
            .filter_map(|((_, id), ())| self.flags.get(id.index()).map(|row| (*id, row)))
    }

    /// True if a flag blocks a party on a day.
    pub fn is_blocked_on(&self, party: Payee, day: Day) -> bool {
        self.marks(party).has(Marks::FLAGGED)
            && self.flags_on(party).any(|(_, flag)| flag.blocks_on(day))
    }

    /// True if a party is struck off on a day.
    pub fn is_dissolved_on(&self, party: Payee, day: Day) -> bool {
        self.marks(party).has(Marks::DISSOLVED)
            && self
                .dissolved
                .get(&party)
                .is_some_and(|row| row.from <= day)
    }

    /// What keeps anything new from being issued to a party today: it is struck off, or blocked.
    /// Issues, applications and orders ask this.
    pub fn standing_fault(&self, party: Payee) -> Option<RefusalCode> {
        let marks = self.marks(party);
        if marks == Marks::default() {
            return None;
        }
        let today = *self.business_date;
        if self.is_dissolved_on(party, today) {
            Some(RefusalCode::PartyDissolved)
        } else if self.is_blocked_on(party, today) {
            Some(RefusalCode::PartyBlocked)
        } else {
            None
        }
    }

    /// Version of the account that a party is paid to.
    pub fn account_version(&self, party: Payee) -> Option<u32> {
        let row = self.bank_accounts.get(&party)?;
        row.current.as_ref().map(|current| current.version)
    }

    /// The firm that a team became, or that took the place of a firm that is no more.
    pub fn successor_of(&self, enterprise: EnterpriseId) -> Option<EnterpriseId> {
        let row = self.dissolved.get(&Payee::Enterprise(enterprise))?;
        row.successor
    }

    /// True if a declared relation holds between two parties on a day.
    pub fn are_related_on(&self, one: Payee, other: Payee, day: Day) -> bool {
        let (one, other) = (one.min(other), one.max(other));
        self.marks(one).has(Marks::RELATED)
            && self.marks(other).has(Marks::RELATED)
            && self
                .relations
                .range((one, other, Day::MIN)..=(one, other, day))
                .any(|(_, row)| row.to.is_none_or(|to| day <= to))
    }

    /// How a city stands to something on a contract of a day and category.
    fn stance(
        &self,
        city: MemberId,
        subject: RecognitionSubject,
        category: Option<CategoryId>,
        day: Day,
    ) -> RecognitionStance {
        let newest = self
            .recognitions
            .range((city, subject, Day::MIN)..=(city, subject, day))
            .next_back();
        match newest {
            Some((_, row)) if category.map_or(row.covers_day(day), |id| row.covers(day, id)) => {
                row.stance
            }
            _ => RecognitionStance::Silent,
        }
    }

    /// True if a city recognises a provider for a contract: what it says of this provider goes
    /// before the host cities of the programme's rules (`listed`), and what it says of the city
    /// that admitted the provider only adds to them.
    pub fn recognises(
        &self,
        city: MemberId,
        provider: ProviderId,
        category: CategoryId,
        day: Day,
        listed: bool,
    ) -> bool {
        let row = &self.providers[provider.index()];
        if row.marks.has(Marks::RECOGNISED) {
            let subject = RecognitionSubject::Provider(provider);
            match self.stance(city, subject, Some(category), day) {
                RecognitionStance::Recognises => return true,
                RecognitionStance::Refuses => return false,
                RecognitionStance::Silent => {}
            }
        }
        let host = RecognitionSubject::AdmittedBy(row.city);
        listed || self.stance(city, host, Some(category), day) == RecognitionStance::Recognises
    }

    /// What an enterprise is on a day. Certificates decide from the first day of the first one
    /// on: what no certificate covers is the kind it was registered with, or a plain SME if that
    /// is the status that has to be certified. Without certificates it is the registered kind.
    pub fn enterprise_kind_on(&self, id: EnterpriseId, day: Day) -> Option<EnterpriseKind> {
        self.kind_on(id, day, |_| true)
    }

    /// As [`State::enterprise_kind_on`], with the certificates alone that a city recognises: its
    /// own, and those of cities whose certificates it does not refuse.
    pub fn enterprise_kind_for(
        &self,
        id: EnterpriseId,
        day: Day,
        city: MemberId,
    ) -> Option<EnterpriseKind> {
        self.kind_on(id, day, |certifier| {
            let subject = RecognitionSubject::StatusOf(certifier);
            certifier == city || self.stance(city, subject, None, day) != RecognitionStance::Refuses
        })
    }

    fn kind_on(
        &self,
        id: EnterpriseId,
        day: Day,
        counts: impl Fn(MemberId) -> bool,
    ) -> Option<EnterpriseKind> {
        let row = self.enterprises.get(id.index())?;
        if !row.marks.has(Marks::CERTIFIED) {
            return Some(row.kind);
        }
        let mut begun = self
            .statuses
            .range((id, Day::MIN)..=(id, day))
            .rev()
            .peekable();
        if begun.peek().is_none() {
            return Some(row.kind);
        }
        let certified = begun.find(|(_, status)| day <= status.to && counts(status.city));
        Some(match (certified, row.kind) {
            (Some((_, status)), _) => status.kind,
            (None, EnterpriseKind::HighTech) => EnterpriseKind::Sme,
            (None, kind) => kind,
        })
    }
}
