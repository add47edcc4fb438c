//! The state: what the rules need to know, and nothing else. Names, titles and notes stand in the
//! events; an entity keeps the sequence number of the event with its details.
//!
//! Cost per voucher + claim + obligation line + key, with their index entries, is published by
//! [`State::memory`] and bounded at 300 bytes.

mod applications;
mod files;
mod issued;
mod life;
mod orders;
mod rows;
mod usage;

use super::books::Books;
use super::command::{Calendar, Payee, UserName};
use super::event::SYSTEM;
use super::keys::Keys;
use super::tables::{Hash128, Index, Keyed, Ordered, Scoped, Slot, Table};
use super::terms::{Action, RecognitionSubject, RequiredFields, Role, Scope};
use crate::domain::{
    AdmissionId, AgreementId, BankRef, CategoryCode, CategoryId, ClaimId, ConsentId, CreditCode,
    CreditFlagId, Day, DivisionCode, DraftNo, EnterpriseId, Fen, GroupId, InstructionId, InvoiceNo,
    MemberId, OrderId, PeriodId, PrincipalId, ProgrammeCode, ProgrammeId, ProviderId, RecordedAt,
    Seq, TransferId, UsageId, VoucherFileId, VoucherId,
};
use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use applications::{ApplicationRow, ApplicationStatus, ReissuedRow};
pub use files::VoucherFileRow;
pub use issued::CountedRow;
pub use life::{CARRIES_MAX, CarriedRow, DraftRow, Pack, ProgrammeStatus, WaitingRow, YearEnds};
pub use orders::{Authority, DisputeRow, OrderLineRow, OrderRow};
pub use rows::{
    AccountRow, AccountVersion, AdmissionRow, AdmissionStatus, CreditFlagRow, DissolvedRow, Marks,
    ObjectionRow, RecognitionRow, RelationRow, StatusRow, TermRow,
};
pub use rows::{
    ActionRule, AgreementRow, CATEGORIES_MAX, CapShares, CategoryRow, Cell, ClaimRow, ClaimStatus,
    ConsentRow, EnterpriseRow, InstructionRow, LedgerRow, LineOrigin, LineRow, MEMBERS_MAX,
    MemberRow, NO_PROGRAMME, PasswordRow, PaymentRow, PeriodRow, PeriodStatus, PrincipalRow,
    ProgrammeRow, ProposalRow, ProposalStatus, ProviderRow, RefRow, Step, StepRow, TokenRow,
    TransferRow, TransferStatus, VoucherRow,
};
pub(super) use usage::category_key;
pub use usage::{ClaimLink, ContractKey, UsageRow};

