//! What the documents say is tried out: claims taken back, orders called off, groups, people, other
//! transfers, bulks, the command line.

use std::process::Command;

use serde_json::Value;

use super::docs::{answers_of_flow, first};

const CLAIM: &str = "From nothing to a paid claim";

#[test]
fn the_flow_of_a_shared_claim_reverses_one_and_pays_another_again() {
    let answers = answers_of_flow(&[CLAIM, "Sharing a claim, and taking it back"]);
    let text = |answer: &Value| answer.to_string();
    let agreement = answers.iter().find(|a| a["accrues_at"].is_string());
    assert_eq!(agreement.expect("the agreement")["home"], "310117");
    let shared = answers
        .iter()
        .find(|a| text(a).contains("\"300.00\"") && text(a).contains("\"700.00\""));
    assert_eq!(shared.expect("a shared claim")["amount"], "1000.00");
    assert_eq!(first(&answers, "ClaimReversed")["reason"], "发票作废");
    assert_eq!(first(&answers, "PaymentReturned")["reason"], "户名不符");
    let read = answers.iter().filter(|a| a["status"].is_string());
    let read: Vec<&Value> = read.filter(|a| a["invoice_no"].is_string()).collect();
    let [reversed, paid] = read[..] else {
        panic!("{read:#?}")
    };
    let statuses = (&reversed["status"], &paid["status"]);
    assert_eq!(statuses, (&"reversed".into(), &"paid".into()));
}

#[test]
fn the_flow_of_groups_and_codes_sets_a_group_and_takes_a_code_by_two_persons() {
    let heading = "Controller groups and codes that fail their check";
    let answers = answers_of_flow(&[CLAIM, heading]);
    let group = first(&answers, "ControllerGroupSet");
    assert_eq!(group["controller_group"], "G-1");
    let firm = answers.last().expect("the firm");
    assert_eq!(firm["code"], "91310117MADEM00115");
    let [.., proposal, _] = &answers[..] else {
        panic!("{answers:#?}")
    };
    assert!(
        proposal.to_string().contains("EnterpriseRegistered"),
        "{proposal}"
    );
}

#[test]
fn the_flow_of_an_order_that_is_called_off_frees_what_it_held() {
    let answers = answers_of_flow(&[CLAIM, "An order that is extended, disputed or called off"]);
    for event in [
        "OrderAsked",
        "OrderExtended",
        "OrderDisputed",
        "DisputeClosed",
    ] {
        first(&answers, event);
    }
    let [order, voucher] = answers.last_chunk().expect("two answers");
    assert_eq!(order["status"], "cancelled");
    assert_eq!(voucher["free"], "26000.00");
}

#[test]
fn the_flow_of_the_command_line_issues_and_claims_and_a_dry_run_leaves_nothing() {
    let answers = answers_of_flow(&[CLAIM, "Calling any operation"]);
    let [dry, voucher, claim, again, list] = answers.last_chunk().expect("five answers");
    assert_eq!(
        (&dry["event"], &dry["amount"]),
        (&"ClaimApproved".into(), &"4000.00".into())
    );
    assert_eq!(voucher["free"], "6000.00");
    assert_eq!(claim["event"], "ClaimApproved");
    assert_eq!(claim, again);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["data"][0]["id"], claim["id"]);
    assert!(answers.iter().any(|a| a.to_string().contains("年度细则")));
}

