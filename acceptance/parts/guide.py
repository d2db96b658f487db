"""A guide, run as it is written. In a block of `console`, `$` begins a command and `>` goes on with it; what follows is
what it says, where `…` stands for anything."""

import re
import subprocess
from pathlib import Path

from .server import surroundings


class Step:
    def __init__(self, command: str):
        self.command = command
        self.said: list[str] = []


def steps(guide: Path) -> list[Step]:
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", guide.read_text(), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            elif line.startswith("> "):
                found[-1].command += "\n" + line[2:]
            else:
                found[-1].said.append(line)
    return found


def code(guide: Path, language: str) -> list[str]:
    """The blocks of a language other than the shell's."""
    return re.findall(rf"^```{language}\n(.*?)^```$", guide.read_text(), re.M | re.S)


def fits(written: str, line: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, written.split("…"))), line) is not None


def run(command: str, folder: Path, plain=lambda text: text, **environment) -> list[str]:
    """Runs a command as a shell does and answers with the lines that it said."""
    ran = subprocess.run(
        ["sh", "-c", f"exec 2>&1\n{command}"],
        cwd=folder,
        env=surroundings(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    lines = plain(ran.stdout).splitlines()
    assert "command not found" not in ran.stdout and "Traceback" not in ran.stdout, (command, lines)
    return [line.rstrip() for line in lines if line.strip()]


def walk(step: Step, folder: Path, plain=lambda text: text, **environment):
    """Runs a step, and fails unless it says, line by line and in order, what is written below it."""
    lines = run(step.command, folder, plain, **environment)
    left = iter(lines)
    for written in step.said:
        assert any(fits(written, line) for line in left), (step.command, written, lines)
    return lines
