//! Amending a programme never changes how a claim under an older version is judged: shown with the
//! example year, whose programmes are amended in every way and at several dates.

use std::collections::BTreeMap;

use quantong::documents::dataset::{Dataset, Faults, Plan, Step, StepKind, read_dataset};
use quantong::domain::{
    CategoryId, ClaimId, Day, Fen, InvoiceNo, PersonalText, PrincipalId, ProgrammeId, Ratio,
    RecordedAt, VersionNo,
};
use quantong::engine::command::{
    AdvanceDate, Command, EvidenceKind, EvidenceKinds, Exclusion, FileClaim, PublishVersion,
    Reason, RefSource, RegisterPrincipal, ReverseClaim, Role, RollingCap, RollingPeriod, Scope,
    SetGrant, Submission, Tier, VersionTerms,
};
use quantong::engine::event::{Event, Recorded, SYSTEM};
use quantong::engine::{Rejection, State, emit_system, rehearse, submit};
use quantong::journal::codec;

use super::import::examples;

/// An amendment of every programme: the day of publication, the day from which it holds, and which
/// of the ways to write it.
type Amendment = (&'static str, &'static str, u32);

/// Before, on and after the days on which the year's own versions begin; published on the day from
/// which it holds, or months before.
const AMENDMENTS: [Amendment; 4] = [
    ("2025-03-03", "2025-04-16", 0),
    ("2025-05-20", "2025-05-20", 1),
    ("2025-06-30", "2025-08-31", 2),
    ("2025-08-05", "2025-09-20", 3),
];

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn fen(amount: i64) -> Fen {
    Fen::try_new(amount).expect("a small amount")
}

fn year() -> Dataset {
    let mut faults = Faults::default();
    let set = read_dataset(&examples(), &mut faults);
    assert_eq!(faults.count, 0);
    set
}

/// Other ratios, caps, recognised cities and evidence, and each of the limits that the year's own
/// versions do not have.
fn amended(old: &VersionTerms, effective_from: Day, way: u32) -> VersionTerms {
    let mut terms = old.clone();
    terms.effective_from = effective_from;
    for rate in &mut terms.rates {
        let half = |tier: &Tier| Tier {
            ratio: Ratio::from_millionths(tier.ratio.millionths() / 2 + 1).expect("at most one"),
            ..*tier
        };
        rate.tiers = rate.tiers.iter().map(half).collect();
        rate.cap_claim = fen(rate.cap_claim.get() / 3);
    }
    terms.use_months = 1;
    terms.cash_days = 0;
    terms.cap_enterprise = fen(500_000 + i64::from(way));
    match way {
        0 => terms.evidence = EvidenceKinds::NONE.with(EvidenceKind::Contract),
        1 => {
            terms.cap_group = fen(700_000);
            terms.recognised = Some(Box::default());
        }
        2 => {
            terms.cap_contract = Some(fen(1));
            terms.category_caps = Box::new([(CategoryId(0), Fen::ZERO), (CategoryId(1), fen(1))]);
            terms.rolling = Some(RollingCap {
                cap: fen(100),
                period: RollingPeriod::Months(6),
            });
        }
        _ => {
            (terms.cap_contract, terms.rolling) = (None, None);
            terms.category_caps = Box::default();
            terms.exclusions = Box::new([Exclusion {
                enterprise_kind: None,
                category: Some(CategoryId(0)),
                provider: None,
                host: None,
            }]);
            terms.rates = terms.rates.iter().skip(1).cloned().collect();
        }
    }
    terms
}

/// A ledger with the year in it.
struct Ledger {
    state: State,
    out: Vec<Recorded>,
}

