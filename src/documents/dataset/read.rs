//! Readers of the ten input files.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::{check_references, unknown};
use super::rows::{
    AgreementRecord, CityRecord, ClaimRecord, Dataset, EnterpriseRecord, Place, ProgrammeRecord,
    ProviderRecord, RefText, VersionRecord, VoucherRecord,
};
use super::table::{Faults, Record, Table};
use crate::domain::{
    CategoryCode, ContractNo, CreditCode, Day, DivisionCode, Fen, InvoiceNo, ProgrammeCode, Ratio,
};
use crate::engine::command::{DocumentNo, Name};
use crate::engine::terms::{BasePolicy, EnterpriseKind, PayeeMode, PayerModel};

fn whole_number(text: &str) -> Result<u16, &'static str> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| plain)
        .ok_or("not a whole number from 0 to 65535")
}

fn word<T>(parse: fn(&str) -> Option<T>) -> impl Fn(&str) -> Result<T, &'static str> {
    move |text| parse(text).ok_or("not one of the words that this column takes")
}

fn place(record: &Record<'_>) -> Place {
    Place {
        file: record.file,
        line: record.line,
    }
}

/// A credit code; one whose check character fails is legal and only odd.
fn credit_code(
    record: &Record<'_>,
    column: &'static str,
    faults: &mut Faults,
) -> Option<CreditCode> {
    record.value(column, faults, CreditCode::parse)
}

fn warn_check(record: &Record<'_>, code: CreditCode, faults: &mut Faults) {
    if !code.has_valid_check() {
        faults.warn(record.fault("uscc", "the check character does not match; taken as it is"));
    }
}

/// Reads rows of one file, sorts them by key and notes doubled keys.
fn collect<T, K: Ord>(
    table: &Table,
    faults: &mut Faults,
    mut read: impl FnMut(&Record<'_>, &mut Faults) -> Option<T>,
    key: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut rows: Vec<(u64, T)> = Vec::new();
    for record in table.records() {
        if let Some(row) = read(&record, faults) {
            rows.push((record.line, row));
        }
    }
    rows.sort_by(|a, b| key(&a.1).cmp(&key(&b.1)).then(a.0.cmp(&b.0)));
    for pair in rows
        .windows(2)
        .filter(|pair| key(&pair[0].1) == key(&pair[1].1))
    {
        faults.add(super::RowFault {
            file: table.file,
            line: pair[1].0,
            column: String::new(),
            value: String::new(),
            problem: format!("repeats the key of line {}", pair[0].0),
        });
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Reads a data set from a folder. If `faults.count` is zero afterwards, the set is good.
pub fn read_dataset(folder: &Path, faults: &mut Faults) -> Dataset {
    let cities = read_cities(folder, faults);
    let programmes = read_programmes(folder, faults);
    let versions = read_versions(folder, faults);
    let set = Dataset {
        agreements: read_agreements(folder, faults),
        enterprises: read_enterprises(folder, faults),
        providers: read_providers(folder, faults),
        vouchers: read_vouchers(folder, faults),
        claims: read_claims(folder, faults),
        cities,
        programmes,
        versions,
    };
    check_references(&set, faults);
    faults.faults.sort();
    set
}

fn read_cities(folder: &Path, faults: &mut Faults) -> Vec<CityRecord> {
    let columns = &["code", "name_zh", "name_en", "province"];
    let table = Table::read(folder, "cities.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let code = r.value("code", f, DivisionCode::parse);
            let name_zh = r.value("name_zh", f, Name::parse);
            let name_en = r.value("name_en", f, Name::parse);
            let province = r.value("province", f, Name::parse);
            Some(CityRecord {
                place: place(r),
                code: code?,
                name_zh: name_zh?,
                name_en: name_en?,
                province: province?,
            })
        },
        |row| row.code,
    )
}

fn read_programmes(folder: &Path, faults: &mut Faults) -> Vec<ProgrammeRecord> {
    let columns = &["programme", "city", "budget_year", "budget"];
    let table = Table::read(folder, "programmes.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let code = r.value("programme", f, ProgrammeCode::parse);
            let city = r.value("city", f, DivisionCode::parse);
            let budget_year = r.value("budget_year", f, whole_number);
            let budget = r.value("budget", f, Fen::parse_yuan);
            Some(ProgrammeRecord {
                place: place(r),
                code: code?,
                city: city?,
                budget_year: budget_year?,
                budget: budget?,
            })
        },
        |row| row.code,
    )
}

type VersionKey = (ProgrammeCode, u16);

fn read_rates(
    folder: &Path,
    faults: &mut Faults,
) -> Vec<(VersionKey, CategoryCode, Ratio, Fen, Place)> {
    let columns = &["programme", "version", "category", "ratio", "cap_claim"];
    let table = Table::read(folder, "rates.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let programme = r.value("programme", f, ProgrammeCode::parse);
            let version = r.value("version", f, whole_number);
            let category = r.value("category", f, CategoryCode::parse);
            let ratio = r.value("ratio", f, Ratio::parse);
            let cap = r.value("cap_claim", f, Fen::parse_yuan);
            Some(((programme?, version?), category?, ratio?, cap?, place(r)))
        },
        |row| (row.0, row.1),
    )
}

