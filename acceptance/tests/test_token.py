"""Tokens of people and applications: what they allow, when they end, and that they are shown once."""

import json


def issue(server, subject: str, **more) -> tuple:
    """A fresh token of somebody: its view and the API by it."""
    told = server.api.post("tokens", {"name": "acceptance", "subject": subject, **more})
    return told, server.as_bearer(server.secret(told["token"], f"a token of {subject}"))


def person(server, email: str, policy: str = "Admin") -> str:
    return server.api.post("users", {"email": email, "policies": [policy]})["subject"]


def test_disabling_or_deleting_somebody_ends_their_tokens_at_once(server):
    grace, alan = person(server, "grace@example.com"), person(server, "alan@example.com")
    (_, of_grace), (_, of_alan) = issue(server, grace), issue(server, alan)
    assert of_grace.works() and of_alan.works()
    server.api.patch(f"users/{grace}", {"active": False})
    assert not of_grace.works()
    server.api.delete(f"users/{alan}")
    assert not of_alan.works()
    server.restart()
    assert not of_grace.works() and not of_alan.works()


def test_a_revoked_token_ends_at_once_and_the_others_do_not(server):
    grace = person(server, "grace@example.com")
    (lost, by_lost), (_, by_kept) = issue(server, grace), issue(server, grace)
    server.api.delete(f"tokens/{lost['key']}")
    assert not by_lost.works() and by_kept.works()


def test_a_token_may_narrow_what_its_holder_can_do_but_not_widen_it(server):
    _, narrow = issue(server, person(server, "grace@example.com"), actions=["rolecall.users.read"])
    assert narrow.items("users")
    narrow.refused(403, "POST", "users", {"email": "alan@example.com"})
    _, viewer = issue(server, person(server, "vera@example.com", "Viewer"), actions=["rolecall.users.write"])
    viewer.refused(403, "POST", "users", {"email": "alan@example.com"})


def test_a_secret_is_shown_once_and_stands_nowhere_afterwards(server):
    told, by_token = issue(server, person(server, "grace@example.com"))
    assert by_token.works()
    seen = [
        server.api.get("tokens"),
        server.api.get(f"tokens/{told['key']}"),
        server.api.get("history"),
        by_token.get("me"),
    ]
    assert told["token"] not in json.dumps(seen)
    server.stop()
    files = [path for path in server.folder.iterdir() if path.is_file()]
    assert files and not any(told["token"].encode() in path.read_bytes() for path in files)


def test_a_wrong_token_is_refused_without_repeating_it(server):
    for token in ("no-such-token-of-anybody", "x" * 4_000):
        answer = server.as_bearer(token).ask("GET", "me")
        assert answer.status_code == 401 and token not in answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer")
