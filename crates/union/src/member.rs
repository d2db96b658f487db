//! Members: users and applications together.

use crate::door::Caller;
use crate::fault::fault;
use crate::wire::common::__buffa::oneof::enriched_identity::Principal as Kind;
use crate::wire::common::{AppSpec, Application, ApplicationIdentifier, EnrichedIdentity};
use crate::{identity, user};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::operation as op;
use rolecall_model::principal::PrincipalKind;

/// All members, as far as the caller may see them. The wire has no pages for them.
pub(crate) fn list(caller: &Caller, organization: &str) -> Result<Vec<EnrichedIdentity>, ConnectError> {
    let ctx = &caller.ctx;
    if !ctx.may(op::APPLICATIONS_READ, Place::ORGANIZATION) {
        ctx.require(op::USERS_READ, Place::ORGANIZATION).map_err(fault)?;
    }
    let own = caller.organization(organization)?;
    let all = ctx.org().principals().filter(|(id, principal)| identity::sees(caller, *id, principal.kind()));
    let members = all.map(|(id, principal)| match principal.kind() {
        PrincipalKind::User => Kind::from(user::shown(caller, &own, id, principal, true)),
        PrincipalKind::Application => Kind::from(Application {
            id: ApplicationIdentifier { subject: identity::client_id(principal) }.into(),
            spec: AppSpec { name: principal.name.to_string(), organization: own.clone() }.into(),
        }),
    });
    Ok(members.map(|principal| EnrichedIdentity { principal: Some(principal) }).collect())
}
