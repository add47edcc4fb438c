//! The registers of parties: admission, recognition, status, relations, credit flags, accounts.

use super::{Body, body, document, name, sha256};
use crate::api::context::{Cx, day, one_of, parse, word};
use crate::api::problem::Problem;
use crate::domain::{
    AdmissionId, CategoryId, CreditCode, CreditFlagId, Day, EnterpriseId, IdKind, Text,
};
use crate::engine::State;
use crate::engine::command::{
    AccountStep, AdmissionAnswer, AdmissionDecision, AdmissionDocument, AdmissionStep, Applicant,
    ApplyForAdmission, ChangeRegister, Command, EnterpriseKind, FlagCode, FlagLevel,
    LiftCreditFlag, ObjectionReason, PartyName, Payee, RaiseCreditFlag, RecognitionStance,
    RecognitionSubject, RelationKind, SetBankAccount, StepAdmission,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// An application for admission by its identifier.
pub(in crate::api) fn admission(cx: &Cx<'_>) -> Result<AdmissionId, Problem> {
    let canonical = |state: &State, id, tag| state.admission_id(AdmissionId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Admission, canonical)
        .map(AdmissionId)
}

/// A credit flag by its identifier.
pub(in crate::api) fn credit_flag(cx: &Cx<'_>) -> Result<CreditFlagId, Problem> {
    let canonical = |state: &State, id, tag| state.credit_flag_id(CreditFlagId(id), tag);
    cx.id("id", cx.param("id"), IdKind::CreditFlag, canonical)
        .map(CreditFlagId)
}

/// The party of a path like `providers/ID`.
pub(in crate::api) fn party_of_path(cx: &Cx<'_>) -> Result<Payee, Problem> {
    let id = cx.param("id");
    match cx.param("kind") {
        "providers" => cx.provider("id", id).map(Payee::Provider),
        _ => cx.enterprise("id", id).map(Payee::Enterprise),
    }
}

/// An enterprise or provider: an identifier, `enterprise:CODE`, `provider:CODE`, or a credit code
/// that is registered in one of the roles.
pub(in crate::api) fn party(cx: &Cx<'_>, field: &str, text: &str) -> Result<Payee, Problem> {
    match text.split_once(':') {
        Some(("enterprise", id)) => return cx.enterprise(field, id).map(Payee::Enterprise),
        Some(("provider", id)) => return cx.provider(field, id).map(Payee::Provider),
        _ => {}
    }
    if let Ok(code) = CreditCode::parse(text) {
        let firm = cx.state.enterprise_by_code(code).map(Payee::Enterprise);
        let lab = cx.state.provider_by_code(code).map(Payee::Provider);
        return match (firm, lab) {
            (Some(_), Some(_)) => Err(Problem::field(
                field,
                "is both: write enterprise:CODE or provider:CODE",
            )),
            (firm, lab) => firm.or(lab).ok_or_else(|| Problem::not_found(field)),
        };
    }
    if text.starts_with("PR") {
        cx.provider(field, text).map(Payee::Provider)
    } else {
        cx.enterprise(field, text).map(Payee::Enterprise)
    }
}

fn last_day(field: &str, text: Option<String>) -> Result<Option<Day>, Problem> {
    text.map(|text| day(field, &text)).transpose()
}

fn hash(field: &str, text: Option<String>) -> Result<Option<[u8; 32]>, Problem> {
    text.map(|text| sha256(field, &text)).transpose()
}

fn categories(cx: &Cx<'_>, codes: &[String]) -> Result<Box<[CategoryId]>, Problem> {
    let ids = codes.iter().map(|code| cx.category("categories", code));
    ids.collect()
}

/// True for a team, whose texts are personal data.
fn is_team(cx: &Cx<'_>, party: Payee) -> bool {
    let kind = match party {
        Payee::Enterprise(id) => cx.state.enterprise(id).map(|row| row.kind),
        Payee::Provider(_) => None,
    };
    kind == Some(EnterpriseKind::Team)
}

/// A text of a party: public, or personal for a team.
fn text_of(cx: &Cx<'_>, party: Payee, field: &str, text: &str) -> Result<PartyName, Problem> {
    let public = name(field, text)?;
    Ok(if is_team(cx, party) {
        PartyName::Personal(crate::node::personal(text))
    } else {
        PartyName::Public(public)
    })
}

fn step(cx: &Cx<'_>, step: AdmissionStep) -> Result<Command, Problem> {
    let admission = admission(cx)?;
    Ok(Command::StepAdmission(Box::new(StepAdmission {
        admission,
        step,
    })))
}

fn change(change: ChangeRegister) -> Result<Command, Problem> {
    Ok(Command::ChangeRegister(Box::new(change)))
}

/// One answer of a self-assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct AnswerBody {
    question: String,
    answer: String,
    /// 0 to 100.
    score: Option<u8>,
}

