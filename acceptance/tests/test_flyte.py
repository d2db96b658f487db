"""The public Union client manages everything: over plain http on the machine itself, and over TLS with a secret."""

import base64
import json
import os
import re
import shlex
import sys
from pathlib import Path

import httpx
import pytest
from parts import guide
from parts.flyte import plain
from parts.server import TOKEN
from parts.signin import accept, consent, sign_in


@pytest.fixture(params=["loopback", "tls"])
def flyte(request, servers, flytes, authority):
    """The client of an administrator."""
    if request.param == "loopback":
        return flytes(servers(arguments=["--trust-loopback"]))
    server = servers(host="localhost", authority=authority)
    return as_application(server, flytes, "admin-of-tests", "Admin")


def as_application(server, flytes, name: str, policy: str):
    """The client of a fresh application that has been given a policy."""
    told = server.api.post("applications", {"name": name, "policies": [policy], "secret": True})
    secret = server.folder / f"{name}.secret"
    secret.write_text(server.secret(told["client_secret"], f"the client secret of {name}"))
    return flytes(server, authType="ClientSecret", clientId=told["client_id"], clientSecretLocation=str(secret))


def make_role(flyte, name: str, *actions: str, description: str = "made in a test"):
    text = f"name: {name}\ndescription: {description}\nactions: {json.dumps(actions)}\n"
    flyte("create", "role", name, "--file", flyte.file(text)).well("Successfully created role", name)


def make_policy(flyte, name: str, *bindings: dict, description: str = "made in a test"):
    text = json.dumps({"name": name, "description": description, "bindings": bindings})
    flyte("create", "policy", name, "--file", flyte.file(text)).well("Successfully created policy", name)


def make_user(flyte, first: str, last: str, email: str, *more: str) -> str:
    ran = flyte("create", "user", "--first-name", first, "--last-name", last, "--email", email, *more)
    return re.search(r"\((usr_[^()\s]+)\)", ran.well("Successfully created user", email).said)[1]


def actions_of(flyte, role: str) -> list:
    return sorted(flyte.one("get", "role", role).get("actions", []))


def bindings_of(flyte, policy: str) -> list:
    return flyte.one("get", "policy", policy).get("bindings", [])


def policies_of(flyte, *who: str) -> list:
    return sorted(policy["id"]["name"] for policy in flyte.one("get", "assignment", *who).get("policies", []))


def organization(name="acme"):
    return {"organization": {"name": name}}


def domain(name: str):
    return {"domain": {"name": name, **organization()}}


def project(name: str, domain: str | None = None):
    return {"project": {"name": name, "domain": ({"name": domain} if domain else {}) | organization()}}


def test_who_one_is(flyte):
    assert json.loads(flyte("whoami").well().out)["subject"]


def test_roles_are_made_from_a_file_and_in_an_editor_changed_and_deleted(flyte):
    flyte("create", "role", "runner").badly("--file or --edit")
    make_role(flyte, "runner", "view_flyte_inventory", "ACTION_VIEW_FLYTE_EXECUTIONS")
    shown = flyte.one("get", "role", "runner")
    assert shown["id"] == {"organization": "acme", "name": "runner"}
    assert shown["roleType"] == "ROLE_TYPE_CUSTOM" and shown["roleSpec"]["description"] == "made in a test"
    assert actions_of(flyte, "runner") == ["ACTION_VIEW_FLYTE_EXECUTIONS", "ACTION_VIEW_FLYTE_INVENTORY"]
    ran, template = flyte.edit("name: starter\nactions: [create_flyte_executions]\n", "create", "role", "x", "--edit")
    ran.well("Successfully created role", "starter")
    assert "ACTION_MANAGE_LLM_GATEWAY_KEYS" in template
    flyte.edit(None, "create", "role", "never", "--edit")[0].well("Edit cancelled")
    flyte("get", "role", "never").badly("Unable to get role(s)", 'no role named "never"')
    changed = "name: runner\nactions: [ACTION_VIEW_FLYTE_INVENTORY, register_flyte_inventory, manage_queue]\n"
    ran, before = flyte.edit(changed, "update", "role", "runner")
    ran.well("Successfully updated role", "runner")
    assert "- ACTION_VIEW_FLYTE_EXECUTIONS" in before
    after = ["ACTION_MANAGE_QUEUE", "ACTION_REGISTER_FLYTE_INVENTORY", "ACTION_VIEW_FLYTE_INVENTORY"]
    assert actions_of(flyte, "runner") == after
    assert flyte.one("get", "role", "runner")["roleSpec"]["description"] == "made in a test"
    flyte.edit("name: starter\nactions: []\n", "update", "role", "starter")[0].well("Successfully updated role")
    assert actions_of(flyte, "starter") == []
    same = f"name: runner\nactions: {json.dumps(after)}\n"
    flyte.edit(same, "update", "role", "runner")[0].well("No changes detected")
    flyte("get", "role", "--limit", "1000").well("Roles", "runner", "starter", "acme")
    assert {"Admin", "Viewer", "runner"} <= {row["id"]["name"] for row in flyte.rows("get", "role", "--limit", "20000")}
    assert len(flyte.rows("get", "role", "--limit", "1")) == 1
    flyte("delete", "role", "starter", typed="n\n").badly("Aborted")
    flyte("delete", "role", "starter", typed="y\n").well("Successfully deleted role", "starter")
    flyte("delete", "role", "runner", "--yes").well("Successfully deleted role", "runner")
    assert not {"runner", "starter"} & {row["id"]["name"] for row in flyte.rows("get", "role")}


