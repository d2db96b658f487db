//! A stream of questions and answers. It outlives the request that opened it, so the caller's credential and the state
//! are taken anew for each question.

use crate::decision::lacks;
use crate::fault::fault;
use crate::question::{Asked, Asking, Unanswered};
use crate::v1::{CheckStreamRequest, CheckStreamRequestView, CheckStreamResponse};
use connectrpc::{ConnectError, InboundStream};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use rolecall_service::{Ctx, Error};

struct Conversation {
    ctx: Ctx,
    questions: InboundStream<CheckStreamRequest>,
    /// Done when the server stops or the organization is gone.
    end: BoxFuture<'static, ()>,
}

/// The answers to questions, in their order, until there are no more or nobody may ask any more.
pub(crate) fn answers(
    ctx: Ctx,
    questions: InboundStream<CheckStreamRequest>,
) -> impl Stream<Item = Result<CheckStreamResponse, ConnectError>> + Send + 'static {
    let ending = ctx.clone();
    let end = async move { ending.streams_end().await }.boxed();
    futures::stream::unfold(Some(Conversation { ctx, questions, end }), |state| async move {
        let mut state = state?;
        let answer = state.next().await?;
        let goes_on = answer.is_ok();
        Some((answer, goes_on.then_some(state)))
    })
}

impl Conversation {
    async fn next(&mut self) -> Option<Result<CheckStreamResponse, ConnectError>> {
        let question = tokio::select! {
            biased;
            () = &mut self.end => return Some(Err(fault(Error::Closing))),
            question = self.questions.next() => question?,
        };
        let Some(ctx) = self.ctx.renewed() else {
            let message = "the token counts no longer; open a stream with another".to_owned();
            return Some(Err(fault(Error::Unauthenticated(message))));
        };
        Some(question.and_then(|question| answer(&ctx, question.view())))
    }
}

fn answer(ctx: &Ctx, question: &CheckStreamRequestView<'_>) -> Result<CheckStreamResponse, ConnectError> {
    let mut answer =
        CheckStreamResponse { id: question.id, revision: ctx.revision(), ..CheckStreamResponse::default() };
    match Asking::new(ctx).decide(&Asked::from(question)) {
        Ok(allowed) => answer.allowed = allowed,
        Err(Unanswered::Lacks(field)) => answer.refusal = lacks(field),
        Err(Unanswered::Refused(error @ Error::Forbidden { .. })) => answer.refusal = error.to_string(),
        Err(Unanswered::Refused(error)) => return Err(fault(error)),
    }
    Ok(answer)
}
