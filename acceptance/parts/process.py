"""A Node program of ours as a process: what it says, and its end."""

import subprocess
import threading
from pathlib import Path

from .wait import Board

HOME = Path(__file__).resolve().parent.parent


class Program:
    """A script of this folder. It ends when its input does. `said` holds its lines, those of errors among them."""

    def __init__(self, script: str):
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(["node", HOME / script], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self.said, self.complained = Board(), Board()
        streams = [(self._process.stdout, self.said), (self._process.stderr, self.complained)]
        self._readers = [threading.Thread(target=_read, args=told, daemon=True) for told in streams]
        for reader in self._readers:
            reader.start()

    def tell(self, line: str):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def stop(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()


def _read(stream, board: Board):
    with stream:
        for line in stream:
            board.add(line.rstrip("\n"))
    board.close()
