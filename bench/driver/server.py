"""Servers on the loopback, each a process of ours that is ended by its id."""

import http.client
import json
import os
import subprocess
import time
from pathlib import Path

from .options import Options
from .say import Failure

TICKS = os.sysconf("SC_CLK_TCK")
ADMINISTRATOR = "benchmark-administrator"


class Server:
    """A server that has been started. Use it in a `with`."""

    def __init__(self, words: list, port: int, log: Path, environment: dict | None = None):
        self.port = port
        self.began = time.monotonic()
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                list(map(str, words)), stdout=out, stderr=out, env={**os.environ, **(environment or {})}
            )
        self.log = log

    def until(self, condition, limit: float, what: str) -> float:
        """Waits until a condition holds; the seconds since the start."""
        while not condition():
            if self.process.poll() is not None:
                words = self.log.read_text(errors="replace")[-500:]
                raise Failure(f"{what}: the server ended with {self.process.returncode}: {words}")
            if time.monotonic() - self.began > limit:
                raise Failure(f"{what}: not within {limit} s")
            time.sleep(0.002)
        return time.monotonic() - self.began

    def answers(self, path="/", limit=60.0) -> float:
        """Waits until it answers at all."""
        return self.until(lambda: request(self.port, "GET", path)[0] > 0, limit, f"port {self.port}")

    def cpu(self) -> float:
        """Seconds of CPU it took so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> int:
        """Bytes of memory it has now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self, limit=120) -> float:
        """Ends it as an operator would; how long that took in seconds."""
        begin = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def axum(options: Options) -> Server:
    """The floor: a constant answer."""
    server = Server([options.binaries / "bench-axum", options.port], options.port, options.folder / "axum.log")
    server.answers()
    return server


def connect(options: Options) -> Server:
    """The floor of the calls of the `flyte` client: a constant answer."""
    server = Server([options.binaries / "bench-connect", options.port], options.port, options.folder / "connect.log")
    server.answers()
    return server


def rolecall(options: Options, database: Path, catalog="none") -> Server:
    """Rolecall as shipped, but for the catalog: the workload brings its own actions. It has not answered yet."""
    port = options.port + 1
    words = [options.rolecall, "serve", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:{database}"]
    first = {
        "ROLECALL_CATALOG": catalog,
        "ROLECALL_ADMIN_TOKEN": ADMINISTRATOR,
        "ROLECALL_ADMIN_EMAIL": "administrator@company.example",
        "ROLECALL_ADMIN_PASSWORD": "correct horse battery staple",
    }
    return Server(words, port, options.folder / "rolecall.log", first)


def fresh(options: Options, name: str) -> Path:
    """A path for a new database, with nothing left of an older one."""
    for left in options.folder.glob(f"{name}.db*"):
        left.unlink()
    return options.folder / f"{name}.db"


def load(options: Options, server: Server, size: str) -> None:
    """Imports a size over the command line."""
    environment = {**os.environ, "ROLECALL_URL": f"http://127.0.0.1:{server.port}", "ROLECALL_TOKEN": ADMINISTRATOR}
    words = [options.rolecall, "import", "--format", "workload", options.data / f"{size}.data.jsonl"]
    done = subprocess.run(
        list(map(str, words)), env=environment, timeout=300, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Failure(f"import of {size}: {done.stderr[-500:]}")


def request(port: int, method: str, path: str, body=None, token: str | None = None) -> tuple[int, dict]:
    """One request on a connection of its own: status and body; status 0 when nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
    except OSError:
        return 0, {}
    finally:
        connection.close()
    try:
        return answer.status, json.loads(text) if text else {}
    except ValueError:
        return answer.status, {}


def must(port: int, method: str, path: str, body=None, token: str | None = ADMINISTRATOR) -> dict:
    """A request that has to succeed."""
    status, answer = request(port, method, path, body, token)
    if not 200 <= status < 300:
        raise Failure(f"{method} {path}: {status} {answer}")
    return answer
