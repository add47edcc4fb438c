//! Examples of what happens to files of vouchers.

use super::examples::fen;
use crate::domain::{EnterpriseId, MemberId, ProgrammeId, VoucherFileId};
use crate::engine::event::{Event, FileRowRefused, FileRowsIssued, VoucherFileApproved};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::FileMode;

pub(super) fn files() -> Vec<Event> {
    vec![
        Event::VoucherFileApproved(Box::new(VoucherFileApproved {
            file: VoucherFileId(17),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            sha256: [0xf1; 32],
            mode: FileMode::Chunks,
            rows: 1_001,
            total: fen(3_003_000_000),
            chunks: Box::from([
                0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
                0xf1f2_f3f4_f5f6_f7f8_f9fa_fbfc_fdfe_ff00,
            ]),
        })),
        Event::FileRowsIssued(Box::new(FileRowsIssued {
            file: VoucherFileId(17),
            programme: ProgrammeId(117),
            issuer: MemberId(3),
            chunk: 1,
            issued: 998,
            refused: 1,
            unchanged: 1,
            amount: fen(2_994_000_000),
        })),
        Event::FileRowRefused(Box::new(FileRowRefused {
            file: VoucherFileId(17),
            line: 1_002,
            programme: ProgrammeId(117),
            enterprise: Some(EnterpriseId(4_321)),
            amount: fen(3_000_000),
            code: RefusalCode::IssueCapExceeded,
        })),
    ]
}
