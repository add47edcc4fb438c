//! A whole journal in one file, written and taken over by the real binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::cluster::Cluster;
use super::import::{examples, text};
use super::server::{World, quantong};

pub(crate) fn done(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub(crate) fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Events, root and state of a journal, by a database or by a file.
pub(crate) fn verified(data: &Path, database: &str, more: &[&str]) -> [Value; 3] {
    let arguments = [&["verify", "--json"], more].concat();
    let said = done(&quantong(data, database, &arguments));
    let mut said: Value = serde_json::from_str(&said).expect("a report in JSON");
    ["events", "root", "state"].map(|name| said[name].take())
}

#[test]
fn an_exported_year_is_verified_alone_and_taken_over_by_either_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (
        folder.path().join("data"),
        folder.path().join("year.journal"),
    );
    done(&quantong(&data, "", &["import", text(&examples())]));
    done(&quantong(&data, "", &["export", text(&file)]));
    let original = verified(&data, "", &[]);
    let nowhere = folder.path().join("nowhere");
    assert_eq!(verified(&nowhere, "", &["--file", text(&file)]), original);
    assert!(!nowhere.exists());
    let again = refused(&quantong(&data, "", &["export", text(&file)]));
    assert!(again.contains("exists already"), "{again}");

    let other = folder.path().join("other");
    done(&quantong(&other, "", &["import-journal", text(&file)]));
    assert_eq!(verified(&other, "", &[]), original);
    // What is there already stays; a second run changes nothing.
    done(&quantong(&other, "", &["import-journal", text(&file)]));
    assert_eq!(verified(&other, "", &[]), original);
    // Another ledger takes nothing over.
    let third = folder.path().join("third");
    done(&quantong(&third, "", &["init"]));
    let missing = other.join("missing");
    let said = refused(&quantong(&third, "", &["import-journal", text(&missing)]));
    assert!(said.contains(text(&missing)), "{said}");
    let said = refused(&quantong(&third, "", &["import-journal", text(&file)]));
    assert!(said.contains("another journal: that of another"), "{said}");

    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let beside = folder.path().join("beside");
    done(&quantong(
        &beside,
        &database,
        &["import-journal", text(&file)],
    ));
    assert_eq!(verified(&beside, &database, &[]), original);
    let back = folder.path().join("back.journal");
    done(&quantong(&beside, &database, &["export", text(&back)]));
    assert_eq!(
        fs::read(back).expect("a file"),
        fs::read(file).expect("a file")
    );
}

#[test]
fn a_journal_that_went_on_by_itself_takes_nothing_over_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let (ours, theirs) = (place("ours"), place("theirs"));
    let (first, second) = (place("first.journal"), place("second.journal"));
    let goes_on = |data: &Path, name: &str| {
        let token = ["token", "--name", name, "--role", "auditor"];
        done(&quantong(data, "", &token));
    };
    let taken = |data: &Path, file: &Path| quantong(data, "", &["import-journal", text(file)]);
    done(&quantong(&ours, "", &["init"]));
    done(&quantong(&ours, "", &["export", text(&first)]));
    done(&taken(&theirs, &first));
    let [events, ..] = verified(&theirs, "", &[]);
    goes_on(&ours, "a");
    done(&quantong(&ours, "", &["export", text(&second)]));

    // Longer than the file, of which it has everything.
    let before = verified(&ours, "", &[]);
    let said = refused(&taken(&ours, &first));
    assert!(said.contains("holds all of the file"), "{said}");
    assert!(said.contains(&format!("the file {events}")), "{said}");
    assert_eq!(verified(&ours, "", &[]), before);

    // As long as the file and longer, with another past.
    for name in ["b", "c"] {
        goes_on(&theirs, name);
        let before = verified(&theirs, "", &[]);
        let said = refused(&taken(&theirs, &second));
        let place = format!("event {events}, on");
        assert!(
            said.contains("differ from batch") && said.contains(&place),
            "{said}"
        );
        assert_eq!(verified(&theirs, "", &[]), before);
    }

    // What is behind the file goes on from where it is.
    let behind = place("behind");
    done(&taken(&behind, &first));
    done(&taken(&behind, &second));
    assert_eq!(verified(&behind, "", &[]), verified(&ours, "", &[]));
}

