//! Who may do each write, in the city's own matter: written down here and not asked of the server,
//! so that a write that opens itself to another role fails the walk.
//!
//! Roles of the corridor are written `corridor:role`; `provider` acts for the laboratory that the
//! firm goes to, which is another city's. Nobody of another city may, but for what `open` names.

/// No role may: the world lends nobody who could.
const NOBODY: &[&str] = &[];
const ADMINISTRATOR: &[&str] = &["corridor:administrator"];
const ADMINISTRATORS: &[&str] = &["administrator", "corridor:administrator"];
const FINANCE: &[&str] = &["finance_officer"];
const HOLDER: &[&str] = &["enterprise"];
const LABORATORY: &[&str] = &["provider"];
const OFFICES: &[&str] = &["finance_officer", "science_officer"];
const OPERATOR: &[&str] = &["corridor:operator"];
const PARTIES: &[&str] = &["enterprise", "provider"];
const REGISTRARS: &[&str] = &["corridor:administrator", "science_officer"];
const SCIENCE: &[&str] = &["science_officer"];

/// The roles that may; `None` for a write that is not known.
pub(super) fn roles_of(operation: &str) -> Option<&'static [&'static str]> {
    let city = of_the_city(operation);
    city.or_else(|| of_parties(operation))
        .or_else(|| of_the_corridor(operation))
}

/// Programmes, vouchers, claims and payments.
fn of_the_city(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "create_programme"
        | "publish_version"
        | "save_draft"
        | "mark_simulated"
        | "publish_draft"
        | "copy_pack"
        | "issue_voucher"
        | "issue_vouchers_from_file"
        | "revoke_voucher"
        | "extend_voucher"
        | "reissue_voucher"
        | "decide_transfer" => SCIENCE,
        "change_budget" | "start_year_closing" | "decide_year_end" => FINANCE,
        // The proposal that waits is a change of a budget.
        "decide_proposal" => FINANCE,
        "set_action_rule" | "set_city_policy" | "set_freeze" | "reverse_claim" => OFFICES,
        // The bulk freezes a voucher.
        "write_bulk" => OFFICES,
        "propose_transfer" | "apply_for_voucher" => &["enterprise", "science_officer"],
        "resubmit_application" | "withdraw_application" => &["enterprise", "science_officer"],
        "review_application" => &["reviewer", "science_officer"],
        "pay_claim" | "return_payment" | "confirm_statement" => FINANCE,
        // The step is the holder's consent.
        "give_consent" | "reverse_step" => HOLDER,
        "file_claim" | "file_claims" | "withdraw_claim" => PARTIES,
        "propose_order" | "agree_order" | "accept_order" | "cancel_order" | "release_order"
        | "extend_order" | "dispute_order" => HOLDER,
        "confirm_order" | "deliver_order" => LABORATORY,
        "contract_order" => PARTIES,
        "resolve_order" => &["corridor:arbiter", "science_officer"],
        "simulate" => &[
            "corridor:administrator",
            "corridor:arbiter",
            "corridor:auditor",
            "corridor:operator",
            "finance_officer",
            "science_officer",
        ],
        // Each for its maker alone.
        "withdraw_proposal" | "withdraw_transfer" => NOBODY,
        _ => return None,
    })
}

/// The registers of parties.
fn of_parties(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "register_enterprise" | "register_provider" | "set_controller_group" => REGISTRARS,
        "correct_party" | "dissolve_party" => REGISTRARS,
        "apply_for_admission" | "withdraw_admission" => REGISTRARS,
        "check_admission" | "answer_objection" | "admit_provider" => SCIENCE,
        // Whoever acts for a firm, a laboratory or an office.
        "object_to_admission" => &[
            "administrator",
            "auditor",
            "enterprise",
            "finance_officer",
            "provider",
            "reviewer",
            "science_officer",
        ],
        "set_publicity" | "set_recognition" | "set_status" => SCIENCE,
        // The laboratory is the host city's.
        "set_suspension" | "remove_provider" => NOBODY,
        // The world lends nobody who acts for the team.
        "set_team" => REGISTRARS,
        "set_relation" => &[
            "corridor:administrator",
            "enterprise",
            "provider",
            "science_officer",
        ],
        "raise_credit_flag" | "import_credit_flags" => OFFICES,
        "lift_credit_flag" => &["corridor:arbiter", "finance_officer", "science_officer"],
        "propose_account" => &["corridor:administrator", "enterprise", "science_officer"],
        "decide_account" => FINANCE,
        _ => return None,
    })
}

/// Members, people, periods and agreements.
fn of_the_corridor(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "register_member" | "register_category" => ADMINISTRATOR,
        "register_principal" | "set_grant" | "issue_token" | "set_access" => ADMINISTRATORS,
        // The principal is the science officer.
        "name_principal" => &["administrator", "corridor:administrator", "science_officer"],
        "erase_principal" => ADMINISTRATORS,
        // Of a token that the science officer holds.
        "revoke_token" => &["administrator", "corridor:administrator", "science_officer"],
        "set_protocol" | "set_calendar" | "register_agreement" | "advance_date" => OPERATOR,
        "request_close" | "close_period" | "instruct_period" => OPERATOR,
        "confirm_instruction" => OPERATOR,
        _ => return None,
    })
}

/// What roles of another city may do as well: a principal belongs to no city before it has a role,
/// and whoever acts for anybody objects.
pub(super) fn open(operation: &str, role: &str) -> bool {
    match operation {
        "register_principal" => role == "administrator",
        "object_to_admission" => true,
        _ => false,
    }
}

/// The action of the table that a write is the first step of, and the one whose checker it is.
pub(super) fn maker_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "change_budget" => "budget",
        "publish_version" | "publish_draft" => "publish",
        "issue_vouchers_from_file" => "bulk_issue",
        "extend_voucher" => "extend",
        "revoke_voucher" => "revoke",
        "reissue_voucher" => "reissue",
        "set_freeze" => "freeze",
        "propose_transfer" => "transfer",
        "reverse_claim" => "reverse",
        "propose_account" => "bank_account",
        "register_enterprise" | "register_provider" => "code_override",
        "set_grant" => "grants",
        "issue_token" | "set_access" | "erase_principal" => "credentials",
        "start_year_closing" | "decide_year_end" => "year_end",
        "set_action_rule" | "set_city_policy" => "action_rules",
        _ => return None,
    })
}
