use sqlx::Executor as _;

use super::super::contract::{Fixture, Tamper, contract_tests};
use super::super::hash::HashKind;
use super::super::row::Chain;
use super::super::testing::cluster::{Cluster, OWNER, PASSWORD, database_of};
use super::super::testing::rows;
use super::*;
use crate::domain::PersonalOpening;

const LEDGER: LedgerUuid = [0x5a; 16];

struct Base {
    cluster: &'static Cluster,
    url: String,
}

async fn base() -> Option<Base> {
    let made = tokio::task::spawn_blocking(|| {
        let cluster = Cluster::shared()?;
        let url = cluster.new_database();
        Some(Base { cluster, url })
    });
    made.await.expect("no panic")
}

impl Base {
    fn options(&self) -> PostgresOptions {
        PostgresOptions::new(self.url.parse().expect("an address"), LEDGER)
    }

    async fn store(&self) -> PostgresStore {
        PostgresStore::open(&self.options())
            .await
            .expect("a database of our own")
    }

    async fn connection(&self) -> PgConnection {
        let connection = PgConnection::connect(&self.url).await;
        connection.expect("a database of our own")
    }
}

#[async_trait]
impl Fixture for Base {
    async fn open(&self) -> Box<dyn Store> {
        Box::new(self.store().await)
    }

    async fn open_unlocked(&self) -> Box<dyn Store> {
        self.open().await
    }

    async fn tamper(&self, tamper: Tamper) {
        let mut connection = self.connection().await;
        let unguarded = "ALTER TABLE journal DROP CONSTRAINT journal_batch_no, \
            DROP CONSTRAINT journal_first_seq, DROP CONSTRAINT journal_prev_root, \
            DROP CONSTRAINT journal_shape";
        connection.execute(unguarded).await.expect("they are there");
        let (sql, row, other) = match tamper {
            Tamper::DeleteFrom(row) => ("DELETE FROM journal WHERE batch_no >= $1", row, 0),
            Tamper::Delete(row) => ("DELETE FROM journal WHERE batch_no = $1", row, 0),
            Tamper::FlipBodyByte(row, at) => {
                let sql = "UPDATE journal SET body = set_byte(body, $2::int, \
                    get_byte(body, $2::int) # 1) WHERE batch_no = $1";
                (sql, row, at as u64)
            }
            Tamper::FlipRootByte(row) => {
                let sql = "UPDATE journal SET root = set_byte(root, 0, get_byte(root, 0) # 1) \
                    WHERE batch_no = $1";
                (sql, row, 0)
            }
            Tamper::Swap(row, other) => {
                let sql = "UPDATE journal SET batch_no = $1 + $2 - batch_no \
                    WHERE batch_no IN ($1, $2)";
                (sql, row, other)
            }
            Tamper::Copy(row, to) => {
                let sql = "INSERT INTO journal SELECT ledger, $2, first_seq, last_seq, epoch, \
                    prev_root, root, body FROM journal WHERE batch_no = $1";
                (sql, row, to)
            }
        };
        // A statement takes no more parameters than it names.
        let query = sqlx::query(sql).bind(row as i64);
        let query = if sql.contains("$2") {
            query.bind(other as i64)
        } else {
            query
        };
        let done = query.execute(&mut connection).await;
        assert!(
            done.expect("nothing forbids it").rows_affected() > 0,
            "{tamper:?}"
        );
    }
}

contract_tests!(base);

