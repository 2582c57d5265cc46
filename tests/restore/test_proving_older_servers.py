"""Servers older than our client programs, and throw-away servers of their own version."""

from collections.abc import Iterator

import pytest

from actions.restore.proving import prove, proving
from actions.restore.proving_places import ProofPlaces, programs_that_read
from tests.conftest import server_folder
from tests.restore.everything import make_everything
from tests.restore.proofs import FOUND, Backup, back_up, fresh_database, roles, rows_of_all_tables
from tests.restore.servers import debian_server


@pytest.fixture(scope="module")
def fifteen() -> Iterator[str]:
    with debian_server() as url:
        yield url


@pytest.fixture(scope="module")
def source(fifteen: str) -> Iterator[str]:
    with roles(fifteen, "owner", "reader", "writer") as people, fresh_database(fifteen) as url:
        make_everything(url, people)
        yield url


@pytest.fixture(scope="module")
def backup(source: str, fifteen: str) -> Iterator[Backup]:
    with server_folder() as folder:
        yield back_up(source, fifteen, folder, major=15)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["throw-away", "beside"])
def test_everything_of_an_older_server_comes_back_the_same(source: str, backup: Backup, place: str) -> None:
    assert backup.manifest.tool_version.startswith("pg_dump 15")
    with proving(backup.proof(use=place)) as proved:
        assert proved.proof.faults == ()
        assert proved.proof.server_version
        assert proved.proof.server_version // 10000 == 15
        assert proved.copy
        assert rows_of_all_tables(proved.copy.url) == rows_of_all_tables(source)


@pytest.mark.parametrize("form", ["parallel", pytest.param("plain", marks=pytest.mark.slow)])
@pytest.mark.by_day(1)
def test_newer_client_programs_fill_an_older_server(source: str, fifteen: str, form: str) -> None:
    """They begin every script with a setting that this server does not know."""
    with server_folder() as folder:
        backup = back_up(source, fifteen, folder, major=18, form=form)  # type: ignore[arg-type]
        assert backup.manifest.tool_version.startswith("pg_dump 18")
        assert prove(backup.proof(use="beside")).faults == ()


def test_the_programs_that_made_a_backup_read_it_or_the_next_newer_ones(backup: Backup) -> None:
    assert programs_that_read(backup.manifest, FOUND).major == 15
    newer = [each for each in FOUND if each.major > 15]
    assert programs_that_read(backup.manifest, newer).major == 18


def test_a_server_of_another_version_is_never_started(backup: Backup) -> None:
    newer = tuple(each for each in FOUND if each.major > 15)
    places = ProofPlaces(admin_url=backup.admin_url, folder=backup.work, found=newer, use="either")
    assert prove(backup.proof(places=places)).where == "beside the database"
