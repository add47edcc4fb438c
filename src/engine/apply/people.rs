//! Proposals and the rules of members for actions.

use crate::domain::ProposalId;
use crate::engine::event::{
    ActionProposed, ActionRuleSet, Event, EventMeta, PasswordSet, ProposalApproved,
};
use crate::engine::state::{ActionRule, PasswordRow, ProposalRow, ProposalStatus, State};

impl State {
    /// Applies the events of proposals and of people.
    pub(super) fn apply_people(&mut self, meta: &EventMeta, event: &Event) {
        match event {
            Event::ActionProposed(e) => self.action_proposed(meta, e),
            Event::ProposalApproved(e) => self.proposal_approved(meta, e),
            Event::ProposalDeclined(e) => self.close(e.proposal, ProposalStatus::Declined),
            Event::ProposalWithdrawn(e) => self.close(e.proposal, ProposalStatus::Withdrawn),
            Event::ProposalFailed(e) => self.close(e.proposal, ProposalStatus::Failed),
            Event::ActionRuleSet(e) => self.action_rule_set(e),
            Event::AccessSet(e) => self
                .principals
                .update(e.principal.index(), |row| row.disabled = !e.enabled),
            Event::PasswordSet(e) => self.password_set(meta, e),
            Event::PrincipalNamed(e) => {
                self.personal.insert((e.principal, meta.seq), ());
                self.principals
                    .update(e.principal.index(), |row| row.details = meta.seq);
            }
            Event::PrincipalErased(e) => {
                self.principals
                    .update(e.principal.index(), |row| row.erased = true);
                if let Some(old) = self.passwords.get(&e.principal).cloned() {
                    self.passwords.remove(&e.principal);
                    self.user_names.remove(&old.user_name);
                }
            }
            _ => unreachable!("only events of people come here"),
        }
    }

    fn action_proposed(&mut self, meta: &EventMeta, e: &ActionProposed) {
        let row = ProposalRow {
            action: e.action,
            office: e.office,
            checker: e.checker,
            left: e.approvals,
            maker: meta.principal,
            reason: meta.reason.clone(),
            approved_by: Vec::new(),
            command: Some(Box::new(e.command.clone())),
            status: ProposalStatus::Open,
            proposed_on: meta.business_date,
            details: meta.seq,
        };
        let position = self.proposals.push(row);
        assert_eq!(position, e.proposal.index(), "proposal ids are dense");
    }

    fn proposal_approved(&mut self, meta: &EventMeta, e: &ProposalApproved) {
        self.proposals.update(e.proposal.index(), |row| {
            row.approved_by.push(meta.principal);
            row.left = e.left;
        });
        if e.left == 0 {
            self.close(e.proposal, ProposalStatus::Done);
        }
    }

    /// What was asked for is in the journal; what is closed needs it no more.
    fn close(&mut self, proposal: ProposalId, status: ProposalStatus) {
        self.proposals.update(proposal.index(), |row| {
            row.status = status;
            row.command = None;
            row.reason = None;
        });
    }

    fn password_set(&mut self, meta: &EventMeta, e: &PasswordSet) {
        if let Some(old) = self.passwords.get(&e.principal).cloned() {
            self.user_names.remove(&old.user_name);
        }
        self.user_names.insert(e.user_name, e.principal);
        self.personal.insert((e.principal, meta.seq), ());
        let row = PasswordRow {
            user_name: e.user_name,
            details: meta.seq,
        };
        self.passwords.insert(e.principal, row);
    }

    fn action_rule_set(&mut self, e: &ActionRuleSet) {
        let rule = ActionRule {
            persons: e.persons,
            checker: e.checker,
        };
        self.action_rules.insert((e.member, e.action), rule);
    }
}
