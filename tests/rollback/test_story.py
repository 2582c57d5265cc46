"""Whole rollbacks of a real shop, by the real program: how they go, how they fail, and what is left."""

import os
import pwd
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import psycopg
import pytest
from scenes import a_shop, again_at_head, is_as_it_was, kinds, newest, rests, runs, seconds_between, status, steps, told
from world import FIRST, PYTHON, SECOND, THIRD, Shop, wait_for

from actions.embedded import EmbeddedPostgres
from tests.warm import Begun

#: True on the shop's own database, and on no copy of it.
LIVE = """
def live():
    return op.get_bind().exec_driver_sql("SELECT current_database()").scalar() == "{name}"
"""


#: By the shop's folder: its worker, and the catalog that it began with. A worker reads its catalog once.
WORKERS: dict[Path, tuple[Begun, str]] = {}


def end(worker: Begun) -> None:
    worker.terminate()
    worker.wait(30)


def with_a_worker(shop: Shop) -> None:
    catalog = (shop.folder / "catalog.yml").read_text()
    worker, known = WORKERS.get(shop.folder, (None, ""))
    if worker is not None and known != catalog:
        end(worker)
        worker = None
    WORKERS[shop.folder] = (worker or shop.start_worker(), catalog)


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    """One for all, with one worker; each test leaves it at its head with everything running."""
    with a_shop(postgres_server) as made:
        made.start()
        made.backout("history")
        try:
            yield made
        finally:
            for worker, _ in WORKERS.values():
                end(worker)
            WORKERS.clear()


@pytest.fixture
def day(shop: Shop) -> Iterator[Shop]:
    """A day on which all is well at first."""
    shop.policy, shop.more = {}, {}
    put(shop)
    wait_for(lambda: shop.writes() and shop.answers(), "the day begins badly")
    yield shop
    shop.policy, shop.more = {}, {}
    for left in ("sick", "older-release"):
        (shop.folder / left).unlink(missing_ok=True)
    put(shop)
    if status(shop) in {"choosing", "waiting", "halted"}:
        shop.backout("resume", newest(shop), "--keep", check=None)
        rests(shop)
    if shop.revision() != "0003":
        again_at_head(shop)
    for name in ("writer", "web"):
        if not shop.processes(name):
            shop.launch(name)


def put(shop: Shop, *, third: str = "", second: str = "") -> None:
    """The scripts, with more in their downgrades; `live()` is true on the shop's own database alone. Whoever runs the
    tests may choose after a failure."""
    shop.more.setdefault("approvers", {"terminal": [pwd.getpwuid(os.geteuid()).pw_name]})
    shop.write_catalog()
    with_a_worker(shop)
    name = psycopg.conninfo.conninfo_to_dict(shop.url)["dbname"]
    for number, text, more in ((1, FIRST, ""), (2, SECOND, second), (3, THIRD, third)):
        written = text.rstrip("\n") + "".join(f"\n    {line}" for line in more.splitlines()) + "\n"
        (shop.folder / "migrations" / "versions" / f"{number:04}.py").write_text(written + LIVE.format(name=name))


def ask(shop: Shop, *words: str, check: int | None = 0) -> "subprocess.CompletedProcess[str]":
    return shop.backout("request", "shop", "--because", "checkout fails", *words, check=check)


def story(shop: Shop) -> str:
    return shop.backout("show", newest(shop)).stdout


@contextmanager
def somebody_else(shop: Shop, name: str = "psql") -> Iterator["psycopg.Connection[Any]"]:
    """With a role of their own, which may read and write."""
    role, password = f"analyst_{shop.port}", secrets.token_hex(8)
    with psycopg.connect(shop.url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchall():
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'".encode())
        admin.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}".encode())
    with psycopg.connect(shop.url, user=role, password=password, application_name=name) as connection:
        yield connection
    with psycopg.connect(shop.url, autocommit=True) as admin:
        admin.execute(f"DROP OWNED BY {role}".encode())
        admin.execute(f"DROP ROLE {role}".encode())


