//! Files from which vouchers are issued.

use super::{refused, seq};
use crate::domain::hex;
use crate::engine::event::{Event, EventMeta};
use crate::views::changes::{Changes, number};
use crate::views::schema as t;

pub(super) fn voucher_file(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    let today = meta.business_date.to_string();
    match event {
        Event::VoucherFileApproved(e) => {
            let sha256 = hex(&e.sha256);
            changes.insert(
                &t::VOUCHER_FILES,
                &[
                    number(e.file.0),
                    sha256.as_str().into(),
                    number(e.programme.0),
                    number(e.issuer.0),
                    e.mode.as_str().into(),
                    e.rows.into(),
                    e.total.into(),
                    number(meta.principal.0),
                    today.as_str().into(),
                    seq(meta),
                ],
            );
        }
        Event::FileRowsIssued(e) => changes.insert(
            &t::VOUCHER_FILE_CHUNKS,
            &[
                seq(meta),
                number(e.file.0),
                e.chunk.into(),
                e.issued.into(),
                e.refused.into(),
                e.unchanged.into(),
                e.amount.into(),
                today.as_str().into(),
            ],
        ),
        Event::FileRowRefused(e) => {
            let place = [seq(meta), number(e.file.0), e.line.into()];
            changes.insert(&t::VOUCHER_FILE_REFUSALS, &place);
            refused(changes, meta, event);
        }
        _ => {}
    }
}
