//! Deciding again what was decided before, in a state of its own: for simulations. Who may send a
//! command was settled then and is not asked again; what the rules say to it is.

use super::judge::Judgement;
use super::{Decision, Execution, Rejection, Stop};
use crate::domain::{OrderId, RecordedAt};
use crate::engine::command::{Command, FileClaim, Submission};
use crate::engine::event::Recorded;
use crate::engine::refusal::RefusalCode;
use crate::engine::state::State;

/// Decides a command of the past again; its events are applied and appended to `out`. A claim
/// counts as imported if the submission says so; of other commands nothing depends on it.
///
/// # Errors
/// The rule that a command other than a claim breaks now, or `None` if what it names is not there.
pub(in crate::engine) fn redo(
    state: &mut State,
    recorded_at: RecordedAt,
    submission: &Submission,
    out: &mut Vec<Recorded>,
) -> Result<(), Option<RefusalCode>> {
    let mut execution = Execution::of_node(state, submission, recorded_at, out);
    let decided = match &submission.command {
        Command::FileClaim(c) => execution.refile(c),
        Command::ConfirmOrder(c) => execution.confirm_order(c),
        Command::ProposeTransfer(c) => execution.propose_transfer(c),
        Command::DecideTransfer(c) => execution.decide_transfer(c),
        Command::WithdrawTransfer(c) => execution.withdraw_transfer(c),
        Command::ReverseClaim(c) => execution.reverse_claim(c),
        Command::ReverseStep(c) => execution.reverse_step(c),
        _ => Err(Rejection::NotFound("a way to decide this again").into()),
    };
    decided.map_err(|stop| match stop {
        Stop::Refuse(code) => Some(code),
        Stop::Reject(_) => None,
    })
}

/// Confirms an order again that was confirmed under other rules, with so much as these leave.
pub(in crate::engine) fn confirm_within(
    state: &mut State,
    recorded_at: RecordedAt,
    (submission, order): (&Submission, OrderId),
    out: &mut Vec<Recorded>,
) {
    let mut execution = Execution::of_node(state, submission, recorded_at, out);
    // What stands in the way of it has stood in the way of the whole before.
    let _decided = execution.confirm_within(order);
}

impl Execution<'_> {
    /// Judges a claim as it was judged then, whoever filed it.
    fn refile(&mut self, c: &FileClaim) -> Decision {
        if let Some(capture) = c.order {
            return self.recapture(c, capture);
        }
        match self.state.judge(c, self.submission.imported) {
            Judgement {
                approved: Some(approval),
                voucher: Some(voucher),
                provider: Some(provider),
                ..
            } => self.approve(c, voucher, provider, &approval),
            refused => {
                self.refuse(c, &refused);
                Ok(())
            }
        }
    }
}
