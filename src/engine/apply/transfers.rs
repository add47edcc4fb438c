//! Transfers: proposed, ended, approved.

use super::vouchers::{minus, plus};
use crate::domain::{EnterpriseId, Fen, MemberId, TransferId, UsageId, VoucherId};
use crate::engine::event::{
    Event, EventMeta, ReturnedTo, TransferApproved, TransferMoved, TransferProposed,
};
use crate::engine::state::{
    CapShares, State, Step, TransferRow, TransferStatus, VoucherRow, usage_key,
};

impl State {
    pub(super) fn transfer_changed(&mut self, meta: &EventMeta, event: &Event) {
        match event {
            Event::TransferProposed(e) => self.transfer_proposed(meta, e),
            Event::TransferApproved(e) => self.transfer_approved(meta, e),
            Event::TransferMoved(e) => self.transfer_moved(meta, e),
            Event::TransferEndorsed(e) => {
                let by = Some((e.member, meta.principal));
                self.transfers
                    .update(e.transfer.index(), |row| row.endorsed = by);
            }
            Event::TransferDeclined(e) => {
                let (ended, returned) = (TransferStatus::Declined, e.returned);
                self.proposal_released(meta, e.transfer, ended, e.amount, returned);
            }
            Event::TransferReleased(e) => {
                let ended = if e.expired {
                    TransferStatus::Expired
                } else {
                    TransferStatus::Withdrawn
                };
                self.proposal_released(meta, e.transfer, ended, e.amount, e.returned);
            }
            _ => {}
        }
    }

