//! Sign-in providers over the wire. A client secret goes in and never comes out.

use crate::answer::{Answer, Item, Reply};
use crate::call::{Call, reference};
use crate::difference::DryRunView;
use crate::json::{given, nullable};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::problem::Problem;
use crate::route::Route;
use crate::wire::{self, BindingBody};
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::command::Ref;
use rolecall_model::id::{GroupId, Holder, PrincipalId};
use rolecall_model::policy::Binding;
use rolecall_model::provider::{GroupSync, NewProvider, Provider, ProviderChange, ProviderCommand, ProviderPatch};
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use rolecall_service::sso::{self, Claimed, Trial, Who};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How groups follow a provider.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSyncBody {
    /// Whether they do at all.
    #[serde(default)]
    pub enabled: bool,
    /// Where the groups' names stand in the token: a `JSONPath` (RFC 9535) such as `$.groups` or
    /// `$.groups[*].name`.
    #[serde(default)]
    pub path: String,
    /// Whether the scope `groups` is asked for too.
    #[serde(default)]
    pub add_groups_scope: bool,
}

impl From<GroupSyncBody> for GroupSync {
    fn from(GroupSyncBody { enabled, path, add_groups_scope }: GroupSyncBody) -> Self {
        GroupSync { enabled, path: path.into(), add_groups_scope }
    }
}

/// A new sign-in provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProviderBody {
    /// Its name, which stands in addresses and never changes: small letters, digits and hyphens.
    pub name: String,
    /// What people call it; absent means as its name.
    #[serde(default)]
    pub title: String,
    /// Its issuer identifier, exactly as its metadata has it.
    pub issuer: String,
    /// What it knows this organization by.
    pub client_id: String,
    /// The client secret; absent for a public client. It is never answered.
    #[serde(default)]
    #[schema(write_only)]
    pub client_secret: Option<String>,
    /// The scopes asked for; `openid` goes without saying.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Whether anybody can sign in by it.
    #[serde(default = "crate::user::yes")]
    pub active: bool,
    /// Whether somebody whose address the provider has verified is taken for the user of that address.
    #[serde(default)]
    pub link_by_email: bool,
    /// Whether somebody unknown becomes a user.
    #[serde(default)]
    pub create_users: bool,
    /// Only somebody whose verified address is of one of these domains; empty means anybody.
    #[serde(default)]
    pub email_domains: Vec<String>,
    /// Policies that such a user is given.
    #[serde(default)]
    pub default_policies: Vec<String>,
    /// Roles that such a user is given.
    #[serde(default)]
    pub default_roles: Vec<BindingBody>,
    /// How groups follow it.
    #[serde(default)]
    pub group_sync: GroupSyncBody,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).into()
}

/// What of a sign-in provider is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Its issuer identifier. Users stay linked to their accounts at the old one.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub issuer: Option<String>,
    /// What it knows this organization by.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub client_id: Option<String>,
    /// A new client secret; null takes it away. It is never answered.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<Option<String>>,
    /// All scopes from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub scopes: Option<Vec<String>>,
    /// Whether anybody can sign in by it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Whether a verified address links.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub link_by_email: Option<bool>,
    /// Whether somebody unknown becomes a user.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub create_users: Option<bool>,
    /// All domains from now on: only somebody whose verified address is of one of them becomes a user; empty means
    /// anybody.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub email_domains: Option<Vec<String>>,
    /// All policies that such a user is given from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub default_policies: Option<Vec<String>>,
    /// All roles that such a user is given from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub default_roles: Option<Vec<BindingBody>>,
    /// How groups follow it; what is absent stays.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub group_sync: Option<GroupSyncPatchBody>,
}

/// What of how groups follow a provider is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSyncPatchBody {
    /// Whether they do at all.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
    /// Where the groups' names stand in the token.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub path: Option<String>,
    /// Whether the scope `groups` is asked for too.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub add_groups_scope: Option<bool>,
}

impl GroupSyncPatchBody {
    fn on(self, sync: &GroupSync) -> GroupSync {
        GroupSync {
            enabled: self.enabled.unwrap_or(sync.enabled),
            path: self.path.map_or_else(|| sync.path.clone(), Into::into),
            add_groups_scope: self.add_groups_scope.unwrap_or(sync.add_groups_scope),
        }
    }
}

impl ProviderPatchBody {
    /// The patch of a provider, and the secret if one is given.
    #[allow(clippy::type_complexity, reason = "absent, null and a value are three things")]
    fn on(self, present: Option<&Provider>) -> (ProviderPatch, Option<Option<String>>) {
        let (policies, roles) = present.map(defaults).unwrap_or_default();
        let defaults = (self.default_policies.is_some() || self.default_roles.is_some()).then(|| {
            let given = |names: Vec<String>| wire::grants(names, Vec::new());
            let mut grants = self.default_policies.map_or(policies, given);
            grants.extend(self.default_roles.map_or(roles, |roles| wire::grants(Vec::new(), roles)));
            grants
        });
        let sync = present.map(|provider| provider.group_sync.clone()).unwrap_or_default();
        let patch = ProviderPatch {
            title: self.title,
            issuer: self.issuer,
            client_id: self.client_id,
            scopes: self.scopes,
            active: self.active,
            link_by_email: self.link_by_email,
            create_users: self.create_users,
            email_domains: self.email_domains,
            defaults,
            group_sync: self.group_sync.map(|patch| patch.on(&sync)),
            secret: false,
        };
        (patch, self.client_secret)
    }
}

