//! The gate: a command under an action that needs several persons is looked up in the table of
//! actions before it is decided. It is tried out first, so that its maker hears at once what the
//! rules say to it; then it waits, in the journal as it was sent, for the persons it needs. With
//! the last approval it is decided in the same step, as sent by its maker.
//!
//! An action with two steps of its own comes here with its second step: two persons have acted
//! then, and it waits only if a member asks for more.
//!
//! A new action takes an arm in [`Execution::action_of`] and a line among the commands that can
//! wait.

use super::{Decision, Execution, Rejection, Stop, invalid, refuse_if, valid};
use crate::domain::{CreditCode, MemberId, PrincipalId, ProgrammeId, ProposalId, VoucherId};
use crate::engine::actions::{PERSONS_MAX, PERSONS_MIN};
use crate::engine::apply::refusal_of;
use crate::engine::command::{
    AccountStep, Applicant, Command, DecideProposal, ProposedCommand, SetActionRule, Submission,
    WithdrawProposal,
};
use crate::engine::event::{
    ActionProposed, ActionRuleSet, Event, ProposalApproved, ProposalDeclined, ProposalFailed,
    ProposalWithdrawn, SYSTEM,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{ActionRule, ProposalRow, ProposalStatus, State, Step};
use crate::engine::tables::Scoped;
use crate::engine::terms::{Action, Role, Scope};

/// What a command waits for.
struct Gate {
    action: Action,
    office: Scope,
    rule: ActionRule,
}

/// An event of another submission, emitted before the first one of a command that it lets happen.
pub(super) struct Ahead<'a> {
    pub(super) event: Event,
    pub(super) submission: &'a Submission,
}

impl State {
    /// How many persons an action of an office needs, and of which office the checkers are.
    pub fn action_rule(&self, action: Action, office: Scope) -> ActionRule {
        self.own_rule(action, office).unwrap_or(ActionRule {
            persons: action.line().persons,
            checker: action.line().checkers[0],
        })
    }

    /// The rule that the office has set itself.
    fn own_rule(&self, action: Action, office: Scope) -> Option<ActionRule> {
        match office {
            Scope::Member(member) => self.action_rules.get(&(member, action)).copied(),
            _ => None,
        }
    }

    /// The newest proposal to approve this file, under a programme or any, that can still be
    /// decided.
    pub fn file_proposal(
        &self,
        sha256: [u8; 32],
        programme: Option<ProgrammeId>,
    ) -> Option<ProposalId> {
        let today = *self.business_date;
        let newest = (0..self.proposals.len()).rev();
        // Proposals are made in the order of days: those before a late one are late as well.
        let mut open = newest
            .map(|at| (at, &self.proposals[at]))
            .take_while(|(_, row)| today <= row.expires_on())
            .filter(|(_, row)| row.status == ProposalStatus::Open);
        let found = open.find(|(_, row)| {
            matches!(row.command.as_deref(), Some(ProposedCommand::ApproveVoucherFile(c))
                if c.sha256 == sha256 && programme.is_none_or(|only| only == c.programme))
        });
        found.and_then(|(at, _)| ProposalId::from_index(at))
    }

    /// Who took the first step of the action whose second one waits.
    pub(in crate::engine) fn first_step_by(
        &self,
        command: &ProposedCommand,
    ) -> Option<PrincipalId> {
        match command {
            ProposedCommand::DecideTransfer(c) => {
                self.transfer_row(c.transfer).map(|row| row.proposed_by)
            }
            ProposedCommand::ReverseClaim(c) => {
                let claim = self.claims.get(c.claim.index());
                claim.map(|row| row.filed_by)
            }
            ProposedCommand::ReverseStep(c) => self.step(c.step).map(|row| row.by),
            ProposedCommand::SetBankAccount(c) => {
                let account = self.bank_accounts.get(&c.party)?;
                let proposed = account.proposed.as_ref()?;
                let decides = matches!(c.step, AccountStep::Decide { version, .. }
                    if version == proposed.version);
                account.proposed_by.filter(|_| decides)
            }
            _ => None,
        }
    }

