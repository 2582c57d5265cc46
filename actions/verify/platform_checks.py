"""Checks that one kind of platform alone can answer. A platform that has one adds its case here."""

from actions.catalog.checks import ContainersCheck, ReadyCheck
from actions.platforms.compose_house import compose_of
from actions.platforms.house import House
from actions.platforms.kubernetes.kinds import DEPLOYMENT, STATEFULSET
from actions.platforms.kubernetes.workloads import look_at_readiness, split
from actions.platforms.kubernetes_house import api_of
from actions.verify.containers import look_at_containers
from actions.verify.outcome import Seen
from actions.verify.titles import title_of

READY_KINDS = {kind.word: kind for kind in (DEPLOYMENT, STATEFULSET)}


def look_at_platform(check: ContainersCheck | ReadyCheck, house: House) -> Seen:
    match check:
        case ReadyCheck():
            return _are_ready(check, house)
        case ContainersCheck():
            return look_at_containers(check, compose_of(house, f"The check {title_of(check)!r}").cli)


def _are_ready(check: ReadyCheck, house: House) -> Seen:
    api = api_of(house, f"The check {title_of(check)!r}")
    found = {name: look_at_readiness(api, *split(name, READY_KINDS)) for name in check.ready}
    said = "; ".join(f"{name}: {progress.said}" for name, progress in found.items())
    return Seen(passed=all(progress.complete for progress in found.values()), said=said)
