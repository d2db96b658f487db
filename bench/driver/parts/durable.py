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
from ..say import Failure, say
from ..server import ADMINISTRATOR, Server, fresh, load, rolecall
from ..workload import World

# As the store opens its writer.
SETTINGS = [
    "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON",
    "journal_size_limit = 67108864", "cache_size = -16384",
]  # fmt: skip
# Columns of a log entry beside its body: the organization's key, revision, instant, hash and size.
BESIDE_THE_BODY = 16 + 8 + 8 + 32 + 8
# Clients, and more changes than they can make in one turn.
CLIENTS = {1: 20_000, 16: 60_000}
SECONDS = 2


def run(options: Options, results: Results) -> None:
    """In turns, so that a disk that others use disturbs all alike."""
    world, database = World(options, "S"), fresh(options, "durable")
    changes = Changes(options.folder / "bodies.changes", world)
    with rolecall(options, database) as server:
        server.answers("/healthz")
        load(options, server, "S")
        changes.post(server, 1)
        size = entry_size(database) + BESIDE_THE_BODY
        bare = Bare(options, size)
        for turn in range(3 if options.quick else 5):
            for clients in CLIENTS:
                rate = bare.rate(1.0)
                results.add("durable", "insert", turn=turn, rate=rate, bytes=size)
                results.add(
                    "durable", "change", clients=clients, turn=turn, insert=rate, **changes.post(server, clients)
                )
        results.add("durable", "insert", turn="last", rate=bare.rate(1.0), bytes=size)
        bare.close()
    for clients in CLIENTS:
        rate = statistics.median(one["rate"] for one in results.of("change", part="durable", clients=clients))
        say(f"  {clients} clients: {rate:.0f} changes/s")


class Changes:
    """Roles given to users, each once: every request is a change."""

    def __init__(self, path: Path, world: World):
        narrow = [name for name, role in world.roles.items() if not role["wide"]]
        projects = sorted({question["project"] for question in world.questions})
        users = [name for name in world.subjects if name.startswith("u-")]
        held = {(one.get("project"), one["role"], name) for name in users for one in world.subjects[name]["grants"]}
        self.new = (change for change in itertools.product(projects, narrow, users) if change not in held)
        self.path = path

    def post(self, server: Server, clients: int) -> dict:
        """As many of the next ones as clients can send in a turn."""
        count = CLIENTS[clients]
        with self.path.open("w") as file:
            for project, role, user in itertools.islice(self.new, count):
                file.write(json.dumps({"subject": user, "role": role, "project": project}) + "\n")
        taken = post(server, "/api/v1/assignments", self.path, clients, SECONDS, ADMINISTRATOR)
        if taken["requests"] >= count:
            raise Failure(f"{count} changes were too few for {clients} clients")
        return taken


def entry_size(database: Path) -> int:
    """Bytes of a change in the log."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
        last = "SELECT size FROM entry ORDER BY revision DESC LIMIT 100"
        (size,) = reader.execute(f"SELECT avg(size) FROM ({last})").fetchone()
    return round(size)


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
