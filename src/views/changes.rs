//! What events change in the tables, gathered so that many rows go into one statement.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::accounts::account_place;
use super::columns::Rows;
use super::schema::{ACCOUNT_DAYS, CLAIMS, Part, Table};
use super::sql::types;
use crate::domain::{Day, Fen};
use crate::engine::books::Account;
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

/// A value that is kept.
#[derive(Debug)]
enum Kept {
    Number(i64),
    Text(Box<str>),
    None,
}

impl Kept {
    fn value(&self) -> Value<'_> {
        match self {
            Kept::Number(number) => Value::Number(*number),
            Kept::Text(text) => Value::Text(text),
            Kept::None => Value::None,
        }
    }
}

impl From<&Value<'_>> for Kept {
    fn from(value: &Value<'_>) -> Kept {
        match *value {
            Value::Number(number) => Kept::Number(number),
            Value::Text(text) => Kept::Text(text.into()),
            Value::None => Kept::None,
        }
    }
}

/// Changes of rows that are there already, by what they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Update {
    /// Voucher; change of what is free, held, approved, returned, claimed.
    VoucherMoney,
    /// Voucher; frozen.
    VoucherFrozen,
    /// Voucher; revoked.
    VoucherRevoked,
    /// Voucher; last contract date, last filing date.
    VoucherDeadlines,
    /// Voucher; the newest one issued for its money.
    VoucherReplaced,
    /// Application; amount, purpose, who submitted it.
    ApplicationRequest,
    /// Application; amount approved, who approved it.
    ApplicationApproved,
    /// Application; status, code, reason.
    ApplicationStep,
    /// Application, which is issued; voucher.
    ApplicationVoucher,
    /// Transfer; status, child.
    TransferStatus,
    /// Transfer; the first city that approved a move.
    Endorsed,
    /// Claim; status.
    ClaimStatus,
    /// Claim; first line, number of lines.
    ClaimLines,
    /// First line, number of lines; these are voided.
    LinesVoided,
    /// Claim, whose lines are voided.
    LinesOfClaimVoided,
    /// Payment; returned.
    PaymentReturned,
    /// Instruction; paid, carried.
    InstructionMoney,
    /// Period, member; revision.
    PositionConfirmed,
    /// Period; status, gross or none, closed on or none, pay by or none, carried.
    Period,
    /// Claim; the pack charged, payer, agreement or none.
    ClaimFunding,
    /// Programme; budget.
    ProgrammeBudget,
    /// Programme; status.
    ProgrammeStatus,
    /// Member; signed.
    MemberProtocol,
    /// Provider; suspended, up to which day.
    ProviderSuspended,
    /// Provider; first and last day of its newest term.
    ProviderTerm,
    /// Provider; name, the same folded.
    ProviderName,
    /// Enterprise; name, the same folded, none for a team.
    EnterpriseName,
    /// Admission; status.
    AdmissionStatus,
    /// Admission; last day of publicity.
    AdmissionPublicity,
    /// Admission; provider.
    AdmissionProvider,
    /// Admission, objection; status.
    ObjectionStatus,
    /// Credit flag; lifted on.
    CreditFlagLifted,
    /// Account by number of its party, version; status. Providers have even numbers.
    BankAccount,
    /// Enterprise; city.
    EnterpriseCity,
    /// Enterprise; group.
    EnterpriseGroup,
    /// Provider; group.
    ProviderGroup,
    /// Proposal; status.
    Proposal,
    /// Proposal; approvals to come.
    ProposalLeft,
    /// Event of a newer grant; principal, role, scope and its number. Older ones are in force no
    /// more.
    GrantReplaced,
    /// Event of the revocation; SHA-256.
    TokenRevoked,
    /// Principal; enabled.
    PrincipalEnabled,
    /// Nothing; the business date. After `Proposal`: what was decided in time has not expired.
    ProposalsExpired,
    /// Order; status.
    OrderStatus,
    /// Order; number and day of the contract.
    OrderContract,
    /// Order; last day of the hold.
    OrderHoldUntil,
    /// Order; disputed.
    OrderDisputed,
    /// Order, voucher; change of what is held.
    OrderHeld,
}

impl Update {
    /// Where the rows are.
    fn part(self) -> Part {
        match self {
            Update::ClaimStatus | Update::ClaimLines | Update::ClaimFunding => Part::Claims,
            _ => Part::Rest,
        }
    }
}

