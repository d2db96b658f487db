#!/usr/bin/env python3
"""Measures whether the time of a refusal tells if an account is there: medians over many tries of each.

Not one of the tests: it measures time. Run it on a quiet machine, with a release binary:

    ROLECALL_BINARY=target/release/rolecall acceptance/.venv/bin/python acceptance/timing.py
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from parts.server import ADMINISTRATOR, Server
from parts.signin import sign_in
from parts.visitor import Visitor

KNOWN, UNKNOWN, PASSWORD = ADMINISTRATOR, "nobody@example.com", "Gelb 7 Ampel? Fluss"
MOST_DIFFERENCE = 0.05


def measure(server: Server, tries: int) -> dict:
    """Seconds of each try, known and unknown accounts in random order, so that what the machine does hits both."""
    visitor = Visitor(server.url)
    visit = visitor.open("/signin")
    form = visit.page.form("password")
    address = visitor.action(visit, form)
    order = [KNOWN, UNKNOWN] * tries
    random.shuffle(order)
    took = {KNOWN: [], UNKNOWN: []}
    for account in order:
        fields = form.fields | {"identifier": account, "password": "Kalt 8 Nebel! Turm"}
        begin = time.perf_counter()
        answer = visitor.http.post(address, data=fields, headers={"origin": server.url})
        took[account].append(time.perf_counter() - begin)
        assert answer.status_code == 401, answer.status_code
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=1_000, help="of each kind [default: 1000]")
    tries = parser.parse_args().tries
    root = Path(__file__).resolve().parent.parent
    binary = Path(os.environ.get("ROLECALL_BINARY", root / "target/release/rolecall")).resolve()
    with tempfile.TemporaryDirectory() as folder:
        # Nobody is slowed down but by what is measured.
        unlimited = {"ROLECALL_SIGN_IN_TRIES": 1_000_000, "ROLECALL_SIGN_IN_TRIES_ADDRESS": 1_000_000}
        server = Server(binary, Path(folder), ROLECALL_ADMIN_PASSWORD=PASSWORD, **unlimited)
        try:
            sign_in(server, KNOWN, PASSWORD)
            took = measure(server, tries)
        finally:
            server.stop()
    medians = {account: statistics.median(seconds) for account, seconds in took.items()}
    difference = abs(medians[KNOWN] - medians[UNKNOWN]) / max(medians.values())
    for account, median in medians.items():
        print(f"{account:20} median of {tries} tries: {median * 1_000:.3f} ms")
    print(f"they differ by {difference:.2%}; at most {MOST_DIFFERENCE:.0%} is fine")
    return 0 if difference < MOST_DIFFERENCE else 1


if __name__ == "__main__":
    sys.exit(main())
