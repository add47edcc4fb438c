//! Readers of the ten input files. They are read in the order of [`super::FILES`], so that what a
//! row names can be looked up while the row is read.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::check_set;
use super::faults::{Faults, RowFault};
use super::kinds::{
    BASE, BUDGET_YEAR, CASH_DAYS, CATEGORIES, CATEGORY, CONTRACT_NO, CREDIT_CODE, DAY, DIVISION,
    DOCUMENT_NO, ENTERPRISE_KIND, INVOICE_NO, NAME, PAYEE, PAYER, PROGRAMME, RATIO, REFERENCE,
    USE_MONTHS, VERSION, YUAN,
};
use super::rows::{
    AgreementRecord, CityRecord, ClaimRecord, Dataset, EnterpriseRecord, Place, ProgrammeRecord,
    ProviderRecord, VersionRecord, VoucherRecord,
};
use super::table::{Kind, Record, Source};
use crate::domain::{CategoryCode, CreditCode, DivisionCode, Fen, ProgrammeCode, Ratio};

/// A version by programme and number.
pub(super) type VersionKey = (ProgrammeCode, u16);

/// The keys of a file with their lines, ascending. A row with a fault elsewhere still defines its
/// key, so that one fault is not reported again by every row that names the key.
pub(super) struct Keys<K> {
    keys: Vec<(K, u64)>,
    /// False if the file as a whole could not be used: then nothing is known to be missing.
    known: bool,
}

impl<K: Ord> Keys<K> {
    /// True if no row of the file has this key.
    pub(super) fn lacks(&self, key: &K) -> bool {
        let found = self.keys.binary_search_by(|(other, _)| other.cmp(key));
        self.known && found.is_err()
    }

    /// The keys with their lines, each once.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, u64)> {
        self.keys.iter()
    }

    /// True if the file could be used.
    pub(super) fn known(&self) -> bool {
        self.known
    }
}

/// The keys that rows of later files may name.
pub(super) struct Known {
    pub(super) cities: Keys<DivisionCode>,
    pub(super) programmes: Keys<ProgrammeCode>,
    pub(super) versions: Keys<VersionKey>,
}

/// Reads a data set from a folder. If `faults.count` is zero afterwards, the set is good.
pub fn read_dataset(folder: &Path, faults: &mut Faults) -> Dataset {
    let (cities, city_keys) = read_cities(folder, faults);
    let (programmes, programme_keys) = read_programmes(folder, faults, &city_keys);
    let (mut versions, version_keys) = read_versions(folder, faults, &programme_keys);
    let known = Known {
        cities: city_keys,
        programmes: programme_keys,
        versions: version_keys,
    };
    read_rates(folder, faults, &known, &mut versions);
    read_recognition(folder, faults, &known, &mut versions);
    let agreements = read_agreements(folder, faults, &known);
    let (enterprises, enterprise_keys) = read_enterprises(folder, faults, &known);
    let providers = read_providers(folder, faults, &known);
    let vouchers = read_vouchers(folder, faults, &known, &enterprise_keys);
    let claims = read_claims(folder, faults, &enterprise_keys);
    let set = Dataset {
        cities,
        programmes,
        versions,
        agreements,
        enterprises,
        providers,
        vouchers,
        claims,
    };
    check_set(&set, &known, faults);
    faults.sort();
    set
}

