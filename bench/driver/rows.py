"""The rows of TARGETS.md: each a few values with what they must reach and what is aimed at."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .results import Results

VARIANTS = [
    ("as it is", "strings", False),
    ("5% timed", "strings", True),
    ("unknown names", "unknown", False),
    ("unknown, 5% timed", "unknown", True),
    ("numbers", "numbers", False),
]


@dataclass
class Row:
    """Values by label. A value is better when it is lower, unless `higher`."""

    number: str
    what: str
    values: dict[str, float]
    must: float
    aim: float
    unit: str = "×"
    higher: bool = False

    def reaches(self, value: float, bound: float) -> bool:
        """Whether a value is as good as a bound; the last digit shown does not count against it."""
        slack = 0.005 * abs(bound)
        return value >= bound - slack if self.higher else value <= bound + slack

    def verdict(self) -> str:
        """By the worst value."""
        if not self.values:
            return "not measured"
        for word, bound in (("aim", self.aim), ("must", self.must)):
            if all(self.reaches(value, bound) for value in self.values.values()):
                return f"{word} met"
        return "**missed**"

    def missed(self) -> list[str]:
        """The labels of values that are not what they must be."""
        return [label for label, value in self.values.items() if not self.reaches(value, self.must)]


def rows(results: Results) -> list[Row]:
    """Every row, in the order of TARGETS.md."""
    made: list[Row] = []
    for section in (checks, peers, memory, loading, changes, http, facades, unleash, others):
        made += section(results)
    return sorted(made, key=lambda row: int(row.number))


def sizes(results: Results) -> list[str]:
    """The sizes that were measured."""
    return [size for size in "SML" if results.of("check", size=size) or results.of("change", size=size)]


def by_size(results: Results, value: Callable[[str], float | None]) -> dict[str, float]:
    """A value for each size that has one."""
    values = {size: value(size) for size in sizes(results)}
    return {size: value for size, value in values.items() if value is not None}


def middle(values) -> float | None:
    """The median, if there is any value."""
    values = list(values)
    return median(values) if values else None


def over(a: float | None, b: float | None) -> float | None:
    """A quotient, if there are both."""
    return None if a is None or not b else a / b


def beside_floor(results: Results, field: str, size: str, variant: str, timed: bool) -> float | None:
    """Each of our turns over the mean of the floor's turns before and after it; the median of those ratios."""
    labels = {"size": size, "variant": variant, "timed": timed}
    floor = {one["turn"]: one[field] for one in results.of("check", engine="floor", **labels)}
    ours = {one["turn"]: one[field] for one in results.of("check", engine="rolecall", **labels)}
    pairs = ((value, floor[turn], floor[turn + 1]) for turn, value in ours.items() if {turn, turn + 1} <= floor.keys())
    return middle(2 * value / max(1e-9, before + after) for value, before, after in pairs)


def our_mean(results: Results, size: str, variant="strings", timed=False) -> float | None:
    """Nanoseconds of our check: the median turn."""
    turns = results.of("check", engine="rolecall", size=size, variant=variant, timed=timed)
    return middle(one["mean_ns"] for one in turns)


def checks(results: Results) -> list[Row]:
    """Rows 1, 2, 4 and 5."""
    made = []
    kinds = [
        ("1", "check in process, mean beside the floor", "mean_ns", 1.8),
        ("2", "check in process, p99 beside the floor's", "p99_ns", 2.0),
        ("2", "cold pass, mean beside the floor's", "cold_mean_ns", 2.0),
        ("2", "cold pass, p99 beside the floor's", "cold_p99_ns", 2.0),
    ]
    for number, what, field, aim in kinds:
        for label, variant, timed in VARIANTS[:4]:
            values = by_size(results, lambda size: beside_floor(results, field, size, variant, timed))
            made.append(Row(number, f"{what}: {label}", values, 3.0, aim))
    counted = {}
    for label, variant, timed in VARIANTS:
        turns = results.of("check", engine="rolecall", variant=variant, timed=timed)
        if turns:
            counted[label] = max(one["allocations_per_check"] for one in turns)
    made.append(Row("4", "allocations a check", counted, 0.0, 0.0, ""))
    locks = {"": len(one["found"]) for one in results.of("locks")}
    made.append(Row("4", "lines of engine and model that name a lock", locks, 0.0, 0.0, ""))
    growth = over(our_mean(results, "L"), our_mean(results, "S"))
    made.append(Row("5", "growth of the mean from S to L", {"": growth} if growth else {}, 4.0, 3.1))
    return made


