"""The frame itself: every part that the other tests are played with does what it should."""

import secrets
import smtplib
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from parts.chromium import authenticator, serious
from parts.client import Refused
from parts.post import PASSWORD, USER
from parts.provider import CLIENT, SECRET
from parts.server import ADMINISTRATOR
from parts.visitor import Visitor


def test_a_server_starts_answers_and_keeps_its_database_when_it_starts_again(server):
    assert server.api.get("me")["organization"] == "acme"
    server.api.post("users", {"email": "grace@example.com", "name": "Grace Hopper"})
    server.restart()
    emails = {user.get("email") for user in server.api.items("users", limit=1)}
    assert emails >= {ADMINISTRATOR, "grace@example.com"}
    server.anonymous().refused(401, "GET", "me")
    assert "acme" in server.run("whoami").stdout


def test_a_secret_in_the_log_is_noticed(server):
    server.secret("listening", "a word that is in every log")
    with pytest.raises(AssertionError, match="a word that is in every log"):
        server.check_log()
    server._secrets.clear()


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "rolecall@example.com", "grace@example.com", "Welcome"
    made.set_content("Come in: http://127.0.0.1:7400/signin/invitation?token=abc\n")
    made.add_alternative("<p>Come in</p>", subtype="html")
    return made


def test_the_mail_server_keeps_a_mail_and_refuses_when_told(smtp):
    with smtplib.SMTP("127.0.0.1", smtp.port) as client:
        smtp.refuse = "451 4.3.0 later"
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send_message(message())
        smtp.refuse = None
        client.send_message(message())
    letter = smtp.letter("grace@example.com", "Welcome")
    assert letter.link("/signin/invitation").endswith("token=abc")
    assert "<p>Come in</p>" in letter.html and not letter.secure
    assert len(smtp.tries.all()) == 2


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_the_mail_server_speaks_tls_and_asks_for_a_password(posts, authority, mode):
    post = posts(mode, password=True)
    if mode == "tls":
        client = smtplib.SMTP_SSL("localhost", post.port, context=authority.trust())
    else:
        client = smtplib.SMTP("localhost", post.port)
        client.starttls(context=authority.trust())
    with client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.send_message(message())
        client.login(USER, PASSWORD)
        client.send_message(message())
    letter = post.letter("grace@example.com")
    assert letter.secure and letter.authenticated


HERE = "http://127.0.0.1:1/callback"


