//! One step of a random history, taken by both sides.

mod beside;
mod claims;
mod orders;
mod transfers;

use jiff::civil::Date;
use quantong::domain::{
    BankRef, ClaimId, EnterpriseId, InstructionId, PaymentId, PeriodId, ProgrammeId, ProviderId,
    Seq, VoucherId,
};
use quantong::engine::command::*;
use quantong::engine::event::{ClaimApproved, Event, Recorded};
use quantong::engine::refusal::Faults;
use quantong::engine::{State, refusal_of};

use super::claims::Filing;
use super::limits::Limits;
use super::world::{self, Engine, FILER, OFFICERS, STRANGER, TEAM, day, fen, member, name};
use super::{Approval, Bend, Consent, Mode, Model, Money, Payer, Verdict, Version, plus_days};

/// Which command, and numbers that choose what it names.
pub(crate) type Step = (u8, u8, u8, u32);

/// Engine and model.
pub(crate) struct Pair {
    pub(crate) state: State,
    out: Vec<Recorded>,
    pub(super) model: Model,
    /// Events of what the model did, in the order of its steps.
    steps: Vec<Seq>,
}

impl Verdict {
    /// One word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Verdict::Done => "Done",
            Verdict::Approved(_) => "Approved",
            Verdict::Captured(_) => "Captured",
            Verdict::Waits(_) => "Waits",
            Verdict::Refused(_) => "Refused",
            Verdict::Rejected => "Rejected",
        }
    }

    fn of(events: Option<&[Recorded]>) -> Verdict {
        let Some(first) = events.and_then(<[Recorded]>::first) else {
            return Verdict::Rejected;
        };
        let approved = |e: &ClaimApproved| Approval {
            amount: Money::from(e.amount.get()),
            payer: e.funding.payer.index(),
            others: (e.funding.others())
                .map(|(funder, part)| (funder.index(), Money::from(part.get())))
                .collect(),
        };
        let codes = |faults: &Faults| faults.in_order().map(|code| code.as_str()).collect();
        match &first.event {
            Event::ClaimApproved(e) if e.order.is_none() => Verdict::Approved(approved(e)),
            Event::ClaimApproved(_) => {
                let parts = events.into_iter().flatten();
                let parts = parts.filter_map(|recorded| match &recorded.event {
                    Event::ClaimApproved(e) => Some(approved(e)),
                    _ => None,
                });
                Verdict::Captured(parts.collect())
            }
            Event::ClaimAwaitsBudget(e) => Verdict::Waits(Money::from(e.amount.get())),
            Event::ClaimRefused(e) => {
                assert_eq!(e.faults.first(), Some(e.result));
                Verdict::Refused(codes(&e.faults))
            }
            Event::OrderRefused(e) => Verdict::Refused(codes(&e.faults)),
            event => match refusal_of(event) {
                Some(code) => Verdict::Refused(vec![code.as_str()]),
                None => Verdict::Done,
            },
        }
    }
}

/// One of so many, the newer ones more often; now and then one that does not exist.
pub(super) fn pick(number: u8, count: usize) -> usize {
    match number % 16 {
        15 => count,
        0..6 => count.saturating_sub(1 + usize::from(number / 16) % 4),
        _ => usize::from(number) % count.max(1),
    }
}

/// A command with who sends it, and what the model says of it.
pub(super) type Both = (usize, Command, Verdict);

impl Pair {
    /// A pair whose model is not bent.
    pub(crate) fn sound() -> Pair {
        Pair::new(Bend::None)
    }

    /// All events so far.
    pub(crate) fn events(&self) -> &[Recorded] {
        &self.out
    }

