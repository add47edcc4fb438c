//! What is issued before any version of a programme is in force: nothing, on every way there is.
//! Contracts of such days are judged by the first version.

use super::programmes::create;
use super::steps::{both, decide, propose};
use super::transfers;
use super::world::*;
use crate::domain::{InlineText, ProgrammeId, RecordedAt, VoucherId};
use crate::engine::command::*;
use crate::engine::event::{Event, SYSTEM, VoucherIssued};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Planned, RowOutcome, emit_system, refusal_of};

/// Its one version takes effect on the 20th.
const EARLY: ProgrammeId = ProgrammeId(1);
const FILE: [u8; 32] = [0xe1; 32];

/// The world on a day, with a programme whose rules are published.
fn on(today: &str) -> World {
    let mut w = World::new();
    create(&mut w, "310117-2026", HOME, 2026);
    w.system(Command::ChangeBudget(ChangeBudget {
        programme: EARLY,
        amount: fen(500_000),
        raise: true,
        document_no: None,
    }));
    w.system(Command::PublishVersion(PublishVersion {
        programme: EARLY,
        terms: Box::new(VersionTerms {
            effective_from: day("2025-03-20"),
            ..World::terms()
        }),
    }));
    if w.state.business_date() < day(today) {
        w.advance(today);
    }
    w
}

fn issue(w: &mut World) -> Option<Code> {
    let events = w.by(
        MAKER,
        Command::IssueVoucher(IssueVoucher {
            programme: EARLY,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            amount: fen(100),
            application: None,
        }),
    );
    refusal_of(&events[0].event)
}

fn request() -> VoucherRequest {
    VoucherRequest {
        amount: fen(100),
        purpose: None,
        documents: Box::default(),
    }
}

fn apply(w: &mut World) -> Option<Code> {
    let events = w.by(
        FILER,
        Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: EARLY,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            request: request(),
        })),
    );
    match &events[0].event {
        Event::ApplicationFiled(e) => e.issue_fault,
        other => panic!("{other:?}"),
    }
}

/// The application that was filed is returned and filed again.
fn apply_again(w: &mut World) -> Option<Code> {
    apply(w);
    let application = crate::domain::ApplicationId(0);
    for step in [ReviewStep::Begin, ReviewStep::Return] {
        w.by(
            CHECKER,
            Command::ReviewApplication(ReviewApplication { application, step }),
        );
    }
    let events = w.by(
        FILER,
        Command::ResubmitApplication(Box::new(ResubmitApplication {
            application,
            request: request(),
        })),
    );
    match &events[0].event {
        Event::ApplicationResubmitted(e) => e.issue_fault,
        other => panic!("{other:?}"),
    }
}

/// The application is approved, which promises nothing, and then answered.
fn issue_on_application(w: &mut World) -> Option<Code> {
    apply(w);
    let application = crate::domain::ApplicationId(0);
    let amount = fen(100);
    for step in [ReviewStep::Begin, ReviewStep::Approve { amount }] {
        w.by(
            CHECKER,
            Command::ReviewApplication(ReviewApplication { application, step }),
        );
    }
    let events = w.by(
        MAKER,
        Command::IssueVoucher(IssueVoucher {
            programme: EARLY,
            enterprise: EnterpriseKey::Id(OTHER_FIRM),
            amount,
            application: Some(application),
        }),
    );
    refusal_of(&events[0].event)
}

fn row() -> FileRow {
    FileRow {
        line: 2,
        reference: ExternalRef {
            key: 1_000,
            source: RefSource::Principal(MAKER),
            text: InlineText::parse("R-1").expect("short"),
        },
        fingerprint: 1,
        enterprise: EnterpriseKey::Id(OTHER_FIRM),
        amount: fen(100),
    }
}

fn preview_row(w: &mut World) -> Option<Code> {
    match w.state.plan_row(EARLY, &row(), &mut Planned::default()) {
        RowOutcome::Refused(_, code) => Some(code),
        _ => None,
    }
}

fn issue_file(w: &mut World) -> Option<Code> {
    let file = ApproveVoucherFile {
        programme: EARLY,
        sha256: FILE,
        mode: FileMode::Chunks,
        rows: 1,
        total: fen(100),
        chunks: Box::new([7]),
    };
    both(w, Command::ApproveVoucherFile(Box::new(file)));
    let rows = Command::IssueFileRows(Box::new(IssueFileRows {
        programme: EARLY,
        sha256: FILE,
        chunk: 0,
        rows: Box::new([row()]),
    }));
    let before = w.out.len();
    let chunk = Submission {
        fingerprint: 7,
        ..Submission::new(MAKER, rows)
    };
    w.send(&chunk).expect("no rejection");
    refusal_of(&w.out[before].event)
}

