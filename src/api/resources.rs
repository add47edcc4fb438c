//! Single resources: what the state says now, on top of the event with the details.

mod people;

pub(super) use people::{get_action_rules, get_proposal};

mod orders;

pub(super) use orders::{concerned_by, get_order};

mod register;

pub(super) use register::{
    get_admission, get_credit_flag, get_objection, get_publicity, get_relations, get_statuses,
    get_team,
};

mod applications;

mod transfers;

use serde_json::{Value, json};

pub(super) use applications::{Standing, get_application};

use super::context::Cx;
use super::problem::Problem;
use super::render::{View, yuan};
use crate::domain::{
    AgreementId, IdKind, InstructionId, LineId, MemberId, PaymentId, PrincipalId, ProviderId, Seq,
    VoucherId,
};
use crate::engine::State;
use crate::engine::books::{Detail, Section};
use crate::engine::command::{Role, Scope};
use crate::engine::state::{ClaimStatus, LineOrigin, PeriodStatus};

pub(super) use transfers::{get_event, get_transfer};

mod programmes;

pub(super) use programmes::get_programme;

/// A resource: its own members, and the event whose fact lies beneath them.
pub(super) struct Found {
    pub(super) body: Value,
    pub(super) details: Option<Seq>,
    /// A later event of which some members lie on the first one's.
    pub(super) later: Option<(Seq, &'static [&'static str])>,
}

fn found(body: Value, details: Seq) -> Result<Found, Problem> {
    Ok(Found {
        body,
        details: Some(details),
        later: None,
    })
}

/// A function that finds a resource.
pub(super) type Finder = fn(&Cx<'_>) -> Result<Found, Problem>;

fn view<'a>(cx: &Cx<'a>) -> View<'a> {
    View::all(cx.state, cx.tag).to(cx.principal)
}

pub(super) fn get_member(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.member("code", cx.param("code"))?;
    let row = cx
        .state
        .member(id)
        .ok_or_else(|| Problem::not_found("member"))?;
    let required = view(cx).required(id);
    found(
        json!({"signed_protocol": row.signed_protocol, "required": required}),
        row.details,
    )
}

pub(super) fn get_category(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.category("code", cx.param("code"))?;
    let row = cx
        .state
        .category(id)
        .ok_or_else(|| Problem::not_found("category"))?;
    found(json!({}), row.details)
}

