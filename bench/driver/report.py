"""Writes the tables into docs/performance.md, between markers; the words around them are people's."""

import time

from . import tables
from .options import Options
from .results import Results
from .rows import Row, rows
from .say import Failure, say

MEASURED = ("<!-- measured: begin -->", "<!-- measured: end -->")
PROFILE = ("<!-- profile: begin -->", "<!-- profile: end -->")


def write(options: Options, results: Results) -> None:
    """Replaces what is between the markers."""
    made = rows(results)
    document = options.document
    text = document.read_text()
    text = between(text, MEASURED, render(results, made, options.quick))
    document.write_text(between(text, PROFILE, tables.of_profile(results)))
    for row in made:
        if row.verdict() == "**missed**":
            say(f"  row {row.number} missed: {row.what}: {row.values}")


def between(text: str, markers: tuple[str, str], new: str) -> str:
    """The text with what stands between two markers replaced."""
    begin, end = markers
    if begin not in text or end not in text:
        raise Failure(f"the document has no lines {begin} and {end} for the tables")
    before, rest = text.split(begin, 1)
    _, after = rest.split(end, 1)
    return f"{before}{begin}\n\n{new.strip()}\n\n{end}{after}"


def render(results: Results, made: list[Row], quick: bool) -> str:
    """All tables with their headings."""
    counts = {
        word: sum(word in row.verdict() for row in made) for word in ("aim met", "must met", "missed", "not measured")
    }
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    sections = {
        "Rows": f"{words}. A value that misses its must is bold.\n\n{tables.of_rows(made)}",
        "Machine and versions": tables.of_machine(results),
        "Checks in process": tables.of_checks(results),
        "Memory": tables.of_memory(results),
        "Import and start": tables.of_loading(results),
        "Changes": tables.of_changes(results),
        "Other questions": tables.of_questions(results),
        "Servers": tables.of_http(results),
    }
    kind = "A quick run" if quick else "A full run"
    head = f"_{kind}, reported on {time.strftime('%Y-%m-%d')}. Written by `bench/run`: do not edit it here._\n\n"
    return head + "\n".join(f"### {title}\n\n{text}" for title, text in sections.items())
