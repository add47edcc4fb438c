//! Problem documents, RFC 9457.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::details::translated;
use crate::engine::Rejection;
use crate::engine::refusal::{Faults, RefusalCode, Retry};
use crate::node::NodeError;

const MESSAGES: &str = include_str!("messages.txt");

/// Language of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// The language that `Accept-Language` asks for first.
    pub fn of_header(header: Option<&str>) -> Lang {
        match header {
            Some(header) if header.trim_start().starts_with("zh") => Lang::Zh,
            _ => Lang::En,
        }
    }
}

/// The text of a code.
pub fn text(code: &str, lang: Lang) -> &'static str {
    let found = MESSAGES.lines().find_map(|line| {
        let mut fields = line.split('\t');
        (fields.next()? == code).then_some((fields.next()?, fields.next()?))
    });
    match (found, lang) {
        (Some((en, _)), Lang::En) => en,
        (Some((_, zh)), Lang::Zh) => zh,
        (None, _) => "",
    }
}

/// Codes of problems that are no refusals by rule, with their status and whether to try again.
pub const PROBLEMS: &[(&str, u16, Retry)] = &[
    ("SIGN_IN_FAILED", 401, Retry::AfterChange),
    ("TOO_MANY_SIGN_INS", 429, Retry::Later),
    ("TOO_MANY_CHECKS", 429, Retry::Later),
    ("TOO_MANY_REQUESTS", 429, Retry::Later),
    ("AUTHENTICATION_REQUIRED", 401, Retry::AfterChange),
    ("FORBIDDEN", 403, Retry::AfterChange),
    ("NOT_FOUND", 404, Retry::AfterChange),
    ("METHOD_NOT_ALLOWED", 405, Retry::Never),
    ("MALFORMED_REQUEST", 400, Retry::Never),
    ("ID_CHECK_FAILED", 400, Retry::Never),
    ("BODY_TOO_LARGE", 413, Retry::Never),
    ("UNSUPPORTED_MEDIA_TYPE", 415, Retry::Never),
    ("IDEMPOTENCY_KEY_REUSED", 409, Retry::Never),
    ("REF_CONFLICT", 409, Retry::Never),
    ("ALREADY_EXISTS", 409, Retry::Never),
    ("BULK_REFUSED", 422, Retry::AfterChange),
    ("BULK_ISSUE_BY_FILE", 422, Retry::AfterChange),
    ("VOUCHER_FILE_FAULTY", 422, Retry::AfterChange),
    ("LIMIT_REACHED", 503, Retry::Later),
    ("BUSY", 503, Retry::Later),
    ("BEHIND", 503, Retry::Later),
    ("UNAVAILABLE", 503, Retry::Later),
];

/// A field of a request and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Name of the field, header or parameter.
    pub field: String,
    /// What is wrong, and how to write it.
    pub problem: String,
}