/// A voucher that the journal has from before is revoked, and to be issued anew.
fn reissue(w: &mut World) -> Option<Code> {
    let voucher = VoucherId(1);
    let issued = Event::VoucherIssued(VoucherIssued {
        voucher,
        programme: EARLY,
        version: crate::domain::VersionNo(1),
        issuer: HOME,
        enterprise: OTHER_FIRM,
        amount: fen(100),
        use_by: day("2025-09-10"),
        cash_by: day("2025-10-10"),
        application: None,
        replaces: None,
    });
    let today = w.state.business_date();
    emit_system(&mut w.state, RecordedAt(1), today, issued, &mut w.out);
    w.by(SYSTEM, Command::RevokeVoucher(RevokeVoucher { voucher }));
    let amount = fen(100);
    let again = Command::ReissueVoucher(ReissueVoucher { voucher, amount });
    let events = w.by(SYSTEM, again);
    refusal_of(&events[0].event)
}

#[test]
fn nothing_is_issued_before_a_version_is_in_force() {
    type Way = (&'static str, fn(&mut World) -> Option<Code>);
    let ways: &[Way] = &[
        ("an issue", issue),
        ("an application", apply),
        ("an application filed again", apply_again),
        ("an issue on an application", issue_on_application),
        ("the preview of a row", preview_row),
        ("a file", issue_file),
        ("a reissue", reissue),
    ];
    for (name, way) in ways {
        let early = way(&mut on("2025-03-19"));
        assert_eq!(early, Some(Code::NoVersionInForce), "{name}");
        assert_eq!(way(&mut on("2025-03-20")), None, "{name}");
    }
}

#[test]
fn nothing_moves_into_a_programme_before_a_version_is_in_force() {
    for (today, fault) in [
        ("2025-03-19", Some(Code::NoVersionInForce)),
        ("2025-03-20", None),
    ] {
        let mut w = transfers::world();
        let programme = ProgrammeId(2);
        create(&mut w, "330100-2026", HOST, 2026);
        w.system(Command::ChangeBudget(ChangeBudget {
            programme,
            amount: fen(500_000),
            raise: true,
            document_no: None,
        }));
        let terms = Box::new(VersionTerms {
            effective_from: day("2025-03-20"),
            ..transfers::allow_all()
        });
        w.system(Command::PublishVersion(PublishVersion { programme, terms }));
        let kind = TransferRequest::Move {
            to_city: HOST,
            programme,
        };
        w.by(FILER, propose(transfers::OTHERS, kind, 50_000));
        w.by(MAKER, decide(0, true));
        w.advance(today);
        let events = w.by(CHECKER, decide(0, true));
        assert_eq!(refusal_of(&events[0].event), fault, "{today}");
    }
}

#[test]
fn a_voucher_has_the_terms_in_force_on_the_day_of_issue() {
    let mut w = on("2025-03-20");
    w.system(Command::PublishVersion(PublishVersion {
        programme: EARLY,
        terms: Box::new(VersionTerms {
            effective_from: day("2025-03-25"),
            use_months: 1,
            ..World::terms()
        }),
    }));
    for (n, (today, use_by)) in [("2025-03-24", "2025-09-24"), ("2025-03-25", "2025-04-25")]
        .into_iter()
        .enumerate()
    {
        w.advance(today);
        assert_eq!(issue(&mut w), None);
        let voucher = VoucherId::from_index(n + 1).expect("few");
        let row = w.state.voucher(voucher).expect("issued");
        assert_eq!(
            (usize::from(row.version.0), row.use_by),
            (n + 1, day(use_by))
        );
    }
}

#[test]
fn a_contract_from_before_all_versions_is_judged_by_the_first() {
    let w = on("2025-03-10");
    let row = w.state.programme(EARLY).expect("created");
    assert!(row.version_in_force(day("2025-03-19")).is_none());
    let first = row.judging_version(day("2025-03-19"));
    assert_eq!(first.map(|(number, _)| number.0), Some(1));
}
