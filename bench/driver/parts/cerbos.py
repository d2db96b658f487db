"""Cerbos over HTTP, the subject's bindings in every request, since it keeps none."""

from ..bodies import CERBOS, calls, lines
from ..client import verify
from ..load import load
from ..options import Options
from ..results import Results
from ..say import say
from ..server import Server
from ..setup import cerbos_binary
from ..workload import World


def run(options: Options, results: Results) -> None:
    """Verdicts first, then single checks and batches."""
    world = World(options, options.size_over_http)
    with start(options, world) as server:
        for batch, most in ((1, 2_000), (10, 100), (100, 20)):
            some = calls(world, batch, most)
            results.add("cerbos", "verified", **verify(server.port, CERBOS, world, some, batch))
            file = options.folder / f"bodies.cerbos.{batch}"
            file.write_text(lines(CERBOS, world, some))
            for connections in (16,) if options.quick else (1, 16, 64):
                taken = load(server, CERBOS.path(batch), file, connections, options.load)
                results.add("cerbos", "load", server="cerbos", batch=batch, connections=connections, **taken)
                say(f"  batches of {batch}, {connections} connections: {taken['rate']:.0f} requests/s")


def start(options: Options, world: World) -> Server:
    """Cerbos with a policy made of the workload's roles."""
    folder = options.folder / "cerbos"
    folder.mkdir(exist_ok=True)
    (folder / "roles.yaml").write_text(derived_roles(world))
    (folder / "target.yaml").write_text(resource(world))
    port = options.port + 2
    settings = options.folder / "cerbos.yaml"
    settings.write_text(SETTINGS.format(http=port, grpc=port + 1, folder=folder))
    words = [cerbos_binary(options), "server", "--config", settings, "--log-level=error"]
    server = Server(words, port, options.folder / "cerbos.log")
    server.answers("/_cerbos/health")
    return server


SETTINGS = """\
server:
  httpListenAddr: "127.0.0.1:{http}"
  grpcListenAddr: "127.0.0.1:{grpc}"
  requestLimits: {{maxActionsPerResource: 50, maxResourcesPerRequest: 500}}
storage:
  driver: disk
  disk: {{directory: "{folder}", watchForChanges: false}}
telemetry: {{disabled: true}}
"""


def derived_roles(world: World) -> str:
    """A role is active when the request says that the principal holds it at a scope around the resource."""
    text = "apiVersion: api.cerbos.dev/v1\nderivedRoles:\n  name: held\n  definitions:\n"
    for name, role in world.roles.items():
        scopes = ['"org"'] if role["wide"] else ["R.attr.project", "R.attr.environment", "R.id"]
        held = " || ".join(f'({scope} in P.attr.held && "{name}" in P.attr.held[{scope}])' for scope in scopes)
        text += f"    - name: {name}\n      parentRoles: [subject]\n      condition: {{match: {{expr: '{held}'}}}}\n"
    return text


def resource(world: World) -> str:
    """What each role permits: a rule for each set of environments."""
    text = "apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  version: default\n  resource: target\n"
    text += "  importDerivedRoles: [held]\n  rules:\n"
    for name, role in world.roles.items():
        by_environments: dict = {}
        for action, environments in role["permissions"].items():
            by_environments.setdefault(tuple(environments or ()), []).append(action)
        for environments, actions in by_environments.items():
            text += f"    - actions: [{quoted(actions)}]\n      effect: EFFECT_ALLOW\n      derivedRoles: [{name}]\n"
            if environments:
                text += f"      condition: {{match: {{expr: 'R.attr.environment in [{quoted(environments)}]'}}}}\n"
    return text


def quoted(names) -> str:
    """Names in quotation marks."""
    return ", ".join(f'"{name}"' for name in names)
