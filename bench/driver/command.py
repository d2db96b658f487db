"""The order of things."""

import os
import time

from . import options, report, setup, workload
from .parts import cerbos, checks, durable, http, importing, organization, peers, profile
from .results import Results
from .say import Failure, say

PARTS = {
    "checks": checks.run,
    "organization": organization.run,
    "peers": peers.run,
    "import": importing.run,
    "durable": durable.run,
    "http": http.run,
    "cerbos": cerbos.run,
    "profile": profile.run,
}


def main(words: list[str] | None = None) -> int:
    """Runs the parts that are asked for; 1 when one of them failed. A part that fails does not keep the others from
    being measured."""
    chosen = options.read(words)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    results = Results(chosen.folder / "results.jsonl")
    failed = []
    if not attempt("build", chosen, lambda: setup.build(chosen, results)):
        return 1
    if not attempt("data", chosen, lambda: workload.generate(chosen, results)):
        return 1
    for name, part in PARTS.items():
        results.begin(name) if name in chosen.parts else None
        if not attempt(name, chosen, lambda: part(chosen, results)):
            failed.append(name)
    if not attempt("report", chosen, lambda: report.write(chosen, results)):
        failed.append("report")
    say(f"results: {results.path}; failed: {', '.join(failed) or 'nothing'}")
    return 1 if failed else 0


def attempt(name: str, chosen: options.Options, part) -> bool:
    """Whether a part went well, or was not asked for."""
    if name not in chosen.parts:
        return True
    begin = time.monotonic()
    say(f"{name} (load average {os.getloadavg()[0]:.1f})")
    try:
        part()
    except (Failure, OSError) as failure:
        say(f"{name} FAILED: {failure}")
        return False
    say(f"{name} took {time.monotonic() - begin:.0f} s")
    return True
