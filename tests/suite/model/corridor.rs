//! The example year, answered by the model alone from the files.

use std::collections::HashMap;
use std::fs;

use jiff::civil::Date;

use super::claims::Filing;
use super::limits::Limits;
use super::year_end::Year;
use super::{
    Agreement, Base, Bend, Enterprise, Kind, Member, Mode, Model, Money, Payer, Programme,
    Provider, Rate, Verdict, Version,
};
use crate::import::examples;

/// A row by its column names.
type Row = HashMap<String, String>;

fn rows(name: &str) -> Vec<Row> {
    let path = examples().join(format!("{name}.csv"));
    let mut reader = csv::Reader::from_path(path).expect("a file of the examples");
    let rows = reader.deserialize().map(|row| row.expect("a row"));
    rows.collect()
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// Yuan as fen: two places, always written.
fn fen(text: &str) -> Money {
    let (yuan, places) = text.split_once('.').unwrap_or((text, "00"));
    assert_eq!(places.len(), 2, "{text}");
    format!("{yuan}{places}").parse().expect("digits")
}

fn yuan(fen: Money) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

/// A ratio as millionths.
fn millionths(text: &str) -> Money {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{places:0<6}").parse().expect("digits")
}

fn group(text: &str) -> Vec<(Date, Option<String>)> {
    let group = Some(text.to_owned()).filter(|group| !group.is_empty());
    vec![(Date::MIN, group)]
}

/// The position of what has this key; one that nothing has if it is unknown.
fn find(all: &[String], key: &str) -> usize {
    all.iter()
        .position(|other| other == key)
        .unwrap_or(usize::MAX)
}

struct Corridor {
    model: Model,
    cities: Vec<String>,
    programmes: Vec<String>,
    enterprises: Vec<String>,
    providers: Vec<String>,
    /// References of the vouchers that were issued, by their position in the model.
    vouchers: Vec<String>,
}

impl Corridor {
    fn read(bend: Bend) -> Corridor {
        let codes = |name: &str, column: &str| {
            let rows = rows(name).into_iter();
            rows.map(|row| row[column].clone()).collect::<Vec<String>>()
        };
        let mut corridor = Corridor {
            model: Model::new(day("2025-01-01"), bend),
            cities: codes("cities", "code"),
            programmes: codes("programmes", "programme"),
            enterprises: codes("enterprises", "uscc"),
            providers: codes("providers", "uscc"),
            vouchers: Vec::new(),
        };
        corridor.parties();
        corridor.rules();
        corridor.agreements();
        corridor
    }

    fn city(&self, code: &str) -> usize {
        find(&self.cities, code)
    }

    fn parties(&mut self) {
        for code in self.cities.clone() {
            self.model.members.push(Member {
                code,
                treasury: false,
                signed: true,
            });
        }
        for row in rows("enterprises") {
            let city = self.city(&row["city"]);
            self.model.enterprises.push(Enterprise {
                code: row["uscc"].clone(),
                team: row["kind"] == "team",
                city,
                groups: group(&row["controller_group"]),
            });
        }
        for row in rows("providers") {
            let city = self.city(&row["city"]);
            self.model.providers.push(Provider {
                code: row["uscc"].clone(),
                city,
                categories: row["categories"].split('|').map(str::to_owned).collect(),
                groups: group(&row["controller_group"]),
                admitted: (day(&row["admitted_from"]), day(&row["admitted_to"])),
                suspended: false,
            });
        }
    }

    fn rules(&mut self) {
        let (rates, recognition) = (rows("rates"), rows("recognition"));
        let mut versions = rows("versions");
        versions.sort_by_key(|row| row["version"].parse::<u32>().expect("a number"));
        for programme in rows("programmes") {
            let mine = |row: &&Row| row["programme"] == programme["programme"];
            let versions = versions.iter().filter(mine).map(|version| {
                let same = |row: &&Row| mine(row) && row["version"] == version["version"];
                let rates = rates.iter().filter(same).map(|row| Rate {
                    category: row["category"].clone(),
                    tiers: vec![(Money::MAX, millionths(&row["ratio"]))],
                    cap_claim: fen(&row["cap_claim"]),
                });
                let hosts = recognition.iter().filter(same);
                Version {
                    effective_from: day(&version["effective_from"]),
                    pays_enterprise: version["payee"] == "enterprise",
                    base: match version["base"].as_str() {
                        "contract" => Base::Contract,
                        "invoice" => Base::Invoice,
                        "paid" => Base::Paid,
                        _ => Base::Least,
                    },
                    cap_enterprise: fen(&version["cap_enterprise_year"]),
                    cap_group: fen(&version["cap_group_year"]),
                    use_months: version["use_months"].parse().expect("a number"),
                    cash_days: version["cash_days"].parse().expect("a number"),
                    rates: rates.collect(),
                    recognised: Some(hosts.map(|row| self.city(&row["host_city"])).collect()),
                    transfers: Vec::<Kind>::new(),
                    limits: Limits::default(),
                }
            });
            let versions = versions.collect();
            let city = self.city(&programme["city"]);
            self.model.programmes.push(Programme {
                city,
                budget_year: programme["budget_year"].parse().expect("a year"),
                budget: vec![fen(&programme["budget"])],
                versions,
                year: Year::Open,
                carried: None,
            });
        }
    }

    fn agreements(&mut self) {
        for row in rows("agreements") {
            let (home, host) = (self.city(&row["home_city"]), self.city(&row["host_city"]));
            let share = millionths(&row["home_share"]);
            let payer = match row["model"].as_str() {
                "host_pays" => Payer::Host,
                _ => Payer::Home,
            };
            let category = Some(row["category"].clone()).filter(|text| !text.is_empty());
            self.model.agreements.push(Agreement {
                home,
                host,
                category,
                days: (day(&row["effective_from"]), day(&row["effective_to"])),
                payer,
                shares: vec![(home, share), (host, 1_000_000 - share)],
                accrues_at_payment: false,
            });
        }
    }

    /// All rows in the order of the rules: by day, vouchers before claims, by reference.
    fn run(&mut self) -> Answers {
        let mut all: Vec<(String, u8, String, Row)> = Vec::new();
        for row in rows("vouchers") {
            all.push((row["issued_on"].clone(), 0, row["voucher_ref"].clone(), row));
        }
        for row in rows("claims") {
            all.push((row["filed_on"].clone(), 1, row["claim_ref"].clone(), row));
        }
        all.sort_by(|a, b| (&a.0, a.1, &a.2).cmp(&(&b.0, b.1, &b.2)));
        let mut answers = Answers::default();
        for (on, kind, reference, row) in all {
            if day(&on) > self.model.today {
                self.model.advance(day(&on));
            }
            let answer = match kind {
                0 => self.voucher(&row),
                _ => self.claim(&row),
            };
            let lines = if kind == 0 {
                &mut answers.vouchers
            } else {
                &mut answers.claims
            };
            lines.push(format!("{reference},{answer}"));
        }
        self.model.advance(day("2026-01-01"));
        self.totals(&mut answers);
        answers
    }

    fn voucher(&mut self, row: &Row) -> String {
        let programme = find(&self.programmes, &row["programme"]);
        let enterprise = find(&self.enterprises, &row["enterprise"]);
        match self.model.issue(programme, enterprise, fen(&row["amount"])) {
            Verdict::Done => {
                self.vouchers.push(row["voucher_ref"].clone());
                let voucher = self.model.vouchers.last().expect("it was just issued");
                format!("ISSUED,{},{}", voucher.use_by, voucher.cash_by)
            }
            Verdict::Refused(codes) => format!("{},,", codes[0]),
            other => panic!("{other:?}"),
        }
    }

    fn claim(&mut self, row: &Row) -> String {
        let filing = Filing {
            by: 0,
            voucher: find(&self.vouchers, &row["voucher_ref"]),
            provider: find(&self.providers, &row["provider"]),
            enterprise: Some(find(&self.enterprises, &row["enterprise"])),
            category: row["category"].clone(),
            contract_no: row["contract_no"].clone(),
            contract_date: day(&row["contract_date"]),
            contract_amount: fen(&row["contract_amount"]),
            invoice_no: row["invoice_no"].clone(),
            invoice_amount: fen(&row["invoice_amount"]),
            paid_amount: fen(&row["paid_amount"]),
            papers: Vec::new(),
            imported: true,
        };
        match self.model.file(&filing) {
            Verdict::Refused(faults) => format!("{},{},0.00,,,", faults[0], faults.join("|")),
            Verdict::Approved(approval) => {
                let programme = self.model.vouchers[filing.voucher].programme;
                let home = self.model.programmes[programme].city;
                let others: Money = approval.others.iter().map(|(_, part)| part).sum();
                let (home_part, host_part) = match approval.payer == home {
                    true => (approval.amount - others, others),
                    false => (others, approval.amount - others),
                };
                format!(
                    "APPROVED,,{},{},{},{}",
                    yuan(approval.amount),
                    self.cities[approval.payer],
                    yuan(home_part),
                    yuan(host_part)
                )
            }
            other => panic!("{other:?}"),
        }
    }

    fn totals(&self, answers: &mut Answers) {
        for (id, period) in self.model.periods.iter().enumerate() {
            let month = period.month.strftime("%Y-%m");
            let gross = self.model.gross(id);
            for ((debtor, creditor), amount) in &gross {
                let (debtor, creditor) = (&self.cities[*debtor], &self.cities[*creditor]);
                let amount = yuan(*amount);
                answers
                    .obligations
                    .push(format!("{month},{debtor},{creditor},{amount}"));
            }
            for (city, receivable, payable) in self.model.positions(&gross) {
                let (city, net) = (&self.cities[city], yuan(receivable - payable));
                let (receivable, payable) = (yuan(receivable), yuan(payable));
                answers
                    .positions
                    .push(format!("{month},{city},{receivable},{payable},{net}"));
            }
            let payments = self
                .model
                .payments(id, Mode::Direct)
                .into_iter()
                .enumerate();
            for (n, (debtor, creditor, amount)) in payments {
                let (debtor, creditor) = (&self.cities[debtor], &self.cities[creditor]);
                let (order, amount) = (n + 1, yuan(amount));
                answers
                    .payments
                    .push(format!("{month},{order},{debtor},{creditor},{amount}"));
            }
        }
        for (id, code) in self.programmes.iter().enumerate() {
            let mine = |voucher: &usize| self.model.vouchers[*voucher].programme == id;
            let vouchers: Vec<usize> = (0..self.model.vouchers.len()).filter(mine).collect();
            let outstanding = vouchers.iter().map(|id| self.model.free_of(*id)).sum();
            let approved = vouchers.iter().map(|id| self.model.approved_of(*id)).sum();
            answers.programmes.push(format!(
                "{code},{},{},{},{},{}",
                yuan(self.model.programmes[id].budget.iter().sum()),
                yuan(self.model.available(id)),
                yuan(outstanding),
                yuan(approved),
                yuan(self.model.lapsed(id))
            ));
        }
    }
}

/// Lines of the six answer files, without their headers.
#[derive(Default)]
struct Answers {
    vouchers: Vec<String>,
    claims: Vec<String>,
    obligations: Vec<String>,
    positions: Vec<String>,
    payments: Vec<String>,
    programmes: Vec<String>,
}

impl Answers {
    /// Names of the files that differ from the expected ones.
    fn differences(self) -> Vec<&'static str> {
        let files = [
            ("vouchers", self.vouchers),
            ("claims", self.claims),
            ("obligations", self.obligations),
            ("positions", self.positions),
            ("payments", self.payments),
            ("programmes", self.programmes),
        ];
        let differs = files.into_iter().filter_map(|(name, mut lines)| {
            let path = examples().join(format!("expected_{name}.csv"));
            let text = fs::read_to_string(path).expect("a file of the examples");
            let mut expected: Vec<&str> = text.lines().skip(1).collect();
            expected.sort_unstable();
            lines.sort_unstable();
            (lines != expected).then_some(name)
        });
        differs.collect()
    }
}

#[test]
fn the_model_alone_answers_the_corridor_year() {
    let differences = Corridor::read(Bend::None).run().differences();
    assert_eq!(differences, Vec::<&str>::new());
}

#[test]
fn a_bent_rule_shows_in_the_corridor_year() {
    for (bend, shown) in [
        (Bend::ExpiresOneDayEarly, "claims"),
        (Bend::RestToHost, "claims"),
        (Bend::RefusedTakesInvoice, "claims"),
        (Bend::RankedOnce, "payments"),
        (Bend::LapseIsLost, "programmes"),
    ] {
        let differences = Corridor::read(bend).run().differences();
        assert!(differences.contains(&shown), "{bend:?}: {differences:?}");
    }
}
