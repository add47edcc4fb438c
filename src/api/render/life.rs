//! Facts of the life of programmes.

use serde_json::{Value, json};

use super::{View, returned, yuan};
use crate::domain::{MemberId, ProgrammeId, hex};
use crate::engine::command::PublishDraft;
use crate::engine::event::{ClaimAwaitsBudget, DraftSaved, DraftSimulated, Event, YearCarried};
use crate::engine::state::{DraftRow, ProgrammeRow, ProgrammeStatus};
use crate::engine::terms::{RequiredField, RequiredFields};

/// What a city requires, by name.
pub(super) fn required(policy: RequiredFields) -> Value {
    let fields = RequiredField::ALL.iter();
    let fields = fields.filter(|field| policy.contains(**field));
    fields.map(|field| json!(field.as_str())).collect()
}

impl View<'_> {
    pub(super) fn life_fact(&self, event: &Event) -> Value {
        match event {
            Event::ProgrammeCreated(e) => json!({
                "id": e.code.as_str(),
                "title": e.title.as_str(),
                "city": self.member(e.city),
                "budget_year": e.budget_year,
            }),
            Event::BudgetChanged(e) => json!({
                "id": self.programme(e.programme),
                "amount": yuan(e.amount),
                "direction": if e.raise { "raise" } else { "cut" },
                "document_no": e.document_no.as_ref().map(|no| no.as_str()),
            }),
            Event::VersionPublished(e) => {
                let mut version = self.version(e.version.0, &e.terms);
                version["id"] = self.programme(e.programme);
                if let Some(draft) = e.draft {
                    version["draft"] = json!(draft.0);
                }
                version
            }
            Event::DraftSaved(e) => self.draft_saved(e),
            Event::DraftSimulated(e) => self.draft_simulated(e),
            Event::CityPolicySet(e) => {
                json!({"id": self.member(e.member), "required": required(e.required)})
            }
            Event::YearClosingStarted(e) => json!({"id": self.programme(e.programme)}),
            Event::YearClosed(e) => json!({"id": self.programme(e.programme)}),
            Event::YearCarried(e) => self.year_carried(e),
            Event::ClaimAwaitsBudget(e) => self.claim_awaits(e),
            Event::WaitingApproved(e) => json!({
                "id": self.claim(e.claim),
                "result": "APPROVED",
                "voucher": self.voucher(e.voucher),
                "programme": self.programme_of(e.voucher, e.programme),
                "charged_to": self.programme(e.programme),
                "payee": self.payee(e.payee),
                "amount": yuan(e.amount),
                "payer": self.member(e.funding.payer),
                "funding": self.funding(&e.funding, e.amount),
                "period": self.period(e.period),
            }),
            Event::ClaimWithdrawn(e) => json!({
                "id": self.claim(e.claim),
                "voucher": self.voucher(e.voucher),
                "amount": yuan(e.amount),
                "returned_to": returned(e.returned),
            }),
            _ => json!({}),
        }
    }

    fn draft_saved(&self, e: &DraftSaved) -> Value {
        let mut fact = json!({
            "id": self.programme(e.programme),
            "draft": e.draft.0,
            "terms": self.rules(&e.terms),
        });
        if let (Some(source), Some(version)) = (e.source, e.source_version) {
            fact["source"] = json!({"programme": self.programme(source), "version": version.0});
        }
        fact
    }

    fn draft_simulated(&self, e: &DraftSimulated) -> Value {
        let mut fact = json!({
            "id": self.programme(e.programme),
            "draft": e.draft.0,
            "digest": hex(&e.digest),
            "from": e.from.map(|day| day.to_string()),
            "to": e.to.map(|day| day.to_string()),
            "budget": e.budget.map(yuan),
        });
        if let Some(outcome) = &e.outcome {
            fact["outcome"] = json!({
                "saved": outcome.saved.0,
                "claims": outcome.claims,
                "changed": outcome.changed,
                "amount_before": outcome.before.map(yuan),
                "amount_after": outcome.after.map(yuan),
            });
        }
        fact
    }

    fn year_carried(&self, e: &YearCarried) -> Value {
        json!({
            "id": e.code.as_str(),
            "from": self.programme(e.from),
            "into": self.programme(e.into),
            "outstanding": yuan(e.outstanding),
            "held": yuan(e.held),
            "claimed": yuan(e.claimed),
            "approved_unpaid": yuan(e.approved),
        })
    }

    fn claim_awaits(&self, e: &ClaimAwaitsBudget) -> Value {
        json!({
            "id": self.claim(e.claim),
            "result": "AWAITING_BUDGET",
            "voucher": self.voucher(e.voucher),
            "programme": self.programme_of(e.voucher, e.programme),
            "charged_to": self.programme(e.programme),
            "version": e.version.0,
            "provider": self.provider(e.provider),
            "payee": self.payee(e.payee),
            "category": self.category(e.category),
            "contract_no": e.contract_no.as_str(),
            "contract_date": e.contract_date.to_string(),
            "contract_amount": yuan(e.contract_amount),
            "invoice_no": e.invoice_no.to_string(),
            "invoice_amount": yuan(e.invoice_amount),
            "paid_amount": yuan(e.paid_amount),
            "amount": yuan(e.amount),
            "period": self.period(e.period),
        })
    }

    /// What a second person approves of a draft.
    pub(super) fn publication(&self, c: &PublishDraft) -> Value {
        let programme = self.programme(c.programme);
        json!({"programme": programme, "draft": c.draft.0, "saved": c.saved.0})
    }

    /// A draft as the offices of its city see it.
    pub(in crate::api) fn draft(&self, number: u16, row: &DraftRow) -> Value {
        let mut draft = self.rules(&row.terms);
        draft["draft"] = json!(number);
        draft["saved"] = json!(row.saved.0);
        draft["simulated"] = json!(row.simulated.map(|digest| hex(&digest)));
        if let Some((source, version)) = row.source {
            draft["source"] = json!({"programme": self.programme(source), "version": version.0});
        }
        draft
    }

    /// What a city requires of its programmes.
    pub(in crate::api) fn required(&self, city: MemberId) -> Value {
        required(self.state.city_policy(city))
    }

    /// Where a programme stands in its life.
    pub(in crate::api) fn stage(&self, id: ProgrammeId, row: &ProgrammeRow) -> &'static str {
        if row.year_ends.pack.is_some() {
            return "pack";
        }
        match (row.status, row.versions.len()) {
            (ProgrammeStatus::YearClosing, _) => "year_closing",
            (ProgrammeStatus::Carried, _) => "carried",
            (ProgrammeStatus::Closed, _) => "closed",
            (ProgrammeStatus::Open, 0) => {
                let mut drafts = self.state.drafts_of(id);
                if drafts.any(|(_, draft)| draft.simulated.is_some()) {
                    "simulated"
                } else {
                    "draft"
                }
            }
            (ProgrammeStatus::Open, 1) => "published",
            (ProgrammeStatus::Open, _) => "amended",
        }
    }
}
