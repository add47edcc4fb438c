//! Random histories: every invariant after every command, no trace of a rehearsal, and the fold
//! of the events is the state.

use proptest::prelude::*;

use super::world::*;
use crate::domain::{
    ApplicationId, BankRef, ClaimId, EnterpriseId, InstructionId, PaymentId, PeriodId, ProviderId,
    RecordedAt, TransferId, VoucherId,
};
use crate::engine::command::*;
use crate::engine::{State, rehearse};

/// One step: which kind of command, and numbers that choose what it names.
pub(super) type Step = (u8, u8, u8, u32);

pub(super) fn command(
    world: &mut World,
    (kind, a, b, n): Step,
) -> (crate::domain::PrincipalId, Command) {
    let voucher = VoucherId(u32::from(a) % 6);
    let claim = ClaimId(u32::from(b) % 8);
    let amount = fen(i64::from(n % 60_000) + 1);
    let paid_on = world.state.business_date();
    let bank_ref = BankRef::parse("B").expect("short");
    let person = if b.is_multiple_of(2) { MAKER } else { CHECKER };
    let command = match kind % 16 {
        0..=4 => {
            let mut claim = world.claim();
            claim.voucher = VoucherKey::Id(voucher);
            claim.provider = ProviderKey::Id(ProviderId(u32::from(b) % 5));
            claim.invoice_amount = fen(i64::from(n % 200_000));
            claim.contract_date = paid_on;
            return (FILER, Command::FileClaim(claim));
        }
        5 if a >= 128 => super::files::step(world, person, b, n),
        5 => Command::IssueVoucher(IssueVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(EnterpriseId(u32::from(a) % 3)),
            amount,
            application: (b % 8 == 7).then_some(ApplicationId(u32::from(a) % 4)),
        }),
        6 => {
            let giver = ConsentGiver::Holder(None);
            let until = day("2026-12-31");
            let consent = GiveConsent {
                voucher,
                giver,
                up_to: amount,
                until,
            };
            return (crate::engine::event::SYSTEM, Command::GiveConsent(consent));
        }
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
        10 => proposal(voucher, a, b, n, amount),
        11 => Command::DecideTransfer(DecideTransfer {
            transfer: TransferId(u32::from(a) % 4),
            approve: n.is_multiple_of(3),
        }),
        12 if n.is_multiple_of(3) => Command::RevokeVoucher(RevokeVoucher { voucher }),
        12 => around(world, voucher, a, b, n),
        13 => {
            let to = paid_on.plus_days(n % 40 + 1);
            Command::AdvanceDate(AdvanceDate { to })
        }
        _ => settlement(world, (kind, a, b, n)),
    };
    (person, command)
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
fn proposal(voucher: VoucherId, a: u8, b: u8, n: u32, amount: crate::domain::Fen) -> Command {
    Command::ProposeTransfer(ProposeTransfer {
        voucher,
        kind: if a.is_multiple_of(3) {
            TransferRequest::Relocation {
                to_city: if b.is_multiple_of(2) { HOME } else { HOST },
            }
        } else {
            TransferRequest::Succession {
                to: EnterpriseId(u32::from(b) % 3),
                cap_share: ratio(n % 1_000_001),
            }
        },
        amount: if a.is_multiple_of(3) {
            crate::domain::Fen::ZERO
        } else {
            amount
        },
        document_no: None,
    })
}

/// Instructs a period or confirms a payment.
fn settlement(world: &World, (kind, a, b, n): Step) -> Command {
    let bank_ref = BankRef::parse(&format!("B{}", n % 40)).expect("short");
    let paid_on = world.state.business_date();
    match kind % 16 {
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
        let mut world = World::new();
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
