"""An engine in a process of its own, and the conversation with it."""

import json
import os
import resource
import select
import subprocess
import time

from .options import Options
from .say import Failure

GIB = 1024**3


class Engine:
    """A running engine. It has loaded its size when the constructor is through; `loaded` says what that cost."""

    def __init__(self, options: Options, name: str, size: str, *, timed=False, limit=400, gib=18, phase=None):
        self.name = name
        self.buffer = b""
        words = [options.binaries / f"bench-{name}", options.data, size, str(phase or options.phase)]
        self.process = subprocess.Popen(
            [*map(str, words), *(["timed"] if timed else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (gib * GIB, gib * GIB)),
        )
        try:
            self.loaded = self.answer(limit)
        except Failure:
            self.stop()
            raise

    def measure(self, variant: str, limit=300) -> dict:
        """Measures a variant; fails when a verdict was wrong."""
        self.process.stdin.write(variant.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.answer(limit)
        if "error" in answer:
            raise Failure(f"{self.name} {variant}: {answer['error']}")
        if answer.get("wrong"):
            raise Failure(f"{self.name} {variant}: {answer['wrong']} of {answer['verified']} verdicts are wrong")
        return answer

    def answer(self, limit: float) -> dict:
        """The next line of the engine, awaited no longer than the limit in seconds."""
        until = time.monotonic() + limit
        out = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(out, 1 << 16) if ready else b""
            if not piece:
                why = f"nothing within {limit} s" if not ready else self.last_words()
                raise Failure(f"{self.name}: {why}")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def last_words(self) -> str:
        """Why it ended."""
        self.process.wait(30)
        text = self.process.stderr.read().decode(errors="replace")[-500:]
        return f"ended with {self.process.returncode}: {text}"

    def stop(self) -> None:
        """Ends the process; an engine that is asked nothing more ends by itself."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
