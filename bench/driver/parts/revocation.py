"""A token is revoked while it is used under load: from when on is it refused?"""

import threading
import time

from ..client import Client
from ..load import load
from ..options import Options
from ..results import Results
from ..say import Failure, say
from ..server import Server, must

BEFORE = 1.0
AFTER = 1.0


def revoke(options: Options, results: Results, server: Server, bodies: dict, token: dict) -> None:
    """Two clients use the token, wrk and one that takes down each answer; then the administrator revokes it."""
    file, path = bodies["authzen", 1]
    taken = {}
    noise = threading.Thread(
        target=lambda: taken.update(load(server, path, file, 16, 3, token["token"], may_fail=True))
    )
    noise.start()
    time.sleep(BEFORE)
    watch = Watch(server, path, file.read_text().splitlines()[0], token["token"])
    watch.start()
    time.sleep(BEFORE)
    must(server.port, "DELETE", f"/api/v1/tokens/{token['key']}")
    answered = time.monotonic()
    time.sleep(AFTER)
    watch.done.set()
    watch.join()
    noise.join()
    accepted = [sent for sent, status in watch.seen if status == 200]
    refused = [sent for sent, status in watch.seen if status == 401]
    if not accepted or not refused or len(accepted) + len(refused) != len(watch.seen):
        raise Failure(f"the revoked token: {len(accepted)} accepted, {len(refused)} refused of {len(watch.seen)}")
    late = max(0.0, max(accepted) - answered)
    results.add("http", "revoked", accepted=len(accepted), refused=len(refused), accepted_after_s=late, load=taken)
    say(f"  revoked: {len(refused)} requests refused, the last accepted one sent {late * 1e6:.0f} us after the answer")


class Watch(threading.Thread):
    """Asks one question after the other, and keeps when each was sent and how it was answered."""

    def __init__(self, server: Server, path: str, body: str, secret: str):
        super().__init__()
        self.client = Client(server.port, secret)
        self.request = self.client.encode("POST", path, body)
        self.done = threading.Event()
        self.seen: list[tuple[float, int]] = []

    def run(self) -> None:
        """Until it is told to end."""
        while not self.done.is_set():
            sent = time.monotonic()
            self.seen.append((sent, self.client.send(self.request)[0]))
        self.client.close()
