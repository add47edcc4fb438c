//! Deciding commands: one file per area, every check before the first event.

mod accounts;
mod actions;
mod admissions;
mod applications;
mod atomic;
mod claims;
mod credit;
mod files;
mod judge;
mod life;
mod orders;
mod parties;
mod people;
mod periods;
mod programmes;
mod reasons;
mod redo;
mod register;
mod renewal;
mod setup;
mod steps;
mod transfers;
mod vouchers;
mod warm;
mod year_end;

pub use atomic::{AtomicOutcome, ItemFault, check_bulk, rehearse, rehearse_each, submit_atomic};
pub use files::{ATOMIC_FILE_ROWS_MAX, FILE_CHUNK_ROWS, FILE_ROWS_MAX, Planned, RowOutcome};
pub(in crate::engine) use redo::{confirm_within, redo};
pub use warm::{look_ahead, look_ahead_events};

use super::command::{Command, ExternalRef, Submission};
use super::event::{CommandRefused, Event, EventMeta, Recorded, SYSTEM};
use super::keys::KEYS_MAX;
use super::refusal::RefusalCode;
use super::state::State;
use super::tables::Hash128;
use super::terms::{Role, Scope};
use crate::domain::{Day, MemberId, PrincipalId, RecordedAt, Seq};

/// Which events answer a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// First event of the answer.
    pub first: Seq,
    /// Number of events; at least one.
    pub events: u32,
    /// True if the command was answered before and nothing was done now.
    pub replayed: bool,
}

/// Why a command was turned down without an event: it is no command for this ledger, this sender
/// or this moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Something named in the command does not exist.
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// The sender has no role that allows this.
    #[error("{0} is needed for this")]
    Forbidden(&'static str),
    /// A field breaks a rule that no state can change.
    #[error("{field}: {problem}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A natural key is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// The idempotency key was used for other content.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The reference names an object made from other content.
    #[error("the reference names an object with other content")]
    RefConflict,
    /// The table of idempotency keys is full.
    #[error("too many idempotency keys in the last seven days")]
    KeysFull,
    /// More vouchers at once than one person issues alone.
    #[error("a file that a second person approves is needed for more than 20 vouchers at once")]
    BulkIssue,
    /// A table is full.
    #[error("the ledger holds as many {0} as it can")]
    Full(&'static str),
}

/// Why a command stops before its first event.
pub(super) enum Stop {
    /// A rule refuses it: journaled.
    Refuse(RefusalCode),
    /// It is no command: not journaled.
    Reject(Rejection),
}

impl From<RefusalCode> for Stop {
    fn from(code: RefusalCode) -> Stop {
        Stop::Refuse(code)
    }
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Reject(rejection)
    }
}

pub(super) type Decision = Result<(), Stop>;

pub(super) fn invalid(field: &'static str, problem: &'static str) -> Stop {
    Stop::Reject(Rejection::Invalid { field, problem })
}

/// Stops with a rejection unless the condition holds.
pub(super) fn valid(holds: bool, field: &'static str, problem: &'static str) -> Decision {
    if holds {
        Ok(())
    } else {
        Err(invalid(field, problem))
    }
}

/// Stops with a refusal if the condition holds.
pub(super) fn refuse_if(broken: bool, code: RefusalCode) -> Decision {
    if broken {
        Err(Stop::Refuse(code))
    } else {
        Ok(())
    }
}

/// Which idempotency key the first event of a command carries.
#[derive(Clone, Copy)]
enum Key<'a> {
    None,
    /// None, but the fingerprint says that a command of an atomic bulk begins here.
    Item,
    /// The command's own, if it has one.
    Own,
    /// That of the bulk which the command begins, with the fingerprint of the whole.
    Whole(&'a (u128, u128)),
}

/// A command being decided: reads the state, and changes it only by emitting events.
pub(super) struct Execution<'a> {
    pub(super) state: &'a mut State,
    pub(super) submission: &'a Submission,
    recorded_at: RecordedAt,
    pub(super) second: Option<PrincipalId>,
    /// The day on which the rules judge: the business date, or the due date of a timer.
    pub(super) today: Day,
    /// Which key the first event carries.
    key: Key<'a>,
    /// True until the first event of this command.
    fresh: bool,
    index: u32,
    /// What comes before the first event.
    ahead: Option<Box<actions::Ahead<'a>>>,
    out: &'a mut Vec<Recorded>,
}

