//! Random histories: every invariant after every command, no trace of a rehearsal, and the fold
//! of the events is the state.

use proptest::prelude::*;

use super::transfers::FAR_PROGRAMME;
use super::world::*;
use crate::domain::{
    ApplicationId, BankRef, ClaimId, ContractNo, Day, EnterpriseId, InstructionId, OrderId,
    PaymentId, PeriodId, ProgrammeCode, ProgrammeId, ProposalId, ProviderId, RecordedAt, Seq,
    TransferId, VoucherId,
};
use crate::engine::command::*;
use crate::engine::state::{ProgrammeRow, ProgrammeStatus};
use crate::engine::terms::{RollingCap, RollingPeriod};
use crate::engine::{State, rehearse};

/// One step: which kind of command, and numbers that choose what it names.
pub(super) type Step = (u8, u8, u8, u32);

pub(super) fn command(
    world: &mut World,
    (kind, a, b, n): Step,
) -> (crate::domain::PrincipalId, Command) {
    let voucher = VoucherId(u32::from(a) % 9);
    let claim = ClaimId(u32::from(b) % 8);
    let amount = fen(i64::from(n % 60_000) + 1);
    let paid_on = world.state.business_date();
    let bank_ref = BankRef::parse("B").expect("short");
    let person = if b.is_multiple_of(2) { MAKER } else { CHECKER };
    let command = match kind % 31 {
        0..=4 => {
            let mut claim = world.claim();
            claim.voucher = VoucherKey::Id(voucher);
            claim.provider = ProviderKey::Id(ProviderId(u32::from(b) % 5));
            claim.invoice_amount = fen(i64::from(n % 200_000));
            claim.contract_date = paid_on;
            return (FILER, Command::FileClaim(claim));
        }
        5 if a >= 128 => {
            let step = super::files::step(world, person, b, n);
            // Some are the node's own: they wait for nobody.
            if matches!(step, Command::ApproveVoucherFile(_)) && b >= 64 {
                return (crate::engine::event::SYSTEM, step);
            }
            step
        }
        5 => Command::IssueVoucher(IssueVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(EnterpriseId(u32::from(a) % 3)),
            amount,
            application: (b % 8 == 7).then_some(ApplicationId(u32::from(a) % 4)),
        }),
        6 => return (crate::engine::event::SYSTEM, consent(voucher, amount)),
        7 => Command::ReverseClaim(ReverseClaim { claim }),
        8 => Command::PayClaim(PayClaim {
            claim,
            bank_ref,
            paid_on,
        }),
        9 => {
            let payment = PaymentId(u32::from(b) % 4);
            Command::ReturnPayment(ReturnPayment { payment })
        }
        10 => {
            let by = if n.is_multiple_of(2) { FILER } else { person };
            return (by, proposal(voucher, a, b, n, amount));
        }
        11 => Command::DecideTransfer(DecideTransfer {
            transfer: TransferId(u32::from(a) % 8),
            approve: !n.is_multiple_of(3),
        }),
        22 => Command::WithdrawTransfer(WithdrawTransfer {
            transfer: TransferId(u32::from(a) % 8),
        }),
        23 | 24 => Command::ReverseStep(ReverseStep {
            step: some_step(world, a),
        }),
        25 => budget(a, b, amount),
        26 if n.is_multiple_of(2) => {
            return (FILER, Command::WithdrawClaim(WithdrawClaim { claim }));
        }
        26..=29 => year(world, a, n),
        30 => amendment(paid_on, a, b, n),
        12 if n.is_multiple_of(3) => registers(paid_on, a, b, n),
        12 if n.is_multiple_of(2) => {
            let command = around(world, voucher, a, b, n);
            // Some are the node's own: they wait for nobody.
            let alone = matches!(
                command,
                Command::ExtendVoucher(_) | Command::ReissueVoucher(_)
            );
            if alone && b < 128 {
                return (crate::engine::event::SYSTEM, command);
            }
            command
        }
        12 => two_persons(voucher, a, n, amount),
        13 => {
            let to = paid_on.plus_days(n % 40 + 1);
            Command::AdvanceDate(AdvanceDate { to })
        }
        14 | 15 => settlement(world, (kind % 22, a, b, n)),
        _ => order(world, (kind % 22, a, b, n)),
    };
    let rules = |command: &DisputeOrder| matches!(command.act, DisputeAct::Rule { .. });
    let of_parties = match &command {
        Command::DisputeOrder(dispute) => !rules(dispute),
        command => (90..98).contains(&command.kind().number()),
    };
    if of_parties || matches!(command, Command::FileClaim(_)) {
        return (FILER, command);
    }
    (person, command)
}

