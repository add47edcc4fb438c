//! The example year through `quantong import`.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::server::quantong;

pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/g60-2025")
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

fn sorted(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("an answer file");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

pub(crate) fn assert_answers(out: &Path) {
    for entry in std::fs::read_dir(examples()).expect("the examples") {
        let expected = entry.expect("an entry").path();
        let name = expected.file_name().expect("a name").to_owned();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("expected_"))
        {
            assert_eq!(sorted(&out.join(&name)), sorted(&expected), "{name:?}");
        }
    }
}

#[test]
fn the_corridor_year_is_answered_to_the_fen_and_a_second_import_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let input = examples();
    let first = quantong(
        &data,
        "",
        &["import", text(&input), "--out", text(&out), "--json"],
    );
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert_answers(&out);
    let before = quantong(&data, "", &["verify", "--json"]);
    let again = quantong(
        &data,
        "",
        &[
            "import",
            text(&input),
            "--out",
            text(&out),
            "--json",
            "--rows",
        ],
    );
    let report: serde_json::Value =
        serde_json::from_slice(&again.stdout).expect("a report in JSON");
    assert_eq!(
        (&report["done"], &report["refused"]),
        (&0.into(), &0.into())
    );
    let rows = report["rows"].as_array().expect("rows");
    assert_eq!(report["results"]["claims.csv"]["unchanged"], 1796);
    assert!(rows.len() > 3_000 && rows.iter().all(|row| row["result"] == "unchanged"));
    assert_answers(&out);
    let count = |output: &Output| -> u64 {
        let verified: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("a verification in JSON");
        verified["events"].as_u64().expect("a number of events")
    };
    let after = quantong(&data, "", &["verify", "--json"]);
    // The second run of the node began an epoch; nothing else was added.
    assert_eq!(count(&after), count(&before) + 1);
}

#[test]
fn shuffled_files_are_answered_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("shuffled");
    std::fs::create_dir(&input).expect("a folder");
    let mut seed = 0x5EED_u64;
    for entry in std::fs::read_dir(examples()).expect("the examples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut lines: Vec<&str> = text.lines().collect();
        for i in (2..lines.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let other = 1 + usize::try_from(seed >> 33).expect("31 bits") % i;
            lines.swap(i, other);
        }
        std::fs::write(input.join(name), lines.join("\r\n")).expect("a file");
    }
    let out = folder.path().join("out");
    let data = folder.path().join("data");
    let done = quantong(&data, "", &["import", text(&input), "--out", text(&out)]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_answers(&out);
}

#[test]
fn bad_rows_are_all_reported_with_file_line_and_column_and_nothing_is_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("bad");
    std::fs::create_dir(&input).expect("a folder");
    for entry in std::fs::read_dir(examples()).expect("the examples") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_str()
            .expect("UTF-8")
            .to_owned();
        let mut text = std::fs::read_to_string(&path).expect("a file");
        match name.as_str() {
            "vouchers.csv" => text = text.replacen("30000.00", "30000.001", 1),
            "claims.csv" => text = text.replacen("2025-01-15", "2025-02-30", 1),
            "providers.csv" => text = text.replacen("2027-12-31", "2020-12-31", 1),
            "programmes.csv" => text += "310117-2026,999999,2026,1.00\n",
            "rates.csv" => text = text.replacen(",0.2,", ",1.2,", 1),
            "cities.csv" => text += "310117,松江区,Songjiang,Shanghai\n",
            _ => {}
        }
        std::fs::write(input.join(name), text).expect("a file");
    }
    let data = folder.path().join("data");
    let done = quantong(&data, "", &["import", text(&input)]);
    let report = String::from_utf8(done.stderr).expect("UTF-8");
    assert!(!done.status.success());
    for expected in [
        "vouchers.csv:2: amount `30000.001`",
        "claims.csv:2: filed_on `2025-02-30`",
        "providers.csv:2: admitted_to `2020-12-31`",
        "programmes.csv:11: city `999999`: names no row",
        "rates.csv:2: ratio `1.2`",
        "cities.csv:11: repeats the key of line 2",
        "nothing was imported",
    ] {
        assert!(
            report.contains(expected),
            "{expected} is missing in\n{report}"
        );
    }
    assert!(!data.join("journal.db").exists());
}
