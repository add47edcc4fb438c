//! Approving a file and issuing it, chunk by chunk through the sequencer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Judged, Wish, body};
use crate::api::problem::{Lang, Problem, text};
use crate::api::render::View;
use crate::api::request::Asked;
use crate::api::server::Shared;
use crate::api::write::{refusal, render};
use crate::documents::voucher_file::FAULTS_MAX;
use crate::domain::{PrincipalId, ProgrammeId, Seq, VoucherFileId};
use crate::engine::command::{
    ApproveVoucherFile, Command, FileMode, FileRow, IssueFileRows, Submission,
};
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode;
use crate::engine::{ATOMIC_FILE_ROWS_MAX, FILE_CHUNK_ROWS, Rejection, refusal_of};
use crate::journal::codec;
use crate::node::{Node, NodeError};

/// How long a run waits when the node is busy, and how often before it gives up: half a minute.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES_MAX: u32 = 300;

type Key = ([u8; 32], ProgrammeId);

/// The files that are being issued by this process.
#[derive(Clone, Default)]
pub(in crate::api) struct Running(Arc<Mutex<BTreeSet<Key>>>);

impl Running {
    pub(super) fn snapshot(&self) -> BTreeSet<Key> {
        self.0.lock().clone()
    }

    /// Marks a file; `None` if it is being issued already.
    pub(super) fn begin(&self, key: Key) -> Option<Run> {
        let fresh = self.0.lock().insert(key);
        fresh.then(|| Run {
            running: self.clone(),
            key,
        })
    }
}

/// A file is being issued while this lives.
pub(super) struct Run {
    running: Running,
    key: Key,
}

impl Drop for Run {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.key);
    }
}

/// A run: the chunks of a file, and who sends them.
pub(super) struct Work {
    pub(super) node: Node,
    pub(super) principal: PrincipalId,
    pub(super) file: VoucherFileId,
    pub(super) chunks: Vec<Submission>,
}

/// What a run did.
pub(super) struct Issued {
    refused: Vec<Recorded>,
    seen: Seq,
}

pub(super) async fn issue(
    asked: &Asked,
    shared: &web::Data<Shared>,
    wish: &Wish,
    sha256: [u8; 32],
    judged: Judged,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let approve = |mode, judged: &Judged, chunks: &[Submission]| ApproveVoucherFile {
        programme: wish.programme,
        sha256,
        mode,
        rows: u32::try_from(judged.rows.len()).unwrap_or(u32::MAX),
        total: judged.total,
        chunks: chunks.iter().map(|chunk| chunk.fingerprint).collect(),
    };
    let known = node.peek(|state| state.voucher_file_by_hash(sha256, wish.programme))?;
    let file = match known {
        Some(file) => file,
        None => {
            if wish.mode == FileMode::Atomic && judged.rows.len() > ATOMIC_FILE_ROWS_MAX {
                let what = format!("atomic takes at most {ATOMIC_FILE_ROWS_MAX} rows");
                return Err(Problem::field("mode", what));
            }
            let chunks = chunks(wish, sha256, wish.mode, judged.rows.clone());
            let command = approve(wish.mode, &judged, &chunks);
            match propose(shared, wish, command).await? {
                Proposed::Approved(file) => file,
                Proposed::Waits(answer) => {
                    let rows = judged.rows.len();
                    let kept = (sha256, wish.programme);
                    shared.kept.keep(kept, wish.principal, rows, chunks);
                    return Ok(answer);
                }
                Proposed::Waited(answer) => return Ok(answer),
            }
        }
    };
    let row = node.peek(|state| state.voucher_file(file).cloned())?;
    let row = row.ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    let Some(run) = shared.files.begin((sha256, wish.programme)) else {
        return progress(node, file, HttpResponse::Accepted(), &[], asked.lang).await;
    };
    let work = Work {
        node: node.clone(),
        principal: wish.principal,
        file,
        chunks: chunks(wish, sha256, row.mode, judged.rows),
    };
    // The run goes on when whoever asked for it is gone.
    let done = tokio::spawn(async move {
        let done = work.run().await;
        drop(run);
        done
    });
    let done = done.await.map_err(|_| Problem::new("UNAVAILABLE"))?;
    let Issued { refused, .. } = done?;
    progress(node, file, HttpResponse::Ok(), &refused, asked.lang).await
}

/// The commands that a file consists of.
fn chunks(wish: &Wish, sha256: [u8; 32], mode: FileMode, rows: Vec<FileRow>) -> Vec<Submission> {
    let size = match mode {
        FileMode::Atomic => rows.len().max(1),
        FileMode::Chunks => FILE_CHUNK_ROWS,
    };
    let mut buffer = Vec::new();
    let mut rows = rows.into_iter();
    let mut made = Vec::new();
    loop {
        let chunk: Box<[FileRow]> = rows.by_ref().take(size).collect();
        if chunk.is_empty() {
            return made;
        }
        let command = Command::IssueFileRows(Box::new(IssueFileRows {
            programme: wish.programme,
            sha256,
            chunk: u32::try_from(made.len()).expect("a file has at most a thousand chunks"),
            rows: chunk,
        }));
        made.push(Submission {
            fingerprint: codec::fingerprint_with(&command, &mut buffer),
            ..Submission::new(wish.principal, command)
        });
    }
}

