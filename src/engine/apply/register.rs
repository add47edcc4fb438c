//! Applying the events of the registers of parties.

use super::State;
use crate::domain::{Day, EnterpriseId, InlineText, ProviderId, Seq};
use crate::engine::command::{Name, PartyName, Payee};
use crate::engine::event::{
    AdmissionApplied, AdmissionDecided, AdmissionEnded, AdmissionObjected, BankAccountDecided,
    BankAccountProposed, CreditFlagRaised, Event, EventMeta, PartyDissolved, ProviderAdmitted,
    ProviderRegistered, RecognitionSet, RelationSet, StatusSet, SuspensionSet,
};
use crate::engine::state::{
    AccountRow, AccountVersion, AdmissionRow, AdmissionStatus, CreditFlagRow, DissolvedRow, Marks,
    ObjectionRow, RecognitionRow, RelationRow, StatusRow, TermRow,
};
use crate::engine::terms::{AdmissionDecision, RecognitionSubject};

/// The last four characters of an account.
fn tail(account: &Name) -> Option<InlineText<16>> {
    let text = account.as_str();
    let from = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    InlineText::parse(text[from..].trim()).ok()
}

impl State {
    /// Applies an event of the registers; others are none of this file's.
    pub(super) fn apply_register(&mut self, meta: &EventMeta, event: &Event) {
        match event {
            Event::AdmissionApplied(e) => self.admission_applied(meta, e),
            Event::AdmissionDecided(e) => self.admission_decided(meta, e),
            Event::AdmissionObjected(e) => self.admission_objected(meta, e),
            Event::ProviderAdmitted(e) => self.provider_admitted(e),
            Event::AdmissionEnded(e) => self.admission_ended(e),
            Event::AdmissionPolicySet(e) => self.publicity.insert(e.city, e.publicity_days),
            Event::RecognitionSet(e) => self.recognition_set(meta, e),
            Event::StatusSet(e) => self.status_set(meta, e),
            Event::RelationSet(e) => self.relation_set(meta, e),
            Event::CreditFlagRaised(e) => self.credit_flag_raised(meta, e),
            Event::CreditFlagLifted(e) => {
                let today = meta.business_date;
                self.flags
                    .update(e.flag.index(), |row| row.lifted_on = Some(today));
            }
            Event::BankAccountProposed(e) => self.bank_account_proposed(meta, e),
            Event::BankAccountDecided(e) => self.bank_account_decided(e),
            Event::TeamSet(e) => self.teams.insert(e.enterprise, meta.seq),
            Event::PartyCorrected(e) => self.set_details(e.party, meta.seq),
            Event::PartyDissolved(e) => self.party_dissolved(e),
            _ => {}
        }
    }

    /// Marks a party as one of which a side table holds something.
    fn mark(&mut self, party: Payee, mark: Marks) {
        match party {
            Payee::Enterprise(id) => self
                .enterprises
                .update(id.index(), |row| row.marks.add(mark)),
            Payee::Provider(id) => self.providers.update(id.index(), |row| row.marks.add(mark)),
        }
    }

    fn set_details(&mut self, party: Payee, seq: Seq) {
        match party {
            Payee::Enterprise(id) => self.enterprises.update(id.index(), |row| row.details = seq),
            Payee::Provider(id) => self.providers.update(id.index(), |row| row.details = seq),
        }
    }

    fn admission_applied(&mut self, meta: &EventMeta, e: &AdmissionApplied) {
        let row = AdmissionRow {
            code: e.code,
            name: e.name.clone(),
            provider: e.provider,
            city: e.city,
            categories: e.categories,
            from: e.from,
            to: e.to,
            status: AdmissionStatus::Applied,
            applied_by: meta.principal,
            checked_by: None,
            publicity_until: None,
            objections: 0,
            objections_open: 0,
            year: meta.business_date.year(),
            details: meta.seq,
        };
        let position = self.admissions.push(row);
        assert_eq!(position, e.admission.index(), "ids are dense");
        self.admissions_open.insert(e.code, e.admission);
    }

