"""An assessment is about what was really tried, at one moment."""

import json
import re
import subprocess
import threading
import time

import psycopg
import pytest

from actions.backup.scratch import PREFIX
from tests.assess.service import People

pytestmark = pytest.mark.slow

SLOW = 'op.execute("SELECT pg_sleep(3)")\nop.drop_column("people", "mail")'


def test_a_revision_that_env_py_did_not_run_is_a_high_finding(people: People) -> None:
    people.project()
    env = people.folder / "env.py"
    env.write_text(env.read_text().replace("context.run_migrations()", "pass"))
    done = people.assess("people", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    found = [(each["severity"], each["object"]) for each in said["findings"] if each["code"] == "IR106"]
    assert found == [("high", "b2")]
    assert said["risk"] == "high"


def test_where_all_of_them_ran_there_is_no_such_finding(people: People) -> None:
    said = json.loads(people.project().assess("people", "--json").stdout)
    assert "IR106" not in {each["code"] for each in said["findings"]}


def during_the_rehearsal(people: People, change: "threading.Thread") -> "subprocess.CompletedProcess[str]":
    """Starts the change as soon as the copy sleeps."""
    command = people.command()
    with subprocess.Popen(
        command, env=people.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        deadline = time.monotonic() + 40
        while not is_asleep(people.url):
            assert time.monotonic() < deadline
            assert program.poll() is None, program.communicate()
            time.sleep(0.05)
        change.start()
        change.join()
        out, err = program.communicate(timeout=60)
    return subprocess.CompletedProcess(command, program.returncode, out, err)


def is_asleep(url: str) -> bool:
    with psycopg.connect(url) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE starts_with(datname, %s) AND query LIKE '%%pg_sleep(3)%%'"
        return connection.execute(query, [PREFIX]).fetchone() is not None


def test_a_deploy_in_its_middle_is_noticed_by_the_live_revision(people: People) -> None:
    people.project(downgrade=SLOW).script("c3", follows="b2")
    deploy = threading.Thread(target=people.fill, args=("UPDATE alembic_version SET version_num = 'c3'",))
    done = during_the_rehearsal(people, deploy)
    assert done.returncode == 3, done.stdout + done.stderr
    assert re.search(r"live revision changed.*`b2`.*`c3`", done.stderr, re.DOTALL)
    assert "Assess again" in done.stderr


def test_a_script_that_changes_in_its_middle_is_noticed(people: People) -> None:
    people.project(downgrade=SLOW)
    script = people.folder / "versions" / "b2.py"
    change = threading.Thread(target=lambda: script.write_text(script.read_text() + "\n# another\n"))
    done = during_the_rehearsal(people, change)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "versions/b2.py" in done.stderr
