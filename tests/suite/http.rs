//! The REST API from outside.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{PROVIDER, World, fen, mistyped, send};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_goes_from_filing_to_settlement() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "400.00");
    let filed = world
        .post(&world.provider, "/v1/claims", claim.clone())
        .await;
    assert_eq!(
        (&filed["result"], &filed["amount"]),
        (&json!("APPROVED"), &json!("200.00"))
    );
    let id = filed["id"].as_str().expect("an id");
    let read = world
        .get(&world.provider, &format!("/v1/claims/{id}"))
        .await;
    assert_eq!(
        (&read["status"], &read["contract_no"]),
        (&json!("approved"), &json!("HT-1"))
    );
    let voucher = world
        .get(&world.holder, &format!("/v1/vouchers/{}", world.voucher))
        .await;
    assert_eq!(
        (&voucher["free"], &voucher["approved"]),
        (&json!("800.00"), &json!("200.00"))
    );
    let (status, again) = world
        .call(Method::POST, &world.provider, "/v1/claims", Some(claim))
        .await;
    assert_eq!((status, &again["code"]), (422, &json!("DUPLICATE_INVOICE")));
    let refusal = again["refusal_id"].as_str().expect("an id");
    let refusal = world
        .get(&world.provider, &format!("/v1/refusals/{refusal}"))
        .await;
    assert_eq!(refusal["faults"], json!(["DUPLICATE_INVOICE"]));
    let paid = json!({"bank_ref": "B-1", "paid_on": world.today});
    world
        .post(&world.finance, &format!("/v1/claims/{id}/payments"), paid)
        .await;
    let path = format!("/v1/claims/{id}/reverse");
    let (status, late) = world
        .call(Method::POST, &world.finance, &path, Some(json!({})))
        .await;
    assert_eq!((status, &late["code"]), (422, &json!("CLAIM_ALREADY_PAID")));
    let balance = world.get(&world.administrator, "/v1/trial-balance").await;
    assert_eq!(balance["debits"], balance["credits"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_a_replay_gives_the_first_answer() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "400.00");
    let dry = world
        .post(&world.provider, "/v1/claims?dry_run=true", claim.clone())
        .await;
    assert_eq!(dry["amount"], "200.00");
    let voucher = world
        .get(&world.holder, &format!("/v1/vouchers/{}", world.voucher))
        .await;
    assert_eq!(voucher["free"], "1000.00");
    let url = format!("{}/v1/claims", world.server.url);
    let file = |body: Value| {
        let (client, url, token) = (&world.client, url.clone(), world.provider.clone());
        async move {
            let sent = send(client, Method::POST, &url, &token, Some("k-1"), Some(&body)).await;
            let answer = sent.expect("an answer");
            let replayed = answer.headers().contains_key("Idempotent-Replayed");
            (
                answer.status().as_u16(),
                replayed,
                answer.text().await.expect("a body"),
            )
        }
    };
    let first = file(claim.clone()).await;
    let second = file(claim.clone()).await;
    assert_eq!((first.0, first.1), (201, false));
    assert_eq!((second.0, second.1), (201, true));
    assert_eq!(first.2, second.2);
    let other = file(world.claim(&world.voucher, 2, "400.00")).await;
    assert_eq!(other.0, 409, "{}", other.2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_is_all_or_nothing_or_each_on_its_own() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let good = |n| world.claim(&world.voucher, n, "100.00");
    let mut bad = good(3);
    bad["category"] = json!("testing");
    bad["contract_date"] = json!("2001-01-01");
    let items = json!([good(1), good(2), bad]);
    let atomic = json!({"mode": "atomic", "items": items});
    let path = "/v1/claims/bulk";
    let (status, refused) = world
        .call(Method::POST, &world.provider, path, Some(atomic))
        .await;
    assert_eq!((status, &refused["items"][0]["item"]), (422, &json!(2)));
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    assert_eq!(world.get(&world.holder, &voucher).await["free"], "1000.00");
    let each = json!({"mode": "continue", "items": items});
    let answer = world.post(&world.provider, path, each).await;
    let statuses: Vec<_> = answer["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| i["status"].clone())
        .collect();
    assert_eq!(statuses, [201, 201, 422]);
    assert_eq!(world.get(&world.holder, &voucher).await["free"], "900.00");
    // An item that cannot be understood is told in its place, in the language asked for.
    let mut odd = good(8);
    odd["invoice_amount"] = json!("1.234");
    let each = json!({"mode": "continue", "items": [&odd, good(4)]});
    let request = world.client.post(format!("{}{path}", world.server.url));
    let request = request.bearer_auth(&world.provider).json(&each);
    let answer = request
        .header("Accept-Language", "zh")
        .send()
        .await
        .expect("an answer");
    assert!(answer.headers().contains_key("Quantong-Sequence"));
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["items"][0]["status"], 400);
    assert_eq!(answer["items"][1]["status"], 201);
    let problem = &answer["items"][0]["body"];
    assert_eq!(problem["errors"][0]["field"], "items[0].invoice_amount");
    assert!(
        problem["title"]
            .as_str()
            .is_some_and(|title| !title.is_ascii()),
        "{problem}"
    );
    let atomic = json!({"mode": "atomic", "items": [&odd, &odd]});
    let (status, problem) = world
        .call(Method::POST, &world.provider, path, Some(atomic))
        .await;
    assert_eq!(
        (status, problem["errors"].as_array().map(Vec::len)),
        (400, Some(2))
    );
    let atomic = json!({"mode": "atomic", "items": [good(5), good(6)]});
    let answer = world.post(&world.provider, path, atomic).await;
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.get(&world.holder, &voucher).await["free"], "750.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_it_saw_and_whether_it_is_an_old_one() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let mut claim = world.claim(&world.voucher, 1, "400.00");
    claim["contract_date"] = json!("2001-01-01");
    let url = format!("{}/v1/claims", world.server.url);
    let file = |url: String| {
        let (client, token, body) = (&world.client, &world.provider, &claim);
        async move {
            let sent = send(client, Method::POST, &url, token, Some("k"), Some(body)).await;
            let answer = sent.expect("an answer");
            let has = |name: &str| answer.headers().contains_key(name);
            let headers = [
                "Quantong-Sequence",
                "Idempotent-Replayed",
                "Quantong-Dry-Run",
            ]
            .map(has);
            (headers, answer.json::<Value>().await.expect("JSON"))
        }
    };
    let (headers, dry) = file(format!("{url}?dry_run=true")).await;
    assert_eq!(
        (headers, &dry["refusal_id"]),
        ([true, false, true], &Value::Null)
    );
    let (headers, first) = file(url.clone()).await;
    assert_eq!(headers, [true, false, false]);
    let (headers, again) = file(url).await;
    assert_eq!(
        (headers, &again["refusal_id"]),
        ([true, true, false], &first["refusal_id"])
    );
    let id = first["refusal_id"].as_str().expect("an id");
    let read = world
        .get(&world.provider, &format!("/v1/refusals/{id}"))
        .await;
    assert_eq!(read["event"], "ClaimRefused");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_a_problem_document_and_never_a_fault_of_the_server() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let good = world.claim(&world.voucher, 9, "100.00");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let mistyped = mistyped(&world.voucher);
    let nested = (0..5_000).fold(json!(1), |inner, _| json!([inner]));
    let cases: Vec<(u16, Value)> = vec![
        (400, json!([])),
        (400, json!("text")),
        (400, json!({})),
        (400, with("unknown", json!(1))),
        (400, with("invoice_amount", json!(100))),
        (400, with("invoice_amount", json!("100.001"))),
        (400, with("invoice_amount", json!("-1.00"))),
        (400, with("invoice_amount", json!("9223372036854775808"))),
        (400, with("invoice_amount", json!("1e5"))),
        (400, with("contract_date", json!("2026-02-30"))),
        (400, with("invoice_no", json!("1".repeat(21)))),
        (400, with("contract_no", json!("x".repeat(10_000)))),
        (404, with("category", json!("nothing"))),
        (400, with("voucher", json!("VO-310117-26-0000000-*"))),
        (400, with("voucher", json!(mistyped))),
        (400, with("provider", json!("nobody"))),
        (422, with("provider", json!("91330100MADEM0038X"))),
        (422, with("invoice_amount", json!("0.00"))),
        (422, with("contract_date", json!("1999-01-01"))),
        (400, with("evidence", nested)),
        (413, with("contract_no", json!("x".repeat(10_000_000)))),
    ];
    for (expected, body) in cases {
        let shown: String = body.to_string().chars().take(120).collect();
        let (status, problem) = world
            .call(Method::POST, &world.provider, "/v1/claims", Some(body))
            .await;
        // A well-formed provider or voucher that nobody has is refused by rule or not allowed.
        let forbidden = expected == 422 && status == 403;
        assert!(
            status == expected || forbidden,
            "{shown}: {status} {problem}"
        );
        assert!(
            problem["code"].is_string() && problem["request_id"].is_string(),
            "{problem}"
        );
    }
    let body = with("voucher", json!(mistyped));
    let (_, problem) = world
        .call(Method::POST, &world.provider, "/v1/claims", Some(body))
        .await;
    let told = (&problem["code"], &problem["errors"][0]["field"]);
    assert_eq!(told, (&json!("ID_CHECK_FAILED"), &json!("voucher")));
    world.post(&world.provider, "/v1/claims", good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_bodies_media_methods_paths_and_tokens_are_problem_documents() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let url = format!("{}/v1/claims", world.server.url);
    let raw = |body: Vec<u8>, media: &'static str| {
        let request = world.client.post(&url).bearer_auth(&world.provider);
        request.header("Content-Type", media).body(body).send()
    };
    let bodies = [
        (400, vec![0xFF, 0xFE, 0x7B], "application/json"),
        (415, b"{}".to_vec(), "text/plain"),
        (400, vec![b'['; 60_000], "application/json"),
    ];
    for (expected, body, media) in bodies {
        let answer = raw(body, media).await.expect("an answer");
        assert_eq!(answer.status(), expected);
    }
    let requests = [
        (405, Method::DELETE, world.provider.as_str(), "/v1/claims"),
        (404, Method::GET, world.provider.as_str(), "/v1/nothing"),
        (401, Method::GET, "qt_unknown", "/v1/calendar"),
    ];
    for (expected, method, token, path) in requests {
        let (status, problem) = world.call(method, token, path, None).await;
        assert_eq!(status, expected, "{path}: {problem}");
        assert!(problem["code"].is_string(), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_city_neither_reads_nor_writes() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    let (status, problem) = world
        .call(Method::GET, &world.stranger, &voucher, None)
        .await;
    assert_eq!((status, &problem["code"]), (404, &json!("NOT_FOUND")));
    for (path, body) in [
        (
            "/v1/vouchers".to_owned(),
            json!({"programme": "310117-T",
            "enterprise": "91310117MADEM00114", "amount": "1.00"}),
        ),
        (format!("{voucher}/freeze"), json!({"frozen": true})),
        (format!("{voucher}/revoke"), json!({})),
        (
            format!("{voucher}/extend"),
            json!({"use_by": "2030-01-01", "cash_by": "2030-01-01"}),
        ),
        (format!("{voucher}/reissue"), json!({"amount": "1.00"})),
        (
            "/v1/programmes/310117-T/budget-changes".to_owned(),
            json!({"amount": "1.00", "direction": "cut"}),
        ),
        (
            "/v1/members".to_owned(),
            json!({"code": "320500", "kind": "city", "name_zh": "苏州市",
            "name_en": "Suzhou", "province": "Jiangsu", "signed_protocol": true}),
        ),
    ] {
        let (status, problem) = world
            .call(Method::POST, &world.stranger, &path, Some(body))
            .await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &json!("FORBIDDEN")),
            "{path}"
        );
    }
    let balance = world.get(&world.stranger, "/v1/trial-balance").await;
    assert!(!balance.to_string().contains("310117"), "{balance}");
    let claim = world.claim(&world.voucher, 1, "100.00");
    let (status, _) = world
        .call(Method::POST, &world.stranger, "/v1/claims", Some(claim))
        .await;
    assert_eq!(status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_the_holders_consent_is_refused() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let issue = json!({"programme": "310117-T", "enterprise": "91310117MADEM00114",
        "amount": "50.00"});
    let issued = world.post(&world.science, "/v1/vouchers", issue).await;
    let voucher = issued["id"].as_str().expect("an id").to_owned();
    let claim = world.claim(&voucher, 1, "100.00");
    let (status, problem) = world
        .call(
            Method::POST,
            &world.provider,
            "/v1/claims",
            Some(claim.clone()),
        )
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("NOT_AUTHORISED")),
        "{problem}"
    );
    let consent = json!({"giver": "holder", "provider": PROVIDER, "up_to": "20.00",
        "until": "2099-12-31"});
    let path = format!("/v1/vouchers/{voucher}/consents");
    let (status, _) = world
        .call(Method::POST, &world.provider, &path, Some(consent.clone()))
        .await;
    assert_eq!(status, 403);
    world.post(&world.holder, &path, consent).await;
    let filed = world.post(&world.provider, "/v1/claims", claim).await;
    assert_eq!(filed["amount"], "20.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_never_redeem_a_fen_too_much() {
    let folder = folder();
    let world = Arc::new(World::new(folder.path()).await);
    let rounds: u64 = if std::env::var_os("QUANTONG_FULL").is_some() {
        200
    } else {
        40
    };
    let voucher = Arc::new(world.issue("10000.00").await);
    let clients = (0..64_u64).map(|client| {
        let (world, voucher) = (Arc::clone(&world), Arc::clone(&voucher));
        tokio::spawn(async move {
            let url = format!("{}/v1/claims", world.server.url);
            let mut approved = 0;
            for round in 0..rounds {
                let body = world.claim(&voucher, client * rounds + round, "20.00");
                let key = format!("c{client}-{round}");
                let mut answers = Vec::new();
                for _ in 0..2 {
                    let sent = send(
                        &world.client,
                        Method::POST,
                        &url,
                        &world.provider,
                        Some(&key),
                        Some(&body),
                    );
                    let answer = sent.await.expect("an answer");
                    let status = answer.status().as_u16();
                    let mut body: Value = answer.json().await.expect("JSON");
                    // The id of the request is the only thing that differs in a refusal.
                    body["request_id"] = Value::Null;
                    answers.push((status, body));
                }
                assert_eq!(answers[0], answers[1], "a retry gets the first answer");
                let (status, body) = &answers[0];
                match status {
                    201 => approved += fen(&body["amount"]),
                    422 => assert_eq!(body["code"], "VOUCHER_EXHAUSTED", "{body}"),
                    other => panic!("{other}: {body}"),
                }
            }
            approved
        })
    });
    let mut approved = 0;
    for client in clients.collect::<Vec<_>>() {
        approved += client.await.expect("a client");
    }
    let state = world
        .get(&world.holder, &format!("/v1/vouchers/{voucher}"))
        .await;
    assert_eq!(
        (approved, fen(&state["approved"])),
        (1_000_000, 1_000_000),
        "{state}"
    );
    assert_eq!(fen(&state["free"]), 0);
}
