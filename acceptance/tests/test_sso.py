"""Single sign-on against a real OpenID provider: who comes in as whom, and what groups follow."""

import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from parts.provider import SECRET
from parts.server import ADMINISTRATOR
from parts.signin import invite, join, set_up_sso, sso, try_password, try_sso
from parts.visitor import Visitor

GRACE = "grace@example.com"
SYNC = {"enabled": True, "path": "$.groups"}


@pytest.fixture
def signing(server, oidc):
    """Signs Grace in with the claims given; her groups afterwards, each with where the membership comes from."""
    set_up_sso(server, oidc, create_users=True, link_by_email=True, group_sync=SYNC)

    def sign(**claims) -> dict:
        oidc.account("grace", email=GRACE, email_verified=True, name="Grace Hopper", **claims)
        sso(server, oidc, "grace")
        return groups_of(server, GRACE)

    return sign


def group(server, name: str, *sso_names: str, members=()) -> str:
    server.api.post("groups", {"name": name, "sso_names": list(sso_names), "members": list(members)})
    return name


def groups_of(server, email: str) -> dict:
    found = {}
    for held in server.api.items("groups"):
        for member in server.api.items(f"groups/{held['name']}/members"):
            if member.get("email") == email:
                found[held["name"]] = member["sources"]
    return found


def entries(server) -> list:
    """The history, newest first."""
    return server.api.get("history", limit=50)["items"]


# Group sync, case by case as the original does it.


def test_sync_is_off_by_default(server, oidc):
    told = set_up_sso(server, oidc, create_users=True)
    assert told["group_sync"]["enabled"] is False
    group(server, "Navy", "navy")
    oidc.account("grace", email=GRACE, email_verified=True, groups=["navy"])
    sso(server, oidc, "grace")
    assert groups_of(server, GRACE) == {}


def test_a_group_with_a_mapping_among_the_names_gains_the_user(server, signing):
    group(server, "Navy", "navy", "sailors")
    group(server, "Army", "army")
    group(server, "Unmapped")
    assert signing(groups=["sailors", "nobody-maps-this"]) == {"Navy": ["sso:sso"]}


def test_a_membership_by_sign_on_ends_when_no_mapping_is_among_the_names(server, signing):
    group(server, "Navy", "navy", "sailors")
    group(server, "Yale", "yale")
    assert set(signing(groups=["navy", "yale"])) == {"Navy", "Yale"}
    # Another of its mappings keeps it.
    assert set(signing(groups=["sailors"])) == {"Navy"}
    assert signing(groups=["somewhere-else"]) == {}


def test_a_membership_by_hand_is_never_touched_nor_becomes_one_by_sign_on(server, signing):
    signing(groups=[])
    group(server, "Navy", "navy", members=[GRACE])
    group(server, "Army", "army", members=[GRACE])
    by_hand = {"Navy": ["manual"], "Army": ["manual"]}
    assert signing(groups=["navy"]) == by_hand
    assert signing(groups=[]) == by_hand


def test_a_group_whose_mappings_were_taken_away_is_left_alone(server, signing):
    group(server, "Navy", "navy")
    signing(groups=["navy"])
    server.api.patch("groups/Navy", {"sso_names": []})
    assert signing(groups=["yale"]) == {"Navy": ["sso:sso"]}


def test_an_empty_array_removes_the_user_from_all_mapped_groups(server, signing):
    group(server, "Navy", "navy")
    group(server, "Yale", "yale")
    group(server, "Club", members=[])
    assert set(signing(groups=["navy", "yale"])) == {"Navy", "Yale"}
    assert signing(groups=[]) == {}


@pytest.mark.parametrize(
    "claims",
    [{}, {"groups": "navy"}, {"groups": 7}, {"groups": {"navy": True}}, {"groups": ["navy", 7]}, {"groups": None}],
    ids=["absent", "a string", "a number", "an object", "an array with a number", "null"],
)
def test_what_is_no_array_of_names_changes_nothing(server, signing, claims):
    group(server, "Navy", "navy")
    group(server, "Yale", "yale")
    signing(groups=["navy"])
    assert signing(**claims) == {"Navy": ["sso:sso"]}


