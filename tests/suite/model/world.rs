//! The small corridor in which random histories run, once for the engine and once for the model.

use jiff::civil::{Date, date};
use quantong::domain::{
    CategoryCode, CategoryId, CreditCode, Day, DivisionCode, Fen, MemberId, PersonalText,
    PrincipalId, ProgrammeCode, ProgrammeId, Ratio, RecordedAt, Text,
};
use quantong::engine::command::*;
use quantong::engine::event::{Event, LedgerCreated, Recorded, SYSTEM};
use quantong::engine::{State, emit_system, submit};

use super::limits::Limits;
use super::year_end::Year;
use super::{
    Agreement, Base, Bend, Enterprise, Kind, Member, Model, Money, Payer, Programme, Provider,
    Rate, Version, plus_days,
};

/// Acts for every firm and lab.
pub(super) const FILER: usize = 1;
/// Hold every office.
pub(super) const OFFICERS: [usize; 2] = [2, 3];
/// Holds none.
pub(super) const STRANGER: usize = 4;
/// Code and kind of the members; all have signed the protocol.
pub(super) const MEMBERS: [(u32, MemberKind); 5] = [
    (330_100, MemberKind::City),
    (310_117, MemberKind::City),
    (340_100, MemberKind::City),
    (900_001, MemberKind::Treasury),
    (900_002, MemberKind::Funder),
];
pub(super) const POOL: usize = 4;
pub(super) const CATEGORIES: [&str; 3] = ["testing", "design", "compute"];
/// City and controller group; the code is that of the position.
const FIRMS: [(usize, Option<&str>); 5] = [
    (0, Some("G1")),
    (0, None),
    (1, None),
    (1, Some("G1")),
    (0, None),
];
/// The one of them that is a team.
pub(super) const TEAM: usize = 4;
/// Position of the code, city, controller group.
const LABS: [(usize, usize, Option<&str>); 5] = [
    (4, 1, None),
    (0, 1, None),
    (5, 0, Some("G1")),
    (6, 2, None),
    (7, 1, Some("G2")),
];
/// Credit codes with a valid check character.
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
pub(super) const FIRST_DAY: Date = date(2025, 3, 10);

pub(super) fn fen(amount: Money) -> Fen {
    let amount = i64::try_from(amount).unwrap_or(i64::MAX);
    Fen::try_new(amount).unwrap_or(Fen::MAX)
}

pub(super) fn day(date: Date) -> Day {
    Day::parse(&date.to_string()).expect("a day")
}

pub(super) fn ratio(millionths: Money) -> Ratio {
    let millionths = u32::try_from(millionths).expect("at most a million");
    Ratio::from_millionths(millionths).expect("at most a million")
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).expect("short")
}

pub(super) fn member(index: usize) -> MemberId {
    MemberId::from_index(index).expect("few")
}

pub(super) fn category(code: &str) -> CategoryId {
    let index = CATEGORIES.iter().position(|other| *other == code);
    CategoryId::from_index(index.expect("one of three")).expect("few")
}

/// The rules of a programme.
pub(super) fn version(pays_enterprise: bool, effective_from: Date, n: u32) -> Version {
    let base = match (pays_enterprise, n % 4) {
        (true, 0) => Base::Paid,
        (true, 1) => Base::Least,
        (_, 2) => Base::Contract,
        _ => Base::Invoice,
    };
    let n = Money::from(n % 7);
    Version {
        effective_from,
        pays_enterprise,
        base,
        cap_enterprise: 150_000 - 20_000 * n,
        cap_group: 70_000 - 5_000 * n,
        use_months: [2, 1, 1, 0][n as usize % 4] + i64::from(pays_enterprise),
        cash_days: i64::try_from(20 - 2 * n).expect("few"),
        rates: vec![
            Rate {
                category: CATEGORIES[0].into(),
                tiers: vec![
                    (33_333, 333_333),
                    (100_001, 500_000 + n),
                    (Money::MAX, 250_000),
                ],
                cap_claim: 60_000,
            },
            Rate {
                category: CATEGORIES[1].into(),
                tiers: vec![(Money::MAX, 123_457)],
                cap_claim: 7_777,
            },
        ],
        recognised: (!pays_enterprise).then(|| vec![0, 1]),
        transfers: vec![
            Kind::Succession,
            Kind::Relocation,
            Kind::Open,
            Kind::Incorporation,
            Kind::Affiliate,
            Kind::Move,
        ],
        limits: Limits::default(),
    }
}

