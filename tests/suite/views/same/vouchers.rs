//! Vouchers, transfers, applications, files of vouchers, and what happened to each.

use std::collections::BTreeMap;

use quantong::domain::{ApplicationId, TransferId, VoucherFileId, VoucherId, hex};
use quantong::engine::command::Purpose;
use quantong::engine::event::{Event, EventMeta, Undone};
use serde_json::{Value, json};

use super::{Told, details, text};

pub(super) fn compare(told: &Told<'_>) {
    vouchers(told);
    transfers(told);
    applications(told);
    files(told);
    reversals(told);
    history(told);
}

fn vouchers(told: &Told<'_>) {
    let state = told.state;
    let mut of_application = BTreeMap::new();
    for (application, row) in state.applications() {
        if let Some(voucher) = row.voucher {
            assert_eq!(of_application.insert(voucher, application.0), None);
        }
    }
    let mut replaces = BTreeMap::new();
    for (old, _) in state.vouchers() {
        for new in state.reissued_of(old).iter().flat_map(|row| &row.vouchers) {
            assert_eq!(replaces.insert(*new, old.0), None);
        }
    }
    let rows = state.vouchers().map(|(id, row)| {
        let (programme, holder) = state.voucher_owner(row);
        let newest = state.reissued_of(id).and_then(|row| row.vouchers.last());
        json!({
            "id": id.0, "public_id": state.voucher_id(id, told.tag).expect("known").as_str(),
            "programme": programme.0, "version": row.version.0, "holder": holder.0,
            "issuer": state.programme(programme).expect("known").city.0,
            "amount": row.amount.get(), "free": row.free.get(),
            "held": row.held.get(), "claimed": state.claimed_of(id).get(),
            "approved": row.approved.get(), "returned": row.returned.get(),
            "issued_on": row.issued_on.to_string(), "use_by": row.use_by.to_string(),
            "cash_by": row.cash_by.to_string(), "parent": row.parent.map(|id| id.0),
            "frozen": u8::from(row.frozen), "revoked": u8::from(row.revoked),
            "application": of_application.get(&id), "replaces": replaces.get(&id),
            "replaced_by": newest.map(|id| id.0), "event": row.details.0,
        })
    });
    let rows: Vec<Value> = rows.collect();
    // The two tables that are read as one.
    let money = ["id", "free", "held", "claimed", "approved", "returned"];
    let of_money = |row: &Value| -> Value {
        let columns = money.iter().map(|name| (*name).to_owned());
        columns
            .map(|name| (name.clone(), row[&name].clone()))
            .collect()
    };
    told.same("voucher_money", rows.iter().map(of_money).collect());
    let issued = rows.iter().map(|row| {
        let mut row = row.clone();
        let columns = row.as_object_mut().expect("a row");
        columns.retain(|name, _| name == "id" || !money.contains(&name.as_str()));
        row
    });
    told.same("issued_vouchers", issued.collect());
    told.same("vouchers", rows);
}

fn transfers(told: &Told<'_>) {
    let ids = (0..told.state.transfer_count()).filter_map(|n| u32::try_from(n).ok());
    let rows = ids.map(|id| {
        let row = told.state.transfer(TransferId(id)).expect("counted");
        let (e, meta) = details!(told, row.details, TransferProposed);
        let voucher = told.state.voucher(row.voucher).expect("issued");
        let (programme, _) = told.state.voucher_owner(voucher);
        json!({
            "id": id, "voucher": row.voucher.0, "kind": row.kind.as_str(), "receiver": row.to.0,
            "to_city": row.to_city.map(|id| id.0), "amount": row.amount.get(),
            "status": row.status.as_str(), "child": row.child.map(|id| id.0),
            "issuer": told.state.programme(programme).expect("created").city.0,
            "proposed_on": meta.business_date.to_string(), "event": meta.seq.0,
            "to_programme": row.to_programme.map(|id| id.0), "expires_on": text(e.expires_on),
            "endorsed_by": row.endorsed.map(|(city, _)| city.0),
        })
    });
    told.same("transfers", rows.collect());
}

/// What the events alone say of an application.
struct Said<'a> {
    filed: &'a EventMeta,
    purpose: Option<&'a str>,
    code: Option<&'static str>,
    reason: Option<&'a str>,
}

fn words(purpose: Option<&Purpose>) -> Option<&str> {
    match purpose {
        Some(Purpose::Public(text)) => Some(text.as_str()),
        Some(Purpose::Personal(_)) | None => None,
    }
}

