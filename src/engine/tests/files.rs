//! Vouchers issued from a file.

use proptest::prelude::*;

use super::steps::both;
use super::world::*;
use crate::domain::{CreditCode, EnterpriseId, InlineText, PrincipalId, ProposalId, RecordedAt};
use crate::engine::actions::ISSUES_ALONE_MAX;
use crate::engine::command::*;
use crate::engine::event::{Event, SYSTEM};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{
    ATOMIC_FILE_ROWS_MAX, AtomicOutcome, FILE_CHUNK_ROWS, Planned, Rejection, RowOutcome, State,
    check_bulk, refusal_of, rehearse_each, submit_atomic,
};

/// Codes that stand at a row, not at a command.
pub(super) const ROW_CODES: [Code; 2] = [Code::RowReferenceTaken, Code::RowEnterpriseUnknown];

const FILE: [u8; 32] = [0xf1; 32];

fn row(n: u32, enterprise: EnterpriseKey, amount: i64) -> FileRow {
    FileRow {
        line: n + 1,
        reference: ExternalRef {
            key: 1_000 + u128::from(n),
            source: RefSource::Principal(MAKER),
            text: InlineText::parse(&format!("R-{n}")).expect("short"),
        },
        fingerprint: (u128::from(n) << 64) | amount.unsigned_abs() as u128,
        enterprise,
        amount: fen(amount),
    }
}

fn firm(n: u32, firm: EnterpriseId, amount: i64) -> FileRow {
    row(n, EnterpriseKey::Id(firm), amount)
}

pub(super) fn approve(mode: FileMode, rows: usize, chunks: &[u128]) -> Command {
    Command::ApproveVoucherFile(Box::new(ApproveVoucherFile {
        programme: PROGRAMME,
        sha256: FILE,
        mode,
        rows: u32::try_from(rows).expect("few"),
        total: fen(1_000_000),
        chunks: chunks.into(),
    }))
}

fn chunk(sender: PrincipalId, chunk: u32, fingerprint: u128, rows: Vec<FileRow>) -> Submission {
    let command = Command::IssueFileRows(Box::new(IssueFileRows {
        programme: PROGRAMME,
        sha256: FILE,
        chunk,
        rows: rows.into(),
    }));
    Submission {
        fingerprint,
        ..Submission::new(sender, command)
    }
}

/// A file of one chunk is approved and issued; what its rows became.
fn issue(world: &mut World, rows: Vec<FileRow>) -> Vec<Event> {
    both(world, approve(FileMode::Chunks, rows.len(), &[7]));
    let done = world.send(&chunk(MAKER, 0, 7, rows)).expect("no rejection");
    let first = world.out.len() - done.events as usize;
    let events = world.out[first..].iter();
    events.map(|recorded| recorded.event.clone()).collect()
}

fn codes(events: &[Event]) -> Vec<Option<Code>> {
    events.iter().skip(1).map(refusal_of).collect()
}

#[test]
fn every_row_is_issued_or_refused_by_itself_and_the_sums_stand_first() {
    let mut world = World::new();
    let unknown = CreditCode::parse("91340200MADEM00891").expect("a code");
    let rows = vec![
        firm(1, FIRM, 30_000),
        firm(2, FAR_FIRM, 1),
        // The voucher of the world and the first row count to the cap of 1,500.00.
        firm(3, FIRM, 20_001),
        firm(4, FIRM, 20_000),
        row(5, EnterpriseKey::Code(unknown), 1),
        firm(6, OTHER_FIRM, 5),
    ];
    let before = world.state.voucher_count();
    let events = issue(&mut world, rows);
    let Event::FileRowsIssued(sums) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!((sums.issued, sums.refused, sums.unchanged), (3, 3, 0));
    assert_eq!(sums.amount, fen(50_005));
    let expected = [
        None,
        Some(Code::NotHomeCity),
        Some(Code::IssueCapExceeded),
        None,
        Some(Code::RowEnterpriseUnknown),
        None,
    ];
    assert_eq!(codes(&events), expected);
    assert_eq!(world.state.voucher_count(), before + 3);
    let id = world.state.voucher_file_by_hash(FILE, PROGRAMME);
    let file = world
        .state
        .voucher_file(id.expect("a file"))
        .expect("a file");
    assert!(file.is_done());
    assert_eq!(
        (file.issued, file.refused, file.amount),
        (3, 3, fen(50_005))
    );
    let mut folded = State::empty();
    world.out.iter().for_each(|recorded| folded.apply(recorded));
    let bytes = |state: &State| postcard::to_allocvec(state).expect("a state");
    assert_eq!(bytes(&folded), bytes(&world.state));
}

