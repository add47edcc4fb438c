//! The claims of a voucher or a provider: the indexes by them have a run for every so many claims,
//! so that new keys come in at few pages; the runs are asked one after the other.

use super::lists::{Compare, Filter, Page, Reach, Resource};
use super::sql::Dialect;

/// Claims of a run, as the migration has it.
pub(super) const CLAIMS_OF_RUN: i64 = 65_536;

/// Columns of claims that are found run by run.
pub(super) const RUNS: &[&str] = &["voucher", "provider"];

/// What a voucher or a provider is called in a condition on claims that are found run by run, and
/// what it is compared with.
pub(super) fn of_run(column: &str, value: &str) -> [String; 2] {
    let run = |run: &str, key: &str| format!("({run}) * 4294967296 + {key}");
    [
        run(&format!("claims.id / {CLAIMS_OF_RUN}"), column),
        run("runs.run", value),
    ]
}

/// The claims of a voucher: tables and condition of a query.
pub(super) fn claims_of_voucher(voucher: &str) -> String {
    let of_voucher = of_run("voucher", voucher).join(" = ");
    format!(
        "(SELECT id AS run FROM claims \
         WHERE id <= (SELECT MAX(id) FROM claims) / {CLAIMS_OF_RUN}) AS runs \
         CROSS JOIN claims WHERE {of_voucher}"
    )
}

/// The rows of claims that concern somebody, found run by run; as `Resource::concerns`.
pub(super) fn concerns_by_run(dialect: Dialect, reach: Reach) -> Option<String> {
    match reach {
        Reach::Enterprise(_) => {
            let [left, right] = of_run("voucher", "issued_vouchers.id");
            let query = format!("SELECT {right} FROM issued_vouchers WHERE holder = ?");
            Some(match dialect {
                Dialect::Sqlite => format!("{left} IN ({query})"),
                // What PostgreSQL looks up in an index for a query that differs from run to run.
                Dialect::Postgres => format!("{left} = ANY(ARRAY({query}))"),
            })
        }
        Reach::Provider(_) => Some(of_run("provider", "?").join(" = ")),
        _ => Resource::Claims.concerns(reach).map(str::to_owned),
    }
}

impl Page {
    /// True if an index leads to claims by voucher or provider.
    pub(super) fn is_led_by_run(&self) -> bool {
        let by_column = |filter: &Filter| {
            matches!(filter.compare, Compare::Is(_))
                && filter.columns.iter().all(|c| RUNS.contains(c))
        };
        let reached = self.reach.as_ref();
        let by_reach = reached.is_some_and(|reach| {
            let leads = |one: &Reach| Resource::Claims.leads_to(*one);
            let some = |one: &Reach| Resource::Claims.concerns(*one).is_some();
            reach.iter().all(leads) && reach.iter().any(some)
        });
        self.resource == Resource::Claims && (self.filters.iter().any(by_column) || by_reach)
    }
}
