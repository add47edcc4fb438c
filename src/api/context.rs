//! What a request is read with: who asks, and how ids and codes are understood.

use std::collections::BTreeMap;

use actix_web::HttpRequest;

use super::problem::Problem;
use crate::domain::{
    CategoryCode, CategoryId, CreditCode, Day, DivisionCode, EnterpriseId, Fen, IdKind, LedgerTag,
    MemberId, Month, PeriodId, PrincipalId, ProgrammeCode, ProgrammeId, ProviderId, PublicId,
    PublicIdError, Ratio,
};
use crate::engine::IdText;
use crate::engine::State;
use crate::engine::command::{EnterpriseKey, Role, Scope};
use crate::engine::terms::Words;

/// True if somebody may read what concerns these scopes.
pub(super) fn may_read(state: &State, reader: PrincipalId, concerned: &[Scope]) -> bool {
    state.grants_of(reader).any(|(role, scope)| match scope {
        Scope::Corridor => {
            matches!(
                role,
                Role::Administrator | Role::Operator | Role::Auditor | Role::Arbiter
            )
        }
        scope => concerned.contains(&scope),
    })
}

/// A request's state, ids and path.
pub(super) struct Cx<'a> {
    pub(super) state: &'a State,
    pub(super) tag: LedgerTag,
    pub(super) path: &'a BTreeMap<String, String>,
    pub(super) principal: PrincipalId,
}

/// The token of a request, hashed.
pub(super) fn token_hash(request: &HttpRequest) -> Result<[u8; 32], Problem> {
    use sha2::Digest as _;
    let header = request
        .headers()
        .get("Authorization")
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|text| text.strip_prefix("Bearer "));
    match token
        .map(str::trim)
        .filter(|token| token.starts_with("qt_") && token.len() <= 128)
    {
        Some(token) => Ok(sha2::Sha256::digest(token.as_bytes()).into()),
        None => Err(Problem::new("AUTHENTICATION_REQUIRED")),
    }
}

/// Who holds a token.
pub(super) fn authenticate(state: &State, hash: &[u8; 32]) -> Result<PrincipalId, Problem> {
    let today = state.business_date();
    let row = state
        .token(hash)
        .filter(|row| !row.revoked && row.expires_on.is_none_or(|last| today <= last));
    let enabled = |id: &PrincipalId| state.principal(*id).is_some_and(|row| !row.disabled);
    row.map(|row| row.principal)
        .filter(enabled)
        .ok_or_else(|| Problem::new("AUTHENTICATION_REQUIRED"))
}

/// Parses a text of the field `field`.
pub(super) fn parse<T, E: ToString>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Problem> {
    parse(text).map_err(|error| Problem::field(field, error))
}

pub(super) fn yuan(field: &str, text: &str) -> Result<Fen, Problem> {
    parse(field, text, Fen::parse_yuan)
}

pub(super) fn day(field: &str, text: &str) -> Result<Day, Problem> {
    parse(field, text, Day::parse)
}

pub(super) fn ratio(field: &str, text: &str) -> Result<Ratio, Problem> {
    parse(field, text, Ratio::parse)
}

/// A word of a closed set; one that is not is answered with those that are.
pub(super) fn word<T: Words>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    parse(text).ok_or_else(|| not_one_of(field, T::words()))
}

/// A word of some: each with what it stands for.
pub(super) fn one_of<T: Copy>(
    field: &str,
    text: &str,
    words: &[(&'static str, T)],
) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| *word == text);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| not_one_of(field, words.iter().map(|(word, _)| *word)))
}

/// That a text is none of the words that would do.
pub(super) fn not_one_of(field: &str, words: impl Iterator<Item = &'static str>) -> Problem {
    let words: Vec<&str> = words.collect();
    Problem::field(field, format!("is one of {}", words.join(", ")))
}

