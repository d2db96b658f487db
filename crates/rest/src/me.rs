//! Who the caller is and what it may do.

use crate::access::{RightView, rights};
use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::problem::Problem;
use crate::route::Route;
use crate::wire::ScopeView;
use rolecall_model::Timestamp;
use rolecall_model::id::Holder;
use rolecall_model::provenance::Terms;
use rolecall_model::rights::Rights;
use serde::Serialize;
use utoipa::ToSchema;

/// The token that the caller uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnTokenView {
    /// Its opaque id.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Where at most the caller acts through it.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// The only actions the caller can do through it; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// When it stops to count; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeView {
    /// Its opaque id.
    pub subject: String,
    /// Its number.
    pub number: u32,
    /// `user` or `application`.
    pub kind: &'static str,
    /// What people call it.
    pub name: String,
    /// The identifier by which people know it best.
    pub identifier: String,
    /// A user's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The organization's name.
    pub organization: String,
    /// What people call the organization.
    pub organization_title: String,
    /// Whether the organization is the home of the installation.
    pub home: bool,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// Whether it holds every administrative action in the whole organization.
    pub administrator: bool,
    /// The token it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<OwnTokenView>,
    /// What it may do, each right with its sources; a token may narrow it.
    pub rights: Vec<RightView>,
}

async fn read(call: Call) -> Reply {
    let (org, id) = (call.org(), call.ctx.principal());
    let gone = || Problem::new("unauthenticated", "whose credential this is was not there then");
    let principal = org.principal(id).ok_or_else(gone)?;
    let settings = org.settings();
    let at = call.ctx.asked_at();
    let in_force = |terms: &Terms| terms.in_force(at);
    let token = call.ctx.token().and_then(|id| org.token(id)).map(|token| OwnTokenView {
        key: token.key.to_string(),
        name: token.value.name.to_string(),
        scope: ScopeView::of(org, token.scope),
        actions: token.actions.as_ref().map(|ids| ids.iter().map(|id| crate::wire::action(org, *id)).collect()),
        until: token.until,
    });
    let groups =
        principal.memberships.iter().map(|membership| crate::wire::holder_name(org, Holder::Group(membership.group)));
    Answer::json(&MeView {
        subject: principal.subject.to_string(),
        number: id.number(),
        kind: principal.kind().word(),
        name: principal.name.to_string(),
        identifier: principal.best_identifier().to_string(),
        email: principal.email.as_ref().map(ToString::to_string),
        organization: settings.map(|settings| settings.name.to_string()).unwrap_or_default(),
        organization_title: settings.map(|settings| settings.title.to_string()).unwrap_or_default(),
        home: call.ctx.is_home(),
        groups: groups.collect(),
        administrator: Rights::of_principal(org, id, in_force).are_an_administrators(),
        token,
        rights: rights(&call, org, &call.ctx.index().access_of(id, at)),
    })
}

/// The routes about the caller.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/me", "read_me", "Read who the caller is and what it may do")
            .open("it is about the caller")
            .answers::<MeView>()
            .by(read),
    ]
}
