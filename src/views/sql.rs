//! The statements, written once for SQLite and PostgreSQL but for the place where rows come in: on
//! SQLite as parameters of a statement for so many rows, on PostgreSQL as one array per column.

use super::changes::Update;
use super::schema::{ACCOUNT_DAYS, Table, Type};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A verb for statements whose failure ends their transaction. SQLite would else keep what it
    /// needs to undo each one by itself.
    fn verb(self, verb: &'static str) -> String {
        match self {
            Dialect::Sqlite => format!("{verb} OR FAIL"),
            Dialect::Postgres => verb.to_owned(),
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

/// For what rows a statement is, on SQLite.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// How many.
    pub(super) rows: usize,
    /// The columns that have one value in all of them, each as a bit.
    pub(super) shared: u64,
}

impl Shape {
    /// True if a column has one value in all rows.
    pub(super) fn is_shared(self, column: usize) -> bool {
        column < 64 && self.shared >> column & 1 == 1
    }
}

/// Parameters for the rows of so many columns: `(?,$3),(?,$3)`, where the second one is shared. The
/// values of the rows come first, one row after the other, then the shared ones.
fn parameters(shape: Shape, columns: usize) -> String {
    let own = (0..columns).filter(|column| !shape.is_shared(*column));
    let mut last = shape.rows * own.count();
    let mut row = String::new();
    for column in 0..columns {
        row += if column == 0 { "(" } else { "," };
        if shape.is_shared(column) {
            last += 1;
            row += &format!("${last}");
        } else {
            row.push('?');
        }
    }
    row.push(')');
    vec![row; shape.rows].join(",")
}

/// One array parameter per column.
fn arrays(types: &[Type]) -> String {
    let of = |(i, kind): (usize, &Type)| {
        let element = match kind {
            Type::Number => "BIGINT",
            Type::Text => "TEXT",
        };
        format!("CAST(${} AS {element}[])", i + 1)
    };
    let arrays: Vec<String> = types.iter().enumerate().map(of).collect();
    format!("UNNEST({})", arrays.join(", "))
}

/// Inserts rows; on PostgreSQL any number.
pub(super) fn insert(dialect: Dialect, table: &Table, shape: Shape) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let source = match dialect {
        Dialect::Sqlite => format!("VALUES {}", parameters(shape, names.len())),
        Dialect::Postgres => {
            let types: Vec<Type> = table.columns.iter().map(|(_, kind)| *kind).collect();
            format!("SELECT * FROM {}", arrays(&types))
        }
    };
    let verb = dialect.verb("INSERT");
    let mut sql = format!("{verb} INTO {} ({}) {source}", table.name, names.join(", "));
    if table.name == ACCOUNT_DAYS.name {
        sql += " ON CONFLICT (party, account, about, about_id, day) DO UPDATE SET \
            debits = account_days.debits + excluded.debits, \
            credits = account_days.credits + excluded.credits";
    }
    sql
}

/// Takes rows in the binary format of `COPY`.
pub(super) fn copy(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    format!("COPY {} ({names}) FROM STDIN (FORMAT BINARY)", table.name)
}

type Parts = (&'static str, &'static str, &'static str, &'static [Type]);

/// As [`parts`], of programmes and what is charged to them.
fn programme_parts(update: Update) -> (&'static str, &'static str, &'static str, &'static [Type]) {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    let programme = "programmes.id = c.c0";
    match update {
        Update::ProgrammeStatus => ("programmes", "status = c.c1", programme, &[N, T]),
        Update::ProgrammeBudget => {
            let set = "budget = programmes.budget + c.c1";
            ("programmes", set, programme, &[N, N])
        }
        _ => {
            let set = "charged_to = c.c1, payer = c.c2, agreement = c.c3";
            ("claims", set, "claims.id = c.c0", &[N, N, N, N])
        }
    }
}