/// A problem before it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Code, one of [`PROBLEMS`] or of the refusals.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What exactly, where the text of the code does not say it.
    pub detail: Option<String>,
    /// Faults of a refused claim.
    pub faults: Faults,
    /// Fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Further members of the document.
    pub more: Vec<(&'static str, Value)>,
    /// Headers of the response.
    pub headers: Box<[(&'static str, String)]>,
}

impl Problem {
    /// A problem with a code of [`PROBLEMS`].
    pub fn new(code: &'static str) -> Problem {
        let status = PROBLEMS
            .iter()
            .find(|(name, _, _)| *name == code)
            .map_or(500, |p| p.1);
        Problem {
            code,
            status,
            detail: None,
            faults: Faults::NONE,
            errors: Vec::new(),
            more: Vec::new(),
            headers: Box::default(),
        }
    }

    /// A field that cannot be understood.
    pub fn field(field: &str, problem: impl ToString) -> Problem {
        let error = FieldError {
            field: field.to_owned(),
            problem: problem.to_string(),
        };
        Problem {
            errors: vec![error],
            ..Problem::new("MALFORMED_REQUEST")
        }
    }

    /// Something that is not there.
    pub fn not_found(what: &str) -> Problem {
        Problem {
            detail: Some(what.to_owned()),
            ..Problem::new("NOT_FOUND")
        }
    }

    /// A refusal by rule: always status 422.
    pub fn refused(code: RefusalCode, faults: Faults) -> Problem {
        Problem {
            status: 422,
            code: code.as_str(),
            faults,
            ..Problem::new("NOT_FOUND")
        }
    }

    /// Adds a member to the document.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Problem {
        self.more.push((name, value));
        self
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Problem {
        let mut headers = std::mem::take(&mut self.headers).into_vec();
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value.to_string()));
        self.headers = headers.into();
        self
    }

    /// The document.
    pub fn document(&self, lang: Lang, request_id: &str) -> Value {
        let mut document = json!({
            "type": format!("https://quantong.example/problems/{}", self.code),
            "title": text(self.code, lang),
            "status": self.status,
            "code": self.code,
            "request_id": request_id,
        });
        if let Some(detail) = &self.detail {
            document["detail"] = json!(translated(detail, lang));
        }
        if !self.faults.is_empty() {
            let faults = self.faults.in_order();
            let fault =
                |f: RefusalCode| json!({"code": f.as_str(), "text": text(f.as_str(), lang)});
            document["faults"] = faults.map(fault).collect();
        }
        if !self.errors.is_empty() {
            let error = |error: &FieldError| {
                let problem = translated(&error.problem, lang);
                json!({"field": error.field, "problem": problem})
            };
            document["errors"] = self.errors.iter().map(error).collect();
        }
        for (name, value) in &self.more {
            document[*name] = value.clone();
        }
        document
    }

    /// The response.
    pub fn response(&self, lang: Lang, request_id: &str) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.content_type("application/problem+json");
        response.insert_header(("X-Request-Id", request_id));
        for (name, value) in &*self.headers {
            response.insert_header((*name, value.as_str()));
        }
        if self.status == 503 {
            response.insert_header(("Retry-After", "1"));
        }
        if self.status == 401 {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response.body(self.document(lang, request_id).to_string())
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Problem {
        let detail = Some(rejection.to_string());
        let with = |code| Problem {
            detail: detail.clone(),
            ..Problem::new(code)
        };
        match &rejection {
            Rejection::NotFound(_) => with("NOT_FOUND"),
            Rejection::Forbidden(_) => with("FORBIDDEN"),
            Rejection::Invalid { field, problem } => Problem::field(field, problem),
            Rejection::Exists(_) => with("ALREADY_EXISTS"),
            Rejection::BulkIssue => Problem::new("BULK_ISSUE_BY_FILE"),
            Rejection::KeyReused => with("IDEMPOTENCY_KEY_REUSED"),
            Rejection::RefConflict => with("REF_CONFLICT"),
            Rejection::KeysFull | Rejection::Full(_) => with("LIMIT_REACHED"),
        }
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Problem {
        match error {
            NodeError::Rejected(rejection) => rejection.into(),
            NodeError::Busy => Problem::new("BUSY"),
            NodeError::Behind => Problem::new("BEHIND"),
            NodeError::Unavailable => Problem::new("UNAVAILABLE"),
            NodeError::Damaged => Problem {
                detail: Some(error.to_string()),
                ..Problem::new("UNAVAILABLE")
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Vec<(&'static str, u16, Retry)> {
        let refusals = RefusalCode::ALL
            .iter()
            .map(|code| (code.as_str(), 422, code.retry()));
        refusals.chain(PROBLEMS.iter().copied()).collect()
    }

    #[test]
    fn every_code_has_a_text_in_both_languages_and_every_text_a_code() {
        for (code, _, _) in codes() {
            assert!(!text(code, Lang::En).is_empty(), "{code} in English");
            assert!(!text(code, Lang::Zh).is_ascii(), "{code} in Chinese");
        }
        assert_eq!(MESSAGES.lines().count(), codes().len());
    }

    #[test]
    fn the_page_of_errors_lists_every_code() {
        let mut page = String::from(
            "# Errors\n\nEvery problem document (RFC 9457) names one of these codes. Refusals by \
             rule have status 422\nand a stable number; they are journaled. *Retry* says whether \
             the same request under a new key can\nsucceed: never, after something was changed, \
             or later.\n\n| Code | Number | Status | Retry | Meaning | 含义 |\n\
             |---|---|---|---|---|---|\n",
        );
        for (code, status, retry) in codes() {
            let number = RefusalCode::ALL.iter().find(|c| c.as_str() == code);
            let number = number.map_or_else(|| "–".to_owned(), |c| c.number().to_string());
            let retry = match retry {
                Retry::Never => "never",
                Retry::AfterChange => "after a change",
                Retry::Later => "later",
            };
            let (en, zh) = (text(code, Lang::En), text(code, Lang::Zh));
            page += &format!("| `{code}` | {number} | {status} | {retry} | {en} | {zh} |\n");
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ERRORS.md");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &page).expect("the page of errors");
        }
        let written = std::fs::read_to_string(path).expect("the page of errors");
        assert_eq!(
            written, page,
            "run the test with UPDATE_GOLDEN=1 to write docs/ERRORS.md"
        );
    }
}
