"""Checks in process: the floor before and after Rolecall, again and again."""

from ..engine import Engine
from ..options import Options
from ..results import Results
from ..say import say

VARIANTS = ["strings", "numbers", "unknown"]


def run(options: Options, results: Results) -> None:
    """Every size plain, and with one grant in twenty timed."""
    for size in options.sizes:
        for timed in (False, True):
            say(f"checks, {size}{', timed' if timed else ''}")
            side_by_side(options, results, size, timed)


def side_by_side(options: Options, results: Results, size: str, timed: bool) -> None:
    """Both engines stay loaded, each in a process of its own, and take turns; only one of them works at a time."""
    labels = {"size": size, "timed": timed}
    with Engine(options, "floor", size, timed=timed) as floor, Engine(options, "rolecall", size, timed=timed) as ours:
        for engine in (floor, ours):
            results.add("checks", "loaded", engine=engine.name, **labels, **engine.loaded)
        for variant in VARIANTS:
            for turn in range(options.turns):
                for engine in (floor, ours):
                    taken = engine.measure(variant)
                    results.add("checks", "check", engine=engine.name, variant=variant, turn=turn, **labels, **taken)
            last = floor.measure(variant)
            results.add("checks", "check", engine="floor", variant=variant, turn=options.turns, **labels, **last)
