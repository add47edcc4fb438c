//! Bodies of requests and the commands they stand for: one struct per operation.

use serde::Deserialize;
use utoipa::ToSchema;

use super::context::{Cx, day, parse, ratio, word, yuan};
use super::problem::Problem;
use crate::domain::{
    BankRef, CategoryCode, ClaimId, ContractNo, CreditCode, DivisionCode, Fen, IdKind,
    InstructionId, InvoiceNo, PaymentId, ProgrammeCode, TransferId, VoucherId,
};
use crate::engine::command::{
    AccrualPoint, AdvanceDate, AgreementTerms, BasePolicy, Calendar, ChangeBudget, ClosePeriod,
    Command, ConfirmInstruction, ConfirmStatement, ConsentGiver, CreateProgramme, DecideTransfer,
    DocumentNo, EnterpriseKind, Evidence, EvidenceKind, EvidenceKinds, FileClaim, GiveConsent,
    InstructPeriod, IssueToken, IssueVoucher, MemberKind, Name, PartyName, PayClaim, Payee,
    PayeeMode, PayerModel, ProposeTransfer, ProviderKey, PublishVersion, RateTerms,
    RegisterAgreement, RegisterCategory, RegisterEnterprise, RegisterMember, RegisterPrincipal,
    RegisterProvider, ReturnPayment, ReverseClaim, RevokeToken, RevokeVoucher, Role, Scope,
    SetControllerGroup, SetFreeze, SetGrant, SetProtocol, SetSuspension, SettlementMode, Tier,
    TransferKind, TransferRequest, TransferRule, VersionTerms, VoucherKey,
};

/// A body that becomes a command.
pub(super) trait Body: for<'de> Deserialize<'de> + ToSchema + 'static {
    /// The command, with ids looked up.
    fn command(self, cx: &Cx<'_>) -> Result<Command, Problem>;
}

fn name(field: &str, text: &str) -> Result<Name, Problem> {
    parse(field, text, Name::parse)
}

fn document(text: Option<String>) -> Result<Option<DocumentNo>, Problem> {
    text.map(|text| parse("document_no", &text, DocumentNo::parse))
        .transpose()
}

fn group(text: Option<String>) -> Result<Option<Name>, Problem> {
    text.map(|text| name("controller_group", &text)).transpose()
}

