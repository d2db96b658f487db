"""Single changes, the questions besides the check, checks beside a writer, and what profiles weigh, in process."""

from ..engine import Engine
from ..options import Options
from ..results import Results
from ..say import say


def run(options: Options, results: Results) -> None:
    """Changes at every size, since they must not grow with it; the rest at the largest."""
    for size in options.sizes:
        say(f"organization, {size}")
        with Engine(options, "rolecall", size) as engine:
            for kind in engine.measure("changes")["kinds"]:
                results.add("organization", "change", size=size, of=kind.pop("kind"), **kind)
            beside = engine.measure("beside")
            results.add("organization", "beside", size=size, **beside)
            answered = engine.measure("questions")
            for kind in answered["kinds"]:
                results.add("organization", "question", size=size, subjects=answered["subjects"], of=kind)
            if size == options.sizes[-1]:
                profiles = engine.measure("profiles", limit=400)
                results.add("organization", "profiles", size=size, loaded=engine.loaded, **profiles)
