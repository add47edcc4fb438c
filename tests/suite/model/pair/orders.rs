//! Steps about orders. One person acts for all holders and all labs.

use quantong::domain::{ContractNo, Fen, OrderId, VoucherId};
use quantong::engine::command::*;

use super::claims::{command_of, papers, written};
use super::{Both, FILER, Filing, OFFICERS, Pair, pick};
use crate::model::orders::{OrderProposal, Place};
use crate::model::world::{self, category, day, fen};
use crate::model::{Money, plus_days};

fn id_of(order: usize) -> OrderId {
    OrderId::from_index(order).expect("few")
}

impl Pair {
    pub(super) fn order(&mut self, kind: u8, a: u8, b: u8, n: u32) -> Both {
        // Mostly one that goes on.
        let goes_on = |id: &usize| self.model.orders[*id].place.holds();
        let live: Vec<usize> = (0..self.model.orders.len()).filter(goes_on).collect();
        let order = match live.get(usize::from(a) % live.len().max(1)) {
            Some(order) if kind > 28 && !b.is_multiple_of(8) => *order,
            _ => pick(a, self.model.orders.len()),
        };
        match kind {
            25 | 26 => self.propose_order(a, b, n),
            27 | 28 => {
                let command = Command::ConfirmOrder(ConfirmOrder {
                    order: id_of(order),
                });
                (FILER, command, self.model.confirm_order(order))
            }
            29 | 30 => self.capture(order, a, b, n),
            31 | 32 => self.advance_order(order, b),
            _ => self.hold(order, a, b, n),
        }
    }

    fn propose_order(&mut self, a: u8, b: u8, n: u32) -> Both {
        let count = 1 + usize::from(b) % 4 / 2 + usize::from(b) % 8 / 7;
        let pooled = (0..count).map(|i| (usize::from(a) + i) % 4);
        let mut vouchers: Vec<usize> = pooled.collect();
        if n.is_multiple_of(4) {
            vouchers[0] = pick(a, self.model.vouchers.len());
        }
        let amount = |i: usize| Money::from(n / 8 % 20_000) / (1 + i as Money) + 1;
        let lines = vouchers.into_iter().enumerate();
        let lines: Vec<(usize, Money)> = lines.map(|(i, id)| (id, amount(i))).collect();
        let sum: Money = lines.iter().map(|(_, amount)| *amount).sum();
        // Enough for every rate, and now and then too little.
        let contract_amount = sum * Money::from(if n.is_multiple_of(13) { 2 } else { 9 });
        let hold_until = plus_days(self.model.today, i64::from(n % 40) - 1);
        let provider = if b < 200 { 0 } else { usize::from(b) % 6 };
        let category_code = world::CATEGORIES[usize::from(n.is_multiple_of(17))];
        let line = |(id, amount): &(usize, Money)| -> (VoucherId, Fen) {
            (VoucherId::from_index(*id).expect("few"), fen(*amount))
        };
        let command = Command::ProposeOrder(ProposeOrder {
            provider: quantong::domain::ProviderId::from_index(provider).expect("few"),
            category: category(category_code),
            contract_amount: fen(contract_amount),
            hold_until: day(hold_until),
            lines: lines.iter().map(line).collect(),
        });
        let expected = self.model.propose_order(OrderProposal {
            provider,
            category: category_code.to_owned(),
            contract_amount,
            hold_until,
            lines,
        });
        (FILER, command, expected)
    }

    /// The number of an order's contract, mostly.
    fn number_of(&self, order: usize, n: u32) -> String {
        let row = self.model.orders.get(order);
        let own = row.and_then(|row| row.contract.clone());
        let own = own.filter(|_| !n.is_multiple_of(41));
        own.map_or("HT-1".to_owned(), |(number, _)| number)
    }

