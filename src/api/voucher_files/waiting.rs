//! Files whose approval waits for a second person: the answer that names what waits, and the rows,
//! which are kept until then so that the run begins with the approval.

use std::sync::Arc;

use actix_web::HttpResponse;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::body;
use super::running::Work;
use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::api::render::{View, yuan};
use crate::api::server::Shared;
use crate::api::write::render;
use crate::domain::{PrincipalId, ProgrammeId, ProposalId, hex};
use crate::engine::command::{ProposedCommand, Submission};
use crate::engine::event::{Event, Recorded};

/// Most rows that are kept for files that wait, all together: some fifty megabytes. The files that
/// have waited longest are let go first; they are sent again once they are approved.
const KEPT_ROWS_MAX: usize = 250_000;

/// A file that waits.
struct KeptFile {
    sha256: [u8; 32],
    programme: ProgrammeId,
    principal: PrincipalId,
    chunks: Vec<Submission>,
    rows: usize,
}

/// The files that wait, the newest last.
#[derive(Clone, Default)]
pub(in crate::api) struct Kept(Arc<Mutex<Vec<KeptFile>>>);

impl Kept {
    /// Keeps what a file consists of, until it is approved or others need the room.
    pub(super) fn keep(
        &self,
        (sha256, programme): ([u8; 32], ProgrammeId),
        principal: PrincipalId,
        rows: usize,
        chunks: Vec<Submission>,
    ) {
        let mut kept = self.0.lock();
        kept.retain(|file| (file.sha256, file.programme) != (sha256, programme));
        kept.push(KeptFile {
            sha256,
            programme,
            principal,
            chunks,
            rows,
        });
        let mut all: usize = kept.iter().map(|file| file.rows).sum();
        while all > KEPT_ROWS_MAX {
            all -= kept.remove(0).rows;
        }
    }

    fn take(&self, sha256: [u8; 32], programme: ProgrammeId) -> Option<KeptFile> {
        let mut kept = self.0.lock();
        let found = kept
            .iter()
            .position(|file| (file.sha256, file.programme) == (sha256, programme));
        found.map(|at| kept.remove(at))
    }
}

/// Begins to issue the files that the last of these events approved. What is not kept here is sent
/// again by the office.
pub(in crate::api) fn begin_approved(shared: &Shared, events: &[Recorded]) {
    for recorded in events {
        let Event::VoucherFileApproved(e) = &recorded.event else {
            continue;
        };
        let Some(kept) = shared.kept.take(e.sha256, e.programme) else {
            continue;
        };
        let Some(run) = shared.files.begin((e.sha256, e.programme)) else {
            continue;
        };
        let work = Work {
            node: shared.node.clone(),
            principal: kept.principal,
            file: e.file,
            chunks: kept.chunks,
        };
        tokio::spawn(async move {
            let done = work.run().await;
            drop(run);
            if let Err(problem) = done {
                let code = problem.code;
                tracing::warn!(
                    code,
                    "a file was not issued to its end; sent again it goes on"
                );
            }
        });
    }
}

/// The answer to a file whose approval waits: as its maker was answered.
pub(super) async fn answer(
    shared: &Shared,
    sha256: [u8; 32],
    programme: ProgrammeId,
) -> Result<Option<HttpResponse>, Problem> {
    let node = &shared.node;
    let look = |state: &crate::engine::State| {
        let proposal = state.file_proposal(sha256, Some(programme))?;
        state.proposal(proposal).map(|row| row.details)
    };
    if node.peek(look)?.is_none() {
        return Ok(None);
    }
    let (details, seen) = node.read(look).await?;
    let Some(details) = details else {
        return Ok(None);
    };
    let proposed = node.event(details).await?;
    let proposed = proposed.ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    let tag = node.ledger_tag();
    let (_, fact) = node.peek(|state| render(&View::all(state, tag), &[proposed]))??;
    Ok(Some(body(HttpResponse::Accepted(), seen, &fact)))
}

/// A file whose approval waits, as its progress is told.
pub(super) fn progress(cx: &Cx<'_>, proposal: ProposalId) -> Option<(ProgrammeId, Value)> {
    let row = cx.state.proposal(proposal)?;
    let Some(ProposedCommand::ApproveVoucherFile(c)) = row.command.as_deref() else {
        return None;
    };
    let issuer = cx.state.programme(c.programme)?.city;
    let view = View::all(cx.state, cx.tag);
    let told = json!({
        "id": hex(&c.sha256),
        "programme": view.programme(c.programme),
        "issuer": view.member(issuer),
        "mode": c.mode.as_str(),
        "state": "waiting",
        "proposal": view.proposal(proposal),
        "rows": c.rows,
        "total": yuan(c.total),
        "issued": 0,
        "refused": 0,
        "unchanged": 0,
        "to_do": c.rows,
        "amount": "0.00",
        "sent_by": view.principal(row.maker),
    });
    cx.may_read(&[row.office]).then_some((c.programme, told))
}
