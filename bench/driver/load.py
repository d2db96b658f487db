"""Load on a server: wrk, one thread, connections kept, as fast as the answers come."""

import json
import subprocess
from pathlib import Path

from .options import BENCH
from .say import Failure
from .server import Server


def load(
    server: Server, path: str, bodies: Path, connections: int, seconds: float, token="", may_fail=False
) -> dict:
    """Rate, percentiles and the server's CPU time for each request."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s", "-s", BENCH / "load.lua"]
    words += [f"http://127.0.0.1:{server.port}{path}", "--", bodies, token]
    before = server.cpu()
    try:
        done = subprocess.run(list(map(str, words)), timeout=seconds + 25, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"wrk on {path} did not end") from late
    cpu = server.cpu() - before
    line = next((line for line in done.stdout.splitlines() if line.startswith("{")), None)
    if line is None:
        raise Failure(f"wrk on {path}: {done.stderr[-300:]}{done.stdout[-300:]}")
    taken = json.loads(line)
    if not may_fail and (taken["refused"] or taken["broken"]):
        raise Failure(f"{path} with {connections} connections: {taken}")
    taken["rate"] = taken["requests"] / taken["seconds"]
    taken["cpu_us"] = cpu * 1e6 / max(1, taken["requests"])
    return taken
