//! Transfers, and steps that are undone.

use quantong::domain::{EnterpriseId, ProgrammeId, Seq, TransferId, VoucherId};
use quantong::engine::command::*;

use super::{Both, Pair, pick};
use crate::model::steps::{StepDone, What};
use crate::model::transfers::Proposal;
use crate::model::world::{FILER, OFFICERS, day, fen, member, ratio};
use crate::model::{Enterprise, Fate, Kind, Money, group_on, plus_days};

/// One of twelve requests, every kind among them.
fn request(
    which: u32,
    to: usize,
    share: Money,
    city: usize,
    programme: usize,
) -> (Kind, TransferRequest) {
    let to = EnterpriseId::from_index(to).expect("few");
    let (cap_share, to_city) = (ratio(share), member(city));
    match which {
        0..=2 => (
            Kind::Succession,
            TransferRequest::Succession { to, cap_share },
        ),
        3 => (Kind::Open, TransferRequest::Open { to }),
        4 | 5 => (
            Kind::Incorporation,
            TransferRequest::Incorporation { to, cap_share },
        ),
        6 => (Kind::Affiliate, TransferRequest::Affiliate { to }),
        7 => (Kind::Relocation, TransferRequest::Relocation { to_city }),
        _ => {
            let programme = ProgrammeId::from_index(programme).expect("few");
            (Kind::Move, TransferRequest::Move { to_city, programme })
        }
    }
}

impl Pair {
    pub(super) fn propose(&mut self, a: u8, b: u8, n: u32) -> Both {
        let (voucher, to) = self.giver_and_receiver(a, b, n);
        let share = Money::from(n % 1_000_001);
        let city = usize::from(b) % 3;
        // Now and then a programme of another city, or of none.
        let programme = if n.is_multiple_of(11) {
            city + 1
        } else {
            self.model.issuing(city)
        };
        let (kind, request) = request(n % 12, to, share, city, programme);
        let relocates = matches!(kind, Kind::Relocation | Kind::Move);
        let takes_share = matches!(kind, Kind::Succession | Kind::Incorporation);
        let stays = kind == Kind::Relocation;
        let none = stays && !n.is_multiple_of(5);
        let known = voucher < self.model.vouchers.len();
        let amount = match n % 4 {
            _ if none => 0,
            0 if known && !stays => self.model.free_of(voucher),
            _ => Money::from(n % 30_000),
        };
        let expires_on = (n % 7 == 3).then(|| plus_days(self.model.today, i64::from(n % 23) - 1));
        let holder = self.model.vouchers.get(voucher).map(|row| row.holder);
        // The firm itself, so that two officers are left to decide; for a voucher that does not
        // exist it is nobody's.
        let by = if b.is_multiple_of(2) || kind == Kind::Move {
            FILER
        } else {
            OFFICERS[usize::from(a) % 2]
        };
        let command = Command::ProposeTransfer(ProposeTransfer {
            voucher: VoucherId::from_index(voucher).expect("few"),
            kind: request,
            amount: fen(amount),
            document_no: Some(DocumentNo::parse("文").expect("short")),
            expires_on: expires_on.map(day),
        });
        let expected = self.model.propose(Proposal {
            by,
            voucher,
            kind,
            to: if relocates { holder.unwrap_or(0) } else { to },
            to_city: relocates.then_some(city),
            to_programme: (kind == Kind::Move).then_some(programme),
            cap_share: if takes_share { share } else { 0 },
            amount,
            expires_on,
        });
        (by, command, expected)
    }

    /// Any two, but mostly such as the kind allows.
    fn giver_and_receiver(&self, a: u8, b: u8, n: u32) -> (usize, usize) {
        let (any, to) = (pick(a, self.model.vouchers.len()), usize::from(b) % 6);
        let (vouchers, firms) = (&self.model.vouchers, &self.model.enterprises);
        if b >= 192 || any == vouchers.len() {
            return (any, to);
        }
        let of_team = |id: &usize| firms[vouchers[*id].holder].team && self.model.free_of(*id) > 0;
        let voucher = match n % 12 {
            4 | 5 => (0..vouchers.len()).rev().find(of_team).unwrap_or(any),
            _ => any,
        };
        let holder = &firms[vouchers[voucher].holder];
        let group = |firm: &Enterprise| group_on(&firm.groups, self.model.today);
        let fits = |firm: &usize| match n % 12 {
            3..=5 => firms[*firm].city == self.model.programmes[vouchers[voucher].programme].city,
            6 => group(&firms[*firm]).is_some() && group(&firms[*firm]) == group(holder),
            _ => false,
        };
        let others = (0..firms.len()).filter(|firm| *firm != vouchers[voucher].holder);
        let others: Vec<usize> = others.filter(fits).collect();
        let found = others.get(usize::from(b) % others.len().max(1)).copied();
        (voucher, found.unwrap_or(to))
    }

    pub(super) fn decide(&mut self, a: u8, b: u8, n: u32) -> Both {
        let waits = |id: &usize| self.model.transfers[*id].fate == Fate::Proposed;
        let newest = (0..self.model.transfers.len()).rev().find(waits);
        let transfer = newest
            .filter(|_| !a.is_multiple_of(4))
            .unwrap_or_else(|| pick(a, self.model.transfers.len()));
        let id = TransferId::from_index(transfer).expect("few");
        if n.is_multiple_of(7) {
            let by = [FILER, OFFICERS[0], OFFICERS[1]][usize::from(b) % 3];
            let command = Command::WithdrawTransfer(WithdrawTransfer { transfer: id });
            return (by, command, self.model.withdraw_transfer(by, transfer));
        }
        let (by, approve) = (OFFICERS[usize::from(b) % 2], !n.is_multiple_of(6));
        let command = Command::DecideTransfer(DecideTransfer {
            transfer: id,
            approve,
        });
        (by, command, self.model.decide(by, transfer, approve))
    }

    /// Undoes one of the newer steps.
    pub(super) fn undo(&mut self, a: u8, b: u8, n: u32) -> Both {
        let step = pick(a, self.steps.len());
        let consent = |done: &StepDone| matches!(done.what, What::Consent(_));
        let alone = self.model.steps.get(step).is_some_and(consent);
        let by = if alone != n.is_multiple_of(13) {
            FILER
        } else {
            OFFICERS[usize::from(b) % 2]
        };
        let none = Seq(1 << 40);
        let seq = self.steps.get(step).copied().unwrap_or(none);
        let command = Command::ReverseStep(ReverseStep { step: seq });
        (by, command, self.model.undo(by, step))
    }
}
