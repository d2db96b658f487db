"""Calls of the `flyte` client beside a bare connectrpc method."""

from pathlib import Path

from .. import server as servers
from ..load import load
from ..options import Options
from ..results import Results
from ..say import say
from ..server import ADMINISTRATOR

WHO = "/flyteidl2.auth.IdentityService/UserInfo"
ROLE = "/cloudidl.identity.RoleService/GetRole"
CONNECTIONS = (1, 16)


def run(options: Options, results: Results) -> None:
    """Both servers stay up and take turns."""
    database = servers.fresh(options, "facades")
    with servers.connect(options) as floor, servers.rolecall(options, database, catalog="union") as ours:
        ours.answers("/healthz")
        who = body(options, "who", "{}")
        role = body(options, "role", '{"id": {"name": "Admin"}}')
        asked = [(floor, "connectrpc", WHO, who), (ours, "rolecall", WHO, who), (ours, "rolecall", ROLE, role)]
        for server, _, path, file in asked:
            load(server, path, file, 16, 1, ADMINISTRATOR)
        for connections in CONNECTIONS:
            for turn in range(options.turns):
                for server, label, path, file in asked:
                    taken = load(server, path, file, connections, options.load, ADMINISTRATOR)
                    call = path.rsplit("/", 1)[1]
                    results.add("facades", "call", server=label, call=call, connections=connections, turn=turn, **taken)
            say(f"  {connections} connections: {tail(results, connections):.2f} x the p99 of a bare method")


def body(options: Options, name: str, text: str) -> Path:
    """A file with one body."""
    file = options.folder / f"bodies.{name}"
    file.write_text(text + "\n")
    return file


def tail(results: Results, connections: int) -> float:
    """The middle p99 beside the floor's, for the log."""
    of = {"connections": connections, "call": "UserInfo"}
    ours, floor = (
        sorted(one["p99_us"] for one in results.of("call", server=name, **of)) for name in ("rolecall", "connectrpc")
    )
    return ours[len(ours) // 2] / floor[len(floor) // 2]
