//! What becomes of the hold of an order besides claims: released, cancelled, extended, disputed,
//! expired.

use crate::domain::{Day, Fen, OrderId, VoucherId};
use crate::engine::command::{CancelOrder, DisputeAct, DisputeOrder, ExtendOrder, ReleaseOrder};
use crate::engine::event::{
    DisputeClosed, Event, OrderAsked, OrderDisputed, OrderExtended, OrderReleased, ReleasedLine,
};
use crate::engine::execute::{Decision, Execution, refuse_if, valid};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::OrderRow;
use crate::engine::terms::{
    DisputeOutcome, OrderParties, OrderSide, OrderStatus, ReleaseCause, Role, Scope,
};

impl Execution<'_> {
    /// What is released of each voucher today, and where it goes.
    pub(super) fn released(&self, parts: &[(VoucherId, Fen)]) -> Box<[ReleasedLine]> {
        let line = |(id, amount): &(VoucherId, Fen)| {
            let row = &self.state.vouchers[id.index()];
            let (programme, _) = self.state.voucher_owner(row);
            let programme = self.state.charged(programme);
            ReleasedLine {
                voucher: *id,
                programme,
                issuer: self.state.programmes[programme.index()].city,
                amount: *amount,
                returned: self.state.return_on(self.today, row, programme),
            }
        };
        parts.iter().map(line).collect()
    }

    /// Releases all that is held and ends the order.
    fn end_order(&mut self, order: OrderId, cause: ReleaseCause, status: OrderStatus) {
        let rest = self.state.orders[order.index()].rest(|_| true);
        let lines = self.released(&rest);
        self.emit(Event::OrderReleased(OrderReleased {
            order,
            cause,
            status,
            lines,
        }));
    }

    /// The timer of an order: the last day of its hold has passed.
    pub(in crate::engine) fn expire_order(&mut self, order: OrderId) {
        self.end_order(order, ReleaseCause::Expired, OrderStatus::Expired);
    }

    pub(in crate::engine::execute) fn cancel_order(&mut self, c: &CancelOrder) -> Decision {
        let row = self.order(c.order)?;
        let acting = self.acting(&row, c.by)?;
        let over = !row.status.is_waiting() && !row.status.is_holding();
        refuse_if(over, RefusalCode::OrderStateMismatch)?;
        if row.status.is_delivered() && !self.ask(c.order, &row, None, acting)? {
            return Ok(());
        }
        self.end_order(c.order, ReleaseCause::Cancelled, OrderStatus::Cancelled);
        Ok(())
    }

    /// Notes that somebody asks for what needs everybody; true, with nothing noted, if everybody
    /// has asked for it now.
    fn ask(
        &mut self,
        order: OrderId,
        row: &OrderRow,
        extend_to: Option<Day>,
        acting: OrderParties,
    ) -> Result<bool, super::Stop> {
        let before = match row.asked {
            Some((asked, parties)) if asked == extend_to => parties,
            _ => OrderParties::NONE,
        };
        refuse_if(before.covers(acting), RefusalCode::AlreadyInState)?;
        let parties = before.and(acting);
        if parties.covers(row.everybody()) {
            return Ok(true);
        }
        self.emit(Event::OrderAsked(OrderAsked {
            order,
            extend_to,
            parties,
        }));
        Ok(false)
    }

    pub(in crate::engine::execute) fn extend_order(&mut self, c: &ExtendOrder) -> Decision {
        let row = self.order(c.order)?;
        let acting = self.acting(&row, c.by)?;
        let holding = row.status.is_holding();
        refuse_if(!holding, RefusalCode::OrderStateMismatch)?;
        refuse_if(row.dispute.is_some(), RefusalCode::OrderDisputed)?;
        let later = c.until > row.hold_until;
        valid(later, "until", "is not later than the last day of the hold")?;
        let past = c.until > self.state.last_day_of(&row);
        refuse_if(past, RefusalCode::HoldPastDeadline)?;
        if self.ask(c.order, &row, Some(c.until), acting)? {
            self.emit(Event::OrderExtended(OrderExtended {
                order: c.order,
                hold_until: c.until,
            }));
        }
        Ok(())
    }

    pub(in crate::engine::execute) fn release_order(&mut self, c: &ReleaseOrder) -> Decision {
        let row = self.order(c.order)?;
        let acting = self.acting(&row, c.by)?;
        let holding = row.status.is_holding();
        refuse_if(!holding, RefusalCode::OrderStateMismatch)?;
        let alone = c.by == OrderSide::Holder && row.status.is_delivered();
        refuse_if(alone, RefusalCode::OrderDelivered)?;
        let may = |place| c.by == OrderSide::Provider || acting.covers(OrderParties::line(place));
        let mut parts: Vec<(VoucherId, Fen)> = c.parts.to_vec();
        if parts.is_empty() {
            parts = row.rest(may);
        }
        for (i, (voucher, amount)) in parts.iter().enumerate() {
            let once = parts[..i].iter().all(|(other, _)| other != voucher);
            valid(once, "lines", "name each voucher once")?;
            valid(!amount.is_zero(), "amount", "is more than zero")?;
            let place = row.place_of(*voucher).filter(|place| may(*place));
            let left = place.map(|place| row.lines[place].left);
            let left = left.ok_or(super::Rejection::NotFound("line of the sender"))?;
            refuse_if(*amount > left, RefusalCode::HoldExceeded)?;
        }
        refuse_if(parts.is_empty(), RefusalCode::HoldExceeded)?;
        let all = row.rest(|_| true);
        let nothing_left = all.iter().all(|line| parts.contains(line));
        let lines = self.released(&parts);
        self.emit(Event::OrderReleased(OrderReleased {
            order: c.order,
            cause: ReleaseCause::Released,
            status: if nothing_left {
                OrderStatus::Closed
            } else {
                row.status
            },
            lines,
        }));
        Ok(())
    }

    pub(in crate::engine::execute) fn dispute_order(&mut self, c: &DisputeOrder) -> Decision {
        let row = self.order(c.order)?;
        match c.act {
            DisputeAct::Raise { by, code } => {
                self.acting(&row, by)?;
                let holding = row.status.is_holding();
                refuse_if(!holding, RefusalCode::OrderStateMismatch)?;
                refuse_if(row.dispute.is_some(), RefusalCode::AlreadyInState)?;
                let ends_on = self.state.last_day_of(&row).next().max(row.ends_on);
                self.emit(Event::OrderDisputed(OrderDisputed {
                    order: c.order,
                    by,
                    code,
                    ends_on,
                }));
            }
            DisputeAct::Withdraw => {
                let side = row.dispute.as_ref().map_or(OrderSide::Holder, |own| own.by);
                self.acting(&row, side)?;
                self.close_dispute(c.order, &row, DisputeOutcome::Withdrawn)?;
            }
            DisputeAct::Rule { uphold } => {
                let first = self.voucher(row.lines[0].voucher)?;
                let offices = [
                    (Role::ScienceOfficer, Scope::Member(first.issuer)),
                    (Role::Arbiter, Scope::Corridor),
                ];
                let needed = "the science-and-technology office of the first voucher's city";
                self.require_party(&offices, needed)?;
                let outcome = if uphold {
                    DisputeOutcome::Upheld
                } else {
                    DisputeOutcome::Rejected
                };
                self.close_dispute(c.order, &row, outcome)?;
                if uphold {
                    self.end_order(c.order, ReleaseCause::Upheld, OrderStatus::Closed);
                }
            }
        }
        Ok(())
    }

    /// Ends a dispute: the days that it lasted are added to the hold, as far as claims can be
    /// filed.
    fn close_dispute(
        &mut self,
        order: OrderId,
        row: &OrderRow,
        outcome: DisputeOutcome,
    ) -> Decision {
        let Some(dispute) = &row.dispute else {
            return Err(RefusalCode::OrderNotDisputed.into());
        };
        let days = self.today.get() - dispute.since.get();
        let days = u32::try_from(days).expect("the business date never runs back");
        let later = row.hold_until.plus_days(days);
        let last = self.state.last_day_of(row).max(row.hold_until);
        self.emit(Event::DisputeClosed(DisputeClosed {
            order,
            outcome,
            hold_until: later.min(last),
        }));
        Ok(())
    }
}

impl OrderRow {
    /// What is held on the lines of these places.
    fn rest(&self, of: impl Fn(usize) -> bool) -> Vec<(VoucherId, Fen)> {
        let lines = self.lines.iter().enumerate();
        let held = lines.filter(|(place, line)| of(*place) && !line.left.is_zero());
        held.map(|(_, line)| (line.voucher, line.left)).collect()
    }
}
