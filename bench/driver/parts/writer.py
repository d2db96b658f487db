"""Somebody who changes the organization 200 times a second while others ask."""

import itertools
import json
import threading
import time

from ..client import Client
from ..say import Failure
from ..server import ADMINISTRATOR

RATE = 200
# So many that a change may take 80 ms and the rate is still reached.
CLIENTS = 16


class Writer:
    """Gives roles to users and takes them again over a few connections, in threads of this process. Use it in a
    `with`; it ends there."""

    def __init__(self, port: int):
        self.port = port
        self.done = threading.Event()
        self.made = [0] * CLIENTS
        self.failures: list[str] = []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began
        if self.failures:
            raise Failure(f"a change was refused: {self.failures[0]}")

    def rate(self) -> float:
        """Changes a second that were answered."""
        return sum(self.made) / self.seconds

    def run(self, number: int) -> None:
        """One client. When the server is late it does not catch up in a burst."""
        client = Client(self.port, ADMINISTRATOR)
        due = time.monotonic() + number / RATE
        for round_ in itertools.count():
            change = {
                "subject": f"u-{number * 50 + round_ % 50}",
                "role": "prj-0",
                "project": f"p-{round_ % 10}",
                "environment": "dev",
            }
            for path in ("/api/v1/assignments", "/api/v1/assignments/end"):
                request = client.encode("POST", path, json.dumps(change))
                if self.done.wait(max(0.0, due - time.monotonic())):
                    client.close()
                    return
                status, answer = client.send(request)
                # What the workload gave already is no change; all else has to succeed.
                if status >= 300:
                    self.failures.append(f"{path} {status} {answer[:200]!r}")
                self.made[number] += 1
                due = max(due + CLIENTS / RATE, time.monotonic() - 0.1)