def peers(results: Results) -> list[Row]:
    """Row 3."""
    bounds = {"cedar": (60, 100), "regorus": (30, 55), "casbin": (1_000, 2_000)}
    made = []
    for peer, (must, aim) in bounds.items():

        def factor(size: str, peer=peer) -> float | None:
            taken = results.of("peer", engine=peer, size=size)
            return over(taken[0]["mean_ns"] if taken else None, our_mean(results, size))

        made.append(Row("3", f"quicker than {peer}", by_size(results, factor), must, aim, "×", higher=True))
    return made


def memory(results: Results) -> list[Row]:
    """Row 6."""
    made = []
    for label, timed in (("as it is", False), ("5% timed, provenance filled", True)):
        floor = results.of("loaded", engine="floor", size="L", timed=timed)
        ours = results.of("loaded", engine="rolecall", size="L", timed=timed)
        ratio = ours and floor and (ours[0]["index_bytes"] + ours[0]["names_bytes"]) / floor[0]["build"]["heap_bytes"]
        made.append(
            Row("6", f"memory for checks at L, names included: {label}", {"L": ratio} if ratio else {}, 2.0, 1.0)
        )
    weighed = results.of("profiles", size="L")
    values = {}
    if weighed:
        one = weighed[0]
        values["heap"] = (one["loaded"]["organization_bytes"] + one["profiles"]["heap_bytes"]) / one["subjects"]
    made.append(Row("6", "whole organization at L with profiles, a subject", values, 900, 600, "B"))
    return made


def loading(results: Results) -> list[Row]:
    """Rows 7 and 8."""
    made = []
    for number, what, kind, must, aim in (
        ("7", "import of L, durable, to the first right answer", "import", 4.0, 2.0),
        ("8", "start at L from a checkpoint to the first right answer", "start", 1.0, 0.3),
    ):
        floor = middle(one["seconds"] for one in results.of("floor", size="L"))
        ratio = over(middle(one["seconds"] for one in results.of(kind, part="import", size="L")), floor)
        made.append(
            Row(number, f"{what}, beside the floor's parse and build", {"L": ratio} if ratio else {}, must, aim)
        )
    return made


def changes(results: Results) -> list[Row]:
    """Rows 9 and 10."""
    made = []
    kinds = dict.fromkeys(one["of"] for one in results.of("change", part="organization"))
    for kind in kinds or ["any change"]:

        def p99(size: str, kind=kind) -> float | None:
            return middle(one["p99_ns"] / 1e3 for one in results.of("change", size=size, of=kind))

        made.append(Row("9", f"p99 of: {kind}", by_size(results, p99), 1_000, 100, "µs"))
    one = [over(turn["rate"], turn["insert"]) for turn in results.of("change", part="durable", clients=1)]
    rates = {
        clients: middle(turn["rate"] for turn in results.of("change", part="durable", clients=clients))
        for clients in (1, 16)
    }
    values = {"": middle(one)} if one else {}
    made.append(Row("10", "durable changes of one client beside bare inserts", values, 0.7, 0.9, "×", higher=True))
    ratio = over(rates[16], rates[1])
    made.append(Row("10", "16 clients beside one", {"": ratio} if ratio else {}, 3, 8, "×", higher=True))
    return made


def facades(results: Results) -> list[Row]:
    """Row 21."""
    made = []
    for call, what in (("UserInfo", "the same answer"), ("GetRole", "a role of 19 actions")):
        values = {}
        for connections in (1, 16):
            of = {"connections": connections}
            ours = middle(one["p99_us"] for one in results.of("call", server="rolecall", call=call, **of))
            floor = middle(one["p99_us"] for one in results.of("call", server="connectrpc", **of))
            if (ratio := over(ours, floor)) is not None:
                values[f"{connections} connections"] = ratio
        made.append(Row("21", f"flyte client's read call, p99 beside a bare connectrpc method: {what}", values, 2.0, 1.5))
    return made


def unleash(results: Results) -> list[Row]:
    """Row 22."""
    made = []
    for what, must in (("refused call", 4_800), ("list of 1,000 users", 760), ("own permissions", 2_700)):
        rate = middle(one["rate"] for one in results.of("asked", what=what))
        values = {"": rate} if rate is not None else {}
        made.append(Row("22", f"Unleash's Admin API: {what}, a second", values, must, 2 * must, "", higher=True))
    return made