def test_policies_bind_roles_everywhere_in_a_domain_and_in_a_project(flyte):
    make_role(flyte, "runner", "view_flyte_inventory")
    flyte("create", "policy", "team").badly("--file or --edit")
    in_shop = {"project": "shop", "domain": "development"}
    make_policy(
        flyte,
        "team",
        {"role": "runner", "resource": {"domain": "production"}},
        {"role": "runner", "resource": in_shop},
        {"role": "runner", "resource": {"project": "everywhere"}},
        {"role": "runner"},
    )
    resources = [domain("production"), project("shop", "development"), project("everywhere"), organization()]
    role = {"organization": "acme", "name": "runner"}
    assert bindings_of(flyte, "team") == [{"roleId": role, "resource": resource} for resource in resources]
    ran, template = flyte.edit("name: second\nbindings:\n- role: runner\n", "create", "policy", "x", "--edit")
    ran.well("Successfully created policy", "second")
    assert "bindings" in template
    more = "name: second\nbindings:\n- role: runner\n  resource: {organization: acme}\n"
    more += "- role: runner\n  resource: {domain: staging}\n"
    ran, before = flyte.edit(more, "update", "policy", "second")
    assert "organization: acme" in before and "Error" not in ran.well().said
    assert [binding["resource"] for binding in bindings_of(flyte, "second")] == [organization(), domain("staging")]
    less = "name: second\nbindings:\n- role: runner\n  resource: {domain: staging}\n"
    flyte.edit(less, "update", "policy", "second")[0].well()
    assert [binding["resource"] for binding in bindings_of(flyte, "second")] == [domain("staging")]
    flyte.edit(less + "description: ''\n", "update", "policy", "second")[0].well("No changes detected")
    flyte("get", "policy", "--limit", "1000").well("Policies", "team", "second")
    assert {"team", "second"} <= {row["id"]["name"] for row in flyte.rows("get", "policy", "--limit", "20000")}
    flyte("delete", "role", "runner", "--yes").badly("is bound by 2 policies")
    flyte("delete", "policy", "team", typed="n\n").badly("Aborted")
    flyte("delete", "policy", "team", "--yes").well("Successfully deleted policy", "team")
    flyte("get", "policy", "team").badly("Unable to get policy(ies)", "team")


def test_users_applications_and_members(flyte):
    jane = make_user(flyte, "Jane", "Doe", "jane@example.com")
    make_user(flyte, "Ludwig", "van Beethoven", "ludwig@example.com", "--policy", "Viewer")
    shown = flyte.one("get", "user", jane)
    assert shown["id"] == {"subject": jane}
    spec = {name: shown["spec"][name] for name in ("firstName", "lastName", "email")}
    assert spec == {"firstName": "Jane", "lastName": "Doe", "email": "jane@example.com"}
    [ludwig] = flyte.rows("get", "user", "--email", "Ludwig@example.com")
    assert (ludwig["spec"]["firstName"], ludwig["spec"]["lastName"]) == ("Ludwig", "van Beethoven")
    assert [policy["id"]["name"] for policy in ludwig["policies"]] == ["Viewer"]
    flyte("get", "user", "--email", "nobody@example.com").well("No users found")
    flyte("create", "user", "--first-name", "J", "--last-name", "D", "--email", "jane@example.com").badly("jane@example.com")
    flyte("get", "user", "--limit", "1000").well("Users", "jane@example.com", jane)

    made = flyte("create", "api-key", "--name", "CI Runner").well("API Key Created Successfully", "Client ID: ci-runner")
    key = base64.b64decode(re.search(r'FLYTE_API_KEY="([A-Za-z0-9+/=]+)"', made.said)[1]).decode()
    secret = flyte.server.secret(key.rsplit(":", 3)[2], "the secret of an API key")
    assert len(secret) >= 16 and ":" not in secret
    [listed] = [row for row in flyte.rows("get", "api-key", "--limit", "1000") if row["clientId"] == "ci-runner"]
    assert listed["clientName"] == "ci-runner" and not listed.get("clientSecret")
    shown = flyte.one("get", "api-key", "ci-runner")
    assert "CLIENT_CREDENTIALS" in shown["grantTypes"] and not shown.get("clientSecret")
    assert shown["redirectUris"] == ["http://localhost:8080/authorization-code/callback"]

    members = flyte.rows("get", "member")
    assert jane in {row["user"]["id"]["subject"] for row in members if "user" in row}
    assert "ci-runner" in {row["application"]["id"]["subject"] for row in members if "application" in row}
    flyte("get", "member").well("Members", "Jane Doe", jane, "application")

    flyte("delete", "api-key", "ci-runner", "--yes").well("Successfully deleted API key", "ci-runner")
    flyte("get", "api-key", "ci-runner").badly("Unable to get api-key(s)")
    flyte("delete", "user", jane, "--yes").well("Successfully deleted user", jane)
    flyte("get", "user", jane).badly("Unable to get user(s)")
    assert not flyte.rows("get", "user", "--email", "jane@example.com")