/// Reads the rows of a file, sorts them by key and notes doubled keys.
fn collect<T, K: Ord>(
    source: &Source<'_>,
    faults: &mut Faults,
    key: impl Fn(&Record<'_>) -> Option<K>,
    mut read: impl FnMut(&Record<'_>, &mut Faults) -> Option<T>,
) -> (Vec<T>, Keys<K>) {
    let mut found: Vec<(K, u64, Option<T>)> = Vec::new();
    let known = source.scan(faults, |record, faults| {
        let row = read(record, faults);
        if let Some(key) = key(record) {
            found.push((key, record.line, row));
        }
    });
    found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut keys: Vec<(K, u64)> = Vec::with_capacity(found.len());
    let mut rows = Vec::with_capacity(found.len());
    for (key, line, row) in found {
        match keys.last() {
            Some((last, first)) if *last == key => {
                let problem = format!("repeats the key of line {first}");
                let fault = RowFault::of_row(source.file, line, problem);
                faults.add(fault.hint("keep one of the rows"));
            }
            _ => {
                keys.push((key, line));
                rows.extend(row);
            }
        }
    }
    (rows, Keys { keys, known })
}

fn place(record: &Record<'_>) -> Place {
    Place {
        file: record.file,
        line: record.line,
    }
}

/// A value that must be the key of a row of another file.
fn named<K: Ord, E: std::fmt::Display>(
    record: &Record<'_>,
    column: &'static str,
    faults: &mut Faults,
    kind: &Kind<K, E>,
    keys: &Keys<K>,
    file: &str,
) -> Option<K> {
    let key = record.value(column, faults, kind)?;
    if keys.lacks(&key) {
        let fault = record.fault(column, format!("names no row of {file}"));
        faults.add(fault.hint(format!("add the row to {file} or correct this one")));
    }
    Some(key)
}

fn city(
    record: &Record<'_>,
    column: &'static str,
    faults: &mut Faults,
    cities: &Keys<DivisionCode>,
) -> Option<DivisionCode> {
    named(record, column, faults, &DIVISION, cities, "cities.csv")
}

fn enterprise(
    record: &Record<'_>,
    faults: &mut Faults,
    enterprises: &Keys<CreditCode>,
) -> Option<CreditCode> {
    let file = "enterprises.csv";
    named(
        record,
        "enterprise",
        faults,
        &CREDIT_CODE,
        enterprises,
        file,
    )
}

/// The credit code of a new party; one whose check character fails is legal and only odd.
fn own_code(record: &Record<'_>, faults: &mut Faults) -> Option<CreditCode> {
    let code = record.value("uscc", faults, &CREDIT_CODE)?;
    if !code.has_valid_check() {
        let odd = record.fault("uscc", "the check character does not match; taken as it is");
        faults.warn(odd.hint("compare it with the business licence"));
    }
    Some(code)
}

fn read_cities(folder: &Path, faults: &mut Faults) -> (Vec<CityRecord>, Keys<DivisionCode>) {
    let source = Source {
        folder,
        file: "cities.csv",
        columns: &["code", "name_zh", "name_en", "province"],
    };
    let key = |r: &Record<'_>| r.key("code", &DIVISION);
    collect(&source, faults, key, |r, f| {
        let code = r.value("code", f, &DIVISION);
        let name_zh = r.value("name_zh", f, &NAME);
        let name_en = r.value("name_en", f, &NAME);
        let province = r.value("province", f, &NAME);
        Some(CityRecord {
            place: place(r),
            code: code?,
            name_zh: name_zh?,
            name_en: name_en?,
            province: province?,
        })
    })
}

fn read_programmes(
    folder: &Path,
    faults: &mut Faults,
    cities: &Keys<DivisionCode>,
) -> (Vec<ProgrammeRecord>, Keys<ProgrammeCode>) {
    let source = Source {
        folder,
        file: "programmes.csv",
        columns: &["programme", "city", "budget_year", "budget"],
    };
    let key = |r: &Record<'_>| r.key("programme", &PROGRAMME);
    collect(&source, faults, key, |r, f| {
        let code = r.value("programme", f, &PROGRAMME);
        let city = city(r, "city", f, cities);
        let budget_year = r.value("budget_year", f, &BUDGET_YEAR);
        let budget = r.value("budget", f, &YUAN);
        Some(ProgrammeRecord {
            place: place(r),
            code: code?,
            city: city?,
            budget_year: budget_year?,
            budget: budget?,
        })
    })
}

fn version_key(r: &Record<'_>) -> Option<VersionKey> {
    Some((r.key("programme", &PROGRAMME)?, r.key("version", &VERSION)?))
}

fn read_versions(
    folder: &Path,
    faults: &mut Faults,
    programmes: &Keys<ProgrammeCode>,
) -> (Vec<VersionRecord>, Keys<VersionKey>) {
    let source = Source {
        folder,
        file: "versions.csv",
        columns: &[
            "programme",
            "version",
            "effective_from",
            "document_no",
            "payee",
            "base",
            "cap_enterprise_year",
            "cap_group_year",
            "use_months",
            "cash_days",
        ],
    };
    let read = |r: &Record<'_>, f: &mut Faults| read_version(r, f, programmes);
    collect(&source, faults, version_key, read)
}

fn read_version(
    r: &Record<'_>,
    f: &mut Faults,
    programmes: &Keys<ProgrammeCode>,
) -> Option<VersionRecord> {
    let programme = named(r, "programme", f, &PROGRAMME, programmes, "programmes.csv");
    let version = r.value("version", f, &VERSION);
    let effective_from = r.value("effective_from", f, &DAY);
    let document_no = r.value("document_no", f, &DOCUMENT_NO);
    let payee = r.value("payee", f, &PAYEE);
    let base = r.value("base", f, &BASE);
    let cap_enterprise = r.value("cap_enterprise_year", f, &YUAN);
    let cap_group = r.value("cap_group_year", f, &YUAN);
    let use_months = r.value("use_months", f, &USE_MONTHS);
    let cash_days = r.value("cash_days", f, &CASH_DAYS);
    let (payee, base) = (payee?, base?);
    if !payee.takes(base) {
        let fault = r.fault("base", "does not go with the payee provider");
        f.add(fault.hint("contract or invoice"));
    }
    Some(VersionRecord {
        place: place(r),
        programme: programme?,
        version: version?,
        effective_from: effective_from?,
        document_no: document_no?,
        payee,
        base,
        cap_enterprise: cap_enterprise?,
        cap_group: cap_group?,
        use_months: use_months?,
        cash_days: cash_days?,
        rates: BTreeMap::new(),
        recognised: Vec::new(),
    })
}

/// The version that a row of `rates.csv` or `recognition.csv` belongs to.
fn of_version(r: &Record<'_>, f: &mut Faults, known: &Known) -> Option<VersionKey> {
    let programme = r.value("programme", f, &PROGRAMME);
    let version = r.value("version", f, &VERSION);
    let key = (programme?, version?);
    if known.versions.lacks(&key) {
        let problem = format!("names no row of versions.csv for {}", key.0);
        let fault = r.fault("version", problem);
        f.add(fault.hint("add the version to versions.csv or correct this row"));
    }
    Some(key)
}

fn find(versions: &mut [VersionRecord], key: VersionKey) -> Option<&mut VersionRecord> {
    let found = versions.binary_search_by_key(&key, |row| (row.programme, row.version));
    found.ok().map(|i| &mut versions[i])
}

fn read_rates(folder: &Path, faults: &mut Faults, known: &Known, versions: &mut [VersionRecord]) {
    let source = Source {
        folder,
        file: "rates.csv",
        columns: &["programme", "version", "category", "ratio", "cap_claim"],
    };
    let key = |r: &Record<'_>| Some((version_key(r)?, r.key("category", &CATEGORY)?));
    let read = |r: &Record<'_>, f: &mut Faults| {
        let version = of_version(r, f, known);
        let category = r.value("category", f, &CATEGORY);
        let ratio = r.value("ratio", f, &RATIO);
        let cap = r.value("cap_claim", f, &YUAN);
        Some((version?, category?, (ratio?, cap?)))
    };
    let rows: Vec<(VersionKey, CategoryCode, (Ratio, Fen))> = collect(&source, faults, key, read).0;
    for (key, category, rate) in rows {
        if let Some(version) = find(versions, key) {
            version.rates.insert(category, rate);
        }
    }
}

fn read_recognition(
    folder: &Path,
    faults: &mut Faults,
    known: &Known,
    versions: &mut [VersionRecord],
) {
    let source = Source {
        folder,
        file: "recognition.csv",
        columns: &["programme", "version", "host_city"],
    };
    let key = |r: &Record<'_>| Some((version_key(r)?, r.key("host_city", &DIVISION)?));
    let (rows, _) = collect(&source, faults, key, |r, f| {
        let version = of_version(r, f, known);
        let host = city(r, "host_city", f, &known.cities);
        Some((version?, host?))
    });
    for (key, host) in rows {
        if let Some(version) = find(versions, key) {
            version.recognised.push(host);
        }
    }
}

fn read_agreements(folder: &Path, faults: &mut Faults, known: &Known) -> Vec<AgreementRecord> {
    let source = Source {
        folder,
        file: "agreements.csv",
        columns: &[
            "home_city",
            "host_city",
            "category",
            "model",
            "home_share",
            "effective_from",
            "effective_to",
        ],
    };
    let key = |r: &Record<'_>| {
        let (home, host) = (
            r.key("home_city", &DIVISION)?,
            r.key("host_city", &DIVISION)?,
        );
        let category = match r.text("category") {
            "" => None,
            _ => Some(r.key("category", &CATEGORY)?),
        };
        Some((home, host, category, r.key("effective_from", &DAY)?))
    };
    collect(&source, faults, key, |r, f| {
        let home = city(r, "home_city", f, &known.cities);
        let host = city(r, "host_city", f, &known.cities);
        let category = r.optional("category", f, &CATEGORY);
        let model = r.value("model", f, &PAYER);
        let home_share = r.value("home_share", f, &RATIO);
        let from = r.value("effective_from", f, &DAY);
        let to = r.value("effective_to", f, &DAY);
        if home.is_some() && home == host {
            let fault = r.fault("host_city", "is the home city itself");
            f.add(fault.hint("within one city the home city bears all; leave the row out"));
        }
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            f.add(r.fault("effective_to", "lies before effective_from"));
        }
        Some(AgreementRecord {
            place: place(r),
            home: home?,
            host: host?,
            category: category?,
            model: model?,
            home_share: home_share?,
            from: from?,
            to: to?,
        })
    })
    .0
}

