"""Checks against a real page, a real database, real commands and files."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import TypeAdapter

from actions.catalog.checks import Validation
from actions.catalog.database import Database
from actions.catalog.envref import EnvRef
from actions.catalog.platform import LocalPlatform
from actions.catalog.service import Service
from actions.errors import UnavailableError
from actions.platforms.local_house import LocalHouse
from actions.verify.checking import Looking, needs_application, require_answers, run_check, run_checks, values_now
from actions.verify.outcome import CheckResult

READ = TypeAdapter(Validation)


class Site:
    """What the page answers; can be changed while it is up."""

    def __init__(self) -> None:
        self.status, self.body, self.seconds = 200, b'{"status": "ok", "count": 3, "items": [{"id": 7}]}', 0.0
        self.asked: list[dict[str, str]] = []
        self.over = threading.Event()
        self.url = ""


@pytest.fixture
def site() -> Iterator[Site]:
    shown = Site()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.asked.append(dict(self.headers))
            shown.over.wait(shown.seconds)
            self.send_response(shown.status)
            if shown.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        shown.url = f"http://127.0.0.1:{server.server_port}/health"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield shown
        shown.over.set()
        server.shutdown()


@pytest.fixture
def looking(tmp_path: Path, database_url: str) -> Looking:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE orders (id int)")
        connection.execute("INSERT INTO orders SELECT generate_series(1, 100)")
    service = Service.model_construct(
        name="shop", platform=LocalPlatform(folder=tmp_path), database=Database(url=EnvRef("SHOP_URL"))
    )
    house = LocalHouse(
        service=service, environ={"SHOP_URL": database_url, "TOKEN": "t0ken-of-the-page", "PATH": "/usr/bin:/bin"}
    )
    return Looking(house=house, live_revisions=lambda: ("a1b2c3",), target=("a1b2c3",))


def check(looking: Looking, **written: Any) -> CheckResult:
    return run_check(READ.validate_python(written), looking)


def test_a_page_that_answers_passes(site: Site, looking: Looking) -> None:
    assert check(looking, http=site.url, json={"path": "items.0.id", "equals": 7}).passed


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"status": 204}, "it answers 200, not 204"),
        ({"contains": "welcome"}, "lacks the expected text"),
        ({"json": {"path": "state", "equals": "ok"}}, "has nothing at state"),
        ({"json": {"path": ".status", "equals": "well"}}, ".status is ok, not well"),
        ({"json": {"path": "count", "at_least": 4}}, "count is 3, less than 4"),
        ({"json": {"path": "count", "same_as": "SELECT count(*) FROM orders"}}, "the database says 100"),
    ],
)
def test_a_page_that_is_not_as_expected_fails_and_says_how(
    site: Site, looking: Looking, written: dict[str, Any], said: str
) -> None:
    result = check(looking, http=site.url, patience="0s", **written)
    assert not result.passed
    assert said in result.said


def test_a_page_is_tried_again_until_its_patience_is_over(site: Site, looking: Looking) -> None:
    site.status = 503
    threading.Timer(0.7, setattr, (site, "status", 200)).start()
    result = check(looking, http=site.url, patience="10s")
    assert result.passed
    assert result.tries > 1


def test_a_redirect_is_not_followed_to_a_page_that_says_nothing_about_the_service(site: Site, looking: Looking) -> None:
    site.status = 302
    assert check(looking, http=site.url, patience="0s").said == "it answers 302, not 200"


def test_a_page_that_hangs_or_is_away_fails_in_time(site: Site, looking: Looking) -> None:
    site.seconds = 12
    began = time.monotonic()
    assert "does not answer" in check(looking, http=site.url, timeout="1s", patience="0s").said
    assert time.monotonic() - began < 8
    assert "does not answer" in check(looking, http="http://127.0.0.1:9/", patience="0s").said


def test_headers_come_from_the_environment(site: Site, looking: Looking) -> None:
    assert check(looking, http=site.url, headers={"X-Token": EnvRef("TOKEN")}).passed
    assert site.asked[0]["X-Token"] == "t0ken-of-the-page"


@pytest.mark.parametrize(
    ("written", "passes"),
    [
        ({"equals": 100}, True),
        ({"equals": 99}, False),
        ({"equals": 99, "tolerance": 1}, True),
        ({"equals": 120, "tolerance": "10%"}, False),
        ({"at_least": 100, "at_most": 100}, True),
        ({"at_most": 99}, False),
    ],
)
def test_a_query_is_held_against_what_it_should_give(
    looking: Looking, written: dict[str, Any], *, passes: bool
) -> None:
    assert check(looking, sql="SELECT count(*) FROM orders", **written).passed is passes


def test_what_was_there_before_is_remembered_by_the_check(looking: Looking) -> None:
    written = READ.validate_python({"sql": "SELECT count(*) FROM orders", "like_before": True, "tolerance": 2})
    later = replace(looking, before=values_now([written], looking))
    url = looking.house.environ["SHOP_URL"]
    assert run_check(written, later).passed
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM orders WHERE id > 90")
    result = run_check(written, later)
    assert result.said == "it gives 90, before it was 100"
    assert not run_check(written, looking).passed, "without a value from before nothing is known"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM orders RETURNING 1", "the query failed (ReadOnlySqlTransaction"),
        ("SELECT 1, 2", "more or less than one value"),
        ("SELECT id FROM orders", "more or less than one value"),
        ("SELECT nothing", "UndefinedColumn"),
        ("SELECT pg_sleep(5)::text", "ran out of time"),
    ],
)
def test_a_query_that_is_none_fails_and_changes_nothing(looking: Looking, query: str, said: str) -> None:
    result = check(looking, sql=query, at_least=0, timeout="500ms")
    assert not result.passed
    assert said in result.said
    assert check(looking, sql="SELECT count(*) FROM orders", equals=100).passed


@pytest.mark.parametrize("away", ["from the beginning", "in the middle"])
def test_a_database_that_is_away_says_nothing_about_the_service(looking: Looking, away: str) -> None:
    query = "SELECT count(*) FROM orders"
    if away == "in the middle":
        query = "SELECT pg_terminate_backend(pg_backend_pid())"
    else:
        looking = replace(
            looking, house=replace(looking.house, environ={"SHOP_URL": "postgresql://nobody@127.0.0.1:9/shop"})
        )
    result = check(looking, sql=query, at_least=1)
    assert not result.passed
    with pytest.raises(UnavailableError, match="cannot be seen now"):
        require_answers([result])


def test_a_command_passes_by_how_it_ends_and_what_it_prints(looking: Looking) -> None:
    assert check(looking, command=["sh", "-c", "echo all well"], stdout_contains="well").passed
    assert check(looking, command=["sh", "-c", "exit 3"], exit_code=3).passed
    assert check(looking, command=["false"]).said == "it ended with 1, not 0"
    assert "deadline" in check(looking, command=["sleep", "5"], timeout="500ms").said


def test_files_are_counted_and_read(looking: Looking) -> None:
    folder = looking.house.folder
    for number in range(3):
        (folder / f"R{number}").mkdir()
        (folder / f"R{number}" / "definition.yml").write_text("requirement: {id: 1}\n")
    assert check(looking, files="*/definition.yml", parse="yaml", count=3).passed
    assert check(looking, files="*/definition.yml", same_as="SELECT count(*) FROM orders").said.startswith(
        "there are 3"
    )
    (folder / "R1" / "definition.yml").write_text("requirement: {id: 1\n")
    assert check(looking, files="*/definition.yml", parse="yaml").said == "R1/definition.yml is not YAML"


def test_a_revision_is_compared_by_its_beginning_or_with_the_target(looking: Looking) -> None:
    assert check(looking, revision="a1b2").passed
    assert check(looking, revision="target").passed
    assert check(looking, revision="base").said == "it is at a1b2c3"


def test_what_a_person_ticks_waits_for_them(looking: Looking) -> None:
    assert not run_check(READ.validate_python("No errors in the logs"), looking).passed
    ticked = replace(looking, ticked=frozenset({"No errors in the logs"}))
    assert run_check(READ.validate_python("No errors in the logs"), ticked).passed


def test_one_that_fails_does_not_hide_the_next(looking: Looking) -> None:
    checks = [READ.validate_python({"command": [word]}) for word in ("false", "true")]
    assert [each.passed for each in run_checks(checks, looking)] == [False, True]
    assert needs_application(checks[0])


def test_a_long_patience_ends_when_it_is_stopped(looking: Looking) -> None:
    over = threading.Event()
    threading.Timer(0.5, over.set).start()
    began = time.monotonic()
    result = run_check(
        READ.validate_python({"http": "http://127.0.0.1:9/", "patience": "1m"}),
        replace(looking, should_stop=over.is_set),
    )
    assert not result.passed
    assert time.monotonic() - began < 30
