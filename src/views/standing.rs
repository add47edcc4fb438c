//! Where a voucher stands on a day, as a condition on the columns of its row. The words are those
//! of the API, which says the same of a single row.

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
