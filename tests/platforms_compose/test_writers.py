"""Compose services as writers: stopped whole, given back exactly, never healthy is said."""

from datetime import timedelta

import pytest

from actions.catalog.writers import ComposeWriter
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.compose_house import ComposeHouse
from actions.writers.composed import ComposedWriter
from actions.writers.finding import writer_for
from tests.docker_world.project import Project, docker

pytestmark = pytest.mark.docker


def never() -> bool:
    return False


def writer(house: ComposeHouse, service: str, **times: timedelta) -> ComposedWriter:
    made = writer_for(ComposeWriter(compose=service), house)
    assert isinstance(made, ComposedWriter)
    return ComposedWriter(
        name=service, service=service, commands=made.commands, stop_within=timedelta(seconds=60),
        start_within=times.get("start_within", timedelta(seconds=90)),
    )  # fmt: skip


def shape(project: Project, service: str) -> list[tuple[str, str]]:
    return [(str(each["Id"]), str(each["State"]["Status"])) for each in project.containers(service)]  # type: ignore[index]


def test_the_very_containers_come_back_and_those_that_were_stopped_stay_so(
    house: ComposeHouse, project: Project
) -> None:
    one, two = (str(each["Name"]).lstrip("/") for each in project.containers("worker"))
    docker("stop", "--time", "0", two)
    before = shape(project, "worker")
    worker = writer(house, "worker")
    was = worker.look()
    assert (was["running"], was["containers"], was["all"]) == (True, [one], 2)
    worker.stop(never)
    worker.stop(never)
    assert worker.is_stopped()
    worker.start(was, never)
    worker.start(was, never)
    assert shape(project, "worker") == before
    docker("start", two)


def test_containers_that_were_made_from_other_files_meanwhile_are_made_again(
    house: ComposeHouse, project: Project
) -> None:
    """The older release was tried, and the files are as they were."""

    def colour() -> str:
        (only,) = project.containers("api")
        return next(each for each in only["Config"]["Env"] if each.startswith("COLOUR="))  # type: ignore[index]

    api, file = writer(house, "api"), project.folder / "docker-compose.yml"
    was, written = api.look(), file.read_text()
    api.stop(never)
    try:
        file.write_text(written.replace("COLOUR: green", "COLOUR: red"))
        api.start(was, never)
        assert colour() == "COLOUR=red"
        api.stop(never)
    finally:
        file.write_text(written)
    api.start(was, never)
    assert colour() == "COLOUR=green"
    now = shape(project, "api")
    api.start(was, never)
    assert shape(project, "api") == now


@pytest.mark.slow
def test_one_that_somebody_removed_meanwhile_is_made_again(house: ComposeHouse, project: Project) -> None:
    worker = writer(house, "worker")
    was = worker.look()
    worker.stop(never)
    docker("rm", "--force", str(project.containers("worker")[0]["Id"]))
    worker.start(was, never)
    assert project.states("worker") == ["running", "running"]


@pytest.mark.slow
def test_what_never_gets_well_is_said_with_its_state(house: ComposeHouse, project: Project) -> None:
    project.up("sick")
    sick = writer(house, "sick", start_within=timedelta(seconds=5))
    was = sick.look()
    sick.stop(never)
    with pytest.raises(
        BackoutError, match=r"Writer sick did not come back within 5 s: .*sick.1 is (starting|unhealthy)"
    ):
        sick.start(was, never)


def test_a_service_that_is_not_there_is_said(house: ComposeHouse) -> None:
    with pytest.raises(ConfigurationError, match="has no service 'gone'"):
        writer(house, "gone").look()
