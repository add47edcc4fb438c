//! The projector: reads committed rows in order and writes what follows from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::changes::{Changes, Value, number};
use super::database::{Tables, Transaction};
use super::events::transfers::{self, Parent, Proposed};
use super::events::{Memory, gather, note_voucher};
use super::schema::{self, Part, TABLES};
use super::{Position, ViewsError};
use crate::domain::{LedgerTag, VoucherId, hex};
use crate::engine::event::{Event, Recorded};
use crate::journal::codec;
use crate::journal::{LedgerUuid, ReadLimit, Row, StoreReader, frames};

/// What is read and written at once: one transaction. The more claims at once, the fewer changes of
/// vouchers and accounts, which are added up first. What is gathered of it takes some four times as
/// much memory.
const STEP: ReadLimit = ReadLimit {
    rows: 256,
    bytes: 32 << 20,
};

/// Events of a transaction that is a large one.
const MANY_EVENTS: u64 = 10_000;

/// Keeps the tables up with a journal. There is one at a time for a set of tables; a second one
/// finds the position moved and stops.
pub struct Projector {
    tables: Tables,
    reader: Arc<dyn StoreReader>,
    ledger: LedgerUuid,
    position: Position,
    /// Where the claims are, if that is ahead of the position: something has come between the
    /// commits of the parts.
    claims: Option<Position>,
    /// `None` while the next rows are gathered.
    memory: Option<Memory>,
    /// The next rows, gathered while the ones before are written.
    ahead: Option<JoinHandle<Result<Gathered, ViewsError>>>,
}

/// Rows that were read, and what of them was gathered.
struct Gathered {
    memory: Memory,
    changes: Changes,
    rest: Rest,
    /// What is finished with the tables before the rest is gathered.
    unfinished: Option<Recorded>,
    /// Up to where the tables are when all is written; `None` if there are no rows.
    next: Option<Position>,
}

/// Rows and events that are still to be gathered.
struct Rest {
    rows: std::vec::IntoIter<Row>,
    events: std::vec::IntoIter<Recorded>,
}

impl Rest {
    /// Gathers up to an event that needs the tables, which is answered, or to the end.
    fn gather(
        &mut self,
        memory: &mut Memory,
        changes: &mut Changes,
    ) -> Result<Option<Recorded>, ViewsError> {
        loop {
            for recorded in &mut self.events {
                if !gather(memory, changes, &recorded) {
                    return Ok(Some(recorded));
                }
            }
            let Some(row) = self.rows.next() else {
                return Ok(None);
            };
            self.events = decode(&row)?.into_iter();
        }
    }
}

fn decode(row: &Row) -> Result<Vec<Recorded>, ViewsError> {
    let broken = |error: &dyn std::error::Error| ViewsError::Journal {
        batch_no: row.head.batch_no,
        what: error.to_string(),
    };
    let mut events: Vec<Recorded> = Vec::new();
    for leaf in frames(&row.body) {
        let leaf = leaf.map_err(|error| broken(&error))?;
        codec::decode_into(leaf, &mut events).map_err(|error| broken(&error))?;
    }
    Ok(events)
}

/// Reads and gathers what comes after a number of batches.
async fn read_and_gather(
    reader: Arc<dyn StoreReader>,
    batches: u64,
    limit: ReadLimit,
    mut memory: Memory,
) -> Result<Gathered, ViewsError> {
    let rows = reader.rows_from(batches, limit).await?;
    let next = rows.last().map(|last| Position {
        batches: last.head.batch_no + 1,
        events: last.head.size(),
        root: hex(&last.head.root),
    });
    let gathering = tokio::task::spawn_blocking(move || {
        let mut changes = Changes::default();
        let mut rest = Rest {
            rows: rows.into_iter(),
            events: Vec::new().into_iter(),
        };
        let unfinished = rest.gather(&mut memory, &mut changes)?;
        Ok(Gathered {
            memory,
            changes,
            rest,
            unfinished,
            next,
        })
    });
    gathering.await.map_err(|_| ViewsError::Stopped)?
}