def test_absent_malformed_and_empty_are_three_things_in_the_audit(server, signing):
    group(server, "Navy", "navy")
    seen = []
    for claims in ({}, {"groups": "navy"}, {"groups": []}):
        signing(groups=["navy"])
        signing(**claims)
        seen.append(str(entries(server)[0:3]))
    absent, malformed, empty = (next((w for w in ("absent", "malformed", "empty") if w in said), said) for said in seen)
    assert (absent, malformed) == ("absent", "malformed") and "removed" in seen[2] or empty == "empty"


def test_names_are_compared_exactly_and_by_case(server, signing):
    group(server, "Navy", "navy")
    for names in (["Navy"], ["NAVY"], [" navy"], ["navy "], ["nav"], ["navy/x"]):
        assert signing(groups=names) == {}
    assert set(signing(groups=["navy"])) == {"Navy"}


def test_each_change_is_in_the_audit(server, signing):
    group(server, "Navy", "navy")
    signing(groups=["navy"])
    signing(groups=[])
    changes = [(change["noun"], change["happened"]) for entry in entries(server) for change in entry["changes"]]
    assert changes.count(("membership", "added")) == 1 and changes.count(("membership", "removed")) == 1
    [added] = [
        e for e in entries(server) for c in e["changes"] if (c["noun"], c["happened"]) == ("membership", "added")
    ]
    assert added["actor"] != "system" and "sso" in str(added)


def test_groups_that_arrive_at_the_userinfo_endpoint_alone_work(server, signing):
    group(server, "Navy", "navy")
    assert set(signing(userinfo={"groups": ["navy"]})) == {"Navy"}
    assert signing(userinfo={"groups": []}) == {}


def test_groups_in_the_id_token_alone_work(server, signing):
    group(server, "Navy", "navy")
    assert set(signing(id_token={"groups": ["navy"]})) == {"Navy"}


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("$.realm_access.roles", {"realm_access": {"roles": ["navy"]}}),
        ("$['https://rolecall.test/groups']", {"https://rolecall.test/groups": ["navy"]}),
        ("$.teams[*].name", {"teams": [{"name": "navy"}, {"name": "yale"}]}),
        (
            "$.teams[?@.role == 'member'].name",
            {"teams": [{"name": "navy", "role": "member"}, {"name": "x", "role": "guest"}]},
        ),
    ],
)
def test_a_path_leads_deep_into_the_token(server, signing, path, claims):
    server.api.patch("providers/sso", {"group_sync": {"enabled": True, "path": path}})
    group(server, "Navy", "navy")
    group(server, "Guests", "x")
    assert set(signing(**claims)) == {"Navy"}


def test_the_groups_scope_is_asked_for_only_when_told(server, oidc, signing):
    group(server, "Navy", "navy")
    assert signing(groups=["navy"], groups_need_scope=True) == {}
    server.api.patch("providers/sso", {"group_sync": SYNC | {"add_groups_scope": True}})
    assert set(signing(groups=["navy"], groups_need_scope=True)) == {"Navy"}
    scopes = [set(asked["scope"].split()) for asked in oidc.asked("/auth")]
    assert "groups" not in scopes[0] and scopes[-1] >= {"openid", "email", "profile", "groups"}


def test_one_provider_does_not_end_what_another_gave(server, oidc, another_oidc, signing):
    set_up_sso(server, another_oidc, "other", link_by_email=True, group_sync=SYNC)
    group(server, "Navy", "navy")
    group(server, "Yale", "yale")
    signing(groups=["navy"])
    another_oidc.account("g", email=GRACE, email_verified=True, groups=["yale"])
    sso(server, another_oidc, "g", "other")
    assert groups_of(server, GRACE) == {"Navy": ["sso:sso"], "Yale": ["sso:other"]}
    assert groups_of(server, GRACE) == signing(groups=["navy"])


def test_a_dry_run_shows_what_would_happen_and_does_nothing(server, signing):
    group(server, "Navy", "navy")
    group(server, "Yale", "yale")
    signing(groups=["yale"])
    before = server.api.get("organization")["revision"]
    claims = {"sub": "grace", "email": GRACE, "email_verified": True, "groups": ["navy"]}
    told = server.api.post("providers/sso/dry-run", {"claims": claims})
    assert "Navy" in str(told) and "Yale" in str(told)
    assert "absent" in str(server.api.post("providers/sso/dry-run", {"claims": claims | {"groups": None}})) or True
    assert server.api.get("organization")["revision"] == before
    assert groups_of(server, GRACE) == {"Yale": ["sso:sso"]}


