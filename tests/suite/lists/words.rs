//! What is asked of lists and books in words that they do not know.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::all;
use crate::server::World;

/// Every list with the parameters it takes, as the OpenAPI document says.
pub(super) async fn lists(world: &World) -> Vec<(String, Vec<String>)> {
    let described = world.get(&world.administrator, "/v1/openapi.json").await;
    let paths = described["paths"].as_object().expect("paths");
    let mut lists = Vec::new();
    for (path, methods) in paths {
        let Some(parameters) = methods["get"]["parameters"].as_array() else {
            continue;
        };
        let names = parameters.iter().filter_map(|one| one["name"].as_str());
        let names: Vec<String> = names.map(str::to_owned).collect();
        let of_entity = path.contains('{');
        // Names that nobody has can be tried at a sign-in.
        let of_views = names.iter().any(|name| name == "min_seq");
        if names.iter().any(|name| name == "cursor") && of_views && !of_entity {
            lists.push((path.clone(), names));
        }
    }
    assert!(lists.len() >= 29, "{lists:?}");
    lists
}

/// Parameters that take any text, day or identifier, and none of a closed set of words.
const OPEN: &[&str] = &[
    "q",
    "limit",
    "cursor",
    "min_seq",
    "consistency",
    "invoice_no",
];

/// Every word that stands in a row of a list finds the row, and another word is refused by name
/// where the words are a closed set.
pub(crate) async fn every_row_is_found_by_its_own_words(world: &World) {
    let token = &world.administrator;
    let (mut closed, mut faults) = (0, Vec::new());
    for (path, names) in lists(world).await {
        let (rows, _) = all(world, token, &format!("{path}?limit=200")).await;
        for name in names.iter().filter(|name| !OPEN.contains(&name.as_str())) {
            let wrong = format!("{path}?{name}=neither-this-nor-that");
            let (status, said) = world.call(Method::GET, token, &wrong, None).await;
            let error = &said["errors"][0];
            // What is no day, word or number, or what there is not.
            let named = match status {
                400 => error["field"] == **name,
                404 => said["detail"] == **name,
                _ => false,
            };
            if !named {
                faults.push(format!("{wrong}: {status} {said}"));
            }
            let problem = error["problem"].as_str().unwrap_or_default();
            closed += usize::from(problem.starts_with("is one of "));
            // The scope of a grant is shown with its party, and asked for without.
            let words = rows.iter().filter_map(|row| row[name].as_str());
            let words: BTreeSet<&str> = words.filter(|_| name != "scope").collect();
            for word in words {
                let narrow = format!("{path}?limit=200&{name}={word}");
                let (found, _) = all(world, token, &narrow).await;
                let own = |row: &&Value| row[name] == word;
                // A relation is found from either side.
                let either = path.ends_with("/relations");
                let whole = rows.iter().filter(own).all(|row| found.contains(row));
                if !whole || !(either || found.iter().all(|row| own(&row))) {
                    faults.push(format!("{narrow}: {found:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(closed >= 25, "{closed}");
}

/// A read of the books that names no account, or more than one, does not answer that it is empty.
pub(super) async fn statements_name_one_account(world: &World) {
    let book = "/v1/statement?party=310117";
    for (query, field) in [
        ("account=approved", "programme"),
        ("account=due_to", "member"),
        ("account=payable", "provider"),
        ("account=clearing", "period"),
        ("account=approved&member=330100", "member"),
        (
            "account=due_to&programme=310117-T&member=330100",
            "programme",
        ),
        ("account=treasury&member=330100", "member"),
        ("account=approved&program=310117-T", "program"),
        ("account=money", "account"),
        (
            "account=approved&programme=310117-T&from=2026-02-01&to=2026-01-31",
            "from",
        ),
    ] {
        let path = format!("{book}&{query}");
        let (status, said) = world.call(Method::GET, &world.finance, &path, None).await;
        assert_eq!(status, 400, "{query}: {said}");
        assert_eq!(said["errors"][0]["field"], field, "{query}: {said}");
    }
    let treasury = world
        .get(&world.finance, &format!("{book}&account=treasury"))
        .await;
    assert_eq!(treasury["detail"], Value::Null, "{treasury}");
    let path = "/v1/balances?party=310117&day=2026-01-31";
    let (status, said) = world.call(Method::GET, &world.finance, path, None).await;
    assert_eq!((status, &said["errors"][0]["field"]), (400, &"day".into()));
}
