//! The ends of days, as a node sees them: its clock stands in UTC, its days are those of Shanghai.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use quantong::domain::{
    CategoryCode, CategoryId, ContractNo, CreditCode, Day, DivisionCode, EnterpriseId, Fen,
    InvoiceNo, MemberId, OrderId, ProgrammeCode, ProgrammeId, ProviderId, Ratio, RecordedAt,
    VoucherId,
};
use quantong::engine::State;
use quantong::engine::command::*;
use quantong::engine::event::{Event, Recorded, SYSTEM};
use quantong::engine::refusal::RefusalCode as Code;
use quantong::engine::{refusal_of, state::VoucherRow};
use quantong::journal::{HashKind, SqliteOptions, SqliteStore, Store as _};
use quantong::node::{Clock, Genesis, Node, NodeConfig, candidate, create};

const CITY: MemberId = MemberId(0);
const LAB: ProviderId = ProviderId(0);
const VOUCHER: VoucherId = VoucherId(0);
const ORDER: OrderId = OrderId(0);

fn at(text: &str) -> i64 {
    let instant: jiff::Timestamp = text.parse().expect("an instant");
    instant.as_microsecond()
}

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn fen(amount: i64) -> Fen {
    Fen::try_new(amount).expect("a small amount")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("short")
}

fn code(text: &str) -> CreditCode {
    CreditCode::parse(text).expect("a code")
}

fn terms() -> VersionTerms {
    VersionTerms {
        effective_from: day("2028-01-31"),
        cap_enterprise: fen(1_000_000),
        cap_group: fen(1_000_000),
        use_months: 1,
        cash_days: 1,
        rates: Box::new([RateTerms {
            category: CategoryId(0),
            tiers: Box::new([Tier {
                up_to: Fen::MAX,
                ratio: Ratio::from_millionths(500_000).expect("a half"),
            }]),
            cap_claim: fen(1_000_000),
        }]),
        ..VersionTerms::default()
    }
}

/// A city, a category, a firm, a lab and a programme whose vouchers are used for a month and cashed
/// a day later.
fn set_up() -> Vec<Command> {
    let programme = ProgrammeId(0);
    vec![
        Command::RegisterMember(Box::new(RegisterMember {
            code: DivisionCode::try_new(310_117).expect("six digits"),
            kind: MemberKind::City,
            name_zh: name("松江区"),
            name_en: name("Songjiang"),
            province: name("Shanghai"),
            signed_protocol: true,
        })),
        Command::RegisterCategory(Box::new(RegisterCategory {
            code: CategoryCode::parse("testing").expect("short"),
            name_zh: name("检测"),
            name_en: name("Testing"),
        })),
        Command::RegisterEnterprise(Box::new(RegisterEnterprise {
            code: Some(code("91310117MADEM00114")),
            accept_failed_check: false,
            name: PartyName::Public(name("企业")),
            city: CITY,
            kind: EnterpriseKind::Sme,
            group: None,
        })),
        Command::RegisterProvider(Box::new(RegisterProvider {
            code: code("91320500MADEM002X0"),
            accept_failed_check: false,
            name: name("机构"),
            city: CITY,
            categories: Box::new([CategoryId(0)]),
            group: None,
            admitted_from: Some(day("2028-01-01")),
            admitted_to: Some(day("2028-12-31")),
            bank_account: None,
        })),
        Command::CreateProgramme(Box::new(CreateProgramme {
            code: ProgrammeCode::parse("310117-2028").expect("short"),
            title: name("2028"),
            city: CITY,
            budget_year: 2028,
        })),
        Command::ChangeBudget(ChangeBudget {
            programme,
            amount: fen(1_000_000),
            raise: true,
            document_no: None,
        }),
        Command::PublishVersion(PublishVersion {
            programme,
            terms: Box::new(terms()),
        }),
        Command::IssueVoucher(IssueVoucher {
            programme,
            enterprise: EnterpriseKey::Id(EnterpriseId(0)),
            amount: fen(100_000),
            application: None,
        }),
    ]
}

/// An order on the voucher, with its contract.
fn ordered() -> Vec<Command> {
    vec![
        Command::ProposeOrder(ProposeOrder {
            provider: LAB,
            category: CategoryId(0),
            contract_amount: fen(100_000),
            hold_until: day("2028-03-01"),
            lines: Box::new([(VOUCHER, fen(30_000))]),
        }),
        Command::ConfirmOrder(ConfirmOrder { order: ORDER }),
        Command::AdvanceOrder(AdvanceOrder {
            order: ORDER,
            step: OrderStep::Contract {
                contract_no: ContractNo::parse("HT-1").expect("short"),
                contract_date: day("2028-01-31"),
            },
        }),
    ]
}

/// A node whose clock the test sets, on a ledger that begins on 2028-01-31.
struct Ledger {
    node: Node,
    clock: Arc<AtomicI64>,
    invoices: u32,
}