/// A document of an application.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DocumentBody {
    title: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    sha256: String,
}

fn answer(body: &AnswerBody) -> Result<AdmissionAnswer, Problem> {
    Ok(AdmissionAnswer {
        question: parse("question", &body.question, Text::parse)?,
        answer: parse("answer", &body.answer, Text::parse)?,
        score: body.score,
    })
}

fn title(body: &DocumentBody) -> Result<AdmissionDocument, Problem> {
    Ok(AdmissionDocument {
        title: parse("title", &body.title, Text::parse)?,
        sha256: sha256("sha256", &body.sha256)?,
    })
}

body! {
    /// An application for admission: of a provider of the register, or of a new one with its
    /// credit code, name and city.
    ApplyForAdmissionBody {
        /// A provider of the register: re-admission, renewal, change of categories.
        provider: Option<String>,
        /// Credit code of a new provider.
        code: Option<String>,
        #[serde(default)]
        accept_failed_check: bool,
        name: Option<String>,
        /// Division code of the host city of a new provider.
        city: Option<String>,
        categories: Vec<String>,
        from: String,
        to: String,
        /// Self-assessment.
        #[serde(default)]
        answers: Vec<AnswerBody>,
        #[serde(default)]
        documents: Vec<DocumentBody>,
    } (self, cx) {
        let applicant = match (&self.provider, &self.code, &self.name, &self.city) {
            (Some(id), None, None, None) => Applicant::Registered(cx.provider("provider", id)?),
            (None, Some(code), Some(text), Some(city)) => Applicant::New {
                code: parse("code", code, CreditCode::parse)?,
                accept_failed_check: self.accept_failed_check,
                name: name("name", text)?,
                city: cx.member("city", city)?,
            },
            _ => return Err(Problem::field(
                "provider",
                "is given, or code, name and city of a new provider",
            )),
        };
        Ok(Command::ApplyForAdmission(Box::new(ApplyForAdmission {
            applicant,
            categories: categories(cx, &self.categories)?,
            from: day("from", &self.from)?,
            to: day("to", &self.to)?,
            answers: self.answers.iter().map(answer).collect::<Result<_, _>>()?,
            documents: self.documents.iter().map(title).collect::<Result<_, _>>()?,
        })))
    }
}

body! {
    /// The check of an application by the office of the city.
    CheckAdmissionBody {
        /// `passed`, `returned` or `declined`.
        decision: String,
    } (self, cx) {
        use AdmissionDecision::{Declined, Passed, Returned};
        let decisions = [Passed, Returned, Declined].map(|decision| (decision.as_str(), decision));
        let decision = one_of("decision", &self.decision, &decisions)?;
        step(cx, AdmissionStep::Check(decision))
    }
}

body! {
    /// The applicant takes the application back.
    WithdrawAdmissionBody {} (self, cx) {
        step(cx, AdmissionStep::Check(AdmissionDecision::Withdrawn))
    }
}

body! {
    /// An objection during publicity.
    ObjectToAdmissionBody {
        /// `false_statement`, `not_qualified`, `credit_record`, `conflict_of_interest` or `other`.
        reason_code: String,
        /// Name of the citizen for whom an office objects; personal data.
        on_behalf_of: Option<String>,
        /// SHA-256 of a document, 64 hexadecimal digits.
        document_sha256: Option<String>,
    } (self, cx) {
        let on_behalf_of = match &self.on_behalf_of {
            None => None,
            Some(text) => {
                name("on_behalf_of", text)?;
                Some(crate::node::personal(text))
            }
        };
        step(cx, AdmissionStep::Object {
            reason: word("reason_code", &self.reason_code, ObjectionReason::parse)?,
            on_behalf_of,
            document_sha256: hash("document_sha256", self.document_sha256)?,
        })
    }
}

