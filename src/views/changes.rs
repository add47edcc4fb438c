//! What events change in the tables, gathered so that many rows go into one statement.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::schema::{ACCOUNT_DAYS, Table};
use crate::domain::{Day, Fen};
use crate::engine::books::{Account, Detail};
use crate::engine::command::Payee;
use crate::engine::event::Event;
use crate::engine::posting;

/// A value of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(i64),
    Text(&'a str),
    None,
}

impl From<Fen> for Value<'_> {
    fn from(fen: Fen) -> Self {
        Value::Number(fen.get())
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Value::Number(i64::from(flag))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl From<$type> for Value<'_> {
            fn from(number: $type) -> Self {
                Value::Number(i64::from(number))
            }
        }
    )* };
}

numbers!(u8, u16, u32, i64);

/// The number of an entity.
pub(super) fn number<T>(id: T) -> Value<'static>
where
    T: Into<u64>,
{
    Value::Number(i64::try_from(id.into()).unwrap_or(i64::MAX))
}

/// Rows of one kind as a JSON array of arrays, as the statements read them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    json: String,
}

impl Rows {
    pub(super) fn push(&mut self, values: &[Value<'_>]) {
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.push_row(values);
    }

    fn push_row(&mut self, values: &[Value<'_>]) {
        let mut separator = '[';
        for value in values {
            self.json.push(separator);
            separator = ',';
            match value {
                Value::Number(number) => {
                    let _infallible = write!(self.json, "{number}");
                }
                Value::Text(text) => push_text(&mut self.json, text),
                Value::None => self.json.push_str("null"),
            }
        }
        self.json.push(']');
    }

    /// The array; `None` if there is no row.
    pub(super) fn take(&mut self) -> Option<String> {
        if self.json.is_empty() {
            return None;
        }
        let mut json = std::mem::take(&mut self.json);
        json.push(']');
        Some(json)
    }

    fn bytes(&self) -> usize {
        self.json.len()
    }
}

fn push_text(json: &mut String, text: &str) {
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\' && b != 0x7F;
    if text.bytes().all(plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        let quoted = serde_json::Value::from(text).to_string();
        json.push_str(&quoted);
    }
}

/// Changes of rows that are there already, by what they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Update {
    /// Voucher; free, held, approved, returned.
    VoucherMoney,
    /// Voucher; frozen.
    VoucherFrozen,
    /// Voucher; revoked.
    VoucherRevoked,
    /// Transfer; status, child.
    TransferStatus,
    /// Claim; status.
    ClaimStatus,
    /// Claim; first line, number of lines.
    ClaimLines,
    /// Claim, whose lines are voided; after `ClaimLines`.
    LinesVoided,
    /// Payment; returned.
    PaymentReturned,
    /// Instruction; paid, carried.
    InstructionMoney,
    /// Period, member; revision.
    PositionConfirmed,
    /// Period; status, gross or none, closed on or none, pay by or none, carried.
    Period,
    /// Programme; budget.
    ProgrammeBudget,
    /// Member; signed.
    MemberProtocol,
    /// Provider; suspended.
    ProviderSuspended,
    /// Enterprise; city.
    EnterpriseCity,
    /// Enterprise; group.
    EnterpriseGroup,
    /// Provider; group.
    ProviderGroup,
}

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Changes {
    inserts: BTreeMap<&'static str, (Option<&'static Table>, Rows)>,
    /// What rows are set to, by kind and key: of several changes of one row the last one counts.
    updates: BTreeMap<(Update, i64, i64), Rows>,
    periods: BTreeMap<u16, PeriodChange>,
    /// Programme: change of its budget.
    budgets: BTreeMap<u16, i64>,
    /// Voucher: change of free, held, approved, returned.
    money: BTreeMap<u32, [i64; 4]>,
    /// Instruction: change of paid, carried.
    settled: BTreeMap<u32, [i64; 2]>,
    accounts: BTreeMap<(Account, Day), [i64; 2]>,
}