#[test]
fn a_call_that_fails_says_code_text_and_place_and_a_write_names_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, token) = super::server::Server::start(folder.path(), None);
    let call = |token: &str, arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_quantong"))
            .arg("call")
            .args(arguments)
            .env("QUANTONG_URL", &server.url)
            .env("QUANTONG_TOKEN", token)
            .env("LANG", "en")
            .output()
            .expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    let token = token.expect("a new ledger");
    let category = r#"{"code":"t","name_zh":"检测","name_en":"T"}"#;
    let (code, out, said) = call(&token, &["register_category", "--body", category]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("CategoryRegistered"), "{out}");
    let key = said
        .trim()
        .strip_prefix("Idempotency-Key: ")
        .expect("a key");
    // With the key it is the same request; without, a second one.
    let with_key = ["register_category", "--body", category, "--key", key];
    assert_eq!(call(&token, &with_key).1, out);
    let (code, _, said) = call(&token, &["register_category", "--body", category]);
    assert_eq!(code, Some(1));
    assert!(said.contains("ALREADY_EXISTS: "), "{said}");
    let (code, _, said) = call(&token, &["set_protocol", "--body", "{}"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("set_protocol needs code=VALUE"), "{said}");
    let (code, _, said) = call("qt_wrong", &["get_calendar"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("AUTHENTICATION_REQUIRED: "), "{said}");
}

#[test]
fn the_flow_of_the_other_transfers_leaves_what_the_document_says() {
    let heading = "Transfers by document, to a new firm and to another city";
    let answers = answers_of_flow(&[CLAIM, heading]);
    let kinds = |answer: &Value| answer["kind"].as_str().map(str::to_owned);
    let [.., parent, firm, list] = &answers[..] else {
        panic!("{answers:#?}")
    };
    assert_eq!(parent["free"], "13000.00", "{parent}");
    assert_eq!(parent["issuer"], "310117");
    assert_eq!(firm["city"], "330100");
    let rows = list["data"].as_array().expect("a page").iter();
    let found: Vec<_> = rows.filter_map(kinds).collect();
    let expected = ["relocation", "incorporation", "open", "affiliate"];
    assert_eq!(found, expected, "newest first");
}

#[test]
fn the_flow_of_bulks_does_all_or_nothing_or_each_on_its_own() {
    let answers = answers_of_flow(&[CLAIM, "Bulk"]);
    let [.., atomic, each, writes, voucher] = &answers[..] else {
        panic!("{answers:#?}")
    };
    let statuses = |bulk: &Value| -> Vec<u64> {
        let items = bulk["items"].as_array().expect("items").iter();
        items.filter_map(|item| item["status"].as_u64()).collect()
    };
    assert_eq!(statuses(atomic), [201, 201], "{atomic}");
    assert_eq!(statuses(each), [201, 422, 201], "{each}");
    assert_eq!(each["items"][1]["body"]["code"], "DUPLICATE_INVOICE");
    assert_eq!(statuses(writes), [201, 200], "{writes}");
    assert_eq!(voucher["status"], "frozen");
    // Half of four invoices and of the one before them.
    assert_eq!(voucher["approved"], "6000.00", "{voucher}");
}

#[test]
fn the_flow_of_people_signs_in_and_out_and_shuts_one_out() {
    let answers = answers_of_flow(&[CLAIM, "People, roles and sign-in"]);
    let [tries, out, shut_out, named, read, _, gone] = answers.last_chunk().expect("answers");
    assert_eq!(named["event"], "PrincipalNamed");
    let told = (&read["name"], &read["contact"], &read["erased"]);
    let expected = (&"张三".into(), &"021-5555-0100".into(), &false.into());
    assert_eq!(told, expected);
    let told = (&gone["name"], &gone["contact"], &gone["erased"]);
    assert_eq!(told, (&Value::Null, &Value::Null, &true.into()));
    let outcomes = tries["data"].as_array().expect("a page").iter();
    let outcomes: Vec<_> = outcomes.map(|row| row["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("signed_out"), Some("signed_in")]);
    assert_eq!(out["event"], "AccessSet");
    assert_eq!(shut_out["data"][0]["id"], out["id"]);
    let grants = answers
        .iter()
        .find(|answer| answer["data"][0]["role"].is_string());
    let grants = grants.expect("a list of grants");
    assert_eq!(grants["data"][0]["scope"], "member:310117");
}