/// What a provider gives to new users, as one would name it: policies and roles.
fn defaults(provider: &Provider) -> (Vec<GrantRef>, Vec<GrantRef>) {
    let number = |binding: &Binding| rolecall_model::policy::BindingRef {
        role: Ref::Number(binding.role.number()),
        scope: rolecall_model::scope::ScopeRef {
            project: binding.scope.project.map(|id| Ref::Number(id.number())),
            environment: binding.scope.environment.map(|id| Ref::Number(id.number())),
        },
    };
    let (mut policies, mut roles) = (Vec::new(), Vec::new());
    for grant in &provider.defaults {
        match grant {
            Grant::Policy(id) => policies.push(GrantRef::Policy(Ref::Number(id.number()))),
            Grant::Role(binding) => roles.push(GrantRef::Role(number(binding))),
        }
    }
    (policies, roles)
}

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

/// The claims of a token to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderDryRunBody {
    /// The claims of an ID token, decoded.
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
    /// What the userinfo endpoint says, when the token is silent on something.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub userinfo: Option<Map<String, Value>>,
}

/// Who somebody would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldBeView {
    /// Its opaque id; absent when it would be new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What people would call it.
    pub name: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its sign-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The id another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// What would happen if somebody came back from the provider with these claims. Nothing was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderDryRunView {
    /// `known` (linked already), `linked` (by the verified address), `new` (added), or `nobody` (not let in).
    pub who: &'static str,
    /// Who it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<WouldBeView>,
    /// Why nobody would be let in, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is said of groups: `off` (they do not follow the provider), `absent`, `malformed`, `empty` or `names`.
    /// Only the last two change memberships.
    pub groups: &'static str,
    /// The names of the groups, as the provider has them.
    pub group_names: Vec<String>,
    /// The groups here that would be joined.
    pub joined: Vec<String>,
    /// The groups here that would be left.
    pub left: Vec<String>,
    /// Whether memberships would stay all the same, because nobody would be left who can administer.
    pub kept: bool,
    /// Whether the provider names another address than the one kept, which would stay.
    pub other_address: bool,
    /// Who would gain and who would lose what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<DryRunView>,
}

impl ProviderDryRunView {
    fn of(call: &Call, trial: &Trial) -> Self {
        let org = trial.done.as_ref().map_or_else(|| call.org(), |done| done.view.org());
        let (who, user, is_new) = match &trial.who {
            Who::Known(id) => ("known", Some(*id), false),
            Who::Linked(id) => ("linked", Some(*id), false),
            Who::New(id) => ("new", Some(*id), true),
            Who::Barred(_) | Who::Refused(_) => ("nobody", None, false),
        };
        let (reason, detail) = match &trial.who {
            Who::Barred(barred) => (Some(barred.code()), Some(barred.reason().to_owned())),
            Who::Refused(refusal) => (Some(refusal.kind.code()), Some(refusal.message.clone())),
            _ => (None, None),
        };
        let (groups, group_names) = match &trial.groups {
            None => ("off", Vec::new()),
            Some(Claimed::Absent) => ("absent", Vec::new()),
            Some(Claimed::Malformed) => ("malformed", Vec::new()),
            Some(Claimed::Names(names)) => (if names.is_empty() { "empty" } else { "names" }, names.clone()),
        };
        let names = |groups: &[GroupId]| groups.iter().map(|id| wire::holder_name(org, Holder::Group(*id))).collect();
        let difference = trial.done.as_ref().and_then(|done| Some((done, done.difference.as_ref()?)));
        ProviderDryRunView {
            who,
            user: user.and_then(|id| would_be(org, id, is_new)),
            reason,
            detail,
            groups,
            group_names,
            joined: names(&trial.joined),
            left: names(&trial.left),
            kept: trial.kept,
            other_address: trial.other_address,
            difference: difference.map(|(done, difference)| DryRunView::of(&call.ctx, done, difference)),
        }
    }
}

fn would_be(org: &Org, id: PrincipalId, is_new: bool) -> Option<WouldBeView> {
    let user = org.principal(id)?;
    let text = |text: &Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string);
    Some(WouldBeView {
        // The id of somebody new is drawn when they really come.
        subject: (!is_new).then(|| user.subject.to_string()),
        name: user.name.to_string(),
        email: text(&user.email),
        username: text(&user.username),
        external_id: text(&user.external_id),
    })
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

async fn dry_run(call: Call) -> Reply {
    let ProviderDryRunBody { claims, userinfo } = call.json().await?;
    let trial = sso::dry_run(&call.ctx, &call.target("provider"), claims, userinfo).await?;
    Answer::json(&ProviderDryRunView::of(&call, &trial))
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
        .by(dry_run),
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
