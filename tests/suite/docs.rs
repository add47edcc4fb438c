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

#[test]
fn the_flow_of_the_api_document_gives_an_approved_claim() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, token) = Server::start(folder.path(), None);
    let token = token.expect("a new ledger");
    let mut script = String::from("set -eu\n");
    for line in blocks(&document("docs/API.md"), "From nothing to a paid claim")
        .concat()
        .lines()
    {
        // The server runs already, on a free port.
        match line {
            line if line.starts_with("quantong serve") => {}
            line if line.starts_with("ADMIN=") => script += &format!("ADMIN={token}\n"),
            line if line.starts_with("B=") => script += &format!("B={}/v1\n", server.url),
            line => script += &format!("{line}\n"),
        }
    }
    let done = Command::new("bash")
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
    let approved = answers
        .iter()
        .find(|answer| answer["event"] == "ClaimApproved");
    let approved = approved.unwrap_or_else(|| panic!("no claim was approved: {answers:#?}"));
    assert_eq!(approved["amount"], "4000.00");
    assert_eq!(answers.last().expect("answers")["event"], "PayeePaid");
}

#[test]
fn the_openapi_document_is_the_golden_one() {
    let made = Command::new(env!("CARGO_BIN_EXE_quantong"))
        .arg("openapi")
        .output();
    let made = String::from_utf8(made.expect("the binary runs").stdout).expect("UTF-8");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "the API changed: if it is meant, run with UPDATE_GOLDEN=1 and read the difference";
    assert!(golden == made, "{hint}");
}
