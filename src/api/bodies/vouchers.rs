//! Vouchers and consents.

use super::{Body, body};
use crate::api::context::{Cx, day, yuan};
use crate::api::problem::Problem;
use crate::domain::{ApplicationId, IdKind, VoucherId};
use crate::engine::command::{
    Command, ConsentGiver, GiveConsent, IssueVoucher, RevokeVoucher, SetFreeze,
};
use serde::Deserialize;
use utoipa::ToSchema;

body! {
    /// A voucher for an enterprise.
    IssueVoucherBody {
        /// Code of the programme.
        programme: String,
        /// Identifier or credit code.
        enterprise: String,
        /// Yuan.
        amount: String,
        /// Identifier of the approved application that it answers.
        application: Option<String>,
    } (self, cx) {
        let canonical =
            |state: &crate::engine::State, id, tag| state.application_id(ApplicationId(id), tag);
        let application = self.application.map(|text| {
            cx.id("application", &text, IdKind::Application, canonical).map(ApplicationId)
        });
        Ok(Command::IssueVoucher(IssueVoucher {
            programme: cx.programme("programme", &self.programme)?,
            enterprise: cx.enterprise_key("enterprise", &self.enterprise)?,
            amount: yuan("amount", &self.amount)?,
            application: application.transpose()?,
        }))
    }
}

/// The voucher of the path.
pub(in crate::api) fn voucher(cx: &Cx<'_>) -> Result<VoucherId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.voucher_id(VoucherId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Voucher, canonical)
        .map(VoucherId)
}

body! {
    /// A consent to redeem, or a provider's confirmation of a service.
    GiveConsentBody {
        /// `holder`, or `provider` for a provider's own confirmation.
        giver: String,
        /// Identifier or credit code; none for any provider.
        provider: Option<String>,
        /// Yuan.
        up_to: String,
        /// Last day of filing.
        until: String,
    } (self, cx) {
        let provider = self.provider.map(|text| cx.provider("provider", &text)).transpose()?;
        let giver = match (self.giver.as_str(), provider) {
            ("holder", provider) => ConsentGiver::Holder(provider),
            ("provider", Some(provider)) => ConsentGiver::Provider(provider),
            ("provider", None) => return Err(Problem::field("provider", "must be named")),
            _ => return Err(Problem::field("giver", "is holder or provider")),
        };
        Ok(Command::GiveConsent(GiveConsent {
            voucher: voucher(cx)?,
            giver,
            up_to: yuan("up_to", &self.up_to)?,
            until: day("until", &self.until)?,
        }))
    }
}

body! {
    /// Freezes or unfreezes a voucher; needs a `reason`.
    SetFreezeBody { frozen: bool, } (self, cx) {
        Ok(Command::SetFreeze(SetFreeze { voucher: voucher(cx)?, frozen: self.frozen }))
    }
}

body! {
    /// Takes back what is free on a voucher; needs a `reason`.
    RevokeVoucherBody {} (self, cx) {
        Ok(Command::RevokeVoucher(RevokeVoucher { voucher: voucher(cx)? }))
    }
}
