//! Values of the domain. An illegal value cannot be built: every type here is made by a
//! parser that says what is wrong, and the inner layers do not check again.
//!
//! May import std, serde, `rust_decimal` (to parse and print only) and jiff's civil types.
//! No I/O, no clock, no randomness, no floating point.

mod credit_code;
mod day;
mod division;
mod fen;
mod ids;
mod invoice_no;
mod personal;
mod public_id;
mod ratio;
mod split;
mod text;

pub use credit_code::{CreditCode, CreditCodeError};
pub use day::{Day, DayError, Month};
pub use division::{DivisionCode, DivisionCodeError};
pub use fen::{Fen, FenError, SignedFen};
pub use ids::{
    AdmissionId, AgreementId, ApplicationId, CategoryId, ClaimId, ConsentId, CreditFlagId, DraftNo,
    EnterpriseId, GroupId, InstructionId, LineId, MemberId, OrderId, PaymentId, PeriodId,
    PrincipalId, ProgrammeId, ProposalId, ProviderId, RecordedAt, Seq, TransferId, UsageId,
    VersionNo, VoucherFileId, VoucherId,
};
pub use invoice_no::{InvoiceNo, InvoiceNoError};
pub use personal::{PersonalOpening, PersonalText};
pub use public_id::{IdKind, LedgerTag, PublicId, PublicIdError, as_meant, base32};
pub use ratio::{Ratio, RatioError};
pub use split::{FUNDERS_MAX, Parts, split_by_shares, split_by_weights};
pub use text::{InlineText, Text, TextError, hex};

/// Code of a service category, for example `testing`; at most 32 bytes.
pub type CategoryCode = InlineText<32>;
/// Code of a programme, for example `310117-2025`; at most 24 bytes.
pub type ProgrammeCode = InlineText<24>;
/// Number of a service contract; at most 40 bytes.
pub type ContractNo = InlineText<40>;
/// Reference of a bank to a payment; at most 40 bytes.
pub type BankRef = InlineText<40>;
