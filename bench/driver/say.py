"""Progress, on standard error."""

import sys
import time


def say(what: str) -> None:
    """One line with the time of day."""
    print(time.strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


class Failure(Exception):
    """Something could not be built, did not start, or answered wrongly."""
