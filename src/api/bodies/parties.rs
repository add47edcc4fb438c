//! Members, people, enterprises and providers.

use super::{Body, body, group, name, sha256};
use crate::api::context::{Cx, day, parse, word};
use crate::api::problem::Problem;
use crate::domain::{CategoryCode, CreditCode, DivisionCode};
use crate::engine::command::{
    Calendar, Command, EnterpriseKind, IssueToken, MemberKind, PartyName, Payee, RegisterCategory,
    RegisterEnterprise, RegisterMember, RegisterPrincipal, RegisterProvider, RevokeToken, Role,
    Scope, SetControllerGroup, SetGrant, SetProtocol, SetSuspension,
};
use serde::Deserialize;
use utoipa::ToSchema;

body! {
    /// A member: a city, another funder, or a treasury.
    RegisterMemberBody {
        /// Division code, six digits.
        code: String,
        /// `city`, `funder` or `treasury`.
        kind: String,
        name_zh: String,
        name_en: String,
        province: String,
        /// Whether it signed the clearing protocol.
        signed_protocol: bool,
    } (self, _cx) {
        Ok(Command::RegisterMember(Box::new(RegisterMember {
            code: parse("code", &self.code, DivisionCode::parse)?,
            kind: word("kind", &self.kind, MemberKind::parse)?,
            name_zh: name("name_zh", &self.name_zh)?,
            name_en: name("name_en", &self.name_en)?,
            province: name("province", &self.province)?,
            signed_protocol: self.signed_protocol,
        })))
    }
}

body! {
    /// Whether a member takes part in multilateral netting.
    SetProtocolBody { signed: bool, } (self, cx) {
        let member = cx.member("code", cx.param("code"))?;
        Ok(Command::SetProtocol(SetProtocol { member, signed: self.signed }))
    }
}

body! {
    /// A category of services.
    RegisterCategoryBody { code: String, name_zh: String, name_en: String, } (self, _cx) {
        Ok(Command::RegisterCategory(Box::new(RegisterCategory {
            code: parse("code", &self.code, CategoryCode::parse)?,
            name_zh: name("name_zh", &self.name_zh)?,
            name_en: name("name_en", &self.name_en)?,
        })))
    }
}

body! {
    /// The settlement calendar for periods closed from now on.
    SetCalendarBody {
        /// Days after the close until silence counts as agreement.
        confirm_days: u8,
        /// Days after the instruction until what is unpaid is carried.
        pay_days: u8,
    } (self, _cx) {
        let calendar = Calendar { confirm_days: self.confirm_days, pay_days: self.pay_days };
        Ok(Command::SetCalendar(calendar))
    }
}

body! {
    /// A person, office or machine.
    RegisterPrincipalBody { name: String, } (self, _cx) {
        name("name", &self.name)?;
        let name = crate::node::personal(&self.name);
        Ok(Command::RegisterPrincipal(Box::new(RegisterPrincipal { name })))
    }
}

/// Reads a scope: `corridor`, `member:310117`, `enterprise:…` or `provider:…`.
fn scope(cx: &Cx<'_>, text: &str) -> Result<Scope, Problem> {
    match text.split_once(':') {
        None if text == "corridor" => Ok(Scope::Corridor),
        Some(("member", code)) => cx.member("scope", code).map(Scope::Member),
        Some(("enterprise", id)) => cx.enterprise("scope", id).map(Scope::Enterprise),
        Some(("provider", id)) => cx.provider("scope", id).map(Scope::Provider),
        _ => Err(Problem::field(
            "scope",
            "is written corridor, member:310117, enterprise:ID or provider:ID",
        )),
    }
}

body! {
    /// Gives or takes a role.
    SetGrantBody {
        /// A role, for example `science_officer`.
        role: String,
        /// `corridor`, `member:310117`, `enterprise:ID` or `provider:ID`.
        scope: String,
        /// True to give, false to take.
        granted: bool,
    } (self, cx) {
        Ok(Command::SetGrant(SetGrant {
            principal: cx.principal_id("id", cx.param("id"))?,
            role: word("role", &self.role, Role::parse)?,
            scope: scope(cx, &self.scope)?,
            granted: self.granted,
        }))
    }
}

