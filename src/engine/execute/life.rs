//! Drafts of rules, what a city requires, and packs copied from other cities.

use super::{Decision, Execution, Rejection, invalid, refuse_if, valid};
use crate::domain::{DraftNo, MemberId, ProgrammeId, Text, VersionNo};
use crate::engine::command::{CopyPack, MarkSimulated, PublishDraft, SaveDraft, SetCityPolicy};
use crate::engine::event::{CityPolicySet, DraftSaved, DraftSimulated, Event};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::ProgrammeStatus;
use crate::engine::terms::{RequiredField, Role, Scope, TransferRule, VERSIONS_MAX, VersionTerms};

/// Stands in a copied draft for the number of the document that the city has yet to issue; such a
/// draft is not published.
const NO_DOCUMENT: &str = "-";

impl Execution<'_> {
    /// Stops unless the programme still takes rules: its year has not begun to end.
    pub(super) fn check_year_open(&self, programme: ProgrammeId) -> Decision {
        let status = self.state.programmes[programme.index()].status;
        refuse_if(status != ProgrammeStatus::Open, RefusalCode::YearEnded)
    }

    pub(super) fn save_draft(&mut self, c: &SaveDraft) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, city)?;
        self.check_terms(&c.terms)?;
        let draft = match c.draft {
            Some(draft) => {
                let known = self.state.draft(c.programme, draft);
                known.ok_or(Rejection::NotFound("draft"))?;
                draft
            }
            None => self.next_draft(c.programme, 1)?,
        };
        self.check_year_open(c.programme)?;
        self.emit(Event::DraftSaved(Box::new(DraftSaved {
            programme: c.programme,
            draft,
            terms: c.terms.clone(),
            source: None,
            source_version: None,
        })));
        Ok(())
    }

    /// The number of the next draft, if there is room for so many more.
    fn next_draft(&self, programme: ProgrammeId, more: usize) -> Result<DraftNo, Rejection> {
        let full = Rejection::Full("drafts of a programme");
        if self.state.drafts_of(programme).count() + more > VERSIONS_MAX {
            return Err(full);
        }
        let newest = self.state.programmes[programme.index()].year_ends.drafts;
        let last = usize::from(newest) + more;
        match DraftNo::from_index(last) {
            Some(_) => Ok(DraftNo(newest + 1)),
            None => Err(full),
        }
    }

    pub(super) fn mark_simulated(&mut self, c: &MarkSimulated) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, city)?;
        let draft = self.state.draft(c.programme, c.draft);
        let saved = draft.ok_or(Rejection::NotFound("draft"))?.saved;
        let Some(outcome) = c.outcome else {
            return Err(invalid(
                "operation",
                "is asked for on its own: the node simulates the draft first",
            ));
        };
        refuse_if(saved != outcome.saved, RefusalCode::DraftChanged)?;
        self.emit(Event::DraftSimulated(DraftSimulated {
            programme: c.programme,
            draft: c.draft,
            digest: c.digest,
            from: c.from,
            to: c.to,
            budget: c.budget,
            outcome: c.outcome,
        }));
        Ok(())
    }

    pub(super) fn publish_draft(&mut self, c: &PublishDraft) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, city)?;
        let draft = self.state.draft(c.programme, c.draft).cloned();
        let draft = draft.ok_or(Rejection::NotFound("draft"))?;
        refuse_if(draft.saved != c.saved, RefusalCode::DraftChanged)?;
        let open = draft.terms.document_no.as_str() == NO_DOCUMENT;
        valid(!open, "document_no", "is still that of a copied draft")?;
        self.publish(c.programme, Box::new((*draft.terms).clone()), Some(c.draft))
    }

    /// What the city requires of rules before they are published.
    pub(super) fn check_required(
        &self,
        city: MemberId,
        terms: &VersionTerms,
        simulated: bool,
    ) -> Decision {
        let lacks = |field, given: bool| self.state.requires(city, field) && !given;
        refuse_if(
            lacks(RequiredField::ReviewNo, terms.review_no.is_some()),
            RefusalCode::ReviewNoRequired,
        )?;
        refuse_if(
            lacks(
                RequiredField::PerformanceTarget,
                terms.performance_target.is_some(),
            ),
            RefusalCode::TargetRequired,
        )?;
        refuse_if(
            lacks(RequiredField::Simulation, simulated),
            RefusalCode::SimulationRequired,
        )
    }

    pub(super) fn copy_pack(&mut self, c: &CopyPack) -> Decision {
        let source = self.city_of(c.from)?;
        let city = self.city_of(c.to)?;
        self.require_officer(Role::ScienceOfficer, city)?;
        valid(c.from != c.to, "from", "is the programme itself")?;
        self.check_year_open(c.to)?;
        let versions = self.state.programmes[c.from.index()].versions.clone();
        refuse_if(versions.is_empty(), RefusalCode::NothingToCopy)?;
        let first = self.next_draft(c.to, versions.len())?;
        for (place, terms) in (0_u16..).zip(versions) {
            let terms = Box::new(adapted(&terms, source, city));
            self.emit(Event::DraftSaved(Box::new(DraftSaved {
                programme: c.to,
                draft: DraftNo(first.0 + place),
                terms,
                source: Some(c.from),
                source_version: Some(VersionNo(place + 1)),
            })));
        }
        Ok(())
    }

    pub(super) fn set_city_policy(&mut self, c: &SetCityPolicy) -> Decision {
        self.check_city(c.member, "member")?;
        let offices = [
            (Role::FinanceOfficer, Scope::Member(c.member)),
            (Role::ScienceOfficer, Scope::Member(c.member)),
        ];
        self.require_party(&offices, "an office of the city")?;
        self.emit(Event::CityPolicySet(CityPolicySet {
            member: c.member,
            required: c.required,
        }));
        Ok(())
    }
}

/// Rules of a city as another city drafts them: where a list recognises the source city, whose
/// own providers they are, the copying city is recognised as well. What the other city's papers say
/// is left out: their number, who reviewed the rules, what they aim at, and transfers that need a
/// document.
fn adapted(terms: &VersionTerms, source: MemberId, city: MemberId) -> VersionTerms {
    let recognised = terms.recognised.as_ref().map(|cities| {
        let mut cities = cities.to_vec();
        if let (Ok(_), Err(place)) = (cities.binary_search(&source), cities.binary_search(&city)) {
            cities.insert(place, city);
        }
        cities.into()
    });
    let transfers = terms.transfers.iter();
    let transfers = transfers.filter(|rule| !rule.kind.needs_document());
    let transfers = transfers.map(|rule| TransferRule {
        kind: rule.kind,
        document_no: None,
    });
    VersionTerms {
        recognised,
        transfers: transfers.collect(),
        document_no: Text::parse(NO_DOCUMENT).expect("short"),
        review_no: None,
        performance_target: None,
        ..terms.clone()
    }
}