fn read_enterprises(
    folder: &Path,
    faults: &mut Faults,
    known: &Known,
) -> (Vec<EnterpriseRecord>, Keys<CreditCode>) {
    let source = Source {
        folder,
        file: "enterprises.csv",
        columns: &["uscc", "name", "city", "kind", "controller_group"],
    };
    let key = |r: &Record<'_>| r.key("uscc", &CREDIT_CODE);
    collect(&source, faults, key, |r, f| {
        let code = own_code(r, f);
        let name = r.value("name", f, &NAME);
        let city = city(r, "city", f, &known.cities);
        let kind = r.value("kind", f, &ENTERPRISE_KIND);
        let group = r.optional("controller_group", f, &NAME);
        Some(EnterpriseRecord {
            place: place(r),
            code: code?,
            name: name?,
            city: city?,
            kind: kind?,
            group: group?,
        })
    })
}

fn read_providers(folder: &Path, faults: &mut Faults, known: &Known) -> Vec<ProviderRecord> {
    let source = Source {
        folder,
        file: "providers.csv",
        columns: &[
            "uscc",
            "name",
            "city",
            "categories",
            "controller_group",
            "admitted_from",
            "admitted_to",
        ],
    };
    let key = |r: &Record<'_>| r.key("uscc", &CREDIT_CODE);
    collect(&source, faults, key, |r, f| {
        let code = own_code(r, f);
        let name = r.value("name", f, &NAME);
        let city = city(r, "city", f, &known.cities);
        let categories = r.value("categories", f, &CATEGORIES);
        let group = r.optional("controller_group", f, &NAME);
        let from = r.value("admitted_from", f, &DAY);
        let to = r.value("admitted_to", f, &DAY);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            f.add(r.fault("admitted_to", "lies before admitted_from"));
        }
        Some(ProviderRecord {
            place: place(r),
            code: code?,
            name: name?,
            city: city?,
            categories: categories?,
            group: group?,
            admitted_from: from?,
            admitted_to: to?,
        })
    })
    .0
}

