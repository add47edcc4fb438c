//! Members, categories and tokens.

use crate::engine::command::SESSION_LABEL;
use crate::engine::event::{CategoryRegistered, EventMeta, MemberRegistered, TokenIssued};
use crate::engine::state::{CategoryRow, MemberRow, State, TokenRow};

impl State {
    pub(super) fn member_registered(&mut self, meta: &EventMeta, e: &MemberRegistered) {
        let position = self.members.push(MemberRow {
            code: e.code,
            kind: e.kind,
            signed_protocol: e.signed_protocol,
            details: meta.seq,
        });
        assert_eq!(position, e.member.index(), "member ids are dense");
        self.member_codes.insert(e.code, e.member);
    }

    pub(super) fn category_registered(&mut self, meta: &EventMeta, e: &CategoryRegistered) {
        let position = self.categories.push(CategoryRow {
            code: e.code,
            details: meta.seq,
        });
        assert_eq!(position, e.category.index(), "category ids are dense");
        self.category_codes.insert(e.code, e.category);
    }

    pub(super) fn token_issued(&mut self, meta: &EventMeta, e: &TokenIssued) {
        let own = meta.principal == e.principal;
        let row = TokenRow {
            principal: e.principal,
            expires_on: e.expires_on,
            revoked: false,
            session: own && e.label.as_str() == SESSION_LABEL,
        };
        self.tokens.insert(e.token_hash, row);
    }

    pub(super) fn token_revoked(&mut self, token_hash: [u8; 32]) {
        if let Some(row) = self.tokens.get(&token_hash).cloned() {
            let revoked = true;
            self.tokens.insert(token_hash, TokenRow { revoked, ..row });
        }
    }
}