fn said<'a>(told: &Told<'a>) -> BTreeMap<ApplicationId, Said<'a>> {
    let mut all: BTreeMap<ApplicationId, Said<'a>> = BTreeMap::new();
    for recorded in told.events {
        let meta = &recorded.meta;
        let (id, code) = match &recorded.event {
            Event::ApplicationFiled(e) => {
                let said = Said {
                    filed: meta,
                    purpose: words(e.purpose.as_ref()),
                    code: None,
                    reason: None,
                };
                assert!(all.insert(e.application, said).is_none());
                (e.application, None)
            }
            Event::ApplicationResubmitted(e) => {
                let said = all.get_mut(&e.application).expect("filed");
                said.purpose = words(e.purpose.as_ref());
                (e.application, None)
            }
            Event::ApplicationReviewBegun(e) => (e.application, None),
            Event::ApplicationReturned(e) => (e.application, None),
            Event::ApplicationApproved(e) => (e.application, None),
            Event::ApplicationDeclined(e) => (e.application, Some(e.code.as_str())),
            Event::ApplicationWithdrawn(e) => (e.application, None),
            _ => continue,
        };
        let said = all.get_mut(&id).expect("filed");
        said.code = code;
        said.reason = meta.reason.as_ref().map(|reason| reason.as_str());
    }
    all
}

fn applications(told: &Told<'_>) {
    let said = said(told);
    assert_eq!(said.len(), told.state.application_count());
    let rows = told.state.applications().map(|(id, row)| {
        let said = &said[&id];
        let programme = told.state.programme(row.programme).expect("known");
        json!({
            "id": id.0, "programme": row.programme.0, "issuer": programme.city.0,
            "enterprise": row.enterprise.0, "amount": row.amount.get(),
            "approved": row.approved_by.map(|_| row.approved.get()),
            "status": row.status.as_str(), "submitted_by": row.submitted_by.0,
            "approved_by": row.approved_by.map(|id| id.0), "voucher": row.voucher.map(|id| id.0),
            "purpose": said.purpose, "filed_on": said.filed.business_date.to_string(),
            "code": said.code, "reason": said.reason, "event": said.filed.seq.0,
        })
    });
    told.same("applications", rows.collect());
}

fn files(told: &Told<'_>) {
    let (mut rows, mut sums) = (Vec::new(), Vec::new());
    while let Some(row) = u32::try_from(rows.len())
        .ok()
        .and_then(|id| told.state.voucher_file(VoucherFileId(id)))
    {
        let (e, meta) = details!(told, row.details, VoucherFileApproved);
        rows.push(json!({
            "id": e.file.0, "sha256": hex(&row.sha256), "programme": row.programme.0,
            "issuer": row.issuer.0, "mode": row.mode.as_str(), "row_count": row.rows,
            "total": row.total.get(), "sent_by": row.sent_by.0,
            "approved_on": meta.business_date.to_string(), "event": meta.seq.0,
        }));
        let counted = [row.done, row.issued, row.refused, row.unchanged];
        sums.push((counted.map(i64::from), row.amount.get()));
    }
    let mut of_chunks = vec![([0; 4], 0); rows.len()];
    let chunks = told.of_events(|meta, event| match event {
        Event::FileRowsIssued(e) => Some((meta, e)),
        _ => None,
    });
    let chunks = chunks.into_iter().map(|(meta, e)| {
        let (counted, amount) = &mut of_chunks[e.file.index()];
        for (sum, more) in counted
            .iter_mut()
            .zip([1, e.issued, e.refused, e.unchanged])
        {
            *sum += i64::from(more);
        }
        *amount += e.amount.get();
        json!({
            "event": meta.seq.0, "file": e.file.0, "place": e.chunk, "issued": e.issued,
            "refused": e.refused, "unchanged": e.unchanged, "amount": e.amount.get(),
            "issued_on": meta.business_date.to_string(),
        })
    });
    told.same("voucher_file_chunks", chunks.collect());
    assert_eq!(of_chunks, sums);
    told.same("voucher_files", rows);
    let refused = told.of_events(|meta, event| match event {
        Event::FileRowRefused(e) => {
            Some(json!({"event": meta.seq.0, "file": e.file.0, "line": e.line}))
        }
        _ => None,
    });
    told.same("voucher_file_refusals", refused);
}