/// What rows are set to, by kind and key: of several changes of one row the last one counts.
type Updates = BTreeMap<(Update, i64, i64), Box<[Kept]>>;

/// What is written into the tables of a part.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pub(super) inserts: Vec<(&'static Table, Rows)>,
    /// To be made after the inserts: they may be of rows that these have made.
    pub(super) updates: Vec<(Update, Rows)>,
}

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Changes {
    inserts: BTreeMap<&'static str, (&'static Table, Rows)>,
    claims: Updates,
    rest: Updates,
    periods: BTreeMap<u16, PeriodChange>,
    /// Programme: change of its budget.
    budgets: BTreeMap<u16, i64>,
    /// Voucher: change of free, held, approved, returned.
    money: HashMap<u32, [i64; 5], RandomState>,
    /// Instruction: change of paid, carried.
    settled: BTreeMap<u32, [i64; 2]>,
    /// Order and voucher: change of what is held.
    held: BTreeMap<(u32, u32), i64>,
    accounts: HashMap<(Account, Day), [i64; 2], RandomState>,
    lines: ClaimLines,
}

/// First line and number of lines of claims, as the gathered events say: what the table of the
/// claims holds may be older or not written yet.
#[derive(Debug, Default)]
struct ClaimLines {
    /// The first one of the claims that were made.
    made_from: u32,
    /// Of the claims that were made, which are numbered one after the other.
    made: Vec<(Option<u32>, u8)>,
    /// Of claims whose lines came later: with their payment, or when they no longer waited.
    later: BTreeMap<u32, (u32, u8)>,
}

impl ClaimLines {
    fn of(&self, claim: u32) -> Option<(Option<u32>, u8)> {
        if let Some((first, count)) = self.later.get(&claim) {
            return Some((Some(*first), *count));
        }
        let place = claim.checked_sub(self.made_from)?;
        self.made.get(place as usize).copied()
    }
}