    pub(super) fn new(bend: Bend) -> Pair {
        let (Engine { state, out }, model) = world::new(bend);
        let mut pair = Pair {
            state,
            out,
            model,
            steps: Vec::new(),
        };
        // Two vouchers of each programme that every lab may be paid from.
        for (programme, firm) in [(0, 0), (0, 1), (1, 2), (1, 3)] {
            let voucher = pair.model.vouchers.len();
            let both = pair.issue_of(programme, firm, 60_000);
            pair.send(both);
            for provider in 0..5 {
                let by_provider = programme == 1;
                let until = plus_days(pair.model.today, 90);
                let both = pair.consent_of(voucher, by_provider, Some(provider), 70_000, until);
                pair.send(both);
            }
        }
        pair
    }

    /// Sends to the engine what the model has taken: the command in words, the engine's verdict
    /// and the model's.
    fn send(&mut self, (by, command, expected): Both) -> (String, Verdict, Verdict) {
        let words = format!("{command:?}");
        let mut engine = Engine {
            state: std::mem::replace(&mut self.state, State::empty()),
            out: std::mem::take(&mut self.out),
        };
        let events = engine.send_with_second(by, command);
        let is_step = |recorded: &&Recorded| {
            matches!(
                recorded.event,
                Event::VoucherRevoked(_)
                    | Event::BudgetChanged(_)
                    | Event::TransferApproved(_)
                    | Event::ConsentGiven(_)
                    | Event::InstructionPaid(_)
                    | Event::VoucherExtended(_)
            )
        };
        let steps = events.into_iter().flatten().filter(is_step);
        self.steps.extend(steps.map(|recorded| recorded.meta.seq));
        let said = Verdict::of(events);
        (self.state, self.out) = (engine.state, engine.out);
        (words, said, expected)
    }

    /// Takes a step on both sides: the command in words, the engine's verdict and the model's.
    pub(crate) fn take(&mut self, step: Step) -> (String, Verdict, Verdict) {
        let (kind, a, b, n) = step;
        let stranger = kind >= 250;
        let (by, command, expected) = if stranger {
            let consent = GiveConsent {
                voucher: VoucherId(0),
                giver: ConsentGiver::Holder(None),
                up_to: fen(1),
                until: day(self.model.today),
            };
            (STRANGER, Command::GiveConsent(consent), Verdict::Rejected)
        } else {
            match kind % 53 {
                0..=6 => self.file(a, b, n),
                7..=9 => self.issue(a, n),
                10 | 11 => self.consent(a, b, n),
                12 => self.hold_back(a, b, n),
                13 => self.propose(a, b, n),
                14 => self.decide(a, b, n),
                15 | 16 => self.undo_or_pay(a, b, n),
                17 => self.rules(a, b, n),
                18 => self.parties(a, b, n),
                19 | 20 => self.pass_days(a, n),
                21 | 52 => self.close(a, b, n),
                22 => self.instruct(a, b),
                23 | 24 => self.settle(a, n),
                25 => self.registers(a, b, n),
                26..=28 => self.renew(a, b, n),
                29..=39 => self.order(kind % 53 - 4, a, b, n),
                40 => self.propose(a, b, n),
                41 | 42 => self.decide(a, b, n),
                45..=47 => self.publish(a, n),
                48..=50 => self.year(a, b, n),
                51 => self.pass_days(a, n),
                _ => self.undo(a, b, n),
            }
        };
        self.send((by, command, expected))
    }

    fn issue(&mut self, a: u8, n: u32) -> Both {
        let (city, enterprise) = (usize::from(a) % 2, usize::from(a / 2) % 5);
        let programme = self.programme_of(city, n);
        let amount = Money::from(n % 80_000);
        self.issue_of(programme, enterprise, amount)
    }

    /// Mostly the programme of a city that issues now, else its oldest one.
    fn programme_of(&self, city: usize, n: u32) -> usize {
        if n.is_multiple_of(7) {
            city
        } else {
            self.model.issuing(city)
        }
    }

