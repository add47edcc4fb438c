//! A second, naive model of the rules, written from their text and apart from the engine: it
//! keeps lists of what happened and adds them up again for every question. Slow and short.
//!
//! It holds the engine to account twice: `random` sends both the same random commands and compares
//! all they know after each; `corridor` answers the example year with the model alone.

mod books;
mod claims;
mod compare;
mod corridor;
mod issued;
mod limits;
mod orders;
mod pair;
mod periods;
mod random;
mod registers;
mod renewal;
mod steps;
mod transfers;
mod vouchers;
mod world;
mod year_end;

pub(crate) use pair::{Pair, Step};

use steps::StepDone;

use jiff::ToSpan;
use jiff::civil::Date;

/// Fen. Sums of lists never overflow here.
type Money = i128;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done.
    Done,
    /// A claim was approved.
    Approved(Approval),
    /// A claim on an order was approved, one part per line that it draws on.
    Captured(Vec<Approval>),
    /// A claim waits for the budget of another year, with this amount.
    Waits(Money),
    /// Refused by rules: all faults of a claim in the order of the rules, else the one code.
    Refused(Vec<&'static str>),
    /// No command for this ledger, sender or moment; nothing is recorded.
    Rejected,
}

/// What an approved claim is worth and who bears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    amount: Money,
    payer: usize,
    /// Who else owes the payer how much.
    others: Vec<(usize, Money)>,
}

/// Ways to get the rules wrong, to show that the comparison would notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Bend {
    #[default]
    None,
    /// The last day of use is already too late.
    ExpiresOneDayEarly,
    /// Tiers are floored one by one.
    TiersFlooredApart,
    /// The fen that is left over goes to the host.
    RestToHost,
    /// A refused claim uses up its invoice number.
    RefusedTakesInvoice,
    /// A reversal leaves the cap of the enterprise as it is.
    ReversalKeepsCap,
    /// The largest creditor is not found anew after each payment.
    RankedOnce,
    /// A second request for the same consent adds to the first.
    ConsentsAddUp,
    /// What lapses does not come back to the budget.
    LapseIsLost,
    /// What an order holds does not count in the caps.
    HoldsOutsideCaps,
    /// What an order releases does not come back to the voucher.
    ReleaseIsLost,
    /// A reversed claim on an order is held again.
    ReversalRestoresHold,
    /// The claims of another contract count to a contract's cap.
    ContractsMixed,
    /// A number used with one lab counts to the contract of that number with another.
    LabsMixed,
    /// A rolling period begins a day late.
    RollingOneDayShort,
    /// What is used in one category counts in another.
    CategoriesMixed,
    /// What an order holds counts to no contract.
    HoldsOutsideContracts,
    /// A carry takes along what was paid before it.
    PaidIsCarried,
    /// What is revoked counted at its holder, whoever it was issued to.
    RevokedAtHolder,
    /// What comes back to a revoked voucher stays on it.
    RevokedKeepsMoney,
}

struct Member {
    code: String,
    treasury: bool,
    signed: bool,
}

struct Programme {
    city: usize,
    budget_year: i32,
    /// Loads, raises and cuts.
    budget: Vec<Money>,
    versions: Vec<Version>,
    year: year_end::Year,
    /// For what was carried into a year: a budget of its own.
    carried: Option<year_end::Carried>,
}

#[derive(Clone)]
struct Version {
    effective_from: Date,
    pays_enterprise: bool,
    base: Base,
    cap_enterprise: Money,
    cap_group: Money,
    use_months: i64,
    cash_days: i64,
    rates: Vec<Rate>,
    /// `None` for all members.
    recognised: Option<Vec<usize>>,
    transfers: Vec<Kind>,
    limits: limits::Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Contract,
    Invoice,
    Paid,
    Least,
}

#[derive(Clone)]
struct Rate {
    category: String,
    /// Upper bounds and millionths.
    tiers: Vec<(Money, Money)>,
    cap_claim: Money,
}

/// Kinds of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Succession,
    Relocation,
    Open,
    Incorporation,
    Affiliate,
    Move,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Proposed,
    Approved,
    /// Declined, withdrawn or expired.
    Released,
    /// Approved, and undone.
    Undone,
}

/// The controller groups of a party, each from a day on.
type Groups = Vec<(Date, Option<String>)>;

struct Enterprise {
    code: String,
    team: bool,
    city: usize,
    groups: Groups,
}

