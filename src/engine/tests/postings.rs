//! One line per row of the posting table.

use super::steps::both;
use super::world::*;
use crate::domain::{BankRef, ClaimId, InstructionId, MemberId, PaymentId, PeriodId, TransferId};
use crate::engine::books::{Account, AccountKind as Kind, Pair};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::posting;

fn pairs(event: &Event) -> Vec<Pair> {
    let mut pairs = Vec::new();
    posting(event, &mut |pair| pairs.push(pair));
    pairs
}

fn budget(debit: Kind, credit: Kind, amount: i64) -> Pair {
    let account = |kind| Account::programme(HOME, kind, PROGRAMME);
    Pair::new(account(debit), account(credit), fen(amount))
}

fn expense(member: MemberId) -> Account {
    Account::programme(member, Kind::Expense, PROGRAMME)
}

fn payable(member: MemberId) -> Account {
    Account::payee(member, Kind::Payable, Payee::Provider(LAB))
}

fn due_from(book: MemberId, other: MemberId) -> Account {
    Account::member(book, Kind::DueFrom, other)
}

fn due_to(book: MemberId, other: MemberId) -> Account {
    Account::member(book, Kind::DueTo, other)
}

fn clearing(member: MemberId) -> Account {
    Account::clearing(member, PeriodId(0))
}

fn last(events: &[Recorded]) -> &Event {
    &events.last().expect("an event").event
}

fn pay(world: &mut World) -> Vec<Recorded> {
    let bank_ref = BankRef::parse("B").expect("short");
    let paid_on = world.state.business_date();
    world.by(
        MAKER,
        Command::PayClaim(PayClaim {
            claim: ClaimId(0),
            bank_ref,
            paid_on,
        }),
    )
}

/// A world whose agreement has another model; the first claim is filed.
fn claimed(model: PayerModel, accrues_at: AccrualPoint) -> (World, Vec<Pair>) {
    let mut world = World::new();
    world.advance("2026-01-01");
    world.agree(model, accrues_at, "2026-01-01", "2026-12-31");
    world.issue(FIRM, 50_000);
    let mut lab = crate::engine::terms::VersionTerms {
        recognised: None,
        ..World::terms()
    };
    lab.effective_from = day("2026-01-01");
    world.publish(lab);
    let provider = ProviderKey::Id(crate::domain::ProviderId(5));
    world.system(Command::RegisterProvider(Box::new(RegisterProvider {
        code: crate::domain::CreditCode::parse("91341800MADEM00977").expect("a code"),
        accept_failed_check: false,
        name: Name::parse("机构").expect("short"),
        city: HOST,
        categories: Box::new([TESTING]),
        group: None,
        admitted_from: Some(day("2026-01-01")),
        admitted_to: Some(day("2026-12-31")),
        bank_account: None,
    })));
    world.grant(
        FILER,
        Role::Provider,
        Scope::Provider(crate::domain::ProviderId(5)),
    );
    let mut claim = world.claim();
    claim.voucher = VoucherKey::Id(crate::domain::VoucherId(1));
    claim.provider = provider;
    claim.contract_date = day("2026-01-01");
    let event = world.file(claim);
    let pairs = pairs(&event);
    (world, pairs)
}

#[test]
fn the_budget_section_is_posted_as_the_table_says() {
    let mut world = World::new();
    let raised = Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: fen(7),
        raise: true,
        document_no: None,
    });
    let events = world.system(raised);
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Appropriation, Kind::Available, 7)]
    );
    let events = world.issue(OTHER_FIRM, 10_000);
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Available, Kind::Outstanding, 10_000)]
    );
    let propose = ProposeTransfer {
        voucher: VOUCHER,
        kind: TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(0),
        },
        amount: fen(30),
        document_no: None,
        expires_on: None,
    };
    let propose = Command::ProposeTransfer(propose);
    let events = world.by(MAKER, propose.clone());
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Outstanding, Kind::Held, 30)]
    );
    let decide = |id, approve| {
        Command::DecideTransfer(DecideTransfer {
            transfer: TransferId(id),
            approve,
        })
    };
    let events = world.by(CHECKER, decide(0, true));
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Held, Kind::Outstanding, 30)]
    );
    world.by(MAKER, propose);
    let events = world.by(CHECKER, decide(1, false));
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Held, Kind::Outstanding, 30)]
    );
    let revoke = RevokeVoucher {
        voucher: crate::domain::VoucherId(1),
    };
    let events = world.system(Command::RevokeVoucher(revoke));
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Outstanding, Kind::Available, 10_000)]
    );
    let events = world.advance("2025-10-11");
    let lapsed = events
        .iter()
        .find(|r| matches!(r.event, Event::VoucherLapsed(_)));
    let lapsed = &lapsed.expect("the voucher lapses").event;
    assert_eq!(
        pairs(lapsed),
        [budget(Kind::Outstanding, Kind::Available, 99_970)]
    );
}

