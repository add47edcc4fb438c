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
fn the_flow_of_two_persons_ends_with_a_stricter_rule() {
    let answers = answers_of_flow(&["From nothing to a paid claim", "Two persons"]);
    let cut = answers
        .iter()
        .filter_map(|answer| answer["events"].as_array())
        .flatten()
        .find(|event| event["event"] == "BudgetChanged" && event["direction"] == "cut");
    let cut = cut.unwrap_or_else(|| panic!("no budget was cut: {answers:#?}"));
    assert_eq!(
        (&cut["amount"], &cut["reason"]),
        (&"50000.00".into(), &"年中核减".into())
    );
    assert_ne!(cut["principal"], cut["second_principal"]);
    for event in ["ProposalWithdrawn", "ProposalDeclined"] {
        assert!(
            answers.iter().any(|answer| answer["event"] == event),
            "{event}"
        );
    }
    let rules = answers.last().expect("answers");
    let budget = &rules["rules"][0];
    assert_eq!(
        (&budget["action"], &budget["persons"]),
        (&"budget".into(), &3.into())
    );
}
