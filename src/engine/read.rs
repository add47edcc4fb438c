//! Reading the state. Everything here is by id or by key and cheap; lists belong to the views.

use super::books::{Account, AccountKind, Balance};
use super::command::{Calendar, Payee, Subject, UserName};
use super::state::{
    AccountRow, AdmissionRow, CreditFlagRow, DissolvedRow, ObjectionRow, RecognitionRow,
    RelationRow, StatusRow,
};
use super::state::{
    AgreementRow, ApplicationRow, CategoryRow, ClaimRow, ConsentRow, ContractKey, EnterpriseRow,
    InstructionRow, LedgerRow, LineRow, MemberRow, OrderRow, PaymentRow, PeriodRow, PrincipalRow,
    ProgrammeRow, ProposalRow, ProviderRow, ReissuedRow, State, TokenRow, TransferRow, UsageRow,
    VoucherRow,
};
use super::terms::{PUBLICITY_DAYS, RecognitionSubject, Role, Scope};
use crate::domain::{
    AdmissionId, AgreementId, ApplicationId, CategoryCode, CategoryId, ClaimId, ConsentId,
    CreditFlagId, Day, DivisionCode, EnterpriseId, Fen, GroupId, InstructionId, InvoiceNo, LineId,
    MemberId, OrderId, PaymentId, PeriodId, PrincipalId, ProgrammeCode, ProgrammeId, ProposalId,
    ProviderId, RecordedAt, Seq, SignedFen, TransferId, UsageId, VoucherId,
};

