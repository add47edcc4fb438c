//! Applications, extensions, and which events concern a voucher.

use super::{maybe, seq};
use crate::domain::{ApplicationId, Day, VoucherId};
use crate::engine::command::Purpose;
use crate::engine::event::{ApplicationFiled, Event, EventMeta, Undone, VoucherIssued};
use crate::engine::state::ApplicationStatus as Status;
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;

/// Applications and extensions.
pub(super) fn applied(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::ApplicationFiled(e) => filed(changes, meta, e),
        Event::ApplicationResubmitted(e) => {
            let id = number(e.application.0);
            let by = number(meta.principal.0);
            changes.update(
                Update::ApplicationRequest,
                &[id, e.amount.into(), words(e.purpose.as_ref()), by],
            );
            step(changes, meta, e.application, Status::Submitted, None);
        }
        Event::ApplicationReviewBegun(e) => {
            step(changes, meta, e.application, Status::InReview, None);
        }
        Event::ApplicationReturned(e) => step(changes, meta, e.application, Status::Returned, None),
        Event::ApplicationApproved(e) => {
            let by = number(meta.principal.0);
            changes.update(
                Update::ApplicationApproved,
                &[number(e.application.0), e.amount.into(), by],
            );
            step(changes, meta, e.application, Status::Approved, None);
        }
        Event::ApplicationDeclined(e) => {
            let code = Some(e.code.as_str());
            step(changes, meta, e.application, Status::Declined, code);
        }
        Event::ApplicationWithdrawn(e) => {
            step(changes, meta, e.application, Status::Withdrawn, None);
        }
        Event::VoucherExtended(e) => deadlines(changes, e.voucher, [e.use_by, e.cash_by]),
        _ => {}
    }
}

/// Sets the last days of use and of filing of a voucher.
pub(super) fn deadlines(changes: &mut Changes, voucher: VoucherId, days: [Day; 2]) {
    let days = days.map(|day| day.to_string());
    let id = number(voucher.0);
    let row = [id, days[0].as_str().into(), days[1].as_str().into()];
    changes.update(Update::VoucherDeadlines, &row);
}

fn filed(changes: &mut Changes, meta: &EventMeta, e: &ApplicationFiled) {
    let filed_on = meta.business_date.to_string();
    let reason = maybe(meta.reason.as_ref(), |reason| reason.as_str().into());
    changes.insert(
        &t::APPLICATIONS,
        &[
            number(e.application.0),
            number(e.programme.0),
            number(e.issuer.0),
            number(e.enterprise.0),
            e.amount.into(),
            Value::None,
            Status::Submitted.as_str().into(),
            words(e.purpose.as_ref()),
            filed_on.as_str().into(),
            number(meta.principal.0),
            Value::None,
            Value::None,
            reason,
            Value::None,
            seq(meta),
        ],
    );
}

/// The words of a firm; those of a team are nowhere in the views.
fn words(purpose: Option<&Purpose>) -> Value<'_> {
    match purpose {
        Some(Purpose::Public(text)) => text.as_str().into(),
        Some(Purpose::Personal(_)) | None => Value::None,
    }
}

fn step(
    changes: &mut Changes,
    meta: &EventMeta,
    application: ApplicationId,
    status: Status,
    code: Option<&'static str>,
) {
    let reason = maybe(meta.reason.as_ref(), |reason| reason.as_str().into());
    let row = [
        number(application.0),
        status.as_str().into(),
        maybe(code, Value::Text),
        reason,
    ];
    changes.update(Update::ApplicationStep, &row);
}

/// What a voucher was issued for.
pub(super) fn issued_for(changes: &mut Changes, e: &VoucherIssued) {
    let voucher = number(e.voucher.0);
    if let Some(application) = e.application {
        let id = number(application.0);
        changes.update(Update::ApplicationVoucher, &[id, voucher]);
    }
    if let Some(old) = e.replaces {
        changes.update(Update::VoucherReplaced, &[number(old.0), voucher]);
    }
}

/// Notes which vouchers and applications an event concerns, where their own rows do not.
pub(super) fn note(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::VoucherIssued(e) => {
            if let Some(application) = e.application {
                note_application(changes, meta, application);
            }
            if let Some(old) = e.replaces {
                note_voucher(changes, meta, old);
            }
        }
        Event::ConsentGiven(e) => note_voucher(changes, meta, e.voucher),
        Event::FreezeSet(e) => note_voucher(changes, meta, e.voucher),
        Event::VoucherRevoked(e) => note_voucher(changes, meta, e.voucher),
        Event::VoucherLapsed(e) => note_voucher(changes, meta, e.voucher),
        Event::VoucherExtended(e) => note_voucher(changes, meta, e.voucher),
        Event::TransferProposed(e) => note_voucher(changes, meta, e.voucher),
        Event::StepReversed(e) => match &e.undone {
            Undone::Revocation(u) => note_voucher(changes, meta, u.voucher),
            Undone::Consent(u) => note_voucher(changes, meta, u.voucher),
            Undone::Extension(u) => note_voucher(changes, meta, u.voucher),
            Undone::Transfer(u) => {
                note_voucher(changes, meta, u.parent);
                note_voucher(changes, meta, u.child);
            }
            Undone::Budget(_) | Undone::Relocation(_) | Undone::Payment(_) => {}
        },
        Event::ClaimReversed(e) => note_voucher(changes, meta, e.voucher),
        Event::OrderProposed(e) => {
            (e.lines.iter()).for_each(|line| note_voucher(changes, meta, line.voucher));
        }
        Event::OrderConfirmed(e) => {
            (e.lines.iter()).for_each(|line| note_voucher(changes, meta, line.voucher));
        }
        Event::OrderReleased(e) => {
            (e.lines.iter()).for_each(|line| note_voucher(changes, meta, line.voucher));
        }
        Event::ApplicationFiled(e) => note_application(changes, meta, e.application),
        Event::ApplicationResubmitted(e) => note_application(changes, meta, e.application),
        Event::ApplicationReviewBegun(e) => note_application(changes, meta, e.application),
        Event::ApplicationReturned(e) => note_application(changes, meta, e.application),
        Event::ApplicationApproved(e) => note_application(changes, meta, e.application),
        Event::ApplicationDeclined(e) => note_application(changes, meta, e.application),
        Event::ApplicationWithdrawn(e) => note_application(changes, meta, e.application),
        _ => {}
    }
}

/// Notes that an event concerns a voucher.
pub(in crate::views) fn note_voucher(changes: &mut Changes, meta: &EventMeta, voucher: VoucherId) {
    let row = ["voucher".into(), number(voucher.0), seq(meta)];
    changes.insert(&t::HISTORY, &row);
}

fn note_application(changes: &mut Changes, meta: &EventMeta, application: ApplicationId) {
    let row = ["application".into(), number(application.0), seq(meta)];
    changes.insert(&t::HISTORY, &row);
}
