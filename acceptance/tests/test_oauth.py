"""Rolecall as an OAuth 2.0 and OpenID provider for its own clients, played by ordinary client libraries."""

import base64
import json
import time
from functools import partial
from urllib.parse import urlencode

import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from parts.client import Refused
from parts.server import ADMINISTRATOR
from parts.signin import CALLBACK, answer_of, authorize, consent, join, oauth_client, sign_in
from parts.visitor import Visitor
from parts.wait import until

GRACE, PASSWORD = "grace@example.com", "Gelb 7 Ampel? Fluss"
EVERYTHING = "openid profile email offline_access all"


@pytest.fixture
def server(servers, smtp):
    return servers(ROLECALL_SMTP_URL=smtp.url, ROLECALL_MAIL_FROM="rolecall@example.com")


@pytest.fixture
def grace(server, smtp) -> str:
    return join(server, smtp, GRACE, PASSWORD, name="Grace Hopper", policies=["Viewer"])


@pytest.fixture
def browser(server, grace) -> Visitor:
    return sign_in(server, GRACE, PASSWORD)


def metadata(server, name="openid-configuration") -> dict:
    answer = httpx.get(f"{server.url}/.well-known/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def keys(server) -> KeySet:
    return KeySet.import_key_set(httpx.get(metadata(server)["jwks_uri"]).json())


def application(server, name: str = "robot", policy: str = "Viewer") -> tuple:
    """An application with a client secret: its client id and the secret."""
    told = server.api.post("applications", {"name": name, "client_id": name, "policies": [policy], "secret": True})
    return told["client_id"], server.secret(told["client_secret"], "a client secret")


# Metadata and keys.


def test_the_metadata_is_what_clients_need_and_the_keys_are_public(server):
    told = metadata(server)
    assert told["issuer"] == server.url and told["code_challenge_methods_supported"] == ["S256"]
    assert told == metadata(server, "oauth-authorization-server")
    assert set(told["response_types_supported"]) == {"code"}
    grants = {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    }
    assert set(told["grant_types_supported"]) == grants
    for key in httpx.get(told["jwks_uri"]).json()["keys"]:
        assert (key["kty"], key["alg"], key["use"]) == ("EC", "ES256", "sig") and "d" not in key


def test_keys_and_tokens_outlive_a_restart(server, browser):
    _, token = authorize(server, browser)
    server.restart()
    assert server.as_bearer(token["access_token"]).works()
    jwt.decode(token["access_token"], keys(server), algorithms=["ES256"])


# Client credentials.


def test_a_program_gets_a_token_by_its_secret(server, openid_client):
    client, secret = application(server)
    openid_client.discover(issuer=server.url, client=client, secret=secret)
    token = openid_client.credentials(scope="all")
    server.secret(token["access_token"], "an access token")
    me = server.as_bearer(token["access_token"]).get("me")
    assert (me["kind"], me["name"]) == ("application", "robot") and "refresh_token" not in token
    assert 0 < token["expires_in"] <= 600
    with oauth_client(server, client, secret) as authlib:
        assert authlib.fetch_token(grant_type="client_credentials")["token_type"].lower() == "bearer"
    told = jwt.decode(token["access_token"], keys(server), algorithms=["ES256"])
    assert told.header["typ"] == "at+jwt" and told.claims["aud"] == told.claims["iss"] == server.url
    assert told.claims["client_id"] == client and told.claims["sub"] == me["subject"]


def test_a_wrong_secret_and_an_unknown_client_are_answered_alike(server):
    client, secret = application(server)
    said = set()
    for told in ((client, "wrong"), ("nobody", secret), ("nobody", "wrong"), ("rolecall-cli", secret), (client, "")):
        answer = httpx.post(f"{server.url}/oauth2/token", data={"grant_type": "client_credentials"}, auth=told)
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client" and secret not in answer.text
        assert "www-authenticate" in answer.headers and "no-store" in answer.headers["cache-control"]
        if told[0] != "rolecall-cli" and told[1]:
            said.add(answer.text)
    assert len(said) == 1
    personal = server.secret(server.api.post("tokens", {"name": "x", "subject": ADMINISTRATOR})["token"])
    answer = httpx.post(
        f"{server.url}/oauth2/token", data={"grant_type": "client_credentials"}, auth=(client, personal)
    )
    assert answer.status_code == 401


def test_revoking_a_secret_or_disabling_the_application_ends_its_access_tokens_at_once(server):
    for end in ("revoke", "disable"):
        client, secret = application(server, end)
        with oauth_client(server, client, secret) as authlib:
            by_token = server.as_bearer(authlib.fetch_token(grant_type="client_credentials")["access_token"])
        me = by_token.get("me")
        if end == "revoke":
            [kept] = [token for token in server.api.items("tokens") if token["subject_name"] == end]
            server.api.delete(f"tokens/{kept['key']}")
        else:
            server.api.patch(f"applications/{me['subject']}", {"active": False})
        assert not by_token.works()


# The authorization code, with PKCE.


def test_a_code_with_pkce_leads_to_tokens_for_the_user(server, browser, grace):
    _, token = authorize(server, browser, scope=EVERYTHING)
    me = server.as_bearer(token["access_token"]).get("me")
    assert me["subject"] == grace
    told = jwt.decode(token["id_token"], keys(server), algorithms=["ES256"]).claims
    assert (told["iss"], told["sub"], told["aud"]) == (server.url, grace, "rolecall-cli") and told["nonce"]
    info = httpx.get(f"{server.url}/oauth2/userinfo", headers={"authorization": f"Bearer {token['access_token']}"})
    assert (info.json()["sub"], info.json()["email"], info.json()["name"]) == (grace, GRACE, "Grace Hopper")


def test_the_certified_client_agrees(server, browser, grace, openid_client):
    openid_client.discover(issuer=server.url, client="rolecall-cli")
    address = openid_client.authorize(redirect_uri="http://127.0.0.1:45678/callback", scope=EVERYTHING)
    tokens = openid_client.exchange(back=consent(browser, address).sent_to)
    assert tokens["claims"]["sub"] == grace
    assert openid_client.userinfo(token=tokens["access_token"], subject=grace)["email"] == GRACE
    again = openid_client.refresh(token=tokens["refresh_token"])
    assert again["refresh_token"] != tokens["refresh_token"]
    openid_client.revoke(token=again["refresh_token"])
    with pytest.raises(Refused, match="invalid_grant"):
        openid_client.refresh(token=again["refresh_token"])
    assert not server.as_bearer(again["access_token"]).works()


def asked(server, **changed) -> dict:
    usual = {
        "response_type": "code",
        "client_id": "rolecall-cli",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "a-state",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_a_wrong_client_or_redirect_is_told_to_the_person_and_sent_nowhere(server, browser):
    for changed in (
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example.com/callback"},
        {"redirect_uri": "http://127.0.0.1:1/elsewhere"},
        {"redirect_uri": "http://127.0.0.1.evil.example.com/callback"},
        {"redirect_uri": "http://127.0.0.1:1@evil.example.com/callback"},
        {"redirect_uri": "http://127.0.0.1:1/callback/../x"},
        {"redirect_uri": "http://user@127.0.0.1:1/callback"},
        {"redirect_uri": "http://127.0.0.1:1/callback#x"},
        {"redirect_uri": "https://127.0.0.1:1/callback"},
        {"redirect_uri": "http://localhost:53593/callback/"},
        {"redirect_uri": None},
        {"client_id": "flyte"},
        {"client_id": "rolecall-console"},
    ):
        visit = browser.open("/oauth2/authorize", follow=False, **asked(server, **changed))
        assert visit.status == 400 and visit.sent_to is None and visit.page.forms == [], changed


def test_other_mistakes_are_told_to_the_client(server, browser):
    for changed, error in (
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything-there-is"}, "invalid_scope"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example.com/"}, "request_uri_not_supported"),
        ({"prompt": "none", "scope": "openid all"}, "consent_required"),
        ({"prompt": "none login"}, "invalid_request"),
    ):
        told = answer_of(browser.open("/oauth2/authorize", **asked(server, **changed)).sent_to)
        assert (told["error"], told["state"], told["iss"]) == (error, "a-state", server.url), changed
    twice = f"{server.url}/oauth2/authorize?{urlencode(asked(server))}&scope=all"
    assert browser.open(twice, follow=False).status == 400


