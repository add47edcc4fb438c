//! Programmes and agreements.

use super::{Body, body, document, name};
use crate::api::context::{Cx, day, parse, ratio, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{Fen, ProgrammeCode};
use crate::engine::command::{
    AccrualPoint, AgreementTerms, BasePolicy, ChangeBudget, Command, CreateProgramme, DocumentNo,
    EvidenceKind, EvidenceKinds, PayeeMode, PayerModel, PublishVersion, RateTerms,
    RegisterAgreement, Tier, TransferKind, TransferRule, VersionTerms,
};
use serde::Deserialize;
use utoipa::ToSchema;

body! {
    /// A programme: one city, one budget year.
    CreateProgrammeBody { code: String, title: String, city: String, budget_year: u16, }
    (self, cx) {
        Ok(Command::CreateProgramme(Box::new(CreateProgramme {
            code: parse("code", &self.code, ProgrammeCode::parse)?,
            title: name("title", &self.title)?,
            city: cx.member("city", &self.city)?,
            budget_year: self.budget_year,
        })))
    }
}

body! {
    /// Raises or cuts a budget.
    ChangeBudgetBody {
        /// Yuan, for example `100000.00`.
        amount: String,
        /// `raise` or `cut`.
        direction: String,
        document_no: Option<String>,
    } (self, cx) {
        let raise = |text: &str| match text {
            "raise" => Some(true),
            "cut" => Some(false),
            _ => None,
        };
        Ok(Command::ChangeBudget(ChangeBudget {
            programme: cx.programme("code", cx.param("code"))?,
            amount: yuan("amount", &self.amount)?,
            raise: word("direction", &self.direction, raise)?,
            document_no: document(self.document_no)?,
        }))
    }
}

/// A slice of the base and its ratio.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct TierBody {
    /// Upper bound in yuan; none in the last tier.
    up_to: Option<String>,
    /// Ratio, for example `0.3`.
    ratio: String,
}

/// What a category is funded with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RateBody {
    category: String,
    tiers: Vec<TierBody>,
    /// Cap of one claim, in yuan.
    cap_claim: String,
}

/// A kind of transfer that is allowed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct TransferRuleBody {
    /// `succession`, `relocation` or `open`.
    kind: String,
    document_no: Option<String>,
}

body! {
    /// The next version of a programme's rules.
    PublishVersionBody {
        effective_from: String,
        document_no: String,
        /// `provider` or `enterprise`.
        payee: String,
        /// `contract`, `invoice`, `paid` or `least`.
        base: String,
        cap_enterprise: String,
        cap_group: String,
        use_months: u16,
        cash_days: u16,
        rates: Vec<RateBody>,
        /// Division codes of the host cities; none for all members.
        recognised: Option<Vec<String>>,
        #[serde(default)]
        evidence: Vec<String>,
        #[serde(default)]
        transfers: Vec<TransferRuleBody>,
        /// Whether a voucher is issued on an approved application only.
        #[serde(default)]
        application_required: bool,
    } (self, cx) {
        let mut rates =
            self.rates.iter().map(|rate| rate_terms(cx, rate)).collect::<Result<Vec<_>, _>>()?;
        rates.sort_by_key(|rate| rate.category);
        let recognised = match &self.recognised {
            None => None,
            Some(codes) => {
                let cities = codes.iter().map(|code| cx.member("recognised", code));
                let mut cities = cities.collect::<Result<Vec<_>, _>>()?;
                cities.sort_unstable();
                Some(cities.into())
            }
        };
        let mut evidence = EvidenceKinds::NONE;
        for kind in &self.evidence {
            evidence = evidence.with(word("evidence", kind, EvidenceKind::parse)?);
        }
        let rules = self.transfers.into_iter().map(|rule| {
            let kind = word("transfers", &rule.kind, TransferKind::parse)?;
            Ok(TransferRule { kind, document_no: document(rule.document_no)? })
        });
        let mut transfers = rules.collect::<Result<Vec<_>, Problem>>()?;
        transfers.sort_by_key(|rule| rule.kind);
        Ok(Command::PublishVersion(PublishVersion {
            programme: cx.programme("code", cx.param("code"))?,
            terms: Box::new(VersionTerms {
                effective_from: day("effective_from", &self.effective_from)?,
                document_no: parse("document_no", &self.document_no, DocumentNo::parse)?,
                payee: word("payee", &self.payee, PayeeMode::parse)?,
                base: word("base", &self.base, BasePolicy::parse)?,
                cap_enterprise: yuan("cap_enterprise", &self.cap_enterprise)?,
                cap_group: yuan("cap_group", &self.cap_group)?,
                use_months: self.use_months,
                cash_days: self.cash_days,
                rates: rates.into(),
                recognised,
                evidence,
                transfers: transfers.into(),
                application_required: self.application_required,
            }),
        }))
    }
}

fn rate_terms(cx: &Cx<'_>, rate: &RateBody) -> Result<RateTerms, Problem> {
    let tiers = rate.tiers.iter().map(|tier| {
        let up_to = tier
            .up_to
            .as_ref()
            .map(|text| yuan("up_to", text))
            .transpose()?;
        Ok(Tier {
            up_to: up_to.unwrap_or(Fen::MAX),
            ratio: ratio("ratio", &tier.ratio)?,
        })
    });
    Ok(RateTerms {
        category: cx.category("category", &rate.category)?,
        tiers: tiers.collect::<Result<_, Problem>>()?,
        cap_claim: yuan("cap_claim", &rate.cap_claim)?,
    })
}

/// A funder and its share.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ShareBody {
    /// Division code.
    member: String,
    /// Share, for example `0.5`.
    share: String,
}

body! {
    /// A cost-sharing agreement.
    RegisterAgreementBody {
        home: String,
        host: String,
        /// For one category; none for all.
        category: Option<String>,
        from: String,
        to: String,
        /// `home_pays`, `host_pays` or `pool_pays`.
        model: String,
        pool: Option<String>,
        /// Home first, host second, then others; the shares add up to 1.
        shares: Vec<ShareBody>,
        /// `approval` or `payment`.
        accrues_at: String,
        document_no: Option<String>,
    } (self, cx) {
        let shares = self.shares.iter().map(|share| {
            Ok((cx.member("member", &share.member)?, ratio("share", &share.share)?))
        });
        let category = self.category.map(|code| cx.category("category", &code)).transpose()?;
        let pool = self.pool.map(|code| cx.member("pool", &code)).transpose()?;
        Ok(Command::RegisterAgreement(RegisterAgreement {
            terms: Box::new(AgreementTerms {
                home: cx.member("home", &self.home)?,
                host: cx.member("host", &self.host)?,
                category,
                from: day("from", &self.from)?,
                to: day("to", &self.to)?,
                model: word("model", &self.model, PayerModel::parse)?,
                pool,
                shares: shares.collect::<Result<_, Problem>>()?,
                accrues_at: word("accrues_at", &self.accrues_at, AccrualPoint::parse)?,
            }),
            document_no: document(self.document_no)?,
        }))
    }
}
