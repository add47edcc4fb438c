//! The lease in a PostgreSQL database, on a connection of its own.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};
use tokio::sync::Mutex;

use super::super::lease::{Candidate, Lease, LeaseRow};
use super::super::store::StoreError;
use super::{Access, bytes, database, integer, within};

const LOOK: &str = "SELECT node, address, secret, beat, held FROM lease";

const INSERT: &str = "INSERT INTO lease (only_one, node, address, secret, beat, held) \
    VALUES (1, $1, $2, $3, 1, $4) ON CONFLICT (only_one) DO NOTHING";

const UPDATE: &str = "UPDATE lease SET node = $1, address = $2, secret = $3, beat = beat + 1, \
    held = $4 WHERE only_one = 1 AND beat = $5";

/// How long the database may take: a lease is worth nothing after a term.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct PostgresLease {
    access: Access,
    /// `None` after a failure.
    connection: Mutex<Option<PgConnection>>,
}

impl PostgresLease {
    pub(super) fn new(access: &Access) -> PostgresLease {
        let limit = |timeout: Duration| timeout.min(PATIENCE);
        PostgresLease {
            access: Access {
                url: access.url.clone(),
                connect_timeout: limit(access.connect_timeout),
                answer_timeout: limit(access.answer_timeout),
            },
            connection: Mutex::new(None),
        }
    }

    /// The connection there is, or a new one; who has come to a good end puts it back.
    async fn connection(
        &self,
        kept: &mut Option<PgConnection>,
    ) -> Result<PgConnection, StoreError> {
        if let Some(connection) = kept.take() {
            return Ok(connection);
        }
        let connection = self.access.connect().await?;
        self.access.writing(connection).await
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        match self.connection.lock().await.take() {
            Some(connection) => within(self.access.connect_timeout, connection.close()).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Lease for PostgresLease {
    async fn look(&self) -> Result<Option<LeaseRow>, StoreError> {
        let mut kept = self.connection.lock().await;
        let mut connection = self.connection(&mut kept).await?;
        let reading = sqlx::query(LOOK).fetch_optional(&mut connection);
        let found = within(self.access.answer_timeout, reading).await?;
        *kept = Some(connection);
        let Some(row) = found else {
            return Ok(None);
        };
        let text = |index: usize| row.try_get::<String, _>(index).map_err(database);
        let beat: i64 = row.try_get(3).map_err(database)?;
        Ok(Some(LeaseRow {
            beat: u64::try_from(beat).map_err(|_| StoreError::Malformed { column: "beat" })?,
            held: row.try_get(4).map_err(database)?,
            leader: Candidate {
                node: bytes(&row, 0, "node")?,
                address: text(1)?,
                secret: text(2)?,
            },
        }))
    }

    async fn write(
        &self,
        read: Option<u64>,
        leader: &Candidate,
        held: bool,
    ) -> Result<bool, StoreError> {
        let mut kept = self.connection.lock().await;
        let mut connection = self.connection(&mut kept).await?;
        let query = sqlx::query(if read.is_some() { UPDATE } else { INSERT })
            .bind(leader.node.as_slice())
            .bind(&leader.address)
            .bind(&leader.secret)
            .bind(held);
        let query = match read {
            Some(beat) => query.bind(integer("beat", beat)?),
            None => query,
        };
        let written = within(self.access.answer_timeout, query.execute(&mut connection)).await?;
        *kept = Some(connection);
        Ok(written.rows_affected() == 1)
    }
}