def test_who_denies_is_sent_back_with_nothing_and_consent_needs_its_token(server, browser):
    visit = browser.open("/oauth2/authorize", **asked(server))
    form = visit.page.form("Allow")
    for csrf in ("", "guessed"):
        forged = browser.post(browser.action(visit, form), form.fields | form.button("Allow") | {"csrf": csrf})
        assert forged.status == 403 and forged.sent_to is None
    assert answer_of(browser.submit(visit, button="Deny").sent_to)["error"] == "access_denied"


def exchange(server, **told) -> httpx.Response:
    fields = {"grant_type": "authorization_code", "client_id": "rolecall-cli", "redirect_uri": CALLBACK}
    return httpx.post(f"{server.url}/oauth2/token", data=fields | told)


def code(server, browser, **changed) -> str:
    visit = browser.open("/oauth2/authorize", **asked(server, scope="openid offline_access all", **changed))
    if visit.page:
        visit = browser.submit(visit, button="Allow")
    return server.secret(answer_of(visit.sent_to)["code"], "a code")


def test_a_code_counts_only_with_what_it_was_asked_for(server, browser):
    for changed in (
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        # What a client would show that knows the challenge alone.
        {"code_verifier": asked(server)["code_challenge"]},
        {"redirect_uri": "http://127.0.0.1:2/callback"},
        {"redirect_uri": ""},
        {"client_id": "flyte"},
        {"code": "guessed"},
    ):
        told = {"code": code(server, browser), "code_verifier": VERIFIER} | changed
        answer = exchange(server, **told)
        assert answer.status_code == 400 and answer.json()["error"] in ("invalid_grant", "invalid_request"), changed