    fn transfer_proposed(&mut self, meta: &EventMeta, e: &TransferProposed) {
        let cash_by = self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, e.amount);
            row.held = plus(row.held, e.amount);
            row.cash_by
        });
        let last_day = e.expires_on.map_or(cash_by, |day| day.min(cash_by));
        let position = self.transfers.push(TransferRow {
            voucher: e.voucher,
            kind: e.kind,
            to: e.to,
            to_city: e.to_city,
            to_programme: e.to_programme,
            cap_share: e.cap_share,
            amount: e.amount,
            status: TransferStatus::Proposed,
            proposed_by: meta.principal,
            endorsed: None,
            last_day,
            child: None,
            year: meta.business_date.year(),
            details: meta.seq,
            decision: None,
        });
        assert_eq!(position, e.transfer.index(), "transfer ids are dense");
        self.transfer_ends.insert((last_day.next(), e.transfer), ());
        if e.kind.relocates() {
            self.relocations.insert(e.to, e.transfer);
        }
        if let Some(share) = e.cap_share {
            self.change_shares(e.voucher, |row| row.declared += share.millionths());
        }
    }

    /// Changes the shares of the holder of a voucher.
    pub(super) fn change_shares(
        &mut self,
        voucher: VoucherId,
        change: impl FnOnce(&mut CapShares),
    ) {
        let key = self.voucher_owner(&self.vouchers[voucher.index()]);
        let mut shares = self.cap_shares(key.0, key.1);
        change(&mut shares);
        if shares == CapShares::default() {
            self.cap_shares.remove(&key);
        } else {
            self.cap_shares.insert(key, shares);
        }
    }

    /// A proposal has ended: it binds nothing but its amount any more.
    fn proposal_ended(
        &mut self,
        meta: &EventMeta,
        id: TransferId,
        status: TransferStatus,
        child: Option<VoucherId>,
    ) -> TransferRow {
        let row = self.transfers.update(id.index(), |row| {
            row.status = status;
            row.child = child;
            row.decision = Some(meta.seq);
            row.clone()
        });
        self.transfer_ends.remove(&(row.last_day.next(), id));
        if row.kind.relocates() {
            self.relocations.remove(&row.to);
        }
        row
    }

    fn proposal_released(
        &mut self,
        meta: &EventMeta,
        id: TransferId,
        status: TransferStatus,
        amount: Fen,
        returned: ReturnedTo,
    ) {
        let row = self.proposal_ended(meta, id, status, None);
        if let Some(share) = row.cap_share {
            self.change_shares(row.voucher, |row| row.declared -= share.millionths());
        }
        self.vouchers.update(row.voucher.index(), |row| {
            row.held = minus(row.held, amount)
        });
        if !amount.is_zero() {
            self.give_back(row.voucher, amount, returned);
        }
    }

    fn transfer_approved(&mut self, meta: &EventMeta, e: &TransferApproved) {
        let transfer = self.proposal_ended(meta, e.transfer, TransferStatus::Approved, e.child);
        let Some(child) = e.child else {
            let city = transfer.to_city.expect("a relocation names the new city");
            let from = self.new_home(transfer.to, city);
            let transfer = e.transfer;
            self.step_done(meta, Step::Relocation { transfer, from });
            return;
        };
        let parent = self.vouchers.update(transfer.voucher.index(), |row| {
            row.held = minus(row.held, e.amount);
            row.clone()
        });
        // Whatever it is charged to now, the child is judged as its parent is.
        let (programme, holder) = self.voucher_owner(&parent);
        let usage = self
            .usage
            .position_or_insert(usage_key(programme, transfer.to));
        let usage = UsageId::from_index(usage).expect("fewer than 2^32 usage rows");
        let taken = self.cap_shares(programme, holder);
        let rows = (parent.usage, usage);
        // Of what counts now: the event may be of a time when revocations were counted elsewhere.
        let issued = self.usage.at(parent.usage.index()).issued;
        let issued = taken.part(issued, transfer.cap_share);
        let lots = self.move_issued(rows, issued, meta.seq);
        let categories = self.move_use(
            rows,
            |used| taken.part(used, transfer.cap_share),
            e.used_moved,
            meta.business_date,
        );
        let contracts = self.move_contracts(rows, |used| taken.part(used, transfer.cap_share));
        if let Some(share) = transfer.cap_share {
            self.change_shares(transfer.voucher, |row| row.moved += share.millionths());
        }
        let contracts_from = if transfer.kind.continues() {
            parent.contracts_from
        } else {
            meta.business_date
        };
        self.add_child(
            child,
            VoucherRow {
                amount: e.amount,
                details: meta.seq,
                usage,
                contracts_from,
                parent: Some(transfer.voucher),
                ..parent
            },
        );
        let what = Step::Transfer {
            transfer: e.transfer,
            issued_moved: issued,
            used_moved: e.used_moved,
            lots,
            categories,
            contracts,
            on: meta.business_date,
        };
        self.step_done(meta, what);
    }

    /// Adds a voucher that has all of its amount free.
    fn add_child(&mut self, child: VoucherId, row: VoucherRow) {
        let due = row.cash_by.next();
        let position = self.vouchers.push(VoucherRow {
            free: row.amount,
            held: Fen::ZERO,
            approved: Fen::ZERO,
            returned: Fen::ZERO,
            consent: None,
            revoked: false,
            frozen: false,
            ..row
        });
        assert_eq!(position, child.index(), "voucher ids are dense");
        if due > *self.business_date {
            self.lapses.insert((due, child), ());
        }
    }

    /// What left a voucher for another one cannot be reissued of it.
    pub(super) fn note_gone(&mut self, voucher: VoucherId, amount: Fen) {
        let before = self.gone_elsewhere.get(&voucher).copied();
        let after = plus(before.unwrap_or_default(), amount);
        self.gone_elsewhere.insert(voucher, after);
    }

    /// Gives a firm another home; answers the one before.
    pub(super) fn new_home(&mut self, enterprise: EnterpriseId, city: MemberId) -> MemberId {
        self.enterprises.update(enterprise.index(), |row| {
            std::mem::replace(&mut row.city, city)
        })
    }

    fn transfer_moved(&mut self, meta: &EventMeta, e: &TransferMoved) {
        let child = Some(e.child);
        let transfer = self.proposal_ended(meta, e.transfer, TransferStatus::Approved, child);
        let parent = self.vouchers.update(transfer.voucher.index(), |row| {
            row.held = minus(row.held, e.amount);
            row.returned = plus(row.returned, e.amount);
            row.clone()
        });
        self.no_longer_issued(transfer.voucher, e.amount);
        self.note_gone(transfer.voucher, e.amount);
        self.new_home(e.enterprise, e.to_city);
        let key = usage_key(e.to_programme, e.enterprise);
        let usage = self.usage.position_or_insert(key);
        self.usage
            .update_at(usage, |row| row.issued = plus(row.issued, e.amount));
        self.add_child(
            e.child,
            VoucherRow {
                amount: e.amount,
                details: meta.seq,
                usage: UsageId::from_index(usage).expect("fewer than 2^32 usage rows"),
                issued_on: meta.business_date,
                use_by: e.use_by,
                cash_by: e.cash_by,
                contracts_from: meta.business_date,
                parent: Some(transfer.voucher),
                version: e.version,
                ..parent
            },
        );
    }
}
