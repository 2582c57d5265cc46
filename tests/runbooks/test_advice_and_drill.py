"""From what people see to what should be taken back; and rehearsing it where nothing can break."""

from pathlib import Path

import pytest
from garage import Garage

from actions.catalog import load_catalog
from actions.run.crewing import Sites
from actions.run.runbooks.advising import advise, known_failures
from actions.run.runbooks.drilling import DrillWanted, How, Rehearsal, drill_runbook

SYSTEMS = Path(__file__).parents[1] / "catalog" / "systems"
SERVICES = load_catalog(SYSTEMS, {}).services


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        ("container start fails", "docker-compose"),
        ("the containers fail to start since the deploy", "docker-compose"),
        ("Containers won't start!", "docker-compose"),
        ("network issues", "network-simplification"),
        ("traefik routing", "network-simplification"),
        ("data is corrupted", "full"),
        ("platform api is down", "platform-service"),
        ("document uploads fail", "filesystem-storage"),
        ("critical bug in production", "full"),
        ("broken links in the docs", "documentation"),
        ("the UI is broken", "frontend"),
    ],
)
def test_what_people_say_finds_the_scope(said: str, scope: str) -> None:
    best = advise(SERVICES, said, "motovaultpro")[0]
    assert best.scope == scope, advise(SERVICES, said, "motovaultpro")
    assert best.command == f"backout request motovaultpro --runbook simplification --scope {scope}"


def test_the_answer_has_risk_time_and_what_to_look_at_first() -> None:
    best = advise(SERVICES, "container start fails")[0]
    assert (best.service, str(best.risk), str(best.expected_time)) == ("motovaultpro", "low", "5m")
    by_trigger = advise(SERVICES, "Traefik routing", "motovaultpro")[0]
    assert (str(by_trigger.risk), str(by_trigger.expected_time)) == ("medium", "10m")
    tests_fail = advise(SERVICES, "test failures", "motovaultpro")[0]
    assert tests_fail.command is None
    assert tests_fail.advice == "Investigate, then take back in part."


def test_without_a_service_all_of_them_are_asked() -> None:
    assert advise(SERVICES, "relationship data is missing")[0].service == "traceo"
    assert (
        advise(SERVICES, "duplicate IDs")[0].advice == "The export replaces files; newer exports overwrite older ones."
    )


def test_nonsense_finds_nothing_and_what_there_is_can_be_told() -> None:
    assert advise(SERVICES, "the coffee machine leaks") == ()
    assert advise(SERVICES, "") == ()
    assert ("motovaultpro", "container start fails") in known_failures(SERVICES)


def drill(garage: Garage, steps: object, *, dry_run: bool = False, with_commands: bool = False) -> Rehearsal:
    catalog = garage.catalog(back=steps)
    sites = Sites(services=catalog.service, environ=garage.environ, history=garage.history, home=garage.home)
    wanted = DrillWanted(runbook="back", target="all", dry_run=dry_run, with_commands=with_commands)
    return drill_runbook(sites("garage"), wanted)


RUNBOOK = [
    {"git_mark": "backup-{date}"},
    {"git_restore": "src", "ref": "HEAD~1"},
    {"setting": "API_TOKEN", "to": "${TOKEN}"},
    {
        "run": {"argv": ["touch", "built"], "folder": "src", "env": {"PASSWORD": "${TOKEN}"}},
        "undo": [{"run": ["rm", "src/built"]}],
    },
    {"restart": "app"},
    {"person": "Look at it"},
]


@pytest.fixture
def there(garage: Garage) -> Garage:
    garage.commit("first", src__app_dot_py="old", _dot_gitignore=".env\n")
    garage.commit("second", src__app_dot_py="new", src__more_dot_py="more")
    garage.write(".env", "API_TOKEN=before-secret\n")
    command = {"stop": ["systemctl", "stop", "app"], "start": ["systemctl", "start", "app"], "status": ["true"]}
    garage.entry = {"writers": [{"name": "app", "command": command}]}
    return garage


def everything(garage: Garage) -> tuple[str, dict[str, bytes]]:
    files = {
        str(path): path.read_bytes() for path in garage.folder.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    return garage.git("for-each-ref"), files


def test_a_dry_run_shows_every_command_file_and_undo_and_touches_nothing(there: Garage) -> None:
    before = everything(there)
    done = drill(there, RUNBOOK, dry_run=True)
    assert done.passed
    assert done.points == ()
    by_name = {each.name: each for each in done.previews}
    restore = by_name["back-2-git-restore"]
    assert restore.files == ("src/app.py", "src/more.py")
    assert restore.commands[0]["argv"][:2] == ["git", "restore"]  # type: ignore[index]
    assert restore.commands[0]["folder"] == str(there.folder)
    run = by_name["back-4-run"]
    assert run.commands[0]["folder"] == str(there.folder / "src")
    assert run.undo == ("Run rm src/built",)
    assert [command["argv"] for command in by_name["back-5-restart"].commands] == [
        ["systemctl", "stop", "app"],
        ["systemctl", "start", "app"],
    ]
    assert by_name["back-6-person"].for_person
    shown = str(done.as_json())
    assert "hunter2" not in shown
    assert "before-secret" not in shown
    assert everything(there) == before


def test_a_drill_does_it_in_a_throw_away_tree_undoes_it_and_compares(there: Garage) -> None:
    there.write("src/app.py", "not committed")
    before = everything(there)
    done = drill(there, RUNBOOK, with_commands=True)
    assert done.passed, done.points
    how = {point.name: point.how for point in done.points}
    assert how["back-2-git-restore"] is How.DONE
    assert how["back-3-setting"] is How.DONE
    assert how["back-4-run"] is How.DONE
    assert how["back-5-restart"] is How.LOOKED_AT
    assert how["way-back"] is How.DONE
    assert done.came_back is True
    assert everything(there) == before
    assert there.git("worktree", "list").count("\n") == 0


def test_a_drill_fails_when_a_step_cannot_work_or_does_not_come_back(there: Garage) -> None:
    assert not drill(there, [{"git_restore": "src", "ref": "nowhere"}]).passed
    litter = {"run": ["touch", "litter"]}
    done = drill(there, [litter], with_commands=True)
    assert done.came_back is False
    assert not done.passed
    assert not (there.folder / "litter").exists()