def test_a_code_counts_once_and_a_second_use_ends_what_the_first_gave(server, browser):
    given = code(server, browser)
    first = exchange(server, code=given, code_verifier=VERIFIER)
    assert first.status_code == 200 and server.as_bearer(first.json()["access_token"]).works()
    again = exchange(server, code=given, code_verifier=VERIFIER)
    assert again.json()["error"] == "invalid_grant"
    assert not server.as_bearer(first.json()["access_token"]).works()


# Refreshing.


def refresh(server, token: str, **more) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "client_id": "rolecall-cli", "refresh_token": token}
    return httpx.post(f"{server.url}/oauth2/token", data=fields | more)


def test_refreshing_rotates_and_a_used_one_ends_the_whole_family(server, browser):
    _, token = authorize(server, browser)
    second = refresh(server, token["refresh_token"]).json()
    assert second["refresh_token"] != token["refresh_token"]
    assert server.as_bearer(second["access_token"]).works()
    # Somebody else has a copy of the first.
    stolen = refresh(server, token["refresh_token"])
    assert stolen.status_code == 400 and stolen.json()["error"] == "invalid_grant"
    assert refresh(server, second["refresh_token"]).status_code == 400
    assert not server.as_bearer(second["access_token"]).works()


def test_a_refresh_may_narrow_and_not_widen(server, browser):
    _, token = authorize(server, browser, scope="openid offline_access")
    assert refresh(server, token["refresh_token"], scope="openid all").json()["error"] == "invalid_scope"
    _, token = authorize(server, browser)
    assert refresh(server, token["refresh_token"], client_id="flyte").json()["error"] == "invalid_grant"


def test_disabling_the_user_ends_access_and_refreshing_at_once(server, browser, grace):
    _, token = authorize(server, browser)
    server.api.patch(f"users/{grace}", {"active": False})
    assert not server.as_bearer(token["access_token"]).works()
    assert refresh(server, token["refresh_token"]).json()["error"] == "invalid_grant"


def test_without_the_scope_all_an_access_token_does_nothing_in_the_api(server, browser):
    _, token = authorize(server, browser, scope="openid email")
    api = server.as_bearer(token["access_token"])
    assert api.ask("GET", "users").status_code in (401, 403) and "refresh_token" not in token


# Access tokens that are not to be believed.