fn read_vouchers(
    folder: &Path,
    faults: &mut Faults,
    known: &Known,
    enterprises: &Keys<CreditCode>,
) -> Vec<VoucherRecord> {
    let source = Source {
        folder,
        file: "vouchers.csv",
        columns: &[
            "voucher_ref",
            "programme",
            "enterprise",
            "amount",
            "issued_on",
        ],
    };
    let key = |r: &Record<'_>| r.key("voucher_ref", &REFERENCE);
    collect(&source, faults, key, |r, f| {
        let reference = r.value("voucher_ref", f, &REFERENCE);
        let programmes = &known.programmes;
        let programme = named(r, "programme", f, &PROGRAMME, programmes, "programmes.csv");
        let enterprise = enterprise(r, f, enterprises);
        let amount = r.value("amount", f, &YUAN);
        let issued_on = r.value("issued_on", f, &DAY);
        if amount == Some(Fen::ZERO) {
            f.add(r.fault("amount", "must be more than zero"));
        }
        Some(VoucherRecord {
            place: place(r),
            reference: reference?,
            programme: programme?,
            enterprise: enterprise?,
            amount: amount?,
            issued_on: issued_on?,
        })
    })
    .0
}

fn read_claims(
    folder: &Path,
    faults: &mut Faults,
    enterprises: &Keys<CreditCode>,
) -> Vec<ClaimRecord> {
    let source = Source {
        folder,
        file: "claims.csv",
        columns: &[
            "claim_ref",
            "filed_on",
            "voucher_ref",
            "enterprise",
            "provider",
            "category",
            "contract_no",
            "contract_date",
            "contract_amount",
            "invoice_no",
            "invoice_amount",
            "paid_amount",
        ],
    };
    let key = |r: &Record<'_>| r.key("claim_ref", &REFERENCE);
    let read = |r: &Record<'_>, f: &mut Faults| read_claim(r, f, enterprises);
    collect(&source, faults, key, read).0
}

