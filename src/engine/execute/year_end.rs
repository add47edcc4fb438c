//! The end of a programme's year, by explicit commands that two people agree on each; and the
//! claims that wait for it.
//!
//! A carry costs one event per pack, whatever the number of vouchers: what is charged to a
//! programme afterwards is charged to the pack. Claims that wait are approved in order of
//! filing, at most [`RELEASED_MAX`] with the carry itself, the others by timers.

use super::claims::Terms;
use super::{Decision, Execution, Rejection, refuse_if};
use crate::domain::{ClaimId, MemberId, ProgrammeCode, ProgrammeId, ProviderId, VoucherId};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::{DecideYearEnd, FileClaim, StartYearClosing, WithdrawClaim};
use crate::engine::event::{
    ClaimAwaitsBudget, ClaimWithdrawn, Event, EvidenceRecorded, WaitingApproved, YearCarried,
    YearClosed, YearClosingStarted,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{CARRIES_MAX, ClaimStatus, ProgrammeStatus};
use crate::engine::terms::{Role, Scope};

/// Most waiting claims that a carry approves at once: a batch of timers.
const RELEASED_MAX: usize = 4096;

impl Execution<'_> {
    pub(super) fn start_year_closing(&mut self, c: &StartYearClosing) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::FinanceOfficer, city)?;
        self.check_year_open(c.programme)?;
        self.emit(Event::YearClosingStarted(YearClosingStarted {
            programme: c.programme,
            city,
        }));
        Ok(())
    }

    pub(super) fn decide_year_end(&mut self, c: &DecideYearEnd) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::FinanceOfficer, city)?;
        let row = &self.state.programmes[c.programme.index()];
        if let Some(pack) = &row.year_ends.pack {
            let used_up = pack.carries >= CARRIES_MAX;
            refuse_if(used_up, RefusalCode::CarriedTwice)?;
            return Err(RefusalCode::YearNotClosing.into());
        }
        let fits = match row.status {
            ProgrammeStatus::YearClosing => true,
            ProgrammeStatus::Closed => c.into.is_some(),
            ProgrammeStatus::Open | ProgrammeStatus::Carried => false,
        };
        refuse_if(!fits, RefusalCode::YearNotClosing)?;
        match c.into {
            Some(into) => self.carry(c.programme, into, city),
            None => {
                let programme = c.programme;
                self.emit(Event::YearClosed(YearClosed { programme, city }));
                Ok(())
            }
        }
    }

    fn carry(&mut self, programme: ProgrammeId, into: ProgrammeId, city: MemberId) -> Decision {
        self.city_of(into)?;
        let (row, next) = (
            &self.state.programmes[programme.index()],
            &self.state.programmes[into.index()],
        );
        // What was closed without a carry can be carried later than into the next year.
        let year = match row.status {
            ProgrammeStatus::Closed => next.budget_year > row.budget_year,
            _ => next.budget_year == row.budget_year + 1,
        };
        let eligible = year
            && next.city == city
            && next.year_ends.pack.is_none()
            && next.status == ProgrammeStatus::Open;
        refuse_if(!eligible, RefusalCode::CarryTargetNotEligible)?;
        let packs = self.state.packs_of(programme);
        let packs = packs.filter(|(_, pack)| pack.carries < CARRIES_MAX);
        let from: Vec<ProgrammeId> = packs.map(|(id, _)| id).chain([programme]).collect();
        let room = self.state.programmes.len() + from.len() < usize::from(u16::MAX);
        if !room {
            return Err(Rejection::Full("programmes").into());
        }
        let mut made = Vec::with_capacity(from.len());
        for from in from {
            made.push(self.carry_one(from, into, city));
        }
        let mut left = RELEASED_MAX;
        for pack in made {
            while left > 0 && self.release_next(pack) {
                left -= 1;
            }
        }
        Ok(())
    }

    fn carry_one(&mut self, from: ProgrammeId, into: ProgrammeId, city: MemberId) -> ProgrammeId {
        let state = &*self.state;
        let pack = ProgrammeId::from_index(state.programmes.len()).expect("there is room");
        let year = state.programmes[into.index()].budget_year;
        let code = (0..)
            .map(|n| match n {
                0 => format!("C{}-{year}", pack.0),
                n => format!("C{}-{year}.{n}", pack.0),
            })
            .filter_map(|text| ProgrammeCode::parse(&text).ok())
            .find(|code| state.programme_codes.get(code).is_none())
            .expect("fewer codes are taken than there are numbers");
        self.emit(Event::YearCarried(Box::new(YearCarried {
            from,
            into,
            pack,
            code,
            budget_year: year,
            city,
            outstanding: state.budget(from, Kind::Outstanding),
            held: state.budget(from, Kind::Held),
            claimed: state.budget(from, Kind::Claimed),
            approved: state.unpaid(from),
        })));
        pack
    }

    /// Approves the first of the claims that wait for a pack; false if there is none, or no room
    /// for its lines.
    pub(in crate::engine) fn release_next(&mut self, pack: ProgrammeId) -> bool {
        let state = &*self.state;
        let Some(claim) = state.next_waiting(pack) else {
            return false;
        };
        let row = state.claims[claim.index()].clone();
        let (origin, holder) = state.voucher_owner(&state.vouchers[row.voucher.index()]);
        let waiting = state.waiting.get(&(origin, claim));
        let contract_date = waiting.expect("it waits").contract_date;
        let issuer = state.programmes[pack.index()].city;
        let host = state.providers[row.provider.index()].city;
        let funded = state.funded(issuer, host, row.category, contract_date, row.amount);
        let Ok(Terms {
            funding,
            agreement,
            accrues_at,
            first_line,
        }) = funded
        else {
            return false;
        };
        self.emit(Event::WaitingApproved(Box::new(WaitingApproved {
            claim,
            voucher: row.voucher,
            programme: pack,
            issuer,
            payee: super::claims::payee_of(&row, holder),
            amount: row.amount,
            funding,
            agreement,
            accrues_at,
            first_line,
            period: self.state.open_period(),
        })));
        true
    }

    /// Takes a claim that passed all rules, to wait for the year of its budget.
    pub(super) fn await_budget(
        &mut self,
        c: &FileClaim,
        voucher: VoucherId,
        provider: ProviderId,
        approval: &super::judge::Approval,
    ) -> Decision {
        let state = &*self.state;
        let claim = ClaimId::from_index(state.claims.len()).ok_or(Rejection::Full("claims"))?;
        let issuer = state.programmes[approval.programme.index()].city;
        self.emit(Event::ClaimAwaitsBudget(Box::new(ClaimAwaitsBudget {
            claim,
            voucher,
            programme: approval.programme,
            issuer,
            version: approval.version,
            provider,
            payee: approval.payee,
            category: c.category,
            contract_no: c.contract_no,
            contract_date: c.contract_date,
            contract_amount: c.contract_amount,
            invoice_no: c.invoice_no,
            invoice_amount: c.invoice_amount,
            paid_amount: c.paid_amount,
            amount: approval.amount,
            consent: approval.consent,
            period: state.open_period(),
        })));
        if !c.evidence.is_empty() {
            let files = c.evidence.clone();
            self.emit(Event::EvidenceRecorded(EvidenceRecorded { claim, files }));
        }
        Ok(())
    }

    pub(super) fn withdraw_claim(&mut self, c: &WithdrawClaim) -> Decision {
        let (claim, voucher) = self.claim(c.claim)?;
        let parties = [
            (Role::Provider, Scope::Provider(claim.provider)),
            (Role::Enterprise, Scope::Enterprise(voucher.holder)),
        ];
        self.require_party(&parties, "the provider or the holder of the voucher")?;
        let waits = claim.status == ClaimStatus::Waiting;
        refuse_if(!waits, RefusalCode::ClaimNotWaiting)?;
        self.emit(Event::ClaimWithdrawn(ClaimWithdrawn {
            claim: c.claim,
            voucher: claim.voucher,
            programme: voucher.programme,
            issuer: voucher.issuer,
            amount: claim.amount,
            returned: self.state.return_of(&voucher.row, voucher.programme),
        }));
        Ok(())
    }

    /// Stops if the claim waits for a budget: it is approved first.
    pub(super) fn check_not_waiting(&self, status: ClaimStatus) -> Decision {
        refuse_if(status == ClaimStatus::Waiting, RefusalCode::ClaimWaits)?;
        refuse_if(status == ClaimStatus::Withdrawn, RefusalCode::ClaimReversed)
    }
}
