//! Programmes, budgets, versions and agreements.

use super::parties::positive;
use super::{Decision, Execution, Rejection, invalid, refuse_if, valid};
use crate::domain::{AgreementId, DraftNo, Fen, MemberId, ProgrammeId, Ratio, VersionNo};
use crate::engine::books::AccountKind;
use crate::engine::command::{ChangeBudget, CreateProgramme, PublishVersion, RegisterAgreement};
use crate::engine::event::{
    AgreementRegistered, BudgetChanged, Event, ProgrammeCreated, VersionPublished,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::rules;
use crate::engine::state::ProgrammeStatus;
use crate::engine::terms::{
    AgreementTerms, BUDGET_YEARS, BUDGETS_TOTAL_MAX_FEN, CASH_DAYS_MAX, PayerModel, RateTerms,
    RequiredField, Role, TIERS_MAX, USE_MONTHS_MAX, VERSIONS_MAX, VersionTerms,
};

impl Execution<'_> {
    pub(super) fn create_programme(&mut self, c: &CreateProgramme) -> Decision {
        self.require_officer(Role::ScienceOfficer, c.city)?;
        self.check_city(c.city, "city")?;
        valid(
            BUDGET_YEARS.contains(&c.budget_year),
            "budget_year",
            "lies between 2000 and 2999",
        )?;
        if self.state.programme_codes.get(&c.code).is_some() {
            return Err(Rejection::Exists("a programme with this code").into());
        }
        // The last number stands for "no programme" in the matrix.
        let programme = ProgrammeId::from_index(self.state.programmes.len())
            .filter(|id| id.0 < u16::MAX)
            .ok_or(Rejection::Full("programmes"))?;
        self.emit(Event::ProgrammeCreated(Box::new(ProgrammeCreated {
            programme,
            code: c.code,
            title: c.title.clone(),
            city: c.city,
            budget_year: c.budget_year,
        })));
        Ok(())
    }

    /// The issuing city of a programme.
    pub(super) fn city_of(&self, programme: ProgrammeId) -> Result<MemberId, Rejection> {
        let row = self.state.programmes.get(programme.index());
        row.map(|row| row.city)
            .ok_or(Rejection::NotFound("programme"))
    }

    pub(super) fn change_budget(&mut self, c: &ChangeBudget) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::FinanceOfficer, city)?;
        positive(c.amount)?;
        let document = self.state.requires(city, RequiredField::BudgetDocument);
        refuse_if(
            document && c.document_no.is_none(),
            RefusalCode::DocumentNoRequired,
        )?;
        if c.raise {
            let status = self.state.programmes[c.programme.index()].status;
            let over = matches!(status, ProgrammeStatus::Closed | ProgrammeStatus::Carried);
            refuse_if(over, RefusalCode::YearEnded)?;
            let total = *self.state.budgets_total + c.amount.get();
            valid(
                total <= BUDGETS_TOTAL_MAX_FEN,
                "amount",
                "all budgets together are at most 2500000000000.00 yuan",
            )?;
        } else {
            let available = self
                .state
                .books
                .budget(city, AccountKind::Available, c.programme);
            refuse_if(c.amount > available, RefusalCode::BudgetCommitted)?;
        }
        self.emit(Event::BudgetChanged(BudgetChanged {
            programme: c.programme,
            city,
            amount: c.amount,
            raise: c.raise,
            document_no: c.document_no.clone(),
        }));
        Ok(())
    }

    pub(super) fn publish_version(&mut self, c: &PublishVersion) -> Decision {
        let city = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, city)?;
        self.publish(c.programme, c.terms.clone(), None)
    }

    /// Publishes the next version, drafted or not.
    pub(super) fn publish(
        &mut self,
        programme: ProgrammeId,
        terms: Box<VersionTerms>,
        draft: Option<DraftNo>,
    ) -> Decision {
        let city = self.city_of(programme)?;
        let in_time = terms.effective_from >= *self.state.business_date;
        valid(
            in_time || self.submission.imported,
            "effective_from",
            "lies before the day of publication",
        )?;
        self.check_terms(&terms)?;
        let versions = self.state.programmes[programme.index()].versions.len();
        if versions >= VERSIONS_MAX {
            return Err(Rejection::Full("versions of a programme").into());
        }
        let version = VersionNo::from_index(versions + 1).expect("at most 100 versions");
        self.check_year_open(programme)?;
        let simulated = draft
            .and_then(|draft| self.state.draft(programme, draft))
            .is_some_and(|row| row.simulated.is_some());
        self.check_required(city, &terms, simulated)?;
        self.emit(Event::VersionPublished(VersionPublished {
            programme,
            version,
            terms,
            draft,
        }));
        Ok(())
    }

    pub(super) fn check_terms(&self, terms: &VersionTerms) -> Decision {
        valid(
            terms.payee.takes(terms.base),
            "base",
            "a payee `provider` goes with the base `contract` or `invoice`",
        )?;
        valid(
            terms.use_months <= USE_MONTHS_MAX,
            "use_months",
            "is at most 120",
        )?;
        valid(
            terms.cash_days <= CASH_DAYS_MAX,
            "cash_days",
            "is at most 3660",
        )?;
        let ascending = terms
            .rates
            .windows(2)
            .all(|pair| pair[0].category < pair[1].category);
        valid(ascending, "rates", "are given once per category")?;
        terms
            .rates
            .iter()
            .try_for_each(|rate| self.check_rate(rate))?;
        rules::check_terms(self.state, terms)
            .map_err(|(field, problem)| invalid(field, problem))?;
        let cities = terms.recognised.as_deref().unwrap_or_default();
        let ascending = cities.windows(2).all(|pair| pair[0] < pair[1]);
        valid(ascending, "recognised", "names each city once")?;
        cities
            .iter()
            .try_for_each(|city| self.check_city(*city, "recognised"))?;
        let ascending = terms
            .transfers
            .windows(2)
            .all(|pair| pair[0].kind < pair[1].kind);
        valid(ascending, "transfers", "are allowed once per kind")?;
        let documented = terms
            .transfers
            .iter()
            .all(|rule| !rule.kind.needs_document() || rule.document_no.is_some());
        valid(
            documented,
            "transfers",
            "`open` and `affiliate` need a document number of their own",
        )
    }

    fn check_rate(&self, rate: &RateTerms) -> Decision {
        if self.state.categories.get(rate.category.index()).is_none() {
            return Err(Rejection::NotFound("category").into());
        }
        let count = (1..=TIERS_MAX).contains(&rate.tiers.len());
        valid(count, "tiers", "are one to eight")?;
        let ascending = rate
            .tiers
            .windows(2)
            .all(|pair| pair[0].up_to < pair[1].up_to);
        valid(ascending, "tiers", "have ascending bounds")?;
        let unbounded = rate.tiers.last().is_some_and(|tier| tier.up_to == Fen::MAX);
        valid(unbounded, "tiers", "the last one is unbounded")
    }

    pub(super) fn register_agreement(&mut self, c: &RegisterAgreement) -> Decision {
        self.require_operator()?;
        let terms = &c.terms;
        self.check_city(terms.home, "home")?;
        self.check_city(terms.host, "host")?;
        valid(terms.home != terms.host, "host", "is the home city itself")?;
        valid(
            terms.from <= terms.to,
            "to",
            "the agreement ends before it begins",
        )?;
        if let Some(category) = terms.category
            && self.state.categories.get(category.index()).is_none()
        {
            return Err(Rejection::NotFound("category").into());
        }
        self.check_funders(terms)?;
        let of_pair = self.state.agreements_of.get(&(terms.home, terms.host));
        let overlaps = of_pair.into_iter().flatten().any(|id| {
            let other = &self.state.agreements[id.index()].terms;
            other.category == terms.category && other.from <= terms.to && terms.from <= other.to
        });
        refuse_if(overlaps, RefusalCode::AgreementOverlaps)?;
        let agreement = AgreementId::from_index(self.state.agreements.len())
            .ok_or(Rejection::Full("agreements"))?;
        self.emit(Event::AgreementRegistered(AgreementRegistered {
            agreement,
            terms: c.terms.clone(),
            document_no: c.document_no.clone(),
        }));
        Ok(())
    }

    fn check_funders(&self, terms: &AgreementTerms) -> Decision {
        let shares = &terms.shares;
        valid(
            (2..=crate::domain::FUNDERS_MAX).contains(&shares.len()),
            "shares",
            "are two to eight",
        )?;
        let order = shares[0].0 == terms.home && shares[1].0 == terms.host;
        valid(
            order,
            "shares",
            "name the home city first and the host city second",
        )?;
        for (i, (member, _)) in shares.iter().enumerate() {
            if self.state.members.get(member.index()).is_none() {
                return Err(Rejection::NotFound("funder").into());
            }
            let once = shares[..i].iter().all(|(other, _)| other != member);
            valid(once, "shares", "name each funder once")?;
        }
        let total: u64 = shares
            .iter()
            .map(|(_, ratio)| u64::from(ratio.millionths()))
            .sum();
        valid(
            total == u64::from(Ratio::SCALE),
            "shares",
            "add up to exactly 1",
        )?;
        let pool = terms
            .pool
            .map(|pool| shares.iter().any(|(member, _)| *member == pool));
        match (terms.model, pool) {
            (PayerModel::PoolPays, Some(true)) => Ok(()),
            (PayerModel::PoolPays, _) => {
                Err(invalid("pool", "a pool that pays is one of the funders"))
            }
            (_, None) => Ok(()),
            (_, Some(_)) => Err(invalid("pool", "is named only when the pool pays")),
        }
    }
}
