"""Passwords that lie in a database are not in its backup, and who must set them again is told so."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.backup.connecting import place_of
from actions.backup.encryption import new_key, read_keys
from actions.backup.folder_store import FolderStore
from actions.backup.pipes import WrongKeyError, gunzip, read_file, unpacked
from actions.backup.sealed import unsealed
from tests.backup.by_hand import another, backed_up, bring_back, files

PASSWORDS = (b"mapped-tr0ub4dor", b"subscribed-tr0ub4dor", b"role-tr0ub4dor")


@pytest.fixture
def guarded(database_url: str) -> Iterator[str]:
    """A database with passwords in all the places that PostgreSQL has for them."""
    role = f"far_{secrets.token_hex(4)}"
    subscription = f"told_{secrets.token_hex(4)}"
    with psycopg.connect(database_url, autocommit=True) as connection:

        def run(statement: str) -> None:
            connection.execute(
                sql.SQL(statement).format(role=sql.Identifier(role), told=sql.Identifier(subscription))  # type: ignore[arg-type]
            )

        run("CREATE ROLE {role} PASSWORD 'role-tr0ub4dor'")
        try:
            run("CREATE FOREIGN DATA WRAPPER elsewhere")
            run("CREATE SERVER far FOREIGN DATA WRAPPER elsewhere OPTIONS (host 'far.example')")
            run("CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'mapped-tr0ub4dor')")
            run("CREATE USER MAPPING FOR {role} SERVER far OPTIONS (\"user\" 'x', password 'mapped-tr0ub4dor')")
            run("CREATE FOREIGN TABLE remote (a int) SERVER far")
            run("CREATE SUBSCRIPTION {told} CONNECTION 'host=/nowhere password=subscribed-tr0ub4dor' "
                "PUBLICATION p WITH (connect = false, slot_name = NONE)")  # fmt: skip
            run("CREATE TABLE near AS SELECT 1 AS a")
            yield database_url
        finally:
            run("DROP SUBSCRIPTION IF EXISTS {told}")
            run("DROP FOREIGN DATA WRAPPER elsewhere CASCADE")
            run("DROP ROLE {role}")


@pytest.mark.parametrize("form", ["parallel", "plain"])
def test_no_password_is_in_a_backup_and_what_is_missing_is_said(guarded: str, form: str, tmp_path: Path) -> None:
    taken = backed_up(guarded, tmp_path, form=form)

    store = FolderStore(path=tmp_path)
    (file,) = taken.manifest.files
    stored = b"".join(unpacked(store, file, None) if form == "parallel" else gunzip(read_file(store, file, None)))
    stored += b"".join((tmp_path / name).read_bytes() for name in files(tmp_path) if name.endswith(".json"))
    assert b"far.example" in stored
    assert not [password for password in PASSWORDS if password in stored]
    said = " ".join(taken.warnings)
    assert taken.manifest.left_out == taken.warnings
    assert "public.remote" in said
    assert "public on far" in said
    assert "told_" in said
    with another(guarded) as target:
        bring_back(taken.manifest, tmp_path, target)
        with psycopg.connect(target) as connection:
            assert connection.execute("SELECT count(*) FROM pg_user_mappings").fetchone() == (0,)
            assert connection.execute("SELECT srvname::text FROM pg_foreign_server").fetchall() == [("far",)]
            assert connection.execute("SELECT a FROM near").fetchall() == [(1,)]


@pytest.mark.parametrize("form", ["parallel", "plain"])
def test_settings_and_comment_of_an_encrypted_database_are_readable_with_its_key_alone(
    database_url: str, form: str, tmp_path: Path
) -> None:
    name = place_of(database_url)[2]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET app.jwt_secret = 'signed-tr0ub4dor'".encode())
        connection.execute(f"COMMENT ON DATABASE {name} IS 'told-tr0ub4dor'".encode())
    keys = read_keys(new_key().secret, where="a test")

    manifest = backed_up(database_url, tmp_path, form=form, recipient=keys.recipient).manifest

    stored = {file: (tmp_path / file).read_bytes() for file in files(tmp_path)}
    assert not [file for file, content in stored.items() if b"tr0ub4dor" in content]
    assert {file.key for file in manifest.every_file} == {file for file in stored if not file.endswith("manifest.json")}
    store = FolderStore(path=tmp_path)
    properties = unsealed(manifest, store, keys)
    assert [setting.text for setting in properties.settings] == ["app.jwt_secret=signed-tr0ub4dor"]
    assert properties.comment == "told-tr0ub4dor"
    with pytest.raises(WrongKeyError):
        unsealed(manifest, store, None)


def test_without_encryption_the_manifest_has_settings_and_comment(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {place_of(database_url)[2]} SET work_mem = '5MB'".encode())
    manifest = backed_up(database_url, tmp_path).manifest
    assert manifest.sealed is None
    assert unsealed(manifest, FolderStore(path=tmp_path), None).settings == manifest.database.settings != ()