    /// True if the principal took a step of the action before the command that waits.
    fn took_part(&self, principal: PrincipalId, command: &ProposedCommand) -> bool {
        let endorsed = match command {
            ProposedCommand::DecideTransfer(c) => {
                let row = self.transfer_row(c.transfer);
                row.and_then(|row| row.endorsed).map(|(_, by)| by)
            }
            _ => None,
        };
        [self.first_step_by(command), endorsed].contains(&Some(principal))
    }

    /// True if the principal can approve for the office: it has the role there; administrators of
    /// the corridor administer every member.
    pub fn can_check(&self, principal: PrincipalId, checker: Role, office: Scope) -> bool {
        self.has_grant(principal, checker, office)
            || (checker == Role::Administrator
                && self.has_grant(principal, checker, Scope::Corridor))
    }

    /// True if another than the principal administers the scope. One that is shut out still counts:
    /// else one administrator would shut out the other and act alone from then on.
    fn has_other_administrator(&self, principal: PrincipalId, office: Scope) -> bool {
        let of = |scope| {
            let first = (scope, PrincipalId(0));
            self.administrators
                .range(first..)
                .map(|(key, ())| *key)
                .take_while(move |(other, _)| *other == scope)
        };
        let member = (office != Scope::Corridor).then_some(office);
        let scopes = [Some(Scope::Corridor), member].into_iter().flatten();
        scopes.flat_map(of).any(|(_, other)| other != principal)
    }

    /// The member that a scope lies in, else the corridor.
    pub fn office_of(&self, scope: Scope) -> Scope {
        let member = match scope {
            Scope::Corridor => None,
            Scope::Member(id) => Some(id),
            Scope::Enterprise(id) => self.enterprises.get(id.index()).map(|row| row.city),
            Scope::Provider(id) => self.providers.get(id.index()).map(|row| row.city),
        };
        member.map_or(Scope::Corridor, Scope::Member)
    }

    fn programme_office(&self, programme: ProgrammeId) -> Option<Scope> {
        let row = self.programmes.get(programme.index())?;
        Some(Scope::Member(row.city))
    }

    fn voucher_office(&self, voucher: VoucherId) -> Option<Scope> {
        let row = self.vouchers.get(voucher.index())?;
        self.programme_office(self.voucher_owner(row).0)
    }
}

/// A code is overridden only where its check fails.
fn overridden(code: Option<CreditCode>, accept: bool, city: MemberId) -> Option<(Action, Scope)> {
    let fails = code.is_some_and(|code| !code.has_valid_check());
    (accept && fails).then_some((Action::CodeOverride, Scope::Member(city)))
}

impl<'a> Execution<'a> {
    /// Decides the command, or lets it wait for the persons it needs.
    pub(super) fn run(&mut self) -> Decision {
        let submission = self.submission;
        if submission.imported {
            self.require_administrator()?;
            return self.dispatch();
        }
        // What is done all day waits for nobody.
        if let Command::FileClaim(_) | Command::IssueVoucher(_) = submission.command {
            return self.dispatch();
        }
        self.check_enabled()?;
        match self.gate()? {
            None => self.dispatch(),
            Some(gate) => self.propose(&gate),
        }
    }

