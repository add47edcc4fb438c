//! Every kind of transfer with its arithmetic; proposals that end; a line per refusal.

use super::world::*;
use crate::domain::{
    Day, EnterpriseId, PersonalText, PrincipalId, ProgrammeCode, ProgrammeId, Text, TransferId,
    VersionNo, VoucherId,
};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded, ReturnedTo, TransferApproved};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;
use crate::engine::state::TransferStatus;
use crate::engine::{Rejection, posting};

/// The programme of `HOST`.
pub(super) const FAR_PROGRAMME: ProgrammeId = ProgrammeId(1);
/// Of `OTHER_FIRM`, under rules that allow every kind of transfer.
pub(super) const OTHERS: VoucherId = VoucherId(1);
/// A team of `HOME`.
const TEAM: EnterpriseId = EnterpriseId(3);
/// Same controller as `FIRM`, at home in `HOST`.
pub(super) const SISTER: EnterpriseId = EnterpriseId(4);
/// The team's voucher.
const TEAMS: VoucherId = VoucherId(2);

fn document(text: &str) -> Option<DocumentNo> {
    Some(Text::parse(text).expect("short"))
}

pub(super) fn allow_all() -> VersionTerms {
    let rule = |kind: &TransferKind| TransferRule {
        kind: *kind,
        document_no: document("科发〔2025〕2号"),
    };
    VersionTerms {
        cap_enterprise: fen(200_000),
        transfers: TransferKind::ALL.iter().map(rule).collect(),
        ..World::terms()
    }
}

/// A world with a programme in each of two cities, a team, a sister of the firm, and vouchers of
/// 600.00 for the other firm and the team under rules that allow everything.
pub(super) fn world() -> World {
    let mut w = World::new();
    w.publish(allow_all());
    w.system(Command::CreateProgramme(Box::new(CreateProgramme {
        code: ProgrammeCode::parse("330100-2025").expect("short"),
        title: Name::parse("2025").expect("short"),
        city: HOST,
        budget_year: 2025,
    })));
    w.system(Command::ChangeBudget(ChangeBudget {
        programme: FAR_PROGRAMME,
        amount: fen(100_000),
        raise: true,
        document_no: None,
    }));
    let terms = VersionTerms {
        use_months: 3,
        cash_days: 10,
        cap_enterprise: fen(70_000),
        ..allow_all()
    };
    w.system(Command::PublishVersion(PublishVersion {
        programme: FAR_PROGRAMME,
        terms: Box::new(terms),
    }));
    let unnamed = PersonalText {
        commitment: [0; 32],
        opening: None,
    };
    let register = |name, kind, city, group: Option<&str>| {
        Command::RegisterEnterprise(Box::new(RegisterEnterprise {
            code: None,
            accept_failed_check: false,
            name,
            city,
            kind,
            group: group.map(|text| Name::parse(text).expect("short")),
        }))
    };
    let team = PartyName::Personal(unnamed);
    w.system(register(team, EnterpriseKind::Team, HOME, None));
    let code = crate::domain::CreditCode::parse("91341800MADEM00977").expect("a code");
    let Command::RegisterEnterprise(mut sister) = register(
        PartyName::Public(Name::parse("姊妹").expect("short")),
        EnterpriseKind::Sme,
        HOST,
        Some("G1"),
    ) else {
        unreachable!("a registration");
    };
    sister.code = Some(code);
    w.system(Command::RegisterEnterprise(sister));
    w.issue(OTHER_FIRM, 60_000);
    w.issue(TEAM, 60_000);
    w
}

fn ask(voucher: VoucherId, kind: TransferRequest, amount: i64) -> ProposeTransfer {
    ProposeTransfer {
        voucher,
        kind,
        amount: fen(amount),
        document_no: document("函1号"),
        expires_on: None,
    }
}

pub(super) fn propose(voucher: VoucherId, kind: TransferRequest, amount: i64) -> Command {
    Command::ProposeTransfer(ask(voucher, kind, amount))
}

pub(super) fn decide(transfer: u32, approve: bool) -> Command {
    let transfer = TransferId(transfer);
    Command::DecideTransfer(DecideTransfer { transfer, approve })
}

fn withdraw(transfer: u32) -> Command {
    let transfer = TransferId(transfer);
    Command::WithdrawTransfer(WithdrawTransfer { transfer })
}

pub(super) fn succession(to: EnterpriseId, share: u32) -> TransferRequest {
    let cap_share = ratio(share);
    TransferRequest::Succession { to, cap_share }
}

