//! The life of programmes: drafts, packs that were carried, claims that wait.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ClaimRow, ClaimStatus, State};
use crate::domain::{ClaimId, Day, DraftNo, Fen, MemberId, ProgrammeId, Seq, VersionNo, VoucherId};
use crate::engine::terms::{RequiredField, RequiredFields, VersionTerms};

/// Rules that are not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRow {
    /// The rules.
    pub terms: Arc<VersionTerms>,
    /// Where they were copied from.
    pub source: Option<(ProgrammeId, VersionNo)>,
    /// Digest of the simulation, of these very rules.
    pub simulated: Option<[u8; 32]>,
    /// The event that saved it.
    pub saved: Seq,
}

/// Where a programme stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProgrammeStatus {
    /// Issues and pays.
    Open,
    /// Year-end close done without a carry: what comes back goes to `lapsed`.
    Closed,
    /// Its year is ending: nothing is issued, claims wait.
    YearClosing,
    /// What it had not paid was carried into the next year.
    Carried,
}

/// What was carried into a year: a budget of its own, to which the money of its origins is
/// charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The programmes and earlier packs whose vouchers are charged to it.
    pub origins: Vec<ProgrammeId>,
    /// The programme of the year that it belongs to.
    pub year: ProgrammeId,
    /// How often its money was carried.
    pub carries: u8,
}

/// A carry: to what the vouchers of a programme are charged after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedRow {
    /// Event of the carry.
    pub at: Seq,
    /// The pack.
    pub pack: ProgrammeId,
}

/// What the end of years has made of a programme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearEnds {
    /// To what its vouchers were charged, carry by carry.
    pub carried: Vec<CarriedRow>,
    /// What it is itself, if it was made by a carry.
    pub pack: Option<Pack>,
    /// Number of the newest draft.
    pub drafts: u16,
}

/// A claim that waits for a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Day of the contract.
    pub contract_date: Day,
    /// The voucher.
    pub voucher: VoucherId,
    /// Amount claimed.
    pub amount: Fen,
}

/// Most times that money is carried.
pub const CARRIES_MAX: u8 = 2;

impl State {
    /// To what the vouchers of a programme are charged: the programme itself, or the pack that
    /// its money was carried into last.
    #[inline]
    pub fn charged(&self, programme: ProgrammeId) -> ProgrammeId {
        let carried = &self.programmes[programme.index()].year_ends.carried;
        carried.last().map_or(programme, |row| row.pack)
    }

    /// To what they were charged when an event was written.
    pub(in crate::engine) fn charged_at(&self, programme: ProgrammeId, seq: Seq) -> ProgrammeId {
        let carried = &self.programmes[programme.index()].year_ends.carried;
        let before = carried.iter().rev().find(|row| row.at < seq);
        before.map_or(programme, |row| row.pack)
    }

    /// The status of the year that a programme or pack belongs to.
    #[inline]
    pub fn year_status(&self, programme: ProgrammeId) -> ProgrammeStatus {
        let row = &self.programmes[programme.index()];
        match &row.year_ends.pack {
            None => row.status,
            Some(pack) => self.programmes[pack.year.index()].status,
        }
    }

    /// True if the year of a programme is closed, or it is a pack: what comes back goes to
    /// `lapsed`.
    pub(in crate::engine) fn is_closed(&self, programme: ProgrammeId) -> bool {
        let row = &self.programmes[programme.index()];
        let ended = matches!(
            row.status,
            ProgrammeStatus::Closed | ProgrammeStatus::Carried
        );
        ended || row.year_ends.pack.is_some()
    }

    /// The event that approved a claim that had waited.
    pub fn approved_later(&self, id: ClaimId) -> Option<Seq> {
        self.late_approvals.get(&id).copied()
    }

