//! What the documents say is tried out.

use std::collections::BTreeSet;
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
pub(crate) fn answers_of_flow(headings: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, token) = Server::start(folder.path(), None);
    let token = token.expect("a new ledger");
    let workbook = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vouchers.xlsx");
    std::fs::copy(workbook, folder.path().join("vouchers.xlsx")).expect("a copy");
    let text = document("docs/API.md") + "\n" + &document("docs/CLI.md");
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
    let binary = Path::new(env!("CARGO_BIN_EXE_quantong")).parent();
    let mut path = binary.expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let done = Command::new("bash")
        .current_dir(folder.path())
        .env("PATH", path)
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
    let [
        ..,
        preview,
        waits,
        approved,
        done,
        read,
        workbook,
        _,
        issued,
    ] = &answers[..]
    else {
        panic!("{answers:#?}")
    };
    assert_eq!(workbook["issuable"], 3, "{workbook}");
    let sum = (&issued["state"], &issued["amount"]);
    assert_eq!(sum, (&"done".into(), &"13596.17".into()));
    assert_eq!(waits["event"], "ActionProposed");
    assert_eq!(waits["command"]["total"], "3000.00");
    assert_eq!(approved["event"], "ProposalApproved");
    assert_eq!(
        (&preview["issuable"], &preview["faults"]),
        (&2.into(), &Value::Array(vec![]))
    );
    for progress in [done, read] {
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

/// The amounts of the claims that an answer approves.
fn approved(answer: &Value) -> Vec<&str> {
    let events = answer["events"].as_array();
    let events = events.map_or_else(|| vec![answer], |events| events.iter().collect());
    let claims = events.into_iter().filter(|e| e["event"] == "ClaimApproved");
    claims
        .filter_map(|claim| claim["amount"].as_str())
        .collect()
}

#[test]
fn the_orders_of_the_api_document_hold_and_pay_what_it_says() {
    let answers = answers_of_flow(&[
        "From nothing to a paid claim",
        "An order, from proposal to capture",
        "Pooling: one order on several vouchers",
    ]);
    let claims = answers
        .iter()
        .map(approved)
        .filter(|claim| !claim.is_empty());
    let claims: Vec<Vec<&str>> = claims.collect();
    assert_eq!(
        claims,
        [
            vec!["4000.00"],
            vec!["3000.00"],
            vec!["1000.00"],
            vec!["3000.00", "800.00"]
        ]
    );
    let order = answers
        .iter()
        .find(|answer| answer["status"] == "closed" && answer["ends_on"].is_string());
    let order = order.unwrap_or_else(|| panic!("{answers:#?}"));
    assert_eq!(order["lines"][0]["remaining"], "0.00");
    assert_eq!(order["lines"][0]["accepted"], true);
    let list = answers
        .iter()
        .find(|answer| answer["data"].is_array())
        .expect("a list");
    assert_eq!(list["data"][0]["id"], order["id"]);
    let released = answers.last().expect("answers");
    assert_eq!(released["cause"], "released");
    assert_eq!(released["lines"][0]["amount"], "200.00");
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

const CLAIM: &str = "From nothing to a paid claim";
const ADMISSION: &str = "Admission of a provider";

/// The first answer that has this event.
pub(crate) fn first<'a>(answers: &'a [Value], event: &str) -> &'a Value {
    let found = answers.iter().find(|answer| answer["event"] == event);
    found.unwrap_or_else(|| panic!("no {event} in {answers:#?}"))
}

