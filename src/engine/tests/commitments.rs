//! A budget is never cut below what is committed, whatever it is committed for: one line per kind.

use super::programmes::{create, end_year};
use super::steps::both;
use super::world::*;
use crate::domain::{ApplicationId, OrderId, ProgrammeId};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;

/// Commits some of the budget; answers the programme whose budget it is, the account that it stands
/// in, and how much stands there.
type Commit = fn(&mut World) -> (ProgrammeId, Kind, i64);

fn order(w: &mut World) {
    let propose = ProposeOrder {
        provider: LAB,
        category: TESTING,
        contract_amount: fen(100_000),
        hold_until: day("2025-05-31"),
        lines: Box::new([(VOUCHER, fen(40_000))]),
    };
    w.by(FILER, Command::ProposeOrder(propose));
    let order = OrderId(0);
    w.by(FILER, Command::ConfirmOrder(ConfirmOrder { order }));
}

fn closing(w: &mut World) {
    let programme = PROGRAMME;
    both(w, Command::StartYearClosing(StartYearClosing { programme }));
}

fn approve(w: &mut World) {
    let claim = w.claim();
    w.approve(claim);
}

/// An order, a claim that waits and one that is approved, and then a carry.
fn carry(w: &mut World) -> ProgrammeId {
    order(w);
    create(w, "310117-2026", HOME, 2026);
    end_year(w, PROGRAMME, Some(ProgrammeId(1)));
    ProgrammeId(2)
}

const LINES: &[(&str, Commit)] = &[
    ("issued", |_| (PROGRAMME, Kind::Outstanding, 100_000)),
    ("held for an order", |w| {
        order(w);
        (PROGRAMME, Kind::Held, 40_000)
    }),
    ("held for a transfer", |w| {
        let kind = TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(0),
        };
        w.by(
            MAKER,
            Command::ProposeTransfer(ProposeTransfer {
                voucher: VOUCHER,
                kind,
                amount: fen(30_000),
                document_no: None,
                expires_on: None,
            }),
        );
        (PROGRAMME, Kind::Held, 30_000)
    }),
    ("approved", |w| {
        approve(w);
        (PROGRAMME, Kind::Approved, 40_000)
    }),
    ("claimed, waiting for a year", |w| {
        closing(w);
        let claim = w.claim();
        let said = w.file(claim);
        assert!(matches!(said, Event::ClaimAwaitsBudget(_)), "{said:?}");
        (PROGRAMME, Kind::Claimed, 40_000)
    }),
    ("carried out, of the old year", |w| {
        carry(w);
        (PROGRAMME, Kind::CarriedOut, 100_000)
    }),
    ("carried in and held", |w| (carry(w), Kind::Held, 40_000)),
    ("carried in and free", |w| {
        (carry(w), Kind::Outstanding, 60_000)
    }),
    ("carried in and approved", |w| {
        approve(w);
        (carry(w), Kind::Approved, 40_000)
    }),
];

fn cut(w: &mut World, programme: ProgrammeId, amount: i64) -> Option<Code> {
    let cut = ChangeBudget {
        programme,
        amount: fen(amount),
        raise: false,
        document_no: None,
    };
    let events = w.system(Command::ChangeBudget(cut));
    refusal_of(&events[0].event)
}

#[test]
fn a_cut_below_what_is_committed_is_refused_whatever_it_is_committed_for() {
    for (what, commit) in LINES {
        let mut w = World::new();
        let (programme, kind, amount) = commit(&mut w);
        assert_eq!(w.state.budget(programme, kind), fen(amount), "{what}");
        let before = w.state.accounts();
        let available = w.state.budget(programme, Kind::Available).get();
        let all = w.state.budget(programme, Kind::Appropriation).get();
        for too_much in [available + 1, available + amount, all] {
            let said = cut(&mut w, programme, too_much);
            assert_eq!(said, Some(Code::BudgetCommitted), "{what}: {too_much}");
        }
        assert_eq!(w.state.accounts(), before, "{what}");
        if available > 0 {
            assert_eq!(cut(&mut w, programme, available), None, "{what}");
        }
        assert_eq!(w.state.budget(programme, kind), fen(amount), "{what}");
        assert_eq!(
            cut(&mut w, programme, 1),
            Some(Code::BudgetCommitted),
            "{what}"
        );
    }
}

/// An application commits nothing before it is issued, approved or not: its issue is refused then.
#[test]
fn an_application_commits_no_budget_and_its_issue_finds_none_after_a_cut() {
    let mut w = World::new();
    let request = VoucherRequest {
        amount: fen(50_000),
        purpose: None,
        documents: Box::default(),
    };
    let enterprise = EnterpriseKey::Id(OTHER_FIRM);
    w.by(
        FILER,
        Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: PROGRAMME,
            enterprise,
            request,
        })),
    );
    let application = ApplicationId(0);
    for step in [
        ReviewStep::Begin,
        ReviewStep::Approve {
            amount: fen(50_000),
        },
    ] {
        let review = ReviewApplication { application, step };
        w.by(MAKER, Command::ReviewApplication(review));
    }
    assert_eq!(cut(&mut w, PROGRAMME, 350_001), None);
    let issue = Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise,
        amount: fen(50_000),
        application: Some(application),
    });
    let said = refusal_of(&w.by(CHECKER, issue.clone())[0].event);
    assert_eq!(said, Some(Code::BudgetExhausted));
    // It stays approved, and is issued once there is money for it.
    w.system(Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: fen(1),
        raise: true,
        document_no: None,
    }));
    assert_eq!(refusal_of(&w.by(CHECKER, issue)[0].event), None);
}
