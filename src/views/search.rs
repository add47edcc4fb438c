//! Search by parts of texts. Names are folded into one spelling, here and not in the databases:
//! SQLite knows the case of ASCII letters only, PostgreSQL that of its locale.

use unicode_normalization::UnicodeNormalization as _;

use super::sql::Dialect;

/// The column that holds folded names.
pub(super) const FOLDED: &str = "search_text";

macro_rules! text_of_enterprise {
    ($key:literal) => {
        concat!(
            "(SELECT COALESCE(search_text, '') || ' ' || LOWER(COALESCE(code, '')) \
              FROM enterprises WHERE enterprises.id = ",
            $key,
            ")"
        )
    };
}

/// Name and code of a voucher's holder, as a column to search.
pub const HOLDER_TEXT: &str = text_of_enterprise!("holder");

/// Name and code of the enterprise of an application, as a column to search.
pub const APPLICANT_TEXT: &str = text_of_enterprise!("enterprise");

/// A text in one spelling, whatever its width and case: NFKC, lower case, character by character,
/// so that a part of a text is folded as it is within the whole.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Names folded, each in a line of its own.
pub(super) fn fold_all(names: &[&str]) -> String {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    folded.join("\n")
}

/// A text that is looked for, as patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// For folded names.
    pub(super) folded: String,
    /// For codes and numbers as they were sent: their ASCII letters are lower case.
    pub(super) plain: String,
}

impl Sought {
    /// What contains a text.
    pub fn of(text: &str) -> Sought {
        Sought {
            folded: pattern(&fold(text)),
            plain: pattern(&text.to_ascii_lowercase()),
        }
    }

    /// One of the columns contains the text, whose patterns are these parameters.
    pub(super) fn condition(
        &self,
        columns: &[&str],
        dialect: Dialect,
        folded: &str,
        plain: &str,
    ) -> String {
        // The case of ASCII letters alone, whatever the locale of the database.
        let locale = match dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => " COLLATE \"C\"",
        };
        let like = |text: &str, pattern: &str| format!("{text} LIKE {pattern} ESCAPE '!'");
        let mut any = Vec::new();
        for column in columns {
            if column.contains(FOLDED) {
                any.push(like(column, folded));
                continue;
            }
            let lower = format!("LOWER({column}{locale})");
            any.push(like(&lower, plain));
            if self.folded != self.plain {
                any.push(like(&lower, folded));
            }
        }
        format!("({})", any.join(" OR "))
    }
}

/// The pattern of a text that is contained.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}

#[cfg(test)]
mod tests {
    use super::{Sought, fold};

    #[test]
    fn a_name_is_folded_into_one_spelling() {
        for (name, folded) in [
            ("示例ＡＢ科技Ü有限公司", "示例ab科技ü有限公司"),
            ("示例（上海）　Ｌｔｄ．", "示例(上海) ltd."),
            ("U\u{308}ber ΣΑΣ", "über σασ"),
            ("ｶﾞｽ ㈱", "ガス (株)"),
        ] {
            assert_eq!(fold(name), folded);
            assert_eq!(fold(folded), folded);
        }
    }

    #[test]
    fn what_a_pattern_would_read_as_any_character_is_read_as_itself() {
        let sought = Sought::of("Ａ_50%!");
        assert_eq!(sought.folded, "%a!_50!%!!%");
        assert_eq!(sought.plain, "%Ａ!_50!%!!%");
    }
}
