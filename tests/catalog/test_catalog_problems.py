"""Every mistake gets one sentence, at its place, and all of them come at once."""

import os
from pathlib import Path

import pytest

from actions.catalog import CatalogError, Problem, load_catalog
from actions.errors import ConfigurationError

EIGHT_MISTAKES = """\
teams:
  leads: {users: [U012AB3CD]}
services:
  content-api:
    enviroment: production
    platform: lokal
    database: postgresql://app:hunter2@db.internal/content
    approvers: laeds
    backups:
      keep: seven
    checks:
      - command: make test
    writers:
      - systemd: content-api
    application:
      - setting: BACKEND
        to: file
        restart: content-ap
    platform: local
"""


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int]]:
    return [(problem.line, problem.column) for problem in problems]


def test_eight_mistakes_give_eight_messages_with_their_lines(problems) -> None:
    found = problems(EIGHT_MISTAKES)

    assert [problem.line for problem in found] == [5, 6, 7, 8, 10, 12, 18, 19]
    said = [f"{problem.message} {problem.hint or ''}" for problem in found]
    assert "`enviroment` is not a key" in said[0]
    assert "Did you mean `environment`?" in said[0]
    assert "Did you mean `local`?" in said[1]
    assert "${DATABASE_URL}" in said[2]
    assert "no team `laeds`. Did you mean `leads`?" in said[3]
    assert "`keep`" in said[4]
    assert "shell" in said[5]
    assert "Did you mean `content-api`?" in said[6]
    assert "written twice" in said[7]
    assert "line 6" in said[7]


def test_the_error_prints_each_problem_on_a_line_of_its_own_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yml"
    file.write_text(EIGHT_MISTAKES)

    with pytest.raises(ConfigurationError) as caught:
        load_catalog(file, {})

    lines = str(caught.value).splitlines()
    assert len(lines) == 8
    assert all(line.startswith(f"{file}:") for line in lines)
    assert lines[0].startswith(f"{file}:5:5: ")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("lines", "line", "column", "words"),
    [
        pytest.param("polcy: strict", 6, 5, "Did you mean `policy`?", id="unknown key"),
        pytest.param("approvers: 5", 6, 16, "expected a mapping", id="wrong type"),
        pytest.param("description: 5", 6, 18, "expected text, found the number `5`. Put it in quotes.", id="number"),
        pytest.param("channel: #general", 6, 5, "nothing is written here", id="hash begins a comment"),
        pytest.param("policy: {window: 5}", 6, 22, "Write the unit", id="duration without unit"),
        pytest.param("policy: {window: 5 minutes}", 6, 22, "found `5 minutes`", id="duration in words"),
        pytest.param("policy: {verified_backup: no}", 6, 31, "Write `false`.", id="no is text"),
        pytest.param("policy: {quorum: {high: -1}}", 6, 29, "at least 0", id="negative"),
        pytest.param("policy: strict", 6, 13, "There is no policy `strict`", id="unknown policy"),
        pytest.param("policy: {override: lads}", 6, 24, "There is no team `lads`", id="unknown team"),
        pytest.param("policy: {windows: {opens: 9am, closes: '18:00'}}", 6, 31, "time of day", id="clock"),
        pytest.param(
            "policy: {windows: {opens: 22:30, closes: 06:00, timezone: Europe/Berln}}",
            6,
            63,
            "Europe/Berlin",
            id="zone",
        ),
        pytest.param("backups: {stores: [disk]}", 6, 24, "There is no store `disk`", id="unknown store"),
        pytest.param("backups: {schedule: '61 * * * *'}", 6, 25, "cron expression", id="cron out of range"),
        pytest.param("backups: {schedule: '* * * * * *'}", 6, 25, "five fields", id="cron with six fields"),
        pytest.param("backups: {strategy: dmup}", 6, 25, "Did you mean `dump`?", id="bad value"),
        pytest.param("runbooks: [to-files]", 6, 16, "There is no runbook `to-files`", id="unknown runbook"),
        pytest.param("runbooks: {restore: [{wait: 5s}]}", 6, 16, "built-in", id="built-in name"),
        pytest.param("runbooks: {a: [{stop: worker}]}", 6, 27, "There is no writer `worker`", id="unknown writer"),
        pytest.param("runbooks: {a: [{export: rows}]}", 6, 29, "There is no export `rows`", id="unknown export"),
        pytest.param("runbooks: {a: [{runbook: a}]}", 6, 30, "circle: `a` -> `a`", id="runbook runs itself"),
        pytest.param("runbooks: {a: []}", 6, 19, "does nothing", id="empty runbook"),
        pytest.param("runbooks: {a: [{log: '{dat}', file: x}]}", 6, 26, "Did you mean `date`?", id="placeholder"),
        pytest.param("matrix: [{failure: it broke}]", 6, 14, "no answer", id="matrix without answer"),
        pytest.param("matrix: [{failure: x, runbook: donwgrade}]", 6, 36, "`downgrade`?", id="matrix runbook"),
        pytest.param("matrix: [{failure: x, runbook: restore, scope: y}]", 6, 52, "no scope or phase `y`", id="scope"),
        pytest.param("checks: [{sql: select 1}]", 6, 14, "no expected value", id="query without expectation"),
        pytest.param("checks: [{htpp: 'http://x'}]", 6, 15, "Did you mean `http`?", id="unknown kind of check"),
        pytest.param("checks: [{status: 200}]", 6, 14, "One of these keys must be here: http", id="no kind of check"),
        pytest.param("checks: [{http: 'http://x', status: '200'}]", 6, 41, "Leave out the quotes", id="quoted number"),
        pytest.param("checks: [{http: localhost}]", 6, 21, "begins with `http://`", id="no address"),
        pytest.param("checks: [{command: [make, yes, true]}]", 6, 24, "must be text", id="true in a command"),
        pytest.param("checks: [{containers: healthy}]", 6, 15, "works on platform `compose`", id="wrong platform"),
        pytest.param("writers: [{deployment: api}]", 6, 16, "works on platform `kubernetes`", id="writer elsewhere"),
        pytest.param("writers: [{systemd: a}, {systemd: a}]", 6, 14, "Two writers are called `a`", id="twice"),
        pytest.param("writers: {stop: [{systemd: a}], resume_order: [b]}", 6, 52, "no writer `b`", id="resume order"),
        pytest.param(
            "writers: {stop: [{systemd: a}, {systemd: b}], resume_order: [b]}",
            6,
            14,
            "every writer once",
            id="forgotten",
        ),
        pytest.param("writers: [{command: {stop: [x], start: [x]}, name: w}]", 6, 25, "`status` is missing", id="part"),
        pytest.param("migrations: {run: {compose: api}}", 6, 24, "works on platform `compose`", id="runner elsewhere"),
        pytest.param("approvers: {}", 6, 16, "Nobody is named", id="nobody"),
        pytest.param("approvers: [alice]", 6, 17, "Slack user id", id="not an id"),
        pytest.param("escalation: [{title: DBA}]", 6, 18, "cannot be reached", id="contact"),
        pytest.param("exports: {a: {table: t, folder: ../x, file: '{id}.yml'}}", 6, 37, "inside", id="path outside"),
        pytest.param("exports: {a: {table: t, folder: x, file: id.yml}}", 6, 46, "columns in braces", id="same file"),
        pytest.param("name: other", 6, 5, "`name` is not a key", id="the name is the key"),
        pytest.param("database: ${OTHER}", 6, 5, "written twice", id="duplicate key"),
    ],
)
def test_a_mistake_is_named_at_its_place(broken_service, lines: str, line: int, column: int, words: str) -> None:
    (problem,) = broken_service(lines)

    assert (problem.line, problem.column) == (line, column)
    assert words in str(problem)


