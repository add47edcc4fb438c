//! Programmes and their rules.

use serde_json::{Value, json};

use super::{View, yuan};
use crate::domain::Fen;
use crate::engine::terms::{EvidenceKind, EvidenceKinds, RateTerms, RollingPeriod, VersionTerms};

impl View<'_> {
    /// A version of a programme's rules.
    pub(in crate::api) fn version(&self, number: u16, terms: &VersionTerms) -> Value {
        let mut version = self.rules(terms);
        version["version"] = json!(number);
        version
    }

    /// Rules, published or drafted.
    pub(in crate::api) fn rules(&self, terms: &VersionTerms) -> Value {
        let recognised = terms
            .recognised
            .as_ref()
            .map(|cities| cities.iter().map(|id| self.member(*id)).collect::<Value>());
        let mut rules = json!({
            "effective_from": terms.effective_from.to_string(),
            "document_no": terms.document_no.as_str(),
            "review_no": terms.review_no.as_ref().map(|no| no.as_str()),
            "performance_target": terms.performance_target.as_ref().map(|text| text.as_str()),
            "payee": terms.payee.as_str(),
            "base": terms.base.as_str(),
            "cap_enterprise": yuan(terms.cap_enterprise),
            "cap_group": yuan(terms.cap_group),
            "use_months": terms.use_months,
            "cash_days": terms.cash_days,
            "rates": terms.rates.iter().map(|rate| self.rate(rate)).collect::<Value>(),
            "recognised": recognised,
            "evidence": evidence(terms.evidence),
            "transfers": terms.transfers.iter().map(|rule| json!({
                "kind": rule.kind.as_str(),
                "document_no": rule.document_no.as_ref().map(|no| no.as_str()),
            })).collect::<Value>(),
            "application_required": terms.application_required,
        });
        self.add_optional(&mut rules, terms);
        rules
    }

    fn rate(&self, rate: &RateTerms) -> Value {
        let tier = |tier: &crate::engine::terms::Tier| {
            let up_to = (tier.up_to != Fen::MAX).then(|| yuan(tier.up_to));
            json!({"up_to": up_to, "ratio": tier.ratio.to_string()})
        };
        json!({
            "category": self.category(rate.category),
            "tiers": rate.tiers.iter().map(tier).collect::<Value>(),
            "cap_claim": yuan(rate.cap_claim),
        })
    }

    /// What few versions say; left out where nothing is said.
    fn add_optional(&self, rules: &mut Value, terms: &VersionTerms) {
        if !terms.category_caps.is_empty() {
            let caps = terms.category_caps.iter();
            let caps = caps.map(|(category, cap)| (self.category(*category), yuan(*cap)));
            let caps = caps.map(|(category, cap)| json!({"category": category, "cap": cap}));
            rules["category_caps"] = caps.collect();
        }
        if let Some(cap) = terms.cap_contract {
            rules["cap_contract"] = yuan(cap);
        }
        if let Some(rolling) = terms.rolling {
            rules["rolling"] = match rolling.period {
                RollingPeriod::Days(days) => json!({"cap": yuan(rolling.cap), "days": days}),
                RollingPeriod::Months(n) => json!({"cap": yuan(rolling.cap), "months": n}),
            };
        }
        if !terms.category_evidence.is_empty() {
            let rows = terms.category_evidence.iter();
            let rows = rows.map(|(category, kinds)| (self.category(*category), evidence(*kinds)));
            let rows =
                rows.map(|(category, kinds)| json!({"category": category, "evidence": kinds}));
            rules["category_evidence"] = rows.collect();
        }
        if !terms.exclusions.is_empty() {
            let exclusions = terms.exclusions.iter().map(|exclusion| {
                json!({
                    "enterprise_kind": exclusion.enterprise_kind.map(|kind| kind.as_str()),
                    "category": exclusion.category.map(|id| self.category(id)),
                    "provider": exclusion.provider.map(|id| self.provider(id)),
                    "host": exclusion.host.map(|id| self.member(id)),
                })
            });
            rules["exclusions"] = exclusions.collect();
        }
        if !terms.recognitions.is_empty() {
            let recognitions = terms.recognitions.iter().map(|recognition| {
                json!({
                    "host": self.member(recognition.host),
                    "from": recognition.from.to_string(),
                    "to": recognition.to.to_string(),
                    "categories": self.categories(recognition.categories),
                })
            });
            rules["recognitions"] = recognitions.collect();
        }
    }
}

fn evidence(kinds: EvidenceKinds) -> Value {
    let kinds = EvidenceKind::ALL
        .iter()
        .filter(|kind| kinds.contains(**kind));
    kinds.map(|kind| json!(kind.as_str())).collect()
}