fn incorporation(to: EnterpriseId) -> TransferRequest {
    let cap_share = ratio(1_000_000);
    TransferRequest::Incorporation { to, cap_share }
}

pub(super) fn to_host() -> TransferRequest {
    TransferRequest::Move {
        to_city: HOST,
        programme: FAR_PROGRAMME,
    }
}

pub(super) fn first(events: &[Recorded]) -> &Event {
    &events.first().expect("an event").event
}

fn approved(events: &[Recorded]) -> TransferApproved {
    match first(events) {
        Event::TransferApproved(e) => e.clone(),
        other => panic!("{other:?}"),
    }
}

/// Proposed by one and approved by the other.
pub(super) fn transfer(
    w: &mut World,
    voucher: VoucherId,
    kind: TransferRequest,
    amount: i64,
) -> u32 {
    let id = w.state.transfer_count();
    let proposed = w.by(MAKER, propose(voucher, kind, amount));
    assert_eq!(refusal_of(first(&proposed)), None, "{:?}", first(&proposed));
    let id = u32::try_from(id).expect("few");
    approved(&w.by(CHECKER, decide(id, true)));
    id
}

pub(super) fn issued(w: &World, programme: ProgrammeId, firm: EnterpriseId) -> (i64, i64) {
    let usage = w.state.usage_of(programme, firm);
    (usage.issued.get(), usage.used.get())
}

#[test]
fn parts_of_a_split_take_their_shares_of_the_caps_and_together_no_more_than_all() {
    let mut w = world();
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(OTHERS);
    claim.invoice_amount = fen(20_001);
    claim.contract_amount = fen(20_001);
    w.approve(claim);
    assert_eq!(issued(&w, PROGRAMME, OTHER_FIRM), (60_000, 10_000));
    transfer(&mut w, OTHERS, succession(SISTER, 600_000), 20_000);
    assert_eq!(issued(&w, PROGRAMME, SISTER), (36_000, 6_000));
    transfer(&mut w, OTHERS, succession(FAR_FIRM, 400_000), 10_000);
    assert_eq!(issued(&w, PROGRAMME, FAR_FIRM), (24_000, 4_000));
    assert_eq!(issued(&w, PROGRAMME, OTHER_FIRM), (0, 0));
    let row = w.state.voucher(OTHERS).expect("it is there");
    assert_eq!((row.free, row.approved), (fen(20_000), fen(10_000)));
}

#[test]
fn proposals_count_with_their_shares_until_they_end() {
    let mut w = world();
    w.by(MAKER, propose(OTHERS, succession(SISTER, 600_000), 1));
    let more = propose(OTHERS, succession(FAR_FIRM, 400_001), 1);
    let events = w.by(MAKER, more.clone());
    assert_eq!(refusal_of(first(&events)), Some(Code::CapSharesExceeded));
    w.by(MAKER, withdraw(0));
    let events = w.by(MAKER, more);
    assert_eq!(refusal_of(first(&events)), None);
}

#[test]
fn a_team_becomes_a_firm_with_its_caps_and_earlier_contracts() {
    let mut w = world();
    w.advance("2025-03-12");
    let firm = transfer(&mut w, TEAMS, incorporation(FIRM), 60_000);
    assert_eq!(firm, 0);
    assert_eq!(issued(&w, PROGRAMME, FIRM), (160_000, 0));
    assert_eq!(issued(&w, PROGRAMME, TEAM), (0, 0));
    let child = VoucherId(3);
    w.consent(child, ConsentGiver::Holder(None), 100_000);
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(child);
    claim.contract_date = day("2025-03-10");
    w.approve(claim);
}

#[test]
fn a_contract_before_the_transfer_is_refused_after_an_affiliate_takes_over() {
    let mut w = world();
    let first_voucher = VoucherId(w.state.voucher_count() as u32);
    w.issue(FIRM, 30_000);
    w.advance("2025-03-12");
    let kind = TransferRequest::Affiliate { to: SISTER };
    transfer(&mut w, first_voucher, kind, 30_000);
    let child = VoucherId(first_voucher.0 + 1);
    assert_eq!(issued(&w, PROGRAMME, SISTER), (0, 0));
    w.consent(child, ConsentGiver::Holder(None), 100_000);
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(child);
    claim.contract_date = day("2025-03-10");
    let event = w.file(claim);
    assert_eq!(refusal_of(&event), Some(Code::ContractBeforeTransfer));
}