#[test]
fn a_budget_that_ends_within_a_file_refuses_the_rows_beyond_it() {
    let mut world = World::new();
    let available = world
        .state
        .budget(PROGRAMME, crate::engine::books::AccountKind::Available);
    world.system(Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: available.checked_sub(fen(100)).expect("more than that"),
        raise: false,
        document_no: None,
    }));
    let rows = (1..=3).map(|n| firm(n, OTHER_FIRM, 40)).collect();
    let events = issue(&mut world, rows);
    assert_eq!(codes(&events), [None, None, Some(Code::BudgetExhausted)]);
}

#[test]
fn a_reference_is_used_once_and_names_one_content() {
    let mut world = World::new();
    issue(&mut world, vec![firm(1, FIRM, 10)]);
    let plan = |row: &FileRow| {
        let mut planned = Planned::default();
        world.state.plan_row(PROGRAMME, row, &mut planned)
    };
    assert_eq!(plan(&firm(1, FIRM, 10)), RowOutcome::Unchanged);
    let taken = RowOutcome::Refused(Some(FIRM), Code::RowReferenceTaken);
    assert_eq!(plan(&firm(1, FIRM, 11)), taken);
    assert_eq!(plan(&firm(2, FIRM, 11)), RowOutcome::Issue(FIRM));
}

#[test]
fn no_row_is_issued_where_the_rules_demand_an_application() {
    let mut world = World::new();
    world.publish(VersionTerms {
        application_required: true,
        ..World::terms()
    });
    let mut planned = Planned::default();
    let row = firm(1, FIRM, 10);
    let said = world.state.plan_row(PROGRAMME, &row, &mut planned);
    let refused = RowOutcome::Refused(Some(FIRM), Code::ApplicationRequired);
    assert_eq!(said, refused);
}

#[test]
fn a_refused_row_leaves_its_reference_free() {
    let mut world = World::new();
    issue(&mut world, vec![firm(1, FAR_FIRM, 10)]);
    let mut planned = Planned::default();
    let again = world
        .state
        .plan_row(PROGRAMME, &firm(1, FIRM, 10), &mut planned);
    assert_eq!(again, RowOutcome::Issue(FIRM));
}

