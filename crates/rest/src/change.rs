//! What has happened, as documented events: the words of the log with names instead of numbers.

use crate::sign_in::SignInView;
use crate::wire::{self, ScopeView};
use rolecall_model::action::{Action, ActionChange};
use rolecall_model::assignment::{AssignmentChange, Grant};
use rolecall_model::environment::{Environment, EnvironmentChange};
use rolecall_model::group::{GroupChange, GroupProfile};
use rolecall_model::id::Holder;
use rolecall_model::membership::MembershipChange;
use rolecall_model::organization::OrganizationChange;
use rolecall_model::policy::{Policy, PolicyChange};
use rolecall_model::principal::{LinkedIdentity, PrincipalChange, Profile};
use rolecall_model::project::{Project, ProjectChange};
use rolecall_model::provider::{Provider, ProviderChange};
use rolecall_model::resource_type::{ResourceType, ResourceTypeChange};
use rolecall_model::role::{Role, RoleChange};
use rolecall_model::token::{Token, TokenChange};
use rolecall_model::{Change, Org};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Something that happened to one thing.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// To what kind of thing: `organization`, `environment`, `project`, `action`, `role`, `policy`,
    /// `user`, `application`, `group`, `membership`, `assignment`, `token`, `resource_type`, `provider` or
    /// `import`.
    pub noun: &'static str,
    /// What happened: `created`, `changed`, `deleted`, `ordered`, `erased`, `granted`, `ended`,
    /// `added`, `removed`, `issued`, `revoked` or `imported`.
    pub happened: &'static str,
    /// The thing's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Its opaque id; of an assignment or membership, who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// As it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// As it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

impl ChangeView {
    const fn new(noun: &'static str, happened: &'static str) -> Self {
        ChangeView { noun, happened, name: None, number: None, subject: None, before: None, after: None }
    }
    fn named(mut self, name: &str, number: u32) -> Self {
        self.name = Some(name.to_string());
        self.number = Some(number);
        self
    }
    fn subject(mut self, subject: &impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }
    fn before(mut self, value: Value) -> Self {
        self.before = Some(value);
        self
    }
    fn after(mut self, value: Value) -> Self {
        self.after = Some(value);
        self
    }

    /// How a change reads; numbers are looked up in `org`, and stay numbers when the thing is gone.
    pub(crate) fn of(org: &Org, change: &Change) -> Self {
        match change {
            Change::Organization(change) => organization(change),
            Change::Action(change) => action_change(org, change),
            Change::Role(change) => role_change(org, change),
            Change::Policy(change) => policy_change(org, change),
            Change::Environment(change) => environment_change(org, change),
            Change::Project(change) => project_change(change),
            Change::Principal(change) => principal_change(org, change),
            Change::Group(change) => group_change(org, change),
            Change::Membership(change) => membership_change(org, change),
            Change::Assignment(change) => assignment_change(org, change),
            Change::Token(change) => token_change(org, change),
            Change::ResourceType(change) => resource_type_change(org, change),
            Change::Provider(change) => provider_change(org, change),
            Change::Imported(_) => ChangeView::new("import", "imported"),
        }
    }

    /// How several changes read.
    pub(crate) fn all(org: &Org, changes: &[Change]) -> Vec<Self> {
        changes.iter().map(|change| ChangeView::of(org, change)).collect()
    }
}

fn organization(change: &OrganizationChange) -> ChangeView {
    match change {
        OrganizationChange::Founded { id, name, title, catalog } => {
            let after = json!({ "title": title.as_str(), "catalog": catalog.name.as_str() });
            ChangeView { name: Some(name.to_string()), ..ChangeView::new("organization", "created") }
                .subject(id)
                .after(after)
        }
        OrganizationChange::Titled { before, after } => ChangeView::new("organization", "changed")
            .before(json!({ "title": before.as_str() }))
            .after(json!({ "title": after.as_str() })),
        OrganizationChange::SignInSet { before, after } => ChangeView::new("organization", "changed")
            .before(json!({ "sign_in": SignInView::from(*before) }))
            .after(json!({ "sign_in": SignInView::from(*after) })),
    }
}

fn action_value(org: &Org, row: &Action) -> Value {
    let includes: Vec<String> = row.includes.iter().map(|id| wire::action(org, *id)).collect();
    json!({
        "name": row.name.as_str(), "level": row.level.word(), "title": row.title.as_str(), "description": row.description.as_str(),
        "category": row.category.as_str(), "includes": includes, "attributes": wire::attributes(&row.attributes),
    })
}

