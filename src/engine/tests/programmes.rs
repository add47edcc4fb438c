//! The life of programmes: one line per refusal, drafts, the end of years.

use super::refusals::Line;
use super::steps::both;
use super::world::*;
use crate::domain::{ClaimId, DraftNo, Fen, PaymentId, ProgrammeCode, ProgrammeId, VoucherId};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::*;
use crate::engine::event::{ClaimAwaitsBudget, Event, SYSTEM, YearCarried};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::state::{ClaimStatus, ProgrammeStatus};
use crate::engine::terms::{RequiredField, RequiredFields, SimulationOutcome};
use crate::engine::{Rejection, refusal_of};

const NEXT: ProgrammeId = ProgrammeId(1);
const DRAFT: DraftNo = DraftNo(1);

pub(super) fn create(w: &mut World, code: &str, city: crate::domain::MemberId, budget_year: u16) {
    w.system(Command::CreateProgramme(Box::new(CreateProgramme {
        code: ProgrammeCode::parse(code).expect("short"),
        title: Name::parse(code).expect("short"),
        city,
        budget_year,
    })));
}

pub(super) fn next_year(w: &mut World) {
    create(w, "310117-2026", HOME, 2026);
}

pub(super) fn closing(programme: ProgrammeId) -> Command {
    Command::StartYearClosing(StartYearClosing { programme })
}

fn decide(programme: ProgrammeId, into: Option<ProgrammeId>) -> Command {
    Command::DecideYearEnd(DecideYearEnd { programme, into })
}

fn approve_first() -> Command {
    Command::DecideProposal(DecideProposal {
        proposal: crate::domain::ProposalId(0),
        approve: true,
    })
}

fn save(terms: VersionTerms) -> Command {
    Command::SaveDraft(SaveDraft {
        programme: PROGRAMME,
        draft: None,
        terms: Box::new(terms),
    })
}

fn publish_draft(w: &World) -> Command {
    let draft = w.state.draft(PROGRAMME, DRAFT).expect("it was saved");
    Command::PublishDraft(PublishDraft {
        programme: PROGRAMME,
        draft: DRAFT,
        saved: draft.saved,
    })
}

/// The draft as it stands was simulated.
fn mark(w: &World) -> Command {
    let draft = w.state.draft(PROGRAMME, DRAFT).expect("it was saved");
    Command::MarkSimulated(MarkSimulated {
        programme: PROGRAMME,
        draft: DRAFT,
        digest: [7; 32],
        from: None,
        to: None,
        budget: None,
        outcome: Some(SimulationOutcome {
            saved: draft.saved,
            claims: 3,
            changed: 1,
            before: Some(fen(9)),
            after: Some(fen(7)),
        }),
    })
}

fn require(w: &mut World, field: RequiredField) {
    w.by(
        SYSTEM,
        Command::SetCityPolicy(SetCityPolicy {
            member: HOME,
            required: RequiredFields::default().with(field),
        }),
    );
}

fn publish() -> Command {
    Command::PublishVersion(PublishVersion {
        programme: PROGRAMME,
        terms: Box::new(World::terms()),
    })
}

fn withdraw(claim: u32) -> Command {
    let claim = ClaimId(claim);
    Command::WithdrawClaim(WithdrawClaim { claim })
}

/// Ends the year of a programme with a carry, or without.
pub(super) fn end_year(
    w: &mut World,
    programme: ProgrammeId,
    into: Option<ProgrammeId>,
) -> Vec<Event> {
    both(w, closing(programme));
    let events = both(w, decide(programme, into));
    events.into_iter().map(|recorded| recorded.event).collect()
}

