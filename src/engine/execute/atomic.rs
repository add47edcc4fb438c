//! Several commands as one, and commands that are only tried out.

use super::{
    Done, Execution, Key, Rejection, answered_by_key, answered_by_reference, decide, submit,
};
use crate::domain::RecordedAt;
use crate::engine::actions::ISSUES_ALONE_MAX;
use crate::engine::apply::refusal_of;
use crate::engine::command::{Command, Submission};
use crate::engine::event::{Event, Recorded, SYSTEM};
use crate::engine::state::State;
use crate::engine::tables::Scoped;

/// One item of an atomic bulk that kept the whole from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFault {
    /// Position of the item.
    pub item: usize,
    /// Why it was turned down; `None` if a rule refused it, see `event`.
    pub rejection: Option<Rejection>,
    /// Position in `out` of the event that journals the refusal.
    pub event: Option<usize>,
}

/// What became of an atomic bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicOutcome {
    /// Every item was done, or the whole was done before under the same key.
    Done(Done),
    /// Nothing was done: these items stand in the way. Refusals by rule are journaled.
    Refused(Vec<ItemFault>),
}

/// Stops commands that are sent together if they issue more vouchers than one person may alone. An
/// issue that answers an approved application has two persons already; the node itself and what is
/// imported need none.
///
/// # Errors
/// [`Rejection::BulkIssue`], for the whole.
pub fn check_bulk(items: &[Submission]) -> Result<(), Rejection> {
    let alone = items.iter().filter(|item| {
        let issue = matches!(&item.command, Command::IssueVoucher(c) if c.application.is_none());
        issue && item.principal != SYSTEM && !item.imported
    });
    if alone.take(ISSUES_ALONE_MAX + 1).count() > ISSUES_ALONE_MAX {
        return Err(Rejection::BulkIssue);
    }
    Ok(())
}

/// Decides several commands as one: all are done, or none. `key` and `fingerprint` are those of
/// the whole; the items' own are not looked at.
///
/// # Errors
/// [`Rejection`] if the whole cannot be taken: its key was used for other content, or it issues
/// more vouchers than one person may alone.
pub fn submit_atomic(
    state: &mut State,
    recorded_at: RecordedAt,
    key: Option<(u128, u128)>,
    items: &[Submission],
    out: &mut Vec<Recorded>,
) -> Result<AtomicOutcome, Rejection> {
    if let Some((key, fingerprint)) = key
        && let Some(done) =
            answered_by_key(state, recorded_at, key, fingerprint).map_err(|reason| *reason)?
    {
        return Ok(AtomicOutcome::Done(done));
    }
    check_bulk(items)?;
    let first = *state.next_seq;
    let mark = out.len();
    let mut faults = Vec::new();
    let mut refused: Vec<(usize, Event)> = Vec::new();
    state.open();
    for (item, submission) in items.iter().enumerate() {
        let before = out.len();
        let index = u32::try_from(before - mark).expect("a bulk is bounded");
        let head = match &key {
            Some(whole) if index == 0 => Key::Whole(whole),
            _ => Key::Item,
        };
        let known = match answered_by_reference(state, submission) {
            Ok(None) => None,
            Ok(Some(_)) => Some(Rejection::Exists("an object with this reference")),
            Err(rejection) => Some(*rejection),
        };
        let rejection = match known {
            Some(rejection) => Some(rejection),
            None => decide(state, recorded_at, submission, head, index, out)
                .err()
                .map(|rejection| *rejection),
        };
        if rejection.is_some() {
            faults.push(ItemFault {
                item,
                rejection,
                event: None,
            });
        } else if refusal_of(&out[before].event).is_some() {
            refused.push((item, out[before].event.clone()));
        }
    }
    if faults.is_empty() && refused.is_empty() {
        state.commit();
        let events = u32::try_from(out.len() - mark).expect("a bulk is bounded");
        return Ok(AtomicOutcome::Done(Done {
            first,
            events,
            replayed: false,
        }));
    }
    state.rollback();
    out.truncate(mark);
    journal_refusals(state, recorded_at, items, refused, &mut faults, out);
    faults.sort_by_key(|fault| fault.item);
    Ok(AtomicOutcome::Refused(faults))
}

/// Journals what rules refused in a bulk that was not done. The events carry neither key nor
/// reference: the same bulk, sent again, is judged anew.
fn journal_refusals(
    state: &mut State,
    recorded_at: RecordedAt,
    items: &[Submission],
    refused: Vec<(usize, Event)>,
    faults: &mut Vec<ItemFault>,
    out: &mut Vec<Recorded>,
) {
    let recorded_at = recorded_at.max(*state.recorded_at);
    let today = *state.business_date;
    for (item, event) in refused {
        let submission = Submission {
            external_ref: None,
            ..items[item].clone()
        };
        let position = out.len();
        let mut execution = Execution {
            state,
            submission: &submission,
            recorded_at,
            second: None,
            today,
            key: Key::None,
            fresh: true,
            index: 0,
            ahead: None,
            out,
        };
        execution.emit(event);
        faults.push(ItemFault {
            item,
            rejection: None,
            event: Some(position),
        });
    }
}

/// What a command would do: decides it inside a scope and undoes it. The events are appended to
/// `out`; the state is as before.
///
/// # Errors
/// As [`submit`].
pub fn rehearse(
    state: &mut State,
    recorded_at: RecordedAt,
    submission: &Submission,
    out: &mut Vec<Recorded>,
) -> Result<Done, Box<Rejection>> {
    state.open();
    let done = submit(state, recorded_at, submission, out);
    state.rollback();
    done
}

/// As [`rehearse`], for several commands one after the other, each on its own.
pub fn rehearse_each(
    state: &mut State,
    recorded_at: RecordedAt,
    submissions: &[Submission],
    out: &mut Vec<Recorded>,
) -> Vec<Result<Done, Box<Rejection>>> {
    if let Err(rejection) = check_bulk(submissions) {
        return vec![Err(Box::new(rejection)); submissions.len()];
    }
    state.open();
    let done = submissions
        .iter()
        .map(|submission| submit(state, recorded_at, submission, out))
        .collect();
    state.rollback();
    done
}
