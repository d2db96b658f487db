//! Finding things in an organization. No look-up here allocates for ASCII names, and none locks.

use super::{NameRule, Org, ProjectRule, Revision, Settings};
use crate::action::{Action, Closure};
use crate::assignment::{Assignment, Granted};
use crate::collection::{Ids, Names, Row, Table, Tree};
use crate::environment::Environment;
use crate::group::Group;
use crate::id::{
    ActionId, EnvironmentId, GroupId, GroupSubject, Holder, Opaque, PolicyId, PrincipalId, ProjectId, RoleId, TokenId,
    TokenKey, USER,
};
use crate::name::{NameKey, same_name};
use crate::policy::Policy;
use crate::principal::{Principal, Subject};
use crate::project::Project;
use crate::role::Role;
use crate::time::Timestamp;
use crate::token::Token;
use std::sync::Arc;

impl Org {
    /// An organization before its first entry.
    pub fn empty() -> Self {
        Org {
            settings: None,
            revision: Revision::default(),
            at: Timestamp::default(),
            actions: Table::default(),
            roles: Table::default(),
            policies: Table::default(),
            environments: Table::default(),
            environment_order: Vec::new(),
            projects: Table::default(),
            groups: Table::default(),
            tokens: Table::default(),
            slots: Table::default(),
            resource_types: Table::default(),
            providers: Table::default(),
            principals: Tree::new(),
            users: 0,
            applications: 0,
            everyone: Vec::new(),
            provenances: crate::provenance::Provenances::default(),
            had_administrator: false,
            an_administrator: None,
            identifiers: Names::default(),
            subjects: Ids::default(),
            group_subjects: Ids::default(),
            holders: super::Pairs::default(),
            binders: super::Pairs::default(),
            owners: super::Pairs::default(),
            escalating: Arc::default(),
            closure: Arc::default(),
        }
    }

