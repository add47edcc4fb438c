//! Rows of lists against single reads: what is named alike is the same.

use std::collections::BTreeMap;

use quantong::domain::Day;
use serde_json::json;

use super::words::lists;
use super::{all, ids};
use crate::server::{ENTERPRISE, PROVIDER, World};

/// What a list and a single read name alike and tell in another measure: the list tells the sum or
/// one word, the single read the parts.
const IN_PARTS: &[(&str, &str)] = &[
    ("/v1/programmes", "budget"),
    // The matrix of the period.
    ("/v1/periods", "gross"),
    // The command as it was proposed.
    ("/v1/proposals", "command"),
    // Where a line comes from, beside `origin_id`.
    ("/v1/lines", "origin"),
    // Several may be issued for what came back of one: the list tells the newest.
    ("/v1/vouchers", "replaced_by"),
];

/// The single reads of the lists that have them: the path before the identifier, by the list's.
async fn singles(world: &World) -> BTreeMap<String, String> {
    let described = world.get(&world.administrator, "/v1/openapi.json").await;
    let paths = described["paths"].as_object().expect("paths");
    let mut singles = BTreeMap::new();
    for (list, _) in lists(world).await {
        let single = paths.iter().find(|(path, methods)| {
            let rest = path.strip_prefix(&format!("{list}/{{"));
            rest.is_some_and(|rest| !rest.contains('/')) && methods["get"].is_object()
        });
        if let Some((path, _)) = single {
            let from = path.rfind('{').expect("a parameter");
            singles.insert(list, path[..from].to_owned());
        }
    }
    singles
}

/// What lists say of a row and its single read says otherwise; how many rows each list has.
pub(crate) async fn compare(world: &World) -> (Vec<String>, BTreeMap<String, usize>) {
    let token = &world.administrator;
    let (mut faults, mut counts) = (Vec::new(), BTreeMap::new());
    for (list, single) in singles(world).await {
        let (rows, _) = all(world, token, &format!("{list}?limit=200")).await;
        for row in &rows {
            let id = row["id"].as_str().expect("an identifier");
            let mut path = format!("{single}{id}");
            if list.ends_with("/voucher-files") {
                path += &format!("?programme={}", row["programme"].as_str().expect("a code"));
            }
            let told = world.get(token, &path).await;
            for (name, value) in row.as_object().expect("a row") {
                let in_parts = IN_PARTS.contains(&(list.as_str(), name.as_str()));
                // The name of a team is personal data and stands in no table.
                let personal = list.ends_with("/enterprises") && row["kind"] == "team";
                let personal = personal && name == "name" && value.is_null();
                let apart = in_parts || personal;
                let other = told.get(name).filter(|other| *other != value && !apart);
                if let Some(other) = other {
                    faults.push(format!(
                        "{path}: {name} is {value} in the list, {other} there"
                    ));
                }
            }
        }
        counts.insert(list, rows.len());
    }
    (faults, counts)
}

/// Fails where a row of a list and its single read say different things.
pub(crate) async fn every_row_says_what_its_single_read_says(world: &World) {
    let (faults, counts) = compare(world).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let empty: Vec<_> = counts.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty() && counts.len() >= 20, "{counts:?}");
}

/// So many days from the first one.
fn day(world: &World, days: u32) -> String {
    let today = Day::parse(&world.today).expect("a day");
    today.plus_days(days).to_string()
}

/// List, filter and single read tell the same kind of the firm.
async fn is_of_kind(world: &World, expected: &str) {
    let (every, _) = all(world, &world.science, "/v1/enterprises?limit=5").await;
    assert_eq!(every.len(), 1);
    for kind in ["sme", "micro", "high_tech", "team"] {
        let list = format!("/v1/enterprises?limit=5&kind={kind}");
        for narrower in ["", "&city=310117"] {
            let (rows, _) = all(world, &world.science, &format!("{list}{narrower}")).await;
            assert_eq!(
                rows.len(),
                usize::from(kind == expected),
                "{kind}: {rows:?}"
            );
        }
    }
    let path = format!("/v1/enterprises/{ENTERPRISE}");
    let told = world.get(&world.science, &path).await;
    let kinds = [&told["kind"], &every[0]["kind"]];
    assert_eq!(kinds, [&json!(expected), &json!(expected)]);
}