impl Projector {
    /// Opens the tables of a ledger. Tables of another ledger or another past are emptied, to be
    /// made anew.
    pub(super) async fn open(
        tables: Tables,
        reader: Arc<dyn StoreReader>,
        ledger: LedgerUuid,
    ) -> Result<Projector, ViewsError> {
        let rest = read_position(&tables, Part::Rest).await?;
        let claims = read_position(&tables, Part::Claims).await?;
        let mut projector = Projector {
            tables,
            reader,
            ledger,
            position: Position::START,
            claims: None,
            memory: None,
            ahead: None,
        };
        let is_known = rest.is_some();
        match (rest, claims) {
            (Some(rest), Some(claims)) if projector.may_go_on(&rest, &claims).await? => {
                projector.position = rest.1;
                projector.claims = Some(claims.1).filter(|at| *at != projector.position);
                projector.remember().await?;
            }
            _ => {
                if is_known {
                    let why = "they belong to another ledger or another past of this one";
                    tracing::warn!(why, "the views are made anew");
                }
                projector.clear().await?;
            }
        }
        Ok(projector)
    }

    /// True if both parts are of this ledger and its past, and the claims are not behind.
    async fn may_go_on(
        &self,
        rest: &(String, Position),
        claims: &(String, Position),
    ) -> Result<bool, ViewsError> {
        let ledger = hex(&self.ledger);
        let known = rest.0 == ledger && claims.0 == ledger && rest.1.events <= claims.1.events;
        Ok(known && self.is_past(&rest.1).await? && self.is_past(&claims.1).await?)
    }

    /// Up to where the tables are.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// True if the journal has had the root where the tables stand.
    async fn is_past(&self, position: &Position) -> Result<bool, ViewsError> {
        let Some(last) = position.events.checked_sub(1) else {
            return Ok(true);
        };
        let head = self.reader.head_of_seq(last).await?;
        Ok(head.is_some_and(|head| head.last_seq == last && hex(&head.root) == position.root))
    }

    /// Empties all tables.
    ///
    /// # Errors
    /// The tables cannot be written; they are then as before.
    pub async fn clear(&mut self) -> Result<(), ViewsError> {
        let mut tx = self.tables.begin(Part::Rest).await?;
        tx.take_long();
        // In the order in which a step takes them, so that neither waits for the other.
        let parts = [Part::Rest, Part::Claims];
        let positions = parts.map(|part| (part.number(), self.tables.position_of(part)));
        // Whoever writes them ends first, so that all that was written is seen.
        for (part, table) in &positions {
            tx.run(&format!(
                "UPDATE {table} SET events = events WHERE part = {part}"
            ))
            .await?;
        }
        for table in TABLES {
            tx.run(&format!("DELETE FROM {}", table.name)).await?;
        }
        for (_, table) in &positions {
            tx.run(&format!("DELETE FROM {table}")).await?;
        }
        for (part, table) in &positions {
            let place = format!(
                "INSERT INTO {table} (part, ledger, root, batches, events) \
                 VALUES ({part}, '', '', 0, 0)"
            );
            tx.run(&place).await?;
        }
        for part in parts {
            self.write_position(&mut tx, part, &Position::START).await?;
        }
        tx.commit().await?;
        self.position = Position::START;
        self.claims = None;
        self.ahead = None;
        self.memory = Some(self.empty_memory());
        Ok(())
    }

    fn empty_memory(&self) -> Memory {
        Memory {
            tag: LedgerTag::of_ledger(&self.ledger),
            codes: Vec::new(),
            years: Vec::new(),
            packs: BTreeMap::new(),
        }
    }

    async fn remember(&mut self) -> Result<(), ViewsError> {
        let codes = self
            .tables
            .all_texts("SELECT code FROM members ORDER BY id")
            .await?;
        // One row per run of vouchers of a year: there are millions of vouchers and few runs.
        let runs = "SELECT CAST(id AS TEXT) || ' ' || year FROM (\
            SELECT id, substr(issued_on, 1, 4) AS year, \
            LAG(substr(issued_on, 1, 4)) OVER (ORDER BY id) AS before \
            FROM issued_vouchers) AS years \
            WHERE before IS NULL OR before <> year ORDER BY id";
        let runs = self.tables.all_texts(runs).await?;
        let count = "SELECT CAST(COUNT(*) AS TEXT) FROM issued_vouchers";
        let count = self.tables.all_texts(count).await?;
        let count = count.first().and_then(|text| text.parse().ok());
        let packs = "SELECT CAST(id AS TEXT) || ' ' || CAST(carried_from AS TEXT) \
            FROM programmes WHERE carried_from IS NOT NULL ORDER BY id";
        let packs = self.tables.all_texts(packs).await?;
        self.memory = Some(Memory {
            packs: packs_of(&packs).ok_or(ViewsError::Missing("programmes"))?,
            codes: codes.iter().map(|code| code.parse().unwrap_or(0)).collect(),
            years: years_of(&runs, count.unwrap_or(0)).ok_or(MISSING_YEARS)?,
            ..self.empty_memory()
        });
        Ok(())
    }

