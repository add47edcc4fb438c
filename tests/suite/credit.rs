//! Credit flags as a file over HTTP: all or nothing, once.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{ENTERPRISE, PROVIDER, World};

const HEADER: &str = "external_ref,party,code,level,from,until,city,document_no,reason";

async fn send(
    world: &World,
    token: &str,
    query: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, Value) {
    let url = format!("{}/v1/credit-flags/import{query}", world.server.url);
    let request = world.client.post(url).bearer_auth(token);
    let request = request.header("Content-Type", "text/csv").body(body);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

async fn count(world: &World) -> usize {
    let list = world.get(&world.administrator, "/v1/credit-flags").await;
    list["data"].as_array().expect("a page").len()
}

fn row(reference: &str, party: &str, level: &str, today: &str) -> String {
    format!("{reference},{party},abnormal_operation,{level},{today},2099-12-31,310117,,地址异常")
}

fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_file_is_told_with_its_line_and_nothing_of_it_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let today = &world.today;
    let good = row("R-1", ENTERPRISE, "warning", today);
    let told = |answer: &Value| {
        let errors = answer["errors"].as_array().expect("errors").iter();
        let fields = errors.map(|error| error["field"].as_str().expect("a field").to_owned());
        fields.collect::<Vec<_>>()
    };
    let bad = file(&[
        good.clone(),
        format!("R-2,,no_code,loud,yesterday,{today},310117,,"),
        good.clone(),
    ]);
    let (status, answer) = send(&world, &world.science, "", bad).await;
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("MALFORMED_REQUEST"))
    );
    let expected = [
        "line 3, party",
        "line 3, code",
        "line 3, level",
        "line 3, from",
        "line 4, external_ref",
    ];
    assert_eq!(told(&answer), expected);
    // What the ledger does not know.
    let unknown = file(&[
        good.clone(),
        row("R-3", "91310000MADEM0099X", "warning", today),
        row("R-4", PROVIDER, "block", today).replace("310117", "999999"),
    ]);
    let (status, answer) = send(&world, &world.science, "", unknown).await;
    assert_eq!((status, told(&answer).len()), (400, 2), "{answer}");
    for body in [
        "",
        "party,code\n",
        "\u{feff}",
        "\"",
        HEADER.trim_start_matches("external_"),
    ] {
        let (status, answer) = send(&world, &world.science, "", body).await;
        assert_eq!(
            (status, &told(&answer)[..]),
            (400, &["file".to_owned()][..]),
            "{body:?}"
        );
    }
    let (status, _) = send(&world, &world.science, "", vec![0xff_u8; 64]).await;
    assert_eq!(status, 400);
    assert_eq!(count(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_tried_out_taken_once_and_refused_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let today = &world.today;
    let rows = [
        row("R-1", ENTERPRISE, "warning", today),
        row("R-2", PROVIDER, "block", today),
    ];
    // A table program writes a mark at the beginning.
    let body = format!("\u{feff}{}", file(&rows));
    let (status, tried) = send(&world, &world.finance, "?dry_run=true", body.clone()).await;
    let expected = json!({"raised": 2, "known": 0, "lifted": 0});
    assert_eq!((status, tried), (200, expected.clone()));
    assert_eq!(count(&world).await, 0);
    assert_eq!(
        send(&world, &world.finance, "", body.clone()).await,
        (200, expected)
    );
    let again = json!({"raised": 0, "known": 2, "lifted": 0});
    assert_eq!(send(&world, &world.finance, "", body).await, (200, again));
    assert_eq!(count(&world).await, 2);
    // A known reference with other content, and one new row beside it.
    let other = file(&[
        rows[0].replace("warning", "block"),
        row("R-3", PROVIDER, "warning", today),
    ]);
    let (status, answer) = send(&world, &world.finance, "", other).await;
    assert_eq!(
        (status, &answer["errors"][0]["field"]),
        (400, &json!("line 2, external_ref"))
    );
    // Another city's flag: its line is named, and the good line beside it is not taken.
    let foreign = row("R-5", PROVIDER, "warning", today).replace("310117", "330100");
    let mixed = file(&[row("R-4", PROVIDER, "warning", today), foreign]);
    let (status, answer) = send(&world, &world.finance, "", mixed).await;
    assert_eq!((status, &answer["code"]), (422, &json!("BULK_REFUSED")));
    let item = &answer["items"][0];
    assert_eq!(
        (&item["line"], &item["problem"]["code"]),
        (&json!(3), &json!("FORBIDDEN"))
    );
    assert_eq!(count(&world).await, 2);
    given_out_and_not_for_everybody(&world).await;
}

/// After a file with a warning and a block was taken.
async fn given_out_and_not_for_everybody(world: &World) {
    let today = &world.today;
    // What is given out can be taken in by somebody else: lifted lines are passed over.
    let list = world
        .get(&world.finance, "/v1/credit-flags?level=block")
        .await;
    let block = list["data"][0]["id"].as_str().expect("an id").to_owned();
    let reason = json!({"reason": "已更正"});
    world
        .post(
            &world.finance,
            &format!("/v1/credit-flags/{block}/lift"),
            reason,
        )
        .await;
    let url = format!("{}/v1/credit-flags/export", world.server.url);
    let export = world
        .client
        .get(url)
        .bearer_auth(&world.finance)
        .send()
        .await;
    let export = export.expect("an answer").text().await.expect("a file");
    let taken = json!({"raised": 0, "known": 1, "lifted": 1});
    assert_eq!(send(world, &world.finance, "", export).await, (200, taken));
    // A firm raises nothing, and nobody without a token does.
    let body = file(&[row("R-6", PROVIDER, "warning", today)]);
    for (token, expected) in [(&*world.holder, 422), ("qt_nobody", 401)] {
        assert_eq!(send(world, token, "", body.clone()).await.0, expected);
    }
    let (status, _) = world
        .call(Method::GET, &world.holder, "/v1/credit-flags/export", None)
        .await;
    assert_eq!(status, 404);
}
