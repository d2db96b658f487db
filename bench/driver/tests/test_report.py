"""The report says what was measured, and what was missed."""

import tempfile
import unittest
from pathlib import Path

from driver import report, rows, tables
from driver.options import ROOT
from driver.results import Results
from driver.rows import Row
from driver.say import Failure

# Goes when the tests are through.
FOLDER = tempfile.TemporaryDirectory()


def results(records: list[tuple]) -> Results:
    made = Results(Path(tempfile.mkdtemp(dir=FOLDER.name)) / "results.jsonl")
    for part, kind, fields in records:
        made.add(part, kind, **fields)
    return made


def check(engine: str, turn: int, mean: float) -> tuple:
    fields = dict.fromkeys(("best_ns", "p50_ns", "p99_ns", "cold_mean_ns", "cold_p99_ns"), 100.0)
    labels = {"engine": engine, "size": "L", "variant": "strings", "timed": False, "turn": turn}
    return "checks", "check", {**fields, **labels, "mean_ns": mean, "allocations_per_check": 0.0, "verified": 10_000}


class Rows(unittest.TestCase):
    def test_each_turn_is_compared_with_the_floor_around_it(self):
        taken = [
            check("floor", 0, 100),
            check("rolecall", 0, 300),
            check("floor", 1, 200),
            check("rolecall", 1, 500),
            check("floor", 2, 300),
        ]
        self.assertEqual(rows.beside_floor(results(taken), "mean_ns", "L", "strings", False), 2.0)

    def test_the_worst_value_decides(self):
        self.assertEqual(Row("1", "", {"S": 1.5, "L": 1.7}, 3.0, 1.8).verdict(), "aim met")
        self.assertEqual(Row("1", "", {"S": 1.5, "L": 2.9}, 3.0, 1.8).verdict(), "must met")
        self.assertEqual(Row("1", "", {"S": 1.5, "L": 3.1}, 3.0, 1.8).verdict(), "**missed**")
        self.assertEqual(Row("3", "", {"S": 59, "L": 120}, 60, 100, higher=True).missed(), ["S"])

    def test_what_was_not_measured_is_not_met(self):
        empty = rows.rows(results([]))
        self.assertEqual({row.verdict() for row in empty}, {"not measured"})
        self.assertEqual({row.number for row in empty}, {str(number) for number in range(1, 23) if number != 20})

    def test_a_miss_is_bold(self):
        line = tables.of_rows([Row("1", "mean", {"S": 1.0, "L": 4.0}, 3.0, 1.8)]).splitlines()[-1]
        self.assertEqual(line, "| 1 | mean | S 1.00 · **L 4.00** | ≤ 3.00 × | ≤ 1.80 × | **missed** |")


class Document(unittest.TestCase):
    def test_only_what_is_between_the_markers_changes(self):
        new = report.between("before\n<a>\nold\n<b>\nafter\n", ("<a>", "<b>"), "new")
        self.assertEqual(new, "before\n<a>\n\nnew\n\n<b>\nafter\n")
        with self.assertRaises(Failure):
            report.between("no markers", ("<a>", "<b>"), "new")

    def test_the_page_has_the_places_for_the_tables(self):
        page = (ROOT / "docs" / "performance.md").read_text()
        for markers in (report.MEASURED, report.PROFILE):
            report.between(page, markers, "")

    def test_every_table_is_made_of_whatever_there_is(self):
        taken = results([check("floor", 0, 100), check("rolecall", 0, 250), check("floor", 1, 100)])
        text = report.render(taken, rows.rows(taken), quick=True)
        self.assertIn("L 2.50", text)
        self.assertIn("### Servers", text)

    def test_measuring_a_part_again_replaces_it(self):
        taken = results([check("floor", 0, 100), ("http", "quiet", {"rate": 1})])
        taken.begin("checks")
        again = Results(taken.path)
        self.assertEqual([record["kind"] for record in again.records], ["quiet"])


if __name__ == "__main__":
    unittest.main()
