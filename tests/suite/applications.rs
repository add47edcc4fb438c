//! Applications and histories from outside: whose they are, and what is personal in them.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{ENTERPRISE, World};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

async fn apply(world: &World, token: &str, enterprise: &str, purpose: &str) -> String {
    let body = json!({"programme": "310117-T", "enterprise": enterprise, "amount": "100.00",
        "purpose": purpose});
    id(&world.post(token, "/v1/applications", body).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_team_says_is_in_its_application_and_nowhere_else() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let team = json!({"name": "张三课题组", "city": "310117", "kind": "team"});
    let team = id(&world.post(&world.science, "/v1/enterprises", team).await);
    let words = "李四的原型机测试";
    let application = apply(&world, &world.science, &team, words).await;
    let path = format!("/v1/applications/{application}");
    let read = world.get(&world.science, &path).await;
    assert_eq!(read["purpose"], words);
    let list = world.get(&world.science, "/v1/applications").await;
    assert_eq!(list["data"][0]["id"], *application);
    assert_eq!(list["data"][0]["purpose"], Value::Null);
    let history = world.get(&world.science, &format!("{path}/history")).await;
    assert_eq!(history["data"][0]["event"], "ApplicationFiled");
    assert!(!history.to_string().contains(words), "{history}");
    // Sent again with other words it has these.
    let reviewer = world.enrol("reviewer", "member:310117").await;
    for body in [
        json!({"step": "begin"}),
        json!({"step": "return", "reason": "请写明用途"}),
    ] {
        world.post(&reviewer, &format!("{path}/review"), body).await;
    }
    let other = "王五的样品测试";
    let body = json!({"amount": "90.00", "purpose": other});
    let path_again = format!("{path}/resubmission");
    world.post(&world.science, &path_again, body).await;
    let read = world.get(&world.science, &path).await;
    assert_eq!(
        (&read["purpose"], &read["amount"]),
        (&json!(other), &json!("90.00"))
    );
    // A firm's words are public: they stand in the list.
    apply(&world, &world.holder, ENTERPRISE, "芯片检测").await;
    let list = world.get(&world.holder, "/v1/applications").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["data"][0]["purpose"], "芯片检测");
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_and_histories_of_others_are_not_found() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let application = apply(&world, &world.holder, ENTERPRISE, "检测").await;
    let application = format!("/v1/applications/{application}");
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    let missing = |token: String, path: String| {
        let world = &world;
        async move {
            let (status, answer) = world.call(Method::GET, &token, &path, None).await;
            assert_eq!(
                (status, &answer["code"]),
                (404, &json!("NOT_FOUND")),
                "{path}"
            );
        }
    };
    let stranger = || world.stranger.clone();
    missing(stranger(), application.clone()).await;
    missing(stranger(), format!("{application}/history")).await;
    missing(stranger(), format!("{voucher}/history")).await;
    let list = world.get(&world.stranger, "/v1/applications").await;
    assert_eq!(list["data"], json!([]));
    // A lab that may be paid from a voucher reads it, but not what others did with it.
    world.get(&world.provider, &voucher).await;
    missing(world.provider.clone(), format!("{voucher}/history")).await;
    let history = world
        .get(&world.holder, &format!("{voucher}/history"))
        .await;
    let kinds = [&history["data"][0]["event"], &history["data"][1]["event"]];
    assert_eq!(kinds, ["VoucherIssued", "ConsentGiven"]);
    let steps = [
        (format!("{application}/review"), json!({"step": "begin"})),
        (format!("{application}/withdraw"), json!({})),
        (
            format!("{application}/resubmission"),
            json!({"amount": "1.00"}),
        ),
        (
            "/v1/applications".to_owned(),
            json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": "1.00"}),
        ),
    ];
    for (path, body) in steps {
        let (status, answer) = world
            .call(Method::POST, &world.stranger, &path, Some(body))
            .await;
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("FORBIDDEN")),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_comes_in_pages_and_holds_claims_and_reversals() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "400.00");
    let claim = id(&world.post(&world.provider, "/v1/claims", claim).await);
    let path = format!("/v1/claims/{claim}/reverse");
    let (status, said) = world
        .call(Method::POST, &world.finance, &path, Some(json!({})))
        .await;
    assert_eq!((status, &said["code"]), (422, &json!("REASON_REQUIRED")));
    let reason = json!({"reason": "发票作废"});
    world.post(&world.finance, &path, reason).await;
    let mut kinds = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/vouchers/{}/history?limit=1{cursor}", world.voucher);
        let page = world.get(&world.holder, &path).await;
        let data = page["data"].as_array().expect("a page");
        kinds.extend(data.iter().map(|event| event["event"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected = [
        "VoucherIssued",
        "ConsentGiven",
        "ClaimApproved",
        "ClaimReversed",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_makes_no_sense_is_told_so() {
    let folder = folder();
    let world = World::new(folder.path()).await;
    let application = apply(&world, &world.holder, ENTERPRISE, "检测").await;
    let path = format!("/v1/applications/{application}/review");
    let bodies = [
        (json!({"step": "look"}), "step"),
        (json!({"step": "approve"}), "amount"),
        (json!({"step": "begin", "amount": "1.00"}), "amount"),
        (
            json!({"step": "approve", "amount": "1.00", "code": "other"}),
            "code",
        ),
        (json!({"step": "decline"}), "code"),
        (json!({"step": "decline", "code": "whim"}), "code"),
        (
            json!({"step": "decline", "code": "other", "amount": "1.00"}),
            "amount",
        ),
    ];
    for (body, field) in bodies {
        let words = body.to_string();
        let (status, answer) = world
            .call(Method::POST, &world.science, &path, Some(body))
            .await;
        let said = (status, answer["errors"][0]["field"].as_str());
        assert_eq!(said, (400, Some(field)), "{words}: {answer}");
    }
}
