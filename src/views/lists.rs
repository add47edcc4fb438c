//! Lists: rows of one table, newest first, page by page. A page begins behind a key, so that a
//! deep page costs what the first one costs. No page costs more than a bounded look through the
//! table: days and periods, which rise with the key, are turned into keys first, and a list without
//! an index for what it filters by ends its page after so many rows that it has looked at.

use super::changes::Value;
pub use super::filter::{Compare, Filter, FilterValue};
pub use super::resource::Resource;
use super::runs::{CLAIMS_OF_RUN, RUNS, concerns_by_run, of_run};
use super::schema::{self, Table};
use super::search::{FOLDED, Sought};
use super::sql::Dialect;
use super::{Views, ViewsError};

/// Whose rows are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What concerns a member.
    Member(u16),
    /// What concerns an enterprise.
    Enterprise(u32),
    /// What concerns a provider.
    Provider(u32),
    /// What a principal sent.
    Sender(u32),
}

/// Rows that a page looks at where no index leads to those that fit: ten milliseconds at worst.
const LOOKED_AT_MAX: i64 = 5_000;

/// The same for registers, which are searched by parts of names and are far smaller.
const LOOKED_AT_REGISTER_MAX: i64 = 20_000;

/// A page that was found.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The rows, each an object of its columns.
    pub rows: Vec<serde_json::Value>,
    /// Where the next page begins: it holds keys below this one. `None` at the end. There may be a
    /// next page though this one has fewer rows than it could.
    pub next: Option<i64>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Of what.
    pub resource: Resource,
    /// Whose; `None` for everything.
    pub reach: Option<Vec<Reach>>,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Only rows before this key.
    pub before: Option<i64>,
    /// Most rows.
    pub rows: u32,
    /// Most rows that are looked at; the resource's own bound if none is given.
    pub look_at: Option<i64>,
}

impl Resource {
    pub(super) fn table(self) -> &'static Table {
        match self {
            Resource::Members => &schema::MEMBERS,
            Resource::Categories => &schema::CATEGORIES,
            Resource::Enterprises => &schema::ENTERPRISES,
            Resource::Providers => &schema::PROVIDERS,
            Resource::Programmes => &schema::PROGRAMMES,
            Resource::BudgetChanges => &schema::BUDGET_CHANGES,
            Resource::Agreements => &schema::AGREEMENTS,
            Resource::Vouchers => &schema::VOUCHERS,
            Resource::Applications => &schema::APPLICATIONS,
            Resource::Transfers => &schema::TRANSFERS,
            Resource::Orders => &schema::ORDERS,
            Resource::Reversals => &schema::REVERSALS,
            Resource::Claims => &schema::CLAIMS,
            Resource::Refusals => &schema::REFUSALS,
            Resource::Lines => &schema::LINES,
            Resource::Periods => &schema::PERIODS,
            Resource::Instructions => &schema::INSTRUCTIONS,
            Resource::Payments => &schema::PAYMENTS,
            Resource::VoucherFiles => &schema::VOUCHER_FILES,
            Resource::Proposals => &schema::PROPOSALS,
            Resource::Admissions => &schema::ADMISSIONS,
            Resource::Recognitions => &schema::RECOGNITIONS,
            Resource::Statuses => &schema::STATUSES,
            Resource::Relations => &schema::RELATIONS,
            Resource::CreditFlags => &schema::CREDIT_FLAGS,
            Resource::BankAccounts => &schema::BANK_ACCOUNTS,
            Resource::Principals => &schema::PRINCIPALS,
            Resource::Grants => &schema::GRANTS,
            Resource::Tokens => &schema::TOKENS,
        }
    }

    /// The column that orders the list and that pages begin behind.
    pub fn key(self) -> &'static str {
        match self {
            Resource::Refusals
            | Resource::Reversals
            | Resource::BudgetChanges
            | Resource::Recognitions
            | Resource::Statuses
            | Resource::Relations
            | Resource::BankAccounts
            | Resource::Grants
            | Resource::Tokens => "event",
            _ => "id",
        }
    }

    /// Columns that never fall as the key rises.
    fn rises(self, column: &str) -> bool {
        match self {
            Resource::Claims => matches!(column, "filed_on" | "period"),
            Resource::Vouchers => column == "issued_on",
            Resource::Applications => column == "filed_on",
            Resource::Refusals => column == "refused_on",
            Resource::Reversals => column == "reversed_on",
            Resource::BudgetChanges => column == "changed_on",
            _ => false,
        }
    }

    /// Columns with an index in which the rows of a value stand in the order of the key, or with
    /// few rows for each.
    fn indexed(self, column: &str) -> bool {
        match self {
            _ if column == self.key() => true,
            Resource::Claims => matches!(column, "voucher" | "provider" | "invoice_no"),
            Resource::Vouchers => matches!(column, "holder" | "issuer"),
            Resource::Applications => matches!(column, "enterprise" | "issuer"),
            Resource::Payments => column == "claim",
            Resource::Orders => column == "provider" || column.starts_with("SELECT"),
            Resource::Enterprises | Resource::Providers | Resource::CreditFlags => column == "city",
            _ => false,
        }
    }

    fn looked_at_max(self) -> i64 {
        match self {
            Resource::Enterprises
            | Resource::Providers
            | Resource::Programmes
            | Resource::Admissions
            | Resource::Recognitions
            | Resource::Statuses
            | Resource::Relations
            | Resource::CreditFlags
            | Resource::BankAccounts => LOOKED_AT_REGISTER_MAX,
            // Their holder's row is looked at too.
            Resource::Vouchers | Resource::Applications => LOOKED_AT_MAX / 2,
            _ => LOOKED_AT_MAX,
        }
    }

    /// True if an index leads to the rows that concern somebody.
    pub(super) fn leads_to(self, reach: Reach) -> bool {
        match (self, reach) {
            (Resource::Claims | Resource::Orders, Reach::Enterprise(_) | Reach::Provider(_)) => {
                true
            }
            (Resource::Vouchers | Resource::Applications, Reach::Enterprise(_)) => true,
            // What concerns nobody is not looked for.
            _ => self.concerns(reach).is_none(),
        }
    }

    /// True if everybody may read all of it.
    pub fn is_public(self) -> bool {
        matches!(
            self,
            Resource::Members
                | Resource::Categories
                | Resource::Providers
                | Resource::Programmes
                | Resource::Periods
                | Resource::Recognitions
        )
    }
}

