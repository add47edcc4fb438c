//! One line for every kind of fault.

use super::*;

/// File, good text, bad text, and what the only fault says.
type Case = (&'static str, &'static str, &'static str, &'static str);

const VALUE_FAULTS: [Case; 24] = [
    (
        "cities.csv",
        "320500,苏州市",
        "320500,",
        "cities.csv:3: name_zh: the text is empty",
    ),
    (
        "cities.csv",
        "Suzhou",
        "\"Su\nzhou\"",
        "cities.csv:3: name_en `Su\u{FFFD}zhou`: the text",
    ),
    (
        "programmes.csv",
        "310117,2025,",
        "310117,1025,",
        "programmes.csv:2: budget_year `1025`: not",
    ),
    (
        "programmes.csv",
        "1000000.00",
        "1000000.001",
        "budget `1000000.001`: an amount has at most",
    ),
    (
        "programmes.csv",
        "1000000.00",
        "-1.00",
        "budget `-1.00`: an amount cannot be negative",
    ),
    (
        "programmes.csv",
        "1000000.00",
        "1e6",
        "budget `1e6`: not an amount",
    ),
    (
        "versions.csv",
        "2025-07-01",
        "2025-02-29",
        "versions.csv:3: effective_from `2025-02-29`: a",
    ),
    (
        "versions.csv",
        "2025-07-01",
        "2025/07/01",
        "effective_from `2025/07/01`: a day is written",
    ),
    (
        "versions.csv",
        "enterprise,least",
        "firm,least",
        "payee `firm`: not one of the words",
    ),
    (
        "versions.csv",
        "enterprise,least",
        "enterprise,most",
        "base `most`: not one of the words",
    ),
    (
        "versions.csv",
        "provider,contract",
        "provider,paid",
        "base `paid`: does not go with",
    ),
    (
        "versions.csv",
        "400000.00,6,30",
        "400000.00,121,30",
        "use_months `121`: not a whole number",
    ),
    (
        "versions.csv",
        "400000.00,6,30",
        "400000.00,6,-1",
        "cash_days `-1`: not a whole number",
    ),
    (
        "rates.csv",
        "0.5,",
        "1.5,",
        "rates.csv:2: ratio `1.5`: a ratio lies between 0 and 1",
    ),
    (
        "rates.csv",
        "0.333333",
        "0.3333333",
        "ratio `0.3333333`: a ratio has at most six places",
    ),
    (
        "agreements.csv",
        "host_pays",
        "pool_pays",
        "model `pool_pays`: a pool cannot be named",
    ),
    (
        "agreements.csv",
        "0.6667",
        "-0.1",
        "home_share `-0.1`: a ratio lies between 0 and 1",
    ),
    (
        "agreements.csv",
        "2025-06-30",
        "2024-06-30",
        "effective_to `2024-06-30`: lies before",
    ),
    (
        "enterprises.csv",
        "sme",
        "team",
        "kind `team`: a team has no credit code",
    ),
    (
        "providers.csv",
        "2026-12-31",
        "2024-12-31",
        "admitted_to `2024-12-31`: lies before",
    ),
    (
        "vouchers.csv",
        "30000.00",
        "0.00",
        "vouchers.csv:2: amount `0.00`: must be more than zero",
    ),
    (
        "claims.csv",
        "91350100M0001TGQXM",
        "9135",
        "claims.csv:3: provider `9135`: a unified",
    ),
    (
        "claims.csv",
        ",2,10.00",
        ",2-2,10.00",
        "invoice_no `2-2`: an invoice number is 1 to 20",
    ),
    (
        "claims.csv",
        "V9,",
        ",",
        "claims.csv:3: voucher_ref: the text is empty",
    ),
];

const ROW_FAULTS: [Case; 20] = [
    (
        "cities.csv",
        "code,",
        "id,",
        "cities.csv:1: code: is missing in the header",
    ),
    (
        "cities.csv",
        "name_en",
        "name_zh",
        "cities.csv:1: name_zh: is named twice",
    ),
    (
        "cities.csv",
        CITIES,
        "",
        "cities.csv: is empty (begin with the header code,name_zh",
    ),
    (
        "vouchers.csv",
        "V2,310117-2025,",
        "V2,",
        "vouchers.csv:2: has 4 fields where 5 are needed",
    ),
    (
        "vouchers.csv",
        "V2,",
        "V10,",
        "vouchers.csv:3: repeats the key of line 2",
    ),
    (
        "cities.csv",
        CITIES,
        DOUBLED_CITY,
        "cities.csv:4: repeats the key of line 2",
    ),
    (
        "rates.csv",
        "2,testing",
        "1,testing",
        "rates.csv:3: repeats the key of line 2",
    ),
    (
        "recognition.csv",
        "1,320500",
        "1,310117",
        "recognition.csv:3: repeats the key of line 2",
    ),
    (
        "agreements.csv",
        "2025-07-01",
        "2025-01-01",
        "agreements.csv:3: repeats the key of line 2",
    ),
    (
        "agreements.csv",
        "2025-07-01",
        "2025-06-30",
        "effective_from `2025-06-30`: overlaps the",
    ),
    (
        "agreements.csv",
        "320500,testing",
        "310117,testing",
        "host_city `310117`: is the home city",
    ),
    (
        "agreements.csv",
        "320500,testing",
        "340100,testing",
        "host_city `340100`: names no row of",
    ),
    (
        "programmes.csv",
        ",320500,",
        ",340100,",
        "programmes.csv:3: city `340100`: names no row of",
    ),
    (
        "versions.csv",
        "-2025,2,",
        "-2025,3,",
        "versions.csv:3: version `3`: should be 2 in 310117",
    ),
    (
        "rates.csv",
        "320500-2025,1",
        "320500-2025,2",
        "rates.csv:4: version `2`: names no row of",
    ),
    (
        "recognition.csv",
        "1,320500",
        "1,340100",
        "recognition.csv:3: host_city `340100`: names no",
    ),
    (
        "enterprises.csv",
        "\",320500",
        "\",340100",
        "enterprises.csv:3: city `340100`: names no row",
    ),
    (
        "providers.csv",
        ",320500",
        ",340100",
        "providers.csv:2: city `340100`: names no row of",
    ),
    (
        "vouchers.csv",
        "320500-2025",
        "340100-2025",
        "vouchers.csv:3: programme `340100-2025`: names",
    ),
    (
        "vouchers.csv",
        "91330100799655058B",
        "91350100M0001TGQXM",
        "vouchers.csv:3: enterprise `9135",
    ),
];

const DOUBLED_CITY: &str = "code,name_zh,name_en,province
310117,松江区,Songjiang,Shanghai
320500,苏州市,Suzhou,Jiangsu
310117,松江区,Songjiang,Shanghai
";

#[test]
fn every_kind_of_fault_is_named_where_it_stands() {
    for (file, old, new, expected) in VALUE_FAULTS.into_iter().chain(ROW_FAULTS) {
        let mut files = Files::good();
        files.replace(file, old, new);
        let (_, faults) = files.read();
        let count = match new {
            // The right name is missing as well.
            "id," | "name_zh" => 2,
            // A rate and a recognised city have lost their version as well.
            "-2025,3," => 3,
            _ => 1,
        };
        let found = texts(&faults.faults);
        assert_eq!(faults.count, count, "{file} {new}: {found:?}");
        let said = found.iter().any(|text| text.contains(expected));
        assert!(said, "{file} {new}: {found:?}");
    }
}