def test_assignments_by_address_by_subject_and_of_applications(flyte):
    jane = make_user(flyte, "Jane", "Doe", "jane@example.com")
    flyte("create", "api-key", "--name", "ci").well("Client ID: ci")
    flyte("create", "assignment", "--policy", "Viewer").badly("Exactly one of")
    flyte("create", "assignment", "--email", "jane@example.com", "--policy", "Viewer").well(jane, "Viewer")
    flyte("create", "assignment", "--user-subject", jane, "--policy", "Contributor").well("Successfully assigned policy")
    flyte("create", "assignment", "--user-subject", jane, "--policy", "Contributor").well("Successfully assigned policy")
    flyte("create", "assignment", "--creds-subject", "ci", "--policy", "Viewer").well("Successfully assigned policy", "ci")
    flyte("create", "assignment", "--creds-subject", "ci", "--policy", "Vewer").badly('did you mean "Viewer"?')
    flyte("create", "assignment", "--user-subject", "usr_nobody", "--policy", "Viewer").badly("usr_nobody")
    assert flyte.one("get", "assignment", "--user-subject", jane)["identity"] == {"userId": {"subject": jane}}
    assert policies_of(flyte, "--email", "jane@example.com") == ["Contributor", "Viewer"]
    assert flyte.one("get", "assignment", "--creds-subject", "ci")["identity"] == {"applicationId": {"subject": "ci"}}
    flyte("delete", "assignment", "--user-subject", jane, "--policy", "Viewer", typed="n\n").badly("Aborted")
    flyte("delete", "assignment", "--email", "jane@example.com", "--policy", "Viewer", "--yes").well("unassigned policy")
    flyte("delete", "assignment", "--creds-subject", "ci", "--policy", "Viewer", "--yes").well("unassigned policy", "ci")
    assert policies_of(flyte, "--user-subject", jane) == ["Contributor"]
    assert policies_of(flyte, "--creds-subject", "ci") == []


def test_projects_are_made_shown_changed_and_archived(flyte):
    flyte("create", "project", "--id", "shop", "--name", "The shop", "--description", "sells", "-l", "team=ml").well("shop")
    flyte("get", "project", "shop").well("The shop", "sells", "team: ml", "PROJECT_STATE_ACTIVE")
    flyte("create", "project", "--id", "shop", "--name", "Another").badly('already a project named "shop"')
    flyte("update", "project", "shop", "--description", "sells more").well("description updated")
    flyte("get", "project", "shop").well("The shop", "sells more", "team: ml")
    flyte("update", "project", "shop", "--archive").well("archived")
    assert "shop" not in {row["id"] for row in flyte.rows("get", "project")}
    assert "shop" in {row["id"] for row in flyte.rows("get", "project", "--archived")}
    flyte("update", "project", "shop", "--unarchive", "--name", "Shop").well("unarchived")
    assert "Shop" in {row["name"] for row in flyte.rows("get", "project")}
    flyte("get", "project", "shpo").badly('did you mean "shop"?')
    seen = flyte.server.api.get("projects/shop")
    assert (seen["title"], seen["description"]) == ("Shop", "sells more")


def test_the_documents_walk_through_runs_as_it_stands(flyte):
    make_user(flyte, "Jane", "Doe", "jane@example.com")
    bindings = flyte.python("""
Role.create("Production Runner", description="Can view and execute workflows",
    actions=["view_flyte_inventory", "view_flyte_executions", "create_flyte_executions"])
Policy.create("Team Prod Access", description="Production execution access for the team",
    bindings=[{"role": "Production Runner", "resource": {"project": "my-project", "domain": "production"}}])
Assignment.create(email="jane@example.com", policy="Team Prod Access")
Role.update("Production Runner",
    actions=["view_flyte_inventory", "view_flyte_executions", "create_flyte_executions", "register_flyte_inventory"])
policy = Policy.get("Team Prod Access")
new_bindings = policy.bindings + [{"role": "Production Runner", "resource": {"project": "my-project", "domain": "staging"}}]
Policy.update("Team Prod Access", old_bindings=policy.bindings, new_bindings=new_bindings)
print(json.dumps(Policy.get("Team Prod Access").bindings))
""")
    assert bindings == [{"role": "Production Runner", "resource": {"project": "my-project"}}] * 2
    asked = {"subject": {"type": "user", "id": "jane@example.com"}, "action": {"name": "register_flyte_inventory"}}
    explained = flyte.server.api.items("policies", search="Team Prod")
    environments = sorted(binding["environment"] for binding in explained[0]["bindings"])
    assert environments == ["production", "staging"], (asked, explained)


