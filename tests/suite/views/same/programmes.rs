//! Programmes with their budgets and versions, and agreements.

use quantong::domain::{AgreementId, ProgrammeId};
use quantong::engine::event::{Event, Undone};
use quantong::engine::state::{ProgrammeRow, ProgrammeStatus};
use serde_json::json;

use super::parties::folded;
use super::{Told, details};

pub(super) fn compare(told: &Told<'_>) {
    programmes(told);
    versions(told);
    budget_changes(told);
    agreements(told);
}

fn all<'a>(told: &Told<'a>) -> impl Iterator<Item = (ProgrammeId, &'a ProgrammeRow)> + use<'a> {
    let ids = (0..told.state.programme_count()).filter_map(ProgrammeId::from_index);
    let state = told.state;
    ids.map(move |id| (id, state.programme(id).expect("counted")))
}

fn status(row: &ProgrammeRow) -> &'static str {
    match (row.status, row.versions.len()) {
        _ if row.year_ends.pack.is_some() => "pack",
        (ProgrammeStatus::YearClosing, _) => "year_closing",
        (ProgrammeStatus::Carried, _) => "carried",
        (ProgrammeStatus::Closed, _) => "closed",
        (ProgrammeStatus::Open, 0) => "draft",
        (ProgrammeStatus::Open, 1) => "published",
        (ProgrammeStatus::Open, _) => "amended",
    }
}

/// What was loaded, raised and cut of a budget, less what was undone; of a pack what was carried.
fn budget(told: &Told<'_>, id: ProgrammeId) -> i64 {
    let signed = |raise: bool, amount: i64| if raise { amount } else { -amount };
    let changes = told.of_events(|_, event| match event {
        Event::BudgetChanged(e) if e.programme == id => Some(signed(e.raise, e.amount.get())),
        Event::YearCarried(e) if e.pack == id => {
            let parts = [e.outstanding, e.held, e.claimed, e.approved];
            Some(parts.into_iter().map(|part| part.get()).sum())
        }
        Event::StepReversed(e) => match &e.undone {
            Undone::Budget(u) if u.programme == id => Some(signed(!u.raise, u.amount.get())),
            _ => None,
        },
        _ => None,
    });
    changes.into_iter().sum()
}

fn programmes(told: &Told<'_>) {
    let rows = all(told).map(|(id, row)| {
        let pack = row.year_ends.pack.as_ref();
        let (title, from) = match pack {
            None => {
                let (e, _) = details!(told, row.details, ProgrammeCreated);
                (e.title.as_str(), None)
            }
            Some(_) => {
                let (e, _) = details!(told, row.details, YearCarried);
                (row.code.as_str(), Some(e.from))
            }
        };
        if let Some(pack) = pack {
            assert_eq!(pack.origins.last().copied(), from);
        }
        json!({
            "id": id.0, "code": row.code.as_str(), "title": title, "city": row.city.0,
            "budget_year": row.budget_year, "budget": budget(told, id), "event": row.details.0,
            "status": status(row), "carried_from": from.map(|id| id.0),
            "carried_into": pack.map(|pack| pack.year.0), "search_text": folded(&[title]),
        })
    });
    told.same("programmes", rows.collect());
}

/// A pack is judged by the versions of its programme, which stand there.
fn versions(told: &Told<'_>) {
    let published = told.of_events(|meta, event| match event {
        Event::VersionPublished(e) => Some((e.programme, e.version, meta.seq)),
        _ => None,
    });
    let own = all(told).filter(|(_, row)| row.year_ends.pack.is_none());
    let count: usize = own.map(|(_, row)| row.versions.len()).sum();
    assert_eq!(published.len(), count);
    let rows = published.into_iter().map(|(programme, version, seq)| {
        let row = told.state.programme(programme).expect("created");
        let terms = row.version(version).expect("published");
        json!({
            "programme": programme.0, "version": version.0,
            "effective_from": terms.effective_from.to_string(),
            "document_no": terms.document_no.as_str(), "payee": terms.payee.as_str(),
            "base": terms.base.as_str(), "cap_enterprise": terms.cap_enterprise.get(),
            "cap_group": terms.cap_group.get(), "use_months": terms.use_months,
            "cash_days": terms.cash_days, "event": seq.0,
        })
    });
    told.same("versions", rows.collect());
}

fn budget_changes(told: &Told<'_>) {
    let rows = told.of_events(|meta, event| match event {
        Event::BudgetChanged(e) => Some(json!({
            "event": meta.seq.0, "programme": e.programme.0, "city": e.city.0,
            "amount": e.amount.get(), "direction": if e.raise { "raise" } else { "cut" },
            "document_no": e.document_no.as_ref().map(|no| no.as_str()),
            "changed_on": meta.business_date.to_string(), "changed_by": meta.principal.0,
        })),
        _ => None,
    });
    told.same("budget_changes", rows);
}

fn agreements(told: &Told<'_>) {
    let ids = (0..told.state.agreement_count()).filter_map(AgreementId::from_index);
    let (mut rows, mut shares) = (Vec::new(), Vec::new());
    for id in ids {
        let row = told.state.agreement_row(id).expect("counted");
        let terms = &row.terms;
        rows.push(json!({
            "id": id.0, "home": terms.home.0, "host": terms.host.0,
            "category": terms.category.map(|id| id.0), "effective_from": terms.from.to_string(),
            "effective_to": terms.to.to_string(), "model": terms.model.as_str(),
            "pool": terms.pool.map(|id| id.0), "accrues_at": terms.accrues_at.as_str(),
            "event": row.details.0,
        }));
        for (place, (member, share)) in terms.shares.iter().enumerate() {
            shares.push(json!({
                "agreement": id.0, "place": place, "member": member.0,
                "millionths": share.millionths(),
            }));
        }
    }
    told.same("agreements", rows);
    told.same("agreement_shares", shares);
}