fn action_change(org: &Org, change: &ActionChange) -> ChangeView {
    match change {
        ActionChange::Created(row) => {
            ChangeView::new("action", "created").named(&row.name, row.id.number()).after(action_value(org, row))
        }
        ActionChange::Changed { before, after } => ChangeView::new("action", "changed")
            .named(&after.name, after.id.number())
            .before(action_value(org, before))
            .after(action_value(org, after)),
        ActionChange::Deleted(row) => {
            ChangeView::new("action", "deleted").named(&row.name, row.id.number()).before(action_value(org, row))
        }
    }
}

fn role_value(org: &Org, row: &Role) -> Value {
    json!({
        "name": row.name.as_str(), "description": row.description.as_str(), "bindable": row.bindable.word(),
        "permits": wire::permit_views(org, &row.permits), "attributes": wire::attributes(&row.attributes),
    })
}

fn role_change(org: &Org, change: &RoleChange) -> ChangeView {
    match change {
        RoleChange::Created(row) => {
            ChangeView::new("role", "created").named(&row.name, row.id.number()).after(role_value(org, row))
        }
        RoleChange::Changed { before, after } => ChangeView::new("role", "changed")
            .named(&after.name, after.id.number())
            .before(role_value(org, before))
            .after(role_value(org, after)),
        RoleChange::Deleted(row) => {
            ChangeView::new("role", "deleted").named(&row.name, row.id.number()).before(role_value(org, row))
        }
    }
}

fn policy_value(org: &Org, row: &Policy) -> Value {
    json!({
        "name": row.name.as_str(), "description": row.description.as_str(),
        "bindings": wire::binding_views(org, &row.bindings), "attributes": wire::attributes(&row.attributes),
    })
}

fn policy_change(org: &Org, change: &PolicyChange) -> ChangeView {
    match change {
        PolicyChange::Created(row) => {
            ChangeView::new("policy", "created").named(&row.name, row.id.number()).after(policy_value(org, row))
        }
        PolicyChange::Changed { before, after } => ChangeView::new("policy", "changed")
            .named(&after.name, after.id.number())
            .before(policy_value(org, before))
            .after(policy_value(org, after)),
        PolicyChange::Deleted(row) => {
            ChangeView::new("policy", "deleted").named(&row.name, row.id.number()).before(policy_value(org, row))
        }
    }
}

fn environment_value(row: &Environment) -> Value {
    json!({ "name": row.name.as_str(), "title": row.title.as_str(), "attributes": wire::attributes(&row.attributes) })
}

fn environment_change(org: &Org, change: &EnvironmentChange) -> ChangeView {
    let names = |ids: &[rolecall_model::id::EnvironmentId]| {
        let names: Vec<String> = ids.iter().map(|id| wire::environment(org, *id)).collect();
        json!({ "environments": names })
    };
    match change {
        EnvironmentChange::Created(row) => {
            ChangeView::new("environment", "created").named(&row.name, row.id.number()).after(environment_value(row))
        }
        EnvironmentChange::Changed { before, after } => ChangeView::new("environment", "changed")
            .named(&after.name, after.id.number())
            .before(environment_value(before))
            .after(environment_value(after)),
        EnvironmentChange::Ordered { before, after } => {
            ChangeView::new("environment", "ordered").before(names(before)).after(names(after))
        }
        EnvironmentChange::Deleted(row) => {
            ChangeView::new("environment", "deleted").named(&row.name, row.id.number()).before(environment_value(row))
        }
    }
}

fn project_value(row: &Project) -> Value {
    json!({
        "name": row.name.as_str(), "title": row.title.as_str(), "description": row.description.as_str(),
        "archived": row.archived, "named_only": row.named_only, "attributes": wire::attributes(&row.attributes),
    })
}

fn project_change(change: &ProjectChange) -> ChangeView {
    match change {
        ProjectChange::Created(row) => {
            ChangeView::new("project", "created").named(&row.name, row.id.number()).after(project_value(row))
        }
        ProjectChange::Changed { before, after } => ChangeView::new("project", "changed")
            .named(&after.name, after.id.number())
            .before(project_value(before))
            .after(project_value(after)),
        ProjectChange::Deleted(row) => {
            ChangeView::new("project", "deleted").named(&row.name, row.id.number()).before(project_value(row))
        }
    }
}

