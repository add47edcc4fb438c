//! The CSV data set of a corridor: ten input files in, six files of answers out.
//!
//! Reading never stops at the first fault: every row of every file is looked at, and either the
//! whole set is good or all faults are reported and nothing is taken.

mod answers;
mod plan;
mod rows;
mod table;

pub use answers::{Answers, write_answers};
pub use plan::{Plan, Step, StepKind};
pub use rows::{
    AgreementRecord, CityRecord, ClaimRecord, Dataset, EnterpriseRecord, ProgrammeRecord,
    ProviderRecord, VersionRecord, VoucherRecord, read_dataset,
};
pub use table::{FAULTS_MAX, Faults, RowFault};