struct Provider {
    code: String,
    city: usize,
    categories: Vec<String>,
    groups: Groups,
    admitted: (Date, Date),
    suspended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payer {
    Home,
    Host,
    Pool(usize),
}

struct Agreement {
    home: usize,
    host: usize,
    category: Option<String>,
    days: (Date, Date),
    payer: Payer,
    /// Funders and millionths, home first, host second.
    shares: Vec<(usize, Money)>,
    accrues_at_payment: bool,
}

struct Voucher {
    /// Whose rules hold for it.
    programme: usize,
    /// The programme, or what was carried of it: whose budget it is charged to.
    pot: usize,
    holder: usize,
    amount: Money,
    issued_on: Date,
    use_by: Date,
    cash_by: Date,
    version: usize,
    contracts_from: Date,
    parent: Option<usize>,
    /// The voucher whose money it is issued for again.
    replaces: Option<usize>,
    revoked: bool,
    frozen: bool,
    /// What went back to a budget: to be used again, or lapsed after its year.
    returned: Vec<Return>,
    /// What went back to the parent.
    given_back: Money,
}

#[derive(Clone, Copy)]
struct Return {
    amount: Money,
    pot: usize,
    lapsed: bool,
}

struct Consent {
    voucher: usize,
    /// The provider that gave it itself, in enterprise mode.
    by_provider: bool,
    /// For which provider; `None` for any.
    provider: Option<usize>,
    up_to: Money,
    until: Date,
    withdrawn: bool,
}

struct Transfer {
    voucher: usize,
    kind: Kind,
    to: usize,
    to_city: Option<usize>,
    to_programme: Option<usize>,
    cap_share: Money,
    amount: Money,
    by: usize,
    last_day: Date,
    /// Who approved a move first.
    endorsed: Option<usize>,
    child: Option<usize>,
    /// What the receiver took over of the used cap, and when.
    taken_over: Option<(Money, Date)>,
    fate: Fate,
}

struct Claim {
    voucher: usize,
    filing: claims::Filing,
    filed_on: Date,
    approval: Approval,
    /// Whether it counts to its contract: the version that judged it, or its order, caps them.
    caps_contract: bool,
    /// For the budget of another year.
    waits: bool,
    /// The budget that its amount stands in.
    pot: usize,
    /// The one that it was approved in: that of its lines.
    booked_in: usize,
    group: Option<String>,
    consent: Option<usize>,
    order: Option<usize>,
    filed_by: usize,
    /// Others owe the payer: the lines.
    lines: Vec<usize>,
    paid: bool,
    reversed: bool,
}

/// Changes of what an enterprise has used under a programme, in order. It does not fall below
/// nothing.
struct CapChange {
    programme: usize,
    enterprise: usize,
    used: Used,
}

/// A change of what was used.
enum Used {
    /// In a category.
    In(String, Money),
    /// Brought by a transfer or taken away: in all, of each category, and the category that the
    /// giver used first.
    Moved(Money, Vec<(String, Money)>, Option<String>),
    /// On contracts that a version caps, whatever the categories.
    On(Vec<(limits::Contract, Money)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    debtor: usize,
    creditor: usize,
    programme: Option<usize>,
    amount: Money,
    period: usize,
    voided: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Closed,
    Agreed,
    Settling,
    Settled,
    SettledWithCarry,
}

struct Period {
    /// First day of its month.
    month: Date,
    stage: Stage,
    deemed_on: Option<Date>,
    pay_by: Option<Date>,
    mode: Mode,
    close_asked_by: Option<usize>,
    confirmed: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Direct,
    Bilateral,
    Hub(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Instruction {
    period: usize,
    order: usize,
    debtor: usize,
    creditor: usize,
    amount: Money,
    paid: Money,
    carried: Money,
}

/// The whole of it. Ids are positions in these lists.
struct Model {
    bend: Bend,
    today: Date,
    confirm_days: i64,
    pay_days: i64,
    members: Vec<Member>,
    programmes: Vec<Programme>,
    enterprises: Vec<Enterprise>,
    providers: Vec<Provider>,
    agreements: Vec<Agreement>,
    vouchers: Vec<Voucher>,
    applications: Vec<renewal::Application>,
    consents: Vec<Consent>,
    transfers: Vec<Transfer>,
    orders: Vec<orders::Order>,
    claims: Vec<Claim>,
    refused_invoices: Vec<String>,
    flags: Vec<registers::Flag>,
    relations: Vec<registers::Relation>,
    cap_changes: Vec<CapChange>,
    issues: Vec<issued::Issue>,
    /// Budget and amount of what came back because its day had passed.
    lapses: Vec<(usize, Money)>,
    /// True once a transfer has taken along what was used on a contract.
    contracts_passed_on: bool,
    lines: Vec<Line>,
    periods: Vec<Period>,
    instructions: Vec<Instruction>,
    /// Claim and whether the bank returned it.
    payments: Vec<(usize, bool)>,
    /// Instruction and bank reference of every settlement payment.
    bank_refs: Vec<(usize, String)>,
    /// What can be undone, in the order in which it was done.
    steps: Vec<StepDone>,
}

impl Model {
    fn new(today: Date, bend: Bend) -> Model {
        let mut model = Model {
            bend,
            today,
            confirm_days: 0,
            pay_days: 0,
            members: Vec::new(),
            programmes: Vec::new(),
            enterprises: Vec::new(),
            providers: Vec::new(),
            agreements: Vec::new(),
            vouchers: Vec::new(),
            applications: Vec::new(),
            consents: Vec::new(),
            transfers: Vec::new(),
            orders: Vec::new(),
            claims: Vec::new(),
            refused_invoices: Vec::new(),
            flags: Vec::new(),
            relations: Vec::new(),
            cap_changes: Vec::new(),
            issues: Vec::new(),
            lapses: Vec::new(),
            contracts_passed_on: false,
            lines: Vec::new(),
            periods: Vec::new(),
            instructions: Vec::new(),
            payments: Vec::new(),
            bank_refs: Vec::new(),
            steps: Vec::new(),
        };
        model.open_period(today.first_of_month());
        model
    }

    fn set_suspension(&mut self, provider: usize, suspended: bool) -> Verdict {
        let Some(row) = self.providers.get_mut(provider) else {
            return Verdict::Rejected;
        };
        if row.suspended == suspended {
            return refused("ALREADY_IN_STATE");
        }
        row.suspended = suspended;
        Verdict::Done
    }

    fn set_group(
        &mut self,
        of_provider: bool,
        party: usize,
        group: Option<String>,
        from: Date,
    ) -> Verdict {
        let groups = if of_provider {
            self.providers.get_mut(party).map(|row| &mut row.groups)
        } else {
            self.enterprises.get_mut(party).map(|row| &mut row.groups)
        };
        let Some(groups) = groups else {
            return Verdict::Rejected;
        };
        if groups.iter().any(|(earlier, _)| *earlier >= from) {
            return Verdict::Rejected;
        }
        groups.push((from, group));
        Verdict::Done
    }

    fn change_budget(&mut self, by: usize, programme: usize, change: Money) -> Verdict {
        if change > 0 && self.is_over(programme) {
            return refused("YEAR_ENDED");
        }
        if change < 0 && -change > self.available(programme) {
            return refused("BUDGET_COMMITTED");
        }
        self.programmes[programme].budget.push(change);
        self.did(by, steps::What::Budget { programme, change });
        Verdict::Done
    }

    fn publish(&mut self, programme: usize, version: Version) -> Verdict {
        if version.effective_from < self.today {
            return Verdict::Rejected;
        }
        if self.programmes[programme].year != year_end::Year::Open {
            return refused("YEAR_ENDED");
        }
        self.programmes[programme].versions.push(version);
        Verdict::Done
    }

    fn agree(&mut self, agreement: Agreement) -> Verdict {
        let overlaps = self.agreements.iter().any(|other| {
            (other.home, other.host) == (agreement.home, agreement.host)
                && other.category == agreement.category
                && other.days.0 <= agreement.days.1
                && agreement.days.0 <= other.days.1
        });
        if agreement.days.0 > agreement.days.1 {
            Verdict::Rejected
        } else if overlaps {
            refused("AGREEMENT_OVERLAPS")
        } else {
            self.agreements.push(agreement);
            Verdict::Done
        }
    }
}

fn refused(code: &'static str) -> Verdict {
    Verdict::Refused(vec![code])
}

fn plus_days(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).expect("a day of this age")
}

fn plus_months(day: Date, months: i64) -> Date {
    day.checked_add(months.months()).expect("a day of this age")
}

/// The group of a party on a day.
fn group_on(groups: &Groups, day: Date) -> Option<String> {
    let last = groups.iter().rfind(|(from, _)| *from <= day);
    last.and_then(|(_, group)| group.clone())
}

/// Largest remainder; what is left over goes to the largest remainders, ties to the first named.
fn split(amount: Money, shares: &[Money], bend: Bend) -> Vec<Money> {
    let whole: Money = shares.iter().sum();
    let mut parts: Vec<Money> = shares.iter().map(|share| amount * share / whole).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|i| -(amount * shares[*i] % whole));
    if bend == Bend::RestToHost {
        order.sort_by_key(|i| usize::from(*i != 1));
    }
    let rest = amount - parts.iter().sum::<Money>();
    for i in order
        .into_iter()
        .take(usize::try_from(rest).expect("less than one fen each"))
    {
        parts[i] += 1;
    }
    parts
}