    /// The action and the office of a command that may have to wait. What a command names and
    /// nobody has is for the command itself to say.
    fn action_of(&self, command: &Command) -> Option<(Action, Scope)> {
        let state = &*self.state;
        match command {
            Command::ChangeBudget(c) => {
                Some((Action::Budget, state.programme_office(c.programme)?))
            }
            Command::PublishVersion(c) => {
                Some((Action::Publish, state.programme_office(c.programme)?))
            }
            Command::PublishDraft(c) => {
                Some((Action::Publish, state.programme_office(c.programme)?))
            }
            Command::RevokeVoucher(c) => Some((Action::Revoke, state.voucher_office(c.voucher)?)),
            Command::ExtendVoucher(c) => Some((Action::Extend, state.voucher_office(c.voucher)?)),
            Command::ReissueVoucher(c) => Some((Action::Reissue, state.voucher_office(c.voucher)?)),
            Command::RegisterEnterprise(c) => overridden(c.code, c.accept_failed_check, c.city),
            Command::RegisterProvider(c) => overridden(Some(c.code), c.accept_failed_check, c.city),
            Command::ApplyForAdmission(c) => match c.applicant {
                Applicant::New {
                    code,
                    accept_failed_check,
                    city,
                    ..
                } => overridden(Some(code), accept_failed_check, city),
                Applicant::Registered(_) => None,
            },
            Command::SetGrant(c) => Some((Action::Grants, state.office_of(c.scope))),
            Command::IssueToken(c) => {
                let other = c.principal != self.submission.principal;
                other.then_some((Action::Credentials, Scope::Corridor))
            }
            // To shut somebody out is urgent and can be undone; to let them in is as a new grant.
            Command::ErasePrincipal(_) => Some((Action::Credentials, Scope::Corridor)),
            Command::SetAccess(c) if c.enabled => Some((Action::Credentials, Scope::Corridor)),
            Command::SetActionRule(c) => Some((Action::Rules, Scope::Member(c.member))),
            Command::SetCityPolicy(c) => Some((Action::Rules, Scope::Member(c.member))),
            Command::SetFreeze(c) => Some((Action::Freeze, state.voucher_office(c.voucher)?)),
            Command::ApproveVoucherFile(c) => {
                Some((Action::BulkIssue, state.programme_office(c.programme)?))
            }
            Command::StartYearClosing(c) => {
                Some((Action::YearEnd, state.programme_office(c.programme)?))
            }
            Command::DecideYearEnd(c) => {
                Some((Action::YearEnd, state.programme_office(c.programme)?))
            }
            command => self.second_step_of(command),
        }
    }

