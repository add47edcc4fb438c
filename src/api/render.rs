//! Events as JSON. An answer to a command is rendered from its events alone (and from what never
//! changes: codes, identifiers), so that a replayed answer is the first one, byte for byte.

mod applications;
mod files;
mod people;

mod orders;
mod pooled;
mod register;
mod transfers;

use serde_json::{Value, json};

use crate::domain::{
    EnterpriseId, Fen, LedgerTag, MemberId, PeriodId, PrincipalId, ProgrammeId, ProviderId, Seq,
    VoucherId,
};
use crate::engine::IdText;
use crate::engine::State;
use crate::engine::command::{PartyName, Payee, Scope, SettlementMode};
use crate::engine::event::{Event, Funding, LinesUndone, Recorded, ReturnedTo};
use crate::engine::terms::AgreementTerms;

mod life;
mod programmes;

/// What never changes: codes and identifiers.
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) tag: LedgerTag,
    /// Who is told; `None` where all of it may be told.
    pub(super) reader: Option<PrincipalId>,
}

fn text(id: Option<IdText>) -> Value {
    id.map_or(Value::Null, |id| json!(id.as_str()))
}

pub(super) fn yuan(amount: Fen) -> Value {
    json!(amount.to_string())
}

impl View<'_> {
    pub(super) fn member(&self, id: MemberId) -> Value {
        self.state
            .member(id)
            .map_or(Value::Null, |row| json!(row.code.to_string()))
    }

    pub(super) fn programme(&self, id: ProgrammeId) -> Value {
        self.state
            .programme(id)
            .map_or(Value::Null, |row| json!(row.code.as_str()))
    }

    /// The programme of a voucher of which something is charged: a carry changes what is charged,
    /// and leaves the voucher where it is.
    pub(super) fn programme_of(&self, id: VoucherId, charged: ProgrammeId) -> Value {
        let voucher = self.state.voucher(id);
        let own = voucher.map(|row| self.state.voucher_owner(row).0);
        self.programme(own.unwrap_or(charged))
    }

    pub(super) fn period(&self, id: PeriodId) -> Value {
        self.state
            .period(id)
            .map_or(Value::Null, |row| json!(row.month.to_string()))
    }

    pub(super) fn category(&self, id: crate::domain::CategoryId) -> Value {
        self.state
            .category(id)
            .map_or(Value::Null, |row| json!(row.code.as_str()))
    }

    pub(super) fn enterprise(&self, id: EnterpriseId) -> Value {
        text(self.state.enterprise_id(id, self.tag))
    }

    pub(super) fn provider(&self, id: ProviderId) -> Value {
        text(self.state.provider_id(id, self.tag))
    }

    pub(super) fn voucher(&self, id: crate::domain::VoucherId) -> Value {
        text(self.state.voucher_id(id, self.tag))
    }

    pub(super) fn application(&self, id: crate::domain::ApplicationId) -> Value {
        text(self.state.application_id(id, self.tag))
    }

    pub(super) fn claim(&self, id: crate::domain::ClaimId) -> Value {
        text(self.state.claim_id(id, self.tag))
    }

    pub(super) fn line(&self, id: crate::domain::LineId) -> Value {
        text(self.state.line_id(id, self.tag))
    }

    pub(super) fn instruction(&self, id: crate::domain::InstructionId) -> Value {
        text(self.state.instruction_id(id, self.tag))
    }

    pub(super) fn transfer(&self, id: crate::domain::TransferId) -> Value {
        text(self.state.transfer_id(id, self.tag))
    }

    pub(super) fn order(&self, id: crate::domain::OrderId) -> Value {
        text(self.state.order_id(id, self.tag))
    }

    pub(super) fn payment(&self, id: crate::domain::PaymentId) -> Value {
        text(self.state.payment_id(id, self.tag))
    }

    pub(super) fn principal(&self, id: crate::domain::PrincipalId) -> Value {
        text(self.state.principal_id(id, self.tag))
    }

    pub(super) fn proposal(&self, id: crate::domain::ProposalId) -> Value {
        text(self.state.proposal_id(id, self.tag))
    }

    pub(super) fn payee(&self, payee: Payee) -> Value {
        match payee {
            Payee::Provider(id) => self.provider(id),
            Payee::Enterprise(id) => self.enterprise(id),
        }
    }

    pub(super) fn scope(&self, scope: Scope) -> Value {
        let named = |kind, id: Value| json!(format!("{kind}:{}", id.as_str().unwrap_or("")));
        match scope {
            Scope::Corridor => json!("corridor"),
            Scope::Member(id) => named("member", self.member(id)),
            Scope::Enterprise(id) => named("enterprise", self.enterprise(id)),
            Scope::Provider(id) => named("provider", self.provider(id)),
        }
    }

    pub(super) fn funding(&self, funding: &Funding, amount: Fen) -> Value {
        let own = (funding.payer, funding.payer_part(amount));
        let part = |(member, part)| json!({"member": self.member(member), "amount": yuan(part)});
        std::iter::once(own)
            .chain(funding.others())
            .map(part)
            .collect()
    }

    /// Public identifier of a refusal: its position in the journal.
    pub(super) fn refusal(&self, seq: Seq) -> Value {
        let id = crate::domain::PublicId {
            kind: crate::domain::IdKind::Refusal,
            city: 0,
            year: 0,
            serial: seq.0,
        };
        json!(id.format(self.tag).as_str())
    }

    pub(super) fn agreement_id(&self, id: crate::domain::AgreementId) -> Value {
        text(self.state.agreement_id(id, self.tag))
    }

    pub(super) fn agreement(&self, terms: &AgreementTerms) -> Value {
        let shares = terms.shares.iter().map(
            |(member, share)| json!({"member": self.member(*member), "share": share.to_string()}),
        );
        json!({
            "home": self.member(terms.home),
            "host": self.member(terms.host),
            "category": terms.category.map(|id| self.category(id)),
            "from": terms.from.to_string(),
            "to": terms.to.to_string(),
            "model": terms.model.as_str(),
            "pool": terms.pool.map(|id| self.member(id)),
            "shares": shares.collect::<Value>(),
            "accrues_at": terms.accrues_at.as_str(),
        })
    }

    /// The fact of an event, with its kind.
    pub(super) fn fact(&self, recorded: &Recorded) -> Value {
        let mut fact = match &recorded.event {
            event @ (Event::ClaimApproved(_)
            | Event::ClaimRefused(_)
            | Event::ClaimReversed(_)
            | Event::EvidenceRecorded(_)
            | Event::PayeePaid(_)
            | Event::PaymentReturned(_)) => {
                let mut fact = self.claim_fact(event);
                self.veil_claim(event, &mut fact);
                fact
            }
            event @ (Event::VoucherIssued(_)
            | Event::VoucherRefused(_)
            | Event::ConsentGiven(_)
            | Event::FreezeSet(_)
            | Event::VoucherRevoked(_)
            | Event::VoucherLapsed(_)) => self.voucher_fact(event),
            event @ (Event::TransferProposed(_)
            | Event::TransferApproved(_)
            | Event::TransferDeclined(_)
            | Event::TransferMoved(_)
            | Event::TransferEndorsed(_)
            | Event::TransferReleased(_)
            | Event::StepReversed(_)) => self.transfer_fact(event),
            event @ (Event::ApplicationFiled(_)
            | Event::ApplicationResubmitted(_)
            | Event::ApplicationReviewBegun(_)
            | Event::ApplicationReturned(_)
            | Event::ApplicationApproved(_)
            | Event::ApplicationDeclined(_)
            | Event::ApplicationWithdrawn(_)
            | Event::VoucherExtended(_)) => self.application_fact(event),
            event @ (Event::CloseRequested(_)
            | Event::PositionFixed(_)
            | Event::PeriodClosed(_)
            | Event::StatementConfirmed(_)
            | Event::CellAgreed(_)
            | Event::PeriodAgreed(_)
            | Event::InstructionIssued(_)
            | Event::PeriodInstructed(_)
            | Event::InstructionPaid(_)
            | Event::ArrearsCarried(_)
            | Event::PeriodSettled(_)) => self.period_fact(event),
            event @ (Event::VoucherFileApproved(_)
            | Event::FileRowsIssued(_)
            | Event::FileRowRefused(_)) => self.file_fact(event),
            event @ (Event::ActionProposed(_)
            | Event::ProposalApproved(_)
            | Event::ProposalDeclined(_)
            | Event::ProposalWithdrawn(_)
            | Event::ProposalFailed(_)
            | Event::ActionRuleSet(_)
            | Event::AccessSet(_)
            | Event::PasswordSet(_)
            | Event::PrincipalNamed(_)
            | Event::PrincipalErased(_)) => self.people_fact(event),
            event @ (Event::OrderProposed(_)
            | Event::OrderAgreed(_)
            | Event::OrderConfirmed(_)
            | Event::OrderRefused(_)
            | Event::ContractRefused(_)
            | Event::OrderAdvanced(_)
            | Event::OrderReleased(_)
            | Event::OrderAsked(_)
            | Event::OrderExtended(_)
            | Event::OrderDisputed(_)
            | Event::DisputeClosed(_)) => self.order_fact(event),
            event => self.party_fact(event),
        };
        fact["event"] = json!(recorded.event.name());
        fact["sequence"] = json!(recorded.meta.seq.0);
        fact["business_date"] = json!(recorded.meta.business_date.to_string());
        fact["recorded_at"] = json!(recorded.meta.recorded_at.to_string());
        fact["principal"] = self.principal(recorded.meta.principal);
        if let Some(second) = recorded.meta.second {
            fact["second_principal"] = self.principal(second);
        }
        if let Some(reference) = &recorded.meta.external_ref {
            fact["external_ref"] = json!(reference.text.as_str());
        }
        if let Some(reason) = &recorded.meta.reason {
            fact["reason"] = json!(reason.as_str());
        }
        fact
    }

    fn claim_fact(&self, event: &Event) -> Value {
        match event {
            Event::ClaimApproved(e) => json!({
                "id": self.claim(e.claim),
                "result": "APPROVED",
                "voucher": self.voucher(e.voucher),
                "order": e.order.map(|id| self.order(id)),
                "programme": self.programme_of(e.voucher, e.programme),
                "charged_to": self.programme(e.programme),
                "version": e.version.0,
                "provider": self.provider(e.provider),
                "payee": self.payee(e.payee),
                "category": self.category(e.category),
                "contract_no": e.contract_no.as_str(),
                "contract_date": e.contract_date.to_string(),
                "contract_amount": yuan(e.contract_amount),
                "invoice_no": e.invoice_no.to_string(),
                "invoice_amount": yuan(e.invoice_amount),
                "paid_amount": yuan(e.paid_amount),
                "amount": yuan(e.amount),
                "payer": self.member(e.funding.payer),
                "funding": self.funding(&e.funding, e.amount),
                "period": self.period(e.period),
            }),
            Event::ClaimRefused(e) => json!({
                "result": e.result.as_str(),
                "faults": e.faults.in_order().map(|f| json!(f.as_str())).collect::<Value>(),
                "voucher": e.voucher.map(|id| self.voucher(id)),
                "voucher_given": e.voucher_given.as_ref().map(|text| json!(text.as_str())),
                "provider": e.provider.map(|id| self.provider(id)),
                "order": e.order.map(|id| self.order(id)),
                "provider_given": e.provider_given.as_ref().map(|text| json!(text.as_str())),
                "category": self.category(e.category),
                "contract_no": e.contract_no.as_str(),
                "contract_date": e.contract_date.to_string(),
                "contract_amount": yuan(e.contract_amount),
                "invoice_no": e.invoice_no.to_string(),
                "invoice_amount": yuan(e.invoice_amount),
                "paid_amount": yuan(e.paid_amount),
            }),
            Event::EvidenceRecorded(e) => json!({
                "id": self.claim(e.claim),
                "files": applications::files(&e.files),
            }),
            Event::ClaimReversed(e) => json!({
                "id": self.claim(e.claim),
                "voucher": self.voucher(e.voucher),
                "amount": yuan(e.amount),
                "returned_to": returned(e.returned),
                "lines": match e.lines {
                    LinesUndone::None => "none",
                    LinesUndone::Voided => "voided",
                    LinesUndone::Opposed(_) => "opposed",
                },
                "period": self.period(e.period),
            }),
            Event::PayeePaid(e) => json!({
                "id": self.payment(e.payment),
                "claim": self.claim(e.claim),
                "payee": self.payee(e.payee),
                "amount": yuan(e.amount),
                "bank_ref": e.bank_ref.as_str(),
                "paid_on": e.paid_on.to_string(),
                "account_version": e.account_version,
            }),
            Event::PaymentReturned(e) => json!({
                "id": self.payment(e.payment),
                "claim": self.claim(e.claim),
                "amount": yuan(e.amount),
            }),
            _ => json!({}),
        }
    }

    fn voucher_fact(&self, event: &Event) -> Value {
        match event {
            Event::VoucherIssued(e) => json!({
                "id": self.voucher(e.voucher),
                "programme": self.programme(e.programme),
                "version": e.version.0,
                "issuer": self.member(e.issuer),
                "enterprise": self.enterprise(e.enterprise),
                "amount": yuan(e.amount),
                "use_by": e.use_by.to_string(),
                "cash_by": e.cash_by.to_string(),
                "application": e.application.map(|id| self.application(id)),
                "replaces": e.replaces.map(|id| self.voucher(id)),
            }),
            Event::VoucherRefused(e) => json!({
                "result": e.code.as_str(),
                "programme": self.programme(e.programme),
                "enterprise": self.enterprise(e.enterprise),
                "amount": yuan(e.amount),
            }),
            Event::ConsentGiven(e) => json!({
                "id": self.voucher(e.voucher),
                "giver": if e.by_provider { "provider" } else { "holder" },
                "provider": e.provider.map(|id| self.provider(id)),
                "up_to": yuan(e.up_to),
                "until": e.until.to_string(),
            }),
            Event::FreezeSet(e) => json!({"id": self.voucher(e.voucher), "frozen": e.frozen}),
            Event::VoucherRevoked(e) => {
                json!({"id": self.voucher(e.voucher), "amount": yuan(e.amount)})
            }
            Event::VoucherLapsed(e) => {
                json!({"id": self.voucher(e.voucher), "amount": yuan(e.amount)})
            }
            _ => json!({}),
        }
    }

    fn period_fact(&self, event: &Event) -> Value {
        match event {
            Event::CloseRequested(e) => json!({"id": self.period(e.period)}),
            Event::PositionFixed(e) => json!({
                "id": self.period(e.period),
                "member": self.member(e.member),
                "receivable": yuan(e.receivable),
                "payable": yuan(e.payable),
            }),
            Event::PeriodClosed(e) => json!({
                "id": self.period(e.period),
                "next": self.period(e.next),
                "gross": yuan(e.gross),
                "parties": e.parties,
                "deemed_on": e.deemed_on.to_string(),
            }),
            Event::StatementConfirmed(e) => json!({
                "id": self.period(e.period),
                "member": self.member(e.member),
                "revision": e.revision,
            }),
            Event::CellAgreed(e) => json!({
                "id": self.period(e.period),
                "debtor": self.member(e.debtor),
                "creditor": self.member(e.creditor),
                "amount": yuan(e.amount),
            }),
            Event::PeriodAgreed(e) => json!({
                "id": self.period(e.period),
                "revision": e.revision,
                "deemed": e.deemed,
            }),
            Event::InstructionIssued(e) => json!({
                "id": self.instruction(e.instruction),
                "period": self.period(e.period),
                "order": e.order,
                "debtor": self.member(e.debtor),
                "creditor": self.member(e.creditor),
                "amount": yuan(e.amount),
            }),
            Event::PeriodInstructed(e) => json!({
                "id": self.period(e.period),
                "mode": self.mode(e.mode),
                "instructions": e.instructions,
                "total": yuan(e.total),
                "pay_by": e.pay_by.to_string(),
            }),
            Event::InstructionPaid(e) => json!({
                "id": self.instruction(e.instruction),
                "period": self.period(e.period),
                "amount": yuan(e.amount),
                "bank_ref": e.bank_ref.as_str(),
                "paid_on": e.paid_on.to_string(),
            }),
            Event::ArrearsCarried(e) => json!({
                "id": self.instruction(e.instruction),
                "period": self.period(e.period),
                "line": self.line(e.line),
                "debtor": self.member(e.debtor),
                "creditor": self.member(e.creditor),
                "amount": yuan(e.amount),
                "into": self.period(e.into),
            }),
            Event::PeriodSettled(e) => {
                json!({"id": self.period(e.period), "carried": yuan(e.carried)})
            }
            _ => json!({}),
        }
    }

    pub(super) fn mode(&self, mode: SettlementMode) -> Value {
        match mode {
            SettlementMode::Direct => json!("direct"),
            SettlementMode::Bilateral => json!("bilateral"),
            SettlementMode::Hub(hub) => {
                json!(format!("hub:{}", self.member(hub).as_str().unwrap_or("")))
            }
        }
    }

    fn party_fact(&self, event: &Event) -> Value {
        match event {
            Event::MemberRegistered(e) => json!({
                "id": e.code.to_string(),
                "kind": e.kind.as_str(),
                "name_zh": e.name_zh.as_str(),
                "name_en": e.name_en.as_str(),
                "province": e.province.as_str(),
                "signed_protocol": e.signed_protocol,
            }),
            Event::ProtocolSet(e) => json!({"id": self.member(e.member), "signed": e.signed}),
            Event::CategoryRegistered(e) => json!({
                "id": e.code.as_str(),
                "name_zh": e.name_zh.as_str(),
                "name_en": e.name_en.as_str(),
            }),
            Event::CalendarSet(e) => json!({
                "confirm_days": e.calendar.confirm_days,
                "pay_days": e.calendar.pay_days,
            }),
            Event::PrincipalRegistered(e) => json!({"id": self.principal(e.principal)}),
            Event::GrantSet(e) => json!({
                "id": self.principal(e.principal),
                "role": e.role.as_str(),
                "scope": self.scope(e.scope),
                "granted": e.granted,
            }),
            Event::TokenIssued(e) => json!({
                "id": self.principal(e.principal),
                "label": e.label.as_str(),
                "expires_on": e.expires_on.map(|day| day.to_string()),
            }),
            Event::EnterpriseRegistered(e) => json!({
                "id": self.enterprise(e.enterprise),
                "code": e.code.map(|code| code.to_string()),
                "name": match &e.name {
                    PartyName::Public(name) => json!(name.as_str()),
                    PartyName::Personal(_) => Value::Null,
                },
                "city": self.member(e.city),
                "kind": e.kind.as_str(),
                "controller_group": e.group.as_ref().map(|g| g.as_str()),
            }),
            Event::ProviderRegistered(e) => json!({
                "id": self.provider(e.provider),
                "code": e.code.to_string(),
                "name": e.name.as_str(),
                "city": self.member(e.city),
                "categories": self.categories(e.categories),
                "controller_group": e.group.as_ref().map(|g| g.as_str()),
                "admitted_from": e.term().map(|(from, _)| from.to_string()),
                "admitted_to": e.term().map(|(_, to)| to.to_string()),
            }),
            Event::ControllerGroupSet(e) => json!({
                "id": self.payee(e.party),
                "controller_group": e.group.as_ref().map(|g| g.as_str()),
                "from": e.from.to_string(),
            }),
            Event::SuspensionSet(e) => {
                let until = e.until.map(|day| day.to_string());
                json!({"id": self.provider(e.provider), "suspended": e.suspended, "until": until})
            }
            Event::AgreementRegistered(e) => {
                let mut agreement = self.agreement(&e.terms);
                agreement["id"] = text(self.state.agreement_id(e.agreement, self.tag));
                agreement
            }
            Event::CommandRefused(e) => {
                json!({"result": e.code.as_str(), "command": e.command.as_str()})
            }
            Event::DateAdvanced(e) => json!({"to": e.to.to_string()}),
            event => self.register_fact(event),
        }
    }

    pub(super) fn categories(&self, set: u64) -> Value {
        let ids = (0..64_u8)
            .filter(|n| set & (1 << n) != 0)
            .map(crate::domain::CategoryId);
        ids.map(|id| self.category(id)).collect()
    }
}

pub(super) fn returned(to: ReturnedTo) -> &'static str {
    match to {
        ReturnedTo::Voucher => "voucher",
        ReturnedTo::Available => "available",
        ReturnedTo::Lapsed => "lapsed",
    }
}
