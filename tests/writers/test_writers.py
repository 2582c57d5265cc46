"""Writers that really run: processes, commands, roles of a server."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from actions.catalog import command as catalogued
from actions.catalog.platform import LocalPlatform
from actions.catalog.service import Service
from actions.catalog.writers import Writers
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.local_house import LocalHouse
from actions.writers.finding import writers_of
from actions.writers.patience import wait_until
from actions.writers.port import Writer
from actions.writers.processes import ProcessWriter
from actions.writers.roles import RoleWriter

SOON = timedelta(seconds=10)
#: Writes its id, then lives until it is asked to end; with `stubborn` it does not listen, with `slow` its id takes a while.
WORKER = """
import os, signal, sys, time, pathlib
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "slow" in sys.argv: time.sleep(2)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
while True: time.sleep(0.05)
"""


def never() -> bool:
    return False


@pytest.fixture
def house(tmp_path: Path) -> LocalHouse:
    service = Service.model_construct(name="shop", platform=LocalPlatform(folder=tmp_path), writers=Writers())
    return LocalHouse(service=service, environ={"PATH": "/usr/bin:/bin"})


@pytest.fixture
def worker(house: LocalHouse, tmp_path: Path) -> Iterator[ProcessWriter]:
    (tmp_path / "worker.py").write_text(WORKER)
    yield process_writer(house, tmp_path)
    end(tmp_path / "worker.pid")


def process_writer(house: LocalHouse, folder: Path, *words: str) -> ProcessWriter:
    return ProcessWriter(
        name="worker", house=house, pid_file=folder / "worker.pid", signal=signal.SIGTERM,
        starting=catalogued.Command.model_validate([sys.executable, "worker.py", str(folder / "worker.pid"), *words]),
        stop_within=timedelta(seconds=3), start_within=SOON,
    )  # fmt: skip


def end(pid_file: Path) -> None:
    if pid_file.exists() and psutil.pid_exists(int(pid_file.read_text())):
        psutil.Process(int(pid_file.read_text())).kill()


def test_a_process_is_stopped_and_comes_back_as_a_process_of_its_own(worker: ProcessWriter) -> None:
    worker.start({"running": True}, never)
    was = worker.look()
    assert was["running"]
    worker.stop(never)
    assert worker.is_stopped()
    worker.stop(never)
    worker.start(was, never)
    worker.start(was, never)
    now = worker.look()
    assert now["running"]
    assert now["pid"] != was["pid"]
    assert psutil.Process(int(str(now["pid"]))).ppid() != psutil.Process().pid, "it must outlive us"


def test_what_did_not_run_before_is_not_started(worker: ProcessWriter) -> None:
    was = worker.look()
    worker.stop(never)
    worker.start(was, never)
    assert worker.is_stopped()


def test_a_process_that_does_not_end_is_named_and_its_time_is_kept(house: LocalHouse, worker: ProcessWriter) -> None:
    stubborn = process_writer(house, house.folder, "stubborn")
    stubborn.start({"running": True}, never)
    began = time.monotonic()
    with pytest.raises(BackoutError, match="does not end on SIGTERM"):
        stubborn.stop(never)
    assert time.monotonic() - began < 30
    assert not stubborn.is_stopped()


def workers(folder: Path) -> list[psutil.Process]:
    marker = str(folder / "worker.pid")
    return [each for each in psutil.process_iter(["cmdline"]) if marker in (each.info["cmdline"] or [])]


def begins(writer: ProcessWriter) -> None:
    """Whoever comes after its starter has died comes when the lease is over, and not at once."""
    wait_until(lambda: not writer.is_stopped(), within=SOON, should_stop=never, otherwise=BackoutError("it does not"))


@pytest.mark.usefixtures("worker")
def test_a_process_whose_starter_died_before_it_wrote_its_id_is_found_and_not_started_again(house: LocalHouse) -> None:
    slow = process_writer(house, house.folder, "slow")
    with pytest.raises(BackoutError, match="stopped while it waited"):
        slow.start({"running": True, "pid": 1}, lambda: True)
    begins(slow)
    slow.start({"running": True, "pid": 1}, never)
    (only,) = workers(house.folder)
    assert slow.look() == {"running": True, "pid": only.pid}
    assert not list(house.folder.glob("*.starting"))


@pytest.mark.usefixtures("worker")
def test_a_process_that_has_not_written_its_id_yet_is_stopped_all_the_same(house: LocalHouse) -> None:
    slow = process_writer(house, house.folder, "slow")
    with pytest.raises(BackoutError, match="stopped while it waited"):
        slow.start({"running": True, "pid": 1}, lambda: True)
    begins(slow)
    slow.stop(never)
    assert workers(house.folder) == []
    slow.start({"running": True, "pid": 1}, never)
    assert len(workers(house.folder)) == 1


def test_an_id_that_another_program_has_by_now_is_left_alone(worker: ProcessWriter, tmp_path: Path) -> None:
    (tmp_path / "worker.pid").write_text("1")
    old = time.time() - 10 * 365 * 86400
    os.utime(tmp_path / "worker.pid", (old, old))
    assert worker.is_stopped()
    worker.stop(never)


def test_commands_stop_start_and_tell(tmp_path: Path) -> None:
    flag = tmp_path / "runs"
    flag.touch()
    service = Service.model_construct(
        name="shop", platform=LocalPlatform(folder=tmp_path),
        writers=Writers.model_validate([
            {"name": "queue", "command": {"stop": ["rm", "runs"], "start": ["touch", "runs"], "status": ["test", "-e", "runs"]}},
            {"name": "liar", "command": {"stop": ["true"], "start": ["false"], "status": ["test", "-e", "runs"]}},
        ]).model_copy(update={"stop_timeout": timedelta(seconds=1)}),
    )  # fmt: skip
    writers = writers_of(LocalHouse(service=service, environ={"PATH": "/usr/bin:/bin"}))
    with pytest.raises(BackoutError, match="still runs after its stop command"):
        writers["liar"].stop(never)
    queue = writers["queue"]
    was = queue.look()
    queue.stop(never)
    assert queue.is_stopped()
    with pytest.raises(BackoutError, match="its command ended with 1"):
        writers["liar"].start(was, never)
    queue.start(was, never)
    assert flag.exists()


def test_a_systemd_unit_is_asked_through_systemctl(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "systemctl").write_text(
        f'#!/bin/sh\nsaid="$*"\necho "$said" >> {tmp_path}/asked\ncase "$said" in\n'
        f'"is-active worker") test -e {tmp_path}/active || exit 3;;\n"stop worker") rm {tmp_path}/active;;\n'
        f'"start worker") touch {tmp_path}/active;;\n*) exit 4;;\nesac\n'
    )
    (tools / "systemctl").chmod(0o755)
    (tmp_path / "active").touch()
    service = Service.model_construct(
        name="shop",
        platform=LocalPlatform(folder=tmp_path),
        writers=Writers.model_validate([{"systemd": "worker"}, {"systemd": "gone"}]),
    )
    writers = writers_of(LocalHouse(service=service, environ={"PATH": f"{tools}:/usr/bin:/bin"}))
    was = writers["worker"].look()
    writers["worker"].stop(never)
    assert writers["worker"].is_stopped()
    writers["worker"].start(was, never)
    assert not writers["worker"].is_stopped()
    with pytest.raises(BackoutError, match="status command ended with 4"):
        writers["gone"].look()


@pytest.fixture
def shop(postgres_url: str, database_url: str) -> Iterator[dict[str, str]]:
    """A database with an application's role; the URLs of both."""
    role = "app_" + database_url.rpartition("test_")[2].partition("?")[0]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'apps-own-password' CONNECTION LIMIT 17")
        app_url = database_url.replace(database_url.partition("://")[2].partition("@")[0], f"{role}:apps-own-password")
        yield {"role": role, "admin": database_url, "app": app_url}
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


