//! Who may act.

use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::{PrincipalId, Seq};
use crate::engine::command::{ErasePrincipal, NamePrincipal, SetAccess, SetPassword};
use crate::engine::event::{
    AccessSet, Event, PasswordSet, PrincipalErased, PrincipalNamed, SYSTEM, TokenRevoked,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::State;
use crate::engine::terms::{Role, Scope};

/// Most events that one erasure names: a leaf has an end.
const TEXTS_MAX: usize = 1_000;

impl Execution<'_> {
    /// Stops a sender that is shut out. What needs a role stops there anyway; this is for what
    /// needs none.
    pub(super) fn check_enabled(&self) -> Decision {
        let row = self.state.principals.get(self.submission.principal.index());
        if row.is_none_or(|row| row.disabled) {
            return Err(Rejection::Forbidden("a principal that is not shut out").into());
        }
        Ok(())
    }

    /// Refuses what would leave the ledger without anybody who administers it.
    pub(super) fn check_administered_without(&self, principal: PrincipalId) -> Decision {
        let first = (Scope::Corridor, PrincipalId(0));
        let others = self
            .state
            .administrators
            .range(first..)
            .map(|(key, ())| *key);
        let mut others = others.take_while(|(scope, _)| *scope == Scope::Corridor);
        let another = others.any(|(scope, other)| {
            other != principal && self.state.has_grant(other, Role::Administrator, scope)
        });
        // The node itself can always appoint one: who has its host has the ledger.
        let by_node = self.submission.principal == SYSTEM;
        refuse_if(!another && !by_node, RefusalCode::LastAdministrator)
    }

    pub(super) fn set_access(&mut self, c: &SetAccess) -> Decision {
        self.check_principal(c.principal)?;
        self.require_administrator_over(c.principal)?;
        let row = &self.state.principals[c.principal.index()];
        refuse_if(row.disabled != c.enabled, RefusalCode::AlreadyInState)?;
        refuse_if(row.erased && c.enabled, RefusalCode::PrincipalErased)?;
        let administers = (Scope::Corridor, c.principal);
        if !c.enabled && self.state.administrators.get(&administers).is_some() {
            self.check_administered_without(c.principal)?;
        }
        self.emit(Event::AccessSet(AccessSet {
            principal: c.principal,
            enabled: c.enabled,
        }));
        Ok(())
    }

    /// A person says itself who it is; an administrator says it of others.
    pub(super) fn name_principal(&mut self, c: &NamePrincipal) -> Decision {
        self.check_principal(c.principal)?;
        if c.principal != self.submission.principal {
            self.require_administrator_over(c.principal)?;
        }
        let erased = self.state.principals[c.principal.index()].erased;
        refuse_if(erased, RefusalCode::PrincipalErased)?;
        self.emit(Event::PrincipalNamed(Box::new(PrincipalNamed {
            principal: c.principal,
            name: c.name.clone(),
            contact: c.contact.clone(),
        })));
        Ok(())
    }

    pub(super) fn erase_principal(&mut self, c: &ErasePrincipal) -> Decision {
        self.check_principal(c.principal)?;
        self.require_administrator_over(c.principal)?;
        self.require_reason()?;
        let row = &self.state.principals[c.principal.index()];
        refuse_if(row.erased, RefusalCode::AlreadyInState)?;
        refuse_if(!row.disabled, RefusalCode::PrincipalActive)?;
        let texts: Vec<Seq> = self.state.personal_of(c.principal).collect();
        for texts in texts.chunks(TEXTS_MAX) {
            self.emit(Event::PrincipalErased(Box::new(PrincipalErased {
                principal: c.principal,
                texts: texts.into(),
            })));
        }
        Ok(())
    }

    pub(super) fn set_password(&mut self, c: &SetPassword) -> Decision {
        let principal = self.submission.principal;
        self.check_principal(principal)?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
        let name = c.user_name.as_str();
        valid(
            name.len() >= 3 && name.bytes().all(fits),
            "user_name",
            "is three to forty small letters, digits, `.`, `-` and `_`",
        )?;
        let owner = self.state.user_names.get(&c.user_name).copied();
        let taken = owner.is_some_and(|owner| owner != principal);
        refuse_if(taken, RefusalCode::UserNameTaken)?;
        let sessions = self.sessions_of(principal);
        self.emit(Event::PasswordSet(Box::new(PasswordSet {
            principal,
            user_name: c.user_name,
            verifier: c.verifier.clone(),
        })));
        // Whoever knew the old one is out as well.
        for token_hash in sessions {
            self.emit(Event::TokenRevoked(TokenRevoked { token_hash }));
        }
        Ok(())
    }

    /// The tokens that sign-ins gave the principal and that are valid still.
    fn sessions_of(&self, principal: PrincipalId) -> Vec<[u8; 32]> {
        let today = *self.state.business_date;
        let tokens = self.state.tokens.iter();
        let own = tokens.filter(|(_, row)| row.principal == principal && row.session);
        let valid = own.filter(|(_, row)| {
            let over = row.expires_on.is_some_and(|last| last < today);
            !row.revoked && !over
        });
        valid.map(|(hash, _)| *hash).collect()
    }
}

impl State {
    /// The events that hold personal data of a principal.
    fn personal_of(&self, principal: PrincipalId) -> impl Iterator<Item = Seq> {
        let all = (principal, Seq(0))..=(principal, Seq(u64::MAX));
        self.personal.range(all).map(|((_, seq), ())| *seq)
    }

    /// The events whose personal data was erased, of all principals: what opens it is erased again
    /// at a start, since a crash may have come between.
    pub fn erased_texts(&self) -> Vec<Seq> {
        let erased = |(principal, _): &(PrincipalId, Seq)| {
            let row = self.principals.get(principal.index());
            row.is_some_and(|row| row.erased)
        };
        let all = self.personal.range((PrincipalId(0), Seq(0))..);
        all.map(|(key, ())| *key)
            .filter(erased)
            .map(|(_, seq)| seq)
            .collect()
    }
}