impl Cx<'_> {
    /// A parameter of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The position that an identifier names; its city and year must be those of the entity.
    pub(super) fn id(
        &self,
        field: &str,
        text: &str,
        kind: IdKind,
        canonical: impl FnOnce(&State, u32, LedgerTag) -> Option<IdText>,
    ) -> Result<u32, Problem> {
        let id = PublicId::parse(text, kind, self.tag).map_err(|error| match error {
            PublicIdError::CheckFailed => Problem {
                code: "ID_CHECK_FAILED",
                ..Problem::field(field, error)
            },
            PublicIdError::Malformed(_) => Problem::field(field, error),
        })?;
        let missing = || Problem::not_found(field);
        let serial = u32::try_from(id.serial).map_err(|_| missing())?;
        let expected = canonical(self.state, serial, self.tag).ok_or_else(missing)?;
        (expected == id.format(self.tag))
            .then_some(serial)
            .ok_or_else(missing)
    }

    pub(super) fn member(&self, field: &str, text: &str) -> Result<MemberId, Problem> {
        let code = parse(field, text, DivisionCode::parse)?;
        self.state
            .member_by_code(code)
            .ok_or_else(|| Problem::not_found(field))
    }

    pub(super) fn category(&self, field: &str, text: &str) -> Result<CategoryId, Problem> {
        let code = parse(field, text, CategoryCode::parse)?;
        self.state
            .category_by_code(&code)
            .ok_or_else(|| Problem::not_found(field))
    }

    pub(super) fn programme(&self, field: &str, text: &str) -> Result<ProgrammeId, Problem> {
        let code = parse(field, text, ProgrammeCode::parse)?;
        self.state
            .programme_by_code(&code)
            .ok_or_else(|| Problem::not_found(field))
    }

    /// An enterprise by identifier or credit code.
    pub(super) fn enterprise(&self, field: &str, text: &str) -> Result<EnterpriseId, Problem> {
        if let Ok(code) = CreditCode::parse(text) {
            let found = self.state.enterprise_by_code(code);
            return found.ok_or_else(|| Problem::not_found(field));
        }
        let canonical = |state: &State, id, tag| state.enterprise_id(EnterpriseId(id), tag);
        self.id(field, text, IdKind::Enterprise, canonical)
            .map(EnterpriseId)
    }

    pub(super) fn enterprise_key(&self, field: &str, text: &str) -> Result<EnterpriseKey, Problem> {
        self.enterprise(field, text).map(EnterpriseKey::Id)
    }

    /// A provider by identifier or credit code.
    pub(super) fn provider(&self, field: &str, text: &str) -> Result<ProviderId, Problem> {
        if let Ok(code) = CreditCode::parse(text) {
            let found = self.state.provider_by_code(code);
            return found.ok_or_else(|| Problem::not_found(field));
        }
        let canonical = |state: &State, id, tag| state.provider_id(ProviderId(id), tag);
        self.id(field, text, IdKind::Provider, canonical)
            .map(ProviderId)
    }

    pub(super) fn principal_id(&self, field: &str, text: &str) -> Result<PrincipalId, Problem> {
        let canonical = |state: &State, id, tag| state.principal_id(PrincipalId(id), tag);
        self.id(field, text, IdKind::Principal, canonical)
            .map(PrincipalId)
    }

    /// A period by its month, `2025-03`.
    pub(super) fn period(&self, field: &str, text: &str) -> Result<PeriodId, Problem> {
        let first = parse(field, &format!("{text}-01"), Day::parse)
            .map_err(|_| Problem::field(field, "a period is written like 2025-03"))?;
        let month: Month = first.month();
        let ids = (0..self.state.period_count()).filter_map(PeriodId::from_index);
        ids.rev()
            .find(|id| self.state.period(*id).is_some_and(|row| row.month == month))
            .ok_or_else(|| Problem::not_found(field))
    }

    /// True if the asker may read what concerns these scopes.
    pub(super) fn may_read(&self, concerned: &[Scope]) -> bool {
        may_read(self.state, self.principal, concerned)
    }

    /// Stops with "not found" unless the asker may read what concerns these scopes.
    pub(super) fn reading(&self, what: &str, concerned: &[Scope]) -> Result<(), Problem> {
        if self.may_read(concerned) {
            Ok(())
        } else {
            Err(Problem::not_found(what))
        }
    }
}
