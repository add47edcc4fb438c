//! What can be listed.

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Members.
    Members,
    /// Categories.
    Categories,
    /// Enterprises and teams.
    Enterprises,
    /// Providers.
    Providers,
    /// Programmes.
    Programmes,
    /// Loads, raises and cuts of budgets.
    BudgetChanges,
    /// Agreements.
    Agreements,
    /// Vouchers.
    Vouchers,
    /// Applications for vouchers.
    Applications,
    /// Transfers.
    Transfers,
    /// Orders.
    Orders,
    /// Steps that were undone.
    Reversals,
    /// Approved claims.
    Claims,
    /// Refused commands.
    Refusals,
    /// Obligation lines.
    Lines,
    /// Periods.
    Periods,
    /// Settlement payments.
    Instructions,
    /// Payments to payees.
    Payments,
    /// Files from which vouchers are issued.
    VoucherFiles,
    /// Commands that wait for further persons.
    Proposals,
    /// Applications for admission.
    Admissions,
    /// Stances of cities on what other cities admitted or certified.
    Recognitions,
    /// Certified status of enterprises.
    Statuses,
    /// Related parties.
    Relations,
    /// Credit flags.
    CreditFlags,
    /// Accounts of parties.
    BankAccounts,
    /// Persons, offices and machines.
    Principals,
    /// Roles given and taken.
    Grants,
    /// Access tokens.
    Tokens,
}
