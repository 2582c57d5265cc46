"""Everything that PostgreSQL can hold goes into a backup and comes back the same."""

from collections.abc import Iterator

import psycopg
import pytest

from actions.backup.encryption import new_key, read_keys
from actions.backup.manifest import Form
from actions.backup.progress import Progress, Stage
from actions.history.values import BackupState
from actions.restore.proving import prove, proving
from tests.conftest import server_folder
from tests.restore.everything import VALUES, make_everything, storable_types
from tests.restore.proofs import Backup, back_up, fresh_database, roles, rows_of_all_tables


@pytest.fixture(scope="module")
def source(postgres_url: str) -> Iterator[str]:
    with roles(postgres_url, "owner", "reader", "writer") as people, fresh_database(postgres_url) as url:
        make_everything(url, people)
        yield url


@pytest.fixture(scope="module")
def backups(source: str, postgres_url: str) -> Iterator[dict[Form, Backup]]:
    with server_folder() as folder:
        yield {form: back_up(source, postgres_url, folder / form, form=form) for form in ("parallel", "plain")}


def test_no_type_of_postgresql_is_left_out(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert set(storable_types(connection)) - set(VALUES) == set()


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("parallel", "throw-away"),
        ("plain", "beside"),
        pytest.param("parallel", "beside", marks=pytest.mark.slow),
        pytest.param("plain", "throw-away", marks=pytest.mark.slow),
    ],
)
def test_everything_comes_back_the_same(source: str, backups: dict[Form, Backup], form: Form, place: str) -> None:
    backup = backups[form]
    with proving(backup.proof(use=place)) as proved:
        assert proved.proof.faults == ()
        assert proved.proof.state is BackupState.PROVEN
        assert proved.proof.rows == backup.manifest.rows > 10_000
        assert proved.copy
        assert rows_of_all_tables(proved.copy.url) == rows_of_all_tables(source)
        assert _large_objects(proved.copy.url) == _large_objects(source)
        assert _sequences(proved.copy.url) == _sequences(source)


def test_big_tables_lie_in_files_of_their_own_and_small_ones_in_the_archive(backups: dict[Form, Backup]) -> None:
    manifest = backups["parallel"].manifest
    assert {table.name for table in manifest.tables if table.file} >= {"people"}
    assert {table.name for table in manifest.tables if not table.file} >= {"alembic_version", "no_columns"}


@pytest.mark.slow
def test_rows_come_back_frozen(backups: dict[Form, Backup]) -> None:
    """So that nobody has to visit every page again to say that they are old."""
    with proving(backups["parallel"].proof(use="throw-away")) as proved:
        assert proved.copy
        with psycopg.connect(proved.copy.url) as connection:
            row = connection.execute("SELECT relallvisible FROM pg_class WHERE relname = 'people'").fetchone()
            assert row == (0,), "statistics were taken, which a proof does not need"
            connection.execute("ANALYZE people")
            row = connection.execute("SELECT relpages, relallvisible FROM pg_class WHERE relname = 'people'").fetchone()
            assert row
            assert row[1] > 0.9 * row[0] > 0


def test_an_encrypted_backup_is_proven_with_its_key(source: str, postgres_url: str) -> None:
    keys = read_keys(new_key().secret, where="test")
    with server_folder() as folder:
        backup = back_up(source, postgres_url, folder, keys=keys)
        assert prove(backup.proof()).is_proven
        assert backup.manifest.sealed
        sealed = backup.file(backup.manifest.sealed)
        sealed.write_bytes(sealed.read_bytes()[:-1])
        assert "properties.json.age" in prove(backup.proof()).why


def test_progress_is_told_until_everything_is_done(backups: dict[Form, Backup]) -> None:
    told: list[Progress] = []
    assert prove(backups["parallel"].proof(watch=told.append)).is_proven
    assert {each.stage for each in told} == {Stage.RESTORE, Stage.INDEX, Stage.COMPARE}
    for stage in (Stage.RESTORE, Stage.COMPARE):
        last = [each for each in told if each.stage is stage][-1]
        assert last.bytes_done == last.bytes_total
        assert last.tables_done == last.tables_total


@pytest.mark.parametrize(
    ("encoding", "place"),
    [
        ("LATIN1", "throw-away"), ("EUC_JP", "beside"),
        *(
            pytest.param(encoding, place, marks=pytest.mark.slow)
            for encoding, place in (
                ("LATIN1", "beside"), ("EUC_JP", "throw-away"), ("SQL_ASCII", "beside"), ("SQL_ASCII", "throw-away"),
            )
        ),
    ],
)  # fmt: skip
@pytest.mark.by_day(1)
def test_other_encodings_come_back_the_same(postgres_url: str, encoding: str, place: str) -> None:
    options = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc"
    with fresh_database(postgres_url, options=options) as url, server_folder() as folder:
        with psycopg.connect(url, client_encoding="SQL_ASCII" if encoding == "SQL_ASCII" else "UTF8") as connection:
            word = (
                "'plain'"
                if encoding == "SQL_ASCII"
                else "'Wörter ' || chr(163)"
                if encoding == "LATIN1"
                else "'日本語'"
            )
            connection.execute(
                f"CREATE TABLE words AS SELECT {word} || n AS word FROM generate_series(1, 9000) n".encode()
            )
        backup = back_up(url, postgres_url, folder)
        assert prove(backup.proof(use=place)).faults == ()


def _large_objects(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT m.oid, pg_get_userbyid(lomowner), lomacl::text, md5(lo_get(m.oid)), obj_description(m.oid, 'pg_largeobject') "
            "FROM pg_largeobject_metadata m ORDER BY 1"
        ).fetchall()


def _sequences(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM pg_sequences ORDER BY 1, 2").fetchall()
