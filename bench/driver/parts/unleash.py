"""Unleash's Admin API, asked as Unleash itself was: the same tool and connections, an organization of the same size.

What Unleash 8.2.0 with PostgreSQL did on two busy cores: a refused call 241 requests a second, the list of 1,000 users 38,
the permissions of who owns 50 projects 137. The rows want twenty times that."""

import json
import subprocess

from .. import server as servers
from ..options import Options
from ..results import Results
from ..say import Failure, say
from ..server import Server, must
from ..setup import autocannon

API = "/unleash/api/admin"
USERS, PROJECTS = 1_000, 50
OWNER, VIEWER = 4, 3


def run(options: Options, results: Results) -> None:
    """One server, asked in three ways."""
    database = servers.fresh(options, "unleash")
    with servers.rolecall(options, database, catalog="unleash") as ours:
        ours.answers("/healthz")
        viewer, owner = fill(ours)
        asked = (
            ("refused call", f"{API}/user-admin/admin-count", 16, viewer, 403),
            ("list of 1,000 users", f"{API}/user-admin", 4, servers.ADMINISTRATOR, 200),
            ("own permissions", f"{API}/user", 4, owner, 200),
        )
        for what, path, connections, token, status in asked:
            for turn in range(options.turns):
                taken = load(options, ours, path, connections, token, status)
                results.add("unleash", "asked", what=what, connections=connections, turn=turn, **taken)
            say(f"  {what}: {taken['rate']:,.0f} a second")


def fill(server: Server) -> tuple[str, str]:
    """Adds 1,000 users and 50 projects of one owner, and answers with tokens of a viewer and of that owner."""
    for number in range(USERS):
        user = {"email": f"user{number}@example.com", "name": f"User {number}", "rootRole": VIEWER, "sendEmail": False}
        must(server.port, "POST", f"{API}/user-admin", user)
    for number in range(PROJECTS):
        must(server.port, "POST", f"{API}/projects", {"id": f"project-{number}", "name": f"Project {number}"})
    found = must(server.port, "GET", f"{API}/user-admin/search?q=user1@example.com")
    for number in range(PROJECTS):
        given = {"roles": [OWNER], "groups": [], "users": [found[0]["id"]]}
        must(server.port, "POST", f"{API}/projects/project-{number}/access", given)
    return token(server, "user0@example.com"), token(server, "user1@example.com")


def token(server: Server, subject: str) -> str:
    """A personal token of somebody."""
    return must(server.port, "POST", "/api/v1/tokens", {"subject": subject, "name": "benchmark"})["token"]


def load(options: Options, server: Server, path: str, connections: int, secret: str, status: int) -> dict:
    """Rate and percentiles, as autocannon says them."""
    words = [autocannon(options), "--json", "--connections", connections, "--duration", 2 * options.load]
    words += ["--headers", f"Authorization={secret}", f"http://127.0.0.1:{server.port}{path}"]
    before = server.cpu()
    done = subprocess.run(
        list(map(str, words)), timeout=2 * options.load + 20, capture_output=True, text=True, check=False
    )
    cpu = server.cpu() - before
    if done.returncode != 0:
        raise Failure(f"autocannon on {path}: {done.stderr[-500:]}")
    told = json.loads(done.stdout)
    answers = sum(int(one["count"]) for code, one in told["statusCodeStats"].items() if int(code) == status)
    if answers != told["requests"]["total"] or told["errors"]:
        raise Failure(f"{path} was answered with {told['statusCodeStats']}, not with {status}")
    return {
        "rate": answers / told["duration"],
        "p50_us": told["latency"]["p50"] * 1e3,
        "p99_us": told["latency"]["p99"] * 1e3,
        "cpu_us": cpu * 1e6 / max(1, answers),
    }