fn reach_id(reach: Reach) -> i64 {
    match reach {
        Reach::Member(id) => i64::from(id),
        Reach::Enterprise(id) | Reach::Provider(id) | Reach::Sender(id) => i64::from(id),
    }
}

/// A statement under way with its parameters.
struct Statement<'a> {
    sql: String,
    values: Vec<Value<'a>>,
    /// True if claims are found run by run.
    by_run: bool,
    dialect: Dialect,
}

impl<'a> Statement<'a> {
    fn and(&mut self, condition: &str) {
        self.sql += " AND ";
        self.sql += condition;
    }

    /// The next parameter.
    fn bind(&mut self, value: Value<'a>) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn reach(&mut self, resource: Resource, reach: &[Reach]) {
        let mut any = Vec::new();
        for one in reach {
            let condition = match self.by_run {
                true => concerns_by_run(self.dialect, *one),
                false => resource.concerns(*one).map(str::to_owned),
            };
            if let Some(condition) = condition {
                let parameter = self.bind(Value::Number(reach_id(*one)));
                any.push(condition.replace('?', &parameter));
            }
        }
        if any.is_empty() {
            self.and("1 = 0");
        } else {
            self.and(&format!("({})", any.join(" OR ")));
        }
    }

    fn filter(&mut self, filter: &'a Filter) {
        let columns = filter.columns.iter();
        let any: Vec<String> = match &filter.compare {
            Compare::Contains(sought) => return self.contains(filter.columns, sought),
            Compare::Is(value) => {
                let (by_run, parameter) = (self.by_run, self.bind(value.into()));
                let is = |column: &&str| match by_run && RUNS.contains(column) {
                    true => of_run(column, &parameter).join(" = "),
                    false => format!("{column} = {parameter}"),
                };
                columns.map(is).collect()
            }
            Compare::From(value) => {
                let parameter = self.bind(value.into());
                columns.map(|c| format!("{c} >= {parameter}")).collect()
            }
            Compare::To(value) => {
                let parameter = self.bind(value.into());
                columns.map(|c| format!("{c} <= {parameter}")).collect()
            }
            Compare::Among(value) => {
                let parameter = self.bind(value.into());
                columns
                    .map(|c| format!("id IN ({c} {parameter})"))
                    .collect()
            }
            Compare::Holds(value) => {
                // A parameter that no condition has would have no type.
                let parameter = match columns.clone().any(|c| c.contains('?')) {
                    true => self.bind(value.into()),
                    false => String::new(),
                };
                columns.map(|c| c.replace('?', &parameter)).collect()
            }
        };
        self.and(&format!("({})", any.join(" OR ")));
    }

