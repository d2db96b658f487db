//! Applications; the client calls them API keys. What a client says about one and Rolecall does not act by, such as where
//! it may be called back, is kept as it came and shown again.

use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::filter::Filters;
use crate::identity;
use crate::page::Page;
use crate::wire::identity::{
    App, CreateAppRequest, GrantTypes, Instant, ListAppsRequest, ListAppsResponse, ResponseTypes,
    TokenEndpointAuthMethod, UpdateAppRequest,
};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::application::{ApplicationCommand, ApplicationPatch, NewApplication};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::{Principal, PrincipalChange, PrincipalKind};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::token::TokenKind;
use rolecall_model::{Change, Org, operation as op};
use rolecall_service::{self as service, Done};
use serde_json::{Map, Value, json};

/// Adds an application with a secret, which only this answer shows.
pub(crate) async fn create(caller: &Caller, request: &CreateAppRequest) -> Result<App, ConnectError> {
    caller.ctx.require(op::APPLICATIONS_WRITE, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(&request.organization)?;
    if request.client_name.is_empty() {
        return Err(invalid("the application's name (client_name) is missing"));
    }
    let new = NewApplication {
        name: request.client_name.clone(),
        client_id: Some(request.client_id.clone()).filter(|id| !id.is_empty()),
        terms: Terms::of(Source::Manual),
        attributes: kept(&said_at_first(request)),
        ..NewApplication::default()
    };
    let (done, secret) = service::create_application(&caller.ctx, new, true).await.map_err(fault)?;
    let mut app = of_change(&done, &own)?;
    app.client_secret = secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
    Ok(app)
}

/// Changes what is given and keeps the rest.
pub(crate) async fn update(caller: &Caller, request: &UpdateAppRequest) -> Result<App, ConnectError> {
    let own = caller.organization(&request.organization)?;
    let target = reference(&request.client_id)?;
    let before = identity::seen(caller, &target)?.1;
    let patch = ApplicationPatch {
        name: Some(request.client_name.clone()).filter(|name| !name.is_empty()),
        attributes: Some(kept(&said_now(details(before), request))),
        ..ApplicationPatch::default()
    };
    let view = caller.execute(ApplicationCommand::Change(target.clone(), patch)).await?.view;
    let org = view.org();
    let found = rolecall_model::resolve::application(org, &target, "");
    let (id, application) = found.map_err(|refusal| fault(refusal.into()))?;
    Ok(shown(org, &own, id, application))
}

/// Deletes an application, and with it what it held.
pub(crate) async fn delete(caller: &Caller, organization: &str, client_id: &str) -> Result<(), ConnectError> {
    caller.organization(organization)?;
    caller.execute(ApplicationCommand::Delete(reference(client_id)?)).await.map(drop)
}

/// An application that the caller may see.
pub(crate) fn get(caller: &Caller, organization: &str, client_id: &str) -> Result<App, ConnectError> {
    let own = caller.organization(organization)?;
    let (id, application) = identity::seen(caller, &reference(client_id)?)?;
    Ok(shown(caller.ctx.org(), &own, id, application))
}

/// A page of applications.
pub(crate) fn list(caller: &Caller, request: &ListAppsRequest) -> Result<ListAppsResponse, ConnectError> {
    caller.ctx.require(op::APPLICATIONS_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(&request.organization)?;
    let org = caller.ctx.org();
    let page = Page::of(&request.request)?;
    let filters = Filters::of(&request.request, &["client_id", "client_name"])?;
    let keep = |(_, application): &(PrincipalId, &Principal)| {
        let client_id = identity::client_id(application);
        let field = |name: &str| if name == "client_id" { client_id.as_str() } else { application.name.as_str() };
        application.kind() == PrincipalKind::Application && filters.keep(field)
    };
    let apps = org.principals().filter(keep).map(|(id, application)| (id.number(), (id, application)));
    let (apps, token) = page.take(apps, |(id, application)| shown(org, &own, id, application));
    Ok(ListAppsResponse { apps, token })
}

fn reference(client_id: &str) -> Result<SubjectRef, ConnectError> {
    if client_id.is_empty() {
        return Err(invalid("the application's client id is missing"));
    }
    Ok(SubjectRef::Application(client_id.into()))
}

fn of_change(done: &Done, own: &str) -> Result<App, ConnectError> {
    let id = done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Created { id, .. }) => Some(*id),
        _ => None,
    });
    let org = done.view.org();
    let made = id.and_then(|id| Some(shown(org, own, id, org.principal(id)?)));
    made.ok_or_else(|| invalid("the application was made before and is gone again"))
}