def test_a_missing_key_is_reported_at_the_mapping_that_lacks_it(problems) -> None:
    (problem,) = problems("services:\n  api:\n    platform: local\n    database: ${X}\n")

    assert (problem.line, problem.column) == (3, 5)
    assert "`environment` is missing" in problem.message
    assert "production" in str(problem.hint)


def test_phases_that_need_each_other_are_a_circle_told_once(broken_service) -> None:
    (problem,) = broken_service("""
        runbooks:
          own:
            phases:
              one: {needs: three, steps: [{wait: 1s}]}
              two: {needs: one, steps: [{wait: 1s}]}
              three: {needs: two, steps: [{wait: 1s}]}
    """)

    assert "`one` -> `three` -> `two` -> `one`" in problem.message
    assert problem.line == 10


def test_unknown_phases_and_scopes_are_found_in_every_place(broken_service) -> None:
    found = broken_service("""
        runbooks:
          own:
            phases:
              storage: {needs: stroage, steps: [{wait: 1s}]}
            scopes:
              part: {phases: [starage], keeps: [nothing]}
          other:
            - runbook: own
              scope: prat
    """)

    assert [problem.line for problem in found] == [9, 11, 11, 14]
    assert "Did you mean `storage`?" in str(found[0])
    assert "Did you mean `part`?" in str(found[3])


def test_a_shared_runbook_that_does_not_fit_a_service_is_reported_where_it_is_used(problems) -> None:
    (problem,) = problems("""\
        runbooks:
          halt: [{stop: worker}]
        services:
          api:
            environment: staging
            platform: local
            database: ${X}
            runbooks: [halt]
    """)

    assert (problem.line, problem.column) == (8, 16)
    assert "does not fit this service: There is no writer `worker`" in problem.message


def test_a_reference_to_an_entry_with_problems_of_its_own_is_not_blamed(problems) -> None:
    (problem,) = problems("""\
        policies:
          strict: {window: soon}
        services:
          api: {environment: staging, platform: local, database: "${X}", policy: strict}
    """)

    assert problem.line == 2


