//! Signing in with a name and a password.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::World;

const PATH: &str = "/v1/sign-in";

async fn sign_in(world: &World, name: &str, password: &str) -> (u16, Value) {
    let body = json!({"user_name": name, "password": password});
    let request = world.client.post(format!("{}{PATH}", world.server.url));
    let answer = request.json(&body).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

/// The world with a password for its science officer.
async fn world(folder: &std::path::Path) -> World {
    let world = World::new(folder).await;
    let body = json!({"user_name": "songjiang-1", "password": "correct horse"});
    let set = world.post(&world.science, "/v1/password", body).await;
    assert_eq!(set["event"], "PasswordSet");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_gives_a_token_until_it_is_signed_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let (status, answer) = sign_in(&world, "songjiang-1", "correct horse").await;
    assert_eq!(
        (status, &answer["expires_on"]),
        (201, &json!(world.today)),
        "{answer}"
    );
    let token = answer["token"].as_str().expect("a token");
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    world.get(token, &voucher).await;
    world.post(token, "/v1/sign-out", json!({})).await;
    let (status, _) = world.call(Method::GET, token, &voucher, None).await;
    assert_eq!(status, 401);
    // Every try is written down, for those who may read it.
    let tries = world.get(&world.administrator, "/v1/sign-ins").await;
    let outcomes = tries["data"].as_array().expect("a page").iter();
    let outcomes: Vec<_> = outcomes.map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["signed_out", "signed_in"]);
    assert_eq!(tries["data"][0]["principal"], answer["principal"]);
    let (status, _) = world
        .call(Method::GET, &world.science, "/v1/sign-ins", None)
        .await;
    assert_eq!(status, 403);
    // The journal has no password, nor what it is checked by.
    let journal = std::fs::read(world.server.data.join("journal.db")).expect("the journal");
    let text = b"correct horse";
    assert!(!journal.windows(text.len()).any(|part| part == text));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_which_names_there_are_and_a_name_rests_after_five_failures() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let told = |mut answer: Value| {
        answer["request_id"] = Value::Null;
        answer
    };
    let (status, known) = sign_in(&world, "songjiang-1", "wrong horse").await;
    let (_, unknown) = sign_in(&world, "nobody-here", "wrong horse").await;
    let (_, odd) = sign_in(&world, "No Name!", "").await;
    assert_eq!((status, &known["code"]), (401, &json!("SIGN_IN_FAILED")));
    assert_eq!(told(known.clone()), told(unknown));
    assert_eq!(told(known), told(odd));
    for _ in 0..4 {
        sign_in(&world, "songjiang-1", "wrong horse").await;
        sign_in(&world, "nobody-here", "wrong horse").await;
    }
    for name in ["songjiang-1", "nobody-here"] {
        let (status, answer) = sign_in(&world, name, "correct horse").await;
        assert_eq!(
            (status, &answer["code"]),
            (429, &json!("TOO_MANY_SIGN_INS"))
        );
    }
    let failed = "/v1/sign-ins?outcome=failed&user_name=songjiang-1&limit=3";
    let page = world.get(&world.administrator, failed).await;
    let rest = format!(
        "{failed}&cursor={}",
        page["next_cursor"].as_str().expect("more")
    );
    let rest = world.get(&world.administrator, &rest).await;
    let count = |page: &Value| page["data"].as_array().map(Vec::len);
    assert_eq!((count(&page), count(&rest)), (Some(3), Some(2)));
    // Failures are no events.
    let journal = world.get(&world.administrator, "/v1/tokens").await;
    assert!(!journal.to_string().contains("sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_that_is_shut_out_has_neither_token_nor_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let (_, answer) = sign_in(&world, "songjiang-1", "correct horse").await;
    let token = answer["token"].as_str().expect("a token").to_owned();
    let id = answer["principal"].as_str().expect("an id");
    let path = format!("/v1/principals/{id}/access");
    let out = json!({"enabled": false, "reason": "离职"});
    world.post(&world.administrator, &path, out).await;
    for token in [&token, &world.science] {
        let (status, _) = world.call(Method::GET, token, "/v1/vouchers", None).await;
        assert_eq!(status, 401);
    }
    let (status, _) = sign_in(&world, "songjiang-1", "correct horse").await;
    assert_eq!(status, 401);
    let shut_out = world
        .get(&world.administrator, "/v1/principals?enabled=false")
        .await;
    assert_eq!(shut_out["data"][0]["id"], json!(id));
    let grants = format!("/v1/grants?principal={id}");
    let grants = world.get(&world.administrator, &grants).await;
    assert_eq!(grants["data"][0]["role"], "science_officer");
    assert_eq!(grants["data"][0]["scope"], "member:310117");
    // Let in again, by an administrator who has nobody to ask.
    world
        .post(&world.administrator, &path, json!({"enabled": true}))
        .await;
    let (status, _) = sign_in(&world, "songjiang-1", "correct horse").await;
    assert_eq!(status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_names_have_bounds_and_a_name_has_one_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    for (name, password) in [
        ("songjiang-2", "short"),
        ("songjiang-2", &*"x".repeat(257)),
        ("ab", "long enough it is"),
        ("Songjiang", "long enough it is"),
        ("", "long enough it is"),
    ] {
        let body = json!({"user_name": name, "password": password});
        let (status, _) = world
            .call(Method::POST, &world.finance, "/v1/password", Some(body))
            .await;
        assert_eq!(status, 400, "{name}");
    }
    let taken = json!({"user_name": "songjiang-1", "password": "long enough it is"});
    let (status, answer) = world
        .call(Method::POST, &world.finance, "/v1/password", Some(taken))
        .await;
    assert_eq!((status, &answer["code"]), (422, &json!("USER_NAME_TAKEN")));
    // A new password ends the old one and its sessions.
    let (_, session) = sign_in(&world, "songjiang-1", "correct horse").await;
    let session = session["token"].as_str().expect("a token").to_owned();
    world.get(&session, "/v1/vouchers").await;
    let new = json!({"user_name": "songjiang-9", "password": "battery staple"});
    world.post(&world.science, "/v1/password", new).await;
    let (status, _) = world
        .call(Method::GET, &session, "/v1/vouchers", None)
        .await;
    assert_eq!(status, 401);
    world.get(&world.science, "/v1/vouchers").await;
    assert_eq!(sign_in(&world, "songjiang-1", "correct horse").await.0, 401);
    assert_eq!(
        sign_in(&world, "songjiang-9", "battery staple").await.0,
        201
    );
}
