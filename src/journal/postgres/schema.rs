//! The tables of a PostgreSQL journal: whether they are there, and making them.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnection;

use super::super::open::OpenError;
use super::super::store::LedgerUuid;
use super::url::PostgresUrl;
use super::{bytes, database};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Other tables of the same database have migrations of their own.
const MIGRATIONS_TABLE: &str = "journal_migrations";

/// SQLSTATE of a table that is not there.
const UNDEFINED_TABLE: &str = "42P01";

/// How often the tables are looked at while another process may be making them, one migration after
/// the other.
const ATTEMPTS: u32 = 8;

/// What was found of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// They are those of this version.
    Current,
    /// They are those of an older version.
    Older,
    /// There are none.
    None,
}

fn undefined_table(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == UNDEFINED_TABLE)
}

/// Looks at the tables and changes nothing.
pub(super) async fn inspect(
    connection: &mut PgConnection,
    url: &PostgresUrl,
) -> Result<Schema, OpenError> {
    let applied = sqlx::query("SELECT version, checksum FROM journal_migrations WHERE success")
        .fetch_all(connection)
        .await;
    let applied = match applied {
        Ok(rows) => rows,
        Err(error) if undefined_table(&error) => return Ok(Schema::None),
        Err(error) => return Err(database(error).into()),
    };
    let mut found = BTreeMap::new();
    for row in &applied {
        let version: i64 = row.try_get(0).map_err(database)?;
        let checksum: Vec<u8> = row.try_get(1).map_err(database)?;
        if !MIGRATIONS.version_exists(version) {
            return Err(OpenError::Newer {
                database: url.to_string(),
                version,
            });
        }
        found.insert(version, checksum);
    }
    for migration in MIGRATIONS.iter() {
        match found.get(&migration.version) {
            None if found.is_empty() => return Ok(Schema::None),
            None => return Ok(Schema::Older),
            Some(checksum) if checksum[..] == migration.checksum[..] => {}
            Some(_) => {
                let mismatch = MigrateError::VersionMismatch(migration.version);
                return Err(OpenError::Migration(Box::new(mismatch)));
            }
        }
    }
    Ok(Schema::Current)
}

/// Makes the tables where they are missing. A role that may not make tables can open a journal
/// whose tables are there.
pub(super) async fn make(
    connection: &mut PgConnection,
    url: &PostgresUrl,
) -> Result<(), OpenError> {
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    // The driver's lock is an advisory one, which compatible databases lack.
    migrator.set_locking(false);
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    let mut attempt = 0;
    while inspect(connection, url).await? != Schema::Current {
        attempt += 1;
        match migrator.run_direct(None, connection, false).await {
            Ok(()) => keep_bodies_plain(connection).await,
            // Of two processes that make the tables at once one fails and finds them made.
            Err(_) if attempt < ATTEMPTS => {}
            Err(error) => return Err(OpenError::Migration(Box::new(error))),
        }
    }
    Ok(())
}

/// Bodies are mostly hashes, codes and numbers: trying to compress them costs more than it saves.
/// Compatible databases do not know this and store them as they like.
async fn keep_bodies_plain(connection: &mut PgConnection) {
    let plain = sqlx::query("ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTERNAL")
        .execute(connection)
        .await;
    if let Err(error) = plain {
        let error = &error as &dyn std::error::Error;
        tracing::debug!(error, "the database chooses how bodies are stored");
    }
}

/// The ledger in the database, if there is one.
pub(super) async fn ledger_of(
    connection: &mut PgConnection,
    url: &PostgresUrl,
) -> Result<Option<LedgerUuid>, OpenError> {
    let first = sqlx::query("SELECT ledger FROM journal ORDER BY ledger LIMIT 1")
        .fetch_optional(&mut *connection)
        .await
        .map_err(database)?;
    let Some(first) = first else {
        return Ok(None);
    };
    let ledger = bytes(&first, 0, "ledger")?;
    let other = sqlx::query("SELECT 1 FROM journal WHERE ledger > $1 LIMIT 1")
        .bind(ledger.as_slice())
        .fetch_optional(connection)
        .await
        .map_err(database)?;
    match other {
        None => Ok(Some(ledger)),
        Some(_) => Err(OpenError::SeveralLedgers(url.to_string())),
    }
}