def http_value(results: Results, server: str, batch: int, connections: int, field: str) -> float | None:
    """The median turn of a server."""
    return middle(one[field] for one in results.of("load", server=server, batch=batch, connections=connections))


def http(results: Results) -> list[Row]:
    """Rows 11 to 16."""

    def beside(field: str, batch: int) -> dict[str, float]:
        values = {}
        for connections in (1, 16, 64):
            ours, floor = (http_value(results, name, batch, connections, field) for name in ("rolecall", "axum"))
            if ratio := over(ours, floor):
                values[f"{connections}"] = ratio
        return values

    made = [
        Row("11", "HTTP single, requests/s beside axum", beside("rate", 1), 0.8, 0.95, higher=True),
        Row("12", "HTTP single, server CPU a request beside axum", beside("cpu_us", 1), 1.25, 1.05),
        Row("13", "HTTP single, p50 beside axum", beside("p50_us", 1), 1.25, 1.1),
        Row("13", "HTTP single, p99 beside axum", beside("p99_us", 1), 2.0, 1.3),
        Row("14", "HTTP batches of 10 beside axum", beside("rate", 10), 0.75, 0.9, higher=True),
        Row("14", "HTTP batches of 100 beside axum", beside("rate", 100), 0.6, 0.8, higher=True),
    ]
    for batch, must, aim in ((1, 30, 45), (10, 100, 150), (100, 100, 150)):
        values = {}
        for connections in (1, 16, 64):
            ours, theirs = (http_value(results, name, batch, connections, "rate") for name in ("rolecall", "cerbos"))
            if ratio := over(ours, theirs):
                values[f"{connections}"] = ratio
        what = "single checks" if batch == 1 else f"batches of {batch}"
        made.append(Row("15", f"quicker than Cerbos: {what}", values, must, aim, higher=True))
    return made + beside_changes(results)


def beside_changes(results: Results) -> list[Row]:
    """Row 16: over HTTP, and in process by size."""
    rates, tails = {}, {}
    quiet, busy = results.of("quiet", part="http"), results.of("busy", part="http")
    if quiet and busy:
        rates["HTTP"] = over(middle(one["rate"] for one in busy), middle(one["rate"] for one in quiet))
        tails["HTTP"] = over(middle(one["p99_us"] for one in busy), middle(one["p99_us"] for one in quiet))
    for one in results.of("beside"):
        means, high = (
            {when: middle(turn[field] for turn in one[when]) for when in ("quiet", "busy")}
            for field in ("mean_ns", "p99_ns")
        )
        rates[one["size"]] = means["quiet"] / means["busy"]
        tails[one["size"]] = high["busy"] / max(1, high["quiet"])
    return [
        Row("16", "checks beside 200 changes/s, rate beside the quiet one", rates, 0.9, 1.0, higher=True),
        Row("16", "the same, p99", tails, 2.0, 1.2),
    ]


def others(results: Results) -> list[Row]:
    """Rows 17 to 19, at L."""
    at_l = {one["of"]["kind"]: one["of"] for one in results.of("question", size="L")}

    def value(kind: str, field: str, unit: float) -> float | None:
        return at_l[kind][field] / unit if kind in at_l else None

    check = value("check", "mean_ns", 1)
    explained = {word: over(value(f"explain {word}", "mean_ns", 1), check) for word in ("an allow", "a denial")}
    first = {"mean": value("who_can, first 100", "mean_ns", 1e6), "p99": value("who_can, first 100", "p99_ns", 1e6)}
    subjects = results.of("question", size="L")[:1]
    whole = over(value("who_can, whole", "mean_ns", 1), subjects[0]["subjects"] if subjects else None)
    rest = {kind: value(kind, "p99_ns", 1e3) for kind in ("where_can", "what_can", "access_of")}
    return [
        Row("17", "explain at L beside a check", known(explained), 50, 10),
        Row("18", "who_can at L, first 100", known(first), 5, 1, "ms"),
        Row("18", "who_can at L, whole, a subject", known({"": whole}), 10, 10, "ns"),
        Row("19", "p99 at L", known(rest), 100, 20, "µs"),
    ]


def known(values: dict) -> dict[str, float]:
    """Without what was not measured."""
    return {label: value for label, value in values.items() if value is not None}
