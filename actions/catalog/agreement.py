"""Whether the parts of a service agree with its platform: no Deployment on a laptop, no systemd unit in a cluster."""

from collections.abc import Iterator
from typing import Final

from actions.catalog.problems import Problem, problem_at
from actions.catalog.references import items_in, steps_of
from actions.catalog.tree import WrittenList, WrittenMapping

_CLUSTER: Final = "kubernetes"
_WRITERS: Final = {
    "compose": "compose", "deployment": _CLUSTER, "statefulset": _CLUSTER, "cronjob": _CLUSTER, "hpa": _CLUSTER,
}  # fmt: skip
_RELEASES: Final = {"deployment": _CLUSTER}
_RUNNERS: Final = {"compose": "compose", "image": _CLUSTER, "workload": _CLUSTER}
_CHECKS: Final = {"containers": "compose", "ready": _CLUSTER}
_STEPS: Final = {
    "compose": "compose",
    "remove_networks": "compose",
    "save_volumes": "compose",
    "restore_volumes": "compose",
}


def check_agreement(service: WrittenMapping) -> Iterator[Problem]:
    """Problems for whatever needs another platform than the service's. Says nothing when that one is unknown."""
    platform = service.get("platform")
    kind = platform.get("kind") if isinstance(platform, WrittenMapping) else platform
    if kind not in ("local", "compose", _CLUSTER):
        return
    written = service.get("writers")
    writers = items_in(service, "writers") if isinstance(written, WrittenList) else items_in(written, "stop")
    migrations = service.get("migrations")
    groups = (
        (writers, _WRITERS),
        (items_in(service, "application"), _RELEASES),
        (items_in(migrations, "run"), _RUNNERS),
        (items_in(service, "checks"), _CHECKS),
        ([(step, service.place) for step in _own_steps(service)], _STEPS),
        ([(service.get("backups"), service.place)], {"volumes": "compose"}),
    )
    for entries, needs in groups:
        for entry, _ in entries:
            if isinstance(entry, WrittenMapping):
                yield from _misplaced(entry, needs, str(kind))
    yield from _needed(service, str(kind))


def _own_steps(service: WrittenMapping) -> Iterator[WrittenMapping]:
    runbooks = service.get("runbooks")
    if isinstance(runbooks, WrittenMapping):
        for runbook in runbooks.values():
            yield from steps_of(runbook)


def _misplaced(entry: WrittenMapping, needs: dict[str, str], kind: str) -> Iterator[Problem]:
    for key in entry:
        needed = needs.get(key)
        if needed and needed != kind:
            message = f"`{key}` works on platform `{needed}`; this service is on `{kind}`."
            yield problem_at(entry.key_places[key], message)
            return


def _needed(service: WrittenMapping, kind: str) -> Iterator[Problem]:
    """What cannot be guessed outside of this machine: which container or image has the migrations."""
    if kind == "local" or service.get("migrations") is None:
        return
    migrations = service["migrations"]
    if isinstance(migrations, str) or (isinstance(migrations, WrittenMapping) and migrations.get("run") is None):
        place = migrations.place if isinstance(migrations, WrittenMapping) else service.value_places["migrations"]
        example = "{compose: api}" if kind == "compose" else "{workload: deployment/api}"
        message = f"On platform `{kind}`, `migrations` must say what runs them."
        yield problem_at(place, message, f"Add `run: {example}`.")
