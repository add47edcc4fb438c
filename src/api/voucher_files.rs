//! Vouchers issued from a file: the preview with all faults, the approval, the run chunk by chunk,
//! and how far it has got.
//!
//! A file is named by its SHA-256. Its rows and chunks follow from its bytes alone, so that the
//! same file, sent again by anybody of the office, goes on where it ended. Its approval needs a
//! second person; the run begins with that.

mod judged;
mod running;
mod waiting;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::context::{Cx, token_hash};
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, SEQUENCE, asking, dry_run, parameters, whole_body};
use super::server::Shared;
use crate::documents::voucher_file::{FileKind, read_voucher_file};
use crate::domain::{MemberId, PrincipalId, ProgrammeId, Seq};
use crate::engine::command::{FileMode, Role, Scope};
use judged::{Asker, Judged, judge};

pub(super) use running::Running;
pub(super) use waiting::{Kept, begin_approved};

/// Media types of files, as the OpenAPI document lists them.
pub(super) const MEDIA_TYPES: [(&str, FileKind); 2] = [
    ("text/csv", FileKind::Csv),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileKind::Xlsx,
    ),
];

/// What is asked for a file.
struct Wish {
    programme: ProgrammeId,
    issuer: MemberId,
    principal: PrincipalId,
    kind: FileKind,
    mode: FileMode,
    skip_faulty: bool,
    preview: bool,
}

/// `POST /v1/programmes/{code}/voucher-files?dry_run=&mode=&skip_faulty=`.
pub(super) async fn issue_from_file(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = take(&asked, &request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

async fn take(
    asked: &Asked,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    // Nobody's file is read before it is known that they may issue.
    let wish = wish(request, shared)?;
    let bytes = whole_body(payload.into_inner(), shared.settings.file_bytes_max).await?;
    let kind = wish.kind;
    let read = tokio::task::spawn_blocking(move || {
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        (sha256, read_voucher_file(&bytes, kind))
    });
    let (sha256, file) = read.await.map_err(|_| Problem::new("UNAVAILABLE"))?;
    // What waits is not proposed again, by nobody.
    if !wish.preview
        && let Some(answer) = waiting::answer(shared, sha256, wish.programme).await?
    {
        return Ok(answer);
    }
    let sent_by = shared.node.peek(|state| {
        let id = state.voucher_file_by_hash(sha256, wish.programme)?;
        state.voucher_file(id).map(|row| row.sent_by)
    })?;
    let known = sent_by.is_some();
    let asker = Asker {
        programme: wish.programme,
        references_of: sent_by.unwrap_or(wish.principal),
    };
    let rules = !known || wish.preview;
    let mut judged = judge(&shared.node, &asker, &file.rows, rules).await?;
    judged.take_faults_of(&file);
    let preview = judged.preview(asked.lang, sha256, wish.mode);
    if wish.preview {
        return previewed(shared, preview, &wish).await;
    }
    if !known {
        let stands = judged.unusable || judged.rows.is_empty();
        if stands || (judged.fault_count > 0 && !wish.skip_faulty) {
            return Err(Problem::new("VOUCHER_FILE_FAULTY").with("preview", preview));
        }
    }
    running::issue(asked, shared, &wish, sha256, judged).await
}

/// The preview, once what it saw is durable.
async fn previewed(
    shared: &Shared,
    mut preview: Value,
    wish: &Wish,
) -> Result<HttpResponse, Problem> {
    let tag = shared.node.ledger_tag();
    let (programme, issuer) = (wish.programme, wish.issuer);
    let about = |state: &crate::engine::State| {
        let view = View::all(state, tag);
        (view.programme(programme), view.member(issuer))
    };
    let ((programme, issuer), seen) = shared.node.read(about).await?;
    preview["programme"] = programme;
    preview["issuer"] = issuer;
    let mut response = HttpResponse::Ok();
    response.insert_header(("Quantong-Dry-Run", "true"));
    Ok(body(response, seen, &preview))
}

fn body(mut response: actix_web::HttpResponseBuilder, seen: Seq, body: &Value) -> HttpResponse {
    response.content_type("application/json");
    response.insert_header((SEQUENCE, seen.0.to_string()));
    response.body(body.to_string())
}

fn wish(request: &HttpRequest, shared: &Shared) -> Result<Wish, Problem> {
    let node = &shared.node;
    let path = parameters(request);
    let preview = dry_run(request)?;
    let flag = |name: &str| match path.get(name).map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::field(name, "is true or false")),
    };
    let skip_faulty = flag("skip_faulty")?;
    let mode = match path.get("mode").map(String::as_str) {
        None => FileMode::Chunks,
        Some(mode) => {
            FileMode::parse(mode).ok_or_else(|| Problem::field("mode", "is atomic or chunks"))?
        }
    };
    if skip_faulty && mode == FileMode::Atomic {
        let what = "goes with mode=chunks: what is all or nothing leaves no row out";
        return Err(Problem::field("skip_faulty", what));
    }
    let kind = media(request)?;
    let hash = token_hash(request)?;
    node.peek(asking(node, hash, &path, |cx| {
        let programme = cx.programme("code", cx.param("code"))?;
        let row = cx.state.programme(programme);
        let issuer = row.ok_or_else(|| Problem::not_found("code"))?.city;
        let office = (Role::ScienceOfficer, Scope::Member(issuer));
        if !cx.state.has_grant(cx.principal, office.0, office.1) {
            let detail = "the science-and-technology office of the city is needed for this";
            return Err(Problem {
                detail: Some(detail.to_owned()),
                ..Problem::new("FORBIDDEN")
            });
        }
        Ok(Wish {
            programme,
            issuer,
            principal: cx.principal,
            kind,
            mode,
            skip_faulty,
            preview,
        })
    }))?
}