/// Table, what is set, and where; `c` holds the row's columns as c0, c1 and so on.
fn parts(update: Update) -> Parts {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    match update {
        Update::VoucherMoney => (
            "voucher_money",
            "free = voucher_money.free + c.c1, held = voucher_money.held + c.c2, \
             approved = voucher_money.approved + c.c3, returned = voucher_money.returned + c.c4, \
             claimed = voucher_money.claimed + c.c5",
            "voucher_money.id = c.c0",
            &[N, N, N, N, N, N],
        ),
        Update::VoucherFrozen
        | Update::VoucherRevoked
        | Update::VoucherDeadlines
        | Update::VoucherReplaced => voucher_parts(update),
        Update::ApplicationRequest
        | Update::ApplicationApproved
        | Update::ApplicationStep
        | Update::ApplicationVoucher => application_parts(update),
        Update::TransferStatus => (
            "transfers",
            "status = c.c1, child = c.c2",
            "transfers.id = c.c0",
            &[N, T, N],
        ),
        Update::Endorsed => (
            "transfers",
            "endorsed_by = c.c1",
            "transfers.id = c.c0",
            &[N, N],
        ),
        Update::ClaimStatus => ("claims", "status = c.c1", "claims.id = c.c0", &[N, T]),
        Update::LinesVoided | Update::LinesOfClaimVoided => line_parts(update),
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
        Update::ClaimFunding | Update::ProgrammeStatus | Update::ProgrammeBudget => {
            programme_parts(update)
        }
        update => parts_of_registers(update),
    }
}

/// As [`parts`], for members, parties and proposals.
fn parts_of_registers(
    update: Update,
) -> (&'static str, &'static str, &'static str, &'static [Type]) {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    match update {
        Update::Proposal => ("proposals", "status = c.c1", "proposals.id = c.c0", &[N, T]),
        Update::ProposalLeft => {
            let set = "approvals_left = c.c1";
            ("proposals", set, "proposals.id = c.c0", &[N, N])
        }
        Update::GrantReplaced => (
            "grants",
            "in_force = 0",
            "grants.principal = c.c1 AND grants.event < c.c0 AND grants.role = c.c2 \
             AND grants.scope = c.c3 AND grants.scope_id = c.c4",
            &[N, N, T, T, N],
        ),
        Update::TokenRevoked => ("tokens", "revoked = 1", "tokens.sha256 = c.c1", &[N, T]),
        Update::PrincipalEnabled => (
            "principals",
            "enabled = c.c1",
            "principals.id = c.c0",
            &[N, N],
        ),
        Update::ProposalsExpired => (
            "proposals",
            "status = 'expired'",
            "proposals.status = 'open' AND proposals.expires_on < c.c1",
            &[N, T],
        ),
        update => party_parts(update),
    }
}

