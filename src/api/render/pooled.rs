//! What of an order on vouchers of several holders and issuers is told to whom. Who supplies it and
//! the laboratory's city read all lines; a holder and an issuer read their own in full, and of the
//! others how much each holds and whether it was agreed to: that much they share.

use serde_json::Value;

use super::View;
use crate::api::context::may_read;
use crate::api::resources::of_voucher;
use crate::domain::{MemberId, OrderId, PrincipalId, ProviderId, VoucherId};
use crate::engine::State;
use crate::engine::command::Scope;
use crate::engine::event::Event;

impl<'a> View<'a> {
    /// What is told to whoever may be told all of it.
    pub(in crate::api) fn all(state: &'a State, tag: crate::domain::LedgerTag) -> View<'a> {
        View {
            state,
            tag,
            reader: None,
        }
    }

    /// What is told to somebody.
    pub(in crate::api) fn to(self, reader: PrincipalId) -> View<'a> {
        View {
            reader: Some(reader),
            ..self
        }
    }
}

impl View<'_> {
    /// True if a line of an order is the reader's, or the whole order is.
    pub(in crate::api) fn sees(
        &self,
        voucher: VoucherId,
        provider: ProviderId,
        host: MemberId,
    ) -> bool {
        let Some(reader) = self.reader else {
            return true;
        };
        let mut concerned = of_voucher(self.state, voucher);
        concerned.extend([Scope::Provider(provider), Scope::Member(host)]);
        may_read(self.state, reader, &concerned)
    }

    /// As [`View::sees`], of an order that exists.
    pub(super) fn sees_on(&self, order: OrderId, voucher: VoucherId) -> bool {
        let row = self.state.order(order);
        row.is_some_and(|row| self.sees(voucher, row.provider, row.host))
    }

    /// Takes what is not the reader's out of the fact of a claim on an order.
    pub(super) fn veil_claim(&self, event: &Event, fact: &mut Value) {
        let (order, voucher) = match event {
            Event::ClaimApproved(e) => (e.order, Some(e.voucher)),
            Event::ClaimRefused(e) => (e.order, e.voucher),
            _ => return,
        };
        let (Some(order), Some(voucher)) = (order, voucher) else {
            return;
        };
        if self.sees_on(order, voucher) {
            return;
        }
        if let Event::ClaimRefused(_) = event {
            fact["voucher"] = Value::Null;
            return;
        }
        if let Some(members) = fact.as_object_mut() {
            members.retain(|name, _| ["order", "result"].contains(&&**name));
        }
    }

    /// A line of an order as the reader is told it: without what names whose it is.
    pub(in crate::api) fn veil(mut line: Value, sees: bool) -> Value {
        if !sees {
            let hidden = [
                "voucher",
                "issuer",
                "enterprise",
                "programme",
                "version",
                "faults",
                "returned_to",
            ];
            for name in hidden {
                if let Some(member) = line.get_mut(name) {
                    *member = Value::Null;
                }
            }
        }
        line
    }
}
