//! Large things in and out: the import of a workload and the backup of the installation.

use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::difference::DryRunView;
use crate::problem::Problem;
use crate::route::{Route, Value as Param, Where};
use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use rolecall_model::operation as op;
use rolecall_service::{self as service, Ctx, Done};
use serde::Serialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// What an import came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportView {
    /// The revision of its one entry.
    pub revision: u64,
    /// How many lines were read.
    pub lines: u64,
}

/// Counts the lines that pass.
#[derive(Default)]
struct Counted {
    ends: AtomicU64,
    /// Whether the last byte that passed was not the end of a line.
    open: AtomicU64,
}

impl Counted {
    #[expect(clippy::naive_bytecount, reason = "reading a line costs far more than counting its end")]
    fn count(&self, piece: &Bytes) {
        let ends = piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.ends.fetch_add(ends, Ordering::Relaxed);
        if let Some(last) = piece.last() {
            self.open.store(u64::from(*last != b'\n'), Ordering::Relaxed);
        }
    }

    fn lines(&self) -> u64 {
        self.ends.load(Ordering::Relaxed) + self.open.load(Ordering::Relaxed)
    }
}

async fn import(call: Call) -> Reply {
    let counted = Arc::new(Counted::default());
    let body = call.stream();
    if call.accepts("application/x-ndjson") {
        return Ok(Answer::stream("application/x-ndjson", progress(call.ctx.clone(), body, counted)));
    }
    let done = read(&call.ctx, body, &counted).await?;
    let view = ImportView { revision: done.revision, lines: counted.lines() };
    call.changed(&done, |_, _| Answer::json(&view).ok())
}

async fn read(ctx: &Ctx, body: Body, counted: &Arc<Counted>) -> Result<Done, Problem> {
    let counting = Arc::clone(counted);
    let pieces = body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(std::io::Error::other)?;
        counting.count(&piece);
        Ok(piece)
    });
    Ok(service::import(ctx, pieces).await?)
}

/// Lines of progress, then what it came to. The status went out before, so a problem is the last line.
fn progress(ctx: Ctx, body: Body, counted: Arc<Counted>) -> Body {
    let (sender, receiver) = oneshot::channel();
    let own = Arc::clone(&counted);
    tokio::spawn(async move {
        let result = read(&ctx, body, &own).await.map(|done| told(&ctx, &done, &own));
        // Nobody waits when the caller went away; the import stands or fell all the same.
        let _unread = sender.send(result);
    });
    let lines = futures::stream::unfold(Some(receiver), move |receiver| {
        let counted = Arc::clone(&counted);
        async move {
            let mut receiver = receiver?;
            let line = tokio::select! {
                biased;
                result = &mut receiver => return Some((last(result), None)),
                () = tokio::time::sleep(PROGRESS_EVERY) => format!("{{\"lines\":{}}}\n", counted.lines()),
            };
            Some((Bytes::from(line), Some(receiver)))
        }
    });
    Body::from_stream(lines.map(Ok::<_, Infallible>))
}

/// What an import came to, or what it would come to.
fn told(ctx: &Ctx, done: &Done, counted: &Counted) -> Value {
    match &done.difference {
        Some(difference) => json!({ "done": DryRunView::of(ctx, done, difference) }),
        None => json!({ "done": ImportView { revision: done.revision, lines: counted.lines() } }),
    }
}

fn last(result: Result<Result<Value, Problem>, oneshot::error::RecvError>) -> Bytes {
    let value = match result {
        Ok(Ok(told)) => told,
        Ok(Err(problem)) => json!({ "problem": problem }),
        Err(_) => {
            json!({ "problem": Problem::new("internal", "the import broke off; nothing was changed") })
        }
    };
    Bytes::from(format!("{value}\n"))
}

async fn backup(call: Call) -> Reply {
    let pieces = service::backup(&call.ctx).await?;
    Ok(Answer::stream("application/octet-stream", Body::from_stream(pieces)))
}

/// The routes of imports and backups.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post("/import", "import", "Import a workload, of any size, as one entry: all or nothing. With Accept: application/x-ndjson, lines of progress")
            .needs(op::IMPORT)
            .takes_stream("application/x-ndjson")
            .answers::<ImportView>()
            .required("format", Param::OneOf(&["workload"]), "The form of the file.")
            .by(import),
        Route::get("/backup", "backup", "One consistent snapshot of the whole installation, as a database file")
            .needs_at(op::BACKUP, Where::Home)
            .present_only()
            .streams(&["application/octet-stream"])
            .by(backup),
    ]
}