macro_rules! body {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* }
        ($self:ident, $cx:ident) $convert:block
    ) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $($(#[$fdoc])* $field: $type,)* }

        impl Body for $name {
            fn command($self, $cx: &Cx<'_>) -> Result<Command, Problem> $convert
        }
    };
}

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

/// Reads 64 hexadecimal digits.
fn sha256(field: &str, text: &str) -> Result<[u8; 32], Problem> {
    let wrong = || Problem::field(field, "is 64 hexadecimal digits");
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
    }
    Ok(hash)
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
    /// A provider with its admission.
    RegisterProviderBody {
        code: String,
        #[serde(default)]
        accept_failed_check: bool,
        name: String,
        /// Division code of the host city.
        city: String,
        categories: Vec<String>,
        controller_group: Option<String>,
        admitted_from: String,
        admitted_to: String,
        bank_account: Option<String>,
    } (self, cx) {
        let categories = self.categories.iter().map(|code| cx.category("categories", code));
        let account = self.bank_account.map(|text| name("bank_account", &text)).transpose()?;
        Ok(Command::RegisterProvider(Box::new(RegisterProvider {
            code: parse("code", &self.code, CreditCode::parse)?,
            accept_failed_check: self.accept_failed_check,
            name: name("name", &self.name)?,
            city: cx.member("city", &self.city)?,
            categories: categories.collect::<Result<_, _>>()?,
            group: group(self.controller_group)?,
            admitted_from: day("admitted_from", &self.admitted_from)?,
            admitted_to: day("admitted_to", &self.admitted_to)?,
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
    SetSuspensionBody { suspended: bool, } (self, cx) {
        let provider = cx.provider("id", cx.param("id"))?;
        Ok(Command::SetSuspension(SetSuspension { provider, suspended: self.suspended }))
    }
}

body! {
    /// A programme: one city, one budget year.
    CreateProgrammeBody { code: String, title: String, city: String, budget_year: u16, }
    (self, cx) {
        Ok(Command::CreateProgramme(Box::new(CreateProgramme {
            code: parse("code", &self.code, ProgrammeCode::parse)?,
            title: name("title", &self.title)?,
            city: cx.member("city", &self.city)?,
            budget_year: self.budget_year,
        })))
    }
}

body! {
    /// Raises or cuts a budget.
    ChangeBudgetBody {
        /// Yuan, for example `100000.00`.
        amount: String,
        /// `raise` or `cut`.
        direction: String,
        document_no: Option<String>,
    } (self, cx) {
        let raise = |text: &str| match text {
            "raise" => Some(true),
            "cut" => Some(false),
            _ => None,
        };
        Ok(Command::ChangeBudget(ChangeBudget {
            programme: cx.programme("code", cx.param("code"))?,
            amount: yuan("amount", &self.amount)?,
            raise: word("direction", &self.direction, raise)?,
            document_no: document(self.document_no)?,
        }))
    }
}

/// A slice of the base and its ratio.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TierBody {
    /// Upper bound in yuan; none in the last tier.
    up_to: Option<String>,
    /// Ratio, for example `0.3`.
    ratio: String,
}

/// What a category is funded with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RateBody {
    category: String,
    tiers: Vec<TierBody>,
    /// Cap of one claim, in yuan.
    cap_claim: String,
}

/// A kind of transfer that is allowed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferRuleBody {
    /// `succession`, `relocation` or `open`.
    kind: String,
    document_no: Option<String>,
}

body! {
    /// The next version of a programme's rules.
    PublishVersionBody {
        effective_from: String,
        document_no: String,
        /// `provider` or `enterprise`.
        payee: String,
        /// `contract`, `invoice`, `paid` or `least`.
        base: String,
        cap_enterprise: String,
        cap_group: String,
        use_months: u16,
        cash_days: u16,
        rates: Vec<RateBody>,
        /// Division codes of the host cities; none for all members.
        recognised: Option<Vec<String>>,
        #[serde(default)]
        evidence: Vec<String>,
        #[serde(default)]
        transfers: Vec<TransferRuleBody>,
    } (self, cx) {
        let mut rates =
            self.rates.iter().map(|rate| rate_terms(cx, rate)).collect::<Result<Vec<_>, _>>()?;
        rates.sort_by_key(|rate| rate.category);
        let recognised = match &self.recognised {
            None => None,
            Some(codes) => {
                let cities = codes.iter().map(|code| cx.member("recognised", code));
                let mut cities = cities.collect::<Result<Vec<_>, _>>()?;
                cities.sort_unstable();
                Some(cities.into())
            }
        };
        let mut evidence = EvidenceKinds::NONE;
        for kind in &self.evidence {
            evidence = evidence.with(word("evidence", kind, EvidenceKind::parse)?);
        }
        let rules = self.transfers.into_iter().map(|rule| {
            let kind = word("transfers", &rule.kind, TransferKind::parse)?;
            Ok(TransferRule { kind, document_no: document(rule.document_no)? })
        });
        let mut transfers = rules.collect::<Result<Vec<_>, Problem>>()?;
        transfers.sort_by_key(|rule| rule.kind);
        Ok(Command::PublishVersion(PublishVersion {
            programme: cx.programme("code", cx.param("code"))?,
            terms: Box::new(VersionTerms {
                effective_from: day("effective_from", &self.effective_from)?,
                document_no: parse("document_no", &self.document_no, DocumentNo::parse)?,
                payee: word("payee", &self.payee, PayeeMode::parse)?,
                base: word("base", &self.base, BasePolicy::parse)?,
                cap_enterprise: yuan("cap_enterprise", &self.cap_enterprise)?,
                cap_group: yuan("cap_group", &self.cap_group)?,
                use_months: self.use_months,
                cash_days: self.cash_days,
                rates: rates.into(),
                recognised,
                evidence,
                transfers: transfers.into(),
            }),
        }))
    }
}

fn rate_terms(cx: &Cx<'_>, rate: &RateBody) -> Result<RateTerms, Problem> {
    let tiers = rate.tiers.iter().map(|tier| {
        let up_to = tier
            .up_to
            .as_ref()
            .map(|text| yuan("up_to", text))
            .transpose()?;
        Ok(Tier {
            up_to: up_to.unwrap_or(Fen::MAX),
            ratio: ratio("ratio", &tier.ratio)?,
        })
    });
    Ok(RateTerms {
        category: cx.category("category", &rate.category)?,
        tiers: tiers.collect::<Result<_, Problem>>()?,
        cap_claim: yuan("cap_claim", &rate.cap_claim)?,
    })
}

/// A funder and its share.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareBody {
    /// Division code.
    member: String,
    /// Share, for example `0.5`.
    share: String,
}

body! {
    /// A cost-sharing agreement.
    RegisterAgreementBody {
        home: String,
        host: String,
        /// For one category; none for all.
        category: Option<String>,
        from: String,
        to: String,
        /// `home_pays`, `host_pays` or `pool_pays`.
        model: String,
        pool: Option<String>,
        /// Home first, host second, then others; the shares add up to 1.
        shares: Vec<ShareBody>,
        /// `approval` or `payment`.
        accrues_at: String,
        document_no: Option<String>,
    } (self, cx) {
        let shares = self.shares.iter().map(|share| {
            Ok((cx.member("member", &share.member)?, ratio("share", &share.share)?))
        });
        let category = self.category.map(|code| cx.category("category", &code)).transpose()?;
        let pool = self.pool.map(|code| cx.member("pool", &code)).transpose()?;
        Ok(Command::RegisterAgreement(RegisterAgreement {
            terms: Box::new(AgreementTerms {
                home: cx.member("home", &self.home)?,
                host: cx.member("host", &self.host)?,
                category,
                from: day("from", &self.from)?,
                to: day("to", &self.to)?,
                model: word("model", &self.model, PayerModel::parse)?,
                pool,
                shares: shares.collect::<Result<_, Problem>>()?,
                accrues_at: word("accrues_at", &self.accrues_at, AccrualPoint::parse)?,
            }),
            document_no: document(self.document_no)?,
        }))
    }
}

body! {
    /// A voucher for an enterprise.
    IssueVoucherBody {
        /// Code of the programme.
        programme: String,
        /// Identifier or credit code.
        enterprise: String,
        /// Yuan.
        amount: String,
    } (self, cx) {
        Ok(Command::IssueVoucher(IssueVoucher {
            programme: cx.programme("programme", &self.programme)?,
            enterprise: cx.enterprise_key("enterprise", &self.enterprise)?,
            amount: yuan("amount", &self.amount)?,
        }))
    }
}

/// The voucher of the path.
fn voucher(cx: &Cx<'_>) -> Result<VoucherId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.voucher_id(VoucherId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Voucher, canonical)
        .map(VoucherId)
}

body! {
    /// A consent to redeem, or a provider's confirmation of a service.
    GiveConsentBody {
        /// `holder`, or `provider` for a provider's own confirmation.
        giver: String,
        /// Identifier or credit code; none for any provider.
        provider: Option<String>,
        /// Yuan.
        up_to: String,
        /// Last day of filing.
        until: String,
    } (self, cx) {
        let provider = self.provider.map(|text| cx.provider("provider", &text)).transpose()?;
        let giver = match (self.giver.as_str(), provider) {
            ("holder", provider) => ConsentGiver::Holder(provider),
            ("provider", Some(provider)) => ConsentGiver::Provider(provider),
            ("provider", None) => return Err(Problem::field("provider", "must be named")),
            _ => return Err(Problem::field("giver", "is holder or provider")),
        };
        Ok(Command::GiveConsent(GiveConsent {
            voucher: voucher(cx)?,
            giver,
            up_to: yuan("up_to", &self.up_to)?,
            until: day("until", &self.until)?,
        }))
    }
}

body! {
    /// Freezes or unfreezes a voucher.
    SetFreezeBody { frozen: bool, } (self, cx) {
        Ok(Command::SetFreeze(SetFreeze { voucher: voucher(cx)?, frozen: self.frozen }))
    }
}

body! {
    /// Takes back what is free on a voucher.
    RevokeVoucherBody {} (self, cx) {
        Ok(Command::RevokeVoucher(RevokeVoucher { voucher: voucher(cx)? }))
    }
}

body! {
    /// A transfer, to be decided by a second person.
    ProposeTransferBody {
        /// `succession`, `open` or `relocation`.
        kind: String,
        /// Receiver: identifier or credit code; not in a relocation.
        to: Option<String>,
        /// Division code of the new home city, in a relocation.
        to_city: Option<String>,
        /// Share of the used caps that goes along, in a succession.
        cap_share: Option<String>,
        /// Yuan; `0` in a relocation.
        amount: String,
        document_no: Option<String>,
    } (self, cx) {
        let needed = |field: &str, text: Option<String>| {
            text.ok_or_else(|| Problem::field(field, "is needed for this kind"))
        };
        let kind = match word("kind", &self.kind, TransferKind::parse)? {
            TransferKind::Succession => TransferRequest::Succession {
                to: cx.enterprise("to", &needed("to", self.to)?)?,
                cap_share: ratio("cap_share", &needed("cap_share", self.cap_share)?)?,
            },
            TransferKind::Open => {
                TransferRequest::Open { to: cx.enterprise("to", &needed("to", self.to)?)? }
            }
            TransferKind::Relocation => TransferRequest::Relocation {
                to_city: cx.member("to_city", &needed("to_city", self.to_city)?)?,
            },
        };
        Ok(Command::ProposeTransfer(ProposeTransfer {
            voucher: voucher(cx)?,
            kind,
            amount: yuan("amount", &self.amount)?,
            document_no: document(self.document_no)?,
        }))
    }
}

body! {
    /// The decision on a transfer.
    DecideTransferBody { approve: bool, } (self, cx) {
        let canonical =
            |state: &crate::engine::State, id, tag| state.transfer_id(TransferId(id), tag);
        let id = cx.id("id", cx.param("id"), IdKind::Transfer, canonical)?;
        let transfer = TransferId(id);
        Ok(Command::DecideTransfer(DecideTransfer { transfer, approve: self.approve }))
    }
}

/// An evidence file, by hash.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceBody {
    /// For example `contract` or `invoice`.
    kind: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    sha256: String,
    size_bytes: u64,
    media_type: String,
}

