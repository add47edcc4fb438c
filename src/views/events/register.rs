//! The registers of parties.

use super::{Memory, maybe, seq};
use crate::domain::IdKind;
use crate::engine::command::{PartyName, Payee};
use crate::engine::event::{
    AdmissionApplied, AdmissionDecided, AdmissionObjected, BankAccountProposed, CreditFlagRaised,
    Event, EventMeta, PartyCorrected, ProviderAdmitted, ProviderRegistered, RecognitionSet,
    RelationSet,
};
use crate::engine::terms::{AdmissionDecision, RecognitionSubject};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;
use crate::views::search::fold;

/// Gathers an event of the registers; others are none of this file's.
pub(super) fn register(
    memory: &mut Memory,
    changes: &mut Changes,
    meta: &EventMeta,
    event: &Event,
) {
    match event {
        Event::AdmissionApplied(e) => applied(memory, changes, meta, e),
        Event::AdmissionDecided(e) => decided(changes, e),
        Event::AdmissionObjected(e) => objected(changes, meta, e),
        Event::ProviderAdmitted(e) => admitted(changes, meta, e),
        Event::AdmissionEnded(e) => {
            let from = e.from.to_string();
            let kind = "ended".into();
            let row = [seq(meta), number(e.provider.0), kind, from.as_str().into()];
            let none = [Value::None; 3];
            changes.insert(&t::PROVIDER_TERMS, &[&row[..], &none[..]].concat());
            let (first, last) = (e.term.0.to_string(), e.term.1.to_string());
            let term = [
                number(e.provider.0),
                first.as_str().into(),
                last.as_str().into(),
            ];
            changes.update(Update::ProviderTerm, &term);
        }
        Event::RecognitionSet(e) => recognised(changes, meta, e),
        Event::StatusSet(e) => {
            let (from, to) = (e.from.to_string(), e.to.to_string());
            let row = [
                seq(meta),
                number(e.enterprise.0),
                e.kind.as_str().into(),
                from.as_str().into(),
                to.as_str().into(),
                e.certificate_no.as_str().into(),
                number(e.city.0),
            ];
            changes.insert(&t::STATUSES, &row);
        }
        Event::RelationSet(e) => related(changes, meta, e),
        Event::CreditFlagRaised(e) => flagged(memory, changes, meta, e),
        Event::CreditFlagLifted(e) => {
            let today = meta.business_date.to_string();
            let row = [number(e.flag.0), today.as_str().into()];
            changes.update(Update::CreditFlagLifted, &row);
        }
        Event::BankAccountProposed(e) => account_proposed(changes, meta, e),
        Event::BankAccountDecided(e) => {
            let status = if e.approved { "in_force" } else { "declined" };
            let row = [account_number(e.party), e.version.into(), status.into()];
            changes.update(Update::BankAccount, &row);
        }
        Event::PartyCorrected(e) => corrected(changes, e),
        Event::PartyDissolved(e) => {
            let [provider, enterprise] = party(e.party);
            let from = e.from.to_string();
            let successor = maybe(e.successor, |id| number(id.0));
            let row = [
                seq(meta),
                provider,
                enterprise,
                from.as_str().into(),
                successor,
            ];
            changes.insert(&t::DISSOLUTIONS, &row);
        }
        _ => {}
    }
}

/// Provider and enterprise, one of which is none.
fn party(party: Payee) -> [Value<'static>; 2] {
    match party {
        Payee::Provider(id) => [number(id.0), Value::None],
        Payee::Enterprise(id) => [Value::None, number(id.0)],
    }
}

/// The number by which the accounts of a party are changed: even for providers.
fn account_number(party: Payee) -> Value<'static> {
    match party {
        Payee::Provider(id) => number(u64::from(id.0) * 2),
        Payee::Enterprise(id) => number(u64::from(id.0) * 2 + 1),
    }
}

/// A set of categories as a number; the highest bit makes it negative.
fn set(categories: u64) -> Value<'static> {
    Value::Number(categories.cast_signed())
}

fn applied(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &AdmissionApplied) {
    let year = meta.business_date.year();
    let public_id = memory.public_id(IdKind::Admission, e.city, year, e.admission.0);
    let (from, to) = (e.from.to_string(), e.to.to_string());
    let today = meta.business_date.to_string();
    changes.insert(
        &t::ADMISSIONS,
        &[
            number(e.admission.0),
            public_id.as_str().into(),
            e.code.as_str().into(),
            maybe(e.provider, |id| number(id.0)),
            number(e.city.0),
            from.as_str().into(),
            to.as_str().into(),
            "applied".into(),
            Value::None,
            today.as_str().into(),
            number(meta.principal.0),
            seq(meta),
        ],
    );
}

fn decided(changes: &mut Changes, e: &AdmissionDecided) {
    let id = number(e.admission.0);
    let status = match e.decision {
        AdmissionDecision::Passed | AdmissionDecision::Dismissed => "published",
        AdmissionDecision::Returned => "returned",
        AdmissionDecision::Declined => "declined",
        AdmissionDecision::Withdrawn => "withdrawn",
    };
    changes.update(Update::AdmissionStatus, &[id, status.into()]);
    if let Some(until) = e.publicity_until {
        let until = until.to_string();
        changes.update(Update::AdmissionPublicity, &[id, until.as_str().into()]);
    }
    if let Some(objection) = e.objection {
        let status = match e.decision {
            AdmissionDecision::Declined => "upheld",
            _ => "dismissed",
        };
        let row = [id, objection.into(), status.into()];
        changes.update(Update::ObjectionStatus, &row);
    }
}