def test_classes_of_the_client_read_what_they_wrote(flyte):
    jane = make_user(flyte, "Jane", "Doe", "jane@example.com")
    flyte("create", "api-key", "--name", "ci").well("Client ID: ci")
    told = flyte.python(f"""
role = Role.create("sdk", description="from Python", actions=["view_flyte_inventory"])
policy = Policy.create("sdk", bindings=[{{"role": "sdk", "resource": {{"domain": "production"}}}}, {{"role": "sdk"}}])
first = policy.bindings
changed = [b for b in first if "domain" not in b["resource"]] + [{{"role": "sdk", "resource": {{"domain": "staging"}}}}]
policy = Policy.update("sdk", first, changed)
given = Assignment.create(user_subject={jane!r}, policy="sdk")
Assignment.unassign(user_subject={jane!r}, policy="sdk")
renamed = ApiKey.update("ci", client_name="renamed")
print(json.dumps({{"type": role.role_type, "first": first, "changed": policy.bindings, "given": given.policies,
    "left": Assignment.get(email="jane@example.com").policies, "renamed": renamed.client_name,
    "kept": list(renamed.pb2.redirect_uris), "members": [m.subject for m in Member.listall()],
    "users": [u.email for u in User.listall(limit=1000)]}}))
""")
    assert told["type"] == "ROLE_TYPE_CUSTOM" and told["given"] == ["sdk"] and told["left"] == []
    everywhere = {"role": "sdk", "resource": {"organization": "acme"}}
    assert told["first"] == [{"role": "sdk", "resource": {"domain": "production"}}, everywhere]
    assert told["changed"] == [everywhere, {"role": "sdk", "resource": {"domain": "staging"}}]
    assert told["renamed"] == "renamed" and told["kept"] == ["http://localhost:8080/authorization-code/callback"]
    assert jane in told["members"] and "ci" in told["members"] and "jane@example.com" in told["users"]


def test_checks_are_answered_for_every_kind_of_resource(flyte):
    jane = make_user(flyte, "Jane", "Doe", "jane@example.com")
    make_role(flyte, "runner", "view_flyte_inventory", "manage_cluster")
    make_policy(flyte, "team", {"role": "runner", "resource": {"project": "shop", "domain": "production"}})
    flyte("create", "assignment", "--user-subject", jane, "--policy", "team").well()
    told = flyte.ask(f"""
svc = service(AuthorizerServiceClient)
def place(**kind):
    return authorization_pb2.Resource(**kind)
def in_project(name, domain):
    return authorization_pb2.Project(name=name, domain=authorization_pb2.Domain(name=domain))
async def may(resource, action="ACTION_VIEW_FLYTE_INVENTORY", subject={jane!r}, org="acme"):
    request = authorizer.AuthorizeRequest(organization=org, resource=resource, action=action)
    request.identity.user_id.subject = subject
    return (await svc.authorize(request)).allowed
shop = in_project("shop", "production")
async def refused(**fields):
    return (await code(svc.authorize(authorizer.AuthorizeRequest(**fields))))[0]
who = identity_pb2.Identity(user_id=identifier_pb2.UserIdentifier(subject={jane!r}))
return {{
    "project": await may(place(project=shop)),
    "workflow": await may(place(workflow=authorization_pb2.Workflow(name="w", project=shop))),
    "plan": await may(place(launch_plan=authorization_pb2.LaunchPlan(name="l", project=shop))),
    "elsewhere": await may(place(project=in_project("shop", "staging"))),
    "everywhere": await may(place(project=in_project("shop", ""))),
    "domain": await may(place(domain=authorization_pb2.Domain(name="production"))),
    "organization": await may(place(organization=authorization_pb2.Organization(name="acme"))),
    "cluster": await may(place(cluster=identifier_pb2.ClusterIdentifier(name="c")), "ACTION_MANAGE_CLUSTER"),
    "unknown project": await may(place(project=in_project("nowhere", "production"))),
    "unknown subject": await may(place(project=shop), subject="nobody"),
    "other action": await may(place(project=shop), "ACTION_MANAGE_TENANT"),
    "no organization": await may(place(project=shop), org=""),
    "no action": await refused(identity=who, resource=place(project=shop)),
    "old action": await refused(identity=who, resource=place(project=shop), action=2),
    "no resource": await refused(identity=who, action=5),
    "nobody": await refused(resource=place(project=shop), action=5),
    "of another": await refused(organization="globex", identity=who, resource=place(project=shop), action=5),
}}
""")
    allowed = {name for name, answer in told.items() if answer is True}
    assert allowed == {"project", "workflow", "plan", "no organization"}, told
    refused = {name: answer for name, answer in told.items() if isinstance(answer, str)}
    wrong = dict.fromkeys(["no action", "old action", "no resource", "nobody"], "invalid_argument")
    assert refused == wrong | {"of another": "not_found"}


