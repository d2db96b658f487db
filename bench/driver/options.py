"""What a run is told."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
PARTS = ["build", "data", "checks", "organization", "peers", "import", "durable", "http", "facades", "unleash", "cerbos", "profile", "report"]
SIZES = ["S", "M", "L"]


@dataclass
class Options:
    """What to measure, for how long, and where things are kept."""

    parts: list[str]
    sizes: list[str]
    seed: int
    quick: bool
    port: int
    profile: str
    folder: Path
    document: Path

    @property
    def data(self) -> Path:
        """Where the workload of this seed is."""
        return self.folder / f"data-{self.seed}"

    @property
    def binaries(self) -> Path:
        """Where the engines are."""
        return self.folder / "build" / "release"

    @property
    def rolecall(self) -> Path:
        """The server and command line."""
        return self.built / "rolecall"

    @property
    def built(self) -> Path:
        """Where the project's own build puts its programs."""
        return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / self.profile

    @property
    def turns(self) -> int:
        """How often two that are compared take turns."""
        return 3 if self.quick else 7

    @property
    def phase(self) -> float:
        """Seconds of a phase of the measuring loop."""
        return 0.15 if self.quick else 0.4

    @property
    def patience(self) -> float:
        """Seconds after which two that are compared stop taking turns."""
        return 10 if self.quick else 40

    @property
    def load(self) -> int:
        """Seconds of one load on a server."""
        return 2 if self.quick else 4

    @property
    def size_over_http(self) -> str:
        """The size that servers are asked about: M, or the largest there is below."""
        return "M" if "M" in self.sizes else self.sizes[0]


def read(words: list[str] | None = None) -> Options:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures Rolecall beside its floors and its peers, and writes the tables of docs/performance.md.",
        epilog="Parts keep their results, so that one can be measured again without the others.",
    )
    several = {"nargs": "+", "metavar": "NAME"}
    parser.add_argument("--parts", choices=PARTS, default=PARTS, help=" ".join(PARTS), **several)
    parser.add_argument("--sizes", choices=SIZES, default=SIZES, help="S M L", **several)
    parser.add_argument("--seed", type=int, default=1, help="of the workload [default: 1]")
    parser.add_argument("--quick", action="store_true", help="shorter and noisier: about 8 minutes instead of 25")
    parser.add_argument("--port", type=int, default=18180, help="the first of four on 127.0.0.1 [default: 18180]")
    parser.add_argument("--profile", default="release", help="the server's build profile [default: release]")
    kept = Path(os.environ.get("BENCH_DIR", ROOT / "target" / "bench"))
    parser.add_argument("--folder", type=Path, default=kept, help=f"what is built and measured [default: {kept}]")
    document = ROOT / "docs" / "performance.md"
    parser.add_argument("--document", type=Path, default=document, help="where the tables go")
    given = parser.parse_args(words)
    given.sizes = [size for size in SIZES if size in given.sizes]
    given.folder = given.folder.resolve()
    return Options(**vars(given))