fn consent(voucher: VoucherId, up_to: crate::domain::Fen) -> Command {
    Command::GiveConsent(GiveConsent {
        voucher,
        giver: ConsentGiver::Holder(None),
        up_to,
        until: day("2026-12-31"),
    })
}

/// What waits for a second person, and the decision on it.
fn two_persons(voucher: VoucherId, a: u8, n: u32, amount: crate::domain::Fen) -> Command {
    let proposal = ProposalId(u32::from(a) % 6);
    match n % 5 {
        0 => Command::RevokeVoucher(RevokeVoucher { voucher }),
        1 => Command::ChangeBudget(ChangeBudget {
            programme: PROGRAMME,
            amount,
            raise: a.is_multiple_of(2),
            document_no: None,
        }),
        2 => Command::WithdrawProposal(WithdrawProposal { proposal }),
        _ => Command::DecideProposal(DecideProposal {
            proposal,
            approve: !a.is_multiple_of(5),
        }),
    }
}

/// An entry in the registers of parties.
fn registers(today: crate::domain::Day, a: u8, b: u8, n: u32) -> Command {
    let firm = Payee::Enterprise(EnterpriseId(u32::from(a) % 3));
    let lab = ProviderId(u32::from(b) % 5);
    let to = (n % 5 > 1).then(|| today.plus_days(n % 30));
    match n % 7 {
        0 => Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
            party: if a.is_multiple_of(2) {
                firm
            } else {
                Payee::Provider(lab)
            },
            code: FlagCode::Collusion,
            level: FlagLevel::Block,
            from: today,
            until: to,
            city: HOST,
            document_no: None,
            document_sha256: None,
        })),
        1 => Command::LiftCreditFlag(LiftCreditFlag {
            flag: crate::domain::CreditFlagId(u32::from(a) % 3),
        }),
        2 => Command::ChangeRegister(Box::new(ChangeRegister::Relation {
            party: firm,
            other: Payee::Provider(lab),
            kind: RelationKind::Control,
            from: today,
            to,
        })),
        3 => Command::ChangeRegister(Box::new(ChangeRegister::Removal {
            provider: lab,
            from: today.plus_days(n % 9),
        })),
        4 => Command::ChangeRegister(Box::new(ChangeRegister::Recognition {
            city: HOME,
            subject: RecognitionSubject::Provider(lab),
            stance: if a.is_multiple_of(2) {
                RecognitionStance::Recognises
            } else {
                RecognitionStance::Refuses
            },
            categories: None,
            from: today,
            to,
        })),
        5 => Command::ApplyForAdmission(Box::new(ApplyForAdmission {
            applicant: Applicant::Registered(lab),
            categories: Box::new([TESTING]),
            from: today.plus_days(n % 9),
            to: today.plus_days(200),
            answers: Box::default(),
            documents: Box::default(),
        })),
        _ => Command::StepAdmission(Box::new(StepAdmission {
            admission: crate::domain::AdmissionId(u32::from(a) % 3),
            step: match n / 7 % 3 {
                0 => AdmissionStep::Check(AdmissionDecision::Passed),
                1 => AdmissionStep::Answer {
                    objection: 1,
                    upheld: false,
                },
                _ => AdmissionStep::Admit,
            },
        })),
    }
}

