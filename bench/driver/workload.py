"""The workload: its files, and as much of it in memory as the bodies of HTTP requests need."""

import json

from .options import ROOT, Options
from .results import Results
from .say import Failure, say
from .setup import run

FINGERPRINTS = ROOT / "bench" / "WORKLOAD.md"


def generate(options: Options, results: Results) -> None:
    """Writes what is not there. With seed 1 the bytes must be those that are published."""
    generator = str(options.built / "workload")
    for size in options.sizes:
        kept = options.data / f"{size}.fingerprints"
        if not kept.exists():
            say(f"writing workload {size}")
            written = run([generator, size, str(options.seed), str(options.data)], ROOT, 300)
            kept.write_text(written)
        lines = kept.read_text().splitlines()
        if options.seed == 1:
            compare(lines)
        results.add("data", "workload", size=size, seed=options.seed, files=lines)


def compare(lines: list[str]) -> None:
    """Fails unless the published fingerprints are these."""
    published = FINGERPRINTS.read_text()
    for line in lines:
        name, _, fingerprint = line.split()
        if fingerprint.removeprefix("fnv1a64=") not in published:
            raise Failure(f"the fingerprint of {name} is not the published one")


class World:
    """The organization of a size: roles by name with their permissions, and who holds what."""

    def __init__(self, options: Options, size: str):
        self.roles: dict[str, dict] = {}
        self.actions: list[str] = []
        self.bundles: dict[str, list] = {}
        self.subjects: dict[str, dict] = {}
        with (options.data / f"{size}.data.jsonl").open() as file:
            for line in file:
                self.add(json.loads(line))
        self.questions = questions(options, size)

    def add(self, line: dict) -> None:
        """Takes in one line of the data."""
        match line["t"]:
            case "action":
                self.actions.append(line["id"])
            case "role":
                permissions = {permit["action"]: permit.get("environments") for permit in line["permissions"]}
                self.roles[line["id"]] = {"wide": line["level"] == "organization", "permissions": permissions}
            case "policy":
                self.bundles[line["id"]] = line["bindings"]
            case "group":
                self.bundles[line["id"]] = line["grants"]
            case "user" | "application":
                self.subjects[line["id"]] = line

    def bindings(self, name: str) -> list[dict]:
        """Every binding that reaches a subject."""
        subject = self.subjects[name]
        bundles = (self.bundles[bundle] for bundle in subject["groups"] + subject["policies"])
        return subject["grants"] + [binding for bundle in bundles for binding in bundle]

    def verdict(self, name: str, action: str, project: str, environment: str) -> bool:
        """The expected answer, by walking every binding."""
        for binding in self.bindings(name):
            if binding.get("project", project) != project or binding.get("environment", environment) != environment:
                continue
            permissions = self.roles[binding["role"]]["permissions"]
            if action in permissions and (permissions[action] is None or environment in permissions[action]):
                return True
        return False


def questions(options: Options, size: str) -> list[dict]:
    """The checks of a size."""
    with (options.data / f"{size}.queries.jsonl").open() as file:
        return [json.loads(line) for line in file]
