"""Decisions over HTTP beside bare axum, with an ordinary stored token that is checked on every request; the same while
changes arrive; and what happens when that token is revoked."""

from .. import server as servers
from ..bodies import AUTHZEN, SHORT, calls, lines
from ..client import verify
from ..load import load
from ..options import Options
from ..results import Results
from ..say import say
from ..server import Server, must
from ..workload import World
from .revocation import revoke
from .writer import Writer

CONNECTIONS = (1, 16, 64)
BATCHES = (1, 10, 100)


def run(options: Options, results: Results) -> None:
    """Both servers stay up and take turns."""
    world = World(options, options.size_over_http)
    with servers.axum(options) as floor, servers.rolecall(options, servers.fresh(options, "http")) as ours:
        ours.answers("/healthz")
        servers.load(options, ours, options.size_over_http)
        token = issue(ours)
        bodies = prepare(options, results, world, ours, token["token"])
        for server, dialect, secret in ((floor, "short", ""), (ours, "authzen", token["token"])):
            load(server, bodies[dialect, 1][1], bodies[dialect, 1][0], 16, 1, secret)
        for batch in BATCHES:
            for connections in CONNECTIONS:
                in_turns(options, results, (floor, ours), bodies, batch, connections, token["token"])
        beside(options, results, ours, bodies, token["token"])
        results.add("http", "server", resident_bytes=ours.resident(), size=options.size_over_http)
        revoke(options, results, ours, bodies, token)


def issue(server: Server) -> dict:
    """An application that may ask about everybody, and a token of its own, as an administrator would make them."""
    permits = [{"action": "rolecall.access.check"}]
    must(server.port, "POST", "/api/v1/roles", {"name": "decision-point", "permits": permits})
    application = must(server.port, "POST", "/api/v1/applications", {"name": "decision point"})
    about = {"subject": application["subject"]}
    must(server.port, "POST", "/api/v1/assignments", {**about, "role": "decision-point"})
    return must(server.port, "POST", "/api/v1/tokens", {**about, "name": "benchmark"})


def prepare(options: Options, results: Results, world: World, ours: Server, secret: str) -> dict:
    """Compares verdicts, and writes the bodies: by dialect and batch, the file and the path."""
    bodies = {}
    for batch in BATCHES:
        some = calls(world, batch, 10_000 if batch == 1 else 1_000)
        results.add("http", "verified", **verify(ours.port, AUTHZEN, world, some, batch, secret))
        for dialect in (AUTHZEN, SHORT):
            file = options.folder / f"bodies.{dialect.name}.{batch}"
            file.write_text(lines(dialect, world, some))
            bodies[dialect.name, batch] = (file, dialect.path(batch))
    return bodies


def in_turns(options: Options, results: Results, pair, bodies: dict, batch: int, connections: int, secret: str) -> None:
    """Floor, Rolecall, floor, …; then the floor once with Rolecall's own bodies."""
    floor, ours = pair
    turns = 2 if batch == 1 and not options.quick else 1

    def measure(server: Server, label: str, dialect: str, token: str, turn) -> None:
        file, path = bodies[dialect, batch]
        taken = load(server, path, file, connections, options.load, token)
        results.add("http", "load", server=label, batch=batch, connections=connections, turn=turn, **taken)

    for turn in range(turns):
        measure(floor, "axum", "short", "", turn)
        measure(ours, "rolecall", "authzen", secret, turn)
    measure(floor, "axum", "short", "", turns)
    measure(floor, "axum, same bodies", "authzen", secret, 0)
    say(f"  {connections} connections, batches of {batch}: {ratio(results, batch, connections):.2f} x axum")


def ratio(results: Results, batch: int, connections: int) -> float:
    """Rate beside axum's, for the log."""
    of = {"batch": batch, "connections": connections}
    ours, floor = (results.of("load", server=name, **of) for name in ("rolecall", "axum"))
    return sum(one["rate"] for one in ours) / len(ours) / (sum(one["rate"] for one in floor) / len(floor))


def beside(options: Options, results: Results, ours: Server, bodies: dict, secret: str) -> None:
    """Quiet and with 200 changes a second, in turns."""
    file, path = bodies["authzen", 1]
    for turn in range(options.turns // 2 + 1):
        taken = load(ours, path, file, 16, options.load, secret)
        results.add("http", "quiet", turn=turn, **taken)
        with Writer(ours.port) as writer:
            taken = load(ours, path, file, 16, options.load, secret)
        results.add("http", "busy", turn=turn, changes=writer.rate(), **taken)
    say(f"  beside {writer.rate():.0f} changes/s measured")