def test_what_is_refused_says_why_with_the_right_code(flyte):
    told = flyte.ask("""
svc, pol = service(RoleServiceClient), service(PolicyServiceClient)
Role = role_pb2.Role
def named(name, org="acme"):
    return identifier_pb2.RoleIdentifier(organization=org, name=name)
def make(name, **more):
    return svc.create_role(roles.CreateRoleRequest(role=Role(id=named(name), **more)))
def bind(role, **resource):
    binding = policy_pb2.PolicyBinding(role_id=named(role), resource=authorization_pb2.Resource(**resource))
    id = identifier_pb2.PolicyIdentifier(name="team")
    return pol.create_policy_binding(policies.CreatePolicyBindingRequest(id=id, binding=binding))
await make("runner", actions=[5])
await pol.create_policy(policies.CreatePolicyRequest(policy=policy_pb2.Policy(id=identifier_pb2.PolicyIdentifier(name="team"))))
shop = authorization_pb2.Project(name="shop", domain=authorization_pb2.Domain(name="production"))
await bind("runner", project=shop)
return {
    "twice": await code(make("Runner")),
    "nameless": await code(make("")),
    "an old action": await code(make("x", actions=[3])),
    "no action": await code(make("x", actions=[0])),
    "a future action": await code(make("x", actions=[99])),
    "a future type": await code(make("x", role_type=99)),
    "bound": await code(svc.delete_role(roles.DeleteRoleRequest(id=named("runner")))),
    "built in": await code(svc.delete_role(roles.DeleteRoleRequest(id=named("Viewer")))),
    "unknown": await code(svc.get_role(roles.GetRoleRequest(id=named("unauthorized")))),
    "another organization": await code(svc.get_role(roles.GetRoleRequest(id=named("Viewer", "globex")))),
    "an unknown role": await code(bind("nobody", project=shop)),
    "an unknown domain": await code(bind("runner", domain=authorization_pb2.Domain(name="prodution"))),
    "a workflow": await code(bind("runner", workflow=authorization_pb2.Workflow(name="w", project=shop))),
    "a plan": await code(bind("runner", launch_plan=authorization_pb2.LaunchPlan(name="l", project=shop))),
    "a cluster": await code(bind("runner", cluster=identifier_pb2.ClusterIdentifier(name="c"))),
    "nowhere": await code(bind("runner")),
    "not offered": await code(service(AuthorizerServiceClient).create_organization(
        authorizer.CreateOrganizationRequest(organization="globex"))),
}
""")
    codes = {name: answer[0] for name, answer in told.items()}
    invalid = ["nameless", "an old action", "no action", "a future action", "a future type"]
    invalid += ["a workflow", "a plan", "a cluster", "nowhere"]
    absent = ["unknown", "another organization", "an unknown role", "an unknown domain"]
    expected = dict.fromkeys(invalid, "invalid_argument") | dict.fromkeys(absent, "not_found")
    expected |= {"twice": "already_exists", "bound": "failed_precondition", "built in": "failed_precondition"}
    assert codes == expected | {"not offered": "unimplemented"}, told
    messages = {name: answer[1] for name, answer in told.items()}
    assert "production" in messages["an unknown domain"] and 'bound by policy "team"' in messages["bound"]
    assert "un-authorized" in messages["unknown"] and "Rolecall does not offer" in messages["not offered"]
    assert not any(re.search("unauthorized|unauthenticated", message, re.I) for message in messages.values())


def test_a_role_type_is_echoed_and_built_in_roles_have_theirs(flyte):
    assert flyte.one("get", "role", "Admin")["roleType"] == "ROLE_TYPE_ADMIN"
    assert len(actions_of(flyte, "Admin")) == 19
    assert flyte.one("get", "role", "Viewer")["roleType"] == "ROLE_TYPE_VIEWER"
    kind = flyte.ask("""
svc = service(RoleServiceClient)
role = role_pb2.Role(id=identifier_pb2.RoleIdentifier(name="support"), role_type="ROLE_TYPE_SUPPORT")
await svc.create_role(roles.CreateRoleRequest(role=role))
return (await svc.get_role(roles.GetRoleRequest(id=role.id))).role.role_type
""")
    assert kind == 9


