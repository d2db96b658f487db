//! Changes: what has happened, the words of the log. A word once used is kept for good; a new field
//! needs a default, so that old entries can still be read.

use crate::action::ActionChange;
use crate::assignment::AssignmentChange;
use crate::environment::EnvironmentChange;
use crate::group::GroupChange;
use crate::import::Workload;
use crate::membership::MembershipChange;
use crate::organization::OrganizationChange;
use crate::policy::PolicyChange;
use crate::principal::PrincipalChange;
use crate::project::ProjectChange;
use crate::provider::ProviderChange;
use crate::resource_type::ResourceTypeChange;
use crate::role::RoleChange;
use crate::token::TokenChange;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something that has happened to a noun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// To the organization itself.
    Organization(OrganizationChange),
    /// To an action.
    Action(ActionChange),
    /// To a role.
    Role(RoleChange),
    /// To a policy.
    Policy(PolicyChange),
    /// To an environment.
    Environment(EnvironmentChange),
    /// To a project.
    Project(ProjectChange),
    /// To a user or application.
    Principal(PrincipalChange),
    /// To a group.
    Group(GroupChange),
    /// To a membership.
    Membership(MembershipChange),
    /// To an assignment.
    Assignment(AssignmentChange),
    /// To a token.
    Token(TokenChange),
    /// To a resource type.
    ResourceType(ResourceTypeChange),
    /// To a sign-in provider.
    Provider(ProviderChange),
    /// A workload was imported. It has a compact form of its own and is not written as JSON.
    #[serde(skip)]
    Imported(Arc<Workload>),
}

macro_rules! from {
    ($($variant:ident: $type:ty),* $(,)?) => {$(
        impl From<$type> for Change {
            fn from(change: $type) -> Self {
                Change::$variant(change)
            }
        }
    )*};
}

from! {
    Organization: OrganizationChange, Action: ActionChange, Role: RoleChange, Policy: PolicyChange,
    Environment: EnvironmentChange, Project: ProjectChange, Principal: PrincipalChange,
    Group: GroupChange, Membership: MembershipChange, Assignment: AssignmentChange,
    Token: TokenChange, ResourceType: ResourceTypeChange, Provider: ProviderChange,
}
