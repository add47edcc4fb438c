//! What enterprises have used of the caps.
//!
//! A usage row counts what was used in all, the category it was first used in, and the newest of
//! the claims that used it; each claim names the one before it. What was used in the other
//! categories stands in a table of its own, so that an enterprise that uses one category (most
//! do) costs nothing more; what was used in the first one is the rest.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{ClaimRow, State, usage_key};
use crate::domain::{
    CategoryId, ClaimId, ContractNo, Day, EnterpriseId, Fen, MemberId, ProgrammeId, ProviderId,
    Seq, UsageId,
};

/// What one enterprise has had and used under one programme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// Issued, less what was revoked unused.
    pub issued: Fen,
    /// Claimed and approved, net of reversals.
    pub used: Fen,
    /// The newest claim.
    pub newest: ClaimLink,
    /// The category of the first claim.
    pub category: Option<CategoryId>,
}

/// A claim or none, in four bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimLink(Option<NonZeroU32>);

impl ClaimLink {
    /// Names a claim; none for the last id that there can be, which no claim has.
    pub fn to(claim: ClaimId) -> ClaimLink {
        ClaimLink(claim.0.checked_add(1).and_then(NonZeroU32::new))
    }

    /// The claim named.
    pub fn get(self) -> Option<ClaimId> {
        self.0.map(|next| ClaimId(next.get() - 1))
    }
}

/// A contract of the firm of a usage row: with a provider, which numbers its contracts as it
/// likes, so that the same number with another one is another contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContractKey {
    provider: ProviderId,
    number: ContractNo,
}

impl ContractKey {
    /// The contract with a provider, its number written in any spelling.
    #[inline(never)] // Few claims are on a capped contract: this stays off the path of the others.
    pub fn new(provider: ProviderId, number: &ContractNo) -> ContractKey {
        ContractKey {
            provider,
            number: number.folded(),
        }
    }

    /// With whom it is.
    pub fn provider(&self) -> ProviderId {
        self.provider
    }

    /// Its number, in one spelling.
    pub fn number(&self) -> ContractNo {
        self.number
    }
}

/// Key of what a usage row counts in a category that is not its first.
pub(in crate::engine) fn category_key(usage: UsageId, category: CategoryId) -> u64 {
    (u64::from(usage.0) << 8) | u64::from(category.0)
}

impl State {
    /// What a usage row counts in a category.
    pub(in crate::engine) fn used_in_category(&self, usage: UsageId, category: CategoryId) -> Fen {
        let row = self.usage.at(usage.index());
        if row.category != Some(category) {
            return self.used_apart(usage, category);
        }
        let others = (0..self.categories.len())
            .filter_map(CategoryId::from_index)
            .filter(|other| *other != category);
        others.fold(row.used, |left, other| {
            left.saturating_sub(self.used_apart(usage, other))
        })
    }

    fn used_apart(&self, usage: UsageId, category: CategoryId) -> Fen {
        let used = self.category_usage.get(category_key(usage, category));
        used.copied().unwrap_or_default()
    }

    /// What a usage row counts on a contract.
    pub(in crate::engine) fn used_on_contract(&self, usage: UsageId, contract: ContractKey) -> Fen {
        let used = self.contract_usage.get(&(usage, contract));
        used.copied().unwrap_or_default()
    }

    /// The contracts on which a usage row counts something.
    pub(in crate::engine) fn contracts_of(
        &self,
        usage: UsageId,
    ) -> impl Iterator<Item = (ContractKey, Fen)> {
        let least = ContractKey {
            provider: ProviderId(0),
            number: ContractNo::LEAST,
        };
        let first = (usage, least);
        let all = self.contract_usage.range(first..);
        all.take_while(move |((own, _), _)| *own == usage)
            .map(|((_, contract), used)| (*contract, *used))
    }

    /// What an enterprise has used with filing dates from a day on, under all programmes of a
    /// city. What it took over with a succession counts on the day of the transfer, what orders
    /// hold in every period.
    pub(in crate::engine) fn used_since(
        &self,
        city: MemberId,
        holder: EnterpriseId,
        from: Day,
    ) -> Fen {
        let mut sum = 0_i128;
        for programme in (0..self.programmes.len()).filter_map(ProgrammeId::from_index) {
            if self.programmes[programme.index()].city != city {
                continue;
            }
            let Some(position) = self.usage.position(usage_key(programme, holder)) else {
                continue;
            };
            let claims = self.claims_of(position);
            sum += claims
                .take_while(|(_, row)| self.day_of(row.details) >= from)
                .filter(|(_, row)| row.counts())
                .map(|(_, row)| i128::from(row.amount.get()))
                .sum::<i128>();
            let usage = UsageId::from_index(position).expect("fewer than 2^32 usage rows");
            let held = self.held_use.get(&usage).copied().unwrap_or_default();
            sum += i128::from(held.get());
            let taken = self.taken_over.range((usage, from)..=(usage, Day::MAX));
            sum += taken.map(|(_, fen)| i128::from(fen.get())).sum::<i128>();
        }
        Fen::from_i128(sum).unwrap_or(Fen::MAX)
    }

    /// The claims that a usage row counts, newest first, with those undone since.
    pub(in crate::engine) fn claims_of(
        &self,
        usage: usize,
    ) -> impl Iterator<Item = (ClaimId, &ClaimRow)> {
        let mut next = self.usage.at(usage).newest;
        std::iter::from_fn(move || {
            let id = next.get()?;
            let row = &self.claims[id.index()];
            next = row.older;
            Some((id, row))
        })
    }

    /// The business date of an event.
    pub(in crate::engine) fn day_of(&self, seq: Seq) -> Day {
        let day = self.days.range(..=seq).next_back();
        day.map_or(Day::MIN, |(_, day)| *day)
    }
}
