"""Markdown tables of what was measured."""

from statistics import median

from .results import Results
from .rows import VARIANTS, Row, http_value, middle, sizes


def table(head: list[str], lines: list[list[str]]) -> str:
    """A table; numbers to the right."""
    rule = ["---" if number == 0 else "--:" for number, _ in enumerate(head)]
    return "".join("| " + " | ".join(line) + " |\n" for line in [head, rule, *lines])


def number(value: float | None) -> str:
    """As many digits as mean something."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def nanoseconds(value: float | None) -> str:
    """With the unit that fits."""
    if value is None:
        return "-"
    for unit, size in (("ns", 1), ("µs", 1e3), ("ms", 1e6)):
        if value < 1_000 * size:
            return f"{number(value / size)} {unit}"
    return f"{number(value / 1e9)} s"


def of_rows(rows: list[Row]) -> str:
    """The targets: what they must be, what is aimed at, what it is."""
    lines = []
    for row in rows:
        shown = []
        for label, value in row.values.items():
            text = f"{label} {number(value)}".strip()
            shown.append(f"**{text}**" if label in row.missed() else text)
        sign = "≥" if row.higher else "≤"
        bounds = [f"{sign} {number(bound)} {row.unit}".strip() for bound in (row.must, row.aim)]
        lines.append([row.number, row.what, " · ".join(shown) or "-", *bounds, row.verdict()])
    text = "| # | what | measured | must | aim | |\n|---|---|---|---|---|---|\n"
    return text + "".join("| " + " | ".join(line) + " |\n" for line in lines)


def of_machine(results: Results) -> str:
    """What was measured, on what, and how large it is."""
    made = ""
    for one in results.of("machine"):
        versions = ", ".join(f"{name} {version}" for name, version in one["versions"].items())
        made += f"{one['processors']} × {one['processor']}, {one['memory_gib']} GiB, {one['system']}. "
        made += f"Build profile `{one['profile']}`. Versions: {versions}.\n\n"
    seeds = sorted({one["seed"] for one in results.of("workload")})
    made += f"Seed of the workload: {', '.join(map(str, seeds))}.\n\n" if seeds else ""
    lines = []
    for one in results.of("loaded", engine="floor", timed=False):
        counts = (
            one[noun] for noun in ("users", "applications", "projects", "groups", "policies", "memberships", "bindings")
        )
        lines.append([one["size"], *(f"{count:,}" for count in counts), number(one["parse"]["seconds"])])
    head = [
        "size",
        "users",
        "applications",
        "projects",
        "groups",
        "policies",
        "memberships",
        "effective bindings",
        "floor parses, s",
    ]
    return made + table(head, lines)


def of_checks(results: Results) -> str:
    """Every engine in process."""
    lines = []
    for size in sizes(results):
        for name in ("floor", "rolecall"):
            for label, variant, timed in VARIANTS:
                turns = results.of("check", engine=name, size=size, variant=variant, timed=timed)
                if turns:
                    lines.append([f"{size} {name}, {label}", *timing(turns)])
        for one in results.of("peer", size=size):
            lines.append([f"{size} {one['engine']}", *timing([one])])
        for one in results.of("unfit", size=size):
            lines.append(
                [f"{size} {one['engine']}: not built, or not within {one['limit']} s and {one['gib']} GiB", *["-"] * 8]
            )
    head = ["engine", "mean", "best round", "p50", "p99", "cold mean", "cold p99", "allocations", "verified"]
    return table(head, lines)


def timing(turns: list[dict]) -> list[str]:
    """The median turn of each column."""
    fields = ("mean_ns", "best_ns", "p50_ns", "p99_ns", "cold_mean_ns", "cold_p99_ns")
    times = [nanoseconds(median(one[field] for one in turns)) for field in fields]
    return [*times, number(turns[0]["allocations_per_check"]), f"{turns[0]['verified']:,}"]


def of_memory(results: Results) -> str:
    """What the organization weighs."""
    lines = []
    for one in results.of("loaded"):
        subjects = one.get("subjects") or one["users"] + one["applications"]
        kind = f"{one['size']} {one['engine']}{', 5% timed' if one['timed'] else ''}"
        if one["engine"] == "floor":
            weights = [one["build"]["heap_bytes"], None, None, one["build"]["resident_bytes"]]
        else:
            resident = sum(one[step]["resident_bytes"] for step in ("import", "windows", "build"))
            weights = [one["index_bytes"], one["names_bytes"], one["organization_bytes"], resident]
        each = [number(None if weight is None else weight / subjects) for weight in weights]
        lines.append([kind, *each, number(one["build"]["seconds"])])
    made = table(
        ["bytes a subject", "index", "names", "all of it, heap", "all of it, resident", "index built, s"], lines
    )
    for one in results.of("profiles"):
        each = {key: value / one["subjects"] for key, value in one["profiles"].items() if key.endswith("bytes")}
        made += f"\nNames and addresses for every user at {one['size']} add {number(each['heap_bytes'])} B of heap and "
        made += f"{number(each['resident_bytes'])} B resident memory a subject.\n"
    for one in results.of("database"):
        made += f"\nThe database of {one['size']} has {one['database_bytes'] / 2**20:,.0f} MiB after the import.\n"
    return made


def of_loading(results: Results) -> str:
    """Import and start."""
    floor = middle(one["seconds"] for one in results.of("floor", part="import"))
    lines = []
    for kind in ("floor", "import", "start"):
        all_ = results.of(kind, part="import")
        seconds = [one["seconds"] for one in all_]
        if seconds:
            memory = middle(one.get("resident_bytes", 0) for one in all_) / 2**20
            ratio = number(median(seconds) / floor) if floor else "-"
            turns = ", ".join(number(one) for one in seconds)
            lines.append(
                [
                    f"{all_[0]['size']} {kind}",
                    number(median(seconds)),
                    turns,
                    ratio,
                    f"{memory:,.0f}" if memory else "-",
                ]
            )
    return table(["", "seconds", "each", "× floor", "server's memory, MiB"], lines)


def of_changes(results: Results) -> str:
    """Single changes."""
    lines = [
        [
            f"{one['size']}: {one['of']}",
            f"{one['reach']:,}",
            *(nanoseconds(one.get(field)) for field in ("p50_ns", "p99_ns", "p99_cpu_ns", "worst_ns")),
        ]
        for one in results.of("change", part="organization")
    ]
    made = table(["without the disk", "subjects it reaches", "p50", "p99", "p99 by CPU time", "worst"], lines) + "\n"
    inserts = middle(one["rate"] for one in results.of("insert"))
    durable = [["bare `INSERT`", number(inserts), "-", "-"]] if inserts else []
    for clients in (1, 16):
        turns = results.of("change", part="durable", clients=clients)
        if turns:
            values = [median(one[field] for one in turns) for field in ("rate", "p50_us", "p99_us")]
            durable.append(
                [f"{clients} clients over HTTP", number(values[0]), *(nanoseconds(value * 1e3) for value in values[1:])]
            )
    sizes_ = ", ".join(sorted({str(one["bytes"]) for one in results.of("insert")}))
    return made + table([f"durable, {sizes_} B each", "a second", "p50", "p99"], durable)


def of_questions(results: Results) -> str:
    """The questions besides the check."""
    lines = []
    for one in results.of("question"):
        times = (nanoseconds(one["of"][field]) for field in ("mean_ns", "p50_ns", "p99_ns"))
        lines.append([f"{one['size']} {one['of']['kind']}", *times])
    return table(["question in process", "mean", "p50", "p99"], lines)


def of_http(results: Results) -> str:
    """Servers."""
    lines = []
    for batch in (1, 10, 100):
        for connections in (1, 16, 64):
            for server in ("axum", "axum, same bodies", "rolecall", "cerbos"):
                rate, cpu, middle_, high = (
                    http_value(results, server, batch, connections, field)
                    for field in ("rate", "cpu_us", "p50_us", "p99_us")
                )
                if rate is None:
                    continue
                floor = http_value(results, "axum", batch, connections, "rate")
                ratio = number(rate / floor) if floor else "-"
                label = f"batch {batch}, {connections} connections: {server}"
                lines.append(
                    [label, f"{rate:,.0f}", f"{rate * batch:,.0f}", number(middle_), number(high), number(cpu), ratio]
                )
    made = table(["server", "requests/s", "checks/s", "p50 µs", "p99 µs", "server CPU µs", "× axum"], lines)
    busy = results.of("busy", part="http")
    if busy:
        rates = (
            middle(one[field] for one in results.of(kind, part="http"))
            for kind, field in (("quiet", "rate"), ("busy", "rate"), ("busy", "changes"))
        )
        quiet, beside, changes = map(number, rates)
        made += f"\nSingle checks over 16 connections: {quiet} requests/s quietly, "
        made += f"{beside} beside {changes} durable changes/s.\n"
    for one in results.of("revoked"):
        made += f"\nA token revoked under load: {one['accepted']:,} requests with it were accepted, then "
        made += (
            f"{one['refused']:,} refused; the last accepted one was sent {number(one['accepted_after_s'] * 1e6)} µs "
        )
        made += "after the revocation was answered (stated bound: none is).\n"
    return made


def of_profile(results: Results) -> str:
    """Where the instructions and the time of a check go."""
    made = ""
    for one in results.of("instructions"):
        made += f"A check from four strings at {one['size']} executes {number(one['each'])} instructions on average.\n"
    for by, head in (("function", "instructions, inlined ones in their caller"), ("file", "the same by source file")):
        spent = results.of("spent", by=by)
        lines = [[f"`{one['where']}`", number(one["each"]), percent(one["share"])] for one in spent]
        made += "\n" + table([head, "a check", "share"], lines)
    sampled = results.of("sampled")
    if sampled:
        lines = [[f"`{one['where']}`", percent(one["share"])] for one in sampled]
        made += "\n" + table([f"time at {sampled[0]['size']}, waiting for memory included", "share"], lines)
    return made


def percent(share: float) -> str:
    """A share of the whole."""
    return f"{share * 100:.1f} %"
