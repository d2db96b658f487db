"""Break-glass: `rolecall recover` on the machine itself, when nobody can come in any more."""

import json

import pytest

from parts.server import ADMINISTRATOR


def recover(server, *arguments, code=0) -> dict | str:
    ran = server.run(
        "recover", "--database", f"sqlite:{server.database}", "-o", "json", *arguments, token=None, code=code
    )
    return json.loads(ran.stdout) if code == 0 else ran.stderr


def newest(server) -> dict:
    return server.api.get("history", limit=1)["items"][0]


def test_it_refuses_while_the_server_runs_says_what_to_do_and_changes_nothing(server):
    before = server.api.get("organization")["revision"]
    said = recover(server, "--email", "eve@example.com", code=3)
    assert "stop it first" in said and f"pid {server.pid}" in said
    assert server.api.get("organization")["revision"] == before
    assert server.api.works()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_makes_an_administrator_again_with_the_server_stopped_and_is_audited(server, end):
    server.api.post("users", {"email": "eve@example.com", "name": "Eve", "active": False})
    getattr(server, end)()
    told = recover(server, "--email", "eve@example.com")
    token = server.secret(told["token"], "the recovered administrator's token")
    server.start()
    me = server.as_bearer(token).get("me")
    assert (me["email"], me["administrator"]) == ("eve@example.com", True)
    entry = newest(server)
    assert (entry["actor"], entry["facade"]) == ("system", "recover")
    assert token not in json.dumps(entry) and server.api.get("history/verify")
    # What was there is still there.
    assert server.api.get(f"users/{ADMINISTRATOR}")["active"] and server.api.works()


def test_without_an_address_it_makes_an_application(server):
    server.stop()
    token = server.secret(recover(server)["token"], "the recovered administrator's token")
    server.start()
    me = server.as_bearer(token).get("me")
    assert (me["kind"], me["administrator"]) == ("application", True)


def test_it_does_not_make_a_database_nor_an_organization_that_is_not_there(server):
    server.stop()
    missing = server.folder / "missing.db"
    ran = server.run("recover", "--database", f"sqlite:{missing}", token=None, code=3)
    assert "there is no database" in ran.stderr and not missing.exists()
    assert "nowhere" in recover(server, "--organization", "nowhere", code=3)
    server.start()
    assert newest(server)["facade"] == "first start"
