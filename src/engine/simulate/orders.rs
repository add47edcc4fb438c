//! Orders in a simulation: what was proposed stands, a confirmation is decided again, and what was
//! released then is released of what would be held now. Holds end by their own timers.

use super::Simulation;
use crate::domain::{Fen, OrderId};
use crate::engine::command::{Command, ConfirmOrder, Submission};
use crate::engine::event::{
    DisputeClosed, Event, OrderAdvanced, OrderAgreed, OrderAsked, OrderDisputed, OrderExtended,
    OrderProposed, OrderReleased, ProposedLine, Recorded, ReleasedLine,
};
use crate::engine::execute::confirm_within;
use crate::engine::terms::{OrderParties, ReleaseCause};

impl Simulation {
    /// Takes an event of an order over.
    pub(super) fn follow_order(&mut self, recorded: &Recorded) {
        self.reach(recorded, recorded.meta.business_date);
        match &recorded.event {
            Event::OrderProposed(e) => self.propose_order(recorded, e),
            Event::OrderConfirmed(e) => {
                let refused = self.confirm_order(recorded, e.order);
                // What is held follows from what the rules would give: under these less was asked.
                if let Some(order) = self.order(e.order).filter(|_| refused) {
                    self.confirm_within(recorded, order);
                }
            }
            Event::OrderRefused(e) => {
                self.confirm_order(recorded, e.order);
            }
            Event::OrderReleased(e) => self.release_order(recorded, e),
            Event::OrderAgreed(e) => self.on_order(recorded, e.order, |order| {
                let e = e.clone();
                Event::OrderAgreed(OrderAgreed { order, ..e })
            }),
            Event::OrderAdvanced(e) => self.advance_order(recorded, e),
            Event::OrderAsked(e) => self.on_order(recorded, e.order, |order| {
                let e = e.clone();
                Event::OrderAsked(OrderAsked { order, ..e })
            }),
            Event::OrderExtended(e) => self.on_order(recorded, e.order, |order| {
                let e = e.clone();
                Event::OrderExtended(OrderExtended { order, ..e })
            }),
            Event::OrderDisputed(e) => self.on_order(recorded, e.order, |order| {
                let e = e.clone();
                Event::OrderDisputed(OrderDisputed { order, ..e })
            }),
            Event::DisputeClosed(e) => self.on_order(recorded, e.order, |order| {
                let e = e.clone();
                Event::DisputeClosed(DisputeClosed { order, ..e })
            }),
            _ => {}
        }
    }

    /// The simulated order, if there is one.
    pub(super) fn order(&self, real: OrderId) -> Option<OrderId> {
        self.orders.get(real.index()).copied().flatten()
    }

    /// Takes a step of an order over that stands where the step was taken: waiting or holding.
    fn on_order(
        &mut self,
        recorded: &Recorded,
        real: OrderId,
        step: impl FnOnce(OrderId) -> Event,
    ) {
        let Some(order) = self.order(real) else {
            return;
        };
        let status = self.state.orders[order.index()].status;
        let agreeing = matches!(recorded.event, Event::OrderAgreed(_));
        if (agreeing && status.is_waiting()) || (!agreeing && status.is_holding()) {
            self.apply(recorded, step(order));
        }
    }

    fn propose_order(&mut self, recorded: &Recorded, e: &OrderProposed) {
        let lines: Option<Box<[ProposedLine]>> = (e.lines.iter())
            .map(|line| {
                let voucher = self.voucher(line.voucher)?;
                Some(ProposedLine {
                    voucher,
                    ..line.clone()
                })
            })
            .collect();
        let next = OrderId::from_index(self.state.orders.len());
        let made = lines.zip(next).map(|(lines, order)| {
            let e = e.clone();
            self.apply(
                recorded,
                Event::OrderProposed(OrderProposed { order, lines, ..e }),
            );
            order
        });
        self.orders.push(made);
    }

    /// A step stands; what of it counts to a contract is for the simulated rules.
    fn advance_order(&mut self, recorded: &Recorded, e: &OrderAdvanced) {
        let order = self.order(e.order);
        let contract = order.zip(e.contract_no.zip(e.contract_date));
        let counted = contract.map_or(OrderParties::NONE, |(order, (contract_no, on))| {
            let row = &self.state.orders[order.index()];
            self.state.on_contract(row, contract_no, on).0
        });
        self.on_order(recorded, e.order, |order| {
            let e = e.clone();
            Event::OrderAdvanced(OrderAdvanced {
                order,
                counted,
                ..e
            })
        });
    }

    /// Decides on a confirmation again; true if a line of it breaks a rule now.
    fn confirm_order(&mut self, recorded: &Recorded, real: OrderId) -> bool {
        let Some(order) = self.order(real) else {
            return false;
        };
        self.draft_from(recorded.meta.business_date);
        let again = Command::ConfirmOrder(ConfirmOrder { order });
        matches!(
            self.redo(recorded, true, again),
            Some(Event::OrderRefused(_))
        )
    }

    /// Confirms an order with so much as the rules leave.
    fn confirm_within(&mut self, recorded: &Recorded, order: OrderId) {
        let command = Command::ConfirmOrder(ConfirmOrder { order });
        let submission = Submission {
            imported: true,
            ..Submission::new(recorded.meta.principal, command)
        };
        let at = recorded.meta.recorded_at;
        confirm_within(&mut self.state, at, (&submission, order), &mut self.out);
        self.out.clear();
    }

    fn release_order(&mut self, recorded: &Recorded, e: &OrderReleased) {
        let order = self.order(e.order);
        let Some(order) = order.filter(|_| e.cause != ReleaseCause::Expired) else {
            return;
        };
        let row = self.state.orders[order.index()].clone();
        if !row.status.is_waiting() && !row.status.is_holding() {
            return;
        }
        let mut lines = Vec::new();
        for line in &row.lines {
            let same = |real: &&ReleasedLine| self.voucher(real.voucher) == Some(line.voucher);
            let real = e.lines.iter().find(same);
            let amount = match real {
                _ if !e.status.is_holding() => line.left,
                Some(real) => real.amount.min(line.left),
                None => Fen::ZERO,
            };
            if amount.is_zero() {
                continue;
            }
            let voucher = &self.state.vouchers[line.voucher.index()];
            let (programme, _) = self.state.voucher_owner(voucher);
            lines.push(ReleasedLine {
                voucher: line.voucher,
                programme,
                issuer: self.state.programmes[programme.index()].city,
                amount,
                returned: self.state.return_of(voucher, programme),
            });
        }
        let status = if row.status.is_holding() && e.status.is_holding() {
            row.status
        } else {
            e.status
        };
        let released = OrderReleased {
            order,
            cause: e.cause,
            status,
            lines: lines.into(),
        };
        self.apply(recorded, Event::OrderReleased(released));
    }
}
