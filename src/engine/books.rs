//! The books: every party's accounts in two sections, `rules.md` §6.
//!
//! Money moves in pairs: one debit and one credit of the same amount in the same book and
//! section. Whatever is posted therefore balances in every book and section by construction.

use serde::{Deserialize, Deserializer, Serialize};

use super::command::Payee;
use super::tables::{Scoped, Slots, Table};
use crate::domain::{EnterpriseId, Fen, MemberId, PeriodId, ProgrammeId, ProviderId, SignedFen};

/// A section of a book; each balances on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What was appropriated and what became of it.
    Budget,
    /// Expenses, debts and money.
    Actual,
}

macro_rules! account_kinds {
    ($(
        $(#[$doc:meta])*
        $name:ident = $number:literal, $text:literal, $section:ident, $left:literal, $detail:ident;
    )*) => {
        /// Kinds of account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum AccountKind { $($(#[$doc])* $name = $number,)* }

        impl AccountKind {
            /// All kinds, ascending by number.
            pub const ALL: &'static [AccountKind] = &[$(AccountKind::$name,)*];

            /// The name of the account.
            pub const fn as_str(self) -> &'static str {
                match self { $(AccountKind::$name => $text,)* }
            }

            /// The section it stands in.
            pub const fn section(self) -> Section {
                match self { $(AccountKind::$name => Section::$section,)* }
            }

            /// True if it normally has a debit balance.
            pub const fn is_left(self) -> bool {
                match self { $(AccountKind::$name => $left,)* }
            }

            /// What says which account of this kind is meant: one of these, none if there is only
            /// one.
            pub const fn kept_for(self) -> &'static [&'static str] {
                match self.detail_kind() {
                    DetailKind::None => &[],
                    DetailKind::Programme => &["programme"],
                    DetailKind::Member => &["member"],
                    DetailKind::Payee => &["provider", "enterprise"],
                    DetailKind::Period => &["period"],
                }
            }

            const fn detail_kind(self) -> DetailKind {
                match self { $(AccountKind::$name => DetailKind::$detail,)* }
            }

            fn from_number(number: u8) -> Option<AccountKind> {
                match number { $($number => Some(AccountKind::$name),)* _ => None }
            }
        }
    };
}

enum DetailKind {
    None,
    Programme,
    Member,
    Payee,
    Period,
}

account_kinds! {
    /// What was appropriated to a programme.
    Appropriation = 0, "appropriation", Budget, true, Programme;
    /// What can still be issued.
    Available = 1, "available", Budget, false, Programme;
    /// Issued and free.
    Outstanding = 2, "outstanding", Budget, false, Programme;
    /// Held for transfers and orders.
    Held = 3, "held", Budget, false, Programme;
    /// Claimed and not decided.
    Claimed = 4, "claimed", Budget, false, Programme;
    /// Approved, net of reversals; stays when paid.
    Approved = 5, "approved", Budget, false, Programme;
    /// Came back after the year-end close.
    Lapsed = 6, "lapsed", Budget, false, Programme;
    /// Carried into the next year.
    CarriedOut = 7, "carried_out", Budget, false, Programme;
    /// What the party bears of claims, by programme.
    Expense = 16, "expense", Actual, true, Programme;
    /// What another member owes.
    DueFrom = 17, "due_from", Actual, true, Member;
    /// What a payee must give back.
    ClawbackReceivable = 18, "clawback_receivable", Actual, true, Payee;
    /// What was paid into a pool ahead.
    PrefundPaid = 19, "prefund_paid", Actual, true, Member;
    /// Money at the treasury, either sign.
    Treasury = 20, "treasury", Actual, true, None;
    /// What a payee is owed.
    Payable = 24, "payable", Actual, false, Payee;
    /// What is owed to another member.
    DueTo = 25, "due_to", Actual, false, Member;
    /// What members paid into this pool ahead.
    PrefundReceived = 26, "prefund_received", Actual, false, Member;
    /// The position in a period that is being settled, either sign.
    Clearing = 27, "clearing", Actual, false, Period;
    /// Counterpart of clawbacks until money comes.
    ClawbackDeferred = 28, "clawback_deferred", Actual, false, Payee;
}

/// What an account is kept for, beside party and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// Nothing more.
    None,
    /// A programme.
    Programme(ProgrammeId),
    /// A counterparty.
    Member(MemberId),
    /// A payee.
    Payee(Payee),
    /// A period.
    Period(PeriodId),
}