#[test]
fn affiliates_are_those_of_the_day_of_the_decision() {
    let mut w = world();
    let voucher = VoucherId(w.state.voucher_count() as u32);
    w.issue(FIRM, 30_000);
    let kind = TransferRequest::Affiliate { to: SISTER };
    w.by(MAKER, propose(voucher, kind, 30_000));
    w.advance("2025-03-12");
    w.system(Command::SetControllerGroup(SetControllerGroup {
        party: Payee::Enterprise(SISTER),
        group: None,
        from: day("2025-03-12"),
    }));
    let events = w.by(CHECKER, decide(0, true));
    assert_eq!(
        refusal_of(first(&events)),
        Some(Code::TransferReceiverNotEligible)
    );
}

/// Budget accounts: available, outstanding, held.
fn budget(w: &World, programme: ProgrammeId) -> [i64; 3] {
    [Kind::Available, Kind::Outstanding, Kind::Held]
        .map(|kind| w.state.budget(programme, kind).get())
}

#[test]
fn a_move_revokes_here_and_issues_there_once_both_cities_have_approved() {
    let mut w = world();
    w.advance("2025-03-31");
    w.by(FILER, propose(OTHERS, to_host(), 50_000));
    assert_eq!(budget(&w, PROGRAMME), [280_000, 170_000, 50_000]);
    let events = w.by(MAKER, decide(0, true));
    assert!(matches!(first(&events), Event::TransferEndorsed(e) if e.member == HOME));
    let events = w.by(CHECKER, decide(0, true));
    let Event::TransferMoved(moved) = first(&events) else {
        panic!("{events:?}");
    };
    let mut pairs = 0;
    posting(first(&events), &mut |_| pairs += 1);
    assert_eq!(pairs, 2, "one in each book");
    assert_eq!(budget(&w, PROGRAMME), [330_000, 170_000, 0]);
    assert_eq!(budget(&w, FAR_PROGRAMME), [50_000, 50_000, 0]);
    let child = w.state.voucher(moved.child).expect("issued there");
    assert_eq!(child.parent, Some(OTHERS));
    assert_eq!(child.version, VersionNo(1));
    assert_eq!(child.issued_on, day("2025-03-31"));
    assert_eq!(child.use_by, day("2025-06-30"));
    assert_eq!(child.cash_by, day("2025-07-10"));
    let parent = w.state.voucher(OTHERS).expect("it is there");
    assert_eq!((parent.free, parent.returned), (fen(10_000), fen(50_000)));
    assert!(!parent.revoked, "what stays can be used");
    let firm = w.state.enterprise(OTHER_FIRM).expect("it is there");
    assert_eq!(firm.city, HOST);
    assert_eq!(issued(&w, PROGRAMME, OTHER_FIRM), (10_000, 0));
    assert_eq!(issued(&w, FAR_PROGRAMME, OTHER_FIRM), (50_000, 0));
    w.advance("2025-07-11");
    assert_eq!(
        budget(&w, FAR_PROGRAMME),
        [100_000, 0, 0],
        "it lapses there"
    );
}

#[test]
fn both_cities_decide_on_a_move_and_either_can_refuse_it() {
    let mut w = world();
    let third = PrincipalId(w.state.principal_count() as u32);
    let unnamed = PersonalText {
        commitment: [0; 32],
        opening: None,
    };
    let person = RegisterPrincipal { name: unnamed };
    w.system(Command::RegisterPrincipal(Box::new(person)));
    w.grant(third, Role::ScienceOfficer, Scope::Member(HOST));
    w.by(MAKER, propose(OTHERS, to_host(), 50_000));
    // The new city first; it has had its say then.
    let events = w.by(third, decide(0, true));
    assert!(matches!(first(&events), Event::TransferEndorsed(e) if e.member == HOST));
    let events = w.by(third, decide(0, true));
    assert_eq!(refusal_of(first(&events)), Some(Code::TransferDecided));
    let events = w.by(third, decide(0, false));
    let Event::TransferDeclined(declined) = first(&events) else {
        panic!("{events:?}");
    };
    assert_eq!(declined.returned, ReturnedTo::Voucher);
    w.by(FILER, propose(OTHERS, to_host(), 50_000));
    w.by(MAKER, decide(1, true));
    let events = w.by(MAKER, decide(1, true));
    assert_eq!(refusal_of(first(&events)), Some(Code::SecondPersonRequired));
    let elsewhere = w.send(&Submission::new(FILER, decide(1, true)));
    assert!(matches!(elsewhere, Err(Rejection::Forbidden(_))));
}