def role_writer(shop: dict[str, str], how: Any) -> Writer:
    return RoleWriter(name="app", role=shop["role"], how=how, url=shop["admin"], stop_within=SOON)


def test_a_role_is_kept_out_and_gets_its_own_limit_back(shop: dict[str, str]) -> None:
    writer = role_writer(shop, "connection-limit")
    with psycopg.connect(shop["app"]) as working:
        was = writer.look()
        assert was == {"running": True, "connection_limit": 17}
        writer.stop(never)
        with pytest.raises(psycopg.OperationalError):
            working.execute("SELECT 1")
    assert writer.is_stopped()
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        psycopg.connect(shop["app"])
    writer.start(was, never)
    assert writer.look() == was
    psycopg.connect(shop["app"]).close()


def test_a_role_can_be_made_to_read_only_in_this_database(shop: dict[str, str]) -> None:
    writer = role_writer(shop, "read-only")
    was = writer.look()
    writer.stop(never)
    with psycopg.connect(shop["app"]) as reading, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reading.execute("SELECT lo_create(0)")
    writer.start(was, never)
    with psycopg.connect(shop["app"]) as again:
        row = again.execute("SHOW default_transaction_read_only").fetchone()
    assert row == ("off",)
    assert writer.look() == was


def test_our_own_role_is_never_kept_out(shop: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="Backout itself connects with"):
        RoleWriter(name="app", role="backout", how="connection-limit", url=shop["admin"], stop_within=SOON).stop(never)


def test_a_role_that_may_not_do_this_is_told_what_it_lacks(shop: dict[str, str]) -> None:
    weak = RoleWriter(name="app", role="backout", how="connection-limit", url=shop["app"], stop_within=SOON)
    with pytest.raises(ConfigurationError, match="may not change role") as error:
        weak.stop(never)
    assert "apps-own-password" not in str(error.value)


def test_waiting_ends_when_it_is_stopped(house: LocalHouse, worker: ProcessWriter) -> None:
    stubborn = process_writer(house, house.folder, "stubborn")
    stubborn.start({"running": True}, never)
    with pytest.raises(BackoutError, match="stopped while it waited"):
        stubborn.stop(lambda: True)