def part(token: str, index: int) -> dict:
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def packed(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forgeries(server, token: str, other: str) -> dict:
    header, claims = part(token, 0), part(token, 1)
    signature = token.split(".")[2]
    stranger = ECKey.generate_key("P-256")
    own_key = httpx.get(f"{server.url}/.well-known/jwks.json").json()["keys"][0]

    def hmac(key: bytes) -> str:
        from joserfc.jwk import OctKey

        return jwt.encode(header | {"alg": "HS256"}, claims, OctKey.import_key(key), algorithms=["HS256"])

    return {
        "changed claims": f"{packed(header)}.{packed(claims | {'sub': other})}.{signature}",
        "a later end": f"{packed(header)}.{packed(claims | {'exp': claims['exp'] + 9_999})}.{signature}",
        "another key": jwt.encode(header, claims, stranger, algorithms=["ES256"]),
        "its own key in the header": jwt.encode(
            header | {"jwk": stranger.as_dict(private=False)}, claims, stranger, algorithms=["ES256"]
        ),
        "no signature": f"{packed(header | {'alg': 'none'})}.{packed(claims)}.",
        "no signature in capitals": f"{packed(header | {'alg': 'NONE'})}.{packed(claims)}.",
        "an empty signature": f"{packed(header)}.{packed(claims)}.",
        "the public key as a secret": hmac(json.dumps(own_key).encode()),
        "cut short": token[:-6],
        "with a tail": token + ".x",
    }


def test_tokens_that_were_tampered_with_are_refused(server, browser):
    _, token = authorize(server, browser)
    admin = server.api.get("me")["subject"]
    for what, forged in forgeries(server, token["access_token"], admin).items():
        answer = server.as_bearer(forged).ask("GET", "me")
        assert answer.status_code == 401 and forged not in answer.text, what
        assert answer.headers["www-authenticate"].startswith("Bearer"), what


def test_only_an_access_token_is_one(server, browser):
    _, token = authorize(server, browser)
    for wrong in (token["id_token"], token["refresh_token"], browser.session):
        assert not server.as_bearer(wrong).works()


def test_a_token_of_one_organization_is_none_of_another(server, browser):
    client, secret = another_application(server)
    _, token = authorize(server, browser)
    answer = httpx.post(f"{server.url}/oauth2/introspect", data={"token": token["access_token"]}, auth=(client, secret))
    assert answer.json() == {"active": False}
    # Nor is the session of one the session of another.
    visit = browser.open("/oauth2/authorize", **asked(server, organization="other"))
    assert visit.path == "/signin" and visit.page.form().fields["organization"] == "other"


def another_application(server) -> tuple:
    """An application with a secret in another organization."""
    admin = server.secret("a-token-of-the-other-organization")
    server.api.post("organizations", {"name": "other", "catalog": "union", "admin_token": admin})
    told = server.as_bearer(admin).post("applications", {"name": "spy", "client_id": "spy", "secret": True})
    return told["client_id"], server.secret(told["client_secret"], "a client secret")


# Device codes.


def test_a_terminal_without_a_browser_signs_in(server, browser, grace, openid_client):
    openid_client.discover(issuer=server.url, client="rolecall-cli")
    device = openid_client.device(scope="openid offline_access all")
    assert device["verification_uri"] == f"{server.url}/device" and device["interval"] >= 1
    openid_client.begin("poll")
    visit = browser.open("/device")
    assert visit.path == "/device"
    # As people type it: small letters, without the hyphen.
    visit = browser.submit(visit, user_code=device["user_code"].lower().replace("-", " "))
    assert "rolecall asks to act for you" in visit.text and device["user_code"] in visit.text
    assert "127.0.0.1" in visit.text and GRACE in visit.text
    assert browser.submit(visit, button="Allow").status == 200
    token = openid_client.answer()
    assert server.as_bearer(token["access_token"]).get("me")["subject"] == grace


def test_a_device_code_that_was_denied_or_guessed_gives_nothing(server, browser, openid_client):
    openid_client.discover(issuer=server.url, client="rolecall-cli")
    device = openid_client.device(scope="openid")
    openid_client.begin("poll")
    visit = browser.open(device["verification_uri_complete"])
    # The code in the address is shown to be compared; nothing is granted by opening it.
    assert "asks to act for you" not in visit.text and visit.page.form().fields["user_code"] == device["user_code"]
    visit = browser.submit(visit)
    browser.submit(visit, button="Deny")
    with pytest.raises(Refused, match="access_denied"):
        openid_client.answer()
    visit = browser.open("/device")
    for guess in ("BCDF-GHJK", device["user_code"], "", "x"):
        assert browser.submit(visit, user_code=guess).status == 400


def test_polling_too_fast_is_told_to_slow_down(server):
    told = {"client_id": "rolecall-cli", "scope": "openid"}
    device = httpx.post(f"{server.url}/oauth2/device", data=told).json()
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": server.secret(device["device_code"]),
        "client_id": "rolecall-cli",
    }
    errors = [httpx.post(f"{server.url}/oauth2/token", data=fields).json()["error"] for _ in range(3)]
    assert errors[0] == "authorization_pending" and "slow_down" in errors[1:]


