//! Proposals: who decided them, and which of them wait.

use super::{Check, ensure};
use crate::engine::state::{ProposalStatus, State};

/// A proposal is approved by as many different persons as it needs, its maker and whoever took the
/// first step of its action not among them; one that waits has its command and lacks somebody, one
/// that is closed has none. They stand in the order of their days, so that none of those before one
/// that is past its last day waits for anybody.
pub(super) fn check(state: &State) -> Check {
    let mut last = None;
    for (position, row) in state.proposals.iter().enumerate() {
        ensure(!row.approved_by.contains(&row.maker), || {
            format!("proposal {position} was approved by its maker")
        })?;
        let mut people = row.approved_by.clone();
        people.sort_unstable();
        people.dedup();
        ensure(people.len() == row.approved_by.len(), || {
            format!("proposal {position} was approved twice by one person")
        })?;
        let first = row.command.as_deref();
        let first = first.and_then(|command| state.first_step_by(command));
        ensure(first.is_none_or(|by| !people.contains(&by)), || {
            format!("proposal {position} was approved by whoever took the first step")
        })?;
        let waits = row.status == ProposalStatus::Open;
        ensure(waits == row.command.is_some(), || {
            format!(
                "proposal {position} is {:?} and its command is there: {waits}",
                row.status
            )
        })?;
        ensure(!waits || row.left > 0, || {
            format!("proposal {position} waits for nobody")
        })?;
        let done = row.status == ProposalStatus::Done;
        ensure(!done || (row.left == 0 && !people.is_empty()), || {
            format!("proposal {position} was done before all had approved it")
        })?;
        ensure(last <= Some(row.proposed_on), || {
            format!("proposal {position} is of a day before the one before it")
        })?;
        last = Some(row.proposed_on);
        let in_time = *state.business_date >= row.proposed_on;
        ensure(in_time, || {
            format!("proposal {position} is of a day to come")
        })?;
    }
    Ok(())
}