impl Changes {
    pub(super) fn insert(&mut self, table: &'static Table, values: &[Value<'_>]) {
        debug_assert_eq!(values.len(), table.columns.len(), "{}", table.name);
        let entry = self.inserts.entry(table.name).or_default();
        entry.0 = Some(table);
        entry.1.push(values);
    }

    /// Sets columns of the row that the first value names, or the first two of a position.
    pub(super) fn update(&mut self, update: Update, values: &[Value<'_>]) {
        let key = |place: usize| match values.get(place) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        let second = if update == Update::PositionConfirmed {
            key(1)
        } else {
            0
        };
        let mut row = Rows::default();
        row.push_row(values);
        self.updates.insert((update, key(0), second), row);
    }

    pub(super) fn budget(&mut self, programme: u16, change: i64) {
        *self.budgets.entry(programme).or_default() += change;
    }

    /// What is known of a period now; what is `None` or zero stays.
    pub(super) fn period(&mut self, period: u16, change: PeriodChange) {
        let known = self.periods.entry(period).or_default();
        known.status = change.status;
        known.gross = change.gross.or(known.gross);
        known.closed_on = change.closed_on.or(known.closed_on.take());
        known.pay_by = change.pay_by.or(known.pay_by.take());
        known.carried += change.carried;
    }

    pub(super) fn voucher_money(&mut self, voucher: u32, change: [i64; 4]) {
        let sum = self.money.entry(voucher).or_default();
        sum.iter_mut()
            .zip(change)
            .for_each(|(sum, part)| *sum += part);
    }

    pub(super) fn instruction_money(&mut self, instruction: u32, change: [i64; 2]) {
        let sum = self.settled.entry(instruction).or_default();
        sum.iter_mut()
            .zip(change)
            .for_each(|(sum, part)| *sum += part);
    }

    /// What an event posts.
    pub(super) fn post(&mut self, event: &Event, day: Day) {
        posting(event, &mut |pair| {
            let amount = pair.amount.get();
            self.accounts.entry((pair.debit, day)).or_default()[0] += amount;
            self.accounts.entry((pair.credit, day)).or_default()[1] += amount;
        });
    }

    /// Bytes gathered so far, about.
    pub(super) fn bytes(&self) -> usize {
        let inserts: usize = self.inserts.values().map(|(_, rows)| rows.bytes()).sum();
        let updates: usize = self.updates.values().map(Rows::bytes).sum();
        inserts + updates + 32 * (self.money.len() + self.accounts.len())
    }

    /// Rows to insert, table by table.
    pub(super) fn take_inserts(&mut self) -> Vec<(&'static Table, String)> {
        for ((account, day), [debits, credits]) in std::mem::take(&mut self.accounts) {
            let (about, about_id) = about(account);
            let day = day.to_string();
            self.insert(
                &ACCOUNT_DAYS,
                &[
                    number(account.party().0),
                    account.kind().as_str().into(),
                    about.into(),
                    about_id,
                    day.as_str().into(),
                    debits.into(),
                    credits.into(),
                ],
            );
        }
        let inserts = std::mem::take(&mut self.inserts).into_values();
        let full = inserts.filter_map(|(table, mut rows)| Some((table?, rows.take()?)));
        full.collect()
    }

    /// Rows to change, kind by kind; they may be rows that [`Changes::take_inserts`] has given.
    pub(super) fn take_updates(&mut self) -> Vec<(Update, String)> {
        for (voucher, [free, held, approved, returned]) in std::mem::take(&mut self.money) {
            let values = [free.into(), held.into(), approved.into(), returned.into()];
            let row = [&[voucher.into()], &values[..]].concat();
            self.update(Update::VoucherMoney, &row);
        }
        for (instruction, [paid, carried]) in std::mem::take(&mut self.settled) {
            let row = [instruction.into(), paid.into(), carried.into()];
            self.update(Update::InstructionMoney, &row);
        }
        for (programme, change) in std::mem::take(&mut self.budgets) {
            self.update(Update::ProgrammeBudget, &[programme.into(), change.into()]);
        }
        for (period, change) in std::mem::take(&mut self.periods) {
            self.push_period(period, &change);
        }
        let mut full: Vec<(Update, String)> = Vec::new();
        for ((update, _, _), row) in std::mem::take(&mut self.updates) {
            match full.last_mut() {
                Some((last, json)) if *last == update => {
                    json.push(',');
                    json.push_str(&row.json);
                }
                _ => full.push((update, format!("[{}", row.json))),
            }
        }
        full.iter_mut().for_each(|(_, json)| json.push(']'));
        full
    }

    fn push_period(&mut self, period: u16, change: &PeriodChange) {
        fn text(text: Option<&String>) -> Value<'_> {
            text.map_or(Value::None, |text| Value::Text(text))
        }
        let row = [
            period.into(),
            change.status.into(),
            change.gross.map_or(Value::None, Value::Number),
            text(change.closed_on.as_ref()),
            text(change.pay_by.as_ref()),
            change.carried.into(),
        ];
        self.update(Update::Period, &row);
    }
}

/// What an event says of a period.
#[derive(Debug, Default)]
pub(super) struct PeriodChange {
    pub(super) status: &'static str,
    pub(super) gross: Option<i64>,
    pub(super) closed_on: Option<String>,
    pub(super) pay_by: Option<String>,
    pub(super) carried: i64,
}

/// What an account is kept for.
fn about(account: Account) -> (&'static str, Value<'static>) {
    match account.detail() {
        Detail::None => ("", Value::Number(0)),
        Detail::Programme(id) => ("programme", number(id.0)),
        Detail::Member(id) => ("member", number(id.0)),
        Detail::Payee(Payee::Provider(id)) => ("provider", number(id.0)),
        Detail::Payee(Payee::Enterprise(id)) => ("enterprise", number(id.0)),
        Detail::Period(id) => ("period", number(id.0)),
    }
}