body! {
    /// The decision of an objection; one that is upheld declines the application.
    AnswerObjectionBody { upheld: bool, } (self, cx) {
        let number = cx.param("number");
        let objection = number.parse().map_err(|_| Problem::field("number", "is a number"))?;
        step(cx, AdmissionStep::Answer { objection, upheld: self.upheld })
    }
}

body! {
    /// Admits the provider, once publicity is over.
    AdmitProviderBody {} (self, cx) {
        step(cx, AdmissionStep::Admit)
    }
}

body! {
    /// For how many days a city publishes admissions.
    SetPublicityBody {
        /// Days, 0 for none; 7 until a city says otherwise.
        publicity_days: u16,
    } (self, cx) {
        let city = cx.member("code", cx.param("code"))?;
        change(ChangeRegister::Publicity { city, days: self.publicity_days })
    }
}

body! {
    /// The end of a provider's admission.
    RemoveProviderBody {
        /// First day on which it is not admitted.
        from: String,
    } (self, cx) {
        let provider = cx.provider("id", cx.param("id"))?;
        change(ChangeRegister::Removal { provider, from: day("from", &self.from)? })
    }
}

body! {
    /// A city's stance on what another city admitted or certified; exactly one of `provider`,
    /// `admitted_by` and `status_of`.
    SetRecognitionBody {
        provider: Option<String>,
        /// Division code: every provider that this city admitted.
        admitted_by: Option<String>,
        /// Division code: the status of enterprises that this city certified.
        status_of: Option<String>,
        /// `recognises`, `refuses` or `silent`.
        stance: String,
        /// None for all.
        categories: Option<Vec<String>>,
        from: String,
        to: Option<String>,
    } (self, cx) {
        let subject = match (&self.provider, &self.admitted_by, &self.status_of) {
            (Some(id), None, None) => RecognitionSubject::Provider(cx.provider("provider", id)?),
            (None, Some(code), None) => {
                RecognitionSubject::AdmittedBy(cx.member("admitted_by", code)?)
            }
            (None, None, Some(code)) => {
                RecognitionSubject::StatusOf(cx.member("status_of", code)?)
            }
            _ => return Err(Problem::field(
                "provider",
                "exactly one of provider, admitted_by and status_of is given",
            )),
        };
        let categories = self.categories.map(|codes| categories(cx, &codes)).transpose()?;
        change(ChangeRegister::Recognition {
            city: cx.member("code", cx.param("code"))?,
            subject,
            stance: word("stance", &self.stance, RecognitionStance::parse)?,
            categories,
            from: day("from", &self.from)?,
            to: last_day("to", self.to)?,
        })
    }
}

body! {
    /// A certified status of an enterprise; the same first day again moves its end.
    SetStatusBody {
        /// `sme`, `micro` or `high_tech`.
        kind: String,
        from: String,
        to: String,
        certificate_no: String,
        /// Division code of the city that certified it.
        certified_by: String,
    } (self, cx) {
        change(ChangeRegister::Status {
            enterprise: cx.enterprise("id", cx.param("id"))?,
            kind: word("kind", &self.kind, EnterpriseKind::parse)?,
            from: day("from", &self.from)?,
            to: day("to", &self.to)?,
            certificate_no: name("certificate_no", &self.certificate_no)?,
            city: cx.member("certified_by", &self.certified_by)?,
        })
    }
}

body! {
    /// Two related parties; the same first day again moves the end.
    SetRelationBody {
        /// Identifier, credit code, `enterprise:CODE` or `provider:CODE`.
        party: String,
        other: String,
        /// `investment`, `control`, `family`, `shared_staff` or `other`.
        kind: String,
        from: String,
        to: Option<String>,
    } (self, cx) {
        change(ChangeRegister::Relation {
            party: party(cx, "party", &self.party)?,
            other: party(cx, "other", &self.other)?,
            kind: word("kind", &self.kind, RelationKind::parse)?,
            from: day("from", &self.from)?,
            to: last_day("to", self.to)?,
        })
    }
}

