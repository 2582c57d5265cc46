"""Looking at a compose project: its containers, networks and volumes."""

from collections.abc import Iterator

from actions.catalog.checks import ContainersCheck
from actions.platforms.containers import Container
from actions.platforms.docker_cli import DockerCli
from actions.verify.outcome import Seen

LOG_LINES = 500
_MOST_SHOWN = 5


def look_at_containers(check: ContainersCheck, cli: DockerCli) -> Seen:
    found = cli.containers(*check.services)
    number = sum(_is_well(each, check) for each in found)
    wrong = [*_missing(check, cli, found), *_unwell(check, found)]
    if check.count is not None and number != check.count:
        wrong.append(f"{number} containers are {check.containers}, not {check.count}")
    wrong += [f"there is no network {name}" for name in check.networks if not cli.exists(name, kind="network")]
    wrong += [f"there is no volume {name}" for name in check.volumes if not cli.exists(name, kind="volume")]
    wrong += _loud(check, cli, found) if not wrong else []
    if wrong:
        more = f" and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        return Seen(passed=False, said="; ".join(wrong[:_MOST_SHOWN]) + more, value=number)
    return Seen(passed=True, said=f"{number} containers are {check.containers}", value=number)


def _is_well(container: Container, check: ContainersCheck) -> bool:
    return container.is_well if check.containers == "healthy" else container.state == "running"


def _missing(check: ContainersCheck, cli: DockerCli, found: tuple[Container, ...]) -> Iterator[str]:
    """Services without any container."""
    wanted = check.services or tuple(sorted(cli.configuration().get("services", {})))
    there = {each.service for each in found}
    return (f"{service} has no container" for service in wanted if service not in there)


def _unwell(check: ContainersCheck, found: tuple[Container, ...]) -> Iterator[str]:
    for each in found:
        # One that has done its work, such as a migration at the start, is no trouble unless it was asked for by name.
        has_done_its_work = each.state == "exited" and each.exit_code == 0 and not check.services
        if not _is_well(each, check) and not has_done_its_work:
            yield each.words()


def _loud(check: ContainersCheck, cli: DockerCli, found: tuple[Container, ...]) -> list[str]:
    if not check.quiet_logs:
        return []
    loud = []
    for each in found:
        said = cli.latest_logs(each, lines=LOG_LINES)
        loud += [f"the log of {each.name} has {word!r}" for word in check.quiet_logs if word in said]
    return loud
