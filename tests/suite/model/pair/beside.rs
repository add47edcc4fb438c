//! Commands that the model knows nothing of: people, registers, drafts, files of vouchers,
//! proposals that are not approved at once. They go to the engine alone, for those who look at its
//! events.

use quantong::domain::{
    AdmissionId, CreditCode, CreditFlagId, Day, DraftNo, EnterpriseId, InlineText, MemberId,
    OrderId, PeriodId, PersonalText, PrincipalId, ProgrammeId, ProposalId, ProviderId,
    VoucherFileId, VoucherId,
};
use quantong::engine::State;
use quantong::engine::command::*;
use quantong::engine::event::{Event, SYSTEM};
use quantong::engine::state::{AdmissionStatus, ProposalStatus};
use quantong::engine::terms::{
    AdmissionDecision, FileMode, ObjectionReason, OrderParties, RecognitionStance,
    RecognitionSubject, RequiredFields, SimulationOutcome,
};
use quantong::journal::codec;

use super::{FILER, OFFICERS, Pair, STRANGER, Step, TEAM, plus_days, world};
use crate::model::world::{Engine, category, fen, member, name};

/// Who sends a command.
type Sent = (usize, Command);

fn personal(n: u8) -> PersonalText {
    PersonalText {
        commitment: [n; 32],
        opening: None,
    }
}

/// Somebody is given a name, or what is known of them is erased.
fn named(b: u8, n: u32) -> Command {
    let principal = person(STRANGER);
    if n % 9 == 6 {
        return Command::ErasePrincipal(ErasePrincipal { principal });
    }
    Command::NamePrincipal(Box::new(NamePrincipal {
        principal,
        name: personal(b),
        contact: b.is_multiple_of(2).then(|| personal(b)),
    }))
}

fn person(index: usize) -> PrincipalId {
    PrincipalId::from_index(index).expect("few")
}

fn firm(index: u8) -> EnterpriseId {
    EnterpriseId(u32::from(index) % 4)
}

impl Pair {
    /// Takes a step beside the model.
    pub(crate) fn beside(&mut self, (kind, a, b, n): Step) {
        let officer = OFFICERS[usize::from(b) % 2];
        let (by, command) = match kind % 9 {
            0 => self.people(officer, a, b, n),
            1 => self.admission(officer, a, n),
            2 | 3 => self.entries(officer, a, b, n),
            4 => self.drafts(officer, n),
            5 => self.voucher_file(officer, b, n),
            6 => self.proposals(officer, a, n),
            7 => self.held(a, b, n),
            _ => self.order_of_two(a, n),
        };
        let mut engine = Engine {
            state: std::mem::replace(&mut self.state, State::empty()),
            out: std::mem::take(&mut self.out),
        };
        engine.send(by, command);
        (self.state, self.out) = (engine.state, engine.out);
    }

    fn today(&self) -> Day {
        self.state.business_date()
    }

    fn people(&self, officer: usize, a: u8, b: u8, n: u32) -> Sent {
        let system = SYSTEM.0 as usize;
        let token_hash = [b % 2; 32];
        let issued = self.state.token(&token_hash).is_some();
        match n % 9 {
            0 => {
                let user_name = InlineText::parse(&format!("user-{}", a % 9)).expect("short");
                let verifier = personal(b);
                (
                    officer,
                    Command::SetPassword(Box::new(SetPassword {
                        user_name,
                        verifier,
                    })),
                )
            }
            1 | 2 if issued => (system, Command::RevokeToken(RevokeToken { token_hash })),
            1 | 2 => {
                let token = IssueToken {
                    principal: person(STRANGER),
                    token_hash,
                    label: name("令牌"),
                    expires_on: None,
                };
                (system, Command::IssueToken(Box::new(token)))
            }
            3 => {
                let rule = SetActionRule {
                    member: MemberId(2),
                    action: Action::Budget,
                    persons: 2 + b % 2,
                    checker: Role::FinanceOfficer,
                };
                (system, Command::SetActionRule(rule))
            }
            4 => {
                let access = SetAccess {
                    principal: person(STRANGER),
                    enabled: b.is_multiple_of(2),
                };
                (system, Command::SetAccess(access))
            }
            5 => {
                let grant = SetGrant {
                    principal: person(STRANGER),
                    role: Role::Enterprise,
                    scope: Scope::Enterprise(EnterpriseId(0)),
                    granted: !b.is_multiple_of(4),
                };
                (system, Command::SetGrant(grant))
            }
            6 | 7 => (system, named(b, n)),
            _ => {
                let policy = SetCityPolicy {
                    member: MemberId(2),
                    required: RequiredFields(u16::from(b) % 4),
                };
                (officer, Command::SetCityPolicy(policy))
            }
        }
    }