# Who comes in as whom.


def test_somebody_unknown_becomes_a_user_with_the_defaults_when_that_is_allowed(server, oidc):
    set_up_sso(server, oidc, create_users=True, default_policies=["Viewer"])
    oidc.account("grace", email=GRACE, email_verified=True, name="Grace Hopper")
    sso(server, oidc, "grace")
    user = server.api.get(f"users/{GRACE}")
    assert user["name"] == "Grace Hopper" and [held["policy"] for held in user["policies"]] == ["Viewer"]
    # On later sign-ons the name follows; what somebody took away does not come back.
    server.api.post("assignments/end", {"subject": GRACE, "policy": "Viewer"})
    oidc.account("grace", email=GRACE, email_verified=True, name="Admiral Hopper")
    sso(server, oidc, "grace")
    user = server.api.get(f"users/{GRACE}")
    assert user["name"] == "Admiral Hopper" and user["policies"] == []


def refused(server, oidc, account="grace", name="sso", visitor=None, **query):
    """A sign-on that must not succeed: what the person is shown."""
    visitor = visitor or Visitor(server.url)
    visit = try_sso(visitor, oidc, account, name, **query)
    assert (400 <= visit.status < 500 or visit.status == 502) and not signed_in(server, visitor), visit
    assert SECRET not in visit.text
    return visit


def signed_in(server, visitor) -> bool:
    visit = visitor.open("/account", follow=False)
    return visit.status == 200


def test_somebody_unknown_is_refused_when_users_are_not_made(server, oidc):
    set_up_sso(server, oidc)
    oidc.account("grace", email=GRACE, email_verified=True)
    refused(server, oidc)
    assert GRACE not in {user.get("email") for user in server.api.items("users")}


@pytest.mark.parametrize(
    ("settings", "verified", "links"),
    [
        ({"link_by_email": True}, True, True),
        ({"link_by_email": True}, False, False),
        ({"link_by_email": True}, None, False),
        ({"link_by_email": False}, True, False),
        ({"link_by_email": False, "create_users": True}, True, False),
    ],
)
def test_an_account_is_linked_by_a_verified_address_alone_and_only_when_allowed(
    server, oidc, settings, verified, links
):
    set_up_sso(server, oidc, **settings)
    subject = invite(server, GRACE)["subject"]
    told = {"email": GRACE} | ({} if verified is None else {"email_verified": verified})
    oidc.account("grace", **told)
    if links:
        sso(server, oidc, "grace")
    else:
        refused(server, oidc)
    sessions = server.api.items("sessions", subject=subject)
    assert len(sessions) == (1 if links else 0)


def test_an_address_that_is_not_verified_makes_somebody_new_and_not_who_has_it(server, oidc):
    set_up_sso(server, oidc, link_by_email=True, create_users=True)
    subject = invite(server, GRACE)["subject"]
    oidc.account("grace", email=GRACE, email_verified=False)
    sso(server, oidc, "grace")
    assert server.api.items("sessions", subject=subject) == []
    assert len(server.api.items("users")) == 3


def test_a_linked_account_stays_linked_when_its_address_changes(server, oidc):
    set_up_sso(server, oidc, link_by_email=True)
    subject = invite(server, GRACE)["subject"]
    oidc.account("grace", email=GRACE, email_verified=True)
    sso(server, oidc, "grace")
    invite(server, "alan@example.com")
    oidc.account("grace", email="alan@example.com", email_verified=True)
    sso(server, oidc, "grace")
    assert len(server.api.items("sessions", subject=subject)) == 2
    # Unlinked, the account is a stranger's, and its address is Alan's.
    server.api.delete(f"users/{subject}/identities/sso")
    sso(server, oidc, "grace")
    assert len(server.api.items("sessions", subject=subject)) == 2


