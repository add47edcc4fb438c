//! Accounts on any business day: sums over the days up to it.

use serde::Deserialize;

use super::changes::{Value, number};
use super::{Views, ViewsError};
use crate::engine::books::{Account, Detail};
use crate::engine::command::Payee;

/// An account with what was debited and credited to it, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccountSum {
    /// Name of the account, for example `due_to`.
    pub account: String,
    /// What it is kept for: `programme`, `member`, `provider`, `enterprise`, `period` or nothing.
    pub about: String,
    /// Which.
    pub about_id: u32,
    /// Debits.
    pub debits: i64,
    /// Credits.
    pub credits: i64,
}

/// What was debited and credited to an account on one business day, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccountDay {
    /// The day.
    pub day: String,
    /// Debits.
    pub debits: i64,
    /// Credits.
    pub credits: i64,
}

/// Name of an account, and what it is kept for, as the tables have them.
pub fn account_place(account: Account) -> (&'static str, &'static str, u32) {
    let (about, id) = match account.detail() {
        Detail::None => ("", 0),
        Detail::Programme(id) => ("programme", id.0.into()),
        Detail::Member(id) => ("member", id.0.into()),
        Detail::Payee(Payee::Provider(id)) => ("provider", id.0),
        Detail::Payee(Payee::Enterprise(id)) => ("enterprise", id.0),
        Detail::Period(id) => ("period", id.0.into()),
    };
    (account.kind().as_str(), about, id)
}

fn parse<T: serde::de::DeserializeOwned>(texts: &[String]) -> Result<Vec<T>, ViewsError> {
    let parsed = texts.iter().map(|text| serde_json::from_str(text));
    let rows: Result<Vec<T>, _> = parsed.collect();
    rows.map_err(|_| ViewsError::Missing("account_days"))
}

impl Views {
    /// Every account of a member as it stood at the end of a business day, by name and detail.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn balances(&self, party: u16, on: &str) -> Result<Vec<AccountSum>, ViewsError> {
        let object = self.tables.dialect().object();
        let sql = format!(
            "SELECT CAST({object}('account', account, 'about', about, 'about_id', about_id, \
             'debits', debits, 'credits', credits) AS TEXT) FROM (\
             SELECT account, about, about_id, CAST(SUM(debits) AS BIGINT) AS debits, \
             CAST(SUM(credits) AS BIGINT) AS credits FROM account_days \
             WHERE party = $1 AND day <= $2 GROUP BY account, about, about_id) AS sums \
             ORDER BY account, about, about_id"
        );
        let values = [number(party), Value::Text(on)];
        parse(&self.tables.texts(&sql, &values).await?)
    }

    /// What happened on one account day by day, from the first day on.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn account_days(
        &self,
        party: u16,
        account: &str,
        about: &str,
        about_id: u32,
        to: &str,
    ) -> Result<Vec<AccountDay>, ViewsError> {
        let object = self.tables.dialect().object();
        let sql = format!(
            "SELECT CAST({object}('day', day, 'debits', debits, 'credits', credits) AS TEXT) \
             FROM account_days WHERE party = $1 AND account = $2 AND about = $3 \
             AND about_id = $4 AND day <= $5 ORDER BY day"
        );
        let values = [
            number(party),
            Value::Text(account),
            Value::Text(about),
            number(about_id),
            Value::Text(to),
        ];
        parse(&self.tables.texts(&sql, &values).await?)
    }
}