fn terms(version: &Version) -> VersionTerms {
    let document_no = || Text::parse("科发〔2025〕1号").expect("short");
    let transfer = |kind: &Kind| TransferRule {
        kind: match kind {
            Kind::Succession => TransferKind::Succession,
            Kind::Relocation => TransferKind::Relocation,
            Kind::Open => TransferKind::Open,
            Kind::Incorporation => TransferKind::Incorporation,
            Kind::Affiliate => TransferKind::Affiliate,
            Kind::Move => TransferKind::Move,
        },
        document_no: Some(document_no()),
    };
    let rate = |rate: &Rate| {
        let tiers = rate.tiers.iter().map(|(up_to, part)| Tier {
            up_to: fen(*up_to),
            ratio: ratio(*part),
        });
        RateTerms {
            category: category(&rate.category),
            tiers: tiers.collect(),
            cap_claim: fen(rate.cap_claim),
        }
    };
    VersionTerms {
        effective_from: day(version.effective_from),
        document_no: document_no(),
        payee: if version.pays_enterprise {
            PayeeMode::Enterprise
        } else {
            PayeeMode::Provider
        },
        base: match version.base {
            Base::Contract => BasePolicy::Contract,
            Base::Invoice => BasePolicy::Invoice,
            Base::Paid => BasePolicy::Paid,
            Base::Least => BasePolicy::Least,
        },
        cap_enterprise: fen(version.cap_enterprise),
        cap_group: fen(version.cap_group),
        use_months: u16::try_from(version.use_months).expect("few"),
        cash_days: u16::try_from(version.cash_days).expect("few"),
        rates: version.rates.iter().map(rate).collect(),
        recognised: version
            .recognised
            .as_ref()
            .map(|cities| cities.iter().copied().map(member).collect()),
        transfers: version.transfers.iter().map(transfer).collect(),
        application_required: false,
        ..version.limits.written_into(VersionTerms::default())
    }
}

pub(super) fn publish(programme: usize, version: &Version) -> Command {
    Command::PublishVersion(PublishVersion {
        programme: ProgrammeId::from_index(programme).expect("few"),
        terms: Box::new(terms(version)),
    })
}

pub(super) fn register_agreement(agreement: &Agreement) -> Command {
    let shares = agreement
        .shares
        .iter()
        .map(|(funder, share)| (member(*funder), ratio(*share)));
    let (model, pool) = match agreement.payer {
        Payer::Home => (PayerModel::HomePays, None),
        Payer::Host => (PayerModel::HostPays, None),
        Payer::Pool(pool) => (PayerModel::PoolPays, Some(member(pool))),
    };
    Command::RegisterAgreement(RegisterAgreement {
        terms: Box::new(AgreementTerms {
            home: member(agreement.home),
            host: member(agreement.host),
            category: agreement.category.as_deref().map(category),
            from: day(agreement.days.0),
            to: day(agreement.days.1),
            model,
            pool,
            shares: shares.collect(),
            accrues_at: match agreement.accrues_at_payment {
                true => AccrualPoint::Payment,
                false => AccrualPoint::Approval,
            },
        }),
        document_no: None,
    })
}

/// The engine's side.
pub(super) struct Engine {
    pub(super) state: State,
    pub(super) out: Vec<Recorded>,
}

impl Engine {
    fn new() -> Engine {
        let mut engine = Engine {
            state: State::empty(),
            out: Vec::new(),
        };
        let created = LedgerCreated {
            format: 1,
            ledger: [7; 16],
            origin: Text::parse("quantong.example/model").expect("short"),
            hash: 0,
            time_zone: Text::parse("Asia/Shanghai").expect("short"),
            currency: Text::parse("CNY").expect("short"),
            scale: 2,
        };
        let event = Event::LedgerCreated(Box::new(created));
        let Engine { state, out } = &mut engine;
        emit_system(state, RecordedAt(0), day(FIRST_DAY), event, out);
        engine.members_and_people();
        engine.parties();
        engine
    }