    fn issue_of(&mut self, programme: usize, enterprise: usize, amount: Money) -> Both {
        let command = Command::IssueVoucher(IssueVoucher {
            programme: ProgrammeId::from_index(programme).expect("few"),
            enterprise: EnterpriseKey::Id(EnterpriseId::from_index(enterprise).expect("few")),
            amount: fen(amount),
            application: None,
        });
        let expected = self.model.issue(programme, enterprise, amount);
        (OFFICERS[0], command, expected)
    }

    fn consent(&mut self, a: u8, b: u8, n: u32) -> Both {
        let voucher = pick(a, self.model.vouchers.len());
        let by_provider = b.is_multiple_of(4);
        let lab = if n.is_multiple_of(2) {
            0
        } else {
            usize::from(b / 4) % 5
        };
        let provider = (by_provider || b % 4 == 1).then_some(lab);
        let until = plus_days(self.model.today, i64::from(n % 60) - 2);
        let up_to = Money::from(n % 90_000);
        self.consent_of(voucher, by_provider, provider, up_to, until)
    }

    fn consent_of(
        &mut self,
        voucher: usize,
        by_provider: bool,
        provider: Option<usize>,
        up_to: Money,
        until: Date,
    ) -> Both {
        let id = provider.map(|id| ProviderId::from_index(id).expect("few"));
        let giver = match id {
            Some(id) if by_provider => ConsentGiver::Provider(id),
            id => ConsentGiver::Holder(id),
        };
        let command = Command::GiveConsent(GiveConsent {
            voucher: VoucherId::from_index(voucher).expect("few"),
            giver,
            up_to: fen(up_to),
            until: day(until),
        });
        let expected = self.model.consent(
            FILER,
            Consent {
                voucher,
                by_provider,
                provider,
                up_to,
                until,
                withdrawn: false,
            },
        );
        (FILER, command, expected)
    }

    /// Freezes, unfreezes or, now and then, revokes.
    fn hold_back(&mut self, a: u8, b: u8, n: u32) -> Both {
        let voucher = pick(a, self.model.vouchers.len());
        let id = VoucherId::from_index(voucher).expect("few");
        if n.is_multiple_of(4) {
            let command = Command::RevokeVoucher(RevokeVoucher { voucher: id });
            return (
                OFFICERS[0],
                command,
                self.model.revoke(OFFICERS[0], voucher),
            );
        }
        let frozen = b.is_multiple_of(4);
        let command = Command::SetFreeze(SetFreeze {
            voucher: id,
            frozen,
        });
        (OFFICERS[0], command, self.model.freeze(voucher, frozen))
    }

    fn undo_or_pay(&mut self, a: u8, b: u8, n: u32) -> Both {
        let by = OFFICERS[usize::from(b) % 2];
        // Claims whose money stayed in a year that was carried on are few, and are taken first.
        let apart = |claim: usize| {
            let claim = &self.model.claims[claim];
            !claim.reversed && claim.pot != self.model.vouchers[claim.voucher].pot
        };
        let left = (0..self.model.claims.len()).find(|claim| apart(*claim));
        let left = left.filter(|_| !a.is_multiple_of(4));
        let claim = left.unwrap_or_else(|| pick(a, self.model.claims.len()));
        let id = ClaimId::from_index(claim).expect("few");
        match n % 8 {
            0..3 => {
                let command = Command::ReverseClaim(ReverseClaim { claim: id });
                (by, command, self.model.reverse(by, claim))
            }
            3 => {
                let stayed = |payment: &usize| {
                    let (claim, returned) = self.model.payments[*payment];
                    !returned && apart(claim)
                };
                let stayed = (0..self.model.payments.len()).find(stayed);
                let payment = stayed.unwrap_or_else(|| pick(a, self.model.payments.len()));
                let id = PaymentId::from_index(payment).expect("few");
                let command = Command::ReturnPayment(ReturnPayment { payment: id });
                (by, command, self.model.return_payment(payment))
            }
            _ => {
                let paid_on = plus_days(self.model.today, i64::from(n % 10) - 8);
                let command = Command::PayClaim(PayClaim {
                    claim: id,
                    bank_ref: BankRef::parse("B").expect("short"),
                    paid_on: day(paid_on),
                });
                (by, command, self.model.pay(claim, paid_on))
            }
        }
    }