#[test]
fn a_damaged_file_is_named_and_nothing_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("a.journal"));
    done(&quantong(&data, "", &["init"]));
    done(&quantong(&data, "", &["export", text(&file)]));
    let whole = fs::read(&file).expect("a file");
    let other = folder.path().join("other");
    let tries = |bytes: &[u8], expected: &str| {
        fs::write(&file, bytes).expect("written");
        for arguments in [["verify", "--file"], ["import-journal", "--"]] {
            let said = refused(&quantong(
                &other,
                "",
                &[&arguments[..], &[text(&file)]].concat(),
            ));
            assert!(said.contains(expected), "{expected} is missing in {said}");
        }
        assert!(!other.exists());
    };
    tries(b"", "is no journal");
    tries(b"PK\x03\x04 something else entirely", "is no journal");
    for cut in [whole.len() / 3, whole.len() - 1] {
        tries(&whole[..cut], "cut off at byte");
    }
    let longer = [&whole[..], b"x"].concat();
    tries(&longer, "something behind the end");
    for at in (40..whole.len()).step_by(whole.len() / 29) {
        let mut bent = whole.clone();
        bent[at] ^= 0x10;
        fs::write(&file, bent).expect("written");
        let said = refused(&quantong(&other, "", &["verify", "--file", text(&file)]));
        let named = ["damaged", "cut off"]
            .iter()
            .any(|word| said.contains(word));
        assert!(named, "byte {at}: {said}");
    }
}

/// Changes the journal in a folder.
async fn change(data: &Path, sql: &'static str) {
    use sqlx::ConnectOptions as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("journal.db"));
    let mut connection = options.connect().await.expect("the database");
    let changed = sqlx::query(sql).execute(&mut connection).await;
    assert_eq!(changed.expect("a change").rows_affected(), 1, "{sql}");
}

/// A file that was written without a word would be the only backup, and found to be none when it
/// is needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_does_not_verify_is_not_exported() {
    let damages = [
        (
            "UPDATE journal SET body = CAST(substr(body, 1, 40) || x'FF' || substr(body, 42) \
             AS BLOB) WHERE batch_no = 2",
            "bad frame",
        ),
        (
            "UPDATE journal SET root = zeroblob(32) WHERE batch_no = 2",
            "root mismatch",
        ),
        ("DELETE FROM journal WHERE batch_no = 2", "gap"),
        (
            "DELETE FROM journal WHERE batch_no = (SELECT MAX(batch_no) FROM journal)",
            "truncated: the journal had",
        ),
    ];
    for (damage, expected) in damages {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        let (data, file, kept) = (place("data"), place("a.journal"), place("a.partial"));
        done(&quantong(&data, "", &["init"]));
        let token = ["token", "--name", "a", "--role", "auditor"];
        done(&quantong(&data, "", &token));
        fs::write(&kept, "of somebody else").expect("written");
        change(&data, damage).await;

        let said = refused(&quantong(&data, "", &["export", text(&file)]));
        assert!(said.contains(expected), "{damage}: {said}");
        assert_eq!(said, refused(&quantong(&data, "", &["verify"])), "{damage}");
        let left = fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(left, 2, "{damage}: something is left beside the data");
        let kept = fs::read_to_string(&kept).expect("it is there");
        assert_eq!(kept, "of somebody else");
    }
}

/// A report to `head` ends as it would without it.
#[test]
fn a_closed_pipe_ends_no_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    done(&quantong(&data, "", &["init"]));
    let file = folder.path().join("a.journal");
    for arguments in [&["verify"][..], &["export", text(&file)]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ran = Command::new(env!("CARGO_BIN_EXE_quantong"))
            .arg("--data")
            .arg(&data)
            .args(arguments)
            .stdout(writer)
            .output();
        let ran = ran.expect("the binary runs");
        assert_eq!(done(&ran), "");
        assert!(ran.stderr.is_empty(), "{arguments:?}");
    }
    assert!(file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_exported_and_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(&folder.path().join("data")).await;
    let (data, file) = (
        folder.path().join("data"),
        folder.path().join("live.journal"),
    );
    let voucher = world.issue("1000.00").await;
    let person = serde_json::json!({"name": "示例人员"});
    world
        .post(&world.administrator, "/v1/principals", person)
        .await;
    done(&quantong(&data, "", &["verify"]));
    done(&quantong(&data, "", &["export", text(&file)]));
    let claim = world.claim(&voucher, 1, "100.00");
    world.post(&world.provider, "/v1/claims", claim).await;
    world.server.terminate();
    let [events, _, _] = verified(&data, "", &["--file", text(&file)]);
    let [later, _, _] = verified(&data, "", &[]);
    assert_eq!(later.as_u64(), events.as_u64().map(|events| events + 1));
    // Names of natural persons are in the file, or are not.
    let plain = folder.path().join("plain.journal");
    let bare = ["export", text(&plain), "--without-personal-data"];
    assert!(done(&quantong(&data, "", &bare)).contains(" 0 personal data"));
    let holds = |file: &Path| {
        let bytes = fs::read(file).expect("a file");
        bytes.windows(12).any(|part| part == "示例人员".as_bytes())
    };
    assert!(holds(&file) && !holds(&plain));
    verified(&data, "", &["--file", text(&plain)]);
}
