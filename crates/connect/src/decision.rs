//! The three methods of the service.

use crate::batch;
use crate::conversation;
use crate::door::caller;
use crate::fault::fault;
use crate::question::{Asked, Asking, Unanswered};
use crate::v1::{
    CheckManyRequest, CheckManyResponse, CheckRequest, CheckResponse, CheckStreamRequest, CheckStreamResponse,
    DecisionService,
};
use connectrpc::{ConnectError, InboundStream, RequestContext, Response, ServiceRequest, ServiceResult, ServiceStream};

/// Answers every call; whom it answers stands in the call itself.
pub(crate) struct Decisions;

#[allow(refining_impl_trait, reason = "the types that are named are what the trait asks for, said plainly")]
impl DecisionService for Decisions {
    async fn check(
        &self,
        call: RequestContext,
        request: ServiceRequest<'_, CheckRequest>,
    ) -> ServiceResult<CheckResponse> {
        let ctx = caller(&call)?;
        let asked = Asked::from(request.view());
        let allowed = Asking::new(ctx).decide(&asked).map_err(|unanswered| match unanswered {
            Unanswered::Refused(error) => fault(error),
            Unanswered::Lacks(field) => ConnectError::invalid_argument(lacks(field)),
        })?;
        Response::ok(CheckResponse { allowed, revision: ctx.revision() })
    }

    async fn check_many(
        &self,
        call: RequestContext,
        request: ServiceRequest<'_, CheckManyRequest>,
    ) -> ServiceResult<CheckManyResponse> {
        Response::ok(batch::answer(caller(&call)?, request.view())?)
    }

    async fn check_stream(
        &self,
        call: RequestContext,
        requests: InboundStream<CheckStreamRequest>,
    ) -> ServiceResult<ServiceStream<CheckStreamResponse>> {
        Ok(Response::stream(conversation::answers(caller(&call)?.clone(), requests)))
    }
}

/// What is wrong with a question that leaves out a part.
pub(crate) fn lacks(field: &str) -> String {
    format!("the question has no `{field}`; every question names a subject and an action")
}