body! {
    /// A claim on an instant programme.
    FileClaimBody {
        /// Identifier of the voucher.
        voucher: String,
        /// Identifier or credit code of the provider.
        provider: String,
        /// The enterprise served; checked against the holder.
        enterprise: Option<String>,
        category: String,
        contract_no: String,
        contract_date: String,
        /// Yuan.
        contract_amount: String,
        invoice_no: String,
        invoice_amount: String,
        /// What the firm paid itself.
        paid_amount: String,
        #[serde(default)]
        evidence: Vec<EvidenceBody>,
    } (self, cx) {
        let canonical =
            |state: &crate::engine::State, id, tag| state.voucher_id(VoucherId(id), tag);
        // A well-formed identifier that names nothing is an unknown voucher, refused by rule.
        let voucher = match cx.id("voucher", &self.voucher, IdKind::Voucher, canonical) {
            Ok(id) => VoucherId(id),
            Err(problem) if problem.code == "NOT_FOUND" => VoucherId(u32::MAX),
            Err(problem) => return Err(problem),
        };
        let provider = match CreditCode::parse(&self.provider) {
            Ok(code) => ProviderKey::Code(code),
            Err(_) => ProviderKey::Id(cx.provider("provider", &self.provider)?),
        };
        let enterprise = self.enterprise.map(|e| cx.enterprise_key("enterprise", &e)).transpose()?;
        let evidence = self.evidence.into_iter().map(|file| {
            Ok(Evidence {
                kind: word("kind", &file.kind, EvidenceKind::parse)?,
                sha256: sha256("sha256", &file.sha256)?,
                size_bytes: file.size_bytes,
                media_type: parse("media_type", &file.media_type, crate::domain::Text::parse)?,
            })
        });
        Ok(Command::FileClaim(FileClaim {
            voucher: VoucherKey::Id(voucher),
            provider,
            enterprise,
            category: cx.category("category", &self.category)?,
            contract_no: parse("contract_no", &self.contract_no, ContractNo::parse)?,
            contract_date: day("contract_date", &self.contract_date)?,
            contract_amount: yuan("contract_amount", &self.contract_amount)?,
            invoice_no: parse("invoice_no", &self.invoice_no, InvoiceNo::parse)?,
            invoice_amount: yuan("invoice_amount", &self.invoice_amount)?,
            paid_amount: yuan("paid_amount", &self.paid_amount)?,
            evidence: evidence.collect::<Result<_, Problem>>()?,
        }))
    }
}

