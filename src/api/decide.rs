//! How the handlers give commands to the node: done or only rehearsed, and what is to begin once
//! they are done, in one place for single writes and bulks.

use super::server::Shared;
use super::voucher_files::begin_approved;
use crate::engine::command::Submission;
use crate::node::{Answer, Answers, AtomicAnswer, NodeError};

impl Shared {
    /// Decides one command.
    pub(super) async fn decide(
        &self,
        submission: Submission,
        rehearse: bool,
    ) -> Result<Answer, NodeError> {
        if rehearse {
            return self.node.rehearse(submission).await;
        }
        let answer = self.node.submit(submission).await?;
        begin_approved(self, &answer.events);
        Ok(answer)
    }

    /// Decides several commands, all or none.
    pub(super) async fn decide_all(
        &self,
        key: Option<(u128, u128)>,
        items: Vec<Submission>,
        rehearse: bool,
    ) -> Result<AtomicAnswer, NodeError> {
        if rehearse {
            return self.node.rehearse_atomic(items).await;
        }
        let answer = self.node.submit_atomic(key, items).await?;
        if let AtomicAnswer::Done(done) = &answer {
            begin_approved(self, &done.events);
        }
        Ok(answer)
    }

    /// Decides several commands, each on its own.
    pub(super) async fn decide_each(
        &self,
        items: Vec<Submission>,
        rehearse: bool,
    ) -> Result<Answers, NodeError> {
        if rehearse {
            return self.node.rehearse_many(items).await;
        }
        let answers = self.node.submit_many(items).await?;
        for answer in answers.iter().flatten() {
            begin_approved(self, &answer.events);
        }
        Ok(answers)
    }
}