def customers(shop: Shop) -> str:
    return str(shop.ask("SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM customers c"))


def test_it_goes_back_and_says_so_only_when_all_of_it_was_seen(day: Shop) -> None:
    said = ask(day, "--wait").stdout
    assert day.revision() == "0002"
    assert day.writes()
    assert day.answers()
    assert (day.folder / "older-release").exists()
    assert set(steps(day).values()) == {"done"}
    assert "done: Downgrade 1 revision, to 0002" in said
    shown = story(day)
    assert "Went back, and was seen to be well" in shown
    assert "now 0002" in shown
    facts = day.json("show", newest(day))["rollback"]
    assert facts["predicted"]["seconds"]["downgrade"] > 0
    assert set(facts["actual"]["seconds"]) == set(steps(day))
    assert facts["actual"]["locks"]
    # All of it was looked at once more when the writers had stopped, and nothing had changed when the downgrade began.
    assert [each["anew"] for each in told(day, "step.looked_again")] == [False]


@pytest.mark.slow
def test_what_it_took_is_what_the_next_one_is_expected_to_take(day: Shop) -> None:
    ask(day, "--wait")
    took = day.json("show", newest(day))["rollback"]["actual"]["seconds"]
    again_at_head(day)
    day.backout("request", "shop")
    expected = day.json("status", newest(day))["steps"]
    assert {each["name"]: each["predicted"] for each in expected}["prove"] == pytest.approx(took["prove"])
    assert rests(day) == "succeeded"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "state", "advice"),
    [
        pytest.param(
            'if live(): op.execute("CREATE VIEW notes AS SELECT item FROM orders"); op.drop_column("orders", "item")', "2BP01",
            "drop that first (indexes, foreign keys, views)", id="something depends on it",
        ),
        pytest.param(
            'if live(): op.execute("ALTER TABLE customers ALTER COLUMN name TYPE integer USING name::integer")', "22P02",
            "fix the data first and then go back, or restore", id="the data does not fit",
        ),
    ],
)  # fmt: skip
def test_a_downgrade_that_fails_by_itself_is_explained_and_leaves_everything_as_it_was(
    day: Shop, broken: str, state: str, advice: str
) -> None:
    put(day, third=broken)
    assert ask(day, "--wait", check=1)
    shown = story(day)
    assert state in shown
    assert advice in shown
    assert "failed, undone" in shown
    assert "the service is as it was" in shown
    is_as_it_was(day)


@pytest.mark.slow
def test_a_script_that_disappears_is_found_before_anything_is_changed(day: Shop) -> None:
    put(day)
    ask(day)
    runs(day, "back-up")
    (day.folder / "migrations" / "versions" / "0003.py").rename(day.folder / "0003.gone")
    assert rests(day) == "failed"
    shown = story(day)
    put(day)
    assert "git checkout" in shown
    is_as_it_was(day)


@pytest.mark.slow
def test_a_lock_is_waited_for_and_each_try_says_who_holds_it(day: Shop) -> None:
    day.more = {"database": {"url": "${SHOP_URL}", "lock_timeout": "300ms"}}
    put(day)
    with somebody_else(day, "weekly report") as reader:
        reader.execute("SELECT count(*) FROM orders")
        ask(day)
        wait_for(lambda: kinds(day).count("step.waits_for_lock") >= 2, "no try is seen", seconds=100)
        shown = story(day)
        reader.commit()
    assert "held by weekly report (user analyst" in shown
    assert rests(day) == "succeeded"