/// Freezes, extends or reissues a voucher, or moves an application on.
fn around(world: &World, voucher: VoucherId, a: u8, b: u8, n: u32) -> Command {
    let application = ApplicationId(u32::from(b) % 4);
    let amount = fen(i64::from(n % 40_000) + 1);
    let request = VoucherRequest {
        amount,
        purpose: None,
        documents: Box::default(),
    };
    match a % 10 {
        0 => Command::SetFreeze(SetFreeze {
            voucher,
            frozen: n.is_multiple_of(4),
        }),
        1..=3 => {
            let use_by = world.state.business_date().plus_days(n % 400);
            Command::ExtendVoucher(ExtendVoucher {
                voucher,
                use_by,
                cash_by: use_by.plus_days(u32::from(b) / 4),
            })
        }
        4 => Command::ReissueVoucher(ReissueVoucher { voucher, amount }),
        5 => Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(EnterpriseId(n % 3)),
            request,
        })),
        6 => Command::ResubmitApplication(Box::new(ResubmitApplication {
            application,
            request,
        })),
        7 if n.is_multiple_of(5) => {
            Command::WithdrawApplication(WithdrawApplication { application })
        }
        _ => Command::ReviewApplication(ReviewApplication {
            application,
            step: match n % 6 {
                0..=2 => ReviewStep::Begin,
                3 => ReviewStep::Return,
                4 => ReviewStep::Approve { amount },
                _ => ReviewStep::Decline {
                    code: DeclineCode::Other,
                },
            },
        }),
    }
}

/// A succession, or now and then a relocation.
/// A transfer of any kind.
fn proposal(voucher: VoucherId, a: u8, b: u8, n: u32, amount: crate::domain::Fen) -> Command {
    let to = EnterpriseId(u32::from(b) % 5);
    let cap_share = ratio(n % 1_000_001);
    let to_city = if b.is_multiple_of(2) { HOME } else { HOST };
    let kind = match a % 8 {
        0 => TransferRequest::Relocation { to_city },
        1 => TransferRequest::Open { to },
        2 => TransferRequest::Affiliate { to },
        3 => TransferRequest::Incorporation { to, cap_share },
        4 | 5 => TransferRequest::Move {
            to_city: HOST,
            programme: FAR_PROGRAMME,
        },
        _ => TransferRequest::Succession { to, cap_share },
    };
    let stays = matches!(kind, TransferRequest::Relocation { .. });
    Command::ProposeTransfer(ProposeTransfer {
        voucher,
        kind,
        amount: if stays {
            crate::domain::Fen::ZERO
        } else {
            amount
        },
        document_no: Some(crate::domain::Text::parse("文").expect("short")),
        expires_on: n.is_multiple_of(4).then(|| day("2025-05-01")),
    })
}