enum Proposed {
    Approved(VoucherFileId),
    /// Another person has to approve it first.
    Waits(HttpResponse),
    /// It waits for that already.
    Waited(HttpResponse),
}

async fn propose(
    shared: &Shared,
    wish: &Wish,
    command: ApproveVoucherFile,
) -> Result<Proposed, Problem> {
    let node = &shared.node;
    let sha256 = command.sha256;
    let command = Command::ApproveVoucherFile(Box::new(command));
    let submission = Submission {
        fingerprint: codec::fingerprint(&command),
        ..Submission::new(wish.principal, command)
    };
    let answer = match node.submit(submission).await {
        Ok(answer) => answer,
        // Somebody else was faster with the same file.
        Err(NodeError::Rejected(Rejection::Exists(_))) => {
            let known = node.read(|state| state.voucher_file_by_hash(sha256, wish.programme));
            let known = known.await?.0;
            return known
                .map(Proposed::Approved)
                .ok_or_else(|| Problem::new("UNAVAILABLE"));
        }
        Err(error) => return Err(error.into()),
    };
    let approved = answer
        .events
        .iter()
        .find_map(|recorded| match &recorded.event {
            Event::VoucherFileApproved(e) => Some(e.file),
            _ => None,
        });
    if let Some(file) = approved {
        return Ok(Proposed::Approved(file));
    }
    let pending = answer.events.iter().find_map(|e| refusal_of(&e.event));
    if pending == Some(RefusalCode::ProposalPending)
        && let Some(answer) = super::waiting::answer(shared, sha256, wish.programme).await?
    {
        return Ok(Proposed::Waited(answer));
    }
    let tag = node.ledger_tag();
    let (_, fact) = node.peek(|state| render(&View::all(state, tag), &answer.events))??;
    Ok(Proposed::Waits(body(
        HttpResponse::Accepted(),
        answer.seen,
        &fact,
    )))
}

impl Work {
    pub(super) async fn run(self) -> Result<Issued, Problem> {
        let mut issued = Issued {
            refused: Vec::new(),
            seen: Seq(0),
        };
        let mut pauses = 0;
        loop {
            let next = self.node.peek(|state| {
                let row = state.voucher_file(self.file)?;
                (!row.is_done()).then_some(row.done as usize)
            })?;
            let Some(next) = next else {
                return Ok(issued);
            };
            // Fewer chunks than were approved: the file is not read as it was then.
            let Some(chunk) = self.chunks.get(next) else {
                return Err(not_approved());
            };
            debug_assert_eq!(chunk.principal, self.principal);
            match self.node.submit(chunk.clone()).await {
                Ok(answer) => {
                    issued.seen = answer.seen;
                    self.note(answer.events, &mut issued)?;
                }
                Err(NodeError::Busy) if pauses < PAUSES_MAX => {
                    pauses += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn note(&self, events: Vec<Recorded>, issued: &mut Issued) -> Result<(), Problem> {
        let first = events.first().ok_or_else(|| Problem::new("UNAVAILABLE"))?;
        match &first.event {
            // Another run was faster with this chunk.
            Event::CommandRefused(e) if e.code == RefusalCode::FileRowsDone => return Ok(()),
            Event::CommandRefused(_) => {
                let tag = self.node.ledger_tag();
                let refused = self
                    .node
                    .peek(|state| refusal(&View::all(state, tag), first))?;
                return Err(refused.unwrap_or_else(not_approved));
            }
            _ => {}
        }
        let refused = events
            .into_iter()
            .filter(|recorded| matches!(recorded.event, Event::FileRowRefused(_)));
        let room = FAULTS_MAX.saturating_sub(issued.refused.len());
        issued.refused.extend(refused.take(room));
        Ok(())
    }
}

fn not_approved() -> Problem {
    let code = RefusalCode::FileRowsNotApproved;
    Problem::refused(code, crate::engine::refusal::Faults::NONE)
}

/// How far a file has got, and the rows that this run saw refused.
async fn progress(
    node: &Node,
    file: VoucherFileId,
    response: actix_web::HttpResponseBuilder,
    refused: &[Recorded],
    lang: Lang,
) -> Result<HttpResponse, Problem> {
    let tag = node.ledger_tag();
    let look = |state: &crate::engine::State| {
        let row = state.voucher_file(file)?;
        let view = View::all(state, tag);
        let mut progress = view.voucher_file(row);
        if !row.is_done() {
            progress["state"] = json!("running");
        }
        let told = refused.iter().map(|recorded| {
            let mut fact = view.fact(recorded);
            let code = fact["result"].as_str().unwrap_or_default().to_owned();
            fact["problem"] = json!(text(&code, lang));
            fact["refusal_id"] = view.refusal(recorded.meta.seq);
            fact
        });
        progress["refused_rows"] = told.collect::<Value>();
        Some(progress)
    };
    let (progress, seen) = node.read(look).await?;
    let progress = progress.ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    Ok(body(response, seen, &progress))
}
