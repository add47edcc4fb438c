//! Claims that waited for a budget. A simulation asks what rules give, not when a year's books
//! were open: such a claim counts as approved when it was filed, and its withdrawal as a reversal.

use super::Simulation;
use crate::domain::Fen;
use crate::engine::books::AccountKind as Kind;
use crate::engine::event::{
    ClaimApproved, ClaimAwaitsBudget, ClaimReversed, ClaimWithdrawn, Event, Funding, LinesUndone,
    Recorded, YearCarried,
};
use crate::engine::terms::AccrualPoint;

/// The event that a simulation takes instead, if it takes another one.
pub(super) fn instant(recorded: &Recorded) -> Option<Recorded> {
    let event = match &recorded.event {
        Event::ClaimAwaitsBudget(e) => Event::ClaimApproved(approved(e)),
        Event::ClaimWithdrawn(e) => Event::ClaimReversed(Box::new(reversed(e))),
        _ => return None,
    };
    let meta = recorded.meta.clone();
    Some(Recorded { meta, event })
}

fn approved(e: &ClaimAwaitsBudget) -> ClaimApproved {
    ClaimApproved {
        claim: e.claim,
        voucher: e.voucher,
        programme: e.programme,
        issuer: e.issuer,
        version: e.version,
        provider: e.provider,
        payee: e.payee,
        category: e.category,
        contract_no: e.contract_no,
        contract_date: e.contract_date,
        contract_amount: e.contract_amount,
        invoice_no: e.invoice_no,
        invoice_amount: e.invoice_amount,
        paid_amount: e.paid_amount,
        amount: e.amount,
        funding: Funding::alone(e.issuer),
        agreement: None,
        accrues_at: AccrualPoint::Approval,
        first_line: None,
        period: e.period,
        consent: e.consent,
        order: None,
    }
}

fn reversed(e: &ClaimWithdrawn) -> ClaimReversed {
    ClaimReversed {
        claim: e.claim,
        voucher: e.voucher,
        programme: e.programme,
        issuer: e.issuer,
        payee: crate::engine::command::Payee::Provider(crate::domain::ProviderId(0)),
        amount: e.amount,
        funding: Funding::alone(e.issuer),
        returned: e.returned,
        lines: LinesUndone::None,
        period: crate::domain::PeriodId(0),
        charged: None,
    }
}

impl Simulation {
    /// A carry moves what the simulated budget holds, which need not be what it held.
    pub(super) fn carried(&self, e: &YearCarried) -> YearCarried {
        let held = |kind| self.state.budget(e.from, kind);
        YearCarried {
            outstanding: held(Kind::Outstanding),
            held: held(Kind::Held),
            claimed: Fen::ZERO,
            approved: self.state.unpaid(e.from),
            ..e.clone()
        }
    }
}