/// The claim of the path.
pub(super) fn claim(cx: &Cx<'_>) -> Result<ClaimId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.claim_id(ClaimId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Claim, canonical)
        .map(ClaimId)
}

body! {
    /// Undoes a claim whose payee is not paid yet.
    ReverseClaimBody {} (self, cx) {
        Ok(Command::ReverseClaim(ReverseClaim { claim: claim(cx)? }))
    }
}

body! {
    /// The payee of a claim was paid in full.
    PayClaimBody { bank_ref: String, paid_on: String, } (self, cx) {
        Ok(Command::PayClaim(PayClaim {
            claim: claim(cx)?,
            bank_ref: parse("bank_ref", &self.bank_ref, BankRef::parse)?,
            paid_on: day("paid_on", &self.paid_on)?,
        }))
    }
}

body! {
    /// The bank returned a payment.
    ReturnPaymentBody {} (self, cx) {
        let canonical =
            |state: &crate::engine::State, id, tag| state.payment_id(PaymentId(id), tag);
        let id = cx.id("id", cx.param("id"), IdKind::Payment, canonical)?;
        Ok(Command::ReturnPayment(ReturnPayment { payment: PaymentId(id) }))
    }
}

body! {
    /// Asks for the early close of the open period.
    RequestCloseBody {} (self, cx) {
        let period = cx.period("month", cx.param("month"))?;
        Ok(Command::RequestClose(ClosePeriod { period }))
    }
}