@pytest.mark.slow
def test_what_the_rehearsal_did_not_end_with_is_no_success_and_the_backup_brings_it_all_back(day: Shop) -> None:
    put(day, third="if live(): op.execute(\"UPDATE customers SET name = 'changed' WHERE id = 7\")")
    before = customers(day)
    assert ask(day, "--wait", check=4)
    assert status(day) == "choosing"
    assert not day.processes("writer")
    assert customers(day) != before
    rollback = newest(day)
    shown = day.backout("status", rollback).stdout
    assert "public.customers has other rows than before" in shown
    assert "The writers are off" in shown
    for way in (
        f"backout retry {rollback}",
        f"backout resume {rollback} --restore",
        f"backout resume {rollback} --keep",
    ):
        assert way in shown
    assert "Takes about" in shown
    orders = day.orders()
    day.backout("resume", rollback, "--restore")
    assert rests(day) == "failed"
    assert customers(day) == before
    assert day.orders() >= orders
    assert "was brought back: the service is as it is before" not in story(day)
    assert "was brought back: the service is as it was before" in story(day)
    is_as_it_was(day)


@pytest.mark.slow
def test_keeping_takes_the_application_back_too_and_is_no_success(day: Shop) -> None:
    put(day, third='if live(): op.execute("CREATE TABLE stray (id int)")')
    ask(day, "--wait", check=4)
    assert "its schema is another one than the rehearsal ended with" in day.backout("status", newest(day)).stdout
    day.backout("resume", newest(day), "--keep")
    assert rests(day) == "failed"
    assert day.revision() == "0002"
    assert (day.folder / "older-release").exists()
    assert day.writes()
    assert day.answers()
    assert "The database was kept as it is, and the writers are back" in story(day)
    with psycopg.connect(day.url, autocommit=True) as connection:
        connection.execute("DROP TABLE stray")


@pytest.mark.slow
def test_the_policy_may_choose_to_bring_the_backup_back(day: Shop) -> None:
    day.policy = {"after_failure": "restore"}
    put(day, third='if live(): op.execute("DELETE FROM customers WHERE id = 7")')
    before = customers(day)
    ask(day)
    wait_for(lambda: "choice.by_policy" in kinds(day), "nobody chooses", seconds=110)
    assert rests(day) == "failed"
    assert customers(day) == before
    is_as_it_was(day)


@pytest.mark.slow
def test_a_sick_service_is_tried_again_when_it_was_mended_and_the_contacts_are_named(day: Shop) -> None:
    day.more = {
        "escalation": {"after_attempts": 2, "contacts": [{"title": "Database administrator", "how": "pager 7"}]},
        "checks": [{"http": f"http://127.0.0.1:{day.port}/health", "patience": "1s"}],
    }
    put(day)
    (day.folder / "sick").touch()
    assert ask(day, "--wait", check=4)
    assert "it answers 500, not 200" in day.backout("status", newest(day)).stdout
    assert "The writers are back" in day.backout("status", newest(day)).stdout
    day.backout("retry", newest(day))
    wait_for(lambda: "escalated" in kinds(day), "nobody is called")
    assert "Call, in this order: Database administrator (pager 7)" in story(day)
    rests(day)
    (day.folder / "sick").unlink()
    day.backout("retry", newest(day))
    assert rests(day) == "succeeded"
    assert day.revision() == "0002"


@pytest.mark.slow
def test_a_write_between_the_proof_and_the_downgrade_is_found_before_anything_is_changed(day: Shop) -> None:
    ask(day)
    runs(day, "prove")
    with somebody_else(day, "cron"):
        pass
    with psycopg.connect(day.url, autocommit=True, application_name="cron") as stranger:
        stranger.execute("INSERT INTO orders (item) VALUES ('late')")
    assert rests(day) == "failed"
    assert "public.orders" in story(day)
    assert "step.revision_reached" not in kinds(day)
    is_as_it_was(day)


@pytest.mark.slow
def test_somebody_who_stays_connected_as_the_application_is_named_and_everything_is_undone(day: Shop) -> None:
    with psycopg.connect(day.url, autocommit=True, application_name="forgotten worker"):
        assert ask(day, "--wait", check=1)
    assert "forgotten worker" in story(day)
    assert steps(day)["stop-writer"] == "undone"
    is_as_it_was(day)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["back-up", "prove", "downgrade"])