pub(super) const LINES: &[Line] = &[
    (Code::YearEnded, |w| {
        both(w, closing(PROGRAMME));
        (MAKER, publish())
    }),
    (Code::YearEnded, |w| {
        both(w, closing(PROGRAMME));
        let issue = IssueVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            amount: fen(1),
            application: None,
        };
        (MAKER, Command::IssueVoucher(issue))
    }),
    (Code::ReviewNoRequired, |w| {
        require(w, RequiredField::ReviewNo);
        (MAKER, publish())
    }),
    (Code::TargetRequired, |w| {
        require(w, RequiredField::PerformanceTarget);
        (MAKER, publish())
    }),
    (Code::DocumentNoRequired, |w| {
        require(w, RequiredField::BudgetDocument);
        let change = ChangeBudget {
            programme: PROGRAMME,
            amount: fen(1),
            raise: true,
            document_no: None,
        };
        (MAKER, Command::ChangeBudget(change))
    }),
    (Code::SimulationRequired, |w| {
        require(w, RequiredField::Simulation);
        w.by(MAKER, save(World::terms()));
        (MAKER, publish_draft(w))
    }),
    (Code::YearNotClosing, |w| {
        next_year(w);
        (CHECKER, decide(PROGRAMME, Some(NEXT)))
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, closing(PROGRAMME));
        (MAKER, approve_first())
    }),
    (Code::SecondPersonRequired, |w| {
        both(w, closing(PROGRAMME));
        w.by(MAKER, decide(PROGRAMME, None));
        let proposal = crate::domain::ProposalId(1);
        let own = DecideProposal {
            proposal,
            approve: true,
        };
        (MAKER, Command::DecideProposal(own))
    }),
    // What was proposed twice is done once.
    (Code::YearEnded, |w| {
        w.by(MAKER, closing(PROGRAMME));
        both(w, closing(PROGRAMME));
        (CHECKER, approve_first())
    }),
    (Code::CarryTargetNotEligible, |w| {
        create(w, "330100-2026", HOST, 2026);
        both(w, closing(PROGRAMME));
        (CHECKER, decide(PROGRAMME, Some(NEXT)))
    }),
    (Code::CarryTargetNotEligible, |w| {
        create(w, "310117-2027", HOME, 2027);
        both(w, closing(PROGRAMME));
        (CHECKER, decide(PROGRAMME, Some(NEXT)))
    }),
    (Code::CarriedTwice, |w| {
        let (second, last) = carried_twice(w);
        create(w, "310117-2028", HOME, 2028);
        end_year(w, last, None);
        (CHECKER, decide(second, Some(last)))
    }),
    (Code::ClaimNotWaiting, |w| {
        let claim = w.claim();
        w.approve(claim);
        (FILER, withdraw(0))
    }),
    (Code::ClaimWaits, |w| {
        both(w, closing(PROGRAMME));
        let claim = w.claim();
        waits(w, claim);
        let reverse = ReverseClaim { claim: ClaimId(0) };
        (MAKER, Command::ReverseClaim(reverse))
    }),
    (Code::DraftChanged, |w| {
        w.by(MAKER, save(World::terms()));
        let publication = publish_draft(w);
        let again = SaveDraft {
            programme: PROGRAMME,
            draft: Some(DRAFT),
            terms: Box::new(World::terms()),
        };
        w.by(MAKER, Command::SaveDraft(again));
        (MAKER, publication)
    }),
    (Code::NothingToCopy, |w| {
        next_year(w);
        let (from, to) = (NEXT, PROGRAMME);
        (MAKER, Command::CopyPack(CopyPack { from, to }))
    }),
];

/// A claim that must wait for a budget.
fn waits(w: &mut World, claim: FileClaim) -> ClaimAwaitsBudget {
    match w.file(claim) {
        Event::ClaimAwaitsBudget(e) => *e,
        other => panic!("{other:?}"),
    }
}

fn carried(events: &[Event]) -> Vec<YearCarried> {
    let carried = events.iter().filter_map(|event| match event {
        Event::YearCarried(e) => Some((**e).clone()),
        _ => None,
    });
    carried.collect()
}

/// Carries 2025 into 2026 and 2026 into 2027; the pack that was carried twice, and 2027.
fn carried_twice(w: &mut World) -> (ProgrammeId, ProgrammeId) {
    next_year(w);
    create(w, "310117-2027", HOME, 2027);
    let (second, last) = (NEXT, ProgrammeId(2));
    end_year(w, PROGRAMME, Some(second));
    let packs = carried(&end_year(w, second, Some(last)));
    assert_eq!(packs.len(), 2, "the pack and the programme itself");
    (packs[0].pack, last)
}

