//! Versions of a programme's rules.

use super::{Body, body, document};
use crate::api::context::{Cx, day, parse, ratio, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{CategoryId, Fen, MemberId, Text};
use crate::engine::command::{
    BasePolicy, Command, DocumentNo, EnterpriseKind, EvidenceKind, EvidenceKinds, Exclusion,
    PayeeMode, PublishVersion, RateTerms, Recognition, RollingCap, RollingPeriod, Tier,
    TransferKind, TransferRule, VersionTerms,
};
use serde::Deserialize;
use utoipa::ToSchema;

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

/// A cap of one category.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CategoryCapBody {
    category: String,
    /// Yuan per enterprise and budget year.
    cap: String,
}

/// A cap of a rolling period: so many days, or so many months.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RollingCapBody {
    /// Yuan per enterprise.
    cap: String,
    days: Option<u16>,
    months: Option<u16>,
}

/// Evidence that claims of a category must bring.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CategoryEvidenceBody {
    category: String,
    evidence: Vec<String>,
}

/// What is not funded: a claim is excluded if everything that is given fits it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ExclusionBody {
    /// `sme`, `micro`, `high_tech` or `team`.
    enterprise_kind: Option<String>,
    category: Option<String>,
    provider: Option<String>,
    /// Division code of the provider's city.
    host: Option<String>,
}

/// Recognises a host city for contracts of some days and categories.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RecognitionBody {
    /// Division code.
    host: String,
    from: String,
    /// Inclusive.
    to: String,
    /// None for all.
    #[serde(default)]
    categories: Vec<String>,
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
        #[serde(default)]
        category_caps: Vec<CategoryCapBody>,
        /// Cap of all claims of a holder on one contract, in yuan: with one provider, of one
        /// number, whatever the case and width of its letters.
        cap_contract: Option<String>,
        rolling: Option<RollingCapBody>,
        #[serde(default)]
        category_evidence: Vec<CategoryEvidenceBody>,
        #[serde(default)]
        exclusions: Vec<ExclusionBody>,
        #[serde(default)]
        recognitions: Vec<RecognitionBody>,
        /// Number of the fair-competition review.
        review_no: Option<String>,
        performance_target: Option<String>,
        /// True if vouchers are issued on applications only.
        #[serde(default)]
        application_required: bool,
    } (self, cx) {
        Ok(Command::PublishVersion(PublishVersion {
            programme: cx.programme("code", cx.param("code"))?,
            terms: Box::new(self.terms(cx)?),
        }))
    }
}

impl PublishVersionBody {
    /// The rules that the body states.
    pub(super) fn terms(self, cx: &Cx<'_>) -> Result<VersionTerms, Problem> {
        let terms = VersionTerms {
            effective_from: day("effective_from", &self.effective_from)?,
            document_no: parse("document_no", &self.document_no, DocumentNo::parse)?,
            payee: word("payee", &self.payee, PayeeMode::parse)?,
            base: word("base", &self.base, BasePolicy::parse)?,
            cap_enterprise: yuan("cap_enterprise", &self.cap_enterprise)?,
            cap_group: yuan("cap_group", &self.cap_group)?,
            use_months: self.use_months,
            cash_days: self.cash_days,
            application_required: self.application_required,
            ..VersionTerms::default()
        };
        self.lists(cx, terms)
    }

