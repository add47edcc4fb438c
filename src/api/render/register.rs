//! Events of the registers of parties. Accounts are masked: who may read them asks for the account.

use serde_json::{Value, json};

use super::View;
use crate::domain::{Day, hex};
use crate::engine::command::PartyName;
use crate::engine::event::{AdmissionApplied, Event};
use crate::engine::terms::RecognitionSubject;
use crate::views::mask_account;

fn day(day: Option<Day>) -> Value {
    day.map_or(Value::Null, |day| json!(day.to_string()))
}

fn hash(hash: Option<&[u8; 32]>) -> Value {
    hash.map_or(Value::Null, |hash| json!(hex(hash)))
}

fn public(name: &PartyName) -> Option<&str> {
    match name {
        PartyName::Public(name) => Some(name.as_str()),
        PartyName::Personal(_) => None,
    }
}

impl View<'_> {
    pub(in crate::api) fn admission(&self, id: crate::domain::AdmissionId) -> Value {
        super::text(self.state.admission_id(id, self.tag))
    }

    pub(in crate::api) fn credit_flag(&self, id: crate::domain::CreditFlagId) -> Value {
        super::text(self.state.credit_flag_id(id, self.tag))
    }

    pub(super) fn register_fact(&self, event: &Event) -> Value {
        match event {
            Event::AdmissionApplied(e) => self.admission_application(e),
            Event::AdmissionDecided(e) => json!({
                "id": self.admission(e.admission),
                "decision": e.decision.as_str(),
                "publicity_until": day(e.publicity_until),
                "objection": e.objection,
            }),
            Event::AdmissionObjected(e) => json!({
                "id": self.admission(e.admission),
                "objection": e.objection,
                "reason_code": e.reason.as_str(),
                "document_sha256": hash(e.document_sha256.as_ref()),
            }),
            Event::ProviderAdmitted(e) => json!({
                "id": self.admission(e.admission),
                "provider": self.provider(e.provider),
                "categories": self.categories(e.categories),
                "from": e.from.to_string(),
                "to": e.to.to_string(),
            }),
            Event::AdmissionEnded(e) => json!({
                "id": self.provider(e.provider),
                "from": e.from.to_string(),
            }),
            Event::AdmissionPolicySet(e) => json!({
                "id": self.member(e.city),
                "publicity_days": e.publicity_days,
            }),
            event => self.standing_fact(event),
        }
    }

    fn admission_application(&self, e: &AdmissionApplied) -> Value {
        let answers = e.answers.iter().map(|answer| {
            json!({
                "question": answer.question.as_str(),
                "answer": answer.answer.as_str(),
                "score": answer.score,
            })
        });
        let documents = e.documents.iter().map(
            |document| json!({"title": document.title.as_str(), "sha256": hex(&document.sha256)}),
        );
        json!({
            "id": self.admission(e.admission),
            "provider": e.provider.map(|id| self.provider(id)),
            "code": e.code.to_string(),
            "name": e.name.as_ref().map(|name| name.as_str()),
            "city": self.member(e.city),
            "categories": self.categories(e.categories),
            "from": e.from.to_string(),
            "to": e.to.to_string(),
            "answers": answers.collect::<Value>(),
            "documents": documents.collect::<Value>(),
        })
    }

    pub(in crate::api) fn subject(&self, subject: RecognitionSubject) -> Value {
        match subject {
            RecognitionSubject::Provider(id) => json!({"provider": self.provider(id)}),
            RecognitionSubject::AdmittedBy(id) => json!({"admitted_by": self.member(id)}),
            RecognitionSubject::StatusOf(id) => json!({"status_of": self.member(id)}),
        }
    }

    fn standing_fact(&self, event: &Event) -> Value {
        match event {
            Event::RecognitionSet(e) => json!({
                "id": self.member(e.city),
                "subject": self.subject(e.subject),
                "stance": e.stance.as_str(),
                "categories": e.categories.map(|set| self.categories(set)),
                "from": e.from.to_string(),
                "to": day(e.to),
            }),
            Event::StatusSet(e) => json!({
                "id": self.enterprise(e.enterprise),
                "kind": e.kind.as_str(),
                "from": e.from.to_string(),
                "to": e.to.to_string(),
                "certificate_no": e.certificate_no.as_str(),
                "certified_by": self.member(e.city),
            }),
            Event::RelationSet(e) => json!({
                "id": self.payee(e.party),
                "other": self.payee(e.other),
                "kind": e.kind.as_str(),
                "from": e.from.to_string(),
                "to": day(e.to),
            }),
            Event::CreditFlagRaised(e) => json!({
                "id": self.credit_flag(e.flag),
                "party": self.payee(e.party),
                "code": e.code.as_str(),
                "level": e.level.as_str(),
                "from": e.from.to_string(),
                "until": day(e.until),
                "city": self.member(e.city),
                "document_no": e.document_no.as_ref().map(|no| no.as_str()),
                "document_sha256": hash(e.document_sha256.as_ref()),
            }),
            Event::CreditFlagLifted(e) => json!({
                "id": self.credit_flag(e.flag),
                "party": self.payee(e.party),
            }),
            Event::BankAccountProposed(e) => json!({
                "id": self.payee(e.party),
                "version": e.version,
                "account": public(&e.account).map(mask_account),
                "bank": e.bank.as_ref().map(|bank| bank.as_str()),
            }),
            Event::BankAccountDecided(e) => json!({
                "id": self.payee(e.party),
                "version": e.version,
                "approved": e.approved,
            }),
            Event::TeamSet(e) => json!({
                "id": self.enterprise(e.enterprise),
                "members": e.members.len(),
            }),
            Event::PartyCorrected(e) => json!({
                "id": self.payee(e.party),
                "name": public(&e.name),
                "address": e.address.as_ref().and_then(public),
                "from": e.from.to_string(),
            }),
            Event::PartyDissolved(e) => json!({
                "id": self.payee(e.party),
                "from": e.from.to_string(),
                "successor": e.successor.map(|id| self.enterprise(id)),
            }),
            event => self.life_fact(event),
        }
    }
}