    fn rules(&mut self, a: u8, b: u8, n: u32) -> Both {
        let programme = self.programme_of(usize::from(a) % 2, n / 16);
        match b % 3 {
            0 => {
                let by = Money::from(n % 200_000) + 1;
                let raise = n.is_multiple_of(2);
                let command = Command::ChangeBudget(ChangeBudget {
                    programme: ProgrammeId::from_index(programme).expect("few"),
                    amount: fen(by),
                    raise,
                    document_no: None,
                });
                let expected =
                    self.model
                        .change_budget(OFFICERS[0], programme, if raise { by } else { -by });
                (OFFICERS[0], command, expected)
            }
            1 => self.publish(a, n),
            _ => {
                let (home, host) = [(0, 1), (1, 0), (0, 2), (1, 2)][usize::from(a) % 4];
                let category = n
                    .is_multiple_of(2)
                    .then_some(world::CATEGORIES[n as usize % 3]);
                let payer =
                    [Payer::Home, Payer::Host, Payer::Pool(world::POOL)][n as usize / 2 % 3];
                let mut agreement =
                    world::agreement(home, host, category, payer, n.is_multiple_of(5));
                let from = plus_days(self.model.today, i64::from(n % 30));
                agreement.days = (from, plus_days(from, i64::from(n % 90) - 1));
                let command = world::register_agreement(&agreement);
                (OFFICERS[0], command, self.model.agree(agreement))
            }
        }
    }

    /// The programmes in use are amended mostly, and the vouchers of the year before by their own.
    fn publish(&mut self, a: u8, n: u32) -> Both {
        let programme = self.programme_of(usize::from(a) % 2, n / 16);
        let pays_enterprise = self.model.programmes[programme].city == 1;
        // Mostly from today on, now and then from yesterday.
        let from = plus_days(
            self.model.today,
            [0, 0, 0, 0, -1, 1, 3, 7][n as usize / 4 % 8],
        );
        let version = Version {
            limits: Limits::of(n / 9),
            ..world::version(pays_enterprise, from, n)
        };
        let command = world::publish(programme, &version);
        (OFFICERS[0], command, self.model.publish(programme, version))
    }

    fn parties(&mut self, a: u8, b: u8, n: u32) -> Both {
        if n.is_multiple_of(3) {
            let provider = usize::from(a) % 6;
            let suspended = b.is_multiple_of(3);
            let command = Command::SetSuspension(SetSuspension {
                until: None,
                provider: ProviderId::from_index(provider).expect("few"),
                suspended,
            });
            return (
                OFFICERS[0],
                command,
                self.model.set_suspension(provider, suspended),
            );
        }
        if n % 3 == 1 {
            let (index, signed) = (usize::from(a) % 3, !b.is_multiple_of(3));
            let was = std::mem::replace(&mut self.model.members[index].signed, signed);
            let expected = if was == signed {
                Verdict::Refused(vec!["ALREADY_IN_STATE"])
            } else {
                Verdict::Done
            };
            let command = Command::SetProtocol(SetProtocol {
                member: member(index),
                signed,
            });
            return (OFFICERS[0], command, expected);
        }
        let (of_provider, party) = (b.is_multiple_of(2), usize::from(a) % 5);
        let group = (b % 8 < 6).then_some(["G1", "G2"][usize::from(b / 8) % 2]);
        let from = plus_days(self.model.today, i64::from(n % 12) - 6);
        let command = Command::SetControllerGroup(SetControllerGroup {
            party: match of_provider {
                true => Payee::Provider(ProviderId::from_index(party).expect("few")),
                false => Payee::Enterprise(EnterpriseId::from_index(party).expect("few")),
            },
            group: group.map(name),
            from: day(from),
        });
        let group = group.map(str::to_owned);
        (
            OFFICERS[0],
            command,
            self.model.set_group(of_provider, party, group, from),
        )
    }