    fn lists(self, cx: &Cx<'_>, terms: VersionTerms) -> Result<VersionTerms, Problem> {
        let rates = self.rates.iter().map(|rate| rate_terms(cx, rate));
        let mut rates = rates.collect::<Result<Vec<_>, _>>()?;
        rates.sort_by_key(|rate| rate.category);
        let cities = |codes: &Vec<String>| -> Result<Box<[MemberId]>, Problem> {
            let cities = codes.iter().map(|code| cx.member("recognised", code));
            let mut cities = cities.collect::<Result<Vec<_>, _>>()?;
            cities.sort_unstable();
            Ok(cities.into())
        };
        let transfers = self.transfers.into_iter().map(|rule| {
            let kind = word("transfers", &rule.kind, TransferKind::parse)?;
            let document_no = document(rule.document_no)?;
            Ok(TransferRule { kind, document_no })
        });
        let mut transfers = transfers.collect::<Result<Vec<_>, Problem>>()?;
        transfers.sort_by_key(|rule| rule.kind);
        let text = |field, text: Option<String>| {
            text.map(|text| parse(field, &text, DocumentNo::parse))
                .transpose()
        };
        let cap = self.cap_contract;
        let target = self.performance_target;
        Ok(VersionTerms {
            rates: rates.into(),
            recognised: self.recognised.as_ref().map(cities).transpose()?,
            evidence: kinds("evidence", &self.evidence)?,
            transfers: transfers.into(),
            category_caps: category_caps(cx, &self.category_caps)?,
            cap_contract: cap.map(|cap| yuan("cap_contract", &cap)).transpose()?,
            rolling: self.rolling.as_ref().map(rolling).transpose()?,
            category_evidence: category_evidence(cx, &self.category_evidence)?,
            exclusions: exclusions(cx, &self.exclusions)?,
            recognitions: recognitions(cx, &self.recognitions)?,
            review_no: text("review_no", self.review_no)?,
            performance_target: target
                .map(|target| parse("performance_target", &target, Text::parse))
                .transpose()?,
            ..terms
        })
    }
}

fn kinds(field: &'static str, words: &[String]) -> Result<EvidenceKinds, Problem> {
    let mut kinds = EvidenceKinds::NONE;
    for kind in words {
        kinds = kinds.with(word(field, kind, EvidenceKind::parse)?);
    }
    Ok(kinds)
}

fn category_caps(
    cx: &Cx<'_>,
    caps: &[CategoryCapBody],
) -> Result<Box<[(CategoryId, Fen)]>, Problem> {
    let caps = caps.iter().map(|cap| {
        let category = cx.category("category_caps", &cap.category)?;
        Ok((category, yuan("category_caps", &cap.cap)?))
    });
    let mut caps = caps.collect::<Result<Vec<_>, Problem>>()?;
    caps.sort_by_key(|(category, _)| *category);
    Ok(caps.into())
}

fn rolling(body: &RollingCapBody) -> Result<RollingCap, Problem> {
    let period = match (body.days, body.months) {
        (Some(days), None) => RollingPeriod::Days(days),
        (None, Some(months)) => RollingPeriod::Months(months),
        _ => return Err(Problem::field("rolling", "gives either days or months")),
    };
    let cap = yuan("rolling", &body.cap)?;
    Ok(RollingCap { cap, period })
}

fn category_evidence(
    cx: &Cx<'_>,
    rows: &[CategoryEvidenceBody],
) -> Result<Box<[(CategoryId, EvidenceKinds)]>, Problem> {
    let rows = rows.iter().map(|row| {
        let category = cx.category("category_evidence", &row.category)?;
        Ok((category, kinds("category_evidence", &row.evidence)?))
    });
    let mut rows = rows.collect::<Result<Vec<_>, Problem>>()?;
    rows.sort_by_key(|(category, _)| *category);
    Ok(rows.into())
}

fn exclusions(cx: &Cx<'_>, rows: &[ExclusionBody]) -> Result<Box<[Exclusion]>, Problem> {
    let field = "exclusions";
    let rows = rows.iter().map(|row| {
        let (kind, category) = (&row.enterprise_kind, &row.category);
        let (provider, host) = (&row.provider, &row.host);
        Ok(Exclusion {
            enterprise_kind: kind
                .as_ref()
                .map(|kind| word(field, kind, EnterpriseKind::parse))
                .transpose()?,
            category: category
                .as_ref()
                .map(|code| cx.category(field, code))
                .transpose()?,
            provider: provider
                .as_ref()
                .map(|id| cx.provider(field, id))
                .transpose()?,
            host: host
                .as_ref()
                .map(|code| cx.member(field, code))
                .transpose()?,
        })
    });
    rows.collect()
}

fn recognitions(cx: &Cx<'_>, rows: &[RecognitionBody]) -> Result<Box<[Recognition]>, Problem> {
    let field = "recognitions";
    let rows = rows.iter().map(|row| {
        let mut categories = 0;
        for code in &row.categories {
            categories |= 1 << cx.category(field, code)?.0;
        }
        Ok(Recognition {
            host: cx.member(field, &row.host)?,
            from: day(field, &row.from)?,
            to: day(field, &row.to)?,
            categories,
        })
    });
    rows.collect()
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
