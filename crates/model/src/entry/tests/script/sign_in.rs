//! The commands of the second golden log: people and machines sign in, in every word there is for it.

use super::ERASED_PERSON;
use super::happening::{role, user};
use crate::application::{ApplicationCommand, NewApplication};
use crate::command::{Command, Ref, SubjectRef};
use crate::group::{GroupCommand, GroupPatch, NewGroup};
use crate::id::{PrincipalId, ProviderId, TokenId, TokenKey};
use crate::membership::MembershipCommand;
use crate::moment::Actor;
use crate::organization::{SettingsPatch, SignInPatch};
use crate::principal::Identity;
use crate::provenance::{Source, Terms};
use crate::provider::{GroupSync, NewProvider, ProviderCommand, ProviderPatch};
use crate::scope::ScopeRef;
use crate::time::Timestamp;
use crate::token::{NewToken, TokenCommand, TokenKind};
use crate::user::{NewUser, UserCommand, UserPatch};

const IDP: ProviderId = ProviderId::at(1);

fn subject(name: &str) -> SubjectRef {
    SubjectRef::Any(format!("{name}@example.com").into())
}

fn identity(sub: &str) -> Identity {
    Identity { provider: IDP, issuer: "https://idp.example.com/".into(), sub: sub.into() }
}

fn change(name: &str, patch: UserPatch) -> Command {
    UserCommand::Change(subject(name), patch).into()
}

fn provider(name: &str) -> Command {
    ProviderCommand::Create(NewProvider {
        name: name.into(),
        title: "Single \"sign-on\"".into(),
        issuer: "https://idp.example.com/".into(),
        client_id: "golden".into(),
        scopes: vec!["profile".into(), "email".into()],
        link_by_email: true,
        create_users: true,
        defaults: vec![role("Owner", Some("default"), None)],
        group_sync: GroupSync { enabled: true, path: "$.groups[*]".into(), add_groups_scope: true },
        ..NewProvider::default()
    })
    .into()
}

fn issue(key: u128, whose: SubjectRef, kind: TokenKind) -> Command {
    let passing = kind.is_passing();
    TokenCommand::Issue(NewToken {
        key: TokenKey::new(key),
        name: kind.word().into(),
        subject: whose,
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: passing.then(|| Timestamp::from_micros(1_990_000_000_000_000)),
        kind,
        client: (kind == TokenKind::Grant).then(|| "rolecall-cli".into()),
    })
    .into()
}

/// By an administrator, a provider and a SCIM client, in turn.
pub(super) fn happened() -> Vec<(Actor, Command)> {
    let by_ada = Actor::Principal { id: PrincipalId::at(1), token: None };
    let scim = Actor::Scim(TokenId::at(1));
    let mut all: Vec<(Actor, Command)> = set_up().into_iter().map(|command| (by_ada, command)).collect();
    all.extend(signed_in().into_iter().map(|command| (Actor::Provider(IDP), command)));
    all.extend(provisioned().into_iter().map(|command| (scim, command)));
    all.extend(taken_down().into_iter().map(|command| (by_ada, command)));
    all
}

fn set_up() -> Vec<Command> {
    let sign_in = SignInPatch { second_factor: Some(true), idle_seconds: Some(3_600), ..SignInPatch::default() };
    let application = NewApplication { name: "Robot 7".into(), ..NewApplication::default() };
    vec![
        TokenCommand::ConnectScim(TokenKey::new(1)).into(),
        SettingsPatch { sign_in, ..SettingsPatch::default() }.into(),
        provider("idp"),
        ProviderCommand::Change("idp".into(), ProviderPatch { active: Some(false), ..ProviderPatch::default() }).into(),
        ProviderCommand::Change(
            "idp".into(),
            ProviderPatch { active: Some(true), secret: true, ..ProviderPatch::default() },
        )
        .into(),
        ApplicationCommand::Create(application).into(),
        issue(2, SubjectRef::Application("robot-7".into()), TokenKind::Secret),
        TokenCommand::Rotate { old: TokenKey::new(2), fresh: TokenKey::new(3), overlap: 3_600 }.into(),
        issue(4, subject("ada"), TokenKind::Personal),
        issue(5, subject("ada"), TokenKind::Session),
        issue(6, subject("ada"), TokenKind::Grant),
        change("ada", UserPatch { codes: Some(true), passkeys: Some(2), ..UserPatch::default() }),
        user("ben", &[]),
    ]
}

fn signed_in() -> Vec<Command> {
    let new = NewUser {
        name: "Cyd".into(),
        email: Some("cyd@example.com".into()),
        grants: vec![role("Owner", Some("default"), None)],
        terms: Terms::of(Source::Sso("idp".into())),
        identity: Some(identity("cyd \"sub\"")),
        ..NewUser::default()
    };
    let crew = NewGroup { name: "crew".into(), sso_names: vec!["crew".into()], ..NewGroup::default() };
    vec![
        UserCommand::Create(new).into(),
        Command::Batch(vec![
            change("ben", UserPatch { link: Some(identity("ben")), ..UserPatch::default() }),
            issue(7, subject("ben"), TokenKind::Session),
        ]),
        GroupCommand::Create(crew).into(),
        MembershipCommand::Add("crew".into(), subject("ben"), Terms::of(Source::Sso("idp".into()))).into(),
    ]
}

fn provisioned() -> Vec<Command> {
    let known = |text: &str| Some(format!(r#"{{"title": "{text}"}}"#));
    let new = NewUser {
        name: "Mallory".into(),
        email: Some(format!("{ERASED_PERSON}@example.com")),
        scim: known(ERASED_PERSON),
        identity: Some(identity(ERASED_PERSON)),
        ..NewUser::default()
    };
    let team = NewGroup {
        name: "team".into(),
        members: vec![subject("cyd")],
        scim: known("team"),
        terms: Terms::of(Source::Scim),
        ..NewGroup::default()
    };
    vec![
        UserCommand::Create(new).into(),
        change(ERASED_PERSON, UserPatch { name: Some(format!("{ERASED_PERSON} Two")), ..UserPatch::default() }),
        change("cyd", UserPatch { scim: Some(known("cyd")), ..UserPatch::default() }),
        GroupCommand::Create(team).into(),
        GroupCommand::Change("team".into(), GroupPatch { scim: Some(known("team two")), ..GroupPatch::default() })
            .into(),
        change("ben", UserPatch { active: Some(false), ..UserPatch::default() }),
    ]
}

fn taken_down() -> Vec<Command> {
    let idp = || Ref::from("idp");
    vec![
        change("cyd", UserPatch { scim: Some(None), ..UserPatch::default() }),
        GroupCommand::Change("team".into(), GroupPatch { scim: Some(None), ..GroupPatch::default() }).into(),
        change("ben", UserPatch { unlink: Some(idp()), ..UserPatch::default() }),
        change("ada", UserPatch { password: Some(true), ..UserPatch::default() }),
        change("ada", UserPatch { codes: Some(false), passkeys: Some(0), ..UserPatch::default() }),
        TokenCommand::EndSessions { subject: subject("ada"), except: Some(TokenKey::new(6)) }.into(),
        TokenCommand::Shorten(TokenKey::new(4), Timestamp::from_micros(1_980_000_000_000_000)).into(),
        provider("spare"),
        ProviderCommand::Delete(idp()).into(),
        UserCommand::Erase(subject(ERASED_PERSON)).into(),
        TokenCommand::ConnectScim(TokenKey::new(8)).into(),
    ]
}