/// An application as the wire has it, without its secret.
fn shown(org: &Org, own: &str, id: PrincipalId, application: &Principal) -> App {
    App {
        organization: own.to_owned(),
        client_id: identity::client_id(application),
        client_id_issued_at: issued(org, id).into(),
        client_name: application.name.to_string(),
        ..details(application)
    }
}

/// When its first living secret was issued.
fn issued(org: &Org, id: PrincipalId) -> Option<Instant> {
    let secrets =
        org.tokens_of(id).filter_map(|token| org.token(token)).filter(|token| token.kind == TokenKind::Secret);
    let micros = secrets.map(|token| token.issued).min()?.micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Some(Instant { seconds: micros.div_euclid(1_000_000), nanos })
}

/// What was said about it; of one that was made elsewhere, by what it can sign in.
fn details(application: &Principal) -> App {
    let attributes = application.attributes();
    let kept = attributes.get("union").and_then(|union| union.get("client"));
    kept.and_then(|kept| serde_json::from_value(kept.clone()).ok()).unwrap_or_else(|| App {
        grant_types: vec![GrantTypes::CLIENT_CREDENTIALS.into()],
        response_types: vec![ResponseTypes::CODE.into()],
        token_endpoint_auth_method: TokenEndpointAuthMethod::CLIENT_SECRET_BASIC.into(),
        ..App::default()
    })
}

fn kept(details: &App) -> Map<String, Value> {
    let client = serde_json::to_value(details).unwrap_or_default();
    Map::from_iter([("union".to_owned(), json!({"client": client}))])
}

fn said_at_first(request: &CreateAppRequest) -> App {
    App {
        redirect_uris: request.redirect_uris.clone(),
        response_types: request.response_types.clone(),
        grant_types: request.grant_types.clone(),
        application_type: request.application_type,
        contacts: request.contacts.clone(),
        logo_uri: request.logo_uri.clone(),
        client_uri: request.client_uri.clone(),
        policy_uri: request.policy_uri.clone(),
        tos_uri: request.tos_uri.clone(),
        jwks_uri: request.jwks_uri.clone(),
        token_endpoint_auth_method: request.token_endpoint_auth_method,
        ..App::default()
    }
}

/// The wire cannot tell what is empty from what was not mentioned, so what is empty stays as it was.
fn said_now(before: App, request: &UpdateAppRequest) -> App {
    fn or<T: Clone + Default + PartialEq>(now: &T, before: T) -> T {
        if *now == T::default() { before } else { now.clone() }
    }
    App {
        redirect_uris: or(&request.redirect_uris, before.redirect_uris),
        response_types: or(&request.response_types, before.response_types),
        grant_types: or(&request.grant_types, before.grant_types),
        application_type: or(&request.application_type, before.application_type),
        contacts: or(&request.contacts, before.contacts),
        logo_uri: or(&request.logo_uri, before.logo_uri),
        client_uri: or(&request.client_uri, before.client_uri),
        policy_uri: or(&request.policy_uri, before.policy_uri),
        tos_uri: or(&request.tos_uri, before.tos_uri),
        jwks_uri: or(&request.jwks_uri, before.jwks_uri),
        token_endpoint_auth_method: or(&request.token_endpoint_auth_method, before.token_endpoint_auth_method),
        ..App::default()
    }
}
