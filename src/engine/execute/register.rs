//! Facts entered in the registers of parties: removal, recognition, status, relations, teams,
//! corrections, dissolution.

use super::{Decision, Execution, Rejection, Stop, refuse_if, valid};
use crate::domain::{CategoryId, Day, EnterpriseId, MemberId, PersonalText, ProviderId};
use crate::engine::command::{ChangeRegister, PartyName, Payee};
use crate::engine::event::{
    AdmissionEnded, AdmissionPolicySet, Event, PartyCorrected, PartyDissolved, RecognitionSet,
    RelationSet, StatusSet, TeamSet,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::State;
use crate::engine::terms::{
    EnterpriseKind, PUBLICITY_DAYS_MAX, RecognitionStance, RecognitionSubject, Role, Scope,
    TEAM_MEMBERS_MAX,
};

impl Execution<'_> {
    pub(super) fn change_register(&mut self, c: &ChangeRegister) -> Decision {
        match c {
            ChangeRegister::Publicity { city, days } => self.set_publicity(*city, *days),
            ChangeRegister::Removal { provider, from } => self.remove_provider(*provider, *from),
            ChangeRegister::Recognition { .. } => self.set_recognition(c),
            ChangeRegister::Status { .. } => self.set_status(c),
            ChangeRegister::Relation { .. } => self.set_relation(c),
            ChangeRegister::Team {
                enterprise,
                leader,
                members,
            } => self.set_team(*enterprise, leader, members),
            ChangeRegister::Correction {
                party,
                name,
                address,
                from,
            } => self.correct_party(*party, name, address.as_ref(), *from),
            ChangeRegister::Dissolution {
                party,
                from,
                successor,
            } => self.dissolve_party(*party, *from, *successor),
        }
    }

    fn set_publicity(&mut self, city: MemberId, publicity_days: u16) -> Decision {
        self.check_city(city, "city")?;
        self.require_officer(Role::ScienceOfficer, city)?;
        valid(
            publicity_days <= PUBLICITY_DAYS_MAX,
            "publicity_days",
            "are at most 90",
        )?;
        self.emit(Event::AdmissionPolicySet(AdmissionPolicySet {
            city,
            publicity_days,
        }));
        Ok(())
    }

    /// Stops unless the day has not passed; a history that is imported may name any.
    fn not_before_today(&self, day: Day, field: &'static str) -> Decision {
        valid(
            self.submission.imported || day >= *self.state.business_date,
            field,
            "lies before today",
        )
    }

    fn remove_provider(&mut self, provider: ProviderId, from: Day) -> Decision {
        let row = self.state.providers.get(provider.index());
        let city = row.ok_or(Rejection::NotFound("provider"))?.city;
        self.require_officer(Role::ScienceOfficer, city)?;
        self.not_before_today(from, "from")?;
        match self.state.ending(provider, from) {
            Some(ended) => self.emit(Event::AdmissionEnded(ended)),
            None => return Err(RefusalCode::NotAdmitted.into()),
        }
        Ok(())
    }

    fn set_recognition(&mut self, c: &ChangeRegister) -> Decision {
        let ChangeRegister::Recognition {
            city,
            subject,
            stance,
            categories,
            from,
            to,
        } = c
        else {
            return Ok(());
        };
        self.check_city(*city, "city")?;
        self.require_officer(Role::ScienceOfficer, *city)?;
        self.check_subject(*city, *subject, *stance)?;
        valid(
            to.is_none_or(|to| *from <= to),
            "to",
            "lies before the first day",
        )?;
        self.not_before_today(*from, "from")?;
        let of_status = matches!(subject, RecognitionSubject::StatusOf(_));
        let set = self.recognised_categories(categories.as_deref(), of_status)?;
        let later = (*city, *subject, *from)..=(*city, *subject, Day::MAX);
        let overlaps = self.state.recognitions.range(later).next().is_some();
        refuse_if(overlaps, RefusalCode::EntryOverlaps)?;
        self.emit(Event::RecognitionSet(RecognitionSet {
            city: *city,
            subject: *subject,
            stance: *stance,
            categories: set,
            from: *from,
            to: *to,
        }));
        Ok(())
    }

    fn recognised_categories(
        &self,
        categories: Option<&[CategoryId]>,
        of_status: bool,
    ) -> Result<Option<u64>, Stop> {
        let Some(categories) = categories else {
            return Ok(None);
        };
        valid(
            !of_status && !categories.is_empty(),
            "categories",
            "are at least one, and not for a status",
        )?;
        Ok(Some(self.category_set(categories)?))
    }

    fn check_subject(
        &self,
        city: MemberId,
        subject: RecognitionSubject,
        stance: RecognitionStance,
    ) -> Decision {
        let other = match subject {
            RecognitionSubject::Provider(id) => {
                let row = self.state.providers.get(id.index());
                row.ok_or(Rejection::NotFound("provider"))?.city
            }
            RecognitionSubject::AdmittedBy(other) => {
                self.check_city(other, "admitted_by")?;
                valid(
                    stance != RecognitionStance::Refuses,
                    "stance",
                    "which host cities a programme takes, its rules say",
                )?;
                other
            }
            RecognitionSubject::StatusOf(other) => {
                self.check_city(other, "status_of")?;
                other
            }
        };
        valid(
            other != city,
            "city",
            "a city recognises what other cities admitted or certified",
        )
    }

    fn set_status(&mut self, c: &ChangeRegister) -> Decision {
        let ChangeRegister::Status {
            enterprise,
            kind,
            from,
            to,
            certificate_no,
            city,
        } = c
        else {
            return Ok(());
        };
        self.check_city(*city, "certified_by")?;
        let row = self.state.enterprises.get(enterprise.index());
        let row = row.ok_or(Rejection::NotFound("enterprise"))?;
        // Whoever has certified it: a firm keeps its status when it comes from another city, and
        // no other city writes about it.
        self.require_officer(Role::ScienceOfficer, row.city)?;
        valid(
            *kind != EnterpriseKind::Team && row.kind != EnterpriseKind::Team,
            "kind",
            "a team has no certified status",
        )?;
        valid(from <= to, "to", "lies before the first day")?;
        let known = self
            .state
            .statuses
            .range((*enterprise, Day::MIN)..=(*enterprise, Day::MAX));
        for ((_, first), status) in known {
            if first == from && status.kind == *kind && status.city == *city {
                refuse_if(status.to == *to, RefusalCode::AlreadyInState)?;
            } else {
                let overlaps = first <= to && *from <= status.to;
                refuse_if(overlaps, RefusalCode::EntryOverlaps)?;
            }
        }
        self.emit(Event::StatusSet(Box::new(StatusSet {
            enterprise: *enterprise,
            kind: *kind,
            from: *from,
            to: *to,
            certificate_no: certificate_no.clone(),
            city: *city,
        })));
        Ok(())
    }

    fn set_relation(&mut self, c: &ChangeRegister) -> Decision {
        let ChangeRegister::Relation {
            party,
            other,
            kind,
            from,
            to,
        } = c
        else {
            return Ok(());
        };
        let (one, other) = ((*party).min(*other), (*party).max(*other));
        let cities = [self.city_of_party(one)?.0, self.city_of_party(other)?.0];
        valid(one != other, "other", "is the party itself")?;
        valid(
            to.is_none_or(|to| *from <= to),
            "to",
            "lies before the first day",
        )?;
        let known: Vec<_> = self
            .state
            .relations
            .range((one, other, Day::MIN)..=(one, other, Day::MAX))
            .map(|((_, _, first), row)| (*first, row.clone()))
            .collect();
        let changed = known.iter().any(|(first, _)| first == from);
        self.require_relation_office([one, other], cities, changed)?;
        for (first, row) in known {
            if first == *from {
                let same = row.to == *to && row.kind == *kind;
                refuse_if(same, RefusalCode::AlreadyInState)?;
            } else {
                let overlaps =
                    to.is_none_or(|to| first <= to) && row.to.is_none_or(|last| *from <= last);
                refuse_if(overlaps, RefusalCode::EntryOverlaps)?;
            }
        }
        self.emit(Event::RelationSet(RelationSet {
            party: one,
            other,
            kind: *kind,
            from: *from,
            to: *to,
        }));
        Ok(())
    }

    /// A party declares a relation; the offices of either's city do, too. What was declared is
    /// changed by them alone, and between a firm and a laboratory by the firm's city: that pays
    /// for what the relation forbids.
    fn require_relation_office(
        &self,
        parties: [Payee; 2],
        cities: [MemberId; 2],
        changed: bool,
    ) -> Decision {
        let mut roles = vec![(Role::Administrator, Scope::Corridor)];
        let mixed = matches!(
            parties,
            [Payee::Enterprise(_), Payee::Provider(_)] | [Payee::Provider(_), Payee::Enterprise(_)]
        );
        let offices = parties
            .iter()
            .zip(cities)
            .filter(|(party, _)| !(changed && mixed) || matches!(party, Payee::Enterprise(_)));
        roles.extend(offices.map(|(_, city)| (Role::ScienceOfficer, Scope::Member(city))));
        if !changed {
            roles.extend(parties.map(|party| match party {
                Payee::Enterprise(id) => (Role::Enterprise, Scope::Enterprise(id)),
                Payee::Provider(id) => (Role::Provider, Scope::Provider(id)),
            }));
        }
        let needed = match (changed, mixed) {
            (false, _) => "one of the parties or the office of its city",
            (true, true) => "the science-and-technology office of the enterprise's city",
            (true, false) => "the science-and-technology office of the city of one of them",
        };
        self.require_party(&roles, needed)
    }

    fn set_team(
        &mut self,
        enterprise: EnterpriseId,
        leader: &PersonalText,
        members: &[PersonalText],
    ) -> Decision {
        let (city, team) = self.city_of_party(Payee::Enterprise(enterprise))?;
        let roles = [
            (Role::Enterprise, Scope::Enterprise(enterprise)),
            (Role::ScienceOfficer, Scope::Member(city)),
            (Role::Administrator, Scope::Corridor),
        ];
        self.require_party(&roles, "the team or the office of its city")?;
        valid(team, "id", "is no team")?;
        valid(
            members.len() <= TEAM_MEMBERS_MAX,
            "members",
            "are at most 50",
        )?;
        self.emit(Event::TeamSet(Box::new(TeamSet {
            enterprise,
            leader: leader.clone(),
            members: members.into(),
        })));
        Ok(())
    }

    fn correct_party(
        &mut self,
        party: Payee,
        name: &PartyName,
        address: Option<&PartyName>,
        from: Day,
    ) -> Decision {
        let (city, team) = self.city_of_party(party)?;
        self.require_registrar(city)?;
        let personal = |text: &PartyName| matches!(text, PartyName::Personal(_));
        valid(
            personal(name) == team && address.is_none_or(|address| personal(address) == team),
            "name",
            "a team's name and address are personal data, a firm's are not",
        )?;
        let today = *self.state.business_date;
        valid(from <= today, "from", "lies after today")?;
        self.emit(Event::PartyCorrected(Box::new(PartyCorrected {
            party,
            name: name.clone(),
            address: address.cloned(),
            from,
        })));
        Ok(())
    }

    fn dissolve_party(
        &mut self,
        party: Payee,
        from: Day,
        successor: Option<EnterpriseId>,
    ) -> Decision {
        let (city, _) = self.city_of_party(party)?;
        self.require_registrar(city)?;
        let today = *self.state.business_date;
        valid(from <= today, "from", "lies after today")?;
        if let Some(successor) = successor {
            let row = self.state.enterprises.get(successor.index());
            let kind = row.ok_or(Rejection::NotFound("successor"))?.kind;
            let follows = matches!(party, Payee::Enterprise(id) if id != successor);
            valid(
                follows && kind != EnterpriseKind::Team,
                "successor",
                "is a firm that takes the place of another firm or of a team",
            )?;
        }
        let known = self.state.dissolved.get(&party).is_some();
        refuse_if(known, RefusalCode::AlreadyInState)?;
        self.emit(Event::PartyDissolved(PartyDissolved {
            party,
            from,
            successor,
        }));
        if let Payee::Provider(provider) = party
            && let Some(ended) = self.state.ending(provider, from)
        {
            self.emit(Event::AdmissionEnded(ended));
        }
        Ok(())
    }
}

impl State {
    /// The end of a provider's admission from a day on; `None` if it is not admitted then or later.
    fn ending(&self, provider: ProviderId, from: Day) -> Option<AdmissionEnded> {
        let terms = self.terms_of(provider);
        if terms.iter().all(|(_, to, _)| *to < from) {
            return None;
        }
        let left = terms.iter().rev().find(|(first, _, _)| *first < from);
        let term = match (left, terms.first()) {
            (Some((first, to, _)), _) => (*first, (*to).min(from.previous())),
            (None, Some((first, _, _))) => (*first, first.previous()),
            (None, None) => return None,
        };
        Some(AdmissionEnded {
            provider,
            from,
            term,
        })
    }
}
