//! What is always true, `rules.md` §6. Cost O(state): for tests, `verify` and the demonstration,
//! not for every command of a running node.

mod issued;
mod life;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use super::books::{AccountKind as Kind, Balance, Detail, Section};
use super::execute::FILE_CHUNK_ROWS;
use super::state::{
    ApplicationStatus, ContractKey, PeriodStatus, State, TransferStatus, cell_key, group_key,
};
use super::terms::FileMode;
use crate::domain::{Fen, GroupId, MemberId, PeriodId, ProgrammeId, Ratio, UsageId, VoucherId};

/// A broken invariant, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

type Check = Result<(), Broken>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Broken(what())) }
}

/// Checks every invariant of the books, the vouchers and the obligations.
///
/// # Errors
/// The first one that is broken.
pub fn check(state: &State) -> Check {
    let accounts = state.accounts();
    let signed = |b: &Balance| b.debits.cast_signed() - b.credits.cast_signed();
    let mut sections: BTreeMap<(MemberId, Section), i128> = BTreeMap::new();
    let mut budgets: BTreeMap<ProgrammeId, i128> = BTreeMap::new();
    let mut clearing: BTreeMap<PeriodId, i128> = BTreeMap::new();
    let mut due: BTreeMap<(MemberId, MemberId), i128> = BTreeMap::new();
    let mut expense = 0_i128;
    for (account, balance) in &accounts {
        let (party, kind, net) = (account.party(), account.kind(), signed(balance));
        *sections.entry((party, kind.section())).or_default() += net;
        match (kind, account.detail()) {
            (Kind::Expense, _) => expense += net,
            (Kind::Clearing, Detail::Period(period)) => {
                *clearing.entry(period).or_default() += net;
                let settled = state.period(period).map(|row| row.status);
                let done = matches!(
                    settled,
                    Some(PeriodStatus::Settled | PeriodStatus::SettledWithCarry)
                );
                ensure(!done || net == 0, || {
                    format!("{account:?} of a settled period is {net}")
                })?;
            }
            (Kind::DueFrom, Detail::Member(other)) => {
                *due.entry((other, party)).or_default() += net;
            }
            (Kind::DueTo, Detail::Member(other)) => {
                *due.entry((party, other)).or_default() += net;
            }
            (kind, Detail::Programme(programme)) if kind.section() == Section::Budget => {
                *budgets.entry(programme).or_default() += net;
                let side = if kind.is_left() { net } else { -net };
                ensure(side >= 0, || format!("{account:?} is negative: {side}"))?;
            }
            _ => {}
        }
    }
    for (key, net) in &sections {
        ensure(*net == 0, || format!("book {key:?} is off by {net}"))?;
    }
    for (programme, net) in &budgets {
        ensure(*net == 0, || {
            format!("budget of {programme:?} is off by {net}")
        })?;
    }
    for (period, net) in &clearing {
        ensure(*net == 0, || {
            format!("clearing of {period:?} adds up to {net}")
        })?;
    }
    for (pair, net) in &due {
        ensure(*net == 0, || {
            format!("due_from and due_to of {pair:?} differ by {net}")
        })?;
    }
    let claims: i128 = live_claims(state)
        .map(|amount| i128::from(amount.get()))
        .sum();
    ensure(expense == claims, || {
        format!("expenses are {expense}, live claims {claims}")
    })?;
    life::check_carries(state, &accounts)?;
    check_rows(state)
}

/// What does not need the books, or only the budget of a programme.
fn check_rows(state: &State) -> Check {
    check_vouchers(state)?;
    check_files(state)?;
    check_holds(state)?;
    check_usage(state)?;
    issued::check(state)?;
    check_applications(state)?;
    check_reissues(state)?;
    life::check(state)?;
    people::check(state)?;
    check_lines(state)
}