/// A firm that a city has certified is of that kind in the list, by its filter and by itself.
async fn a_certified_firm(world: &World) {
    let path = format!("/v1/enterprises/{ENTERPRISE}/statuses");
    let certified = |kind: &str, from: &str, to: &str| {
        json!({"kind": kind, "from": from, "to": to, "certificate_no": "GR-1",
            "certified_by": "310117"})
    };
    is_of_kind(world, "sme").await;
    let (today, tomorrow) = (world.today.as_str(), day(world, 1));
    let status = certified("high_tech", today, &tomorrow);
    world.post(&world.science, &path, status).await;
    is_of_kind(world, "high_tech").await;
    // One to come says nothing yet.
    let status = certified("micro", "2098-01-01", "2098-12-31");
    world.post(&world.science, &path, status).await;
    is_of_kind(world, "high_tech").await;
    let path = format!("/v1/enterprises/{ENTERPRISE}/controller-group");
    for (group, from) in [("G1", today), ("G2", "2098-01-01")] {
        let group = json!({"controller_group": group, "from": from});
        world.post(&world.administrator, &path, group).await;
    }
    let (rows, _) = all(world, &world.science, "/v1/enterprises?limit=5").await;
    assert_eq!(rows[0]["controller_group"], "G1", "{}", rows[0]);
}

/// Claims that wait for a budget: one that a carry approves, one that is taken back.
async fn claims_of_a_year_that_ends(world: &World) {
    let voucher = world.issue("5000.00").await;
    let file = async |n, amount| {
        let claim = world.claim(&voucher, n, amount);
        let filed = world.post(&world.provider, "/v1/claims", claim).await;
        filed["id"].as_str().expect("an id").to_owned()
    };
    let early = file(800, "100.00").await;
    let year = json!({"reason": "年终"});
    let path = "/v1/programmes/310117-T/year-closing";
    world.post_with_second(&world.finance, path, year).await;
    let waits = file(801, "200.00").await;
    let back = file(802, "300.00").await;
    let path = format!("/v1/claims/{back}/withdraw");
    let reason = json!({"reason": "重报"});
    world.post(&world.provider, &path, reason).await;
    let told = world
        .get(&world.finance, &format!("/v1/claims/{waits}"))
        .await;
    assert_eq!(told["result"], "AWAITING_BUDGET");
    let next = json!({"code": "310117-N", "title": "次年", "city": "310117", "budget_year": 2027});
    world.post(&world.science, "/v1/programmes", next).await;
    let into = json!({"carry_into": "310117-N"});
    let path = "/v1/programmes/310117-T/year-end";
    world.post_with_second(&world.finance, path, into).await;

    let told = world
        .get(&world.finance, &format!("/v1/claims/{waits}"))
        .await;
    assert_eq!(
        (&told["status"], &told["result"]),
        (&json!("approved"), &json!("APPROVED"))
    );
    assert_eq!(
        (&told["programme"], &told["payer"]),
        (&json!("310117-T"), &json!("310117"))
    );
    let funding = json!([{"member": "310117", "amount": "100.00"}]);
    assert_eq!(told["funding"], funding, "{told}");
    let pack = told["charged_to"].as_str().expect("a pack");
    assert_ne!(pack, "310117-T");
    let found = async |query: &str| {
        let path = format!("/v1/claims?limit=50&voucher={voucher}&{query}");
        let (rows, _) = all(world, &world.finance, &path).await;
        ids(&rows)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let every = [back.as_str(), waits.as_str(), early.as_str()];
    assert_eq!(found("programme=310117-T").await, every);
    assert_eq!(found(&format!("charged_to={pack}")).await, [waits.as_str()]);
    assert_eq!(
        found("charged_to=310117-T").await,
        [back.as_str(), early.as_str()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_single_reads_tell_alike_what_holds_today_and_what_a_carry_approved() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    a_certified_firm(&world).await;
    claims_of_a_year_that_ends(&world).await;
    let path = format!("/v1/providers/{PROVIDER}/suspension");
    let suspension = json!({"suspended": true, "until": world.today, "reason": "device"});
    world.post(&world.stranger, &path, suspension).await;
    let operator = world.enrol("operator", "corridor").await;
    // The certificate and the suspension have ended then, by their days alone.
    let to = json!({"to": day(&world, 2)});
    world.post(&operator, "/v1/business-date", to).await;
    is_of_kind(&world, "sme").await;
    let (faults, _) = compare(&world).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let (rows, _) = all(&world, &world.science, "/v1/providers?limit=5").await;
    assert_eq!(rows[0]["suspended"], false);
    let (rows, _) = all(&world, &world.administrator, "/v1/proposals?limit=50").await;
    let row = rows
        .iter()
        .find(|row| row["status"] == "done")
        .expect("one is done");
    assert_eq!((&row["approvals"], &row["left"]), (&json!(1), &json!(0)));
}
