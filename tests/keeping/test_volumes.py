"""Volumes of compose that are archived with the database: of one moment, in every store, and gone with the backup."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from actions.backup.volume_archives import archives_of
from actions.catalog import load_catalog
from actions.history.database import History
from actions.history.values import BackupState
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.letting_go import let_go
from actions.restore.premises import Premises, premises_of
from tests.docker_world.project import Project, compose_project, docker

pytestmark = [pytest.mark.docker, pytest.mark.slow]

COMPOSE = """
version: "2.4"
services:
  keeper:
    image: ${{BASE}}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    volumes: ["papers:/papers"]
volumes: {{papers: {{name: {volume}}}}}
"""
CATALOG = """
services:
  orders:
    environment: staging
    platform: {{kind: compose, folder: {folder}, project: {project}, command: {program}, env: {{BASE: "{base}"}}}}
    database: ${{ORDERS_URL}}
    backups:
      stores: [{{folder: {first}}}, {{folder: {second}}}]
      keep: 1
      volumes: [{volumes}]
    approvers: {{users: [U0AAAAAAA, U0BBBBBBB]}}
"""
BUSY = "i=0; while true; do i=$((i+1)); echo $i >> /papers/busy; done"
BEGUN = "until grep -q ... /papers/busy; do sleep 0.1; done"


@pytest.fixture
def yard(
    history: History, environ: Mapping[str, str], stores: tuple[Path, Path], tmp_path: Path, home: Path
) -> Iterator[tuple[Premises, Project, str]]:
    volume = f"bt{secrets.token_hex(3)}_papers"
    (tmp_path / "docker-compose.yml").write_text(COMPOSE.format(volume=volume))
    with compose_project(tmp_path) as project:
        project.up()
        (tmp_path / "backout.yml").write_text(
            CATALOG.format(
                folder=tmp_path, project=project.name, program=" ".join(project.program), base=project.environ["BASE"],
                first=stores[0], second=stores[1], volumes=f"{volume}, {volume}_nothing",
            )
        )  # fmt: skip
        service = load_catalog(tmp_path / "backout.yml", environ).service("orders")
        try:
            yield premises_of(history, service, environ, home=home, actor="test"), project, volume
        finally:
            project.compose("down", "--volumes", "--timeout", "0", check=False)
            docker("volume", "rm", "--force", volume, check=False)


def test_what_can_be_archived_is_and_what_cannot_is_said(yard: tuple[Premises, Project, str]) -> None:
    premises, project, volume = yard
    project.compose("exec", "-T", "keeper", "sh", "-c", "echo hello > /papers/letter")
    first = back_up(premises, BackupOrder())
    assert first.state is BackupState.PROVEN
    there, nothing = first.volumes
    assert there.archive
    assert (there.archive.name, there.archive.files, there.trouble) == (first.name, 1, None)
    assert nothing.archive is None
    assert "there is no volume" in str(nothing.trouble)
    assert first.misses_volumes
    for store in premises.stores:
        assert [each.key for each in store.list(f"volumes.orders/{volume}/{first.name}/archive.json")]
    assert project.states("keeper") == ["running"]
    # Before a restore of the database nothing happens to volumes, and for a drill nobody would want them.
    assert back_up(premises, BackupOrder(purpose="drill", prove=False)).volumes == ()
    second = back_up(premises, BackupOrder())
    assert second.let_go == (first.name,)
    archives = archives_of(premises.service, premises.environ, premises.home)
    assert [each.name for each in archives.listed(volume)] == [second.name]
    # One that is written to all the time has no one moment; nothing is frozen for it, and nothing half is left.
    docker("exec", "--detach", str(project.containers("keeper")[0]["Id"]), "sh", "-c", BUSY)
    project.compose("exec", "-T", "keeper", "sh", "-c", BEGUN)
    third = back_up(premises, BackupOrder(prove=False, keep=True))
    assert third.volumes[0].archive is None
    assert "was written to while it was read" in str(third.volumes[0].trouble)
    assert "save_volumes" in str(third.volumes[0].trouble)
    assert project.states("keeper") == ["running"]
    assert [each.name for each in archives.listed(volume)] == [second.name]
    assert let_go(premises).gone == ()
