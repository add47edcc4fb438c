use std::collections::BTreeMap;
use std::path::Path;

mod cases;
mod plan;

use super::*;
use crate::engine::terms::PayerModel;

/// A small good data set by file name.
struct Files(BTreeMap<&'static str, String>);

const CITIES: &str = "code,name_zh,name_en,province
310117,松江区,Songjiang,Shanghai
320500,苏州市,Suzhou,Jiangsu
";
const PROGRAMMES: &str = "programme,city,budget_year,budget
310117-2025,310117,2025,1000000.00
320500-2025,320500,2025,2000000.00
";
const VERSIONS: &str = "programme,version,effective_from,document_no,payee,base,\
cap_enterprise_year,cap_group_year,use_months,cash_days
310117-2025,1,2025-01-01,科发〔2025〕1号,enterprise,least,300000.00,400000.00,6,30
310117-2025,2,2025-07-01,科发〔2025〕2号,provider,contract,300000.00,400000.00,12,60
320500-2025,1,2025-01-01,科发〔2025〕3号,provider,invoice,300000.00,400000.00,9,60
";
const RATES: &str = "programme,version,category,ratio,cap_claim
310117-2025,1,testing,0.5,100000.00
310117-2025,2,testing,0.333333,100000.00
320500-2025,1,design,0.4,50000.00
";
const RECOGNITION: &str = "programme,version,host_city
310117-2025,1,310117
310117-2025,1,320500
310117-2025,2,320500
320500-2025,1,310117
";
const AGREEMENTS: &str = "home_city,host_city,category,model,home_share,effective_from,effective_to
310117,320500,,host_pays,0.5,2025-01-01,2025-06-30
310117,320500,,home_pays,0.6667,2025-07-01,2025-12-31
310117,320500,testing,home_pays,1,2025-03-01,2025-12-31
";
const ENTERPRISES: &str = "uscc,name,city,kind,controller_group
91310117MADEM00114,示例科技有限公司,310117,sme,
91330100799655058B,\"甲, 乙有限公司\",320500,high_tech,G1
";
const PROVIDERS: &str = "uscc,name,city,categories,controller_group,admitted_from,admitted_to
9144030071526726XG,示例检测院,320500,testing|design,G1,2025-01-01,2026-12-31
";
const VOUCHERS: &str = "voucher_ref,programme,enterprise,amount,issued_on
V2,310117-2025,91310117MADEM00114,30000.00,2025-02-03
V10,320500-2025,91330100799655058B,50000.00,2025-02-03
";
const CLAIMS: &str = "claim_ref,filed_on,voucher_ref,enterprise,provider,category,contract_no,\
contract_date,contract_amount,invoice_no,invoice_amount,paid_amount
C1,2025-02-03,V10,91330100799655058B,9144030071526726XG,testing,HT-1,2025-02-03,10.00,1,10.00,5.00
C2,2025-03-01,V9,91330100799655058B,91350100M0001TGQXM,testing,HT-2,2025-02-28,10.00,2,10.00,5.00
";

impl Files {
    fn good() -> Files {
        let texts = [
            CITIES,
            PROGRAMMES,
            VERSIONS,
            RATES,
            RECOGNITION,
            AGREEMENTS,
            ENTERPRISES,
            PROVIDERS,
            VOUCHERS,
            CLAIMS,
        ];
        Files(FILES.into_iter().zip(texts.map(str::to_owned)).collect())
    }

    /// Replaces a text that must be there once.
    fn replace(&mut self, file: &'static str, old: &str, new: &str) {
        let text = self.0.get_mut(file).expect("one of the files");
        assert_eq!(text.matches(old).count(), 1, "{file}: {old}");
        *text = text.replace(old, new);
    }

    fn write(&self, folder: &Path) {
        for (file, text) in &self.0 {
            std::fs::write(folder.join(file), text).expect("a file of the test");
        }
    }

    fn read(&self) -> (Dataset, Faults) {
        let folder = tempfile::tempdir().expect("a folder of the test");
        self.write(folder.path());
        let mut faults = Faults::default();
        let set = read_dataset(folder.path(), &mut faults);
        (set, faults)
    }
}

fn texts(faults: &[RowFault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

/// A plan without the lines, which change with the order of the rows.
fn content(set: &Dataset) -> String {
    let mut set = set.clone();
    let place = Place { file: "", line: 0 };
    set.cities.iter_mut().for_each(|row| row.place = place);
    set.programmes.iter_mut().for_each(|row| row.place = place);
    set.versions.iter_mut().for_each(|row| row.place = place);
    set.agreements.iter_mut().for_each(|row| row.place = place);
    set.enterprises.iter_mut().for_each(|row| row.place = place);
    set.providers.iter_mut().for_each(|row| row.place = place);
    set.vouchers.iter_mut().for_each(|row| row.place = place);
    set.claims.iter_mut().for_each(|row| row.place = place);
    format!("{:#?}", Plan::of(&set))
}

#[test]
fn a_good_set_has_no_faults_and_no_warnings() {
    let (set, faults) = Files::good().read();
    assert_eq!(faults, Faults::default());
    assert_eq!(set.enterprises[1].name.as_str(), "甲, 乙有限公司");
    assert_eq!(set.agreements[0].model, PayerModel::HostPays);
    assert_eq!(set.versions[0].recognised.len(), 2);
    assert_eq!(set.claims.len(), 2);
}

#[test]
fn the_example_year_has_no_faults_and_no_warnings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/g60-2025");
    let mut faults = Faults::default();
    let set = read_dataset(&folder, &mut faults);
    assert_eq!(faults, Faults::default());
    assert_eq!((set.vouchers.len(), set.claims.len()), (700, 1796));
}

#[test]
fn all_faults_of_all_files_come_at_once_and_causes_first() {
    let mut files = Files::good();
    files.replace("claims.csv", "2025-02-28", "2025-02-30");
    files.replace("vouchers.csv", "30000.00", "30000.005");
    files.replace("cities.csv", "\n320500,", "\n32050,");
    files.replace("rates.csv", "0.4,", "4,");
    let (_, faults) = files.read();
    let found = texts(&faults.faults);
    assert!(
        found[0].starts_with("cities.csv:3: code `32050`: "),
        "{found:?}"
    );
    let last = found.len() - 1;
    assert!(
        found[last].starts_with("claims.csv:3: contract_date `2025-02-30`"),
        "{found:?}"
    );
    assert!(
        found[last - 1].starts_with("vouchers.csv:2: amount `30000.005`"),
        "{found:?}"
    );
    let order: Vec<_> = faults
        .faults
        .iter()
        .map(|fault| FILES.iter().position(|file| *file == fault.file))
        .collect();
    assert!(order.is_sorted(), "{found:?}");
    assert!(order.contains(&Some(3)), "{found:?}");
}

#[test]
fn a_faulty_row_still_defines_its_key() {
    let mut files = Files::good();
    files.replace("enterprises.csv", "sme", "huge");
    files.replace("programmes.csv", "2000000.00", "many");
    let (_, faults) = files.read();
    assert_eq!(faults.count, 2, "{:?}", texts(&faults.faults));
}

#[test]
fn a_file_that_cannot_be_used_is_one_fault() {
    let folder = tempfile::tempdir().expect("a folder of the test");
    Files::good().write(folder.path());
    std::fs::remove_file(folder.path().join("enterprises.csv")).expect("was written");
    let mut faults = Faults::default();
    read_dataset(folder.path(), &mut faults);
    let found = texts(&faults.faults);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("enterprises.csv: is missing ("),
        "{found:?}"
    );
}

#[test]
fn bytes_that_are_no_utf8_are_named_by_column() {
    let folder = tempfile::tempdir().expect("a folder of the test");
    Files::good().write(folder.path());
    let mut bytes = CITIES.as_bytes().to_vec();
    let place = CITIES.find("Suzhou").expect("is there");
    bytes[place] = 0xFF;
    std::fs::write(folder.path().join("cities.csv"), bytes).expect("a file of the test");
    let mut faults = Faults::default();
    read_dataset(folder.path(), &mut faults);
    let found = texts(&faults.faults);
    assert!(
        found[0].starts_with("cities.csv:3: name_en `\u{FFFD}uzhou`: is not UTF-8"),
        "{found:?}"
    );
}

#[test]
fn an_open_quotation_mark_is_suspected_where_it_begins() {
    let mut files = Files::good();
    files.replace("vouchers.csv", "V2,", "\"V2,");
    let (_, faults) = files.read();
    let found = texts(&faults.faults);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("vouchers.csv:2: has 1 fields"),
        "{found:?}"
    );
    assert!(found[0].contains("quotation mark"), "{found:?}");
}