/// Decides one command: its events are appended to `out` and applied. A rejection is boxed, so
/// that the answer to a command that is taken fits two registers.
///
/// # Errors
/// [`Rejection`] if it is no command for this ledger, sender or moment; nothing happened then.
pub fn submit(
    state: &mut State,
    recorded_at: RecordedAt,
    submission: &Submission,
    out: &mut Vec<Recorded>,
) -> Result<Done, Box<Rejection>> {
    if let Some(key) = submission.key
        && let Some(done) = answered_by_key(state, recorded_at, key, submission.fingerprint)?
    {
        return Ok(done);
    }
    if let Some(done) = answered_by_reference(state, submission)? {
        return Ok(done);
    }
    decide(state, recorded_at, submission, Key::Own, 0, out)
}

fn decide(
    state: &mut State,
    recorded_at: RecordedAt,
    submission: &Submission,
    key: Key<'_>,
    index: u32,
    out: &mut Vec<Recorded>,
) -> Result<Done, Box<Rejection>> {
    let first = *state.next_seq;
    let recorded_at = recorded_at.max(*state.recorded_at);
    let today = *state.business_date;
    let mut execution = Execution {
        state,
        submission,
        recorded_at,
        second: None,
        today,
        key,
        fresh: true,
        index,
        ahead: None,
        out,
    };
    match execution.run() {
        Ok(()) => {}
        Err(Stop::Reject(rejection)) => {
            assert_eq!(
                *state.next_seq, first,
                "all checks come before the first event"
            );
            return Err(Box::new(rejection));
        }
        Err(Stop::Refuse(code)) => {
            assert_eq!(
                *execution.state.next_seq, first,
                "all checks come before the first event"
            );
            let command = submission.command.kind();
            execution.emit(Event::CommandRefused(CommandRefused { command, code }));
        }
    }
    let events = state.next_seq.0 - first.0;
    let events = u32::try_from(events).expect("a command emits fewer than 2^32 events");
    Ok(Done {
        first,
        events,
        replayed: false,
    })
}

/// The answer that was given before under this key.
fn answered_by_key(
    state: &State,
    now: RecordedAt,
    key: u128,
    fingerprint: u128,
) -> Result<Option<Done>, Box<Rejection>> {
    match state.keys.find(key, now.max(*state.recorded_at)) {
        Some(row) if row.fingerprint != Hash128::from(fingerprint) => {
            Err(Box::new(Rejection::KeyReused))
        }
        Some(row) => Ok(Some(Done {
            first: row.seq,
            events: row.events,
            replayed: true,
        })),
        None if state.keys.len() >= KEYS_MAX => Err(Box::new(Rejection::KeysFull)),
        None => Ok(None),
    }
}

/// The answer that was given before under this reference.
fn answered_by_reference(
    state: &State,
    submission: &Submission,
) -> Result<Option<Done>, Box<Rejection>> {
    let Some(reference) = &submission.external_ref else {
        return Ok(None);
    };
    match state.find_ref(reference.key) {
        Some(row) if row.fingerprint != Hash128::from(submission.fingerprint) => {
            Err(Box::new(Rejection::RefConflict))
        }
        Some(row) => Ok(Some(Done {
            first: row.seq,
            events: 1,
            replayed: true,
        })),
        None => Ok(None),
    }
}

/// Emits an event of the node itself: genesis and epochs.
pub fn emit_system(
    state: &mut State,
    recorded_at: RecordedAt,
    business_date: Day,
    event: Event,
    out: &mut Vec<Recorded>,
) {
    let recorded = Recorded {
        meta: EventMeta {
            seq: *state.next_seq,
            recorded_at: recorded_at.max(*state.recorded_at),
            business_date: business_date.max(*state.business_date),
            principal: SYSTEM,
            second: None,
            key: None,
            fingerprint: None,
            bulk_fingerprint: None,
            external_ref: None,
            reason: None,
            index: 0,
        },
        event,
    };
    state.apply(&recorded);
    out.push(recorded);
}