    /// The next step of the newest admission, or a new one.
    fn admission(&self, officer: usize, a: u8, n: u32) -> Sent {
        let newest = self.state.admission_count().checked_sub(1);
        let admission = newest.and_then(AdmissionId::from_index);
        let row = admission.and_then(|id| self.state.admission(id));
        let step = match row.map(|row| row.status) {
            Some(AdmissionStatus::Applied) => AdmissionStep::Check(match n % 5 {
                0 => AdmissionDecision::Returned,
                1 => AdmissionDecision::Declined,
                _ => AdmissionDecision::Passed,
            }),
            Some(AdmissionStatus::Passed) => match n % 4 {
                0 => AdmissionStep::Object {
                    reason: ObjectionReason::Other,
                    on_behalf_of: a.is_multiple_of(2).then(|| personal(a)),
                    document_sha256: None,
                },
                1 => AdmissionStep::Answer {
                    objection: row.map_or(1, |row| row.objections.max(1)),
                    upheld: a.is_multiple_of(8),
                },
                _ => AdmissionStep::Admit,
            },
            _ => return self.apply_for_admission(officer, a, n),
        };
        let admission = admission.expect("there is one");
        (
            officer,
            Command::StepAdmission(Box::new(StepAdmission { admission, step })),
        )
    }

    fn apply_for_admission(&self, officer: usize, a: u8, n: u32) -> Sent {
        if n.is_multiple_of(3) {
            let (city, days) = (member(usize::from(a) % 3), u16::from(a) % 2);
            let publicity = ChangeRegister::Publicity { city, days };
            return (officer, Command::ChangeRegister(Box::new(publicity)));
        }
        let applicant = if n.is_multiple_of(2) {
            Applicant::New {
                code: CreditCode::parse("91340300MADEM0090N").expect("a code"),
                accept_failed_check: true,
                name: name("新机构"),
                city: member(1),
            }
        } else {
            Applicant::Registered(ProviderId(1 + u32::from(a) % 4))
        };
        let apply = ApplyForAdmission {
            applicant,
            categories: Box::new([category(world::CATEGORIES[0])]),
            from: self.today(),
            to: self.today().plus_days(90),
            answers: Box::default(),
            documents: Box::default(),
        };
        // Neither of the officers, so that one of them can check and the other admit.
        let by = if n.is_multiple_of(2) {
            SYSTEM.0 as usize
        } else {
            FILER
        };
        (by, Command::ApplyForAdmission(Box::new(apply)))
    }

    /// Registers: recognition, status, teams, corrections, dissolution, bank accounts.
    fn entries(&self, officer: usize, a: u8, b: u8, n: u32) -> Sent {
        let (from, to) = (self.today(), self.today().plus_days(n % 60));
        let change = match n % 8 {
            0 => ChangeRegister::Recognition {
                city: MemberId(2),
                subject: match a % 3 {
                    0 => RecognitionSubject::Provider(ProviderId(0)),
                    1 => RecognitionSubject::AdmittedBy(MemberId(0)),
                    _ => RecognitionSubject::StatusOf(MemberId(1)),
                },
                stance: RecognitionStance::Recognises,
                categories: None,
                from,
                to: Some(to),
            },
            1 => ChangeRegister::Status {
                enterprise: firm(a),
                kind: EnterpriseKind::HighTech,
                from,
                to,
                certificate_no: name("GR2025"),
                city: member(usize::from(b) % 3),
            },
            2 => ChangeRegister::Team {
                enterprise: EnterpriseId::from_index(TEAM).expect("few"),
                leader: personal(a),
                members: Box::new([personal(b)]),
            },
            3 => ChangeRegister::Correction {
                party: Payee::Enterprise(firm(a)),
                name: PartyName::Public(name("更名企业")),
                address: None,
                from,
            },
            4 if b.is_multiple_of(4) => ChangeRegister::Dissolution {
                party: match a % 2 {
                    0 => Payee::Provider(ProviderId(4)),
                    _ => Payee::Enterprise(EnterpriseId(3)),
                },
                from,
                successor: None,
            },
            4 => ChangeRegister::Removal {
                provider: ProviderId(3),
                from: from.plus_days(u32::from(a) % 9),
            },
            5 => return self.flags(officer, a, b),
            _ => return self.bank_account(officer, a, n),
        };
        (officer, Command::ChangeRegister(Box::new(change)))
    }

