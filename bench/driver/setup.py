"""What the benchmark needs: tools from Debian, the engines and the server from source, Cerbos from npm."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from .options import BENCH, ROOT, Options
from .results import Results
from .say import Failure, say

CERBOS = "0.51.0"
AUTOCANNON = "8.0.0"
# A package for each tool that may be missing on a plain Debian with Rust.
TOOLS = {"wrk": "wrk", "npm": "npm", "valgrind": "valgrind", "cc": "gcc", "cargo": None}
BUILD_LIMIT = 3600


def build(options: Options, results: Results) -> None:
    """Installs and builds everything, and records versions and the machine."""
    for tool, package in TOOLS.items():
        need(tool, package)
    say("building the floors and Rolecall")
    engines = {"CARGO_TARGET_DIR": str(options.folder / "build")}
    cargo(BENCH / "peers", ["--release", *packages("floor", "axum", "connect", "rolecall")], engines)
    cargo(ROOT, ["--profile", options.profile, "--package", "rolecall-cli", "--package", "rolecall-bench"])
    say("building the peers (the first time takes a while)")
    try:
        cargo(BENCH / "peers", ["--release", "--keep-going", *packages("regorus", "casbin", "cedar")], engines)
    except Failure as failure:
        say(f"  a peer is missing: {failure}")
    for package, fetched in ((f"cerbos@{CERBOS}", cerbos_binary), (f"autocannon@{AUTOCANNON}", autocannon)):
        fetch(options, package, fetched(options))
    results.add("build", "machine", **machine(), versions=versions(), profile=options.profile)


def need(tool: str, package: str | None) -> None:
    """Installs a tool's Debian package when the tool is missing."""
    if shutil.which(tool):
        return
    if not package or not shutil.which("apt-get"):
        raise Failure(f"{tool} is missing; install it first")
    say(f"installing {package}")
    as_root = [] if os.getuid() == 0 else ["sudo"]
    run([*as_root, "apt-get", "update", "-qq"], ROOT, 300)
    run([*as_root, "apt-get", "install", "-qq", "--yes", package], ROOT, 600)


def packages(*engines: str) -> list[str]:
    """The engines' packages, for cargo."""
    return [word for engine in engines for word in ("--package", f"bench-{engine}")]


def cargo(folder: Path, words: list[str], settings: dict | None = None) -> None:
    """Builds."""
    run(["cargo", "build", "--quiet", *words], folder, BUILD_LIMIT, {**os.environ, **(settings or {})})


def fetch(options: Options, package: str, program: Path) -> None:
    """Fetches a program from npm, unless it is there."""
    if program.exists():
        return
    folder = options.folder / "npm"
    folder.mkdir(exist_ok=True)
    described = folder / "package.json"
    if not described.exists():
        described.write_text('{"private": true}\n')
    run(["npm", "install", "--silent", "--no-audit", "--no-fund", package], folder, 300)


def autocannon(options: Options) -> Path:
    """Where the load generator is that Unleash was measured with."""
    return options.folder / "npm" / "node_modules" / ".bin" / "autocannon"


def cerbos_binary(options: Options) -> Path:
    """Where the server is."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"cerbos-linux-{machine}"
    return options.folder / "npm" / "node_modules" / "@cerbos" / name / name


def run(words: list[str], folder: Path, limit: int, environment: dict | None = None) -> str:
    """Runs a command to its end; what it printed."""
    try:
        done = subprocess.run(
            words, cwd=folder, env=environment, timeout=limit, capture_output=True, text=True, check=False
        )
    except (subprocess.TimeoutExpired, FileNotFoundError) as error:
        raise Failure(f"{' '.join(words)}: {error}") from error
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


def machine() -> dict:
    """What was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024**2
    release = Path("/etc/os-release").read_text().splitlines()
    system = next((line.split("=", 1)[1].strip('"') for line in release if line.startswith("PRETTY_NAME")), "Linux")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": f"{system}, Linux {platform.release()}",
    }


def versions() -> dict:
    """What was compared, by the lock file and the tools themselves."""
    locked = {}
    for block in (BENCH / "peers" / "Cargo.lock").read_text().split("[[package]]"):
        fields = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        locked[fields.get("name", "").strip('"')] = fields.get("version", "").strip('"')
    peers = {
        name: locked.get(name, "?") for name in ("cedar-policy", "regorus", "casbin", "axum", "tokio", "hashbrown")
    }
    rust = run(["rustc", "--version"], ROOT, 60).split()[1]
    wrk = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout.split()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "rust": rust,
        **peers,
        "cerbos": CERBOS,
        "autocannon": AUTOCANNON,
        "wrk": wrk[1] if len(wrk) > 1 else "?",
        "rolecall": commit.stdout.strip() or "?",
    }
