//! The life of a programme: drafts, what a city requires, the end of its year.

use super::versions::PublishVersionBody;
use super::{Body, body};
use crate::api::context::{Cx, day, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{DraftNo, Seq};
use crate::engine::command::{
    Command, CopyPack, DecideYearEnd, MarkSimulated, PublishDraft, SaveDraft, SetCityPolicy,
    StartYearClosing, WithdrawClaim,
};
use crate::engine::terms::{RequiredField, RequiredFields};
use serde::Deserialize;
use utoipa::ToSchema;

/// The draft that the path names.
fn draft(cx: &Cx<'_>) -> Result<DraftNo, Problem> {
    let number = cx.param("draft").parse().map(DraftNo);
    number.map_err(|_| Problem::field("draft", "is the number of a draft"))
}

body! {
    /// Rules that are not published yet.
    SaveDraftBody {
        /// Number of the draft to replace; none for a new one.
        draft: Option<u16>,
        /// The members of a version.
        terms: PublishVersionBody,
    } (self, cx) {
        Ok(Command::SaveDraft(SaveDraft {
            programme: cx.programme("code", cx.param("code"))?,
            draft: self.draft.map(DraftNo),
            terms: Box::new(self.terms.terms(cx)?),
        }))
    }
}

body! {
    /// A draft is applied to the claims of the past, and what comes out is noted with it.
    MarkSimulatedBody {
        /// First filing day; the draft is unknown before.
        from: Option<String>,
        /// Last filing day.
        to: Option<String>,
        /// The programme's budget in yuan; what it was at the time if none is given.
        budget: Option<String>,
    } (self, cx) {
        let on = |name: &str, text: Option<String>| text.map(|text| day(name, &text)).transpose();
        let budget = self.budget.map(|text| yuan("budget", &text));
        let (from, to) = (on("from", self.from)?, on("to", self.to)?);
        if from.is_some_and(|from| to.is_some_and(|to| from > to)) {
            return Err(Problem::field("to", "lies before from"));
        }
        Ok(Command::MarkSimulated(MarkSimulated {
            programme: cx.programme("code", cx.param("code"))?,
            draft: draft(cx)?,
            digest: [0; 32],
            from,
            to,
            budget: budget.transpose()?,
            outcome: None,
        }))
    }
}

body! {
    /// Publishes a draft as it stands.
    PublishDraftBody {
        /// The `saved` of the draft as it was read.
        saved: u64,
    } (self, cx) {
        Ok(Command::PublishDraft(PublishDraft {
            programme: cx.programme("code", cx.param("code"))?,
            draft: draft(cx)?,
            saved: Seq(self.saved),
        }))
    }
}

body! {
    /// Copies the versions of another programme, of any city, into drafts.
    CopyPackBody {
        /// Code of the programme to copy from.
        from: String,
    } (self, cx) {
        Ok(Command::CopyPack(CopyPack {
            from: cx.programme("from", &self.from)?,
            to: cx.programme("code", cx.param("code"))?,
        }))
    }
}

body! {
    /// What a city requires of its programmes from now on.
    SetCityPolicyBody {
        /// `budget_document_no`, `review_no`, `performance_target`, `simulation`.
        required: Vec<String>,
    } (self, cx) {
        let mut required = RequiredFields::default();
        for field in &self.required {
            required = required.with(word("required", field, RequiredField::parse)?);
        }
        Ok(Command::SetCityPolicy(SetCityPolicy {
            member: cx.member("code", cx.param("code"))?,
            required,
        }))
    }
}

body! {
    /// Begins the end of a programme's year.
    StartYearClosingBody {} (self, cx) {
        let programme = cx.programme("code", cx.param("code"))?;
        Ok(Command::StartYearClosing(StartYearClosing { programme }))
    }
}

body! {
    /// Decides the end of a programme's year.
    DecideYearEndBody {
        /// Code of the next year's programme to carry into; none to close without a carry.
        carry_into: Option<String>,
    } (self, cx) {
        let into = self.carry_into.map(|code| cx.programme("carry_into", &code));
        Ok(Command::DecideYearEnd(DecideYearEnd {
            programme: cx.programme("code", cx.param("code"))?,
            into: into.transpose()?,
        }))
    }
}

body! {
    /// Withdraws a claim that waits for a budget.
    WithdrawClaimBody {} (self, cx) {
        let claim = super::claim(cx)?;
        Ok(Command::WithdrawClaim(WithdrawClaim { claim }))
    }
}
