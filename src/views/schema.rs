//! The tables of `migrations/views` as the projector and the lists know them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A number.
    Number,
    /// A text.
    Text,
}

/// Tables that are written together. The parts may be written at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The claims: half of all that is to be written.
    Claims,
    /// All others.
    Rest,
}

impl Part {
    /// Its number in `view_position`.
    pub(super) fn number(self) -> i64 {
        match self {
            Part::Claims => 1,
            Part::Rest => 2,
        }
    }
}

/// A table: its columns in the order of the values of a row.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Type)],
}

macro_rules! tables {
    ($all:ident: $($constant:ident = $name:literal { $($column:ident $type:ident),* $(,)? })*) => {
        $(
            pub(super) const $constant: Table = Table {
                name: $name,
                columns: &[$((stringify!($column), Type::$type)),*],
            };
        )*

        pub(super) const $all: &[&Table] = &[$(&$constant),*];
    };
}

// All tables but the position.
tables! { TABLES:
    MEMBERS = "members" {
        id Number, code Text, kind Text, name_zh Text, name_en Text, province Text,
        signed_protocol Number, event Number, search_text Text,
    }
    CATEGORIES = "categories" {
        id Number, code Text, name_zh Text, name_en Text, event Number, search_text Text,
    }
    ENTERPRISES = "enterprises" {
        id Number, public_id Text, code Text, name Text, city Number, kind Text,
        controller_group Text, event Number, search_text Text,
    }
    PROVIDERS = "providers" {
        id Number, public_id Text, code Text, name Text, city Number, controller_group Text,
        admitted_from Text, admitted_to Text, suspended Number, event Number,
        suspended_until Text, search_text Text,
    }
    PROVIDER_CATEGORIES = "provider_categories" { provider Number, category Number }
    PROGRAMMES = "programmes" {
        id Number, code Text, title Text, city Number, budget_year Number, budget Number,
        event Number, status Text, carried_from Number, carried_into Number,
        search_text Text,
    }
    BUDGET_CHANGES = "budget_changes" {
        event Number, programme Number, city Number, amount Number, direction Text,
        document_no Text, changed_on Text, changed_by Number,
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
    ISSUED = "issued_vouchers" {
        id Number, public_id Text, programme Number, version Number, issuer Number, holder Number,
        amount Number, issued_on Text, use_by Text, cash_by Text, parent Number, frozen Number,
        revoked Number, event Number, application Number, replaces Number, replaced_by Number,
    }
    MONEY = "voucher_money" {
        id Number, free Number, held Number, approved Number, returned Number, claimed Number,
    }
    TRANSFERS = "transfers" {
        id Number, voucher Number, kind Text, receiver Number, to_city Number, amount Number,
        status Text, child Number, issuer Number, proposed_on Text, event Number,
        to_programme Number, expires_on Text, endorsed_by Number,
    }
    REVERSALS = "reversals" {
        event Number, reverses Number, what Text, city Number, programme Number, voucher Number,
        transfer Number, instruction Number, amount Number, reversed_on Text, reversed_by Number,
    }
    CLAIMS = "claims" {
        id Number, public_id Text, voucher Number, programme Number, issuer Number,
        version Number, provider Number, payee Text, category Number, contract_no Text,
        contract_date Text, contract_amount Number, invoice_no Text, invoice_amount Number,
        paid_amount Number, amount Number, payer Number, agreement Number, period Number,
        filed_on Text, filed_by Number, status Text, first_line Number, line_count Number,
        event Number, order_id Number, charged_to Number,
    }
    ORDERS = "orders" {
        id Number, public_id Text, provider Number, category Number, contract_amount Number,
        hold_until Text, status Text, disputed Number, contract_no Text, contract_date Text,
        proposed_on Text, proposed_by Number, event Number,
    }
    ORDER_LINES = "order_lines" {
        order_id Number, place Number, voucher Number, issuer Number, holder Number,
        amount Number, remaining Number,
    }
    REFUSALS = "refusals" {
        event Number, command Text, code Text, faults Text, voucher Number, provider Number,
        programme Number, enterprise Number, invoice_no Text, amount Number, refused_on Text,
        sent_by Number,
    }
    VOUCHER_FILES = "voucher_files" {
        id Number, sha256 Text, programme Number, issuer Number, mode Text, row_count Number,
        total Number, sent_by Number, approved_on Text, event Number,
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
    PRINCIPALS = "principals" {
        id Number, enabled Number, registered_on Text, registered_by Number, event Number,
    }
    GRANTS = "grants" {
        event Number, principal Number, role Text, scope Text, scope_id Number, member Number,
        change Text, in_force Number, set_on Text, set_by Number, agreed_by Number,
    }
    TOKENS = "tokens" {
        event Number, sha256 Text, principal Number, label Text, expires_on Text, revoked Number,
        issued_on Text, issued_by Number,
    }
    PROPOSALS = "proposals" {
        id Number, action Text, command Text, member Number, checker Text, approvals Number,
        status Text, made_by Number, proposed_on Text, expires_on Text, event Number,
        approvals_left Number,
    }
    ADMISSIONS = "admissions" {
        id Number, public_id Text, code Text, provider Number, city Number, effective_from Text,
        effective_to Text, status Text, publicity_until Text, applied_on Text, applied_by Number,
        event Number,
    }
    OBJECTIONS = "objections" {
        admission Number, number Number, reason_code Text, status Text, objected_on Text,
        event Number,
    }
    PROVIDER_TERMS = "provider_terms" {
        event Number, provider Number, kind Text, effective_from Text, effective_to Text,
        categories Number, admission Number,
    }
    RECOGNITIONS = "recognitions" {
        event Number, city Number, subject Text, provider Number, subject_city Number, stance Text,
        categories Number, effective_from Text, effective_to Text,
    }
    STATUSES = "statuses" {
        event Number, enterprise Number, kind Text, effective_from Text, effective_to Text,
        certificate_no Text, certified_by Number,
    }
    RELATIONS = "relations" {
        event Number, provider Number, enterprise Number, other_provider Number,
        other_enterprise Number, kind Text, effective_from Text, effective_to Text,
    }
    CREDIT_FLAGS = "credit_flags" {
        id Number, public_id Text, provider Number, enterprise Number, code Text, level Text,
        effective_from Text, effective_to Text, city Number, status Text, lifted_on Text,
        raised_on Text, external_ref Text, event Number,
    }
    BANK_ACCOUNTS = "bank_accounts" {
        event Number, provider Number, enterprise Number, version Number, status Text, account Text,
    }
    DISSOLUTIONS = "dissolutions" {
        event Number, provider Number, enterprise Number, effective_from Text, successor Number,
    }
    ACCOUNT_DAYS = "account_days" {
        party Number, account Text, about Text, about_id Number, day Text, debits Number,
        credits Number,
    }
}

// What is read as a table and put together from several.
tables! { JOINED:
    VOUCHERS = "vouchers" {
        id Number, public_id Text, programme Number, version Number, issuer Number, holder Number,
        amount Number, free Number, held Number, claimed Number, approved Number, returned Number,
        issued_on Text, use_by Text, cash_by Text, parent Number, frozen Number, revoked Number,
        event Number, application Number, replaces Number, replaced_by Number,
    }
}
