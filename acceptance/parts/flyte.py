"""The public Union client, unmodified: `flyte` with its plugin, each command a process of its own."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

from .wait import Board, until

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
FRAMES = re.compile("[\u2500-\u257f]")

# Where the client looks for settings of its own, and what it would start.
STRANGE = ("FLYTE", "UCTL", "UNION", "_FLYTE", "ROLECALL")

BEGIN = """
import asyncio, json, sys
import flyte
flyte.init_from_config({config!r})
from flyteplugins.union.remote import ApiKey, Assignment, Member, Policy, Role, User
"""

RPC = """
from flyte._initialize import get_client
from flyteplugins.union.internal.authorizer import payload_pb2 as authorizer
from flyteplugins.union.internal.authorizer.authorizer_connect import AuthorizerServiceClient
from flyteplugins.union.internal.common import authorization_pb2, identifier_pb2, identity_pb2, list_pb2, policy_pb2, role_pb2
from flyteplugins.union.internal.identity import role_payload_pb2 as roles, policy_payload_pb2 as policies
from flyteplugins.union.internal.identity import user_payload_pb2 as users, app_payload_pb2 as apps
from flyteplugins.union.internal.identity.app_service_connect import AppsServiceClient
from flyteplugins.union.internal.identity.policy_service_connect import PolicyServiceClient
from flyteplugins.union.internal.identity.role_service_connect import RoleServiceClient
from flyteplugins.union.internal.identity.user_service_connect import UserServiceClient
from connectrpc.errors import ConnectError
Action = authorization_pb2.Action
def service(kind):
    return kind(**get_client().session_config.connect_kwargs())
async def code(call):
    try:
        await call
    except ConnectError as error:
        return [error.code.value, error.message]
    return ["ok", ""]