#[test]
fn a_failed_check_character_is_a_warning() {
    let mut files = Files::good();
    let text = files.0["providers.csv"].replace("9144030071526726XG", "91350100M0001TGQXM");
    files.0.insert("providers.csv", text);
    let (_, faults) = files.read();
    assert_eq!(faults.count, 0);
    let warnings = texts(&faults.warnings);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("providers.csv:2: uscc `91350100M0001TGQXM`: the check"));
}

#[test]
fn a_voucher_outside_its_budget_year_is_a_warning() {
    let mut files = Files::good();
    files.replace("vouchers.csv", "30000.00,2025", "30000.00,2052");
    let (_, faults) = files.read();
    assert_eq!((faults.count, faults.warning_count), (0, 1));
    assert!(texts(&faults.warnings)[0].starts_with("vouchers.csv:2: issued_on `2052-02-03`"));
}

#[test]
fn a_version_without_recognition_is_a_warning_and_recognises_all() {
    let mut files = Files::good();
    files.replace("recognition.csv", "320500-2025,1,310117\n", "");
    let (set, faults) = files.read();
    assert_eq!((faults.count, faults.warning_count), (0, 1));
    assert!(set.versions[2].recognised.is_empty());
}

#[test]
fn a_programme_with_vouchers_needs_a_version() {
    let mut files = Files::good();
    for file in ["versions.csv", "rates.csv", "recognition.csv"] {
        let kept = files.0[file]
            .lines()
            .filter(|line| !line.starts_with("320500-2025"));
        let text = kept.map(|line| format!("{line}\n")).collect();
        files.0.insert(file, text);
    }
    let (_, faults) = files.read();
    let found = texts(&faults.faults);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("programmes.csv:3: programme `320500-2025`: has no row in"));
}

