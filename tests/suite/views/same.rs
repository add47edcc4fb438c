//! The tables against the state, row by row and column by column. What the state holds is taken
//! from it; of the rest (names, days, registers of which the state keeps the newest entry) the
//! events say what it is, and what the state holds of it is compared beside.

mod claims;
mod orders;
mod parties;
mod people;
mod programmes;
mod registers;
mod settlement;
mod vouchers;

use std::cell::RefCell;
use std::collections::BTreeSet;

use quantong::domain::{LedgerTag, Seq};
use quantong::engine::State;
use quantong::engine::event::{Event, EventMeta, Recorded};
use serde_json::Value;

use super::{LEDGER, Tables};

/// What is compared.
struct Told<'a> {
    state: &'a State,
    events: &'a [Recorded],
    tables: &'a Tables,
    tag: LedgerTag,
    /// Names of the tables that were compared.
    compared: RefCell<BTreeSet<&'static str>>,
}

/// An event of a kind, which a row of the state names as the one with its details.
macro_rules! details {
    ($told:expr, $seq:expr, $kind:ident) => {{
        let recorded = $told.event($seq);
        match &recorded.event {
            quantong::engine::event::Event::$kind(e) => (e, &recorded.meta),
            other => panic!("{other:?} instead of {}", stringify!($kind)),
        }
    }};
}
use details;

impl<'a> Told<'a> {
    fn event(&self, seq: Seq) -> &'a Recorded {
        let place = usize::try_from(seq.0).expect("few");
        let recorded = &self.events[place];
        assert_eq!(recorded.meta.seq, seq);
        recorded
    }

    /// The events of some kinds with what is taken from them, in order.
    fn of_events<T>(&self, take: impl Fn(&'a EventMeta, &'a Event) -> Option<T>) -> Vec<T> {
        let taken = self.events.iter().map(|one| take(&one.meta, &one.event));
        taken.flatten().collect()
    }

    /// A table has these rows and no others, each with these columns and no others.
    fn same(&self, table: &'static str, mut expected: Vec<Value>) {
        expected.sort_by_key(ToString::to_string);
        let found = &self.tables[table];
        let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
        let wrong: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
        assert!(
            missing.is_empty() && wrong.is_empty() && found.len() == expected.len(),
            "{table}: of {} rows {} are there, not these:\n{missing:#?}\nbut these:\n{wrong:#?}",
            expected.len(),
            found.len()
        );
        self.compared.borrow_mut().insert(table);
    }
}

/// Text of what has one, or nothing.
fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Every table says what the state says, and the events that have led to it.
pub(crate) fn assert_same(state: &State, events: &[Recorded], tables: &Tables) {
    let told = Told {
        state,
        events,
        tables,
        tag: LedgerTag::of_ledger(&LEDGER),
        compared: RefCell::default(),
    };
    parties::compare(&told);
    people::compare(&told);
    programmes::compare(&told);
    vouchers::compare(&told);
    orders::compare(&told);
    claims::compare(&told);
    settlement::compare(&told);
    registers::compare(&told);
    let names: BTreeSet<&str> = tables.keys().copied().collect();
    assert_eq!(*told.compared.borrow(), names, "every table is compared");
}
