"""Programs written for Unleash's Admin API manage users, groups, roles and access here: the script of cases, and the calls
of the Terraform provider, resource by resource."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from parts.server import TOKEN, surroundings
from parts.terraform import Terraform, integer, never_null

SCRIPT = Path(__file__).resolve().parent.parent / "unleash_admin_api.py"
STRONG = "Qw7#tangerine-Lamp"
FAR = "2099-01-02T03:04:05Z"


@pytest.fixture
def unleash(servers):
    """A server with Unleash's catalog."""
    return servers(ROLECALL_CATALOG="unleash")


@pytest.fixture
def terraform(unleash):
    provider = Terraform(unleash.url, TOKEN)
    yield provider
    provider.close()


def test_every_case_of_the_script_passes(unleash):
    words = [sys.executable, SCRIPT, f"{unleash.url}/unleash", "--token", TOKEN]
    ran = subprocess.run(words, env=surroundings(), capture_output=True, text=True, timeout=300)
    said = ran.stdout.splitlines()
    failed = [line for line in said if line.startswith("FAIL")]
    assert not failed and ran.returncode == 0, "\n".join(failed) + ran.stderr
    passed = [line for line in said if line.startswith("ok ")]
    assert len(passed) > 60 and said[-1] == f"{len(passed)} passed, 0 failed", ran.stdout
    # What it made it has removed again.
    left = httpx.get(f"{unleash.url}/unleash/api/admin/user-admin", headers={"authorization": TOKEN}).json()
    assert len(left["users"]) == 1, left


def test_a_user(terraform):
    made = terraform.well(201, "POST", "user-admin", {
        "email": "ada@example.org", "name": "Ada", "rootRole": 3, "sendEmail": False,
    })
    assert integer(made["rootRole"]) == 3 and "username" not in made
    path = f"user-admin/{integer(made['id'])}"
    read = never_null(terraform.get(path), "name", "username", "email")
    assert integer(read["rootRole"]) == 3 and read["name"] == "Ada"
    changed = terraform.well(200, "PUT", path, {"email": "ada@example.org", "name": "Ada L", "rootRole": 2})
    assert integer(changed["rootRole"]) == 2 and never_null(changed, "username")["name"] == "Ada L"
    found = terraform.get("user-admin/search?q=ADA@example.org")
    assert [user["email"].lower() for user in found] == ["ada@example.org"]
    terraform.well(200, "DELETE", path)
    terraform.gone(path)


def test_a_user_without_a_name(terraform):
    made = terraform.well(201, "POST", "user-admin", {"username": "grace", "rootRole": 3, "password": STRONG})
    for shown in (made, terraform.get(f"user-admin/{made['id']}")):
        assert never_null(shown, "name", "username", "email")["username"] == "grace"
        assert "name" not in shown and "email" not in shown


def test_a_role(terraform):
    permissions = [{"name": "CREATE_FEATURE"}, {"name": "UPDATE_FEATURE_ENVIRONMENT", "environment": "development"}]
    body = {"name": "developer", "type": "custom", "description": "", "permissions": permissions}
    made = terraform.well(200, "POST", "roles", body)
    assert made["version"] == 1
    role = made["roles"]
    assert (role["name"], role["type"], role["description"]) == ("developer", "custom", "")
    path = f"roles/{integer(role['id'])}"
    read = terraform.get(path)
    for one in read["permissions"]:
        assert {"id", "name", "displayName", "type"} <= one.keys() and one.get("environment") != ""
    sent = {(one["name"], one.get("environment")) for one in permissions}
    assert {(one["name"], one.get("environment")) for one in read["permissions"]} == sent
    changed = terraform.well(200, "PUT", path, body | {"description": "writes flags", "permissions": permissions[:1]})
    assert changed["roles"]["description"] == "writes flags" and changed["roles"]["type"] == "custom"
    assert [one["name"] for one in terraform.get(path)["permissions"]] == ["CREATE_FEATURE"]
    assert [one["id"] for one in terraform.get("roles")["roles"] if one["name"] == "developer"] == [role["id"]]
    terraform.well(200, "DELETE", path)
    terraform.gone(path)


def test_a_root_role(terraform):
    body = {"name": "keeper", "type": "root-custom", "permissions": [{"name": "READ_ROLE"}]}
    role = terraform.well(200, "POST", "roles", body)["roles"]
    assert role["type"] == "root-custom" and role["description"] == ""
    user = terraform.well(201, "POST", "user-admin", {"username": "keeper", "rootRole": role["id"]})
    assert terraform.get(f"user-admin/{user['id']}")["rootRole"] == role["id"]
    assert terraform.ask("DELETE", f"roles/{role['id']}").json()["name"] == "RoleInUseError"


