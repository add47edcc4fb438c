//! How the texts of the columns become values of the domain.

use super::rows::RefText;
use super::table::Kind;
use crate::domain::{
    CategoryCode, ContractNo, CreditCode, CreditCodeError, Day, DayError, DivisionCode,
    DivisionCodeError, Fen, FenError, InvoiceNo, InvoiceNoError, ProgrammeCode, Ratio, RatioError,
    TextError,
};
use crate::engine::command::{DocumentNo, Name};
use crate::engine::terms::{
    BUDGET_YEARS, BasePolicy, CASH_DAYS_MAX, EnterpriseKind, PayeeMode, PayerModel, USE_MONTHS_MAX,
    VERSIONS_MAX,
};

type Word<T> = Kind<T, &'static str>;

const CLEAN: &str = "no line breaks, no blanks at the ends";

pub(super) const DIVISION: Kind<DivisionCode, DivisionCodeError> = Kind {
    parse: DivisionCode::parse,
    hint: "",
};
pub(super) const NAME: Kind<Name, TextError> = Kind {
    parse: Name::parse,
    hint: CLEAN,
};
pub(super) const DOCUMENT_NO: Kind<DocumentNo, TextError> = Kind {
    parse: DocumentNo::parse,
    hint: CLEAN,
};
pub(super) const PROGRAMME: Kind<ProgrammeCode, TextError> = Kind {
    parse: ProgrammeCode::parse,
    hint: "a code such as 310117-2025",
};
pub(super) const CATEGORY: Kind<CategoryCode, TextError> = Kind {
    parse: CategoryCode::parse,
    hint: "a code such as testing",
};
pub(super) const CATEGORIES: Kind<Vec<CategoryCode>, TextError> = Kind {
    parse: categories,
    hint: "codes with | between them, such as design|testing",
};
pub(super) const REFERENCE: Kind<RefText, TextError> = Kind {
    parse: RefText::parse,
    hint: CLEAN,
};
pub(super) const CONTRACT_NO: Kind<ContractNo, TextError> = Kind {
    parse: ContractNo::parse,
    hint: CLEAN,
};
pub(super) const INVOICE_NO: Kind<InvoiceNo, InvoiceNoError> = Kind {
    parse: InvoiceNo::parse,
    hint: "",
};
pub(super) const CREDIT_CODE: Kind<CreditCode, CreditCodeError> = Kind {
    parse: CreditCode::parse,
    hint: "such as 91330100799655058B",
};
pub(super) const YUAN: Kind<Fen, FenError> = Kind {
    parse: Fen::parse_yuan,
    hint: "yuan with two places, such as 12345.67",
};
pub(super) const RATIO: Kind<Ratio, RatioError> = Kind {
    parse: Ratio::parse,
    hint: "from 0 to 1 with at most six places, such as 0.333333",
};
pub(super) const DAY: Kind<Day, DayError> = Kind {
    parse: Day::parse,
    hint: "",
};
pub(super) const BUDGET_YEAR: Word<u16> = Kind {
    parse: |text| whole(text, BUDGET_YEARS, "not a year from 2000 to 2999"),
    hint: "such as 2025",
};
pub(super) const VERSION: Word<u16> = Kind {
    parse: |text| whole(text, 1..=VERSIONS, "not a whole number from 1 to 100"),
    hint: "versions are numbered from 1 within the programme",
};
pub(super) const USE_MONTHS: Word<u16> = Kind {
    parse: |text| whole(text, 0..=USE_MONTHS_MAX, "not a whole number from 0 to 120"),
    hint: "months from issue to the last day of use",
};
pub(super) const CASH_DAYS: Word<u16> = Kind {
    parse: |text| whole(text, 0..=CASH_DAYS_MAX, "not a whole number from 0 to 3660"),
    hint: "days from the last day of use to the last day of filing",
};
pub(super) const PAYEE: Word<PayeeMode> = Kind {
    parse: |text| PayeeMode::parse(text).ok_or(UNKNOWN),
    hint: "provider or enterprise",
};
pub(super) const BASE: Word<BasePolicy> = Kind {
    parse: |text| BasePolicy::parse(text).ok_or(UNKNOWN),
    hint: "contract, invoice, paid or least",
};
pub(super) const PAYER: Word<PayerModel> = Kind {
    parse: payer,
    hint: "home_pays or host_pays",
};
pub(super) const ENTERPRISE_KIND: Word<EnterpriseKind> = Kind {
    parse: enterprise_kind,
    hint: "sme, micro or high_tech",
};

const UNKNOWN: &str = "not one of the words that this column takes";

/// [`VERSIONS_MAX`] as a number of a version.
const VERSIONS: u16 = {
    assert!(VERSIONS_MAX <= u16::MAX as usize);
    VERSIONS_MAX as u16
};

fn whole(
    text: &str,
    range: std::ops::RangeInclusive<u16>,
    problem: &'static str,
) -> Result<u16, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|n| digits && range.contains(n));
    number.ok_or(problem)
}

/// The files have no column that names a pool.
fn payer(text: &str) -> Result<PayerModel, &'static str> {
    match PayerModel::parse(text) {
        None => Err(UNKNOWN),
        Some(PayerModel::PoolPays) => Err("a pool cannot be named in the files"),
        Some(model) => Ok(model),
    }
}

/// A team has no credit code, and its name is personal data: it is registered by hand.
fn enterprise_kind(text: &str) -> Result<EnterpriseKind, &'static str> {
    match EnterpriseKind::parse(text) {
        None => Err(UNKNOWN),
        Some(EnterpriseKind::Team) => Err("a team has no credit code and is not imported"),
        Some(kind) => Ok(kind),
    }
}

fn categories(text: &str) -> Result<Vec<CategoryCode>, TextError> {
    let mut categories: Vec<CategoryCode> = text
        .split('|')
        .filter(|code| !code.is_empty())
        .map(CategoryCode::parse)
        .collect::<Result<_, _>>()?;
    categories.sort_unstable();
    categories.dedup();
    Ok(categories)
}