/// Of a file as many rows are decided as its chunks hold that are done, the others are left, and no
/// more is issued than was approved.
fn check_files(state: &State) -> Check {
    for row in state.voucher_files.iter() {
        let decided = (row.issued + row.refused + row.unchanged) as usize;
        let (rows, done) = (row.rows as usize, row.done as usize);
        let expected = match row.mode {
            FileMode::Atomic => rows * done,
            FileMode::Chunks => rows.min(done * FILE_CHUNK_ROWS),
        };
        ensure(decided == expected && done <= row.chunks.len(), || {
            format!("a file of {rows} rows has decided {decided} in {done} chunks")
        })?;
        ensure(row.amount <= row.total, || {
            format!("a file of {} has issued {}", row.total, row.amount)
        })?;
    }
    Ok(())
}

fn live_claims(state: &State) -> impl Iterator<Item = Fen> {
    let live = state.claims().filter(|(_, row)| row.is_live());
    live.map(|(_, row)| row.amount)
}

/// A voucher's fen are in exactly one place each, and the vouchers of a programme add up to its
/// budget accounts.
fn check_vouchers(state: &State) -> Check {
    let mut sums: BTreeMap<ProgrammeId, [i128; 3]> = BTreeMap::new();
    let mut children: BTreeMap<usize, i128> = BTreeMap::new();
    let mut approved = vec![0_i128; state.voucher_count()];
    for (_, claim) in state.claims().filter(|(_, row)| row.is_live()) {
        approved[claim.voucher.index()] += i128::from(claim.amount.get());
    }
    let undone: BTreeSet<VoucherId> = state
        .transfers
        .iter()
        .filter(|row| row.status == TransferStatus::Reversed)
        .filter_map(|row| row.child)
        .collect();
    for (id, row) in state.vouchers() {
        // What a move took along was revoked, and what was given back is the parent's own again.
        let moved = |parent: VoucherId| {
            let of_parent = state.voucher(parent).map(|row| state.voucher_owner(row).0);
            of_parent == Some(state.voucher_owner(row).0) && !undone.contains(&id)
        };
        if let Some(parent) = row.parent.filter(|parent| moved(*parent)) {
            *children.entry(parent.index()).or_default() += i128::from(row.amount.get());
        }
    }
    for (id, row) in state.vouchers() {
        let fen = |amount: Fen| i128::from(amount.get());
        let moved = children.get(&id.index()).copied().unwrap_or_default();
        let claimed = fen(state.claimed_of(id));
        let parts =
            fen(row.free) + fen(row.held) + claimed + fen(row.approved) + fen(row.returned) + moved;
        ensure(parts == fen(row.amount), || {
            format!("{id:?} has {} and its parts are {parts}", row.amount)
        })?;
        ensure(fen(row.approved) == approved[id.index()], || {
            format!("{id:?} counts {} of claims", row.approved)
        })?;
        let (programme, _) = state.voucher_owner(row);
        let sum = sums.entry(state.charged(programme)).or_default();
        for (total, part) in sum.iter_mut().zip([fen(row.free), fen(row.held), claimed]) {
            *total += part;
        }
    }
    for (programme, sum) in sums {
        let kinds = [Kind::Outstanding, Kind::Held, Kind::Claimed];
        for (kind, total) in kinds.into_iter().zip(sum) {
            let balance = i128::from(state.budget(programme, kind).get());
            ensure(balance == total, || {
                format!(
                    "{} of {programme:?} is {balance}, vouchers {total}",
                    kind.as_str()
                )
            })?;
        }
    }
    Ok(())
}

