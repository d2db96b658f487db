//! Sign-in providers over the wire. A client secret goes in and never comes out.

mod body;
mod dry_run;

use body::defaults;
pub(crate) use body::{GroupSyncBody, NewProviderBody, ProviderPatchBody};
pub(crate) use dry_run::{ProviderDryRunBody, ProviderDryRunView};

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::problem::Problem;
use crate::route::Route;
use crate::wire::{self, BindingBody};
use rolecall_model::assignment::Grant;
use rolecall_model::provider::{GroupSync, NewProvider, ProviderChange, ProviderCommand};
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use rolecall_service::sso;
use serde::Serialize;
use utoipa::ToSchema;

/// A sign-in provider. Its client secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// What it knows this organization by.
    pub client_id: String,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Whether anybody can sign in by it.
    pub active: bool,
    /// Whether somebody whose address the provider has verified is taken for the user of that address.
    pub link_by_email: bool,
    /// Whether somebody unknown becomes a user.
    pub create_users: bool,
    /// Only somebody whose verified address is of one of these domains; empty means anybody.
    pub email_domains: Vec<String>,
    /// Policies that such a user is given.
    pub default_policies: Vec<String>,
    /// Roles that such a user is given.
    pub default_roles: Vec<BindingBody>,
    /// How groups follow it.
    pub group_sync: GroupSyncBody,
    /// Where the provider must send browsers back to: to be registered there, under the public URL.
    pub redirect_path: &'static str,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Sign-in providers.
pub(crate) struct Providers;

