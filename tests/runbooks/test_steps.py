"""Every kind of declared step on a local service: done once, undone, and told honestly."""

import json
import threading
import time

import psycopg
import pytest
from garage import ANN, LEAD, Garage, fails

from actions.errors import ConfigurationError, RefusedError
from actions.history.leases import waiting_for_somebody
from actions.history.lifecycle import Status
from actions.history.values import StepStatus
from actions.run.choosing import choose
from actions.run.offering import Choice
from actions.run.runbooks.selection import select

ENV = "# the backend\r\nexport BACKEND='postgres'  # or file\r\nOTHER=1\r\n"
SWITCH = {"setting": "BACKEND", "to": "file"}


def test_a_setting_is_switched_in_its_line_and_undo_gives_the_very_file_back(garage: Garage) -> None:
    garage.write(".env", ENV)
    rollback = garage.run([SWITCH])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert garage.read(".env") == ENV.replace("'postgres'", "'file'")
    rollback = garage.run([{**SWITCH, "to": "other"}, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert garage.read(".env") == ENV.replace("'postgres'", "'file'")


def test_undo_keeps_what_somebody_else_changed_in_the_file_meanwhile(garage: Garage) -> None:
    garage.write(".env", ENV)
    rollback = garage.run([SWITCH, {"run": ["sh", "-c", "echo NEW=2 >> .env"], "undo": [{"wait": "1ms"}]}, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert garage.read(".env") == ENV + "NEW=2\n"


def test_a_secret_setting_is_in_the_file_and_nowhere_else(garage: Garage) -> None:
    garage.write(".env", "TOKEN=old-secret-value\n")
    rollback = garage.run([{"setting": "TOKEN", "to": "${TOKEN}"}])
    assert garage.read(".env") == "TOKEN=hunter2-very-secret\n"
    steps = str(garage.steps(rollback))
    assert "hunter2" not in steps
    assert "old-secret-value" not in steps


def test_a_failed_optional_step_does_not_stop_the_runbook_and_is_told(garage: Garage) -> None:
    rollback = garage.run([{**fails("not today"), "optional": True}, {"log": "{phases}: {reason}", "file": "LOG.md"}])
    assert garage.status(rollback) is Status.SUCCEEDED
    assert "Optional steps that failed" in garage.outcome(rollback)
    assert "not today" in garage.outcome(rollback)
    assert garage.read("LOG.md") == "back: it broke\n"


def test_a_command_is_undone_by_its_own_steps_and_one_without_them_is_named_at_the_end(garage: Garage) -> None:
    made = {
        "run": ["touch", "made"],
        "undo": [{"run": ["rm", "made"]}],
    }
    stays = {"run": ["touch", "stays"], "title": "Make what stays"}
    rollback = garage.run([made, stays, fails("the disk is full")])
    assert garage.status(rollback) is Status.FAILED
    assert not (garage.folder / "made").exists()
    assert (garage.folder / "stays").exists()
    assert "except for: Make what stays" in garage.outcome(rollback)
    assert "the disk is full" in garage.outcome(rollback)


def test_output_is_saved_without_secrets(garage: Garage) -> None:
    rollback = garage.run([{"run": ["printf", "state\\npassword=abcdefgh\\n"], "save_output": "state.txt"}])
    assert garage.status(rollback) is Status.SUCCEEDED
    assert garage.read("state.txt") == "state\npassword=***\n"


def test_what_was_restarted_on_other_files_is_restarted_when_they_are_back(garage: Garage) -> None:
    """The build runs again, too: it belongs to the files that are back."""
    garage.commit("first", app_dot_py="1", _dot_gitignore="built\nlog\n")
    garage.commit("second", app_dot_py="2")
    build = ["cp", "app.py", "built"]
    command = {
        "stop": ["rm", "-f", "up"],
        "start": ["sh", "-c", "touch up; printf 'start%s ' $(cat built) >> log"],
        "status": ["test", "-e", "up"],
    }
    garage.entry = {"writers": [{"name": "app", "command": command}]}
    garage.write("built", "2")
    garage.write("up", "")
    rollback = garage.run(
        [
            {"git_restore": "app.py", "ref": "HEAD~1"},
            {"run": build, "again_after_undo": True},
            {"restart": "app"},
            fails(),
        ]
    )
    assert garage.status(rollback) is Status.FAILED
    assert garage.read("app.py") == "2"
    assert garage.read("built") == "2"
    assert garage.read("log") == "start1 start2 "
    assert "cp app.py" not in garage.outcome(rollback), "nothing is left of the build"


def test_people_tick_what_only_they_can_see_and_no_runner_is_kept_meanwhile(garage: Garage) -> None:
    catalog = garage.catalog(
        back={"steps": [{"person": "Call the customer"}], "checks": ["Upload works", "Download works"]}
    )
    rollback = garage.ask(catalog)
    assert garage.go_on(catalog, rollback) is Status.RUNNING
    assert garage.steps(rollback)["back-1-person"].status is StepStatus.RUNNING
    assert rollback not in waiting_for_somebody(garage.history)
    with pytest.raises(RefusedError):
        garage.tick(
            rollback,
            "back-1-person",
            by=type(LEAD)(identity=type(LEAD.identity)(id="eve", where="terminal"), roles=ANN.roles),
        )
    garage.tick(rollback, "back-1-person", "end-check-2", by=ANN)
    assert rollback in waiting_for_somebody(garage.history), "a tick wakes the run"
    assert garage.go_on(catalog, rollback) is Status.RUNNING
    garage.tick(rollback, "end-check-1")
    assert garage.go_on(catalog, rollback) is Status.SUCCEEDED
    assert garage.steps(rollback)["end-check-1"].result == {"ticked_by": "lead (terminal)", "said": "looked at it"}


def test_what_a_person_says_does_not_hold_fails_the_check(garage: Garage) -> None:
    garage.write(".env", ENV)
    catalog = garage.catalog(back={"steps": [SWITCH], "checks": ["Upload works"]})
    rollback = garage.ask(catalog)
    garage.go_on(catalog, rollback)
    with pytest.raises(RefusedError):
        garage.tick(rollback, "end-check-1", fails="no")
    garage.tick(rollback, "end-check-1", fails="uploads end with 500")
    assert garage.go_on(catalog, rollback) is Status.FAILED
    assert garage.read(".env") == ENV
    assert "uploads end with 500" in garage.outcome(rollback)


def test_a_stop_is_heard_while_a_person_is_waited_for(garage: Garage) -> None:
    garage.write(".env", ENV)
    catalog = garage.catalog(back=[SWITCH, {"person": "Wait for me"}])
    rollback = garage.ask(catalog)
    garage.go_on(catalog, rollback)
    garage.stop(rollback)
    assert garage.go_on(catalog, rollback) is Status.STOPPED
    assert garage.read(".env") == ENV


def test_waiting_keeps_its_moment_and_no_runner(garage: Garage) -> None:
    catalog = garage.catalog(back=[{"wait": "700ms"}, {"log": "after", "file": "LOG"}])
    rollback = garage.ask(catalog)
    began = time.monotonic()
    assert garage.go_on(catalog, rollback) is Status.RUNNING
    while garage.go_on(catalog, rollback) is Status.RUNNING:
        threading.Event().wait(0.05)
    assert time.monotonic() - began >= 0.6
    assert garage.status(rollback) is Status.SUCCEEDED


def test_the_log_tells_of_failures_too_once(garage: Garage) -> None:
    log = {"log": "{rollback}: {outcome}; phases {phases}", "file": "docs/ROLLBACK-LOG.md"}
    book = {"phases": {"one": {"steps": [fails("no luck")], "risk": "low"}}, "after": [log]}
    garage.write("docs/ROLLBACK-LOG.md", "# Log")
    rollback = garage.run(book, part="one")
    assert garage.status(rollback) is Status.FAILED
    lines = garage.read("docs/ROLLBACK-LOG.md").splitlines()
    assert lines[0] == "# Log"
    assert lines[1].startswith(f"{rollback}: failed: Run ")
    assert "no luck" in lines[1]
    assert lines[1].endswith("phases one")
    assert len(lines) == 2


def test_a_part_with_an_undo_of_its_own_is_undone_by_that_alone(garage: Garage) -> None:
    garage.write(".env", ENV)
    undo = [{"log": "undone", "file": "LOG"}]
    book = {"phases": {"one": {"steps": [SWITCH], "undo": undo}, "two": {"steps": [fails()], "needs": "one"}}}
    rollback = garage.run(book)
    assert garage.status(rollback) is Status.FAILED
    assert "'file'" in garage.read(".env"), "its steps are not undone one by one"
    assert garage.read("LOG") == "undone\n"


def test_sql_runs_once_and_a_check_compares_with_before(garage: Garage, postgres_url: str, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA app; CREATE TABLE app.things (id int); INSERT INTO app.things VALUES (1)")
    garage.url = database_url
    garage.entry = {"database": "${GARAGE_URL}"}
    add = {"sql": "INSERT INTO app.things VALUES (2)", "undo": [{"sql": "DELETE FROM app.things WHERE id = 2"}]}
    count = {"check": {"sql": "SELECT count(*) FROM app.things", "like_before": True}}
    rollback = garage.run([add, count])
    assert garage.status(rollback) is Status.FAILED, garage.outcome(rollback)
    assert "RB114" in garage.codes(rollback)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT array_agg(id) FROM app.things").fetchone() == ([1],)
    rollback = garage.run([{"sql": "INSERT INTO app.things VALUES (3)"}, fails()])
    assert garage.status(rollback) is Status.CHOOSING, "nothing knows the way back"
    catalog = garage.catalog(back=[{"sql": "SELECT 1"}])
    choose(garage.history, catalog.service("garage"), rollback, LEAD, Choice.KEEP)
    assert garage.go_on(catalog, rollback) is Status.FAILED
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM app.things").fetchone() == (2,)


def test_rows_become_files_and_undo_brings_the_older_files_back(garage: Garage, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA app; CREATE TABLE app.things (id text primary key, title text)")
        connection.execute("INSERT INTO app.things VALUES ('A', 'new'), ('B', 'b')")
    garage.url = database_url
    export = {"table": "app.things", "folder": "out", "file": "{id}/definition.yml", "root": "thing"}
    garage.entry = {"database": "${GARAGE_URL}", "exports": {"things": export}}
    garage.write("out/A/definition.yml", "thing: {id: A, title: old}\n")
    rollback = garage.run(
        [{"export": "things"}, {"check": {"files": "out/*/definition.yml", "parse": "yaml", "count": 2}}]
    )
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert "title: new" in garage.read("out/A/definition.yml")
    garage.write("out/A/definition.yml", "thing: {id: A, title: old}\n")
    before = sorted(str(path) for path in garage.folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    rollback = garage.run([{"export": "things"}, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert garage.read("out/A/definition.yml") == "thing: {id: A, title: old}\n"
    assert (
        sorted(str(path) for path in garage.folder.rglob("*") if path.is_file() and ".git" not in path.parts) == before
    )
    garage.entry = {"database": "${GARAGE_URL}", "exports": {"things": {**export, "fields": ["id", "nothing"]}}}
    rollback = garage.run([{"export": "things"}])
    assert garage.status(rollback) is Status.REFUSED
    assert "RB119" in garage.codes(rollback)


def test_phases_come_last_first_after_those_they_need_alone_or_together(garage: Garage) -> None:
    log = {name: {"steps": [{"log": name, "file": "LOG"}]} for name in ("one", "two", "three")}
    book = {
        "phases": {**log, "two": {**log["two"], "needs": "one"}},
        "scopes": {"some": {"phases": ["two", "three", "one"]}},
    }
    catalog = garage.catalog(back=book)
    declared = catalog.service("garage").runbooks["back"]
    assert select(declared, "all").names == ("three", "one", "two")
    assert select(declared, "some").names == ("one", "two", "three")
    assert select(declared, "three").names == ("three",)
    with pytest.raises(RefusedError, match="needs one"):
        select(declared, "two")
    with pytest.raises(ConfigurationError, match="no scope or phase four"):
        select(declared, "four")
    assert garage.status(garage.run(book, part="two")) is Status.REFUSED
    assert garage.status(garage.run(book, part="one")) is Status.SUCCEEDED
    assert garage.status(garage.run(book, part="two")) is Status.SUCCEEDED, "an earlier rollback has done what it needs"


def test_the_policy_decides_by_the_risk_that_the_team_gave(garage: Garage) -> None:
    garage.entry = {"environment": "production", "policy": {}}
    high = {"steps": [{"log": "x", "file": "LOG"}], "risk": "high", "checks": ["Fine"]}
    rollback = garage.run(high)
    assert garage.status(rollback) is Status.WAITING
    assert garage.shown(rollback)["policy"]["approvals"] == 2
    assert garage.shown(rollback)["risk"] == "high"
    garage.stop(rollback)
    rollback = garage.run({**high, "risk": "none"})
    assert garage.shown(rollback)["policy"]["approvals"] == 1


def test_a_runbook_in_a_runbook_runs_where_it_stands(garage: Garage) -> None:
    inner = {"phases": {"p": {"steps": [{"log": "inner", "file": "LOG"}]}}}
    catalog = garage.catalog(
        inner=inner,
        back=[{"log": "before", "file": "LOG"}, {"runbook": "inner", "scope": "p"}, {"log": "end", "file": "LOG"}],
    )
    rollback = garage.ask(catalog)
    assert garage.go_on(catalog, rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert garage.read("LOG").split() == ["before", "inner", "end"]
    assert json.dumps(garage.shown(rollback)["runbook"])
