//! The registers of parties.

use std::collections::BTreeMap;

use quantong::domain::{AdmissionId, CreditFlagId, Day, EnterpriseId, ProviderId};
use quantong::engine::command::{PartyName, Payee};
use quantong::engine::event::{Event, EventMeta};
use quantong::engine::terms::RecognitionSubject;
use quantong::views::mask_account;
use serde_json::{Value, json};

use super::parties::of_party;
use super::{Told, details, text};

pub(super) fn compare(told: &Told<'_>) {
    admissions(told);
    provider_terms(told);
    recognitions(told);
    statuses(told);
    relations(told);
    credit_flags(told);
    bank_accounts(told);
    dissolutions(told);
}

fn admissions(told: &Told<'_>) {
    let ids = (0..told.state.admission_count()).filter_map(AdmissionId::from_index);
    let (mut rows, mut objections) = (Vec::new(), Vec::new());
    for id in ids {
        let row = told.state.admission(id).expect("counted");
        let (_, meta) = details!(told, row.details, AdmissionApplied);
        let public_id = told.state.admission_id(id, told.tag).expect("counted");
        rows.push(json!({
            "id": id.0, "public_id": public_id.as_str(), "code": row.code.as_str(),
            "provider": row.provider.map(|id| id.0), "city": row.city.0,
            "effective_from": row.from.to_string(), "effective_to": row.to.to_string(),
            "status": row.status.as_str(), "publicity_until": text(row.publicity_until),
            "applied_on": meta.business_date.to_string(), "applied_by": row.applied_by.0,
            "event": meta.seq.0,
        }));
        for (number, row) in told.state.objections_to(id) {
            let (_, meta) = details!(told, row.details, AdmissionObjected);
            let status = match row.upheld {
                None => "open",
                Some(true) => "upheld",
                Some(false) => "dismissed",
            };
            objections.push(json!({
                "admission": id.0, "number": number, "reason_code": row.reason.as_str(),
                "status": status, "objected_on": meta.business_date.to_string(),
                "event": meta.seq.0,
            }));
        }
    }
    told.same("admissions", rows);
    told.same("objections", objections);
}

/// First day, last day, categories.
type Term = (Day, Day, u64);

/// From the first day of an entry on those before it say nothing more.
fn cut(terms: &mut Vec<Term>, from: Day) {
    terms.retain(|(first, _, _)| *first < from);
    for (_, last, _) in terms {
        *last = (*last).min(from.previous());
    }
}

fn provider_terms(told: &Told<'_>) {
    let mut terms: BTreeMap<ProviderId, Vec<Term>> = BTreeMap::new();
    let mut rows = Vec::new();
    for recorded in told.events {
        let seq = recorded.meta.seq.0;
        match &recorded.event {
            Event::ProviderRegistered(e) => {
                let term = (e.admitted_from, e.admitted_to, e.categories);
                terms.insert(e.provider, vec![term]);
            }
            Event::ProviderAdmitted(e) => {
                let known = terms.get_mut(&e.provider).expect("registered");
                let term = (e.from, e.to, e.categories);
                cut(known, e.from);
                known.push(term);
                rows.push(json!({
                    "event": seq, "provider": e.provider.0, "kind": "admitted",
                    "effective_from": e.from.to_string(), "effective_to": e.to.to_string(),
                    "categories": e.categories.cast_signed(), "admission": e.admission.0,
                }));
            }
            Event::AdmissionEnded(e) => {
                cut(terms.get_mut(&e.provider).expect("registered"), e.from);
                rows.push(json!({
                    "event": seq, "provider": e.provider.0, "kind": "ended",
                    "effective_from": e.from.to_string(), "effective_to": null,
                    "categories": null, "admission": null,
                }));
            }
            _ => {}
        }
    }
    told.same("provider_terms", rows);
    for (provider, terms) in terms.into_iter().filter(|(_, terms)| !terms.is_empty()) {
        assert_eq!(told.state.terms_of(provider), terms, "{provider:?}");
    }
}