def code_flow(oidc, account: str, scope="openid email profile") -> tuple:
    """A code flow of Authlib at the provider: the claims of the ID token, and those of the userinfo endpoint."""
    known = httpx.get(f"{oidc.issuer}/.well-known/openid-configuration").json()
    nonce, verifier = secrets.token_urlsafe(12), secrets.token_urlsafe(48)
    with OAuth2Client(CLIENT, SECRET, redirect_uri=HERE, code_challenge_method="S256") as client:
        address, state = client.create_authorization_url(
            known["authorization_endpoint"], code_verifier=verifier, scope=scope, nonce=nonce
        )
        oidc.signs_in(account)
        back = Visitor(oidc.issuer).open(address).sent_to
        token = client.fetch_token(
            known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )
        keys = KeySet.import_key_set(httpx.get(known["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
        assert claims["nonce"] == nonce and claims["iss"] == oidc.issuer
        return claims, client.get(known["userinfo_endpoint"]).json()


def test_the_provider_completes_a_code_flow_with_the_claims_it_was_told(oidc):
    oidc.client(HERE)
    oidc.account("grace", email="grace@example.com", email_verified=True, id_token={"groups": ["navy"]})
    oidc.account("ada", email="ada@example.com", userinfo={"groups": []}, sub="1815")
    oidc.account("alan", groups=["bletchley"], groups_need_scope=True)
    told, info = code_flow(oidc, "grace")
    assert (told["sub"], told["email"], told["groups"]) == ("grace", "grace@example.com", ["navy"])
    assert "groups" not in info and info["email_verified"] is True
    told, info = code_flow(oidc, "ada")
    assert told["sub"] == "1815" and "groups" not in told and info["groups"] == []
    assert "groups" not in code_flow(oidc, "alan")[0]
    assert code_flow(oidc, "alan", "openid groups")[0]["groups"] == ["bletchley"]
    asked = oidc.asked("/auth")
    assert asked[0]["code_challenge_method"] == "S256" and asked[-1]["scope"] == "openid groups"


def test_the_provider_lies_when_told(oidc):
    oidc.client(HERE)
    oidc.account("grace", email="grace@example.com")
    oidc.mischief(id_token={"claims": {"aud": "somebody else", "exp": 1}})
    told, _ = code_flow(oidc, "grace")
    assert (told["aud"], told["exp"]) == ("somebody else", 1)
    for signed in ("stranger", "spoilt"):
        oidc.mischief(id_token={"claims": {"email": "ada@example.com"}, "signed": signed})
        with pytest.raises(BadSignatureError):
            code_flow(oidc, "grace")
    oidc.mischief()
    oidc.rotate("second")
    assert code_flow(oidc, "grace")[0]["email"] == "grace@example.com"


def test_a_second_client_completes_a_code_flow_and_checks_what_it_gets(oidc, openid_client):
    oidc.client(HERE)
    oidc.account("grace", email="grace@example.com")
    oidc.signs_in("grace")
    metadata = openid_client.discover(issuer=oidc.issuer, client=CLIENT, secret=SECRET)
    assert metadata["issuer"] == oidc.issuer

    def back() -> str:
        address = openid_client.authorize(redirect_uri=HERE, scope="openid email")
        return Visitor(oidc.issuer).open(address).sent_to

    tokens = openid_client.exchange(back=back())
    assert tokens["claims"]["email"] == "grace@example.com"
    assert openid_client.userinfo(token=tokens["access_token"], subject="grace")["sub"] == "grace"
    oidc.mischief(id_token={"claims": {"nonce": "another"}})
    with pytest.raises(Refused, match="CLAIM_COMPARISON"):
        openid_client.exchange(back=back())


def test_two_providers_do_not_know_each_other(oidc, another_oidc):
    for provider in (oidc, another_oidc):
        provider.client(HERE)
        provider.signs_in("grace")
    oidc.account("grace", email="grace@example.com")
    assert code_flow(oidc, "grace")[0]["sub"] == "grace"
    with OAuth2Client(CLIENT, redirect_uri=HERE, code_challenge_method="S256") as client:
        address, _ = client.create_authorization_url(
            f"{another_oidc.issuer}/auth", code_verifier="v" * 43, scope="openid"
        )
    assert "error=access_denied" in Visitor(another_oidc.issuer).open(address).sent_to


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_browser_shows_the_landing_page(server, chromium, scripts):
    page = chromium.window(server.url, scripts=scripts)
    page.goto("/")
    assert page.get_by_role("heading", level=1).inner_text() == "Who may do what, and why"
    if scripts:
        chromium.look(page, "landing")
        page.set_content("<html><body><input></body></html>")
        assert {rule for rule, _ in serious(page)} >= {"label", "html-has-lang"}
    assert not page.complaints


class Echo(BaseHTTPRequestHandler):
    """A page with a form, and an answer that says what came with it."""

    policy = "no-referrer"

    def do_GET(self):
        self._say("<form method=post action=/sent><input name=x value=1><button>Send</button></form>")

    def do_POST(self):
        self._say(f"{self.headers['origin']} {self.headers['sec-fetch-site']}")

    def _say(self, text: str):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("referrer-policy", self.policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("policy", ["no-referrer", "same-origin"])
def test_a_visitor_sends_with_a_form_what_a_real_browser_sends(chromium, monkeypatch, policy):
    monkeypatch.setattr(Echo, "policy", policy)
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        visitor = Visitor(url)
        by_visitor = visitor.submit(visitor.open("/")).text
        page = chromium.window(url)
        page.goto("/")
        page.get_by_role("button").click()
        page.wait_for_url("**/sent")
        assert by_visitor == page.locator("body").inner_text()
        server.shutdown()


MAKE = """async () => {
    const user = { id: new Uint8Array([1]), name: 'grace', displayName: 'Grace' };
    const made = await navigator.credentials.create({ publicKey: {
        rp: { id: 'localhost', name: 'Rolecall' }, user, challenge: new Uint8Array(16),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    } });
    return made.type;
}"""


def test_a_browser_has_a_passkey_device_that_says_yes(servers, chromium):
    server = servers(host="localhost")
    page = chromium.window(server.url)
    session, device = authenticator(page)
    page.goto("/")
    assert page.evaluate(MAKE) == "public-key"
    [credential] = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert credential["rpId"] == "localhost"