# Introspection and revocation.


def test_introspection_says_nothing_to_strangers_and_nothing_of_dead_tokens(server, browser):
    client, secret = application(server)
    _, token = authorize(server, browser)
    address = f"{server.url}/oauth2/introspect"
    assert httpx.post(address, data={"token": token["access_token"]}).status_code == 401
    told = httpx.post(address, data={"token": token["access_token"]}, auth=(client, secret)).json()
    assert told["active"] and told["exp"] > time.time() and told["username"] == GRACE
    assert httpx.post(address, data={"token": "guessed"}, auth=(client, secret)).json() == {"active": False}
    revoked = httpx.post(f"{server.url}/oauth2/revoke", data={"token": "guessed", "client_id": "rolecall-cli"})
    assert revoked.status_code == 200
    fields = {"token": token["access_token"], "client_id": "rolecall-cli"}
    assert httpx.post(f"{server.url}/oauth2/revoke", data=fields | {"client_id": "flyte"}).status_code == 200
    assert server.as_bearer(token["access_token"]).works(), "another client revoked it"
    assert httpx.post(f"{server.url}/oauth2/revoke", data=fields).status_code == 200
    assert not server.as_bearer(token["access_token"]).works()
    told = httpx.post(address, data={"token": token["access_token"]}, auth=(client, secret)).json()
    assert told == {"active": False}


# Signing in on the way.


def test_who_has_not_signed_in_does_so_on_the_way_and_goes_on(server, grace):
    visitor = Visitor(server.url)
    visit = visitor.open("/oauth2/authorize", **asked(server))
    assert visit.path == "/signin"
    visit = visitor.submit(visit, identifier=GRACE, password=PASSWORD)
    assert visit.path == "/oauth2/authorize" and "asks to act for you" in visit.text and GRACE in visit.text
    assert "code" in answer_of(visitor.submit(visit, button="Allow").sent_to)


def test_prompts_and_the_age_of_a_sign_in_are_heeded(server, grace, browser):
    stranger = Visitor(server.url)
    told = answer_of(stranger.open("/oauth2/authorize", **asked(server, prompt="none")).sent_to)
    assert told["error"] == "login_required"
    for again in ({"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}):
        # A sign-in of this very second is not older than no seconds.
        ask = partial(browser.open, "/oauth2/authorize", **asked(server, **again))
        until(lambda: ask().path == "/signin", f"{again} leads to the page to sign in")
        visit = ask()
        visit = browser.submit(visit, identifier=GRACE, password=PASSWORD)
        assert visit.path == "/oauth2/authorize" and "asks to act for you" in visit.text, again


def test_a_grant_is_listed_on_the_account_and_ended_there(server, browser):
    _, token = authorize(server, browser)
    account = browser.open("/account")
    assert "rolecall an application" in account.text
    for form in account.page.forms:
        if form.action.startswith("/account/sessions/"):
            browser.submit(browser.open("/account"), form.action)
    assert not server.as_bearer(token["access_token"]).works()
    assert refresh(server, token["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_of_a_session_that_has_ended_counts_no_more(server, browser):
    given = code(server, browser)
    browser.submit(browser.open("/account"), "/signin/out")
    assert exchange(server, code=given, code_verifier=VERIFIER).json()["error"] == "invalid_grant"
