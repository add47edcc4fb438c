//! Leading: what is in the queue is executed and handed on.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::pipeline::{Batch, Finished, Pipeline};
use super::sequencer::Sequencer;
use super::timing::Stage;
use super::{BATCH_COMMANDS_MAX, Job, LOCK_COMMANDS_MAX, NodeError, Outcome, Work};
use crate::domain::{Day, RecordedAt};
use crate::engine::command::Submission;
use crate::engine::event::Recorded;
use crate::engine::{
    Done, Rejection, Scoped, State, advance, check_bulk, look_ahead, rehearse_each, submit,
    submit_atomic,
};

impl Sequencer {
    /// Decides what is in the queue, at most a batch; true if the node is to stop. The timers of
    /// a new day run before anything of that day. On a damaged journal no day begins, and
    /// commands are answered that they are not done.
    pub(super) fn work_through(&self, pipeline: &Pipeline, first: Option<Job>) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut guard = shared.state.lock();
        let now = self.config.clock.now();
        while !shared.is_damaged()
            && let Some(state) = guard.as_mut()
            && let Some(day) = self.config.clock.next_date(now, state.business_date())
        {
            let timers = shared
                .times
                .measure(Stage::Execute, || run_timers(state, now, day));
            let batch = Batch {
                epoch: state.epoch(),
                end: state.next_seq(),
                finished: vec![Finished {
                    seen: state.next_seq(),
                    events: timers,
                    happened: true,
                    answer: None,
                }],
            };
            MutexGuard::unlocked_fair(&mut guard, || pipeline.send(batch));
        }
        let mut finished = Vec::new();
        let stop = self.drain(&mut guard, now, first, &mut finished);
        let Some(state) = guard.as_ref() else {
            return stop;
        };
        let batch = Batch {
            epoch: state.epoch(),
            end: state.next_seq(),
            finished,
        };
        drop(guard);
        if !batch.finished.is_empty() {
            pipeline.send(batch);
        }
        stop
    }

    /// Executes queued jobs up to the bound of a batch; true at a job that stops the node.
    fn drain(
        &self,
        guard: &mut MutexGuard<'_, Option<State>>,
        now: RecordedAt,
        first: Option<Job>,
        finished: &mut Vec<Finished>,
    ) -> bool {
        let mut commands = 0;
        let mut next = first.or_else(|| self.jobs.try_recv().ok());
        while let Some(Job { work, reply }) = next.take() {
            if matches!(work, Work::Stop) {
                return true;
            }
            let writes = matches!(work, Work::Each(_) | Work::Atomic { .. });
            if writes && self.shared.is_damaged() {
                // A client that is gone needs no answer.
                let _gone = reply.send(Err(NodeError::Damaged));
                next = self.jobs.try_recv().ok();
                continue;
            }
            let before = commands;
            let (outcome, mut done) = self
                .shared
                .times
                .measure(Stage::Execute, || execute(guard, now, work, &mut commands));
            done.answer = Some((reply, outcome));
            finished.push(done);
            if commands >= BATCH_COMMANDS_MAX {
                break;
            }
            if before / LOCK_COMMANDS_MAX != commands / LOCK_COMMANDS_MAX {
                MutexGuard::bump(guard);
            }
            next = self.jobs.try_recv().ok();
        }
        false
    }
}

fn run_timers(state: &mut State, now: RecordedAt, day: Day) -> Vec<Recorded> {
    let mut events = Vec::new();
    advance(state, now, day, &mut events);
    events
}

/// Executes one job; `commands` counts what it held.
fn execute(
    guard: &mut MutexGuard<'_, Option<State>>,
    now: RecordedAt,
    work: Work,
    commands: &mut usize,
) -> (Outcome, Finished) {
    let mut events = Vec::new();
    let mut happened = true;
    let outcome = match work {
        Work::Each(submissions) => Outcome::Each(execute_each(
            guard,
            now,
            &submissions,
            &mut events,
            commands,
        )),
        Work::Atomic { key, items } => {
            *commands += items.len();
            Outcome::Atomic(submit_atomic(
                state_of(guard),
                now,
                key,
                &items,
                &mut events,
            ))
        }
        Work::Rehearse(submissions) => {
            happened = false;
            *commands += submissions.len();
            let results = rehearse_each(state_of(guard), now, &submissions, &mut events);
            Outcome::Each(results)
        }
        Work::RehearseAtomic(items) => {
            happened = false;
            *commands += items.len();
            let state = state_of(guard);
            state.open();
            let outcome = submit_atomic(state, now, None, &items, &mut events);
            state.rollback();
            Outcome::Atomic(outcome)
        }
        Work::Stop => Outcome::Each(Vec::new()),
    };
    let seen = state_of(guard).next_seq();
    (
        outcome,
        Finished {
            events,
            happened,
            seen,
            answer: None,
        },
    )
}

/// Executes commands one after the other; readers get a turn between groups of them.
fn execute_each(
    guard: &mut MutexGuard<'_, Option<State>>,
    now: RecordedAt,
    submissions: &[Submission],
    events: &mut Vec<Recorded>,
    commands: &mut usize,
) -> Vec<Result<Done, Box<Rejection>>> {
    if let Err(rejection) = check_bulk(submissions) {
        return vec![Err(Box::new(rejection)); submissions.len()];
    }
    let mut results = Vec::with_capacity(submissions.len());
    events.reserve(submissions.len());
    for from in (0..submissions.len()).step_by(LOCK_COMMANDS_MAX) {
        if from > 0 {
            MutexGuard::bump(guard);
        }
        let state = state_of(guard);
        let group = submissions.iter().enumerate().skip(from);
        for (at, submission) in group.take(LOCK_COMMANDS_MAX) {
            look_ahead(state, submissions, at);
            results.push(submit(state, now, submission, events));
        }
    }
    *commands += submissions.len();
    results
}

fn state_of<'a>(guard: &'a mut MutexGuard<'_, Option<State>>) -> &'a mut State {
    guard
        .as_mut()
        .expect("only the sequencer takes the state away, and it is at work here")
}