    fn admission_decided(&mut self, meta: &EventMeta, e: &AdmissionDecided) {
        let status = match e.decision {
            AdmissionDecision::Passed => AdmissionStatus::Passed,
            AdmissionDecision::Returned => AdmissionStatus::Returned,
            AdmissionDecision::Declined => AdmissionStatus::Declined,
            AdmissionDecision::Withdrawn => AdmissionStatus::Withdrawn,
            AdmissionDecision::Dismissed => AdmissionStatus::Passed,
        };
        let code = self.admissions.update(e.admission.index(), |row| {
            row.status = status;
            if e.decision == AdmissionDecision::Passed {
                row.checked_by = Some(meta.principal);
                row.publicity_until = e.publicity_until;
            }
            if e.objection.is_some() {
                row.objections_open -= 1;
            }
            row.code
        });
        if let Some(number) = e.objection {
            let key = (e.admission, number);
            if let Some(row) = self.objections.get(&key).cloned() {
                let upheld = Some(e.decision == AdmissionDecision::Declined);
                self.objections.insert(key, ObjectionRow { upheld, ..row });
            }
        }
        if !status.is_open() {
            self.admissions_open.remove(&code);
        }
    }

    fn admission_objected(&mut self, meta: &EventMeta, e: &AdmissionObjected) {
        self.admissions.update(e.admission.index(), |row| {
            row.objections = e.objection;
            row.objections_open += 1;
        });
        let row = ObjectionRow {
            reason: e.reason,
            by: meta.principal,
            upheld: None,
            details: meta.seq,
        };
        self.objections.insert((e.admission, e.objection), row);
    }

    fn provider_admitted(&mut self, e: &ProviderAdmitted) {
        let code = self.admissions.update(e.admission.index(), |row| {
            row.status = AdmissionStatus::Admitted;
            row.provider = Some(e.provider);
            row.code
        });
        self.admissions_open.remove(&code);
        let row = &self.providers[e.provider.index()];
        let same_days = (row.admitted_from, row.admitted_to) == (e.from, e.to);
        if same_days && row.categories == e.categories {
            // The event before this one has entered the provider with this very term.
            return;
        }
        self.keep_term(e.provider);
        self.end_terms(e.provider, e.from);
        let term = TermRow {
            to: e.to,
            categories: e.categories,
        };
        self.admission_terms.insert((e.provider, e.from), term);
        self.providers.update(e.provider.index(), |row| {
            row.admitted_from = e.from;
            row.admitted_to = e.to;
            row.categories = e.categories;
        });
    }

    /// Writes the term of a provider's row into the table of terms, if it has one.
    fn keep_term(&mut self, provider: ProviderId) {
        let (term, categories) = self.providers.update(provider.index(), |row| {
            row.marks.add(Marks::TERMS);
            (row.term(), row.categories)
        });
        if let Some((from, to)) = term {
            let term = TermRow { to, categories };
            self.admission_terms.insert((provider, from), term);
        }
    }

    /// Ends the terms of a provider on the day before `from`.
    fn end_terms(&mut self, provider: ProviderId, from: Day) {
        let terms: Vec<(Day, TermRow)> = self
            .admission_terms
            .range((provider, Day::MIN)..=(provider, Day::MAX))
            .filter(|(_, term)| term.to >= from)
            .map(|((_, first), term)| (*first, term.clone()))
            .collect();
        for (first, term) in terms {
            let key = (provider, first);
            if first >= from {
                self.admission_terms.remove(&key);
            } else {
                let to = from.previous();
                self.admission_terms.insert(key, TermRow { to, ..term });
            }
        }
    }

    fn admission_ended(&mut self, e: &AdmissionEnded) {
        self.keep_term(e.provider);
        self.end_terms(e.provider, e.from);
        let last = self
            .admission_terms
            .range((e.provider, Day::MIN)..=(e.provider, Day::MAX))
            .next_back()
            .map(|(_, term)| term.categories);
        self.providers.update(e.provider.index(), |row| {
            (row.admitted_from, row.admitted_to) = e.term;
            row.categories = last.unwrap_or(row.categories);
        });
    }

    pub(super) fn suspension_set(&mut self, e: &SuspensionSet) {
        self.providers.update(e.provider.index(), |row| {
            row.suspended = e.suspended;
            if e.until.is_some() {
                row.marks.add(Marks::SUSPENSION_ENDS);
            }
        });
        match e.until {
            Some(until) => self.suspensions.insert(e.provider, until),
            None => self.suspensions.remove(&e.provider),
        }
    }

    fn recognition_set(&mut self, meta: &EventMeta, e: &RecognitionSet) {
        let row = RecognitionRow {
            stance: e.stance,
            categories: e.categories,
            to: e.to,
            details: meta.seq,
        };
        self.recognitions.insert((e.city, e.subject, e.from), row);
        if let RecognitionSubject::Provider(id) = e.subject {
            self.mark(Payee::Provider(id), Marks::RECOGNISED);
        }
    }

