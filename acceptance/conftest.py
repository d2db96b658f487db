"""What the tests are given. Whatever a fixture starts, it ends: by its own process id, and nothing else."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from parts import chromium as chromium_part
from parts.certificate import Authority
from parts.chromium import Chromium
from parts.client import OpenidClient
from parts.flyte import Flyte
from parts.post import Post
from parts.provider import Provider
from parts.server import Server

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test: what cargo built, or what `ROLECALL_BINARY` names."""
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/rolecall"
    path = Path(os.environ.get("ROLECALL_BINARY", built)).resolve()
    assert path.is_file(), f"no program at {path}: cargo build --locked --package rolecall-cli"
    return path


@pytest.fixture
def servers(binary, tmp_path):
    """Starts servers, each on a database of its own: `servers(ROLECALL_SMTP_URL=…)`."""
    started = []

    def start(*, folder=None, **told) -> Server:
        home = folder or tmp_path / f"server-{len(started)}"
        home.mkdir(exist_ok=True)
        started.append(Server(binary, home, **told))
        return started[-1]

    yield start
    for server in started:
        server.stop()
    for server in started:
        server.check_log()


@pytest.fixture
def server(servers) -> Server:
    """A server with a fresh organization and no mail server."""
    return servers()


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """A certificate for localhost by an authority that nobody else knows."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def posts(authority):
    """Starts mail servers: `posts("starttls")`, `posts("tls", password=True)`, `posts()`."""
    started = []

    def start(mode="plain", **told) -> Post:
        started.append(Post(mode, authority, **told))
        return started[-1]

    yield start
    for post in started:
        post.stop()


@pytest.fixture
def smtp(posts) -> Post:
    """A mail server without a certificate."""
    return posts()


@pytest.fixture(scope="session")
def provider_process():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def oidc(provider_process) -> Provider:
    """An OpenID provider that knows nobody yet."""
    provider_process.forget()
    return provider_process


@pytest.fixture
def another_oidc():
    """A second provider, with keys and people of its own."""
    provider = Provider()
    provider.forget()
    yield provider
    provider.stop()


@pytest.fixture
def openid_client():
    """A second OAuth client beside Authlib's."""
    client = OpenidClient()
    yield client
    client.stop()


@pytest.fixture
def flytes(tmp_path):
    """The public client for a server: `flytes(server)`, and with settings of its `admin` section."""
    made = []

    def make(server, **told) -> Flyte:
        made.append(Flyte(server, tmp_path / f"flyte-{len(made)}", **told))
        return made[-1]

    return make


@pytest.fixture(scope="session")
def chromium_process():
    with sync_playwright() as playwright:
        browser = chromium_part.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def chromium(chromium_process, tmp_path_factory) -> Chromium:
    """A real browser. Its screenshots go to a temporary folder, or to the one that `SCREENSHOTS` names."""
    named = os.environ.get("SCREENSHOTS")
    shots = Path(named).resolve() if named else tmp_path_factory.getbasetemp() / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    windows = Chromium(chromium_process, shots)
    yield windows
    windows.close()
