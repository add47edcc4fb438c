//! Which commands are refused without a reason, in one place.

use super::{Decision, Execution, refuse_if};
use crate::engine::command::{Command, ReviewStep};
use crate::engine::refusal::RefusalCode;

/// True for commands whose sender must say why. A step that needs a reason in some cases only
/// asks with [`Execution::require_reason`] itself.
const fn wants_reason(command: &Command) -> bool {
    match command {
        Command::SetFreeze(_)
        | Command::RevokeVoucher(_)
        | Command::ExtendVoucher(_)
        | Command::ReissueVoucher(_) => true,
        Command::ReviewApplication(c) => {
            matches!(c.step, ReviewStep::Return | ReviewStep::Decline { .. })
        }
        _ => false,
    }
}

impl Execution<'_> {
    /// Refuses a command that wants a reason and has none; asked once its sender is known to be
    /// allowed to send it. Histories that are imported may have lost their reasons.
    pub(super) fn check_reason(&self) -> Decision {
        if self.submission.reason.is_none() && wants_reason(&self.submission.command) {
            self.require_reason()
        } else {
            Ok(())
        }
    }

    pub(super) fn require_reason(&self) -> Decision {
        let missing = self.submission.reason.is_none() && !self.submission.imported;
        refuse_if(missing, RefusalCode::ReasonRequired)
    }
}