/// An unknown voucher or provider is no fault here: the claim will be refused by rule.
fn read_claim(
    r: &Record<'_>,
    f: &mut Faults,
    enterprises: &Keys<CreditCode>,
) -> Option<ClaimRecord> {
    let reference = r.value("claim_ref", f, &REFERENCE);
    let filed_on = r.value("filed_on", f, &DAY);
    let voucher = r.value("voucher_ref", f, &REFERENCE);
    let enterprise = enterprise(r, f, enterprises);
    let provider = r.value("provider", f, &CREDIT_CODE);
    let category = r.value("category", f, &CATEGORY);
    let contract_no = r.value("contract_no", f, &CONTRACT_NO);
    let contract_date = r.value("contract_date", f, &DAY);
    let contract_amount = r.value("contract_amount", f, &YUAN);
    let invoice_no = r.value("invoice_no", f, &INVOICE_NO);
    let invoice_amount = r.value("invoice_amount", f, &YUAN);
    let paid_amount = r.value("paid_amount", f, &YUAN);
    Some(ClaimRecord {
        place: place(r),
        reference: reference?,
        filed_on: filed_on?,
        voucher: voucher?,
        enterprise: enterprise?,
        provider: provider?,
        category: category?,
        contract_no: contract_no?,
        contract_date: contract_date?,
        contract_amount: contract_amount?,
        invoice_no: invoice_no?,
        invoice_amount: invoice_amount?,
        paid_amount: paid_amount?,
    })
}
