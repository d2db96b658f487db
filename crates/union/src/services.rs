//! The services, each method one line: who calls, what is asked, what is done.

use crate::door::caller;
use crate::wire::auth::{IdentityService, UserInfoRequest, UserInfoResponse};
use crate::wire::authorizer::{
    AssignIdentityRequest, AssignIdentityResponse, AuthorizeRequest, AuthorizeResponse, AuthorizerService,
    CreatePolicyBindingRequest as Bind, DeletePolicyBindingRequest as Unbind, GetIdentityAssignmentRequest,
    GetIdentityAssignmentResponse, GetPolicyAssignmentRequest, GetPolicyAssignmentResponse,
    ListIdentityAssignmentsRequest, ListIdentityAssignmentsResponse, UnassignIdentityRequest, UnassignIdentityResponse,
};
use crate::wire::common::UserIdentifier;
use crate::wire::identity::{
    AppsService, CreateAppRequest, CreateAppResponse, CreatePolicyBindingRequest, CreatePolicyBindingResponse,
    CreatePolicyRequest, CreatePolicyResponse, CreateRoleActionRequest, CreateRoleActionResponse, CreateRoleRequest,
    CreateRoleResponse, CreateUserRequest, CreateUserResponse, DeleteAppRequest, DeleteAppResponse,
    DeletePolicyBindingRequest, DeletePolicyBindingResponse, DeletePolicyRequest, DeletePolicyResponse,
    DeleteRoleActionRequest, DeleteRoleActionResponse, DeleteRoleRequest, DeleteRoleResponse, DeleteUserRequest,
    DeleteUserResponse, GetAppRequest, GetAppResponse, GetPolicyRequest, GetPolicyResponse, GetRoleRequest,
    GetRoleResponse, GetUserRequest, GetUserResponse, ListAppsRequest, ListAppsResponse, ListMembersRequest,
    ListMembersResponse, ListPoliciesRequest, ListPoliciesResponse, ListRolesRequest, ListRolesResponse,
    ListUsersCountRequest, ListUsersCountResponse, ListUsersRequest, ListUsersResponse, MemberService, PolicyService,
    RoleService, UpdateAppRequest, UpdateAppResponse, UpdateRoleRequest, UpdateRoleResponse, UserService,
};
use crate::wire::project::{
    CreateProjectRequest, CreateProjectResponse, GetProjectRequest, GetProjectResponse, ListProjectsRequest,
    ListProjectsResponse, ProjectService, UpdateProjectRequest, UpdateProjectResponse,
};
use crate::{application, assignment, me, member, policy, project, role, user};
use connectrpc::{RequestContext, Response, Router, ServiceRequest, ServiceResult};
use std::sync::Arc;

/// Every service that needs a credential.
pub(crate) fn all() -> Router {
    Router::new()
        .add_service(Arc::new(Roles))
        .add_service(Arc::new(Policies))
        .add_service(Arc::new(Users))
        .add_service(Arc::new(Members))
        .add_service(Arc::new(Applications))
        .add_service(Arc::new(Authorizer))
        .add_service(Arc::new(Identity))
        .add_service(Arc::new(Projects))
}

macro_rules! serves {
    ($type:ident is $service:ident {$(
        $method:ident($request:ty) -> $response:ty: |$caller:ident, $message:ident| $answer:expr;
    )*}) => {
        struct $type;

        #[allow(refining_impl_trait, reason = "the types that are named are what the trait asks for, said plainly")]
        impl $service for $type {$(
            async fn $method(
                &self,
                call: RequestContext,
                request: ServiceRequest<'_, $request>,
            ) -> ServiceResult<$response> {
                let ($caller, $message) = (caller(&call)?, request.to_owned_message());
                Response::ok($answer)
            }
        )*}
    };
}

/// The answer of a change that says nothing else.
macro_rules! done {
    ($change:expr) => {{
        $change.await?;
        Default::default()
    }};
}

serves!(Roles is RoleService {
    create_role(CreateRoleRequest) -> CreateRoleResponse: |who, asked| done!(role::create(who, &asked.role));
    update_role(UpdateRoleRequest) -> UpdateRoleResponse: |who, asked| done!(role::update(who, &asked.role));
    create_role_action(CreateRoleActionRequest) -> CreateRoleActionResponse:
        |who, asked| done!(role::permit(who, &asked.id, asked.action));
    delete_role_action(DeleteRoleActionRequest) -> DeleteRoleActionResponse:
        |who, asked| done!(role::withdraw(who, &asked.id, asked.action));
    get_role(GetRoleRequest) -> GetRoleResponse: |who, asked| GetRoleResponse { role: role::get(who, &asked.id)?.into() };
    delete_role(DeleteRoleRequest) -> DeleteRoleResponse: |who, asked| done!(role::delete(who, &asked.id));
    list(ListRolesRequest) -> ListRolesResponse: |who, asked| role::list(who, &asked)?;
});

serves!(Policies is PolicyService {
    create_policy(CreatePolicyRequest) -> CreatePolicyResponse: |who, asked| done!(policy::create(who, &asked.policy));
    create_policy_binding(CreatePolicyBindingRequest) -> CreatePolicyBindingResponse:
        |who, asked| done!(policy::bind(who, &asked.id, &asked.binding));
    delete_policy_binding(DeletePolicyBindingRequest) -> DeletePolicyBindingResponse:
        |who, asked| done!(policy::unbind(who, &asked.id, &asked.binding));
    get_policy(GetPolicyRequest) -> GetPolicyResponse:
        |who, asked| GetPolicyResponse { policy: policy::get(who, &asked.id)?.into() };
    delete_policy(DeletePolicyRequest) -> DeletePolicyResponse: |who, asked| done!(policy::delete(who, &asked.id));
    list(ListPoliciesRequest) -> ListPoliciesResponse: |who, asked| policy::list(who, &asked)?;
});

