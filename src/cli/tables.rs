//! Tables for the terminal, as pure functions from the state.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use crate::domain::{MemberId, PeriodId, SignedFen};
use crate::engine::State;
use crate::engine::books::Section;
use crate::engine::terms::SettlementMode;

/// Language of headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// The language of the environment: Chinese if `LC_ALL` or else `LANG` says so.
    pub(super) fn of_environment() -> Lang {
        let value = |name| std::env::var(name).unwrap_or_default();
        Lang::of_locale(&value("LC_ALL"), &value("LANG"))
    }

    /// An empty `LC_ALL` counts as not set, as in POSIX.
    fn of_locale(lc_all: &str, lang: &str) -> Lang {
        let locale = if lc_all.is_empty() { lang } else { lc_all };
        if locale.starts_with("zh") {
            Lang::Zh
        } else {
            Lang::En
        }
    }

    /// One of two texts.
    pub(super) fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }
}

fn table(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(header);
    table
}

fn align_right(table: &mut Table, from: usize) {
    for (i, column) in table.column_iter_mut().enumerate() {
        if i >= from {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Names of members by id, in the language of the reader.
pub(super) type Names = BTreeMap<MemberId, String>;

fn name(names: &Names, member: MemberId) -> String {
    names.get(&member).cloned().unwrap_or_default()
}

/// How many rows had which result.
pub(super) fn counts(lang: Lang, counts: &BTreeMap<String, usize>) -> String {
    let mut table = table(vec![
        lang.pick("result", "结果").into(),
        lang.pick("rows", "行数").into(),
    ]);
    for (result, count) in counts {
        table.add_row(vec![result.clone(), count.to_string()]);
    }
    align_right(&mut table, 1);
    table.to_string()
}

/// Approved amounts from home city (rows) to host city (columns).
pub(super) fn flows(lang: Lang, state: &State, names: &Names) -> String {
    let mut flow: BTreeMap<(MemberId, MemberId), SignedFen> = BTreeMap::new();
    for (_, claim) in state.claims().filter(|(_, row)| row.is_live()) {
        let (Some(voucher), Some(provider)) =
            (state.voucher(claim.voucher), state.provider(claim.provider))
        else {
            continue;
        };
        let (programme, _) = state.voucher_owner(voucher);
        if let Some(programme) = state.programme(programme) {
            let cell = flow.entry((programme.city, provider.city)).or_default();
            *cell = *cell + SignedFen::from(claim.amount);
        }
    }
    let cities: Vec<MemberId> = state.members_by_code().map(|(_, id)| id).collect();
    let mut header = vec![lang.pick("home \\ host", "发券市＼服务市").to_owned()];
    header.extend(cities.iter().map(|city| name(names, *city)));
    let mut table = table(header);
    for home in &cities {
        let mut row = vec![name(names, *home)];
        row.extend(cities.iter().map(|host| {
            flow.get(&(*home, *host))
                .map_or_else(|| "·".to_owned(), ToString::to_string)
        }));
        table.add_row(row);
    }
    align_right(&mut table, 1);
    table.to_string()
}

/// Net position of every party in every closed period.
pub(super) fn nets(lang: Lang, state: &State, names: &Names, periods: &[PeriodId]) -> String {
    let cities: Vec<MemberId> = state.members_by_code().map(|(_, id)| id).collect();
    let mut header = vec![lang.pick("period", "账期").to_owned()];
    header.extend(cities.iter().map(|city| name(names, *city)));
    let mut table = table(header);
    for period in periods {
        let positions = state.period_positions(*period);
        let mut row = vec![month(state, *period)];
        row.extend(cities.iter().map(|city| {
            let position = positions.iter().find(|p| p.member == *city);
            position.map_or_else(|| "·".to_owned(), |p| p.net().to_string())
        }));
        table.add_row(row);
    }
    align_right(&mut table, 1);
    table.to_string()
}

fn month(state: &State, period: PeriodId) -> String {
    state
        .period(period)
        .map_or_else(String::new, |row| row.month.to_string())
}

/// Payments that settle every closed period, largest debtor to largest creditor.
pub(super) fn payments(lang: Lang, state: &State, names: &Names, periods: &[PeriodId]) -> String {
    let mut table = table(vec![
        lang.pick("period", "账期").into(),
        "#".into(),
        lang.pick("pays", "付款方").into(),
        lang.pick("is paid", "收款方").into(),
        lang.pick("amount", "金额").into(),
    ]);
    for period in periods {
        let payments = state.payments_of(*period, SettlementMode::Direct);
        for (order, payment) in payments.iter().enumerate() {
            table.add_row(vec![
                month(state, *period),
                (order + 1).to_string(),
                name(names, payment.debtor),
                name(names, payment.creditor),
                payment.amount.to_string(),
            ]);
        }
    }
    align_right(&mut table, 4);
    table.to_string()
}

/// Debits and credits by party and section; every line is equal on both sides.
pub(super) fn trial_balance(lang: Lang, state: &State, names: &Names) -> String {
    let mut sums: BTreeMap<(MemberId, Section), (u128, u128)> = BTreeMap::new();
    for (account, balance) in state.accounts() {
        let sum = sums
            .entry((account.party(), account.kind().section()))
            .or_default();
        sum.0 += balance.debits;
        sum.1 += balance.credits;
    }
    let mut table = table(vec![
        lang.pick("party", "主体").into(),
        lang.pick("section", "账套").into(),
        lang.pick("debits", "借方").into(),
        lang.pick("credits", "贷方").into(),
    ]);
    let yuan = |fen: u128| SignedFen(fen.cast_signed()).to_string();
    for ((party, section), (debits, credits)) in sums {
        let section = match section {
            Section::Budget => lang.pick("budget", "预算"),
            Section::Actual => lang.pick("actual", "实际"),
        };
        let row = vec![
            name(names, party),
            section.into(),
            yuan(debits),
            yuan(credits),
        ];
        table.add_row(row);
    }
    align_right(&mut table, 2);
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_locale() {
        let lines = [
            ("", "zh_CN.UTF-8", Lang::Zh),
            ("zh_CN.UTF-8", "C", Lang::Zh),
            ("C", "zh_CN.UTF-8", Lang::En),
            ("", "en_GB.UTF-8", Lang::En),
            ("", "", Lang::En),
        ];
        for (lc_all, lang, expected) in lines {
            assert_eq!(Lang::of_locale(lc_all, lang), expected, "{lc_all} {lang}");
        }
    }
}