/// The newest entry of each key is what the state holds.
fn newest<'a, K: Ord, E>(
    entries: &[(&'a EventMeta, &'a E)],
    key: impl Fn(&'a E) -> K,
) -> BTreeMap<K, (&'a EventMeta, &'a E)> {
    let keyed = entries.iter().map(|(meta, e)| (key(e), (*meta, *e)));
    keyed.collect()
}

fn recognitions(told: &Told<'_>) {
    let entries = told.of_events(|meta, event| match event {
        Event::RecognitionSet(e) => Some((meta, e)),
        _ => None,
    });
    let rows = entries.iter().map(|(meta, e)| {
        let (subject, provider, city) = match e.subject {
            RecognitionSubject::Provider(id) => ("provider", Some(id.0), None),
            RecognitionSubject::AdmittedBy(id) => ("admitted_by", None, Some(id.0)),
            RecognitionSubject::StatusOf(id) => ("status_of", None, Some(id.0)),
        };
        json!({
            "event": meta.seq.0, "city": e.city.0, "subject": subject, "provider": provider,
            "subject_city": city, "stance": e.stance.as_str(),
            "categories": e.categories.map(u64::cast_signed),
            "effective_from": e.from.to_string(), "effective_to": text(e.to),
        })
    });
    told.same("recognitions", rows.collect());
    let newest = newest(&entries, |e| (e.city, e.subject, e.from));
    let held: Vec<_> = told.state.recognitions().collect();
    assert_eq!(held.len(), newest.len());
    for ((city, subject, from), row) in held {
        let (meta, e) = newest[&(city, subject, from)];
        assert_eq!(
            (row.details, row.stance, row.categories, row.to),
            (meta.seq, e.stance, e.categories, e.to)
        );
    }
}

fn statuses(told: &Told<'_>) {
    let entries = told.of_events(|meta, event| match event {
        Event::StatusSet(e) => Some((meta, e)),
        _ => None,
    });
    let rows = entries.iter().map(|(meta, e)| {
        json!({
            "event": meta.seq.0, "enterprise": e.enterprise.0, "kind": e.kind.as_str(),
            "effective_from": e.from.to_string(), "effective_to": e.to.to_string(),
            "certificate_no": e.certificate_no.as_str(), "certified_by": e.city.0,
        })
    });
    told.same("statuses", rows.collect());
    let newest = newest(&entries, |e| (e.enterprise, e.from));
    let ids = (0..told.state.enterprise_count()).filter_map(|n| u32::try_from(n).ok());
    let held: Vec<_> = ids
        .map(EnterpriseId)
        .flat_map(|id| {
            told.state
                .statuses_of(id)
                .map(move |(from, row)| (id, from, row))
        })
        .collect();
    assert_eq!(held.len(), newest.len());
    for (id, from, row) in held {
        let (meta, e) = newest[&(id, from)];
        assert_eq!(
            (row.details, row.kind, row.to, row.city),
            (meta.seq, e.kind, e.to, e.city)
        );
    }
}

fn relations(told: &Told<'_>) {
    let entries = told.of_events(|meta, event| match event {
        Event::RelationSet(e) => Some((meta, e)),
        _ => None,
    });
    let rows = entries.iter().map(|(meta, e)| {
        let [provider, enterprise] = of_party(e.party);
        let [other_provider, other_enterprise] = of_party(e.other);
        json!({
            "event": meta.seq.0, "provider": provider, "enterprise": enterprise,
            "other_provider": other_provider, "other_enterprise": other_enterprise,
            "kind": e.kind.as_str(), "effective_from": e.from.to_string(),
            "effective_to": text(e.to),
        })
    });
    told.same("relations", rows.collect());
    for ((party, other, from), (meta, e)) in newest(&entries, |e| (e.party, e.other, e.from)) {
        let mut held = told.state.relations_of(party);
        let row = held.find(|(known, day, _)| (*known, *day) == (other, from));
        let (_, _, row) = row.expect("it is held");
        assert_eq!((row.details, row.kind, row.to), (meta.seq, e.kind, e.to));
    }
}