fn media(request: &HttpRequest) -> Result<FileKind, Problem> {
    let given = request.headers().get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let given = given.and_then(|text| text.split(';').next()).map(str::trim);
    let known = MEDIA_TYPES
        .iter()
        .find(|(name, _)| given.is_some_and(|given| given.eq_ignore_ascii_case(name)));
    known.map(|(_, kind)| *kind).ok_or_else(|| Problem {
        detail: Some(MEDIA_TYPES.map(|(name, _)| name).join(" or ")),
        ..Problem::new("UNSUPPORTED_MEDIA_TYPE")
    })
}

/// `GET /v1/voucher-files/{sha256}?programme=`: how far a file has got.
pub(super) async fn get_voucher_file(
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let running = shared.files.snapshot();
    let answer = async {
        let (found, seen) = super::request::look(&request, &shared, find).await?;
        let mut progress = found.body;
        if running.contains(&(found.sha256, found.programme)) && progress["state"] != "done" {
            progress["state"] = json!("running");
        }
        Ok(body(HttpResponse::Ok(), seen, &progress))
    };
    let answer = answer.await;
    asked.settle(&shared, answer).await
}

struct Progress {
    sha256: [u8; 32],
    programme: ProgrammeId,
    body: Value,
}

fn find(cx: &Cx<'_>) -> Result<Progress, Problem> {
    let missing = || Problem::not_found("voucher file");
    let sha256 = super::bodies::sha256("sha256", cx.param("sha256"))?;
    let wanted = match cx.param("programme") {
        "" => None,
        code => Some(cx.programme("programme", code)?),
    };
    let mut files = cx.state.voucher_files_by_hash(sha256);
    let row = files.find_map(|id| {
        let row = cx.state.voucher_file(id)?;
        let fits = wanted.is_none_or(|programme| programme == row.programme);
        (fits && cx.may_read(&[Scope::Member(row.issuer)])).then_some(row)
    });
    let Some(row) = row else {
        let proposal = cx.state.file_proposal(sha256, wanted);
        let found = proposal.and_then(|proposal| waiting::progress(cx, proposal));
        let (programme, body) = found.ok_or_else(missing)?;
        return Ok(Progress {
            sha256,
            programme,
            body,
        });
    };
    let view = View::all(cx.state, cx.tag);
    Ok(Progress {
        sha256,
        programme: row.programme,
        body: view.voucher_file(row),
    })
}
