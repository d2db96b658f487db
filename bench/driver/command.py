"""The order of things."""

import fcntl
import os
import time
import traceback

from . import options, report, setup, workload
from .parts import (
    cerbos,
    checks,
    durable,
    facades,
    http,
    importing,
    organization,
    peers,
    profile,
    unleash,
)
from .results import Results
from .say import Failure, say

PARTS = {
    "build": setup.build,
    "data": workload.generate,
    "checks": checks.run,
    "organization": organization.run,
    "peers": peers.run,
    "import": importing.run,
    "durable": durable.run,
    "http": http.run,
    "facades": facades.run,
    "unleash": unleash.run,
    "cerbos": cerbos.run,
    "profile": profile.run,
    "report": report.write,
}


def main(words: list[str] | None = None) -> int:
    """Runs the parts that are asked for; 1 when one of them failed. A part that fails does not keep the others from
    being measured, but without engines and data there is nothing to measure."""
    chosen = options.read(words)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    alone = (chosen.folder / "lock").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say(f"another run uses {chosen.folder}; wait for it, or name another --folder")
        return 2
    results = Results(chosen.folder / "results.jsonl")
    failed = []
    for name, part in PARTS.items():
        if name not in chosen.parts or attempt(name, part, chosen, results):
            continue
        failed.append(name)
        if name in ("build", "data"):
            break
    say(f"results: {results.path}; failed: {', '.join(failed) or 'nothing'}")
    return 1 if failed else 0


def attempt(name: str, part, chosen: options.Options, results: Results) -> bool:
    """Whether a part went well. What it had measured before is forgotten."""
    begin = time.monotonic()
    say(f"{name} (load average {os.getloadavg()[0]:.1f})")
    results.begin(name)
    try:
        part(chosen, results)
    except Exception as failure:  # Whatever it is, the other parts are to be measured.
        say(f"{name} FAILED: {failure!r}")
        if not isinstance(failure, Failure):
            traceback.print_exc()
        return False
    say(f"{name} took {time.monotonic() - begin:.0f} s")
    return True
