"""The OpenID provider of provider.mjs, and what a test tells it."""

import httpx

from .process import Program

CLIENT = "rolecall"
SECRET = "a-secret-between-rolecall-and-its-provider"


class Provider:
    """A provider on a free port: `issuer` is where."""

    def __init__(self):
        self._program = Program("provider.mjs")
        self.issuer = self._program.said.wait(lambda line: line.startswith("http://"), "the provider to listen")
        self._http = httpx.Client(base_url=self.issuer)

    def _tell(self, **told) -> dict:
        answer = self._http.post("/control", json=told)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def forget(self):
        """Everything is as when it began, but for its keys: no accounts, no sessions, no mischief."""
        self._tell(forget=True)

    def client(self, *redirect_uris: str, **more):
        """The one client, with these redirect URIs and other metadata."""
        self._tell(client={"redirect_uris": list(redirect_uris), **more})

    def account(self, name: str, /, *, id_token=None, userinfo=None, sub=None, groups_need_scope=False, **claims):
        """Somebody, and their claims: everywhere, in the ID token alone (`id_token`), or at the userinfo endpoint
        alone (`userinfo`)."""
        told = {
            "claims": claims,
            "id_token": id_token or {},
            "userinfo": userinfo or {},
            "groups_need_scope": groups_need_scope,
        }
        if sub:
            told["sub"] = sub
        self._tell(accounts={name: told})

    def signs_in(self, name: str | None):
        """Whoever signs in at the provider from now on, without being asked."""
        self._tell(signs_in=name)

    def mischief(self, **kind):
        """How it lies from now on; nothing means not at all. The kinds are in provider.mjs at `lie` and `forge`."""
        self._tell(mischief=kind)

    def rotate(self, kid: str):
        """Signs with a new key from now on; the old one is published no longer."""
        self._tell(rotate=kid)

    def asked(self, path: str) -> list:
        """The query parameters of every request to a path since it began or forgot."""
        return [asked["params"] for asked in self._tell()["asked"] if asked["path"] == path]

    def stop(self):
        self._http.close()
        self._program.stop()
