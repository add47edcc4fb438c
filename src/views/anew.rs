//! Tables that are taken away, so that they can be made anew: nothing is lost with them.

use std::path::Path;

use sqlx::{AssertSqlSafe, PgPool, Row as _};

use super::ViewsError;
use super::database::{CLAIMS_FILE, FILE, MIGRATIONS_TABLE, failed, set};
use super::schema::{JOINED, TABLES};

/// How long the tables are waited for, which a reporting tool may have in a transaction.
const PATIENCE: &[(&str, &str)] = &[("lock_timeout", "10s")];

/// Results of SQLite that say that a file is no database, or a damaged one.
const DAMAGED: [u8; 2] = [11, 26];

/// The one that says that there is no such table or column, or one too many.
const OTHER_TABLES: u8 = 1;

/// True if SQLite says that a file is damaged or, where nothing is asked that its tables do not
/// have, that they are not those of this program.
pub(super) fn is_unreadable(error: &sqlx::Error, other_tables: bool) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    let sqlite = error.try_downcast_ref::<sqlx::sqlite::SqliteError>();
    let code =
        sqlite.and_then(|error| sqlx::error::DatabaseError::code(error)?.parse::<u32>().ok());
    // What stands above the lowest byte tells more closely what it was.
    code.is_some_and(|code| {
        let [code, ..] = code.to_le_bytes();
        DAMAGED.contains(&code) || (other_tables && code == OTHER_TABLES)
    })
}

/// Removes both files, the one with the position first: whatever comes in between, the rest is
/// never taken for whole.
pub(super) fn remove_files(folder: &Path) -> Result<(), ViewsError> {
    for name in [FILE, CLAIMS_FILE] {
        for end in ["", "-wal", "-shm", "-journal"] {
            match std::fs::remove_file(folder.join(format!("{name}{end}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(ViewsError::Database(error.into()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Drops what the migrations have made, whatever is there of it.
pub(super) async fn drop_tables(pool: &PgPool) -> Result<(), ViewsError> {
    let names = TABLES.iter().chain(JOINED).map(|table| table.name);
    let names = names.chain(["view_position", MIGRATIONS_TABLE]);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let patience = set(pool, PATIENCE).await?;
    let mut tx = pool.begin().await.map_err(failed)?;
    if let Some(patience) = patience {
        let set = sqlx::query(AssertSqlSafe(patience)).execute(&mut *tx);
        set.await.map_err(failed)?;
    }
    let there = "SELECT CAST(table_name AS TEXT), CAST(table_type AS TEXT) \
        FROM information_schema.tables WHERE table_schema = current_schema()";
    let there = sqlx::query(there).fetch_all(&mut *tx).await;
    let (mut views, mut tables) = (Vec::new(), Vec::new());
    for row in there.map_err(failed)? {
        let name: String = row.try_get(0).map_err(failed)?;
        let kind: String = row.try_get(1).map_err(failed)?;
        match kind.as_str() {
            _ if !names.contains(&name) => {}
            "VIEW" => views.push(name),
            _ => tables.push(name),
        }
    }
    for (kind, names) in [("VIEW", views), ("TABLE", tables)] {
        if !names.is_empty() {
            let drop = AssertSqlSafe(format!("DROP {kind} {}", names.join(", ")));
            let dropped = sqlx::query(drop).execute(&mut *tx).await;
            dropped.map_err(failed)?;
        }
    }
    tx.commit().await.map_err(failed)
}
