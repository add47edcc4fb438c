//! What a party reads of itself, what is left of a principal that was erased, and what a server
//! believes and bears of its clients.

use std::path::Path;
use std::process::Command;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::server::{ENTERPRISE, PROVIDER, Server, World};

/// Pays a claim; the payment's address.
async fn paid(world: &World, claim: &Value, reference: &str) -> String {
    let path = format!(
        "/v1/claims/{}/payments",
        claim["id"].as_str().expect("an id")
    );
    let body = json!({"bank_ref": reference, "paid_on": world.today});
    let payment = world.post(&world.finance, &path, body).await;
    format!("/v1/payments/{}", payment["id"].as_str().expect("an id"))
}

/// How many payments somebody's list has, and whether one of them is read by its address.
async fn reads(world: &World, token: &str, payment: &str) -> (usize, u16) {
    let list = world.get(token, "/v1/payments").await;
    let rows = list["data"].as_array().map_or(0, Vec::len);
    let (status, _) = world.call(Method::GET, token, payment, None).await;
    (rows, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_read_by_whom_it_was_made_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "100.00");
    let claim = world.post(&world.provider, "/v1/claims", claim).await;
    let to_lab = paid(&world, &claim, "B-1").await;
    assert_eq!(reads(&world, &world.provider, &to_lab).await, (1, 200));
    assert_eq!(reads(&world, &world.holder, &to_lab).await, (0, 404));
    // From now on the firm is reimbursed.
    let terms = json!({
        "effective_from": world.today, "document_no": "科发〔2026〕4号", "payee": "enterprise",
        "base": "paid", "cap_enterprise": "5000000.00", "cap_group": "5000000.00",
        "use_months": 6, "cash_days": 30,
        "rates": [{"category": "testing", "tiers": [{"ratio": "0.5"}],
            "cap_claim": "100000.00"}]});
    let versions = "/v1/programmes/310117-T/versions";
    world
        .post_with_second(&world.science, versions, terms)
        .await;
    let voucher = world.issue("900.00").await;
    let consents = format!("/v1/vouchers/{voucher}/consents");
    let confirms = json!({"giver": "provider", "provider": PROVIDER, "up_to": "900.00",
        "until": "2099-12-31"});
    world.post(&world.provider, &consents, confirms).await;
    let mut claim = world.claim(&voucher, 2, "200.00");
    claim["paid_amount"] = json!("200.00");
    let claim = world.post(&world.holder, "/v1/claims", claim).await;
    let firm = world
        .get(&world.holder, &format!("/v1/enterprises/{ENTERPRISE}"))
        .await;
    assert_eq!(claim["payee"], firm["id"], "{claim}");
    let to_firm = paid(&world, &claim, "B-2").await;
    assert_eq!(reads(&world, &world.holder, &to_firm).await, (1, 200));
    assert_eq!(reads(&world, &world.provider, &to_firm).await, (1, 404));
    assert_eq!(reads(&world, &world.finance, &to_firm).await, (2, 200));
    assert_eq!(reads(&world, &world.stranger, &to_firm).await, (0, 404));
}

