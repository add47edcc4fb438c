//! Members, people, enterprises and providers.

use crate::domain::{
    CategoryCode, CategoryId, CreditCode, Day, DivisionCode, EnterpriseId, MemberId, PersonalText,
    PrincipalId, ProviderId,
};
use crate::engine::command::{Calendar, Name, PartyName, Payee};
use crate::engine::terms::{EnterpriseKind, MemberKind, Role, Scope};

/// A member was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRegistered {
    /// Its id.
    pub member: MemberId,
    /// Its division code.
    pub code: DivisionCode,
    /// City, funder or treasury.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
    /// Province.
    pub province: Name,
    /// Whether it signed the clearing protocol.
    pub signed_protocol: bool,
}

/// A member signed or left the clearing protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolSet {
    /// The member.
    pub member: MemberId,
    /// True if signed.
    pub signed: bool,
}

/// A category was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryRegistered {
    /// Its id.
    pub category: CategoryId,
    /// Its code.
    pub code: CategoryCode,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
}

/// The settlement calendar changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarSet {
    /// The calendar for periods closed from now on.
    pub calendar: Calendar,
}

/// A principal was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalRegistered {
    /// Its id.
    pub principal: PrincipalId,
    /// Its display name.
    pub name: PersonalText,
}

/// A role was given or taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSet {
    /// Whose.
    pub principal: PrincipalId,
    /// Role.
    pub role: Role,
    /// Where it holds.
    pub scope: Scope,
    /// True if given.
    pub granted: bool,
}

/// A token was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssued {
    /// Whose.
    pub principal: PrincipalId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// What it is for.
    pub label: Name,
    /// Last business day on which it is valid.
    pub expires_on: Option<Day>,
}

/// A token was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRevoked {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
}

/// An enterprise was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnterpriseRegistered {
    /// Its id.
    pub enterprise: EnterpriseId,
    /// Its credit code.
    pub code: Option<CreditCode>,
    /// Its name.
    pub name: PartyName,
    /// Home city.
    pub city: MemberId,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Code of its controller group.
    pub group: Option<Name>,
}

/// A provider was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRegistered {
    /// Its id.
    pub provider: ProviderId,
    /// Its credit code.
    pub code: CreditCode,
    /// Its name.
    pub name: Name,
    /// Host city.
    pub city: MemberId,
    /// Categories offered: bit n for category n.
    pub categories: u64,
    /// Code of its controller group.
    pub group: Option<Name>,
    /// First day of admission; the day of the event if it is not admitted.
    pub admitted_from: Day,
    /// Last day of admission; before the first one if it is not admitted.
    pub admitted_to: Day,
    /// Account that payments go to.
    pub bank_account: Option<Name>,
}

impl ProviderRegistered {
    /// First and last day of the term for which it was admitted, if it was.
    pub fn term(&self) -> Option<(Day, Day)> {
        let admitted = self.admitted_from <= self.admitted_to;
        admitted.then_some((self.admitted_from, self.admitted_to))
    }
}

/// A party joined, changed or left a controller group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerGroupSet {
    /// Whom.
    pub party: Payee,
    /// Code of the group.
    pub group: Option<Name>,
    /// First day.
    pub from: Day,
}

/// A provider was suspended or the suspension lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspensionSet {
    /// The provider.
    pub provider: ProviderId,
    /// True if suspended.
    pub suspended: bool,
    /// Last day of the suspension.
    pub until: Option<Day>,
}