    /// One of the columns contains a text.
    fn contains(&mut self, columns: &[&str], sought: &'a Sought) {
        let folded = self.bind(Value::Text(&sought.folded));
        let plain = match columns.iter().all(|column| column.contains(FOLDED)) {
            true => String::new(),
            false => self.bind(Value::Text(&sought.plain)),
        };
        let any = sought.condition(columns, self.dialect, &folded, &plain);
        self.and(&any);
    }
}

impl Views {
    /// A page of rows, newest first.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn list(&self, page: &Page) -> Result<Listed, ViewsError> {
        let table = page.resource.table();
        let key = page.resource.key();
        let Some(range) = self.range(page).await? else {
            return Ok(Listed::default());
        };
        let object = self.tables.dialect().row_of(table, "");
        let (low, high) = (range.low, range.high);
        let end = if page.is_led() {
            low
        } else {
            let most = page.look_at.unwrap_or(page.resource.looked_at_max());
            low.max(high - most + 1)
        };
        let by_run = page.is_led_by_run();
        let mut statement = Statement {
            sql: format!("SELECT CAST({object} AS TEXT) FROM "),
            values: Vec::new(),
            by_run,
            dialect: self.tables.dialect(),
        };
        if by_run {
            // The newest run first, and in it the newest claim: nothing is to be sorted.
            let [from, to] = [end, high].map(|id| Value::Number(id / CLAIMS_OF_RUN));
            let [from, to] = [statement.bind(from), statement.bind(to)];
            statement.sql += &format!(
                "(SELECT id AS run FROM claims WHERE id >= {from} AND id <= {to}) AS runs \
                 CROSS JOIN "
            );
        }
        statement.sql += &format!("{} WHERE 1 = 1", table.name);
        if let Some(reach) = &page.reach {
            statement.reach(page.resource, reach);
        }
        for filter in page.filters.iter().filter(|filter| !page.is_by_key(filter)) {
            statement.filter(filter);
        }
        // PostgreSQL would else look through the table in the order of the key where it believes
        // that many rows have the value, which it does until it has looked at the table.
        let plain = if page.is_by_value() { " + 0" } else { "" };
        let parameter = statement.bind(Value::Number(high));
        statement.and(&format!("{key}{plain} <= {parameter}"));
        let parameter = statement.bind(Value::Number(end));
        statement.and(&format!("{key}{plain} >= {parameter}"));
        // One more tells whether there is another page.
        let limit = statement.bind(Value::Number(i64::from(page.rows) + 1));
        let runs = if by_run { "runs.run DESC, " } else { "" };
        statement.sql += &format!(" ORDER BY {runs}{key}{plain} DESC LIMIT {limit}");
        let texts = self.tables.texts(&statement.sql, &statement.values).await?;
        let parsed = texts.iter().map(|text| serde_json::from_str(text));
        let rows: Result<Vec<serde_json::Value>, _> = parsed.collect();
        let mut rows = rows.map_err(|_| ViewsError::Missing(table.name))?;
        let next = if rows.len() > page.rows as usize {
            rows.truncate(page.rows as usize);
            rows.last().and_then(|row| row[key].as_i64())
        } else {
            (end > low).then_some(end)
        };
        Ok(Listed { rows, next })
    }

    /// The keys among which the rows of a page are; `None` if there are none.
    async fn range(&self, page: &Page) -> Result<Option<Range>, ViewsError> {
        let (name, key) = (page.resource.table().name, page.resource.key());
        let ends = format!(
            "SELECT COALESCE(\
             CAST((SELECT {key} FROM {name} ORDER BY {key} LIMIT 1) AS TEXT) || ' ' || \
             CAST((SELECT {key} FROM {name} ORDER BY {key} DESC LIMIT 1) AS TEXT), '')"
        );
        let ends = self.tables.texts(&ends, &[]).await?;
        let Some((low, high)) = ends.first().and_then(|ends| ends.split_once(' ')) else {
            return Ok(None);
        };
        let number = |text: &str| text.parse().map_err(|_| ViewsError::Missing(name));
        let (first, last): (i64, i64) = (number(low)?, number(high)?);
        let high = page.before.map_or(last, |before| last.min(before - 1));
        let mut range = Range { low: first, high };
        for filter in page.filters.iter().filter(|filter| page.is_by_key(filter)) {
            let column = filter.columns.first().ok_or(ViewsError::Missing(name))?;
            if let Compare::From(value) | Compare::Is(value) = &filter.compare {
                let first = self.first_key(page, column, value, &range, false);
                range.low = first.await?;
            }
            if let Compare::To(value) | Compare::Is(value) = &filter.compare {
                let first = self.first_key(page, column, value, &range, true);
                range.high = first.await? - 1;
            }
        }
        Ok((range.low <= range.high).then_some(range))
    }

    /// The first key of a range from which on a rising column is not below a value, or is above it;
    /// the key after the range if there is none.
    async fn first_key(
        &self,
        page: &Page,
        column: &str,
        value: &FilterValue,
        range: &Range,
        above: bool,
    ) -> Result<i64, ViewsError> {
        let (name, key) = (page.resource.table().name, page.resource.key());
        let below = if above { "<=" } else { "<" };
        // The row at a key, or the next one below it, says on which side the key lies.
        let sql = format!(
            "SELECT CASE WHEN {column} {below} $2 THEN '1' ELSE '0' END FROM {name} \
             WHERE {key} <= $1 ORDER BY {key} DESC LIMIT 1"
        );
        let (mut low, mut high) = (range.low, range.high + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let values = [Value::Number(middle), value.into()];
            let side = self.tables.texts(&sql, &values).await?;
            match side.first().map(String::as_str) {
                Some("0") => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low)
    }
}

