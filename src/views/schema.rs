//! The tables of `migrations/views` as the projector and the lists know them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A number.
    Number,
    /// A text.
    Text,
}

/// A table: its columns in the order of the values of a row.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Type)],
}

macro_rules! tables {
    ($($constant:ident = $name:literal { $($column:ident $type:ident),* $(,)? })*) => {
        $(
            pub(super) const $constant: Table = Table {
                name: $name,
                columns: &[$((stringify!($column), Type::$type)),*],
            };
        )*

        /// All tables but the position.
        pub(super) const TABLES: &[&Table] = &[$(&$constant),*];
    };
}

tables! {
    MEMBERS = "members" {
        id Number, code Text, kind Text, name_zh Text, name_en Text, province Text,
        signed_protocol Number, event Number,
    }
    CATEGORIES = "categories" { id Number, code Text, name_zh Text, name_en Text, event Number }
    ENTERPRISES = "enterprises" {
        id Number, public_id Text, code Text, name Text, city Number, kind Text,
        controller_group Text, event Number,
    }
    PROVIDERS = "providers" {
        id Number, public_id Text, code Text, name Text, city Number, controller_group Text,
        admitted_from Text, admitted_to Text, bank_account Text, suspended Number, event Number,
    }
    PROVIDER_CATEGORIES = "provider_categories" { provider Number, category Number }
    PROGRAMMES = "programmes" {
        id Number, code Text, title Text, city Number, budget_year Number, budget Number,
        event Number,
    }
    VERSIONS = "versions" {
        programme Number, version Number, effective_from Text, document_no Text, payee Text,
        base Text, cap_enterprise Number, cap_group Number, use_months Number, cash_days Number,
        event Number,
    }
    AGREEMENTS = "agreements" {
        id Number, home Number, host Number, category Number, effective_from Text,
        effective_to Text, model Text, pool Number, accrues_at Text, event Number,
    }
    AGREEMENT_SHARES = "agreement_shares" {
        agreement Number, place Number, member Number, millionths Number,
    }
    VOUCHERS = "vouchers" {
        id Number, public_id Text, programme Number, version Number, issuer Number, holder Number,
        amount Number, free Number, held Number, approved Number, returned Number, issued_on Text,
        use_by Text, cash_by Text, parent Number, frozen Number, revoked Number, event Number,
        application Number, replaces Number, replaced_by Number,
    }
    TRANSFERS = "transfers" {
        id Number, voucher Number, kind Text, receiver Number, to_city Number, amount Number,
        status Text, child Number, issuer Number, proposed_on Text, event Number,
    }
    CLAIMS = "claims" {
        id Number, public_id Text, voucher Number, programme Number, issuer Number,
        version Number, provider Number, payee Text, category Number, contract_no Text,
        contract_date Text, contract_amount Number, invoice_no Text, invoice_amount Number,
        paid_amount Number, amount Number, payer Number, agreement Number, period Number,
        filed_on Text, filed_by Number, status Text, first_line Number, line_count Number,
        event Number,
    }
    REFUSALS = "refusals" {
        event Number, command Text, code Text, faults Text, voucher Number, provider Number,
        programme Number, enterprise Number, invoice_no Text, amount Number, refused_on Text,
        sent_by Number,
    }
    VOUCHER_FILES = "voucher_files" {
        id Number, sha256 Text, programme Number, issuer Number, mode Text, row_count Number,
        total Number, approved_by Number, approved_on Text, event Number,
    }
    VOUCHER_FILE_CHUNKS = "voucher_file_chunks" {
        event Number, file Number, place Number, issued Number, refused Number, unchanged Number,
        amount Number, issued_on Text,
    }
    VOUCHER_FILE_REFUSALS = "voucher_file_refusals" { event Number, file Number, line Number }
    LINES = "obligation_lines" {
        id Number, debtor Number, creditor Number, programme Number, amount Number, period Number,
        origin Text, origin_id Number, voided Number, event Number,
    }
    APPLICATIONS = "applications" {
        id Number, programme Number, issuer Number, enterprise Number, amount Number,
        approved Number, status Text, purpose Text, filed_on Text, submitted_by Number,
        approved_by Number, code Text, reason Text, voucher Number, event Number,
    }
    HISTORY = "history" { about Text, about_id Number, event Number, }
    PERIODS = "periods" {
        id Number, month Text, status Text, gross Number, closed_on Text, pay_by Text,
        carried Number,
    }
    POSITIONS = "positions" {
        period Number, member Number, receivable Number, payable Number, confirmed Number,
    }
    INSTRUCTIONS = "instructions" {
        id Number, period Number, place Number, debtor Number, creditor Number, amount Number,
        paid Number, carried Number, event Number,
    }
    PAYMENTS = "payments" {
        id Number, claim Number, payer Number, amount Number, bank_ref Text, paid_on Text,
        returned Number, event Number,
    }
    ACCOUNT_DAYS = "account_days" {
        party Number, account Text, about Text, about_id Number, day Text, debits Number,
        credits Number,
    }
}