fn party_parts(update: Update) -> Parts {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    match update {
        Update::MemberProtocol => (
            "members",
            "signed_protocol = c.c1",
            "members.id = c.c0",
            &[N, N],
        ),
        Update::ProviderSuspended => (
            "providers",
            "suspended = c.c1, suspended_until = c.c2",
            "providers.id = c.c0",
            &[N, N, T],
        ),
        Update::ProviderTerm => (
            "providers",
            "admitted_from = c.c1, admitted_to = c.c2",
            "providers.id = c.c0",
            &[N, T, T],
        ),
        Update::ProviderName => {
            let set = "name = c.c1, search_text = c.c2";
            ("providers", set, "providers.id = c.c0", &[N, T, T])
        }
        Update::EnterpriseName => {
            let set = "name = c.c1, search_text = c.c2";
            ("enterprises", set, "enterprises.id = c.c0", &[N, T, T])
        }
        Update::AdmissionStatus => (
            "admissions",
            "status = c.c1",
            "admissions.id = c.c0",
            &[N, T],
        ),
        Update::AdmissionPublicity => (
            "admissions",
            "publicity_until = c.c1",
            "admissions.id = c.c0",
            &[N, T],
        ),
        Update::AdmissionProvider => (
            "admissions",
            "provider = c.c1",
            "admissions.id = c.c0",
            &[N, N],
        ),
        Update::ObjectionStatus => (
            "objections",
            "status = c.c2",
            "objections.admission = c.c0 AND objections.number = c.c1",
            &[N, N, T],
        ),
        Update::CreditFlagLifted => (
            "credit_flags",
            "status = 'lifted', lifted_on = c.c1",
            "credit_flags.id = c.c0",
            &[N, T],
        ),
        Update::BankAccount => (
            "bank_accounts",
            "status = c.c2",
            "COALESCE(bank_accounts.provider * 2, bank_accounts.enterprise * 2 + 1) = c.c0 \
             AND bank_accounts.version = c.c1",
            &[N, N, T],
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
        Update::OrderStatus => ("orders", "status = c.c1", "orders.id = c.c0", &[N, T]),
        Update::OrderContract => (
            "orders",
            "contract_no = c.c1, contract_date = c.c2",
            "orders.id = c.c0",
            &[N, T, T],
        ),
        Update::OrderHoldUntil => ("orders", "hold_until = c.c1", "orders.id = c.c0", &[N, T]),
        Update::OrderDisputed => ("orders", "disputed = c.c1", "orders.id = c.c0", &[N, N]),
        Update::OrderHeld => (
            "order_lines",
            "remaining = order_lines.remaining + c.c2",
            "order_lines.order_id = c.c0 AND order_lines.voucher = c.c1",
            &[N, N, N],
        ),
        Update::ProviderGroup => (
            "providers",
            "controller_group = c.c1",
            "providers.id = c.c0",
            &[N, T],
        ),
        _ => unreachable!("the others are in `parts`"),
    }
}

fn voucher_parts(update: Update) -> Parts {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    let (set, types): (_, &[Type]) = match update {
        Update::VoucherFrozen => ("frozen = c.c1", &[N, N]),
        Update::VoucherRevoked => ("revoked = c.c1", &[N, N]),
        Update::VoucherDeadlines => ("use_by = c.c1, cash_by = c.c2", &[N, T, T]),
        _ => ("replaced_by = c.c1", &[N, N]),
    };
    ("issued_vouchers", set, "issued_vouchers.id = c.c0", types)
}

fn line_parts(update: Update) -> Parts {
    const N: Type = Type::Number;
    let (place, types): (_, &[Type]) = match update {
        Update::LinesVoided => (
            "obligation_lines.id >= c.c0 AND obligation_lines.id < c.c0 + c.c1",
            &[N, N],
        ),
        _ => (
            "obligation_lines.id IN (SELECT line.id FROM claims, obligation_lines AS line \
             WHERE claims.id = c.c0 AND line.id >= claims.first_line \
             AND line.id < claims.first_line + claims.line_count)",
            &[N],
        ),
    };
    ("obligation_lines", "voided = 1", place, types)
}

fn application_parts(update: Update) -> Parts {
    const N: Type = Type::Number;
    const T: Type = Type::Text;
    let (set, types): (_, &[Type]) = match update {
        Update::ApplicationRequest => (
            "amount = c.c1, purpose = c.c2, submitted_by = c.c3",
            &[N, N, T, N],
        ),
        Update::ApplicationApproved => ("approved = c.c1, approved_by = c.c2", &[N, N, N]),
        Update::ApplicationStep => ("status = c.c1, code = c.c2, reason = c.c3", &[N, T, T, T]),
        _ => ("status = 'issued', voucher = c.c1", &[N, N]),
    };
    ("applications", set, "applications.id = c.c0", types)
}

/// What the columns of an update's rows hold.
pub(super) fn types(update: Update) -> &'static [Type] {
    parts(update).3
}

/// Changes rows; on PostgreSQL any number. Each row is named by at most one row of the
/// parameters, or all set it to the same.
pub(super) fn update(dialect: Dialect, update: Update, shape: Shape) -> String {
    let (table, set, place, types) = parts(update);
    let names: Vec<String> = (0..types.len()).map(|i| format!("c{i}")).collect();
    let source = match dialect {
        Dialect::Sqlite => {
            let columns = names.iter().enumerate();
            let columns = columns.map(|(i, name)| format!("column{} AS {name}", i + 1));
            let columns: Vec<String> = columns.collect();
            let values = parameters(shape, types.len());
            format!(
                "(SELECT {} FROM (VALUES {values})) AS c",
                columns.join(", ")
            )
        }
        Dialect::Postgres => format!("{} AS c({})", arrays(types), names.join(", ")),
    };
    let verb = dialect.verb("UPDATE");
    format!("{verb} {table} SET {set} FROM {source} WHERE {place}")
}
