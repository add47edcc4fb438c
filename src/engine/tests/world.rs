//! A small corridor: three cities, a treasury, a pool, a few firms and labs.

use crate::domain::{
    CategoryCode, CategoryId, ContractNo, CreditCode, Day, DivisionCode, EnterpriseId, Fen,
    InvoiceNo, MemberId, OrderId, PersonalText, PrincipalId, ProgrammeCode, ProgrammeId,
    ProviderId, Ratio, RecordedAt, Text, VoucherId,
};
use crate::engine::command::*;
use crate::engine::event::{Event, LedgerCreated, Recorded, SYSTEM};
use crate::engine::{Done, Rejection, State, emit_system, invariants, submit};

pub(in crate::engine) const HOME: MemberId = MemberId(0);
pub(in crate::engine) const HOST: MemberId = MemberId(1);
pub(in crate::engine) const THIRD: MemberId = MemberId(2);
pub(in crate::engine) const HUB: MemberId = MemberId(3);
pub(in crate::engine) const POOL: MemberId = MemberId(4);
/// Funded; `CategoryId(1)` is offered and not funded, `CategoryId(2)` neither.
pub(in crate::engine) const TESTING: CategoryId = CategoryId(0);
pub(in crate::engine) const DESIGN: CategoryId = CategoryId(1);
pub(in crate::engine) const COMPUTE: CategoryId = CategoryId(2);
pub(in crate::engine) const PROGRAMME: ProgrammeId = ProgrammeId(0);
pub(in crate::engine) const FIRM: EnterpriseId = EnterpriseId(0);
pub(in crate::engine) const OTHER_FIRM: EnterpriseId = EnterpriseId(1);
pub(in crate::engine) const FAR_FIRM: EnterpriseId = EnterpriseId(2);
pub(in crate::engine) const LAB: ProviderId = ProviderId(0);
/// One legal person with `FIRM`.
pub(in crate::engine) const OWN_LAB: ProviderId = ProviderId(1);
/// Same controller as `FIRM`.
pub(in crate::engine) const RELATED_LAB: ProviderId = ProviderId(2);
/// In a city that is not recognised.
pub(in crate::engine) const THIRD_LAB: ProviderId = ProviderId(3);
pub(in crate::engine) const FILER: PrincipalId = PrincipalId(1);
pub(in crate::engine) const MAKER: PrincipalId = PrincipalId(2);
pub(in crate::engine) const CHECKER: PrincipalId = PrincipalId(3);
pub(in crate::engine) const VOUCHER: VoucherId = VoucherId(0);

pub(in crate::engine) fn fen(amount: i64) -> Fen {
    Fen::try_new(amount).expect("a small amount")
}

