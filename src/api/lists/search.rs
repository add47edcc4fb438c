//! `q`: a whole identifier, code or invoice number leads to its rows by an index; any other text is
//! looked for as a part, row by row.

use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::domain::{
    ApplicationId, ClaimId, IdKind, InvoiceNo, LedgerTag, OrderId, PaymentId, ProviderId, VoucherId,
};
use crate::engine::{IdText, State};
use crate::views::{Compare, Filter, FilterValue, Resource, Sought};

/// Bytes of a text that is looked for: as many as the longest name has.
const BYTES_MAX: usize = 200;

/// Digits from which on a number can only be that of an invoice: the code of an older one, ten
/// digits, and its number, eight.
const INVOICE_DIGITS: usize = 18;

/// Rows that a text is looked for in.
pub(super) fn filter(
    cx: &Cx<'_>,
    resource: Resource,
    name: &str,
    text: &str,
    columns: &'static [&'static str],
) -> Result<Filter, Problem> {
    let text = text.trim_matches(' ');
    if text.len() > BYTES_MAX || text.chars().any(char::is_control) {
        let fits = "has at most 200 bytes and no control characters";
        return Err(Problem::field(name, fits));
    }
    if let Some((columns, value)) = whole(cx, resource, &text.to_ascii_uppercase()) {
        return Ok(Filter {
            columns,
            compare: Compare::Is(value),
        });
    }
    Ok(Filter {
        columns,
        compare: Compare::Contains(Sought::of(text)),
    })
}

/// What a text names as a whole: a column with an index, and its value.
fn whole(
    cx: &Cx<'_>,
    resource: Resource,
    text: &str,
) -> Option<(&'static [&'static str], FilterValue)> {
    type Canonical = fn(&State, u32, LedgerTag) -> Option<IdText>;
    let number = |id: u32| FilterValue::Number(id.into());
    let row = |kind: IdKind, canonical: Canonical| -> Option<(&'static [&'static str], _)> {
        let id = cx.id("q", text, kind, canonical).ok()?;
        Some((&["id"], number(id)))
    };
    let enterprise = || cx.enterprise("q", text).ok().map(|id| number(id.0));
    match resource {
        Resource::Vouchers => row(IdKind::Voucher, |state, id, tag| {
            state.voucher_id(VoucherId(id), tag)
        })
        .or_else(|| Some((&["holder"], enterprise()?))),
        Resource::Applications => row(IdKind::Application, |state, id, tag| {
            state.application_id(ApplicationId(id), tag)
        })
        .or_else(|| Some((&["enterprise"], enterprise()?))),
        Resource::Claims => row(IdKind::Claim, |state, id, tag| {
            state.claim_id(ClaimId(id), tag)
        })
        .or_else(|| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let is_invoice = digits && text.len() >= INVOICE_DIGITS;
            let known = is_invoice && InvoiceNo::parse(text).is_ok();
            known.then(|| (&["invoice_no"] as _, FilterValue::Text(text.to_owned())))
        }),
        Resource::Orders => row(IdKind::Order, |state, id, tag| {
            state.order_id(OrderId(id), tag)
        }),
        Resource::Payments => row(IdKind::Payment, |state, id, tag| {
            state.payment_id(PaymentId(id), tag)
        }),
        Resource::Enterprises => Some((&["id"], enterprise()?)),
        Resource::Providers => {
            let id: ProviderId = cx.provider("q", text).ok()?;
            Some((&["id"], number(id.0)))
        }
        _ => None,
    }
}
