"""Checks in process: the floor before and after Rolecall, again and again."""

import itertools
import time

from ..engine import Engine
from ..options import Options
from ..results import Results
from ..say import Failure, say

FEWEST = 3
VARIANTS = ["strings", "numbers", "unknown"]


def run(options: Options, results: Results) -> None:
    """Every size plain, and with one grant in twenty timed. One that fails does not keep the others from being measured."""
    failures = []
    for size, timed in itertools.product(options.sizes, (False, True)):
        say(f"checks, {size}{', timed' if timed else ''}")
        try:
            side_by_side(options, results, size, timed)
        except Failure as failure:
            failures.append(f"{size}{', timed' if timed else ''}: {failure}")
    if failures:
        raise Failure("; ".join(failures))


def side_by_side(options: Options, results: Results, size: str, timed: bool) -> None:
    """Both engines stay loaded, each in a process of its own, and take turns; only one of them works at a time."""
    labels = {"size": size, "timed": timed}
    with Engine(options, "floor", size, timed=timed) as floor, Engine(options, "rolecall", size, timed=timed) as ours:
        for engine in (floor, ours):
            results.add("checks", "loaded", engine=engine.name, **labels, **engine.loaded)
        for variant in VARIANTS:
            take_turns(options, results, (floor, ours), variant, labels)


def take_turns(options: Options, results: Results, engines: tuple[Engine, Engine], variant: str, labels: dict) -> None:
    """Floor, Rolecall, floor, …, and the floor once more. A machine that is too busy gets fewer turns."""

    def measure(engine: Engine, turn: int) -> None:
        taken = engine.measure(variant)
        results.add("checks", "check", engine=engine.name, variant=variant, turn=turn, **labels, **taken)

    floor, ours = engines
    begin = time.monotonic()
    for turn in range(options.turns):
        measure(floor, turn)
        measure(ours, turn)
        if turn + 1 >= FEWEST and time.monotonic() - begin > options.patience:
            break
    measure(floor, turn + 1)
