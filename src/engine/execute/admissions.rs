//! Admission of providers: application, check, publicity, objections, admission.

use super::{Decision, Execution, Rejection, Stop, invalid, refuse_if, valid};
use crate::domain::{AdmissionId, CreditCode, MemberId, PersonalText, ProviderId};
use crate::engine::command::{
    AdmissionStep, Applicant, ApplyForAdmission, Name, Payee, StepAdmission,
};
use crate::engine::event::{
    AdmissionApplied, AdmissionDecided, AdmissionObjected, Event, ProviderAdmitted,
    ProviderRegistered,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{AdmissionRow, AdmissionStatus};
use crate::engine::terms::{
    ANSWERS_MAX, AdmissionDecision, DOCUMENTS_MAX, ObjectionReason, Role, Scope,
};

/// Who applies: the provider if it is in the register, code, name if it is not, and city.
struct Applying {
    provider: Option<ProviderId>,
    code: CreditCode,
    name: Option<Name>,
    city: MemberId,
}

impl Execution<'_> {
    pub(super) fn apply_for_admission(&mut self, c: &ApplyForAdmission) -> Decision {
        let applying = self.applying(&c.applicant)?;
        let today = *self.state.business_date;
        valid(!c.categories.is_empty(), "categories", "are at least one")?;
        valid(c.from <= c.to, "to", "the term ends before it begins")?;
        valid(c.to >= today, "to", "the term has ended")?;
        valid(c.answers.len() <= ANSWERS_MAX, "answers", "are at most 40")?;
        let scored = |score: Option<u8>| score.is_none_or(|score| score <= 100);
        valid(
            c.answers.iter().all(|answer| scored(answer.score)),
            "score",
            "lies between 0 and 100",
        )?;
        valid(
            c.documents.len() <= DOCUMENTS_MAX,
            "documents",
            "are at most 20",
        )?;
        let categories = self.category_set(&c.categories)?;
        self.check_standing(applying.provider, applying.code)?;
        let pending = self.state.admissions_open.get(&applying.code).is_some();
        refuse_if(pending, RefusalCode::AdmissionPending)?;
        let admission = AdmissionId::from_index(self.state.admissions.len())
            .ok_or(Rejection::Full("admissions"))?;
        self.emit(Event::AdmissionApplied(Box::new(AdmissionApplied {
            admission,
            provider: applying.provider,
            code: applying.code,
            name: applying.name,
            city: applying.city,
            categories,
            from: c.from,
            to: c.to,
            answers: c.answers.clone(),
            documents: c.documents.clone(),
        })));
        Ok(())
    }

    /// Who applies, with the right to.
    fn applying(&self, applicant: &Applicant) -> Result<Applying, Stop> {
        match applicant {
            Applicant::Registered(id) => {
                let row = self.state.providers.get(id.index());
                let row = row.ok_or(Rejection::NotFound("provider"))?;
                self.require_provider_or_registrar(*id, row.city)?;
                let code = CreditCode::from_u128(row.code.into())
                    .expect("providers are registered by their codes");
                Ok(Applying {
                    provider: Some(*id),
                    code,
                    name: None,
                    city: row.city,
                })
            }
            Applicant::New {
                code,
                accept_failed_check,
                name,
                city,
            } => {
                self.require_registrar(*city)?;
                self.check_city(*city, "city")?;
                Self::check_code(*code, *accept_failed_check)?;
                if self.state.provider_by_code(*code).is_some() {
                    return Err(Rejection::Exists("a provider with this code").into());
                }
                Ok(Applying {
                    provider: None,
                    code: *code,
                    name: Some(name.clone()),
                    city: *city,
                })
            }
        }
    }

    fn require_provider_or_registrar(&self, provider: ProviderId, city: MemberId) -> Decision {
        let roles = [
            (Role::Provider, Scope::Provider(provider)),
            (Role::ScienceOfficer, Scope::Member(city)),
            (Role::Administrator, Scope::Corridor),
        ];
        self.require_party(&roles, "the provider or the office of its city")
    }

    /// Refuses what is struck off or blocked, as a provider or as the same firm.
    fn check_standing(&self, provider: Option<ProviderId>, code: CreditCode) -> Decision {
        let firm = self.state.enterprise_by_code(code).map(Payee::Enterprise);
        let roles = [provider.map(Payee::Provider), firm];
        match roles
            .into_iter()
            .flatten()
            .find_map(|role| self.state.standing_fault(role))
        {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }

    pub(super) fn step_admission(&mut self, c: &StepAdmission) -> Decision {
        let row = self.state.admissions.get(c.admission.index());
        let row = row.ok_or(Rejection::NotFound("admission"))?.clone();
        match &c.step {
            AdmissionStep::Check(AdmissionDecision::Withdrawn) => self.withdraw(c.admission, &row),
            AdmissionStep::Check(decision) => self.check_admission(c.admission, &row, *decision),
            AdmissionStep::Object {
                reason,
                on_behalf_of,
                document_sha256,
            } => self.object(
                c.admission,
                &row,
                *reason,
                on_behalf_of.as_ref(),
                *document_sha256,
            ),
            AdmissionStep::Answer { objection, upheld } => {
                self.answer_objection(c.admission, &row, *objection, *upheld)
            }
            AdmissionStep::Admit => self.admit(c.admission, &row),
        }
    }

    fn withdraw(&mut self, admission: AdmissionId, row: &AdmissionRow) -> Decision {
        if self.submission.principal != row.applied_by {
            match row.provider {
                Some(provider) => self.require_provider_or_registrar(provider, row.city)?,
                None => self.require_registrar(row.city)?,
            }
        }
        refuse_if(!row.status.is_open(), RefusalCode::AdmissionStateMismatch)?;
        self.emit(Event::AdmissionDecided(AdmissionDecided {
            admission,
            decision: AdmissionDecision::Withdrawn,
            publicity_until: None,
            objection: None,
        }));
        Ok(())
    }

    fn check_admission(
        &mut self,
        admission: AdmissionId,
        row: &AdmissionRow,
        decision: AdmissionDecision,
    ) -> Decision {
        self.require_officer(Role::ScienceOfficer, row.city)?;
        if decision == AdmissionDecision::Dismissed {
            return Err(invalid("decision", "is for an objection"));
        }
        let checkable = row.status == AdmissionStatus::Applied;
        refuse_if(!checkable, RefusalCode::AdmissionStateMismatch)?;
        let same = self.submission.principal == row.applied_by && !self.submission.imported;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        let days = u32::from(self.state.publicity_days(row.city));
        let published = decision == AdmissionDecision::Passed && days > 0;
        let publicity_until = published.then(|| self.state.business_date.plus_days(days));
        self.emit(Event::AdmissionDecided(AdmissionDecided {
            admission,
            decision,
            publicity_until,
            objection: None,
        }));
        Ok(())
    }

    /// Publicity is open to everybody who acts for a firm or a lab, and to the offices of every
    /// city, which speak for citizens.
    fn object(
        &mut self,
        admission: AdmissionId,
        row: &AdmissionRow,
        reason: ObjectionReason,
        on_behalf_of: Option<&PersonalText>,
        document_sha256: Option<[u8; 32]>,
    ) -> Decision {
        let mut scopes = self
            .state
            .grants_of(self.submission.principal)
            .map(|(_, scope)| scope);
        let may = if on_behalf_of.is_some() {
            scopes.any(|scope| matches!(scope, Scope::Member(_)))
        } else {
            scopes.any(|scope| scope != Scope::Corridor)
        };
        drop(scopes);
        if !may && !self.submission.imported {
            return Err(
                Rejection::Forbidden("a party, or an office that speaks for a citizen").into(),
            );
        }
        let published = row.status == AdmissionStatus::Passed;
        refuse_if(!published, RefusalCode::AdmissionStateMismatch)?;
        let today = *self.state.business_date;
        let over = row.publicity_until.is_none_or(|last| today > last);
        refuse_if(over, RefusalCode::PublicityOver)?;
        let objection = row.objections.checked_add(1);
        let objection = objection.ok_or(Rejection::Full("objections"))?;
        self.emit(Event::AdmissionObjected(Box::new(AdmissionObjected {
            admission,
            objection,
            reason,
            on_behalf_of: on_behalf_of.cloned(),
            document_sha256,
        })));
        Ok(())
    }

    fn answer_objection(
        &mut self,
        admission: AdmissionId,
        row: &AdmissionRow,
        objection: u16,
        upheld: bool,
    ) -> Decision {
        self.require_officer(Role::ScienceOfficer, row.city)?;
        let found = self.state.objections.get(&(admission, objection));
        let found = found.ok_or(Rejection::NotFound("objection"))?;
        refuse_if(found.upheld.is_some(), RefusalCode::ObjectionDecided)?;
        let published = row.status == AdmissionStatus::Passed;
        refuse_if(!published, RefusalCode::AdmissionStateMismatch)?;
        let same = found.by == self.submission.principal && !self.submission.imported;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        self.emit(Event::AdmissionDecided(AdmissionDecided {
            admission,
            decision: if upheld {
                AdmissionDecision::Declined
            } else {
                AdmissionDecision::Dismissed
            },
            publicity_until: None,
            objection: Some(objection),
        }));
        Ok(())
    }

    fn admit(&mut self, admission: AdmissionId, row: &AdmissionRow) -> Decision {
        self.require_officer(Role::ScienceOfficer, row.city)?;
        let passed = row.status == AdmissionStatus::Passed;
        refuse_if(!passed, RefusalCode::AdmissionStateMismatch)?;
        let imported = self.submission.imported;
        let same = row.checked_by == Some(self.submission.principal) && !imported;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        let today = *self.state.business_date;
        let running = row.publicity_until.is_some_and(|last| today <= last);
        refuse_if(running, RefusalCode::PublicityRunning)?;
        refuse_if(row.objections_open > 0, RefusalCode::ObjectionOpen)?;
        refuse_if(row.to < today, RefusalCode::TermPassed)?;
        let registered = self.state.provider_by_code(row.code);
        self.check_standing(registered, row.code)?;
        // Nobody is admitted for days that have passed: contracts were judged without it.
        let from = row.from.max(today);
        let provider = match registered {
            Some(provider) => provider,
            None => {
                let provider = ProviderId::from_index(self.state.providers.len())
                    .ok_or(Rejection::Full("providers"))?;
                let name = row.name.clone();
                self.emit(Event::ProviderRegistered(Box::new(ProviderRegistered {
                    provider,
                    code: row.code,
                    name: name.expect("an application of a new provider names it"),
                    city: row.city,
                    categories: row.categories,
                    group: None,
                    admitted_from: from,
                    admitted_to: row.to,
                    bank_account: None,
                })));
                provider
            }
        };
        self.emit(Event::ProviderAdmitted(ProviderAdmitted {
            admission,
            provider,
            categories: row.categories,
            from,
            to: row.to,
        }));
        Ok(())
    }
}
