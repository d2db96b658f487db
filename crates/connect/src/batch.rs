//! Many questions at once, on one state and at one instant.

use crate::fault::fault;
use crate::question::{Asked, Asking, Unanswered};
use crate::v1::{CheckManyRequestView, CheckManyResponse, Refusal};
use connectrpc::ConnectError;
use rolecall_service::{Ctx, Error};

/// Most questions of one batch: so many take a few milliseconds.
pub const MOST_QUESTIONS: usize = 10_000;

/// Answers a batch. A question that may not be asked is refused alone, unless all are; one that is not whole is a
/// mistake in the calling program, which hears of it at once.
pub(crate) fn answer(ctx: &Ctx, batch: &CheckManyRequestView<'_>) -> Result<CheckManyResponse, ConnectError> {
    let count = batch.questions.len();
    if count > MOST_QUESTIONS {
        let message = format!(
            "at most {MOST_QUESTIONS} questions are answered at once and these are {count}; send fewer, or use CheckStream"
        );
        return Err(ConnectError::invalid_argument(message));
    }
    let defaults = batch.defaults.as_option().map(Asked::from).unwrap_or_default();
    let asking = Asking::new(ctx);
    let mut answers = CheckManyResponse { revision: ctx.revision(), ..CheckManyResponse::default() };
    answers.allowed.reserve_exact(count);
    let mut refused = None;
    for (number, question) in (0_u32..).zip(batch.questions.iter()) {
        let allowed = match asking.decide(&Asked::from(question).or(defaults)) {
            Ok(allowed) => allowed,
            Err(Unanswered::Lacks(field)) => return Err(lacks(number, field)),
            Err(Unanswered::Refused(error @ Error::Forbidden { .. })) => {
                answers.refusals.push(Refusal { question: number, message: error.to_string() });
                refused = Some(error);
                false
            }
            Err(Unanswered::Refused(error)) => return Err(fault(error)),
        };
        answers.allowed.push(allowed);
    }
    match refused {
        Some(error) if answers.refusals.len() == count => Err(fault(error)),
        _ => Ok(answers),
    }
}

fn lacks(number: u32, field: &str) -> ConnectError {
    ConnectError::invalid_argument(format!("questions[{number}] has no `{field}`, and neither have the defaults"))
}