impl Changes {
    pub(super) fn insert(&mut self, table: &'static Table, values: &[Value<'_>]) {
        let (_, rows) = self.inserts.entry(table.name).or_insert_with(|| {
            let types = table.columns.iter().map(|(_, kind)| *kind);
            (table, Rows::new(types))
        });
        rows.push(values);
    }

    /// Sets columns of the row that the first value names, or the first two of a position.
    pub(super) fn update(&mut self, update: Update, values: &[Value<'_>]) {
        let key = |place: usize| match values.get(place) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        let second = match update {
            Update::PositionConfirmed
            | Update::OrderHeld
            | Update::ObjectionStatus
            | Update::BankAccount => key(1),
            _ => 0,
        };
        let row = values.iter().map(Kept::from).collect();
        let updates = match update.part() {
            Part::Claims => &mut self.claims,
            Part::Rest => &mut self.rest,
        };
        updates.insert((update, key(0), second), row);
    }

    /// The lines of a claim that is made, approved or not: claims are counted here one by one.
    pub(super) fn lines_of_new(&mut self, claim: u32, first: Option<u32>, count: u8) {
        if self.lines.made.is_empty() {
            self.lines.made_from = claim;
        }
        let next = self.lines.made_from as usize + self.lines.made.len();
        debug_assert_eq!(next, claim as usize, "every claim is counted here");
        self.lines.made.push((first, count));
    }

    /// The lines of a claim that had none when it was made.
    pub(super) fn lines_of_later(&mut self, claim: u32, first: u32, count: u8) {
        self.lines.later.insert(claim, (first, count));
        let row = [claim.into(), first.into(), count.into()];
        self.update(Update::ClaimLines, &row);
    }

    /// Voids the lines of a claim.
    pub(super) fn void_lines(&mut self, claim: u32) {
        match self.lines.of(claim) {
            Some((Some(first), count)) => {
                self.update(Update::LinesVoided, &[first.into(), count.into()]);
            }
            Some((None, _)) => {}
            None => self.update(Update::LinesOfClaimVoided, &[claim.into()]),
        }
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

    /// Free, held, approved, returned.
    pub(super) fn voucher_money(&mut self, voucher: u32, change: [i64; 4]) {
        let sum = self.money.entry(voucher).or_default();
        sum.iter_mut()
            .zip(change)
            .for_each(|(sum, part)| *sum += part);
    }

    /// What a claim that waits for its budget claims.
    pub(super) fn voucher_claimed(&mut self, voucher: u32, change: i64) {
        let [.., claimed] = self.money.entry(voucher).or_default();
        *claimed += change;
    }

    pub(super) fn instruction_money(&mut self, instruction: u32, change: [i64; 2]) {
        let sum = self.settled.entry(instruction).or_default();
        sum.iter_mut()
            .zip(change)
            .for_each(|(sum, part)| *sum += part);
    }

    pub(super) fn order_held(&mut self, order: u32, voucher: u32, change: i64) {
        *self.held.entry((order, voucher)).or_default() += change;
    }

    /// What an event posts.
    pub(super) fn post(&mut self, event: &Event, day: Day) {
        posting(event, &mut |pair| {
            let amount = pair.amount.get();
            self.accounts.entry((pair.debit, day)).or_default()[0] += amount;
            self.accounts.entry((pair.credit, day)).or_default()[1] += amount;
        });
    }

    /// What is to be written into the tables of a part.
    pub(super) fn take(&mut self, part: Part) -> Writes {
        match part {
            Part::Claims => {
                let claims = self.inserts.remove(CLAIMS.name);
                Writes {
                    inserts: claims.into_iter().collect(),
                    updates: rows_of(std::mem::take(&mut self.claims), Vec::new()),
                }
            }
            Part::Rest => Writes {
                inserts: self.take_inserts(),
                updates: self.take_updates(),
            },
        }
    }

    fn take_inserts(&mut self) -> Vec<(&'static Table, Rows)> {
        for ((account, day), [debits, credits]) in sorted(&mut self.accounts) {
            let (name, about, about_id) = account_place(account);
            let day = day.to_string();
            self.insert(
                &ACCOUNT_DAYS,
                &[
                    number(account.party().0),
                    name.into(),
                    about.into(),
                    about_id.into(),
                    day.as_str().into(),
                    debits.into(),
                    credits.into(),
                ],
            );
        }
        let claims = self.inserts.remove_entry(CLAIMS.name);
        let rest = std::mem::take(&mut self.inserts).into_values().collect();
        self.inserts.extend(claims);
        rest
    }

    fn take_updates(&mut self) -> Vec<(Update, Rows)> {
        let mut money = Rows::new(types(Update::VoucherMoney).iter().copied());
        for (voucher, [free, held, approved, returned, claimed]) in sorted(&mut self.money) {
            money.push(&[
                voucher.into(),
                free.into(),
                held.into(),
                approved.into(),
                returned.into(),
                claimed.into(),
            ]);
        }
        for (instruction, [paid, carried]) in std::mem::take(&mut self.settled) {
            let row = [instruction.into(), paid.into(), carried.into()];
            self.update(Update::InstructionMoney, &row);
        }
        for ((order, voucher), change) in std::mem::take(&mut self.held) {
            let row = [order.into(), voucher.into(), change.into()];
            self.update(Update::OrderHeld, &row);
        }
        for (programme, change) in std::mem::take(&mut self.budgets) {
            self.update(Update::ProgrammeBudget, &[programme.into(), change.into()]);
        }
        for (period, change) in std::mem::take(&mut self.periods) {
            self.push_period(period, &change);
        }
        let mut full: Vec<(Update, Rows)> = Vec::new();
        if money.len() > 0 {
            full.push((Update::VoucherMoney, money));
        }
        rows_of(std::mem::take(&mut self.rest), full)
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

/// The rows of updates, kind by kind, after others.
fn rows_of(updates: Updates, mut full: Vec<(Update, Rows)>) -> Vec<(Update, Rows)> {
    for ((update, _, _), row) in updates {
        let row: Vec<Value<'_>> = row.iter().map(Kept::value).collect();
        match full.last_mut() {
            Some((last, rows)) if *last == update => rows.push(&row),
            _ => {
                let mut rows = Rows::new(types(update).iter().copied());
                rows.push(&row);
                full.push((update, rows));
            }
        }
    }
    full
}

/// What was added up, in the order of its keys: neighbours in a table are written together.
fn sorted<K: Ord, V, S: Default>(sums: &mut HashMap<K, V, S>) -> Vec<(K, V)> {
    let mut sums: Vec<(K, V)> = std::mem::take(sums).into_iter().collect();
    sums.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    sums
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