    /// Raises a credit flag, or lifts the newest.
    fn flags(&self, officer: usize, a: u8, b: u8) -> Sent {
        let newest = self.state.credit_flag_count().checked_sub(1);
        let command = match newest.and_then(CreditFlagId::from_index) {
            Some(flag) if b < 192 => Command::LiftCreditFlag(LiftCreditFlag { flag }),
            _ => Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
                party: Payee::Enterprise(firm(a)),
                code: FlagCode::Other,
                level: FlagLevel::Block,
                from: self.today(),
                until: Some(self.today()),
                city: member(0),
                document_no: None,
                document_sha256: None,
            })),
        };
        (officer, command)
    }

    fn bank_account(&self, officer: usize, a: u8, n: u32) -> Sent {
        let party = Payee::Provider(ProviderId(u32::from(a) % 3));
        let version = self.state.bank_account(party).map_or(0, |row| row.versions);
        let (by, step) = if version == 0 || n.is_multiple_of(2) {
            let account = PartyName::Public(name("6222"));
            (
                FILER,
                AccountStep::Propose {
                    account,
                    bank: None,
                },
            )
        } else {
            let approve = !n.is_multiple_of(3);
            (officer, AccountStep::Decide { version, approve })
        };
        (
            by,
            Command::SetBankAccount(Box::new(SetBankAccount { party, step })),
        )
    }

    fn drafts(&self, officer: usize, n: u32) -> Sent {
        let programme = ProgrammeId(6);
        let newest = self.state.drafts_of(programme).last();
        let newest: Option<DraftNo> = newest.map(|(draft, _)| draft);
        let command = match (n % 4, newest) {
            (0, Some(draft)) => Command::MarkSimulated(MarkSimulated {
                programme,
                draft,
                digest: [3; 32],
                from: None,
                to: None,
                budget: None,
                outcome: Some(SimulationOutcome {
                    saved: self.state.draft(programme, draft).expect("known").saved,
                    claims: 0,
                    changed: 0,
                    before: None,
                    after: None,
                }),
            }),
            (1, Some(draft)) => {
                let saved = self.state.draft(programme, draft).expect("known").saved;
                Command::PublishDraft(PublishDraft {
                    programme,
                    draft,
                    saved,
                })
            }
            (2, _) => {
                let from = ProgrammeId(1);
                Command::CopyPack(CopyPack {
                    from,
                    to: programme,
                })
            }
            (_, draft) => {
                let from = plus_days(self.model.today, 40);
                let Command::PublishVersion(published) =
                    world::publish(6, &world::version(false, from, n))
                else {
                    unreachable!("a publication is one");
                };
                Command::SaveDraft(SaveDraft {
                    programme,
                    draft: draft.filter(|_| n.is_multiple_of(2)),
                    terms: published.terms,
                })
            }
        };
        (officer, command)
    }

    /// A file of two rows is approved, and then its rows come.
    fn voucher_file(&self, officer: usize, b: u8, n: u32) -> Sent {
        let files = (0..).map_while(|i| self.state.voucher_file(VoucherFileId::from_index(i)?));
        let programme = ProgrammeId(2);
        let Some(file) = files.filter(|file| !file.is_done()).last() else {
            let mode = match n % 2 {
                0 => FileMode::Atomic,
                _ => FileMode::Chunks,
            };
            let approve = ApproveVoucherFile {
                programme,
                sha256: [u8::try_from(n % 251).expect("below 251"); 32],
                mode,
                rows: 2,
                total: fen(1),
                chunks: Box::new([0]),
            };
            return (OFFICERS[0], Command::ApproveVoucherFile(Box::new(approve)));
        };
        let row = |place: u32| {
            let text = InlineText::parse(&format!("R-{}", 2 * (n % 50) + place)).expect("short");
            let source = RefSource::Principal(person(OFFICERS[0]));
            FileRow {
                line: place + 2,
                reference: codec::external_ref(CommandKind::IssueVoucher, source, text)
                    .expect("vouchers have references"),
                fingerprint: u128::from(n) + 1,
                enterprise: EnterpriseKey::Id(EnterpriseId((u32::from(b) + place) % 5)),
                amount: fen(i128::from(n % 20_000) + 1),
            }
        };
        let rows = IssueFileRows {
            programme,
            sha256: file.sha256,
            chunk: file.done,
            rows: Box::new([row(0), row(1)]),
        };
        let by = if n.is_multiple_of(8) {
            officer
        } else {
            OFFICERS[0]
        };
        (by, Command::IssueFileRows(Box::new(rows)))
    }

    /// Proposals that wait, are declined, taken back, or fail because what they need is gone.
    fn proposals(&self, officer: usize, a: u8, n: u32) -> Sent {
        let all = (0..self.state.proposal_count()).rev();
        let mut open = all.filter_map(|id| {
            let id = ProposalId::from_index(id)?;
            let row = self.state.proposal(id)?;
            (row.status == ProposalStatus::Open).then_some((id, row.maker.index()))
        });
        let (proposal, maker) = open.next().unwrap_or((ProposalId(0), officer));
        let other = OFFICERS[usize::from(maker == OFFICERS[0])];
        match n % 6 {
            0 => (
                maker,
                Command::WithdrawProposal(WithdrawProposal { proposal }),
            ),
            1 => {
                let approve = false;
                (
                    other,
                    Command::DecideProposal(DecideProposal { proposal, approve }),
                )
            }
            2 => {
                let approve = true;
                (
                    other,
                    Command::DecideProposal(DecideProposal { proposal, approve }),
                )
            }
            _ => {
                // The same is asked for again and again: what is done first lets the others fail.
                let voucher = VoucherId(u32::from(a) % 4);
                let (use_by, cash_by) = {
                    let row = self.state.voucher(voucher).expect("issued first");
                    (row.use_by.next(), row.cash_by.max(self.today()).next())
                };
                let extend = ExtendVoucher {
                    voucher,
                    use_by,
                    cash_by,
                };
                (officer, Command::ExtendVoucher(extend))
            }
        }
    }

    /// An order of two holders who are not the same person.
    fn order_of_two(&self, a: u8, n: u32) -> Sent {
        let newest = self.state.order_count().saturating_sub(1);
        let order = OrderId::from_index(newest).expect("few");
        if n.is_multiple_of(2) {
            return (FILER, Command::AgreeOrder(AgreeOrder { order }));
        }
        let propose = ProposeOrder {
            provider: ProviderId(0),
            category: category(world::CATEGORIES[0]),
            contract_amount: fen(9_000),
            hold_until: self.today().plus_days(u32::from(a) % 20),
            lines: Box::new([(VoucherId(0), fen(100)), (VoucherId(1), fen(100))]),
        };
        (STRANGER, Command::ProposeOrder(propose))
    }

    /// Of an order that holds: extended by both sides, disputed, the dispute ended. Where there is
    /// none, somebody confirms a statement.
    fn held(&self, a: u8, b: u8, n: u32) -> Sent {
        let live = self
            .state
            .orders()
            .filter(|(_, row)| row.status.is_holding());
        let by = OrderSide::ALL[usize::from(a) % 2];
        let system = SYSTEM.0 as usize;
        match (live.last(), n % 4) {
            (Some((order, row)), 0 | 1) if row.dispute.is_none() => {
                let until = row.hold_until.plus_days(1);
                // Whoever has not asked yet, if somebody has.
                let by = match row.asked {
                    Some((_, OrderParties::PROVIDER)) => OrderSide::Holder,
                    Some(_) => OrderSide::Provider,
                    None => by,
                };
                (
                    system,
                    Command::ExtendOrder(ExtendOrder { order, by, until }),
                )
            }
            (Some((order, row)), 0..3) => {
                let code = DisputeCode::Quality;
                let act = match &row.dispute {
                    None => DisputeAct::Raise { by, code },
                    Some(_) => DisputeAct::Withdraw,
                };
                (system, Command::DisputeOrder(DisputeOrder { order, act }))
            }
            _ => {
                let closed = self.state.period_count().saturating_sub(2);
                let confirm = ConfirmStatement {
                    period: PeriodId::from_index(closed).expect("few"),
                    member: member(usize::from(b) % 3),
                    revision: 1,
                };
                (system, Command::ConfirmStatement(confirm))
            }
        }
    }

    /// The names of the kinds of events so far.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.out.iter().map(|recorded| Event::name(&recorded.event))
    }
}