impl Ledger {
    /// The rows of the year that a choice takes, and the amendments among them. The days of all
    /// amendments pass in every ledger, so that ledgers differ by what was published alone.
    fn new(set: &Dataset, amendments: &[Amendment], takes: impl Fn(&Step<'_>) -> bool) -> Ledger {
        let mut ledger = Ledger {
            state: State::empty(),
            out: Vec::new(),
        };
        let created = quantong::engine::event::LedgerCreated {
            format: 1,
            ledger: [7; 16],
            origin: quantong::domain::Text::parse("quantong.example/year").expect("short"),
            hash: 0,
            time_zone: quantong::domain::Text::parse("Asia/Shanghai").expect("short"),
            currency: quantong::domain::Text::parse("CNY").expect("short"),
            scale: 2,
        };
        let created = Event::LedgerCreated(Box::new(created));
        let Ledger { state, out } = &mut ledger;
        emit_system(state, RecordedAt(0), day("2025-01-01"), created, out);
        let plan = Plan::of(set);
        for step in plan.set_up.iter().flatten() {
            ledger.row(step);
        }
        let mut marks = AMENDMENTS.iter().peekable();
        for (on, steps) in &plan.days {
            while let Some(mark) = marks.next_if(|mark| day(mark.0) <= *on) {
                ledger.advance(day(mark.0));
                if amendments.contains(mark) {
                    ledger.amend(day(mark.1), mark.2);
                }
            }
            ledger.advance(*on);
            steps
                .iter()
                .filter(|step| takes(step))
                .for_each(|step| ledger.row(step));
        }
        ledger.advance(day("2026-01-01"));
        ledger
    }

    fn advance(&mut self, to: Day) {
        if to > self.state.business_date() {
            let command = Command::AdvanceDate(AdvanceDate { to });
            self.send(imported(command)).expect("a later day");
        }
    }

    fn row(&mut self, step: &Step<'_>) {
        let command = step.command(&self.state).expect("a row of a good year");
        let reference = codec::external_ref(command.kind(), RefSource::Import, step.reference())
            .expect("a ref");
        self.send(Submission {
            external_ref: Some(Box::new(reference)),
            ..imported(command)
        })
        .expect("a row of a good year");
    }

    fn send(&mut self, submission: Submission) -> Result<&[Recorded], Rejection> {
        let mark = self.out.len();
        submit(&mut self.state, RecordedAt(1), &submission, &mut self.out)
            .map_err(|rejection| *rejection)?;
        Ok(&self.out[mark..])
    }

    fn programmes(&self) -> impl Iterator<Item = ProgrammeId> + use<> {
        (0..self.state.programme_count()).filter_map(ProgrammeId::from_index)
    }

    /// The amendment of a programme, by the version before it.
    fn publication(&self, programme: ProgrammeId, effective_from: Day, way: u32) -> Command {
        let row = self.state.programme(programme).expect("a programme");
        let newest = VersionNo::from_index(row.versions.len()).expect("few");
        let newest = row.version(newest).expect("it has one");
        Command::PublishVersion(PublishVersion {
            programme,
            terms: Box::new(amended(newest, effective_from, way)),
        })
    }

    fn amend(&mut self, effective_from: Day, way: u32) {
        for programme in self.programmes() {
            let command = self.publication(programme, effective_from, way);
            let done = self.send(Submission::new(SYSTEM, command));
            assert!(matches!(
                done.expect("taken")[0].event,
                Event::VersionPublished(_)
            ));
        }
    }

    /// All that was journaled but what was published.
    fn events(&self) -> Vec<&Event> {
        let all = self.out.iter().map(|recorded| &recorded.event);
        all.filter(|event| !matches!(event, Event::VersionPublished(_)))
            .collect()
    }

    /// What the ledger would say now to every claim of the year that a choice takes, filed afresh.
    fn afresh(&mut self, set: &Dataset, takes: impl Fn(&Step<'_>) -> bool) -> Answers {
        let plan = Plan::of(set);
        let mut answers = Answers::new();
        let claims = plan.days.iter().flat_map(|(_, steps)| steps);
        for (n, step) in claims.filter(|step| takes(step)).enumerate() {
            let Some(Command::FileClaim(claim)) = step.command(&self.state) else {
                continue;
            };
            let claim = FileClaim {
                invoice_no: InvoiceNo::parse(&format!("{}", 90_000_000 + n)).expect("digits"),
                ..claim
            };
            let mut said = Vec::new();
            let submission = imported(Command::FileClaim(claim));
            rehearse(&mut self.state, RecordedAt(1), &submission, &mut said).expect("a claim");
            let said = said.into_iter().map(|recorded| recorded.event).collect();
            answers.insert(step.reference().to_string(), said);
        }
        answers
    }

    /// Another person than who imported, in the office of the city that pays a claim.
    fn officer(&mut self, claim: ClaimId) -> PrincipalId {
        let officer = PrincipalId::from_index(self.state.principal_count()).expect("few");
        let name = PersonalText {
            commitment: [0; 32],
            opening: None,
        };
        let person = Command::RegisterPrincipal(Box::new(RegisterPrincipal { name }));
        let voucher = self.state.claim(claim).expect("a claim").voucher;
        let voucher = self.state.voucher(voucher).expect("a voucher");
        let programme = self.state.voucher_owner(voucher).0;
        let city = self.state.programme(programme).expect("a programme").city;
        let grant = Command::SetGrant(SetGrant {
            principal: officer,
            role: Role::FinanceOfficer,
            scope: Scope::Member(city),
            granted: true,
        });
        for command in [person, grant] {
            self.send(imported(command)).expect("an administrator");
        }
        officer
    }

    /// All that stands: claims, vouchers, every balance.
    fn standing(&self) -> String {
        let claims: Vec<_> = self.state.claims().collect();
        let vouchers: Vec<_> = self.state.vouchers().collect();
        format!("{claims:?} {vouchers:?} {:?}", self.state.accounts())
    }
}

/// Events of a claim by its reference.
type Answers = BTreeMap<String, Vec<Event>>;

fn imported(command: Command) -> Submission {
    Submission {
        imported: true,
        ..Submission::new(SYSTEM, command)
    }
}

/// Takes what an amendment that holds from a day on does not touch: vouchers issued and contracts
/// made before.
fn before(first: Day, set: &Dataset) -> impl Fn(&Step<'_>) -> bool + use<> {
    let old = set.vouchers.iter().filter(|row| row.issued_on < first);
    let old: Vec<_> = old.map(|row| row.reference).collect();
    move |step| match &step.kind {
        StepKind::Voucher(row) => row.issued_on < first,
        StepKind::Claim(row) => row.contract_date < first && old.contains(&row.voucher),
        _ => true,
    }
}

/// Counts the answers that differ.
fn different(a: &[&Event], b: &[&Event]) -> usize {
    let is_claim =
        |event: &&&Event| matches!(event, Event::ClaimApproved(_) | Event::ClaimRefused(_));
    let (a, b) = (a.iter().filter(is_claim), b.iter().filter(is_claim));
    a.zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn claims_filed_after_an_amendment_are_judged_by_the_older_version_line_by_line() {
    let set = year();
    for (n, amendment) in AMENDMENTS.iter().enumerate() {
        let (published, first) = (day(amendment.0), day(amendment.1));
        let (without, with) = (&AMENDMENTS[..n], &AMENDMENTS[..=n]);
        let old = before(first, &set);
        let unchanged = Ledger::new(&set, without, &old);
        let changed = Ledger::new(&set, with, &old);
        let late = set.claims.iter().filter(|row| row.filed_on >= published);
        let late = late.filter(|row| row.contract_date < first).count();
        assert!(late > 50, "{late} claims were filed after {published}");
        let (a, b) = (unchanged.events(), changed.events());
        for (a, b) in a.iter().zip(&b) {
            assert_eq!(a, b, "{amendment:?}");
        }
        assert_eq!(a.len(), b.len());
        // The number of an event counts what was published before it; balances do not.
        assert_eq!(unchanged.state.accounts(), changed.state.accounts());
        // The amendment is one: claims that it holds for get another judgement.
        let (a, b) = (
            Ledger::new(&set, without, |_| true),
            Ledger::new(&set, with, |_| true),
        );
        let others = different(&a.events(), &b.events());
        assert!(others > 5, "{others} claims differ after {first}");
    }
}

#[test]
fn what_is_journaled_and_what_is_filed_afresh_stay_when_the_year_is_amended() {
    let set = year();
    let mut ledger = Ledger::new(&set, &[], |_| true);
    let (standing, journaled) = (ledger.standing(), ledger.out.clone());
    let first = day("2026-01-01");
    let old = before(first, &set);
    let afresh = ledger.afresh(&set, &old);
    assert!(afresh.len() > 1_500, "{}", afresh.len());
    let approved = |answers: &Answers| {
        let approved = |said: &&Vec<Event>| matches!(said[0], Event::ClaimApproved(_));
        answers.values().filter(approved).count()
    };
    assert!(approved(&afresh) > 100, "{}", approved(&afresh));
    // Nobody but an import may date an amendment back.
    for programme in ledger.programmes() {
        let command = ledger.publication(programme, day("2025-12-31"), 0);
        let said = ledger
            .send(Submission::new(SYSTEM, command))
            .map(<[_]>::len);
        assert!(matches!(said, Err(Rejection::Invalid { .. })), "{said:?}");
    }
    for way in 0..4 {
        ledger.amend(first.plus_days(way * 40), way);
        assert_eq!(ledger.afresh(&set, &old), afresh);
    }
    assert_eq!(ledger.standing(), standing);
    // An import may; what was judged before it stays as it was, and is undone as it was done.
    for programme in ledger.programmes() {
        let command = ledger.publication(programme, day("2025-06-15"), 1);
        ledger.send(imported(command)).expect("an import");
    }
    assert_eq!(ledger.standing(), standing);
    assert_eq!(ledger.out[..journaled.len()], journaled);
    assert_ne!(ledger.afresh(&set, &old), afresh);
    let last = journaled
        .iter()
        .rev()
        .find_map(|recorded| match &recorded.event {
            Event::ClaimApproved(e) => Some((e.claim, e.amount, e.funding.clone())),
            _ => None,
        });
    let (claim, amount, funding) = last.expect("some were approved");
    let officer = ledger.officer(claim);
    let reverse = Submission {
        reason: Reason::parse("核").ok(),
        ..Submission::new(officer, Command::ReverseClaim(ReverseClaim { claim }))
    };
    match &ledger.send(reverse).expect("taken")[0].event {
        Event::ClaimReversed(e) => assert_eq!((e.amount, &e.funding), (amount, &funding)),
        other => panic!("{other:?}"),
    }
    let mut folded = State::empty();
    ledger
        .out
        .iter()
        .for_each(|recorded| folded.apply(recorded));
    let bytes = |state: &State| postcard::to_allocvec(state).expect("a state can be written");
    assert_eq!(bytes(&folded), bytes(&ledger.state));
}