impl Ledger {
    async fn new(folder: &Path) -> Ledger {
        let options = SqliteOptions::new([7; 16]);
        let open = || SqliteStore::open(folder, &options);
        let noon = at("2028-01-31T04:00:00Z");
        let genesis = Genesis {
            origin: "quantong.example/days".to_owned(),
            hash: HashKind::Sha256,
            business_date: day("2028-01-31"),
            recorded_at: RecordedAt(noon),
        };
        let mut store = open().await.expect("a data folder");
        create(&mut store, &genesis, &candidate(None, String::new()))
            .await
            .expect("a new ledger");
        Box::new(store).close().await.expect("a clean end");
        let clock = Arc::new(AtomicI64::new(noon));
        let config = NodeConfig {
            clock: Clock::Manual(Arc::clone(&clock)),
            ..NodeConfig::new("test")
        };
        let store = open().await.expect("a data folder");
        let node = Node::start(Box::new(store), config).await;
        let mut ledger = Ledger {
            node: node.expect("a node"),
            clock,
            invoices: 0,
        };
        for command in set_up().into_iter().chain(ordered()) {
            let events = ledger.send(command).await;
            assert_eq!(refusal_of(&events[0].event), None, "{events:?}");
        }
        ledger
    }

    async fn send(&mut self, command: Command) -> Vec<Recorded> {
        let submission = Submission {
            imported: true,
            ..Submission::new(SYSTEM, command)
        };
        let answer = self.node.submit(submission).await.expect("an answer");
        answer.events.to_vec()
    }

    fn set(&self, instant: &str) {
        self.clock.store(at(instant), Ordering::Relaxed);
    }

    /// Why a claim with a contract of a day is refused now, if it is.
    async fn claim(&mut self, contract_date: &str, order: Option<OrderId>) -> Option<Code> {
        self.invoices += 1;
        let claim = FileClaim {
            voucher: VoucherKey::Id(VOUCHER),
            provider: ProviderKey::Id(LAB),
            enterprise: None,
            category: CategoryId(0),
            contract_no: ContractNo::parse("HT-1").expect("short"),
            contract_date: day(contract_date),
            contract_amount: fen(2_000),
            invoice_no: InvoiceNo::parse(&self.invoices.to_string()).expect("digits"),
            invoice_amount: fen(2_000),
            paid_amount: Fen::ZERO,
            evidence: Box::default(),
            order: order.map(|order| Capture { order, last: false }),
        };
        refusal_of(&self.send(Command::FileClaim(claim)).await[0].event)
    }

    /// Free, held, approved and returned.
    async fn money(&self) -> [i64; 4] {
        let read =
            |state: &State| -> VoucherRow { state.voucher(VOUCHER).expect("issued").clone() };
        let (row, _) = self.node.read(read).await.expect("a read");
        [row.free, row.held, row.approved, row.returned].map(Fen::get)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_ends_with_the_last_moment_of_its_day_in_shanghai() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = Ledger::new(folder.path()).await;
    let to = day("2028-02-28");
    ledger.send(Command::AdvanceDate(AdvanceDate { to })).await;
    assert_eq!(ledger.money().await, [70_000, 30_000, 0, 0]);
    // The last microsecond of the last day of use, a leap day.
    ledger.set("2028-02-29T15:59:59.999999Z");
    assert_eq!(ledger.claim("2028-02-29", None).await, None);
    let said = ledger.claim("2028-03-01", None).await;
    assert_eq!(said, Some(Code::ContractAfterFiling));
    // The first of the day after: too late for a contract, not for a claim.
    ledger.set("2028-02-29T16:00:00Z");
    let said = ledger.claim("2028-03-01", None).await;
    assert_eq!(said, Some(Code::VoucherExpired));
    assert_eq!(ledger.claim("2028-02-29", None).await, None);
    // The last microsecond to cash, of the hold too.
    ledger.set("2028-03-01T15:59:59.999999Z");
    assert_eq!(ledger.claim("2028-02-29", None).await, None);
    assert_eq!(ledger.claim("2028-01-31", Some(ORDER)).await, None);
    assert_eq!(ledger.money().await, [67_000, 29_000, 4_000, 0]);
    // The first moment after: all that is free has lapsed, and what was held with it.
    ledger.set("2028-03-01T16:00:00Z");
    let said = ledger.claim("2028-02-29", None).await;
    assert_eq!(said, Some(Code::CashDeadlinePassed));
    assert_eq!(ledger.money().await, [0, 0, 4_000, 96_000]);
    let state = |state: &State| state.next_seq();
    let (next, _) = ledger.node.read(state).await.expect("a read");
    let mut lapsed = None;
    for seq in (0..next.0).map(quantong::domain::Seq) {
        let recorded = ledger.node.event(seq).await.expect("a read");
        let recorded = recorded.expect("an event");
        if let Event::VoucherLapsed(e) = &recorded.event {
            assert!(lapsed.is_none(), "once");
            lapsed = Some((recorded.meta.business_date, e.amount));
        }
    }
    assert_eq!(lapsed, Some((day("2028-03-02"), fen(67_000))));
    ledger.node.stop().await;
}
