"""What was measured: one JSON object a line, each with the part it belongs to."""

import json
from pathlib import Path


class Results:
    """The file of results. Measuring a part again replaces what it had."""

    def __init__(self, path: Path):
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.records = [json.loads(line) for line in lines if line]

    def begin(self, part: str) -> None:
        """Forgets what a part had."""
        self.records = [record for record in self.records if record["part"] != part]
        self.path.write_text("".join(json.dumps(record) + "\n" for record in self.records))

    def add(self, part: str, kind: str, **measured) -> dict:
        """Keeps a record."""
        record = {"part": part, "kind": kind, **measured}
        self.records.append(record)
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        return record

    def of(self, kind: str, **wanted) -> list[dict]:
        """Records of a kind whose fields are as wanted, in the order they were made."""
        found = (record for record in self.records if record["kind"] == kind)
        return [record for record in found if all(record.get(key) == value for key, value in wanted.items())]
