//! Transfers: proposed by one person, decided by another. A move between cities is decided twice,
//! by an officer of each city.

use super::vouchers::Owned;
use super::{Decision, Execution, Planned, Rejection, refuse_if, valid};
use crate::domain::{EnterpriseId, Fen, MemberId, ProgrammeId, Ratio, TransferId, VoucherId};
use crate::engine::command::{
    DecideTransfer, Payee, ProposeTransfer, TransferRequest, WithdrawTransfer,
};
use crate::engine::event::{
    Event, ReturnedTo, SYSTEM, TransferApproved, TransferDeclined, TransferEndorsed, TransferMoved,
    TransferProposed, TransferReleased,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{CapShares, State, TransferRow, TransferStatus};
use crate::engine::terms::{EnterpriseKind, Role, Scope, TransferKind};

/// What is asked, with the receiver looked up.
struct Wanted {
    kind: TransferKind,
    to: EnterpriseId,
    to_city: Option<MemberId>,
    to_programme: Option<ProgrammeId>,
    cap_share: Option<Ratio>,
}

impl Wanted {
    fn of(request: TransferRequest, holder: EnterpriseId) -> Wanted {
        let plain = |kind, to| Wanted {
            kind,
            to,
            to_city: None,
            to_programme: None,
            cap_share: None,
        };
        match request {
            TransferRequest::Succession { to, cap_share } => Wanted {
                cap_share: Some(cap_share),
                ..plain(TransferKind::Succession, to)
            },
            TransferRequest::Incorporation { to, cap_share } => Wanted {
                cap_share: Some(cap_share),
                ..plain(TransferKind::Incorporation, to)
            },
            TransferRequest::Open { to } => plain(TransferKind::Open, to),
            TransferRequest::Affiliate { to } => plain(TransferKind::Affiliate, to),
            TransferRequest::Relocation { to_city } => Wanted {
                to_city: Some(to_city),
                ..plain(TransferKind::Relocation, holder)
            },
            TransferRequest::Move { to_city, programme } => Wanted {
                to_city: Some(to_city),
                to_programme: Some(programme),
                ..plain(TransferKind::Move, holder)
            },
        }
    }
}

impl Execution<'_> {
    pub(super) fn propose_transfer(&mut self, c: &ProposeTransfer) -> Decision {
        let voucher = self.voucher(c.voucher)?;
        let roles = [
            (Role::Enterprise, Scope::Enterprise(voucher.holder)),
            (Role::ScienceOfficer, Scope::Member(voucher.issuer)),
        ];
        self.require_party(&roles, "the holder or the issuing city")?;
        let wanted = Wanted::of(c.kind, voucher.holder);
        self.check_wanted(c, &wanted)?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.frozen, RefusalCode::VoucherFrozen)?;
        let past = *self.state.business_date > voucher.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        let terms = &self.state.programmes[voucher.programme.index()].versions
            [usize::from(voucher.row.version.0) - 1];
        let allowed = terms.transfers.iter().any(|rule| rule.kind == wanted.kind);
        refuse_if(!allowed, RefusalCode::TransferNotAllowed)?;
        self.check_receiver(&voucher, wanted.kind, wanted.to, wanted.to_city)?;
        let relocating = wanted.kind.relocates() && self.state.is_relocating(wanted.to);
        refuse_if(relocating, RefusalCode::RelocationPending)?;
        let declared = self.shares_of(&voucher);
        let share = wanted.cap_share.map_or(0, Ratio::millionths);
        refuse_if(
            share > Ratio::SCALE - declared.declared,
            RefusalCode::CapSharesExceeded,
        )?;
        refuse_if(
            c.amount > voucher.row.free,
            RefusalCode::TransferExceedsFree,
        )?;
        let transfer = TransferId::from_index(self.state.transfers.len())
            .ok_or(Rejection::Full("transfers"))?;
        self.emit(Event::TransferProposed(Box::new(TransferProposed {
            transfer,
            voucher: c.voucher,
            programme: voucher.programme,
            issuer: voucher.issuer,
            kind: wanted.kind,
            to: wanted.to,
            to_city: wanted.to_city,
            cap_share: wanted.cap_share,
            amount: c.amount,
            document_no: c.document_no.clone(),
            to_programme: wanted.to_programme,
            expires_on: c.expires_on,
        })));
        Ok(())
    }

    /// What is wrong with a request whatever the voucher.
    fn check_wanted(&self, c: &ProposeTransfer, wanted: &Wanted) -> Decision {
        let stays = wanted.kind == TransferKind::Relocation;
        valid(
            stays == c.amount.is_zero(),
            "amount",
            "is zero for a relocation only",
        )?;
        valid(
            !wanted.kind.needs_document() || c.document_no.is_some(),
            "document_no",
            "names the document that this kind needs",
        )?;
        let expired = c
            .expires_on
            .is_some_and(|day| day < *self.state.business_date);
        valid(!expired, "expires_on", "lies before today")?;
        if let Some(city) = wanted.to_city {
            self.check_city(city, "to_city")?;
        }
        if let Some(programme) = wanted.to_programme {
            let city = self.city_of(programme)?;
            valid(
                Some(city) == wanted.to_city,
                "to_programme",
                "is no programme of the new city",
            )?;
        }
        let receiver = self.state.enterprises.get(wanted.to.index());
        receiver.ok_or(Rejection::NotFound("receiver"))?;
        Ok(())
    }

    /// Whether the receiver is one that this kind allows, today: it may have moved, changed hands
    /// or been blocked between proposal and approval. A holder that is no more may still give.
    fn check_receiver(
        &self,
        voucher: &Owned,
        kind: TransferKind,
        to: EnterpriseId,
        to_city: Option<MemberId>,
    ) -> Decision {
        let receiver = &self.state.enterprises[to.index()];
        let another = to != voucher.holder;
        let at_home = receiver.city == voucher.issuer;
        let is_team = |row: &crate::engine::state::EnterpriseRow| row.kind == EnterpriseKind::Team;
        let eligible = match kind {
            TransferKind::Succession => another,
            TransferKind::Open => another && at_home,
            TransferKind::Incorporation => {
                let holder = &self.state.enterprises[voucher.holder.index()];
                another && at_home && is_team(holder) && !is_team(receiver)
            }
            TransferKind::Affiliate => {
                let today = *self.state.business_date;
                let group = |id| self.state.group_on(Payee::Enterprise(id), today);
                another && group(to).is_some() && group(to) == group(voucher.holder)
            }
            // A firm leaves the city that has issued, or comes to the one that is to issue: another
            // city's firm may hold the voucher, and nobody moves it but its own city.
            TransferKind::Relocation => at_home && to_city != Some(voucher.issuer),
            TransferKind::Move => {
                let there = Some(receiver.city) == to_city;
                (at_home || there) && to_city != Some(voucher.issuer)
            }
        };
        refuse_if(!eligible, RefusalCode::TransferReceiverNotEligible)?;
        // A firm that relocates gets no new voucher.
        if kind == TransferKind::Relocation {
            return Ok(());
        }
        self.refuse_standing(Payee::Enterprise(to))
    }

    pub(super) fn decide_transfer(&mut self, c: &DecideTransfer) -> Decision {
        let row = self.state.transfer_row(c.transfer).cloned();
        let row = row.ok_or(Rejection::NotFound("transfer"))?;
        let voucher = self.voucher(row.voucher)?;
        let city = self.deciding_city(&row, voucher.issuer)?;
        refuse_if(
            row.status != TransferStatus::Proposed,
            RefusalCode::TransferDecided,
        )?;
        let me = self.submission.principal;
        refuse_if(row.proposed_by == me, RefusalCode::SecondPersonRequired)?;
        if !c.approve {
            let returned = self.state.return_of(&voucher.row, voucher.programme);
            self.emit(Event::TransferDeclined(TransferDeclined {
                transfer: c.transfer,
                programme: voucher.programme,
                issuer: voucher.issuer,
                amount: row.amount,
                returned,
            }));
            return Ok(());
        }
        if let Some((endorsed, by)) = row.endorsed {
            refuse_if(endorsed == city, RefusalCode::TransferDecided)?;
            refuse_if(by == me, RefusalCode::SecondPersonRequired)?;
        }
        let past = *self.state.business_date > voucher.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.frozen, RefusalCode::VoucherFrozen)?;
        self.check_receiver(&voucher, row.kind, row.to, row.to_city)?;
        match row.to_programme.zip(row.to_city) {
            None => self.approve_transfer(c.transfer, &row, &voucher),
            Some(_) if row.endorsed.is_none() => {
                self.emit(Event::TransferEndorsed(TransferEndorsed {
                    transfer: c.transfer,
                    member: city,
                }));
                Ok(())
            }
            Some((programme, city)) => {
                self.approve_move(c.transfer, &row, &voucher, programme, city)
            }
        }
    }

    /// The city for which the sender decides: the issuing one, or of the two cities of a move one
    /// that has not approved it yet, if the sender is an officer of such a city.
    pub(super) fn deciding_city(
        &self,
        row: &TransferRow,
        issuer: MemberId,
    ) -> Result<MemberId, super::Stop> {
        let new_city = row.to_city.filter(|_| row.kind == TransferKind::Move);
        let Some(new_city) = new_city else {
            self.require_officer(Role::ScienceOfficer, issuer)?;
            return Ok(issuer);
        };
        let principal = self.submission.principal;
        let for_all = self.submission.imported || principal == SYSTEM;
        let mine = |city: &MemberId| {
            for_all
                || self
                    .state
                    .has_grant(principal, Role::ScienceOfficer, Scope::Member(*city))
        };
        let endorsed = row.endorsed.map(|(city, _)| city);
        let cities = [issuer, new_city];
        let open = cities.into_iter().filter(|city| Some(*city) != endorsed);
        let found = open.chain(endorsed).find(mine);
        found.ok_or_else(|| {
            Rejection::Forbidden("the science-and-technology office of one of the cities").into()
        })
    }

    fn approve_transfer(
        &mut self,
        transfer: TransferId,
        row: &TransferRow,
        voucher: &Owned,
    ) -> Decision {
        let usage = self.state.usage.at(voucher.row.usage.index());
        let taken = self.shares_of(voucher);
        let share = |amount: Fen| taken.part(amount, row.cap_share);
        let (issued_moved, used_moved) = (share(usage.issued), share(usage.used));
        let child = match row.kind {
            TransferKind::Relocation => None,
            _ => Some(self.next_voucher()?),
        };
        self.emit(Event::TransferApproved(TransferApproved {
            transfer,
            programme: voucher.programme,
            issuer: voucher.issuer,
            child,
            amount: row.amount,
            issued_moved,
            used_moved,
        }));
        Ok(())
    }

    /// The shares of the holder under the programme that judges the voucher, whatever it is
    /// charged to.
    fn shares_of(&self, voucher: &Owned) -> CapShares {
        let (programme, holder) = self.state.voucher_owner(&voucher.row);
        self.state.cap_shares(programme, holder)
    }

    fn next_voucher(&self) -> Result<VoucherId, Rejection> {
        VoucherId::from_index(self.state.vouchers.len()).ok_or(Rejection::Full("vouchers"))
    }

    /// The second approval of a move: everything that an issue by the new city is checked for.
    fn approve_move(
        &mut self,
        transfer: TransferId,
        row: &TransferRow,
        voucher: &Owned,
        to_programme: ProgrammeId,
        to_city: MemberId,
    ) -> Decision {
        self.check_year_open(to_programme)?;
        let (version, use_by, cash_by) = self.issue_terms(to_programme)?;
        let terms =
            &self.state.programmes[to_programme.index()].versions[usize::from(version.0) - 1];
        let none = Planned::default();
        let fault = self
            .state
            .issue_limit_fault(to_programme, row.to, row.amount, terms, &none);
        if let Some(code) = fault {
            return Err(code.into());
        }
        let child = self.next_voucher()?;
        self.emit(Event::TransferMoved(Box::new(TransferMoved {
            transfer,
            programme: voucher.programme,
            issuer: voucher.issuer,
            amount: row.amount,
            to_lapsed: self.state.is_closed(voucher.programme),
            child,
            enterprise: row.to,
            to_programme,
            to_city,
            version,
            use_by,
            cash_by,
        })));
        Ok(())
    }

    pub(super) fn withdraw_transfer(&mut self, c: &WithdrawTransfer) -> Decision {
        let row = self.state.transfer_row(c.transfer).cloned();
        let row = row.ok_or(Rejection::NotFound("transfer"))?;
        if row.proposed_by != self.submission.principal && !self.submission.imported {
            return Err(Rejection::Forbidden("who proposed the transfer").into());
        }
        refuse_if(
            row.status != TransferStatus::Proposed,
            RefusalCode::TransferDecided,
        )?;
        let voucher = self.voucher(row.voucher)?;
        let returned = self.state.return_of(&voucher.row, voucher.programme);
        self.release(c.transfer, &row, &voucher, returned, false);
        Ok(())
    }

    fn release(
        &mut self,
        transfer: TransferId,
        row: &TransferRow,
        voucher: &Owned,
        returned: ReturnedTo,
        expired: bool,
    ) {
        self.emit(Event::TransferReleased(TransferReleased {
            transfer,
            programme: voucher.programme,
            issuer: voucher.issuer,
            amount: row.amount,
            returned,
            expired,
        }));
    }

    /// The last day of a proposal has passed.
    pub(in crate::engine) fn expire_transfer(&mut self, transfer: TransferId) {
        let row = self.state.transfers[transfer.index()].clone();
        let Ok(voucher) = self.voucher(row.voucher) else {
            return;
        };
        let returned = self
            .state
            .return_on(self.today, &voucher.row, voucher.programme);
        self.release(transfer, &row, &voucher, returned, true);
    }
}