/// The years of the home city's programmes, one after the other: made, begun to close, closed or
/// carried on.
fn year(world: &World, a: u8, n: u32) -> Command {
    let all = (0..world.state.programmes.len()).filter_map(ProgrammeId::from_index);
    let mut all = all.filter_map(|id| Some((id, world.state.programme(id)?)));
    let own = |row: &ProgrammeRow| row.city == HOME && row.year_ends.pack.is_none();
    let rows: Vec<_> = all.by_ref().filter(|(_, row)| own(row)).collect();
    let of_year = |year: u16| rows.iter().find(|(_, row)| row.budget_year == year);
    let next_of = |year: u16| of_year(year + 1).map(|(id, _)| *id);
    let status = |status| move |(_, row): &&(_, &ProgrammeRow)| row.status == status;
    let closing = rows.iter().find(status(ProgrammeStatus::YearClosing));
    let open = rows.iter().find(status(ProgrammeStatus::Open));
    let begun = closing.or(open).map_or(2025, |(_, row)| row.budget_year);
    if next_of(begun).is_none() {
        let year = begun + 1;
        return Command::CreateProgramme(Box::new(CreateProgramme {
            code: ProgrammeCode::parse(&format!("310117-{year}")).expect("short"),
            title: Name::parse("年").expect("short"),
            city: HOME,
            budget_year: year,
        }));
    }
    match (closing, open) {
        (Some((id, row)), _) => Command::DecideYearEnd(DecideYearEnd {
            programme: *id,
            into: next_of(row.budget_year).filter(|_| !a.is_multiple_of(5)),
        }),
        (None, Some((id, _))) if n % 3 == 1 => {
            Command::StartYearClosing(StartYearClosing { programme: *id })
        }
        _ => Command::DecideYearEnd(DecideYearEnd {
            programme: PROGRAMME,
            into: next_of(2025 + u16::from(a) % 3),
        }),
    }
}

/// Other rates, and now and then a limit more.
fn amendment(today: Day, a: u8, b: u8, n: u32) -> Command {
    let mut terms = VersionTerms {
        effective_from: today.plus_days(n % 4),
        ..World::terms()
    };
    let cap = fen(i64::from(n % 90_000));
    match a % 4 {
        0 => terms.category_caps = Box::new([(TESTING, cap)]),
        1 => terms.cap_contract = Some(cap),
        2 => {
            let period = RollingPeriod::Days(1 + u16::from(b) % 60);
            terms.rolling = Some(RollingCap { cap, period });
        }
        _ => terms.rates[0].cap_claim = cap,
    }
    Command::PublishVersion(PublishVersion {
        programme: PROGRAMME,
        terms: Box::new(terms),
    })
}

fn budget(a: u8, b: u8, amount: crate::domain::Fen) -> Command {
    Command::ChangeBudget(ChangeBudget {
        programme: if a.is_multiple_of(2) {
            PROGRAMME
        } else {
            FAR_PROGRAMME
        },
        amount,
        raise: b.is_multiple_of(3),
        document_no: None,
    })
}

/// Anything about an order; the person who files claims acts for every party.
fn order(world: &mut World, (kind, a, b, n): Step) -> Command {
    let order = OrderId(u32::from(a) % 4);
    let today = world.state.business_date();
    let amount = fen(i64::from(n % 30_000) + 1);
    let voucher = VoucherId(u32::from(b) % 6);
    let by = OrderSide::ALL[usize::from(b) % 2];
    match (kind, n % 8) {
        (16 | 17, _) => Command::ProposeOrder(ProposeOrder {
            provider: LAB,
            category: TESTING,
            contract_amount: fen(i64::from(n % 400_000) + 1),
            hold_until: today.plus_days(n % 60),
            lines: [
                (voucher, amount),
                (VoucherId((u32::from(b) + 1) % 6), amount),
            ][..1 + usize::from(b) / 4 % 2]
                .into(),
        }),
        (18, _) => Command::ConfirmOrder(ConfirmOrder { order }),
        (19, _) => {
            let first = world.state.order(order).map(|row| row.lines[0].voucher);
            let mut claim = world.claim();
            claim.voucher = VoucherKey::Id(first.unwrap_or(voucher));
            claim.provider = ProviderKey::Id(LAB);
            claim.invoice_amount = fen(i64::from(n % 80_000));
            claim.contract_date = today;
            let last = b.is_multiple_of(8);
            claim.order = Some(Capture { order, last });
            Command::FileClaim(claim)
        }
        (_, 0) => Command::AgreeOrder(AgreeOrder { order }),
        (_, 1) => Command::AdvanceOrder(AdvanceOrder {
            order,
            step: match b % 3 {
                0 => OrderStep::Deliver,
                1 => OrderStep::Accept,
                _ => OrderStep::Contract {
                    contract_no: ContractNo::parse("HT-1").expect("short"),
                    contract_date: today,
                },
            },
        }),
        (_, 2) => Command::CancelOrder(CancelOrder { order, by }),
        (_, 3) => {
            let until = today.plus_days(n % 90);
            Command::ExtendOrder(ExtendOrder { order, by, until })
        }
        (_, 4 | 5) => {
            let act = about_dispute(by, b, n);
            Command::DisputeOrder(DisputeOrder { order, act })
        }
        _ => Command::ReleaseOrder(ReleaseOrder {
            order,
            by,
            parts: if b.is_multiple_of(2) {
                Box::default()
            } else {
                Box::new([(voucher, amount)])
            },
        }),
    }
}

