"""A second OAuth client, as certified by the OpenID Foundation: openid-client, by way of client.mjs."""

import json

from .process import Program


class Refused(Exception):
    """What the server, or the client's own checks, said no with."""

    def __init__(self, told: dict):
        self.error, self.description, self.status = told["error"], told.get("description"), told.get("status")
        super().__init__(f"{self.error}: {self.description}")


class OpenidClient:
    """Its calls are those of client.mjs: `client.discover(issuer=…, client=…)`, `client.exchange(back=…)`."""

    def __init__(self):
        self._program = Program("client.mjs")
        self._answered = 0

    def begin(self, call: str, **asked):
        """Sends a call without waiting for its answer, which `answer` gives: for polling while somebody decides."""
        self._program.tell(json.dumps({"call": call, **asked}))

    def answer(self):
        """The answer to the oldest call that has none yet."""
        self._answered += 1
        self._program.said.wait(lambda _: len(self._program.said.all()) >= self._answered, "the OAuth client to answer")
        told = json.loads(self._program.said.all()[self._answered - 1])
        if "ok" not in told:
            raise Refused(told)
        return told["ok"]

    def __getattr__(self, call: str):
        if call.startswith("_"):
            raise AttributeError(call)

        def ask(**asked):
            self.begin(call, **asked)
            return self.answer()

        return ask

    def stop(self):
        self._program.stop()
