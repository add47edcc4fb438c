//! `q`: what a text is looked for in.

use crate::api::problem::Problem;
use crate::views::{Compare, Filter, FilterValue, Sought};

/// Bytes of a text that is looked for: as many as the longest name has.
const BYTES_MAX: usize = 200;

/// Rows one of whose columns contains a text.
pub(super) fn part(
    name: &str,
    text: &str,
    columns: &'static [&'static str],
) -> Result<Filter, Problem> {
    if text.len() > BYTES_MAX || text.chars().any(char::is_control) {
        let fits = "has at most 200 bytes and no control characters";
        return Err(Problem::field(name, fits));
    }
    Ok(Filter {
        columns,
        compare: Compare::Contains,
        value: FilterValue::Sought(Sought::of(text)),
    })
}
