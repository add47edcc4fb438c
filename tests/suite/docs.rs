//! What the documents say is tried out.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::server::Server;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).expect("a document")
}

/// The shell blocks under a heading.
fn blocks(text: &str, heading: &str) -> Vec<String> {
    let section = text.split("\n## ").find(|part| part.starts_with(heading));
    let section = section.expect("the heading is there");
    let blocks = section.split("```sh\n").skip(1);
    let block = |part: &str| part.split("```").next().map(str::to_owned);
    blocks.filter_map(block).collect()
}

/// Runs the shell blocks under the headings, one after the other in one shell, on a new server;
/// answers what it said, which must hold no problem document.
fn answers_of_flow(headings: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, token) = Server::start(folder.path(), None);
    let token = token.expect("a new ledger");
    let text = document("docs/API.md");
    let flow: String = headings
        .iter()
        .map(|heading| blocks(&text, heading).concat())
        .collect();
    let mut script = String::from("set -eu\n");
    for line in flow.lines() {
        // The server runs already, on a free port.
        match line {
            line if line.starts_with("quantong serve") => {}
            line if line.starts_with("ADMIN=") => script += &format!("ADMIN={token}\n"),
            line if line.starts_with("B=") => script += &format!("B={}/v1\n", server.url),
            line => script += &format!("{line}\n"),
        }
    }
    let done = Command::new("bash")
        .current_dir(folder.path())
        .args(["-c", &script])
        .output()
        .expect("bash");
    let said = String::from_utf8(done.stdout).expect("UTF-8");
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}\n{said}");
    let answers = serde_json::Deserializer::from_str(&said).into_iter::<Value>();
    let answers: Vec<Value> = answers.map(|answer| answer.expect("JSON")).collect();
    let failed = answers.iter().find(|answer| answer["status"].is_u64());
    assert_eq!(failed, None, "no answer is a problem document");
    answers
}

#[test]
fn the_file_of_the_api_document_is_previewed_and_issued_once() {
    let headings = [
        "From nothing to a paid claim",
        "Issuing vouchers from a file",
    ];
    let answers = answers_of_flow(&headings);
    let [.., preview, first, again, read] = &answers[..] else {
        panic!("{answers:#?}")
    };
    assert_eq!(
        (&preview["issuable"], &preview["faults"]),
        (&2.into(), &Value::Array(vec![]))
    );
    for progress in [first, again, read] {
        assert_eq!(progress["state"], "done");
        assert_eq!(
            (&progress["issued"], &progress["amount"]),
            (&2.into(), &"3000.00".into())
        );
    }
}

#[test]
fn the_simulation_of_the_api_document_gives_what_the_document_says() {
    let answers = answers_of_flow(&["From nothing to a paid claim", "Simulating a rule"]);
    let answer = answers.last().expect("an answer");
    assert_eq!(answer["before"]["amount"], "4000.00");
    assert_eq!(answer["after"]["amount"], "2400.00");
    assert!(answer["after"]["budget_ran_out_on"].is_string());
    assert_eq!(answer["rows"][0]["after"]["amount"], "2400.00");
}

#[test]
fn the_flow_of_the_api_document_gives_an_approved_claim() {
    let answers = answers_of_flow(&["From nothing to a paid claim"]);
    let approved = answers
        .iter()
        .find(|answer| answer["event"] == "ClaimApproved");
    let approved = approved.unwrap_or_else(|| panic!("no claim was approved: {answers:#?}"));
    assert_eq!(approved["amount"], "4000.00");
    assert_eq!(answers.last().expect("answers")["event"], "PayeePaid");
}

#[test]
fn the_description_of_the_routes_is_the_one_that_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = super::server::quantong(folder.path(), "", &["openapi"]);
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &printed).expect("written");
    }
    let kept = std::fs::read_to_string(&path).expect("the golden file");
    assert!(
        kept == printed,
        "run the test with UPDATE_GOLDEN=1 and read the difference"
    );
}

#[test]
fn the_flow_of_an_application_gives_a_voucher_with_its_history() {
    let answers = answers_of_flow(&["From nothing to a paid claim", "Applying for a voucher"]);
    let dry = answers.iter().find(|a| a["event"] == "ApplicationFiled");
    assert_eq!(dry.expect("a dry run")["issue_fault"], Value::Null);
    let [application, list, history] = answers.last_chunk().expect("three answers");
    assert_eq!(application["status"], "issued");
    assert_eq!(application["purpose"], "芯片可靠性检测");
    let figures = (&application["amount"], &application["approved"]);
    assert_eq!(figures, (&"40000.00".into(), &"30000.00".into()));
    assert_eq!(list["data"][0]["id"], application["id"]);
    assert_eq!(list["data"][0]["voucher"], application["voucher"]);
    let steps = [
        "ApplicationFiled",
        "ApplicationReviewBegun",
        "ApplicationReturned",
        "ApplicationResubmitted",
        "ApplicationReviewBegun",
        "ApplicationApproved",
        "VoucherIssued",
    ];
    assert_eq!(events_of(history), steps);
    assert_eq!(history["data"][2]["reason"], "请补交报价单原件");
}

/// The kinds of event in a history.
fn events_of(history: &Value) -> Vec<&str> {
    let data = history["data"].as_array().expect("a page");
    let kinds = data.iter().map(|event| event["event"].as_str());
    kinds.map(|kind| kind.expect("a kind")).collect()
}

#[test]
fn the_flow_of_a_voucher_is_extended_frozen_revoked_and_reissued() {
    let answers = answers_of_flow(&[
        "From nothing to a paid claim",
        "Applying for a voucher",
        "Extending, freezing, revoking, reissuing",
    ]);
    let [voucher, again, history] = answers.last_chunk().expect("three answers");
    assert_eq!(voucher["status"], "revoked");
    assert_eq!(voucher["replaced_by"][0], again["data"][0]["id"]);
    assert_eq!(again["data"][0]["replaces"], voucher["id"]);
    assert_eq!(again["data"][0]["status"], "active");
    let steps = [
        "VoucherIssued",
        "FreezeSet",
        "FreezeSet",
        "VoucherExtended",
        "VoucherRevoked",
        "VoucherIssued",
    ];
    assert_eq!(events_of(history), steps);
    assert_eq!(history["data"][4]["reason"], "券面遗失");
}