pub(super) fn get_calendar(cx: &Cx<'_>) -> Result<Found, Problem> {
    let calendar = cx.state.calendar();
    let body = json!({
        "confirm_days": calendar.confirm_days,
        "pay_days": calendar.pay_days,
        "business_date": cx.state.business_date().to_string(),
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

pub(super) fn get_principal(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id: PrincipalId = cx.principal_id("id", cx.param("id"))?;
    let row = cx
        .state
        .principal(id)
        .ok_or_else(|| Problem::not_found("principal"))?;
    // Whoever administers a member reads who acts there.
    let administers = cx.state.grants_of(id).any(|(_, scope)| {
        let office = cx.state.office_of(scope);
        cx.state
            .has_grant(cx.principal, Role::Administrator, office)
    });
    if id != cx.principal && !administers {
        cx.reading("principal", &[])?;
    }
    let view = view(cx);
    let grants: Vec<Value> = cx
        .state
        .grants_of(id)
        .map(|(role, scope)| json!({"role": role.as_str(), "scope": view.scope(scope)}))
        .collect();
    found(
        json!({"grants": grants, "enabled": !row.disabled, "erased": row.erased}),
        row.details,
    )
}

pub(super) fn get_enterprise(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.enterprise("id", cx.param("id"))?;
    let row = cx
        .state
        .enterprise(id)
        .ok_or_else(|| Problem::not_found("enterprise"))?;
    let scopes = [
        Scope::Enterprise(id),
        Scope::Member(row.city),
        Scope::Member(row.registered_city),
    ];
    cx.reading("enterprise", &scopes)?;
    found(register::enterprise(cx, id, row), row.details)
}

/// A provider is public: firms of every city choose among them.
pub(super) fn get_provider(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.provider("id", cx.param("id"))?;
    let row = cx
        .state
        .provider(id)
        .ok_or_else(|| Problem::not_found("provider"))?;
    found(register::provider(cx, id, row), row.details)
}

pub(super) fn get_agreement(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.agreement_id(AgreementId(id), tag);
    let id = AgreementId(cx.id("id", cx.param("id"), IdKind::Agreement, canonical)?);
    let row = cx
        .state
        .agreement_row(id)
        .ok_or_else(|| Problem::not_found("agreement"))?;
    let members = row
        .terms
        .shares
        .iter()
        .map(|(member, _)| Scope::Member(*member));
    cx.reading("agreement", &members.collect::<Vec<_>>())?;
    found(json!({}), row.details)
}

/// Whose a voucher is: its issuer's and its holder's, and of a firm that has moved its new city's
/// as well.
pub(super) fn of_voucher(state: &State, id: VoucherId) -> Vec<Scope> {
    let Some(row) = state.voucher(id) else {
        return Vec::new();
    };
    let (programme, holder) = state.voucher_owner(row);
    let cities = [
        state.programme(programme).map(|row| row.city),
        state.enterprise(holder).map(|row| row.city),
    ];
    let cities = cities.into_iter().flatten().map(Scope::Member);
    cities.chain([Scope::Enterprise(holder)]).collect()
}

pub(super) fn get_voucher(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.voucher_id(VoucherId(id), tag);
    let id = VoucherId(cx.id("id", cx.param("id"), IdKind::Voucher, canonical)?);
    let row = cx
        .state
        .voucher(id)
        .ok_or_else(|| Problem::not_found("voucher"))?;
    let (programme, holder) = cx.state.voucher_owner(row);
    let issuer = cx
        .state
        .programme(programme)
        .map_or(MemberId(0), |row| row.city);
    let consents: Vec<_> = cx.state.consents_of(id).collect();
    let mut scopes = of_voucher(cx.state, id);
    // A lab is not told which others may be paid.
    let whole = cx.may_read(&scopes);
    let labs = cx.state.grants_of(cx.principal);
    let labs = labs.filter(|(_, scope)| match scope {
        Scope::Provider(lab) => cx.state.serves(*lab, id),
        _ => false,
    });
    let labs: Vec<Scope> = labs.map(|(_, scope)| scope).collect();
    scopes.extend(&labs);
    cx.reading("voucher", &scopes)?;
    let told = |provider: Option<ProviderId>| {
        whole || provider.is_none_or(|id| labs.contains(&Scope::Provider(id)))
    };
    let view = view(cx);
    let replaced_by: Value = (cx.state.reissued_of(id).into_iter())
        .flat_map(|row| &row.vouchers)
        .map(|id| view.voucher(*id))
        .collect();
    let consents = consents.iter().filter(|(_, row)| told(row.provider));
    let consents = consents.map(|(_, consent)| {
        json!({
            "giver": if consent.by_provider { "provider" } else { "holder" },
            "provider": consent.provider.map(|id| view.provider(id)),
            "left": yuan(consent.left),
            "until": consent.until.to_string(),
        })
    });
    let body = json!({
        "id": view.voucher(id),
        "programme": view.programme(programme),
        "charged_to": view.programme(cx.state.charged(programme)),
        "issuer": view.member(issuer),
        "enterprise": view.enterprise(holder),
        "parent": row.parent.map(|id| view.voucher(id)),
        "amount": yuan(row.amount),
        "free": yuan(row.free),
        "held": yuan(row.held),
        "claimed": yuan(cx.state.claimed_of(id)),
        "approved": yuan(row.approved),
        "returned": yuan(row.returned),
        "issued_on": row.issued_on.to_string(),
        "use_by": row.use_by.to_string(),
        "cash_by": row.cash_by.to_string(),
        "revoked": row.revoked,
        "frozen": row.frozen,
        "status": Standing::of(row).word(cx.state.business_date()),
        "replaced_by": replaced_by,
        "consents": consents.collect::<Value>(),
    });
    found(body, row.details)
}

pub(super) fn get_claim(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = super::bodies::claim(cx)?;
    let row = cx
        .state
        .claim(id)
        .ok_or_else(|| Problem::not_found("claim"))?;
    let voucher = cx
        .state
        .voucher(row.voucher)
        .ok_or_else(|| Problem::not_found("voucher"))?;
    let (programme, holder) = cx.state.voucher_owner(voucher);
    let issuer = cx
        .state
        .programme(programme)
        .map_or(MemberId(0), |row| row.city);
    let host = cx
        .state
        .provider(row.provider)
        .map_or(issuer, |row| row.city);
    cx.reading(
        "claim",
        &[
            Scope::Member(issuer),
            Scope::Member(host),
            Scope::Member(row.payer),
            Scope::Enterprise(holder),
            Scope::Provider(row.provider),
        ],
    )?;
    let status = match row.status {
        ClaimStatus::Approved => "approved",
        ClaimStatus::Paid => "paid",
        ClaimStatus::Reversed => "reversed",
        ClaimStatus::Waiting => "awaiting_budget",
        ClaimStatus::Withdrawn => "withdrawn",
    };
    let view = view(cx);
    let lines: Value = row.line_ids().map(|id| view.line(id)).collect();
    let body = json!({
        "status": status,
        "programme": view.programme(programme),
        "charged_to": view.programme(cx.state.approved_in(id, row)),
        "issuer": view.member(issuer),
        "enterprise": view.enterprise(holder),
        "payer": view.member(row.payer),
        "agreement": row.agreement.map(|id| view.agreement_id(id)),
        "filed_by": view.principal(row.filed_by),
        "lines": lines,
    });
    let approved = cx.state.approved_later(id);
    Ok(Found {
        body,
        details: Some(row.details),
        // What the filing said was not the last word.
        later: approved.map(|seq| (seq, &["result", "funding"][..])),
    })
}

pub(super) fn get_payment(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.payment_id(PaymentId(id), tag);
    let id = PaymentId(cx.id("id", cx.param("id"), IdKind::Payment, canonical)?);
    let row = cx
        .state
        .payment(id)
        .ok_or_else(|| Problem::not_found("payment"))?;
    let claim = cx
        .state
        .claim(row.claim)
        .ok_or_else(|| Problem::not_found("claim"))?;
    let voucher = cx.state.voucher(claim.voucher);
    let owner = voucher.map(|voucher| cx.state.voucher_owner(voucher));
    let (programme, holder) = owner.ok_or_else(|| Problem::not_found("voucher"))?;
    let issuer = cx.state.programme(programme).map(|row| row.city);
    // Who is paid, and by whose programme: how much the other party of the contract is paid for it
    // is on the claim, to which account and by which reference is not theirs to know.
    let payee = match claim.pays_enterprise {
        true => Scope::Enterprise(holder),
        false => Scope::Provider(claim.provider),
    };
    let issuer = issuer.map(Scope::Member);
    let payer = Scope::Member(claim.payer);
    let concerned: Vec<Scope> = issuer.into_iter().chain([payer, payee]).collect();
    cx.reading("payment", &concerned)?;
    found(json!({"returned": row.returned}), row.details)
}

pub(super) fn get_line(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.line_id(LineId(id), tag);
    let id = LineId(cx.id("id", cx.param("id"), IdKind::Line, canonical)?);
    let row = cx
        .state
        .line(id)
        .ok_or_else(|| Problem::not_found("line"))?;
    cx.reading(
        "line",
        &[Scope::Member(row.debtor), Scope::Member(row.creditor)],
    )?;
    let view = view(cx);
    let origin = match row.origin {
        LineOrigin::Claim(id) => json!({"claim": view.claim(id)}),
        LineOrigin::Opposes(id) => json!({"opposes": view.line(id)}),
        LineOrigin::Arrears(id) => json!({"instruction": view.instruction(id)}),
    };
    let body = json!({
        "id": view.line(id),
        "debtor": view.member(row.debtor),
        "creditor": view.member(row.creditor),
        "programme": row.programme.map(|id| view.programme(id)),
        "amount": yuan(row.amount),
        "period": view.period(row.period),
        "origin": origin,
        "voided": row.voided,
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

fn status(status: PeriodStatus) -> &'static str {
    match status {
        PeriodStatus::Open => "open",
        PeriodStatus::Closed => "closed",
        PeriodStatus::Agreed => "agreed",
        PeriodStatus::Settling => "settling",
        PeriodStatus::Settled => "settled",
        PeriodStatus::SettledWithCarry => "settled_with_carry",
    }
}

pub(super) fn get_period(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.period("month", cx.param("month"))?;
    let row = cx
        .state
        .period(id)
        .ok_or_else(|| Problem::not_found("period"))?;
    let view = view(cx);
    let sees = |members: &[MemberId]| {
        let scopes: Vec<Scope> = members
            .iter()
            .map(|member| Scope::Member(*member))
            .collect();
        cx.may_read(&scopes)
    };
    let positions = cx
        .state
        .period_positions(id)
        .into_iter()
        .filter(|p| sees(&[p.member]));
    let positions = positions.map(|p| {
        json!({
            "member": p.code.to_string(),
            "receivable": yuan(p.receivable),
            "payable": yuan(p.payable),
            "net": p.net().to_string(),
            "confirmed_revision": cx.state.confirmation(id, p.member),
        })
    });
    let gross = cx
        .state
        .gross(id)
        .0
        .into_iter()
        .filter(|o| sees(&[o.debtor, o.creditor]));
    let gross = gross.map(|o| {
        json!({
            "debtor": view.member(o.debtor),
            "creditor": view.member(o.creditor),
            "amount": yuan(o.amount),
        })
    });
    let instructions = cx
        .state
        .instructions_of(id)
        .filter(|(_, row)| sees(&[row.debtor, row.creditor]));
    let body = json!({
        "id": row.month.to_string(),
        "status": status(row.status),
        "revision": row.revision,
        "closed_on": row.closed_on.map(|day| day.to_string()),
        "deemed_on": row.deemed_on.map(|day| day.to_string()),
        "mode": row.mode.map(|mode| view.mode(mode)),
        "pay_by": row.pay_by.map(|day| day.to_string()),
        "carried": yuan(row.carried),
        "positions": positions.collect::<Value>(),
        "gross": gross.collect::<Value>(),
        "instructions": instructions.map(|(id, _)| view.instruction(id)).collect::<Value>(),
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

pub(super) fn get_instruction(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.instruction_id(InstructionId(id), tag);
    let id = InstructionId(cx.id("id", cx.param("id"), IdKind::Instruction, canonical)?);
    let row = cx
        .state
        .instruction(id)
        .ok_or_else(|| Problem::not_found("instruction"))?;
    cx.reading(
        "instruction",
        &[Scope::Member(row.debtor), Scope::Member(row.creditor)],
    )?;
    let view = view(cx);
    let body = json!({
        "id": view.instruction(id),
        "period": view.period(row.period),
        "order": row.order,
        "debtor": view.member(row.debtor),
        "creditor": view.member(row.creditor),
        "amount": yuan(row.amount),
        "paid": yuan(row.paid),
        "carried": yuan(row.carried),
        "open": yuan(row.open()),
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

/// Positions over all periods that are not settled.
pub(super) fn get_positions(cx: &Cx<'_>) -> Result<Found, Problem> {
    let view = view(cx);
    let ids = (0..cx.state.period_count()).filter_map(crate::domain::PeriodId::from_index);
    let unsettled = ids.filter(|id| {
        let settled = [PeriodStatus::Settled, PeriodStatus::SettledWithCarry];
        cx.state
            .period(*id)
            .is_some_and(|row| !settled.contains(&row.status))
    });
    let rows = unsettled.flat_map(|id| {
        let positions = cx.state.period_positions(id).into_iter();
        positions
            .filter(|p| cx.may_read(&[Scope::Member(p.member)]))
            .map(move |p| (id, p))
    });
    let rows = rows.map(|(id, p)| {
        json!({
            "period": view.period(id),
            "member": p.code.to_string(),
            "receivable": yuan(p.receivable),
            "payable": yuan(p.payable),
            "net": p.net().to_string(),
        })
    });
    Ok(Found {
        body: json!({"positions": rows.collect::<Value>()}),
        details: None,
        later: None,
    })
}

/// The trial balance of one party, or of all that the asker may read.
pub(super) fn get_trial_balance(cx: &Cx<'_>) -> Result<Found, Problem> {
    let party = match cx.param("party") {
        "" => None,
        code => {
            let party = cx.member("party", code)?;
            cx.reading("party", &[Scope::Member(party)])?;
            Some(party)
        }
    };
    let section = match cx.param("section") {
        "" => None,
        "budget" => Some(Section::Budget),
        "actual" => Some(Section::Actual),
        _ => return Err(Problem::field("section", "is budget or actual")),
    };
    let view = view(cx);
    let signed = |fen: u128| crate::domain::SignedFen(fen.cast_signed()).to_string();
    let (mut rows, mut debits, mut credits) = (Vec::new(), 0_u128, 0_u128);
    for (account, balance) in cx.state.accounts() {
        let kind = account.kind();
        let wanted = party.is_none_or(|party| party == account.party())
            && section.is_none_or(|section| section == kind.section());
        if !wanted || !cx.may_read(&[Scope::Member(account.party())]) {
            continue;
        }
        debits += balance.debits;
        credits += balance.credits;
        let detail = match account.detail() {
            Detail::None => Value::Null,
            Detail::Programme(id) => json!({"programme": view.programme(id)}),
            Detail::Member(id) => json!({"member": view.member(id)}),
            Detail::Payee(payee) => json!({"payee": view.payee(payee)}),
            Detail::Period(id) => json!({"period": view.period(id)}),
        };
        rows.push(json!({
            "party": view.member(account.party()),
            "section": if kind.section() == Section::Budget { "budget" } else { "actual" },
            "account": kind.as_str(),
            "detail": detail,
            "debits": signed(balance.debits),
            "credits": signed(balance.credits),
            "balance": balance.on_side(kind.is_left()).to_string(),
        }));
    }
    let body = json!({"accounts": rows, "debits": signed(debits), "credits": signed(credits)});
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}
