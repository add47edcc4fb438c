//! Proposals and the commands that wait in them.

use serde_json::{Value, json};

use super::life::required;
use super::{View, yuan};
use crate::domain::hex;
use crate::engine::command::{
    AccountStep, Applicant, ApplyForAdmission, ApproveVoucherFile, PartyName, ProposedCommand,
    RegisterEnterprise, RegisterProvider, SetBankAccount,
};
use crate::engine::event::Event;

impl View<'_> {
    /// The events of proposals and of people.
    pub(super) fn people_fact(&self, event: &Event) -> Value {
        match event {
            Event::ActionProposed(e) => json!({
                "id": self.proposal(e.proposal),
                "action": e.action.as_str(),
                "office": self.scope(e.office),
                "checker": e.checker.as_str(),
                "approvals": e.approvals,
                "command": self.command(&e.command),
            }),
            Event::ProposalApproved(e) => {
                json!({"id": self.proposal(e.proposal), "left": e.left})
            }
            Event::ProposalDeclined(e) => json!({"id": self.proposal(e.proposal)}),
            Event::ProposalWithdrawn(e) => json!({"id": self.proposal(e.proposal)}),
            Event::ProposalFailed(e) => {
                json!({"id": self.proposal(e.proposal), "result": e.code.as_str()})
            }
            Event::ActionRuleSet(e) => json!({
                "id": self.member(e.member),
                "action": e.action.as_str(),
                "persons": e.persons,
                "checker": e.checker.as_str(),
            }),
            Event::PasswordSet(e) => json!({
                "id": self.principal(e.principal),
                "user_name": e.user_name.as_str(),
            }),
            Event::PrincipalNamed(e) => json!({"id": self.principal(e.principal)}),
            Event::PrincipalErased(e) => {
                json!({"id": self.principal(e.principal), "texts": e.texts.len()})
            }
            Event::AccessSet(e) => {
                json!({"id": self.principal(e.principal), "enabled": e.enabled})
            }
            _ => json!({}),
        }
    }

    /// A command that waits, as it was sent.
    fn command(&self, command: &ProposedCommand) -> Value {
        let mut shown = match command {
            ProposedCommand::SetGrant(c) => json!({
                "principal": self.principal(c.principal),
                "role": c.role.as_str(),
                "scope": self.scope(c.scope),
                "granted": c.granted,
            }),
            ProposedCommand::IssueToken(c) => json!({
                "principal": self.principal(c.principal),
                "label": c.label.as_str(),
                "expires_on": c.expires_on.map(|day| day.to_string()),
            }),
            ProposedCommand::SetActionRule(c) => json!({
                "member": self.member(c.member),
                "action": c.action.as_str(),
                "persons": c.persons,
                "checker": c.checker.as_str(),
            }),
            ProposedCommand::SetAccess(c) => {
                json!({"principal": self.principal(c.principal), "enabled": c.enabled})
            }
            ProposedCommand::ErasePrincipal(c) => json!({"principal": self.principal(c.principal)}),
            ProposedCommand::RegisterEnterprise(c) => self.firm(c),
            ProposedCommand::RegisterProvider(c) => self.lab(c),
            ProposedCommand::ApplyForAdmission(c) => self.newcomer(c),
            ProposedCommand::ChangeBudget(c) => json!({
                "programme": self.programme(c.programme),
                "amount": yuan(c.amount),
                "direction": if c.raise { "raise" } else { "cut" },
                "document_no": c.document_no.as_ref().map(|text| text.as_str()),
            }),
            ProposedCommand::PublishVersion(c) => {
                let mut terms = self.version(0, &c.terms);
                if let Some(terms) = terms.as_object_mut() {
                    terms.remove("version");
                }
                terms["programme"] = self.programme(c.programme);
                terms
            }
            ProposedCommand::PublishDraft(c) => self.publication(c),
            ProposedCommand::SetCityPolicy(c) => json!({
                "member": self.member(c.member),
                "required": required(c.required),
            }),
            ProposedCommand::SetFreeze(c) => {
                json!({"voucher": self.voucher(c.voucher), "frozen": c.frozen})
            }
            ProposedCommand::RevokeVoucher(c) => json!({"voucher": self.voucher(c.voucher)}),
            ProposedCommand::ExtendVoucher(c) => json!({
                "voucher": self.voucher(c.voucher),
                "use_by": c.use_by.to_string(),
                "cash_by": c.cash_by.to_string(),
            }),
            ProposedCommand::ReissueVoucher(c) => json!({
                "voucher": self.voucher(c.voucher),
                "amount": yuan(c.amount),
            }),
            ProposedCommand::ApproveVoucherFile(c) => self.file_to_approve(c),
            command => self.second_step(command),
        };
        shown["kind_of_command"] = json!(command.kind().as_str());
        shown
    }

    /// The end of a year, and the second step of an action that has one.
    fn second_step(&self, command: &ProposedCommand) -> Value {
        match command {
            ProposedCommand::StartYearClosing(c) => {
                json!({"programme": self.programme(c.programme)})
            }
            ProposedCommand::DecideYearEnd(c) => json!({
                "programme": self.programme(c.programme),
                "carry_into": c.into.map(|id| self.programme(id)),
            }),
            ProposedCommand::DecideTransfer(c) => {
                json!({"transfer": self.transfer(c.transfer), "approve": c.approve})
            }
            ProposedCommand::ReverseClaim(c) => json!({"claim": self.claim(c.claim)}),
            ProposedCommand::ReverseStep(c) => json!({"step": c.step.0}),
            ProposedCommand::SetBankAccount(c) => self.account_to_approve(c),
            _ => json!({}),
        }
    }

    fn account_to_approve(&self, c: &SetBankAccount) -> Value {
        let mut shown = json!({"party": self.payee(c.party)});
        if let AccountStep::Decide { version, approve } = c.step {
            shown["version"] = json!(version);
            shown["approve"] = json!(approve);
        }
        shown
    }

    fn file_to_approve(&self, c: &ApproveVoucherFile) -> Value {
        json!({
            "sha256": hex(&c.sha256),
            "programme": self.programme(c.programme),
            "mode": c.mode.as_str(),
            "rows": c.rows,
            "total": yuan(c.total),
        })
    }

    fn firm(&self, c: &RegisterEnterprise) -> Value {
        json!({
            "code": c.code.map(|code| code.to_string()),
            "name": match &c.name {
                PartyName::Public(name) => json!(name.as_str()),
                PartyName::Personal(_) => Value::Null,
            },
            "city": self.member(c.city),
            "kind": c.kind.as_str(),
            "controller_group": c.group.as_ref().map(|group| group.as_str()),
        })
    }

    fn newcomer(&self, c: &ApplyForAdmission) -> Value {
        let mut shown = json!({
            "categories": c.categories.iter().map(|id| self.category(*id))
                .collect::<Value>(),
            "from": c.from.to_string(),
            "to": c.to.to_string(),
        });
        if let Applicant::New {
            code, name, city, ..
        } = &c.applicant
        {
            shown["code"] = json!(code.to_string());
            shown["name"] = json!(name.as_str());
            shown["city"] = self.member(*city);
        }
        shown
    }

    fn lab(&self, c: &RegisterProvider) -> Value {
        json!({
            "code": c.code.to_string(),
            "name": c.name.as_str(),
            "city": self.member(c.city),
            "categories": c.categories.iter().map(|id| self.category(*id))
                .collect::<Value>(),
            "controller_group": c.group.as_ref().map(|group| group.as_str()),
            "admitted_from": c.admitted_from.map(|day| day.to_string()),
            "admitted_to": c.admitted_to.map(|day| day.to_string()),
            "bank_account": c.bank_account.as_ref().map(|account| account.as_str()),
        })
    }
}