fn profile_value(org: &Org, profile: &Profile) -> Value {
    let text = |personal: &Option<rolecall_model::principal::Personal>| {
        personal.as_ref().map(|personal| personal.0.to_string())
    };
    let mut value = json!({ "name": profile.name.0.as_str(), "active": profile.active, "can_sign_in": profile.sign_in.is_possible() });
    if let Some(map) = value.as_object_mut() {
        let mut put = |name: &str, text: Option<String>| text.map(|text| map.insert(name.to_owned(), text.into()));
        put("email", text(&profile.email));
        put("username", text(&profile.username));
        put("external_id", text(&profile.external_id));
        put("picture", text(&profile.picture));
        put("client_id", profile.client_id.as_ref().map(ToString::to_string));
        put("description", Some(profile.description.to_string()).filter(|text| !text.is_empty()));
        if profile.sign_in.codes {
            map.insert("one_time_codes".to_owned(), true.into());
        }
        if profile.sign_in.passkeys > 0 {
            map.insert("passkeys".to_owned(), profile.sign_in.passkeys.into());
        }
        if !profile.identities.is_empty() {
            let link = |linked: &LinkedIdentity| json!({ "provider": wire::provider(org, linked.provider), "issuer": linked.issuer.as_str(), "sub": linked.sub.0.as_str() });
            map.insert("identities".to_owned(), profile.identities.iter().map(link).collect());
        }
        if profile.scim.is_some() {
            map.insert("managed".to_owned(), "scim".into());
        }
        if !profile.attributes.is_empty() {
            map.insert("attributes".to_owned(), wire::attributes(&profile.attributes).into());
        }
    }
    value
}

fn principal_change(org: &Org, change: &PrincipalChange) -> ChangeView {
    match change {
        PrincipalChange::Created { id, subject, profile } => ChangeView::new(subject.kind().word(), "created")
            .named(&profile.name.0, id.number())
            .subject(subject)
            .after(profile_value(org, profile)),
        PrincipalChange::Changed { id, subject, before, after } => ChangeView::new(subject.kind().word(), "changed")
            .named(&after.name.0, id.number())
            .subject(subject)
            .before(profile_value(org, before))
            .after(profile_value(org, after)),
        PrincipalChange::Deleted { id, subject, profile } => ChangeView::new(subject.kind().word(), "deleted")
            .named(&profile.name.0, id.number())
            .subject(subject)
            .before(profile_value(org, profile)),
        PrincipalChange::Erased { subject } => ChangeView::new(subject.kind().word(), "erased").subject(subject),
    }
}

fn group_value(profile: &GroupProfile) -> Value {
    let sso_names: Vec<&str> = profile.sso_names.iter().map(rolecall_model::name::Text::as_str).collect();
    json!({
        "name": profile.name.as_str(), "description": profile.description.as_str(), "sso_names": sso_names,
        "attributes": wire::attributes(&profile.attributes), "managed": profile.scim.as_ref().map(|_| "scim"),
    })
}

fn group_change(org: &Org, change: &GroupChange) -> ChangeView {
    let members = |ids: &[rolecall_model::id::PrincipalId]| {
        let subjects: Vec<String> = ids.iter().map(|id| wire::principal(org, *id)).collect();
        json!({ "members": subjects })
    };
    match change {
        GroupChange::Created { id, subject, profile } => ChangeView::new("group", "created")
            .named(&profile.name, id.number())
            .subject(subject)
            .after(group_value(profile)),
        GroupChange::Changed { id, before, after } => ChangeView::new("group", "changed")
            .named(&after.name, id.number())
            .subject(&wire::holder(org, Holder::Group(*id)))
            .before(group_value(before))
            .after(group_value(after)),
        GroupChange::Ordered { id, before, after } => ChangeView::new("group", "ordered")
            .named(&wire::holder_name(org, Holder::Group(*id)), id.number())
            .before(members(before))
            .after(members(after)),
        GroupChange::Deleted { id, subject, profile } => ChangeView::new("group", "deleted")
            .named(&profile.name, id.number())
            .subject(subject)
            .before(group_value(profile)),
    }
}

fn membership_change(org: &Org, change: &MembershipChange) -> ChangeView {
    let view = |happened, group, user| {
        ChangeView {
            name: Some(wire::holder_name(org, Holder::Group(group))),
            ..ChangeView::new("membership", happened)
        }
        .subject(&wire::principal(org, user))
    };
    match change {
        MembershipChange::Added { group, user, terms } => {
            view("added", *group, *user).after(wire::terms_value(org, terms))
        }
        MembershipChange::Changed { group, user, before, after } => {
            view("changed", *group, *user).before(wire::terms_value(org, before)).after(wire::terms_value(org, after))
        }
        MembershipChange::Removed { group, user, terms } => {
            view("removed", *group, *user).before(wire::terms_value(org, terms))
        }
    }
}

