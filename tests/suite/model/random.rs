//! Random commands to the engine and to the model, compared after every one.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Bend;
use super::Verdict;
use super::compare::differences;
use super::pair::{Pair, Step};

/// Number of histories; more by `QUANTONG_CASES`.
fn cases() -> u32 {
    let given = std::env::var("QUANTONG_CASES").ok();
    let full = std::env::var_os("QUANTONG_FULL").map_or(128, |_| 4_000);
    given.and_then(|text| text.parse().ok()).unwrap_or(full)
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..120)
}

/// Runs a history on both; the first thing on which they differ.
fn run(steps: &[Step], bend: Bend) -> Result<(), String> {
    let mut pair = Pair::new(bend);
    for (n, step) in steps.iter().enumerate() {
        let (done, said, expected) = pair.take(*step);
        if said != expected {
            return Err(format!(
                "step {n}, {done}: {said:?}, the model {expected:?}"
            ));
        }
        if let Some(difference) = differences(&pair.state, &pair.model) {
            return Err(format!("after step {n}, {done}: {difference}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn engine_and_model_agree_on_random_histories(steps in histories()) {
        run(&steps, Bend::None).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_bent_model_is_caught() {
    let bends = [
        Bend::ExpiresOneDayEarly,
        Bend::TiersFlooredApart,
        Bend::RestToHost,
        Bend::RefusedTakesInvoice,
        Bend::ReversalKeepsCap,
        Bend::ConsentsAddUp,
        Bend::LapseIsLost,
        Bend::HoldsOutsideCaps,
        Bend::ReleaseIsLost,
        Bend::ReversalRestoresHold,
        Bend::ContractsMixed,
        Bend::RollingOneDayShort,
        Bend::CategoriesMixed,
        Bend::PaidIsCarried,
    ];
    for bend in bends {
        let config = Config {
            cases: 4_000,
            failure_persistence: None,
            max_shrink_iters: 0,
            ..Config::default()
        };
        let mut runner = TestRunner::new(config);
        let found = runner.run(&histories(), |steps| {
            run(&steps, bend).map_err(TestCaseError::fail)
        });
        assert!(found.is_err(), "{bend:?} was not noticed");
    }
}

/// What the histories are meant to reach.
const WANTED: &[&str] = &[
    "FileClaim VOUCHER_EXHAUSTED",
    "FileClaim YEAR_CAP_EXHAUSTED",
    "FileClaim NOTHING_PAYABLE",
    "FileClaim DUPLICATE_INVOICE",
    "FileClaim CONTRACT_BEFORE_TRANSFER",
    "IssueVoucher BUDGET_EXHAUSTED",
    "FileClaim Approved",
    "FileClaim Refused",
    "IssueVoucher Done",
    "IssueVoucher Refused",
    "GiveConsent Done",
    "SetFreeze Done",
    "RevokeVoucher Done",
    "ProposeTransfer Done",
    "DecideTransfer Done",
    "DecideTransfer Refused",
    "ReverseClaim Done",
    "PayClaim Done",
    "ReturnPayment Done",
    "ChangeBudget Done",
    "PublishVersion Done",
    "RegisterAgreement Done",
    "AdvanceDate Done",
    "ClosePeriod Done",
    "ConfirmStatement Done",
    "InstructPeriod Done",
    "ConfirmInstruction Done",
    "SetControllerGroup Done",
    "SetSuspension Done",
    "RaiseCreditFlag Done",
    "LiftCreditFlag Done",
    "ChangeRegister Done",
    "FileClaim HOLDER_BLOCKED",
    "FileClaim PROVIDER_BLOCKED",
    "IssueVoucher PARTY_BLOCKED",
    "ProposeOrder Done",
    "ConfirmOrder Done",
    "ConfirmOrder VOUCHER_EXHAUSTED",
    "ConfirmOrder YEAR_CAP_EXHAUSTED",
    "ConfirmOrder NOTHING_PAYABLE",
    "ConfirmOrder VOUCHER_FROZEN",
    "ConfirmOrder VOUCHER_REVOKED",
    "AdvanceOrder Done",
    "CancelOrder Done",
    "ReleaseOrder Done",
    "ReleaseOrder HOLD_EXCEEDED",
    "ExtendOrder Done",
    "DisputeOrder Done",
    "FileClaim Captured",
    "FileClaim ORDER_DISPUTED",
    "order agreed",
    "order confirmed",
    "order delivered",
    "order accepted",
    "order closed",
    "order cancelled",
    "order expired",
    "a claim on an order Done",
    "a revoked voucher held",
    "a frozen voucher held",
    "a transfer out of what an order leaves",
    "ExtendVoucher Done",
    "ExtendVoucher EXTENSION_OUT_OF_BOUNDS",
    "ReissueVoucher Done",
    "ReissueVoucher REISSUE_EXCEEDED",
    "ReviewApplication Done",
    "ReviewApplication SECOND_PERSON_REQUIRED",
    "ResubmitApplication Done",
    "WithdrawApplication Done",
    "IssueVoucher SECOND_PERSON_REQUIRED",
    "IssueVoucher APPLICATION_EXCEEDED",
    "period Settling",
    "period Settled",
    "period SettledWithCarry",
    "period Agreed",
    "ProposeTransfer CAP_SHARES_EXCEEDED",
    "ProposeTransfer RELOCATION_PENDING",
    "event TransferMoved",
    "event TransferReleased",
    "event StepReversed",
    "WithdrawTransfer Done",
    "ReverseStep Done",
    "ReverseStep STEP_USED",
    "ReverseStep STEP_REVERSED",
];

/// What the random histories reach: a comparison of things that never happen shows nothing.
#[test]
fn random_histories_reach_what_they_are_meant_to() {
    use proptest::strategy::ValueTree as _;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..500 {
        let steps = histories()
            .new_tree(&mut runner)
            .expect("a history")
            .current();
        let mut pair = Pair::new(Bend::None);
        for step in steps {
            let (done, said, _) = pair.take(step);
            let kind = done.split([' ', '(']).next().unwrap_or_default().to_owned();
            *seen.entry(format!("{kind} {}", said.word())).or_default() += 1;
            for meeting in pair.model.meetings() {
                *seen.entry(meeting.to_owned()).or_default() += 1;
            }
            let reversed = kind == "ReverseClaim" && said == Verdict::Done;
            if reversed
                && pair
                    .model
                    .claims
                    .iter()
                    .any(|c| c.reversed && c.order.is_some())
            {
                *seen
                    .entry("a claim on an order Done".to_owned())
                    .or_default() += 1;
            }
            if let Verdict::Refused(codes) = said {
                for code in codes {
                    *seen.entry(format!("{kind} {code}")).or_default() += 1;
                }
            }
        }
        for order in &pair.model.orders {
            *seen
                .entry(format!("order {}", order.place.word()))
                .or_default() += 1;
        }
        for recorded in pair.events() {
            let name = recorded.event.name();
            *seen.entry(format!("event {name}")).or_default() += 1;
        }
        for period in &pair.model.periods {
            *seen
                .entry(format!("period {:?}", period.stage))
                .or_default() += 1;
        }
    }
    eprintln!("{seen:#?}");
    let missing: Vec<_> = WANTED
        .iter()
        .filter(|what| !seen.contains_key(**what))
        .collect();
    assert!(missing.is_empty(), "never seen: {missing:?} in {seen:#?}");
}