#[test]
fn the_flow_of_an_admission_admits_and_removes_a_provider() {
    let answers = answers_of_flow(&[CLAIM, ADMISSION]);
    let published = answers.iter().find(|a| a["status"] == "published");
    let published = published.expect("an application in publicity");
    assert_eq!(published["objections"][0]["status"], "dismissed");
    assert_eq!(published["answers"][0]["score"], 95);
    assert_eq!(first(&answers, "ProviderAdmitted")["to"], "2029-12-31");
    first(&answers, "RecognitionSet");
    first(&answers, "StatusSet");
    first(&answers, "AdmissionEnded");
    let lab = answers.iter().find(|a| a["terms"].is_array());
    let lab = lab.expect("the provider");
    let terms = lab["terms"].as_array().expect("terms");
    assert_eq!(terms.len(), 2, "{lab}");
    assert_eq!(terms[1]["to"], "2029-06-30");
    assert_eq!(
        (&lab["suspended"], &lab["admitted"]),
        (&false.into(), &true.into())
    );
    let list = answers.last().expect("a list");
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn the_flow_of_credit_flags_keeps_reasons_with_the_city_and_takes_a_file_twice() {
    let answers = answers_of_flow(&[CLAIM, ADMISSION, "Credit flags and block list"]);
    let flags: Vec<&Value> = answers
        .iter()
        .filter(|a| a["event"] == "CreditFlagRaised")
        .collect();
    // As the city that raised it reads it, and as another one does.
    let [own, other] = flags[..] else {
        panic!("{flags:#?}");
    };
    assert!(own["reason"].is_string() && own["document_no"].is_string());
    assert!(other["reason"].is_null() && other["document_no"].is_null());
    assert_eq!(other["blocks_today"], true);
    let taken: Vec<_> = answers
        .iter()
        .filter(|a| a["raised"].is_u64())
        .map(|a| (a["raised"].as_u64(), a["known"].as_u64()))
        .collect();
    let (new, old) = ((Some(1), Some(0)), (Some(0), Some(1)));
    assert_eq!(
        taken,
        [new, new, old, old],
        "rehearsed, taken, known, exported"
    );
    let list = answers.last().expect("a list");
    assert_eq!(list["data"][0]["external_ref"], "2026-001");
    assert_eq!(list["data"][0]["reason"], Value::Null);
}

#[test]
fn the_flow_of_bank_accounts_masks_them_for_others() {
    let answers = answers_of_flow(&[CLAIM, ADMISSION, "Bank accounts"]);
    let accounts: Vec<&Value> = answers
        .iter()
        .filter(|a| a["current"].is_object() || a["proposed"].is_object())
        .collect();
    let [registered, office, other] = accounts[..] else {
        panic!("{accounts:#?}");
    };
    // One officer registers a laboratory; its account waits for the finance office.
    assert_eq!(registered["proposed"]["account"], "6222 0000 0000 3333");
    assert_eq!(registered["current"], Value::Null);
    assert_eq!(office["proposed"]["account"], "6222 0000 0000 1111");
    assert_eq!(other["current"]["account"], "****1111");
    let proposed = answers
        .iter()
        .filter(|a| a["event"] == "BankAccountProposed");
    let proposed: Vec<&Value> = proposed.map(|a| &a["account"]).collect();
    assert_eq!(proposed, ["****1111"]);
    let team = answers.iter().find(|a| a["leader"].is_string());
    let team = team.expect("a team");
    assert_eq!(
        (&team["leader"], &team["members"][0]),
        (&"张三".into(), &"李四".into())
    );
    assert_eq!(answers.last().expect("answers")["event"], "PartyDissolved");
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

#[test]
fn the_flow_of_a_programmes_life_ends_with_a_carry_that_approves_the_claim_that_waited() {
    let answers = answers_of_flow(&["From nothing to a paid claim", "A programme's life"]);
    let facts = |answer: &Value| match answer["events"].as_array() {
        Some(events) => events.clone(),
        None => vec![answer.clone()],
    };
    let facts: Vec<Value> = answers.iter().flat_map(facts).collect();
    let event = |name: &str| facts.iter().find(|fact| fact["event"] == name);
    event("YearClosingStarted").expect("two persons begin the end of the year");
    let published = answers
        .iter()
        .filter(|answer| answer.to_string().contains("科发〔2026〕2号"));
    assert!(published.count() > 0);
    let simulated = answers.iter().find(|a| a["event"] == "DraftSimulated");
    let simulated = simulated.expect("the draft was simulated");
    // The claim of 4,000.00 at a ratio of 0.4 instead of 0.5.
    let outcome = &simulated["outcome"];
    let sums = (&outcome["amount_before"], &outcome["amount_after"]);
    assert_eq!(sums, (&"4000.00".into(), &"3200.00".into()), "{simulated}");
    assert_eq!(simulated["report"]["changed"], 1);
    let waits = event("ClaimAwaitsBudget").expect("the claim waits");
    assert_eq!(waits["amount"], "2000.00");
    let carried = event("YearCarried").expect("the year is carried");
    assert_eq!(carried["claimed"], "2000.00");
    let next = answers.last().expect("answers");
    assert_eq!(next["stage"], "draft");
    assert_eq!(next["drafts"].as_array().map(Vec::len), Some(2));
    let pack = &next["carried_in"][0];
    assert_eq!(pack["approved"], "2000.00", "{pack}");
    assert_eq!(pack["outstanding"], "24000.00", "{pack}");
}

#[test]
fn the_flow_of_the_public_check_tells_a_voucher_and_a_laboratory() {
    let answers = answers_of_flow(&[CLAIM, "Public check"]);
    let [voucher, lab, status] = answers.last_chunk().expect("three answers");
    assert_eq!(
        (
            &voucher["kind"],
            &voucher["state"],
            &voucher["city"]["name_en"]
        ),
        (&"voucher".into(), &"active".into(), &"Songjiang".into())
    );
    assert_eq!(
        (
            &lab["kind"],
            &lab["state"],
            &lab["categories"][0]["name_zh"]
        ),
        (&"provider".into(), &"admitted".into(), &"检测".into())
    );
    assert_eq!(status, &404);
}

#[test]
fn the_flow_of_transfers_moves_caps_or_budgets_as_the_document_says() {
    let answers = answers_of_flow(&[CLAIM, "Transferring a voucher"]);
    let succession = first(&answers, "TransferApproved");
    let told = ["amount", "issued_moved", "used_moved"].map(|name| &succession[name]);
    assert_eq!(told, ["12000.00", "20000.00", "1600.00"]);
    assert_eq!(first(&answers, "TransferEndorsed")["endorsed_by"], "310117");
    let moved = first(&answers, "TransferMoved");
    assert_eq!(
        (&moved["amount"], &moved["returned_to"], &moved["to_city"]),
        (&"5000.00".into(), &"available".into(), &"330100".into())
    );
    let [parent, from, to] = answers.last_chunk().expect("three answers");
    assert_eq!(
        (&parent["free"], &parent["returned"]),
        (&"3000.00".into(), &"5000.00".into())
    );
    assert_eq!(from["budget"]["available"], "955000.00");
    let budget = |name: &str| &to["budget"][name];
    assert_eq!(
        ["appropriation", "available", "outstanding"].map(budget),
        ["6000.00", "1000.00", "5000.00"]
    );
}

#[test]
fn the_flow_of_undone_steps_gives_back_exactly_what_was_taken() {
    let answers = answers_of_flow(&[CLAIM, "Undoing a step"]);
    let steps: Vec<&Value> = answers
        .iter()
        .filter(|a| a["reversible"].is_boolean())
        .collect();
    let [before, after] = steps[..] else {
        panic!("{steps:#?}");
    };
    assert_eq!(
        (&before["reversible"], &before["reversed_by"]),
        (&true.into(), &Value::Null)
    );
    let undone: Vec<&Value> = answers
        .iter()
        .filter(|a| a["event"] == "StepReversed")
        .collect();
    let [revocation, consent] = undone[..] else {
        panic!("{undone:#?}");
    };
    assert_eq!(
        (&after["reversible"], &after["reversed_by"]),
        (&false.into(), &revocation["sequence"])
    );
    assert_eq!(revocation["reverses"], before["sequence"]);
    assert_eq!(
        [
            &revocation["what"],
            &revocation["amount"],
            &revocation["from"]
        ],
        ["revocation", "26000.00", "available"]
    );
    assert_ne!(revocation["principal"], before["principal"]);
    assert_eq!(
        [&consent["what"], &consent["amount"]],
        ["consent", "9000.00"]
    );
    let voucher = answers
        .iter()
        .rfind(|a| a["consents"].is_array())
        .expect("a voucher");
    assert_eq!(
        (&voucher["free"], &voucher["status"]),
        (&"26000.00".into(), &"active".into())
    );
}

#[test]
fn the_table_of_undone_steps_names_every_command_once() {
    use quantong::engine::command::CommandKind;
    let text = document("docs/API.md");
    let section = text
        .split("\n## Undoing a step")
        .nth(1)
        .expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    let mut named: Vec<&str> = rows
        .iter()
        .map(|row| row[0].trim_end_matches('`'))
        .collect();
    named.sort_unstable();
    let mut kinds: Vec<&str> = CommandKind::ALL.iter().map(|kind| kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(named, kinds);
    for row in &rows {
        assert!(row.len() == 3 && !row[1].trim().is_empty(), "{row:?}");
        // What undoes it is a command, where it is written as one.
        let names = row[1].split('`').skip(1).step_by(2);
        let commands = names.filter(|name| name.starts_with(char::is_uppercase));
        for command in commands {
            assert!(kinds.contains(&command), "{row:?}");
        }
    }
    // What can be reversed is what leaves a step behind.
    let reversed = rows.iter().filter(|row| row[1].contains("`reverse`"));
    let reversed: BTreeSet<&str> = reversed.map(|row| row[0].trim_end_matches('`')).collect();
    let steps = document("src/engine/state/rows/steps.rs");
    let steps = steps.split("pub enum Step {").nth(1).expect("the kinds");
    let steps = steps.split("\n}").next().expect("their lines").lines();
    let steps = steps.filter_map(|line| line.strip_prefix("    ")?.strip_suffix(" {"));
    let expected: BTreeSet<&str> = steps
        .map(|step| match step {
            "Revocation" => "RevokeVoucher",
            "Budget" => "ChangeBudget",
            "Transfer" | "Relocation" => "DecideTransfer",
            "Consent" => "GiveConsent",
            "Payment" => "ConfirmInstruction",
            "Extension" => "ExtendVoucher",
            other => panic!("which command leaves {other} behind?"),
        })
        .collect();
    assert_eq!(reversed, expected);
}

#[test]
fn the_budget_of_the_api_document_is_told_with_what_is_to_be_expected_of_it() {
    use quantong::domain::Day;
    let answers = answers_of_flow(&[CLAIM, "Budget and forecast"]);
    let programme = answers.last().expect("an answer");
    let budget = |name: &str| &programme["budget"][name];
    assert_eq!(
        ["committed", "redeemed", "paid", "outstanding"].map(budget),
        ["30000.00", "4000.00", "4000.00", "26000.00"]
    );
    let forecast = &programme["forecast"];
    assert_eq!(
        (&forecast["days"], &forecast["breakage"]),
        (&1.into(), &"0.00".into())
    );
    let today = Day::parse(forecast["on"].as_str().expect("a day")).expect("a day");
    let end = Day::parse("2026-12-31").expect("a day");
    let day = today.plus_days(33);
    let expected = (day <= end).then(|| day.to_string());
    assert_eq!(forecast["exhausted_on"].as_str(), expected.as_deref());
}

#[test]
fn the_full_tests_leave_no_database_out() {
    let make = document("Makefile");
    let (_, rule) = make.split_once("\ntest-full:\n").expect("the rule");
    let line = rule.lines().next().expect("its command");
    assert!(line.contains("QUANTONG_REQUIRE_POSTGRES=1"), "{line}");
}

#[test]
fn every_list_is_named_where_lists_are_described() {
    let api = document("docs/API.md");
    let section = api.split("\n## ").find(|part| part.starts_with("Lists\n"));
    let section = section.expect("the section");
    let described = serde_json::to_value(quantong::api::openapi()).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    let is_list = |(_, item): &(&String, &Value)| {
        let name = item["get"]["operationId"].as_str();
        let name = name.filter(|name| *name != "list_sign_ins");
        name.is_some_and(|name| name.starts_with("list_"))
    };
    let lists: Vec<&str> = paths
        .iter()
        .filter(is_list)
        .map(|(path, _)| path.trim_start_matches("/v1"))
        .collect();
    assert!(lists.len() >= 29, "{lists:?}");
    for list in lists {
        let named = [format!("`{list}`"), format!("`GET /v1{list}`")];
        assert!(named.iter().any(|name| section.contains(name)), "{list}");
    }
}
