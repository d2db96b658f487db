"""Durable single changes over HTTP, beside bare `INSERT` commits of the same size with the same settings."""

import itertools
import json
import sqlite3
import statistics
import time
from pathlib import Path

from ..load import load as post
from ..options import Options
from ..results import Results
from ..say import say
from ..server import ADMINISTRATOR, Server, fresh, load, rolecall
from ..workload import World

# As the store opens its writer.
SETTINGS = [
    "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON",
    "journal_size_limit = 67108864", "cache_size = -16384",
]  # fmt: skip
# Columns of a log entry beside its body: the organization's key, revision, instant, hash and size.
BESIDE_THE_BODY = 16 + 8 + 8 + 32 + 8
CLIENTS = (1, 16)
MOST_CHANGES = 400_000


def run(options: Options, results: Results) -> None:
    """In turns, so that a disk that others use disturbs all alike."""
    world, database = World(options, "S"), fresh(options, "durable")
    bodies = changes(options, world)
    with rolecall(options, database) as server:
        server.answers("/healthz")
        load(options, server, "S")
        sent, bytes_each = warm_up(server, bodies, database)
        bare = Bare(options, bytes_each)
        for turn in range(3 if options.quick else 5):
            for clients in CLIENTS:
                rate = bare.rate(1.0)
                results.add("durable", "insert", turn=turn, rate=rate, bytes=bytes_each)
                taken = post(server, "/api/v1/assignments", bodies, clients, 2, ADMINISTRATOR, sent)
                sent += taken["requests"] + 2 * clients
                results.add("durable", "change", clients=clients, turn=turn, insert=rate, **taken)
        results.add("durable", "insert", turn="last", rate=bare.rate(1.0), bytes=bytes_each)
        bare.close()
    rates = {clients: statistics.median(one["rate"] for one in results.of("change", part="durable", clients=clients)) for clients in CLIENTS}
    say("  " + ", ".join(f"{clients} clients: {rate:.0f} changes/s" for clients, rate in rates.items()))


def changes(options: Options, world: World) -> Path:
    """Roles given to users, each once: every request is a change."""
    narrow = [name for name, role in world.roles.items() if not role["wide"]]
    projects = sorted({question["project"] for question in world.questions})
    users = [name for name in world.subjects if name.startswith("u-")]
    held = {(name, one["role"], one.get("project")) for name in users for one in world.subjects[name]["grants"]}
    every = itertools.product(projects, narrow, users)
    new = ((project, role, user) for project, role, user in every if (user, role, project) not in held)
    path = options.folder / "bodies.changes"
    with path.open("w") as file:
        for project, role, user in itertools.islice(new, MOST_CHANGES):
            file.write(json.dumps({"subject": user, "role": role, "project": project}) + "\n")
    return path


def warm_up(server: Server, bodies: Path, database: Path) -> tuple[int, int]:
    """Sends the first changes and finds out how large an entry is: how many were sent, and bytes each."""
    taken = post(server, "/api/v1/assignments", bodies, 1, 1, ADMINISTRATOR)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
        last = "SELECT size FROM entry ORDER BY revision DESC LIMIT 100"
        (size,) = reader.execute(f"SELECT avg(size) FROM ({last})").fetchone()
    return taken["requests"] + 2, round(size) + BESIDE_THE_BODY


class Bare:
    """A database with one table, in the same folder."""

    def __init__(self, options: Options, size: int):
        self.connection = sqlite3.connect(fresh(options, "bare"), isolation_level=None)
        for setting in SETTINGS:
            self.connection.execute(f"PRAGMA {setting}")
        self.connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        self.body = b"\x07" * size

    def rate(self, seconds: float) -> float:
        """Commits a second: every insert is a transaction of its own."""
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            self.connection.execute("INSERT INTO bare (body) VALUES (?)", (self.body,))
            count += 1
        return count / (time.monotonic() - begin)

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()
