//! Writes in bulk: any write of the API, all of them or each on its own.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{ENTERPRISE, PROVIDER, World, mistyped, send};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// One bulk; status, whether it was answered before, body.
async fn bulk(
    world: &World,
    token: &str,
    query: &str,
    key: Option<&str>,
    body: &Value,
) -> (u16, bool, Value) {
    let url = format!("{}/v1/bulk{query}", world.server.url);
    let sent = send(&world.client, Method::POST, &url, token, key, Some(body)).await;
    let answer = sent.expect("an answer");
    let replayed = answer.headers().contains_key("Idempotent-Replayed");
    assert!(answer.headers().contains_key("Quantong-Sequence"));
    let status = answer.status().as_u16();
    (status, replayed, answer.json().await.expect("JSON"))
}

fn issue(amount: &str) -> Value {
    json!({"operation": "issue_voucher",
        "body": {"programme": "310117-T", "enterprise": ENTERPRISE, "amount": amount}})
}

fn freeze(voucher: &str, frozen: bool) -> Value {
    json!({"operation": "set_freeze", "path": {"id": voucher},
        "body": {"frozen": frozen, "reason": "核查"}})
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["status"].as_u64().expect("a status"))
        .collect()
}

async fn outstanding(world: &World) -> Value {
    let programme = world.get(&world.science, "/v1/programmes/310117-T").await;
    programme["budget"]["outstanding"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_bulk_of_different_writes_is_done_whole_and_answered_item_by_item() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let items = json!([issue("10.00"), freeze(&world.voucher, true), issue("20.00")]);
    let body = json!({"mode": "atomic", "items": items});
    let science = &world.science;
    let rehearsed = bulk(&world, science, "?dry_run=true", None, &body).await;
    assert_eq!((rehearsed.0, statuses(&rehearsed.2)), (200, vec![200; 3]));
    assert_eq!(outstanding(&world).await, "1000.00");
    let (status, replayed, first) = bulk(&world, science, "", Some("b-1"), &body).await;
    assert_eq!(
        (status, replayed, statuses(&first)),
        (200, false, vec![201, 200, 201])
    );
    let events: Vec<&Value> = (0..3)
        .map(|n| &first["items"][n]["body"]["event"])
        .collect();
    assert_eq!(events, ["VoucherIssued", "FreezeSet", "VoucherIssued"]);
    assert_eq!(outstanding(&world).await, "1030.00");
    let (status, replayed, again) = bulk(&world, science, "", Some("b-1"), &body).await;
    assert_eq!((status, replayed, again), (200, true, first));
    let other = json!({"mode": "atomic", "items": [issue("11.00")]});
    assert_eq!(bulk(&world, science, "", Some("b-1"), &other).await.0, 409);
    // One refused item leaves everything undone.
    let items = json!([
        issue("1.00"),
        freeze(&world.voucher, true),
        issue("9000000.00")
    ]);
    let body = json!({"mode": "atomic", "items": items});
    for query in ["?dry_run=true", ""] {
        let (status, _, refused) = bulk(&world, science, query, None, &body).await;
        let stood = refused["items"].as_array().expect("items");
        let stood: Vec<_> = stood
            .iter()
            .map(|item| (&item["item"], &item["problem"]["code"]))
            .collect();
        assert_eq!(status, 422, "{refused}");
        let expected = [
            (&json!(1), &json!("ALREADY_IN_STATE")),
            (&json!(2), &json!("ISSUE_CAP_EXCEEDED")),
        ];
        assert_eq!(stood, expected);
    }
    assert_eq!(outstanding(&world).await, "1030.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_that_goes_on_decides_each_item_and_can_be_rehearsed() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let science = &world.science;
    let claim = json!({"operation": "file_claim", "body": world.claim(&world.voucher, 1, "4.00")});
    let items = json!([
        freeze(&world.voucher, true),
        freeze(&world.voucher, true),
        claim,
        issue("1.234"),
        freeze(&world.voucher, false),
    ]);
    let body = json!({"mode": "continue", "items": items});
    let (status, _, dry) = bulk(&world, science, "?dry_run=true", None, &body).await;
    assert_eq!(
        (status, statuses(&dry)),
        (200, vec![200, 422, 403, 400, 200])
    );
    assert_eq!(dry["items"][1]["body"]["refusal_id"], Value::Null);
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    let before = world.get(&world.holder, &voucher).await;
    let (_, _, done) = bulk(&world, science, "", Some("k"), &body).await;
    assert_eq!(statuses(&done), [200, 422, 403, 400, 200]);
    assert_eq!(
        done["items"][3]["body"]["errors"][0]["field"],
        "items[3].body.amount"
    );
    assert_eq!(
        world.get(&world.holder, &voucher).await["frozen"],
        before["frozen"]
    );
    let (_, _, again) = bulk(&world, science, "", Some("k"), &body).await;
    assert_eq!(statuses(&again), [200, 422, 403, 400, 200]);
    assert_eq!(again["items"][0]["replayed"], true);
    assert_eq!(again["items"][0]["body"], done["items"][0]["body"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_cannot_be_understood_is_told_with_its_place_in_the_language_asked_for() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let group = |kind: &str| {
        json!({"operation": "set_controller_group", "path": {"kind": kind, "id": PROVIDER},
            "body": {"group": "G", "from": "2026-01-01"}})
    };
    let mut unknown = issue("1.00");
    unknown["body"]["enterprise"] = json!("91340200MADEM00891");
    let items = json!([
        {"operation": "get_voucher", "path": {"id": world.voucher}},
        {"operation": "set_freeze", "body": {"frozen": true}},
        {"operation": "set_freeze", "path": {"id": "VO-?", "code": "x"}, "body": {}},
        group("labs"),
        freeze(&mistyped(&world.voucher), true),
        unknown,
        {"operation": "issue_voucher", "body": {"amount": "1.00"}, "colour": "red"},
        7,
        issue("1.00"),
    ]);
    let body = json!({"mode": "atomic", "items": items});
    let url = format!("{}/v1/bulk", world.server.url);
    let request = world
        .client
        .post(&url)
        .bearer_auth(&world.science)
        .json(&body);
    let answer = request.header("Accept-Language", "zh-CN").send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    let problem: Value = answer.json().await.expect("JSON");
    let errors = problem["errors"].as_array().expect("errors");
    let fields: Vec<&str> = errors
        .iter()
        .map(|error| error["field"].as_str().expect("a field"))
        .collect();
    assert_eq!(
        fields,
        [
            "items[0].operation",
            "items[1].path.id",
            "items[2].path.code",
            "items[3].path.kind",
            "items[4].path.id",
            "items[5].body.enterprise",
            "items[6].colour",
            "items[7]",
        ]
    );
    let missing = errors[5]["problem"].as_str().expect("a text");
    assert!(!missing.is_ascii(), "{missing}");
    assert_eq!(outstanding(&world).await, "1000.00");
    let none = json!({"mode": "atomic", "items": []});
    assert_eq!(bulk(&world, &world.science, "", None, &none).await.0, 400);
    let many = vec![issue("1.00"); 10_001];
    let many = json!({"mode": "continue", "items": many});
    assert_eq!(bulk(&world, &world.science, "", None, &many).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_of_many_vouchers_is_no_way_around_the_second_person() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let science = &world.science;
    let body = |mode: &str, count| {
        let items = vec![issue("1.00"); count];
        json!({"mode": mode, "items": items})
    };
    let code = "BULK_ISSUE_BY_FILE";
    for query in ["", "?dry_run=true"] {
        let (status, _, said) = bulk(&world, science, query, None, &body("atomic", 21)).await;
        assert_eq!((status, &said["code"]), (422, &json!(code)), "{said}");
        let (status, _, said) = bulk(&world, science, query, None, &body("continue", 21)).await;
        assert_eq!((status, statuses(&said)), (200, vec![422; 21]));
        assert_eq!(said["items"][0]["body"]["code"], code);
    }
    assert_eq!(outstanding(&world).await, "1000.00");
    let (status, _, said) = bulk(&world, science, "", None, &body("atomic", 20)).await;
    assert_eq!((status, statuses(&said)), (200, vec![201; 20]));
    assert_eq!(outstanding(&world).await, "1020.00");
}