#[tokio::test]
async fn the_database_says_which_ledger_it_holds() {
    let Some(base) = base().await else { return };
    assert!(
        PostgresStore::read_only(&base.options())
            .await
            .expect("empty")
            .is_none()
    );
    let mut store = base.store().await;
    assert_eq!(store.ledger(), LEDGER);
    assert!(
        PostgresStore::read_only(&base.options())
            .await
            .expect("no row")
            .is_none()
    );
    let rows = rows(&mut Chain::new(HashKind::Sha256), 1);
    store.append(&rows, &[]).await.expect("the first row");
    assert!(
        PostgresStore::read_only(&base.options())
            .await
            .expect("a row")
            .is_some()
    );
    let other = PostgresOptions {
        new_ledger: [1; 16],
        ..base.options()
    };
    let store = PostgresStore::open(&other).await.expect("a journal");
    assert_eq!(store.ledger(), LEDGER);
    let copied = "INSERT INTO journal SELECT '\\x01010101010101010101010101010101', batch_no, \
        first_seq, last_seq, epoch, prev_root, root, body FROM journal";
    let mut connection = base.connection().await;
    connection.execute(copied).await.expect("another ledger");
    let several = PostgresStore::open(&base.options()).await;
    assert!(
        matches!(several, Err(OpenError::SeveralLedgers(_))),
        "{several:?}"
    );
}

async fn synchronous_commit(store: &mut PostgresStore) -> String {
    let mut connection = store.take_connection().await.expect("a connection");
    let row = sqlx::query("SELECT current_setting('synchronous_commit')")
        .fetch_one(&mut connection)
        .await;
    store.keep_connection(connection);
    row.expect("readable").get(0)
}

#[tokio::test]
async fn commits_are_durable_whatever_the_default_is() {
    let Some(base) = base().await else { return };
    let database = database_of(&base.url);
    let cases = [
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("on", "on"),
        ("remote_apply", "remote_apply"),
    ];
    for (default, expected) in cases {
        let sql = format!("ALTER DATABASE {database} SET synchronous_commit = {default}");
        base.cluster.sql("postgres", &sql);
        let mut store = base.store().await;
        assert_eq!(synchronous_commit(&mut store).await, expected, "{default}");
        // So it is on a connection that was made later.
        store.connection = None;
        assert_eq!(synchronous_commit(&mut store).await, expected, "{default}");
    }
}

/// Lets every commit that adds a row to the journal fail at its very end.
const FAIL_AT_COMMIT: &str = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'; END $$; \
    CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION fail()";

#[tokio::test]
async fn an_error_at_the_end_of_the_commit_is_no_success() {
    let Some(base) = base().await else { return };
    let mut store = base.store().await;
    let rows = rows(&mut Chain::new(HashKind::Sha256), 3);
    let mut connection = base.connection().await;
    connection.execute(FAIL_AT_COMMIT).await.expect("a trigger");
    for rows in [&rows[..1], &rows[..2]] {
        let outcome = store.append(rows, &[]).await;
        assert!(
            matches!(outcome, Err(AppendError::Unknown(_))),
            "{outcome:?}"
        );
        assert_eq!(store.head().await.expect("readable"), None);
    }
    connection
        .execute("DROP TRIGGER fail ON journal")
        .await
        .expect("there it was");
    store.append(&rows, &[]).await.expect("the first rows");
}

#[tokio::test]
async fn a_refused_append_lets_the_next_writer_in_at_once() {
    let Some(base) = base().await else { return };
    let (mut first, mut second) = (base.store().await, base.store().await);
    let rows = rows(&mut Chain::new(HashKind::Sha256), 3);
    let mut broken = rows.clone();
    broken[2].head.prev_root[0] ^= 1;
    let outcome = first.append(&broken, &[]).await;
    assert!(
        matches!(outcome, Err(AppendError::Fenced { batch_no: 2, .. })),
        "{outcome:?}"
    );
    second.append(&rows, &[]).await.expect("the first rows");
}

async fn end_sessions(base: &Base) {
    let mut connection = base.connection().await;
    connection
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .expect("the owner may");
}