fn about_dispute(by: OrderSide, b: u8, n: u32) -> DisputeAct {
    let uphold = n.is_multiple_of(3);
    let code = DisputeCode::Late;
    match b % 4 {
        0 => DisputeAct::Withdraw,
        1 => DisputeAct::Rule { uphold },
        _ => DisputeAct::Raise { by, code },
    }
}

/// One of the newest steps that can be undone.
fn some_step(world: &World, a: u8) -> Seq {
    let newest = world.out.iter().rev().map(|recorded| recorded.meta.seq);
    let steps: Vec<Seq> = newest
        .filter(|seq| world.state.step(*seq).is_some())
        .take(8)
        .collect();
    let last = Seq(world.out.len() as u64);
    steps.get(usize::from(a) % 9).copied().unwrap_or(last)
}

/// Instructs a period or confirms a payment.
fn settlement(world: &World, (kind, a, b, n): Step) -> Command {
    let bank_ref = BankRef::parse(&format!("B{}", n % 40)).expect("short");
    let paid_on = world.state.business_date();
    match kind {
        14 => Command::InstructPeriod(InstructPeriod {
            period: PeriodId(u16::from(a) % 4),
            mode: match b % 3 {
                0 => SettlementMode::Direct,
                1 => SettlementMode::Bilateral,
                _ => SettlementMode::Hub(HUB),
            },
            document_no: Some(crate::domain::Text::parse("文").expect("short")),
        }),
        _ => {
            let instruction = InstructionId(u32::from(a) % 6);
            let open = world.state.instruction(instruction).map(|row| row.open());
            let amount = open.filter(|open| !open.is_zero() && n.is_multiple_of(2));
            let amount = amount.unwrap_or(fen(i64::from(n % 9_000) + 1));
            let payment = ConfirmInstruction {
                instruction,
                amount,
                bank_ref,
                paid_on,
            };
            Command::ConfirmInstruction(payment)
        }
    }
}

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("a state can be written")
}

/// Number of histories; more by `QUANTONG_CASES`.
pub(super) fn cases() -> u32 {
    let given = std::env::var("QUANTONG_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    given.unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn random_histories_keep_every_invariant(steps in prop::collection::vec(any::<Step>(), 1..80)) {
        let mut world = super::transfers::world();
        for step in steps {
            let (principal, command) = command(&mut world, step);
            let submission = Submission {
                reason: (step.3 % 8 > 0).then(|| Reason::parse("核").expect("short")),
                ..Submission::new(principal, command)
            };
            let before = bytes(&world.state);
            let mut rehearsed = Vec::new();
            let said = rehearse(&mut world.state, RecordedAt(1), &submission, &mut rehearsed)
                .map_err(|rejection| *rejection);
            prop_assert_eq!(bytes(&world.state), before);
            let mark = world.out.len();
            let done = world.send(&submission);
            prop_assert_eq!(said, done);
            prop_assert_eq!(&rehearsed[..], &world.out[mark..]);
        }
        let mut folded = State::empty();
        world.out.iter().for_each(|recorded| folded.apply(recorded));
        prop_assert_eq!(bytes(&folded), bytes(&world.state));
    }
}
