//! Orders and what is held for them.

use serde_json::json;

use super::{Told, details};

pub(super) fn compare(told: &Told<'_>) {
    let (mut orders, mut lines) = (Vec::new(), Vec::new());
    for (id, row) in told.state.orders() {
        let (e, meta) = details!(told, row.details, OrderProposed);
        let public_id = told.state.order_id(id, told.tag).expect("counted");
        let contract = row.contract.as_ref();
        orders.push(json!({
            "id": id.0, "public_id": public_id.as_str(), "provider": row.provider.0,
            "category": row.category.0, "contract_amount": row.contract_amount.get(),
            "hold_until": row.hold_until.to_string(), "status": row.status.as_str(),
            "disputed": u8::from(row.dispute.is_some()),
            "contract_no": contract.map(|(number, _)| number.as_str()),
            "contract_date": contract.map(|(_, day)| day.to_string()),
            "proposed_on": meta.business_date.to_string(), "proposed_by": row.proposed_by.0,
            "event": meta.seq.0,
        }));
        for (place, (line, proposed)) in row.lines.iter().zip(&e.lines).enumerate() {
            let voucher = told.state.voucher(line.voucher).expect("issued");
            let (programme, _) = told.state.voucher_owner(voucher);
            let issuer = told.state.programme(programme).expect("created").city;
            assert_eq!((line.voucher, issuer), (proposed.voucher, proposed.issuer));
            lines.push(json!({
                "order_id": id.0, "place": place, "voucher": line.voucher.0, "issuer": issuer.0,
                "holder": line.holder.0, "amount": line.amount.get(),
                "remaining": line.left.get(),
            }));
        }
    }
    told.same("orders", orders);
    told.same("order_lines", lines);
}