impl Noun for Providers {
    const WORD: &'static str = "provider";
    const PATH: &'static str = "/providers";
    type View = ProviderView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::provider(org, &reference(named), "").map(rolecall_model::id::ProviderId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<ProviderView>> {
        let row = org.providers.get(number)?;
        let (mut policies, mut bindings) = (Vec::new(), Vec::new());
        for grant in &row.defaults {
            match grant {
                Grant::Policy(id) => policies.push(wire::policy(org, *id)),
                Grant::Role(binding) => bindings.push(*binding),
            }
        }
        let GroupSync { enabled, path, add_groups_scope } = row.group_sync.clone();
        let openid = std::iter::once("openid".to_owned());
        let view = ProviderView {
            number,
            name: row.name.to_string(),
            title: row.title.to_string(),
            issuer: row.issuer.to_string(),
            client_id: row.client_id.to_string(),
            scopes: openid.chain(row.scopes.iter().map(ToString::to_string)).collect(),
            active: row.active,
            link_by_email: row.link_by_email,
            create_users: row.create_users,
            email_domains: row.email_domains.iter().map(ToString::to_string).collect(),
            default_policies: policies,
            default_roles: wire::binding_views(org, &bindings),
            group_sync: GroupSyncBody { enabled, path: path.into(), add_groups_scope },
            redirect_path: "/signin/sso/callback",
            created_revision: row.created.0,
            revision: row.changed.0,
        };
        Some(Item { revision: row.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Provider(ProviderChange::Created(row) | ProviderChange::Changed { after: row, .. }) => {
                Some(row.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &ProviderView) -> String {
        view.name.clone()
    }
}

/// The same problem, with the names of the body for what the rules call the defaults.
fn misfit(problem: impl Into<Problem>, policies: usize) -> Problem {
    let problem = problem.into();
    let Some(rest) = problem.field.as_deref().and_then(|field| field.strip_prefix("defaults[")) else { return problem };
    let Some((index, rest)) = rest.split_once(']') else { return problem };
    let Ok(index) = index.parse::<usize>() else { return problem };
    let field = match index.checked_sub(policies) {
        None => format!("default_policies[{index}]"),
        Some(index) => format!("default_roles[{index}]{rest}"),
    };
    problem.at(field)
}

async fn list(call: Call) -> Reply {
    noun::list::<Providers, _>(
        &call,
        |org| &org.providers,
        |_, row| has(&row.name, call.query("search")) || has(&row.title, call.query("search")),
    )
}

async fn create(call: Call) -> Reply {
    let body: NewProviderBody = call.json().await?;
    let policies = body.default_policies.len();
    let new = NewProvider {
        name: body.name,
        title: body.title,
        issuer: body.issuer,
        client_id: body.client_id,
        scopes: body.scopes,
        inactive: !body.active,
        link_by_email: body.link_by_email,
        create_users: body.create_users,
        email_domains: body.email_domains,
        defaults: wire::grants(body.default_policies, body.default_roles),
        group_sync: body.group_sync.into(),
    };
    let done = sso::create_provider(&call.ctx, new, body.client_secret).await;
    noun::made::<Providers>(&call, &done.map_err(|error| misfit(error, policies))?)
}

async fn change(call: Call) -> Reply {
    let body: ProviderPatchBody = call.json().await?;
    let target = call.target("provider");
    let id = resolve::provider(call.org(), &target, "").ok();
    let present = id.and_then(|id| call.org().provider(id)).map(|row| &row.value);
    let kept = present.map(|provider| defaults(provider).0.len()).unwrap_or_default();
    let policies = body.default_policies.as_ref().map_or(kept, Vec::len);
    let (patch, secret) = body.on(present);
    let done = sso::change_provider(&call.ctx, target, patch, secret).await;
    noun::changed::<Providers>(&call, &done.map_err(|error| misfit(error, policies))?)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(ProviderCommand::Delete(call.target("provider"))).await?;
    call.gone(&done)
}

async fn unlink(call: Call) -> Reply {
    let provider = call.target("provider");
    resolve::provider(call.org(), &provider, "").map_err(Refusal::of_target)?;
    let patch = UserPatch { unlink: Some(provider), ..UserPatch::default() };
    let done = call.change(UserCommand::Change(call.subject("user"), patch)).await?;
    call.gone(&done)
}

/// The routes of sign-in providers.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/providers", "list_providers", "List sign-in providers")
            .needs(op::PROVIDERS_READ)
            .lists::<ProviderView>()
            .by(list),
        Route::post("/providers", "create_provider", "Add a sign-in provider (OpenID Connect)")
            .needs(op::PROVIDERS_WRITE)
            .takes::<NewProviderBody>()
            .makes::<ProviderView>()
            .by(create),
        Route::get("/providers/{provider}", "read_provider", "Read a sign-in provider")
            .seen_by(op::PROVIDERS_READ)
            .answers::<ProviderView>()
            .by(|call| async move { noun::read::<Providers>(&call) }),
        Route::patch("/providers/{provider}", "change_provider", "Change a sign-in provider, or switch it off or on")
            .needs(op::PROVIDERS_WRITE)
            .seen_by(op::PROVIDERS_READ)
            .takes::<ProviderPatchBody>()
            .answers::<ProviderView>()
            .by(change),
        Route::delete(
            "/providers/{provider}",
            "delete_provider",
            "Delete a sign-in provider, and with it the links of users to it and the memberships from it alone",
        )
        .needs(op::PROVIDERS_WRITE)
        .seen_by(op::PROVIDERS_READ)
        .by(delete),
        Route::post(
            "/providers/{provider}/dry-run",
            "try_provider",
            "Say what would happen if somebody came back from a provider with these claims; nothing changes",
        )
        .needs(op::PROVIDERS_WRITE)
        .seen_by(op::PROVIDERS_READ)
        .takes::<ProviderDryRunBody>()
        .answers::<ProviderDryRunView>()
        .present_only()
        .by(dry_run::dry_run),
        Route::delete(
            "/users/{user}/identities/{provider}",
            "unlink_user",
            "Unlink a user from its accounts at a sign-in provider",
        )
        .needs(op::USERS_WRITE)
        .seen_by(op::USERS_READ)
        .by(unlink),
    ]
}
