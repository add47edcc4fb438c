//! Lists: rows of one table, newest first, page by page. A page begins behind a key, so that a
//! deep page costs what the first one costs.

use super::changes::Value;
use super::schema::{self, Table};
use super::{Views, ViewsError};

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Members.
    Members,
    /// Categories.
    Categories,
    /// Enterprises and teams.
    Enterprises,
    /// Providers.
    Providers,
    /// Programmes.
    Programmes,
    /// Agreements.
    Agreements,
    /// Vouchers.
    Vouchers,
    /// Transfers.
    Transfers,
    /// Approved claims.
    Claims,
    /// Refused commands.
    Refusals,
    /// Obligation lines.
    Lines,
    /// Periods.
    Periods,
    /// Settlement payments.
    Instructions,
    /// Payments to payees.
    Payments,
}

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

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Is,
    /// Not below.
    From,
    /// Not above.
    To,
    /// Contains the text, whatever its case.
    Contains,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The columns, one of which must fit.
    pub columns: &'static [&'static str],
    /// How.
    pub compare: Compare,
    /// With what.
    pub value: FilterValue,
}

/// What a column is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterValue {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
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
}

impl Resource {
    fn table(self) -> &'static Table {
        match self {
            Resource::Members => &schema::MEMBERS,
            Resource::Categories => &schema::CATEGORIES,
            Resource::Enterprises => &schema::ENTERPRISES,
            Resource::Providers => &schema::PROVIDERS,
            Resource::Programmes => &schema::PROGRAMMES,
            Resource::Agreements => &schema::AGREEMENTS,
            Resource::Vouchers => &schema::VOUCHERS,
            Resource::Transfers => &schema::TRANSFERS,
            Resource::Claims => &schema::CLAIMS,
            Resource::Refusals => &schema::REFUSALS,
            Resource::Lines => &schema::LINES,
            Resource::Periods => &schema::PERIODS,
            Resource::Instructions => &schema::INSTRUCTIONS,
            Resource::Payments => &schema::PAYMENTS,
        }
    }

    /// The column that orders the list and that pages begin behind.
    pub fn key(self) -> &'static str {
        match self {
            Resource::Refusals => "event",
            _ => "id",
        }
    }

    /// The rows that concern somebody; `?` stands for whom. `None` for none.
    fn concerns(self, reach: Reach) -> Option<&'static str> {
        use Reach::{Enterprise, Member, Provider, Sender};
        Some(match (self, reach) {
            (Resource::Enterprises, Member(_)) => "city = ?",
            (Resource::Enterprises, Enterprise(_)) => "id = ?",
            (Resource::Agreements, Member(_)) => {
                "id IN (SELECT agreement FROM agreement_shares WHERE member = ?)"
            }
            (Resource::Vouchers, Member(_)) => {
                "(issuer = ? OR holder IN (SELECT id FROM enterprises WHERE city = ?))"
            }
            (Resource::Vouchers, Enterprise(_)) => "holder = ?",
            (Resource::Transfers, Member(_)) => "issuer = ?",
            (Resource::Transfers, Enterprise(_)) => {
                "(receiver = ? OR voucher IN (SELECT id FROM vouchers WHERE holder = ?))"
            }
            (Resource::Claims, Member(_)) => {
                "(issuer = ? OR payer = ? OR provider IN (SELECT id FROM providers WHERE city = ?))"
            }
            (Resource::Claims, Enterprise(_)) => {
                "voucher IN (SELECT id FROM vouchers WHERE holder = ?)"
            }
            (Resource::Claims | Resource::Refusals, Provider(_)) => "provider = ?",
            (Resource::Refusals, Member(_)) => {
                "(voucher IN (SELECT id FROM vouchers WHERE issuer = ?) \
                  OR programme IN (SELECT id FROM programmes WHERE city = ?))"
            }
            (Resource::Refusals, Enterprise(_)) => {
                "(enterprise = ? OR voucher IN (SELECT id FROM vouchers WHERE holder = ?))"
            }
            (Resource::Refusals, Sender(_)) => "sent_by = ?",
            (Resource::Lines | Resource::Instructions, Member(_)) => "(debtor = ? OR creditor = ?)",
            (Resource::Payments, Member(_)) => "payer = ?",
            (Resource::Payments, Provider(_)) => {
                "claim IN (SELECT id FROM claims WHERE provider = ?)"
            }
            _ => return None,
        })
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
            if let Some(condition) = resource.concerns(*one) {
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
        let value = match &filter.value {
            FilterValue::Number(number) => Value::Number(*number),
            FilterValue::Text(text) => Value::Text(text),
        };
        let parameter = self.bind(value);
        let one = |column: &&str| match filter.compare {
            Compare::Is => format!("{column} = {parameter}"),
            Compare::From => format!("{column} >= {parameter}"),
            Compare::To => format!("{column} <= {parameter}"),
            Compare::Contains => format!("LOWER({column}) LIKE {parameter} ESCAPE '!'"),
        };
        let any: Vec<String> = filter.columns.iter().map(one).collect();
        self.and(&format!("({})", any.join(" OR ")));
    }
}

/// The pattern of a text that is contained.
pub fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.extend(c.to_lowercase());
    }
    pattern + "%"
}

impl Views {
    /// A page of rows, newest first, each an object of its columns.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn list(&self, page: &Page) -> Result<Vec<serde_json::Value>, ViewsError> {
        let table = page.resource.table();
        let key = page.resource.key();
        let object = self.tables.dialect().row_of(table, "");
        let mut statement = Statement {
            sql: format!(
                "SELECT CAST({object} AS TEXT) FROM {} WHERE 1 = 1",
                table.name
            ),
            values: Vec::new(),
        };
        if let Some(reach) = &page.reach {
            statement.reach(page.resource, reach);
        }
        for filter in &page.filters {
            statement.filter(filter);
        }
        if let Some(before) = page.before {
            let parameter = statement.bind(Value::Number(before));
            statement.and(&format!("{key} < {parameter}"));
        }
        let limit = statement.bind(Value::Number(i64::from(page.rows)));
        statement.sql += &format!(" ORDER BY {key} DESC LIMIT {limit}");
        let texts = self.tables.texts(&statement.sql, &statement.values).await?;
        let parsed = texts.iter().map(|text| serde_json::from_str(text));
        let rows: Result<Vec<serde_json::Value>, _> = parsed.collect();
        rows.map_err(|_| ViewsError::Missing(table.name))
    }
}