/// An account: party, kind and detail, packed into one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account(u64);

const ENTERPRISE: u64 = 1 << 32;

impl Account {
    const fn packed(party: MemberId, kind: AccountKind, detail: u64) -> Account {
        Account(((party.0 as u64) << 48) | ((kind as u64) << 40) | detail)
    }

    /// An account kept by programme.
    pub const fn programme(party: MemberId, kind: AccountKind, programme: ProgrammeId) -> Account {
        Account::packed(party, kind, programme.0 as u64)
    }

    /// An account kept by counterparty.
    pub const fn member(party: MemberId, kind: AccountKind, other: MemberId) -> Account {
        Account::packed(party, kind, other.0 as u64)
    }

    /// An account kept by payee.
    pub const fn payee(party: MemberId, kind: AccountKind, payee: Payee) -> Account {
        let detail = match payee {
            Payee::Provider(id) => id.0 as u64,
            Payee::Enterprise(id) => ENTERPRISE | id.0 as u64,
        };
        Account::packed(party, kind, detail)
    }

    /// The clearing account of a period.
    pub const fn clearing(party: MemberId, period: PeriodId) -> Account {
        Account::packed(party, AccountKind::Clearing, period.0 as u64)
    }

    /// The treasury account.
    pub const fn treasury(party: MemberId) -> Account {
        Account::packed(party, AccountKind::Treasury, 0)
    }

    /// Where the account is found: a list for each party, kind and kind of payee, and a number
    /// within it.
    const fn slot(self) -> (u32, u32) {
        let kind = (self.0 >> 40) as u32 & 31;
        let list = (self.party().0 as u32) << 6 | kind << 1 | (self.0 >> 32) as u32 & 1;
        (list, self.0 as u32)
    }

    /// Whose book it stands in.
    pub const fn party(self) -> MemberId {
        MemberId((self.0 >> 48) as u16)
    }

    /// Its kind.
    pub fn kind(self) -> AccountKind {
        AccountKind::from_number((self.0 >> 40) as u8).expect("packed from a kind")
    }

    /// What it is kept for.
    pub fn detail(self) -> Detail {
        match self.kind().detail_kind() {
            DetailKind::None => Detail::None,
            DetailKind::Programme => Detail::Programme(ProgrammeId(self.0 as u16)),
            DetailKind::Member => Detail::Member(MemberId(self.0 as u16)),
            DetailKind::Period => Detail::Period(PeriodId(self.0 as u16)),
            DetailKind::Payee if self.0 & ENTERPRISE == 0 => {
                Detail::Payee(Payee::Provider(ProviderId(self.0 as u32)))
            }
            DetailKind::Payee => Detail::Payee(Payee::Enterprise(EnterpriseId(self.0 as u32))),
        }
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}:{:?}",
            self.party().0,
            self.kind().as_str(),
            self.detail()
        )
    }
}

/// One debit and one credit of the same amount in one book and section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Account debited.
    pub debit: Account,
    /// Account credited.
    pub credit: Account,
    /// Amount.
    pub amount: Fen,
}

impl Pair {
    /// A pair in one book and section.
    ///
    /// # Panics
    /// If the accounts stand in different books or sections: a posting rule is wrong then, and no
    /// event may be posted by it.
    pub fn new(debit: Account, credit: Account, amount: Fen) -> Pair {
        let section = |account: Account| (account.0 >> 44) & 0xF == 0;
        assert!(
            debit.party() == credit.party() && section(debit) == section(credit),
            "{debit:?} and {credit:?} stand in different books or sections"
        );
        Pair {
            debit,
            credit,
            amount,
        }
    }
}

/// What was debited and credited to an account since the ledger began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Sum of debits, in fen.
    pub debits: u128,
    /// Sum of credits, in fen.
    pub credits: u128,
}

impl Balance {
    /// The balance on the account's normal side.
    pub fn on_side(&self, is_left: bool) -> SignedFen {
        let net = self.debits.cast_signed() - self.credits.cast_signed();
        SignedFen(if is_left { net } else { -net })
    }
}

/// All accounts of all parties, in the order in which they were first posted to.
#[derive(Clone, Debug, Default)]
pub struct Books {
    rows: Table<(Account, Balance)>,
    slots: Slots,
}