#[test]
fn a_hold_is_posted_from_confirmation_to_claim_and_release() {
    let mut world = World::new();
    world.by(
        FILER,
        Command::ProposeOrder(ProposeOrder {
            provider: LAB,
            category: TESTING,
            contract_amount: fen(80_000),
            hold_until: day("2025-05-31"),
            lines: Box::new([(VOUCHER, fen(40_000))]),
        }),
    );
    let order = crate::domain::OrderId(0);
    let events = world.by(FILER, Command::ConfirmOrder(ConfirmOrder { order }));
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Outstanding, Kind::Held, 40_000)]
    );
    let mut claim = world.claim();
    world.sign(order, claim.contract_date);
    claim.invoice_amount = fen(20_000);
    claim.order = Some(Capture { order, last: true });
    let events = world.by(FILER, Command::FileClaim(claim));
    let approved = pairs(&events[0].event);
    assert_eq!(approved[0], budget(Kind::Held, Kind::Approved, 10_000));
    assert_eq!(
        pairs(last(&events)),
        [budget(Kind::Held, Kind::Outstanding, 30_000)]
    );
}

#[test]
fn an_approval_is_posted_by_who_pays_and_who_bears() {
    let mut world = World::new();
    let claim = world.claim();
    let event = world.file(claim);
    let approved = budget(Kind::Outstanding, Kind::Approved, 40_000);
    let home_pays = [
        approved,
        Pair::new(expense(HOME), payable(HOME), fen(24_000)),
        Pair::new(due_from(HOME, HOST), payable(HOME), fen(16_000)),
        Pair::new(expense(HOST), due_to(HOST, HOME), fen(16_000)),
    ];
    assert_eq!(pairs(&event), home_pays);
    let lab = |member| {
        Account::payee(
            member,
            Kind::Payable,
            Payee::Provider(crate::domain::ProviderId(5)),
        )
    };
    let (_, host_pays) = claimed(PayerModel::HostPays, AccrualPoint::Approval);
    assert_eq!(
        host_pays,
        [
            approved,
            Pair::new(expense(HOST), lab(HOST), fen(16_000)),
            Pair::new(due_from(HOST, HOME), lab(HOST), fen(24_000)),
            Pair::new(expense(HOME), due_to(HOME, HOST), fen(24_000)),
        ]
    );
    let (_, pool_pays) = claimed(PayerModel::PoolPays, AccrualPoint::Approval);
    assert_eq!(
        pool_pays,
        [
            approved,
            Pair::new(expense(POOL), lab(POOL), fen(8_000)),
            Pair::new(due_from(POOL, HOME), lab(POOL), fen(20_000)),
            Pair::new(expense(HOME), due_to(HOME, POOL), fen(20_000)),
            Pair::new(due_from(POOL, HOST), lab(POOL), fen(12_000)),
            Pair::new(expense(HOST), due_to(HOST, POOL), fen(12_000)),
        ]
    );
    let (mut world, at_payment) = claimed(PayerModel::HomePays, AccrualPoint::Payment);
    assert_eq!(
        at_payment,
        [approved, Pair::new(expense(HOME), lab(HOME), fen(40_000))]
    );
    let paid = pay(&mut world);
    assert_eq!(
        pairs(last(&paid)),
        [
            Pair::new(lab(HOME), Account::treasury(HOME), fen(40_000)),
            Pair::new(due_from(HOME, HOST), expense(HOME), fen(16_000)),
            Pair::new(expense(HOST), due_to(HOST, HOME), fen(16_000)),
        ]
    );
}

#[test]
fn a_payment_its_return_and_a_reversal_are_posted_as_the_table_says() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    let events = pay(&mut world);
    let paid = Pair::new(payable(HOME), Account::treasury(HOME), fen(40_000));
    assert_eq!(pairs(last(&events)), [paid]);
    let back = ReturnPayment {
        payment: PaymentId(0),
    };
    let events = world.by(MAKER, Command::ReturnPayment(back));
    let returned = Pair::new(Account::treasury(HOME), payable(HOME), fen(40_000));
    assert_eq!(pairs(last(&events)), [returned]);
    let reverse = Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) });
    let events = world.by(MAKER, reverse);
    assert_eq!(
        pairs(last(&events)),
        [
            budget(Kind::Approved, Kind::Outstanding, 40_000),
            Pair::new(payable(HOME), expense(HOME), fen(24_000)),
            Pair::new(payable(HOME), due_from(HOME, HOST), fen(16_000)),
            Pair::new(due_to(HOST, HOME), expense(HOST), fen(16_000)),
        ]
    );
}

