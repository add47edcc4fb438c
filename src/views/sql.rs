//! The statements, written once for SQLite and PostgreSQL: rows come in as one JSON array of
//! arrays, so that a statement takes thousands of them and stays the same.

use super::changes::Update;
use super::schema::{ACCOUNT_DAYS, Table, Type};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The rows of the parameter as a table with one column, `value`.
    fn rows(self) -> &'static str {
        match self {
            // Kept as a table of its own: SQLite would else write `value` into every place where
            // it is used, and make the text of a row anew for each of its columns.
            Dialect::Sqlite => {
                "(WITH j AS MATERIALIZED (SELECT value FROM json_each($1)) SELECT value FROM j)"
            }
            Dialect::Postgres => "jsonb_array_elements(CAST($1 AS jsonb)) AS j(value)",
        }
    }

    /// The function that makes an object of names and values.
    pub(super) fn object(self) -> &'static str {
        match self {
            Dialect::Sqlite => "json_object",
            Dialect::Postgres => "json_build_object",
        }
    }

    /// A row of a table as one JSON object.
    pub(super) fn row_of(self, table: &Table, prefix: &str) -> String {
        let columns = table
            .columns
            .iter()
            .map(|(name, _)| format!("'{name}', {prefix}{name}"));
        let columns: Vec<String> = columns.collect();
        format!("{}({})", self.object(), columns.join(", "))
    }
}

/// Column `place` of a row.
fn column(place: usize, kind: Type) -> String {
    match kind {
        Type::Number => format!("CAST(value ->> {place} AS BIGINT)"),
        Type::Text => format!("value ->> {place}"),
    }
}

pub(super) fn insert(dialect: Dialect, table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let columns = table.columns.iter().enumerate();
    let columns: Vec<String> = columns.map(|(i, (_, kind))| column(i, *kind)).collect();
    let mut sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM {}",
        table.name,
        names.join(", "),
        columns.join(", "),
        dialect.rows()
    );
    if table.name == ACCOUNT_DAYS.name {
        // Without WHERE, SQLite takes ON for a join.
        sql += " WHERE true ON CONFLICT (party, account, about, about_id, day) DO UPDATE SET \
            debits = account_days.debits + excluded.debits, \
            credits = account_days.credits + excluded.credits";
    }
    sql
}

/// Table, what is set, and where; `c` holds the row's columns as c0, c1 and so on.
fn parts(update: Update) -> (&'static str, &'static str, &'static str, &'static [Type]) {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    match update {
        Update::VoucherMoney => (
            "vouchers",
            "free = vouchers.free + c.c1, held = vouchers.held + c.c2, \
             approved = vouchers.approved + c.c3, returned = vouchers.returned + c.c4",
            "vouchers.id = c.c0",
            &[N, N, N, N, N],
        ),
        Update::VoucherFrozen => ("vouchers", "frozen = c.c1", "vouchers.id = c.c0", &[N, N]),
        Update::VoucherRevoked => ("vouchers", "revoked = c.c1", "vouchers.id = c.c0", &[N, N]),
        Update::TransferStatus => (
            "transfers",
            "status = c.c1, child = c.c2",
            "transfers.id = c.c0",
            &[N, T, N],
        ),
        Update::ClaimStatus => ("claims", "status = c.c1", "claims.id = c.c0", &[N, T]),
        Update::LinesVoided => (
            "obligation_lines",
            "voided = 1",
            "obligation_lines.id IN (SELECT line.id FROM claims, obligation_lines AS line \
             WHERE claims.id = c.c0 AND line.id >= claims.first_line \
             AND line.id < claims.first_line + claims.line_count)",
            &[N],
        ),
        Update::ClaimLines => (
            "claims",
            "first_line = c.c1, line_count = c.c2",
            "claims.id = c.c0",
            &[N, N, N],
        ),
        Update::PaymentReturned => ("payments", "returned = c.c1", "payments.id = c.c0", &[N, N]),
        Update::InstructionMoney => (
            "instructions",
            "paid = instructions.paid + c.c1, carried = instructions.carried + c.c2",
            "instructions.id = c.c0",
            &[N, N, N],
        ),
        Update::PositionConfirmed => (
            "positions",
            "confirmed = c.c2",
            "positions.period = c.c0 AND positions.member = c.c1",
            &[N, N, N],
        ),
        Update::Period => (
            "periods",
            "status = c.c1, gross = COALESCE(c.c2, periods.gross), \
             closed_on = COALESCE(c.c3, periods.closed_on), \
             pay_by = COALESCE(c.c4, periods.pay_by), carried = periods.carried + c.c5",
            "periods.id = c.c0",
            &[N, T, N, T, T, N],
        ),
        Update::ProgrammeBudget => (
            "programmes",
            "budget = programmes.budget + c.c1",
            "programmes.id = c.c0",
            &[N, N],
        ),
        Update::MemberProtocol => (
            "members",
            "signed_protocol = c.c1",
            "members.id = c.c0",
            &[N, N],
        ),
        Update::ProviderSuspended => (
            "providers",
            "suspended = c.c1",
            "providers.id = c.c0",
            &[N, N],
        ),
        Update::EnterpriseCity => (
            "enterprises",
            "city = c.c1",
            "enterprises.id = c.c0",
            &[N, N],
        ),
        Update::EnterpriseGroup => (
            "enterprises",
            "controller_group = c.c1",
            "enterprises.id = c.c0",
            &[N, T],
        ),
        Update::ProviderGroup => (
            "providers",
            "controller_group = c.c1",
            "providers.id = c.c0",
            &[N, T],
        ),
    }
}

/// Each row is named by at most one row of the parameter, or all set it to the same.
pub(super) fn update(dialect: Dialect, update: Update) -> String {
    let (table, set, place, types) = parts(update);
    let columns = types.iter().enumerate();
    let columns: Vec<String> = columns
        .map(|(i, kind)| format!("{} AS c{i}", column(i, *kind)))
        .collect();
    format!(
        "UPDATE {table} SET {set} FROM (SELECT {} FROM {}) AS c WHERE {place}",
        columns.join(", "),
        dialect.rows()
    )
}