impl Books {
    /// Posts a pair.
    pub fn post(&mut self, pair: Pair) {
        let amount = u128::from(pair.amount.get().unsigned_abs());
        let debit = self.position_or_open(pair.debit);
        self.rows.update(debit, |row| row.1.debits += amount);
        let credit = self.position_or_open(pair.credit);
        self.rows.update(credit, |row| row.1.credits += amount);
    }

    fn get(&self, account: Account) -> Option<&Balance> {
        let (list, number) = account.slot();
        let position = self.slots.get(list as usize, number)?;
        self.rows.get(position as usize).map(|row| &row.1)
    }

    fn position_or_open(&mut self, account: Account) -> usize {
        let (list, number) = account.slot();
        if let Some(position) = self.slots.get(list as usize, number) {
            return position as usize;
        }
        let position = self.rows.push((account, Balance::default()));
        let narrow = u32::try_from(position).expect("a table holds fewer than 2^32 rows");
        self.slots.set(list, number, narrow);
        position
    }

    /// Asks for the memory of an account, if it was posted to before.
    pub fn prefetch(&self, account: Account) {
        let (list, number) = account.slot();
        if let Some(position) = self.slots.get(list as usize, number) {
            self.rows.prefetch(position as usize);
        }
    }

    /// Balance of an account on its normal side.
    pub fn balance(&self, account: Account) -> SignedFen {
        let balance = self.get(account).copied().unwrap_or_default();
        balance.on_side(account.kind().is_left())
    }

    /// Balance of a budget account, which is never negative.
    pub fn budget(&self, city: MemberId, kind: AccountKind, programme: ProgrammeId) -> Fen {
        let balance = self.balance(Account::programme(city, kind, programme));
        Fen::from_i128(balance.0).expect("budget accounts stay within zero and all budgets")
    }

    /// All accounts that were ever posted to, in the order of party, section, kind and detail.
    pub fn accounts(&self) -> Vec<(Account, Balance)> {
        let mut accounts: Vec<_> = self.rows.iter().copied().collect();
        accounts.sort_unstable_by_key(|(account, _)| *account);
        accounts
    }

    /// Heap bytes held.
    pub fn heap_bytes(&self) -> usize {
        self.rows.heap_bytes() + self.slots.heap_bytes()
    }
}

/// The slots follow from the rows.
impl Serialize for Books {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl Scoped for Books {
    fn open(&mut self) {
        self.rows.open();
        self.slots.open();
    }

    fn commit(&mut self) {
        self.rows.commit();
        self.slots.commit();
    }

    fn rollback(&mut self) {
        self.rows.rollback();
        self.slots.rollback();
    }
}

impl<'de> Deserialize<'de> for Books {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Books, D::Error> {
        let rows: Table<(Account, Balance)> = Table::deserialize(deserializer)?;
        let mut slots = Slots::default();
        for (position, (account, _)) in (0_u32..).zip(rows.iter()) {
            let (list, number) = account.slot();
            slots.set(list, number, position);
        }
        Ok(Books { rows, slots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: MemberId = MemberId(3);

    #[test]
    fn accounts_come_back_as_packed() {
        let payee = Payee::Enterprise(EnterpriseId(u32::MAX));
        let account = Account::payee(A, AccountKind::Payable, payee);
        assert_eq!((account.party(), account.kind()), (A, AccountKind::Payable));
        assert_eq!(account.detail(), Detail::Payee(payee));
        assert_eq!(
            Account::clearing(A, PeriodId(7)).detail(),
            Detail::Period(PeriodId(7))
        );
    }

    #[test]
    fn the_section_can_be_read_off_the_number_of_the_kind() {
        for kind in AccountKind::ALL {
            assert_eq!(
                kind.section() == Section::Budget,
                (*kind as u8) < 16,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_pair_across_books_or_sections_is_refused() {
        let p = ProgrammeId(0);
        let expense = Account::programme(A, AccountKind::Expense, p);
        let approved = Account::programme(A, AccountKind::Approved, p);
        let elsewhere = Account::treasury(MemberId(4));
        for other in [approved, elsewhere] {
            let posted = std::panic::catch_unwind(|| Pair::new(expense, other, Fen::ZERO));
            assert!(posted.is_err(), "{other:?}");
        }
    }
}