#[test]
fn a_chunk_is_let_through_only_as_it_was_approved_in_its_turn_and_once() {
    let mut world = World::new();
    let rows = |from: u32, count: u32| -> Vec<FileRow> {
        (from..from + count).map(|n| firm(n, FIRM, 10)).collect()
    };
    let first = || rows(1, 1_000);
    let last = || rows(2_001, 3);
    both(
        &mut world,
        approve(FileMode::Chunks, FILE_CHUNK_ROWS + 3, &[7, 8]),
    );
    let code = |world: &mut World, sent: Submission| {
        let done = world.send(&sent).expect("no rejection");
        assert_eq!(done.events, 1);
        refusal_of(&world.out.last().expect("an event").event)
    };
    // Other rows have another fingerprint.
    let other = chunk(MAKER, 0, 9, first());
    assert_eq!(code(&mut world, other), Some(Code::FileRowsNotApproved));
    let early = world.send(&chunk(MAKER, 1, 8, last()));
    assert!(matches!(
        early,
        Err(Rejection::Invalid { field: "chunk", .. })
    ));
    // Anybody of the office may send it.
    world.send(&chunk(CHECKER, 0, 7, first())).expect("issued");
    let again = chunk(MAKER, 0, 7, first());
    assert_eq!(code(&mut world, again), Some(Code::FileRowsDone));
    let mut theirs = last();
    theirs[0].reference.source = RefSource::Principal(CHECKER);
    let theirs = world.send(&chunk(MAKER, 1, 8, theirs));
    assert!(matches!(
        theirs,
        Err(Rejection::Invalid { field: "rows", .. })
    ));
    let mut twice = last();
    twice[1].reference.key = twice[0].reference.key;
    let twice = world.send(&chunk(MAKER, 1, 8, twice));
    assert!(matches!(
        twice,
        Err(Rejection::Invalid { field: "rows", .. })
    ));
    let few = world.send(&chunk(MAKER, 1, 8, rows(2_001, 2)));
    assert!(matches!(few, Err(Rejection::Invalid { field: "rows", .. })));
    let stranger = world.send(&chunk(FILER, 1, 8, last()));
    assert!(matches!(stranger, Err(Rejection::Forbidden(_))));
    world.send(&chunk(MAKER, 1, 8, last())).expect("issued");
    let more = chunk(MAKER, 2, 8, last());
    assert_eq!(code(&mut world, more), Some(Code::FileRowsNotApproved));
}

#[test]
fn a_file_that_is_atomic_is_issued_whole_or_not_at_all() {
    let mut world = World::new();
    let before = world.state.voucher_count();
    both(&mut world, approve(FileMode::Atomic, 2, &[7]));
    let rows = || vec![firm(1, FIRM, 10), firm(2, FIRM, 50_000)];
    world
        .send(&chunk(MAKER, 0, 7, rows()))
        .expect("no rejection");
    let refused = refusal_of(&world.out.last().expect("an event").event);
    assert_eq!(refused, Some(Code::FileHasFaults));
    assert_eq!(world.state.voucher_count(), before);
    // What stood in the way is mended, and the same file goes through.
    let voucher = VOUCHER;
    world.system(Command::RevokeVoucher(RevokeVoucher { voucher }));
    let done = world
        .send(&chunk(MAKER, 0, 7, rows()))
        .expect("no rejection");
    assert_eq!(done.events, 3);
    assert_eq!(world.state.voucher_count(), before + 2);
}

#[test]
fn an_approval_names_rows_and_chunks_that_fit_each_other() {
    let mut world = World::new();
    let mut sent = |principal, command| world.send(&Submission::new(principal, command));
    let wrong = [
        approve(FileMode::Chunks, 0, &[]),
        approve(FileMode::Chunks, FILE_CHUNK_ROWS + 1, &[7]),
        approve(FileMode::Atomic, ATOMIC_FILE_ROWS_MAX + 1, &[7]),
        approve(FileMode::Atomic, 2, &[7, 8]),
    ];
    for command in wrong {
        let said = sent(MAKER, command);
        assert!(matches!(said, Err(Rejection::Invalid { .. })), "{said:?}");
    }
    let stranger = sent(FILER, approve(FileMode::Atomic, 2, &[7]));
    assert!(matches!(stranger, Err(Rejection::Forbidden(_))));
    let early = sent(MAKER, chunk(MAKER, 0, 7, Vec::new()).command);
    assert!(matches!(early, Err(Rejection::NotFound(_))));
    both(&mut world, approve(FileMode::Atomic, 2, &[7]));
    let again = world.send(&Submission::new(MAKER, approve(FileMode::Chunks, 2, &[7])));
    assert!(matches!(again, Err(Rejection::Exists(_))));
}