    fn status_set(&mut self, meta: &EventMeta, e: &StatusSet) {
        let row = StatusRow {
            kind: e.kind,
            to: e.to,
            city: e.city,
            details: meta.seq,
        };
        self.statuses.insert((e.enterprise, e.from), row);
        self.mark(Payee::Enterprise(e.enterprise), Marks::CERTIFIED);
    }

    fn relation_set(&mut self, meta: &EventMeta, e: &RelationSet) {
        let row = RelationRow {
            kind: e.kind,
            to: e.to,
            details: meta.seq,
        };
        self.relations.insert((e.party, e.other, e.from), row);
        self.mark(e.party, Marks::RELATED);
        self.mark(e.other, Marks::RELATED);
    }

    fn credit_flag_raised(&mut self, meta: &EventMeta, e: &CreditFlagRaised) {
        let row = CreditFlagRow {
            party: e.party,
            code: e.code,
            level: e.level,
            from: e.from,
            until: e.until,
            city: e.city,
            lifted_on: None,
            year: meta.business_date.year(),
            details: meta.seq,
        };
        let position = self.flags.push(row);
        assert_eq!(position, e.flag.index(), "ids are dense");
        let other = self.other_role(e.party);
        for party in std::iter::once(e.party).chain(other) {
            self.flags_of.insert((party, e.flag), ());
            self.mark(party, Marks::FLAGGED);
        }
    }

    /// A legal person that enters the register in its second role brings its flags along.
    pub(super) fn take_over_flags(&mut self, party: Payee) {
        let Some(other) = self.other_role(party) else {
            return;
        };
        let flags: Vec<_> = self.flags_on(other).map(|(id, _)| id).collect();
        for flag in flags {
            self.flags_of.insert((party, flag), ());
            self.mark(party, Marks::FLAGGED);
        }
    }

    /// The account that a provider is registered with is the first version.
    pub(super) fn register_account(&mut self, meta: &EventMeta, e: &ProviderRegistered) {
        let Some(account) = &e.bank_account else {
            return;
        };
        let version = AccountVersion {
            version: 1,
            tail: tail(account),
            details: meta.seq,
        };
        let row = AccountRow {
            current: Some(version),
            versions: 1,
            ..AccountRow::default()
        };
        self.bank_accounts.insert(Payee::Provider(e.provider), row);
    }

    fn bank_account_proposed(&mut self, meta: &EventMeta, e: &BankAccountProposed) {
        let mut row = self
            .bank_accounts
            .get(&e.party)
            .cloned()
            .unwrap_or_default();
        row.versions = e.version;
        row.proposed_by = Some(meta.principal);
        row.proposed = Some(AccountVersion {
            version: e.version,
            tail: match &e.account {
                PartyName::Public(account) => tail(account),
                PartyName::Personal(_) => None,
            },
            details: meta.seq,
        });
        self.bank_accounts.insert(e.party, row);
    }

    fn bank_account_decided(&mut self, e: &BankAccountDecided) {
        let mut row = self
            .bank_accounts
            .get(&e.party)
            .cloned()
            .unwrap_or_default();
        let proposed = row.proposed.take();
        row.proposed_by = None;
        if e.approved {
            row.current = proposed;
        }
        self.bank_accounts.insert(e.party, row);
    }

    fn party_dissolved(&mut self, e: &PartyDissolved) {
        let row = DissolvedRow {
            from: e.from,
            successor: e.successor,
        };
        self.dissolved.insert(e.party, row);
        self.mark(e.party, Marks::DISSOLVED);
    }

    /// The same legal person in its other role.
    fn other_role(&self, party: Payee) -> Option<Payee> {
        match party {
            Payee::Enterprise(id) => {
                let code = self.enterprises.get(id.index())?.code;
                let index = &self.provider_codes.0;
                let found = index.find(index.hash(&code), |p| {
                    self.providers[p as usize].code == code
                });
                found.map(|id| Payee::Provider(ProviderId(id)))
            }
            Payee::Provider(id) => {
                let code = self.providers.get(id.index())?.code;
                let index = &self.enterprise_codes.0;
                let found = index.find(index.hash(&code), |p| {
                    self.enterprises[p as usize].code == code
                });
                found.map(|id| Payee::Enterprise(EnterpriseId(id)))
            }
        }
    }
}
