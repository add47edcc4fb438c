//! What the rows of a list are asked for.

use super::changes::Value;
use super::search::Sought;

/// How a filter compares, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Is(FilterValue),
    /// Not below.
    From(FilterValue),
    /// Not above.
    To(FilterValue),
    /// Contains the text, whatever its case; a name also whatever its width.
    Contains(Sought),
    /// The key is among those that a query, named instead of a column, finds for the value.
    Among(FilterValue),
    /// The column is a whole condition, in which `?` stands for the value.
    Holds(FilterValue),
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The columns, one of which must fit.
    pub columns: &'static [&'static str],
    /// How they must fit.
    pub compare: Compare,
}

/// What a column is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterValue {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl<'a> From<&'a FilterValue> for Value<'a> {
    fn from(value: &'a FilterValue) -> Value<'a> {
        match value {
            FilterValue::Number(number) => Value::Number(*number),
            FilterValue::Text(text) => Value::Text(text),
        }
    }
}
