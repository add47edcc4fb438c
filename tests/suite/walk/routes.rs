//! How every route is addressed, and who may use it.

use serde_json::{Value, json};

use super::{MEMBER_ROLES, Things};
use crate::server::{ENTERPRISE, PROVIDER, claim};

const OFFICES: &[&str] = &MEMBER_ROLES;

/// How a read is addressed, and what is expected of it.
pub(super) enum Read {
    /// Everybody may read it; what concerns the city only is left out for others.
    Public(String),
    /// A list: rows of others are left out.
    List(String),
    /// What the cities tell each other, masked where it must be: for the offices of every city, and
    /// for these roles of the own one.
    Cities(String, &'static [&'static str]),
    /// Only these roles of the corridor read it; anybody else is told that they may not.
    Corridor(String, Vec<&'static str>),
    /// These roles of the own city read it; to anybody else it is not there.
    Detail(String, Vec<&'static str>),
}

/// Readers of a city's matter: its offices, and these.
fn offices_and(others: &[&'static str]) -> Vec<&'static str> {
    [OFFICES, others].concat()
}

pub(super) fn read_of(operation: &str, things: &Things) -> Option<Read> {
    let thing = |name: &str| things[name].clone();
    let at = |path: &str, name: &str| format!("/v1/{path}/{}", thing(name));
    let detail = |path: &str, name: &str, others: &[&'static str]| {
        Read::Detail(at(path, name), offices_and(others))
    };
    Some(match operation {
        "get_member" => Read::Public("/v1/members/310117".into()),
        "get_action_rules" => Read::Public("/v1/members/310117/action-rules".into()),
        "get_category" => Read::Public("/v1/categories/testing".into()),
        "get_calendar" => Read::Public("/v1/calendar".into()),
        "get_provider" => Read::Public(format!("/v1/providers/{PROVIDER}")),
        "get_programme" => Read::Public("/v1/programmes/310117-T".into()),
        "get_period" => Read::Public(at("periods", "period")),
        "get_positions" => Read::List("/v1/positions".into()),
        "get_trial_balance" => {
            Read::Detail("/v1/trial-balance?party=310117".into(), offices_and(&[]))
        }
        "get_balances" => Read::Detail("/v1/balances?party=310117".into(), offices_and(&[])),
        "get_statement" => Read::Detail(
            "/v1/statement?party=310117&account=due_from&member=330100".into(),
            offices_and(&[]),
        ),
        "list_sign_ins" => Read::Corridor("/v1/sign-ins".into(), vec!["administrator", "auditor"]),
        "get_principal" => Read::Detail(
            at("principals", "principal"),
            vec!["administrator", "science_officer"],
        ),
        "get_proposal" => detail("proposals", "proposal", &[]),
        "get_enterprise" => detail("enterprises", "enterprise", &["enterprise"]),
        "get_agreement" => detail("agreements", "agreement", &[]),
        "get_voucher" => detail("vouchers", "voucher", &["enterprise", "provider"]),
        "get_transfer" => detail("transfers", "transfer", &["enterprise"]),
        "get_claim" => detail("claims", "claim", &["enterprise", "provider"]),
        "get_payment" => detail("payments", "payment", &["provider"]),
        "get_line" => detail("lines", "line", &[]),
        "get_instruction" => detail("instructions", "instruction", &[]),
        "get_refusal" => detail("refusals", "refusal", &["enterprise", "provider"]),
        "get_voucher_file" => Read::Detail(
            format!("/v1/voucher-files/{}?programme=310117-T", thing("file")),
            offices_and(&[]),
        ),
        _ => return read_of_more(operation, things),
    })
}

/// As [`read_of`], for histories, applications, orders, the registers of parties, and lists.
fn read_of_more(operation: &str, things: &Things) -> Option<Read> {
    let thing = |name: &str| things[name].clone();
    let at = |path: &str, name: &str| format!("/v1/{path}/{}", thing(name));
    let detail = |path: &str, name: &str, others: &[&'static str]| {
        Read::Detail(at(path, name), offices_and(others))
    };
    Some(match operation {
        "get_voucher_history" => Read::Detail(
            format!("/v1/vouchers/{}/history", thing("voucher")),
            offices_and(&["enterprise"]),
        ),
        // Whoever has the suffix of a lab is told what is public of it.
        "get_check" => Read::Public(thing("check")),
        "get_voucher_qr" => Read::Detail(
            format!("/v1/vouchers/{}/qr", thing("voucher")),
            offices_and(&["enterprise", "provider"]),
        ),
        "get_provider_qr" => Read::Public(format!("/v1/providers/{PROVIDER}/qr")),
        "get_application" => detail("applications", "application", &["enterprise"]),
        "get_application_history" => Read::Detail(
            format!("/v1/applications/{}/history", thing("application")),
            offices_and(&["enterprise"]),
        ),
        "get_event" => detail("events", "step", &["enterprise"]),
        "get_order" => detail("orders", "order", &["enterprise", "provider"]),
        "get_admission" => detail("admissions", "admission", &[]),
        "get_objection" => Read::Detail(
            format!("/v1/admissions/{}/objections/1", thing("published")),
            offices_and(&[]),
        ),
        "get_publicity" => Read::Public("/v1/members/310117/admission-policy".into()),
        "get_statuses" => Read::Detail(
            format!("/v1/enterprises/{ENTERPRISE}/statuses"),
            offices_and(&["enterprise"]),
        ),
        "get_team" => Read::Detail(
            format!("/v1/enterprises/{}/team", thing("team")),
            offices_and(&[]),
        ),
        "get_relations" => Read::Detail(
            format!("/v1/enterprises/{ENTERPRISE}/relations"),
            offices_and(&["enterprise"]),
        ),
        "get_bank_account" => Read::Cities(
            format!("/v1/enterprises/{ENTERPRISE}/bank-account"),
            &["enterprise"],
        ),
        // Flags are for every city; why one was raised is not.
        "get_credit_flag" => Read::Cities(at("credit-flags", "flag"), &["provider"]),
        "export_credit_flags" => Read::Cities("/v1/credit-flags/export".into(), &[]),
        list => Read::List(format!(
            "/v1/{}",
            list.strip_prefix("list_")?.replace('_', "-")
        )),
    })
}

/// How a write is addressed, and its body.
pub(super) struct Write {
    pub(super) path: String,
    pub(super) body: Value,
}

pub(super) fn write_of(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let write = |path: String, body: Value| Write { path, body };
    let claim = claim(today, &things["voucher"], 999, "1.00");
    Some(match operation {
        "register_member" => write(
            "/v1/members".into(),
            json!({"code": "320500", "kind": "city", "name_zh": "苏州市", "name_en": "Suzhou",
                "province": "Jiangsu", "signed_protocol": true}),
        ),
        "set_protocol" => write(
            "/v1/members/310117/protocol".into(),
            json!({"signed": false}),
        ),
        "set_action_rule" => write(
            "/v1/members/310117/action-rules".into(),
            json!({"action": "revoke", "persons": 3, "checker": "science_officer"}),
        ),
        "register_category" => write(
            "/v1/categories".into(),
            json!({"code": "more", "name_zh": "更多", "name_en": "More"}),
        ),
        "set_calendar" => write(
            "/v1/calendar".into(),
            json!({"confirm_days": 5, "pay_days": 5}),
        ),
        "register_principal" => write("/v1/principals".into(), json!({"name": "某人"})),
        "set_grant" => write(
            at("principals", "principal", "/grants"),
            json!({"role": "reviewer", "scope": "member:310117", "granted": true}),
        ),
        "issue_token" => write(
            at("principals", "principal", "/tokens"),
            json!({"token_sha256": "ab".repeat(32), "label": "desk"}),
        ),
        "revoke_token" => write(
            "/v1/tokens/revoke".into(),
            json!({"token_sha256": things["token"]}),
        ),
        "name_principal" => write(
            at("principals", "principal", "/details"),
            json!({"name": "某某"}),
        ),
        "erase_principal" => write(
            at("principals", "principal", "/erasure"),
            json!({"reason": "W"}),
        ),
        "set_access" => write(
            at("principals", "principal", "/access"),
            json!({"enabled": false}),
        ),
        "decide_proposal" => write(
            at("proposals", "proposal", "/decision"),
            json!({"approve": true}),
        ),
        "withdraw_proposal" => write(at("proposals", "proposal", "/withdraw"), json!({})),
        "withdraw_transfer" => write(at("transfers", "transfer", "/withdraw"), json!({})),
        _ => return write_more(operation, things, today, claim),
    })
}

/// As [`write_of`], for parties, programmes and money.
fn write_more(operation: &str, things: &Things, today: &str, claim: Value) -> Option<Write> {
    let write = |path: String, body: Value| Write { path, body };
    let terms = terms(today);
    Some(match operation {
        "register_enterprise" => write(
            "/v1/enterprises".into(),
            json!({"code": "91320500MADEM002X0", "name": "某企业", "city": "310117",
                "kind": "sme"}),
        ),
        "register_provider" => write(
            "/v1/providers".into(),
            json!({"code": "91320500MADEM002X0", "name": "某机构", "city": "310117",
                "categories": ["testing"]}),
        ),
        "set_suspension" => write(
            format!("/v1/providers/{PROVIDER}/suspension"),
            json!({"suspended": true}),
        ),
        "set_controller_group" => write(
            format!("/v1/enterprises/{ENTERPRISE}/controller-group"),
            json!({"controller_group": "G", "from": today}),
        ),
        "create_programme" => write(
            "/v1/programmes".into(),
            json!({"code": "310117-W", "title": "W", "city": "310117", "budget_year": 2026}),
        ),
        "change_budget" => write(
            "/v1/programmes/310117-T/budget-changes".into(),
            json!({"amount": "1.00", "direction": "raise"}),
        ),
        "publish_version" => write("/v1/programmes/310117-T/versions".into(), terms),
        "register_agreement" => write(
            "/v1/agreements".into(),
            json!({"home": "330100", "host": "310117", "from": today, "to": "2099-12-31",
                "model": "home_pays", "accrues_at": "approval",
                "shares": [{"member": "330100", "share": "0.5"},
                    {"member": "310117", "share": "0.5"}]}),
        ),
        _ => return write_of_vouchers(operation, things, today, claim),
    })
}

/// As [`write_of`], for vouchers and claims.
fn write_of_vouchers(operation: &str, things: &Things, today: &str, claim: Value) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let write = |path: String, body: Value| Write { path, body };
    let terms = terms(today);
    Some(match operation {
        "simulate" => write(
            "/v1/simulations".into(),
            json!({"programme": "310117-T", "terms": terms}),
        ),
        "issue_voucher" => write(
            "/v1/vouchers".into(),
            json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": "1.00"}),
        ),
        "give_consent" => write(
            at("vouchers", "voucher", "/consents"),
            json!({"giver": "holder", "provider": PROVIDER, "up_to": "1.00",
                "until": "2099-12-31"}),
        ),
        "set_freeze" => write(
            at("vouchers", "voucher", "/freeze"),
            json!({"frozen": true, "reason": "W"}),
        ),
        "revoke_voucher" => write(at("vouchers", "voucher", "/revoke"), json!({})),
        "propose_transfer" => write(
            at("vouchers", "voucher", "/transfers"),
            json!({"kind": "relocation", "to_city": "330100", "amount": "0"}),
        ),
        "decide_transfer" => write(
            at("transfers", "transfer", "/decision"),
            json!({"approve": true}),
        ),
        "file_claim" => write("/v1/claims".into(), claim),
        "file_claims" => write(
            "/v1/claims/bulk".into(),
            json!({"mode": "atomic", "items": [claim]}),
        ),
        "write_bulk" => write(
            "/v1/bulk".into(),
            json!({"mode": "atomic", "items": [{"operation": "set_freeze",
                "path": {"id": things["voucher"]},
                "body": {"frozen": true, "reason": "W"}}]}),
        ),
        _ => {
            let orders = write_of_orders(operation, things, today);
            return orders.or_else(|| write_of_settlement(operation, things, today));
        }
    })
}

/// As [`write_of`], for applications, orders and the deadlines of vouchers.
fn write_of_orders(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let (path, body) = match operation {
        "extend_voucher" => (
            at("vouchers", "voucher", "/extend"),
            json!({"use_by": "2030-01-01", "cash_by": "2030-02-01", "reason": "W"}),
        ),
        "reissue_voucher" => (
            at("vouchers", "voucher", "/reissue"),
            json!({"amount": "1.00", "reason": "W"}),
        ),
        "apply_for_voucher" => (
            "/v1/applications".into(),
            json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": "1.00"}),
        ),
        "resubmit_application" => (
            at("applications", "application", "/resubmission"),
            json!({"amount": "1.00"}),
        ),
        "review_application" => (
            at("applications", "application", "/review"),
            json!({"step": "begin"}),
        ),
        "withdraw_application" => (at("applications", "application", "/withdraw"), json!({})),
        "propose_order" => (
            "/v1/orders".into(),
            json!({"provider": PROVIDER, "category": "testing", "contract_amount": "1.00",
                "hold_until": today, "lines": [{"voucher": things["voucher"],
                    "amount": "1.00"}]}),
        ),
        "contract_order" => (
            at("orders", "order", "/contract"),
            json!({"contract_no": "W", "contract_date": today}),
        ),
        "extend_order" => (
            at("orders", "order", "/extend"),
            json!({"by": "holder", "until": "2030-01-01"}),
        ),
        "dispute_order" => (
            at("orders", "order", "/dispute"),
            json!({"by": "holder", "code": "late", "reason": "W"}),
        ),
        "resolve_order" => (
            at("orders", "order", "/resolve"),
            json!({"outcome": "rejected", "reason": "W"}),
        ),
        "agree_order" | "confirm_order" | "deliver_order" | "accept_order" => {
            let step = operation.strip_suffix("_order")?;
            (at("orders", "order", &format!("/{step}")), json!({}))
        }
        "cancel_order" | "release_order" => {
            let step = operation.strip_suffix("_order")?;
            (
                at("orders", "order", &format!("/{step}")),
                json!({"by": "holder", "reason": "W"}),
            )
        }
        _ => return write_of_life(operation, things, today),
    };
    Some(Write { path, body })
}

/// As [`write_of`], for the life of programmes.
fn write_of_life(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let programme = |end: &str| format!("/v1/programmes/310117-T/{end}");
    let (path, body) = match operation {
        "save_draft" => (programme("drafts"), json!({"terms": terms(today)})),
        "mark_simulated" => (programme("drafts/1/simulation"), json!({"to": today})),
        "publish_draft" => (programme("drafts/1/publication"), json!({"saved": 1})),
        "copy_pack" => (programme("copies"), json!({"from": "340100-T"})),
        "set_city_policy" => (
            "/v1/members/310117/policy".into(),
            json!({"required": ["review_no"]}),
        ),
        "start_year_closing" => (programme("year-closing"), json!({"reason": "W"})),
        "decide_year_end" => (programme("year-end"), json!({"reason": "W"})),
        "reverse_step" => (
            format!("/v1/events/{}/reverse", things["step"]),
            json!({"reason": "W"}),
        ),
        "withdraw_claim" => (
            format!("/v1/claims/{}/withdraw", things["claim"]),
            json!({"reason": "W"}),
        ),
        _ => return write_of_registers(operation, things, today),
    };
    Some(Write { path, body })
}

/// As [`write_of`], for the registers of parties.
fn write_of_registers(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let (path, body) = match operation {
        "apply_for_admission" => (
            "/v1/admissions".into(),
            json!({"code": "91330500MADEM0046Y", "name": "新机构", "city": "310117",
                "categories": ["testing"], "from": today, "to": "2099-12-31"}),
        ),
        "check_admission" => (
            at("admissions", "admission", "/check"),
            json!({"decision": "passed"}),
        ),
        "withdraw_admission" => (at("admissions", "admission", "/withdraw"), json!({})),
        "object_to_admission" => (
            at("admissions", "published", "/objections"),
            json!({"reason_code": "other", "reason": "W"}),
        ),
        "answer_objection" => (
            at("admissions", "published", "/objections/1/decision"),
            json!({"upheld": false, "reason": "W"}),
        ),
        "admit_provider" => (at("admissions", "published", "/admit"), json!({})),
        _ => return write_of_parties(operation, things, today),
    };
    Some(Write { path, body })
}

/// As [`write_of`], for what the registers say of parties.
fn write_of_parties(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let firm = |end: &str| format!("/v1/enterprises/{ENTERPRISE}/{end}");
    let (path, body) = match operation {
        "set_publicity" => (
            "/v1/members/310117/admission-policy".into(),
            json!({"publicity_days": 3}),
        ),
        "set_recognition" => (
            "/v1/members/310117/recognitions".into(),
            json!({"provider": PROVIDER, "stance": "recognises", "from": today}),
        ),
        "remove_provider" => (
            format!("/v1/providers/{PROVIDER}/removal"),
            json!({"from": "2099-01-01", "reason": "W"}),
        ),
        "set_status" => (
            firm("statuses"),
            json!({"kind": "high_tech", "from": "2025-01-01", "to": "2027-12-31",
                "certificate_no": "W", "certified_by": "310117"}),
        ),
        "set_team" => (
            at("enterprises", "team", "/team"),
            json!({"leader": "张三"}),
        ),
        "set_relation" => (
            "/v1/relations".into(),
            json!({"party": format!("enterprise:{ENTERPRISE}"),
                "other": format!("provider:{PROVIDER}"), "kind": "family", "from": today}),
        ),
        "raise_credit_flag" => (
            "/v1/credit-flags".into(),
            json!({"party": ENTERPRISE, "code": "false_claim", "level": "warning",
                "from": today, "city": "310117", "reason": "W"}),
        ),
        "lift_credit_flag" => (at("credit-flags", "flag", "/lift"), json!({"reason": "W"})),
        "propose_account" => (firm("bank-account"), json!({"account": "6222000000000000"})),
        "decide_account" => (
            firm("bank-account/decision"),
            json!({"version": 1, "approve": true}),
        ),
        "correct_party" => (
            firm("corrections"),
            json!({"name": "新名称", "from": today}),
        ),
        "dissolve_party" => (firm("dissolution"), json!({"from": today, "reason": "W"})),
        _ => return None,
    };
    Some(Write { path, body })
}

/// As [`write_of`], for payments and periods.
fn write_of_settlement(operation: &str, things: &Things, today: &str) -> Option<Write> {
    let at = |path: &str, name: &str, end: &str| format!("/v1/{path}/{}{end}", things[name]);
    let write = |path: String, body: Value| Write { path, body };
    Some(match operation {
        "reverse_claim" => write(at("claims", "claim", "/reverse"), json!({})),
        "pay_claim" => write(
            at("claims", "claim", "/payments"),
            json!({"bank_ref": "W", "paid_on": today}),
        ),
        "return_payment" => write(at("payments", "payment", "/return"), json!({})),
        "request_close" => write(at("periods", "next_period", "/request-close"), json!({})),
        "close_period" => write(at("periods", "next_period", "/close"), json!({})),
        "confirm_statement" => write(
            at("periods", "period", "/confirmations"),
            json!({"member": "310117", "revision": 1}),
        ),
        "instruct_period" => write(
            at("periods", "period", "/instruct"),
            json!({"mode": "direct", "document_no": "W"}),
        ),
        "confirm_instruction" => write(
            at("instructions", "instruction", "/payments"),
            json!({"amount": "0.01", "bank_ref": "W", "paid_on": today}),
        ),
        "advance_date" => {
            let (year, rest) = today.split_at(4);
            let year: u32 = year.parse().ok()?;
            let to = format!("{}{}-01", year + 1, &rest[..3]);
            write("/v1/business-date".into(), json!({"to": to}))
        }
        _ => return None,
    })
}

pub(super) fn terms(today: &str) -> Value {
    json!({"effective_from": today, "document_no": "科发〔2026〕9号", "payee": "provider",
        "base": "invoice", "cap_enterprise": "5000000.00", "cap_group": "5000000.00",
        "use_months": 6, "cash_days": 30,
        "transfers": [{"kind": "relocation"}, {"kind": "succession"}],
        "rates": [{"category": "testing", "tiers": [{"ratio": "0.5"}],
            "cap_claim": "100000.00"}]})
}
