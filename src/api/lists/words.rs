//! The words of columns that hold one of a closed set, so that a list that is asked for another
//! word says so instead of being empty.

use crate::engine::command::CommandKind;
use crate::engine::refusal::RefusalCode;
use crate::engine::state::ApplicationStatus;
use crate::engine::terms::{
    Action, EnterpriseKind, FileMode, FlagCode, FlagLevel, MemberKind, OrderStatus,
    RecognitionStance, RelationKind, Role, TransferKind,
};
use crate::views::Resource;

macro_rules! words {
    ($set:ident) => {
        $set::ALL.iter().map(|one| one.as_str()).collect()
    };
}

/// The words that a column can have, by the query parameter that asks for one; `None` if any text
/// will do.
pub(super) fn of(resource: Resource, name: &str) -> Option<Vec<&'static str>> {
    Some(match (resource, name) {
        (Resource::Members, "kind") => words!(MemberKind),
        (Resource::Statuses, "kind") => words!(EnterpriseKind),
        (Resource::Transfers, "kind") => words!(TransferKind),
        (Resource::Relations, "kind") => words!(RelationKind),
        (Resource::Refusals, "code") => words!(RefusalCode),
        (Resource::Refusals, "command") => words!(CommandKind),
        (Resource::Proposals, "action") => words!(Action),
        (Resource::VoucherFiles, "mode") => words!(FileMode),
        (Resource::CreditFlags, "code") => words!(FlagCode),
        (Resource::CreditFlags, "level") => words!(FlagLevel),
        (Resource::Recognitions, "stance") => words!(RecognitionStance),
        (Resource::Recognitions, "subject") => vec!["provider", "admitted_by", "status_of"],
        (Resource::Grants, "role") => words!(Role),
        (Resource::Grants, "scope") => vec!["corridor", "member", "enterprise", "provider"],
        (Resource::BudgetChanges, "direction") => vec!["raise", "cut"],
        (Resource::Lines, "origin") => vec!["claim", "reversal", "arrears"],
        (Resource::Reversals, "what") => vec![
            "revocation",
            "budget_change",
            "transfer",
            "relocation",
            "extension",
            "consent",
            "settlement_payment",
        ],
        (_, "status") => return status(resource),
        _ => return None,
    })
}

/// Where a row of a resource can stand.
fn status(resource: Resource) -> Option<Vec<&'static str>> {
    Some(match resource {
        Resource::Applications => words!(ApplicationStatus),
        Resource::Orders => words!(OrderStatus),
        Resource::Claims => vec![
            "approved",
            "awaiting_budget",
            "paid",
            "reversed",
            "withdrawn",
        ],
        Resource::Programmes => vec![
            "draft",
            "published",
            "amended",
            "year_closing",
            "carried",
            "closed",
            "pack",
        ],
        Resource::Transfers => vec![
            "proposed",
            "approved",
            "declined",
            "withdrawn",
            "expired",
            "reversed",
        ],
        Resource::Periods => vec![
            "open",
            "closed",
            "agreed",
            "settling",
            "settled",
            "settled_with_carry",
        ],
        Resource::Proposals => vec!["open", "done", "declined", "failed", "withdrawn", "expired"],
        Resource::Admissions => vec![
            "applied",
            "published",
            "admitted",
            "returned",
            "declined",
            "withdrawn",
        ],
        Resource::CreditFlags => vec!["in_force", "lifted"],
        Resource::BankAccounts => vec!["proposed", "in_force", "declined"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::lists::{Kind, LISTS};

    /// Words that a list of its own names, and too many for a line.
    const LONG: usize = 20;

    /// The line of `docs/operations/views.md` on a column.
    fn line(table: &str, column: &str, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        format!("| `{table}.{column}` | {} |", words.join(", "))
    }

    #[test]
    fn the_page_on_the_tables_names_the_words_of_every_closed_set() {
        let page = include_str!("../../../docs/operations/views.md");
        let mut missing = Vec::new();
        for route in LISTS {
            let table = route.path.trim_start_matches('/').replace('-', "_");
            let table = if table == "lines" {
                "obligation_lines"
            } else {
                &table
            };
            for (name, kind, columns) in route.filters {
                let words = of(route.resource, name).filter(|words| words.len() <= LONG);
                if let (Kind::Text, Some(words)) = (kind, words) {
                    let lines = columns.iter().map(|column| line(table, column, &words));
                    missing.extend(lines.filter(|line| !page.contains(line.as_str())));
                }
            }
        }
        let kinds: Vec<&str> = words!(EnterpriseKind);
        let kinds = line("enterprises", "kind", &kinds);
        missing.extend(Some(kinds).filter(|line| !page.contains(line.as_str())));
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
