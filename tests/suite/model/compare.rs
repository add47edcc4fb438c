//! What engine and model know, side by side.

use quantong::domain::{
    EnterpriseId, InstructionId, LineId, MemberId, OrderId, PeriodId, ProgrammeId, VoucherId,
};
use quantong::engine::State;
use quantong::engine::books::{AccountKind, Detail};
use quantong::engine::state::PeriodStatus;

use super::books::Book;
use super::{Model, Money, Stage};

/// Compares one kind of thing.
type Check = fn(&State, &Model) -> Result<(), String>;

/// The first thing on which they differ, in words.
pub(super) fn differences(state: &State, model: &Model) -> Option<String> {
    let checks: [Check; 8] = [
        vouchers,
        orders,
        applications,
        programmes,
        lines,
        periods,
        instructions,
        books,
    ];
    checks
        .into_iter()
        .find_map(|check| check(state, model).err())
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: impl FnOnce() -> String,
    engine: T,
    model: T,
) -> Result<(), String> {
    if engine == model {
        Ok(())
    } else {
        Err(format!("{}: {engine:?}, the model {model:?}", what()))
    }
}

fn at<T>(make: fn(usize) -> Option<T>, index: usize) -> T {
    make(index).expect("few")
}

fn vouchers(state: &State, model: &Model) -> Result<(), String> {
    same(
        || "vouchers".into(),
        state.voucher_count(),
        model.vouchers.len(),
    )?;
    for (id, voucher) in model.vouchers.iter().enumerate() {
        let row = state
            .voucher(at(VoucherId::from_index, id))
            .expect("counted");
        let claimed = state.claimed_of(at(VoucherId::from_index, id));
        let engine = [
            row.amount,
            row.free,
            row.held,
            claimed,
            row.approved,
            row.returned,
        ];
        let naive = [
            voucher.amount,
            model.free_of(id),
            model.held_of(id),
            model.claimed_of(id),
            model.approved_of(id),
            model.returned_of(id),
        ];
        let engine = engine.map(|fen| Money::from(fen.get()));
        let what = || format!("voucher {id}: amount, free, held, claimed, approved, returned");
        same(what, engine, naive)?;
        // Every fen is in exactly one place, children among them.
        let places = engine[1..].iter().sum::<Money>() + model.transferred_out(id);
        let what = || format!("voucher {id}: the sum of all places");
        same(what, places, engine[0])?;
        let days = |a: jiff::civil::Date, b: jiff::civil::Date| (a, b);
        let what = || format!("voucher {id}: deadlines");
        let engine = days(row.use_by.date(), row.cash_by.date());
        same(what, engine, days(voucher.use_by, voucher.cash_by))?;
        let what = || format!("voucher {id}: revoked, frozen");
        let naive = (voucher.revoked, voucher.frozen);
        same(what, (row.revoked, row.frozen), naive)?;
        let reissued = state.reissued_of(at(VoucherId::from_index, id));
        let reissued = reissued.map_or(0, |row| Money::from(row.amount.get()));
        let what = || format!("voucher {id}: reissued");
        same(what, reissued, model.reissued_of(id))?;
    }
    Ok(())
}

fn applications(state: &State, model: &Model) -> Result<(), String> {
    let count = state.application_count();
    same(|| "applications".into(), count, model.applications.len())?;
    for ((id, row), naive) in state.applications().zip(&model.applications) {
        let engine = (
            row.status.as_str(),
            Money::from(row.amount.get()),
            row.approved_by.map(|_| Money::from(row.approved.get())),
            row.voucher.map(VoucherId::index),
        );
        let naive = (naive.stage, naive.amount, naive.approved, naive.voucher);
        same(|| format!("{id:?}"), engine, naive)?;
    }
    Ok(())
}

fn orders(state: &State, model: &Model) -> Result<(), String> {
    same(|| "orders".into(), state.order_count(), model.orders.len())?;
    for (id, order) in model.orders.iter().enumerate() {
        let row = state.order(at(OrderId::from_index, id)).expect("counted");
        let what = || format!("order {id}: status, hold until, ends on, disputed");
        let engine = (row.status.as_str().to_owned(), row.hold_until.date());
        let engine = (engine, row.ends_on.date(), row.dispute.is_some());
        let naive = (order.place.word(), order.hold_until);
        same(
            what,
            engine,
            (naive, order.ends_on, order.disputed.is_some()),
        )?;
        let left = row.lines.iter().map(|line| Money::from(line.left.get()));
        let naive = (0..order.lines.len()).map(|line| model.left_on(id, line));
        let what = || format!("order {id}: what is held");
        same(what, left.collect::<Vec<_>>(), naive.collect())?;
    }
    Ok(())
}

