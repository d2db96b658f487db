"""Load on a server: wrk, one thread, connections kept, as fast as the answers come."""

import json
import subprocess
from pathlib import Path

from .options import BENCH
from .say import Failure, say
from .server import Server

# On a machine that is very busy wrk sometimes misses its own end.
TRIES = 3
LATE = 12


def output(words: list[str], limit: float) -> str | None:
    """What a command prints; nothing when it had to be ended."""
    try:
        done = subprocess.run(words, timeout=limit, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout + done.stderr


def load(server: Server, path: str, bodies: Path, connections: int, seconds: float, token="", may_fail=False) -> dict:
    """Rate, percentiles and the server's CPU time for each request."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s", "-s", BENCH / "load.lua"]
    words += [f"http://127.0.0.1:{server.port}{path}", "--", bodies, token]
    words = list(map(str, words))
    for _ in range(TRIES):
        before = server.cpu()
        printed = output(words, seconds + LATE)
        if printed is not None:
            break
        say(f"  wrk on {path} did not end; once more")
    else:
        raise Failure(f"wrk on {path} did not end, {TRIES} times")
    cpu = server.cpu() - before
    line = next((line for line in printed.splitlines() if line.startswith("{")), None)
    if line is None:
        raise Failure(f"wrk on {path}: {printed[-500:]}")
    taken = json.loads(line)
    if not may_fail and (taken["refused"] or taken["broken"]):
        raise Failure(f"{path} with {connections} connections: {taken}")
    taken["rate"] = taken["requests"] / taken["seconds"]
    taken["cpu_us"] = cpu * 1e6 / max(1, taken["requests"])
    return taken
