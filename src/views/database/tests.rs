use super::*;
use crate::journal::testing::cluster::Cluster;

#[tokio::test]
async fn a_setting_that_the_database_does_not_know_is_left_out() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let url = cluster.new_database().parse().expect("an address");
    let pool = connect(&url).await.expect("connected");
    let (known, unknown) = (("enable_hashjoin", "off"), ("enable_no_such_join", "off"));
    let both = set(&pool, &[unknown, known]).await.expect("asked");
    let only = "SELECT set_config('enable_hashjoin', 'off', true)";
    assert_eq!(both.as_deref(), Some(only));
    assert_eq!(set(&pool, &[unknown]).await.expect("asked"), None);
    let all = set(&pool, SETTINGS).await.expect("asked").expect("some");
    for (setting, _) in SETTINGS {
        assert!(all.contains(setting), "{setting}");
    }
    pool.close().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::Postgres(url);
    let opened = Tables::open(&database, folder.path())
        .await
        .expect("tables");
    let Tables::Postgres { pool, .. } = opened else {
        panic!("it is on PostgreSQL");
    };
    // It is written all the same where nothing can be set.
    let bare = Tables::Postgres {
        pool,
        settings: None,
    };
    let tx = bare.begin(Part::Rest).await.expect("begun");
    tx.commit().await.expect("committed");
    bare.close().await;
}

/// The migrations of one database alone: the claims' file on SQLite, on PostgreSQL their runs and
/// what that file has in migrations of its own.
const OWN: [i64; 3] = [31, 34, 36];

/// All but what differs on purpose: the type of keys, the indexes of the claims, their file.
fn alike(migrator: &Migrator) -> Vec<String> {
    let both = migrator.iter().filter(|one| !OWN.contains(&one.version));
    let sql = both.map(|one| {
        let sql = one.sql.as_str().replace(
            "INTEGER NOT NULL PRIMARY KEY",
            "BIGINT NOT NULL PRIMARY KEY",
        );
        let end = sql.find("DROP INDEX claims_voucher").unwrap_or(sql.len());
        sql[..end].trim_end().to_owned()
    });
    sql.collect()
}

#[test]
fn both_databases_have_the_same_tables() {
    assert_eq!(alike(&SQLITE), alike(&POSTGRES));
}