def test_a_stop_ends_what_runs_within_seconds_and_undoes_what_was_done(day: Shop, where: str) -> None:
    put(day, third='op.execute("SELECT pg_sleep(30)") if live() else None')
    ask(day)
    runs(day, where)
    if where == "downgrade":
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND application_name LIKE 'backout RB-%'"
        wait_for(lambda: day.ask(sleeping), "it does not begin")
    day.backout("stop", newest(day))
    assert rests(day) == "stopped"
    assert seconds_between(day, "stop.asked", "rollback.undoing") < 8
    is_as_it_was(day)
    assert "Stopped by a person; everything that was done is undone" in story(day)


@pytest.mark.slow
def test_two_revisions_go_one_at_a_time_and_a_stop_between_them_leaves_a_known_one(day: Shop) -> None:
    put(day, second='op.execute("SELECT pg_sleep(30)") if live() else None')
    ask(day, "--to", "0001")
    wait_for(lambda: "step.revision_reached" in kinds(day), "no revision is reached", seconds=110)
    day.backout("stop", newest(day))
    assert rests(day) == "choosing"
    assert day.revision() == "0002"
    put(day)
    day.backout("resume", newest(day), "--restore")
    assert rests(day) == "failed"
    is_as_it_was(day)


@pytest.mark.slow
def test_all_the_way_to_base(day: Shop) -> None:
    day.more = {"checks": []}
    put(day)
    assert ask(day, "--to", "base", "--wait")
    assert day.ask("SELECT count(*) FROM alembic_version") == 0
    assert day.ask("SELECT to_regclass('orders')") is None
    again_at_head(day)


@pytest.mark.slow
def test_the_application_alone_goes_back_while_the_database_stays(day: Shop) -> None:
    ask(day, "--strategy", "app-only", "--wait")
    assert list(steps(day)) == ["preflight", "capture", "release", "health", "close"]
    assert (day.folder / "older-release").exists()
    assert day.revision() == "0003"


@pytest.mark.slow
def test_a_backup_store_that_cannot_be_written_fails_before_a_writer_is_stopped(day: Shop) -> None:
    store = day.home / "backups"
    store.mkdir(exist_ok=True)
    store.rename(day.home / "elsewhere")
    store.touch()
    try:
        assert ask(day, "--wait", check=1)
    finally:
        store.unlink()
        (day.home / "elsewhere").rename(store)
    assert steps(day)["stop-writer"] == "pending"
    is_as_it_was(day)