def test_a_group(terraform):
    ids = [terraform.well(201, "POST", "user-admin", {"username": name, "rootRole": 3})["id"] for name in "abc"]
    users = [{"user": {"id": id}} for id in reversed(ids)]
    body = {"name": "team", "description": "", "mappingsSSO": ["z", "a"], "rootRole": 3.0, "users": users}
    made = terraform.well(201, "POST", "groups", body)
    path = f"groups/{integer(made['id'])}"
    read = terraform.get(path)
    assert [one["user"]["id"] for one in read["users"]] == ids[::-1] and read["mappingsSSO"] == ["z", "a"]
    assert integer(read["rootRole"]) == 3
    body |= {"rootRole": None, "mappingsSSO": ["a"], "users": users[1:]}
    assert terraform.well(200, "PUT", path, body)["id"] == made["id"]
    read = terraform.get(path)
    assert [one["user"]["id"] for one in read["users"]] == ids[1::-1] and read["rootRole"] is None
    assert [group["id"] for group in terraform.get("groups")["groups"] if group["name"] == "team"] == [made["id"]]
    terraform.well(200, "DELETE", path)
    terraform.gone(path)


def project(terraform, id: str) -> dict | None:
    found = [one for one in terraform.get("projects")["projects"] if one["id"] == id]
    return never_null(found[0], "description") if found else None


def test_a_project(terraform):
    made = terraform.well(201, "POST", "projects", {"id": "shop", "name": "Shop", "environments": []})
    assert never_null(made, "description")["id"] == "shop"
    terraform.well(200, "PUT", "projects/shop/settings", {"mode": "protected"})
    assert project(terraform, "shop")["mode"] == "protected" and "description" not in project(terraform, "shop")
    terraform.well(200, "PUT", "projects/shop/settings", {
        "mode": "open",
        "featureNaming": {"pattern": "[a-z]+", "example": "abc", "description": ""},
        "linkTemplates": [{"title": "t", "urlTemplate": "https://x.example/{{feature}}"}],
    })
    terraform.well(200, "PUT", "projects/shop", {"name": "The shop", "description": "sells"})
    read = project(terraform, "shop")
    assert (read["name"], read["description"], read["mode"]) == ("The shop", "sells", "open")
    terraform.well(200, "DELETE", "projects/shop")
    assert project(terraform, "shop") is None


def access(terraform, what: str) -> dict:
    read = terraform.get("projects/shop/access")
    for role in read["roles"]:
        assert {"id", "type", "name"} <= role.keys()
    return {integer(one["id"]): one["roles"] for one in read[what]}


def test_access_to_a_project(terraform, unleash):
    terraform.well(201, "POST", "projects", {"id": "shop", "name": "Shop", "environments": []})
    owner = terraform.well(201, "POST", "user-admin", {"username": "olga", "rootRole": 3})["id"]
    team = terraform.well(201, "POST", "groups", {"name": "team", "users": [{"user": {"id": owner}}]})["id"]
    robot = terraform.well(201, "POST", "service-account", {"username": "ci", "name": "CI", "rootRole": 3})["id"]
    roles = [{"id": 4, "users": [owner], "groups": []}, {"id": 5, "users": [robot], "groups": [team]}]
    terraform.well(200, "PUT", "projects/shop/access", {"roles": roles})
    assert access(terraform, "users") == {owner: [4], robot: [5]} and access(terraform, "groups") == {team: [5]}
    newest = unleash.api.get("organization")["revision"]
    terraform.well(200, "PUT", "projects/shop/access", {"roles": roles})
    assert unleash.api.get("organization")["revision"] == newest, "a second apply writes nothing"
    terraform.well(200, "PUT", "projects/shop/access", {"roles": roles[:1]})
    assert access(terraform, "users") == {owner: [4]} and access(terraform, "groups") == {}
    terraform.gone("projects/nowhere/access")