    /// Sends a command; `None` if it was rejected, else its events.
    pub(super) fn send(&mut self, principal: usize, command: Command) -> Option<&[Recorded]> {
        let mark = self.out.len();
        let principal = PrincipalId::from_index(principal).expect("few");
        let submission = Submission {
            reason: Reason::parse("依规定办理").ok(),
            ..Submission::new(principal, command)
        };
        submit(&mut self.state, RecordedAt(1), &submission, &mut self.out).ok()?;
        Some(&self.out[mark..])
    }

    /// As [`Engine::send`]; what waits for a second person gets one at once, so that both are one
    /// step of the model. The events of the last command.
    pub(super) fn send_with_second(
        &mut self,
        principal: usize,
        command: Command,
    ) -> Option<&[Recorded]> {
        let mark = self.out.len();
        self.send(principal, command)?;
        let Some(Event::ActionProposed(e)) = self.out.get(mark).map(|first| &first.event) else {
            return Some(&self.out[mark..]);
        };
        let approve = Command::DecideProposal(DecideProposal {
            proposal: e.proposal,
            approve: true,
        });
        let second = OFFICERS.into_iter().find(|officer| *officer != principal);
        self.send(second.expect("there are two"), approve)
    }

    fn set_up(&mut self, command: Command) {
        let system = usize::try_from(SYSTEM.0).expect("small");
        self.send(system, command).expect("no rejection");
    }

    fn grant(&mut self, principal: usize, role: Role, scope: Scope) {
        self.set_up(Command::SetGrant(SetGrant {
            principal: PrincipalId::from_index(principal).expect("few"),
            role,
            scope,
            granted: true,
        }));
    }

    fn members_and_people(&mut self) {
        for (code, kind) in MEMBERS {
            self.set_up(Command::RegisterMember(Box::new(RegisterMember {
                code: DivisionCode::try_new(code).expect("six digits"),
                kind,
                name_zh: name("成员"),
                name_en: name("Member"),
                province: name("Province"),
                signed_protocol: true,
            })));
        }
        for code in CATEGORIES {
            self.set_up(Command::RegisterCategory(Box::new(RegisterCategory {
                code: CategoryCode::parse(code).expect("short"),
                name_zh: name(code),
                name_en: name(code),
            })));
        }
        for _ in [FILER, OFFICERS[0], OFFICERS[1], STRANGER] {
            let name = PersonalText {
                commitment: [0; 32],
                opening: None,
            };
            let person = RegisterPrincipal { name };
            self.set_up(Command::RegisterPrincipal(Box::new(person)));
        }
        for officer in OFFICERS {
            for index in 0..MEMBERS.len() {
                for role in [Role::ScienceOfficer, Role::FinanceOfficer] {
                    self.grant(officer, role, Scope::Member(member(index)));
                }
            }
            self.grant(officer, Role::Operator, Scope::Corridor);
            self.grant(officer, Role::Administrator, Scope::Corridor);
        }
    }

    fn parties(&mut self) {
        for (index, (city, group)) in FIRMS.into_iter().enumerate() {
            self.set_up(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
                code: (index != TEAM).then(|| CreditCode::parse(CODES[index]).expect("a code")),
                accept_failed_check: false,
                name: if index == TEAM {
                    PartyName::Personal(PersonalText {
                        commitment: [0; 32],
                        opening: None,
                    })
                } else {
                    PartyName::Public(name("企业"))
                },
                city: member(city),
                kind: if index == TEAM {
                    EnterpriseKind::Team
                } else {
                    EnterpriseKind::Sme
                },
                group: group.map(name),
            })));
            let id = quantong::domain::EnterpriseId::from_index(index).expect("few");
            self.grant(FILER, Role::Enterprise, Scope::Enterprise(id));
        }
        for (index, (code, city, group)) in LABS.into_iter().enumerate() {
            self.set_up(Command::RegisterProvider(Box::new(RegisterProvider {
                code: CreditCode::parse(CODES[code]).expect("a code"),
                accept_failed_check: false,
                name: name("机构"),
                city: member(city),
                categories: Box::new([category(CATEGORIES[0]), category(CATEGORIES[1])]),
                group: group.map(name),
                admitted_from: Some(day(date(2025, 1, 1))),
                admitted_to: Some(day(date(2025, 8, 31))),
                bank_account: None,
            })));
            let id = quantong::domain::ProviderId::from_index(index).expect("few");
            self.grant(FILER, Role::Provider, Scope::Provider(id));
        }
    }
}