/// True if a file of the folder holds the text.
fn on_disk(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

/// Another administrator, with a token from when there was one alone.
async fn second_administrator(world: &World) -> String {
    let (admin, token) = (&world.administrator, format!("qt_{}", "5".repeat(64)));
    let person = json!({"name": "第二管理员"});
    let person = world.post(admin, "/v1/principals", person).await;
    let path = format!("/v1/principals/{}", person["id"].as_str().expect("an id"));
    let hash = super::server::sha256(&token);
    let issue = json!({"token_sha256": hash, "label": "desk"});
    world.post(admin, &format!("{path}/tokens"), issue).await;
    let grant = json!({"role": "administrator", "scope": "corridor", "granted": true});
    world.post(admin, &format!("{path}/grants"), grant).await;
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_principal_that_was_erased_no_name_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path()).await;
    let admin = world.administrator.clone();
    let second = second_administrator(&world).await;
    let person = json!({"name": "王小明其人"});
    let person = world.post(&admin, "/v1/principals", person).await;
    let path = format!("/v1/principals/{}", person["id"].as_str().expect("an id"));
    let details = json!({"name": "王大明其人", "contact": "13800005555"});
    world
        .post(&admin, &format!("{path}/details"), details)
        .await;
    let read = world.get(&admin, &path).await;
    assert_eq!(
        (&read["name"], &read["contact"], &read["erased"]),
        (&json!("王大明其人"), &json!("13800005555"), &json!(false))
    );
    let texts = ["王小明其人", "王大明其人", "13800005555"];
    assert!(texts.iter().all(|text| on_disk(folder.path(), text)));
    let erasure = format!("{path}/erasure");
    let why = json!({"reason": "离职"});
    let active = Some(why.clone());
    let (status, told) = world.call(Method::POST, &admin, &erasure, active).await;
    assert_eq!((status, &told["code"]), (422, &json!("PRINCIPAL_ACTIVE")));
    let access = json!({"enabled": false});
    world.post(&admin, &format!("{path}/access"), access).await;
    let waits = world.post(&admin, &erasure, why).await;
    assert_eq!(waits["event"], "ActionProposed");
    assert_eq!(waits["command"]["kind_of_command"], "ErasePrincipal");
    assert_eq!(world.get(&admin, &path).await["name"], "王大明其人");
    let decision = format!(
        "/v1/proposals/{}/decision",
        waits["id"].as_str().expect("an id")
    );
    world
        .post(&second, &decision, json!({"approve": true}))
        .await;
    let gone = |read: &Value| (read["name"].is_null(), read["contact"].is_null());
    let read = world.get(&admin, &path).await;
    assert_eq!((gone(&read), &read["erased"]), ((true, true), &json!(true)));
    let details = Some(json!({"name": "王"}));
    let (status, told) = world
        .call(Method::POST, &admin, &format!("{path}/details"), details)
        .await;
    assert_eq!((status, &told["code"]), (422, &json!("PRINCIPAL_ERASED")));
    world.server.terminate();
    assert!(!texts.iter().any(|text| on_disk(folder.path(), text)));
    world.server = world.server.start_again();
    assert_eq!(gone(&world.get(&admin, &path).await), (true, true));
}

/// The world's server once more, with other settings.
fn restarted(world: &mut World, settings: &[&str]) {
    world.server.terminate();
    let data = world.server.data.clone();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantong"));
    command.arg("--data").arg(&data);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.args(settings);
    world.server = Server::launch(&mut command, &data, None).0;
}

/// Asks for the check of a voucher with a wrong suffix, through a proxy that names a client.
async fn wrong(world: &World, named: &str) -> u16 {
    let url = format!(
        "{}/v1/check/{}?k=0000000000",
        world.server.url, world.voucher
    );
    let request = Client::new().get(url).header("X-Forwarded-For", named);
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_counted_by_the_client_that_a_trusted_proxy_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path()).await;
    restarted(&mut world, &["--trusted-proxy", "10.1.0.0/16,127.0.0.1"]);
    for _ in 0..20 {
        assert_eq!(wrong(&world, "203.0.113.1, 198.51.100.1").await, 404);
    }
    assert_eq!(wrong(&world, "198.51.100.1").await, 429);
    assert_eq!(wrong(&world, "198.51.100.1, 10.1.2.3").await, 429);
    assert_eq!(wrong(&world, "198.51.100.2").await, 404);
    // A sign-in is written down with the client's address.
    let name = json!({"user_name": "nobody", "password": "correct horse"});
    let url = format!("{}/v1/sign-in", world.server.url);
    let request = Client::new().post(url).json(&name);
    let request = request.header("X-Forwarded-For", "198.51.100.9");
    request.send().await.expect("an answer");
    let tries = world.get(&world.administrator, "/v1/sign-ins").await;
    assert_eq!(tries["data"][0]["address"], "198.51.100.9", "{tries}");
    // Without the setting the header is anybody's word.
    restarted(&mut world, &[]);
    for n in 0..20 {
        assert_eq!(wrong(&world, &format!("198.51.100.{n}")).await, 404);
    }
    assert_eq!(wrong(&world, "198.51.100.200").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_sends_too_much_is_told_to_wait_where_there_is_a_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path()).await;
    restarted(&mut world, &["--token-rate", "2"]);
    let path = format!("{}/v1/members/310117", world.server.url);
    let ask = |token: &str| world.client.get(&path).bearer_auth(token).send();
    let mut waits = None;
    for _ in 0..50 {
        let answer = ask(&world.holder).await.expect("an answer");
        if answer.status() == 429 {
            assert_eq!(answer.headers()["Retry-After"], "1");
            waits = Some(answer.json::<Value>().await.expect("JSON"));
            break;
        }
    }
    let told = waits.expect("fifty requests at once are too many");
    assert_eq!(told["code"], "TOO_MANY_REQUESTS");
    let other = ask(&world.science).await.expect("an answer");
    assert_eq!(other.status(), 200, "each token for itself");
}
