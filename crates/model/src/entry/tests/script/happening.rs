//! The commands of the golden log: each of them makes one word happen, or a few.

use super::ERASED_PERSON;
use crate::action::{ActionCommand, ActionPatch, Level, NewAction};
use crate::application::{ApplicationCommand, NewApplication};
use crate::assignment::{AssignmentCommand, GrantRef};
use crate::command::{Command, Ref, SubjectRef};
use crate::environment::{EnvironmentCommand, EnvironmentPatch, NewEnvironment};
use crate::group::{GroupCommand, GroupPatch, NewGroup};
use crate::id::{PrincipalId, TokenKey};
use crate::membership::MembershipCommand;
use crate::policy::{BindingRef, NewPolicy, PolicyCommand, PolicyPatch};
use crate::project::{NewProject, ProjectCommand, ProjectPatch};
use crate::provenance::{Source, Terms};
use crate::resource_type::{ResourceTypeCommand, Stands};
use crate::role::{NewRole, PermitRef, RoleCommand, RolePatch};
use crate::scope::ScopeRef;
use crate::time::Timestamp;
use crate::token::{NewToken, TokenCommand, TokenKind};
use crate::user::{NewUser, UserCommand, UserPatch};
use serde_json::{Map, Value, json};

fn attributes(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub(super) fn role(name: &str, project: Option<&str>, environment: Option<&str>) -> GrantRef {
    GrantRef::Role(binding(name, project, environment))
}

fn binding(name: &str, project: Option<&str>, environment: Option<&str>) -> BindingRef {
    BindingRef { role: name.into(), scope: scope(project, environment) }
}

fn scope(project: Option<&str>, environment: Option<&str>) -> ScopeRef {
    ScopeRef { project: project.map(Ref::from), environment: environment.map(Ref::from) }
}

fn permit(action: &str, environment: Option<&str>) -> PermitRef {
    PermitRef { action: action.into(), scope: scope(None, environment) }
}

fn subject(name: &str) -> SubjectRef {
    SubjectRef::Any(format!("{name}@example.com").into())
}

pub(super) fn user(name: &str, grants: &[GrantRef]) -> Command {
    UserCommand::Create(NewUser {
        name: format!("{name} \"the\" First"),
        email: Some(format!("{name}@example.com")),
        username: Some(name.to_owned()),
        external_id: Some(format!("ext-{name}")),
        picture: Some(format!("https://example.com/{name}.png")),
        password: true,
        grants: grants.to_vec(),
        attributes: attributes(&json!({"$personal": "not a leaf", "n": 1.5, "list": [null, {"$erased": "x"}]})),
        ..NewUser::default()
    })
    .into()
}

fn terms(source: Source) -> Terms {
    Terms {
        sources: vec![source],
        from: Some(Timestamp::from_micros(1_790_000_000_000_000)),
        until: Some(Timestamp::from_micros(1_990_000_000_000_001)),
        reason: Some("because \\ of\nthis".into()),
        approver: PrincipalId::new(1),
    }
}

pub(super) fn people() -> Vec<Command> {
    let scopes = scope(Some("default"), Some("development"));
    let application = NewApplication {
        name: "Robot 7".into(),
        external_id: Some("robot".into()),
        description: "Deploys.".into(),
        ..NewApplication::default()
    };
    let issue = |key: u128, subject: SubjectRef, actions| NewToken {
        key: TokenKey::new(key),
        name: "token".into(),
        subject,
        scope: if key == 2 { scopes.clone() } else { ScopeRef::ORGANIZATION },
        actions,
        until: (key == 2).then(|| Timestamp::from_micros(1_990_000_000_000_000)),
        kind: TokenKind::Personal,
        client: None,
    };
    vec![
        user("ben", &[role("Owner", Some("default"), None)]),
        user(ERASED_PERSON, &[GrantRef::Policy("Everything".into())]),
        ApplicationCommand::Create(application).into(),
        UserCommand::Change(
            subject(ERASED_PERSON),
            UserPatch { name: Some("mallory Two".into()), ..UserPatch::default() },
        )
        .into(),
        UserCommand::Change(
            subject("ben"),
            UserPatch { active: Some(false), external_id: Some(None), ..UserPatch::default() },
        )
        .into(),
        TokenCommand::Issue(issue(1, subject("ada"), None)).into(),
        TokenCommand::Issue(issue(2, SubjectRef::Application("robot".into()), Some(vec!["view".into()]))).into(),
        TokenCommand::Issue(issue(3, subject("ben"), None)).into(),
        TokenCommand::Revoke(TokenKey::new(3)).into(),
    ]
}

pub(super) fn nouns() -> Vec<Command> {
    places().into_iter().chain(bundles()).collect()
}

fn places() -> Vec<Command> {
    let action = NewAction {
        name: "order.refund".into(),
        level: Level::Project,
        title: "Refund".into(),
        description: "Give money back.".into(),
        category: "Orders".into(),
        includes: vec!["view".into()],
        attributes: attributes(&json!({"number": 12})),
    };
    let environment =
        NewEnvironment { name: "staging".into(), title: "Staging".into(), attributes: attributes(&json!({"a": true})) };
    let project = NewProject {
        name: "shop".into(),
        title: "Shop".into(),
        description: "Sells.".into(),
        attributes: attributes(&json!({"mode": "open"})),
    };
    vec![
        ActionCommand::Create(action).into(),
        ActionCommand::Change("order.refund".into(), ActionPatch { includes: Some(vec![]), ..ActionPatch::default() })
            .into(),
        EnvironmentCommand::Create(environment).into(),
        EnvironmentCommand::Change(
            "staging".into(),
            EnvironmentPatch { title: Some("Stage".into()), ..EnvironmentPatch::default() },
        )
        .into(),
        EnvironmentCommand::Order(vec!["staging".into(), "production".into(), "development".into()]).into(),
        ProjectCommand::Create(project).into(),
        ProjectCommand::Change(
            "shop".into(),
            ProjectPatch { description: Some("Sells more.".into()), ..ProjectPatch::default() },
        )
        .into(),
    ]
}

fn bundles() -> Vec<Command> {
    let own_role = NewRole {
        name: "Runner".into(),
        description: "Runs.".into(),
        bindable: None,
        slot: None,
        permits: vec![permit("deploy", Some("staging")), permit("order.refund", None)],
        attributes: Map::new(),
    };
    let policy = NewPolicy {
        name: "Team".into(),
        description: "A team.".into(),
        bindings: vec![binding("Runner", Some("shop"), None), binding("Owner", Some("named-only"), None)],
        attributes: Map::new(),
    };
    let (name, stands, actions) = ("record".to_owned(), Stands::ForProject, Some(vec!["view".into()]));
    vec![
        RoleCommand::Create(own_role).into(),
        RoleCommand::Change(
            "Runner".into(),
            RolePatch { description: Some("Runs fast.".into()), ..RolePatch::default() },
        )
        .into(),
        PolicyCommand::Create(policy).into(),
        PolicyCommand::Change("Team".into(), PolicyPatch { name: Some("Team A".into()), ..PolicyPatch::default() })
            .into(),
        ResourceTypeCommand::Create { name, stands, actions }.into(),
        ResourceTypeCommand::Change { target: "record".into(), stands: Some(Stands::Within), actions: Some(None) }
            .into(),
        ProjectCommand::Archive("named-only".into()).into(),
    ]
}

pub(super) fn given() -> Vec<Command> {
    let group = NewGroup {
        name: "crew".into(),
        description: "The crew.".into(),
        sso_names: vec!["sso-crew".into()],
        members: vec![subject("ada"), subject("ben")],
        grants: vec![role("Runner", Some("shop"), Some("staging"))],
        ..NewGroup::default()
    };
    let other = NewGroup { name: "other".into(), members: vec![subject("ben")], ..NewGroup::default() };
    let crew = || Ref::from("crew");
    let order = GroupPatch { members: Some(vec![subject("ben"), subject("ada")]), ..GroupPatch::default() };
    let slot = AssignmentCommand::Slot {
        subject: SubjectRef::Group("crew".into()),
        slot: "root".into(),
        role: Some("Viewer".into()),
        terms: Terms::of(Source::Manual),
    };
    vec![
        GroupCommand::Create(group).into(),
        GroupCommand::Create(other).into(),
        GroupCommand::Change(crew(), GroupPatch { description: Some("All.".into()), ..GroupPatch::default() }).into(),
        GroupCommand::Change(crew(), order).into(),
        MembershipCommand::Add(crew(), subject(ERASED_PERSON), terms(Source::Scim)).into(),
        MembershipCommand::Add(crew(), subject(ERASED_PERSON), terms(Source::Sso("idp".into()))).into(),
        AssignmentCommand::Grant(subject("ben"), GrantRef::Policy("Team A".into()), terms(Source::Manual)).into(),
        AssignmentCommand::Grant(subject("ben"), GrantRef::Policy("Team A".into()), terms(Source::Sso("idp".into())))
            .into(),
        AssignmentCommand::Grant(subject("ben"), role("Runner", Some("shop"), None), Terms::default()).into(),
        slot.into(),
        Command::Batch(vec![
            UserCommand::Change(subject("ben"), UserPatch { active: Some(true), ..UserPatch::default() }).into(),
            ProjectCommand::Restore("named-only".into()).into(),
        ]),
    ]
}

pub(super) fn gone() -> Vec<Command> {
    let end = AssignmentCommand::End {
        subject: subject("ben"),
        grant: role("Runner", Some("shop"), None),
        source: None,
        quietly: false,
    };
    let leave = MembershipCommand::Remove { group: "crew".into(), user: subject("ben"), source: None, quietly: false };
    let spare = |name: &str| NewProject {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        attributes: Map::new(),
    };
    let spare_role = NewRole {
        name: "Spare".into(),
        description: String::new(),
        bindable: None,
        slot: None,
        permits: vec![],
        attributes: Map::new(),
    };
    vec![
        end.into(),
        leave.into(),
        GroupCommand::Delete("other".into()).into(),
        PolicyCommand::Delete("Team A".into()).into(),
        Command::Batch(vec![
            ProjectCommand::Create(spare("spare")).into(),
            ProjectCommand::Delete("spare".into()).into(),
        ]),
        Command::Batch(vec![RoleCommand::Create(spare_role).into(), RoleCommand::Delete("Spare".into()).into()]),
        RoleCommand::Withdraw("Runner".into(), vec![permit("order.refund", None), permit("deploy", Some("staging"))])
            .into(),
        ActionCommand::Delete("order.refund".into()).into(),
        ResourceTypeCommand::Delete("record".into()).into(),
        GroupCommand::Delete("crew".into()).into(),
        EnvironmentCommand::Delete("staging".into()).into(),
        UserCommand::Erase(subject(ERASED_PERSON)).into(),
        UserCommand::Delete(subject("ben")).into(),
    ]
}
