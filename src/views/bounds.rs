//! Tests: what a page looks at is bounded, whoever asks.

use sqlx::Row as _;

use super::Views;
use super::database::Tables;
use super::lists::{Reach, Resource};
use crate::journal::Database;

/// What grows with every command or with every firm.
const GROWING: &[Resource] = &[
    Resource::Vouchers,
    Resource::Applications,
    Resource::Transfers,
    Resource::Orders,
    Resource::Reversals,
    Resource::Claims,
    Resource::Refusals,
    Resource::Lines,
    Resource::Payments,
    Resource::Proposals,
];

/// Indexes that lead to as many rows as a city has: such lists are made before the first row of a
/// page is looked at.
const LISTS_OF_A_CITY: &[&str] = &["vouchers_issuer", "order_lines_issuer", "enterprises_city"];

#[tokio::test]
async fn what_concerns_a_city_is_asked_of_the_rows_of_a_page_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let views = Views::open(&Database::Sqlite, folder.path()).await;
    let views = views.expect("the tables");
    let Tables::Sqlite { readers, .. } = &views.tables else {
        unreachable!("it is a file");
    };
    let reach = Reach::Member(1);
    for resource in GROWING {
        let Some(concerns) = resource.concerns(reach) else {
            continue;
        };
        assert!(!resource.leads_to(reach));
        let (table, key) = (resource.table().name, resource.key());
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {} AND {key} <= 9000 \
             AND {key} >= 4001 ORDER BY {key} DESC LIMIT 51",
            concerns.replace('?', "1")
        );
        let plan = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(readers)
            .await;
        let plan: Vec<String> = (plan.expect("a plan").iter())
            .map(|step| step.get("detail"))
            .collect();
        let by_key = "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
        assert!(plan[0].ends_with(by_key), "{resource:?}: {plan:?}");
        // With the key of a row, too, an index leads to that row.
        let of_city = |step: &String| {
            !step.contains(" AND ") && LISTS_OF_A_CITY.iter().any(|index| step.contains(index))
        };
        assert!(!plan.iter().any(of_city), "{resource:?}: {plan:?}");
    }
    views.close().await;
}