    /// The action and the office of a command that is the second step of an action. To turn down
    /// what another person began is never more than one person's.
    fn second_step_of(&self, command: &Command) -> Option<(Action, Scope)> {
        let state = &*self.state;
        match command {
            Command::DecideTransfer(c) if c.approve => {
                let row = state.transfer_row(c.transfer)?;
                let voucher = self.voucher(row.voucher).ok()?;
                let city = self.deciding_city(row, voucher.issuer).ok()?;
                Some((Action::Transfer, Scope::Member(city)))
            }
            Command::ReverseClaim(c) => {
                let claim = state.claims.get(c.claim.index())?;
                Some((Action::Reverse, state.voucher_office(claim.voucher)?))
            }
            Command::ReverseStep(c) => {
                let row = state.step(c.step)?;
                // A consent is its giver's own.
                let shared = !matches!(row.what, Step::Consent { .. });
                let city = state.step_city(&row.what);
                shared.then_some((Action::Reverse, Scope::Member(city)))
            }
            Command::SetBankAccount(c) => match c.step {
                AccountStep::Decide { approve: true, .. } => {
                    let (city, _) = self.city_of_party(c.party).ok()?;
                    Some((Action::BankAccount, Scope::Member(city)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Stops unless the sender of a second step is of the office that the member's rule names,
    /// where the step can be of several offices.
    fn check_second_step(&self, action: Action, office: Scope) -> Decision {
        let Some(rule) = self.state.own_rule(action, office) else {
            return Ok(());
        };
        let offices = match &self.submission.command {
            Command::ReverseStep(c) => {
                let row = self.state.step(c.step);
                row.map_or_else(Vec::new, |row| self.state.step_roles(&row.what))
            }
            _ => vec![(rule.checker, office)],
        };
        let named = offices.contains(&(rule.checker, office));
        let me = self.submission.principal;
        if named && !self.state.can_check(me, rule.checker, office) {
            return Err(Rejection::Forbidden("the office that checks this action").into());
        }
        Ok(())
    }

    /// What the command waits for; `None` if its maker may act alone. The node itself and what is
    /// imported wait for nobody.
    fn gate(&self) -> Result<Option<Gate>, Stop> {
        let maker = self.submission.principal;
        if maker == SYSTEM {
            return Ok(None);
        }
        let Some((action, office)) = self.action_of(&self.submission.command) else {
            return Ok(None);
        };
        let mut rule = self.state.action_rule(action, office);
        if action.line().own_steps {
            self.check_second_step(action, office)?;
            if rule.persons == PERSONS_MIN {
                return Ok(None);
            }
            // The first step was one person's.
            rule.persons -= 1;
        }
        if rule.persons == 1 {
            return Ok(None);
        }
        match action {
            // The first administrator has nobody to ask.
            Action::Grants | Action::Credentials
                if !self.state.has_other_administrator(maker, office) =>
            {
                return Ok(None);
            }
            // Both offices have a say in how many persons there must be.
            Action::Rules if self.state.has_grant(maker, Role::FinanceOfficer, office) => {
                rule.checker = Role::ScienceOfficer;
            }
            _ => {}
        }
        Ok(Some(Gate {
            action,
            office,
            rule,
        }))
    }

    fn propose(&mut self, gate: &Gate) -> Decision {
        let command = ProposedCommand::of(&self.submission.command);
        let command = command.ok_or_else(|| {
            invalid(
                "accept_failed_check",
                "is for firms: a second person cannot be shown a team's name",
            )
        })?;
        self.try_out()?;
        if let ProposedCommand::ApproveVoucherFile(c) = &command {
            let waiting = self.state.file_proposal(c.sha256, Some(c.programme));
            refuse_if(waiting.is_some(), RefusalCode::ProposalPending)?;
        }
        let proposal = ProposalId::from_index(self.state.proposals.len())
            .ok_or(Rejection::Full("proposals"))?;
        self.emit(Event::ActionProposed(Box::new(ActionProposed {
            proposal,
            action: gate.action,
            office: gate.office,
            checker: gate.rule.checker,
            approvals: gate.rule.persons - 1,
            command,
        })));
        Ok(())
    }

    /// Decides the command and undoes it.
    fn try_out(&mut self) -> Decision {
        let mark = self.out.len();
        self.state.open();
        let mut trial = self.within(self.submission, None);
        let decided = trial.dispatch();
        self.state.rollback();
        let refused = self
            .out
            .get(mark)
            .and_then(|first| refusal_of(&first.event));
        self.out.truncate(mark);
        decided?;
        refused.map_or(Ok(()), |code| Err(Stop::Refuse(code)))
    }

    /// The execution of another submission in the place of this one.
    fn within<'b>(
        &'b mut self,
        submission: &'b Submission,
        ahead: Option<Box<Ahead<'b>>>,
    ) -> Execution<'b> {
        Execution {
            state: &mut *self.state,
            submission,
            recorded_at: self.recorded_at,
            second: None,
            today: self.today,
            key: self.key,
            fresh: true,
            index: self.index,
            ahead,
            out: &mut *self.out,
        }
    }

    fn proposal_row(&self, proposal: ProposalId) -> Result<ProposalRow, Rejection> {
        let row = self.state.proposals.get(proposal.index()).cloned();
        row.ok_or(Rejection::NotFound("proposal"))
    }

    fn check_open(&self, row: &ProposalRow) -> Decision {
        refuse_if(
            row.status != ProposalStatus::Open,
            RefusalCode::ProposalDecided,
        )?;
        let today = *self.state.business_date;
        refuse_if(row.is_expired(today), RefusalCode::ProposalExpired)
    }

    pub(super) fn decide_proposal(&mut self, c: &DecideProposal) -> Decision {
        let row = self.proposal_row(c.proposal)?;
        let checker = self.submission.principal;
        if checker != SYSTEM && !self.state.can_check(checker, row.checker, row.office) {
            return Err(Rejection::Forbidden("the office that checks this action").into());
        }
        self.check_open(&row)?;
        let took_part = |command| self.state.took_part(checker, command);
        let same = row.maker == checker || row.command.as_deref().is_some_and(took_part);
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        let before = row.approved_by.contains(&checker);
        refuse_if(before, RefusalCode::CheckedBefore)?;
        let proposal = c.proposal;
        if !c.approve {
            self.emit(Event::ProposalDeclined(ProposalDeclined { proposal }));
            return Ok(());
        }
        let left = row.left - 1;
        let approved = Event::ProposalApproved(ProposalApproved { proposal, left });
        if left > 0 {
            self.emit(approved);
            return Ok(());
        }
        self.carry_out(proposal, row, approved);
        Ok(())
    }

    /// Decides a command that was approved, as sent by its maker.
    fn carry_out(&mut self, proposal: ProposalId, row: ProposalRow, approved: Event) {
        let command = row.command.expect("an open proposal has its command");
        let submission = Submission {
            reason: row.reason,
            ..Submission::new(row.maker, command.to_command())
        };
        let ahead = Ahead {
            event: approved,
            submission: self.submission,
        };
        let second = self.submission.principal;
        let mut approved = self.within(&submission, Some(Box::new(ahead)));
        approved.second = Some(second);
        // Of the two cities of a move one may have decided meanwhile, by whom it was approved here.
        let asked = Some((row.action, row.office));
        let took_part = |by: &PrincipalId| approved.state.took_part(*by, &command);
        let same = !row.action.line().own_steps
            || (approved.action_of(&submission.command) == asked
                && !row.approved_by.iter().any(took_part));
        let decided = if same {
            approved.dispatch()
        } else {
            Err(RefusalCode::ProposalOutdated.into())
        };
        let code = match decided {
            Ok(()) => return,
            Err(Stop::Refuse(code)) => code,
            Err(Stop::Reject(_)) => RefusalCode::ProposalOutdated,
        };
        self.emit(Event::ProposalFailed(ProposalFailed { proposal, code }));
    }

    /// Emits what lets a command happen.
    #[cold]
    pub(super) fn emit_ahead(&mut self, ahead: Ahead<'a>) {
        let own = std::mem::replace(&mut self.submission, ahead.submission);
        let second = self.second.take();
        self.emit(ahead.event);
        (self.submission, self.second, self.fresh) = (own, second, true);
    }

    pub(super) fn withdraw_proposal(&mut self, c: &WithdrawProposal) -> Decision {
        let row = self.proposal_row(c.proposal)?;
        if row.maker != self.submission.principal {
            return Err(Rejection::Forbidden("the person who made the proposal").into());
        }
        self.check_open(&row)?;
        let proposal = c.proposal;
        self.emit(Event::ProposalWithdrawn(ProposalWithdrawn { proposal }));
        Ok(())
    }

    pub(super) fn set_action_rule(&mut self, c: &SetActionRule) -> Decision {
        let office = Scope::Member(c.member);
        let roles = [
            (Role::ScienceOfficer, office),
            (Role::FinanceOfficer, office),
        ];
        self.require_party(&roles, "an office of the member")?;
        if self.state.members.get(c.member.index()).is_none() {
            return Err(Rejection::NotFound("member").into());
        }
        let line = c.action.line();
        valid(c.persons <= PERSONS_MAX, "persons", "are at most four")?;
        let loose = c.persons < line.persons || !line.checkers.contains(&c.checker);
        refuse_if(loose, RefusalCode::ActionRuleTooLoose)?;
        let rule = ActionRule {
            persons: c.persons,
            checker: c.checker,
        };
        // Where an action has a second step of its own, any of its offices takes it until a rule
        // names one.
        let named = !line.own_steps || line.checkers.len() == 1;
        let same = match self.state.own_rule(c.action, office) {
            None => named && self.state.action_rule(c.action, office) == rule,
            own => own == Some(rule),
        };
        refuse_if(same, RefusalCode::AlreadyInState)?;
        self.emit(Event::ActionRuleSet(ActionRuleSet {
            member: c.member,
            action: c.action,
            persons: c.persons,
            checker: c.checker,
        }));
        Ok(())
    }
}