#[test]
fn nothing_of_a_file_is_issued_before_a_second_person_has_approved_it() {
    let mut world = World::new();
    let rows = || vec![firm(1, FIRM, 10)];
    let proposed = world.by(MAKER, approve(FileMode::Chunks, 1, &[7]));
    assert_eq!(proposed[0].event.name(), "ActionProposed");
    let early = world.send(&chunk(MAKER, 0, 7, rows()));
    assert!(matches!(early, Err(Rejection::NotFound(_))), "{early:?}");
    let first = ProposalId(0);
    assert_eq!(world.state.file_proposal(FILE, None), Some(first));
    assert_eq!(
        world.state.file_proposal(FILE, Some(PROGRAMME)),
        Some(first)
    );
    assert_eq!(world.state.file_proposal([0; 32], None), None);
    // Nobody proposes it again while it waits, and its maker can take it back.
    for again in [MAKER, CHECKER] {
        let said = world.by(again, approve(FileMode::Atomic, 1, &[8]));
        assert_eq!(refusal_of(&said[0].event), Some(Code::ProposalPending));
    }
    let withdraw = WithdrawProposal { proposal: first };
    world.by(MAKER, Command::WithdrawProposal(withdraw));
    assert_eq!(world.state.file_proposal(FILE, None), None);
    world.by(MAKER, approve(FileMode::Chunks, 1, &[7]));
    world.advance("2025-04-10");
    assert_eq!(
        world.state.file_proposal(FILE, None),
        None,
        "it is too late"
    );
    let done = both(&mut world, approve(FileMode::Chunks, 1, &[7]));
    let Event::VoucherFileApproved(_) = &done[0].event else {
        panic!("{done:?}");
    };
    let meta = &done[0].meta;
    assert_eq!((meta.principal, meta.second), (MAKER, Some(CHECKER)));
    world.send(&chunk(MAKER, 0, 7, rows())).expect("issued");
}

#[test]
fn a_file_issues_no_more_than_the_total_that_was_approved() {
    let mut world = World::new();
    let Command::ApproveVoucherFile(mut approved) = approve(FileMode::Chunks, 2, &[7]) else {
        unreachable!("it approves a file");
    };
    approved.total = fen(20);
    both(&mut world, Command::ApproveVoucherFile(approved));
    let rows = |amount| vec![firm(1, FIRM, 10), firm(2, FIRM, amount)];
    let before = world.state.voucher_count();
    world
        .send(&chunk(MAKER, 0, 7, rows(11)))
        .expect("no rejection");
    let said = refusal_of(&world.out.last().expect("an event").event);
    assert_eq!(said, Some(Code::FileRowsNotApproved));
    assert_eq!(world.state.voucher_count(), before);
    world.send(&chunk(MAKER, 0, 7, rows(10))).expect("issued");
    assert_eq!(world.state.voucher_count(), before + 2);
}

#[test]
fn one_person_issues_no_more_than_a_few_vouchers_at_once_and_many_only_from_a_file() {
    let issue = |principal, application| {
        let command = Command::IssueVoucher(IssueVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            amount: fen(1),
            application,
        });
        Submission::new(principal, command)
    };
    let alone = |count| vec![issue(MAKER, None); count];
    let now = RecordedAt(1);
    let mut world = World::new();
    let before = world.state.voucher_count();
    let mut out = Vec::new();
    let said = submit_atomic(&mut world.state, now, None, &alone(21), &mut out);
    assert_eq!(said, Err(Rejection::BulkIssue));
    let each = rehearse_each(&mut world.state, now, &alone(21), &mut out);
    assert!(
        each.iter()
            .all(|said| said == &Err(Box::new(Rejection::BulkIssue)))
    );
    assert_eq!(
        (each.len(), world.state.voucher_count(), out.len()),
        (21, before, 0)
    );
    let done = submit_atomic(
        &mut world.state,
        now,
        None,
        &alone(ISSUES_ALONE_MAX),
        &mut out,
    );
    assert!(matches!(done, Ok(AtomicOutcome::Done(_))), "{done:?}");
    assert_eq!(world.state.voucher_count(), before + ISSUES_ALONE_MAX);
    // Two persons have acted on an approved application, and the node and imports need none.
    let application = Some(crate::domain::ApplicationId(0));
    let imported = Submission {
        imported: true,
        ..issue(MAKER, None)
    };
    let free = [issue(MAKER, application), issue(SYSTEM, None), imported];
    for one in free {
        assert_eq!(check_bulk(&vec![one; 1_000]), Ok(()));
    }
    assert_eq!(check_bulk(&alone(10_000)), Err(Rejection::BulkIssue));
}

