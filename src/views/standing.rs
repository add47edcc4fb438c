//! Where a voucher stands on a day, and what an enterprise is, as conditions on the columns of its
//! row. The words are those of the API, which says the same of a single row.

/// The condition of a word; `?` is the day. `None` if it is no such word.
///
/// No index leads to a status: it follows from amounts that change with every claim, and from the
/// day. A page looks through a bounded number of rows instead.
pub fn condition_of(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "revoked" => &["revoked = 1"],
        "lapsed" => &["revoked = 0 AND ((free + held = 0 AND returned > 0) \
            OR (free + held > 0 AND cash_by < ?))"],
        "used_up" => &["revoked = 0 AND free + held = 0 AND returned = 0"],
        "frozen" => &["revoked = 0 AND free + held > 0 AND cash_by >= ? AND frozen = 1"],
        "expired" => &[
            "revoked = 0 AND free + held > 0 AND cash_by >= ? AND frozen = 0 \
            AND use_by < ?",
        ],
        "active" => &[
            "revoked = 0 AND free + held > 0 AND cash_by >= ? AND frozen = 0 \
            AND use_by >= ?",
        ],
        _ => return None,
    })
}

/// What an enterprise is on a day (`?`): as certified, by the certificate that began last of those
/// in force; without one as registered, but no high-tech enterprise once a certificate has begun.
/// Of one first day the newest entry holds. `State::enterprise_kind_on` says the
/// same.
macro_rules! kind_is {
    ($word:literal) => {
        Some(&[concat!(
            "COALESCE((SELECT s.kind FROM statuses AS s WHERE s.enterprise = enterprises.id \
             AND s.effective_from <= ? AND s.effective_to >= ? \
             AND NOT EXISTS (SELECT 1 FROM statuses AS newer \
             WHERE newer.enterprise = s.enterprise \
             AND newer.effective_from = s.effective_from AND newer.event > s.event) \
             ORDER BY s.effective_from DESC LIMIT 1), \
             CASE WHEN enterprises.kind = 'high_tech' AND EXISTS (SELECT 1 FROM statuses AS begun \
             WHERE begun.enterprise = enterprises.id AND begun.effective_from <= ?) \
             THEN 'sme' ELSE enterprises.kind END) = '",
            $word,
            "'"
        )])
    };
}

/// The condition that an enterprise is of a kind; `?` is the day. `None` if it is no such word.
pub fn kind_condition_of(word: &str) -> Option<&'static [&'static str]> {
    match word {
        "sme" => kind_is!("sme"),
        "micro" => kind_is!("micro"),
        "high_tech" => kind_is!("high_tech"),
        "team" => kind_is!("team"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::terms::EnterpriseKind;

    #[test]
    fn every_kind_of_enterprise_can_be_asked_for() {
        for kind in EnterpriseKind::ALL {
            let [condition] = kind_condition_of(kind.as_str()).expect("a condition") else {
                panic!("one condition");
            };
            assert!(condition.ends_with(&format!("= '{}'", kind.as_str())));
        }
        assert!(kind_condition_of("hospital").is_none());
    }
}