#[test]
fn what_the_ledger_cannot_hold_is_a_fault() {
    let mut files = Files::good();
    files.replace("programmes.csv", "2000000.00", "2500000000000.00");
    let rates = files.0.get_mut("rates.csv").expect("one of the files");
    for i in 0..63 {
        rates.push_str(&format!("310117-2025,1,c{i},0.5,1.00\n"));
    }
    let (_, faults) = files.read();
    let found = texts(&faults.faults);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("all budgets together are at most"),
        "{found:?}"
    );
    assert!(found[1].contains("at most 64 categories"), "{found:?}");
}

#[test]
fn faults_beyond_the_bound_are_counted() {
    let mut files = Files::good();
    let vouchers = files.0.get_mut("vouchers.csv").expect("one of the files");
    for i in 0..FAULTS_MAX + 7 {
        vouchers.push_str(&format!(
            "W{i},310117-2025,91310117MADEM00114,1.001,2025-03-01\n"
        ));
    }
    let (_, faults) = files.read();
    assert_eq!(
        (faults.faults.len(), faults.count),
        (FAULTS_MAX, FAULTS_MAX + 7)
    );
}

#[test]
fn line_ends_blank_lines_a_mark_and_the_order_of_columns_do_not_matter() {
    let expected = content(&Files::good().read().0);
    let mut files = Files::good();
    for text in files.0.values_mut() {
        *text = format!("\u{FEFF}{}", text.replace('\n', "\r\n\r\n"));
    }
    let text = "province,code,name_en,name_zh\n\
        Jiangsu,320500,Suzhou,苏州市\nShanghai,310117,Songjiang,松江区";
    files.0.insert("cities.csv", text.to_owned());
    let (set, faults) = files.read();
    assert_eq!(faults, Faults::default());
    assert_eq!(content(&set), expected);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for (name, text) in [
        ("line feeds", CLAIMS.to_owned()),
        ("carriage returns", CLAIMS.replace('\n', "\r\n")),
        ("blank lines", CLAIMS.replace("\nC2", "\n\n\nC2")),
        (
            "both",
            CLAIMS.replace("\nC2", "\n\n\nC2").replace('\n', "\r\n"),
        ),
        ("a break in a text", CLAIMS.replace("HT-1", "\"HT\n1\"")),
    ] {
        let mut files = Files::good();
        let text = text.replace("2025-02-28", "soon");
        let line = 1 + text[..text.find("soon").expect("was put in")]
            .matches('\n')
            .count();
        files.0.insert("claims.csv", text);
        let (_, faults) = files.read();
        let last = faults.faults.last().expect("a fault");
        assert_eq!(last.line, u64::try_from(line).expect("small"), "{name}");
    }
}