macro_rules! state {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $default:expr;)*) => {
        /// The state of a ledger. Only applying events changes it.
        #[derive(Clone, Debug, Serialize)]
        pub struct State { $($(#[$doc])* pub(super) $field: $kind,)* }

        /// What a stored state consists of, in the order in which it is written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types)]
        pub enum StatePart { $($(#[$doc])* $field,)* }

        impl StatePart {
            /// All parts in order.
            pub const ALL: &'static [StatePart] = &[$(StatePart::$field,)*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(StatePart::$field => stringify!($field),)* }
            }
        }

        impl State {
            /// Writes one part.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn write_part<S: Serializer>(
                &self,
                section: StatePart,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                match section { $(StatePart::$field => self.$field.serialize(serializer),)* }
            }

            /// Reads one part; [`State::complete`] follows after the last one.
            ///
            /// # Errors
            /// Those of the deserializer.
            pub fn read_part<'de, D: Deserializer<'de>>(
                &mut self,
                section: StatePart,
                deserializer: D,
            ) -> Result<(), D::Error> {
                match section {
                    $(StatePart::$field => {
                        self.$field = <$kind>::deserialize(deserializer)?;
                    })*
                }
                Ok(())
            }

            /// Takes a part over from another state.
            pub fn adopt(&mut self, section: StatePart, other: &mut State) {
                match section {
                    $(StatePart::$field => std::mem::swap(&mut self.$field, &mut other.$field),)*
                }
            }
        }

        impl State {
            /// The state before the first event.
            pub fn empty() -> State {
                State { $($field: $default,)* }
            }
        }

        impl Scoped for State {
            fn open(&mut self) { $(self.$field.open();)* }
            fn commit(&mut self) { $(self.$field.commit();)* }
            fn rollback(&mut self) { $(self.$field.rollback();)* }
        }
    };
}

/// An index is derived from rows: it is not part of what is hashed or stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Derived(pub(super) Index);

impl Serialize for Derived {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Derived {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Derived, D::Error> {
        <()>::deserialize(deserializer)?;
        Ok(Derived::default())
    }
}

impl Scoped for Derived {
    fn open(&mut self) {
        self.0.open();
    }

    fn commit(&mut self) {
        self.0.commit();
    }

    fn rollback(&mut self) {
        self.0.rollback();
    }
}

state! {
    /// Identity; `None` before genesis.
    ledger: Slot<Option<LedgerRow>> = Slot::new(None);
    /// Position of the next event.
    next_seq: Slot<Seq> = Slot::new(Seq(0));
    /// `recorded_at` of the newest event.
    recorded_at: Slot<RecordedAt> = Slot::new(RecordedAt(i64::MIN));
    /// Business date.
    business_date: Slot<Day> = Slot::new(Day::MIN);
    /// Business dates by the first event that bears them.
    days: Ordered<Seq, Day> = Ordered::default();
    /// Newest epoch.
    epoch: Slot<u64> = Slot::new(0);
    /// Settlement calendar.
    calendar: Slot<Calendar> = Slot::new(Calendar { confirm_days: 8, pay_days: 10 });
    /// Sum of all appropriations, bounded so that no total can overflow.
    budgets_total: Slot<i64> = Slot::new(0);
    /// True while the newest command had a key, so that its further events count to it.
    key_open: Slot<bool> = Slot::new(false);
    /// Members.
    members: Table<MemberRow> = Table::default();
    /// Members by division code.
    member_codes: Ordered<DivisionCode, MemberId> = Ordered::default();
    /// Categories.
    categories: Table<CategoryRow> = Table::default();
    /// Categories by code.
    category_codes: Ordered<CategoryCode, CategoryId> = Ordered::default();
    /// Principals.
    principals: Table<PrincipalRow> = Table::default();
    /// Events with personal data of principals.
    personal: Ordered<(PrincipalId, Seq), ()> = Ordered::default();
    /// Grants.
    grants: Ordered<(PrincipalId, Role, Scope), ()> = Ordered::default();
    /// Who administers what.
    administrators: Ordered<(Scope, PrincipalId), ()> = Ordered::default();
    /// Commands that wait, or waited, for further persons.
    proposals: Table<ProposalRow> = Table::default();
    /// Rules of members for actions.
    action_rules: Ordered<(MemberId, Action), ActionRule> = Ordered::default();
    /// With what principals sign in.
    passwords: Ordered<PrincipalId, PasswordRow> = Ordered::default();
    /// Principals by the names they sign in with.
    user_names: Ordered<UserName, PrincipalId> = Ordered::default();
    /// Tokens by SHA-256.
    tokens: Ordered<[u8; 32], TokenRow> = Ordered::default();
    /// Controller groups by code.
    group_codes: Ordered<Box<str>, GroupId> = Ordered::default();
    /// Changes of controller groups, by party and first day.
    groups: Ordered<(Payee, Day), Option<GroupId>> = Ordered::default();
    /// Enterprises.
    enterprises: Table<EnterpriseRow> = Table::default();
    /// Enterprises by credit code.
    enterprise_codes: Derived = Derived::default();
    /// Providers.
    providers: Table<ProviderRow> = Table::default();
    /// Providers by credit code.
    provider_codes: Derived = Derived::default();
    /// Applications for admission.
    admissions: Table<AdmissionRow> = Table::default();
    /// Applications under way, by credit code.
    admissions_open: Ordered<CreditCode, AdmissionId> = Ordered::default();
    /// Objections, by application and number.
    objections: Ordered<(AdmissionId, u16), ObjectionRow> = Ordered::default();
    /// Days of publicity of the cities that said so.
    publicity: Ordered<MemberId, u16> = Ordered::default();
    /// Terms of admission of providers that had more than one, by first day.
    admission_terms: Ordered<(ProviderId, Day), TermRow> = Ordered::default();
    /// Last days of suspensions that have one.
    suspensions: Ordered<ProviderId, Day> = Ordered::default();
    /// Stances of cities, by first day.
    recognitions: Ordered<(MemberId, RecognitionSubject, Day), RecognitionRow> = Ordered::default();
    /// Status of enterprises, by first day.
    statuses: Ordered<(EnterpriseId, Day), StatusRow> = Ordered::default();
    /// Related parties, the lesser one first, by first day.
    relations: Ordered<(Payee, Payee, Day), RelationRow> = Ordered::default();
    /// Credit flags.
    flags: Table<CreditFlagRow> = Table::default();
    /// Credit flags by party; those of one legal person stand under both its roles.
    flags_of: Ordered<(Payee, CreditFlagId), ()> = Ordered::default();
    /// Accounts of parties.
    bank_accounts: Ordered<Payee, AccountRow> = Ordered::default();
    /// Events with the members of teams.
    teams: Ordered<EnterpriseId, Seq> = Ordered::default();
    /// Parties that were struck off.
    dissolved: Ordered<Payee, DissolvedRow> = Ordered::default();
    /// Programmes.
    programmes: Table<ProgrammeRow> = Table::default();
    /// Programmes by code.
    programme_codes: Ordered<ProgrammeCode, ProgrammeId> = Ordered::default();
    /// Rules that are not published.
    drafts: Ordered<(ProgrammeId, DraftNo), DraftRow> = Ordered::default();
    /// What cities require of their programmes.
    policies: Ordered<MemberId, RequiredFields> = Ordered::default();
    /// Paid of what is approved, by programme or pack.
    paid: Keyed<Fen> = Keyed::default();
    /// Packs some of whose waiting claims are still to be approved, and from which day.
    releases: Ordered<ProgrammeId, Day> = Ordered::default();
    /// Agreements.
    agreements: Table<AgreementRow> = Table::default();
    /// Agreements by home and host.
    agreements_of: Ordered<(MemberId, MemberId), Vec<AgreementId>> = Ordered::default();
    /// Usage by programme and enterprise.
    usage: Keyed<UsageRow> = Keyed::default();
    /// Used and held by programme and controller group.
    group_usage: Keyed<Fen> = Keyed::default();
    /// Used in categories that are not the first of their usage row, by row and category.
    category_usage: Keyed<Fen> = Keyed::default();
    /// Used and held on contracts that a version caps, by usage row, provider and
    /// number.
    contract_usage: Ordered<(UsageId, ContractKey), Fen> = Ordered::default();
    /// The contracts of the claims counted there.
    contract_claims: Ordered<ClaimId, ContractKey> = Ordered::default();
    /// Used caps that orders hold, by usage row.
    held_use: Ordered<UsageId, Fen> = Ordered::default();
    /// Used caps that came with successions, by usage row and day.
    taken_over: Ordered<(UsageId, Day), Fen> = Ordered::default();
    /// The last event that gave more back than a usage row counted as used, since a succession had
    /// taken its share along.
    overdrawn: Ordered<UsageId, Seq> = Ordered::default();
    /// What was issued to an enterprise up to a succession from it, by usage row and the event of
    /// the succession: the usage rows at which some of it has counted.
    lots: Ordered<(UsageId, Seq), Vec<UsageId>> = Ordered::default();
    /// What counts of these lots at each of those rows.
    counted: Ordered<(UsageId, Seq), CountedRow> = Ordered::default();
    /// Vouchers.
    vouchers: Table<VoucherRow> = Table::default();
    /// Vouchers by the day on which they lapse.
    lapses: Ordered<(Day, VoucherId), ()> = Ordered::default();
    /// Consents.
    consents: Table<ConsentRow> = Table::default();
    /// Applications for vouchers.
    applications: Table<ApplicationRow> = Table::default();
    /// What was reissued, by the voucher that it came back of.
    reissued: Ordered<VoucherId, ReissuedRow> = Ordered::default();
    /// Transfers.
    transfers: Table<TransferRow> = Table::default();
    /// Orders.
    orders: Table<OrderRow> = Table::default();
    /// Orders by their provider and the vouchers of their lines.
    served: Derived = Derived::default();
    /// Orders that have not ended, by the day on which they end by themselves.
    order_timers: Ordered<(Day, OrderId), ()> = Ordered::default();
    /// Proposed transfers by the day on which they are released.
    transfer_ends: Ordered<(Day, TransferId), ()> = Ordered::default();
    /// What moved away from a voucher or went back to its parent: no money to reissue.
    gone_elsewhere: Ordered<VoucherId, Fen> = Ordered::default();
    /// Firms whose relocation or move waits for a decision.
    relocations: Ordered<EnterpriseId, TransferId> = Ordered::default();
    /// Shares of used caps that went along with transfers.
    cap_shares: Ordered<(ProgrammeId, EnterpriseId), CapShares> = Ordered::default();
    /// Steps that can be undone, by their events. A consent is here only once it was withdrawn:
    /// there is one for nearly every voucher, and its own row says the rest.
    steps: Ordered<Seq, StepRow> = Ordered::default();
    /// Approved claims.
    claims: Table<ClaimRow> = Table::default();
    /// Claims that wait, by the programme of their voucher.
    waiting: Ordered<(ProgrammeId, ClaimId), WaitingRow> = Ordered::default();
    /// What vouchers have in claims that wait.
    claimed: Ordered<VoucherId, Fen> = Ordered::default();
    /// The approvals of claims that had waited.
    late_approvals: Ordered<ClaimId, Seq> = Ordered::default();
    /// Claims whose payment came back after a carry: they stand where they stood.
    stayed: Ordered<ClaimId, ProgrammeId> = Ordered::default();
    /// Claims that are not undone, by invoice number: several for one filing on a pooled order.
    invoices: Derived = Derived::default();
    /// Payments to payees.
    payments: Table<PaymentRow> = Table::default();
    /// Obligation lines.
    lines: Table<LineRow> = Table::default();
    /// Periods; the last one is open.
    periods: Table<PeriodRow> = Table::default();
    /// Gross matrix by period, debtor, creditor and programme.
    matrix: Keyed<Cell> = Keyed::default();
    /// Confirmed revisions by period and member.
    confirmations: Ordered<(PeriodId, MemberId), u16> = Ordered::default();
    /// Settlement payments.
    instructions: Table<InstructionRow> = Table::default();
    /// Bank references of the settlement payments that were confirmed.
    settlement_refs: Ordered<(InstructionId, BankRef), ()> = Ordered::default();
    /// Files from which vouchers are issued.
    voucher_files: Table<VoucherFileRow> = Table::default();
    /// Those files by SHA-256 and programme.
    voucher_file_ids: Ordered<([u8; 32], ProgrammeId), VoucherFileId> = Ordered::default();
    /// All accounts.
    books: Books = Books::default();
    /// External references.
    refs: Table<RefRow> = Table::default();
    /// External references by key.
    ref_keys: Derived = Derived::default();
    /// Idempotency keys.
    keys: Keys = Keys::default();
}

/// Version of what [`StatePart`]s hold. A stored state of another version is not read: the journal
/// is replayed instead.
pub const STATE_FORMAT: u16 = 8;

impl State {
    /// Makes the lookups that follow from the rows, after the last part was read.
    pub fn complete(&mut self) {
        fn fill<T: Clone>(rows: &Table<T>, key: impl Fn(&T) -> Option<Hash128>) -> Derived {
            let mut derived = Derived::default();
            for (position, row) in (0_u32..).zip(rows.iter()) {
                if let Some(key) = key(row) {
                    derived.0.insert(derived.0.hash(&key), position);
                }
            }
            derived
        }
        let no_code = Hash128::default();
        self.enterprise_codes = fill(&self.enterprises, |row| {
            (row.code != no_code).then_some(row.code)
        });
        self.provider_codes = fill(&self.providers, |row| Some(row.code));
        self.ref_keys = fill(&self.refs, |row| Some(row.key));
        self.invoices = fill(&self.claims, |row| row.counts().then_some(row.invoice_no));
        for order in (0..self.orders.len()).filter_map(OrderId::from_index) {
            self.note_served(order);
        }
    }
}

/// Key of a usage row.
pub(super) fn usage_key(programme: ProgrammeId, enterprise: EnterpriseId) -> u64 {
    (u64::from(programme.0) << 32) | u64::from(enterprise.0)
}

/// Key of a group's usage row.
pub(super) fn group_key(programme: ProgrammeId, group: GroupId) -> u64 {
    (u64::from(programme.0) << 32) | u64::from(group.0)
}

/// Key of a cell of the gross matrix.
pub(super) fn cell_key(
    period: PeriodId,
    debtor: MemberId,
    creditor: MemberId,
    programme: Option<ProgrammeId>,
) -> u64 {
    let programme = programme.map_or(NO_PROGRAMME, |programme| programme.0);
    (u64::from(period.0) << 48)
        | (u64::from(debtor.0) << 32)
        | (u64::from(creditor.0) << 16)
        | u64::from(programme)
}

impl State {
    pub(super) fn find_ref(&self, key: u128) -> Option<&RefRow> {
        let key = Hash128::from(key);
        let index = &self.ref_keys.0;
        let found = index.find(index.hash(&key), |p| self.refs[p as usize].key == key)?;
        self.refs.get(found as usize)
    }

    pub(super) fn find_invoice(&self, invoice_no: InvoiceNo) -> Option<ClaimId> {
        let key = Hash128::from(invoice_no.to_u128());
        let index = &self.invoices.0;
        let found = index.find(index.hash(&key), |p| {
            self.claims[p as usize].invoice_no == key
        })?;
        Some(ClaimId(found))
    }

    /// The enterprise with this credit code.
    pub fn enterprise_by_code(&self, code: CreditCode) -> Option<EnterpriseId> {
        let key = Hash128::from(code.to_u128());
        let index = &self.enterprise_codes.0;
        let found = index.find(index.hash(&key), |p| {
            self.enterprises[p as usize].code == key
        })?;
        Some(EnterpriseId(found))
    }

    /// The provider with this credit code.
    pub fn provider_by_code(&self, code: CreditCode) -> Option<ProviderId> {
        let key = Hash128::from(code.to_u128());
        let index = &self.provider_codes.0;
        let found = index.find(index.hash(&key), |p| self.providers[p as usize].code == key)?;
        Some(ProviderId(found))
    }

    /// Programme and holder of a voucher.
    pub fn voucher_owner(&self, voucher: &VoucherRow) -> (ProgrammeId, EnterpriseId) {
        let key = self.usage.key_at(voucher.usage.index());
        (ProgrammeId((key >> 32) as u16), EnterpriseId(key as u32))
    }

    /// The open period.
    pub fn open_period(&self) -> PeriodId {
        let last = self
            .periods
            .len()
            .checked_sub(1)
            .expect("genesis opens a period");
        PeriodId::from_index(last).expect("periods are counted in 16 bits")
    }

    /// The controller group of a party on a day.
    pub fn group_on(&self, party: Payee, day: Day) -> Option<GroupId> {
        let (group, from) = match party {
            Payee::Enterprise(id) => {
                let row = self.enterprises.get(id.index())?;
                (row.group, row.group_from)
            }
            Payee::Provider(id) => {
                let row = self.providers.get(id.index())?;
                (row.group, row.group_from)
            }
        };
        if from <= day {
            return group;
        }
        let earlier = self
            .groups
            .range((party, Day::MIN)..=(party, day))
            .next_back();
        earlier.and_then(|(_, group)| *group)
    }

    /// True if the principal has the role in exactly this scope and is not shut out.
    pub fn has_grant(&self, principal: PrincipalId, role: Role, scope: Scope) -> bool {
        let Some(row) = self
            .principals
            .get(principal.index())
            .filter(|row| !row.disabled)
        else {
            return false;
        };
        row.first_grant == Some((role, scope))
            || self.grants.get(&(principal, role, scope)).is_some()
    }

    /// The step that an event stands for, if steps of its kind can be undone.
    pub fn step(&self, seq: Seq) -> Option<StepRow> {
        if let Some(row) = self.steps.get(&seq) {
            return Some(row.clone());
        }
        let consent = self.consent_at(seq)?;
        Some(StepRow {
            what: Step::Consent { consent },
            by: SYSTEM,
            reversed: None,
        })
    }

    /// The consent that an event gave: consents stand in the order of their events.
    fn consent_at(&self, seq: Seq) -> Option<ConsentId> {
        let (mut low, mut high) = (0, self.consents.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.consents[middle].details.cmp(&seq) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return ConsentId::from_index(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Shares of used caps that went along with transfers from an enterprise.
    pub fn cap_shares(&self, programme: ProgrammeId, enterprise: EnterpriseId) -> CapShares {
        let shares = self.cap_shares.get(&(programme, enterprise));
        shares.copied().unwrap_or_default()
    }

    /// Transfer by id.
    pub(super) fn transfer_row(&self, id: TransferId) -> Option<&TransferRow> {
        self.transfers.get(id.index())
    }
}