def test_without_an_organization_the_client_s_own_guess_will_do(servers, flytes):
    server = servers(arguments=["--trust-loopback"])
    guess = flytes(server, org=None)
    make_role(guess, "runner", "view_flyte_inventory")
    make_policy(guess, "team", {"role": "runner"}, {"role": "runner", "resource": {"domain": "staging"}})
    less = "name: team\nbindings:\n- role: runner\n  resource: {domain: staging}\n"
    guess.edit(less, "update", "policy", "team")[0].well()
    [binding] = bindings_of(flytes(server), "team")
    assert binding["resource"] == domain("staging")
    local = flytes(server, org=None, endpoint=f"dns:///localhost:{server.port}")
    assert actions_of(local, "runner") == ["ACTION_VIEW_FLYTE_INVENTORY"]
    flytes(server, org="globex")("get", "role").badly('for the organization "acme"', "--org acme")


def test_removing_a_project_s_binding_means_every_domain_when_none_is_named(flyte):
    make_role(flyte, "runner", "view_flyte_inventory")
    two = [{"role": "runner", "resource": {"project": "shop", "domain": name}} for name in ("production", "staging")]
    make_policy(flyte, "team", *two, {"role": "runner", "resource": {"domain": "staging"}})
    flyte.edit("name: team\nbindings:\n- {role: runner, resource: {domain: staging}}\n", "update", "policy", "team")[0].well()
    assert [binding["resource"] for binding in bindings_of(flyte, "team")] == [domain("staging")]
    make_policy(flyte, "both", {"role": "runner", "resource": {"project": "shop"}}, two[0])
    told = flyte.ask("""
svc = service(PolicyServiceClient)
async def unbind(project):
    resource = authorization_pb2.Resource(project=authorization_pb2.Project(name=project, domain=authorization_pb2.Domain()))
    binding = policy_pb2.PolicyBinding(role_id=identifier_pb2.RoleIdentifier(name="runner"), resource=resource)
    id = identifier_pb2.PolicyIdentifier(name="both")
    return (await code(svc.delete_policy_binding(policies.DeletePolicyBindingRequest(id=id, binding=binding))))[0]
first = await unbind("shop")
left = await svc.get_policy(policies.GetPolicyRequest(id=identifier_pb2.PolicyIdentifier(name="both")))
return [first, len(left.policy.bindings), await unbind("nowhere"), await unbind("shop"), await unbind("shop")]
""")
    # The one in all domains goes first, and removing what is not there is no error.
    assert told == ["ok", 1, "ok", "ok", "ok"] and bindings_of(flyte, "both") == []


def test_what_the_client_cannot_say_is_shown_and_kept(flyte):
    api = flyte.server.api
    narrowed = {"action": "register_flyte_inventory", "environment": "staging"}
    permits = [{"action": "view_flyte_inventory"}, narrowed, {"action": "rolecall.users.read"}]
    api.post("roles", {"name": "mixed", "permits": permits})
    shown = flyte.one("get", "role", "mixed")
    assert shown["actions"] == ["ACTION_VIEW_FLYTE_INVENTORY"]
    assert shown["permissions"] == [{"resource": domain("staging"), "actions": ["ACTION_REGISTER_FLYTE_INVENTORY"]}]
    changed = "name: mixed\nactions: [create_flyte_executions]\n"
    flyte.edit(changed, "update", "role", "mixed")[0].well("Successfully updated role")
    assert api.get("roles/mixed")["permits"] == [narrowed, permits[2], {"action": "create_flyte_executions"}]
    flyte.ask("""
svc = service(RoleServiceClient)
role = role_pb2.Role(id=identifier_pb2.RoleIdentifier(name="mixed"), actions=[6])
await svc.update_role(roles.UpdateRoleRequest(role=role))
""")
    assert api.get("roles/mixed")["permits"] == [narrowed, permits[2], {"action": "view_flyte_executions"}]


def test_the_audit_names_the_protocol_and_everything_is_seen_at_once(flyte):
    make_role(flyte, "runner", "view_flyte_inventory")
    assert flyte.server.api.get("roles/runner")["permits"] == [{"action": "view_flyte_inventory"}]
    newest = flyte.server.api.items("history")
    assert any(entry.get("facade") == "union" for entry in newest), newest[:3]
    flyte.server.run("create", "policy", "by-hand", "--bind", "runner", code=None)
    flyte.server.api.post("policies", {"name": "by-rest", "bindings": [{"role": "runner", "environment": "staging"}]})
    assert bindings_of(flyte, "by-rest")[0]["resource"] == domain("staging")


def test_a_repeat_after_a_lost_answer_is_answered_as_the_first_time(flyte):
    told = flyte.ask("""
import httpx, uuid
svc = service(RoleServiceClient)
from connectrpc.request import Headers
def asked(name):
    return roles.CreateRoleRequest(role=role_pb2.Role(id=identifier_pb2.RoleIdentifier(name=name)))
id = {"x-request-id": str(uuid.uuid4())}
return [(await code(svc.create_role(asked("again"), headers=id)))[0] for _ in range(2)] + [
    (await code(svc.create_role(asked("again"))))[0], (await code(svc.create_role(asked("other"), headers=id)))[0]]
""")
    assert told == ["ok", "ok", "already_exists", "invalid_argument"]


