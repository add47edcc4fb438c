//! The typed rows of the ten input files.

use std::collections::BTreeMap;

use crate::domain::{
    CategoryCode, ContractNo, CreditCode, Day, DivisionCode, Fen, InlineText, InvoiceNo,
    ProgrammeCode, Ratio,
};
use crate::engine::command::{DocumentNo, Name};
use crate::engine::terms::{BasePolicy, EnterpriseKind, PayeeMode, PayerModel};

/// A reference as the files write it, at most 40 bytes.
pub type RefText = InlineText<40>;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the file.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u64,
}

/// A row of `cities.csv`.
#[derive(Clone, Debug)]
pub struct CityRecord {
    /// Where it stands.
    pub place: Place,
    /// Division code.
    pub code: DivisionCode,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
    /// Province.
    pub province: Name,
}

/// A row of `programmes.csv`.
#[derive(Clone, Debug)]
pub struct ProgrammeRecord {
    /// Where it stands.
    pub place: Place,
    /// Code.
    pub code: ProgrammeCode,
    /// Issuing city.
    pub city: DivisionCode,
    /// Budget year.
    pub budget_year: u16,
    /// Budget.
    pub budget: Fen,
}

/// A row of `versions.csv` with its rates and recognised cities.
#[derive(Clone, Debug)]
pub struct VersionRecord {
    /// Where it stands.
    pub place: Place,
    /// Programme.
    pub programme: ProgrammeCode,
    /// Number, from 1.
    pub version: u16,
    /// First contract or issue date.
    pub effective_from: Day,
    /// Document number.
    pub document_no: DocumentNo,
    /// Who is paid.
    pub payee: PayeeMode,
    /// What ratios apply to.
    pub base: BasePolicy,
    /// Cap per enterprise.
    pub cap_enterprise: Fen,
    /// Cap per controller group.
    pub cap_group: Fen,
    /// Months of use.
    pub use_months: u16,
    /// Days to cash.
    pub cash_days: u16,
    /// Ratio and claim cap by category.
    pub rates: BTreeMap<CategoryCode, (Ratio, Fen)>,
    /// Host cities recognised.
    pub recognised: Vec<DivisionCode>,
}

/// A row of `agreements.csv`.
#[derive(Clone, Debug)]
pub struct AgreementRecord {
    /// Where it stands.
    pub place: Place,
    /// Home city.
    pub home: DivisionCode,
    /// Host city.
    pub host: DivisionCode,
    /// Category, or all.
    pub category: Option<CategoryCode>,
    /// Who pays.
    pub model: PayerModel,
    /// The home city's share.
    pub home_share: Ratio,
    /// First contract date.
    pub from: Day,
    /// Last contract date.
    pub to: Day,
}

/// A row of `enterprises.csv`.
#[derive(Clone, Debug)]
pub struct EnterpriseRecord {
    /// Where it stands.
    pub place: Place,
    /// Credit code.
    pub code: CreditCode,
    /// Name.
    pub name: Name,
    /// Home city.
    pub city: DivisionCode,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Controller group.
    pub group: Option<Name>,
}

/// A row of `providers.csv`.
#[derive(Clone, Debug)]
pub struct ProviderRecord {
    /// Where it stands.
    pub place: Place,
    /// Credit code.
    pub code: CreditCode,
    /// Name.
    pub name: Name,
    /// Host city.
    pub city: DivisionCode,
    /// Categories offered.
    pub categories: Vec<CategoryCode>,
    /// Controller group.
    pub group: Option<Name>,
    /// First day of admission.
    pub admitted_from: Day,
    /// Last day of admission.
    pub admitted_to: Day,
}

/// A row of `vouchers.csv`.
#[derive(Clone, Debug)]
pub struct VoucherRecord {
    /// Where it stands.
    pub place: Place,
    /// Reference.
    pub reference: RefText,
    /// Programme.
    pub programme: ProgrammeCode,
    /// Enterprise.
    pub enterprise: CreditCode,
    /// Amount.
    pub amount: Fen,
    /// Day of issue.
    pub issued_on: Day,
}

/// A row of `claims.csv`.
#[derive(Clone, Debug)]
pub struct ClaimRecord {
    /// Where it stands.
    pub place: Place,
    /// Reference.
    pub reference: RefText,
    /// Filing date.
    pub filed_on: Day,
    /// Reference of the voucher; unknown ones are refused by rule.
    pub voucher: RefText,
    /// Enterprise served.
    pub enterprise: CreditCode,
    /// Provider; unknown ones are refused by rule.
    pub provider: CreditCode,
    /// Category.
    pub category: CategoryCode,
    /// Number of the contract.
    pub contract_no: ContractNo,
    /// Day of the contract.
    pub contract_date: Day,
    /// Amount of the contract.
    pub contract_amount: Fen,
    /// Number of the invoice.
    pub invoice_no: InvoiceNo,
    /// Amount of the invoice.
    pub invoice_amount: Fen,
    /// What the firm paid.
    pub paid_amount: Fen,
}

/// A whole data set, each file sorted by its key.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Cities.
    pub cities: Vec<CityRecord>,
    /// Programmes.
    pub programmes: Vec<ProgrammeRecord>,
    /// Versions.
    pub versions: Vec<VersionRecord>,
    /// Agreements.
    pub agreements: Vec<AgreementRecord>,
    /// Enterprises.
    pub enterprises: Vec<EnterpriseRecord>,
    /// Providers.
    pub providers: Vec<ProviderRecord>,
    /// Vouchers.
    pub vouchers: Vec<VoucherRecord>,
    /// Claims.
    pub claims: Vec<ClaimRecord>,
}