@pytest.mark.slow
def test_a_writer_that_does_not_stop_in_time_stays_and_nothing_is_lost(day: Shop) -> None:
    text = (day.folder / "web.py").read_text()
    try:
        for process in day.processes("web"):
            process.kill()
            process.wait(5)
        (day.folder / "web.py").write_text(
            text.replace(
                "signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())",
                "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            )
        )
        day.launch("web")
        wait_for(day.answers, "it does not start")
        day.more = {"writers": {**day.entry()["writers"], "stop_timeout": "2s"}}
        put(day)
        assert ask(day, "--wait", check=1)
        assert "does not end on SIGTERM" in story(day)
        is_as_it_was(day)
    finally:
        (day.folder / "web.py").write_text(text)
        for process in day.processes("web"):
            process.kill()
            process.wait(5)


@pytest.mark.slow
def test_a_script_that_is_edited_during_the_run_is_found_right_before_the_downgrade(day: Shop) -> None:
    ask(day)
    runs(day, "back-up")
    script = day.folder / "migrations" / "versions" / "0003.py"
    script.write_text(script.read_text() + "\n# edited\n")
    assert rests(day) == "failed"
    assert "The migrations on the path changed since they were approved" in story(day)
    assert [each["anew"] for each in told(day, "step.looked_again")] == [True]
    assert "step.revision_reached" not in kinds(day)
    is_as_it_was(day)


@pytest.mark.slow
def test_the_newest_proven_backup_of_the_older_revision_is_brought_back(day: Shop) -> None:
    words = [PYTHON, "-m", "alembic", "downgrade", "0002"]
    subprocess.run(words, cwd=day.folder, env=day.environ, check=True, capture_output=True)
    before = customers(day)
    day.backout("backup", "shop")
    again_at_head(day)
    with psycopg.connect(day.url, autocommit=True) as connection:
        connection.execute("UPDATE customers SET name = 'spoilt'")
    ask(day, "--strategy", "restore", "--wait")
    assert day.revision() == "0002"
    assert customers(day) == before
    assert (day.folder / "older-release").exists()
    assert day.writes()
    assert day.answers()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_older_backup_is_brought_back_where_somebody_names_it_also_by_a_runbook(day: Shop) -> None:
    day.more = {
        "runbooks": {
            "bring-back": {
                "title": "Bring a backup back",
                "steps": [{"do": each} for each in ("stop-writers", "prove-quiet", "restore", "verify", "resume-writers")],
                "risk": "high",
            },
            "look-on": {"title": "Nothing", "steps": [{"run": ["true"]}], "risk": "low"},
        }
    }  # fmt: skip
    put(day)
    words = [PYTHON, "-m", "alembic", "downgrade", "0002"]
    subprocess.run(words, cwd=day.folder, env=day.environ, check=True, capture_output=True)
    before = customers(day)
    older = day.json("backup", "shop")["name"]
    with psycopg.connect(day.url, autocommit=True) as connection:
        connection.execute("UPDATE customers SET name = 'spoilt'")
    newer = day.json("backup", "shop")["name"]
    unproven = day.json("backup", "shop", "--no-proof")["name"]
    again_at_head(day)

    assert (
        "has no backup shop_of_yesterday"
        in ask(day, "--strategy", "restore", "--backup", "shop_of_yesterday", check=2).stderr
    )
    assert "only a proven one" in ask(day, "--strategy", "restore", "--backup", unproven, check=3).stderr
    assert "goes with --strategy restore" in ask(day, "--backup", older, check=2).stderr
    assert "restores no backup" in ask(day, "--runbook", "look-on", "--backup", older, check=2).stderr
    said = ask(day, "--strategy", "restore", "--to", "0001", "--backup", older, check=None)
    assert f"The backup {older} is at 0002, and not at 0001" in said.stdout + said.stderr

    ask(day, "--strategy", "restore", "--backup", older, "--wait")
    assert (day.revision(), customers(day)) == ("0002", before)
    assert f"Restore {older}" in story(day)

    again_at_head(day)
    ask(day, "--runbook", "bring-back", "--backup", newer, "--wait")
    assert day.revision() == "0002"
    assert customers(day) != before
    assert f"Restore {newer}" in story(day)
    ask(day, "--runbook", "bring-back", "--backup", older, "--wait")
    assert customers(day) == before


@pytest.mark.slow
def test_a_restore_that_does_not_help_is_swapped_back_for_the_database_from_before(day: Shop) -> None:
    day.more = {"checks": [{"http": f"http://127.0.0.1:{day.port}/health", "patience": "1s"}]}
    put(day)
    words = [PYTHON, "-m", "alembic", "downgrade", "0002"]
    subprocess.run(words, cwd=day.folder, env=day.environ, check=True, capture_output=True)
    day.backout("backup", "shop")
    again_at_head(day)
    with psycopg.connect(day.url, autocommit=True) as connection:
        connection.execute("UPDATE customers SET name = 'of today' WHERE id = 7")
    before = customers(day)
    (day.folder / "sick").touch()
    ask(day, "--strategy", "restore", "--wait", check=4)
    assert day.revision() == "0002"
    shown = day.backout("status", newest(day)).stdout
    assert "Swap back to" in shown
    assert "The writers are back" in shown
    (day.folder / "sick").unlink()
    day.backout("resume", newest(day), "--restore")
    assert rests(day) == "failed"
    assert customers(day) == before
    assert steps(day)["release-again-1"] == "done"
    assert "The database from before has its place again: the service is as it was before" in story(day)
    is_as_it_was(day)