    /// What holds for the organization as a whole; none before its first entry.
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_deref()
    }

    /// The last entry applied.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// When the last entry was made.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether `Dev` and `dev` are one here.
    pub fn folds_names(&self) -> bool {
        self.settings.as_ref().is_none_or(|settings| settings.names == NameRule::Folded)
    }

    /// Whether a binding may name a project that is not there yet.
    pub fn has_open_projects(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.projects == ProjectRule::Open)
    }

    /// About how many bytes the tables occupy in which a question's names are looked up: those of
    /// users and applications, projects, environments and actions. A name too long to stand in a
    /// table is its record's.
    pub fn names_bytes(&self) -> usize {
        self.identifiers.heap_bytes()
            + self.subjects.heap_bytes()
            + self.projects.names_bytes()
            + self.environments.names_bytes()
            + self.actions.names_bytes()
    }

    /// Whether a user has ever been an administrator.
    pub const fn had_administrator(&self) -> bool {
        self.had_administrator
    }

    /// What each action includes.
    pub fn closure(&self) -> &Closure {
        &self.closure
    }

    /// The action of this number.
    pub fn action(&self, id: ActionId) -> Option<&Row<Action>> {
        self.actions.get(id.number())
    }

    /// The action of this name.
    pub fn action_named(&self, name: &str) -> Option<&Row<Action>> {
        self.actions.named(name, self.folds_names())
    }

    /// The role of this number.
    pub fn role(&self, id: RoleId) -> Option<&Row<Role>> {
        self.roles.get(id.number())
    }

    /// The role of this name.
    pub fn role_named(&self, name: &str) -> Option<&Row<Role>> {
        self.roles.named(name, self.folds_names())
    }

    /// The policy of this number.
    pub fn policy(&self, id: PolicyId) -> Option<&Row<Policy>> {
        self.policies.get(id.number())
    }

    /// The policy of this name.
    pub fn policy_named(&self, name: &str) -> Option<&Row<Policy>> {
        self.policies.named(name, self.folds_names())
    }

    /// The environment of this number.
    pub fn environment(&self, id: EnvironmentId) -> Option<&Row<Environment>> {
        self.environments.get(id.number())
    }

    /// The environment of this name.
    pub fn environment_named(&self, name: &str) -> Option<&Row<Environment>> {
        self.environments.named(name, self.folds_names())
    }

    /// The environments in order.
    pub fn environment_order(&self) -> &[EnvironmentId] {
        &self.environment_order
    }

    /// The project of this number.
    pub fn project(&self, id: ProjectId) -> Option<&Row<Project>> {
        self.projects.get(id.number())
    }

    /// The project of this name.
    pub fn project_named(&self, name: &str) -> Option<&Row<Project>> {
        self.projects.named(name, self.folds_names())
    }

    /// The group of this number.
    pub fn group(&self, id: GroupId) -> Option<&Row<Group>> {
        self.groups.get(id.number())
    }

    /// The group of this name.
    pub fn group_named(&self, name: &str) -> Option<&Row<Group>> {
        self.groups.named(name, self.folds_names())
    }

    /// The group of this opaque id.
    pub fn group_of_subject(&self, subject: GroupSubject) -> Option<&Row<Group>> {
        let same = |n| self.groups.get(n).is_some_and(|group| group.subject == subject);
        self.groups.get(self.group_subjects.find(subject.bits(), same)?)
    }

    /// The token of this number.
    pub fn token(&self, id: TokenId) -> Option<&Row<Token>> {
        self.tokens.get(id.number())
    }

    /// The token whose secret is kept under this key.
    pub fn token_of_key(&self, key: TokenKey) -> Option<&Row<Token>> {
        self.tokens.named(&compact_str::format_compact!("{key}"), true)
    }

    /// The user or application of this number.
    #[inline]
    pub fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        self.principals.get(id.index())?.as_ref()
    }

    /// The user or application of this identifier: subject, email, username, external id or client
    /// id. Emails and usernames are found in any case, the others to the letter.
    #[inline]
    pub fn find_principal(&self, identifier: &str) -> Option<(PrincipalId, &Principal)> {
        let id = self.principal_id(identifier)?;
        Some((id, self.principal(id)?))
    }

    /// The number of the user or application of this identifier; a short one is found without a
    /// look at the record.
    #[inline]
    pub fn principal_id(&self, identifier: &str) -> Option<PrincipalId> {
        let record = |number: u32| self.principals.get(number as usize)?.as_ref();
        // No other identifier may begin as a subject does.
        if identifier.len() == Opaque::<USER>::LENGTH
            && let Ok(subject) = identifier.parse::<Subject>()
        {
            let is_meant = |number| record(number).is_some_and(|principal| principal.subject == subject);
            return self.subjects.find(subject.bits(), is_meant).and_then(PrincipalId::new);
        }
        let is_meant = |number| record(number).is_some_and(|principal| is_identified_by(principal, identifier));
        self.identifiers.find(&NameKey::of(identifier), is_meant).and_then(PrincipalId::new)
    }

    /// The user who is linked to this account at a sign-in provider.
    pub fn find_identity(&self, identity: &crate::principal::Identity) -> Option<(PrincipalId, &Principal)> {
        let record = |number: u32| self.principals.get(number as usize)?.as_ref();
        let is_meant = |number| record(number).is_some_and(|user| user.identities().contains(identity));
        let id = PrincipalId::new(self.identifiers.find(&NameKey::of(&identity.filed()), is_meant)?)?;
        Some((id, self.principal(id)?))
    }

    /// The number of the action of this name.
    #[inline]
    pub fn action_id(&self, name: &str) -> Option<ActionId> {
        self.actions.number_of(name, self.folds_names()).and_then(ActionId::new)
    }

    /// The number of the project of this name.
    #[inline]
    pub fn project_id(&self, name: &str) -> Option<ProjectId> {
        self.projects.number_of(name, self.folds_names()).and_then(ProjectId::new)
    }

    /// The number of the environment of this name.
    #[inline]
    pub fn environment_id(&self, name: &str) -> Option<EnvironmentId> {
        self.environments.number_of(name, self.folds_names()).and_then(EnvironmentId::new)
    }

    /// All users and applications by number.
    pub fn principals(&self) -> impl Iterator<Item = (PrincipalId, &Principal)> {
        let numbered = self.principals.iter().zip(0_u32..);
        numbered.filter_map(|(row, number)| Some((PrincipalId::new(number)?, row.as_ref()?)))
    }

    /// How many users there are.
    pub const fn user_count(&self) -> usize {
        self.users
    }

    /// How many applications there are.
    pub const fn application_count(&self) -> usize {
        self.applications
    }

    /// One more than the largest number a user or application ever had.
    pub const fn principal_bound(&self) -> usize {
        self.principals.len()
    }

    /// What every active user and application has.
    pub fn everyone(&self) -> &[Assignment] {
        &self.everyone
    }

    /// What a holder has been given itself.
    pub fn assignments_of(&self, holder: Holder) -> &[Assignment] {
        match holder {
            Holder::Principal(id) => self.principal(id).map_or(&[], |p| p.assignments.as_slice()),
            Holder::Group(id) => self.group(id).map_or(&[], |g| g.assignments.as_slice()),
            Holder::Everyone => &self.everyone,
        }
    }

    /// Who has been given a policy or role itself, at whatever scope.
    pub fn holders_of(&self, granted: Granted) -> impl Iterator<Item = Holder> + '_ {
        let key = granted_key(granted);
        self.holders.of(key).filter_map(holder_of_key)
    }

    /// Whether anybody has been given a policy or role.
    pub fn is_held(&self, granted: Granted) -> bool {
        self.holders_of(granted).next().is_some()
    }
}

/// Whether an identifier is one of this principal's.
fn is_identified_by(principal: &Principal, identifier: &str) -> bool {
    let folded = |kept: &Option<crate::name::Text>| kept.as_ref().is_some_and(|kept| same_name(kept, identifier, true));
    principal.external_id.as_deref() == Some(identifier)
        || folded(&principal.email)
        || folded(&principal.username)
        || principal.client_id().is_some_and(|id| id == identifier)
}

pub(super) const fn granted_key(granted: Granted) -> u32 {
    match granted {
        Granted::Role(role) => role.number() << 1,
        Granted::Policy(policy) => policy.number() << 1 | 1,
    }
}

pub(super) const fn holder_key(holder: Holder) -> u32 {
    match holder {
        Holder::Everyone => 0,
        Holder::Principal(id) => id.number() << 1,
        Holder::Group(id) => id.number() << 1 | 1,
    }
}

const fn holder_of_key(key: u32) -> Option<Holder> {
    match (key, key & 1) {
        (0, _) => Some(Holder::Everyone),
        (_, 0) => match PrincipalId::new(key >> 1) {
            Some(id) => Some(Holder::Principal(id)),
            None => None,
        },
        _ => match GroupId::new(key >> 1) {
            Some(id) => Some(Holder::Group(id)),
            None => None,
        },
    }
}