def test_twenty_at_once_lose_nothing_and_only_one_makes_it(flyte):
    told = flyte.ask("""
svc, pol = service(RoleServiceClient), service(PolicyServiceClient)
def role(name):
    return identifier_pb2.RoleIdentifier(name=name)
async def make():
    return (await code(svc.create_role(roles.CreateRoleRequest(role=role_pb2.Role(id=role("one"), actions=[5])))))[0]
made = await asyncio.gather(*[make() for _ in range(20)])
team = identifier_pb2.PolicyIdentifier(name="team")
await pol.create_policy(policies.CreatePolicyRequest(policy=policy_pb2.Policy(id=team)))
async def bind(number):
    project = authorization_pb2.Project(name=f"p{number}", domain=authorization_pb2.Domain())
    binding = policy_pb2.PolicyBinding(role_id=role("one"), resource=authorization_pb2.Resource(project=project))
    await pol.create_policy_binding(policies.CreatePolicyBindingRequest(id=team, binding=binding))
async def permit(number):
    await svc.create_role_action(roles.CreateRoleActionRequest(id=role("one"), action=number))
await asyncio.gather(*[bind(number) for number in range(20)], *[permit(number) for number in range(5, 24)])
policy = (await pol.get_policy(policies.GetPolicyRequest(id=team))).policy
actions = (await svc.get_role(roles.GetRoleRequest(id=role("one")))).role.actions
return [sorted(made), len(policy.bindings), len(actions)]
""")
    assert told == [["already_exists"] * 19 + ["ok"], 20, 19]


def test_pages_of_users_and_lists_beyond_ten_thousand(flyte):
    lines = [json.dumps({"name": f"u{number:03}", "email": f"u{number:03}@example.com"}) for number in range(250)]
    for line in lines:
        flyte.server.api.post("users", json.loads(line))
    assert len(flyte.rows("get", "user", "--limit", "1000")) >= 250
    assert len(flyte.rows("get", "user", "--limit", "120")) == 120
    told = flyte.ask("""
svc = service(UserServiceClient)
whole = await svc.list_users(users.ListUsersRequest(request=list_pb2.ListRequest(limit=20000)))
first = await svc.list_users(users.ListUsersRequest())
strange = await code(svc.list_users(users.ListUsersRequest(request=list_pb2.ListRequest(token="strange"))))
count = await svc.list_users_count(users.ListUsersCountRequest())
return [len(whole.users) == whole.count == count.count, whole.token, len(first.users), bool(first.token), strange[0]]
""")
    assert told == [True, "", 100, True, "invalid_argument"]


def test_who_has_been_given_a_policy_and_several_at_once(flyte):
    jane = make_user(flyte, "Jane", "Doe", "jane@example.com", "--policy", "Viewer")
    told = flyte.ask(f"""
svc = service(AuthorizerServiceClient)
viewer = identifier_pb2.PolicyIdentifier(name="Viewer")
holders = (await svc.get_policy_assignment(authorizer.GetPolicyAssignmentRequest(id=viewer))).policy_assignment
request = authorizer.ListIdentityAssignmentsRequest()
empty = len((await svc.list_identity_assignments(request)).identity_assignments)
request.identities.add().user_id.subject = {jane!r}
request.identities.add().application_id.subject = "nobody"
several = (await svc.list_identity_assignments(request)).identity_assignments
role = (await svc.get_role(authorizer.GetRoleRequest(id=identifier_pb2.RoleIdentifier(name="Viewer")))).role
listed = [r.id.name for r in (await svc.list_roles(authorizer.ListRolesRequest())).roles]
bound = [len(p.bindings) for p in (await svc.list_policies(authorizer.ListPoliciesRequest())).policies]
return [[i.user_id.subject for i in holders.identities], empty, [[p.id.name for p in i.policies] for i in several],
    role.id.name, "Admin" in listed, len(bound) >= 3]
""")
    assert told == [[jane], 0, [["Viewer"], []], "Viewer", True, True]


def test_who_may_little_is_refused_and_may_ask_about_itself(servers, flytes, authority):
    server = servers(host="localhost", authority=authority)
    viewer = as_application(server, flytes, "viewer", "Viewer")
    viewer("get", "role").badly("rolecall.roles.read")
    viewer("get", "role", "Admin").badly('no role named "Admin"')
    viewer("create", "role", "x", "--file", viewer.file("name: x\nactions: []\n")).badly("rolecall.roles.write")
    viewer("get", "user").badly("rolecall.users.read")
    assert policies_of(viewer, "--creds-subject", "viewer") == ["Viewer"]
    assert json.loads(viewer("whoami").well().out)["subject"] == "viewer"