fn new_model(bend: Bend) -> Model {
    let mut model = Model::new(FIRST_DAY, bend);
    for (code, kind) in MEMBERS {
        model.members.push(Member {
            code: code.to_string(),
            treasury: kind == MemberKind::Treasury,
            signed: true,
        });
    }
    let groups = |group: Option<&str>| vec![(Date::MIN, group.map(str::to_owned))];
    for (index, (city, group)) in FIRMS.into_iter().enumerate() {
        model.enterprises.push(Enterprise {
            code: if index == TEAM {
                String::new()
            } else {
                CODES[index].to_owned()
            },
            team: index == TEAM,
            city,
            groups: groups(group),
        });
    }
    for (code, city, group) in LABS {
        model.providers.push(Provider {
            code: CODES[code].to_owned(),
            city,
            categories: CATEGORIES[..2]
                .iter()
                .map(|text| (*text).to_owned())
                .collect(),
            groups: groups(group),
            admitted: (date(2025, 1, 1), date(2025, 8, 31)),
            suspended: false,
        });
    }
    model
}

/// Both sides with two programmes, one that pays providers and one that pays enterprises, and
/// three agreements.
pub(super) fn new(bend: Bend) -> (Engine, Model) {
    let (mut engine, mut model) = (Engine::new(), new_model(bend));
    engine.set_up(Command::SetCalendar(Calendar {
        confirm_days: 3,
        pay_days: 5,
    }));
    (model.confirm_days, model.pay_days) = (3, 5);
    // Of each city one for each of four years: the first are in use, the others take over.
    let years = 2025..=2028;
    for (budget_year, city) in years.flat_map(|year| [(year, 0), (year, 1)]) {
        let pays_enterprise = city == 1;
        let budget = 300_000;
        let programme = model.programmes.len();
        engine.set_up(Command::CreateProgramme(Box::new(CreateProgramme {
            code: ProgrammeCode::parse(&format!("P{city}-{budget_year}")).expect("short"),
            title: name("券"),
            city: member(city),
            budget_year,
        })));
        engine.set_up(Command::ChangeBudget(ChangeBudget {
            programme: ProgrammeId::from_index(programme).expect("few"),
            amount: fen(budget),
            raise: true,
            document_no: None,
        }));
        // The rules of a later year are not in force yet.
        let from = match budget_year {
            2025 => FIRST_DAY,
            _ => plus_days(FIRST_DAY, 12),
        };
        let version = version(pays_enterprise, from, 0);
        engine.set_up(publish(programme, &version));
        model.programmes.push(Programme {
            city,
            budget_year: budget_year.into(),
            budget: vec![budget],
            versions: vec![version],
            year: Year::Open,
            carried: None,
        });
    }
    for agreement in [
        agreement(0, 1, None, Payer::Home, false),
        agreement(0, 1, Some(CATEGORIES[1]), Payer::Host, true),
        agreement(1, 0, None, Payer::Host, false),
        agreement(1, 2, None, Payer::Pool(POOL), false),
    ] {
        engine.set_up(register_agreement(&agreement));
        model.agreements.push(agreement);
    }
    (engine, model)
}

/// An agreement for half a year.
pub(super) fn agreement(
    home: usize,
    host: usize,
    category: Option<&str>,
    payer: Payer,
    accrues_at_payment: bool,
) -> Agreement {
    let shares = match payer {
        Payer::Pool(pool) => vec![(home, 333_333), (host, 333_333), (pool, 333_334)],
        _ => vec![(home, 500_000), (host, 500_000)],
    };
    Agreement {
        home,
        host,
        category: category.map(str::to_owned),
        days: (date(2025, 3, 1), date(2025, 6, 30)),
        payer,
        shares,
        accrues_at_payment,
    }
}
