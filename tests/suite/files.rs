//! Vouchers issued from a file, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{ENTERPRISE, Server, World};

const CSV: &str = "text/csv";
const PATH: &str = "/v1/programmes/310117-T/voucher-files";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A file with so many rows of 1.00 each.
fn rows(count: u32) -> String {
    let mut text = String::from("reference,enterprise,amount\n");
    for n in 1..=count {
        text += &format!("F-{n:06},{ENTERPRISE},1.00\n");
    }
    text
}

/// Sends a file; status and answer.
async fn upload(world: &World, token: &str, query: &str, media: &str, file: &str) -> (u16, Value) {
    let url = format!("{}{PATH}{query}", world.server.url);
    let request = world.client.post(url).bearer_auth(token);
    let request = request.header("Content-Type", media).body(file.to_owned());
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    assert!(answer.headers().contains_key("Quantong-Sequence"));
    (status, answer.json().await.expect("JSON"))
}

async fn outstanding(world: &World) -> Value {
    let programme = world.get(&world.science, "/v1/programmes/310117-T").await;
    programme["budget"]["outstanding"].clone()
}

/// A second person approves what an upload proposed.
async fn approve(world: &World, proposed: &Value) {
    assert_eq!(proposed["event"], "ActionProposed", "{proposed}");
    let id = proposed["id"].as_str().expect("an id");
    let path = format!("/v1/proposals/{id}/decision");
    let body = json!({"approve": true});
    let done = world.post(&world.checker, &path, body).await;
    assert_eq!(done["events"][1]["event"], "VoucherFileApproved", "{done}");
}

/// How far a file is, once its run has ended.
async fn done(world: &World, sha256: &str) -> Value {
    let path = format!("/v1/voucher-files/{sha256}");
    loop {
        let read = world.get(&world.finance, &path).await;
        if read["state"] == "done" {
            return read;
        }
    }
}

/// Sends a file, which a second person approves, and waits for the end of the run.
async fn issue(world: &World, query: &str, file: &str) -> Value {
    let (status, proposed) = upload(world, &world.science, query, CSV, file).await;
    assert_eq!(status, 202, "{proposed}");
    approve(world, &proposed).await;
    done(world, &super::server::sha256(file)).await
}

