use tempfile::TempDir;

use super::super::contract::{Fixture, Tamper, contract_tests};
use super::super::hash::HashKind;
use super::super::row::Chain;
use super::super::testing::rows;
use super::*;
use crate::domain::PersonalOpening;

const LEDGER: LedgerUuid = [0x5a; 16];

struct Folder(TempDir);

async fn folder() -> Option<Folder> {
    Some(Folder(tempfile::tempdir().expect("a temporary folder")))
}

impl Folder {
    fn path(&self) -> &Path {
        self.0.path()
    }

    async fn store(&self) -> SqliteStore {
        let options = SqliteOptions::new(LEDGER);
        SqliteStore::open(self.path(), &options)
            .await
            .expect("a free folder")
    }

    fn log_bytes(&self) -> Option<u64> {
        let log = self.path().join("journal.db-wal");
        std::fs::metadata(log).ok().map(|metadata| metadata.len())
    }

    fn holds(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.path()).expect("readable");
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.expect("readable").path()).expect("readable");
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }
}

#[async_trait]
impl Fixture for Folder {
    async fn open(&self) -> Box<dyn Store> {
        Box::new(self.store().await)
    }

    async fn open_unlocked(&self) -> Box<dyn Store> {
        let options = SqliteOptions::new(LEDGER);
        let store = SqliteStore::open_with(self.path(), &options, None).await;
        Box::new(store.expect("a folder with a journal"))
    }

    async fn tamper(&self, tamper: Tamper) {
        let options = connect_options(self.path(), &SqliteOptions::new(LEDGER));
        let options = options.pragma("ignore_check_constraints", "ON");
        let mut connection = options.connect().await.expect("a folder with a journal");
        sqlx::query("DROP INDEX journal_first_seq")
            .execute(&mut connection)
            .await
            .expect("the index is there");
        let (sql, row, other) = match tamper {
            Tamper::DeleteFrom(row) => ("DELETE FROM journal WHERE batch_no >= $1", row, 0),
            Tamper::Delete(row) => ("DELETE FROM journal WHERE batch_no = $1", row, 0),
            Tamper::FlipBodyByte(row, at) => {
                let sql = "UPDATE journal SET body = CAST(substr(body, 1, $2) \
                    || x'00' || substr(body, $2 + 2) AS BLOB) WHERE batch_no = $1";
                (sql, row, at as u64)
            }
            Tamper::FlipRootByte(row) => {
                let sql = "UPDATE journal SET root = zeroblob(32) WHERE batch_no = $1";
                (sql, row, 0)
            }
            Tamper::Swap(row, other) => {
                let sql = "UPDATE journal SET batch_no = -$1 WHERE batch_no = $1; \
                    UPDATE journal SET batch_no = $1 WHERE batch_no = $2; \
                    UPDATE journal SET batch_no = $2 WHERE batch_no = -$1";
                (sql, row, other)
            }
            Tamper::Copy(row, to) => {
                let sql = "INSERT INTO journal \
                    SELECT $2, ledger, first_seq, last_seq, epoch, prev_root, root, body \
                    FROM journal WHERE batch_no = $1";
                (sql, row, to)
            }
        };
        for statement in sql.split("; ") {
            let done = sqlx::query(statement)
                .bind(row as i64)
                .bind(other as i64)
                .execute(&mut connection)
                .await
                .expect("nothing forbids it");
            assert!(done.rows_affected() > 0, "{tamper:?}");
        }
        connection.close().await.expect("closes");
    }
}

contract_tests!(folder);

#[tokio::test]
async fn a_folder_in_use_cannot_be_opened_again_until_it_is_closed() {
    let folder = folder().await.expect("always there");
    let store = folder.store().await;
    let options = SqliteOptions::new(LEDGER);
    let second = SqliteStore::open(folder.path(), &options).await;
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    Box::new(store).close().await.expect("closes");
    let third = SqliteStore::open(folder.path(), &options).await;
    third.expect("the folder is free again");
}

#[tokio::test]
async fn the_file_says_which_ledger_it_holds() {
    let folder = folder().await.expect("always there");
    let mut store = folder.store().await;
    assert_eq!(store.ledger(), LEDGER);
    let rows = rows(&mut Chain::new(HashKind::Sha256), 1);
    store.append(&rows, &[]).await.expect("the first row");
    Box::new(store).close().await.expect("closes");
    let other = SqliteOptions::new([1; 16]);
    let store = SqliteStore::open(folder.path(), &other)
        .await
        .expect("a free folder");
    assert_eq!(store.ledger(), LEDGER);
}

#[tokio::test]
async fn the_database_has_big_pages_and_a_durable_log() {
    let folder = folder().await.expect("always there");
    let mut store = folder.store().await;
    let expected = [
        ("PRAGMA page_size", "32768"),
        ("PRAGMA journal_mode", "wal"),
        // 2 is FULL.
        ("PRAGMA synchronous", "2"),
        ("PRAGMA wal_autocheckpoint", "0"),
    ];
    // The first connection, and one that is made after a failure.
    for _ in 0..2 {
        let mut connection = store.take_connection().await.expect("a connection");
        for (pragma, value) in expected {
            let row = sqlx::query(pragma).fetch_one(&mut connection).await;
            let row = row.expect("readable");
            let found = row.try_get_unchecked::<String, _>(0).expect("a text");
            assert_eq!(found, value, "{pragma}");
        }
        store.put_back(connection, false).await;
    }
}

#[tokio::test]
async fn the_log_is_moved_into_the_database_beside_the_appends() {
    let folder = folder().await.expect("always there");
    for (wal_soft_bytes, wal_hard_bytes) in [(1, u64::MAX), (1, 1), (1 << 18, 1 << 19)] {
        let options = SqliteOptions {
            wal_soft_bytes,
            wal_hard_bytes,
            ..SqliteOptions::new(LEDGER)
        };
        let store = SqliteStore::open(folder.path(), &options).await;
        let mut store = store.expect("a free folder");
        let mut chain = Chain::new(HashKind::Sha256);
        let reader = store.reader();
        chain = super::super::verify(&*reader, chain)
            .await
            .expect("nothing is wrong");
        let mut rounds = store.checkpointer.rounds();
        for row in rows(&mut chain, 50) {
            store.append(&[row], &[]).await.expect("the next row");
        }
        // At the latest the fiftieth append has asked for a round.
        rounds.changed().await.expect("the task runs");
        let checked = super::super::verify(&*reader, Chain::new(HashKind::Sha256)).await;
        assert_eq!(checked.expect("nothing is wrong"), chain);
        Box::new(store).close().await.expect("closes");
        assert_eq!(folder.log_bytes(), None);
    }
}

#[tokio::test]
async fn erased_personal_data_is_gone_from_the_disk() {
    const NAME: &str = "a name that stands nowhere else";
    let folder = folder().await.expect("always there");
    let mut store = folder.store().await;
    let mut chain = Chain::new(HashKind::Sha256);
    let key = PrivateKey { seq: 0, field: 1 };
    let opening = PersonalOpening {
        salt: [7; 16],
        value: NAME.into(),
    };
    let first = rows(&mut chain, 1);
    let private = PrivateRow { key, opening };
    store
        .append(&first, &[private])
        .await
        .expect("the first row");
    assert!(folder.holds(NAME));
    let mut rounds = store.checkpointer.rounds();
    assert_eq!(store.erase_private(&[key]).await.expect("erasable"), 1);
    while folder.log_bytes() != Some(0) {
        rounds.changed().await.expect("the task runs");
    }
    assert!(!folder.holds(NAME));
}
