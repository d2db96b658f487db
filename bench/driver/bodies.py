"""Questions as each server wants them: a body, a path, and the verdicts in the answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from .workload import World


@dataclass
class Call:
    """Questions about one subject, with the expected verdicts."""

    kind: str
    subject: str
    places: list[tuple[str, str, str]]
    allow: list[bool]


@dataclass
class Dialect:
    """How a server is asked."""

    name: str
    single: str
    batch: str
    body: Callable[[World, Call], dict]
    verdicts: Callable[[dict], list[bool]]

    def path(self, batch: int) -> str:
        """Where a batch of so many questions is posted."""
        return self.single if batch == 1 else self.batch


def calls(world: World, batch: int, most: int) -> list[Call]:
    """Call i is about the subject of question i and asks what the questions from i on ask."""
    count = len(world.questions)
    made = []
    for first in range(min(most, count)):
        about = world.questions[first]
        some = (world.questions[(first + more) % count] for more in range(batch))
        places = [(one["action"], one["project"], one["environment"]) for one in some]
        allow = [world.verdict(about["subject"], *place) for place in places]
        made.append(Call(about["kind"], about["subject"], places, allow))
    return made


def short_body(_: World, call: Call) -> dict:
    """As few words as say the question."""
    checks = [{"action": action, "project": project, "environment": where} for action, project, where in call.places]
    return {"subject": call.subject, **checks[0]} if len(checks) == 1 else {"subject": call.subject, "checks": checks}


def authzen_body(_: World, call: Call) -> dict:
    """OpenID AuthZEN 1.0: a project in an environment."""
    checks = [
        {
            "action": {"name": action},
            "resource": {"type": "project", "id": project, "properties": {"environment": where}},
        }
        for action, project, where in call.places
    ]
    subject = {"subject": {"type": call.kind, "id": call.subject}}
    return {**subject, **checks[0]} if len(checks) == 1 else {**subject, "evaluations": checks}


def authzen_verdicts(answer: dict) -> list[bool]:
    """Decisions, in the order of the questions."""
    return [one.get("decision") is True for one in answer.get("evaluations", [answer])]


def cerbos_body(world: World, call: Call) -> dict:
    """All bindings of the subject go along, since Cerbos keeps none."""
    held: dict[str, list[str]] = {"org": []}
    for binding in world.bindings(call.subject):
        scope = "/".join(filter(None, (binding.get("project"), binding.get("environment")))) or "org"
        roles = held.setdefault(scope, [])
        if binding["role"] not in roles:
            roles.append(binding["role"])
    resources = [
        {
            "actions": [action],
            "resource": {
                "kind": "target",
                "id": f"{project}/{where}",
                "attr": {"project": project, "environment": where},
            },
        }
        for action, project, where in call.places
    ]
    return {"principal": {"id": call.subject, "roles": ["subject"], "attr": {"held": held}}, "resources": resources}


def cerbos_verdicts(answer: dict) -> list[bool]:
    """One effect for each resource."""
    return [set(one["actions"].values()) == {"EFFECT_ALLOW"} for one in answer.get("results", [])]


AUTHZEN = Dialect("authzen", "/access/v1/evaluation", "/access/v1/evaluations", authzen_body, authzen_verdicts)
SHORT = Dialect("short", "/check", "/batch", short_body, lambda answer: [])
CERBOS = Dialect("cerbos", "/api/check/resources", "/api/check/resources", cerbos_body, cerbos_verdicts)


def lines(dialect: Dialect, world: World, some: list[Call]) -> str:
    """Bodies, one a line."""
    return "".join(json.dumps(dialect.body(world, call), separators=(",", ":")) + "\n" for call in some)
