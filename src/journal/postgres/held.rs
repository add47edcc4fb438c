//! A connection of a pool, as long as somebody uses it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Error, Postgres};

/// How long the pool may try a connection that is given back.
pub(super) const TRIED: Duration = Duration::from_secs(5);

/// A connection that goes back to its pool only when it is given back. Else it is closed: an answer
/// that nobody waits for any more may still be under way on it, or may never come, and the pool
/// would wait for that answer without an end.
pub(crate) struct Held {
    connection: PoolConnection<Postgres>,
    good: bool,
}

impl Held {
    /// Takes one from a pool.
    pub(crate) async fn of(pool: &PgPool) -> Result<Held, Error> {
        let connection = pool.acquire().await?;
        Ok(Held {
            connection,
            good: false,
        })
    }

    /// Gives it back. Nothing is under way on it. The pool tries it before it takes it, and by
    /// itself would wait for that answer, too, without an end; a connection that does not answer is
    /// closed, and its place in the pool is free.
    pub(crate) fn give_back(mut self) {
        self.good = true;
        tokio::spawn(tokio::time::timeout(
            TRIED,
            self.connection.return_to_pool(),
        ));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.good {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
