//! Applies what happens to files of vouchers.

use crate::domain::Fen;
use crate::engine::event::{EventMeta, FileRowsIssued, VoucherFileApproved};
use crate::engine::state::{State, VoucherFileRow};

impl State {
    pub(super) fn voucher_file_approved(&mut self, meta: &EventMeta, e: &VoucherFileApproved) {
        let row = VoucherFileRow {
            programme: e.programme,
            issuer: e.issuer,
            sha256: e.sha256,
            mode: e.mode,
            rows: e.rows,
            total: e.total,
            chunks: e.chunks.iter().map(|chunk| (*chunk).into()).collect(),
            done: 0,
            issued: 0,
            refused: 0,
            unchanged: 0,
            amount: Fen::ZERO,
            sent_by: meta.principal,
            details: meta.seq,
        };
        let position = self.voucher_files.push(row);
        assert_eq!(position, e.file.index(), "ids of files are dense");
        self.voucher_file_ids
            .insert((e.sha256, e.programme), e.file);
    }

    pub(super) fn file_rows_issued(&mut self, e: &FileRowsIssued) {
        self.voucher_files.update(e.file.index(), |row| {
            assert_eq!(row.done, e.chunk, "chunks of a file come in order");
            row.done += 1;
            row.issued += e.issued;
            row.refused += e.refused;
            row.unchanged += e.unchanged;
            row.amount = super::vouchers::plus(row.amount, e.amount);
        });
    }
}
