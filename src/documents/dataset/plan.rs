//! From a data set to commands: set-up in the order of the keys, then day by day the vouchers
//! before the claims, each by reference. The order of the rows in the files does not matter.

use std::collections::BTreeMap;

use super::rows::{
    AgreementRecord, ClaimRecord, Dataset, EnterpriseRecord, Place, ProgrammeRecord,
    ProviderRecord, VersionRecord, VoucherRecord,
};
use crate::domain::{CategoryCode, Day, Fen, InlineText};
use crate::engine::State;
use crate::engine::command::{
    AccrualPoint, AgreementTerms, ChangeBudget, Command, CreateProgramme, EnterpriseKey,
    EvidenceKinds, FileClaim, IssueVoucher, MemberKind, Name, PartyName, ProviderKey,
    PublishVersion, RateTerms, RefSource, RegisterAgreement, RegisterCategory, RegisterEnterprise,
    RegisterMember, RegisterProvider, Tier, VersionTerms, VoucherKey,
};
use crate::journal::codec;

/// One row to be taken over.
#[derive(Clone, Copy, Debug)]
pub enum StepKind<'a> {
    /// A city.
    City(&'a super::CityRecord),
    /// A category, named by any file.
    Category(CategoryCode),
    /// A programme.
    Programme(&'a ProgrammeRecord),
    /// The budget of a programme.
    Budget(&'a ProgrammeRecord),
    /// A version.
    Version(&'a VersionRecord),
    /// An agreement.
    Agreement(&'a AgreementRecord),
    /// An enterprise.
    Enterprise(&'a EnterpriseRecord),
    /// A provider.
    Provider(&'a ProviderRecord),
    /// A voucher.
    Voucher(&'a VoucherRecord),
    /// A claim.
    Claim(&'a ClaimRecord),
}

/// A row with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Where it stands; a category stands in several files and is named by the first.
    pub place: Place,
    /// The row.
    pub kind: StepKind<'a>,
}

/// What an import does, in order.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Groups of set-up rows; a group may name what the groups before it made.
    pub set_up: Vec<Vec<Step<'a>>>,
    /// Days in order, each with its vouchers and then its claims.
    pub days: Vec<(Day, Vec<Step<'a>>)>,
}

fn steps<'a, T: 'a>(
    rows: impl IntoIterator<Item = &'a T>,
    step: impl Fn(&'a T) -> (Place, StepKind<'a>),
) -> Vec<Step<'a>> {
    let made = rows.into_iter().map(step);
    made.map(|(place, kind)| Step { place, kind }).collect()
}

impl<'a> Plan<'a> {
    /// The plan of a data set without faults.
    pub fn of(set: &'a Dataset) -> Plan<'a> {
        let categories = categories(set).into_iter();
        // A programme may begin without money; a budget is loaded by a positive amount only.
        let funded = set.programmes.iter().filter(|r| !r.budget.is_zero());
        let set_up = vec![
            steps(&set.cities, |r| (r.place, StepKind::City(r))),
            categories
                .map(|(code, place)| Step {
                    place,
                    kind: StepKind::Category(code),
                })
                .collect(),
            steps(&set.programmes, |r| (r.place, StepKind::Programme(r))),
            steps(funded, |r| (r.place, StepKind::Budget(r))),
            steps(&set.versions, |r| (r.place, StepKind::Version(r))),
            steps(&set.agreements, |r| (r.place, StepKind::Agreement(r))),
            steps(&set.enterprises, |r| (r.place, StepKind::Enterprise(r))),
            steps(&set.providers, |r| (r.place, StepKind::Provider(r))),
        ];
        let mut days: BTreeMap<Day, Vec<Step<'a>>> = BTreeMap::new();
        for row in &set.vouchers {
            let step = Step {
                place: row.place,
                kind: StepKind::Voucher(row),
            };
            days.entry(row.issued_on).or_default().push(step);
        }
        for row in &set.claims {
            let step = Step {
                place: row.place,
                kind: StepKind::Claim(row),
            };
            days.entry(row.filed_on).or_default().push(step);
        }
        Plan {
            set_up,
            days: days.into_iter().collect(),
        }
    }
}

/// All categories that any file names, each with the first place that names it.
pub(super) fn categories(set: &Dataset) -> BTreeMap<CategoryCode, Place> {
    let mut categories = BTreeMap::new();
    let mut name = |code: CategoryCode, place: Place| {
        categories.entry(code).or_insert(place);
    };
    for row in &set.versions {
        row.rates.keys().for_each(|code| name(*code, row.place));
    }
    for row in &set.providers {
        row.categories
            .iter()
            .for_each(|code| name(*code, row.place));
    }
    for row in &set.agreements {
        row.category
            .into_iter()
            .for_each(|code| name(code, row.place));
    }
    set.claims
        .iter()
        .for_each(|row| name(row.category, row.place));
    categories
}

impl Step<'_> {
    /// The reference under which the row is imported: its key in the files.
    pub fn reference(&self) -> InlineText<40> {
        let text = match &self.kind {
            StepKind::City(r) => r.code.to_string(),
            StepKind::Category(code) => code.to_string(),
            StepKind::Programme(r) => r.code.to_string(),
            StepKind::Budget(r) => format!("{}/budget", r.code),
            StepKind::Version(r) => format!("{}/v{}", r.programme, r.version),
            StepKind::Agreement(r) => {
                // The category's code can be long: its number in the ledger is not known yet, so
                // its hash stands for it.
                let category = r.category.map_or(String::new(), |code| {
                    let hash = crate::journal::digest128(code.as_str().as_bytes());
                    format!("{:08x}", (hash >> 96) as u32)
                });
                format!("{}/{}/{category}/{}", r.home, r.host, r.from)
            }
            StepKind::Enterprise(r) => r.code.to_string(),
            StepKind::Provider(r) => r.code.to_string(),
            StepKind::Voucher(r) => return r.reference,
            StepKind::Claim(r) => return r.reference,
        };
        InlineText::parse(&text).expect("built from short codes")
    }

    /// The command that takes the row over; the state must hold what earlier groups made.
    /// `None` if something the row names is not there.
    pub fn command(&self, state: &State) -> Option<Command> {
        Some(match &self.kind {
            StepKind::City(r) => Command::RegisterMember(Box::new(RegisterMember {
                code: r.code,
                kind: MemberKind::City,
                name_zh: r.name_zh.clone(),
                name_en: r.name_en.clone(),
                province: r.province.clone(),
                signed_protocol: true,
            })),
            StepKind::Category(code) => {
                let name = Name::parse(code.as_str()).ok()?;
                Command::RegisterCategory(Box::new(RegisterCategory {
                    code: *code,
                    name_zh: name.clone(),
                    name_en: name,
                }))
            }
            StepKind::Programme(r) => Command::CreateProgramme(Box::new(CreateProgramme {
                code: r.code,
                title: Name::parse(r.code.as_str()).ok()?,
                city: state.member_by_code(r.city)?,
                budget_year: r.budget_year,
            })),
            StepKind::Budget(r) => Command::ChangeBudget(ChangeBudget {
                programme: state.programme_by_code(&r.code)?,
                amount: r.budget,
                raise: true,
                document_no: None,
            }),
            StepKind::Version(r) => publish(r, state)?,
            StepKind::Agreement(r) => agree(r, state)?,
            StepKind::Enterprise(r) => Command::RegisterEnterprise(Box::new(RegisterEnterprise {
                code: Some(r.code),
                accept_failed_check: true,
                name: PartyName::Public(r.name.clone()),
                city: state.member_by_code(r.city)?,
                kind: r.kind,
                group: r.group.clone(),
            })),
            StepKind::Provider(r) => Command::RegisterProvider(Box::new(RegisterProvider {
                code: r.code,
                accept_failed_check: true,
                name: r.name.clone(),
                city: state.member_by_code(r.city)?,
                categories: r
                    .categories
                    .iter()
                    .map(|code| state.category_by_code(code))
                    .collect::<Option<_>>()?,
                group: r.group.clone(),
                admitted_from: Some(r.admitted_from),
                admitted_to: Some(r.admitted_to),
                bank_account: None,
            })),
            StepKind::Voucher(r) => Command::IssueVoucher(IssueVoucher {
                programme: state.programme_by_code(&r.programme)?,
                enterprise: EnterpriseKey::Code(r.enterprise),
                amount: r.amount,
                application: None,
            }),
            StepKind::Claim(r) => file(r, state)?,
        })
    }
}

fn publish(r: &VersionRecord, state: &State) -> Option<Command> {
    let mut rates: Vec<RateTerms> = Vec::new();
    for (code, (ratio, cap_claim)) in &r.rates {
        rates.push(RateTerms {
            category: state.category_by_code(code)?,
            tiers: Box::new([Tier {
                up_to: Fen::MAX,
                ratio: *ratio,
            }]),
            cap_claim: *cap_claim,
        });
    }
    rates.sort_by_key(|rate| rate.category);
    let mut recognised = r
        .recognised
        .iter()
        .map(|c| state.member_by_code(*c))
        .collect::<Option<Vec<_>>>()?;
    recognised.sort_unstable();
    Some(Command::PublishVersion(PublishVersion {
        programme: state.programme_by_code(&r.programme)?,
        terms: Box::new(VersionTerms {
            effective_from: r.effective_from,
            document_no: r.document_no.clone(),
            payee: r.payee,
            base: r.base,
            cap_enterprise: r.cap_enterprise,
            cap_group: r.cap_group,
            use_months: r.use_months,
            cash_days: r.cash_days,
            rates: rates.into(),
            // A version that names no host city recognises all members.
            recognised: (!recognised.is_empty()).then(|| recognised.into()),
            evidence: EvidenceKinds::NONE,
            transfers: Box::default(),
            application_required: false,
            ..VersionTerms::default()
        }),
    }))
}

fn agree(r: &AgreementRecord, state: &State) -> Option<Command> {
    let (home, host) = (state.member_by_code(r.home)?, state.member_by_code(r.host)?);
    let category = match &r.category {
        Some(code) => Some(state.category_by_code(code)?),
        None => None,
    };
    Some(Command::RegisterAgreement(RegisterAgreement {
        terms: Box::new(AgreementTerms {
            home,
            host,
            category,
            from: r.from,
            to: r.to,
            model: r.model,
            pool: None,
            shares: Box::new([(home, r.home_share), (host, r.home_share.complement())]),
            accrues_at: AccrualPoint::Approval,
        }),
        document_no: None,
    }))
}

fn file(r: &ClaimRecord, state: &State) -> Option<Command> {
    let kind = crate::engine::command::CommandKind::IssueVoucher;
    let voucher = codec::external_ref(kind, RefSource::Import, r.voucher).ok()?;
    Some(Command::FileClaim(FileClaim {
        voucher: VoucherKey::Ref(Box::new(voucher)),
        provider: ProviderKey::Code(r.provider),
        enterprise: Some(EnterpriseKey::Code(r.enterprise)),
        category: state.category_by_code(&r.category)?,
        contract_no: r.contract_no,
        contract_date: r.contract_date,
        contract_amount: r.contract_amount,
        invoice_no: r.invoice_no,
        invoice_amount: r.invoice_amount,
        paid_amount: r.paid_amount,
        evidence: Box::default(),
        order: None,
    }))
}