impl<'a> Execution<'a> {
    /// An execution that the node itself begins, for timers.
    pub(super) fn of_node(
        state: &'a mut State,
        submission: &'a Submission,
        recorded_at: RecordedAt,
        out: &'a mut Vec<Recorded>,
    ) -> Execution<'a> {
        let recorded_at = recorded_at.max(*state.recorded_at);
        let today = *state.business_date;
        Execution {
            state,
            submission,
            recorded_at,
            second: None,
            today,
            key: Key::None,
            fresh: true,
            index: 0,
            ahead: None,
            out,
        }
    }

    /// Decides the command, whoever may have to agree.
    fn dispatch(&mut self) -> Decision {
        let submission = self.submission;
        match &submission.command {
            Command::FileClaim(c) => self.file_claim(c),
            Command::IssueVoucher(c) => self.issue_voucher(c),
            Command::RegisterMember(c) => self.register_member(c),
            Command::SetProtocol(c) => self.set_protocol(c),
            Command::RegisterCategory(c) => self.register_category(c),
            Command::SetCalendar(c) => self.set_calendar(*c),
            Command::RegisterPrincipal(c) => self.register_principal(c),
            Command::SetGrant(c) => self.set_grant(c),
            Command::IssueToken(c) => self.issue_token(c),
            Command::RevokeToken(c) => self.revoke_token(c),
            Command::DecideProposal(c) => self.decide_proposal(c),
            Command::WithdrawProposal(c) => self.withdraw_proposal(c),
            Command::SetActionRule(c) => self.set_action_rule(c),
            Command::SetAccess(c) => self.set_access(c),
            Command::SetPassword(c) => self.set_password(c),
            Command::NamePrincipal(c) => self.name_principal(c),
            Command::ErasePrincipal(c) => self.erase_principal(c),
            Command::RegisterEnterprise(c) => self.register_enterprise(c),
            Command::RegisterProvider(c) => self.register_provider(c),
            Command::SetControllerGroup(c) => self.set_controller_group(c),
            Command::SetSuspension(c) => self.set_suspension(c),
            Command::ApplyForAdmission(c) => self.apply_for_admission(c),
            Command::StepAdmission(c) => self.step_admission(c),
            Command::ChangeRegister(c) => self.change_register(c),
            Command::RaiseCreditFlag(c) => self.raise_credit_flag(c),
            Command::LiftCreditFlag(c) => self.lift_credit_flag(c),
            Command::SetBankAccount(c) => self.set_bank_account(c),
            Command::CreateProgramme(c) => self.create_programme(c),
            Command::ChangeBudget(c) => self.change_budget(c),
            Command::PublishVersion(c) => self.publish_version(c),
            Command::RegisterAgreement(c) => self.register_agreement(c),
            Command::SaveDraft(c) => self.save_draft(c),
            Command::PublishDraft(c) => self.publish_draft(c),
            Command::MarkSimulated(c) => self.mark_simulated(c),
            Command::CopyPack(c) => self.copy_pack(c),
            Command::SetCityPolicy(c) => self.set_city_policy(c),
            Command::StartYearClosing(c) => self.start_year_closing(c),
            Command::DecideYearEnd(c) => self.decide_year_end(c),
            Command::WithdrawClaim(c) => self.withdraw_claim(c),
            Command::GiveConsent(c) => self.give_consent(c),
            Command::SetFreeze(c) => self.set_freeze(c),
            Command::RevokeVoucher(c) => self.revoke_voucher(c),
            Command::ApplyForVoucher(c) => self.apply_for_voucher(c),
            Command::ResubmitApplication(c) => self.resubmit_application(c),
            Command::ReviewApplication(c) => self.review_application(c),
            Command::WithdrawApplication(c) => self.withdraw_application(c),
            Command::ExtendVoucher(c) => self.extend_voucher(c),
            Command::ReissueVoucher(c) => self.reissue_voucher(c),
            Command::ProposeTransfer(c) => self.propose_transfer(c),
            Command::DecideTransfer(c) => self.decide_transfer(c),
            Command::WithdrawTransfer(c) => self.withdraw_transfer(c),
            Command::ReverseStep(c) => self.reverse_step(c),
            Command::ReverseClaim(c) => self.reverse_claim(c),
            Command::PayClaim(c) => self.pay_claim(c),
            Command::ReturnPayment(c) => self.return_payment(c),
            Command::RequestClose(c) => self.request_close(c),
            Command::ClosePeriod(c) => self.close_period(c),
            Command::ConfirmStatement(c) => self.confirm_statement(c),
            Command::InstructPeriod(c) => self.instruct_period(c),
            Command::ConfirmInstruction(c) => self.confirm_instruction(c),
            Command::AdvanceDate(c) => self.advance_date(c),
            Command::ApproveVoucherFile(c) => self.approve_voucher_file(c),
            Command::IssueFileRows(c) => self.issue_file_rows(c),
            Command::ProposeOrder(c) => self.propose_order(c),
            Command::AgreeOrder(c) => self.agree_order(c),
            Command::ConfirmOrder(c) => self.confirm_order(c),
            Command::AdvanceOrder(c) => self.advance_order(c),
            Command::CancelOrder(c) => self.cancel_order(c),
            Command::ReleaseOrder(c) => self.release_order(c),
            Command::ExtendOrder(c) => self.extend_order(c),
            Command::DisputeOrder(c) => self.dispute_order(c),
        }
    }

    /// Emits an event of this command: it is applied at once.
    pub(super) fn emit(&mut self, event: Event) {
        self.emit_as(event, None);
    }

    /// As [`Execution::emit`], with a reference of the event's own and the fingerprint of what it
    /// names.
    pub(super) fn emit_named(&mut self, event: Event, named: (&ExternalRef, u128)) {
        self.emit_as(event, Some(named));
    }

    fn emit_as(&mut self, event: Event, own: Option<(&ExternalRef, u128)>) {
        if let Some(ahead) = self.ahead.take() {
            self.emit_ahead(*ahead);
        }
        let submission = self.submission;
        let fresh = std::mem::replace(&mut self.fresh, false);
        let key = std::mem::replace(&mut self.key, Key::None);
        let item = matches!(key, Key::Item | Key::Whole(_));
        let (key, whole) = match key {
            Key::None | Key::Item => (None, None),
            Key::Own => (submission.key, None),
            Key::Whole((key, whole)) => (Some(*key), Some(*whole)),
        };
        let external_ref = match own {
            Some((reference, _)) => Some(Box::new(reference.clone())),
            None if fresh => submission.external_ref.clone(),
            None => None,
        };
        let named = item || key.is_some() || external_ref.is_some();
        let fingerprint = own.map_or(submission.fingerprint, |(_, fingerprint)| fingerprint);
        let recorded = Recorded {
            meta: EventMeta {
                seq: *self.state.next_seq,
                recorded_at: self.recorded_at,
                business_date: self.today,
                principal: submission.principal,
                second: self.second,
                key,
                fingerprint: named.then_some(fingerprint),
                bulk_fingerprint: whole,
                external_ref,
                reason: if fresh {
                    submission.reason.clone()
                } else {
                    None
                },
                index: self.index,
            },
            event,
        };
        self.state.apply(&recorded);
        self.out.push(recorded);
        self.index += 1;
    }

    /// Stops unless the sender has one of the roles, and a reason where one is wanted; imports need
    /// neither, the node itself no role.
    pub(super) fn require_party(&self, roles: &[(Role, Scope)], needed: &'static str) -> Decision {
        if self.submission.imported {
            Ok(())
        } else {
            self.require(roles, needed)?;
            self.check_reason()
        }
    }

    pub(super) fn require(&self, roles: &[(Role, Scope)], needed: &'static str) -> Decision {
        let principal = self.submission.principal;
        let allowed = principal == SYSTEM
            || roles
                .iter()
                .any(|(role, scope)| self.state.has_grant(principal, *role, *scope));
        if allowed {
            Ok(())
        } else {
            Err(Rejection::Forbidden(needed).into())
        }
    }

    /// Stops unless the sender is an officer of this kind in the city.
    pub(super) fn require_officer(&self, role: Role, member: MemberId) -> Decision {
        let needed = match role {
            Role::ScienceOfficer => "the science-and-technology office of the city",
            _ => "the finance office of the member",
        };
        self.require_party(&[(role, Scope::Member(member))], needed)
    }

    pub(super) fn require_operator(&self) -> Decision {
        self.require_party(
            &[(Role::Operator, Scope::Corridor)],
            "the operator of the corridor",
        )
    }

    pub(super) fn require_administrator(&self) -> Decision {
        self.require(
            &[(Role::Administrator, Scope::Corridor)],
            "an administrator",
        )
    }
}