#[test]
fn a_draft_is_saved_replaced_simulated_and_published_and_nothing_is_in_force_before() {
    let mut w = World::new();
    let versions = |w: &World| w.state.programmes[0].versions.len();
    w.by(MAKER, save(World::terms()));
    assert_eq!(versions(&w), 1);
    let stale = mark(&w);
    w.by(MAKER, mark(&w));
    let simulated = |w: &World| w.state.draft(PROGRAMME, DRAFT).map(|row| row.simulated);
    assert_eq!(simulated(&w), Some(Some([7; 32])));
    let changed = VersionTerms {
        cap_enterprise: fen(7),
        ..World::terms()
    };
    let replaced = SaveDraft {
        programme: PROGRAMME,
        draft: Some(DRAFT),
        terms: Box::new(changed.clone()),
    };
    w.by(MAKER, Command::SaveDraft(replaced));
    assert_eq!(simulated(&w), Some(None), "other rules were simulated");
    let refused = w.by(MAKER, stale);
    assert_eq!(refusal_of(&refused[0].event), Some(Code::DraftChanged));
    let command = mark(&w);
    w.by(MAKER, command);
    require(&mut w, RequiredField::Simulation);
    let publication = publish_draft(&w);
    let events = w.by(SYSTEM, publication);
    let Event::VersionPublished(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!((e.draft, &*e.terms), (Some(DRAFT), &changed));
    assert_eq!((versions(&w), simulated(&w)), (2, None));
    w.by(MAKER, save(World::terms()));
    assert!(
        w.state.draft(PROGRAMME, DraftNo(2)).is_some(),
        "numbers are not used again"
    );
}

#[test]
fn a_pack_copied_from_another_city_brings_its_history_as_drafts() {
    let mut w = World::new();
    let rule = |kind| TransferRule {
        kind,
        document_no: crate::domain::Text::parse("文").ok(),
    };
    let kinds = [
        TransferKind::Succession,
        TransferKind::Open,
        TransferKind::Affiliate,
    ];
    w.publish(VersionTerms {
        recognised: Some(Box::new([HOME, THIRD])),
        transfers: Box::new(kinds.map(rule)),
        review_no: crate::domain::Text::parse("公平竞争审查1号").ok(),
        performance_target: crate::domain::Text::parse("服务企业百家").ok(),
        ..World::terms()
    });
    create(&mut w, "330100-2025", HOST, 2025);
    let copy = CopyPack {
        from: PROGRAMME,
        to: NEXT,
    };
    let events = w.by(MAKER, Command::CopyPack(copy));
    assert_eq!(events.len(), 2);
    let drafts: Vec<_> = w
        .state
        .drafts_of(NEXT)
        .map(|(n, row)| (n, row.clone()))
        .collect();
    for (n, (number, row)) in (1..).zip(&drafts) {
        assert_eq!(number.0, n);
        assert_eq!(row.source, Some((PROGRAMME, crate::domain::VersionNo(n))));
        let source = &w.state.programmes[0].versions[usize::from(n) - 1];
        assert_eq!(row.terms.document_no.as_str(), "-");
        assert_eq!(row.terms.effective_from, source.effective_from);
    }
    let second = &drafts[1].1.terms;
    assert_eq!(second.recognised.as_deref(), Some(&[HOME, HOST, THIRD][..]));
    let kept: Vec<_> = second.transfers.iter().collect();
    let succession = TransferRule {
        kind: TransferKind::Succession,
        document_no: None,
    };
    assert_eq!(kept, [&succession], "documents are the other city's");
    assert_eq!(
        (&second.review_no, &second.performance_target),
        (&None, &None)
    );
    // The city gives it a number of its own before it is published.
    let publish = Command::PublishDraft(PublishDraft {
        programme: NEXT,
        draft: DRAFT,
        saved: drafts[0].1.saved,
    });
    let said = w.send(&Submission::new(MAKER, publish));
    let open = Err(Rejection::Invalid {
        field: "document_no",
        problem: "is still that of a copied draft",
    });
    assert_eq!(said.map(|_| ()), open);
    assert!(w.state.programmes[1].versions.is_empty());
}

#[test]
fn what_is_not_paid_moves_into_the_next_year_and_what_is_paid_stays() {
    let mut w = World::new();
    next_year(&mut w);
    for _ in 0..2 {
        let mut claim = w.claim();
        claim.invoice_amount = fen(20_000);
        w.approve(claim);
    }
    pay(&mut w, 0);
    both(&mut w, closing(PROGRAMME));
    let mut claim = w.claim();
    claim.invoice_amount = fen(30_000);
    let waiting = waits(&mut w, claim);
    assert_eq!(waiting.amount, fen(15_000));
    let events = both(&mut w, decide(PROGRAMME, Some(NEXT)));
    let Event::YearCarried(e) = &events[0].event else {
        panic!("{events:?}");
    };
    let pack = e.pack;
    let moved = [e.outstanding, e.held, e.claimed, e.approved].map(Fen::get);
    assert_eq!(moved, [65_000, 0, 15_000, 10_000]);
    // The claim that waited is approved by the carry, and is the same claim.
    let Event::WaitingApproved(approved) = &events[1].event else {
        panic!("{events:?}");
    };
    assert_eq!((approved.claim, approved.programme), (waiting.claim, pack));
    let books = |w: &World, id| {
        [
            Kind::Appropriation,
            Kind::Available,
            Kind::Outstanding,
            Kind::Claimed,
            Kind::Approved,
        ]
        .map(|kind| w.state.budget(id, kind).get())
    };
    assert_eq!(books(&w, PROGRAMME), [500_000, 400_000, 0, 0, 10_000]);
    assert_eq!(w.state.budget(PROGRAMME, Kind::CarriedOut), fen(90_000));
    assert_eq!(books(&w, pack), [90_000, 0, 65_000, 0, 25_000]);
    assert_eq!(w.state.programmes[0].status, ProgrammeStatus::Carried);
    // Vouchers go on under their rules, charged to the pack.
    let mut claim = w.claim();
    claim.invoice_amount = fen(10_000);
    assert_eq!(w.approve(claim).programme, pack);
    // A reversal goes back to the budget that holds the amount, and its expense to the year
    // that bore it.
    let reverse = ReverseClaim { claim: ClaimId(1) };
    let events = w.by(MAKER, Command::ReverseClaim(reverse));
    let Event::ClaimReversed(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!((e.programme, e.charged), (PROGRAMME, Some(pack)));
    assert_eq!(books(&w, pack), [90_000, 0, 70_000, 0, 20_000]);
}

fn pay(w: &mut World, claim: u32) {
    let payment = PayClaim {
        claim: ClaimId(claim),
        bank_ref: crate::domain::BankRef::parse("B").expect("short"),
        paid_on: w.state.business_date(),
    };
    w.by(MAKER, Command::PayClaim(payment));
}

#[test]
fn a_payment_that_comes_back_after_a_carry_leaves_the_claim_in_the_year_that_paid_it() {
    let mut w = World::new();
    next_year(&mut w);
    let claim = w.claim();
    w.approve(claim);
    pay(&mut w, 0);
    end_year(&mut w, PROGRAMME, Some(NEXT));
    let back = ReturnPayment {
        payment: PaymentId(0),
    };
    w.by(MAKER, Command::ReturnPayment(back));
    assert_eq!(w.state.unpaid(PROGRAMME), fen(40_000));
    let reverse = ReverseClaim { claim: ClaimId(0) };
    let events = w.by(MAKER, Command::ReverseClaim(reverse));
    let Event::ClaimReversed(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!((e.programme, e.charged), (PROGRAMME, None));
    assert_eq!(w.state.budget(PROGRAMME, Kind::Lapsed), fen(40_000));
    // It is counted as lapsed where it lapsed.
    let pack = w.state.charged(PROGRAMME);
    let lapsed = |id| w.state.programme(id).expect("a programme").lapsed_total;
    assert_eq!((lapsed(PROGRAMME), lapsed(pack)), (40_000, 0));
}

#[test]
fn without_a_carry_claims_wait_and_a_late_carry_approves_them_in_order() {
    let mut w = World::new();
    next_year(&mut w);
    end_year(&mut w, PROGRAMME, None);
    let first = w.claim();
    let second = w.claim();
    let same_invoice = first.clone();
    waits(&mut w, first);
    // Caps and the invoice are used while it waits.
    let Event::ClaimRefused(refused) = w.file(same_invoice) else {
        panic!("the invoice was used twice");
    };
    assert_eq!(refused.result, Code::DuplicateInvoice);
    waits(&mut w, second);
    assert_eq!(w.state.claimed_of(VOUCHER), fen(80_000));
    let events = both(&mut w, decide(PROGRAMME, Some(NEXT)));
    let order: Vec<_> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::WaitingApproved(e) => Some(e.claim.0),
            _ => None,
        })
        .collect();
    assert_eq!(order, [0, 1]);
    assert_eq!(w.state.claimed_of(VOUCHER), Fen::ZERO);
}

#[test]
fn a_claim_that_waits_can_be_withdrawn_and_its_money_and_invoice_are_free_again() {
    let mut w = World::new();
    both(&mut w, closing(PROGRAMME));
    let claim = w.claim();
    waits(&mut w, claim.clone());
    w.by(FILER, withdraw(0));
    assert_eq!(w.state.claims[0].status, ClaimStatus::Withdrawn);
    assert_eq!(w.state.vouchers[0].free, fen(100_000));
    waits(&mut w, claim);
    // After the last day to cash it, the money goes the way of what lapses.
    w.advance("2025-10-11");
    let events = w.by(FILER, withdraw(1));
    let Event::ClaimWithdrawn(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(e.returned, crate::engine::event::ReturnedTo::Available);
}

#[test]
fn money_is_carried_twice_and_then_stays_while_younger_money_goes_on() {
    let mut w = World::new();
    let (twice, last) = carried_twice(&mut w);
    assert_eq!(w.state.charged(PROGRAMME), twice);
    let claim = w.claim();
    assert_eq!(
        w.approve(claim).programme,
        twice,
        "the year it is in is open"
    );
    create(&mut w, "310117-2028", HOME, 2028);
    let next = ProgrammeId::from_index(w.state.programmes.len() - 1).expect("few");
    let packs = carried(&end_year(&mut w, last, Some(next)));
    let from: Vec<_> = packs.iter().map(|e| e.from).collect();
    assert!(!from.contains(&twice), "{from:?}");
    assert_eq!(w.state.charged(PROGRAMME), twice);
    // Never refused for the end of a year: it waits.
    let claim = w.claim();
    waits(&mut w, claim);
    let free = w.state.vouchers[0].free;
    w.system(Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }));
    assert_eq!(w.state.budget(twice, Kind::Lapsed), free);
}