def test_outside_this_machine_migrations_must_say_what_runs_them(problems) -> None:
    (problem,) = problems("""\
        services:
          api: {environment: staging, platform: compose, database: "${X}", migrations: alembic.ini}
    """)

    assert "must say what runs them" in problem.message
    assert "{compose: api}" in str(problem.hint)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        pytest.param(b"", 1, "empty", id="empty"),
        pytest.param(b"# nothing yet\n", 1, "empty", id="only a comment"),
        pytest.param(b"services:\n\tapi: 1\n", 2, "tab", id="tab"),
        pytest.param(b"services:\n  api: {\n", 2, "not finished", id="open brace"),
        pytest.param(b'services:\n  api: "x\n', 2, "quote", id="open quote"),
        pytest.param(b"a: b: c\n", 1, "`:` is not expected", id="two colons"),
        pytest.param(b"services:\n  api: \xff\xfe\n", 2, "UTF-8", id="not UTF-8"),
        pytest.param(b"services:\n  api: a\x07b\n", 2, "invisible character", id="bell"),
        pytest.param(b"- services\n", 1, "found a list", id="list"),
        pytest.param(b"services: [api]\n", 1, "`services`: expected a mapping of names", id="list of services"),
        pytest.param(b"services: {}\n", 1, "No service", id="no service"),
        pytest.param(b"services: {}\n---\nservices: {}\n", 2, "second document", id="two documents"),
        pytest.param(b"a: *nobody\n", 1, "anchor", id="undefined alias"),
        pytest.param(b"a: &a [*a]\n", 1, "never end", id="recursion"),
        pytest.param(b"a: !!python/object:os.system x\n", 1, "Tags", id="tag"),
        pytest.param(b"? [a]\n: 1\n", 1, "simple text", id="list as key"),
        pytest.param(b"a: " + b"[" * 5000, 1, "nested", id="deep"),
        pytest.param(b"<<: 5\n", 1, "merged", id="merging a number"),
    ],
)
def test_a_file_that_is_not_a_catalog_is_refused_with_a_place(
    tmp_path: Path, content: bytes, line: int, words: str
) -> None:
    file = tmp_path / "catalog.yml"
    file.write_bytes(content)

    with pytest.raises(CatalogError) as caught:
        load_catalog(file, {})

    assert any(problem.line == line and words in problem.message for problem in caught.value.problems)


def test_aliases_that_expand_to_billions_of_values_are_refused_at_once(problems) -> None:
    lines = ["x-a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    lines += [f"x-a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    found = problems("\n".join(lines))

    assert any("far too many" in problem.message for problem in found)


def test_a_service_in_two_files_is_told_with_both_places(tmp_path: Path) -> None:
    one = "services:\n  api: {environment: staging, platform: local, database: '${X}'}\n"
    (tmp_path / "a.yml").write_text(one)
    (tmp_path / "b.yaml").write_text("# the same again\n" + one)

    with pytest.raises(CatalogError) as caught:
        load_catalog(tmp_path, {})

    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == (str(tmp_path / "b.yaml"), 3, 3)
    assert f"{tmp_path / 'a.yml'}:2:3" in problem.message


def test_problems_of_all_files_come_together_in_order(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yml"):
        (tmp_path / name).write_text(f"services:\n  {name[0]}: {{environment: x, platform: y, database: '${{X}}'}}\n")
    (tmp_path / "c.yml").write_text("a: b: c")

    with pytest.raises(CatalogError) as caught:
        load_catalog(tmp_path, {})

    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.yml"] * 2 + ["b.yml"] * 2 + ["c.yml"]


@pytest.mark.parametrize("name", ["missing.yml", "empty-folder", "folder.yml"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "folder.yml").mkdir()

    with pytest.raises(CatalogError) as caught:
        load_catalog(tmp_path / name, {})

    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / name)
    assert problem.line == 1


def test_a_folder_that_looks_like_a_file_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "folder.yml").mkdir()

    with pytest.raises(CatalogError, match="cannot be read"):
        load_catalog(tmp_path, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yml"
    file.write_text("services: {}")
    file.chmod(0)

    with pytest.raises(CatalogError, match="permission denied"):
        load_catalog(file, {})


@pytest.mark.parametrize(
    "lines",
    [
        "checks: [{http: 'http://admin:s3cr3t@localhost/health'}]",
        "description: see postgresql://app:s3cr3t@db/x",
        "checks: [{command: [psql, 'postgresql://app:s3cr3t@db/x']}]",
        "platform_env: postgresql://app:s3cr3t@db/x",
        "migrations: {env: {DATABASE_URL: 'postgresql://app:s3cr3t@db/x'}}",
        "migrations: {env: {PGPASSWORD: s3cr3t}}",
        "backups: {encryption_key: s3cr3t}",
        "backups: {stores: [{bucket: abc, secret_key: s3cr3t}]}",
        "checks: [{http: 'http://x', headers: {X-Token: s3cr3t}}]",
        "written_in_key: {'postgresql://app:s3cr3t@db/x': 1}",
        "'postgresql://app:s3cr3t@db/x': 1",
        "database2: '*s3cr3t'",
        "policy: {window: xoxb-1234-s3cr3t}",
        "backups: {encryption_key: *s3cr3t}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(broken_service, lines: str) -> None:
    found = broken_service(lines)

    assert found
    assert "s3cr3t" not in str(CatalogError(found))