#[test]
fn a_reversal_after_the_close_is_posted_on_the_opposite_accounts() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    world.advance("2025-04-01");
    let events = world.by(
        MAKER,
        Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) }),
    );
    assert_eq!(
        pairs(last(&events))[2..],
        [
            Pair::new(payable(HOME), due_to(HOME, HOST), fen(16_000)),
            Pair::new(due_from(HOST, HOME), expense(HOST), fen(16_000)),
        ]
    );
    let line = world
        .state
        .line(crate::domain::LineId(1))
        .expect("an opposite line");
    assert_eq!(
        (line.debtor, line.creditor, line.period),
        (HOME, HOST, PeriodId(1))
    );
}

#[test]
fn agreement_settlement_and_arrears_go_through_the_clearing_accounts() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    let events = world.advance("2025-04-10");
    let cell = events
        .iter()
        .find(|r| matches!(r.event, Event::CellAgreed(_)));
    assert_eq!(
        pairs(&cell.expect("a cell").event),
        [
            Pair::new(due_to(HOST, HOME), clearing(HOST), fen(16_000)),
            Pair::new(clearing(HOME), due_from(HOME, HOST), fen(16_000)),
        ]
    );
    let mode = SettlementMode::Direct;
    let instruct = InstructPeriod {
        period: PeriodId(0),
        mode,
        document_no: None,
    };
    world.by(MAKER, Command::InstructPeriod(instruct));
    let payment = ConfirmInstruction {
        instruction: InstructionId(0),
        amount: fen(6_000),
        bank_ref: BankRef::parse("B").expect("short"),
        paid_on: day("2025-04-10"),
    };
    let events = world.by(MAKER, Command::ConfirmInstruction(payment));
    assert_eq!(
        pairs(&events[0].event),
        [
            Pair::new(clearing(HOST), Account::treasury(HOST), fen(6_000)),
            Pair::new(Account::treasury(HOME), clearing(HOME), fen(6_000)),
        ]
    );
    let events = world.advance("2025-04-21");
    let carried = events
        .iter()
        .find(|r| matches!(r.event, Event::ArrearsCarried(_)));
    assert_eq!(
        pairs(&carried.expect("arrears").event),
        [
            Pair::new(clearing(HOST), due_to(HOST, HOME), fen(10_000)),
            Pair::new(due_from(HOME, HOST), clearing(HOME), fen(10_000)),
        ]
    );
}

#[test]
fn the_end_of_a_year_is_posted_as_the_table_says() {
    let mut world = World::new();
    super::programmes::next_year(&mut world);
    let claim = world.claim();
    world.approve(claim);
    let held = super::steps::propose(VOUCHER, succession(), 5_000);
    world.by(MAKER, held);
    let closing = super::programmes::closing(PROGRAMME);
    assert_eq!(pairs(&both(&mut world, closing)[0].event), []);
    let mut waiting = |amount| {
        let mut claim = world.claim();
        claim.invoice_amount = fen(amount);
        world.file(claim)
    };
    let waits = waiting(20_000);
    assert_eq!(
        pairs(&waits),
        [budget(Kind::Outstanding, Kind::Claimed, 10_000)]
    );
    waiting(6_000);
    let withdraw = WithdrawClaim { claim: ClaimId(2) };
    let events = world.by(FILER, Command::WithdrawClaim(withdraw));
    let withdrawn = [budget(Kind::Claimed, Kind::Outstanding, 3_000)];
    assert_eq!(pairs(&events[0].event), withdrawn);
    let (programme, into) = (PROGRAMME, Some(crate::domain::ProgrammeId(1)));
    let decided = Command::DecideYearEnd(DecideYearEnd { programme, into });
    let events = both(&mut world, decided);
    let Event::YearCarried(carried) = &events[0].event else {
        panic!("{events:?}");
    };
    let of_pack = |kind| Account::programme(HOME, kind, carried.pack);
    let parts = [
        (Kind::Outstanding, 45_000),
        (Kind::Held, 5_000),
        (Kind::Claimed, 10_000),
        (Kind::Approved, 40_000),
    ];
    let expected = parts.iter().flat_map(|(kind, amount)| {
        let appropriated = (of_pack(Kind::Appropriation), of_pack(*kind));
        [
            budget(*kind, Kind::CarriedOut, *amount),
            Pair::new(appropriated.0, appropriated.1, fen(*amount)),
        ]
    });
    assert_eq!(pairs(&events[0].event), expected.collect::<Vec<_>>());
    let approved = pairs(&events[1].event);
    let from_claimed = Pair::new(of_pack(Kind::Claimed), of_pack(Kind::Approved), fen(10_000));
    assert_eq!(approved[0], from_claimed);
    let mut plain = World::new();
    super::programmes::end_year(&mut plain, PROGRAMME, None);
    assert_eq!(pairs(last(&plain.out)), [], "a close posts nothing");
}

fn succession() -> TransferRequest {
    TransferRequest::Succession {
        to: OTHER_FIRM,
        cap_share: ratio(0),
    }
}