fn read_recognition(folder: &Path, faults: &mut Faults) -> Vec<(VersionKey, DivisionCode, Place)> {
    let columns = &["programme", "version", "host_city"];
    let table = Table::read(folder, "recognition.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let programme = r.value("programme", f, ProgrammeCode::parse);
            let version = r.value("version", f, whole_number);
            let host = r.value("host_city", f, DivisionCode::parse);
            Some(((programme?, version?), host?, place(r)))
        },
        |row| (row.0, row.1),
    )
}

fn read_versions(folder: &Path, faults: &mut Faults) -> Vec<VersionRecord> {
    let columns = &[
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
    ];
    let table = Table::read(folder, "versions.csv", columns, faults);
    let mut versions = collect(&table, faults, read_version, |row| {
        (row.programme, row.version)
    });
    for (key, category, ratio, cap, at) in read_rates(folder, faults) {
        match find(&mut versions, key) {
            Some(version) => {
                version.rates.insert(category, (ratio, cap));
            }
            None => faults.add(unknown(at, "version", "names no row of versions.csv")),
        }
    }
    for (key, host, at) in read_recognition(folder, faults) {
        match find(&mut versions, key) {
            Some(version) => version.recognised.push(host),
            None => faults.add(unknown(at, "version", "names no row of versions.csv")),
        }
    }
    versions
}

fn read_version(r: &Record<'_>, f: &mut Faults) -> Option<VersionRecord> {
    let programme = r.value("programme", f, ProgrammeCode::parse);
    let version = r.value("version", f, whole_number);
    let effective_from = r.value("effective_from", f, Day::parse);
    let document_no = r.value("document_no", f, DocumentNo::parse);
    let payee = r.value("payee", f, word(PayeeMode::parse));
    let base = r.value("base", f, word(BasePolicy::parse));
    let cap_enterprise = r.value("cap_enterprise_year", f, Fen::parse_yuan);
    let cap_group = r.value("cap_group_year", f, Fen::parse_yuan);
    let use_months = r.value("use_months", f, whole_number);
    let cash_days = r.value("cash_days", f, whole_number);
    Some(VersionRecord {
        place: place(r),
        programme: programme?,
        version: version?,
        effective_from: effective_from?,
        document_no: document_no?,
        payee: payee?,
        base: base?,
        cap_enterprise: cap_enterprise?,
        cap_group: cap_group?,
        use_months: use_months?,
        cash_days: cash_days?,
        rates: BTreeMap::new(),
        recognised: Vec::new(),
    })
}

fn find(versions: &mut [VersionRecord], key: VersionKey) -> Option<&mut VersionRecord> {
    let found = versions.binary_search_by_key(&key, |row| (row.programme, row.version));
    found.ok().map(|i| &mut versions[i])
}

fn read_agreements(folder: &Path, faults: &mut Faults) -> Vec<AgreementRecord> {
    let columns = &[
        "home_city",
        "host_city",
        "category",
        "model",
        "home_share",
        "effective_from",
        "effective_to",
    ];
    let table = Table::read(folder, "agreements.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let home = r.value("home_city", f, DivisionCode::parse);
            let host = r.value("host_city", f, DivisionCode::parse);
            let category = r.optional("category", f, CategoryCode::parse);
            let model = r.value("model", f, word(PayerModel::parse));
            let home_share = r.value("home_share", f, Ratio::parse);
            let from = r.value("effective_from", f, Day::parse);
            let to = r.value("effective_to", f, Day::parse);
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
        },
        |row| (row.home, row.host, row.category, row.from),
    )
}