impl State {
    /// True if a relocation or move of the firm waits for its decision.
    fn is_relocating(&self, enterprise: EnterpriseId) -> bool {
        self.relocations.get(&enterprise).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(amount: Fen, millionths: u32, moved: u32) -> Fen {
        let share = Ratio::from_millionths(millionths).expect("a share");
        let shares = CapShares { declared: 0, moved };
        shares.part(amount, Some(share))
    }

    fn fen(fen: i64) -> Fen {
        Fen::try_new(fen).expect("an amount")
    }

    #[test]
    fn shares_that_add_up_to_one_take_all_in_any_order() {
        let shares = [500_000, 300_000, 200_000];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let (mut left, mut taken) = (fen(1_000_003), 0);
            let mut parts = [Fen::ZERO; 3];
            for i in order {
                parts[i] = part(left, shares[i], taken);
                left = left.checked_sub(parts[i]).expect("a part of it");
                taken += shares[i];
            }
            assert!(left.is_zero(), "{order:?} leaves {left}");
            for (part, share) in parts.iter().zip(shares) {
                let exact = 1_000_003 * i64::from(share) / 1_000_000;
                assert!((0..3).contains(&(part.get() - exact)), "{order:?}: {part}");
            }
        }
    }

    #[test]
    fn a_share_of_nothing_left_is_nothing() {
        assert!(part(fen(7), 0, 1_000_000).is_zero());
        assert!(part(Fen::ZERO, 1_000_000, 0).is_zero());
        assert_eq!(part(fen(7), 1_000_000, 0), fen(7));
    }
}
