"""A check that asks for what the downgrade takes away is named before anybody approves."""

import json
from typing import Any

import psycopg

from actions.assess.unanswered import Unanswered, new_troubles, troubles
from tests.assess.service import People

CHECKS = """checks:
      - {sql: SELECT count(*) FROM people, like_before: true}
      - {sql: SELECT count(mail) FROM people, at_least: 1, title: everybody can be written to}
      - {sql: SELECT count(*) FROM no_such_table, at_least: 1, title: never worked}
      - {http: "http://127.0.0.1:9/people", json: {path: mails, same_as: SELECT max(mail) FROM people}}
      - {http: "http://127.0.0.1:9/people", json: {path: people, same_as: SELECT count(*) FROM people}}
    migrations:"""


def findings(people: People, *words: str) -> list[dict[str, Any]]:
    done = people.assess("people", *words, "--json")
    assert done.returncode == 0, done.stderr
    return [each for each in json.loads(done.stdout)["findings"] if each["code"] == "AP103"]


def test_those_that_the_older_schema_cannot_answer_are_findings_and_no_others(people: People) -> None:
    people.project()
    catalog = people.folder / "backout.yml"
    catalog.write_text(catalog.read_text().replace("migrations:", CHECKS, 1))
    found = findings(people)
    assert [each["object"] for each in found] == ["GET http://127.0.0.1:9/people", "everybody can be written to"]
    assert found[0]["severity"] == "medium"
    assert 'column "mail" does not exist' in found[0]["message"]


def test_a_query_is_planned_as_one_statement_and_never_run(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("CREATE SEQUENCE counted")
        connection.commit()
        said = troubles(
            connection,
            {"SELECT 1; DROP TABLE kept": "two", "SELECT nextval('counted')": "one", "SELECT * FROM gone": "gone"},
        )
        assert [each.check for each in said.values()] == ["two", "gone"]
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert connection.execute("SELECT is_called FROM counted").fetchone() == (False,)


def test_what_did_not_work_before_is_no_matter_of_going_back() -> None:
    never, now = Unanswered(check="a", why="no"), Unanswered(check="b", why="not there")
    assert new_troubles({"SELECT a": never}, {"SELECT a": never, "SELECT b": now}) == (now,)
