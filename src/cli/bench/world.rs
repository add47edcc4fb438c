//! The made-up corridor of the benchmarks: nine cities, one programme each, and as many
//! enterprises, providers, vouchers and claims as asked for. Everything follows from the position
//! of an item, so that two runs do the same work.

use crate::domain::{
    CategoryCode, CategoryId, ContractNo, CreditCode, Day, DivisionCode, EnterpriseId, Fen,
    InvoiceNo, MemberId, PersonalText, PrincipalId, ProgrammeCode, ProgrammeId, ProviderId, Ratio,
    Text, VoucherId,
};
use crate::engine::command::{
    AccrualPoint, AgreementTerms, BasePolicy, ChangeBudget, Command, ConsentGiver, CreateProgramme,
    EnterpriseKey, EnterpriseKind, EvidenceKinds, FileClaim, GiveConsent, IssueVoucher, MemberKind,
    Name, PartyName, PayeeMode, PayerModel, ProviderKey, PublishVersion, RateTerms,
    RegisterAgreement, RegisterCategory, RegisterEnterprise, RegisterMember, RegisterPrincipal,
    RegisterProvider, Role, Scope, SetGrant, Submission, Tier, VersionTerms, VoucherKey,
};
use crate::engine::event::SYSTEM;
use crate::journal::codec;

const CITIES: [u32; 9] = [
    310_117, 320_500, 330_100, 330_400, 330_500, 330_700, 340_100, 340_200, 341_800,
];
const CATEGORIES: [&str; 6] = [
    "compute",
    "design",
    "joint_rnd",
    "pilot_scale",
    "shared_instruments",
    "testing",
];

/// The person who files the claims of a provider.
fn filer(provider: u32) -> PrincipalId {
    PrincipalId(provider + 1)
}

/// How large the world is and how its claims are spread.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Number of vouchers.
    pub vouchers: u32,
    /// Number of providers.
    pub providers: u32,
    /// True if every claim falls on one programme and one host city.
    pub hot: bool,
}

/// Steps of a 64-bit mixer (the finaliser of SplitMix64): a fixed, well-spread sequence.
pub(super) fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn fen(amount: i64) -> Fen {
    Fen::try_new(amount).expect("amounts of the benchmark are small")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("names of the benchmark are short")
}

fn day(text: &str) -> Day {
    Day::parse(text).expect("days of the benchmark are days")
}

/// A credit code that is well formed and distinct for each `n`; its check is not valid, which
/// the registration accepts.
fn credit_code(kind: u8, n: u32) -> CreditCode {
    CreditCode::parse(&format!("9{kind}310117MA{n:07}0")).expect("digits only")
}

fn submission(command: Command) -> Submission {
    Submission {
        imported: false,
        ..Submission::new(SYSTEM, command)
    }
}

impl World {
    /// First business date of the world.
    pub fn first_day() -> Day {
        day("2025-01-02")
    }

    fn enterprises(&self) -> u32 {
        self.vouchers.div_ceil(4)
    }

    /// Credit code of the firm that a row of a file is for.
    pub(super) fn firm_code(&self, row: u32) -> CreditCode {
        credit_code(1, row % self.enterprises())
    }

    fn city_of_voucher(&self, voucher: u32) -> usize {
        if self.hot {
            0
        } else {
            voucher as usize % CITIES.len()
        }
    }

    fn city_of_provider(&self, provider: u32) -> usize {
        if self.hot {
            1
        } else {
            provider as usize % CITIES.len()
        }
    }

    /// Members, categories, programmes and agreements.
    pub fn set_up(&self) -> Vec<Submission> {
        let mut commands = Vec::new();
        for code in CITIES {
            commands.push(Command::RegisterMember(Box::new(RegisterMember {
                code: DivisionCode::try_new(code).expect("six digits"),
                kind: MemberKind::City,
                name_zh: name("城市"),
                name_en: name("City"),
                province: name("Province"),
                signed_protocol: true,
            })));
        }
        for code in CATEGORIES {
            commands.push(Command::RegisterCategory(Box::new(RegisterCategory {
                code: CategoryCode::parse(code).expect("short"),
                name_zh: name(code),
                name_en: name(code),
            })));
        }
        let unnamed = PersonalText {
            commitment: [0; 32],
            opening: None,
        };
        commands.push(Command::RegisterPrincipal(Box::new(RegisterPrincipal {
            name: unnamed,
        })));
        for city in 0..CITIES.len() {
            commands.extend(self.programme(city));
        }
        for home in 0..CITIES.len() {
            for host in (0..CITIES.len()).filter(|host| *host != home) {
                commands.push(agreement(home, host));
            }
        }
        commands.into_iter().map(submission).collect()
    }

    fn programme(&self, city: usize) -> [Command; 3] {
        let programme = ProgrammeId(u16::try_from(city).expect("nine cities"));
        let code = format!("{}-2025", CITIES[city]);
        let rate = |category| RateTerms {
            category: CategoryId(category),
            tiers: Box::new([Tier {
                up_to: Fen::MAX,
                ratio: Ratio::from_millionths(300_000).expect("below one"),
            }]),
            cap_claim: fen(20_000_000),
        };
        let categories = u8::try_from(CATEGORIES.len()).expect("six categories");
        [
            Command::CreateProgramme(Box::new(CreateProgramme {
                code: ProgrammeCode::parse(&code).expect("short"),
                title: name(&code),
                city: member(city),
                budget_year: 2025,
            })),
            Command::ChangeBudget(ChangeBudget {
                programme,
                amount: fen(25_000_000_000_000),
                raise: true,
                document_no: None,
            }),
            Command::PublishVersion(PublishVersion {
                programme,
                terms: Box::new(VersionTerms {
                    effective_from: Self::first_day(),
                    document_no: Text::parse("科发〔2025〕1号").expect("short"),
                    payee: PayeeMode::Provider,
                    base: BasePolicy::Invoice,
                    cap_enterprise: fen(1_000_000_000_000),
                    cap_group: fen(1_000_000_000_000),
                    use_months: 12,
                    cash_days: 90,
                    rates: (0..categories).map(rate).collect(),
                    recognised: None,
                    evidence: EvidenceKinds::NONE,
                    transfers: Box::default(),
                    application_required: false,
                    ..VersionTerms::default()
                }),
            }),
        ]
    }