/// What is held on a voucher is what waiting transfers and orders hold; an order holds no more
/// than it was to hold, nothing once it has ended, and ends by a timer until then.
fn check_holds(state: &State) -> Check {
    let mut held = vec![0_i128; state.voucher_count()];
    for row in state.transfers.iter() {
        if row.status == TransferStatus::Proposed {
            held[row.voucher.index()] += i128::from(row.amount.get());
        }
    }
    for (id, row) in state.orders() {
        for line in &row.lines {
            let bound = if row.status.is_holding() {
                line.amount
            } else {
                Fen::ZERO
            };
            ensure(line.left <= bound, || {
                format!("{id:?} holds {} of {bound}", line.left)
            })?;
            held[line.voucher.index()] += i128::from(line.left.get());
        }
        let waits = row.status.is_holding() || row.status.is_waiting();
        let timer = state.order_timers.get(&(row.ends_on, id)).is_some();
        ensure(waits == timer, || {
            format!("{id:?} has a timer {timer}, waits {waits}")
        })?;
    }
    for (id, row) in state.vouchers() {
        let sum = held[id.index()];
        ensure(i128::from(row.held.get()) == sum, || {
            format!("{id:?} holds {}, what holds it {sum}", row.held)
        })?;
    }
    Ok(())
}

/// What counts in the caps is claims and holds. A succession moves a share of an enterprise's use
/// along, so that its caps are compared only where there was none.
fn check_usage(state: &State) -> Check {
    let mut firms: BTreeMap<usize, i128> = BTreeMap::new();
    let mut groups: BTreeMap<u64, i128> = BTreeMap::new();
    let mut count = |voucher: VoucherId, group: Option<GroupId>, amount: Fen| {
        let row = &state.vouchers[voucher.index()];
        let amount = i128::from(amount.get());
        *firms.entry(row.usage.index()).or_default() += amount;
        if let Some(group) = group {
            let (programme, _) = state.voucher_owner(row);
            *groups.entry(group_key(programme, group)).or_default() += amount;
        }
    };
    for (_, claim) in state.claims() {
        if claim.counts() {
            count(claim.voucher, claim.group, claim.amount);
        }
    }
    for line in state.orders().flat_map(|(_, row)| row.lines.iter()) {
        count(line.voucher, line.group, line.left);
    }
    for (key, used) in state.group_usage.iter() {
        let sum = groups.remove(&key).unwrap_or_default();
        ensure(i128::from(used.get()) == sum, || {
            format!("group {key:x} used {used}, its claims and holds {sum}")
        })?;
    }
    let moved = state.transfers.iter().any(|row| {
        row.status == TransferStatus::Approved && row.cap_share.is_some_and(|s| s != Ratio::ZERO)
    });
    for (position, (key, row)) in state.usage.iter().enumerate() {
        let sum = firms.remove(&position).unwrap_or_default();
        ensure(moved || i128::from(row.used.get()) == sum, || {
            format!("usage {key:x} is {}, its claims and holds {sum}", row.used)
        })?;
    }
    if moved {
        return Ok(());
    }
    check_contracts(state)
}

/// What counts on a contract is the claims that name it and what orders hold for it, each where a
/// version caps it; nothing is kept that counts nothing.
fn check_contracts(state: &State) -> Check {
    let mut sums: BTreeMap<(UsageId, ContractKey), i128> = BTreeMap::new();
    let mut count = |voucher: VoucherId, contract: ContractKey, amount: Fen| {
        let usage = state.vouchers[voucher.index()].usage;
        *sums.entry((usage, contract)).or_default() += i128::from(amount.get());
    };
    for (id, contract) in state.contract_claims.iter() {
        let claim = &state.claims[id.index()];
        ensure(claim.counts(), || {
            format!("{id:?} is undone and counts to a contract")
        })?;
        ensure(claim.provider == contract.provider(), || {
            format!("{id:?} counts to another provider's contract")
        })?;
        count(claim.voucher, *contract, claim.amount);
    }
    for (id, row) in state.orders() {
        let lines = row.lines.iter().filter(|line| line.counted);
        for line in lines.filter(|line| !line.left.is_zero()) {
            let Some((contract_no, _)) = row.contract else {
                return Err(Broken(format!("{id:?} counts to no contract")));
            };
            let contract = ContractKey::new(row.provider, &contract_no);
            count(line.voucher, contract, line.left);
        }
    }
    for (key, used) in state.contract_usage.iter() {
        let sum = sums.remove(key).unwrap_or_default();
        ensure(i128::from(used.get()) == sum && sum > 0, || {
            format!("{key:?} is {used}, its claims and holds {sum}")
        })?;
    }
    ensure(sums.is_empty(), || {
        format!("contracts are missing: {sums:?}")
    })
}

