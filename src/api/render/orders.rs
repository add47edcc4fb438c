//! Events of orders as JSON.

use serde_json::{Value, json};

use super::{View, returned, yuan};
use crate::domain::{OrderId, VoucherId};
use crate::engine::event::{Event, OrderReleased};
use crate::engine::refusal::Faults;

impl View<'_> {
    /// The lines of an order that were refused, each with its faults.
    pub(in crate::api) fn faulty_lines(
        &self,
        order: OrderId,
        lines: &[(VoucherId, Faults)],
    ) -> Value {
        let line = |(voucher, faults): &(VoucherId, Faults)| {
            let faults = faults.in_order().map(|code| json!(code.as_str()));
            let line = json!({
                "voucher": self.voucher(*voucher),
                "faults": faults.collect::<Value>(),
            });
            View::veil(line, self.sees_on(order, *voucher))
        };
        lines.iter().map(line).collect()
    }

    pub(super) fn order_fact(&self, event: &Event) -> Value {
        match event {
            Event::OrderProposed(e) => json!({
                "id": self.order(e.order),
                "provider": self.provider(e.provider),
                "category": self.category(e.category),
                "contract_amount": yuan(e.contract_amount),
                "hold_until": e.hold_until.to_string(),
                "lines": e.lines.iter().enumerate().map(|(place, line)| View::veil(json!({
                    "voucher": self.voucher(line.voucher),
                    "issuer": self.member(line.issuer),
                    "enterprise": self.enterprise(line.enterprise),
                    "amount": yuan(line.amount),
                    "agreed": e.agreed.covers(crate::engine::terms::OrderParties::line(place)),
                }), self.sees(line.voucher, e.provider, e.host))).collect::<Value>(),
            }),
            Event::OrderAgreed(e) => {
                json!({"id": self.order(e.order), "complete": e.complete})
            }
            Event::OrderConfirmed(e) => json!({
                "id": self.order(e.order),
                "lines": e.lines.iter().map(|line| View::veil(json!({
                    "voucher": self.voucher(line.voucher),
                    "programme": self.programme(line.programme),
                    "version": line.version.0,
                    "held": yuan(line.amount),
                }), self.sees_on(e.order, line.voucher))).collect::<Value>(),
            }),
            Event::OrderRefused(e) => json!({
                "id": self.order(e.order),
                "result": e.result.as_str(),
                "faults": e.faults.in_order().map(|f| json!(f.as_str())).collect::<Value>(),
                "lines": self.faulty_lines(e.order, &e.lines),
            }),
            Event::ContractRefused(e) => json!({
                "id": self.order(e.order),
                "result": e.result.as_str(),
                "faults": e.faults.in_order().map(|f| json!(f.as_str())).collect::<Value>(),
                "lines": self.faulty_lines(e.order, &e.lines),
            }),
            Event::OrderAdvanced(e) => json!({
                "id": self.order(e.order),
                "status": e.status.as_str(),
                "contract_no": e.contract_no.as_ref().map(|text| json!(text.as_str())),
                "contract_date": e.contract_date.map(|day| day.to_string()),
            }),
            Event::OrderReleased(e) => self.release_fact(e),
            Event::OrderAsked(e) => json!({
                "id": self.order(e.order),
                "asked": if e.extend_to.is_some() { "extend" } else { "cancel" },
                "until": e.extend_to.map(|day| day.to_string()),
            }),
            Event::OrderExtended(e) => {
                json!({"id": self.order(e.order), "hold_until": e.hold_until.to_string()})
            }
            Event::OrderDisputed(e) => json!({
                "id": self.order(e.order),
                "by": e.by.as_str(),
                "code": e.code.as_str(),
                "ends_on": e.ends_on.to_string(),
            }),
            Event::DisputeClosed(e) => json!({
                "id": self.order(e.order),
                "outcome": e.outcome.as_str(),
                "hold_until": e.hold_until.to_string(),
            }),
            _ => json!({}),
        }
    }

    fn release_fact(&self, e: &OrderReleased) -> Value {
        let lines = e.lines.iter().map(|line| {
            let told = json!({
                "voucher": self.voucher(line.voucher),
                "amount": yuan(line.amount),
                "returned_to": returned(line.returned),
            });
            View::veil(told, self.sees_on(e.order, line.voucher))
        });
        json!({
            "id": self.order(e.order),
            "cause": e.cause.as_str(),
            "status": e.status.as_str(),
            "lines": lines.collect::<Value>(),
        })
    }
}
