//! What must hold between rows and files beyond single references. The bounds are the engine's:
//! what passes here is not turned down when it is taken over.

use std::collections::BTreeMap;

use super::faults::{Faults, RowFault};
use super::plan::categories;
use super::read::Known;
use super::rows::{Dataset, Place};
use crate::domain::{Day, ProgrammeCode};
use crate::engine::state::{CATEGORIES_MAX, MEMBERS_MAX};
use crate::engine::terms::BUDGETS_TOTAL_MAX_FEN;

fn fault(place: Place, column: &str, value: &str, problem: &str) -> RowFault {
    RowFault::of_row(place.file, place.line, problem).at(column, value)
}

pub(super) fn check_set(set: &Dataset, known: &Known, faults: &mut Faults) {
    check_bounds(set, faults);
    check_versions(set, known, faults);
    check_agreements(set, faults);
    warn_years(set, faults);
}

fn check_bounds(set: &Dataset, faults: &mut Faults) {
    if let Some(row) = set.cities.get(MEMBERS_MAX) {
        let problem = format!("a ledger has at most {MEMBERS_MAX} members");
        faults.add(fault(row.place, "code", &row.code.to_string(), &problem));
    }
    if let Some((code, place)) = categories(set).into_iter().nth(CATEGORIES_MAX) {
        let problem = format!("a ledger has at most {CATEGORIES_MAX} categories");
        let fault = fault(place, "category", code.as_str(), &problem);
        faults.add(fault.hint("is one code written in several ways?"));
    }
    let mut total = 0_i64;
    for row in &set.programmes {
        let fits = total <= BUDGETS_TOTAL_MAX_FEN;
        total = total.saturating_add(row.budget.get());
        if fits && total > BUDGETS_TOTAL_MAX_FEN {
            let problem = "all budgets together are at most 2500000000000.00 yuan";
            let value = row.budget.to_string();
            faults.add(fault(row.place, "budget", &value, problem));
        }
    }
}

/// Versions are numbered from 1 without gaps; a programme with vouchers has one.
fn check_versions(set: &Dataset, known: &Known, faults: &mut Faults) {
    let mut last: BTreeMap<ProgrammeCode, u16> = BTreeMap::new();
    for ((programme, version), line) in known.versions.iter() {
        let last = last.entry(*programme).or_default();
        if *version != *last + 1 {
            let problem = format!("should be {} in {programme}", *last + 1);
            let fault = RowFault::of_row("versions.csv", *line, problem);
            let fault = fault.at("version", &version.to_string());
            faults.add(fault.hint("versions are numbered from 1 without gaps"));
        }
        *last = *version;
    }
    let mut bare: BTreeMap<ProgrammeCode, ()> = BTreeMap::new();
    if known.versions.known() {
        let used = set.vouchers.iter().map(|row| row.programme);
        let used = used.filter(|code| !last.contains_key(code));
        bare.extend(used.map(|code| (code, ())));
    }
    for (code, line) in known.programmes.iter() {
        if bare.contains_key(code) {
            let fault = RowFault::of_row("programmes.csv", *line, "has no row in versions.csv");
            let fault = fault.at("programme", code.as_str());
            faults.add(fault.hint("vouchers are issued under it, so it needs rules"));
        }
    }
    if faults.count > 0 {
        // Rows of recognition.csv may be among the faults.
        return;
    }
    for row in set.versions.iter().filter(|row| row.recognised.is_empty()) {
        let odd = "has no row in recognition.csv; all cities are recognised";
        let value = row.version.to_string();
        faults.warn(fault(row.place, "version", &value, odd));
    }
}

/// For two cities and one category at most one agreement is in force on a day. Rows are sorted by
/// cities, category and first day, so it is enough to remember how far the rows before reach.
fn check_agreements(set: &Dataset, faults: &mut Faults) {
    let mut before: Option<(_, Day, u64)> = None;
    for row in &set.agreements {
        let subject = (row.home, row.host, row.category);
        before = match before {
            Some((same, to, line)) if same == subject => {
                if row.from <= to {
                    let problem = format!("overlaps the agreement in line {line}");
                    let value = row.from.to_string();
                    let fault = fault(row.place, "effective_from", &value, &problem);
                    faults.add(fault.hint("end one agreement before the next begins"));
                }
                let (to, line) = (to, line).max((row.to, row.place.line));
                Some((subject, to, line))
            }
            _ => Some((subject, row.to, row.place.line)),
        };
    }
}

/// A voucher of another year than its programme's budget is allowed, and most often a slip.
fn warn_years(set: &Dataset, faults: &mut Faults) {
    let years: BTreeMap<ProgrammeCode, u16> = set
        .programmes
        .iter()
        .map(|row| (row.code, row.budget_year))
        .collect();
    for row in &set.vouchers {
        let Some(year) = years.get(&row.programme) else {
            continue;
        };
        if i32::from(row.issued_on.year()) != i32::from(*year) {
            let odd = format!("lies outside the budget year {year} of {}", row.programme);
            let value = row.issued_on.to_string();
            faults.warn(fault(row.place, "issued_on", &value, &odd));
        }
    }
}
