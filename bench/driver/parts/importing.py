"""From JSON lines to the first right answer, durably; and from a checkpoint to the first right answer."""

import time

from ..engine import Engine
from ..options import Options
from ..results import Results
from ..say import Failure, say
from ..server import ADMINISTRATOR, Server, fresh, load, request, rolecall
from ..workload import questions

STARTS = 3


def run(options: Options, results: Results) -> None:
    """The largest size, with the floor's parsing and building before and after."""
    size = options.sizes[-1]
    allowed = next(question for question in questions(options, size) if question["allow"])
    floor(options, results, size)
    database = fresh(options, "import")
    for turn in range(1 if options.quick else 2):
        database = fresh(options, "import")
        server = rolecall(options, database)
        with server:
            server.answers("/healthz")
            seconds = timed_import(options, server, size, allowed)
            results.add("import", "import", size=size, turn=turn, seconds=seconds, resident_bytes=server.resident())
        say(f"  imported in {seconds:.2f} s")
        floor(options, results, size)
    for turn in range(STARTS):
        with rolecall(options, database) as server:
            seconds = server.until(lambda: is_right(server, allowed), 120, f"start at {size}")
            results.add("import", "start", size=size, turn=turn, seconds=seconds, resident_bytes=server.resident())
        say(f"  started in {seconds:.2f} s")
    database_bytes = database.stat().st_size
    results.add("import", "database", size=size, database_bytes=database_bytes)
    floor(options, results, size)


def floor(options: Options, results: Results, size: str) -> None:
    """What the floor takes to read and build the same."""
    with Engine(options, "floor", size) as engine:
        seconds = engine.loaded["parse"]["seconds"] + engine.loaded["build"]["seconds"]
        results.add("import", "floor", size=size, seconds=seconds)


def timed_import(options: Options, server: Server, size: str, allowed: dict) -> float:
    """Seconds from the command to the first right answer."""
    server.began = begin = time.monotonic()
    load(options, server, size)
    server.until(lambda: is_right(server, allowed), 60, "the first answer")
    return time.monotonic() - begin


def is_right(server: Server, question: dict) -> bool:
    """Whether it answers a question that has to be allowed."""
    resource = {"type": "project", "id": question["project"], "properties": {"environment": question["environment"]}}
    body = {
        "subject": {"type": question["kind"], "id": question["subject"]},
        "action": {"name": question["action"]},
        "resource": resource,
    }
    status, answer = request(server.port, "POST", "/access/v1/evaluation", body, ADMINISTRATOR)
    if status == 200 and answer.get("decision") is not True:
        raise Failure(f"a wrong answer: {answer} to {body}")
    return status == 200