serves!(Users is UserService {
    create_user(CreateUserRequest) -> CreateUserResponse: |who, asked| {
        let subject = user::create(who, &asked).await?;
        CreateUserResponse { id: UserIdentifier { subject }.into() }
    };
    get_user(GetUserRequest) -> GetUserResponse: |who, asked| GetUserResponse { user: user::get(who, &asked.id)?.into() };
    delete_user(DeleteUserRequest) -> DeleteUserResponse:
        |who, asked| done!(user::delete(who, &asked.organization, &asked.id));
    list_users(ListUsersRequest) -> ListUsersResponse: |who, asked| user::list(who, &asked)?;
    list_users_count(ListUsersCountRequest) -> ListUsersCountResponse:
        |who, _asked| ListUsersCountResponse { count: user::count(who)? };
});

serves!(Members is MemberService {
    list_members(ListMembersRequest) -> ListMembersResponse:
        |who, asked| ListMembersResponse { members: member::list(who, &asked.organization)? };
});

serves!(Applications is AppsService {
    create(CreateAppRequest) -> CreateAppResponse:
        |who, asked| CreateAppResponse { app: application::create(who, &asked).await?.into() };
    get(GetAppRequest) -> GetAppResponse:
        |who, asked| GetAppResponse { app: application::get(who, &asked.organization, &asked.client_id)?.into() };
    update(UpdateAppRequest) -> UpdateAppResponse:
        |who, asked| UpdateAppResponse { app: application::update(who, &asked).await?.into() };
    delete(DeleteAppRequest) -> DeleteAppResponse:
        |who, asked| done!(application::delete(who, &asked.organization, &asked.client_id));
    list(ListAppsRequest) -> ListAppsResponse: |who, asked| application::list(who, &asked)?;
});

serves!(Authorizer is AuthorizerService {
    authorize(AuthorizeRequest) -> AuthorizeResponse:
        |who, asked| AuthorizeResponse { allowed: assignment::authorize(who, &asked)? };
    assign_identity(AssignIdentityRequest) -> AssignIdentityResponse: |who, asked| done!(assignment::assign(who, &asked));
    unassign_identity(UnassignIdentityRequest) -> UnassignIdentityResponse:
        |who, asked| done!(assignment::unassign(who, &asked));
    get_identity_assignments(GetIdentityAssignmentRequest) -> GetIdentityAssignmentResponse: |who, asked| {
        let found = assignment::of_identity(who, &asked.organization, &asked.identity)?;
        GetIdentityAssignmentResponse { identity_assignment: found.into() }
    };
    list_identity_assignments(ListIdentityAssignmentsRequest) -> ListIdentityAssignmentsResponse: |who, asked| {
        let identity_assignments = assignment::of_identities(who, &asked.organization, &asked.identities)?;
        ListIdentityAssignmentsResponse { identity_assignments }
    };
    get_policy_assignment(GetPolicyAssignmentRequest) -> GetPolicyAssignmentResponse:
        |who, asked| GetPolicyAssignmentResponse { policy_assignment: assignment::of_granted(who, &asked.id)?.into() };
    create_policy(CreatePolicyRequest) -> CreatePolicyResponse: |who, asked| done!(policy::create(who, &asked.policy));
    get_policy(GetPolicyRequest) -> GetPolicyResponse:
        |who, asked| GetPolicyResponse { policy: policy::get(who, &asked.id)?.into() };
    delete_policy(DeletePolicyRequest) -> DeletePolicyResponse: |who, asked| done!(policy::delete(who, &asked.id));
    list_policies(ListPoliciesRequest) -> ListPoliciesResponse: |who, asked| policy::list_all(who, &asked.organization)?;
    create_policy_binding(Bind) -> CreatePolicyBindingResponse:
        |who, asked| done!(policy::bind(who, &asked.policy_id, &asked.binding));
    delete_policy_binding(Unbind) -> DeletePolicyBindingResponse:
        |who, asked| done!(policy::unbind(who, &asked.policy_id, &asked.binding));
    create_role(CreateRoleRequest) -> CreateRoleResponse: |who, asked| done!(role::create(who, &asked.role));
    get_role(GetRoleRequest) -> GetRoleResponse: |who, asked| GetRoleResponse { role: role::get(who, &asked.id)?.into() };
    delete_role(DeleteRoleRequest) -> DeleteRoleResponse: |who, asked| done!(role::delete(who, &asked.id));
    list_roles(ListRolesRequest) -> ListRolesResponse: |who, asked| role::list_all(who, &asked.organization)?;
    create_role_action(CreateRoleActionRequest) -> CreateRoleActionResponse:
        |who, asked| done!(role::permit(who, &asked.id, asked.action));
    delete_role_action(DeleteRoleActionRequest) -> DeleteRoleActionResponse:
        |who, asked| done!(role::withdraw(who, &asked.id, asked.action));
});

serves!(Identity is IdentityService {
    user_info(UserInfoRequest) -> UserInfoResponse: |who, _asked| me::user_info(who);
});

serves!(Projects is ProjectService {
    create_project(CreateProjectRequest) -> CreateProjectResponse:
        |who, asked| done!(project::create(who, &asked.project));
    update_project(UpdateProjectRequest) -> UpdateProjectResponse:
        |who, asked| done!(project::update(who, &asked.project));
    get_project(GetProjectRequest) -> GetProjectResponse:
        |who, asked| GetProjectResponse { project: project::get(who, &asked.org, &asked.id)?.into() };
    list_projects(ListProjectsRequest) -> ListProjectsResponse:
        |who, asked| ListProjectsResponse { projects: project::list(who, &asked)?.into() };
});