    /// Reads on for one transaction; true if something was there.
    ///
    /// # Errors
    /// Nothing was changed then, and a projector that is opened anew goes on from there; this one
    /// cannot.
    pub async fn step(&mut self) -> Result<bool, ViewsError> {
        let mut gathered = match self.ahead.take() {
            Some(ahead) => ahead.await.map_err(|_| ViewsError::Stopped)??,
            None => self.gather_next().await?,
        };
        if gathered.next.is_none() {
            // What was looked for ahead may have come in since.
            self.memory = Some(gathered.memory);
            gathered = self.gather_next().await?;
        }
        let Gathered {
            mut memory,
            mut changes,
            mut rest,
            mut unfinished,
            next,
        } = gathered;
        let Some(next) = next else {
            self.memory = Some(memory);
            return Ok(false);
        };
        let mut tx = self.tables.begin(Part::Rest).await?;
        self.take_turn(&mut tx, Part::Rest).await?;
        while let Some(recorded) = unfinished {
            tx.write(&changes.take(Part::Rest)).await?;
            self.finish(&mut tx, &mut memory, &mut changes, &recorded)
                .await?;
            unfinished = rest.gather(&mut memory, &mut changes)?;
        }
        let claims_are_written = self.claims.is_some();
        self.claims = self.claims.take().filter(|claims| *claims != next);
        let reader = Arc::clone(&self.reader);
        let limit = self.limit(next.batches);
        let following = read_and_gather(reader, next.batches, limit, memory);
        self.ahead = Some(tokio::spawn(following));
        self.write(tx, changes, &next, claims_are_written).await?;
        let many = next.events - self.position.events > MANY_EVENTS;
        self.position = next;
        self.tables.committed(many).await?;
        Ok(true)
    }

    /// Writes and commits both parts, each on a connection of its own at the same time. The claims
    /// are committed first, so that they are never behind.
    async fn write(
        &self,
        mut tx: Transaction,
        mut changes: Changes,
        next: &Position,
        claims_are_written: bool,
    ) -> Result<(), ViewsError> {
        let [claims, rest] = [Part::Claims, Part::Rest].map(|part| changes.take(part));
        if claims_are_written {
            tx.write(&rest).await?;
        } else {
            let mut beside = self.tables.begin(Part::Claims).await?;
            self.take_turn(&mut beside, Part::Claims).await?;
            // Neither is left in the middle of a statement if the other one fails.
            let written = tokio::join!(beside.write(&claims), tx.write(&rest));
            written.0.and(written.1)?;
            self.write_position(&mut beside, Part::Claims, next).await?;
            beside.commit().await?;
        }
        self.write_position(&mut tx, Part::Rest, next).await?;
        tx.commit().await
    }

    async fn gather_next(&mut self) -> Result<Gathered, ViewsError> {
        let memory = self.memory.take().ok_or(ViewsError::Stopped)?;
        let reader = Arc::clone(&self.reader);
        let limit = self.limit(self.position.batches);
        read_and_gather(reader, self.position.batches, limit, memory).await
    }

    /// What is read after a number of batches: not beyond claims that are ahead.
    fn limit(&self, batches: u64) -> ReadLimit {
        let ahead = self.claims.as_ref().map(|claims| claims.batches - batches);
        let rows = ahead.and_then(|rows| u32::try_from(rows).ok());
        ReadLimit {
            rows: rows.map_or(STEP.rows, |rows| rows.min(STEP.rows)),
            ..STEP
        }
    }

    /// Stops where somebody else has moved the position; nobody else can until the commit.
    async fn take_turn(&self, tx: &mut Transaction, part: Part) -> Result<(), ViewsError> {
        let place = format!("WHERE part = {}", part.number());
        let table = self.tables.position_of(part);
        tx.run(&format!("UPDATE {table} SET events = events {place}"))
            .await?;
        let sql = format!("SELECT CAST(events AS TEXT) FROM {table} {place}");
        let found = tx.texts(&sql, &[]).await?;
        if found == [self.position.events.to_string()] {
            Ok(())
        } else {
            Err(ViewsError::Moved)
        }
    }

