//! Claims, payments, obligation lines, refusals.

use quantong::domain::{ClaimId, Fen, LineId, PaymentId, PeriodId};
use quantong::engine::event::{Event, Recorded};
use quantong::engine::refusal::{Faults, RefusalCode};
use quantong::engine::refusal_of;
use quantong::engine::state::{Authority, ClaimRow, ClaimStatus, LineOrigin};
use serde_json::{Value, json};

use super::{Told, details};

pub(super) fn compare(told: &Told<'_>) {
    let claims = told.state.claims().map(|(id, row)| claim(told, id, row));
    told.same("claims", claims.collect());
    payments(told);
    lines(told);
    let refusals = told.events.iter().filter_map(refusal);
    told.same("refusals", refusals.collect());
}

/// What the filing alone says: number and day of the contract, its amounts, version and period.
struct Filed {
    contract_no: String,
    contract_date: String,
    amounts: [Fen; 3],
    invoice_no: String,
    version: u16,
    period: PeriodId,
}

macro_rules! filed {
    ($e:expr) => {
        Filed {
            contract_no: $e.contract_no.as_str().to_owned(),
            contract_date: $e.contract_date.to_string(),
            amounts: [$e.contract_amount, $e.invoice_amount, $e.paid_amount],
            invoice_no: $e.invoice_no.to_string(),
            version: $e.version.0.into(),
            period: $e.period,
        }
    };
}

fn claim(told: &Told<'_>, id: ClaimId, row: &ClaimRow) -> Value {
    let state = told.state;
    let recorded = told.event(row.details);
    let filed = match &recorded.event {
        Event::ClaimApproved(e) => filed!(e),
        Event::ClaimAwaitsBudget(e) => filed!(e),
        other => panic!("{other:?} files no claim"),
    };
    let status = match row.status {
        ClaimStatus::Approved => "approved",
        ClaimStatus::Paid => "paid",
        ClaimStatus::Reversed => "reversed",
        ClaimStatus::Waiting => "awaiting_budget",
        ClaimStatus::Withdrawn => "withdrawn",
    };
    let order = match row.authority {
        Authority::Order(id) => Some(id.0),
        Authority::Imported | Authority::Consent(_) => None,
    };
    let voucher = state.voucher(row.voucher).expect("issued");
    let (programme, _) = state.voucher_owner(voucher);
    let charged = state.approved_in(id, row);
    let [contract_amount, invoice_amount, paid_amount] = filed.amounts.map(Fen::get);
    json!({
        "id": id.0, "public_id": state.claim_id(id, told.tag).expect("counted").as_str(),
        "voucher": row.voucher.0, "programme": programme.0,
        "charged_to": (charged != programme).then_some(charged.0),
        "issuer": state.programme(programme).expect("created").city.0,
        "version": filed.version, "provider": row.provider.0,
        "payee": if row.pays_enterprise { "enterprise" } else { "provider" },
        "category": row.category.0, "contract_no": filed.contract_no,
        "contract_date": filed.contract_date, "contract_amount": contract_amount,
        "invoice_no": filed.invoice_no, "invoice_amount": invoice_amount,
        "paid_amount": paid_amount, "amount": row.amount.get(), "payer": row.payer.0,
        "agreement": row.agreement.map(|id| id.0), "period": filed.period.0,
        "filed_on": recorded.meta.business_date.to_string(), "filed_by": row.filed_by.0,
        "status": status, "first_line": row.first_line.map(|id| id.0), "line_count": row.lines,
        "event": row.details.0, "order_id": order,
    })
}

fn payments(told: &Told<'_>) {
    let ids = (0..told.state.payment_count()).filter_map(PaymentId::from_index);
    let rows = ids.map(|id| {
        let row = told.state.payment(id).expect("counted");
        let claim = told.state.claim(row.claim).expect("filed");
        let (e, meta) = details!(told, row.details, PayeePaid);
        assert_eq!((e.claim, e.funding.payer), (row.claim, claim.payer));
        json!({
            "id": id.0, "claim": row.claim.0, "payer": claim.payer.0,
            "amount": claim.amount.get(), "bank_ref": e.bank_ref.as_str(),
            "paid_on": e.paid_on.to_string(), "returned": u8::from(row.returned),
            "event": meta.seq.0,
        })
    });
    told.same("payments", rows.collect());
}

