//! The CSV data set of a corridor: ten input files in, six files of answers out.
//!
//! Reading never stops at the first fault: every row of every file is looked at, and either the
//! whole set is good or all faults are reported and nothing is taken.

mod answers;
mod check;
mod faults;
mod kinds;
mod plan;
mod read;
mod rows;
mod table;
#[cfg(test)]
mod tests;

pub use answers::{Answers, write_answers};
pub use faults::{FAULTS_MAX, FILES, Faults, RowFault};
pub use plan::{Plan, Step, StepKind};
pub use read::read_dataset;
pub use rows::{
    AgreementRecord, CityRecord, ClaimRecord, Dataset, EnterpriseRecord, Place, ProgrammeRecord,
    ProviderRecord, RefText, VersionRecord, VoucherRecord,
};
pub use table::FILE_BYTES_MAX;
