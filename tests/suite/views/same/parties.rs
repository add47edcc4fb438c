//! Members, categories, enterprises, providers.

use quantong::domain::{CategoryId, CreditCode, EnterpriseId, GroupId, MemberId, ProviderId};
use quantong::engine::Hash128;
use quantong::engine::command::{PartyName, Payee};
use quantong::engine::event::{Event, Recorded};
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

use super::{Told, details, text};

pub(super) fn compare(told: &Told<'_>) {
    members(told);
    categories(told);
    enterprises(told);
    providers(told);
}

/// Names as they are searched for.
pub(super) fn folded(names: &[&str]) -> String {
    let fold = |name: &&str| -> String {
        let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
        lower.nfkc().collect()
    };
    let names: Vec<String> = names.iter().map(fold).collect();
    names.join("\n")
}

fn members(told: &Told<'_>) {
    let ids = (0..told.state.member_count()).filter_map(MemberId::from_index);
    let rows = ids.map(|id| {
        let row = told.state.member(id).expect("counted");
        let (e, meta) = details!(told, row.details, MemberRegistered);
        assert_eq!(e.member, id);
        json!({
            "id": id.0, "code": row.code.to_string(), "kind": row.kind.as_str(),
            "name_zh": e.name_zh.as_str(), "name_en": e.name_en.as_str(),
            "province": e.province.as_str(), "signed_protocol": u8::from(row.signed_protocol),
            "event": meta.seq.0, "search_text": folded(&[e.name_zh.as_str(), e.name_en.as_str()]),
        })
    });
    told.same("members", rows.collect());
}

fn categories(told: &Told<'_>) {
    let ids = (0..told.state.category_count()).filter_map(|n| u8::try_from(n).ok());
    let rows = ids.map(|id| {
        let row = told.state.category(CategoryId(id)).expect("counted");
        let (e, meta) = details!(told, row.details, CategoryRegistered);
        json!({
            "id": id, "code": row.code.as_str(), "name_zh": e.name_zh.as_str(),
            "name_en": e.name_en.as_str(), "event": meta.seq.0,
            "search_text": folded(&[e.name_zh.as_str(), e.name_en.as_str()]),
        })
    });
    told.same("categories", rows.collect());
}

fn code(code: Hash128) -> Option<String> {
    let code = (code != Hash128::default()).then(|| CreditCode::from_u128(code.into()));
    code.flatten().map(|code| code.as_str().to_owned())
}

/// The name of a party by the event with its details.
fn name(recorded: &Recorded) -> Option<&str> {
    let name = match &recorded.event {
        Event::EnterpriseRegistered(e) => &e.name,
        Event::PartyCorrected(e) => &e.name,
        Event::ProviderRegistered(e) => return Some(e.name.as_str()),
        other => panic!("{other:?} has no name of a party"),
    };
    match name {
        PartyName::Public(name) => Some(name.as_str()),
        PartyName::Personal(_) => None,
    }
}

fn group(told: &Told<'_>, id: Option<GroupId>) -> Option<String> {
    let id = id?;
    Some(told.state.group_code(id).expect("it has a code").to_owned())
}

fn enterprises(told: &Told<'_>) {
    let registered = told.of_events(|meta, event| match event {
        Event::EnterpriseRegistered(e) => Some((e.enterprise, meta.seq)),
        _ => None,
    });
    assert_eq!(registered.len(), told.state.enterprise_count());
    let rows = registered.into_iter().map(|(id, seq)| {
        let row = told.state.enterprise(id).expect("registered");
        let name = name(told.event(row.details));
        let public_id = told.state.enterprise_id(id, told.tag).expect("registered");
        json!({
            "id": id.0, "public_id": public_id.as_str(), "code": code(row.code), "name": name,
            "city": row.city.0, "kind": row.kind.as_str(),
            "controller_group": group(told, row.group), "event": seq.0,
            "search_text": name.map(|name| folded(&[name])),
        })
    });
    told.same("enterprises", rows.collect());
    let last = EnterpriseId(u32::try_from(told.state.enterprise_count()).expect("few"));
    assert!(told.state.enterprise(last).is_none());
}

fn providers(told: &Told<'_>) {
    let registered = told.of_events(|meta, event| match event {
        Event::ProviderRegistered(e) => Some((e.provider, e.categories, meta.seq)),
        _ => None,
    });
    assert_eq!(registered.len(), told.state.provider_count());
    let row = |&(id, _, seq): &(ProviderId, u64, _)| {
        let row = told.state.provider(id).expect("registered");
        let name = name(told.event(row.details)).expect("a name");
        let public_id = told.state.provider_id(id, told.tag).expect("registered");
        let seq: quantong::domain::Seq = seq;
        json!({
            "id": id.0, "public_id": public_id.as_str(), "code": code(row.code), "name": name,
            "city": row.city.0, "controller_group": group(told, row.group),
            "admitted_from": row.admitted_from.to_string(),
            "admitted_to": row.admitted_to.to_string(), "suspended": u8::from(row.suspended),
            "suspended_until": text(told.state.suspended_until(id)), "event": seq.0,
            "search_text": folded(&[name]),
        })
    };
    told.same("providers", registered.iter().map(row).collect());
    let categories = registered.iter().flat_map(|(id, set, _)| {
        let set = *set;
        let bits = (0..64_u8).filter(move |bit| set >> bit & 1 == 1);
        bits.map(|bit| json!({"provider": id.0, "category": bit}))
    });
    told.same("provider_categories", categories.collect());
}

/// Provider and enterprise of a party, one of which is nothing.
pub(super) fn of_party(party: Payee) -> [Option<u32>; 2] {
    match party {
        Payee::Provider(id) => [Some(id.0), None],
        Payee::Enterprise(id) => [None, Some(id.0)],
    }
}