/// A file with faults of every sort, on a world that knows a firm of another city.
async fn faulty(world: &World) -> String {
    let far =
        json!({"code": "91330100MADEM0038F", "name": "远方", "city": "330100", "kind": "sme"});
    world
        .post(&world.administrator, "/v1/enterprises", far)
        .await;
    format!(
        "reference,enterprise,amount\nA-1,{ENTERPRISE},4000000.00\nA-2,nobody,1\n\
         A-3,{ENTERPRISE},1.005\nA-1,{ENTERPRISE},5\nA-5,91330100MADEM0038F,1\n\
         A-6,91340200MADEM00891,1\nA-7,{ENTERPRISE},999000.01\nA-8,{ENTERPRISE},999000.00\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_every_fault_and_changes_nothing() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let file = faulty(&world).await;
    let head = |world: &World| {
        let url = format!("{}/readyz", world.server.url);
        let client = world.client.clone();
        async move {
            let ready = client.get(url).send().await.expect("an answer");
            let ready: Value = ready.json().await.expect("JSON");
            ready["durable_sequence"].clone()
        }
    };
    let before = head(&world).await;
    let (status, preview) = upload(&world, &world.science, "?dry_run=true", CSV, &file).await;
    assert_eq!(status, 200, "{preview}");
    let told = preview["faults"].as_array().expect("faults");
    let told: Vec<_> = told
        .iter()
        .map(|fault| {
            assert_ne!(fault["remedy"], json!(""), "{fault}");
            let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
            (fault["line"].as_u64(), text("column"), text("code"))
        })
        .collect();
    let line = |line, column: &str, code: &str| (Some(line), column.to_owned(), code.to_owned());
    assert_eq!(
        told,
        [
            line(3, "enterprise", "BAD_ENTERPRISE"),
            line(4, "amount", "BAD_AMOUNT"),
            line(5, "reference", "REFERENCE_TWICE"),
            line(6, "enterprise", "NOT_HOME_CITY"),
            line(7, "enterprise", "ROW_ENTERPRISE_UNKNOWN"),
            line(8, "amount", "ISSUE_CAP_EXCEEDED"),
        ]
    );
    let sums = ["rows", "issuable", "fault_count", "total"].map(|name| preview[name].clone());
    assert_eq!(sums, [json!(8), json!(2), json!(6), json!("4999000.00")]);
    assert_eq!(head(&world).await, before);
    // Sent in earnest the file is refused whole, with the same preview.
    let (status, refused) = upload(&world, &world.science, "", CSV, &file).await;
    assert_eq!(
        (status, &refused["code"]),
        (422, &json!("VOUCHER_FILE_FAULTY"))
    );
    assert_eq!(refused["preview"]["faults"], preview["faults"]);
    assert_eq!(outstanding(&world).await, "1000.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_its_faulty_rows_is_issued_and_what_a_rule_refuses_is_told() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let file = faulty(&world).await;
    // Without its faulty rows it is issued; what a rule refuses is journaled and told.
    let done = issue(&world, "?skip_faulty=true", &file).await;
    let sums = ["state", "rows", "issued", "refused", "to_do", "amount"].map(|n| done[n].clone());
    let expected = json!(["done", 5, 2, 3, 0, "4999000.00"]);
    assert_eq!(json!(sums), expected);
    let listed = world
        .get(&world.science, "/v1/refusals?command=IssueFileRows")
        .await;
    let mut lines = Vec::new();
    for refused in listed["data"].as_array().expect("rows") {
        let id = refused["id"].as_str().expect("an id");
        let path = format!("/v1/refusals/{id}");
        let refusal = world.get(&world.science, &path).await;
        let result = refusal["result"].as_str().expect("a code").to_owned();
        lines.push((refusal["line"].as_u64(), result));
    }
    lines.sort();
    let line = |line, code: &str| (Some(line), code.to_owned());
    let expected = [
        line(6, "NOT_HOME_CITY"),
        line(7, "ROW_ENTERPRISE_UNKNOWN"),
        line(8, "ISSUE_CAP_EXCEEDED"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_sent_again_by_anybody_of_the_office_issues_nothing_twice() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let file = rows(2_500);
    let done = issue(&world, "", &file).await;
    assert_eq!(
        (&done["issued"], &done["amount"]),
        (&json!(2_500), &json!("2500.00"))
    );
    assert_eq!(outstanding(&world).await, "3500.00");
    let sha = done["id"].as_str().expect("a hash");
    let progress = format!("/v1/voucher-files/{sha}");
    let read = world.get(&world.finance, &progress).await;
    assert_eq!(
        (&read["state"], &read["to_do"]),
        (&json!("done"), &json!(0))
    );
    let listed = world
        .get(&world.finance, "/v1/voucher-files?programme=310117-T")
        .await;
    let row = &listed["data"][0];
    assert_eq!(
        (&row["id"], &row["total"], &row["row_count"]),
        (&done["id"], &json!("2500.00"), &json!(2_500))
    );
    let none = world.get(&world.stranger, "/v1/voucher-files").await;
    assert_eq!(none["data"], json!([]));
    let foreign = world
        .call(Method::GET, &world.stranger, &progress, None)
        .await;
    assert_eq!(foreign.0, 404);
    let colleague = world.enrol("science_officer", "member:310117").await;
    for token in [&world.science, &colleague] {
        let (status, again) = upload(&world, token, "", CSV, &file).await;
        assert_eq!((status, &again["issued"]), (200, &json!(2_500)));
    }
    assert_eq!(outstanding(&world).await, "3500.00");
    // Another file with some of the rows: what is there stays, under the same references.
    let more = issue(&world, "", &rows(2_502)).await;
    let sums = ["issued", "unchanged", "refused"].map(|name| more[name].clone());
    assert_eq!(sums, [json!(2), json!(2_500), json!(0)]);
    assert_eq!(outstanding(&world).await, "3502.00");
    let voucher = world.get(&world.science, "/v1/vouchers?limit=1").await;
    assert_eq!(voucher["data"][0]["amount"], "1.00");
    for stranger in [&world.finance, &world.stranger, &world.holder] {
        assert_eq!(upload(&world, stranger, "", CSV, &file).await.0, 403);
    }
    assert_eq!(
        upload(&world, &world.science, "", "text/plain", &file)
            .await
            .0,
        415
    );
    assert_eq!(
        upload(&world, &world.science, "?mode=some", CSV, &file)
            .await
            .0,
        400
    );
    let query = "?mode=atomic&skip_faulty=true";
    assert_eq!(
        upload(&world, &world.science, query, CSV, &file).await.0,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_waits_for_a_second_person_under_one_proposal_whoever_sends_it_again() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let file = rows(1_200);
    let sha = super::server::sha256(&file);
    let progress = format!("/v1/voucher-files/{sha}");
    let (status, proposed) = upload(&world, &world.science, "", CSV, &file).await;
    assert_eq!(status, 202, "{proposed}");
    let command = &proposed["command"];
    let shown = [
        "kind_of_command",
        "sha256",
        "programme",
        "mode",
        "rows",
        "total",
    ];
    assert_eq!(
        json!(shown.map(|name| command[name].clone())),
        json!([
            "ApproveVoucherFile",
            sha,
            "310117-T",
            "chunks",
            1_200,
            "1200.00"
        ])
    );
    let colleague = world.enrol("science_officer", "member:310117").await;
    for (token, query) in [(&world.science, ""), (&colleague, "?mode=atomic")] {
        let (status, again) = upload(&world, token, query, CSV, &file).await;
        assert_eq!(
            (status, &again),
            (202, &proposed),
            "nothing is proposed twice"
        );
    }
    let path = "/v1/proposals?status=open&member=310117";
    let open = world.get(&world.checker, path).await;
    assert_eq!(open["data"].as_array().map(Vec::len), Some(1), "{open}");
    let read = world.get(&world.finance, &progress).await;
    let told = ["state", "proposal", "to_do", "issued"].map(|name| read[name].clone());
    assert_eq!(json!(told), json!(["waiting", proposed["id"], 1_200, 0]));
    let foreign = world
        .call(Method::GET, &world.stranger, &progress, None)
        .await;
    assert_eq!(foreign.0, 404);
    // Not its maker, and the finance office only if the city says so.
    let decision = format!(
        "/v1/proposals/{}/decision",
        proposed["id"].as_str().expect("an id")
    );
    for (token, expected) in [
        (&world.science, (422, "SECOND_PERSON_REQUIRED")),
        (&world.finance, (403, "FORBIDDEN")),
    ] {
        let body = Some(json!({"approve": true}));
        let (status, said) = world.call(Method::POST, token, &decision, body).await;
        let code = said["code"].as_str().expect("a code");
        assert_eq!((status, code), expected);
    }
    assert_eq!(outstanding(&world).await, "1000.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_outlives_the_server_and_its_rows_are_sent_again() {
    let folder = folder();
    let mut world = World::new(folder.path()).await;
    let file = rows(1_200);
    let progress = format!("/v1/voucher-files/{}", super::server::sha256(&file));
    let (_, proposed) = upload(&world, &world.science, "", CSV, &file).await;
    world.server.kill();
    let (server, _) = Server::start(folder.path(), None);
    world.server = server;
    approve(&world, &proposed).await;
    let read = world.get(&world.finance, &progress).await;
    assert_eq!(
        (&read["state"], &read["issued"]),
        (&json!("approved"), &json!(0))
    );
    let colleague = world.enrol("science_officer", "member:310117").await;
    let (status, done) = upload(&world, &colleague, "", CSV, &file).await;
    assert_eq!((status, &done["issued"]), (200, &json!(1_200)), "{done}");
    assert_eq!(outstanding(&world).await, "2200.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_file_is_issued_as_one_step_up_to_ten_thousand_rows() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let query = "?mode=atomic";
    let (status, problem) = upload(&world, &world.science, query, CSV, &rows(10_001)).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (400, &json!("mode"))
    );
    let done = issue(&world, query, &rows(10_000)).await;
    assert_eq!(done["issued"], json!(10_000), "{done}");
    assert_eq!(outstanding(&world).await, "11000.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_where_it_ended_and_issues_every_row_once() {
    let folder = folder();
    let mut world = World::new(folder.path()).await;
    let count: u32 = if std::env::var_os("QUANTONG_FULL").is_some() {
        100_000
    } else {
        30_000
    };
    let file = rows(count);
    let (_, preview) = upload(&world, &world.science, "?dry_run=true", CSV, &file).await;
    let sha = preview["sha256"].as_str().expect("a hash").to_owned();
    let progress = format!("{}/v1/voucher-files/{sha}", world.server.url);
    let (_, proposed) = upload(&world, &world.science, "", CSV, &file).await;
    // The run begins with the approval, whoever looks on.
    approve(&world, &proposed).await;
    // Killed as soon as some rows are there, long before all are.
    loop {
        let read = world.client.get(&progress).bearer_auth(&world.science);
        let read: Value = read
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        if read["issued"].as_u64().is_some_and(|issued| issued > 0) {
            break;
        }
        assert_ne!(read["state"], "done", "the run ended unseen: {read}");
    }
    world.server.kill();
    let (server, _) = Server::start(folder.path(), None);
    world.server = server;
    let read = world
        .get(&world.science, &format!("/v1/voucher-files/{sha}"))
        .await;
    let (issued, to_do) = (&read["issued"], read["to_do"].as_u64().expect("a number"));
    assert!(
        issued.as_u64() > Some(0) && to_do > 0,
        "killed in the middle: {read}"
    );
    assert_eq!(read["state"], "approved");
    let (status, done) = upload(&world, &world.science, "", CSV, &file).await;
    assert_eq!((status, &done["state"]), (200, &json!("done")), "{done}");
    assert_eq!(
        (&done["issued"], &done["unchanged"]),
        (&json!(count), &json!(0))
    );
    assert_eq!(outstanding(&world).await, format!("{}.00", 1_000 + count));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_issued_like_the_text_that_says_the_same() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/vouchers.xlsx");
    let bytes = std::fs::read(path).expect("the fixture");
    let url = format!("{}{PATH}", world.server.url);
    let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let request = world.client.post(url).bearer_auth(&world.science);
    let request = request.header("Content-Type", media).body(bytes);
    let proposed: Value = request
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    approve(&world, &proposed).await;
    let sha256 = proposed["command"]["sha256"].as_str().expect("a hash");
    let done = done(&world, sha256).await;
    assert_eq!(
        (&done["issued"], &done["amount"]),
        (&json!(3), &json!("13596.17")),
        "{done}"
    );
    let rows = "reference,enterprise,amount\nX-001,91310117MADEM00114,12345.67\n\
                X-002,91310117MADEM00114,1000.00\nX-003,91310117MADEM00114,250.5\n";
    let same = issue(&world, "", rows).await;
    assert_eq!(
        (&same["issued"], &same["unchanged"]),
        (&json!(0), &json!(3)),
        "{same}"
    );
}

/// `quantong vouchers issue` against the server of the world.
fn command_line(world: &World, arguments: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_quantong"))
        .args(["vouchers", "issue"])
        .args(arguments)
        .args(["--programme", "310117-T", "--url", &world.server.url])
        .env("QUANTONG_TOKEN", &world.science)
        .env("LANG", "C")
        .output()
        .expect("the binary runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_previews_and_issues_a_file() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let path = folder.path().join("vouchers.csv");
    std::fs::write(&path, rows(3) + "F-9,nobody,1\n").expect("written");
    let file = path.to_str().expect("UTF-8");
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let preview = command_line(&world, &[file, "--preview"]);
    assert!(preview.status.success());
    let told = said(&preview);
    assert!(
        told.contains("line 5, enterprise:") && told.contains("1 faults"),
        "{told}"
    );
    assert_eq!(outstanding(&world).await, "1000.00");
    let refused = command_line(&world, &[file]);
    assert!(!refused.status.success());
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(complaint.contains("VOUCHER_FILE_FAULTY"), "{complaint}");
    let waits = command_line(&world, &[file, "--skip-faulty", "--json"]);
    let proposed: Value = serde_json::from_str(&said(&waits)).expect("JSON");
    let again = said(&command_line(&world, &[file, "--skip-faulty"]));
    let id = proposed["id"].as_str().expect("an id");
    assert!(
        again.contains("waits for a second person") && again.contains(id),
        "{again}"
    );
    approve(&world, &proposed).await;
    let sha256 = proposed["command"]["sha256"].as_str().expect("a hash");
    done(&world, sha256).await;
    let issued = command_line(&world, &[file, "--skip-faulty", "--json"]);
    let told: Value = serde_json::from_str(&said(&issued)).expect("JSON");
    assert_eq!(
        (&told["state"], &told["issued"]),
        (&json!("done"), &json!(3))
    );
    assert_eq!(outstanding(&world).await, "1003.00");
    let odd = folder.path().join("vouchers.txt");
    std::fs::write(&odd, "").expect("written");
    assert!(
        !command_line(&world, &[odd.to_str().expect("UTF-8")])
            .status
            .success()
    );
}
