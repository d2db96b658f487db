"""Waiting for a condition, never for a time."""

import threading
import time

LIMIT = 30.0


class Board:
    """Things that arrive from another thread, in order, and can be waited for."""

    def __init__(self):
        self._items = []
        self._over = False
        self._came = threading.Condition()

    def add(self, item):
        with self._came:
            self._items.append(item)
            self._came.notify_all()

    def close(self):
        """Nothing more will come: who waits in vain is told at once."""
        with self._came:
            self._over = True
            self._came.notify_all()

    def all(self) -> list:
        with self._came:
            return list(self._items)

    def clear(self):
        with self._came:
            self._items.clear()

    def wait(self, wanted, what: str, limit: float = LIMIT):
        """The first thing that `wanted` says yes to; fails with everything that came instead."""
        end = time.monotonic() + limit
        with self._came:
            while True:
                for item in self._items:
                    if wanted(item):
                        return item
                left = end - time.monotonic()
                if self._over or left <= 0:
                    came = "\n".join(str(item) for item in self._items[-40:])
                    raise AssertionError(f"waited in vain for {what}; what came:\n{came}")
                self._came.wait(left)


def until(condition, what: str, limit: float = LIMIT):
    """Asks again until the answer is true, and returns it."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.01)