    /// Providers, each with the person who files for it, then enterprises.
    pub fn parties(&self) -> Vec<Submission> {
        let categories: Box<[CategoryId]> = (0..CATEGORIES.len())
            .filter_map(CategoryId::from_index)
            .collect();
        let providers = (0..self.providers).flat_map(|n| {
            let register = Command::RegisterProvider(Box::new(RegisterProvider {
                code: credit_code(2, n),
                accept_failed_check: true,
                name: name("检测研究院"),
                city: member(self.city_of_provider(n)),
                categories: categories.clone(),
                group: None,
                admitted_from: Some(day("2024-01-01")),
                admitted_to: Some(day("2027-12-31")),
                bank_account: None,
            }));
            let unnamed = PersonalText {
                commitment: [0; 32],
                opening: None,
            };
            let person = Command::RegisterPrincipal(Box::new(RegisterPrincipal { name: unnamed }));
            let grant = Command::SetGrant(SetGrant {
                principal: filer(n),
                role: Role::Provider,
                scope: Scope::Provider(ProviderId(n)),
                granted: true,
            });
            [register, person, grant]
        });
        let enterprises = (0..self.enterprises()).map(|n| {
            Command::RegisterEnterprise(Box::new(RegisterEnterprise {
                code: Some(credit_code(1, n)),
                accept_failed_check: true,
                name: PartyName::Public(name("科技有限公司")),
                city: member(self.city_of_voucher(n)),
                kind: EnterpriseKind::Sme,
                group: None,
            }))
        });
        providers.chain(enterprises).map(submission).collect()
    }

    /// The vouchers `range` and a consent on each for any provider.
    pub fn vouchers(&self, range: std::ops::Range<u32>) -> Vec<Submission> {
        range
            .flat_map(|n| {
                let enterprise = n % self.enterprises();
                let programme = u16::try_from(self.city_of_voucher(enterprise)).expect("nine");
                let issue = Command::IssueVoucher(IssueVoucher {
                    programme: ProgrammeId(programme),
                    enterprise: EnterpriseKey::Id(EnterpriseId(enterprise)),
                    amount: fen(5_000_000),
                    application: None,
                });
                let consent = Command::GiveConsent(GiveConsent {
                    voucher: VoucherId(n),
                    giver: ConsentGiver::Holder(None),
                    up_to: fen(5_000_000),
                    until: day("2026-06-30"),
                });
                [issue, consent]
            })
            .map(submission)
            .collect()
    }

    /// The claims `range`: distinct invoices and keys, vouchers and providers in a scattered order.
    pub fn claims(&self, range: std::ops::Range<u32>) -> Vec<Submission> {
        range.map(|n| self.claim(n)).collect()
    }

    fn claim(&self, n: u32) -> Submission {
        let scattered = mix(u64::from(n));
        let voucher = u32::try_from(scattered % u64::from(self.vouchers)).expect("a remainder");
        let provider =
            u32::try_from((scattered >> 32) % u64::from(self.providers)).expect("a remainder");
        let invoice = fen(i64::from(n % 9_000) + 10_000);
        let category = u8::try_from(n as usize % CATEGORIES.len()).expect("six categories");
        let command = Command::FileClaim(FileClaim {
            voucher: VoucherKey::Id(VoucherId(voucher)),
            provider: ProviderKey::Id(ProviderId(provider)),
            enterprise: None,
            category: CategoryId(category),
            contract_no: ContractNo::parse(&format!("HT-2025-{n:08}")).expect("short"),
            contract_date: day("2025-01-02"),
            contract_amount: invoice,
            invoice_no: InvoiceNo::parse(&format!("25332{n:015}")).expect("twenty digits"),
            invoice_amount: invoice,
            paid_amount: fen(invoice.get() / 2),
            evidence: Box::default(),
            order: None,
        });
        let fingerprint = codec::fingerprint(&command);
        let key = (u128::from(mix(scattered)) << 64) | u128::from(mix(u64::from(n) << 32));
        Submission {
            key: Some(key),
            fingerprint,
            ..Submission::new(filer(provider), command)
        }
    }
}

fn member(city: usize) -> MemberId {
    MemberId::from_index(city).expect("nine cities")
}

fn agreement(home: usize, host: usize) -> Command {
    let half = Ratio::from_millionths(500_000).expect("below one");
    Command::RegisterAgreement(RegisterAgreement {
        terms: Box::new(AgreementTerms {
            home: member(home),
            host: member(host),
            category: None,
            from: day("2025-01-01"),
            to: day("2026-12-31"),
            model: if (home + host).is_multiple_of(2) {
                PayerModel::HomePays
            } else {
                PayerModel::HostPays
            },
            pool: None,
            shares: Box::new([(member(home), half), (member(host), half)]),
            accrues_at: AccrualPoint::Approval,
        }),
        document_no: None,
    })
}