fn read_enterprises(folder: &Path, faults: &mut Faults) -> Vec<EnterpriseRecord> {
    let columns = &["uscc", "name", "city", "kind", "controller_group"];
    let table = Table::read(folder, "enterprises.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let code = credit_code(r, "uscc", f);
            let name = r.value("name", f, Name::parse);
            let city = r.value("city", f, DivisionCode::parse);
            let kind = r.value("kind", f, word(EnterpriseKind::parse));
            let group = r.optional("controller_group", f, Name::parse);
            if kind == Some(EnterpriseKind::Team) {
                f.add(r.fault("kind", "a team has no credit code and is not imported"));
            }
            let code = code?;
            warn_check(r, code, f);
            Some(EnterpriseRecord {
                place: place(r),
                code,
                name: name?,
                city: city?,
                kind: kind?,
                group: group?,
            })
        },
        |row| row.code,
    )
}

fn categories(text: &str) -> Result<Vec<CategoryCode>, crate::domain::TextError> {
    let mut categories: Vec<CategoryCode> = text
        .split('|')
        .filter(|code| !code.is_empty())
        .map(CategoryCode::parse)
        .collect::<Result<_, _>>()?;
    categories.sort_unstable();
    categories.dedup();
    Ok(categories)
}

fn read_providers(folder: &Path, faults: &mut Faults) -> Vec<ProviderRecord> {
    let columns = &[
        "uscc",
        "name",
        "city",
        "categories",
        "controller_group",
        "admitted_from",
        "admitted_to",
    ];
    let table = Table::read(folder, "providers.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let code = credit_code(r, "uscc", f);
            let name = r.value("name", f, Name::parse);
            let city = r.value("city", f, DivisionCode::parse);
            let categories = r.value("categories", f, categories);
            let group = r.optional("controller_group", f, Name::parse);
            let admitted_from = r.value("admitted_from", f, Day::parse);
            let admitted_to = r.value("admitted_to", f, Day::parse);
            let code = code?;
            warn_check(r, code, f);
            if admitted_from? > admitted_to? {
                f.add(r.fault("admitted_to", "lies before admitted_from"));
            }
            Some(ProviderRecord {
                place: place(r),
                code,
                name: name?,
                city: city?,
                categories: categories?,
                group: group?,
                admitted_from: admitted_from?,
                admitted_to: admitted_to?,
            })
        },
        |row| row.code,
    )
}

fn read_vouchers(folder: &Path, faults: &mut Faults) -> Vec<VoucherRecord> {
    let columns = &[
        "voucher_ref",
        "programme",
        "enterprise",
        "amount",
        "issued_on",
    ];
    let table = Table::read(folder, "vouchers.csv", columns, faults);
    collect(
        &table,
        faults,
        |r, f| {
            let reference = r.value("voucher_ref", f, RefText::parse);
            let programme = r.value("programme", f, ProgrammeCode::parse);
            let enterprise = credit_code(r, "enterprise", f);
            let amount = r.value("amount", f, Fen::parse_yuan);
            let issued_on = r.value("issued_on", f, Day::parse);
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
        },
        |row| row.reference,
    )
}

fn read_claims(folder: &Path, faults: &mut Faults) -> Vec<ClaimRecord> {
    let columns = &[
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
    ];
    let table = Table::read(folder, "claims.csv", columns, faults);
    collect(&table, faults, read_claim, |row| row.reference)
}

fn read_claim(r: &Record<'_>, f: &mut Faults) -> Option<ClaimRecord> {
    let reference = r.value("claim_ref", f, RefText::parse);
    let filed_on = r.value("filed_on", f, Day::parse);
    let voucher = r.value("voucher_ref", f, RefText::parse);
    let enterprise = credit_code(r, "enterprise", f);
    let provider = credit_code(r, "provider", f);
    let category = r.value("category", f, CategoryCode::parse);
    let contract_no = r.value("contract_no", f, ContractNo::parse);
    let contract_date = r.value("contract_date", f, Day::parse);
    let contract_amount = r.value("contract_amount", f, Fen::parse_yuan);
    let invoice_no = r.value("invoice_no", f, InvoiceNo::parse);
    let invoice_amount = r.value("invoice_amount", f, Fen::parse_yuan);
    let paid_amount = r.value("paid_amount", f, Fen::parse_yuan);
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