fn assignment_change(org: &Org, change: &AssignmentChange) -> ChangeView {
    let value = |grant: Grant, terms| {
        let mut value = wire::terms_value(org, terms);
        if let Some(map) = value.as_object_mut() {
            match grant {
                Grant::Policy(id) => {
                    map.insert("policy".to_owned(), wire::policy(org, id).into());
                }
                Grant::Role(binding) => {
                    map.insert("role".to_owned(), wire::role(org, binding.role).into());
                    let ScopeView { project, environment } = ScopeView::of(org, binding.scope);
                    project.map(|name| map.insert("project".to_owned(), name.into()));
                    environment.map(|name| map.insert("environment".to_owned(), name.into()));
                }
            }
        }
        value
    };
    let view = |happened, holder, grant: Grant| {
        let name = match grant {
            Grant::Policy(id) => wire::policy(org, id),
            Grant::Role(binding) => wire::role(org, binding.role),
        };
        ChangeView { name: Some(name), ..ChangeView::new("assignment", happened) }.subject(&wire::holder(org, holder))
    };
    match change {
        AssignmentChange::Granted { holder, grant, terms } => {
            view("granted", *holder, *grant).after(value(*grant, terms))
        }
        AssignmentChange::Changed { holder, grant, before, after } => {
            view("changed", *holder, *grant).before(value(*grant, before)).after(value(*grant, after))
        }
        AssignmentChange::Ended { holder, grant, terms } => view("ended", *holder, *grant).before(value(*grant, terms)),
    }
}

fn token_value(org: &Org, token: &Token) -> Value {
    let actions: Option<Vec<String>> =
        token.actions.as_ref().map(|ids| ids.iter().map(|id| wire::action(org, *id)).collect());
    let until = token.until.map(|at| at.to_string());
    json!({
        "key": token.key.to_string(), "name": token.name.as_str(), "scope": ScopeView::of(org, token.scope), "actions": actions, "until": until,
        "kind": token.kind.word(), "client": token.client.as_ref().map(ToString::to_string),
    })
}

fn token_change(org: &Org, change: &TokenChange) -> ChangeView {
    let view = |happened, token: &Token| {
        ChangeView::new("token", happened)
            .named(&token.name, token.id.number())
            .subject(&wire::principal(org, token.principal))
    };
    match change {
        TokenChange::Issued(token) => view("issued", token).after(token_value(org, token)),
        TokenChange::Revoked(token) => view("revoked", token).before(token_value(org, token)),
        TokenChange::Changed { before, after } => {
            view("changed", after).before(token_value(org, before)).after(token_value(org, after))
        }
    }
}

fn resource_type_value(org: &Org, row: &ResourceType) -> Value {
    let actions: Option<Vec<String>> =
        row.actions.as_ref().map(|ids| ids.iter().map(|id| wire::action(org, *id)).collect());
    json!({ "name": row.name.as_str(), "stands": crate::resource_type::StandsBody::from(row.stands), "actions": actions })
}

fn resource_type_change(org: &Org, change: &ResourceTypeChange) -> ChangeView {
    let view =
        |happened, row: &ResourceType| ChangeView::new("resource_type", happened).named(&row.name, row.id.number());
    match change {
        ResourceTypeChange::Created(row) => view("created", row).after(resource_type_value(org, row)),
        ResourceTypeChange::Changed { before, after } => {
            view("changed", after).before(resource_type_value(org, before)).after(resource_type_value(org, after))
        }
        ResourceTypeChange::Deleted(row) => view("deleted", row).before(resource_type_value(org, row)),
    }
}

fn provider_value(org: &Org, row: &Provider) -> Value {
    let (mut policies, mut roles) = (Vec::new(), Vec::new());
    for grant in &row.defaults {
        match grant {
            Grant::Policy(id) => policies.push(wire::policy(org, *id)),
            Grant::Role(binding) => roles.extend(wire::binding_views(org, &[*binding])),
        }
    }
    json!({
        "name": row.name.as_str(), "title": row.title.as_str(), "issuer": row.issuer.as_str(),
        "client_id": row.client_id.as_str(), "scopes": row.scopes, "active": row.active,
        "link_by_email": row.link_by_email, "create_users": row.create_users,
        "email_domains": row.email_domains,
        "default_policies": policies, "default_roles": roles, "group_sync": row.group_sync,
    })
}

fn provider_change(org: &Org, change: &ProviderChange) -> ChangeView {
    let view = |happened, row: &Provider| ChangeView::new("provider", happened).named(&row.name, row.id.number());
    match change {
        ProviderChange::Created(row) => view("created", row).after(provider_value(org, row)),
        ProviderChange::Changed { before, after } => {
            view("changed", after).before(provider_value(org, before)).after(provider_value(org, after))
        }
        ProviderChange::Deleted(row) => view("deleted", row).before(provider_value(org, row)),
    }
}
