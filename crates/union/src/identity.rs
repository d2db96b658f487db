//! Identities: users by subject, applications by client id, anybody by the id another system knows them by.

use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::wire::common::__buffa::oneof::identity::Principal as Kind;
use crate::wire::common::{ApplicationIdentifier, Identity, UserIdentifier};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::{Principal, PrincipalKind};
use rolecall_model::{Org, operation as op, resolve};

/// Somebody as commands name them.
///
/// # Errors
/// `invalid_argument` when nobody is named.
pub(crate) fn reference(identity: &Identity) -> Result<SubjectRef, ConnectError> {
    let (subject, named): (_, fn(_) -> _) = match &identity.principal {
        Some(Kind::UserId(user)) => (&user.subject, SubjectRef::User),
        Some(Kind::ApplicationId(application)) => (&application.subject, SubjectRef::Application),
        Some(Kind::ExternalIdentity(external)) => (&external.subject, SubjectRef::Any),
        None => return Err(invalid("the identity is missing; name a user or an application")),
    };
    if subject.is_empty() {
        return Err(invalid("the identity's subject is empty"));
    }
    Ok(named(subject.as_str().into()))
}

/// Somebody whom the caller may see.
///
/// # Errors
/// `not_found` for who is not there and for who may not be seen: both read the same.
pub(crate) fn seen<'o>(caller: &'o Caller, wanted: &SubjectRef) -> Result<(PrincipalId, &'o Principal), ConnectError> {
    let ctx = &caller.ctx;
    let found = resolve::principal(ctx.org(), wanted, "");
    if let Ok((id, principal)) = found
        && sees(caller, id, principal.kind())
    {
        return Ok((id, principal));
    }
    // An organization in which nobody is says it in the words for who is not there.
    let empty = Org::empty();
    let nobody = resolve::principal(&empty, wanted, "").err().map(|refusal| fault(refusal.into()));
    Err(nobody.unwrap_or_else(|| invalid("the identity cannot be looked up")))
}

/// Whether the caller may see somebody: itself always.
pub(crate) fn sees(caller: &Caller, id: PrincipalId, kind: PrincipalKind) -> bool {
    let read = match kind {
        PrincipalKind::User => op::USERS_READ,
        PrincipalKind::Application => op::APPLICATIONS_READ,
    };
    id == caller.ctx.principal() || caller.ctx.may(read, Place::ORGANIZATION)
}

/// By what the wire knows an application: its client id, else its subject.
pub(crate) fn client_id(application: &Principal) -> String {
    application.client_id().map_or_else(|| application.subject.to_string(), ToString::to_string)
}

/// Somebody as the wire has them.
pub(crate) fn shown(principal: &Principal) -> Identity {
    let kind = match principal.kind() {
        PrincipalKind::User => Kind::from(UserIdentifier { subject: principal.subject.to_string() }),
        PrincipalKind::Application => Kind::from(ApplicationIdentifier { subject: client_id(principal) }),
    };
    Identity { principal: Some(kind) }
}