fn objected(changes: &mut Changes, meta: &EventMeta, e: &AdmissionObjected) {
    let today = meta.business_date.to_string();
    let row = [
        number(e.admission.0),
        e.objection.into(),
        e.reason.as_str().into(),
        "open".into(),
        today.as_str().into(),
        seq(meta),
    ];
    changes.insert(&t::OBJECTIONS, &row);
}

fn admitted(changes: &mut Changes, meta: &EventMeta, e: &ProviderAdmitted) {
    let (from, to) = (e.from.to_string(), e.to.to_string());
    let row = [
        seq(meta),
        number(e.provider.0),
        "admitted".into(),
        from.as_str().into(),
        to.as_str().into(),
        set(e.categories),
        number(e.admission.0),
    ];
    changes.insert(&t::PROVIDER_TERMS, &row);
    let term = [
        number(e.provider.0),
        from.as_str().into(),
        to.as_str().into(),
    ];
    changes.update(Update::ProviderTerm, &term);
    let id = number(e.admission.0);
    changes.update(Update::AdmissionStatus, &[id, "admitted".into()]);
    changes.update(Update::AdmissionProvider, &[id, number(e.provider.0)]);
}

fn recognised(changes: &mut Changes, meta: &EventMeta, e: &RecognitionSet) {
    let (subject, provider, city) = match e.subject {
        RecognitionSubject::Provider(id) => ("provider", number(id.0), Value::None),
        RecognitionSubject::AdmittedBy(id) => ("admitted_by", Value::None, number(id.0)),
        RecognitionSubject::StatusOf(id) => ("status_of", Value::None, number(id.0)),
    };
    let from = e.from.to_string();
    let to = e.to.map(|day| day.to_string());
    let row = [
        seq(meta),
        number(e.city.0),
        subject.into(),
        provider,
        city,
        e.stance.as_str().into(),
        maybe(e.categories, set),
        from.as_str().into(),
        maybe(to.as_deref(), Value::Text),
    ];
    changes.insert(&t::RECOGNITIONS, &row);
}

fn related(changes: &mut Changes, meta: &EventMeta, e: &RelationSet) {
    let [provider, enterprise] = party(e.party);
    let [other_provider, other_enterprise] = party(e.other);
    let from = e.from.to_string();
    let to = e.to.map(|day| day.to_string());
    let row = [
        seq(meta),
        provider,
        enterprise,
        other_provider,
        other_enterprise,
        e.kind.as_str().into(),
        from.as_str().into(),
        maybe(to.as_deref(), Value::Text),
    ];
    changes.insert(&t::RELATIONS, &row);
}

fn flagged(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &CreditFlagRaised) {
    let year = meta.business_date.year();
    let public_id = memory.public_id(IdKind::CreditFlag, e.city, year, e.flag.0);
    let [provider, enterprise] = party(e.party);
    let from = e.from.to_string();
    let until = e.until.map(|day| day.to_string());
    let today = meta.business_date.to_string();
    let reference = meta.external_ref.as_ref();
    changes.insert(
        &t::CREDIT_FLAGS,
        &[
            number(e.flag.0),
            public_id.as_str().into(),
            provider,
            enterprise,
            e.code.as_str().into(),
            e.level.as_str().into(),
            from.as_str().into(),
            maybe(until.as_deref(), Value::Text),
            number(e.city.0),
            "in_force".into(),
            Value::None,
            today.as_str().into(),
            maybe(reference, |reference| reference.text.as_str().into()),
            seq(meta),
        ],
    );
}

/// An account but for its last four characters.
pub fn mask_account(account: &str) -> String {
    let from = account.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    format!("****{}", &account[from..])
}

/// The account that a provider is registered with.
pub(super) fn account_registered(changes: &mut Changes, meta: &EventMeta, e: &ProviderRegistered) {
    let Some(account) = &e.bank_account else {
        return;
    };
    let masked = mask_account(account.as_str());
    let row = [
        seq(meta),
        number(e.provider.0),
        Value::None,
        1_u32.into(),
        "in_force".into(),
        masked.as_str().into(),
    ];
    changes.insert(&t::BANK_ACCOUNTS, &row);
}

fn account_proposed(changes: &mut Changes, meta: &EventMeta, e: &BankAccountProposed) {
    let [provider, enterprise] = party(e.party);
    let masked = match &e.account {
        PartyName::Public(account) => Some(mask_account(account.as_str())),
        PartyName::Personal(_) => None,
    };
    let row = [
        seq(meta),
        provider,
        enterprise,
        e.version.into(),
        "proposed".into(),
        maybe(masked.as_deref(), Value::Text),
    ];
    changes.insert(&t::BANK_ACCOUNTS, &row);
}

fn corrected(changes: &mut Changes, e: &PartyCorrected) {
    let name = match &e.name {
        PartyName::Public(name) => Some(name.as_str()),
        PartyName::Personal(_) => None,
    };
    let folded = name.map(fold);
    let [name, folded] = [name, folded.as_deref()].map(|text| maybe(text, Value::Text));
    let (update, id) = match e.party {
        Payee::Provider(id) => (Update::ProviderName, number(id.0)),
        Payee::Enterprise(id) => (Update::EnterpriseName, number(id.0)),
    };
    changes.update(update, &[id, name, folded]);
}
