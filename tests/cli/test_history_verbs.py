import json
import re
import subprocess
import sys

import psycopg
import pytest

from actions.history.database import open_history
from actions.history.lifecycle import Status
from actions.history.rollbacks import Move, RollbackRequest, move, open_rollback
from tests.cli.conftest import Backout, clean_environment


@pytest.fixture
def filled(database_url: str) -> str:
    """A history with one rollback that succeeded and one that is open."""
    with open_history(database_url) as history:
        for number, service in enumerate(("orders", "billing [eu]")):
            request = RollbackRequest(
                request_key=f"key-{number}", service=service, environment="production", requester="ana",
                target="-1", reason="errors since the deploy",
            )  # fmt: skip
            opened = open_rollback(history, request)
            if service == "orders":
                for status in (Status.APPROVED, Status.RUNNING, Status.SUCCEEDED):
                    with history.writing() as connection:
                        move(connection, opened.rollback.id, Move(to=status, actor="test"))
    return database_url


def test_an_empty_history_says_so(backout: Backout) -> None:
    done = backout("history")
    assert (done.returncode, done.stdout, done.stderr) == (0, "No rollbacks here yet.\n", "")
    assert backout("history", "--json").stdout == "[]\n"
    assert backout("status").stdout == "No rollback is open.\n"


def test_history_shows_newest_first_and_pages(backout: Backout, filled: str) -> None:
    done = backout("history", "--limit", "1", BACKOUT_DATABASE_URL=filled)
    assert "RB-2" in done.stdout
    assert "billing [eu]" in done.stdout
    assert "RB-1 " not in done.stdout
    older = re.search(r"backout (history --before RB-\d+)", done.stdout)
    assert older
    page = backout(*older[1].split(), BACKOUT_DATABASE_URL=filled).stdout
    assert "RB-1" in page
    assert "succeeded" in page


def test_history_is_filtered_by_service_and_status(backout: Backout, filled: str) -> None:
    found = json.loads(backout("history", "orders", "--json", BACKOUT_DATABASE_URL=filled).stdout)
    assert [(each["id"], each["service"], each["status"]) for each in found] == [("RB-1", "orders", "succeeded")]
    assert backout("history", "--status", "failed", BACKOUT_DATABASE_URL=filled).stdout == "No such rollbacks.\n"


def test_status_shows_what_is_open(backout: Backout, filled: str) -> None:
    found = json.loads(backout("status", "--json", BACKOUT_DATABASE_URL=filled).stdout)
    assert [each["id"] for each in found] == ["RB-2"]


def test_show_tells_the_whole_story(backout: Backout, filled: str) -> None:
    text = backout("show", "rb-1", BACKOUT_DATABASE_URL=filled).stdout
    for expected in ("RB-1", "orders (production)", "errors since the deploy", "rollback.succeeded", "ana"):
        assert expected in text
    story = json.loads(backout("show", "1", "--json", BACKOUT_DATABASE_URL=filled).stdout)
    assert story["rollback"]["status"] == "succeeded"
    assert len(story["events"]) == 4


@pytest.mark.parametrize(("wanted", "said"), [("RB-77", "RB-77"), ("rollback", "Write it like RB-142")])
def test_a_rollback_that_is_not_there_is_a_clear_mistake(backout: Backout, filled: str, wanted: str, said: str) -> None:
    done = backout("show", wanted, BACKOUT_DATABASE_URL=filled)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_audit_of_a_whole_history_prints_a_head_that_a_later_audit_knows(backout: Backout, filled: str) -> None:
    done = backout("audit", BACKOUT_DATABASE_URL=filled)
    assert done.returncode == 0, done.stderr
    head = re.search(r"\d+:[0-9a-f]{12,}", done.stdout)
    assert head
    later = backout("audit", "--head", head[0], BACKOUT_DATABASE_URL=filled)
    assert later.returncode == 0
    assert "is in the chain" in later.stdout


def test_audit_names_what_was_changed_and_fails(backout: Backout, filled: str) -> None:
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE rollbacks SET reason = 'nothing happened' WHERE id = 1")
    done = backout("audit", BACKOUT_DATABASE_URL=filled)
    assert done.returncode == 1
    assert "RB-1" in done.stderr
    facts = json.loads(backout("audit", "--json", BACKOUT_DATABASE_URL=filled).stdout)
    assert facts["whole"] is False
    assert facts["findings"][0]["rollback"] == "RB-1"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://backout:tr0ub4dor@127.0.0.1:1/backout", id="nobody listens"),
        pytest.param("postgresql://backout:tr0ub4dor@no-such-host.invalid/backout", id="no such host"),
    ],
)
def test_a_history_that_cannot_be_reached_is_one_sentence_without_its_password(backout: Backout, url: str) -> None:
    done = backout("history", BACKOUT_DATABASE_URL=url)
    assert done.returncode == 1
    assert "tr0ub4dor" not in done.stderr
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 3


def test_output_in_a_pipe_is_plain_and_uncut(backout: Backout, filled: str) -> None:
    done = backout("history", BACKOUT_DATABASE_URL=filled, COLUMNS="20", FORCE_COLOR="")
    assert "\x1b[" not in done.stdout
    assert "billing [eu]" in done.stdout


def test_a_reader_that_stops_reading_is_not_an_error(filled: str) -> None:
    environment = clean_environment(BACKOUT_DATABASE_URL=filled)
    program = subprocess.Popen(
        [sys.executable, "-m", "bot", "history", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    program.stdout.close()
    assert program.communicate()[1] == ""
