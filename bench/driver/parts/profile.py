"""Where a check spends its instructions, by callgrind, which counts them and so does not mind neighbors, and its time,
by perf, if it is there. And that nothing on the way of a check can wait: neither engine nor model knows a lock."""

import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

from ..engine import Engine
from ..options import ROOT, Options
from ..results import Results
from ..say import Failure, say

LIMIT = 300
MOST = 12
# Not `LazyLock`: once it has its value, reading it is one load and a branch.
LOCKS = re.compile(r"\b(Mutex|RwLock|Condvar|Barrier|Atomic\w+|ArcSwap)\b")
# "1,234,567 (12.3%)  file:function [object]"
LINE = re.compile(r"^\s*([\d,]+) \(\s*([\d.]+)%\)\s+(.+?):(.+?)(?: \[.*\])?$")


# "  12.34%  symbol"
SHARE = re.compile(r"^\s*([\d.]+)%\s+(?:\[\.\]\s+)?(\S.*?)\s*$")


def run(options: Options, results: Results) -> None:
    """Both profiles, and the look for locks."""
    instructions(options, results)
    if shutil.which("perf"):
        time_spent(options, results)
    else:
        say("  no perf here (Debian: linux-perf); instructions only")
    found = [hit for folder in ("engine", "model") for hit in locks(ROOT / "crates" / folder / "src")]
    results.add("profile", "locks", found=found)


def time_spent(options: Options, results: Results) -> None:
    """Samples checks at the largest size by the processor's clock; virtual machines often count nothing else."""
    size, out = options.sizes[-1], options.folder / "perf.data"
    with Engine(options, "rolecall", size, phase=2) as engine:
        words = ["perf", "record", "--quiet", "-e", "cpu-clock", "-F", "1999", "-p", engine.process.pid, "-o", out]
        perf = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        engine.measure("strings")
        perf.send_signal(signal.SIGINT)
        perf.wait(30)
    report = [
        "perf",
        "report",
        "--stdio",
        "--quiet",
        "--no-children",
        "-F",
        "overhead,symbol",
        "--percent-limit",
        "1",
        "-i",
        out,
    ]
    lines = [parts for parts in map(SHARE.match, output(report).splitlines()) if parts]
    ours = {short_function(parts[2]): float(parts[1]) for parts in lines if parts[2].startswith("rolecall_")}
    for function, share in list(ours.items())[:MOST]:
        results.add("profile", "sampled", size=size, where=function, share=share / sum(ours.values()))


def instructions(options: Options, results: Results) -> None:
    """Counts a pass over all questions, every check from four strings."""
    size = options.size_over_http
    out = options.folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*profiled*"]
    command += [f"--callgrind-out-file={out}", options.binaries / "bench-rolecall", options.data, size, "1"]
    answer = output(command, "profile\n").splitlines()[-1]
    checks = int(re.search(r'"checks":(\d+)', answer).group(1))
    annotated = output(["callgrind_annotate", "--auto=no", "--threshold=100", out])
    lines = [parts for parts in map(LINE.match, annotated.splitlines()) if parts]
    counts: dict[str, Counter] = {"function": Counter(), "file": Counter()}
    for parts in lines:
        count = int(parts[1].replace(",", "")) / checks
        counts["file"][short_file(parts[3])] += count
        counts["function"][short_function(parts[4])] += count
    total = counts["file"].total()
    results.add("profile", "instructions", size=size, each=total)
    for by, counted in counts.items():
        for where, count in counted.most_common(MOST):
            results.add("profile", "spent", size=size, by=by, where=where, each=count, share=count / total)


def output(words: list, given: str = "") -> str:
    """What a command prints."""
    try:
        done = subprocess.run(
            list(map(str, words)), input=given, timeout=LIMIT, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise Failure(f"{words[0]} did not end within {LIMIT} s") from late
    if done.returncode != 0:
        raise Failure(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def short_file(file: str) -> str:
    """A source file without the machine's paths."""
    return re.sub(r"^.*/(?:crates|registry/src/[^/]+|library|peers)/", "", file)


def short_function(function: str) -> str:
    """A function without what it is implemented for."""
    return re.sub(r"<impl [^>]*>::", "", function)


def locks(folder: Path) -> list[str]:
    """Source lines that name anything one could wait for."""
    hits = []
    for file in sorted(folder.rglob("*.rs")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if LOCKS.search(line.split("//")[0]):
                hits.append(f"{file.relative_to(folder.parent)}:{number}")
    return hits