pub(in crate::engine) fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub(in crate::engine) fn ratio(millionths: u32) -> Ratio {
    Ratio::from_millionths(millionths).expect("a ratio")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

#[derive(Clone)]
pub(in crate::engine) struct World {
    pub(in crate::engine) state: State,
    pub(in crate::engine) out: Vec<Recorded>,
    invoices: u64,
}

/// Credit codes with a valid check character, one per firm or lab.
const CODES: [&str; 8] = [
    "91310117MADEM00114",
    "91320500MADEM002X0",
    "91330100MADEM0038F",
    "91330500MADEM0046Y",
    "91330400MADEM0054L",
    "91330700MADEM0062Y",
    "91340100MADEM0070Y",
    "91340200MADEM00891",
];

fn code(n: usize) -> CreditCode {
    CreditCode::parse(CODES[n]).expect("a code")
}

impl World {
    /// The world on 2025-03-10 with one voucher of 1,000.00 issued that day and consented.
    pub(in crate::engine) fn new() -> World {
        let mut world = World {
            state: State::empty(),
            out: Vec::new(),
            invoices: 0,
        };
        let created = LedgerCreated {
            format: 1,
            ledger: [7; 16],
            origin: Text::parse("quantong.example/test").expect("short"),
            hash: 0,
            time_zone: Text::parse("Asia/Shanghai").expect("short"),
            currency: Text::parse("CNY").expect("short"),
            scale: 2,
        };
        let event = Event::LedgerCreated(Box::new(created));
        let World { state, out, .. } = &mut world;
        emit_system(state, RecordedAt(0), day("2025-03-10"), event, out);
        world.members();
        world.people();
        world.parties();
        world.rules();
        world.issue(FIRM, 100_000);
        world
    }

    /// The lab notes the contract that claims of these tests are on.
    pub(in crate::engine) fn sign(&mut self, order: OrderId, contract_date: Day) {
        let step = OrderStep::Contract {
            contract_no: self.claim().contract_no,
            contract_date,
        };
        let events = self.by(FILER, Command::AdvanceOrder(AdvanceOrder { order, step }));
        assert!(
            matches!(events[0].event, Event::OrderAdvanced(_)),
            "{events:?}"
        );
    }

    /// A command, with a reason, that must not be rejected; its events.
    pub(in crate::engine) fn by(
        &mut self,
        principal: PrincipalId,
        command: Command,
    ) -> Vec<Recorded> {
        let submission = Submission {
            reason: Reason::parse("依规定办理").ok(),
            ..Submission::new(principal, command)
        };
        let done = self.send(&submission).expect("no rejection");
        let first = self.out.len() - done.events as usize;
        self.out[first..].to_vec()
    }

    pub(in crate::engine) fn system(&mut self, command: Command) -> Vec<Recorded> {
        self.by(SYSTEM, command)
    }

    pub(in crate::engine) fn send(&mut self, submission: &Submission) -> Result<Done, Rejection> {
        let done = submit(&mut self.state, RecordedAt(1), submission, &mut self.out);
        invariants::check(&self.state).expect("every invariant holds after every command");
        done.map_err(|rejection| *rejection)
    }

    fn members(&mut self) {
        let kinds = [
            (310_117, MemberKind::City),
            (330_100, MemberKind::City),
            (340_100, MemberKind::City),
            (900_001, MemberKind::Treasury),
            (900_002, MemberKind::Funder),
        ];
        for (code, kind) in kinds {
            self.system(Command::RegisterMember(Box::new(RegisterMember {
                code: DivisionCode::try_new(code).expect("six digits"),
                kind,
                name_zh: name("成员"),
                name_en: name("Member"),
                province: name("Province"),
                signed_protocol: true,
            })));
        }
        for code in ["testing", "design", "compute"] {
            self.system(Command::RegisterCategory(Box::new(RegisterCategory {
                code: CategoryCode::parse(code).expect("short"),
                name_zh: name(code),
                name_en: name(code),
            })));
        }
    }

    fn people(&mut self) {
        for _ in 0..3 {
            let unnamed = PersonalText {
                commitment: [0; 32],
                opening: None,
            };
            let person = RegisterPrincipal { name: unnamed };
            self.system(Command::RegisterPrincipal(Box::new(person)));
        }
        for principal in [MAKER, CHECKER] {
            let offices = [Role::ScienceOfficer, Role::FinanceOfficer];
            for member in [HOME, HOST] {
                for role in offices {
                    self.grant(principal, role, Scope::Member(member));
                }
            }
            self.grant(principal, Role::Operator, Scope::Corridor);
        }
    }

    /// A principal with these roles alone.
    pub(in crate::engine) fn with_roles(&mut self, roles: &[(Role, Scope)]) -> PrincipalId {
        let unnamed = PersonalText {
            commitment: [0; 32],
            opening: None,
        };
        let id = PrincipalId::from_index(self.state.principal_count()).expect("few");
        let person = RegisterPrincipal { name: unnamed };
        self.system(Command::RegisterPrincipal(Box::new(person)));
        for (role, scope) in roles {
            self.grant(id, *role, *scope);
        }
        id
    }

    pub(in crate::engine) fn grant(&mut self, principal: PrincipalId, role: Role, scope: Scope) {
        self.system(Command::SetGrant(SetGrant {
            principal,
            role,
            scope,
            granted: true,
        }));
    }

    fn parties(&mut self) {
        for (n, city, group) in [(0, HOME, Some("G1")), (1, HOME, None), (3, HOST, None)] {
            self.system(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
                code: Some(code(n)),
                accept_failed_check: false,
                name: PartyName::Public(name("企业")),
                city,
                kind: EnterpriseKind::Sme,
                group: group.map(name),
            })));
        }
        let labs = [
            (4, HOST, None),
            (0, HOST, None),
            (5, HOST, Some("G1")),
            (6, THIRD, None),
            (7, HOME, None),
        ];
        for (i, (n, city, group)) in labs.into_iter().enumerate() {
            self.system(Command::RegisterProvider(Box::new(RegisterProvider {
                code: code(n),
                accept_failed_check: false,
                name: name("机构"),
                city,
                categories: Box::new([TESTING, DESIGN]),
                group: group.map(name),
                admitted_from: Some(day("2025-01-01")),
                admitted_to: Some(day("2025-12-31")),
                bank_account: None,
            })));
            let provider = ProviderId::from_index(i).expect("few");
            self.grant(FILER, Role::Provider, Scope::Provider(provider));
        }
        for firm in [FIRM, OTHER_FIRM] {
            self.grant(FILER, Role::Enterprise, Scope::Enterprise(firm));
        }
    }

    pub(in crate::engine) fn terms() -> VersionTerms {
        let tier = |up_to, millionths| Tier {
            up_to,
            ratio: ratio(millionths),
        };
        VersionTerms {
            effective_from: day("2025-03-10"),
            document_no: Text::parse("科发〔2025〕1号").expect("short"),
            payee: PayeeMode::Provider,
            base: BasePolicy::Invoice,
            cap_enterprise: fen(150_000),
            cap_group: fen(140_000),
            use_months: 6,
            cash_days: 30,
            rates: Box::new([RateTerms {
                category: TESTING,
                tiers: Box::new([tier(fen(100_000), 500_000), tier(Fen::MAX, 250_000)]),
                cap_claim: fen(60_000),
            }]),
            recognised: Some(Box::new([HOME, HOST])),
            evidence: EvidenceKinds::NONE,
            transfers: Box::new([
                TransferRule {
                    kind: TransferKind::Succession,
                    document_no: None,
                },
                TransferRule {
                    kind: TransferKind::Relocation,
                    document_no: None,
                },
            ]),
            application_required: false,
            ..VersionTerms::default()
        }
    }

    fn rules(&mut self) {
        self.system(Command::CreateProgramme(Box::new(CreateProgramme {
            code: ProgrammeCode::parse("310117-2025").expect("short"),
            title: name("2025"),
            city: HOME,
            budget_year: 2025,
        })));
        self.system(Command::ChangeBudget(ChangeBudget {
            programme: PROGRAMME,
            amount: fen(500_000),
            raise: true,
            document_no: None,
        }));
        self.publish(World::terms());
        self.agree(
            PayerModel::HomePays,
            AccrualPoint::Approval,
            "2025-01-01",
            "2025-12-31",
        );
    }

    /// Replaces a lab by one admitted on other days: labs are admitted for 2025.
    pub(in crate::engine) fn readmit(&mut self, from: &str, to: &str) -> ProviderId {
        let registered = self.system(Command::RegisterProvider(Box::new(RegisterProvider {
            code: CreditCode::parse("91340300MADEM0090N").expect("a code"),
            accept_failed_check: true,
            name: name("机构"),
            city: HOST,
            categories: Box::new([TESTING, DESIGN]),
            group: None,
            admitted_from: Some(day(from)),
            admitted_to: Some(day(to)),
            bank_account: None,
        })));
        let Event::ProviderRegistered(e) = &registered[0].event else {
            panic!("{registered:?}");
        };
        let provider = e.provider;
        self.grant(FILER, Role::Provider, Scope::Provider(provider));
        provider
    }

    pub(in crate::engine) fn publish(&mut self, terms: VersionTerms) {
        let terms = Box::new(terms);
        self.system(Command::PublishVersion(PublishVersion {
            programme: PROGRAMME,
            terms,
        }));
    }

    pub(in crate::engine) fn agree(
        &mut self,
        model: PayerModel,
        accrues_at: AccrualPoint,
        from: &str,
        to: &str,
    ) -> Vec<Recorded> {
        let pool = (model == PayerModel::PoolPays).then_some(POOL);
        let mut shares = vec![(HOME, ratio(600_000)), (HOST, ratio(400_000))];
        if pool.is_some() {
            shares = vec![
                (HOME, ratio(500_000)),
                (HOST, ratio(300_000)),
                (POOL, ratio(200_000)),
            ];
        }
        self.system(Command::RegisterAgreement(RegisterAgreement {
            terms: Box::new(AgreementTerms {
                home: HOME,
                host: HOST,
                category: None,
                from: day(from),
                to: day(to),
                model,
                pool,
                shares: shares.into(),
                accrues_at,
            }),
            document_no: None,
        }))
    }

    pub(in crate::engine) fn issue(&mut self, firm: EnterpriseId, amount: i64) -> Vec<Recorded> {
        let issued = self.system(Command::IssueVoucher(IssueVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(firm),
            amount: fen(amount),
            application: None,
        }));
        if let Event::VoucherIssued(e) = &issued[0].event {
            self.consent(e.voucher, ConsentGiver::Holder(None), 1_000_000);
        }
        issued
    }

    pub(in crate::engine) fn consent(
        &mut self,
        voucher: VoucherId,
        giver: ConsentGiver,
        up_to: i64,
    ) {
        let until = day("2030-12-31");
        let consent = GiveConsent {
            voucher,
            giver,
            up_to: fen(up_to),
            until,
        };
        self.system(Command::GiveConsent(consent));
    }

    pub(in crate::engine) fn advance(&mut self, to: &str) -> Vec<Recorded> {
        self.system(Command::AdvanceDate(AdvanceDate { to: day(to) }))
    }

    /// A claim that is approved with 400.00: half of an invoice of 800.00.
    pub(in crate::engine) fn claim(&mut self) -> FileClaim {
        self.invoices += 1;
        FileClaim {
            voucher: VoucherKey::Id(VOUCHER),
            provider: ProviderKey::Id(LAB),
            enterprise: None,
            category: TESTING,
            contract_no: ContractNo::parse("HT-1").expect("short"),
            contract_date: day("2025-03-10"),
            contract_amount: fen(80_000),
            invoice_no: InvoiceNo::parse(&self.invoices.to_string()).expect("digits"),
            invoice_amount: fen(80_000),
            paid_amount: Fen::ZERO,
            evidence: Box::default(),
            order: None,
        }
    }

    pub(in crate::engine) fn file(&mut self, claim: FileClaim) -> Event {
        let events = self.by(FILER, Command::FileClaim(claim));
        events.into_iter().next().expect("an event").event
    }

    /// Files a claim that must be approved.
    pub(in crate::engine) fn approve(
        &mut self,
        claim: FileClaim,
    ) -> crate::engine::event::ClaimApproved {
        match self.file(claim) {
            Event::ClaimApproved(approved) => approved,
            other => panic!("{other:?}"),
        }
    }
}