    fn capture(&mut self, order: usize, a: u8, b: u8, n: u32) -> Both {
        let row = self.model.orders.get(order);
        let voucher = row.map_or(0, |row| row.lines[0].voucher);
        let provider = row.map_or(0, |row| row.provider);
        let signed_on = row.and_then(|row| row.contract.as_ref());
        let signed_on = signed_on.map_or(self.model.today, |(_, day)| *day);
        let invoice_amount = Money::from(n / 64 % 60_000);
        let filing = Filing {
            by: FILER,
            voucher: if n.is_multiple_of(29) { 0 } else { voucher },
            provider: if n % 29 == 1 { 1 } else { provider },
            enterprise: n.is_multiple_of(11).then_some(usize::from(a) % 4),
            category: world::CATEGORIES[usize::from(n % 31 == 2)].to_owned(),
            contract_no: self.number_of(order, n),
            contract_date: plus_days(signed_on, -i64::from(n % 19 / 17)),
            contract_amount: invoice_amount + Money::from(n % 3),
            invoice_no: (n / 3 % 400 + 1).to_string(),
            invoice_amount,
            paid_amount: invoice_amount * Money::from(n % 4) / 4,
            papers: papers(n),
            imported: false,
        };
        let last = b.is_multiple_of(4);
        let expected = self.model.capture(&filing, order, last);
        let claim = FileClaim {
            order: Some(Capture {
                order: id_of(order),
                last,
            }),
            ..command_of(&filing)
        };
        (FILER, Command::FileClaim(claim), expected)
    }

    fn advance_order(&mut self, order: usize, b: u8) -> Both {
        let next = self.model.orders.get(order).map(|row| row.place);
        let to = match next {
            Some(Place::Contracted) if b < 220 => Place::Delivered,
            Some(Place::Delivered) if b < 220 => Place::Accepted,
            _ => Place::Contracted,
        };
        let contract = written(u32::from(b % 3), u32::from(b / 3));
        let step = match to {
            Place::Contracted => OrderStep::Contract {
                contract_no: ContractNo::parse(&contract).expect("short"),
                contract_date: day(self.model.today),
            },
            Place::Delivered => OrderStep::Deliver,
            _ => OrderStep::Accept,
        };
        let command = Command::AdvanceOrder(AdvanceOrder {
            order: id_of(order),
            step,
        });
        (
            FILER,
            command,
            self.model.advance_order(order, to, &contract),
        )
    }

    /// Release, cancellation, extension and dispute.
    fn hold(&mut self, order: usize, a: u8, b: u8, n: u32) -> Both {
        let (id, provider) = (id_of(order), b.is_multiple_of(2));
        let by = OrderSide::ALL[usize::from(!provider)];
        match n % 8 {
            0..3 => {
                let first = self
                    .model
                    .orders
                    .get(order)
                    .map_or(0, |o| o.lines[0].voucher);
                let part = (first, Money::from(n % 9_000));
                let part = Some(part).filter(|_| n.is_multiple_of(5) || a.is_multiple_of(2));
                let line = |(voucher, amount): (usize, Money)| {
                    (VoucherId::from_index(voucher).expect("few"), fen(amount))
                };
                let command = Command::ReleaseOrder(ReleaseOrder {
                    order: id,
                    by,
                    parts: part.into_iter().map(line).collect(),
                });
                (
                    FILER,
                    command,
                    self.model.release_order(order, provider, part),
                )
            }
            3 => {
                let command = Command::CancelOrder(CancelOrder { order: id, by });
                (FILER, command, self.model.cancel_order(order, provider))
            }
            4 | 5 => {
                // Two sides that ask one after the other should now and then mean the same day.
                let last = self.model.orders.get(order).map(|row| row.hold_until);
                let until = plus_days(last.unwrap_or(self.model.today), i64::from(n / 8 % 3) * 5);
                let command = Command::ExtendOrder(ExtendOrder {
                    order: id,
                    by,
                    until: day(until),
                });
                (
                    FILER,
                    command,
                    self.model.extend_order(order, provider, until),
                )
            }
            6 => {
                let act = DisputeAct::Raise {
                    by,
                    code: DisputeCode::Late,
                };
                let command = Command::DisputeOrder(DisputeOrder { order: id, act });
                (FILER, command, self.model.raise_dispute(order))
            }
            _ => {
                let uphold = b.is_multiple_of(3);
                let act = match a % 3 {
                    0 => DisputeAct::Withdraw,
                    _ => DisputeAct::Rule { uphold },
                };
                let by = if a.is_multiple_of(3) {
                    FILER
                } else {
                    OFFICERS[0]
                };
                let command = Command::DisputeOrder(DisputeOrder { order: id, act });
                let uphold = uphold && !a.is_multiple_of(3);
                (by, command, self.model.end_dispute(order, uphold))
            }
        }
    }
}
