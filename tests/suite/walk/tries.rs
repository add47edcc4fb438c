//! A write that is only tried out changes nothing, whichever it is.

use super::*;

/// How a write is addressed, with what body.
fn addressed(walk: &Walk, operation: &str, known: &Value) -> Option<(String, Value)> {
    let other = json!({"user_name": "walker-2", "password": "battery staple"});
    Some(match operation {
        "sign_in" => ("/v1/sign-in".to_owned(), known.clone()),
        "sign_out" => ("/v1/sign-out".to_owned(), json!({})),
        "set_password" => ("/v1/password".to_owned(), other),
        _ => {
            let write = write_of(operation, &walk.things, &walk.world.today);
            let write = write.or_else(|| walk.upload_of(operation))?;
            (write.path, write.body)
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_that_is_only_tried_out_changes_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let walk = Walk::new(folder.path()).await;
    let world = &walk.world;
    let science = walk.token(Side::Own, "science_officer");
    let known = json!({"user_name": "walker-1", "password": "correct horse"});
    world.post(science, "/v1/password", known.clone()).await;
    let described = world.get(&world.administrator, "/v1/openapi.json").await;
    let paths = described["paths"].as_object().expect("paths");
    let before = walk.durable().await;
    let mut seen = 0;
    let methods = paths.values().filter_map(Value::as_object).flatten();
    for (method, described) in methods.filter(|(method, _)| *method != "get") {
        let operation = text(&described["operationId"]);
        let parameters = described["parameters"].as_array();
        let dry_run = |one: &Value| one["name"] == "dry_run";
        let takes = parameters.is_some_and(|all| all.iter().any(dry_run));
        // A simulation writes nothing, whatever is asked.
        assert!(takes || operation == "simulate", "{operation}");
        let (path, body) = addressed(&walk, &operation, &known).expect("a known write");
        let own = ["sign_in", "sign_out", "set_password"].contains(&&*operation);
        let people = walk.people.iter().map(|person| &*person.token);
        let people: Vec<&str> = match own {
            true => vec![science],
            false => people.chain([&*world.checker]).collect(),
        };
        let path = format!("{path}?dry_run=true");
        for person in people {
            let (status, answer) = match &body {
                Value::String(csv) => walk.upload(person, &path, csv).await,
                body => {
                    let method = method.to_uppercase().parse().expect("a method");
                    world.call(method, person, &path, Some(body.clone())).await
                }
            };
            assert!(!own || status == 200, "{operation}: {status} {answer}");
            assert!(answer["token"].is_null(), "{operation}");
        }
        assert_eq!(walk.durable().await, before, "{operation}");
        seen += 1;
    }
    assert!(seen > 70, "{seen}");
    // The token, the name and the password are what they were; the try is written down.
    world.get(science, "/v1/vouchers").await;
    world.post(science, "/v1/sign-in", known).await;
    let tries = world.get(&world.administrator, "/v1/sign-ins").await;
    let rows = tries["data"].as_array().expect("a page").iter();
    let outcomes: Vec<&str> = rows.filter_map(|row| row["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["signed_in", "tried_out"]);
    // A wrong password counts, tried out or not.
    let wrong = json!({"user_name": "walker-1", "password": "wrong horse"});
    let path = "/v1/sign-in?dry_run=true";
    for expected in [401, 401, 401, 401, 401, 429] {
        let body = Some(wrong.clone());
        let (status, answer) = world.call(Method::POST, science, path, body).await;
        assert_eq!(status, expected, "{answer}");
    }
}