#[test]
fn a_move_is_held_to_every_limit_of_an_issue_there() {
    for (code, spoil) in [
        (Code::IssueCapExceeded, 0),
        (Code::BudgetExhausted, 1),
        (Code::NoVersionInForce, 2),
    ] {
        let mut w = world();
        let mut programme = FAR_PROGRAMME;
        match spoil {
            0 => {
                w.system(Command::IssueVoucher(IssueVoucher {
                    programme: FAR_PROGRAMME,
                    enterprise: EnterpriseKey::Id(FAR_FIRM),
                    amount: fen(1),
                    application: None,
                }));
                w.issue(OTHER_FIRM, 80_000);
            }
            1 => {
                w.system(Command::ChangeBudget(ChangeBudget {
                    programme,
                    amount: fen(60_000),
                    raise: false,
                    document_no: None,
                }));
            }
            _ => {
                w.system(Command::CreateProgramme(Box::new(CreateProgramme {
                    code: ProgrammeCode::parse("330100-2026").expect("short"),
                    title: Name::parse("2026").expect("short"),
                    city: HOST,
                    budget_year: 2026,
                })));
                programme = ProgrammeId(2);
            }
        }
        let (voucher, amount) = if spoil == 0 {
            (VoucherId(4), 70_001)
        } else {
            (OTHERS, 50_000)
        };
        let kind = TransferRequest::Move {
            to_city: HOST,
            programme,
        };
        w.by(FILER, propose(voucher, kind, amount));
        w.by(MAKER, decide(0, true));
        let events = w.by(CHECKER, decide(0, true));
        assert_eq!(refusal_of(first(&events)), Some(code));
        let status = w.state.transfer(TransferId(0)).map(|row| row.status);
        assert_eq!(
            status,
            Some(TransferStatus::Proposed),
            "it can be tried again"
        );
    }
}

#[test]
fn a_proposal_ends_with_its_last_day_and_its_money_goes_back() {
    let mut w = world();
    let by = |expires_on: &str| ProposeTransfer {
        expires_on: Some(day(expires_on)),
        ..ask(OTHERS, succession(SISTER, 0), 30_000)
    };
    w.by(MAKER, Command::ProposeTransfer(by("2025-03-20")));
    w.advance("2025-03-20");
    let status = |w: &World, id| w.state.transfer(TransferId(id)).map(|row| row.status);
    assert_eq!(status(&w, 0), Some(TransferStatus::Proposed));
    w.advance("2025-03-21");
    assert_eq!(status(&w, 0), Some(TransferStatus::Expired));
    assert_eq!(budget(&w, PROGRAMME)[2], 0);
    assert_eq!(
        w.state.voucher(OTHERS).map(|row| row.free),
        Some(fen(60_000))
    );
    // Without a day of its own: after the voucher's last filing day, back to the programme.
    w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 30_000));
    w.by(MAKER, propose(OTHERS, to_host(), 30_000));
    w.advance("2025-10-11");
    assert_eq!(status(&w, 1), Some(TransferStatus::Expired));
    assert_eq!(status(&w, 2), Some(TransferStatus::Expired));
    assert_eq!(budget(&w, PROGRAMME), [500_000, 0, 0]);
}

#[test]
fn only_who_proposed_withdraws() {
    let mut w = world();
    w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 1));
    let other = w.send(&Submission::new(CHECKER, withdraw(0)));
    assert!(matches!(other, Err(Rejection::Forbidden(_))));
    let events = w.by(MAKER, withdraw(0));
    assert!(matches!(first(&events), Event::TransferReleased(e) if !e.expired));
    let events = w.by(MAKER, withdraw(0));
    assert_eq!(refusal_of(first(&events)), Some(Code::TransferDecided));
}

#[test]
fn a_request_that_no_state_can_make_good_is_rejected() {
    let mut w = world();
    let open = TransferRequest::Open { to: FIRM };
    let stays = TransferRequest::Relocation { to_city: HOST };
    let foreign = TransferRequest::Move {
        to_city: HOST,
        programme: PROGRAMME,
    };
    let late = Some(Day::parse("2025-03-09").expect("a day"));
    let lines = [
        ("amount", ask(OTHERS, stays, 1)),
        ("amount", ask(OTHERS, open, 0)),
        (
            "document_no",
            ProposeTransfer {
                document_no: None,
                ..ask(OTHERS, open, 1)
            },
        ),
        ("to_programme", ask(OTHERS, foreign, 1)),
        (
            "expires_on",
            ProposeTransfer {
                expires_on: late,
                ..ask(OTHERS, open, 1)
            },
        ),
    ];
    for (wrong, transfer) in lines {
        let said = w.send(&Submission::new(MAKER, Command::ProposeTransfer(transfer)));
        assert!(
            matches!(said, Err(Rejection::Invalid { field, .. }) if field == wrong),
            "{wrong}: {said:?}"
        );
    }
    let mut undocumented = allow_all();
    undocumented.transfers = Box::new([TransferRule {
        kind: TransferKind::Affiliate,
        document_no: None,
    }]);
    let publish = Command::PublishVersion(PublishVersion {
        programme: PROGRAMME,
        terms: Box::new(undocumented),
    });
    let said = w.send(&Submission::new(MAKER, publish));
    assert!(matches!(
        said,
        Err(Rejection::Invalid {
            field: "transfers",
            ..
        })
    ));
}

