"""Commands in containers: what they get, how they end, and that nothing of them is left."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from actions.errors import ConfigurationError, UnavailableError
from actions.platforms.compose_commands import OWNER, ComposeCommands
from actions.platforms.compose_house import ComposeHouse
from actions.platforms.port import Command, Ended, Inside, Line, Stream
from tests.docker_world.project import Project, docker

pytestmark = pytest.mark.docker
RUNNING, FRESH = Inside(service="api", one_off=False), Inside(service="api", name="backout-test-fresh")
BOTH = pytest.mark.parametrize("inside", [RUNNING, FRESH], ids=["running", "fresh"])


@pytest.fixture
def commands(house: ComposeHouse) -> ComposeCommands:
    return house.commands


def sh(inside: Inside, script: str, **more: object) -> Command:
    return Command(argv=("sh", "-c", script), inside=inside, **more)  # type: ignore[arg-type]


def of_ours() -> list[str]:
    return docker("ps", "--all", "--quiet", "--filter", f"label={OWNER}=shop").split()


def sleepers(project: Project, seconds: int) -> str:
    """Processes in the application's own container that sleep so long."""
    api = str(project.containers("api")[0]["Id"])
    listed = docker("top", api, "-o", "pid,args")
    return "\n".join(line for line in listed.splitlines() if f"sleep {seconds}" in line)