    /// The programme or pack that a claim's expense was booked under when it was approved, or that
    /// it was charged to when it began to wait.
    pub fn approved_in(&self, id: ClaimId, claim: &ClaimRow) -> ProgrammeId {
        let (programme, _) = self.voucher_owner(&self.vouchers[claim.voucher.index()]);
        let approved = self.late_approvals.get(&id).copied();
        self.charged_at(programme, approved.unwrap_or(claim.details))
    }

    /// The programme whose budget an approved claim's amount stands in now.
    pub(in crate::engine) fn stands_in(&self, id: ClaimId, claim: &ClaimRow) -> ProgrammeId {
        let (programme, _) = self.voucher_owner(&self.vouchers[claim.voucher.index()]);
        let stayed = self.stayed.get(&id).copied();
        stayed.unwrap_or_else(|| self.charged(programme))
    }

    /// The programme whose budget a claim's amount stood in when it was paid.
    pub(in crate::engine) fn paid_in(
        &self,
        id: ClaimId,
        claim: &ClaimRow,
        payment: Seq,
    ) -> ProgrammeId {
        let (programme, _) = self.voucher_owner(&self.vouchers[claim.voucher.index()]);
        let stayed = self.stayed.get(&id).copied();
        stayed.unwrap_or_else(|| self.charged_at(programme, payment))
    }

    /// What is approved under a programme or pack and not paid.
    pub fn unpaid(&self, programme: ProgrammeId) -> Fen {
        let approved = self.budget(programme, crate::engine::books::AccountKind::Approved);
        let paid = self.paid.get(u64::from(programme.0)).copied();
        approved.saturating_sub(paid.unwrap_or_default())
    }

    /// The first of the claims that wait for a pack, in order of filing.
    pub(in crate::engine) fn next_waiting(&self, pack: ProgrammeId) -> Option<ClaimId> {
        let row = self.programmes[pack.index()].year_ends.pack.as_ref()?;
        let firsts = row.origins.iter().filter_map(|origin| {
            let all = (*origin, ClaimId(0))..=(*origin, ClaimId(u32::MAX));
            self.waiting.range(all).next()
        });
        firsts.map(|((_, claim), _)| *claim).min()
    }

    /// The packs that belong to the year of a programme.
    pub fn packs_of(&self, year: ProgrammeId) -> impl Iterator<Item = (ProgrammeId, &Pack)> {
        let rows = (0..self.programmes.len()).filter_map(ProgrammeId::from_index);
        rows.filter_map(move |id| {
            let pack = self.programmes[id.index()].year_ends.pack.as_ref()?;
            (pack.year == year).then_some((id, pack))
        })
    }

    /// A draft.
    pub fn draft(&self, programme: ProgrammeId, draft: DraftNo) -> Option<&DraftRow> {
        self.drafts.get(&(programme, draft))
    }

    /// The drafts of a programme, by number.
    pub fn drafts_of(&self, programme: ProgrammeId) -> impl Iterator<Item = (DraftNo, &DraftRow)> {
        let all = (programme, DraftNo(0))..=(programme, DraftNo(u16::MAX));
        self.drafts
            .range(all)
            .map(|((_, number), row)| (*number, row))
    }

    /// True if a city requires this of its programmes.
    pub fn requires(&self, city: MemberId, field: RequiredField) -> bool {
        self.city_policy(city).contains(field)
    }

    /// What a city requires of its programmes.
    pub fn city_policy(&self, city: MemberId) -> RequiredFields {
        self.policies.get(&city).copied().unwrap_or_default()
    }

    /// What a voucher has in claims that wait.
    pub fn claimed_of(&self, voucher: VoucherId) -> Fen {
        self.claimed.get(&voucher).copied().unwrap_or_default()
    }
}

impl ClaimRow {
    /// True while its amount counts against the caps and its invoice is used.
    pub fn counts(&self) -> bool {
        !matches!(self.status, ClaimStatus::Reversed | ClaimStatus::Withdrawn)
    }

    /// True while its amount is somebody's expense.
    pub fn is_live(&self) -> bool {
        matches!(self.status, ClaimStatus::Approved | ClaimStatus::Paid)
    }
}