/// An application is issued at most once, for what it asked for and at most what was approved.
fn check_applications(state: &State) -> Check {
    let mut answered: BTreeSet<VoucherId> = BTreeSet::new();
    for (id, row) in state.applications() {
        ensure(row.approved <= row.amount, || {
            format!(
                "{id:?} asks for {} and {} is approved",
                row.amount, row.approved
            )
        })?;
        let issued = row.status == ApplicationStatus::Issued;
        ensure(issued == row.voucher.is_some(), || {
            format!("{id:?} is {:?} with {:?}", row.status, row.voucher)
        })?;
        let Some(voucher) = row.voucher else { continue };
        ensure(answered.insert(voucher), || {
            format!("{voucher:?} answers two applications")
        })?;
        let fits = state.voucher(voucher).is_some_and(|issued| {
            issued.amount <= row.approved && state.voucher_owner(issued).0 == row.programme
        });
        ensure(fits, || {
            format!("{voucher:?} is not what {id:?} was approved for")
        })?;
    }
    Ok(())
}

/// What came back of a voucher is issued again at most once in all.
fn check_reissues(state: &State) -> Check {
    for (id, row) in state.vouchers() {
        let Some(reissued) = state.reissued_of(id) else {
            continue;
        };
        let issued = reissued.vouchers.iter().filter_map(|id| state.voucher(*id));
        let sum: i128 = issued.map(|row| i128::from(row.amount.get())).sum();
        ensure(sum == i128::from(reissued.amount.get()), || {
            format!(
                "of {id:?} {} is reissued in vouchers of {sum}",
                reissued.amount
            )
        })?;
        ensure(reissued.amount <= row.returned, || {
            format!(
                "of {id:?} {} came back, {} is reissued",
                row.returned, reissued.amount
            )
        })?;
    }
    Ok(())
}

/// Every line stands in exactly one period, the matrix is the sum of its lines, and what members
/// owe each other is the sum of the lines that were not agreed yet.
fn check_lines(state: &State) -> Check {
    let mut matrix: BTreeMap<u64, (i128, u32)> = BTreeMap::new();
    let mut owed: BTreeMap<(MemberId, MemberId), i128> = BTreeMap::new();
    for (id, line) in state.lines().filter(|(_, line)| !line.voided) {
        let period = state.period(line.period);
        let status = period.map(|row| row.status);
        ensure(status.is_some(), || format!("{id:?} stands in no period"))?;
        let key = cell_key(line.period, line.debtor, line.creditor, line.programme);
        let cell = matrix.entry(key).or_default();
        cell.0 += i128::from(line.amount.get());
        cell.1 += 1;
        if matches!(status, Some(PeriodStatus::Open | PeriodStatus::Closed)) {
            *owed.entry((line.debtor, line.creditor)).or_default() += i128::from(line.amount.get());
        }
    }
    for (key, cell) in state.matrix.iter() {
        let (amount, lines) = matrix.remove(&key).unwrap_or_default();
        let same = i128::from(cell.amount.get()) == amount && cell.lines == lines;
        ensure(same, || {
            format!("cell {key:x} is {cell:?}, its lines {amount} in {lines}")
        })?;
    }
    ensure(matrix.is_empty(), || {
        format!("cells are missing: {matrix:?}")
    })?;
    for (account, balance) in state.accounts() {
        if let (Kind::DueTo, Detail::Member(creditor)) = (account.kind(), account.detail()) {
            let lines = owed
                .remove(&(account.party(), creditor))
                .unwrap_or_default();
            let due = balance.on_side(false).0;
            ensure(due == lines, || {
                format!("{account:?} is {due}, its lines {lines}")
            })?;
        }
    }
    ensure(owed.values().all(|sum| *sum == 0), || {
        format!("lines are not booked: {owed:?}")
    })
}