"""


def plain(text: str) -> str:
    """What the client says, without colors."""
    return ESCAPES.sub("", text)


class Ran:
    """How a command ended, without colors and frames."""

    def __init__(self, words, ended: subprocess.CompletedProcess):
        self.words = words
        self.code = ended.returncode
        self.out = plain(ended.stdout)
        self.error = plain(ended.stderr)
        self.said = " ".join(FRAMES.sub(" ", f"{self.out}\n{self.error}").split())

    def __repr__(self):
        return f"flyte {' '.join(map(str, self.words))} ended with {self.code}: {self.said[-2000:]}"

    def well(self, *needles: str) -> "Ran":
        # Now and then the client's process aborts when all its work is done; what it said decides.
        assert self.code in (0, -6), self
        for needle in needles:
            assert needle in self.said, (needle, self)
        return self

    def badly(self, *needles: str) -> "Ran":
        assert self.code > 0 and "Traceback" not in self.said, self
        for needle in needles:
            assert needle.lower() in self.said.lower(), (needle, self)
        return self


class Running:
    """A command that has begun. `opened` is where it leaves the address that it opens in a browser."""

    def __init__(self, command, words, environment, folder, opened):
        self._words = words
        self._opened = opened
        self._said = Board()
        self._process = subprocess.Popen(
            list(map(str, command)),
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._said.add(plain(line.rstrip("\n")))
        self._said.close()

    def address(self) -> str:
        """The address that was opened in a browser."""
        return until(lambda: self._opened.exists() and self._opened.read_text(), "the client opened a browser")

    def said(self, pattern: str) -> str:
        """Waits until a line fits, and answers with what its first group found."""
        return re.search(pattern, self._said.wait(lambda line: re.search(pattern, line), f"the client to say {pattern}"))[1]

    def end(self) -> Ran:
        """Waits until it has ended by itself."""
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join()
        return Ran(self._words, subprocess.CompletedProcess(self._words, code, "\n".join(self._said.all()), ""))


class Flyte:
    """The client with settings for one server. Without credentials over plain http, else with what `admin` says."""

    def __init__(self, server, folder: Path, *, org: str | None = "acme", key: str | None = None, **admin):
        folder.mkdir()
        self.org = org
        self.server = server
        self._folder = folder
        self._edits = 0
        self._before = []
        self.config = folder / "config.yaml"
        plain = server.url.startswith("http://")
        settings = {"endpoint": f"dns:///{server.url.split('://')[1]}", "insecure": plain, **admin}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(STRANGE)}
        self._environment = kept | {
            "HOME": str(folder),
            "DO_NOT_TRACK": "1",
            "COLUMNS": "400",
            "LINES": "50",
            "TERM": "xterm",
            "PYTHONUTF8": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        if server.authority:
            settings["caCertFilePath"] = str(server.authority.certificate)
            self._environment["SSL_CERT_FILE"] = str(server.authority.certificate)
        if key:
            self._environment["FLYTE_API_KEY"] = key
            # A key has no room for a port, so the endpoint in it is overridden.
            self._before = ["--endpoint", settings["endpoint"]]
        # JSON is YAML.
        self.config.write_text(json.dumps({"admin": settings, "task": {"org": org} if org else {}}))

    def __call__(self, *words, typed: str = "", **environment) -> Ran:
        """Runs a command of the command line."""
        before = ["--config", self.config, *self._before, *(["--org", self.org] if self.org else [])]
        return self._run([Path(sys.executable).parent / "flyte", *before, *words], words, typed, environment)

    def rows(self, *words) -> list:
        """What a list shows."""
        ran = self("--output-format", "json-raw", *words, COLUMNS="400000").well()
        begin = ran.out.find("[")
        return json.loads(ran.out[begin:]) if begin >= 0 else []

    def one(self, *words) -> dict:
        """The one thing that `get THING NAME` shows: as a literal of Python, whatever format is asked for."""
        [shown] = ast.literal_eval(self(*words).well().out.strip())
        return shown

    def begin(self, *words, **environment) -> "Running":
        """Begins a command that somebody has to help along, as in a browser."""
        before = ["--config", self.config, *self._before, *(["--org", self.org] if self.org else [])]
        opened = self._folder / "opened"
        opened.unlink(missing_ok=True)
        browser = self.file(f'#!/bin/sh\nprintf %s "$1" > {shlex.quote(str(opened))}.new\nmv {opened}.new {opened}\n')
        browser.chmod(0o755)
        command = [Path(sys.executable).parent / "flyte", *before, *words]
        more = {"BROWSER": f"{browser} %s", "PYTHONUNBUFFERED": "1"} | environment
        return Running(command, words, self._environment | more, self._folder, opened)

    def edit(self, text: str | None, *words) -> tuple[Ran, str]:
        """Runs a command that opens an editor; what stands there is replaced. Answers with what stood there before."""
        self._edits += 1
        shown = self._folder / f"shown-{self._edits}"
        script = f'#!/bin/sh\ncp "$1" {shlex.quote(str(shown))}\n'
        if text is not None:
            script += f'cat {shlex.quote(str(self.file(text)))} > "$1"\n'
        editor = self.file(script)
        editor.chmod(0o755)
        ran = self(*words, EDITOR=str(editor), VISUAL=str(editor))
        return ran, shown.read_text() if shown.exists() else ""

    def file(self, text: str) -> Path:
        """A file with this text."""
        path = self._folder / f"file-{len(list(self._folder.iterdir()))}"
        path.write_text(text)
        return path

    def python(self, code: str, rpc: bool = False):
        """Runs code in the client's environment, with its classes, and answers with what it last printed as JSON."""
        whole = BEGIN.format(config=str(self.config)) + (RPC if rpc else "") + code
        ran = self._run([sys.executable, "-c", whole], ["(python)"], "", {}).well()
        return json.loads(ran.out.strip().splitlines()[-1])

    def ask(self, code: str):
        """The same for code that awaits calls of the client's own interface; it says what `return` answers with."""
        body = "\n".join(f"    {line}" for line in code.strip("\n").splitlines())
        return self.python(f"async def work():\n{body}\nprint(json.dumps(asyncio.run(work())))\n", rpc=True)

    def _run(self, words, shown, typed, environment) -> Ran:
        ended = subprocess.run(
            list(map(str, words)),
            env=self._environment | environment,
            cwd=self._folder,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=180,
        )
        return Ran(shown, ended)
