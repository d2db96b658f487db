"""Signing in as people and programs do it."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from authlib.integrations.httpx_client import OAuth2Client

from .post import Post
from .provider import CLIENT, SECRET, Provider
from .server import Server
from .visitor import Visit, Visitor
from .wait import until

CALLBACK = "http://127.0.0.1:1/callback"


def try_password(visitor: Visitor, identifier: str, password: str, **query) -> Visit:
    """Fills in the sign-in page and sends it, whatever comes back."""
    visit = visitor.open("/signin", **query)
    form = visit.page.form("password")
    [secret] = form.named("password")
    [who] = [name for name in form.typed() if name != secret]
    return visitor.submit(visit, "password", **{who: identifier, secret: password})


def sign_in(server: Server, identifier: str, password: str, **query) -> Visitor:
    """A browser in which somebody has signed in by password."""
    server.secret(password, f"the password of {identifier}")
    visitor = Visitor(server.url, verify=server.verify())
    visit = try_password(visitor, identifier, password, **query)
    assert visit.status == 200 and visitor.session and visit.path != "/signin", visit
    server.secret(visitor.session, f"the session of {identifier}")
    return visitor


def set_up_sso(server: Server, provider: Provider, name: str = "sso", **settings) -> dict:
    """Makes a provider of ours one of the organization's; settings are those of the API."""
    provider.client(f"{server.url}/signin/sso/callback")
    server.secret(SECRET, "the provider's client secret")
    told = {
        "name": name,
        "title": name.title(),
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
    }
    return server.api.post("providers", told | settings)


def try_sso(visitor: Visitor, provider: Provider, account: str | None, name: str = "sso", **query) -> Visit:
    """Signs in by single sign-on as an account of the provider, whatever comes back."""
    provider.signs_in(account)
    visitor.known.add(urlsplit(provider.issuer).netloc)
    return visitor.open(f"/signin/sso/{name}", **query)


def sso(server: Server, provider: Provider, account: str, name: str = "sso", **query) -> Visitor:
    """A browser in which somebody has signed in by single sign-on."""
    visitor = Visitor(server.url, verify=server.verify())
    visit = try_sso(visitor, provider, account, name, **query)
    assert visit.status == 200 and visitor.session and not visit.path.startswith("/signin"), visit
    server.secret(visitor.session, f"the session of {account}")
    return visitor


def oauth_client(server: Server, client: str = "rolecall-cli", secret: str | None = None, **more) -> OAuth2Client:
    """An ordinary OAuth client of Authlib that knows where this server has its endpoints."""
    method = "client_secret_basic" if secret else "none"
    more = {"redirect_uri": CALLBACK, "code_challenge_method": "S256", "token_endpoint_auth_method": method} | more
    return OAuth2Client(client, secret, token_endpoint=f"{server.url}/oauth2/token", **more)


def consent(visitor: Visitor, address: str, allow: bool = True) -> Visit:
    """Opens an authorization address and answers the question there; ends where the client would be called back."""
    visit = visitor.open(address)
    if visit.page and visit.path == "/oauth2/authorize":
        visit = visitor.submit(visit, button="Allow" if allow else "Deny")
    return visit


def authorize(server: Server, visitor: Visitor, client: OAuth2Client | None = None, scope="openid offline_access all"):
    """A whole authorization code flow with PKCE in a browser where somebody is signed in: the client and its tokens."""
    client = client or oauth_client(server)
    verifier = secrets.token_urlsafe(48)
    address, state = client.create_authorization_url(
        f"{server.url}/oauth2/authorize", code_verifier=verifier, scope=scope, nonce=secrets.token_urlsafe(12)
    )
    visit = consent(visitor, address)
    assert visit.sent_to and visit.sent_to.startswith(client.redirect_uri or CALLBACK), visit
    token = client.fetch_token(authorization_response=visit.sent_to, code_verifier=verifier, state=state)
    for kind in ("access_token", "refresh_token", "id_token"):
        if kind in token:
            server.secret(token[kind], kind)
    return client, token


def answer_of(address: str) -> dict:
    """The parameters with which a client was called back."""
    return dict(parse_qsl(urlsplit(address).query))


def invite(server: Server, email: str, **more) -> dict:
    """Adds somebody by an invitation: the answer, whose `invitation` has the link when no mail server is set."""
    return server.api.post("users", {"email": email, **more})


def accept(server: Server, link: str, password: str, again: str | None = None) -> Visit:
    """Opens the link of an invitation or a reset and chooses a password, whatever comes back."""
    server.secret(link.partition("token=")[2], "the secret of a link")
    visitor = Visitor(server.url, verify=server.verify())
    visit = visitor.open(link)
    assert visit.status == 200, visit
    return visitor.submit(visit, password=password, again=password if again is None else again)


def forget(server: Server, identifier: str):
    """Says on the sign-in page that a password is lost."""
    visitor = Visitor(server.url, verify=server.verify())
    visit = visitor.submit(visitor.open("/signin/forgot"), identifier=identifier)
    assert visit.status == 200 and visit.path == "/signin", visit


def lost(server: Server, post: Post, email: str, identifier: str | None = None) -> str:
    """The link that comes by mail to who has lost the password."""
    seen = len(post.letters(email))
    forget(server, identifier or email)
    until(lambda: len(post.letters(email)) > seen, f"a mail came to {email}")
    return post.letters(email)[-1].link("/signin/reset")


def join(server: Server, post: Post | None, email: str, password: str, **more) -> str:
    """Adds somebody who accepts the invitation: the mailed one, or the one that is shown; answers with the subject."""
    user = server.api.post("users", {"email": email, **more})
    server.secret(password, f"the password of {email}")
    link = user["invitation"].get("link")
    if link is None:
        until(lambda: post.letters(email), f"a mail came to {email}")
        link = post.letters(email)[-1].link("/signin/invitation")
    visit = accept(server, link, password)
    assert visit.status == 200 and visit.path == "/account", visit
    return user["subject"]