"""The peers in process: the same loop, one after the other."""

from ..engine import Engine
from ..options import Options
from ..results import Results
from ..say import Failure, say

# Seconds to load, and gibibytes, by size. What does not fit is said so and is no failure.
LIMITS = {"S": (60, 8), "M": (120, 12), "L": (180, 18)}


def run(options: Options, results: Results) -> None:
    """Every peer at every size."""
    for size in options.sizes:
        for peer in ("regorus", "cedar", "casbin"):
            if not (options.quick and size == "L" and peer == "casbin"):
                measure(options, results, peer, size)


def measure(options: Options, results: Results, peer: str, size: str) -> None:
    """One peer at one size. Slow engines get a longer phase, so that enough questions fit it."""
    say(f"{peer}, {size}")
    limit, gib = LIMITS[size]
    try:
        engine = Engine(options, peer, size, limit=limit, gib=gib, phase=options.phase * 4)
    except (Failure, FileNotFoundError) as failure:
        results.add("peers", "unfit", engine=peer, size=size, why=str(failure), limit=limit, gib=gib)
        say(f"  did not fit: {failure}")
        return
    with engine:
        taken = engine.measure("strings", limit=120)
        results.add("peers", "peer", engine=peer, size=size, loaded=engine.loaded, **taken)