#[tokio::test]
async fn a_connection_lost_while_idle_is_made_anew_and_one_lost_in_use_is_told() {
    let Some(base) = base().await else { return };
    let mut store = base.store().await;
    let reader = store.reader();
    let rows = rows(&mut Chain::new(HashKind::Sha256), 3);
    store.append(&rows[..1], &[]).await.expect("the first row");
    assert_eq!(reader.head().await.expect("readable"), Some(rows[0].head));
    end_sessions(&base).await;
    store.used -= IDLE;
    store.append(&rows[1..2], &[]).await.expect("the next row");
    assert_eq!(reader.head().await.expect("readable"), Some(rows[1].head));
    end_sessions(&base).await;
    let outcome = store.append(&rows[2..], &[]).await;
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    assert_eq!(store.head().await.expect("readable"), Some(rows[1].head));
    store.append(&rows[2..], &[]).await.expect("the next row");
}

#[tokio::test]
async fn a_writer_that_was_given_up_cannot_slip_in_behind_its_successor() {
    let Some(base) = base().await else { return };
    let options = PostgresOptions {
        answer_timeout: Duration::from_millis(300),
        ..base.options()
    };
    let mut store = PostgresStore::open(&options).await.expect("a database");
    let rows = rows(&mut Chain::new(HashKind::Sha256), 2);
    store.append(&rows[..1], &[]).await.expect("the first row");
    // A lock of somebody else's holds up the insert until after the writer has given up.
    let mut other = base.connection().await;
    let mut lock = other.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE journal IN SHARE MODE")
        .await
        .expect("a lock");
    let outcome = store.append(&rows[1..], &[]).await;
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    let mut successor = base.store().await;
    let mut next = rows[1].clone();
    next.head.epoch += 1;
    let next = [next];
    let appending = successor.append(&next, &[]);
    let letting_go = async {
        // The successor waits for the lock behind the writer that was given up.
        let waiting = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut watch = base.connection().await;
        loop {
            let row = sqlx::query(waiting).fetch_one(&mut watch).await;
            if row.expect("readable").get::<i64, _>(0) == 2 {
                break;
            }
        }
        lock.rollback().await.expect("lets go");
    };
    let (outcome, ()) = tokio::join!(appending, letting_go);
    let head = store.head().await.expect("readable").expect("a row");
    match outcome {
        Ok(()) => assert_eq!(head, next[0].head),
        Err(AppendError::Fenced { .. }) => assert_eq!(head, rows[1].head),
        other => panic!("{other:?}"),
    }
    let chain = super::super::verify(&*store.reader(), Chain::new(HashKind::Sha256)).await;
    assert_eq!(chain.expect("nothing is wrong").head(), Some(&head));
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let Some(base) = base().await else { return };
    base.store().await;
    let newer = "INSERT INTO journal_migrations \
        SELECT 9999, 'newer', now(), true, checksum, 0 FROM journal_migrations LIMIT 1";
    let mut connection = base.connection().await;
    connection.execute(newer).await.expect("a row");
    let opened = PostgresStore::open(&base.options()).await;
    let Err(OpenError::Newer { version: 9999, .. }) = opened else {
        panic!("{opened:?}")
    };
    connection
        .execute("DELETE FROM journal_migrations WHERE version = 9999")
        .await
        .expect("the row");
    connection
        .execute("UPDATE journal_migrations SET checksum = '\\x00'")
        .await
        .expect("a row");
    let opened = PostgresStore::open(&base.options()).await;
    assert!(matches!(opened, Err(OpenError::Migration(_))), "{opened:?}");
}

#[tokio::test]
async fn a_role_that_may_not_make_tables_can_write_where_they_are() {
    let Some(base) = base().await else { return };
    let database = database_of(&base.url);
    let role = format!("clerk_{database}");
    let sql = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'");
    base.cluster.sql(database, &sql);
    let url = base.cluster.url(&role, PASSWORD, database);
    let options = PostgresOptions::new(url.parse().expect("an address"), LEDGER);
    let opened = PostgresStore::open(&options).await;
    assert!(matches!(opened, Err(OpenError::Migration(_))), "{opened:?}");
    base.store().await;
    let grants = format!(
        "GRANT SELECT ON journal_migrations TO {role}; GRANT SELECT, INSERT ON journal TO {role}; \
         GRANT SELECT, INSERT, DELETE ON private TO {role}"
    );
    base.cluster.sql(database, &grants);
    let mut store = PostgresStore::open(&options).await.expect("the tables");
    let rows = rows(&mut Chain::new(HashKind::Sha256), 1);
    store.append(&rows, &[]).await.expect("the first row");
}