fn credit_flags(told: &Told<'_>) {
    let ids = (0..told.state.credit_flag_count()).filter_map(CreditFlagId::from_index);
    let rows = ids.map(|id| {
        let row = told.state.credit_flag(id).expect("counted");
        let (_, meta) = details!(told, row.details, CreditFlagRaised);
        let public_id = told.state.credit_flag_id(id, told.tag).expect("counted");
        let [provider, enterprise] = of_party(row.party);
        let reference = meta.external_ref.as_ref();
        json!({
            "id": id.0, "public_id": public_id.as_str(), "provider": provider,
            "enterprise": enterprise, "code": row.code.as_str(), "level": row.level.as_str(),
            "effective_from": row.from.to_string(), "effective_to": text(row.until),
            "city": row.city.0,
            "status": if row.lifted_on.is_some() { "lifted" } else { "in_force" },
            "lifted_on": text(row.lifted_on), "raised_on": meta.business_date.to_string(),
            "external_ref": reference.map(|reference| reference.text.as_str()),
            "event": meta.seq.0,
        })
    });
    told.same("credit_flags", rows.collect());
}

/// A version of an account as the events have it.
struct Version {
    party: Payee,
    seq: u64,
    number: u32,
    status: &'static str,
    account: Option<String>,
}

fn account_versions(told: &Told<'_>) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    for recorded in told.events {
        let seq = recorded.meta.seq.0;
        match &recorded.event {
            Event::ProviderRegistered(e) => {
                versions.extend(e.bank_account.as_ref().map(|account| Version {
                    party: Payee::Provider(e.provider),
                    seq,
                    number: 1,
                    status: "in_force",
                    account: Some(mask_account(account.as_str())),
                }));
            }
            Event::BankAccountProposed(e) => versions.push(Version {
                party: e.party,
                seq,
                number: e.version,
                status: "proposed",
                account: match &e.account {
                    PartyName::Public(account) => Some(mask_account(account.as_str())),
                    PartyName::Personal(_) => None,
                },
            }),
            Event::BankAccountDecided(e) => {
                let same = |v: &&mut Version| (v.party, v.number) == (e.party, e.version);
                let version = versions.iter_mut().find(same).expect("proposed");
                version.status = if e.approved { "in_force" } else { "declined" };
            }
            _ => {}
        }
    }
    versions
}

fn bank_accounts(told: &Told<'_>) {
    let versions = account_versions(told);
    let row = |version: &Version| -> Value {
        let [provider, enterprise] = of_party(version.party);
        json!({
            "event": version.seq, "provider": provider, "enterprise": enterprise,
            "version": version.number, "status": version.status, "account": version.account,
        })
    };
    told.same("bank_accounts", versions.iter().map(row).collect());
    for version in &versions {
        let held = told.state.bank_account(version.party).expect("it has one");
        let of_party = || versions.iter().filter(|one| one.party == version.party);
        let newest = |status| {
            let found = of_party().rfind(|one| one.status == status);
            found.map(|one| one.number)
        };
        let current = held.current.as_ref().map(|version| version.version);
        assert_eq!(current, newest("in_force"));
        let proposed = held.proposed.as_ref().map(|version| version.version);
        // A proposal that another one has taken the place of is never decided.
        let waits = newest("proposed").filter(|number| Some(*number) > current);
        assert_eq!(proposed, waits.filter(|number| *number == held.versions));
    }
}

fn dissolutions(told: &Told<'_>) {
    let rows = told.of_events(|meta, event| {
        let Event::PartyDissolved(e) = event else {
            return None;
        };
        let held = told.state.dissolution(e.party).expect("it was struck off");
        let [provider, enterprise] = of_party(e.party);
        Some(json!({
            "event": meta.seq.0, "provider": provider, "enterprise": enterprise,
            "effective_from": held.from.to_string(),
            "successor": held.successor.map(|id| id.0),
        }))
    });
    told.same("dissolutions", rows);
}
