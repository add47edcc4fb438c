//! The six files of answers, as the engine gives them.

use std::io;
use std::path::Path;

use crate::domain::{Day, Fen, InlineText};
use crate::engine::State;
use crate::engine::books::AccountKind;
use crate::engine::command::RefSource;
use crate::engine::event::{ClaimApproved, Event, Recorded};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::PeriodStatus;
use crate::engine::terms::SettlementMode;

/// Rows of the answer files, gathered from events and state.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    vouchers: Vec<[String; 4]>,
    claims: Vec<[String; 7]>,
}

fn yuan(amount: Fen) -> String {
    amount.to_string()
}

fn day(day: Day) -> String {
    day.to_string()
}

/// The reference of an imported row.
fn imported(recorded: &Recorded) -> Option<InlineText<40>> {
    let reference = recorded.meta.external_ref.as_ref()?;
    (reference.source == RefSource::Import).then_some(reference.text)
}

impl Answers {
    /// Takes what an event says of an imported row. `state` is the state after all events.
    pub fn take(&mut self, recorded: &Recorded, state: &State) {
        let Some(reference) = imported(recorded) else {
            return;
        };
        let reference = reference.to_string();
        let blank = String::new;
        match &recorded.event {
            Event::VoucherIssued(e) => {
                self.vouchers
                    .push([reference, "ISSUED".into(), day(e.use_by), day(e.cash_by)]);
            }
            Event::VoucherRefused(e) => {
                self.vouchers
                    .push([reference, e.code.as_str().into(), blank(), blank()]);
            }
            Event::ClaimApproved(e) => self.claims.push(approved(reference, e, state)),
            Event::ClaimRefused(e) => {
                let faults: Vec<&str> = e.faults.in_order().map(RefusalCode::as_str).collect();
                self.claims.push([
                    reference,
                    e.result.as_str().into(),
                    faults.join("|"),
                    yuan(Fen::ZERO),
                    blank(),
                    blank(),
                    blank(),
                ]);
            }
            _ => {}
        }
    }

    /// Number of imported vouchers and claims that were seen.
    pub fn counts(&self) -> (usize, usize) {
        (self.vouchers.len(), self.claims.len())
    }
}

fn approved(reference: String, e: &ClaimApproved, state: &State) -> [String; 7] {
    let host = state.provider(e.provider).map(|row| row.city);
    let home_part = e.funding.part_of(e.issuer, e.amount);
    let host_part = match host {
        Some(host) if host != e.issuer => e.funding.part_of(host, e.amount),
        _ => Fen::ZERO,
    };
    let payer = state
        .member(e.funding.payer)
        .map_or(String::new(), |row| row.code.to_string());
    [
        reference,
        "APPROVED".into(),
        String::new(),
        yuan(e.amount),
        payer,
        yuan(home_part),
        yuan(host_part),
    ]
}

/// Writes the six files into a folder, which is made if it is missing. Rows are sorted.
///
/// # Errors
/// The folder cannot be made or a file cannot be written.
pub fn write_answers(folder: &Path, answers: &Answers, state: &State) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut vouchers = answers.vouchers.clone();
    vouchers.sort();
    let header = ["voucher_ref", "result", "use_by", "cash_by"];
    write(folder, "expected_vouchers.csv", &header, vouchers)?;
    let mut claims = answers.claims.clone();
    claims.sort();
    let header = [
        "claim_ref",
        "result",
        "faults",
        "amount",
        "payer_city",
        "home_part",
        "host_part",
    ];
    write(folder, "expected_claims.csv", &header, claims)?;
    let header = ["period", "debtor_city", "creditor_city", "amount"];
    write(
        folder,
        "expected_obligations.csv",
        &header,
        obligations(state),
    )?;
    let header = ["period", "city", "receivable", "payable", "net"];
    write(folder, "expected_positions.csv", &header, positions(state))?;
    let header = ["period", "order", "debtor_city", "creditor_city", "amount"];
    write(folder, "expected_payments.csv", &header, payments(state))?;
    let header = [
        "programme",
        "budget",
        "available",
        "outstanding",
        "approved",
        "lapsed_total",
    ];
    write(
        folder,
        "expected_programmes.csv",
        &header,
        programmes(state),
    )
}

fn write<const N: usize>(
    folder: &Path,
    file: &str,
    header: &[&str; N],
    rows: Vec<[String; N]>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(folder.join(file)).map_err(io::Error::other)?;
    writer.write_record(header).map_err(io::Error::other)?;
    for row in rows {
        writer.write_record(&row).map_err(io::Error::other)?;
    }
    writer.flush()
}

/// The closed periods with the names of their months.
fn closed(state: &State) -> impl Iterator<Item = (crate::domain::PeriodId, String)> {
    (0..state.period_count()).filter_map(|i| {
        let id = crate::domain::PeriodId::from_index(i)?;
        let row = state.period(id)?;
        (row.status != PeriodStatus::Open).then(|| (id, row.month.to_string()))
    })
}

fn code(state: &State, member: crate::domain::MemberId) -> String {
    state
        .member(member)
        .map_or(String::new(), |row| row.code.to_string())
}

fn obligations(state: &State) -> Vec<[String; 4]> {
    let of_period = |(id, month): (_, String)| {
        let (cells, _) = state.gross(id);
        cells.into_iter().map(move |cell| {
            let (debtor, creditor) = (code(state, cell.debtor), code(state, cell.creditor));
            [month.clone(), debtor, creditor, yuan(cell.amount)]
        })
    };
    closed(state).flat_map(of_period).collect()
}

fn positions(state: &State) -> Vec<[String; 5]> {
    let of_period = |(id, month): (_, String)| {
        state.period_positions(id).into_iter().map(move |p| {
            let (receivable, payable) = (yuan(p.receivable), yuan(p.payable));
            [
                month.clone(),
                p.code.to_string(),
                receivable,
                payable,
                p.net().to_string(),
            ]
        })
    };
    closed(state).flat_map(of_period).collect()
}

fn payments(state: &State) -> Vec<[String; 5]> {
    let of_period = |(id, month): (_, String)| {
        let payments = state.payments_of(id, SettlementMode::Direct);
        (1..).zip(payments).map(move |(order, p): (u32, _)| {
            let (debtor, creditor) = (code(state, p.debtor), code(state, p.creditor));
            [
                month.clone(),
                order.to_string(),
                debtor,
                creditor,
                yuan(p.amount),
            ]
        })
    };
    closed(state).flat_map(of_period).collect()
}

fn programmes(state: &State) -> Vec<[String; 6]> {
    let row = |(code, id): (&crate::domain::ProgrammeCode, _)| {
        let budget = |kind| yuan(state.budget(id, kind));
        let lapsed = state.programme(id).map_or(0, |row| row.lapsed_total);
        [
            code.to_string(),
            budget(AccountKind::Appropriation),
            budget(AccountKind::Available),
            budget(AccountKind::Outstanding),
            budget(AccountKind::Approved),
            crate::domain::SignedFen(lapsed).to_string(),
        ]
    };
    state.programmes_by_code().map(row).collect()
}
