//! Simulations over HTTP, on the example year.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::import::{examples, text};
use super::server::{Server, World, quantong, send};

struct Year {
    server: Server,
    client: reqwest::Client,
    token: String,
}

impl Year {
    /// The example year, served.
    fn new(data: &Path) -> Year {
        let imported = quantong(data, "", &["import", text(&examples())]);
        assert!(imported.status.success());
        let role = ["token", "--name", "operator", "--role", "operator"];
        let token = quantong(data, "", &role);
        let token = String::from_utf8(token.stdout).expect("a token");
        let (server, _) = Server::start(data, None);
        Year {
            server,
            client: reqwest::Client::new(),
            token: token.trim().to_owned(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.server.url);
        let sent = send(&self.client, method, &url, &self.token, None, body.as_ref()).await;
        let answer = sent.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn simulate(&self, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, "/v1/simulations", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn table(name: &str) -> Vec<BTreeMap<String, String>> {
    let path = examples().join(format!("{name}.csv"));
    let mut reader = csv::Reader::from_path(path).expect("a file of the examples");
    reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_rules_of_every_programme_give_the_example_year_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let year = Year::new(folder.path());
    let durable = |ready: Value| ready["durable_sequence"].clone();
    let before = durable(year.ask(Method::GET, "/readyz", None).await.1);
    let (mut approved, mut amount) = (0, 0);
    for programme in table("programmes") {
        let code = &programme["programme"];
        let read = year
            .ask(Method::GET, &format!("/v1/programmes/{code}"), None)
            .await
            .1;
        let versions = read["versions"].as_array().expect("versions");
        let mut terms = versions.last().expect("a version").clone();
        terms.as_object_mut().expect("an object").remove("version");
        let asked = json!({"programme": code, "terms": terms, "claims": "all", "limit": 10_000});
        let answer = year.simulate(asked).await;
        assert_eq!(
            (&answer["changed"], &answer["left_out"]),
            (&json!(0), &json!(0)),
            "{code}"
        );
        assert_eq!(answer["before"], answer["after"], "{code}");
        for row in answer["rows"].as_array().expect("rows") {
            assert_eq!(row["before"], row["after"]);
        }
        approved += answer["after"]["approved"].as_u64().expect("a number");
        amount += super::server::fen(&answer["after"]["amount"]);
    }
    let expected = table("expected_claims");
    let expected = expected.iter().filter(|row| row["result"] == "APPROVED");
    let fen = |row: &BTreeMap<String, String>| -> i64 {
        row["amount"].replace('.', "").parse().expect("digits")
    };
    let (count, sum) = expected.fold((0, 0), |(n, sum), row| (n + 1, sum + fen(row)));
    assert_eq!((approved, amount), (count, sum));
    let after = durable(year.ask(Method::GET, "/readyz", None).await.1);
    assert_eq!(after, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_shows_what_each_city_owes_before_and_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let year = Year::new(folder.path());
    let agreements = table("agreements");
    let first = &agreements[0];
    let (home, host) = (&first["home_city"], &first["host_city"]);
    let draft = json!({"home": home, "host": host, "from": "2025-01-01", "to": "2025-12-31",
        "model": "home_pays", "accrues_at": "approval",
        "shares": [{"member": home, "share": "1"}, {"member": host, "share": "0"}]});
    let answer = year
        .simulate(json!({"agreement": draft, "claims": "none"}))
        .await;
    assert_eq!(answer["rows"], json!([]));
    assert!(answer["claims"].as_u64() > Some(0), "{answer}");
    let host_of = |side: &str| {
        let members = answer[side]["members"].as_array().expect("members");
        let row = members.iter().find(|row| row["member"] == json!(host));
        row.map_or(0, |row| super::server::fen(&row["payable"]))
    };
    assert!(host_of("before") > 0, "{answer}");
    assert_eq!(host_of("after"), 0);
    assert_eq!(answer["before"]["amount"], answer["after"]["amount"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_office_of_the_city_and_the_corridor_may_ask_and_only_for_rules_that_could_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    world
        .post(
            &world.provider,
            "/v1/claims",
            world.claim(&world.voucher, 1, "400.00"),
        )
        .await;
    let terms = json!({"effective_from": "2020-01-01", "document_no": "草案", "payee": "provider",
        "base": "invoice", "cap_enterprise": "100.00", "cap_group": "100.00", "use_months": 6,
        "cash_days": 30,
        "rates": [{"category": "testing", "tiers": [{"ratio": "0.5"}], "cap_claim": "150.00"}]});
    let ask = async |token: &str, body: Value| {
        world
            .call(Method::POST, token, "/v1/simulations", Some(body))
            .await
    };
    let asked = json!({"programme": "310117-T", "terms": terms});
    for token in [&world.science, &world.finance, &world.administrator] {
        let (status, answer) = ask(token, asked.clone()).await;
        assert_eq!(status, 200, "{answer}");
        let row = &answer["rows"][0];
        assert_eq!(
            (&row["before"]["amount"], &row["after"]["amount"]),
            (&json!("200.00"), &json!("100.00"))
        );
    }
    for token in [&world.stranger, &world.provider, &world.holder] {
        assert_eq!(ask(token, asked.clone()).await.0, 403);
    }
    let agreement = json!({"home": "310117", "host": "330100", "from": "2020-01-01",
        "to": "2099-12-31", "model": "home_pays", "accrues_at": "approval",
        "shares": [{"member": "310117", "share": "0.5"}, {"member": "330100", "share": "0.5"}]});
    let both = json!({"programme": "310117-T", "terms": terms, "agreement": agreement});
    assert_eq!(ask(&world.science, both.clone()).await.0, 403);
    let (status, answer) = ask(&world.administrator, both).await;
    assert_eq!((status, &answer["changed"]), (200, &json!(1)));
    let mut wrong = asked.clone();
    wrong["terms"]["base"] = json!("paid");
    let (status, problem) = ask(&world.science, wrong).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (400, &json!("base"))
    );
    for wrong in [
        json!({}),
        json!({"programme": "310117-T", "terms": {"base": "paid"}}),
        json!({"programme": "310117-T", "from": "2026-02-01", "to": "2026-01-01"}),
        json!({"programme": "310117-T", "claims": "some"}),
        json!({"programme": "310117-T", "limit": 10_001}),
    ] {
        assert_eq!(
            ask(&world.administrator, wrong.clone()).await.0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_the_server_answers_and_ends_with_a_failure_where_it_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(&folder.path().join("data")).await;
    let claim = world.claim(&world.voucher, 1, "400.00");
    world.post(&world.provider, "/v1/claims", claim).await;
    let question = json!({"programme": "310117-T", "terms": {"effective_from": "2020-01-01",
        "document_no": "草案", "payee": "provider", "base": "invoice", "cap_enterprise": "100.00",
        "cap_group": "100.00", "use_months": 6, "cash_days": 30, "rates": [{"category": "testing",
            "tiers": [{"ratio": "0.5"}], "cap_claim": "150.00"}]}});
    let file = folder.path().join("question.json");
    std::fs::write(&file, question.to_string()).expect("written");
    let nowhere = folder.path().join("nowhere");
    let run = |token: &str, file: &Path, more: &[&str]| {
        let server = ["--url", &world.server.url, "--token", token];
        let arguments = [&["simulate", text(file)], &server[..], more].concat();
        let output = quantong(&nowhere, "", &arguments);
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        let complaint = String::from_utf8(output.stderr).expect("UTF-8");
        (output.status.success(), said, complaint)
    };
    let (good, said, complaint) = run(&world.science, &file, &["--json"]);
    assert!(good, "{complaint}");
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    let (status, expected) = world
        .call(
            Method::POST,
            &world.science,
            "/v1/simulations",
            Some(question),
        )
        .await;
    assert_eq!((status, answer), (200, expected));
    let (good, said, _) = run(&world.science, &file, &[]);
    let amounts = said
        .lines()
        .find(|line| line.contains("amount"))
        .expect("a row");
    assert!(
        good && amounts.contains("200.00") && amounts.contains("100.00"),
        "{said}"
    );
    assert!(
        said.contains("1 claims decided again, 1 of them otherwise"),
        "{said}"
    );
    // Who may not ask, a file that is no question, and one that is not there.
    let (good, _, complaint) = run(&world.stranger, &file, &[]);
    assert!(!good && complaint.contains("FORBIDDEN"), "{complaint}");
    std::fs::write(&file, "{}").expect("written");
    let (good, said, complaint) = run(&world.administrator, &file, &[]);
    assert!(!good && said.is_empty(), "{said}");
    assert!(complaint.contains("MALFORMED_REQUEST"), "{complaint}");
    let (good, _, complaint) = run(&world.science, &nowhere, &[]);
    assert!(!good && complaint.contains("nowhere"), "{complaint}");
    assert!(!nowhere.exists(), "nothing is made");
}

/// Both offices: the finance office asks, the science office agrees.
async fn simulation_required(world: &World) {
    let policy = json!({"required": ["simulation"]});
    let path = "/v1/members/310117/policy";
    let waits = world.post(&world.finance, path, policy).await;
    let path = format!(
        "/v1/proposals/{}/decision",
        waits["id"].as_str().expect("an id")
    );
    let approve = json!({"approve": true});
    world.post(&world.science, &path, approve).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_simulated_by_the_server_and_not_by_somebodys_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "400.00");
    world.post(&world.provider, "/v1/claims", claim).await;
    simulation_required(&world).await;
    let terms = json!({"effective_from": world.today, "document_no": "草案", "payee": "provider",
        "base": "invoice", "cap_enterprise": "5000.00", "cap_group": "5000.00", "use_months": 6,
        "cash_days": 30, "rates": [{"category": "testing", "tiers": [{"ratio": "0.25"}],
            "cap_claim": "1000.00"}]});
    let drafts = "/v1/programmes/310117-T/drafts";
    let saved = world
        .post(&world.science, drafts, json!({"terms": terms}))
        .await;
    let publish = json!({"saved": saved["sequence"]});
    let publication = format!("{drafts}/1/publication");
    let refused = async |world: &World| {
        let body = Some(publish.clone());
        let (_, told) = world
            .call(Method::POST, &world.science, &publication, body)
            .await;
        told["code"].clone()
    };
    assert_eq!(refused(&world).await, "SIMULATION_REQUIRED");
    let simulation = format!("{drafts}/1/simulation");
    // A digest of one's own is not taken, and a bulk takes nothing that the server has to find out.
    let word = Some(json!({"digest": "ab".repeat(32)}));
    let (status, _) = world
        .call(Method::POST, &world.science, &simulation, word)
        .await;
    assert_eq!(status, 400);
    let bulk = json!({"mode": "continue", "items": [{"operation": "mark_simulated",
        "path": {"code": "310117-T", "draft": "1"}, "body": {}}]});
    let bulk = world.post(&world.science, "/v1/bulk", bulk).await;
    assert_eq!(bulk["items"][0]["status"], 400, "{bulk}");
    assert_eq!(refused(&world).await, "SIMULATION_REQUIRED");
    let range = json!({"to": world.today, "budget": "1000.00"});
    let marked = world.post(&world.science, &simulation, range).await;
    assert_eq!(marked["event"], "DraftSimulated");
    let outcome = &marked["outcome"];
    assert_eq!(
        (&outcome["amount_before"], &outcome["amount_after"]),
        (&json!("200.00"), &json!("100.00"))
    );
    assert_eq!(outcome["saved"], saved["sequence"]);
    // Anybody of the office finds the same report, and so the same digest.
    let question = json!({"programme": "310117-T", "terms": terms, "to": world.today,
        "budget": "1000.00", "claims": "none"});
    let report = world
        .post(&world.finance, "/v1/simulations", question)
        .await;
    assert_eq!(report, marked["report"]);
    assert_eq!(marked["digest"], super::server::sha256(&report.to_string()));
    let waits = world
        .post(&world.science, &publication, publish.clone())
        .await;
    assert_eq!(waits["event"], "ActionProposed");
}