/// Keys from one to another, both included.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: i64,
    high: i64,
}

impl Page {
    /// True if a filter says between which keys its rows are.
    fn is_by_key(&self, filter: &Filter) -> bool {
        let rises = filter
            .columns
            .iter()
            .all(|column| self.resource.rises(column));
        rises
            && matches!(
                filter.compare,
                Compare::Is(_) | Compare::From(_) | Compare::To(_)
            )
    }

    /// True if few rows have the value that a filter asks for.
    fn is_by_value(&self) -> bool {
        self.filters.iter().any(|filter| {
            let columns: &[&str] = match self.resource {
                Resource::Claims => &["invoice_no"],
                Resource::Payments => &["claim"],
                _ => &[],
            };
            matches!(filter.compare, Compare::Is(_))
                && filter.columns.iter().all(|c| columns.contains(c))
        })
    }

    /// True if an index leads to the rows, or all rows between the keys fit.
    fn is_led(&self) -> bool {
        let mut others = self.filters.iter().filter(|filter| !self.is_by_key(filter));
        // Of an issuer's vouchers, or a city's firms, few may be as asked for: then its index leads
        // nowhere.
        let stands = (self.filters.iter()).any(|f| matches!(f.compare, Compare::Holds(_)));
        let indexed = |filter: &Filter| {
            let columns = filter.columns;
            matches!(filter.compare, Compare::Is(_) | Compare::Among(_))
                && columns.iter().all(|c| self.resource.indexed(c))
                && !(stands && columns.iter().any(|c| matches!(*c, "issuer" | "city")))
        };
        let reached = self.reach.as_ref();
        let led = |reach: &Vec<Reach>| reach.iter().all(|one| self.resource.leads_to(*one));
        let all = reached.is_none() && others.clone().next().is_none();
        all || others.any(indexed) || reached.is_some_and(led)
    }
}