fn programmes(state: &State, model: &Model) -> Result<(), String> {
    let count = state.programme_count();
    same(|| "programmes".into(), count, model.programmes.len())?;
    for (id, programme) in model.programmes.iter().enumerate() {
        let key = at(ProgrammeId::from_index, id);
        let mine = |voucher: &usize| model.vouchers[*voucher].pot == id;
        let mine: Vec<usize> = (0..model.vouchers.len()).filter(mine).collect();
        let naive = [
            programme.budget.iter().sum(),
            model.available(id),
            mine.iter().map(|id| model.free_of(*id)).sum(),
            mine.iter().map(|id| model.held_of(*id)).sum(),
            mine.iter().map(|id| model.claimed_of(*id)).sum(),
            model.approved_in(id),
            model.came_back(id, true),
            model.carried_out(id),
        ];
        let engine = [
            AccountKind::Appropriation,
            AccountKind::Available,
            AccountKind::Outstanding,
            AccountKind::Held,
            AccountKind::Claimed,
            AccountKind::Approved,
            AccountKind::Lapsed,
            AccountKind::CarriedOut,
        ];
        let engine = engine.map(|kind| Money::from(state.budget(key, kind).get()));
        let what = || format!("accounts of programme {id}, the appropriation first");
        same(what, engine, naive)?;
        let lapsed = state.programme(key).expect("counted").lapsed_total;
        same(
            || format!("programme {id}: lapsed"),
            lapsed,
            model.lapsed(id),
        )?;
        for enterprise in 0..model.enterprises.len() {
            let usage = state.usage_of(key, at(EnterpriseId::from_index, enterprise));
            let engine = (
                Money::from(usage.issued.get()),
                Money::from(usage.used.get()),
            );
            let what = || format!("issued and used of enterprise {enterprise} under {id}");
            same(what, engine, model.usage(id, enterprise))?;
            let engine: Vec<((usize, String), Money)> = state
                .used_on_contracts(key, at(EnterpriseId::from_index, enterprise))
                .map(|(contract, used)| {
                    let number = contract.number().as_str().to_owned();
                    ((contract.provider().index(), number), used.get().into())
                })
                .collect();
            let what = || format!("used on contracts by enterprise {enterprise} under {id}");
            same(what, engine, model.counted(id, enterprise).on_contracts())?;
        }
    }
    Ok(())
}

fn lines(state: &State, model: &Model) -> Result<(), String> {
    same(|| "lines".into(), state.line_count(), model.lines.len())?;
    for (id, line) in model.lines.iter().enumerate() {
        let row = state.line(at(LineId::from_index, id)).expect("counted");
        let engine = super::Line {
            debtor: row.debtor.index(),
            creditor: row.creditor.index(),
            programme: row.programme.map(|programme| programme.index()),
            amount: Money::from(row.amount.get()),
            period: row.period.index(),
            voided: row.voided,
        };
        same(|| format!("line {id}"), &engine, line)?;
    }
    Ok(())
}

fn periods(state: &State, model: &Model) -> Result<(), String> {
    same(
        || "periods".into(),
        state.period_count(),
        model.periods.len(),
    )?;
    for (id, period) in model.periods.iter().enumerate() {
        let key = at(PeriodId::from_index, id);
        let row = state.period(key).expect("counted");
        let stage = match row.status {
            PeriodStatus::Open => Stage::Open,
            PeriodStatus::Closed => Stage::Closed,
            PeriodStatus::Agreed => Stage::Agreed,
            PeriodStatus::Settling => Stage::Settling,
            PeriodStatus::Settled => Stage::Settled,
            PeriodStatus::SettledWithCarry => Stage::SettledWithCarry,
        };
        same(|| format!("stage of period {id}"), stage, period.stage)?;
        let month = row.month.first_day().date();
        same(|| format!("month of period {id}"), month, period.month)?;
        let gross = model.gross(id);
        let engine: super::periods::Cells = state.gross(key).0.into_iter().map(cell).collect();
        same(|| format!("matrix of period {id}"), &engine, &gross)?;
        let positions = state.period_positions(key).into_iter().map(|position| {
            let receivable = Money::from(position.receivable.get());
            (
                position.member.index(),
                receivable,
                Money::from(position.payable.get()),
            )
        });
        let what = || format!("positions of period {id}");
        same(what, positions.collect(), model.positions(&gross))?;
    }
    Ok(())
}

fn cell(o: quantong::engine::netting::Obligation) -> ((usize, usize), Money) {
    let pair = (o.debtor.index(), o.creditor.index());
    (pair, Money::from(o.amount.get()))
}

fn instructions(state: &State, model: &Model) -> Result<(), String> {
    let count = state.instruction_count();
    same(|| "instructions".into(), count, model.instructions.len())?;
    for (id, instruction) in model.instructions.iter().enumerate() {
        let row = state
            .instruction(at(InstructionId::from_index, id))
            .expect("counted");
        let engine = super::Instruction {
            period: row.period.index(),
            order: usize::from(row.order),
            debtor: row.debtor.index(),
            creditor: row.creditor.index(),
            amount: Money::from(row.amount.get()),
            paid: Money::from(row.paid.get()),
            carried: Money::from(row.carried.get()),
        };
        same(|| format!("instruction {id}"), &engine, instruction)?;
    }
    Ok(())
}

fn books(state: &State, model: &Model) -> Result<(), String> {
    let mut engine: Vec<Book> = (0..model.members.len())
        .map(|_| Book {
            due_to: vec![0; model.members.len()],
            due_from: vec![0; model.members.len()],
            clearing: vec![0; model.periods.len()],
            ..Book::default()
        })
        .collect();
    for (account, _) in state.accounts() {
        let balance = state.balance(account).0;
        let book = &mut engine[account.party().index()];
        match (account.kind(), account.detail()) {
            (AccountKind::Expense, _) => book.expense += balance,
            (AccountKind::Payable, _) => book.payable += balance,
            (AccountKind::Treasury, _) => book.treasury += balance,
            (AccountKind::DueTo, Detail::Member(other)) => book.due_to[other.index()] = balance,
            (AccountKind::DueFrom, Detail::Member(other)) => book.due_from[other.index()] = balance,
            (AccountKind::Clearing, Detail::Period(period)) => {
                book.clearing[period.index()] = balance;
            }
            _ => {}
        }
    }
    for (id, book) in engine.into_iter().enumerate() {
        let name = || format!("books of member {:?}", at(MemberId::from_index, id));
        same(name, book, model.book(id))?;
    }
    Ok(())
}