#[test]
fn a_carry_of_many_waiting_claims_goes_on_by_timers_in_order() {
    let mut w = World::new();
    next_year(&mut w);
    let terms = VersionTerms {
        cap_enterprise: fen(100_000_000),
        cap_group: fen(100_000_000),
        ..World::terms()
    };
    w.publish(terms);
    w.system(Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: fen(10_000_000),
        raise: true,
        document_no: None,
    }));
    w.issue(FIRM, 1_000_000);
    both(&mut w, closing(PROGRAMME));
    let count = 4_100;
    for _ in 0..count {
        let mut claim = w.claim();
        claim.voucher = VoucherKey::Id(VoucherId(1));
        claim.invoice_amount = fen(20);
        let submission = crate::engine::command::Submission::new(FILER, Command::FileClaim(claim));
        let now = crate::domain::RecordedAt(1);
        crate::engine::submit(&mut w.state, now, &submission, &mut w.out).expect("taken");
    }
    let approved = |events: &[crate::engine::event::Recorded]| {
        let approved = events.iter().filter_map(|recorded| match &recorded.event {
            Event::WaitingApproved(e) => Some(e.claim.0),
            _ => None,
        });
        approved.collect::<Vec<u32>>()
    };
    let events = both(&mut w, decide(PROGRAMME, Some(NEXT)));
    let at_once = approved(&events);
    assert_eq!(at_once, (0..4_096).collect::<Vec<_>>());
    let events = w.advance("2025-03-11");
    assert_eq!(approved(&events), (4_096..count).collect::<Vec<_>>());
    assert!(w.state.releases.first().is_none());
}

#[test]
fn a_cut_takes_what_is_available_and_nothing_that_is_committed_after_a_year_too() {
    let mut w = World::new();
    end_year(&mut w, PROGRAMME, None);
    let mut change = |amount, raise| {
        let change = ChangeBudget {
            programme: PROGRAMME,
            amount: fen(amount),
            raise,
            document_no: None,
        };
        let events = w.by(MAKER, Command::ChangeBudget(change));
        refusal_of(&events[0].event)
    };
    assert_eq!(change(1, true), Some(Code::YearEnded));
    assert_eq!(change(400_001, false), Some(Code::BudgetCommitted));
    assert_eq!(change(400_000, false), None);
}