body! {
    /// Closes the open period early; a second operator does it.
    ClosePeriodBody {} (self, cx) {
        let period = cx.period("month", cx.param("month"))?;
        Ok(Command::ClosePeriod(ClosePeriod { period }))
    }
}

body! {
    /// A member agrees to its statement.
    ConfirmStatementBody { member: String, revision: u16, } (self, cx) {
        Ok(Command::ConfirmStatement(ConfirmStatement {
            period: cx.period("month", cx.param("month"))?,
            member: cx.member("member", &self.member)?,
            revision: self.revision,
        }))
    }
}

body! {
    /// Turns agreed positions into payments.
    InstructPeriodBody {
        /// `direct`, `bilateral` or `hub`.
        mode: String,
        /// Division code of the treasury, in mode `hub`.
        hub: Option<String>,
        document_no: Option<String>,
    } (self, cx) {
        let mode = match (self.mode.as_str(), self.hub) {
            ("direct", None) => SettlementMode::Direct,
            ("bilateral", None) => SettlementMode::Bilateral,
            ("hub", Some(hub)) => SettlementMode::Hub(cx.member("hub", &hub)?),
            _ => {
                let problem = "is direct, bilateral, or hub with a hub named";
                return Err(Problem::field("mode", problem));
            }
        };
        Ok(Command::InstructPeriod(InstructPeriod {
            period: cx.period("month", cx.param("month"))?,
            mode,
            document_no: document(self.document_no)?,
        }))
    }
}

body! {
    /// A settlement payment was made, whole or in part.
    ConfirmInstructionBody { amount: String, bank_ref: String, paid_on: String, } (self, cx) {
        let canonical = |state: &crate::engine::State, id, tag| {
            state.instruction_id(InstructionId(id), tag)
        };
        let id = cx.id("id", cx.param("id"), IdKind::Instruction, canonical)?;
        Ok(Command::ConfirmInstruction(ConfirmInstruction {
            instruction: InstructionId(id),
            amount: yuan("amount", &self.amount)?,
            bank_ref: parse("bank_ref", &self.bank_ref, BankRef::parse)?,
            paid_on: day("paid_on", &self.paid_on)?,
        }))
    }
}

body! {
    /// Moves the business date forward.
    AdvanceDateBody { to: String, } (self, _cx) {
        Ok(Command::AdvanceDate(AdvanceDate { to: day("to", &self.to)? }))
    }
}