body! {
    /// A token by its SHA-256. The client makes the token: `qt_` and 64 hexadecimal digits from a
    /// good source of randomness; the server never sees it before it is used.
    IssueTokenBody {
        /// SHA-256 of the token, 64 hexadecimal digits.
        token_sha256: String,
        label: String,
        /// Last day on which it is valid.
        expires_on: Option<String>,
    } (self, cx) {
        let expires_on = self.expires_on.map(|text| day("expires_on", &text)).transpose()?;
        Ok(Command::IssueToken(Box::new(IssueToken {
            principal: cx.principal_id("id", cx.param("id"))?,
            token_hash: sha256("token_sha256", &self.token_sha256)?,
            label: name("label", &self.label)?,
            expires_on,
        })))
    }
}

body! {
    /// Makes a token invalid.
    RevokeTokenBody {
        /// SHA-256 of the token, 64 hexadecimal digits.
        token_sha256: String,
    } (self, _cx) {
        let token_hash = sha256("token_sha256", &self.token_sha256)?;
        Ok(Command::RevokeToken(RevokeToken { token_hash }))
    }
}

body! {
    /// An enterprise or a team.
    RegisterEnterpriseBody {
        /// Credit code; none for a team.
        code: Option<String>,
        /// Take a code whose check character fails.
        #[serde(default)]
        accept_failed_check: bool,
        name: String,
        /// Division code of the home city.
        city: String,
        /// `sme`, `micro`, `high_tech` or `team`.
        kind: String,
        controller_group: Option<String>,
    } (self, cx) {
        let kind = word("kind", &self.kind, EnterpriseKind::parse)?;
        let plain = name("name", &self.name)?;
        Ok(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
            code: self.code.map(|code| parse("code", &code, CreditCode::parse)).transpose()?,
            accept_failed_check: self.accept_failed_check,
            name: match kind {
                EnterpriseKind::Team => PartyName::Personal(crate::node::personal(&self.name)),
                _ => PartyName::Public(plain),
            },
            city: cx.member("city", &self.city)?,
            kind,
            group: group(self.controller_group)?,
        })))
    }
}

body! {
    /// A provider. An administrator admits it at once by giving a term; others leave both days
    /// out, and it is admitted by an application.
    RegisterProviderBody {
        code: String,
        #[serde(default)]
        accept_failed_check: bool,
        name: String,
        /// Division code of the host city.
        city: String,
        categories: Vec<String>,
        controller_group: Option<String>,
        /// First day of admission; for an administrator.
        admitted_from: Option<String>,
        /// Last day of admission; for an administrator.
        admitted_to: Option<String>,
        bank_account: Option<String>,
    } (self, cx) {
        let categories = self.categories.iter().map(|code| cx.category("categories", code));
        let (from, to) = (self.admitted_from, self.admitted_to);
        let account = self.bank_account.map(|text| name("bank_account", &text)).transpose()?;
        Ok(Command::RegisterProvider(Box::new(RegisterProvider {
            code: parse("code", &self.code, CreditCode::parse)?,
            accept_failed_check: self.accept_failed_check,
            name: name("name", &self.name)?,
            city: cx.member("city", &self.city)?,
            categories: categories.collect::<Result<_, _>>()?,
            group: group(self.controller_group)?,
            admitted_from: from.map(|text| day("admitted_from", &text)).transpose()?,
            admitted_to: to.map(|text| day("admitted_to", &text)).transpose()?,
            bank_account: account,
        })))
    }
}

body! {
    /// A change of controller group.
    SetControllerGroupBody {
        /// Code of the group; none to leave it.
        controller_group: Option<String>,
        /// First day.
        from: String,
    } (self, cx) {
        let id = cx.param("id");
        let party = match cx.param("kind") {
            "providers" => Payee::Provider(cx.provider("id", id)?),
            _ => Payee::Enterprise(cx.enterprise("id", id)?),
        };
        Ok(Command::SetControllerGroup(SetControllerGroup {
            party,
            group: group(self.controller_group)?,
            from: day("from", &self.from)?,
        }))
    }
}

body! {
    /// Suspends a provider or lifts the suspension.
    SetSuspensionBody {
        suspended: bool,
        /// Last day of the suspension; none until it is lifted.
        until: Option<String>,
    } (self, cx) {
        Ok(Command::SetSuspension(SetSuspension {
            provider: cx.provider("id", cx.param("id"))?,
            suspended: self.suspended,
            until: self.until.map(|text| day("until", &text)).transpose()?,
        }))
    }
}
