//! Claims on what is free.

use quantong::domain::{ContractNo, EnterpriseId, InvoiceNo, ProviderId, VoucherId};
use quantong::engine::command::*;

use super::{Both, FILER, Filing, Pair, day, fen, pick, plus_days, world};
use crate::model::limits::PAPERS;
use crate::model::{Money, Verdict};

impl Pair {
    pub(super) fn file(&mut self, a: u8, b: u8, n: u32) -> Both {
        let voucher = if n.is_multiple_of(3) {
            pick(a, self.model.vouchers.len())
        } else {
            usize::from(a) % 4
        };
        let voucher = self.child_for(voucher, n);
        // Most claims come from the one lab that may do everything.
        let provider = if b < 128 { 0 } else { usize::from(b) % 6 };
        let category = world::CATEGORIES
            [usize::from(n.is_multiple_of(16)) + usize::from(n.is_multiple_of(32))];
        let category = if n % 4 == 1 {
            world::CATEGORIES[1]
        } else {
            category
        };
        let days = i64::from(n / 7 % 12);
        let contract_date = match n % 5 {
            0 => plus_days(self.model.today, -days),
            1 if n % 35 == 1 => plus_days(self.model.today, 1),
            _ => match self.model.vouchers.get(voucher) {
                Some(row) if n.is_multiple_of(11) => row.use_by.min(self.model.today),
                Some(row) if n % 11 == 1 => row.issued_on,
                Some(row) if row.contracts_from != row.issued_on && n.is_multiple_of(2) => {
                    row.issued_on
                }
                _ => self.model.today,
            },
        };
        let invoice_amount = Money::from(n / 64 % 160_000);
        let enterprise = match n % 23 {
            0 => Some(0),
            1 => Some(usize::from(b) % 5),
            _ => None,
        };
        let filing = Filing {
            by: FILER,
            voucher,
            provider,
            enterprise,
            category: category.to_owned(),
            contract_no: written(n / 5 % 3, n / 15),
            contract_date,
            contract_amount: invoice_amount + Money::from(n % 3),
            invoice_no: (n / 3 % 400 + 1).to_string(),
            invoice_amount,
            paid_amount: invoice_amount * Money::from(n % 4) / 4,
            papers: papers(n),
            imported: false,
        };
        let known = voucher < self.model.vouchers.len()
            || provider < self.model.providers.len()
            || enterprise.is_some_and(|id| id < self.model.enterprises.len());
        let expected = if known {
            self.model.file(&filing)
        } else {
            Verdict::Rejected
        };
        (FILER, Command::FileClaim(command_of(&filing)), expected)
    }

    /// Now and then the newest voucher that came from a transfer.
    fn child_for(&self, voucher: usize, n: u32) -> usize {
        let is_child = |id: &usize| self.model.vouchers[*id].parent.is_some();
        let newest = (0..self.model.vouchers.len()).rev().find(is_child);
        newest.filter(|_| n % 9 < 3).unwrap_or(voucher)
    }
}

/// The number of a contract as one or another clerk writes it.
pub(super) fn written(contract: u32, clerk: u32) -> String {
    let letters = ["HT-", "HT-", "ht-", "ＨＴ－", "Ht－"][clerk as usize % 5];
    format!("{letters}{}", contract + 1)
}

pub(super) fn command_of(c: &Filing) -> FileClaim {
    let enterprise = c
        .enterprise
        .map(|id| EnterpriseId::from_index(id).expect("few"));
    FileClaim {
        voucher: VoucherKey::Id(VoucherId::from_index(c.voucher).expect("few")),
        provider: ProviderKey::Id(ProviderId::from_index(c.provider).expect("few")),
        enterprise: enterprise.map(EnterpriseKey::Id),
        category: world::category(&c.category),
        contract_no: ContractNo::parse(&c.contract_no).expect("short"),
        contract_date: day(c.contract_date),
        contract_amount: fen(c.contract_amount),
        invoice_no: InvoiceNo::parse(&c.invoice_no).expect("digits"),
        invoice_amount: fen(c.invoice_amount),
        paid_amount: fen(c.paid_amount),
        evidence: c.papers.iter().map(evidence).collect(),
        order: None,
    }
}

fn evidence(kind: &EvidenceKind) -> Evidence {
    Evidence {
        kind: *kind,
        sha256: [7; 32],
        size_bytes: 1,
        media_type: quantong::domain::Text::parse("application/pdf").expect("short"),
    }
}

/// Mostly all of them.
pub(super) fn papers(n: u32) -> Vec<EvidenceKind> {
    match n / 4 % 6 {
        0 => Vec::new(),
        1 => vec![PAPERS[n as usize % 2]],
        _ => PAPERS.to_vec(),
    }
}