/// Commands that end in one of the refusals of a file, for the table of refusals.
pub(super) fn refused(world: &mut World, code: Code) -> (PrincipalId, Command) {
    both(world, approve(FileMode::Atomic, 1, &[0]));
    let send = |enterprise, fingerprint: u128| {
        let mut sent = chunk(MAKER, 0, 0, vec![firm(1, enterprise, 10)]);
        sent.fingerprint = fingerprint;
        sent
    };
    match code {
        Code::FileHasFaults => (MAKER, send(FAR_FIRM, 0).command),
        Code::FileRowsDone => {
            world.send(&send(FIRM, 0)).expect("issued");
            (MAKER, send(FIRM, 0).command)
        }
        _ => {
            world.send(&send(FIRM, 0)).expect("issued");
            let mut beyond = chunk(MAKER, 1, 0, vec![firm(2, FIRM, 10)]);
            beyond.fingerprint = 0;
            (MAKER, beyond.command)
        }
    }
}

/// A step of a random history: the next chunk of a file that waits, or the approval of another.
pub(super) fn step(world: &World, person: PrincipalId, b: u8, n: u32) -> Command {
    let files = world.state.voucher_files.iter();
    let waiting = files.filter(|file| !file.is_done()).last();
    let Some(file) = waiting else {
        let mode = if n.is_multiple_of(3) {
            FileMode::Atomic
        } else {
            FileMode::Chunks
        };
        return Command::ApproveVoucherFile(Box::new(ApproveVoucherFile {
            programme: PROGRAMME,
            sha256: [u8::try_from(n % 251).expect("below 251"); 32],
            mode,
            rows: 2,
            total: fen(40_000),
            chunks: Box::new([0]),
        }));
    };
    // The references are of whoever proposed the file, now and then of another.
    let own = if n.is_multiple_of(11) {
        person
    } else {
        file.sent_by
    };
    let row = |place: u32| {
        let firm = EnterpriseKey::Id(EnterpriseId((u32::from(b) + place) % 4));
        let mut row = row(2 * (n % 50) + place, firm, i64::from(n % 20_000) + 1);
        row.reference.source = RefSource::Principal(own);
        row
    };
    Command::IssueFileRows(Box::new(IssueFileRows {
        programme: PROGRAMME,
        sha256: file.sha256,
        chunk: file.done,
        rows: Box::new([row(0), row(1)]),
    }))
}

/// The result of an issue on its own.
fn single(world: &mut World, row: &FileRow) -> Option<Code> {
    let issue = Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise: row.enterprise,
        amount: row.amount,
        application: None,
    });
    refusal_of(&world.by(MAKER, issue)[0].event)
}

proptest! {
    #[test]
    fn rows_of_a_file_are_decided_as_issues_one_after_the_other(
        rows in prop::collection::vec((0..3_u32, 1..60_000_i64), 1..40),
        available in 1..400_000_i64,
    ) {
        let mut worlds = [World::new(), World::new()];
        for world in &mut worlds {
            world.system(Command::ChangeBudget(ChangeBudget {
                programme: PROGRAMME,
                amount: fen(400_000 - available),
                raise: false,
                document_no: None,
            }));
        }
        let rows: Vec<FileRow> = (1..)
            .zip(rows)
            .map(|(n, (firm_no, amount))| firm(n, EnterpriseId(firm_no), amount))
            .collect();
        let [of_file, one_by_one] = &mut worlds;
        let said: Vec<_> = rows.iter().map(|row| single(one_by_one, row)).collect();
        let events = issue(of_file, rows);
        prop_assert_eq!(codes(&events), said);
        let balance = |world: &World| world.state.accounts();
        prop_assert_eq!(balance(of_file), balance(one_by_one));
    }
}