def test_an_api_key_and_a_token_of_a_command_sign_in(servers, flytes, authority):
    server = servers(host="localhost", authority=authority)
    admin = as_application(server, flytes, "admin-of-tests", "Admin")
    made = admin("create", "api-key", "--name", "ci").well("Client ID: ci")
    key = base64.b64decode(re.search(r'FLYTE_API_KEY="([A-Za-z0-9+/=]+)"', made.said)[1]).decode()
    secret = server.secret(key.rsplit(":", 3)[2], "the secret of an API key")
    # The key that the client prints keeps the port, which it cannot read back.
    mended = base64.b64encode(f"localhost:ci:{secret}:None".encode()).decode()
    admin("create", "assignment", "--creds-subject", "ci", "--policy", "Viewer").well()
    by_key = flytes(server, key=server.secret(mended, "an API key"))
    assert json.loads(by_key("whoami").well().out)["subject"] == "ci"
    by_command = flytes(server, authType="ExternalCommand", command=["echo", TOKEN])
    make_role(by_command, "runner", "view_flyte_inventory")
    wrong = flytes(server, authType="ExternalCommand", command=["echo", "not-a-token-of-anybody"])
    wrong("get", "role").badly("Unable to get role(s)")


@pytest.fixture
def person(servers, authority) -> tuple:
    """A server with TLS, and the browser of an administrator who has signed in there."""
    server = servers(host="localhost", authority=authority)
    made = server.api.post("users", {"email": "grace@example.com", "policies": ["Admin"]})
    password = "Gelb 7 Ampel? Fluss"
    assert accept(server, made["invitation"]["link"], password).status == 200
    return server, made["subject"], sign_in(server, "grace@example.com", password)


def test_somebody_signs_in_in_a_browser(person, flytes):
    server, subject, browser = person
    running = flytes(server, authType="Pkce").begin("whoami")
    visit = consent(browser, running.address())
    assert visit.sent_to and visit.sent_to.startswith("http://localhost:53593/callback?"), visit
    # The browser goes where it was sent: to the client, which waits for it.
    assert httpx.get(visit.sent_to).status_code == 200
    running.end().well(subject)


def test_somebody_lets_a_machine_in_that_has_no_browser(person, flytes):
    server, subject, browser = person
    running = flytes(server, authType="DeviceFlow").begin("get", "role")
    # The code stands there already; it is to be compared.
    visit = browser.submit(browser.open(running.said(r"(https://localhost:\d+/device\?\S+)")))
    assert "flyte asks to act for you" in visit.text and "grace@example.com" in visit.text, visit
    assert browser.submit(visit, button="Allow").status == 200
    running.end().well("Admin", "Viewer")


def test_who_was_not_let_in_is_told_so(person, flytes):
    server, _, browser = person
    running = flytes(server, authType="DeviceFlow").begin("get", "role")
    visit = browser.submit(browser.open(running.said(r"(https://localhost:\d+/device\?\S+)")))
    browser.submit(visit, button="Deny")
    running.end().badly("The request was denied on the other device")


def test_the_machine_is_trusted_only_when_the_server_was_told_so(server, servers, flytes):
    flytes(server)("get", "role").badly("--trust-loopback")
    trusting = servers(arguments=["--trust-loopback"])
    trusting.said("administer the organization without a credential")
    # Only for the client's own protocol: every other way in still needs a credential.
    trusting.anonymous().refused(401, "GET", "users")


def test_the_guide_goes_as_it_is_written(servers, tmp_path):
    text = Path(__file__).parents[2] / "docs/guides/flyte.md"
    [install, *steps] = guide.steps(text)
    pinned = (Path(__file__).parents[1] / "requirements.txt").read_text()
    assert all(part in pinned for part in install.command.split()[2:]), "the guide installs what the tests do"
    environment, server = {"HOME": tmp_path, "COLUMNS": 400, "DO_NOT_TRACK": 1}, None
    for step in steps:
        if step.command.startswith("export "):
            name, value = step.command.removeprefix("export ").split("=")
            environment[name] = value
        elif " rolecall serve" in step.command:
            before, arguments = step.command.split("rolecall serve")
            told = dict(pair.split("=") for pair in before.split())
            told = {name: environment.get(value.removeprefix("$"), value) for name, value in told.items()}
            server = servers(arguments=shlex.split(arguments), **told)
            server.secret(told["ROLECALL_ADMIN_TOKEN"], "the token of the guide")
            programs = [Path(sys.executable).parent, server.binary.parent, os.environ["PATH"]]
            environment |= {"ROLECALL_URL": server.url, "PATH": ":".join(map(str, programs))}
        else:
            # The port alone is the test's own: many tests run at once.
            step.command = step.command.replace(":7400", f":{server.port}")
            guide.walk(step, tmp_path, plain, **environment)
    [snippet] = guide.code(text, "python")
    (tmp_path / "snippet.py").write_text(snippet)
    guide.run("python snippet.py", tmp_path, plain, **environment)
    ask = "check grace@example.com register_flyte_inventory --project my-project --domain development"
    assert guide.run(f"rolecall {ask}", tmp_path, **environment) == ["allowed"]
