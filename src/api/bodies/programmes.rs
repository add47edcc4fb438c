//! Programmes and agreements.

use super::{Body, body, document, name};
use crate::api::context::{Cx, day, one_of, parse, ratio, word, yuan};
use crate::api::problem::Problem;
use crate::domain::ProgrammeCode;
use crate::engine::command::{
    AccrualPoint, AgreementTerms, ChangeBudget, Command, CreateProgramme, PayerModel,
    RegisterAgreement,
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
        let directions = [("raise", true), ("cut", false)];
        Ok(Command::ChangeBudget(ChangeBudget {
            programme: cx.programme("code", cx.param("code"))?,
            amount: yuan("amount", &self.amount)?,
            raise: one_of("direction", &self.direction, &directions)?,
            document_no: document(self.document_no)?,
        }))
    }
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