/// The event that entered each line, by its number.
fn entered(told: &Told<'_>) -> Vec<u64> {
    let mut of_lines = vec![None; told.state.line_count()];
    for recorded in told.events {
        let (first, count) = match &recorded.event {
            Event::ClaimApproved(e) => (e.first_line, e.funding.other_count()),
            Event::WaitingApproved(e) => (e.first_line, e.funding.other_count()),
            Event::PayeePaid(e) => (e.first_line, e.funding.other_count()),
            Event::ClaimReversed(e) => match e.lines {
                quantong::engine::event::LinesUndone::Opposed(first) => {
                    (Some(first), e.funding.other_count())
                }
                _ => continue,
            },
            Event::ArrearsCarried(e) => (Some(e.line), 1),
            _ => continue,
        };
        let Some(first) = first else { continue };
        for line in 0..u32::from(count) {
            let place = LineId(first.0 + line).index();
            assert_eq!(of_lines[place].replace(recorded.meta.seq.0), None);
        }
    }
    let known = of_lines.into_iter().map(|seq| seq.expect("it was entered"));
    known.collect()
}

fn lines(told: &Told<'_>) {
    let entered = entered(told);
    let claim_of = |line: LineId| match told.state.line(line).expect("known").origin {
        LineOrigin::Claim(id) => id,
        other => panic!("{other:?} is opposed"),
    };
    let rows = told.state.lines().map(|(id, row)| {
        let (origin, of) = match row.origin {
            LineOrigin::Claim(id) => ("claim", id.0),
            LineOrigin::Opposes(line) => ("reversal", claim_of(line).0),
            LineOrigin::Arrears(id) => ("arrears", id.0),
        };
        json!({
            "id": id.0, "debtor": row.debtor.0, "creditor": row.creditor.0,
            "programme": row.programme.map(|id| id.0), "amount": row.amount.get(),
            "period": row.period.0, "voided": u8::from(row.voided), "event": entered[id.index()],
            "origin": origin, "origin_id": of,
        })
    });
    told.same("obligation_lines", rows.collect());
}

/// What an event that refuses something says; nothing of others.
fn refusal(recorded: &Recorded) -> Option<Value> {
    let code = refusal_of(&recorded.event)?;
    let meta = &recorded.meta;
    let mut row = json!({
        "event": meta.seq.0, "command": "", "code": code.as_str(), "faults": "", "voucher": null,
        "provider": null, "programme": null, "enterprise": null, "invoice_no": null,
        "amount": null, "refused_on": meta.business_date.to_string(),
        "sent_by": meta.principal.0,
    });
    let faults = |faults: &Faults| {
        let codes: Vec<&str> = faults.in_order().map(RefusalCode::as_str).collect();
        json!(codes.join("|"))
    };
    match &recorded.event {
        Event::ClaimRefused(e) => {
            row["command"] = json!("FileClaim");
            row["faults"] = faults(&e.faults);
            row["voucher"] = json!(e.voucher.map(|id| id.0));
            row["provider"] = json!(e.provider.map(|id| id.0));
            row["invoice_no"] = json!(e.invoice_no.to_string());
        }
        Event::VoucherRefused(e) => {
            row["command"] = json!("IssueVoucher");
            row["programme"] = json!(e.programme.0);
            row["enterprise"] = json!(e.enterprise.0);
            row["amount"] = json!(e.amount.get());
        }
        Event::FileRowRefused(e) => {
            row["command"] = json!("IssueFileRows");
            row["programme"] = json!(e.programme.0);
            row["enterprise"] = json!(e.enterprise.map(|id| id.0));
            row["amount"] = json!(e.amount.get());
        }
        Event::OrderRefused(e) => {
            row["command"] = json!("ConfirmOrder");
            row["faults"] = faults(&e.faults);
            row["voucher"] = json!(e.lines.first().map(|(id, _)| id.0));
        }
        Event::ContractRefused(e) => {
            row["command"] = json!("AdvanceOrder");
            row["faults"] = faults(&e.faults);
            row["voucher"] = json!(e.lines.first().map(|(id, _)| id.0));
        }
        Event::CommandRefused(e) => row["command"] = json!(e.command.as_str()),
        Event::ProposalFailed(_) => row["command"] = json!("DecideProposal"),
        other => panic!("{other:?} refuses nothing"),
    }
    Some(row)
}
