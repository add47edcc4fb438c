//! Periods, positions, settlement payments, and the books by day.

use std::collections::BTreeMap;

use quantong::domain::{Day, InstructionId, PeriodId};
use quantong::engine::books::Account;
use quantong::engine::event::Event;
use quantong::engine::posting;
use quantong::engine::state::PeriodStatus;
use quantong::views::account_place;
use serde_json::json;

use super::{Told, text};

pub(super) fn compare(told: &Told<'_>) {
    periods(told);
    instructions(told);
    accounts(told);
}

fn periods(told: &Told<'_>) {
    let gross = told.of_events(|_, event| match event {
        Event::PeriodClosed(e) => Some((e.period, e.gross.get())),
        _ => None,
    });
    let gross: BTreeMap<PeriodId, i64> = gross.into_iter().collect();
    let (mut rows, mut positions) = (Vec::new(), Vec::new());
    for id in (0..told.state.period_count()).filter_map(PeriodId::from_index) {
        let row = told.state.period(id).expect("counted");
        let status = match row.status {
            PeriodStatus::Open => "open",
            PeriodStatus::Closed => "closed",
            PeriodStatus::Agreed => "agreed",
            PeriodStatus::Settling => "settling",
            PeriodStatus::Settled => "settled",
            PeriodStatus::SettledWithCarry => "settled_with_carry",
        };
        rows.push(json!({
            "id": id.0, "month": row.month.to_string(), "status": status,
            "gross": gross.get(&id).copied().unwrap_or(0), "carried": row.carried.get(),
            "closed_on": text(row.closed_on), "pay_by": text(row.pay_by),
        }));
        if row.status == PeriodStatus::Open {
            continue;
        }
        for position in told.state.period_positions(id) {
            positions.push(json!({
                "period": id.0, "member": position.member.0,
                "receivable": position.receivable.get(), "payable": position.payable.get(),
                "confirmed": told.state.confirmation(id, position.member),
            }));
        }
    }
    told.same("periods", rows);
    told.same("positions", positions);
}

fn instructions(told: &Told<'_>) {
    let issued = told.of_events(|meta, event| match event {
        Event::InstructionIssued(e) => Some((e.instruction, meta.seq)),
        _ => None,
    });
    let issued: BTreeMap<InstructionId, _> = issued.into_iter().collect();
    assert_eq!(issued.len(), told.state.instruction_count());
    let rows = issued.into_iter().map(|(id, seq)| {
        let row = told.state.instruction(id).expect("issued");
        json!({
            "id": id.0, "period": row.period.0, "place": row.order, "debtor": row.debtor.0,
            "creditor": row.creditor.0, "amount": row.amount.get(), "paid": row.paid.get(),
            "carried": row.carried.get(), "event": seq.0,
        })
    });
    told.same("instructions", rows.collect());
}

/// Every day is what its events post, and the sums over all days are the balances.
fn accounts(told: &Told<'_>) {
    let mut days: BTreeMap<(Account, Day), [i64; 2]> = BTreeMap::new();
    for recorded in told.events {
        let day = recorded.meta.business_date;
        posting(&recorded.event, &mut |pair| {
            let amount = pair.amount.get();
            days.entry((pair.debit, day)).or_default()[0] += amount;
            days.entry((pair.credit, day)).or_default()[1] += amount;
        });
    }
    let mut sums: BTreeMap<Account, [i64; 2]> = BTreeMap::new();
    let rows = days.into_iter().map(|((account, day), [debits, credits])| {
        let sum = sums.entry(account).or_default();
        sum[0] += debits;
        sum[1] += credits;
        let (name, about, about_id) = account_place(account);
        json!({
            "party": account.party().0, "account": name, "about": about, "about_id": about_id,
            "day": day.to_string(), "debits": debits, "credits": credits,
        })
    });
    told.same("account_days", rows.collect());
    let balances = told.state.accounts().into_iter().map(|(account, balance)| {
        let sums = [balance.debits, balance.credits];
        (account, sums.map(|sum| i64::try_from(sum).expect("small")))
    });
    assert_eq!(sums, balances.collect());
}
