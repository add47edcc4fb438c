//! A data folder belongs to one ledger: no command makes another one beside it, and none takes
//! over a journal on which no server would start.

use std::fs;
use std::path::Path;

use super::archive::{done, refused, verified};
use super::cluster::{Cluster, database_of};
use super::import::{examples, text};
use super::server::{Server, World, quantong};

/// What is in a folder: names and sizes.
fn held(folder: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        (name, entry.metadata().expect("a file").len())
    };
    let mut held: Vec<_> = entries.map(entry).collect();
    held.sort();
    held
}

/// Commands that make a ledger where there is none, and some that need one.
fn tries(year: &Path) -> [Vec<&str>; 5] {
    [
        vec!["serve", "--listen", "127.0.0.1:0"],
        vec!["init"],
        vec!["import", text(year)],
        vec!["token", "--name", "a", "--role", "auditor"],
        vec!["verify"],
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_database_makes_no_ledger_and_leaves_nothing_behind() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (database, empty) = (cluster.new_database(), cluster.new_database());
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let (data, file) = (place("data"), place("a.journal"));
    let mut world = World::on(&data, Some(&database)).await;
    world.server.terminate();
    done(&quantong(&data, &database, &["export", text(&file)]));
    let [events, ..] = verified(&data, &database, &[]);
    let (before, year) = (held(&data), examples());

    for arguments in tries(&year) {
        let said = refused(&quantong(&data, "", &arguments));
        for expected in ["was --database forgotten", &format!("{events} events")] {
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
        assert_eq!(held(&data), before, "{arguments:?}");
        let said = refused(&quantong(&data, &empty, &arguments));
        for expected in ["--database the right one", &format!("{events} events")] {
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
        assert_eq!(held(&data), before, "{arguments:?}");
    }
    // All of the journal would be in the wrong place.
    let said = refused(&quantong(&data, "", &["import-journal", text(&file)]));
    assert!(said.contains("was --database forgotten"), "{said}");
    assert_eq!(held(&data), before);
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.sql(database_of(&empty), tables).trim(), "0");

    // A node that has stood by only may have no checkpoint.
    let other = place("other");
    fs::create_dir(&other).expect("a folder");
    fs::copy(data.join("node"), other.join("node")).expect("a copy");
    let before = held(&other);
    let said = refused(&quantong(&other, "", &["init"]));
    assert!(said.contains("was --database forgotten"), "{said}");
    assert_eq!(held(&other), before);

    world.server = Server::start(&data, Some(&database)).0;
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    world.get(&world.holder, &voucher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_journal_comes_back_into_its_folder_from_an_export_that_reaches_as_far() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let [data, other] = ["data", "other"].map(place);
    let [early, whole, foreign] = ["early", "whole", "foreign"].map(place);
    let token = ["token", "--name", "a", "--role", "auditor"];
    for (data, file, tokens) in [(&data, &early, 1), (&other, &foreign, 4)] {
        done(&quantong(data, "", &["init"]));
        for _ in 0..tokens {
            done(&quantong(data, "", &token));
        }
        done(&quantong(data, "", &["export", text(file)]));
    }
    done(&quantong(&data, "", &token));
    done(&quantong(&data, "", &["export", text(&whole)]));
    let original = verified(&data, "", &[]);
    let lose = |data: &Path| {
        for (name, _) in held(data) {
            if name.starts_with("journal.db") {
                fs::remove_file(data.join(name)).expect("removed");
            }
        }
        held(data)
    };

    let before = lose(&data);
    let year = examples();
    for arguments in tries(&year) {
        let said = refused(&quantong(&data, "", &arguments));
        let size = format!("{} events", original[0]);
        for expected in [&size, "import-journal", "it holds no ledger"] {
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
        assert_eq!(held(&data), before, "{arguments:?}");
    }
    for (file, expected) in [(&early, "ends too early"), (&foreign, "another journal")] {
        let said = refused(&quantong(&data, "", &["import-journal", text(file)]));
        assert!(said.contains(expected), "{said}");
        assert_eq!(held(&data), before, "{expected}");
    }
    done(&quantong(&data, "", &["import-journal", text(&whole)]));
    assert_eq!(verified(&data, "", &[]), original);
    done(&quantong(&data, "", &token));

    let Some(cluster) = Cluster::shared() else {
        return;
    };
    // The same on a database server, whose database was lost.
    let (database, empty) = (cluster.new_database(), cluster.new_database());
    let [beside, all] = ["beside", "all"].map(place);
    done(&quantong(&beside, &database, &["init"]));
    done(&quantong(&beside, &database, &["export", text(&all)]));
    let original = verified(&beside, &database, &[]);
    let said = refused(&quantong(
        &beside,
        &empty,
        &["import-journal", text(&early)],
    ));
    assert!(said.contains("another journal"), "{said}");
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.sql(database_of(&empty), tables).trim(), "0");
    done(&quantong(&beside, &empty, &["import-journal", text(&all)]));
    assert_eq!(verified(&beside, &empty, &[]), original);
    done(&quantong(&beside, &empty, &token));
}
