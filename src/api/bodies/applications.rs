//! Applications for vouchers, extension and reissue.

use super::claims::{EvidenceBody, evidence};
use super::vouchers::voucher;
use super::{Body, body};
use crate::api::context::{Cx, day, parse, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{ApplicationId, EnterpriseId, IdKind, Text};
use crate::engine::command::{
    ApplyForVoucher, Command, DeclineCode, EnterpriseKey, EnterpriseKind, ExtendVoucher, Purpose,
    ReissueVoucher, ResubmitApplication, ReviewApplication, ReviewStep, VoucherRequest,
    WithdrawApplication,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The application of the path.
pub(in crate::api) fn application(cx: &Cx<'_>) -> Result<ApplicationId, Problem> {
    let canonical =
        |state: &crate::engine::State, id, tag| state.application_id(ApplicationId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Application, canonical)
        .map(ApplicationId)
}

/// What an enterprise asks for: the purpose of a team is personal data.
fn request(
    cx: &Cx<'_>,
    enterprise: EnterpriseId,
    amount: &str,
    purpose: Option<String>,
    documents: Vec<EvidenceBody>,
) -> Result<VoucherRequest, Problem> {
    let kind = cx.state.enterprise(enterprise).map(|row| row.kind);
    let purpose = purpose.map(|text| {
        let plain = parse("purpose", &text, Text::parse)?;
        Ok::<_, Problem>(match kind {
            Some(EnterpriseKind::Team) => Purpose::Personal(crate::node::personal(&text)),
            _ => Purpose::Public(plain),
        })
    });
    Ok(VoucherRequest {
        amount: yuan("amount", amount)?,
        purpose: purpose.transpose()?,
        documents: evidence(documents)?,
    })
}

body! {
    /// An application for a voucher.
    ApplyForVoucherBody {
        /// Code of the programme.
        programme: String,
        /// Identifier or credit code.
        enterprise: String,
        /// Yuan.
        amount: String,
        /// What for, at most 600 bytes; what a team says is kept as personal data.
        purpose: Option<String>,
        #[serde(default)]
        documents: Vec<EvidenceBody>,
    } (self, cx) {
        let enterprise = cx.enterprise("enterprise", &self.enterprise)?;
        Ok(Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: cx.programme("programme", &self.programme)?,
            enterprise: EnterpriseKey::Id(enterprise),
            request: request(cx, enterprise, &self.amount, self.purpose, self.documents)?,
        })))
    }
}

body! {
    /// An application that was returned, sent again; it replaces what was asked for before.
    ResubmitApplicationBody {
        /// Yuan.
        amount: String,
        /// What for, at most 600 bytes; what a team says is kept as personal data.
        purpose: Option<String>,
        #[serde(default)]
        documents: Vec<EvidenceBody>,
    } (self, cx) {
        let application = application(cx)?;
        let row = cx.state.application(application);
        let enterprise = row.ok_or_else(|| Problem::not_found("application"))?.enterprise;
        Ok(Command::ResubmitApplication(Box::new(ResubmitApplication {
            application,
            request: request(cx, enterprise, &self.amount, self.purpose, self.documents)?,
        })))
    }
}

body! {
    /// A step of the review.
    ReviewApplicationBody {
        /// `begin`, `return`, `approve` or `decline`; `return`, `decline` and an approval of less
        /// than was asked for need a `reason`.
        step: String,
        /// Yuan; with `approve`.
        amount: Option<String>,
        /// With `decline`: `not_eligible`, `purpose_not_funded`, `documents_insufficient`,
        /// `statement_untrue`, `funded_elsewhere`, `budget_exhausted` or `other`.
        code: Option<String>,
    } (self, cx) {
        let needed = |field: &str, text: Option<String>| {
            text.ok_or_else(|| Problem::field(field, "is needed for this step"))
        };
        let given = (self.amount.is_some(), self.code.is_some());
        let step = match (self.step.as_str(), given) {
            ("begin", (false, false)) => ReviewStep::Begin,
            ("return", (false, false)) => ReviewStep::Return,
            ("approve", (_, false)) => ReviewStep::Approve {
                amount: yuan("amount", &needed("amount", self.amount)?)?,
            },
            ("decline", (false, _)) => ReviewStep::Decline {
                code: word("code", &needed("code", self.code)?, DeclineCode::parse)?,
            },
            ("begin" | "return" | "decline", (true, _)) => {
                return Err(Problem::field("amount", "goes with approve"));
            }
            ("begin" | "return" | "approve", _) => {
                return Err(Problem::field("code", "goes with decline"));
            }
            _ => return Err(Problem::field("step", "is begin, return, approve or decline")),
        };
        let application = application(cx)?;
        Ok(Command::ReviewApplication(ReviewApplication { application, step }))
    }
}

body! {
    /// Takes an application back.
    WithdrawApplicationBody {} (self, cx) {
        let application = application(cx)?;
        Ok(Command::WithdrawApplication(WithdrawApplication { application }))
    }
}

body! {
    /// Later deadlines for a voucher; needs a `reason`.
    ExtendVoucherBody {
        /// Last contract date.
        use_by: String,
        /// Last filing date.
        cash_by: String,
    } (self, cx) {
        Ok(Command::ExtendVoucher(ExtendVoucher {
            voucher: voucher(cx)?,
            use_by: day("use_by", &self.use_by)?,
            cash_by: day("cash_by", &self.cash_by)?,
        }))
    }
}

body! {
    /// A new voucher for what came back of an old one; needs a `reason`.
    ReissueVoucherBody {
        /// Yuan.
        amount: String,
    } (self, cx) {
        Ok(Command::ReissueVoucher(ReissueVoucher {
            voucher: voucher(cx)?,
            amount: yuan("amount", &self.amount)?,
        }))
    }
}