    async fn write_position(
        &self,
        tx: &mut Transaction,
        part: Part,
        position: &Position,
    ) -> Result<(), ViewsError> {
        let sql = format!(
            "UPDATE {} SET ledger = '{}', root = '{}', batches = {}, events = {} WHERE part = {}",
            self.tables.position_of(part),
            hex(&self.ledger),
            position.root,
            position.batches,
            position.events,
            part.number()
        );
        tx.run(&sql).await
    }

    /// Decisions on transfers name their proposal only.
    async fn finish(
        &self,
        tx: &mut Transaction,
        memory: &mut Memory,
        changes: &mut Changes,
        recorded: &Recorded,
    ) -> Result<(), ViewsError> {
        let event = &recorded.event;
        let id = match event {
            Event::TransferDeclined(e) => e.transfer.0,
            Event::TransferReleased(e) => e.transfer.0,
            Event::TransferApproved(e) => e.transfer.0,
            Event::TransferMoved(e) => e.transfer.0,
            _ => return Ok(()),
        };
        let proposed: Proposed = self.one(tx, &schema::TRANSFERS, id).await?;
        note_voucher(changes, &recorded.meta, VoucherId(proposed.voucher));
        transfers::ended(changes, event, &proposed);
        match event {
            Event::TransferApproved(e) if e.child.is_some() => {
                let parent: Parent = self.one(tx, &schema::VOUCHERS, proposed.voucher).await?;
                transfers::child(memory, changes, &recorded.meta, e, &proposed, &parent);
            }
            Event::TransferMoved(e) => {
                transfers::moved_child(memory, changes, &recorded.meta, e, &proposed);
            }
            _ => {}
        }
        Ok(())
    }

    async fn one<T: serde::de::DeserializeOwned>(
        &self,
        tx: &mut Transaction,
        table: &schema::Table,
        id: u32,
    ) -> Result<T, ViewsError> {
        let object = self.tables.dialect().row_of(table, "");
        let sql = format!(
            "SELECT CAST({object} AS TEXT) FROM {} WHERE id = $1",
            table.name
        );
        let found = tx.texts(&sql, &[number(id)]).await?;
        let text = found.first().ok_or(ViewsError::Missing(table.name))?;
        serde_json::from_str(text).map_err(|_| ViewsError::Missing(table.name))
    }
}

const MISSING_YEARS: ViewsError = ViewsError::Missing("vouchers");

/// The year of every voucher; each run is the first voucher of it and its year.
fn years_of(runs: &[String], count: usize) -> Option<Vec<u16>> {
    let mut years = Vec::with_capacity(count);
    let mut year = None;
    for run in runs {
        let (first, next) = run.split_once(' ')?;
        years.resize(first.parse().ok()?, year.unwrap_or(0));
        year = Some(next.parse().ok()?);
    }
    years.resize(count, year.unwrap_or(0));
    Some(years)
}

/// The programme of every pack; each text is a pack and what it was carried out of.
fn packs_of(carried: &[String]) -> Option<BTreeMap<u16, u16>> {
    let mut packs = BTreeMap::new();
    for carry in carried {
        let (pack, from) = carry.split_once(' ')?;
        let (pack, from) = (pack.parse().ok()?, from.parse().ok()?);
        let programme = packs.get(&from).copied().unwrap_or(from);
        packs.insert(pack, programme);
    }
    Some(packs)
}

/// The ledger of the tables and up to where a part of them is.
pub(super) async fn read_position(
    tables: &Tables,
    part: Part,
) -> Result<Option<(String, Position)>, ViewsError> {
    let sql = format!(
        "SELECT ledger || ' ' || CAST(batches AS TEXT) || ' ' || CAST(events AS TEXT) || \
         ' ' || root FROM {} WHERE part = $1",
        tables.position_of(part)
    );
    let found = tables.texts(&sql, &[Value::Number(part.number())]).await?;
    let Some(text) = found.first() else {
        return Ok(None);
    };
    let mut parts = text.split(' ');
    let mut next = || parts.next().unwrap_or_default();
    let ledger = next().to_owned();
    let mut count = || {
        next()
            .parse()
            .map_err(|_| ViewsError::Missing("view_position"))
    };
    let position = Position {
        batches: count()?,
        events: count()?,
        root: next().to_owned(),
    };
    Ok(Some((ledger, position)))
}
