"""The real server as a process of ours, on a database of its own."""

import json
import os
import subprocess
import threading
from pathlib import Path

import httpx

from . import port
from .api import Api
from .wait import Board, until

TOKEN = "a-token-of-the-acceptance-tests"
ADMINISTRATOR = "ada@example.com"

# The organization of the first start: Union's catalog, an administrator, and an application that has every right.
FIRST_START = {
    "ROLECALL_ORGANIZATION": "acme",
    "ROLECALL_CATALOG": "union",
    "ROLECALL_ADMIN_EMAIL": ADMINISTRATOR,
    "ROLECALL_ADMIN_TOKEN": TOKEN,
}


def surroundings(**more) -> dict:
    """The environment without anything that Rolecall would read, and with this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    return kept | {name: str(value) for name, value in more.items() if value is not None}


class Server:
    """A server that can be stopped and started again on the same database and the same port."""

    def __init__(
        self, binary: Path, folder: Path, *, host="127.0.0.1", public=None, arguments=(), authority=None, **environment
    ):
        self.binary = binary
        self.folder = folder
        self.database = folder / "rolecall.db"
        self.port = port.free()
        self.authority = authority
        self.url = f"{'https' if authority else 'http'}://{host}:{self.port}"
        if authority:
            arguments = [*arguments, "--tls-cert", authority.chain, "--tls-key", authority.key]
        self.public = public or self.url
        self.environment = {**FIRST_START, "ROLECALL_LOG": "info", **environment}
        self._arguments = list(arguments)
        self._log = Board()
        self._secrets = {}
        self._process = None
        self._reader = None
        self.secret(TOKEN, "the administrator's token")
        self.start()
        self.api = self.as_bearer(TOKEN)

    def start(self, **environment):
        """Starts it, with these variables from now on, and waits until it answers."""
        self.environment |= environment
        words = [self.binary, "serve", "--log-format", "json", "--listen", f"127.0.0.1:{self.port}"]
        words += ["--public-url", self.public, "--database", f"sqlite:{self.database}", *self._arguments]
        self._process = subprocess.Popen(
            words,
            env=surroundings(**self.environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started = Board()
        self._reader = threading.Thread(target=self._read, args=(self._process.stderr, started), daemon=True)
        self._reader.start()
        started.wait(lambda line: '"listening"' in line, "the server to listen")
        until(self._is_ready, "the server is ready")

    def _read(self, stream, started: Board):
        with stream:
            for line in stream:
                self._log.add(line.rstrip("\n"))
                started.add(line.rstrip("\n"))
        started.close()

    def _is_ready(self) -> bool:
        return httpx.get(f"{self.url}/readyz", verify=self.verify()).status_code == 200

    def verify(self):
        """What httpx is told to trust: the authority that vouches for this server, if one does."""
        return self.authority.trust() if self.authority else True

    def stop(self):
        """Asks it to stop and waits until it has; fails when it did not end well."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            code = self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join()
        self._process = None
        assert code == 0, f"the server ended with {code}:\n{self.log()}"

    def kill(self):
        """Ends it without a warning, as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process = None

    def restart(self, **environment):
        self.stop()
        self.start(**environment)

    @property
    def pid(self) -> int | None:
        return self._process and self._process.pid

    def as_bearer(self, token: str) -> Api:
        """The API for the holder of a token."""
        return Api(self.url, token, self.verify())

    def anonymous(self) -> Api:
        """The API without any credential."""
        return Api(self.url, None, self.verify())

    def run(self, *arguments, token: str | None = TOKEN, code: int | None = 0, **environment):
        """Runs the `rolecall` command against this server, and fails unless it ends with the code."""
        more = {"ROLECALL_URL": self.url, "ROLECALL_TOKEN": token, "HOME": self.folder, **environment}
        ran = subprocess.run(
            [self.binary, *map(str, arguments)],
            env=surroundings(**more),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert code is None or ran.returncode == code, (
            f"{arguments} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        )
        return ran

    def log(self) -> str:
        return "\n".join(self._log.all())

    def said(self, text: str) -> dict:
        """Waits for a line of the log that holds the text."""
        return json.loads(self._log.wait(lambda line: text in line, f"the log to say {text!r}"))

    def secret(self, text: str, what: str = "a secret") -> str:
        """Hands a text through, and remembers that it must never stand in the log."""
        self._secrets[text] = what
        return text

    def check_log(self):
        """Fails when a secret stands in the log, or when something panicked."""
        log = self.log()
        told = {what for text, what in self._secrets.items() if text in log}
        assert not told, f"the log holds {', '.join(sorted(told))}"
        assert "panicked" not in log, log
