//! Members, categories, principals, grants and tokens.

use super::{Decision, Execution, Rejection, Stop, refuse_if, valid};
use crate::domain::{CategoryId, MemberId, PrincipalId};
use crate::engine::command::{
    Calendar, IssueToken, RegisterCategory, RegisterMember, RegisterPrincipal, RevokeToken,
    SetGrant, SetProtocol,
};
use crate::engine::event::{
    CalendarSet, CategoryRegistered, Event, GrantSet, MemberRegistered, PrincipalRegistered,
    ProtocolSet, SYSTEM, TokenIssued, TokenRevoked,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{CATEGORIES_MAX, MEMBERS_MAX};
use crate::engine::terms::{Role, Scope};

impl Execution<'_> {
    pub(super) fn register_member(&mut self, c: &RegisterMember) -> Decision {
        self.require_administrator()?;
        if self.state.member_codes.get(&c.code).is_some() {
            return Err(Rejection::Exists("a member with this code").into());
        }
        if self.state.members.len() >= MEMBERS_MAX {
            return Err(Rejection::Full("members").into());
        }
        let member = MemberId::from_index(self.state.members.len()).expect("at most 256 members");
        self.emit(Event::MemberRegistered(Box::new(MemberRegistered {
            member,
            code: c.code,
            kind: c.kind,
            name_zh: c.name_zh.clone(),
            name_en: c.name_en.clone(),
            province: c.province.clone(),
            signed_protocol: c.signed_protocol,
        })));
        Ok(())
    }

    pub(super) fn set_protocol(&mut self, c: &SetProtocol) -> Decision {
        self.require_operator()?;
        let row = self
            .state
            .members
            .get(c.member.index())
            .ok_or(Rejection::NotFound("member"))?;
        refuse_if(row.signed_protocol == c.signed, RefusalCode::AlreadyInState)?;
        self.emit(Event::ProtocolSet(ProtocolSet {
            member: c.member,
            signed: c.signed,
        }));
        Ok(())
    }

    pub(super) fn register_category(&mut self, c: &RegisterCategory) -> Decision {
        self.require_administrator()?;
        if self.state.category_codes.get(&c.code).is_some() {
            return Err(Rejection::Exists("a category with this code").into());
        }
        if self.state.categories.len() >= CATEGORIES_MAX {
            return Err(Rejection::Full("categories").into());
        }
        let category =
            CategoryId::from_index(self.state.categories.len()).expect("at most 64 categories");
        self.emit(Event::CategoryRegistered(Box::new(CategoryRegistered {
            category,
            code: c.code,
            name_zh: c.name_zh.clone(),
            name_en: c.name_en.clone(),
        })));
        Ok(())
    }

    pub(super) fn set_calendar(&mut self, calendar: Calendar) -> Decision {
        self.require_operator()?;
        self.emit(Event::CalendarSet(CalendarSet { calendar }));
        Ok(())
    }

    pub(super) fn register_principal(&mut self, c: &RegisterPrincipal) -> Decision {
        self.require_any_administrator()?;
        let principal = PrincipalId::from_index(self.state.principals.len())
            .ok_or(Rejection::Full("principals"))?;
        self.emit(Event::PrincipalRegistered(Box::new(PrincipalRegistered {
            principal,
            name: c.name.clone(),
        })));
        Ok(())
    }

    pub(super) fn set_grant(&mut self, c: &SetGrant) -> Decision {
        self.require_administrator_of(c.scope)?;
        self.check_principal(c.principal)?;
        self.check_scope(c.role, c.scope)?;
        let has = self.state.grants.get(&(c.principal, c.role, c.scope));
        let has = has.is_some();
        refuse_if(has == c.granted, RefusalCode::AlreadyInState)?;
        let administers = (c.role, c.scope) == (Role::Administrator, Scope::Corridor);
        if administers && !c.granted {
            self.check_administered_without(c.principal)?;
        }
        self.emit(Event::GrantSet(GrantSet {
            principal: c.principal,
            role: c.role,
            scope: c.scope,
            granted: c.granted,
        }));
        Ok(())
    }

    /// A role holds in one kind of scope; what the scope names must exist.
    fn check_scope(&self, role: Role, scope: Scope) -> Decision {
        let fits = matches!(
            (role, scope),
            (
                Role::Administrator | Role::Auditor,
                Scope::Corridor | Scope::Member(_)
            ) | (Role::Operator | Role::Arbiter, Scope::Corridor)
                | (
                    Role::ScienceOfficer | Role::FinanceOfficer | Role::Reviewer,
                    Scope::Member(_)
                )
                | (Role::Enterprise, Scope::Enterprise(_))
                | (Role::Provider, Scope::Provider(_))
        );
        valid(
            fits,
            "scope",
            "the role does not hold in a scope of this kind",
        )?;
        let exists = match scope {
            Scope::Corridor => true,
            Scope::Member(id) => self.state.members.get(id.index()).is_some(),
            Scope::Enterprise(id) => self.state.enterprises.get(id.index()).is_some(),
            Scope::Provider(id) => self.state.providers.get(id.index()).is_some(),
        };
        if exists {
            Ok(())
        } else {
            Err(Rejection::NotFound("what the scope names").into())
        }
    }

    pub(super) fn issue_token(&mut self, c: &IssueToken) -> Decision {
        self.check_principal(c.principal)?;
        // Who signs in gets a token for the day; it is no more than what signed in.
        let own = c.principal == self.submission.principal;
        let today = Some(*self.state.business_date);
        if !(own && c.expires_on == today) {
            self.require_administrator_over(c.principal)?;
        }
        if self.state.tokens.get(&c.token_hash).is_some() {
            return Err(Rejection::Exists("a token with this hash").into());
        }
        self.emit(Event::TokenIssued(Box::new(TokenIssued {
            principal: c.principal,
            token_hash: c.token_hash,
            label: c.label.clone(),
            expires_on: c.expires_on,
        })));
        Ok(())
    }

    pub(super) fn revoke_token(&mut self, c: &RevokeToken) -> Decision {
        let row = self.state.tokens.get(&c.token_hash).cloned();
        let row = row.ok_or(Rejection::NotFound("token"))?;
        if row.principal != self.submission.principal {
            self.require_administrator_over(row.principal)?;
        }
        refuse_if(row.revoked, RefusalCode::AlreadyInState)?;
        self.emit(Event::TokenRevoked(TokenRevoked {
            token_hash: c.token_hash,
        }));
        Ok(())
    }

    pub(super) fn check_principal(&self, principal: PrincipalId) -> Decision {
        let exists = self.state.principals.get(principal.index()).is_some();
        if principal == SYSTEM || !exists {
            return Err(Rejection::NotFound("principal").into());
        }
        Ok(())
    }

    fn require_any_administrator(&self) -> Decision {
        let administers = self.administered().next().is_some();
        if administers {
            Ok(())
        } else {
            self.require_administrator()
        }
    }

    /// The scopes that the sender administers.
    fn administered(&self) -> impl Iterator<Item = Scope> {
        let principal = self.submission.principal;
        let first = (principal, Role::Administrator, Scope::Corridor);
        self.state
            .grants
            .range(first..)
            .map(|(grant, ())| *grant)
            .take_while(move |(owner, role, _)| *owner == principal && *role == Role::Administrator)
            .map(|(_, _, scope)| scope)
    }

    /// Stops unless the sender administers the corridor or the member that the scope lies in.
    fn require_administrator_of(&self, scope: Scope) -> Decision {
        let member = match scope {
            Scope::Corridor => None,
            Scope::Member(id) => Some(id),
            Scope::Enterprise(id) => self.state.enterprises.get(id.index()).map(|row| row.city),
            Scope::Provider(id) => self.state.providers.get(id.index()).map(|row| row.city),
        };
        let corridor = (Role::Administrator, Scope::Corridor);
        match member {
            Some(member) => self.require(
                &[corridor, (Role::Administrator, Scope::Member(member))],
                "an administrator of the member",
            ),
            None => self.require(&[corridor], "an administrator"),
        }
    }

    /// Stops unless the sender administers every scope in which the principal has a role. A
    /// token is a principal's whole power, so a city's administrator may not mint one for
    /// somebody who acts elsewhere.
    pub(super) fn require_administrator_over(&self, principal: PrincipalId) -> Decision {
        if self.require_administrator().is_ok() {
            return Ok(());
        }
        let first = (principal, Role::Administrator, Scope::Corridor);
        let scopes: Vec<Scope> = self
            .state
            .grants
            .range(first..)
            .take_while(|((owner, _, _), ())| *owner == principal)
            .map(|((_, _, scope), ())| *scope)
            .collect();
        if scopes.is_empty() {
            return Err(Stop::Reject(Rejection::Forbidden("an administrator")));
        }
        scopes
            .into_iter()
            .try_for_each(|scope| self.require_administrator_of(scope))
    }
}