#[tokio::test]
async fn two_that_make_the_tables_at_once_both_find_them() {
    let Some(base) = base().await else { return };
    let (first, second) = tokio::join!(base.store(), base.store());
    assert_eq!(first.ledger(), second.ledger());
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let Some(base) = base().await else { return };
    let wrong = [
        base.cluster.url(OWNER, "wrong-one", database_of(&base.url)),
        base.cluster.url(OWNER, PASSWORD, "nothing"),
        format!("postgres://{OWNER}:{PASSWORD}@127.0.0.1:1/nothing"),
    ];
    for url in wrong {
        let options = PostgresOptions::new(url.parse().expect("an address"), LEDGER);
        let error = PostgresStore::open(&options).await.expect_err("not there");
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        for text in [
            crate::cli::causes(&error),
            format!("{error:?}"),
            format!("{options:?}"),
        ] {
            assert!(!text.contains(PASSWORD), "{text}");
            assert!(!text.contains("wrong-one"), "{text}");
        }
    }
}

#[tokio::test]
async fn large_batches_and_many_openings_come_back_as_written() {
    let Some(base) = base().await else { return };
    let mut store = base.store().await;
    let mut body = super::super::body::BodyWriter::default();
    for n in 0..200_u32 {
        let leaf: Vec<u8> = (0..60_000_u32).map(|i| (i * n) as u8).collect();
        body.push(&leaf).expect("a leaf of the greatest size");
    }
    let mut chain = Chain::new(HashKind::Sha256);
    let row = chain.seal(0, body.take(Vec::new())).expect("good frames");
    let private: Vec<PrivateRow> = (0..5_000_u16)
        .map(|field| PrivateRow {
            key: PrivateKey { seq: 7, field },
            opening: PersonalOpening {
                salt: [9; 16],
                value: format!("张{field}").into(),
            },
        })
        .collect();
    store
        .append(std::slice::from_ref(&row), &private)
        .await
        .expect("twelve megabytes");
    let reader = store.reader();
    assert_eq!(reader.row_of_seq(199).await.expect("readable"), Some(row));
    let read = reader.private_after(None, 10_000).await.expect("readable");
    assert_eq!(read, private);
    let keys: Vec<PrivateKey> = private.iter().map(|row| row.key).collect();
    assert_eq!(store.erase_private(&keys).await.expect("erasable"), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_falls_silent_as_it_is_given_back_leaves_its_place_to_another() {
    let Some(base) = base().await else {
        return;
    };
    let options: PgConnectOptions = base.url.parse().expect("an address");
    let pool = PoolOptions::<Postgres>::new()
        .max_connections(1)
        .acquire_timeout(2 * held::TRIED)
        .connect_with(options);
    let pool = pool.await.expect("a database of our own");
    let who = |held: Held| async move {
        let mut held = held;
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()");
        let pid: i32 = pid.fetch_one(&mut *held).await.expect("a number");
        (held, pid)
    };
    let signal = |name: &str, pid: i32| {
        let sent = std::process::Command::new("kill")
            .args([name, &pid.to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    };
    let (held, first) = who(Held::of(&pool).await.expect("a connection")).await;
    signal("-STOP", first);
    held.give_back();
    let next = Held::of(&pool).await;
    signal("-CONT", first);
    let (held, second) = who(next.expect("a place")).await;
    assert_ne!(first, second);
    held.give_back();
    let (_, third) = who(Held::of(&pool).await.expect("a connection")).await;
    assert_eq!(second, third, "what answers is kept");
}
