//! Claims that waited for a budget. A simulation asks what rules give, not when a year's books
//! were open: such a claim counts as approved when it was filed, and its withdrawal as a reversal.

use std::sync::Arc;

use super::Simulation;
use crate::domain::Fen;
use crate::engine::books::AccountKind as Kind;
use crate::engine::event::{
    ClaimApproved, ClaimAwaitsBudget, ClaimReversed, ClaimWithdrawn, Event, Funding, LinesUndone,
    Recorded, YearCarried,
};
use crate::engine::state::AgreementRow;
use crate::engine::terms::AccrualPoint;

fn approved(e: &ClaimAwaitsBudget, funding: Funding) -> ClaimApproved {
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
        funding,
        agreement: None,
        accrues_at: AccrualPoint::Approval,
        first_line: None,
        period: e.period,
        consent: e.consent,
        order: None,
    }
}

fn reversed(e: &ClaimWithdrawn, funding: Funding) -> ClaimReversed {
    ClaimReversed {
        claim: e.claim,
        voucher: e.voucher,
        programme: e.programme,
        issuer: e.issuer,
        payee: crate::engine::command::Payee::Provider(crate::domain::ProviderId(0)),
        amount: e.amount,
        funding,
        returned: e.returned,
        lines: LinesUndone::None,
        period: crate::domain::PeriodId(0),
        charged: None,
    }
}

impl Simulation {
    /// The event that a simulation takes instead, if it takes another one.
    pub(super) fn instant(&mut self, recorded: &Recorded) -> Option<Recorded> {
        let event = match &recorded.event {
            Event::AgreementRegistered(e) => {
                self.agreements.push(AgreementRow {
                    terms: Arc::new((*e.terms).clone()),
                    details: recorded.meta.seq,
                });
                return None;
            }
            Event::ClaimAwaitsBudget(e) => {
                let funding = self.borne_by(e);
                self.borne.insert(e.claim, funding.clone());
                Event::ClaimApproved(approved(e, funding))
            }
            Event::ClaimWithdrawn(e) => {
                let funding = self.borne.remove(&e.claim);
                let funding = funding.unwrap_or(Funding::alone(e.issuer));
                Event::ClaimReversed(Box::new(reversed(e, funding)))
            }
            _ => return None,
        };
        let meta = recorded.meta.clone();
        Some(Recorded { meta, event })
    }

    /// Who would have borne a claim if it had not waited, by what had been agreed then.
    fn borne_by(&self, e: &ClaimAwaitsBudget) -> Funding {
        let host = self.state.provider(e.provider).map(|row| row.city);
        let in_force = self.agreements.iter().filter(|row| {
            let terms = &row.terms;
            (terms.home, Some(terms.host)) == (e.issuer, host)
                && terms.category.is_none_or(|category| category == e.category)
                && (terms.from..=terms.to).contains(&e.contract_date)
        });
        let agreement = in_force.max_by_key(|row| row.terms.category.is_some());
        agreement.map_or(Funding::alone(e.issuer), |row| row.fund(e.amount))
    }

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
