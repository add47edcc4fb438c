//! The events that concern something, oldest first.

use super::changes::Value;
use super::runs::claims_of_voucher;
use super::{Views, ViewsError};

/// What a history is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A voucher.
    Voucher,
    /// An application for one.
    Application,
}

impl Views {
    /// Positions of the events that concern something, after one of them, in order.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn history(
        &self,
        about: About,
        id: u32,
        after: Option<i64>,
        events_max: u32,
    ) -> Result<Vec<u64>, ViewsError> {
        let noted = "SELECT event FROM history WHERE about = $1 AND about_id = $2 AND event > $3";
        // Issue and claims stand in tables of their own: a claim writes one row and no more.
        let claims = claims_of_voucher("$2");
        let own = format!(
            "SELECT event FROM issued_vouchers WHERE id = $2 AND event > $3 \
             UNION SELECT claims.event FROM {claims} AND claims.event > $3"
        );
        let (name, events) = match about {
            About::Voucher => ("voucher", format!("{noted} UNION {own}")),
            About::Application => ("application", noted.to_owned()),
        };
        let sql = format!(
            "SELECT CAST(event AS TEXT) FROM ({events}) AS concerning ORDER BY event LIMIT $4"
        );
        let values = [
            Value::Text(name),
            id.into(),
            after.unwrap_or(-1).into(),
            events_max.into(),
        ];
        let texts = self.tables.texts(&sql, &values).await?;
        let events = texts.iter().map(|text| text.parse());
        let events: Result<Vec<u64>, _> = events.collect();
        events.map_err(|_| ViewsError::Missing("history"))
    }
}