body! {
    /// Who is in a team; names are personal data.
    SetTeamBody {
        leader: String,
        #[serde(default)]
        members: Vec<String>,
    } (self, cx) {
        let personal = |field, text: &String| {
            name(field, text).map(|_| crate::node::personal(text))
        };
        let members = self.members.iter().map(|text| personal("members", text));
        change(ChangeRegister::Team {
            enterprise: cx.enterprise("id", cx.param("id"))?,
            leader: personal("leader", &self.leader)?,
            members: members.collect::<Result<_, _>>()?,
        })
    }
}

body! {
    /// Name and address of a party, anew.
    CorrectPartyBody {
        name: String,
        address: Option<String>,
        /// Day of the change.
        from: String,
    } (self, cx) {
        let party = party_of_path(cx)?;
        let address = self.address.map(|text| text_of(cx, party, "address", &text));
        change(ChangeRegister::Correction {
            party,
            name: text_of(cx, party, "name", &self.name)?,
            address: address.transpose()?,
            from: day("from", &self.from)?,
        })
    }
}

body! {
    /// Strikes a party off.
    DissolvePartyBody {
        /// First day on which it is no more.
        from: String,
        /// The firm that a team became, or that took its place.
        successor: Option<String>,
    } (self, cx) {
        let successor: Option<Result<EnterpriseId, Problem>> =
            self.successor.map(|id| cx.enterprise("successor", &id));
        change(ChangeRegister::Dissolution {
            party: party_of_path(cx)?,
            from: day("from", &self.from)?,
            successor: successor.transpose()?,
        })
    }
}

body! {
    /// A credit flag.
    RaiseCreditFlagBody {
        /// Identifier, credit code, `enterprise:CODE` or `provider:CODE`; it holds for the legal
        /// person in both roles.
        party: String,
        /// `false_claim`, `collusion`, `unreturned_funds`, `abnormal_operation`,
        /// `serious_breach`, `research_integrity`, `court_default`, `safety_or_quality`, `other`.
        code: String,
        /// `warning` or `block`.
        level: String,
        from: String,
        /// Last day; none until it is lifted.
        until: Option<String>,
        /// Division code of the city that raises it.
        city: String,
        document_no: Option<String>,
        /// SHA-256 of the document, 64 hexadecimal digits.
        document_sha256: Option<String>,
    } (self, cx) {
        Ok(Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
            party: party(cx, "party", &self.party)?,
            code: word("code", &self.code, FlagCode::parse)?,
            level: word("level", &self.level, FlagLevel::parse)?,
            from: day("from", &self.from)?,
            until: last_day("until", self.until)?,
            city: cx.member("city", &self.city)?,
            document_no: document(self.document_no)?,
            document_sha256: hash("document_sha256", self.document_sha256)?,
        })))
    }
}

body! {
    /// Lifts a credit flag.
    LiftCreditFlagBody {} (self, cx) {
        Ok(Command::LiftCreditFlag(LiftCreditFlag { flag: credit_flag(cx)? }))
    }
}

body! {
    /// Another account of a party; it is in force once the finance office has approved it.
    ProposeAccountBody {
        account: String,
        bank: Option<String>,
    } (self, cx) {
        let party = party_of_path(cx)?;
        let account = text_of(cx, party, "account", &self.account)?;
        let bank = self.bank.map(|text| name("bank", &text)).transpose()?;
        let step = AccountStep::Propose { account, bank };
        Ok(Command::SetBankAccount(Box::new(SetBankAccount { party, step })))
    }
}

body! {
    /// The decision of a proposed account.
    DecideAccountBody {
        /// The version that was looked at.
        version: u32,
        approve: bool,
    } (self, cx) {
        let party = party_of_path(cx)?;
        let step = AccountStep::Decide { version: self.version, approve: self.approve };
        Ok(Command::SetBankAccount(Box::new(SetBankAccount { party, step })))
    }
}