fn reversals(told: &Told<'_>) {
    let rows = told.of_events(|meta, event| {
        let Event::StepReversed(e) = event else {
            return None;
        };
        let (mut programme, mut voucher, mut transfer, mut instruction) = (None, None, None, None);
        let (what, amount) = match &e.undone {
            Undone::Revocation(u) => {
                (programme, voucher) = (Some(u.programme.0), Some(u.voucher.0));
                ("revocation", u.amount.get())
            }
            Undone::Budget(u) => {
                programme = Some(u.programme.0);
                ("budget_change", u.amount.get())
            }
            Undone::Transfer(u) => {
                (voucher, transfer) = (Some(u.parent.0), Some(u.transfer.0));
                ("transfer", u.amount.get())
            }
            Undone::Relocation(u) => {
                transfer = Some(u.transfer.0);
                ("relocation", 0)
            }
            Undone::Consent(u) => {
                voucher = Some(u.voucher.0);
                ("consent", u.left.get())
            }
            Undone::Payment(u) => {
                instruction = Some(u.instruction.0);
                ("settlement_payment", u.amount.get())
            }
            Undone::Extension(u) => {
                voucher = Some(u.voucher.0);
                ("extension", 0)
            }
        };
        let step = told.state.step(e.step).expect("it was a step");
        if what != "consent" {
            assert_eq!(step.reversed, Some(meta.seq), "{what}");
        }
        Some(json!({
            "event": meta.seq.0, "reverses": e.step.0, "what": what, "city": e.city.0,
            "programme": programme, "voucher": voucher, "transfer": transfer,
            "instruction": instruction, "amount": amount,
            "reversed_on": meta.business_date.to_string(), "reversed_by": meta.principal.0,
        }))
    });
    told.same("reversals", rows);
}

/// The vouchers that an event concerns, besides its own row.
fn vouchers_of(told: &Told<'_>, event: &Event) -> Vec<VoucherId> {
    let of_transfer = |id: TransferId| vec![told.state.transfer(id).expect("proposed").voucher];
    match event {
        Event::VoucherIssued(e) => e.replaces.into_iter().collect(),
        Event::ConsentGiven(e) => vec![e.voucher],
        Event::FreezeSet(e) => vec![e.voucher],
        Event::VoucherRevoked(e) => vec![e.voucher],
        Event::VoucherLapsed(e) => vec![e.voucher],
        Event::VoucherExtended(e) => vec![e.voucher],
        Event::ClaimReversed(e) => vec![e.voucher],
        Event::TransferProposed(e) => vec![e.voucher],
        Event::TransferDeclined(e) => of_transfer(e.transfer),
        Event::TransferReleased(e) => of_transfer(e.transfer),
        Event::TransferApproved(e) => of_transfer(e.transfer),
        Event::TransferMoved(e) => of_transfer(e.transfer),
        Event::OrderProposed(e) => e.lines.iter().map(|line| line.voucher).collect(),
        Event::OrderConfirmed(e) => e.lines.iter().map(|line| line.voucher).collect(),
        Event::OrderReleased(e) => e.lines.iter().map(|line| line.voucher).collect(),
        Event::StepReversed(e) => match &e.undone {
            Undone::Revocation(u) => vec![u.voucher],
            Undone::Consent(u) => vec![u.voucher],
            Undone::Extension(u) => vec![u.voucher],
            Undone::Transfer(u) => vec![u.parent, u.child],
            Undone::Budget(_) | Undone::Relocation(_) | Undone::Payment(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn application_of(event: &Event) -> Option<ApplicationId> {
    match event {
        Event::VoucherIssued(e) => e.application,
        Event::ApplicationFiled(e) => Some(e.application),
        Event::ApplicationResubmitted(e) => Some(e.application),
        Event::ApplicationReviewBegun(e) => Some(e.application),
        Event::ApplicationReturned(e) => Some(e.application),
        Event::ApplicationApproved(e) => Some(e.application),
        Event::ApplicationDeclined(e) => Some(e.application),
        Event::ApplicationWithdrawn(e) => Some(e.application),
        _ => None,
    }
}

fn history(told: &Told<'_>) {
    let rows = told.events.iter().flat_map(|recorded| {
        let seq = recorded.meta.seq.0;
        let row = move |about: &str, id: u32| json!({"about": about, "about_id": id, "event": seq});
        let vouchers = vouchers_of(told, &recorded.event).into_iter();
        let application = application_of(&recorded.event);
        let application = application.map(|id| row("application", id.0));
        vouchers
            .map(move |id| row("voucher", id.0))
            .chain(application)
    });
    told.same("history", rows.collect());
}