def test_an_environment_and_its_use_in_a_project(terraform):
    made = terraform.well(201, "POST", "environments", {"name": "stage", "type": "pre-production"})
    assert made["name"] == "stage" and made["type"] == "pre-production"
    assert terraform.get("environments/stage")["type"] == "pre-production"
    assert terraform.well(200, "PUT", "environments/update/stage", {"type": "test"})["type"] == "test"
    terraform.well(201, "POST", "projects", {"id": "shop", "name": "Shop", "environments": []})
    terraform.well(200, "POST", "projects/shop/environments", {"environment": "stage"})
    terraform.well(409, "POST", "projects/shop/environments", {"environment": "stage"})
    config = "projects/shop/environments/stage/change-requests/config"
    terraform.well(204, "PUT", config, {"changeRequestsEnabled": True, "requiredApprovals": 2})
    used = terraform.get("environments/project/shop")["environments"]
    assert [one["name"] for one in used] == ["stage"]
    row = terraform.get("projects/shop/change-requests/config")[0]
    assert (row["environment"], row["changeRequestEnabled"], row["requiredApprovals"]) == ("stage", True, 2)
    terraform.well(204, "PUT", config, {"changeRequestsEnabled": False})
    terraform.well(200, "DELETE", "projects/shop/environments/stage")
    assert terraform.get("environments/project/shop")["environments"] == []
    terraform.well(200, "DELETE", "environments/stage")
    terraform.gone("environments/stage")


def service_account(terraform, id: int) -> dict | None:
    found = [one for one in terraform.get("service-account")["serviceAccounts"] if one["id"] == id]
    return found[0] if found else None


def test_a_service_account_and_its_token(terraform, unleash):
    made = terraform.well(201, "POST", "service-account", {"username": "ci", "name": "CI", "rootRole": 2})
    id = integer(made["id"])
    read = service_account(terraform, id)
    assert (read["username"], read["name"], integer(read["rootRole"])) == ("ci", "CI", 2)
    terraform.well(200, "PUT", f"service-account/{id}", {"username": "ci", "name": "CI 2", "rootRole": 3})
    assert service_account(terraform, id)["name"] == "CI 2"
    tokens = f"service-account/{id}/token"
    token = terraform.well(201, "POST", tokens, {"description": "deploys", "expiresAt": FAR})
    unleash.secret(token["secret"], "the token of a service account")
    assert token["expiresAt"].startswith("2099-01-02T03:04:05") and token["expiresAt"].endswith("Z")
    read = [one for one in terraform.get(tokens)["pats"] if one["id"] == integer(token["id"])]
    assert read[0]["description"] == "deploys" and "secret" not in read[0]
    robot = Terraform(unleash.url, token["secret"])
    robot.get("projects")
    terraform.well(200, "DELETE", f"{tokens}/{token['id']}")
    robot.well(401, "GET", "projects")
    robot.close()
    terraform.well(200, "DELETE", f"service-account/{id}")
    assert service_account(terraform, id) is None


def test_settings_of_signing_in(terraform):
    for kind, on, off in (
        ("oidc", {
            "enabled": True, "discoverUrl": "https://idp.example/.well-known/openid-configuration", "clientId": "c",
            "secret": "s3cret-of-oidc", "autoCreate": True, "defaultRootRoleId": 3.0, "emailDomains": "example.org",
        }, {"enabled": False, "clientId": " ", "secret": " "}),
        ("saml", {
            "enabled": True, "entityId": "urn:x", "signOnUrl": "https://idp.example/sso", "certificate": "MIIC",
            "autoCreate": False, "defaultRootRoleId": 3.0,
        }, {"enabled": False}),
    ):
        path = f"auth/{kind}/settings"
        assert isinstance(terraform.get(path), dict)
        terraform.well(200, "POST", path, on)
        read = terraform.get(path)
        assert {name: read[name] for name in on if name != "secret"} == {k: v for k, v in on.items() if k != "secret"}
        terraform.well(200, "POST", path, off)
        assert terraform.get(path)["enabled"] is False


def test_the_data_sources(terraform):
    catalogue = terraform.get("permissions")
    assert isinstance(catalogue["version"], int)
    shown = {"id", "name", "displayName", "type"}
    everywhere = catalogue["permissions"]["root"] + catalogue["permissions"]["project"]
    assert all(shown <= one.keys() for one in everywhere)
    development = [one for one in catalogue["permissions"]["environments"] if one["name"] == "development"][0]
    assert all(shown <= one.keys() for one in development["permissions"])
    assert not [one for one in terraform.get("roles")["roles"] if one["name"] == "no such role"]
    assert terraform.get("environments/production")["name"] == "production"
    terraform.gone("user-admin/99999999")
    terraform.gone("groups/99999999")
    terraform.gone("roles/99999999")