/// Receivers that a kind does not allow.
#[test]
fn each_kind_has_receivers_of_its_own() {
    let open = |to| TransferRequest::Open { to };
    let affiliate = |to| TransferRequest::Affiliate { to };
    let home = TransferRequest::Move {
        to_city: HOME,
        programme: PROGRAMME,
    };
    for (voucher, kind) in [
        (OTHERS, succession(OTHER_FIRM, 0)),
        (OTHERS, open(FAR_FIRM)),
        (OTHERS, affiliate(FIRM)),
        (OTHERS, incorporation(FIRM)),
        (TEAMS, incorporation(TEAM)),
        (TEAMS, incorporation(FAR_FIRM)),
        (OTHERS, home),
    ] {
        let mut w = world();
        let events = w.by(MAKER, propose(voucher, kind, 1));
        let expected = Some(Code::TransferReceiverNotEligible);
        assert_eq!(refusal_of(first(&events)), expected, "{kind:?}");
    }
}

type Line = (Code, fn(&mut World) -> (PrincipalId, Command));

/// Lines of the table of all refusals, in this world.
const LINES: &[Line] = &[
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Enterprise(SISTER), FlagLevel::Block);
        (MAKER, propose(OTHERS, succession(SISTER, 0), 1))
    }),
    (Code::PartyBlocked, |w| {
        w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 1));
        w.flag(Payee::Enterprise(SISTER), FlagLevel::Block);
        (CHECKER, decide(0, true))
    }),
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Enterprise(OTHER_FIRM), FlagLevel::Block);
        (MAKER, propose(OTHERS, to_host(), 1))
    }),
    (Code::PartyDissolved, |w| {
        w.by(MAKER, propose(OTHERS, succession(FIRM, 0), 1));
        w.system(super::parties::dissolve(Payee::Enterprise(FIRM), None));
        (CHECKER, decide(0, true))
    }),
    (Code::RelocationPending, |w| {
        w.by(MAKER, propose(OTHERS, to_host(), 1));
        (MAKER, propose(OTHERS, to_host(), 1))
    }),
    (Code::CapSharesExceeded, |w| {
        transfer(w, OTHERS, succession(SISTER, 600_000), 1);
        (MAKER, propose(OTHERS, succession(FAR_FIRM, 400_001), 1))
    }),
    (Code::CashDeadlinePassed, |w| {
        w.advance("2025-10-11");
        (MAKER, propose(OTHERS, to_host(), 1))
    }),
    (Code::VoucherFrozen, |w| {
        w.by(MAKER, propose(OTHERS, to_host(), 1));
        w.system(Command::SetFreeze(SetFreeze {
            voucher: OTHERS,
            frozen: true,
        }));
        (CHECKER, decide(0, true))
    }),
    (Code::VoucherRevoked, |w| {
        w.by(MAKER, propose(OTHERS, to_host(), 1));
        w.system(Command::RevokeVoucher(RevokeVoucher { voucher: OTHERS }));
        (CHECKER, decide(0, true))
    }),
    (Code::TransferDecided, |w| {
        w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 1));
        w.by(MAKER, withdraw(0));
        (CHECKER, decide(0, true))
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, propose(OTHERS, to_host(), 1));
        (MAKER, decide(0, true))
    }),
    (Code::TransferExceedsFree, |_| {
        (MAKER, propose(OTHERS, to_host(), 60_001))
    }),
];

/// The codes that these lines show.
pub(super) fn refused() -> Vec<Code> {
    let mut seen = Vec::new();
    for (code, prepare) in LINES {
        let mut w = world();
        let (principal, command) = prepare(&mut w);
        let events = w.by(principal, command);
        assert_eq!(refusal_of(first(&events)), Some(*code));
        assert_eq!(events.len(), 1, "{code:?}: a refusal is the only event");
        seen.push(*code);
    }
    seen
}

#[test]
fn each_refusal_of_a_transfer_has_a_line() {
    assert_eq!(refused().len(), LINES.len());
}
