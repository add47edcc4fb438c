//! Random commands to the engine and to the model, compared after every one.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Bend;
use super::Verdict;
use super::compare::differences;
use quantong::engine::event::Event;

use super::pair::{Pair, Step};

/// Number of histories; more by `QUANTONG_CASES`.
fn cases() -> u32 {
    let given = std::env::var("QUANTONG_CASES").ok();
    let full = std::env::var_os("QUANTONG_FULL").map_or(128, |_| 4_000);
    given.and_then(|text| text.parse().ok()).unwrap_or(full)
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..160)
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
        Bend::LabsMixed,
        Bend::RollingOneDayShort,
        Bend::CategoriesMixed,
        Bend::HoldsOutsideContracts,
        Bend::PaidIsCarried,
        Bend::RevokedAtHolder,
        Bend::RevokedKeepsMoney,
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
    "undone Extension",
    "FileClaim CATEGORY_CAP_EXHAUSTED",
    "FileClaim CONTRACT_CAP_EXHAUSTED",
    "FileClaim ROLLING_CAP_EXHAUSTED",
    "FileClaim EXCLUDED",
    "FileClaim EVIDENCE_MISSING",
    "ConfirmOrder CATEGORY_CAP_EXHAUSTED",
    "ConfirmOrder CONTRACT_CAP_EXHAUSTED",
    "AdvanceOrder CONTRACT_CAP_EXHAUSTED",
    "a hold that counts to a contract",
    "a share of a contract passed on",
    "FileClaim ORDER_STATE_MISMATCH",
    "ConfirmOrder ROLLING_CAP_EXHAUSTED",
    "StartYearClosing Done",
    "DecideYearEnd Done",
    "DecideYearEnd YEAR_NOT_CLOSING",
    "DecideYearEnd CARRY_TARGET_NOT_ELIGIBLE",
    "DecideYearEnd CARRIED_TWICE",
    "FileClaim Waits",
    "WithdrawClaim Done",
    "WithdrawClaim CLAIM_NOT_WAITING",
    "PayClaim CLAIM_WAITS",
    "ReverseClaim CLAIM_WAITS",
    "IssueVoucher YEAR_ENDED",
    "IssueVoucher NO_VERSION_IN_FORCE",
    "DecideTransfer NO_VERSION_IN_FORCE",
    "a number of contracts with two labs",
    "PublishVersion YEAR_ENDED",
    "ChangeBudget YEAR_ENDED",
    "ChangeBudget BUDGET_COMMITTED",
    "ExtendVoucher PROGRAMME_CLOSED",
    "event YearCarried",
    "event YearClosed",
    "event WaitingApproved",
    "a pot that was carried once",
    "a pot that was carried twice",
    "a claim on an order of carried money",
    "a transfer of carried money",
    "what came back after its pot was carried",
    "a claim on an order from several vouchers",
    "a claim on an order that leaves a part held",
    "an extension after a lapse",
    "money back to a lapsed voucher",
    "a voucher that was reissued",
    "transfer Succession Approved",
    "transfer Incorporation Approved",
    "transfer Affiliate Approved",
    "transfer Open Approved",
    "transfer Relocation Approved",
    "transfer Move Approved",
    "transfer Succession Undone",
    "undone Revocation",
    "revoked of a giver alone",
    "revoked of a successor",
    "revoked of one who never had it",
    "money back to a revoked voucher",
];

/// How often something was seen.
type Seen = std::collections::BTreeMap<String, u32>;

/// Takes the steps of a history and counts what they reach.
fn reach(steps: Vec<Step>, seen: &mut Seen) {
    let mut note = |what: String| *seen.entry(what).or_default() += 1;
    let mut pair = Pair::new(Bend::None);
    for step in steps {
        let lapsed = pair.model.lapses.len();
        let (done, said, _) = pair.take(step);
        let kind = done.split([' ', '(']).next().unwrap_or_default().to_owned();
        note(format!("{kind} {}", said.word()));
        for meeting in pair.model.meetings() {
            note(meeting.to_owned());
        }
        if said == Verdict::Done {
            let back = kind != "AdvanceDate" && pair.model.lapses.len() > lapsed;
            let back = back.then_some("money back to a lapsed voucher");
            let extended = kind == "ExtendVoucher" && pair.model.has_lapsed_and_lives();
            let extended = extended.then_some("an extension after a lapse");
            let on_order = |c: &super::Claim| c.reversed && c.order.is_some();
            let reversed = kind == "ReverseClaim" && pair.model.claims.iter().any(on_order);
            let reversed = reversed.then_some("a claim on an order Done");
            let all = [back, extended, reversed].into_iter().flatten();
            all.for_each(|what| note(what.to_owned()));
        }
        if let Verdict::Captured(parts) = &said {
            let what = pair.model.meetings_of_claim(parts.len());
            what.into_iter().for_each(|what| note(what.to_owned()));
        }
        if let Verdict::Refused(codes) = said {
            codes.iter().for_each(|code| note(format!("{kind} {code}")));
        }
    }
    let model = &pair.model;
    for order in &model.orders {
        note(format!("order {}", order.place.word()));
    }
    for transfer in &model.transfers {
        note(format!("transfer {:?} {:?}", transfer.kind, transfer.fate));
    }
    for voucher in model.vouchers.iter().filter(|row| row.replaces.is_some()) {
        note(format!(
            "a voucher that was reissued{}",
            if voucher.revoked { ", revoked" } else { "" }
        ));
    }
    for period in &model.periods {
        note(format!("period {:?}", period.stage));
    }
    model
        .end_of_years()
        .into_iter()
        .for_each(|what| note(what.to_owned()));
    let revoked = model.meetings_of_revocations().into_iter();
    revoked.for_each(|what| note(what.to_owned()));
    for recorded in pair.events() {
        note(format!("event {}", recorded.event.name()));
        if let Event::StepReversed(e) = &recorded.event {
            let words = format!("{:?}", e.undone);
            let what = words.split('(').next().unwrap_or_default();
            note(format!("undone {what}"));
        }
    }
}

/// What the random histories reach: a comparison of things that never happen shows nothing.
#[test]
fn random_histories_reach_what_they_are_meant_to() {
    use proptest::strategy::ValueTree as _;
    let mut runner = TestRunner::deterministic();
    let mut seen = Seen::new();
    for _ in 0..800 {
        let steps = histories().new_tree(&mut runner).expect("a history");
        reach(steps.current(), &mut seen);
    }
    for what in WANTED {
        eprintln!("{:>6} {what}", seen.get(*what).copied().unwrap_or(0));
    }
    let missing: Vec<_> = WANTED
        .iter()
        .filter(|what| !seen.contains_key(**what))
        .collect();
    assert!(missing.is_empty(), "never seen: {missing:?} in {seen:#?}");
}