def wait_for(holds: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.by_day(1)
@BOTH
def test_it_is_given_variables_and_input_and_says_what_it_says(commands: ComposeCommands, inside: Inside) -> None:
    script = 'echo "$SECRET $COLOUR in $(pwd)"; cat; echo trouble >&2; exit 3'
    env = {"SECRET": "s3cret-value"}
    finished = commands.run(sh(inside, script, env=env, stdin=b"said\n", folder=Path("/tmp")))
    assert finished.exit_code == 3
    assert finished.stdout == "s3cret-value green in /tmp\nsaid\n"
    assert "trouble" in finished.stderr
    assert of_ours() == []


@BOTH
def test_a_value_of_ours_takes_the_place_of_the_containers_own(commands: ComposeCommands, inside: Inside) -> None:
    finished = commands.run(sh(inside, "echo $DATABASE_URL", env={"DATABASE_URL": "postgresql://nowhere/x"}))
    assert finished.stdout.strip() == "postgresql://nowhere/x"


def test_no_secret_is_in_the_arguments_of_any_process(commands: ComposeCommands) -> None:
    seen = []

    def look(_: object) -> None:
        seen.append(subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout)

    commands.run(sh(FRESH, "echo now; sleep 1", env={"SECRET": "s3cret-value"}), watch=look)
    assert seen
    assert "-e SECRET" in seen[0]
    assert "s3cret-value" not in seen[0]


@pytest.mark.by_day(1)
@BOTH
def test_at_its_deadline_it_is_gone_with_everything_that_it_started(
    commands: ComposeCommands, project: Project, inside: Inside
) -> None:
    script = "sleep 4711 & sh -c 'sleep 4711'; true"
    finished = commands.run(sh(inside, script, deadline=timedelta(seconds=4)))
    assert finished.ended is Ended.DEADLINE
    assert sleepers(project, 4711) == ""
    assert of_ours() == []


@pytest.mark.by_day(1)
@BOTH
def test_it_dies_when_we_are_killed(house: ComposeHouse, project: Project, inside: Inside) -> None:
    program = textwrap.dedent(f"""
        import os
        from actions.catalog.platform import ComposePlatform
        from actions.catalog.service import Service
        from actions.platforms.compose_house import ComposeHouse
        from actions.platforms.port import Command, Inside
        from pathlib import Path
        platform = ComposePlatform(folder=Path({str(project.folder)!r}), project={project.name!r}, env={dict(project.environ)!r})
        house = ComposeHouse(service=Service.model_construct(name="shop", platform=platform), environ=dict(os.environ))
        inside = Inside(service="api", one_off={inside.one_off}, name="backout-test-fresh")
        house.commands.run(Command(argv=("sh", "-c", "echo up; sleep 4712"), inside=inside),
                           watch=lambda line: print(line.text, flush=True))
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None
        while "up" not in (line := ours.stdout.readline()):
            assert line
        assert inside.one_off is (len(of_ours()) == 1)
        ours.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while (of_ours() or sleepers(project, 4712)) and time.monotonic() < until:
        time.sleep(0.2)
    assert of_ours() == []
    assert sleepers(project, 4712) == ""


def test_what_the_engine_makes_only_after_we_were_killed_goes_too(project: Project, tmp_path: Path) -> None:
    """A client that is killed with its question on the way: the engine answers it all the same."""
    asked, real = tmp_path / "asked", str(shutil.which(project.program[0]))
    client = tmp_path / project.program[0]
    client.write_text(f"""#!/bin/sh
case " $* " in *" run "*) for word; do echo "$word"; done > {asked}.part; mv {asked}.part {asked}; exec sleep 4713;; esac
exec {real} "$@"
""")
    client.chmod(0o755)
    program = textwrap.dedent(f"""
        import os
        from actions.catalog.platform import ComposePlatform
        from actions.catalog.service import Service
        from actions.platforms.compose_house import ComposeHouse
        from actions.platforms.port import Command, Inside
        from pathlib import Path
        platform = ComposePlatform(folder=Path({str(project.folder)!r}), project={project.name!r}, env={dict(project.environ)!r})
        house = ComposeHouse(service=Service.model_construct(name="shop", platform=platform), environ=dict(os.environ))
        house.commands.run(Command(argv=("true",), inside=Inside(service="api", name="backout-test-late")))
    """)
    surroundings = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with subprocess.Popen([sys.executable, "-c", program], env=surroundings) as ours:
        wait_for(asked.exists)
        ours.kill()
    time.sleep(1)  # as an engine with much to do
    labels = [word for word in asked.read_text().split() if word.startswith("--label=")]
    docker("create", "--name", "backout-test-late", *labels, str(project.environ["BASE"]), "true")
    try:
        wait_for(lambda: docker("inspect", "backout-test-late", check=False).strip() == "[]")
    finally:
        docker("rm", "--force", "backout-test-late", check=False)


def test_a_name_never_runs_twice(commands: ComposeCommands, project: Project) -> None:
    left = docker(
        "run", "--detach", "--name", "backout-test-fresh", str(project.environ["BASE"]), "sleep", "600"
    ).strip()
    assert commands.run(sh(FRESH, "echo done")).stdout == "done\n"
    assert docker("inspect", left, check=False).strip() == "[]"


def test_what_outlived_its_time_is_cleared_away(commands: ComposeCommands, project: Project) -> None:
    docker(
        "run", "--detach", "--label", f"{OWNER}=shop", "--label", "backout.until=1", str(project.environ["BASE"]),
        "sleep", "600",
    )  # fmt: skip
    commands.run(sh(FRESH, "true"))
    assert of_ours() == []


def test_an_image_that_is_missing_is_said_and_never_pulled(commands: ComposeCommands) -> None:
    with pytest.raises(ConfigurationError, match=r"image registry.invalid/never/built:1 is not on this engine"):
        commands.run(Command(argv=("true",), inside=Inside(service="nowhere")))


def test_a_service_that_is_not_there_is_said_with_those_that_are(commands: ComposeCommands) -> None:
    with pytest.raises(ConfigurationError, match="has no service 'apy'; it has api, mounted, nowhere, sick, worker"):
        commands.run(Command(argv=("true",), inside=Inside(service="apy")))
    with pytest.raises(ConfigurationError, match="No container of 'nowhere' runs"):
        commands.run(Command(argv=("true",), inside=Inside(service="nowhere", one_off=False)))


@BOTH
def test_a_program_that_is_not_there_is_said(commands: ComposeCommands, inside: Inside) -> None:
    with pytest.raises(ConfigurationError, match="no-such-program cannot be started"):
        commands.run(Command(argv=("no-such-program",), inside=inside))
    assert of_ours() == []


def test_an_engine_that_is_away_is_said(house: ComposeHouse) -> None:
    away = ComposeHouse(service=house.service, environ={**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:9"})
    with pytest.raises(UnavailableError, match="engine does not answer"):
        away.commands.run(sh(RUNNING, "true"))


def test_an_image_alone_runs_in_the_projects_network(commands: ComposeCommands, project: Project) -> None:
    inside = Inside(image=str(project.environ["BASE"]))
    finished = commands.run(
        Command(argv=("python3", "-c", "import socket; socket.gethostbyname('api')"), inside=inside)
    )
    assert finished.succeeded, finished.stderr


def test_a_fresh_one_loses_its_network(house: ComposeHouse) -> None:
    cut = []

    def look(line: Line) -> None:
        if line.stream is Stream.OUT and not cut:
            cut.append(house.cut_off(FRESH))

    script = "echo up; sleep 1; cat /proc/net/dev | grep -c eth0"
    finished = house.commands.run(sh(FRESH, script), watch=look)
    assert cut[0] is True
    assert finished.stdout == "up\n0\n"


def test_what_a_fresh_container_is_made_from_is_told_where_that_says_which_files_it_has(
    project: Project, commands: ComposeCommands
) -> None:
    image = docker("inspect", "--type", "image", "--format", "{{.Id}}", project.environ["BASE"]).strip()
    assert commands.made_from(Inside(service="api")) == image
    assert commands.made_from(Inside(image=project.environ["BASE"])) == image
    assert commands.made_from(RUNNING) is None
    assert commands.made_from(Inside(service="mounted")) is None
