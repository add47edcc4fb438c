//! Dense identifiers. Inside the engine every entity is a position in its table; the readable
//! form for the outside is [`super::PublicId`].

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! dense_id {
    ($($(#[$doc:meta])* $name:ident: $raw:ty;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $raw);

        impl $name {
            /// The position in the entity's table.
            pub fn index(self) -> usize {
                usize::try_from(self.0).expect("a 32-bit id fits the address space")
            }

            /// The id of the entity at a position; `None` when the table is full.
            pub fn from_index(index: usize) -> Option<Self> {
                <$raw>::try_from(index).ok().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )* };
}

dense_id! {
    /// A member of the corridor with a book of its own: a city or another funder.
    MemberId: u16;
    /// A small firm or a team.
    EnterpriseId: u32;
    /// A laboratory, institute or platform.
    ProviderId: u32;
    /// A controller group of enterprises and providers.
    GroupId: u32;
    /// A person, office or machine that can act, with its grants.
    PrincipalId: u32;
    /// A service category.
    CategoryId: u8;
    /// A programme: one city, one budget year.
    ProgrammeId: u16;
    /// A version of a programme's rules, counted from 1 within the programme.
    VersionNo: u16;
    /// A draft of a programme's rules, counted from 1 within the programme.
    DraftNo: u16;
    /// A cost-sharing agreement.
    AgreementId: u32;
    /// What one enterprise has had and used under one programme.
    UsageId: u32;
    /// A voucher.
    VoucherId: u32;
    /// A consent to redeem at a provider.
    ConsentId: u32;
    /// A proposed or approved transfer.
    TransferId: u32;
    /// An approved claim.
    ClaimId: u32;
    /// An obligation between two members.
    LineId: u32;
    /// A clearing period.
    PeriodId: u16;
    /// A payment that one member is to make to another for a period.
    InstructionId: u32;
    /// A payment to a payee.
    PaymentId: u32;
    /// A file from which vouchers are issued.
    VoucherFileId: u32;
    /// A command that waits for further persons.
    ProposalId: u32;
    /// An order between holders and a provider.
    OrderId: u32;
    /// An application for admission as a provider.
    AdmissionId: u32;
    /// A credit flag on an enterprise or provider.
    CreditFlagId: u32;
    /// An application for a voucher.
    ApplicationId: u32;
}

/// The position of an event in the journal; the first event is 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Seq(pub u64);

impl Seq {
    /// The next position.
    pub const fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The instant when the journal took an event: microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct RecordedAt(pub i64);

impl fmt::Display for RecordedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_US: i64 = 24 * 3600 * 1_000_000;
        let day = i32::try_from(self.0.div_euclid(DAY_US)).ok();
        let Some(day) = day.and_then(|days| super::Day::try_new(days).ok()) else {
            return write!(f, "{}us", self.0);
        };
        let rest = self.0.rem_euclid(DAY_US);
        let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        f.pad(&format!(
            "{day}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_microseconds() {
        let at = RecordedAt(1_735_790_400_000_001);
        assert_eq!(at.to_string(), "2025-01-02T04:00:00.000001Z");
        assert_eq!(RecordedAt(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    }
}
