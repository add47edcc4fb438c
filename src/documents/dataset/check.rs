//! What must hold between the files.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{Dataset, Place};
use super::table::Faults;
use crate::domain::{DivisionCode, ProgrammeCode};

/// Notes rows that name what no file defines. An unknown voucher or provider of a claim is no
/// fault here: the claim will be refused by rule.
pub(super) fn check_references(set: &Dataset, faults: &mut Faults) {
    let cities: BTreeSet<DivisionCode> = set.cities.iter().map(|row| row.code).collect();
    let programmes: BTreeSet<ProgrammeCode> = set.programmes.iter().map(|row| row.code).collect();
    let enterprises: BTreeSet<_> = set.enterprises.iter().map(|row| row.code).collect();
    let mut city = |at: Place, column: &str, code: DivisionCode| {
        if !cities.contains(&code) {
            faults.add(unknown(
                at,
                column,
                &format!("{code} names no row of cities.csv"),
            ));
        }
    };
    for row in &set.programmes {
        city(row.place, "city", row.city);
    }
    for row in &set.versions {
        row.recognised
            .iter()
            .for_each(|host| city(row.place, "recognition.csv", *host));
    }
    for row in &set.agreements {
        city(row.place, "home_city", row.home);
        city(row.place, "host_city", row.host);
    }
    set.enterprises
        .iter()
        .for_each(|row| city(row.place, "city", row.city));
    set.providers
        .iter()
        .for_each(|row| city(row.place, "city", row.city));
    for row in &set.versions {
        if !programmes.contains(&row.programme) {
            faults.add(unknown(
                row.place,
                "programme",
                "names no row of programmes.csv",
            ));
        }
    }
    for row in &set.vouchers {
        if !programmes.contains(&row.programme) {
            faults.add(unknown(
                row.place,
                "programme",
                "names no row of programmes.csv",
            ));
        }
        if !enterprises.contains(&row.enterprise) {
            faults.add(unknown(
                row.place,
                "enterprise",
                "names no row of enterprises.csv",
            ));
        }
    }
    for row in &set.claims {
        if !enterprises.contains(&row.enterprise) {
            faults.add(unknown(
                row.place,
                "enterprise",
                "names no row of enterprises.csv",
            ));
        }
    }
    check_versions(set, faults);
    check_agreements(set, faults);
}

/// Versions are numbered from 1 without gaps; a programme with vouchers has one.
fn check_versions(set: &Dataset, faults: &mut Faults) {
    let mut numbers: BTreeMap<ProgrammeCode, u16> = BTreeMap::new();
    for row in &set.versions {
        let last = numbers.entry(row.programme).or_default();
        if row.version != *last + 1 {
            let problem = format!("should be {}: versions are numbered from 1", *last + 1);
            faults.add(unknown(row.place, "version", &problem));
        }
        *last = row.version;
    }
    for row in &set.vouchers {
        if !numbers.contains_key(&row.programme) {
            faults.add(unknown(
                row.place,
                "programme",
                "has no row in versions.csv",
            ));
        }
    }
}

fn check_agreements(set: &Dataset, faults: &mut Faults) {
    for (i, row) in set.agreements.iter().enumerate() {
        if row.home == row.host {
            faults.add(unknown(row.place, "host_city", "is the home city itself"));
        }
        if row.from > row.to {
            faults.add(unknown(
                row.place,
                "effective_to",
                "lies before effective_from",
            ));
        }
        let overlapping = set.agreements[..i].iter().find(|other| {
            (other.home, other.host, other.category) == (row.home, row.host, row.category)
                && other.from <= row.to
                && row.from <= other.to
        });
        if let Some(other) = overlapping {
            let problem = format!("overlaps the agreement in line {}", other.place.line);
            faults.add(unknown(row.place, "effective_from", &problem));
        }
    }
}

pub(super) fn unknown(at: Place, column: &str, problem: &str) -> super::RowFault {
    super::RowFault {
        file: at.file,
        line: at.line,
        column: column.to_owned(),
        value: String::new(),
        problem: problem.to_owned(),
    }
}