macro_rules! rows_by_id {
    ($($(#[$doc:meta])* $name:ident, $count:ident: $table:ident[$id:ty] -> $row:ty;)*) => {
        impl State { $(
            $(#[$doc])*
            pub fn $name(&self, id: $id) -> Option<&$row> {
                self.$table.get(id.index())
            }

            #[doc = concat!("Number of rows of [`State::", stringify!($name), "`].")]
            pub fn $count(&self) -> usize {
                self.$table.len()
            }
        )* }
    };
}

rows_by_id! {
    /// A member.
    member, member_count: members[MemberId] -> MemberRow;
    /// A category.
    category, category_count: categories[CategoryId] -> CategoryRow;
    /// A principal.
    principal, principal_count: principals[PrincipalId] -> PrincipalRow;
    /// An enterprise.
    enterprise, enterprise_count: enterprises[EnterpriseId] -> EnterpriseRow;
    /// A provider.
    provider, provider_count: providers[ProviderId] -> ProviderRow;
    /// A programme.
    programme, programme_count: programmes[ProgrammeId] -> ProgrammeRow;
    /// An agreement.
    agreement_row, agreement_count: agreements[AgreementId] -> AgreementRow;
    /// A voucher.
    voucher, voucher_count: vouchers[VoucherId] -> VoucherRow;
    /// A consent.
    consent, consent_count: consents[ConsentId] -> ConsentRow;
    /// An application for a voucher.
    application, application_count: applications[ApplicationId] -> ApplicationRow;
    /// A transfer.
    transfer, transfer_count: transfers[TransferId] -> TransferRow;
    /// An order.
    order, order_count: orders[OrderId] -> OrderRow;
    /// An approved claim.
    claim, claim_count: claims[ClaimId] -> ClaimRow;
    /// An obligation line.
    line, line_count: lines[LineId] -> LineRow;
    /// A period.
    period, period_count: periods[PeriodId] -> PeriodRow;
    /// A settlement payment.
    instruction, instruction_count: instructions[InstructionId] -> InstructionRow;
    /// A proposal.
    proposal, proposal_count: proposals[ProposalId] -> ProposalRow;
    /// A payment to a payee.
    payment, payment_count: payments[PaymentId] -> PaymentRow;
    /// An application for admission.
    admission, admission_count: admissions[AdmissionId] -> AdmissionRow;
    /// A credit flag.
    credit_flag, credit_flag_count: flags[CreditFlagId] -> CreditFlagRow;
}

impl State {
    /// Identity of the ledger; `None` before genesis.
    pub fn ledger(&self) -> Option<&LedgerRow> {
        self.ledger.as_ref()
    }

    /// Position of the next event.
    pub fn next_seq(&self) -> Seq {
        *self.next_seq
    }

    /// `recorded_at` of the newest event.
    pub fn recorded_at(&self) -> RecordedAt {
        *self.recorded_at
    }

    /// The business date.
    pub fn business_date(&self) -> Day {
        *self.business_date
    }

    /// The newest epoch.
    pub fn epoch(&self) -> u64 {
        *self.epoch
    }

    /// The settlement calendar.
    pub fn calendar(&self) -> Calendar {
        *self.calendar
    }

    /// The member with this division code.
    pub fn member_by_code(&self, code: DivisionCode) -> Option<MemberId> {
        self.member_codes.get(&code).copied()
    }

    /// All members, in the order of their division codes.
    pub fn members_by_code(&self) -> impl Iterator<Item = (DivisionCode, MemberId)> {
        self.member_codes.iter().map(|(code, id)| (*code, *id))
    }

    /// The category with this code.
    pub fn category_by_code(&self, code: &CategoryCode) -> Option<CategoryId> {
        self.category_codes.get(code).copied()
    }

    /// The programme with this code.
    pub fn programme_by_code(&self, code: &ProgrammeCode) -> Option<ProgrammeId> {
        self.programme_codes.get(code).copied()
    }

    /// All programmes, in the order of their codes.
    pub fn programmes_by_code(&self) -> impl Iterator<Item = (&ProgrammeCode, ProgrammeId)> {
        self.programme_codes.iter().map(|(code, id)| (code, *id))
    }

    /// The claim, not reversed, that has this invoice number.
    pub fn claim_by_invoice(&self, invoice_no: InvoiceNo) -> Option<ClaimId> {
        self.find_invoice(invoice_no)
    }

    /// What a reference (by its key) names, and the event that answered it.
    pub fn reference(&self, key: u128) -> Option<(Subject, Seq)> {
        self.find_ref(key).map(|row| (row.subject, row.seq))
    }

    /// Whether a reference names an object that was made from a command with this fingerprint;
    /// `None` if it names nothing.
    pub fn reference_fits(&self, key: u128, fingerprint: u128) -> Option<bool> {
        let row = self.find_ref(key)?;
        Some(row.fingerprint == fingerprint.into())
    }

    /// Whose name for signing in this is, and the event with the verifier of the password.
    pub fn password_of(&self, user_name: &UserName) -> Option<(PrincipalId, Seq)> {
        let principal = self.user_names.get(user_name).copied()?;
        let row = self.passwords.get(&principal)?;
        Some((principal, row.details))
    }

    /// The name that a principal signs in with.
    pub fn user_name(&self, principal: PrincipalId) -> Option<UserName> {
        self.passwords.get(&principal).map(|row| row.user_name)
    }

    /// A token by its SHA-256.
    pub fn token(&self, hash: &[u8; 32]) -> Option<&TokenRow> {
        self.tokens.get(hash)
    }

    /// The grants of a principal, by role and scope.
    pub fn grants_of(&self, principal: PrincipalId) -> impl Iterator<Item = (Role, Scope)> {
        self.grants
            .range((principal, Role::Administrator, Scope::Corridor)..)
            .take_while(move |((owner, _, _), ())| *owner == principal)
            .map(|((_, role, scope), ())| (*role, *scope))
    }

    /// What one enterprise has had and used under one programme.
    pub fn usage(&self, id: UsageId) -> Option<&UsageRow> {
        (id.index() < self.usage.len()).then(|| self.usage.at(id.index()))
    }

    /// Usage of an enterprise under a programme.
    pub fn usage_of(&self, programme: ProgrammeId, enterprise: EnterpriseId) -> UsageRow {
        let row = self
            .usage
            .get(super::state::usage_key(programme, enterprise));
        row.cloned().unwrap_or_default()
    }

    /// What an enterprise uses of the contracts that a version of a programme caps, by provider and
    /// number.
    pub fn used_on_contracts(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
    ) -> impl Iterator<Item = (ContractKey, Fen)> {
        let key = super::state::usage_key(programme, enterprise);
        let usage = self.usage.position(key).and_then(UsageId::from_index);
        usage.into_iter().flat_map(|usage| self.contracts_of(usage))
    }

    /// The consents of a voucher that no newer one replaced, newest first.
    pub fn consents_of(
        &self,
        voucher: VoucherId,
    ) -> impl Iterator<Item = (ConsentId, &ConsentRow)> {
        let mut next = self
            .vouchers
            .get(voucher.index())
            .and_then(|row| row.consent);
        std::iter::from_fn(move || {
            let id = next?;
            let row = &self.consents[id.index()];
            next = row.older;
            Some((id, row))
        })
        .filter(|(_, row)| !row.replaced)
    }

    /// True if a provider has to do with a voucher: the holder consented to it, or an order or a
    /// claim draws on the voucher for it. The provider's own confirmation says nothing here.
    /// Cost: the consents of the voucher, then the claims of its holder.
    pub fn serves(&self, provider: ProviderId, voucher: VoucherId) -> bool {
        let Some(row) = self.vouchers.get(voucher.index()) else {
            return false;
        };
        let mut consents = self.consents_of(voucher);
        consents.any(|(_, row)| !row.by_provider && row.provider == Some(provider))
            || self.is_ordered_for(provider, voucher)
            || self
                .claims_of(row.usage.index())
                .any(|(_, claim)| claim.voucher == voucher && claim.provider == provider)
    }

    /// True if the holder of a voucher consents to a provider, or to any, on a day.
    pub fn is_consented(&self, voucher: VoucherId, provider: ProviderId, on: Day) -> bool {
        let consents = self.consents_of(voucher).map(|(_, row)| row);
        let mut own = consents.filter(|row| !row.by_provider && on <= row.until);
        own.any(|row| row.provider.is_none_or(|named| named == provider))
    }

    /// The objections to an admission, in the order in which they were made.
    pub fn objections_to(&self, id: AdmissionId) -> impl Iterator<Item = (u16, &ObjectionRow)> {
        self.objections
            .range((id, 0)..=(id, u16::MAX))
            .map(|((_, number), row)| (*number, row))
    }

    /// Days of publicity of a city's admissions.
    pub fn publicity_days(&self, city: MemberId) -> u16 {
        let days = self.publicity.get(&city).copied();
        days.unwrap_or(PUBLICITY_DAYS)
    }

    /// Status of an enterprise as certified, by first day.
    pub fn statuses_of(&self, id: EnterpriseId) -> impl Iterator<Item = (Day, &StatusRow)> {
        self.statuses
            .range((id, Day::MIN)..=(id, Day::MAX))
            .map(|((_, from), row)| (*from, row))
    }

    /// The stances of cities on what other cities admitted or certified: of one first day the
    /// newest.
    pub fn recognitions(
        &self,
    ) -> impl Iterator<Item = ((MemberId, RecognitionSubject, Day), &RecognitionRow)> {
        self.recognitions.iter().map(|(key, row)| (*key, row))
    }

    /// The relations of a party with others, by the other one and first day. Looks through all.
    pub fn relations_of(&self, party: Payee) -> impl Iterator<Item = (Payee, Day, &RelationRow)> {
        self.relations
            .iter()
            .filter_map(
                move |((one, other, from), row)| match (*one == party, *other == party) {
                    (true, _) => Some((*other, *from, row)),
                    (_, true) => Some((*one, *from, row)),
                    _ => None,
                },
            )
    }

    /// The account of a party and the change that waits.
    pub fn bank_account(&self, party: Payee) -> Option<&AccountRow> {
        self.bank_accounts.get(&party)
    }

    /// Event with the members of a team.
    pub fn team(&self, id: EnterpriseId) -> Option<Seq> {
        self.teams.get(&id).copied()
    }

    /// When a party was struck off.
    pub fn dissolution(&self, party: Payee) -> Option<&DissolvedRow> {
        self.dissolved.get(&party)
    }

    /// The code of a controller group. Looks through all.
    pub fn group_code(&self, id: GroupId) -> Option<&str> {
        let found = self.group_codes.iter().find(|(_, group)| **group == id);
        found.map(|(code, _)| &**code)
    }

    /// Balance of an account on its normal side.
    pub fn balance(&self, account: Account) -> SignedFen {
        self.books.balance(account)
    }

    /// Balance of a programme's budget account.
    pub fn budget(&self, programme: ProgrammeId, kind: AccountKind) -> Fen {
        let city = self.programmes[programme.index()].city;
        self.books.budget(city, kind, programme)
    }

    /// All accounts ever posted to, by party, section, kind and detail.
    pub fn accounts(&self) -> Vec<(Account, Balance)> {
        self.books.accounts()
    }

    /// The confirmed revision of a member's statement.
    pub fn confirmation(&self, period: PeriodId, member: MemberId) -> Option<u16> {
        self.confirmations.get(&(period, member)).copied()
    }

    /// All obligation lines, in the order in which they were made.
    pub fn lines(&self) -> impl Iterator<Item = (LineId, &LineRow)> {
        (0..).map(LineId).zip(self.lines.iter())
    }

    /// All vouchers, in the order in which they were made.
    pub fn vouchers(&self) -> impl Iterator<Item = (VoucherId, &VoucherRow)> {
        (0..).map(VoucherId).zip(self.vouchers.iter())
    }

    /// All orders, in the order in which they were made.
    pub fn orders(&self) -> impl Iterator<Item = (OrderId, &OrderRow)> {
        (0..).map(OrderId).zip(self.orders.iter())
    }

    /// All applications, in the order in which they were made.
    pub fn applications(&self) -> impl Iterator<Item = (ApplicationId, &ApplicationRow)> {
        (0..).map(ApplicationId).zip(self.applications.iter())
    }

    /// What was reissued of what came back of a voucher.
    pub fn reissued_of(&self, voucher: VoucherId) -> Option<&ReissuedRow> {
        self.reissued.get(&voucher)
    }

    /// All approved claims, in the order in which they were made.
    pub fn claims(&self) -> impl Iterator<Item = (ClaimId, &ClaimRow)> {
        (0..).map(ClaimId).zip(self.claims.iter())
    }

    /// What the tables of the hot path hold on the heap.
    pub fn memory(&self) -> Vec<TableMemory> {
        let row = |table, rows, heap_bytes| TableMemory {
            table,
            rows,
            heap_bytes,
        };
        vec![
            row("vouchers", self.vouchers.len(), self.vouchers.heap_bytes()),
            row("consents", self.consents.len(), self.consents.heap_bytes()),
            row("claims", self.claims.len(), self.claims.heap_bytes()),
            row("invoices", self.claims.len(), self.invoices.0.heap_bytes()),
            row("lines", self.lines.len(), self.lines.heap_bytes()),
            row("keys", self.keys.len(), self.keys.heap_bytes()),
            row("usage", self.usage.len(), self.usage.heap_bytes()),
            row(
                "books",
                self.books.accounts().len(),
                self.books.heap_bytes(),
            ),
        ]
    }
}

/// What one table holds on the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TableMemory {
    /// Name of the table.
    pub table: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// Bytes on the heap.
    pub heap_bytes: usize,
}
