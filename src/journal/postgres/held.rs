//! A connection of a pool, as long as somebody uses it.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Error, Postgres};

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

    /// Gives it back. Nothing is under way on it.
    pub(crate) fn give_back(mut self) {
        self.good = true;
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