    fn pass_days(&mut self, a: u8, n: u32) -> Both {
        let most = if a.is_multiple_of(4) { 50 } else { 9 };
        let to: Date = plus_days(self.model.today, i64::from(n % most));
        let command = Command::AdvanceDate(AdvanceDate { to: day(to) });
        (OFFICERS[0], command, self.model.advance(to))
    }

    /// Early close, statements and the calendar.
    fn close(&mut self, a: u8, b: u8, n: u32) -> Both {
        let by = OFFICERS[usize::from(b) % 2];
        let back = if n.is_multiple_of(2) {
            0
        } else {
            usize::from(a) % 3
        };
        let period = self.model.periods.len() - 1 - back.min(self.model.periods.len() - 1);
        let id = PeriodId::from_index(period).expect("few");
        match a % 5 {
            0 => (
                by,
                Command::RequestClose(ClosePeriod { period: id }),
                self.model.ask_close(by, period),
            ),
            1 => (
                by,
                Command::ClosePeriod(ClosePeriod { period: id }),
                self.model.close_early(by, period),
            ),
            2 => {
                let (confirm_days, pay_days) = (n % 8, n / 8 % 12);
                self.model.confirm_days = i64::from(confirm_days);
                self.model.pay_days = i64::from(pay_days);
                let calendar = Calendar {
                    confirm_days: u8::try_from(confirm_days).expect("small"),
                    pay_days: u8::try_from(pay_days).expect("small"),
                };
                (by, Command::SetCalendar(calendar), Verdict::Done)
            }
            _ => {
                let period = self.model.periods.len().saturating_sub(2);
                let positions = self.model.positions(&self.model.gross(period));
                let of_member = positions.get(usize::from(b / 2) % positions.len().max(1));
                let who = match of_member {
                    Some((member, _, _)) if b < 200 => *member,
                    _ => usize::from(b / 2) % 6,
                };
                let command = Command::ConfirmStatement(ConfirmStatement {
                    period: PeriodId::from_index(period).expect("few"),
                    member: member(who),
                    revision: 1,
                });
                (by, command, self.model.confirm_statement(period, who))
            }
        }
    }

    fn instruct(&mut self, a: u8, b: u8) -> Both {
        let period = pick(a, self.model.periods.len());
        let hub = if b % 8 == 7 { 1 } else { 3 };
        let (mode, settlement) = match b % 3 {
            0 => (Mode::Direct, SettlementMode::Direct),
            1 => (Mode::Bilateral, SettlementMode::Bilateral),
            _ => (Mode::Hub(hub), SettlementMode::Hub(member(hub))),
        };
        let command = Command::InstructPeriod(InstructPeriod {
            period: PeriodId::from_index(period).expect("few"),
            mode: settlement,
            document_no: Some(DocumentNo::parse("文").expect("short")),
        });
        (OFFICERS[0], command, self.model.instruct(period, mode))
    }

    fn settle(&mut self, a: u8, n: u32) -> Both {
        let count = self.model.instructions.len();
        // The newest ones, which are still open.
        let instruction = count.saturating_sub(usize::from(a % 16).min(4));
        let open = self
            .model
            .instructions
            .get(instruction)
            .map_or(0, |row| row.amount - row.paid);
        let amount = if n.is_multiple_of(3) {
            Money::from(n % 9_000)
        } else {
            open
        };
        let bank_ref = format!("B{}", n / 7 % 12);
        let command = Command::ConfirmInstruction(ConfirmInstruction {
            instruction: InstructionId::from_index(instruction).expect("few"),
            amount: fen(amount),
            bank_ref: BankRef::parse(&bank_ref).expect("short"),
            paid_on: day(self.model.today),
        });
        (
            OFFICERS[0],
            command,
            self.model
                .pay_instruction(OFFICERS[0], instruction, amount, bank_ref),
        )
    }
}
