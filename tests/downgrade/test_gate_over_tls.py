"""The gate speaks TLS with the server as the URL says; nobody who is not that server is taken for it."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from actions.assess.place import fence_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.told import Told
from tests.conftest import server_folder
from tests.downgrade.project import drive, write_project
from tests.restore.servers import debian_server

PASSWORD = "s3cr:t/%"
HBA = """
local all all trust
hostssl all guarded 0.0.0.0/0 scram-sha-256
hostnossl all plain 0.0.0.0/0 scram-sha-256
"""
#: What the server itself says about the connection that the migration uses.
IS_TLS = 'row = op.get_bind().exec_driver_sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").one()\n'


@dataclass(frozen=True, kw_only=True)
class TlsServer:
    url: str
    #: The address that its certificate names, and one that it does not.
    named: str
    unnamed: str
    root: Path
    other_root: Path


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certificate(folder: Path, name: str, address: str) -> Path:
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{address}",
        "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt"),
    )  # fmt: skip
    return folder / f"{name}.crt"


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    # Everybody's port on an address of its own: the whole of 127/8 is this machine.
    first, second = (f"127.{place}.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}" for place in (77, 78))
    with ExitStack() as stack:
        folder = stack.enter_context(server_folder())
        folder.chmod(0o755)
        root, other = certificate(folder, "server", first), certificate(folder, "other", first)
        key, hba = folder / "server.key", folder / "hba"
        hba.write_text(HBA)
        key.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(key, "postgres")
        settings = {
            "ssl": "on", "ssl_cert_file": root, "ssl_key_file": key, "hba_file": hba,
            "listen_addresses": f"{first},{second}", "password_encryption": "scram-sha-256",
        }  # fmt: skip
        url = stack.enter_context(debian_server(*(f"--{name}={value}" for name, value in settings.items())))
        with psycopg.connect(url, autocommit=True) as admin:
            for role in ("guarded", "plain"):
                admin.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{PASSWORD}'".encode())
        yield TlsServer(url=url, named=first, unnamed=second, root=root, other_root=other)


@pytest.fixture
def scratch(server: TlsServer) -> Iterator[ScratchDatabase]:
    with ScratchServer(server.url) as place, place.database() as database:
        yield database


def rehearsed(folder: Path, scratch: ScratchDatabase, host: str, role: str, how: str, *, tls: bool) -> Told:
    project = write_project(folder, downgrade=f"{IS_TLS}assert row[0] is {tls}, row")
    fence = replace(fence_of(scratch), host=host)
    secret = PASSWORD.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    url = f"postgresql://{role}:{secret}@{host}:5432/{scratch.name}?{how}"
    up = drive(project, url, "upgrade", "head", fence=fence)
    return drive(project, url, "downgrade", "-1", fence=fence) if up.succeeded else up


@pytest.mark.parametrize(
    "how",
    [
        "", "sslmode=verify-full&sslrootcert={root}", "sslmode=require&sslrootcert={root}&channel_binding=require",
        *(
            pytest.param(how, marks=pytest.mark.slow)
            for how in (
                "sslmode=require", "sslmode=prefer", "sslmode=allow", "sslmode=verify-ca&sslrootcert={root}",
            )
        ),
    ],
)  # fmt: skip
@pytest.mark.by_day(2)
def test_a_server_that_wants_tls_gets_it(tmp_path: Path, server: TlsServer, scratch: ScratchDatabase, how: str) -> None:
    how = how.format(root=server.root)
    told = rehearsed(tmp_path / "project", scratch, server.named, "guarded", how, tls=True)
    assert told.succeeded, told.trouble


@pytest.mark.parametrize("how", ["sslmode=disable"])
def test_without_tls_where_the_url_says_so(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase, how: str
) -> None:
    told = rehearsed(tmp_path / "project", scratch, server.named, "plain", how, tls=False)
    assert told.succeeded, told.trouble


def test_a_server_that_wants_tls_refuses_whoever_was_told_to_do_without(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase
) -> None:
    told = rehearsed(tmp_path / "project", scratch, server.named, "guarded", "sslmode=disable", tls=False)
    assert told.trouble is not None
    assert "no encryption" in told.trouble.message


@pytest.mark.parametrize(
    ("how", "place"),
    [
        pytest.param("sslmode=verify-full&sslrootcert={other}", "named", id="another authority"),
        pytest.param(
            "sslmode=verify-ca&sslrootcert={other}",
            "named",
            id="another authority, names aside",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "sslmode=require&sslrootcert={other}",
            "named",
            id="required, with an authority at hand",
            marks=pytest.mark.slow,
        ),
        pytest.param("sslmode=verify-full&sslrootcert={root}", "unnamed", id="another name"),
    ],
)
def test_a_server_with_another_certificate_is_not_talked_to(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase, how: str, place: str
) -> None:
    how = how.format(root=server.root, other=server.other_root)
    told = rehearsed(tmp_path / "project", scratch, getattr(server, place), "guarded", how, tls=True)
    assert told.trouble is not None
    assert "certificate" in told.trouble.message
    assert PASSWORD not in str(told)


@pytest.mark.slow
def test_names_do_not_matter_where_only_the_authority_is_asked_for(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase
) -> None:
    how = f"sslmode=verify-ca&sslrootcert={server.root}"
    told = rehearsed(tmp_path / "project", scratch, server.unnamed, "guarded", how, tls=True)
    assert told.succeeded, told.trouble


def test_a_root_certificate_that_is_not_there_is_named(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase
) -> None:
    how = f"sslmode=verify-full&sslrootcert={tmp_path}/nothing.crt"
    told = rehearsed(tmp_path / "project", scratch, server.named, "guarded", how, tls=True)
    assert told.trouble is not None
    assert "certificate" in told.trouble.message


@pytest.mark.slow
def test_many_rows_pass_through_tls_in_both_directions(
    tmp_path: Path, server: TlsServer, scratch: ScratchDatabase
) -> None:
    downgrade = (
        "c = op.get_bind().connection.cursor()\n"
        'with c.copy("COPY people (id, name) FROM STDIN") as copy:\n'
        '    for n in range(30000):\n        copy.write_row((n, "y" * 300))\n'
        'assert len(c.execute("SELECT * FROM people").fetchall()) == 30000'
    )
    project = write_project(tmp_path / "project", downgrade=downgrade)
    fence = replace(fence_of(scratch), host=server.named)
    secret = PASSWORD.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    url = f"postgresql://guarded:{secret}@{server.named}:5432/{scratch.name}?sslmode=require"
    assert drive(project, url, "upgrade", "head", fence=fence).succeeded
    told = drive(project, url, "downgrade", "-1", fence=fence)
    assert told.succeeded, told.trouble