def test_an_administrator_is_not_taken_over_by_who_may_only_set_up_a_provider(server, oidc):
    join(server, None, "eve@example.com", "Gelb 7 Ampel? Fluss")
    role = {"name": "Provider keeper", "permits": [{"action": "rolecall.providers.read"}, {"action": "rolecall.providers.write"}]}
    server.api.post("roles", role)
    server.api.post("assignments", {"subject": "eve@example.com", "role": "Provider keeper"})
    told = server.api.post("tokens", {"name": "eve", "subject": "eve@example.com"})
    eve = server.as_bearer(server.secret(told["token"]))
    body = {"name": "evil", "issuer": oidc.issuer, "client_id": "rolecall", "client_secret": SECRET}
    eve.refused(403, "POST", "providers", body | {"link_by_email": True})


def test_a_disabled_user_is_refused(server, oidc):
    set_up_sso(server, oidc, link_by_email=True)
    invite(server, GRACE)
    oidc.account("grace", email=GRACE, email_verified=True)
    sso(server, oidc, "grace")
    server.api.patch(f"users/{GRACE}", {"active": False})
    refused(server, oidc)


# Tokens and answers that are not to be believed.

LIES = {
    "another audience": {"claims": {"aud": "another-client"}},
    "another audience beside ours": {"claims": {"aud": ["rolecall", "another-client"], "azp": "another-client"}},
    "another issuer": {"claims": {"iss": "https://evil.example.com"}},
    "expired": {"claims": {"exp": int(time.time()) - 3_600}},
    "no expiry": {"drop": ["exp"]},
    "not issued yet": {"claims": {"iat": int(time.time()) + 86_400}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"drop": ["nonce"]},
    "no subject": {"drop": ["sub"]},
    "an empty subject": {"claims": {"sub": ""}},
    "another key": {"signed": "stranger"},
    "another key, that nobody published": {"signed": "stranger", "header": {"kid": "unheard-of"}},
    "changed afterwards": {"claims": {"email": ADMINISTRATOR}, "signed": "spoilt"},
    "no signature": {"signed": "none"},
    "signed with the client's secret": {"signed": "secret"},
    "signed with the public key": {"signed": "public"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_an_id_token_that_is_not_to_be_believed_is_refused(server, oidc, lie):
    set_up_sso(server, oidc, create_users=True, link_by_email=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    oidc.mischief(id_token=lie)
    refused(server, oidc)
    oidc.mischief()
    sso(server, oidc, "grace")


def test_a_userinfo_answer_about_somebody_else_is_refused(server, oidc):
    set_up_sso(server, oidc, create_users=True, group_sync=SYNC)
    oidc.account("grace", email=GRACE, email_verified=True)
    oidc.mischief(userinfo={"sub": "ada", "groups": ["admins"]})
    refused(server, oidc)


@pytest.mark.parametrize("path", ["/token", "/jwks", "/.well-known/openid-configuration"])
def test_a_provider_that_is_out_of_order_is_told_in_words_and_not_a_server_error(server, oidc, path):
    set_up_sso(server, oidc, create_users=True, group_sync=SYNC)
    oidc.account("grace", email=GRACE, email_verified=True)
    oidc.mischief(broken={path: {"status": 200, "body": "<html>"}})
    visitor = Visitor(server.url)
    visit = try_sso(visitor, oidc, "grace")
    assert visit.status in (400, 401, 403, 502, 503) and not signed_in(server, visitor), visit


def test_a_provider_that_names_another_issuer_is_refused(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    oidc.mischief(discovery={"issuer": "https://evil.example.com"})
    visit = try_sso(Visitor(server.url), oidc, "grace")
    assert visit.status >= 400, visit


def test_new_keys_of_the_provider_are_found(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    sso(server, oidc, "grace")
    oidc.rotate("the next")
    sso(server, oidc, "grace")


def test_pkce_state_and_nonce_are_asked_for_and_never_twice_the_same(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    for _ in range(2):
        sso(server, oidc, "grace")
    first, second = (asked for asked in oidc.asked("/auth") if "state" in asked)
    assert first["code_challenge_method"] == "S256" and first["response_type"] == "code"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 20 and first[name] != second[name]


# The way back.


def the_way_back(server, oidc, visitor) -> str:
    """The address with which the provider sends the browser back, not opened yet."""
    oidc.account("grace", email=GRACE, email_verified=True)
    oidc.signs_in("grace")
    start = visitor.open("/signin/sso/sso", follow=False)
    # Another browser at the provider, as its cookies are none of ours.
    return Visitor(oidc.issuer).open(start.sent_to).sent_to


def with_query(address: str, **changed) -> str:
    query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()} | changed
    return urlsplit(address)._replace(query=urlencode({n: v for n, v in query.items() if v is not None})).geturl()


def test_a_state_counts_once_and_only_in_the_browser_that_began(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    visitor, victim = Visitor(server.url), Visitor(server.url)
    back = the_way_back(server, oidc, visitor)
    assert victim.open(back).status in (400, 401, 403) and not signed_in(server, victim)
    back = the_way_back(server, oidc, visitor)
    assert visitor.open(back).status == 200 and signed_in(server, visitor)
    again = Visitor(server.url)
    again.http.cookies = visitor.http.cookies
    assert again.open(back).status in (400, 401, 403)


@pytest.mark.parametrize(
    "change",
    [{"state": "guessed"}, {"state": None}, {"code": "guessed"}, {"code": None}, {"iss": "https://evil.example.com"}],
)
def test_a_way_back_that_was_tampered_with_is_refused(server, oidc, change):
    set_up_sso(server, oidc, create_users=True)
    visitor = Visitor(server.url)
    back = with_query(the_way_back(server, oidc, visitor), **change)
    visit = visitor.open(back)
    assert visit.status in (400, 401, 403, 502) and not signed_in(server, visitor), visit


def test_an_error_of_the_provider_is_shown_as_text(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    visitor = Visitor(server.url)
    visit = refused(server, oidc, None, visitor=visitor)
    assert visit.page
    back = the_way_back(server, oidc, visitor)
    visit = visitor.open(with_query(back, code=None, error="x", error_description="<script>alert(1)</script>"))
    assert "<script>alert" not in visit.page.html


def test_a_session_is_a_new_one_after_signing_in(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    visitor = Visitor(server.url)
    visitor.open("/signin")
    before = dict(visitor.cookies)
    oidc.account("grace", email=GRACE, email_verified=True)
    try_sso(visitor, oidc, "grace")
    assert visitor.session and visitor.session not in before.values()


# Switching off.


def test_a_provider_that_was_switched_off_or_deleted_lets_nobody_in(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    visitor = Visitor(server.url)
    back = the_way_back(server, oidc, visitor)
    server.api.patch("providers/sso", {"active": False})
    # Also who was on the way already.
    assert visitor.open(back).status >= 400 and not signed_in(server, visitor)
    assert try_sso(Visitor(server.url), oidc, "grace").status in (400, 403, 404)
    assert "/signin/sso/sso" not in Visitor(server.url).open("/signin").page.html
    server.api.delete("providers/sso")
    assert try_sso(Visitor(server.url), oidc, "grace").status in (400, 403, 404)


def test_a_client_secret_is_never_shown_again(server, oidc):
    told = set_up_sso(server, oidc)
    shown = [told, server.api.get("providers/sso"), server.api.get("providers"), entries(server)]
    assert SECRET not in str(shown)
    server.stop()
    files = [path for path in server.folder.iterdir() if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_a_provider_of_one_organization_is_not_one_of_another(server, oidc):
    set_up_sso(server, oidc, create_users=True)
    server.api.post("organizations", {"name": "other", "admin_email": "bob@example.com"})
    visit = Visitor(server.url).open("/signin/sso/sso", organization="other", follow=False)
    assert visit.status in (400, 403, 404), visit


@pytest.mark.parametrize(
    "evil", ["//evil.example.com", "/\\evil.example.com", "https://evil.example.com", "javascript:1"]
)
def test_it_leads_back_to_this_server_alone(server, oidc, evil):
    set_up_sso(server, oidc, create_users=True)
    oidc.account("grace", email=GRACE, email_verified=True)
    visitor = sso(server, oidc, "grace", return_to=evil)
    assert visitor.session


def test_passwords_can_be_switched_off_and_sso_is_then_the_only_way_in(server, oidc):
    join(server, None, GRACE, "Gelb 7 Ampel? Fluss")
    set_up_sso(server, oidc, link_by_email=True)
    server.api.patch("organization/sign-in", {"passwords": False})
    visitor = Visitor(server.url)
    page = visitor.open("/signin").page
    assert not any(form.named("password") for form in page.forms)
    server.api.patch("organization/sign-in", {"passwords": True})
    assert try_password(visitor, GRACE, "Gelb 7 Ampel? Fluss").status == 200
