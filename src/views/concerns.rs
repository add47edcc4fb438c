//! Which rows of a list concern whom: conditions in SQL, in which `?` stands for who asks.

use super::lists::{Reach, Resource};

/// What a city did, or what concerns a payment to it.
const OWN_OR_AS_CREDITOR: &str =
    "(city = ? OR instruction IN (SELECT id FROM instructions WHERE creditor = ?))";

/// What a city issued, or what firms of it hold or apply for. The firm of a row is looked up: a
/// list of a city's firms would be as long as the city is large, and would lead away from the rows
/// that a page looks at.
const HELD_IN_CITY: &str =
    "(issuer = ? OR (SELECT city FROM enterprises WHERE enterprises.id = holder) = ?)";
const APPLIED_IN_CITY: &str =
    "(issuer = ? OR (SELECT city FROM enterprises WHERE enterprises.id = enterprise) = ?)";

/// The payments that concern somebody: who pays, whose programme it is, who is paid.
const fn paid(reach: Reach) -> Option<&'static str> {
    match reach {
        Reach::Member(_) => {
            Some("(payer = ? OR (SELECT issuer FROM claims WHERE claims.id = payments.claim) = ?)")
        }
        Reach::Provider(_) => Some(
            "(SELECT provider FROM claims WHERE claims.id = payments.claim \
              AND payee = 'provider') = ?",
        ),
        Reach::Enterprise(_) => Some(
            "(SELECT holder FROM issued_vouchers WHERE id = (SELECT voucher FROM claims \
              WHERE claims.id = payments.claim AND payee = 'enterprise')) = ?",
        ),
        Reach::Sender(_) => None,
    }
}

impl Resource {
    /// The rows that concern somebody; `?` stands for whom. `None` for none.
    pub(super) fn concerns(self, reach: Reach) -> Option<&'static str> {
        use Reach::{Enterprise, Member, Provider, Sender};
        Some(match (self, reach) {
            (Resource::Enterprises | Resource::BudgetChanges, Member(_)) => "city = ?",
            (Resource::Enterprises, Enterprise(_)) => "id = ?",
            (Resource::Agreements, Member(_)) => {
                "id IN (SELECT agreement FROM agreement_shares WHERE member = ?)"
            }
            (Resource::Vouchers, Member(_)) => HELD_IN_CITY,
            (Resource::Vouchers, Enterprise(_)) => "holder = ?",
            (Resource::Applications, Member(_)) => APPLIED_IN_CITY,
            (Resource::Applications, Enterprise(_)) => "enterprise = ?",
            (Resource::Transfers, Member(_)) => "(issuer = ? OR (kind = 'move' AND to_city = ?))",
            (Resource::Reversals, Member(_)) => OWN_OR_AS_CREDITOR,
            (Resource::Transfers, Enterprise(_)) => {
                "(receiver = ? OR voucher IN (SELECT id FROM issued_vouchers WHERE holder = ?))"
            }
            (Resource::Orders, Member(_)) => {
                "(EXISTS (SELECT 1 FROM order_lines WHERE order_id = orders.id AND issuer = ?) \
                  OR (SELECT city FROM providers WHERE providers.id = provider) = ?)"
            }
            (Resource::Orders, Enterprise(_)) => {
                "id IN (SELECT order_id FROM order_lines WHERE holder = ?)"
            }
            (Resource::Claims, Member(_)) => {
                "(issuer = ? OR payer = ? OR provider IN (SELECT id FROM providers WHERE city = ?))"
            }
            (Resource::Claims | Resource::Reversals, Enterprise(_)) => {
                "voucher IN (SELECT id FROM issued_vouchers WHERE holder = ?)"
            }
            (Resource::Claims | Resource::Refusals | Resource::Orders, Provider(_)) => {
                "provider = ?"
            }
            (Resource::Refusals, Member(_)) => {
                "((SELECT issuer FROM issued_vouchers WHERE issued_vouchers.id = voucher) = ? \
                  OR programme IN (SELECT id FROM programmes WHERE city = ?))"
            }
            (Resource::Refusals, Enterprise(_)) => {
                "(enterprise = ? OR voucher IN (SELECT id FROM issued_vouchers WHERE holder = ?))"
            }
            (Resource::Refusals, Sender(_)) => "sent_by = ?",
            (Resource::Lines | Resource::Instructions, Member(_)) => "(debtor = ? OR creditor = ?)",
            (Resource::VoucherFiles, Member(_)) => "issuer = ?",
            (Resource::Payments, _) => return paid(reach),
            (Resource::Proposals, Member(_)) => "member = ?",
            (Resource::Proposals, Sender(_)) => "made_by = ?",
            (
                Resource::Admissions
                | Resource::Statuses
                | Resource::Relations
                | Resource::CreditFlags
                | Resource::BankAccounts,
                _,
            ) => return self.concerns_of_registers(reach),
            (Resource::Principals, Sender(_)) => "id = ?",
            (Resource::Principals, Member(_)) => {
                "id IN (SELECT principal FROM grants WHERE member = ? AND in_force = 1)"
            }
            (Resource::Grants, Member(_)) => "member = ?",
            (Resource::Grants | Resource::Tokens, Sender(_)) => "principal = ?",
            _ => return None,
        })
    }

    /// The rows of the registers of parties that concern somebody.
    fn concerns_of_registers(self, reach: Reach) -> Option<&'static str> {
        use Reach::{Enterprise, Member, Provider, Sender};
        Some(match (self, reach) {
            (Resource::Admissions, Member(_)) => "city = ?",
            (Resource::Admissions, Provider(_)) => "provider = ?",
            // Publicity is for everybody.
            (Resource::Admissions, Sender(_)) => {
                "(applied_by = ? OR status IN ('published', 'admitted'))"
            }
            (Resource::Statuses, Member(_)) => {
                "(certified_by = ? OR enterprise IN (SELECT id FROM enterprises WHERE city = ?))"
            }
            (Resource::Statuses, Enterprise(_)) => "enterprise = ?",
            (Resource::Relations, Member(_)) => {
                "(enterprise IN (SELECT id FROM enterprises WHERE city = ?) \
                  OR other_enterprise IN (SELECT id FROM enterprises WHERE city = ?) \
                  OR provider IN (SELECT id FROM providers WHERE city = ?) \
                  OR other_provider IN (SELECT id FROM providers WHERE city = ?))"
            }
            (Resource::Relations, Enterprise(_)) => "(enterprise = ? OR other_enterprise = ?)",
            (Resource::Relations, Provider(_)) => "(provider = ? OR other_provider = ?)",
            // All cities share the flags.
            (Resource::CreditFlags, Member(_)) => {
                "city IN (SELECT id FROM members WHERE id >= 0 * ?)"
            }
            (Resource::BankAccounts, Member(_)) => {
                "(provider IN (SELECT id FROM providers WHERE city = ?) \
                  OR enterprise IN (SELECT id FROM enterprises WHERE city = ?))"
            }
            (Resource::CreditFlags | Resource::BankAccounts, Enterprise(_)) => "enterprise = ?",
            (Resource::CreditFlags | Resource::BankAccounts, Provider(_)) => "provider = ?",
            _ => return None,
        })
    }
}
