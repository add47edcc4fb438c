//! Every operation that is described can be called.

use serde_json::Value;

use super::operations::Operations;
use super::{Given, JSON};

/// The description that is kept, read here once more.
fn described() -> Vec<(String, String, String)> {
    let kept = include_str!("../../../tests/golden/openapi.json");
    let kept: Value = serde_json::from_str(kept).expect("JSON");
    let paths = kept["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id");
            found.push((id.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    found
}

fn names(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

fn given(parameters: &[String]) -> Given {
    Given {
        parameters: parameters.to_vec(),
        // Where a body is a file, a file; a read is given none.
        body: None,
        ..Given::default()
    }
}

#[test]
fn every_operation_of_the_document_can_be_called_and_demands_what_its_path_needs() {
    let operations = Operations::new().expect("operations");
    let list = operations.list();
    let described = described();
    assert!(described.len() > 100);
    for (id, method, path) in described {
        let operation = operations.find(&id).expect("an operation");
        assert!(
            list.lines().any(|line| line.starts_with(&format!("{id} "))),
            "{id}"
        );
        let names = names(&path);
        let all: Vec<String> = names.iter().map(|name| format!("{name}=a b/c")).collect();
        let mut with = given(&all);
        if operation.writes() && !operation.is_json() {
            with.body = Some("Cargo.toml".to_owned());
        }
        let ready = with.prepare(operation).expect("what it needs");
        let filled = names.iter().fold(path.clone(), |path, name| {
            path.replace(&format!("{{{name}}}"), "a%20b%2Fc")
        });
        assert_eq!((ready.method.as_str(), &*ready.path), (&*method, &*filled));
        assert_eq!(ready.body.is_some(), method != "GET", "{id}");
        assert_eq!(ready.key.is_some(), operation.keyed, "{id}");
        for name in &names {
            let rest: Vec<String> = all
                .iter()
                .filter(|pair| !pair.starts_with(&format!("{name}=")))
                .cloned()
                .collect();
            let mut without = given(&rest);
            without.body = with.body.clone();
            let error = without
                .prepare(operation)
                .expect_err("a parameter is missing");
            assert!(
                error.to_string().contains(&format!("{name}=VALUE")),
                "{error}"
            );
        }
    }
}

#[test]
fn what_an_operation_does_not_take_is_named_before_anything_is_sent() {
    let operations = Operations::new().expect("operations");
    let error = |id: &str, given: &Given| {
        let operation = operations.find(id).expect("an operation");
        given.prepare(operation).expect_err("not taken").to_string()
    };
    let id = vec!["id=1".to_owned()];
    let odd = vec!["id=1".to_owned(), "amount=5".to_owned()];
    assert!(error("revoke_voucher", &given(&odd)).contains("no parameter amount"));
    let unnamed = given(&["VO-1".to_owned()]);
    assert!(error("get_voucher", &unnamed).contains("NAME=VALUE"));
    let up = given(&["id=..".to_owned()]);
    assert!(error("get_voucher", &up).contains("give a value"));
    let cases = [
        (
            "get_voucher",
            Given {
                dry_run: true,
                ..given(&id)
            },
        ),
        (
            "get_voucher",
            Given {
                key: Some("k".into()),
                ..given(&id)
            },
        ),
        (
            "get_voucher",
            Given {
                body: Some("{}".into()),
                ..given(&id)
            },
        ),
        (
            "get_voucher",
            Given {
                reason: Some("r".into()),
                ..given(&id)
            },
        ),
        ("import_credit_flags", given(&[])),
    ];
    for (operation, given) in &cases {
        assert!(error(operation, given).starts_with(operation), "{given:?}");
    }
    let unknown = operations.find("revoke_vouchers").expect_err("unknown");
    assert!(unknown.to_string().contains("revoke_voucher"), "{unknown}");
}

#[test]
fn a_reason_enters_the_body_and_the_query_is_escaped() {
    let operations = Operations::new().expect("operations");
    let revoke = operations.find("revoke_voucher").expect("an operation");
    let given = Given {
        parameters: vec!["id=VO-1".to_owned()],
        body: Some("{\"external_ref\":\"R\"}".to_owned()),
        reason: Some("核查".to_owned()),
        query: vec!["a=b c".to_owned()],
        dry_run: true,
        ..Given::default()
    };
    let ready = given.prepare(revoke).expect("a request");
    assert_eq!(ready.path, "/v1/vouchers/VO-1/revoke?a=b+c&dry_run=true");
    assert_eq!(ready.key, None);
    let (media, bytes) = ready.body.expect("a body");
    assert_eq!(media, JSON);
    let body: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({"external_ref": "R", "reason": "核查"})
    );
}

#[test]
fn the_fields_of_a_body_are_told_with_those_inside_and_which_are_needed() {
    let operations = Operations::new().expect("operations");
    let publish = operations.find("publish_version").expect("an operation");
    let told = operations.describe(publish);
    for line in [
        "document_no*: text",
        "rates*: list of",
        "ratio*: text",
        "path, all needed: code",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
}
