//! Members, people, enterprises and providers.

use serde::{Deserialize, Serialize};

use super::{Name, PartyName, Payee};
use crate::domain::{
    CategoryCode, CategoryId, CreditCode, Day, DivisionCode, MemberId, PersonalText, PrincipalId,
    ProviderId,
};
use crate::engine::terms::{EnterpriseKind, MemberKind, Role, Scope};

/// Registers a member: a city, another funder, or a treasury that serves as hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterMember {
    /// Division code, unique among members.
    pub code: DivisionCode,
    /// City, funder or treasury.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
    /// Province, in English.
    pub province: Name,
    /// Whether the member signed the clearing protocol (multilateral netting).
    pub signed_protocol: bool,
}

/// Changes whether a member takes part in multilateral netting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetProtocol {
    /// The member.
    pub member: MemberId,
    /// True if it signed the clearing protocol.
    pub signed: bool,
}

/// Registers a service category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterCategory {
    /// Code, unique.
    pub code: CategoryCode,
    /// Chinese name.
    pub name_zh: Name,
    /// English name.
    pub name_en: Name,
}

/// Registers a person, office or machine that can act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterPrincipal {
    /// Display name; a natural person's is personal data, so it is always committed to only.
    pub name: PersonalText,
}

/// Gives or takes a role within a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetGrant {
    /// Who.
    pub principal: PrincipalId,
    /// Role.
    pub role: Role,
    /// Where the role holds.
    pub scope: Scope,
    /// True to give, false to take.
    pub granted: bool,
}

/// Issues an access token to a principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueToken {
    /// Whose token.
    pub principal: PrincipalId,
    /// SHA-256 of the token; the token itself is never stored.
    pub token_hash: [u8; 32],
    /// What the token is for.
    pub label: Name,
    /// Last business day on which it is valid; `None` for no end.
    pub expires_on: Option<Day>,
}

/// Makes a token invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeToken {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
}

/// Registers an enterprise or team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEnterprise {
    /// Credit code; `None` for a team that is no legal person.
    pub code: Option<CreditCode>,
    /// Accept a code whose check character fails; named officers only.
    pub accept_failed_check: bool,
    /// Name.
    pub name: PartyName,
    /// Home city.
    pub city: MemberId,
    /// Kind.
    pub kind: EnterpriseKind,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
}

/// Puts an enterprise or provider into a controller group from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetControllerGroup {
    /// Whom.
    pub party: Payee,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
    /// First day; not before the last change.
    pub from: Day,
}

/// Registers a provider; an administrator, or an import, admits it at once for a term. Others
/// register it without one, and it is admitted by an application, see
/// [`ApplyForAdmission`](super::ApplyForAdmission).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterProvider {
    /// Credit code, unique among providers.
    pub code: CreditCode,
    /// Accept a code whose check character fails; named officers only.
    pub accept_failed_check: bool,
    /// Name.
    pub name: Name,
    /// Host city.
    pub city: MemberId,
    /// Categories offered.
    pub categories: Box<[CategoryId]>,
    /// Controller group, by its code; `None` for none.
    pub group: Option<Name>,
    /// First day of admission; `None` to register it without.
    pub admitted_from: Option<Day>,
    /// Last day of admission, inclusive; there if the first day is.
    pub admitted_to: Option<Day>,
    /// Account that payments go to, as the bank writes it.
    pub bank_account: Option<Name>,
}

/// Suspends a provider or lifts the suspension, from today on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSuspension {
    /// The provider.
    pub provider: ProviderId,
    /// True to suspend.
    pub suspended: bool,
    /// Last day of the suspension, inclusive; `None` until it is lifted.
    pub until: Option<Day>,
}
